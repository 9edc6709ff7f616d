"""How sign-in differs from allauth's: nobody signs up by themselves, people are invited."""

from __future__ import annotations

from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from portal.kernel.actors import Actor
from portal.kernel.scope import acting
from suppliers.models import User
from suppliers.services import end_own_tokens


class AccountAdapter(DefaultAccountAdapter):
    """Accounts are given, never taken."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def set_password(self, user: User, password: str) -> None:
        # Changed, set or reset: all three come by here, and end what was made under the old one.
        actor = Actor.system(user.name)
        with acting(actor):
            super().set_password(user, password)
            end_own_tokens(user, actor=actor, at=timezone.now())

    def get_reset_password_from_key_url(self, key: str) -> str:
        # Whoever asks for a mail to somebody else chooses the Host header, and with it where the link would lead.
        asked = urlsplit(super().get_reset_password_from_key_url(key))
        return f"{settings.PUBLIC_URL}{asked.path}"
