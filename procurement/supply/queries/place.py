"""All that is known of one item at one site: what lies there, who needs it, and what is on its way."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Q

from portal.kernel.scope import requires_scope
from procurement.catalogue.models import CustomerDemand, Item, Site, StockPosition
from procurement.orders.models import PurchaseOrderLine
from procurement.supply.policies import Delivery, Need, Stock
from procurement.supply.queries.expected import TO_COME


@dataclass(frozen=True, slots=True)
class Coming:
    """One delivery on its way: the line it is of (with order and supplier), and how sure it is.

    `state` is agreed, proposed (the buyer has to decide) or asked (nobody has promised it). `quantity` is what is
    still to come of it, in the line's unit.
    """

    line: PurchaseOrderLine
    schedule_key: int
    day: date | None
    quantity: Decimal
    state: str
    site_id: int | None

    @property
    def delivery(self) -> Delivery:
        return Delivery(self.day, self.quantity, self.line.pk, self.schedule_key)


@dataclass(frozen=True, slots=True)
class Supply:
    """An item at a site: its stock as last told (None: the ERP told of none), customers' orders and what is coming.

    `coming` is what comes to this site in the stock unit, soonest first, that without a day last; `elsewhere` is what
    comes of the item to other sites, or in another unit. `other_demand` are customers' orders in another unit.
    """

    item: Item
    site: Site
    today: date
    position: StockPosition | None
    demand: tuple[CustomerDemand, ...]
    other_demand: tuple[CustomerDemand, ...]
    coming: tuple[Coming, ...]
    elsewhere: tuple[Coming, ...]

    @property
    def unit(self) -> str:
        return self.position.unit if self.position else self.item.unit

    @property
    def stock(self) -> Stock | None:
        """The stock as the rules see it."""
        held = self.position
        return Stock(held.on_hand, held.daily_demand, held.safety_stock) if held else None

    @property
    def needs(self) -> list[Need]:
        return [Need(one.needed_on, one.quantity, one.customer, one.reference) for one in self.demand]

    @property
    def deliveries(self) -> list[Delivery]:
        return [one.delivery for one in self.coming]


@requires_scope
def supply_at(item: Item, site: Site, *, at: datetime) -> Supply:
    """All of an item at a site: five queries, however much it is. `site` comes with its company."""
    position = StockPosition.objects.filter(item=item, site=site).first()
    unit = position.unit if position else item.unit
    demand = list(
        CustomerDemand.objects.filter(item=item, site=site).order_by("needed_on", "reference", "key")
    )
    coming = coming_of(item)
    here = [one for one in coming if one.site_id == site.pk and one.line.unit == unit]
    return Supply(
        item=item,
        site=site,
        today=day_at(site, at),
        position=position,
        demand=tuple(one for one in demand if one.unit == unit),
        other_demand=tuple(one for one in demand if one.unit != unit),
        coming=tuple(here),
        elsewhere=tuple(one for one in coming if one not in here),
    )


def day_at(site: Site, at: datetime) -> date:
    """The date where a site is."""
    return at.astimezone(ZoneInfo(site.time_zone or site.company.time_zone)).date()


@requires_scope
def coming_of(item: Item) -> list[Coming]:
    """All deliveries of an item on their way, to whichever site, soonest first: two queries."""
    with connection.cursor() as cursor:
        cursor.execute(_COMING, {"number": item.number})
        rows = cursor.fetchall()
    lines = PurchaseOrderLine.objects.select_related(
        "order", "order__company", "supplier", "ship_to", "order__ship_to"
    )
    by_id = lines.in_bulk({row[0] for row in rows})
    return [Coming(by_id[row[0]], *row[1:]) for row in rows if row[0] in by_id]


_COMING = f"""
WITH place AS (SELECT %(number)s::varchar AS number), {TO_COME}
SELECT line_id, schedule_key, delivery_on, quantity, state, site_id FROM to_come
ORDER BY delivery_on NULLS LAST, line_id, schedule_key, piece
"""  # noqa: S608 -- all of it is ours


@requires_scope
def sites_of(item: Item) -> Sequence[Site]:
    """The sites of which the ERP told stock or customers' orders of this item: one query."""
    return list(
        Site.objects.select_related("company")
        .filter(
            Q(pk__in=StockPosition.objects.filter(item=item).values("site"))
            | Q(pk__in=CustomerDemand.objects.filter(item=item).values("site"))
        )
        .order_by("code")
    )
