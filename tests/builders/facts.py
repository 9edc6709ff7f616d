"""What happened to an order, with honest defaults: goods that arrived, an invoice for them."""

from datetime import date
from decimal import Decimal
from typing import Any

from portal.kernel.mirror import Mirrored
from portal.kernel.scope import acting
from procurement.bills.messages import BillLinePaper, BillPaper
from procurement.bills.services import receive_bills
from procurement.receipts.messages import ReceiptPaper
from procurement.receipts.services import receive_receipts
from tests.builders.world import MONDAY
from tests.people import FEED

ORDER = "4500000001"


def a_receipt(key: str = "GR-1", **changed: Any) -> ReceiptPaper:
    """60 pieces of line 10 on 30 March, with delivery note 4711."""
    values: dict[str, Any] = {
        "company": "NM",
        "order": ORDER,
        "line_key": "L10",
        "key": key,
        "quantity": Decimal(60),
        "unit": "pcs",
        "received_on": date(2026, 3, 30),
        "reference": "4711",
        "stamp": MONDAY,
    }
    return ReceiptPaper(**{**values, **changed})


def a_bill(key: str = "INV-1", *, order: str = ORDER, **changed: Any) -> BillPaper:
    """Acme bills line 10 of the order: 100 pieces, 685.00 and taxes."""
    values: dict[str, Any] = {
        "company": "NM",
        "supplier": "ACME",
        "key": key,
        "invoiced_on": date(2026, 4, 2),
        "due_on": date(2026, 5, 2),
        "currency": "EUR",
        "total": Decimal("822.00"),
        "open_amount": Decimal("822.00"),
        "state": "entered",
        "reference": "A-2041",
        "lines": (BillLinePaper(order, "L10", Decimal(100), Decimal(685)),),
        "stamp": MONDAY,
    }
    return BillPaper(**{**values, **changed})


def arrive(*papers: ReceiptPaper) -> tuple[Mirrored, ...]:
    """Take receipts in as the ERP feed does."""
    with acting(FEED):
        return receive_receipts(papers, actor=FEED, at=MONDAY)


def bill(*papers: BillPaper) -> tuple[Mirrored, ...]:
    """Take invoices in as the ERP feed does."""
    with acting(FEED):
        return receive_bills(papers, actor=FEED, at=MONDAY)
