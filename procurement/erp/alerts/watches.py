"""What is watched: each watch looks at one kind of thing and says what passed its limit, with the figures.

A new one is a function more in `WATCHES`, and a sentence more in `words`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Min
from django.utils.module_loading import import_string

from portal.kernel.actors import Actor
from portal.kernel.outbox.models import MessageState, OutboxMessage
from procurement.erp.connection import the_connection
from procurement.erp.models import FeedCursor
from procurement.erp.queries import TOPIC, commands_needing_a_person, failing_runs, parked_messages
from procurement.erp.reconciliation.queries import last_ended_comparison, unresolved_drift
from procurement.erp.states import RunState

WATCHER = Actor.system("Monitor")


@dataclass(frozen=True, slots=True)
class Finding:
    """Something beyond its limit: the cause, what it is about (a feed), and the figures. Facts must be JSON."""

    cause: str
    subject: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


Watch = Callable[[datetime], Iterator[Finding]]


def connection(at: datetime) -> Iterator[Finding]:
    """Whether the ERP can be reached, lets us in, is what it was, and has the right time; and who paused it."""
    found = the_connection()
    facts: dict[str, Any]
    if found.paused_at and at - found.paused_at >= settings.ALERT_PAUSED_AFTER:
        facts = {"since": found.paused_at.isoformat(), "by": found.paused_by, "reason": found.paused_reason}
        yield Finding("paused", facts=facts)
    if found.refused_since:
        yield Finding(
            "credentials_refused", facts={"since": found.refused_since.isoformat(), "reason": found.trouble}
        )
    elif found.opened_at and at - found.opened_at >= settings.ALERT_UNREACHABLE_AFTER:
        yield Finding("unreachable", facts={"since": found.opened_at.isoformat(), "reason": found.trouble})
    if found.credentials_expire_at and found.credentials_expire_at - at <= settings.ALERT_EXPIRY_BEFORE:
        yield Finding("credentials_expire", facts={"at": found.credentials_expire_at.isoformat()})
    if found.clock_skew is not None and abs(found.clock_skew) >= settings.ALERT_CLOCK_SKEW:
        yield Finding("clock", facts={"seconds": int(found.clock_skew.total_seconds())})
    if found.change and found.changed_at:
        facts = {
            "since": found.changed_at.isoformat(),
            "count": len(found.change),
            "changes": found.change[:20],
        }
        yield Finding("changed", facts=facts)
    if warnings := found.found.get("warnings"):
        yield Finding("warnings", facts={"count": len(warnings), "warnings": warnings[:20]})


def _has_flowed(limit: timedelta, at: datetime) -> bool:
    """Whether there was time enough to catch up: not while the door is shut, and not just after."""
    door = the_connection()
    if door.is_paused or door.circuit.is_open:
        return False
    return door.flowing_since is None or at - door.flowing_since >= limit


def reads(at: datetime) -> Iterator[Finding]:
    """Feeds that have not got through for too long. While nothing can be read at all, that is told once, above."""
    if not _has_flowed(settings.ALERT_READS_LATE_AFTER, at):
        return
    reasons = {run.feed: run.reason for run in failing_runs()}
    late = FeedCursor.objects.filter(failing_since__lte=at - settings.ALERT_READS_LATE_AFTER)
    for cursor in late.order_by("feed"):
        since = cursor.failing_since
        assert since is not None  # it was asked for
        facts = {"since": since.isoformat(), "reason": reasons.get(cursor.feed, "")}
        yield Finding("reads_late", cursor.feed, facts)


def writes(at: datetime) -> Iterator[Finding]:
    """Messages to the ERP that have waited for too long although they might go, and those given up on by machine."""
    if _has_flowed(settings.ALERT_WRITES_LATE_AFTER, at):
        waiting = OutboxMessage.objects.filter(
            topic=TOPIC, state__in=[MessageState.WAITING, MessageState.LEASED]
        )
        late = waiting.filter(created_at__lte=at - settings.ALERT_WRITES_LATE_AFTER)
        if count := late.count():
            oldest = late.aggregate(oldest=Min("created_at"))["oldest"]
            yield Finding("writes_late", facts={"since": oldest.isoformat(), "count": count})
    parked = parked_messages().filter(topic=TOPIC)
    if (count := parked.count()) >= settings.ALERT_PARKED:
        oldest = parked.aggregate(oldest=Min("created_at"))["oldest"]
        yield Finding("parked", facts={"since": oldest.isoformat(), "count": count})


def failures(at: datetime) -> Iterator[Finding]:
    """Commands that a person has to look at: too many of them."""
    needing = commands_needing_a_person(WATCHER, at)
    if (count := needing.count()) >= settings.ALERT_FAILURES:
        oldest = needing.aggregate(oldest=Min("queued_at"))["oldest"]
        yield Finding("failures", facts={"since": oldest.isoformat(), "count": count})


def drift(at: datetime) -> Iterator[Finding]:
    """What the comparison of both sides found and nobody has put right."""
    found = unresolved_drift()
    if found.since and found.count >= settings.ALERT_DRIFT:
        yield Finding("drift", facts={"since": found.since.isoformat(), "count": found.count})


def comparison(at: datetime) -> Iterator[Finding]:
    """A comparison of both sides that did not get to its end: until the next one does, nobody knows of drift."""
    last = last_ended_comparison()
    if last is not None and last.state == RunState.FAILED and last.finished_at is not None:
        yield Finding(
            "comparison_failed", facts={"since": last.finished_at.isoformat(), "reason": last.reason}
        )


WATCHES: tuple[Watch, ...] = (connection, reads, writes, failures, drift, comparison)


def all_watches() -> tuple[Watch, ...]:
    """Those of the ERP, and those that the floors above it have registered (`ALERT_WATCHES`)."""
    return (*WATCHES, *(import_string(name) for name in settings.ALERT_WATCHES))
