"""Writing down when offices are open."""

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.services import record
from portal.kernel.errors import Invalid, NotAllowed, NotFound, Problem, StaleDocument
from portal.kernel.scope import requires_scope
from procurement.calendars.policies import NeverOpens, Week, WorkingCalendar, next_opening
from procurement.catalogue.models import Site
from procurement.catalogue.queries import find_company
from procurement.clocks.models import OfficeCalendar, week_to_json
from suppliers.roles import Permission

MOST_DAYS = 400
COUNTRY = re.compile(r"[A-Z]{2}")


@dataclass(frozen=True, slots=True)
class WriteOffice:
    """Opening hours of one place: a site or a company by its code, or a country; `version` 0 where there are none yet.

    A country has no time zone here: each supplier in it brings its own.
    """

    week: Week
    site: str = ""
    company: str = ""
    country: str = ""
    time_zone: str = ""
    holidays_of: str = ""
    subdivision: str = ""
    closed_on: tuple[tuple[date, str], ...] = ()
    version: int = 0


@requires_scope
def write_office(command: WriteOffice, *, actor: Actor, at: datetime) -> OfficeCalendar:
    """Write down the opening hours of one place. What is due already stays due when it is.

    Raises `Invalid` for hours by which nothing could ever fall due, and `StaleDocument` where somebody was quicker.
    """
    _require_editor(actor)
    place = _place_of(command)
    if problems := list(_problems_of(command)):
        raise Invalid(problems[0].message, problems)
    office = OfficeCalendar.objects.select_for_update().filter(**place).first()
    if (office.version if office else 0) != command.version:
        raise _stale()
    before = _facts(office) if office else None
    office = office or OfficeCalendar(**place, version=0)
    office.time_zone = "" if command.country else command.time_zone
    office.holidays_of, office.subdivision = command.holidays_of, command.subdivision
    office.hours = week_to_json(command.week)
    days = sorted(dict(command.closed_on).items())
    office.closed_on = [{"day": day.isoformat(), "name": name.strip()[:100]} for day, name in days]
    office.written_at, office.written_by = at, actor.label
    office.version += 1
    try:
        with transaction.atomic():
            office.save()
    except IntegrityError as error:
        raise _stale() from error  # of two who write a place's first hours at once, the second
    facts = {"place": str(office), "now": _facts(office), "before": before}
    record("office.written", office.stream, actor=actor, at=at, supplier_id=None, facts=facts, internal=True)
    return office


@requires_scope
def forget_office(key: uuid.UUID, version: int, *, actor: Actor, at: datetime) -> None:
    """Go back to what holds without opening hours of one's own."""
    _require_editor(actor)
    office = OfficeCalendar.objects.select_for_update().filter(key=key).first()
    if office is None:
        raise NotFound(_("There are no opening hours of this place."))
    if office.version != version:
        raise _stale()
    facts = {"place": str(office), "before": _facts(office)}
    record(
        "office.forgotten", office.stream, actor=actor, at=at, supplier_id=None, facts=facts, internal=True
    )
    OfficeCalendar.objects.filter(pk=office.pk).delete()


def _stale() -> StaleDocument:
    return StaleDocument(
        _("Somebody changed these opening hours since you opened them. Look at what stands now.")
    )


def _require_editor(actor: Actor) -> None:
    if actor.is_supplier or not actor.may(Permission.POLICY_EDIT):
        raise NotAllowed(_("Your role reads opening hours. A buyer or an administrator writes them."))


def _place_of(command: WriteOffice) -> dict[str, Any]:
    if command.site:
        site = Site.objects.filter(code=command.site).first()
        if site is None:
            raise NotFound(_("There is no such site."))
        return {"site": site}
    if command.company:
        return {"company": find_company(command.company)}
    if not COUNTRY.fullmatch(command.country):
        message = _("A country has two letters (ISO 3166), such as DE.")
        raise Invalid(message, [Problem("country", message, command.country, "unknown")])
    return {"country": command.country}


def _problems_of(command: WriteOffice) -> Iterator[Problem]:
    if len(command.closed_on) > MOST_DAYS:
        message = _("At most %(most)d days fit here; leave out those that are over.") % {"most": MOST_DAYS}
        yield Problem("closed_on", message, str(len(command.closed_on)), "too_many")
    if not any(command.week):
        yield Problem("hours", _("Give opening hours for at least one day of the week."), "", "required")
        return
    try:
        WorkingCalendar("UTC", command.week)
    except ValueError:
        message = _("The opening hours of a day must follow each other: 08:00-12:00, 13:00-17:00.")
        yield Problem("hours", message, "", "out_of_order")
        return
    zone = command.time_zone or "UTC"
    try:
        WorkingCalendar(zone, command.week)
    except ValueError:
        message = _("“%(zone)s” is not a time zone.") % {"zone": zone}
        yield Problem("time_zone", message, zone, "unknown")
        return
    closed = frozenset(day for day, _name in command.closed_on)
    try:
        calendar = WorkingCalendar(zone, command.week, command.holidays_of, command.subdivision, closed)
    except ValueError:
        place = "-".join(filter(None, (command.holidays_of, command.subdivision)))
        message = _("There are no public holidays on file for %(place)s.") % {"place": place}
        yield Problem("subdivision" if command.subdivision else "holidays_of", message, place, "unknown")
        return
    try:
        for day in closed:
            next_opening(datetime.combine(day, time(), UTC), calendar)
    except NeverOpens:
        message = _("With so many days closed it does not open for a year. Take some of them out.")
        yield Problem("closed_on", message, str(len(closed)), "never_opens")


def _facts(office: OfficeCalendar) -> dict[str, Any]:
    names = ("time_zone", "holidays_of", "subdivision", "hours", "closed_on")
    return {name: getattr(office, name) for name in names}
