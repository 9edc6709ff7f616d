"""Times at docks on demand, asked for and answered by the people of the tests."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from portal.kernel.scope import acting
from procurement.docks.messages import AppointmentNamed, WishTime
from procurement.docks.models import Appointment
from procurement.docks.services import ask_time, confirm_time, propose_time
from procurement.shipments.models import ShipNotice
from tests.builders.world import MONDAY
from tests.people import FEED, Person

# Tuesday 31 March 2026, the day on which a notice of the builders is expected: British summer time, so 10:00 in Leeds.
TEN = datetime(2026, 3, 31, 9, 0, tzinfo=UTC)


def fresh_time(one: Appointment) -> Appointment:
    """The time as it stands in the database now."""
    with acting(FEED):
        return Appointment.objects.select_related("site").get(pk=one.pk)


def time_of(notice: ShipNotice) -> Appointment | None:
    """The newest time of a consignment."""
    with acting(FEED):
        return Appointment.objects.filter(consignment=notice.consignment).order_by("-id").first()


def wish(verb: Callable[..., Any], notice: ShipNotice, person: Person, **more: Any) -> Appointment:
    """Somebody asks for a time, or proposes one."""
    at = more.pop("at", MONDAY)
    before = time_of(notice)
    version = before.version if before is not None and before.is_open else 0
    said = {"starts_at": TEN, "version": version, **more}
    with acting(person.actor):
        made: Appointment = verb(WishTime(notice.key, **said), actor=person.actor, at=at)
    return made


def answer(verb: Callable[..., Any], one: Appointment, person: Person, *args: Any, **more: Any) -> Any:
    """Somebody does something with a time as it stands now."""
    more.setdefault("at", MONDAY)
    named = AppointmentNamed(one.key, fresh_time(one).version)
    with acting(person.actor):
        return verb(named, *args, actor=person.actor, **more)


def an_asked_time(notice: ShipNotice, person: Person, **more: Any) -> Appointment:
    """A time that the supplier asks for."""
    return wish(ask_time, notice, person, **more)


def a_proposed_time(notice: ShipNotice, person: Person, **more: Any) -> Appointment:
    """A time that the dock proposes."""
    return wish(propose_time, notice, person, **more)


def a_confirmed_time(notice: ShipNotice, supplier: Person, dock: Person, **more: Any) -> Appointment:
    """A time that was asked for and confirmed."""
    one = an_asked_time(notice, supplier, **more)
    answer(confirm_time, one, dock)
    return fresh_time(one)
