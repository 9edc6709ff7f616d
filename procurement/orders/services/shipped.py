"""What ship notices say of an order's lines, written down there: how much has left, and what of it is on its way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import F
from django.utils.translation import gettext as _

from portal.kernel.errors import StaleDocument
from portal.kernel.scope import requires_scope
from procurement.orders.models import PurchaseOrder, PurchaseOrderLine
from procurement.orders.policies import Delivery, logistics_of, plain
from procurement.orders.queries import asked_of, lines_of, live_promises_by_line, piece_of, schedules_by_line
from procurement.orders.services.standing import EXPECTED, ROLLED_UP, apply_roll_up, note_expected


@dataclass(frozen=True, slots=True)
class Shipped:
    """Of one line: all that has left so far, in the line's unit, and what of it is not here yet, by day."""

    quantity: Decimal
    way: Sequence[Delivery] = ()


@requires_scope
def note_shipped(order: PurchaseOrder, shipped: Mapping[int, Shipped], *, at: datetime) -> None:
    """Write down what has left of some lines (by id) of an order, which must be held, and when it is expected.

    The order gets its next version, its lines do not count as touched: nobody's answer or decision is stale by it.
    """
    lines = lines_of(order)
    touched = [line for line in lines if line.pk in shipped]
    schedules = schedules_by_line(line.pk for line in touched)
    promises = live_promises_by_line(line.pk for line in touched)
    for line in touched:
        said = shipped[line.pk]
        line.shipped_quantity = said.quantity
        line.on_the_way = [[plain(quantity), day.isoformat()] for quantity, day in said.way]
        line.logistics = logistics_of(
            ordered=line.quantity,
            shipped=line.shipped_quantity,
            received=line.received_quantity,
            closed=line.closed,
        )
        pieces = [piece_of(promise) for promise in promises[line.pk]]
        note_expected(line, asked_of(line, schedules[line.pk], order), pieces)
    PurchaseOrderLine.objects.bulk_update(
        touched, ["shipped_quantity", "on_the_way", "logistics", *EXPECTED], batch_size=500
    )
    apply_roll_up(order, lines)
    values = {name: getattr(order, name) for name in ROLLED_UP}
    order.updated_at = at
    moved = PurchaseOrder.objects.filter(pk=order.pk, version=order.version).update(
        version=F("version") + 1, updated_at=at, **values
    )
    if not moved:
        raise StaleDocument(_("Somebody has changed this a moment ago. Look at it again."))
    order.version += 1
