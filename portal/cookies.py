"""What cookies are called: over https so that only this very host can have set them (RFC 6265bis, `__Host-`)."""

from typing import Any

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.messages.storage.session import SessionStorage


def own_name(name: str) -> str:
    """The name of a cookie of ours; over plain http, where the prefix would be refused, the name alone."""
    return f"__Host-{name}" if settings.SESSION_COOKIE_SECURE else name


class OwnCookie(CookieStorage):
    """What the next page says, in a cookie of ours."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.cookie_name = own_name("messages")


class MessageStorage(FallbackStorage):
    """Django's own: in a cookie, and in the session what that has no room for."""

    storage_classes = (OwnCookie, SessionStorage)
