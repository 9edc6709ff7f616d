"""How sign-in differs from allauth's: nobody signs up by themselves, people are invited."""

from __future__ import annotations

from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):
    """Accounts are given, never taken."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_reset_password_from_key_url(self, key: str) -> str:
        # Whoever asks for a mail to somebody else chooses the Host header, and with it where the link would lead.
        asked = urlsplit(super().get_reset_password_from_key_url(key))
        return f"{settings.PUBLIC_URL}{asked.path}"
