"""Second factors: set up without a phone, shown without a hand."""

import time
from datetime import datetime
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.core.cache import cache
from django.test import Client

from suppliers.models import User
from suppliers.signin.step_up import MARK


def give_app(user: User, *, since: datetime | None = None) -> str:
    """Set up an authenticator app; its secret."""
    secret = generate_totp_secret()
    made = TOTP.activate(user, secret).instance
    if since is not None:
        Authenticator.objects.filter(pk=made.pk).update(created_at=since)
    return secret


def code_of(secret: str) -> str:
    """What the app shows now. It may be typed again at once: a test does not wait half a minute."""
    cache.clear()
    return format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))


def give_codes(user: User) -> list[str]:
    """Ten recovery codes."""
    return RecoveryCodes.activate(user).generate_codes()


def show_factor(client: Client, user: User, *, settled: bool = True, ago: float = 0) -> None:
    """As if somebody signed in had shown a factor so many seconds ago."""
    session: Any = client.session
    session[MARK] = {"user": user.pk, "at": time.time() - ago, "settled": settled}
    session.save()
