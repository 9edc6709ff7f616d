"""All panels of a line, an item or a supplier, with a fixed number of queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from procurement.catalogue.models import Item, Site
from procurement.orders.models import PurchaseOrderLine, ScheduleLine
from procurement.supply.messages import Measure
from procurement.supply.presenters.record import RecordPanel, record_of
from procurement.supply.presenters.rows import (
    RecordRow,
    rows_of_announcements,
    rows_of_answers,
    rows_of_counts,
    rows_of_deliveries,
)
from procurement.supply.presenters.stock import StockPanel, stock_panel
from procurement.supply.queries import Coming, Supply, coming_of, supply_at
from procurement.supply.queries.announcing import announcements_of
from procurement.supply.queries.counting import counts_of
from procurement.supply.queries.place import day_at
from procurement.supply.queries.record import answered, answers_of, deliveries_of, deliveries_of_item
from procurement.supply.queries.sources import OtherStock, Source, sources_of, stock_elsewhere
from suppliers.models import Supplier

MOST_ORDERS = 20


@dataclass(frozen=True, slots=True)
class OpenOrder:
    """One delivery of the item on its way, for a list. `is_own` is the one that the page is about."""

    coming: Coming
    site: Site | None
    is_own: bool
    is_overdue: bool


@dataclass(frozen=True, slots=True)
class Offer:
    """One supplier of the item: what it last cost there, how long it takes, and what is on its way from it."""

    source: Source
    is_own: bool
    coming: int
    next_coming: Coming | None


@dataclass(frozen=True, slots=True)
class SupplyPanels:
    """What stands beside a line or on the page of an item. `stock` is None where the line goes to no site of ours, or
    is of an item that is not in the catalogue; then `item` is None too and only the record is known."""

    item: Item | None
    stock: StockPanel | None
    orders: Sequence[OpenOrder]
    more_orders: int
    offers: Sequence[Offer]
    elsewhere: Sequence[OtherStock]
    record: RecordPanel | None


def panels_of_line(line: PurchaseOrderLine, *, at: datetime, schedule_key: int | None = None) -> SupplyPanels:
    """Everything about a line (or one delivery of it): its stock, what else is coming, other sources, the record.

    `line` comes with its order, supplier, `ship_to` and the order's `ship_to`. A dozen queries, whatever there is.
    """
    item = Item.objects.filter(number=line.item_number).first()
    place = line.ship_to_id or line.order.ship_to_id
    site = Site.objects.select_related("company").get(pk=place) if place else None
    record = record_panel(line.supplier, at=at, site=site, item_number=line.item_number)
    if item is None:
        return SupplyPanels(None, None, (), 0, (), (), record)
    if site is None:
        return _panels(item, None, None, coming_of(item), line, schedule_key, record)
    supply = supply_at(item, site, at=at)
    asked = list(ScheduleLine.objects.filter(line=line).order_by("key"))
    stock = stock_panel(supply, at=at, line=line, schedules=asked, schedule_key=schedule_key)
    return _panels(item, supply, stock, None, line, schedule_key, record)


def panels_of_item(item: Item, site: Site | None, *, at: datetime) -> SupplyPanels:
    """Everything about an item, its stock at one site."""
    if site is None:
        return _panels(item, None, None, coming_of(item), None, None, None)
    supply = supply_at(item, site, at=at)
    return _panels(item, supply, stock_panel(supply, at=at), None, None, None, None)


def record_panel(
    supplier: Supplier, *, at: datetime, site: Site | None = None, item_number: str = ""
) -> RecordPanel:
    """A supplier's record, and its last deliveries of one item where one is named: a dozen queries at most."""
    today = day_at(site, at) if site else at.date()
    of_item = deliveries_of_item(supplier.pk, item_number, today=today) if item_number else []
    return record_of(
        supplier,
        answered(supplier.pk, at=at),
        deliveries_of(supplier.pk, today=today),
        of_item,
        item_number,
        announcements_of(supplier.pk, at=at),
        counts_of(supplier.pk, at=at),
    )


def record_rows(supplier: Supplier, measure: Measure, *, at: datetime) -> list[RecordRow]:
    """The rows behind one figure of `record_panel`, the newest first: five queries at most."""
    if measure == Measure.ANSWERS:
        return rows_of_answers(answers_of(supplier.pk, at=at))
    if measure in (Measure.PACKAGES, Measure.BOOKED):
        return rows_of_counts(measure, counts_of(supplier.pk, at=at))
    if measure in (Measure.ANNOUNCED, Measure.AFTER_DEPARTURE, Measure.LINES):
        return rows_of_announcements(measure, announcements_of(supplier.pk, at=at))
    return rows_of_deliveries(measure, deliveries_of(supplier.pk, today=at.date()))


def _panels(
    item: Item,
    supply: Supply | None,
    stock: StockPanel | None,
    coming: Sequence[Coming] | None,
    line: PurchaseOrderLine | None,
    schedule_key: int | None,
    record: RecordPanel | None,
) -> SupplyPanels:
    every = (
        list(coming or ()) if supply is None else sorted([*supply.coming, *supply.elsewhere], key=_soonest)
    )
    orders = [_open_order(one, supply, line, schedule_key) for one in every]
    offers = [_offer(source, every, line) for source in sources_of(item)]
    elsewhere = stock_elsewhere(item, supply.site if supply else None)
    hidden = max(0, len(orders) - MOST_ORDERS)
    return SupplyPanels(item, stock, orders[:MOST_ORDERS], hidden, offers, elsewhere, record)


def _soonest(one: Coming) -> tuple[bool, object, int]:
    return one.day is None, one.day or "", one.line.pk


def _open_order(
    one: Coming, supply: Supply | None, line: PurchaseOrderLine | None, schedule_key: int | None
) -> OpenOrder:
    is_own = line is not None and one.line.pk == line.pk and schedule_key in (None, one.schedule_key)
    site = one.line.ship_to or one.line.order.ship_to
    is_overdue = supply is not None and one.day is not None and one.day < supply.today
    return OpenOrder(one, site, is_own, is_overdue)


def _offer(source: Source, every: Sequence[Coming], line: PurchaseOrderLine | None) -> Offer:
    mine = [one for one in every if one.line.supplier_id == source.supplier.pk]
    is_own = line is not None and source.supplier.pk == line.supplier_id
    return Offer(source, is_own, len(mine), mine[0] if mine else None)
