"""What came is counted for the ship notice that it came with: made to agree with how things stand, after any fact that
may have moved it (docs/outbox.md, *Reactions*).
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from portal.kernel.actors import Actor
from portal.kernel.audit.models import AuditEvent
from portal.kernel.outbox.services import RetryLater
from portal.kernel.scope import acting, require_no_transaction, requires_scope
from procurement.orders.queries import lock_orders
from procurement.receipts.queries import counted_by_notice_line
from procurement.shipments.models import ShipNoticeLine
from procurement.shipments.queries import lines_gone, live_lines_of, order_ids_of
from procurement.shipments.services import note_received, refresh_lines

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
    moved = note_received(orders, counted_by_notice_line(wanted), actor=actor, at=at)
    # Also lines whose notices are all taken back: what came of them counts as gone, and the ERP may reverse it.
    refresh_lines(orders, lines_gone(wanted), at=at)
    return moved


def _orders_beside(order_ids: set[int]) -> set[int]:
    """The orders of all live notices in which lines of these orders are."""
    return set(order_ids_of({one.notice_id for one in live_lines_of(order_ids)}))
