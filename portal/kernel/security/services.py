"""Noting security events: a log line at once, a row in a transaction of its own.

Note [Own transaction]: much of what is noted ends in a refusal, whose transaction is rolled back, so rows are not
written inside it. While a request is answered they wait in memory (`collecting`) and are written when its answer is
there; elsewhere they are written at once. The log line does not wait: a process that dies has at least said it.

Note [Floods]: whoever makes a thousand refusals a second shall not fill the table with them. From one source and of one
kind at most `SECURITY_EVENTS_A_MINUTE` become rows; the log has all, and says when rows begin to be left out.
"""

import hashlib
import hmac
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone

from portal.kernel.actors import Actor
from portal.kernel.correlation import current as current_correlation
from portal.kernel.counting import NobodyCounts, tally
from portal.kernel.scope import acting, requires_scope
from portal.kernel.security.catalogue import CATALOGUE, Severity
from portal.kernel.security.models import SecurityEvent

log = logging.getLogger("portal.security")
GUARD = Actor.system("Security")
LEVELS = {
    Severity.INFO: logging.INFO,
    Severity.NOTICE: logging.INFO,
    Severity.WARNING: logging.WARNING,
    Severity.ALARM: logging.ERROR,
}
# Line ends, other control characters, and what turns the direction of writing: see `plain`.
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")

_waiting: ContextVar[list[SecurityEvent] | None] = ContextVar("security_events", default=None)


def plain(text: object, most: int) -> str:
    """What somebody sent, so that it can neither begin a line of its own in a log nor hide in one."""
    return CONTROL.sub("\N{REPLACEMENT CHARACTER}", str(text))[:most]


def account_of(typed: str) -> str:
    """What stands for an address that somebody typed: equal ones look equal, and nobody reads them back.

    People type passwords where the address belongs, so what was typed itself is never kept.
    """
    key = hashlib.sha256(b"account|" + settings.SECRET_KEY.encode()).digest()
    return hmac.new(key, typed.strip().lower().encode(), hashlib.sha256).hexdigest()[:16]


def note(
    kind: str,
    *,
    user_id: int | None = None,
    token_id: int | None = None,
    account: str = "",
    address: str = "",
    browser: str = "",
    route: str = "",
    **facts: Any,
) -> None:
    """Note that something of the catalogue has happened. Never raises what a database may raise."""
    known = CATALOGUE[kind]
    event = SecurityEvent(
        kind=kind,
        severity=known.severity,
        at=timezone.now(),
        user_id=user_id,
        token_id=token_id,
        account=account,
        address=plain(address, 45),
        browser=plain(browser, 200),
        route=plain(route, 120),
        correlation_id=current_correlation() or "",
        facts={name: plain(value, 200) if isinstance(value, str) else value for name, value in facts.items()},
    )
    _say(event)
    if not _has_room(event):
        return
    waiting = _waiting.get()
    if waiting is not None:
        waiting.append(event)
    else:
        _write([event])


def _say(event: SecurityEvent) -> None:
    told = {
        "event": event.kind,
        "severity": event.severity,
        "person": event.user_id,
        "program": event.token_id,
        "account": event.account,
        "address": event.address,
        "browser": event.browser,
        "route": event.route,
        "facts": event.facts,
    }
    extra = {name: value for name, value in told.items() if value not in (None, "", {})}
    log.log(LEVELS[Severity(event.severity)], "security event", extra=extra)


def _has_room(event: SecurityEvent) -> bool:
    source = event.address or event.account or event.user_id or event.token_id or ""
    try:
        count, _left = tally(f"security:{event.kind}:{source}", 60)
    except NobodyCounts:
        return True
    most: int = settings.SECURITY_EVENTS_A_MINUTE
    if count == most + 1:
        log.warning("security events left out of the table", extra={"event": event.kind})
    return count <= most


@contextmanager
def collecting() -> Iterator[None]:
    """What is noted inside waits until the end, and is written then whatever became of the request."""
    events: list[SecurityEvent] = []
    token = _waiting.set(events)
    try:
        yield
    finally:
        _waiting.reset(token)
        if events:
            _write(events)


def _write(events: list[SecurityEvent]) -> None:
    try:
        with acting(GUARD):
            SecurityEvent.objects.bulk_create(events)
    except DatabaseError:
        # The log has them. A portal whose database is away has other worries than this one.
        log.exception("security events could not be written")


@requires_scope
def forget_events(*, at: datetime) -> int:
    """Forget events older than SECURITY_EVENTS_KEPT_FOR; answers how many. The database lets no younger ones go."""
    kept_for: timedelta = settings.SECURITY_EVENTS_KEPT_FOR
    count, _by_model = SecurityEvent.objects.filter(at__lt=at - kept_for).delete()
    return count
