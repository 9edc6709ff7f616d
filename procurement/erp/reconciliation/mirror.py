"""What the portal holds of the ERP's records, as papers of the same kind, and which of them the ERP did not list."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Exists, Model, OuterRef, Q, QuerySet

from portal.kernel.outbox.models import UNDONE, OutboxMessage
from procurement.catalogue.messages import CompanyPaper, ItemPaper, SitePaper, SupplierItemPaper, UnitPaper
from procurement.catalogue.models import Company, Item, Site, SupplierItem, Unit
from procurement.erp.models import ErpCommand
from procurement.erp.ports import Feed, Paper
from procurement.erp.queries import TOPIC, command_of
from procurement.erp.reconciliation.models import ReconciliationRun, SweptRecord
from procurement.erp.reconciliation.policies import ConfirmedLine
from procurement.erp.states import IN_FLIGHT, CommandState
from procurement.orders.messages import LinePaper, OrderPaper, SchedulePaper
from procurement.orders.models import PurchaseOrder, PurchaseOrderLine, ScheduleLine
from procurement.orders.queries import live_promises_by_line, schedules_by_line
from procurement.orders.services import command_piece
from procurement.orders.states import OrderState
from suppliers.messages import SupplierPaper, SupplierSitePaper
from suppliers.models import Supplier, SupplierSite
from suppliers.states import SupplierState

Key = tuple[str, ...]
STATUS = {OrderState.ISSUED: "open", OrderState.CANCELLED: "cancelled", OrderState.CLOSED: "closed"}


@dataclass(frozen=True, slots=True)
class Held:
    """One record as the portal holds it. Of an order also: what the ERP was last told of its lines and seen to hold,
    and whether something on it is still on its way between both sides."""

    paper: Paper
    supplier_id: int | None = None
    order: PurchaseOrder | None = None
    confirmed: Sequence[ConfirmedLine] = ()
    under_way: bool = False


@dataclass(frozen=True, slots=True)
class Book:
    """Where the records of a feed lie here: the table, which of its rows are the ERP's (`of_erp`), the columns of their
    key, and how a row becomes a paper."""

    model: type[Model]
    number: str
    owner: str = ""
    joins: Sequence[str] = ()
    paper: Callable[[Any], Paper] | None = None
    supplier: Callable[[Any], int | None] = field(default=lambda row: None)
    of_erp: Q = field(default_factory=Q)

    @property
    def rows(self) -> QuerySet[Any]:
        return self.model._default_manager.filter(self.of_erp).select_related(*self.joins)

    def key(self, row: Any) -> Key:
        """A row's key, as `ports.key_of` says its paper's."""
        names = (self.owner, self.number) if self.owner else (self.number,)
        return tuple(str(_follow(row, name)) for name in names)

    def matching(self, keys: Iterable[Key]) -> Q:
        """The rows of these keys, and perhaps some more of the same numbers."""
        wanted = list(keys)
        found = Q(**{f"{self.number}__in": {key[-1] for key in wanted}})
        return found & Q(**{f"{self.owner}__in": {key[0] for key in wanted}}) if self.owner else found


def _follow(row: Any, path: str) -> Any:
    for name in path.split("__"):
        row = getattr(row, name)
    return row


def _company(row: Company) -> Paper:
    return CompanyPaper(row.code, row.name, row.currency, row.country, row.time_zone)


def _unit(row: Unit) -> Paper:
    return UnitPaper(row.code, row.name, row.decimals, row.rec20)


def _site(row: Site) -> Paper:
    place = (row.street, row.postal_code, row.city, row.country, row.time_zone, row.gln)
    return SitePaper(row.code, row.company.code, row.name, *place)


def _supplier(row: Supplier) -> Paper:
    # What is set here is ours by now; that the ERP has another value is shown with the supplier, and is no drift.
    return SupplierPaper(
        number=row.number,
        name=row.name,
        country=row.told_by_erp("country"),
        currency=row.currency,
        language=row.told_by_erp("language"),
        time_zone=row.told_by_erp("time_zone"),
        segment=row.told_by_erp("segment"),
        email=row.told_by_erp("email"),
        blocked=row.state == SupplierState.BLOCKED,
    )


def _supplier_site(row: SupplierSite) -> Paper:
    place = (row.street, row.postal_code, row.city, row.country, row.transit_days)
    return SupplierSitePaper(row.supplier.number, row.code, row.name, *place)


def _item(row: Item) -> Paper:
    return ItemPaper(row.number, row.description, row.unit, row.gtin, row.group)


def _supplier_item(row: SupplierItem) -> Paper:
    terms = (row.minimum_quantity, row.pack_quantity, row.lead_time_days)
    return SupplierItemPaper(row.supplier.number, row.item.number, row.supplier_part_number, *terms)


BOOKS: Mapping[Feed, Book] = {
    Feed.COMPANIES: Book(Company, "code", paper=_company),
    Feed.UNITS: Book(Unit, "code", paper=_unit),
    Feed.SITES: Book(Site, "code", joins=("company",), paper=_site),
    Feed.SUPPLIERS: Book(
        Supplier, "number", paper=_supplier, supplier=lambda row: row.pk, of_erp=Q(is_prospect=False)
    ),
    Feed.SUPPLIER_SITES: Book(
        SupplierSite,
        "code",
        "supplier__number",
        ("supplier",),
        _supplier_site,
        lambda row: row.supplier_id,
    ),
    Feed.ITEMS: Book(Item, "number", paper=_item),
    Feed.SUPPLIER_ITEMS: Book(
        SupplierItem,
        "item__number",
        "supplier__number",
        ("supplier", "item"),
        _supplier_item,
        lambda row: row.supplier_id,
    ),
    Feed.ORDERS: Book(PurchaseOrder, "number", "company__code", ("company", "supplier", "ship_to")),
}


def held_here(feed: Feed, keys: Collection[Key]) -> dict[Key, Held]:
    """These records as the portal holds them, a handful of queries for all of them."""
    book = BOOKS[feed]
    wanted = set(keys)
    rows = [row for row in book.rows.filter(book.matching(wanted)) if book.key(row) in wanted]
    if feed is Feed.ORDERS:
        return {book.key(held.order): held for held in _orders(rows)}
    assert book.paper is not None
    return {book.key(row): Held(book.paper(row), book.supplier(row)) for row in rows}


def not_listed(feed: Feed, run: ReconciliationRun) -> QuerySet[Any]:
    """The records here that the ERP did not list. An order that is cancelled here may be gone there, and so may a
    supplier that is blocked."""
    book = BOOKS[feed]
    listed = SweptRecord.objects.filter(run=run, feed=feed, number=OuterRef(book.number))
    listed = listed.filter(owner=OuterRef(book.owner) if book.owner else "")
    rows = book.rows.filter(~Exists(listed))
    settled = {Feed.ORDERS: OrderState.CANCELLED, Feed.SUPPLIERS: SupplierState.BLOCKED}
    return rows.exclude(state=settled[feed]) if feed in settled else rows


# --- orders -------------------------------------------------------------------------------------------------


def _orders(orders: Sequence[PurchaseOrder]) -> Iterable[Held]:
    ids = [order.pk for order in orders]
    lines: dict[int, list[PurchaseOrderLine]] = {}
    found = PurchaseOrderLine.objects.filter(order__in=ids).select_related("ship_to")
    for line in found.order_by("order_id", "number", "id"):
        lines.setdefault(line.order_id, []).append(line)
    schedules = schedules_by_line(line.pk for of_one in lines.values() for line in of_one)
    confirmed = _confirmed_lines(orders, lines)
    under_way = _under_way(orders)
    for order in orders:
        mine = lines.get(order.pk, [])
        yield Held(
            paper=order_paper(order, mine, schedules),
            supplier_id=order.supplier_id,
            order=order,
            confirmed=confirmed.get(order.pk, ()),
            under_way=order.pk in under_way,
        )


def order_paper(
    order: PurchaseOrder,
    lines: Sequence[PurchaseOrderLine],
    schedules: Mapping[int, Sequence[ScheduleLine]],
) -> OrderPaper:
    """An order as an ERP would have to say it to change nothing here."""
    return OrderPaper(
        company=order.company.code,
        number=order.number,
        supplier=order.supplier.number,
        currency=order.currency,
        ordered_on=order.ordered_on,
        lines=tuple(_line(line, schedules[line.pk]) for line in lines),
        ship_to=order.ship_to.code if order.ship_to else "",
        revision=order.erp_revision,
        kind=order.kind,
        status=STATUS[OrderState(order.state)],
        payment_terms=order.payment_terms,
        incoterm=order.incoterm,
        incoterm_place=order.incoterm_place,
        buyer_code=order.buyer_code,
        buyer_name=order.buyer_name,
        buyer_email=order.buyer_email,
        note=order.note,
        stamp=order.erp_stamp,
    )


def _line(line: PurchaseOrderLine, schedules: Sequence[ScheduleLine]) -> LinePaper:
    return LinePaper(
        key=line.key,
        number=line.number,
        item_number=line.item_number,
        description=line.description,
        quantity=line.quantity,
        unit=line.unit,
        price=line.price,
        delivery_on=line.delivery_on,
        price_per=line.price_per,
        gtin=line.gtin,
        supplier_part_number=line.supplier_part_number,
        ship_to=line.ship_to.code if line.ship_to else "",
        note=line.note,
        cancelled=line.cancelled,
        received_quantity=line.received_quantity,
        invoiced_quantity=line.invoiced_quantity,
        closed=line.closed,
        schedules=tuple(SchedulePaper(one.quantity, one.delivery_on) for one in schedules),
    )


def _confirmed_lines(
    orders: Sequence[PurchaseOrder], lines: Mapping[int, Sequence[PurchaseOrderLine]]
) -> dict[int, list[ConfirmedLine]]:
    """By order: the confirmed wish of each line that is settled as wished and on which something is still to come."""
    told = _told_last([order.pk for order in orders if order.state == OrderState.ISSUED])
    asked = [
        (line, command)
        for order_id, commands in told.items()
        for line in lines.get(order_id, ())
        if (command := commands.get(line.key)) is not None
        and command.state == CommandState.CONFIRMED
        and line.is_settled
        and line.is_open
    ]
    promises = live_promises_by_line(line.pk for line, _command in asked)
    found: dict[int, list[ConfirmedLine]] = {}
    for line, command in asked:
        paper = command_of(command)
        (wanted,) = (one for one in paper.lines if one.key == line.key)
        # Agreed anew without a command, because the ERP said it first: the old wish is history.
        if set(wanted.pieces) == {command_piece(promise) for promise in promises[line.pk]}:
            confirmed = ConfirmedLine(paper, wanted, str(command.origin))
            found.setdefault(line.order_id, []).append(confirmed)
    return found


def _told_last(order_ids: Sequence[int]) -> dict[int, dict[str, ErpCommand]]:
    """The newest command of each line, by order and line key. What was superseded told nothing."""
    newest: dict[int, dict[str, ErpCommand]] = {}
    commands = ErpCommand.objects.filter(order__in=order_ids).exclude(state=CommandState.SUPERSEDED)
    for command in commands.order_by("id"):
        for line in command.payload["lines"]:
            newest.setdefault(command.order_id, {})[line["key"]] = command
    return newest


def _under_way(orders: Sequence[PurchaseOrder]) -> set[int]:
    """The orders on which a command is on its way, or an agreement that has not become one yet."""
    busy = set(
        ErpCommand.objects.filter(order__in=[order.pk for order in orders], state__in=IN_FLIGHT).values_list(
            "order_id", flat=True
        )
    )
    by_stream = {order.stream: order.pk for order in orders}
    waiting = OutboxMessage.objects.filter(topic=TOPIC, stream__in=by_stream, state__in=UNDONE)
    return busy | {by_stream[stream] for stream in waiting.values_list("stream", flat=True)}
