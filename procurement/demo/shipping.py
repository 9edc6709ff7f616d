"""What is on its way to Northmoor on the demo's morning: notices packed and labelled, some late, one at the dock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby

from portal.kernel.actors import Actor
from portal.kernel.scope import acting
from procurement.demo.loading import SET_UP
from procurement.demo.people import LIAN_FENG, MEI
from procurement.orders.models import PurchaseOrderLine
from procurement.orders.states import Agreement
from procurement.shipments.messages import LineChoice, NoticeHeader, NoticeNamed, SaveNotice, TellMilestone
from procurement.shipments.models import ShipNotice
from procurement.shipments.queries import shippable_lines
from procurement.shipments.services import (
    edit_numbering,
    number_packages,
    pack_rest,
    save_notice,
    send_notice,
    start_notices,
    tell_milestone,
)
from procurement.shipments.states import MilestoneKind, PackageKind
from suppliers.models import Supplier, User
from suppliers.queries import actor_of

# 952 is what GS1 keeps for examples.
EXAMPLE_PREFIX = "9521234"
LINES_EACH = 3


@dataclass(frozen=True, slots=True)
class Voyage:
    """One consignment of the demo: left so many days ago, and how it went since."""

    carrier: str
    left: int
    departed: bool = True
    later: int = 0
    arrived: bool = False
    arrived_ago: timedelta = timedelta(hours=1)
    is_sent: bool = True


VOYAGES: dict[str, tuple[Voyage, ...]] = {
    MEI.email: (
        Voyage("Blue Anchor Line", 9),
        Voyage("Blue Anchor Line", 12, later=4),
        Voyage("Ostwind Air Freight", 5, arrived=True),
        Voyage("Ostwind Air Freight", 8, arrived=True, arrived_ago=timedelta(days=1, hours=4)),
        Voyage("", 0, departed=False, is_sent=False),
    ),
    "fiona@castellanpumps.example": (
        Voyage("Pennine Parcels", 1),
        Voyage("Pennine Parcels", 3, arrived=True, arrived_ago=timedelta(days=1, hours=1)),
    ),
    "sabine@brandtdichtungstechnik.example": (Voyage("Rheintal Spedition", 2, later=2),),
    "kucera@ostravafittings.example": (Voyage("Rheintal Spedition", 0, departed=False),),
}


def ship_some(*, at: datetime) -> int:
    """Let some suppliers have written ship notices over the last days; returns how many there are."""
    with acting(SET_UP):
        users = {user.email: user for user in User.objects.filter(email__in=VOYAGES)}
        actors = {email: actor_of(user) for email, user in users.items()}
    count = 0
    for email, voyages in VOYAGES.items():
        actor = actors.get(email)
        if actor is None:
            continue
        if email == MEI.email:
            _enter_prefix(actor, at)
        with acting(actor):
            orders = _ready(actor, at)
        for number, (voyage, lines) in enumerate(zip(voyages, orders, strict=False), start=1):
            _send_off(voyage, lines, number, actor, at)
            count += 1
    return count


def _enter_prefix(actor: Actor, at: datetime) -> None:
    with acting(actor):
        supplier = Supplier.objects.get(name=LIAN_FENG)
        edit_numbering(
            supplier, gs1_prefix=EXAMPLE_PREFIX, next_serial=4711, actor=actor, at=at - timedelta(days=60)
        )


def _ready(actor: Actor, at: datetime) -> list[list[PurchaseOrderLine]]:
    """Agreed lines that are due soon and of which nothing has come, order by order, the first due first."""
    soon = at.date() + timedelta(days=75)
    lines = shippable_lines(actor).filter(
        agreement=Agreement.AGREED,
        received_quantity=0,
        next_delivery_on__gte=at.date(),
        next_delivery_on__lte=soon,
    )
    by_order = groupby(
        lines.order_by("order__next_delivery_on", "order_id", "number"), lambda line: line.order_id
    )
    return [list(group)[:LINES_EACH] for _order, group in by_order]


def _send_off(
    voyage: Voyage, lines: Sequence[PurchaseOrderLine], number: int, actor: Actor, at: datetime
) -> None:
    left = at - timedelta(days=voyage.left, hours=3)
    due = max(line.next_delivery_on or line.expected_on for line in lines)
    name = lines[0].order.supplier.name
    initials = "".join(word[0] for word in name.split()).upper()
    with acting(actor):
        choices = [LineChoice(line.order.key, line.key) for line in lines]
        notice = start_notices(choices, actor=actor, at=left)[0]
        header = NoticeHeader(
            number=f"{initials}-{left:%y%m}-{40 + number}" if voyage.is_sent else "",
            ship_on=left.date(),
            delivery_on=max(due, left.date()),
            carrier=voyage.carrier,
            tracking_numbers=(f"{initials}{left:%y%m%d}{number:03d}",) if voyage.carrier else (),
        )
        notice = save_notice(SaveNotice(notice.key, notice.version, header), actor=actor, at=left)
        _pack(notice, actor, left)
        if not voyage.is_sent:
            return
        number_packages(_seen(notice), actor=actor, at=left)
        send_notice(_seen(notice), actor=actor, at=left)
        for word in _words(voyage, notice, left, at):
            tell_milestone(word, actor=actor, at=max(left, word.happened_at))


def _seen(notice: ShipNotice) -> NoticeNamed:
    return NoticeNamed(notice.key, ShipNotice.objects.values_list("version", flat=True).get(pk=notice.pk))


def _pack(notice: ShipNotice, actor: Actor, at: datetime) -> None:
    """Each line in cartons of a quarter of it, or in one."""
    for one in notice.lines.select_related("line").order_by("position"):
        quarter = one.quantity / 4
        each = quarter if quarter == quarter.to_integral_value() and quarter > 0 else one.quantity
        if one.quantity > Decimal(0):
            pack_rest(
                _seen(notice),
                position=one.position,
                per_package=each,
                kind=PackageKind.CARTON,
                actor=actor,
                at=at,
            )


def _words(voyage: Voyage, notice: ShipNotice, left: datetime, at: datetime) -> list[TellMilestone]:
    told = []
    if voyage.departed:
        told.append(TellMilestone(notice.key, MilestoneKind.DEPARTED, left + timedelta(hours=2)))
    if voyage.later and notice.delivery_on:
        told.append(
            TellMilestone(
                notice.key,
                MilestoneKind.ESTIMATED,
                at - timedelta(hours=5),
                estimated_on=notice.delivery_on + timedelta(days=voyage.later),
                note="Waiting for a berth.",
            )
        )
    if voyage.arrived:
        told.append(TellMilestone(notice.key, MilestoneKind.ARRIVED, at - voyage.arrived_ago, place="Dock 4"))
    return told
