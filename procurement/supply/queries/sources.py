"""Who else has an item: suppliers that sell it, and other sites of our own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from portal.kernel.scope import requires_scope
from procurement.catalogue.models import Item, Site, StockPosition, SupplierItem
from procurement.orders.models import PurchaseOrderLine
from suppliers.models import Supplier


@dataclass(frozen=True, slots=True)
class Source:
    """A supplier of an item: its terms (where the ERP told any), and the line by which it was last ordered there."""

    supplier: Supplier
    terms: SupplierItem | None
    last_line: PurchaseOrderLine | None

    @property
    def lead_time_days(self) -> int | None:
        return self.terms.lead_time_days if self.terms else None


@dataclass(frozen=True, slots=True)
class OtherStock:
    """Stock of an item at another site of ours. `free` is what lies there beyond its own safety stock."""

    site: Site
    on_hand: Decimal
    free: Decimal
    unit: str


@requires_scope
def sources_of(item: Item) -> list[Source]:
    """Every supplier that sells the item or was ordered from, the one ordered from last first: two queries.

    A supplier that is blocked is left out: nothing can be ordered there.
    """
    terms = {
        one.supplier_id: one for one in SupplierItem.objects.filter(item=item).select_related("supplier")
    }
    newest = (
        PurchaseOrderLine.objects.filter(item_number=item.number, cancelled=False)
        .order_by("supplier_id", "-order__ordered_on", "-id")
        .distinct("supplier_id")
        .select_related("order", "supplier")
    )
    last = {line.supplier_id: line for line in newest}
    suppliers = {one.supplier_id: one.supplier for one in (*terms.values(), *last.values())}
    found = [
        Source(supplier, terms.get(pk), last.get(pk))
        for pk, supplier in suppliers.items()
        if supplier.state != "blocked"
    ]
    return sorted(found, key=_last_first)


def _last_first(source: Source) -> tuple[int, str]:
    day = source.last_line.order.ordered_on if source.last_line else date.min
    return -day.toordinal(), source.supplier.name


@requires_scope
def stock_elsewhere(item: Item, site: Site | None) -> Sequence[OtherStock]:
    """What lies at our other sites, most first: one query."""
    positions = (
        StockPosition.objects.filter(item=item, on_hand__gt=0)
        .select_related("site")
        .order_by("-on_hand", "id")
    )
    if site is not None:
        positions = positions.exclude(site=site)
    return [
        OtherStock(one.site, one.on_hand, max(Decimal(0), one.on_hand - (one.safety_stock or 0)), one.unit)
        for one in positions
    ]
