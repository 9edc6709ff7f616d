"""What of an order is on its way, for the order's page on both sides."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from portal.kernel.actors import Actor
from procurement.orders.models import PurchaseOrder, PurchaseOrderLine
from procurement.orders.states import OrderState
from procurement.shipments.models import ShipNotice, ShipNoticeLine
from procurement.shipments.presenters import days_late
from procurement.shipments.queries import notices_of_order
from procurement.shipments.states import NoticeState
from suppliers.roles import Permission

MOST_SHOWN = 12
OVER = (NoticeState.CANCELLED, NoticeState.DISCARDED)


@dataclass(frozen=True, slots=True)
class InNotice:
    """A notice with what of the order is in it."""

    notice: ShipNotice
    lines: Sequence[ShipNoticeLine]
    late: int

    @property
    def shown(self) -> Sequence[ShipNoticeLine]:
        return self.lines[:MOST_SHOWN]

    @property
    def hidden(self) -> int:
        return max(0, len(self.lines) - MOST_SHOWN)


@dataclass(frozen=True, slots=True)
class Shipped:
    """How far an order has left: its notices, and in how many of its lines something is still to be shipped."""

    notices: Sequence[InNotice]
    begun: int
    open: int
    total: int
    may_ship: bool


def shipments_on(
    order: PurchaseOrder, lines: Sequence[PurchaseOrderLine], *, actor: Actor, today: date
) -> Shipped:
    """The notices of an order with its lines in them, newest first, drafts last: two queries."""
    notices = [one for one in notices_of_order(order, actor=actor) if one.state not in OVER]
    inside: dict[int, list[ShipNoticeLine]] = defaultdict(list)
    if notices:
        found = ShipNoticeLine.objects.filter(notice__in=notices, order=order).select_related("line")
        for one in found.order_by("position"):
            if one.quantity:
                inside[one.notice_id].append(one)
    live = [line for line in lines if not line.cancelled and not line.closed]
    return Shipped(
        notices=[
            InNotice(notice, inside[notice.pk], days_late(notice, today))
            for notice in sorted(notices, key=lambda one: one.is_draft)
        ],
        begun=sum(line.shipped_quantity > Decimal(0) for line in live),
        open=sum(max(line.shipped_quantity, line.received_quantity) < line.quantity for line in live),
        total=len(live),
        may_ship=actor.may(Permission.SHIPMENT_WRITE) and order.state == OrderState.ISSUED,
    )
