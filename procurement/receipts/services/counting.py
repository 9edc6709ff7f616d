"""What came is counted for the ship notice that it came with: made to agree with how things stand, after any fact that
may have moved it (docs/outbox.md, *Reactions*).
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from portal.kernel.actors import Actor
from portal.kernel.audit.models import AuditEvent
from portal.kernel.outbox.services import RetryLater
from portal.kernel.scope import acting, require_no_transaction, requires_scope
from procurement.orders.queries import lock_orders
from procurement.receipts.models import Receipt
from procurement.receipts.policies import Awaited, Booking, counted
from procurement.shipments.models import ShipNoticeLine
from procurement.shipments.policies import number_key
from procurement.shipments.queries import live_lines_of, order_ids_of
from procurement.shipments.services import note_received
from procurement.shipments.states import NoticeState

COUNTER = Actor.system("Receiving")
ORDERS_AT_ONCE = 50

# After these the bookings, the total of an order or the notices of its lines may say something else.
HEARS = frozenset(
    {
        "order.receipts_booked",
        "order.goods_received",
        "order.revised",
        "order.cancelled",
        "order.closed",
        "order.reopened",
        "order.shipment_sent",
        "order.shipment_cancelled",
    }
)


def count_receipts_of(events: Sequence[AuditEvent], at: datetime) -> str:
    """The reaction: count for the notices of the orders that these facts are about."""
    require_no_transaction()
    keys = {UUID(event.stream[6:]) for event in events if event.stream.startswith("order:")}
    with acting(COUNTER):
        mine = ShipNoticeLine.objects.filter(order__key__in=keys).values_list("order_id", flat=True)
        orders = sorted(set(mine))
    moved = 0
    for start in range(0, len(orders), ORDERS_AT_ONCE):
        with acting(COUNTER):
            moved += count_receipts(orders[start : start + ORDERS_AT_ONCE], actor=COUNTER, at=at)
    return f"moved {moved}" if moved else "unchanged"


@requires_scope
def count_receipts(order_ids: Iterable[int], *, actor: Actor, at: datetime) -> int:
    """Let the live notices with lines of these orders say what has come of them; returns how many notices moved.

    See Note [Which notice] in the policies. All orders of all these notices are held first, then the notices
    (Note [Orders first] in shipments). Raises `RetryLater` where a notice was sent meanwhile that has another order.
    """
    wanted = set(order_ids)
    orders = lock_orders({*wanted, *_orders_beside(wanted)})
    if _orders_beside(wanted) - {order.pk for order in orders}:
        raise RetryLater("A ship notice with lines of more orders was sent meanwhile.")
    return note_received(orders, _counted(wanted), actor=actor, at=at)


def _orders_beside(order_ids: set[int]) -> set[int]:
    """The orders of all live notices in which lines of these orders are."""
    return set(order_ids_of({one.notice_id for one in live_lines_of(order_ids)}))


def _counted(order_ids: set[int]) -> dict[int, Decimal]:
    """What is counted of each notice line of these orders, by its id: three queries."""
    by_line: dict[int, list[ShipNoticeLine]] = defaultdict(list)
    for one in live_lines_of(order_ids):
        by_line[one.line_id].append(one)
    bookings: dict[int, list[Booking]] = defaultdict(list)
    units = {line_id: found[0].line.unit for line_id, found in by_line.items()}
    booked = Receipt.objects.filter(line__in=by_line, reversed=False).order_by("id")
    for line_id, quantity, unit, reference, told_at in booked.values_list(
        "line_id", "quantity", "unit", "reference", "told_at"
    ):
        if unit == units[line_id]:  # in another unit it says nothing that could be added up
            bookings[line_id].append(Booking(quantity, number_key(reference), told_at))
    telling = _companies_that_book(by_line.values())
    found: dict[int, Decimal] = {}
    for line_id, theirs in by_line.items():
        line = theirs[0].line
        found |= counted(
            [_awaited(one) for one in theirs],
            bookings[line_id],
            received=line.received_quantity,
            is_whole=line.received_quantity >= line.quantity,
            tells_bookings=line.order.company_id in telling,
        )
    return found


def _awaited(one: ShipNoticeLine) -> Awaited:
    notice = one.notice
    is_over = notice.state == NoticeState.CLOSED  # nothing more comes with it
    quantity = one.received_quantity if is_over else one.quantity
    return Awaited(one.pk, notice.number_key, quantity, notice.sent_at or notice.updated_at, one.came_before)


def _companies_that_book(lines: Iterable[Sequence[ShipNoticeLine]]) -> set[int]:
    companies = {one.line.order.company_id for theirs in lines for one in theirs}
    return {pk for pk in companies if Receipt.objects.filter(company=pk).exists()}
