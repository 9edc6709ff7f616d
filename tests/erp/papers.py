"""Papers with honest defaults: a small company that buys valves."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from procurement.catalogue.messages import CompanyPaper, ItemPaper, SitePaper, SupplierItemPaper, UnitPaper
from procurement.erp.ports import Feed, Paper
from procurement.orders.messages import (
    CommandLine,
    CommandPiece,
    LinePaper,
    OrderPaper,
    PromiseCommand,
    SchedulePaper,
)
from suppliers.messages import SupplierPaper, SupplierSitePaper

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def a_line(number: int = 10, **changes: Any) -> LinePaper:
    """240 ball valves at 18.40 on 11 May."""
    values: dict[str, Any] = {
        "key": f"{number:05}",
        "number": number,
        "item_number": "V-2040",
        "description": "Ball valve DN 40",
        "quantity": Decimal(240),
        "unit": "EA",
        "price": Decimal("18.4"),
        "delivery_on": date(2026, 5, 11),
    }
    return LinePaper(**values | changes)


def an_order(
    number: str = "4500012345", lines: tuple[LinePaper, ...] | None = None, **changes: Any
) -> OrderPaper:
    """An order of two lines from Acme."""
    values: dict[str, Any] = {
        "company": "NM",
        "number": number,
        "supplier": "70012",
        "currency": "EUR",
        "ordered_on": date(2026, 3, 2),
        "lines": lines if lines is not None else (a_line(10), a_line(20, item_number="V-2050")),
        "ship_to": "HAM",
        "revision": "1",
        "stamp": NOW,
    }
    return OrderPaper(**values | changes)


def a_promise(
    order: OrderPaper,
    pieces: dict[str, tuple[CommandPiece, ...]] | None = None,
    *,
    key: str = "c-1",
    **changes: Any,
) -> PromiseCommand:
    """A promise on an order as it stands; without pieces, its first line a week later."""
    lines = {line.key: line for line in order.lines}
    first = order.lines[0]
    pieces = pieces or {first.key: (a_piece(first, delivery_on=date(2026, 5, 18)),)}
    return PromiseCommand(
        key=key,
        company=order.company,
        number=order.number,
        supplier=order.supplier,
        base_revision=order.revision,
        lines=tuple(
            CommandLine(
                key=line_key,
                number=lines[line_key].number,
                base_quantity=lines[line_key].quantity,
                base_price=lines[line_key].price,
                base_price_per=lines[line_key].price_per,
                base_deliveries=lines[line_key].schedules
                or (SchedulePaper(lines[line_key].quantity, lines[line_key].delivery_on),),
                base_delivery_on=lines[line_key].delivery_on,
                pieces=wanted,
            )
            for line_key, wanted in pieces.items()
        ),
        **changes,
    )


def a_piece(line: LinePaper, **changes: Any) -> CommandPiece:
    """The whole of a line, as asked."""
    values: dict[str, Any] = {
        "quantity": line.quantity,
        "delivery_on": line.delivery_on,
        "price": line.price,
        "price_per": line.price_per,
    }
    return CommandPiece(**values | changes)


MASTER_DATA: dict[Feed, tuple[Paper, ...]] = {
    Feed.COMPANIES: (CompanyPaper("NM", "Northmoor Supply GmbH", "EUR", "DE", "Europe/Berlin"),),
    Feed.UNITS: (UnitPaper("EA", "each", 0, "EA"), UnitPaper("M", "metre", 3, "MTR")),
    Feed.SITES: (SitePaper("HAM", "NM", "Hamburg", "Dock Road 4", "20457", "Hamburg", "DE"),),
    Feed.SUPPLIERS: (
        SupplierPaper("70012", "Acme", "DE", "EUR"),
        SupplierPaper("70013", "Globex", blocked=True),
    ),
    Feed.SUPPLIER_SITES: (SupplierSitePaper("70012", "A1", "Main plant", transit_days=3),),
    Feed.ITEMS: (
        ItemPaper("V-2040", "Ball valve", "EA", "4012345678901"),
        ItemPaper("V-2050", "Ball valve", "EA"),
    ),
    Feed.SUPPLIER_ITEMS: (SupplierItemPaper("70012", "V-2040", "A-40", Decimal(50), Decimal(10), 45),),
}
