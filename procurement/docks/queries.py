"""Reading how a dock works, who has which time there, and what comes when.

Note [Whose times]: a supplier sees its own times and nobody else's. Which ones are free depends on those of all, so
they are read in the company's name, and what leaves here are free moments.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.errors import NotFound
from portal.kernel.scope import acting
from procurement.catalogue.models import Site
from procurement.clocks.models import week_from_json
from procurement.clocks.queries import Offices
from procurement.docks.models import Appointment, DockPlan
from procurement.docks.policies import (
    Rhythm,
    Taken,
    day_bounds,
    days_to_offer,
    free_times,
    is_too_short,
    length_of,
)
from procurement.docks.states import HOLDING, OPEN
from procurement.orders.models import PurchaseOrderLine
from procurement.orders.queries import visible_lines
from procurement.orders.states import Agreement, OrderState
from procurement.shipments.models import Package, ShipNotice
from procurement.shipments.queries import visible_notices
from procurement.shipments.states import LIVE, ON_THE_WAY, NoticeState, PackageKind

DOCK = Actor.system("Dock")
LOCK_CLASS = 0x7175646B  # the first half of our advisory lock keys, one beside those of rules and leases
AWAITED = (NoticeState.SENT, NoticeState.IN_TRANSIT)

# --- how a dock works ---------------------------------------------------------------------------------------


def sites() -> list[Site]:
    """The places that goods go to, by name, each with its company."""
    return list(Site.objects.select_related("company").order_by("name", "id")[:200])


def find_site(code: str) -> Site:
    """One place by its code. Raises `NotFound`."""
    found = Site.objects.select_related("company").filter(code=code).first()
    if found is None:
        raise NotFound(_("There is no such site."))
    return found


def plan_of(site: Site) -> DockPlan | None:
    """What somebody wrote down of the dock of a site. For the buying side."""
    return DockPlan.objects.filter(site=site).first()


def rhythm_of(site: Site) -> Rhythm:
    """How the dock of a site works: as its plan says; without one it has two doors, times of half an hour, 20 pallets
    an hour and door, and wants to be asked four hours before. Open as the site is. See Note [Whose times].
    """
    with acting(DOCK):
        return _rhythm(site, plan_of(site))


def rhythm_from(site: Site, plan: DockPlan | None) -> Rhythm:
    """The same where the plan was read already."""
    return _rhythm(site, plan)


def _rhythm(site: Site, plan: DockPlan | None) -> Rhythm:
    calendar = Offices().of_company(site.company, site)
    if site.time_zone and site.time_zone != calendar.time_zone:
        calendar = replace(calendar, time_zone=site.time_zone)
    if plan is None:
        return Rhythm(calendar)
    if plan.hours is not None:
        calendar = replace(calendar, hours=week_from_json(plan.hours))
    return Rhythm(
        calendar,
        doors=plan.doors,
        slot=timedelta(minutes=plan.slot_minutes),
        pallets_per_hour=plan.pallets_per_hour,
        ask_before=timedelta(hours=plan.ask_hours),
    )


def zone_of(site: Site) -> ZoneInfo:
    """Where the clock of a site's wall is."""
    return ZoneInfo(site.time_zone or site.company.time_zone)


# --- appointments -------------------------------------------------------------------------------------------


def visible_appointments(actor: Actor) -> QuerySet[Appointment]:
    """The times at docks that this actor may see."""
    found: QuerySet[Appointment] = Appointment.objects.visible_to(actor).select_related(
        "site__company", "supplier"
    )
    return found


def find_appointment(key: uuid.UUID, *, actor: Actor) -> Appointment:
    """One of them. Raises `NotFound` for what is not there or not yours."""
    found: Appointment | None = visible_appointments(actor).filter(key=key).first()
    if found is None:
        raise NotFound(_("There is no such time at a dock."))
    return found


def appointments_of(consignment: uuid.UUID, *, actor: Actor) -> list[Appointment]:
    """All that were ever made for a consignment, the newest first."""
    return list(visible_appointments(actor).filter(consignment=consignment).order_by("-id"))


def with_notice_key(appointments: QuerySet[Appointment]) -> QuerySet[Any]:
    """The same, each with the key and the number of the newest version of its ship notice that was sent."""
    sent = ShipNotice.objects.filter(consignment=OuterRef("consignment"), sent_at__isnull=False)
    newest = sent.order_by("-issue")
    return appointments.annotate(
        notice_key=Subquery(newest.values("key")[:1]), notice_number=Subquery(newest.values("number")[:1])
    )


def newest_notice(consignment: uuid.UUID) -> ShipNotice | None:
    """The version of a consignment that counts, or was the last to."""
    found: ShipNotice | None = (
        ShipNotice.objects.filter(consignment=consignment, sent_at__isnull=False).order_by("-issue").first()
    )
    return found


def taken_at(site: Site, since: datetime, until: datetime, *, besides: int = 0) -> list[Taken]:
    """Which doors are held between two moments; one appointment can be left out. See Note [Whose times]."""
    with acting(DOCK):
        held = Appointment.objects.filter(
            site=site, state__in=HOLDING, starts_at__lt=until, ends_at__gt=since
        ).exclude(pk=besides)
        rows = held.order_by("starts_at", "id").values_list("door", "starts_at", "ends_at")
        return [Taken(*row) for row in rows]


def lock_dock(site: Site) -> None:
    """Hold the doors of a site until the transaction ends: of two who want one door the second sees what the first
    took. It is always the last thing that is held.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK_CLASS, site.pk])


def pallets_of(notice: ShipNotice) -> int:
    """How many pallets a notice says it has."""
    return Package.objects.filter(notice=notice, kind=PackageKind.PALLET).count()


def pallets_too_many(one: Appointment | None, notice: ShipNotice) -> int:
    """How many pallets a notice announces by now where they are more than its open time holds, as the dock works; else
    0. Three queries for an open time, none without.
    """
    if one is None or not one.is_open:
        return 0
    pallets = pallets_of(notice)
    return pallets if is_too_short(one.starts_at, one.ends_at, pallets, rhythm_of(one.site)) else 0


@dataclass(frozen=True, slots=True)
class Offer:
    """The times that are free for a consignment, with how long it needs a door; in the site's time zone."""

    times: Sequence[datetime]
    length: timedelta
    zone: ZoneInfo
    rhythm: Rhythm


def offer_for(
    notice: ShipNotice,
    site: Site,
    *,
    at: datetime,
    is_dock: bool,
    besides: int = 0,
    pallets: int | None = None,
) -> Offer:
    """Which times can be had for a consignment around the day on which it is expected. The dock itself may offer one
    that begins at once; a supplier asks so long before as the plan says.
    """
    rhythm = rhythm_of(site)
    length = length_of(pallets_of(notice) if pallets is None else pallets, rhythm)
    today = at.astimezone(rhythm.zone).date()
    days = days_to_offer(notice.expected_on or today, today, rhythm)
    if not days:
        return Offer((), length, rhythm.zone, rhythm)
    since, until = day_bounds(min(days), max(days) + timedelta(days=1), rhythm.zone)
    taken = taken_at(site, since, until, besides=besides)
    earliest = at if is_dock else at + rhythm.ask_before
    return Offer(free_times(sorted(days), length, rhythm, taken, since=earliest), length, rhythm.zone, rhythm)


# --- what comes when ----------------------------------------------------------------------------------------


# What is on its way to a site, or there and not all counted, on some of its days. The day of a consignment is that of
# its confirmed time where it has one, else the one on which it is expected.
# The time is found by its consignment alone, of which one at most is open: by index, also where nothing is known yet.
HERE = """
WITH near AS (
    SELECT notice.id, notice.gross_kg, timed.starts_at,
           coalesce((timed.starts_at AT TIME ZONE %(zone)s)::date, notice.expected_on) AS day
    FROM procurement_shipnotice notice
    LEFT JOIN procurement_appointment timed
        ON timed.consignment = notice.consignment AND timed.state = 'confirmed'
    WHERE notice.ship_to_id = %(site)s AND notice.state = ANY (%(states)s)
),
here AS (SELECT * FROM near WHERE day BETWEEN %(first)s AND %(last)s)
"""
TOTALS = f"""
{HERE},
packed AS (
    SELECT notice_id, count(*) FILTER (WHERE kind = 'pallet') AS pallets,
           count(*) FILTER (WHERE parent_id IS NULL) AS outer_ones,
           sum(gross_kg) FILTER (WHERE parent_id IS NULL) AS kg
    FROM procurement_package WHERE notice_id = ANY (ARRAY(SELECT id FROM here)) GROUP BY notice_id
)
SELECT here.day, count(*), coalesce(sum(packed.pallets), 0)::int, coalesce(sum(packed.outer_ones), 0)::int,
       coalesce(sum(coalesce(here.gross_kg, packed.kg)), 0), count(here.starts_at)
FROM here LEFT JOIN packed ON packed.notice_id = here.id
GROUP BY here.day
"""  # noqa: S608 -- the names are ours


def _asked_of(site: Site, first: date, last: date) -> dict[str, Any]:
    return {
        "site": site.pk,
        "zone": zone_of(site).key,
        "states": list(map(str, ON_THE_WAY)),
        "first": first,
        "last": last,
    }


def inbound(actor: Actor, site: Site, first: date, last: date) -> QuerySet[ShipNotice]:
    """What is on its way to a site, or there and not all counted, on these days of the site. See `HERE`."""
    with connection.cursor() as cursor:
        cursor.execute(f"{HERE} SELECT id FROM here", _asked_of(site, first, last))  # noqa: S608 -- ours
        ids = [pk for (pk,) in cursor.fetchall()]
    return visible_notices(actor).filter(pk__in=ids)


@dataclass(frozen=True, slots=True)
class Loading:
    """What a notice's packing says of it: pallets, packages that stand on their own, and kilograms.

    A gross weight in the head of the notice counts before the sum of the packages.
    """

    pallets: int = 0
    outer: int = 0
    kg: Decimal | None = None


def loadings(notices: Sequence[ShipNotice]) -> dict[int, Loading]:
    """What comes with each of these notices, by id. One query."""
    on_their_own = Q(parent__isnull=True)
    packed = Package.objects.filter(notice__in=[one.pk for one in notices]).order_by().values_list("notice")
    rows = packed.annotate(
        pallets=Count("pk", filter=Q(kind=PackageKind.PALLET)),
        outer=Count("pk", filter=on_their_own),
        kg=Sum("gross_kg", filter=on_their_own),
    )
    found = {pk: (pallets, outer, kg) for pk, pallets, outer, kg in rows}
    loads = {}
    for one in notices:
        pallets, outer, kg = found.get(one.pk, (0, 0, None))
        loads[one.pk] = Loading(pallets, outer, kg if one.gross_kg is None else one.gross_kg)
    return loads


@dataclass(frozen=True, slots=True)
class DayTotal:
    """What one day brings."""

    consignments: int = 0
    pallets: int = 0
    packages: int = 0
    kg: Decimal = Decimal(0)
    timed: int = 0

    @property
    def untimed(self) -> int:
        return self.consignments - self.timed


def totals_by_day(site: Site, first: date, last: date) -> dict[date, DayTotal]:
    """The sums of each day on which something comes, added up by the database. For the buying side. One query."""
    with connection.cursor() as cursor:
        cursor.execute(TOTALS, _asked_of(site, first, last))
        return {row[0]: DayTotal(*row[1:]) for row in cursor.fetchall()}


def overdue(actor: Actor, site: Site, today: date) -> QuerySet[ShipNotice]:
    """What should have come to a site before today and has not, the oldest first."""
    late = visible_notices(actor).filter(ship_to=site, state__in=AWAITED, expected_on__lt=today)
    return late.order_by("expected_on", "id")


def open_times_by_consignment(consignments: Iterable[uuid.UUID]) -> dict[uuid.UUID, Appointment]:
    """The time that each of these consignments has, was offered or has asked for. One query."""
    found = Appointment.objects.filter(consignment__in=list(consignments), state__in=OPEN)
    return {one.consignment: one for one in found}


@dataclass(frozen=True, slots=True)
class Booked:
    """A time of one day at a dock, with how many pallets come and whose they are."""

    appointment: Appointment
    notice: ShipNotice | None
    pallets: int


def booked_on(actor: Actor, site: Site, day: date) -> list[Booked]:
    """The times of one day of a site that are confirmed, offered or asked for, in their order. Three queries."""
    since, until = day_bounds(day, day, zone_of(site))
    open_ones = visible_appointments(actor).filter(
        site=site, state__in=OPEN, starts_at__gte=since, starts_at__lt=until
    )
    appointments = list(open_ones.order_by("starts_at", "door", "id")[:1000])
    notices = {
        one.consignment: one
        for one in visible_notices(actor).filter(
            consignment__in=[one.consignment for one in appointments], state__in=LIVE
        )
    }
    counted = Package.objects.filter(
        notice__in=[one.pk for one in notices.values()], kind=PackageKind.PALLET
    ).order_by()
    pallets: Mapping[int, int] = dict(counted.values_list("notice").annotate(n=Count("pk")))
    found = []
    for one in appointments:
        notice = notices.get(one.consignment)
        found.append(Booked(one, notice, pallets.get(notice.pk, 0) if notice else 0))
    return found


def due_lines(actor: Actor, site: Site, first: date, last: date) -> QuerySet[PurchaseOrderLine]:
    """The agreed lines that are due at a site on these days, of which something has not left yet."""
    here = Q(ship_to=site) | Q(ship_to__isnull=True, order__ship_to=site)
    lines: QuerySet[PurchaseOrderLine] = visible_lines(actor).filter(
        here,
        order__state=OrderState.ISSUED,
        agreement=Agreement.AGREED,
        cancelled=False,
        closed=False,
        received_quantity__lt=F("quantity"),
        shipped_quantity__lt=F("quantity"),
        next_delivery_on__gte=first,
        next_delivery_on__lte=last,
    )
    return lines.select_related("order__supplier")


def lines_without_notice(actor: Actor, site: Site, first: date, last: date) -> dict[date, int]:
    """How many of them there are on each day. One query."""
    counted = due_lines(actor, site, first, last).select_related(None).order_by()
    return dict(counted.values_list("next_delivery_on").annotate(n=Count("pk")))


def busiest_site(actor: Actor) -> Site | None:
    """The site to which most is on its way; without anything on its way the first by name."""
    rows = visible_notices(actor).filter(state__in=AWAITED, ship_to__isnull=False).order_by()
    top = rows.values_list("ship_to").annotate(n=Count("pk")).order_by("-n", "ship_to").first()
    found = Site.objects.select_related("company")
    return found.filter(pk=top[0]).first() if top else found.order_by("name", "id").first()


def needing_a_time(actor: Actor) -> QuerySet[ShipNotice]:
    """What is announced and has no time at the dock: neither asked for nor offered nor confirmed."""
    timed = Appointment.objects.filter(state__in=OPEN).values("consignment")
    waiting = visible_notices(actor).filter(state__in=AWAITED, ship_to__isnull=False)
    return waiting.exclude(consignment__in=timed)
