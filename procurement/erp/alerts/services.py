"""One alert for each cause: raised when it passes its limit, told again while it lasts, over when it stays away.

Note [Own clocks]: each cause has its own row, and so its own time of the last word. What comes and goes within
`ALERT_OVER_AFTER` is one alert, not many; what lasts is told again after `ALERT_REPEAT_AFTER`.
"""

import hashlib
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet

from portal.kernel.outbox.services import Outgoing, enqueue_all
from portal.kernel.scope import requires_scope
from procurement.erp.alerts.watches import WATCHER, Finding, all_watches
from procurement.erp.connection import the_connection
from procurement.erp.models import Alert
from suppliers.models import User
from suppliers.roles import CompanyRole

TOPIC = "alerts"
RAISED, REPEATED, OVER = "alert.raised", "alert.repeated", "alert.over"
LOCK = 0x77617463  # "watc": one watcher at a time


@requires_scope
def keep_watch(*, at: datetime) -> int:
    """Look at everything that is watched and tell what is new; returns how many alerts were told of.

    A second watcher at the same moment leaves it to the first.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            return 0
    found = {(one.cause, one.subject): one for watch in all_watches() for one in watch(at)}
    standing = {(one.cause, one.subject): one for one in open_alerts()}
    told = [_raise(finding, at) for key, finding in found.items() if key not in standing]
    for key, alert in standing.items():
        told += _goes_on(alert, found[key], at) if key in found else _is_away(alert, at)
    return len(told)


def open_alerts() -> list[Alert]:
    """What is beyond its limit now, newest first."""
    return list(Alert.objects.filter(over_at__isnull=True).order_by("-raised_at", "-id"))


def _raise(finding: Finding, at: datetime) -> Alert:
    alert = Alert.objects.create(
        cause=finding.cause, subject=finding.subject, facts=dict(finding.facts), raised_at=at, told_at=at
    )
    _tell(alert, RAISED, at)
    return alert


def _goes_on(alert: Alert, finding: Finding, at: datetime) -> Iterator[Alert]:
    alert.facts, alert.gone_since = dict(finding.facts), None
    if at - alert.told_at >= settings.ALERT_REPEAT_AFTER:
        alert.told_at, alert.times_told = at, alert.times_told + 1
        _tell(alert, REPEATED, at)
        yield alert
    alert.save(update_fields=["facts", "gone_since", "told_at", "times_told"])


def _is_away(alert: Alert, at: datetime) -> Iterator[Alert]:
    alert.gone_since = alert.gone_since or at
    if at - alert.gone_since >= settings.ALERT_OVER_AFTER:
        alert.over_at = at
        _tell(alert, OVER, at)
        yield alert
    alert.save(update_fields=["gone_since", "over_at"])


def _tell(alert: Alert, kind: str, at: datetime) -> None:
    """One message to each who is told: whom one cannot reach keeps no other waiting."""
    word = {
        "alert": str(alert.key),
        "connection": the_connection().key,
        "cause": alert.cause,
        "subject": alert.subject,
        "facts": alert.facts,
        "raised_at": alert.raised_at.isoformat(),
        "at": at.isoformat(),
    }
    to: list[dict[str, Any]] = [{"mail": pk} for pk in _owners()]
    if settings.ALERT_WEBHOOK_URL:
        to.append({"webhook": True})
    if alert.cause == "security":
        to += [{"contact": contact} for contact in settings.SECURITY_CONTACT if "@" in contact]
    enqueue_all(
        [Outgoing(TOPIC, f"alert:{alert.key}:{_name_of(one)}", kind, word | {"to": one}, None) for one in to],
        actor=WATCHER,
        at=at,
    )


def _name_of(to: dict[str, Any]) -> str:
    if "contact" in to:
        return "contact:" + hashlib.sha256(to["contact"].encode()).hexdigest()[:16]
    return ":".join(str(part) for pair in to.items() for part in pair)


def _owners() -> list[int]:
    return list(integration_owners().order_by("id").values_list("id", flat=True))


def integration_owners() -> QuerySet[User]:
    """Those who are told by mail: asked again when the mail goes out, which may be later."""
    return User.objects.filter(is_active=True, company_role=CompanyRole.INTEGRATION_OWNER)
