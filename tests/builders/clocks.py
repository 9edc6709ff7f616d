"""Clocks, policies and opening hours on demand."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from portal.kernel.audit.models import AuditEvent
from portal.kernel.scope import acting
from procurement.clocks.messages import (
    ORDER_ANSWER,
    Action,
    Anchor,
    Length,
    Scope,
    Service,
    StartClock,
    Step,
    Whose,
    WriteService,
)
from procurement.clocks.models import Clock, ServicePolicy
from procurement.clocks.queries import CLOCKS
from procurement.clocks.services import advance_clocks, approve_service, start_clock, write_service
from tests.builders.world import MONDAY
from tests.people import Person

REMIND_AFTER_AN_HOUR = (
    Step(Action.REMIND, Anchor.START, Length(Decimal(1))),
    Step(Action.BUYER, Anchor.DUE, Length(Decimal(0))),
)


def a_service(target: int = 8, steps: tuple[Step, ...] = REMIND_AFTER_AN_HOUR, **scope: Any) -> Service:
    """A policy for answers to orders: eight working hours, a reminder after one."""
    return Service(Scope(**{"kind": ORDER_ANSWER, **scope}), Length(Decimal(target)), Whose.SUPPLIER, steps)


def a_draft_service(
    author: Person, service: Service | None = None, name: str = "Answers 2026"
) -> ServicePolicy:
    """A draft that somebody wrote."""
    with acting(author.actor):
        return write_service(WriteService(service or a_service(), name), actor=author.actor, at=MONDAY)


def an_active_service(
    people: dict[str, Person], service: Service | None = None, name: str = "Answers 2026"
) -> Any:
    """A policy that Bea wrote and Max let act."""
    draft = a_draft_service(people["bea"], service, name)
    with acting(people["max"].actor):
        return approve_service(draft.key, draft.version, actor=people["max"].actor, at=MONDAY)


def a_clock(kind: str = "case.drift", stream: str = "case:1", *, at: datetime = MONDAY, **said: Any) -> Clock:
    """A clock that runs."""
    with acting(CLOCKS):
        return start_clock(StartClock(kind, stream, **said), actor=CLOCKS, at=at)


def advance(at: datetime) -> int:
    """The sweep, at a moment."""
    with acting(CLOCKS):
        return advance_clocks(actor=CLOCKS, at=at)


def fresh_clock(clock: Clock) -> Clock:
    """The clock as it stands in the database now."""
    with acting(CLOCKS):
        return Clock.objects.select_related("supplier", "company", "site").get(pk=clock.pk)


def clock_facts(*kinds: str) -> list[AuditEvent]:
    """What clocks recorded, in its order."""
    with acting(CLOCKS):
        found = AuditEvent.objects.filter(kind__startswith="clock.").order_by("id")
        return [one for one in found if not kinds or one.kind in kinds]


def hours(count: float) -> timedelta:
    """So much time."""
    return timedelta(hours=count)
