"""Second factors: set up without a phone, shown without a hand; and what is mailed about them."""

import time
from datetime import datetime
from typing import Any

from allauth.account.internal.userkit import user_id_to_str
from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from portal.kernel.audit.models import AuditEvent
from portal.kernel.outbox.models import MessageState, OutboxMessage
from portal.kernel.scope import acting
from procurement.notifications.services.warning import warn
from suppliers.models import User
from suppliers.signin.codes import HashedCodes
from suppliers.signin.delivery import mail_new_password
from suppliers.signin.queries import DOORKEEPER
from suppliers.signin.step_up import SETTLED

TO_SEND = 3  # seconds


def give_app(user: User, *, since: datetime | None = None) -> str:
    """Set up an authenticator app; its secret."""
    secret = generate_totp_secret()
    made = TOTP.activate(user, secret).instance
    if since is not None:
        Authenticator.objects.filter(pk=made.pk).update(created_at=since)
    return secret


def code_of(secret: str, *, before: int = 0) -> str:
    """What the app shows now, or showed so many codes before. It may be typed again at once: a test does not wait half
    a minute.

    A code lives thirty seconds and not one more (ASVS V6.5.5). One about to end is let go by, as people do who see it
    blink.
    """
    left = app_settings.TOTP_PERIOD - time.time() % app_settings.TOTP_PERIOD
    if left < TO_SEND:
        time.sleep(left)
    cache.clear()
    return format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time())) - before))


def give_codes(user: User) -> list[str]:
    """Ten recovery codes, which their person has seen."""
    codes = HashedCodes.activate(user)
    codes.mark_as_viewed()
    return codes.get_unused_codes()


def show_factor(client: Client, user: User, *, settled: bool = True, ago: float = 0) -> None:
    """As if somebody signed in had shown a factor so many seconds ago."""
    session: Any = client.session
    shown = time.time() - ago
    session["account_authentication_methods"] = [{"method": "mfa", "type": "totp", "at": shown}]
    session["account_authentication_methods_user"] = user_id_to_str(user)
    session[SETTLED] = [user.pk, shown] if settled else None
    session.save()


def letters() -> list[Any]:
    """The mails about people's accounts that have left since they were read last.

    Here they leave inside the test's transaction; that the outbox lets them go is tested with the outbox.
    """
    for message in _promised("reactions", kind="security notices"):
        with acting(DOORKEEPER):
            events = list(AuditEvent.objects.filter(pk__in=message.payload["events"]))
        warn(events, timezone.now())
    for message in _promised("sign_in"):
        mail_new_password(message.payload["email"])
    read, mail.outbox[:] = list(mail.outbox), []
    return read


def _promised(topic: str, **wanted: Any) -> list[OutboxMessage]:
    with acting(DOORKEEPER):
        waiting = OutboxMessage.objects.filter(topic=topic, state=MessageState.WAITING, **wanted)
        found = list(waiting.order_by("id"))
        waiting.update(state=MessageState.DELIVERED, delivered_at=timezone.now())
    return found
