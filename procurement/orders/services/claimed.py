"""What suppliers claim of lines: invoices tell, the order notes."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from django.db.models import F
from django.utils.translation import gettext as _

from portal.kernel.errors import StaleDocument
from portal.kernel.scope import requires_scope
from procurement.orders.models import PurchaseOrder, PurchaseOrderLine
from procurement.orders.policies import finance_of
from procurement.orders.queries import lines_of
from procurement.orders.services.standing import ROLLED_UP, apply_roll_up


@requires_scope
def note_claimed(order: PurchaseOrder, claimed: Mapping[int, Decimal], *, at: datetime) -> None:
    """Write down how much of some lines (by id) of an order, which must be held, is claimed by invoices, in the line's
    unit. What the ERP has booked counts where it is more.

    The order gets its next version, its lines do not count as touched: nobody's answer or decision is stale by it.
    """
    lines = lines_of(order)
    touched = [line for line in lines if line.pk in claimed]
    for line in touched:
        line.claimed_quantity = claimed[line.pk]
        line.finance = finance_of(
            ordered=line.quantity, invoiced=max(line.invoiced_quantity, line.claimed_quantity)
        )
    PurchaseOrderLine.objects.bulk_update(touched, ["claimed_quantity", "finance"], batch_size=500)
    apply_roll_up(order, lines)
    values = {name: getattr(order, name) for name in ROLLED_UP}
    order.updated_at = at
    moved = PurchaseOrder.objects.filter(pk=order.pk, version=order.version).update(
        version=F("version") + 1, updated_at=at, **values
    )
    if not moved:
        raise StaleDocument(_("Somebody has changed this a moment ago. Look at it again."))
    order.version += 1
