"""A list as a file: the rows of its address, or those selected, for whoever lives in a spreadsheet."""

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from typing import IO, Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.kernel.errors import Invalid
from portal.kernel.looks import look_of
from portal.kernel.scope import requires_scope
from portal.kernel.templatetags.portal_ui import figure
from procurement.orders.files.sheets import write_sheet
from procurement.orders.models import Promise, PurchaseOrder, PurchaseOrderLine
from procurement.orders.queries import live_promises_by_line
from procurement.orders.states import PromiseKind
from procurement.sheets.cells import Cell, csv_line, widths

MOST_ROWS = 50_000
CHUNK = 2_000
IN_MEMORY = 4 * 1024 * 1024
CSV, XLSX = "csv", "xlsx"
CONTENT_TYPES = {
    CSV: "text/csv; charset=utf-8",
    XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its title, and what stands in it."""

    title: Any
    value: Callable[[Any], Cell]


LINE_COLUMNS = (
    Column(gettext_lazy("Company"), lambda row: row[0].order.company.name),
    Column(gettext_lazy("Order"), lambda row: row[0].order.number),
    Column(gettext_lazy("Line"), lambda row: row[0].number),
    Column(gettext_lazy("Supplier number"), lambda row: row[0].supplier.number),
    Column(gettext_lazy("Supplier"), lambda row: row[0].supplier.name),
    Column(gettext_lazy("Item"), lambda row: row[0].item_number),
    Column(gettext_lazy("Supplier's part number"), lambda row: row[0].supplier_part_number),
    Column(gettext_lazy("GTIN"), lambda row: row[0].gtin),
    Column(gettext_lazy("Description"), lambda row: row[0].description),
    Column(gettext_lazy("Quantity"), lambda row: row[0].quantity),
    Column(gettext_lazy("Received"), lambda row: row[0].received_quantity),
    Column(gettext_lazy("Open"), lambda row: row[0].open_quantity),
    Column(gettext_lazy("Unit"), lambda row: row[0].unit),
    Column(gettext_lazy("Price"), lambda row: row[0].price),
    Column(gettext_lazy("Price per"), lambda row: row[0].price_per),
    Column(gettext_lazy("Currency"), lambda row: row[0].order.currency),
    Column(gettext_lazy("Amount"), lambda row: row[0].amount),
    Column(gettext_lazy("Ordered on"), lambda row: row[0].order.ordered_on),
    Column(gettext_lazy("Asked delivery"), lambda row: row[0].delivery_on),
    Column(gettext_lazy("Expected delivery"), lambda row: row[0].expected_on),
    Column(gettext_lazy("Promised quantity"), lambda row: _promised_quantity(row[1])),
    Column(gettext_lazy("Promised delivery"), lambda row: _promised_day(row[1])),
    Column(gettext_lazy("Promised pieces"), lambda row: len(row[1]) or None),
    Column(gettext_lazy("Agreement"), lambda row: _word("agreement", row[0].agreement)),
    Column(gettext_lazy("Revision"), lambda row: _word("revision", row[0].revision_status)),
    Column(gettext_lazy("Logistics"), lambda row: _word("logistics", row[0].logistics)),
    Column(gettext_lazy("Finance"), lambda row: _word("finance", row[0].finance)),
    Column(gettext_lazy("Answer by"), lambda row: row[0].order.acknowledge_by_at),
    Column(gettext_lazy("Deliver to"), lambda row: _site(row[0].ship_to or row[0].order.ship_to)),
    Column(gettext_lazy("Buyer"), lambda row: row[0].order.buyer_name),
    Column(gettext_lazy("Supplier's order number"), lambda row: row[0].order.supplier_reference),
    Column(gettext_lazy("Cancelled"), lambda row: _("yes") if row[0].cancelled else ""),
)

ORDER_COLUMNS = (
    Column(gettext_lazy("Company"), lambda order: order.company.name),
    Column(gettext_lazy("Order"), lambda order: order.number),
    Column(gettext_lazy("Revision"), lambda order: order.revision),
    Column(gettext_lazy("Supplier number"), lambda order: order.supplier.number),
    Column(gettext_lazy("Supplier"), lambda order: order.supplier.name),
    Column(gettext_lazy("Ordered on"), lambda order: order.ordered_on),
    Column(gettext_lazy("Answer by"), lambda order: order.acknowledge_by_at),
    Column(gettext_lazy("Next delivery"), lambda order: order.next_delivery_on),
    Column(gettext_lazy("Lines"), lambda order: order.line_count),
    Column(gettext_lazy("Lines agreed"), lambda order: order.lines_agreed),
    Column(gettext_lazy("Lines waiting for supplier"), lambda order: order.lines_for_supplier),
    Column(gettext_lazy("Lines waiting for buyer"), lambda order: order.lines_for_buyer),
    Column(gettext_lazy("State"), lambda order: _word("order", order.state)),
    Column(gettext_lazy("Agreement"), lambda order: _word("agreement", order.agreement)),
    Column(gettext_lazy("Logistics"), lambda order: _word("logistics", order.logistics)),
    Column(gettext_lazy("Finance"), lambda order: _word("finance", order.finance)),
    Column(gettext_lazy("Amount"), lambda order: order.total_amount),
    Column(gettext_lazy("Currency"), lambda order: order.currency),
    Column(gettext_lazy("Deliver to"), lambda order: _site(order.ship_to)),
    Column(gettext_lazy("Incoterm"), lambda order: f"{order.incoterm} {order.incoterm_place}".strip()),
    Column(gettext_lazy("Payment terms"), lambda order: order.payment_terms),
    Column(gettext_lazy("Buyer"), lambda order: order.buyer_name),
    Column(gettext_lazy("Supplier's order number"), lambda order: order.supplier_reference),
)


def _word(dimension: str, value: str) -> str:
    return str(look_of(dimension, value).word)


def _site(site: Any) -> str:
    return site.name if site else ""


def _standing(promises: Sequence[Promise]) -> list[Promise]:
    return [promise for promise in promises if promise.kind != PromiseKind.REFUSE]


def _promised_quantity(promises: Sequence[Promise]) -> Cell:
    return (
        sum((promise.quantity for promise in _standing(promises)), start=0 * promises[0].quantity)
        if promises
        else None
    )


def _promised_day(promises: Sequence[Promise]) -> Cell:
    days = [promise.delivery_on for promise in _standing(promises) if promise.delivery_on]
    return max(days) if days else None


@requires_scope
def export_lines(lines: QuerySet[PurchaseOrderLine], kind: str) -> IO[bytes]:
    """The lines as a file, in the order they come; the whole file is made before anything is sent."""
    related = lines.select_related("order", "order__company", "order__ship_to", "supplier", "ship_to")
    return write_list(LINE_COLUMNS, _with_promises(rows_of(related)), kind, _("Order lines"))


@requires_scope
def export_orders(orders: QuerySet[PurchaseOrder], kind: str) -> IO[bytes]:
    """The orders as a file, in the order they come."""
    return write_list(
        ORDER_COLUMNS, rows_of(orders.select_related("company", "supplier", "ship_to")), kind, _("Orders")
    )


def rows_of(queryset: QuerySet[Any]) -> Iterator[Any]:
    """The rows a few thousand at a time; a list that is too long is refused, never cut silently."""
    for position, row in enumerate(queryset[: MOST_ROWS + 1].iterator(chunk_size=CHUNK)):
        if position == MOST_ROWS:
            message = _("This list has more than %(most)s rows. Narrow it, for instance by delivery date.")
            raise Invalid(message % {"most": figure(MOST_ROWS)})
        yield row


def _with_promises(lines: Iterator[PurchaseOrderLine]) -> Iterator[tuple[PurchaseOrderLine, list[Promise]]]:
    while chunk := list(islice(lines, CHUNK)):
        promises = live_promises_by_line(line.pk for line in chunk)
        for line in chunk:
            yield line, promises.get(line.pk, [])


def write_list(columns: Sequence[Column], rows: Iterable[Any], kind: str, title: str) -> IO[bytes]:
    """A list as CSV or a workbook, whole before anything of it is sent."""
    titles = [str(column.title) for column in columns]
    values = ([column.value(row) for column in columns] for row in rows)
    with ExitStack() as unless_done:
        file = unless_done.enter_context(tempfile.SpooledTemporaryFile(IN_MEMORY))
        if kind == CSV:
            file.write(b"\xef\xbb\xbf")  # Excel reads UTF-8 only where it says so
            file.write(csv_line(titles).encode())
            for row in values:
                file.write(csv_line(row).encode())
        else:
            write_sheet(file, title, titles, widths(titles), values)
        file.seek(0)
        unless_done.pop_all()  # the response closes it
    return file
