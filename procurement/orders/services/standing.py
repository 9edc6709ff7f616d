"""Writing down where lines and their order stand, after anything moved."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import F

from portal.kernel.errors import StaleDocument
from procurement.orders.models import PurchaseOrder, PurchaseOrderLine
from procurement.orders.policies import LineStatus, OrderStatus, roll_up

ROLLED_UP = (
    "agreement",
    "revision_status",
    "logistics",
    "finance",
    "line_count",
    "lines_agreed",
    "lines_for_supplier",
    "lines_for_buyer",
    "total_amount",
    "next_delivery_on",
)


def status_of(line: PurchaseOrderLine) -> LineStatus:
    """A line's four statuses."""
    return LineStatus(
        agreement=line.agreement,
        revision_status=line.revision_status,
        logistics=line.logistics,
        finance=line.finance,
        turn=line.turn,
        cancelled=line.cancelled,
    )


def apply_roll_up(order: PurchaseOrder, lines: Sequence[PurchaseOrderLine]) -> None:
    """Compute an order's statuses, counts, total and next delivery from its lines (not saved)."""
    status: OrderStatus = roll_up([status_of(line) for line in lines], state=order.state)
    for name in ROLLED_UP[:8]:
        setattr(order, name, getattr(status, name))
    live = [line for line in lines if not line.cancelled]
    order.total_amount = sum((line.amount for line in live), start=order.total_amount * 0)
    order.next_delivery_on = min((line.expected_on for line in live if line.is_open), default=None)


def save_standing(
    order: PurchaseOrder,
    lines: Sequence[PurchaseOrderLine],
    touched: Iterable[PurchaseOrderLine],
    *,
    at: datetime,
) -> None:
    """Save the promise side of the touched lines and the order's roll-up, as the order's next version.

    `lines` are all lines of the order. Raises `StaleDocument` if the order moved without our lock.
    """
    order.version += 1
    order.updated_at = at
    changed = list(touched)
    for line in changed:
        line.touched_version = order.version
    PurchaseOrderLine.objects.bulk_update(
        changed,
        ["agreement", "turn", "agreed_revision", "expected_on", "touched_version"],
        batch_size=500,
    )
    apply_roll_up(order, lines)
    values = {name: getattr(order, name) for name in ROLLED_UP}
    moved = PurchaseOrder.objects.filter(pk=order.pk, version=order.version - 1).update(
        version=F("version") + 1, updated_at=at, supplier_reference=order.supplier_reference, **values
    )
    if not moved:
        raise StaleDocument(f"{order} was changed by somebody else a moment ago.")
