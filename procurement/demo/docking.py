"""Times at the docks on the demo's morning: agreed and asked for in the days to come, and one to which nothing came."""

from collections import Counter
from collections.abc import Collection
from datetime import date, datetime, timedelta
from itertools import cycle

from portal.kernel.actors import Actor
from portal.kernel.scope import acting
from procurement.catalogue.models import Site
from procurement.demo.loading import SET_UP
from procurement.demo.people import TOM
from procurement.demo.shipping import VOYAGES
from procurement.docks.messages import AppointmentNamed, WishTime, WritePlan
from procurement.docks.models import Appointment
from procurement.docks.policies import DAY, length_of, starts_on
from procurement.docks.queries import AWAITED, pallets_of, rhythm_of
from procurement.docks.services import ask_time, confirm_time, propose_time, sweep_missed, write_plan
from procurement.shipments.models import ShipNotice
from suppliers.models import User
from suppliers.queries import actor_of

DOORS = 2
# What becomes of the times that lie ahead, one after the other.
AHEAD = ("confirmed", "asked", "confirmed", "proposed")


def arrange_times(*, at: datetime) -> int:
    """Let suppliers and Tom agree on times for what is on its way; returns how many there are."""
    with acting(SET_UP):
        users = User.objects.filter(email__in=[TOM.email, *VOYAGES])
        actors = {user.email: actor for user in users if (actor := actor_of(user))}
        on_the_way = ShipNotice.objects.filter(state__in=AWAITED, ship_to__isnull=False)
        notices: list[ShipNotice] = list(
            on_the_way.select_related("ship_to__company", "company").order_by("sent_at", "id")
        )
    tom = actors.pop(TOM.email, None)
    if tom is None or not notices:
        return 0
    sites = [notice.ship_to for notice in notices if notice.ship_to is not None]
    ((main, _count),) = Counter(site.pk for site in sites).most_common(1)
    _write_plan(next(site for site in sites if site.pk == main), tom, at - timedelta(days=30))
    notices.sort(key=lambda notice: notice.ship_to_id != main)
    late = next((one for one in sorted(notices, key=_sent) if _is_delayed(one)), None)
    plots = cycle(AHEAD)
    count = 0
    for notice in notices:
        supplier = _supplier_of(notice, actors.values())
        if supplier is None:
            continue
        if notice is late:
            _miss(notice, supplier, tom, at)
        else:
            _agree(notice, next(plots), supplier, tom, count, at)
        count += 1
    return count


def _sent(notice: ShipNotice) -> datetime:
    assert notice.sent_at is not None  # it is on its way
    return notice.sent_at


def _is_delayed(notice: ShipNotice) -> bool:
    planned, expected = notice.delivery_on, notice.expected_on
    return planned is not None and expected is not None and expected > planned


def _write_plan(site: Site, tom: Actor, at: datetime) -> None:
    plan = WritePlan(site.code, doors=DOORS, slot_minutes=30, pallets_per_hour=20, ask_hours=4)
    with acting(tom):
        write_plan(plan, actor=tom, at=at)


def _supplier_of(notice: ShipNotice, actors: Collection[Actor]) -> Actor | None:
    return next((one for one in actors if notice.supplier_id in one.supplier_ids), None)


def _miss(notice: ShipNotice, supplier: Actor, tom: Actor, at: datetime) -> None:
    """Its ship was ahead of its plan, and then it waited for a berth: the door stood empty on the last open day."""
    start = _start(notice, at.date() - DAY, -1, 4)
    one = _ask(notice, start, supplier, start - 2 * DAY, note="The ship is a week ahead of its plan.")
    _confirm(one, tom, start - DAY)
    sweep_missed(at - timedelta(minutes=30))


def _agree(notice: ShipNotice, plot: str, supplier: Actor, tom: Actor, number: int, at: datetime) -> None:
    """A time on one of the next open days, as far as the plot goes."""
    start = _start(notice, at.date() + (1 + number // 2) * DAY, 1, 2 + number)
    asked_at = max(_sent(notice), at - timedelta(hours=20)) + timedelta(minutes=30)
    if plot == "proposed":
        with acting(tom):
            wish = WishTime(notice.key, start, note="Door 1 is free then. Does that suit you?")
            propose_time(wish, actor=tom, at=asked_at)
        return
    one = _ask(notice, start, supplier, asked_at)
    if plot == "confirmed":
        _confirm(one, tom, at - timedelta(minutes=90))


def _start(notice: ShipNotice, day: date, step: int, place: int) -> datetime:
    """A moment at which its time can begin, on the first open day from one on, forwards or back."""
    assert notice.ship_to is not None  # only those that name one are looked at
    with acting(SET_UP):
        rhythm = rhythm_of(notice.ship_to)
        length = length_of(pallets_of(notice), rhythm)
    while not (starts := list(starts_on(day, length, rhythm))):
        day += step * DAY
    return starts[place % len(starts)]


def _ask(notice: ShipNotice, start: datetime, supplier: Actor, at: datetime, note: str = "") -> Appointment:
    with acting(supplier):
        return ask_time(WishTime(notice.key, start, note=note), actor=supplier, at=at)


def _confirm(one: Appointment, tom: Actor, at: datetime) -> None:
    with acting(tom):
        confirm_time(AppointmentNamed(one.key, one.version), actor=tom, at=at)
