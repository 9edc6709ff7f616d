"""The cookie by which a browser is known again. It says nothing by itself: see `models.Device`."""

import hashlib
import re
import secrets
from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse

KEPT_FOR = timedelta(days=400)  # as long as browsers keep any
SECRET = re.compile(r"[A-Za-z0-9_-]{43}")
_NAME = "device"


def cookie_name() -> str:
    """The name of the cookie: over https one that only this very host can have set."""
    return f"__Host-{_NAME}" if settings.SESSION_COOKIE_SECURE else f"{settings.SESSION_COOKIE_NAME}-{_NAME}"


def secret_of(request: HttpRequest) -> str:
    """The secret that this browser brought, or was given in this request; empty where it has none."""
    given = getattr(request, "device_secret", "") or request.COOKIES.get(cookie_name(), "")
    return given if SECRET.fullmatch(given) else ""


def give_secret(request: HttpRequest) -> str:
    """The secret of this browser; one that has none gets one with the answer."""
    secret = secret_of(request)
    if not secret:
        secret = secrets.token_urlsafe(32)
        request.device_secret = secret  # type: ignore[attr-defined]  # `keep_secret` puts it into the answer
    return secret


def keep_secret(request: HttpRequest, response: HttpResponse) -> None:
    """Set the cookie where this browser got a secret."""
    if secret := getattr(request, "device_secret", ""):
        response.set_cookie(
            cookie_name(),
            secret,
            max_age=KEPT_FOR,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )


def digest_of(secret: str) -> str:
    """What is stored of it: 256 random bits need no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest() if secret else ""


def country_of(request: HttpRequest) -> str:
    """The country a proxy says the caller is in; empty where none says it."""
    said = request.headers.get(settings.COUNTRY_HEADER, "") if settings.COUNTRY_HEADER else ""
    return said.upper() if re.fullmatch(r"[A-Za-z]{2}", said) and said.upper() != "XX" else ""
