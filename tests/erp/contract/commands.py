"""What is sent to every connector alike: two orders, a ship notice, an approved invoice."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from procurement.erp.messages import (
    InvoiceCommand,
    InvoiceCommandLine,
)
from procurement.orders.messages import OrderPaper
from procurement.shipments.messages import NoticeCommand, NoticeCommandLine
from tests.erp.contract.harness import ConnectorHarness
from tests.erp.papers import a_line, an_order

CLAIMED_ON = datetime.now(UTC).date() - timedelta(days=1)


def a_notice(
    key: str, *lines: tuple[OrderPaper, int, int], number: str = "DN-1", **changed: Any
) -> NoticeCommand:
    """So much of some lines (order, position of the line, quantity), on the road with a delivery note."""
    values: dict[str, Any] = {
        "key": key,
        "consignment": "c-1",
        "issue": 1,
        "company": "NM",
        "supplier": "70012",
        "number": number,
        "ship_on": date(2026, 5, 4),
        "expected_on": date(2026, 5, 13),
        "ship_to": "HAM",
        "carrier": "Blue Line",
        "lines": tuple(
            NoticeCommandLine(
                order.number,
                order.lines[at].key,
                order.lines[at].number,
                Decimal(quantity),
                order.lines[at].unit,
            )
            for order, at, quantity in lines
        ),
    }
    return NoticeCommand(**{**values, **changed})


def two_orders(erp: ConnectorHarness) -> Sequence[OrderPaper]:
    return erp.put_orders(an_order(), an_order("4500000002", lines=(a_line(10),)))


def an_invoice(
    key: str, *lines: tuple[OrderPaper, int, int], price: str = "18.4", **changed: Any
) -> InvoiceCommand:
    """So much of some lines (order, position of the line, quantity) at one price; the total is theirs and the charges'.

    The invoice that it is for is `invoice-1`, its number R-2041, unless said otherwise.
    """
    billed = tuple(
        InvoiceCommandLine(
            amount=Decimal(quantity) * Decimal(price),
            quantity=Decimal(quantity),
            unit=order.lines[at].unit,
            unit_price=Decimal(price),
            order=order.number,
            key=order.lines[at].key,
            number=order.lines[at].number,
            category="O",
        )
        for order, at, quantity in lines
    )
    values: dict[str, Any] = {
        "key": key,
        "invoice": "invoice-1",
        "company": "NM",
        "supplier": "70012",
        "number": "R-2041",
        "invoiced_on": CLAIMED_ON,
        "currency": "EUR",
        "lines": billed,
    }
    values |= changed
    charges = values.get("charges", ())
    values.setdefault("total", sum((one.amount for one in (*values["lines"], *charges)), Decimal(0)))
    return InvoiceCommand(**values)
