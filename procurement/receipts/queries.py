"""Reading receipts."""

from collections import defaultdict
from collections.abc import Iterable

from django.db.models import QuerySet

from portal.kernel.actors import Actor
from procurement.orders.models import PurchaseOrder
from procurement.receipts.models import Receipt


def visible_receipts(actor: Actor) -> QuerySet[Receipt]:
    """The receipts this actor may see, of orders that are here."""
    return Receipt.objects.visible_to(actor).filter(line__isnull=False)


def receipts_by_line(order: PurchaseOrder, *, actor: Actor) -> dict[int, list[Receipt]]:
    """Every receipt of an order, by line, the newest first: one query."""
    found: dict[int, list[Receipt]] = defaultdict(list)
    rows: Iterable[Receipt] = visible_receipts(actor).filter(line__order=order)
    for receipt in rows.order_by("line_id", "-received_on", "-id"):  # type: ignore[attr-defined]  # a queryset
        found[receipt.line_id or 0].append(receipt)
    return found
