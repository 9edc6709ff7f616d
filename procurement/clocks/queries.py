"""Reading opening hours, policies and clocks.

Note [In the company's name]: how much time a supplier has is read when the supplier itself takes an answer back, too.
Policies and clocks are the buying side's; they are read under its scope, taken for just that, and what leaves here is
a moment.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

from django.conf import settings
from django.db.models import Prefetch, QuerySet
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor, Channel
from portal.kernel.errors import NotFound
from portal.kernel.scope import acting
from procurement.calendars.policies import (
    WorkingCalendar,
    add_working_time,
    default_calendar,
)
from procurement.catalogue.models import Company, Site
from procurement.clocks.messages import Action, Service, Subject, Whose
from procurement.clocks.models import Clock, ClockStep, LadderStep, OfficeCalendar, ServicePolicy, StandIn
from procurement.clocks.policies import (
    BUILT_IN,
    Absence,
    Planned,
    Receivers,
    allowed_time,
    choose_service,
    holders_on,
    plan,
)
from procurement.clocks.states import LIVE_CLOCKS, ServiceState
from suppliers.models import Supplier

CLOCKS = Actor.system("clocks", Channel.SYSTEM)
TO_THE_HOLDER = frozenset({Action.REMIND, Action.SECOND_CONTACT})


# --- opening hours ------------------------------------------------------------------------------------------


class Offices:
    """The opening hours of all places, read once: one query when first asked, none if nobody asks."""

    @cached_property
    def _rows(self) -> list[OfficeCalendar]:
        return list(OfficeCalendar.objects.all())

    @cached_property
    def _by_place(self) -> dict[tuple[str, object], OfficeCalendar]:
        found: dict[tuple[str, object], OfficeCalendar] = {}
        for row in self._rows:
            name = ("site", row.site_id) if row.site_id else ("company", row.company_id)
            found[("country", row.country) if row.country else name] = row
        return found

    @property
    def countries(self) -> set[str]:
        """The countries with hours of their own."""
        return {row.country for row in self._rows if row.country}

    def row(self, level: str, name: object) -> OfficeCalendar | None:
        """What was written down for a place itself: a site or company by its id, a country by its code."""
        return self._by_place.get((level, name))

    def of_supplier(self, supplier: Supplier) -> WorkingCalendar:
        """When a supplier works: the hours of its country, in its own time zone."""
        row = self._by_place.get(("country", supplier.country)) if supplier.country else None
        if row:
            return row.as_calendar(supplier.time_zone)
        return default_calendar(supplier.country, supplier.time_zone)

    def of_company(self, company: Company | None, site: Site | None = None) -> WorkingCalendar:
        """When an office of the buying side works: the site's hours, else those of its company."""
        row = self._by_place.get(("site", site.pk)) if site else None
        if row:
            return row.as_calendar()
        if company is None:
            return default_calendar("", "UTC")
        elsewhere = site and ((site.time_zone, site.country) != (company.time_zone, company.country))
        if site and elsewhere and site.time_zone:
            return default_calendar(site.country or company.country, site.time_zone)
        row = self._by_place.get(("company", company.pk))
        return row.as_calendar() if row else default_calendar(company.country, company.time_zone)

    def of_clock(self, clock: Clock) -> WorkingCalendar:
        """In whose working time a clock counts. Its supplier, company and site are best read along."""
        if clock.whose == Whose.SUPPLIER and clock.supplier is not None:
            return self.of_supplier(clock.supplier)
        return self.of_company(clock.company, clock.site)

    def receivers_of(self, clock: Clock) -> Receivers:
        """In whose working time each step of a clock may leave."""
        own, ours = self.of_clock(clock), self.of_company(clock.company, clock.site)
        return {action: own if action in TO_THE_HOLDER else ours for action in Action}


def supplier_calendar(supplier: Supplier) -> WorkingCalendar:
    """When one supplier works. Everybody may read it, the supplier too."""
    return Offices().of_supplier(supplier)


@dataclass(frozen=True, slots=True)
class Place:
    """A place that has opening hours: those written down for it, or those that hold without."""

    level: str
    code: str
    name: str
    calendar: WorkingCalendar
    office: OfficeCalendar | None


def places() -> list[Place]:
    """Every company and site of the buying side, and every country its suppliers are in: four queries."""
    offices = Offices()
    found = [_place_of_company(one, offices) for one in Company.objects.order_by("name", "id")]
    sites = Site.objects.select_related("company").order_by("name", "id")
    found += [_place_of_site(one, offices) for one in sites]
    named = Supplier.objects.exclude(country="").values_list("country", flat=True).distinct()
    return found + [_place_of_country(one, offices) for one in sorted(set(named) | offices.countries)]


def place_named(level: str, code: str) -> Place:
    """One of them. Raises `NotFound`."""
    offices = Offices()
    if level == "company" and (company := Company.objects.filter(code=code).first()):
        return _place_of_company(company, offices)
    sites = Site.objects.select_related("company")
    if level == "site" and (site := sites.filter(code=code).first()):
        return _place_of_site(site, offices)
    if level == "country" and len(code) == 2 and code.isascii() and code.isupper():
        return _place_of_country(code, offices)
    raise NotFound(_("There is no such place."))


def _place_of_company(company: Company, offices: Offices) -> Place:
    calendar = offices.of_company(company)
    return Place("company", company.code, company.name, calendar, offices.row("company", company.pk))


def _place_of_site(site: Site, offices: Offices) -> Place:
    calendar = offices.of_company(site.company, site)
    return Place("site", site.code, site.name, calendar, offices.row("site", site.pk))


def _place_of_country(code: str, offices: Offices) -> Place:
    calendar = offices.of_supplier(Supplier(country=code, time_zone="UTC"))
    return Place(
        "country",
        code,
        _("Suppliers in %(country)s") % {"country": code},
        calendar,
        offices.row("country", code),
    )


def find_office(key: uuid.UUID) -> OfficeCalendar:
    """The opening hours with this key. Raises `NotFound`."""
    office = OfficeCalendar.objects.select_related("site", "company").filter(key=key).first()
    if office is None:
        raise NotFound(_("There are no opening hours of this place."))
    return office


# --- policies -----------------------------------------------------------------------------------------------


def policies() -> QuerySet[ServicePolicy]:
    """All service policies with their ladders."""
    steps = Prefetch("steps", queryset=LadderStep.objects.order_by("number"))
    return ServicePolicy.objects.select_related("replaces").prefetch_related(steps)


def policies_told(actor: Actor) -> QuerySet[ServicePolicy]:
    """The policies this actor may read: all on the buying side, none for a supplier."""
    return policies().none() if actor.is_supplier else policies()


def built_in(word: str) -> Service | None:
    """A policy that the product brings along, by its word."""
    return next((one for one in BUILT_IN if one.name == word), None)


def supplier_names(numbers: Iterable[str]) -> dict[str, str]:
    """The names behind the suppliers' numbers that policies name."""
    return dict(
        Supplier.objects.filter(number__in={one for one in numbers if one}).values_list("number", "name")
    )


def find_policy(key: uuid.UUID) -> ServicePolicy:
    """One policy. Raises `NotFound`."""
    policy = policies().filter(key=key).first()
    if policy is None:
        raise NotFound(_("There is no such policy."))
    return policy


def lock_policy(key: uuid.UUID) -> ServicePolicy:
    """One policy, held until the transaction ends. Raises `NotFound`."""
    policy = ServicePolicy.objects.select_for_update().filter(key=key).first()
    if policy is None:
        raise NotFound(_("There is no such policy."))
    return policy


def services_in_force() -> list[Service]:
    """Every policy that gives time now: those written here, and those the product brings along."""
    with acting(CLOCKS):
        written = [policy.as_service() for policy in policies().filter(state=ServiceState.ACTIVE)]
    return [*written, *BUILT_IN]


class ServiceBook:
    """The policies in force and the opening hours, read once for a batch: nothing is read before it is asked."""

    def __init__(self) -> None:
        self.offices = Offices()

    @cached_property
    def services(self) -> list[Service]:
        return services_in_force()

    def service_for(self, subject: Subject) -> Service:
        """The policy that counts. There is always one: the product brings along one for everything."""
        found = choose_service(self.services, subject)
        assert found is not None
        return found

    def due_of(self, subject: Subject, *, supplier: Supplier, at: datetime) -> datetime:
        """By when a supplier is to do what it is asked at a moment, by the policy that counts, in its working time."""
        calendar = self.offices.of_supplier(supplier)
        return add_working_time(at, allowed_time(self.services, subject, calendar), calendar)


def known_kinds() -> dict[str, str]:
    """What clocks are for, as the packages above name it: key, and words in the reader's language."""
    found = import_string(settings.CLOCK_KINDS)
    return {key: str(words) for key, words in found.items()}


# --- clocks -------------------------------------------------------------------------------------------------


def visible_clocks(actor: Actor) -> QuerySet[Clock]:
    """The clocks this actor may see: the buying side's alone; no supplier has a right on the table."""
    clocks = Clock.objects.none() if actor.is_supplier else Clock.objects.visible_to(actor)
    return clocks.select_related("supplier", "company", "site")


def find_clock(key: uuid.UUID, *, actor: Actor) -> Clock:
    """One clock. Raises `NotFound`."""
    clock = visible_clocks(actor).filter(key=key).first()
    if clock is None:
        raise NotFound(_("There is no such clock."))
    return clock


def live_clock(kind: str, stream: str) -> Clock | None:
    """The clock that runs or is paused for a paper, if there is one."""
    clocks = Clock.objects.select_related("supplier", "company", "site")
    return clocks.filter(kind=kind, stream=stream, state__in=LIVE_CLOCKS).first()


def live_clocks(kind: str, streams: Iterable[str]) -> dict[str, Clock]:
    """The same for many papers, by stream: one query."""
    clocks = Clock.objects.select_related("supplier", "company", "site")
    found = clocks.filter(kind=kind, stream__in=list(streams), state__in=LIVE_CLOCKS)
    return {clock.stream: clock for clock in found}


def lock_clocks(keys: Iterable[uuid.UUID]) -> list[Clock]:
    """Some clocks, held until the transaction ends, in one order for everybody: by id."""
    clocks = Clock.objects.select_related("supplier", "company", "site").select_for_update(of=("self",))
    return list(clocks.filter(key__in=list(keys)).order_by("id"))


def lock_clock(key: uuid.UUID) -> Clock:
    """One clock, held. Raises `NotFound`."""
    found = lock_clocks([key])
    if not found:
        raise NotFound(_("There is no such clock."))
    return found[0]


def steps_to_come(clock: Clock, offices: Offices | None = None) -> Sequence[Planned]:
    """The steps that leave if nobody does anything, in their order."""
    offices = offices or Offices()
    timer = clock.as_timer(offices.of_clock(clock))
    return plan(timer, clock.ladder(), clock.done, offices.receivers_of(clock))


def steps_taken(clock: Clock) -> list[ClockStep]:
    """The steps that have left."""
    return list(clock.steps.order_by("number"))


def holders_among(able: QuerySet[Any, Any], day: date) -> dict[int, int]:
    """Who takes what belongs to those who are away that day. Who is not `able` (ids of people) stands in for nobody."""
    away = StandIn.objects.filter(from_on__lte=day, until_on__gte=day, stand_in__in=able).order_by("id")
    return dict(
        holders_on(day, [Absence(one.person_id, one.stand_in_id, one.from_on, one.until_on) for one in away])
    )
