"""Electronic invoices of Acme for the order of the tests."""

from datetime import date
from decimal import Decimal
from typing import Any

from procurement.einvoices.terms import EInvoice, Line, TaxBreakdown, Totals
from tests.builders import einvoices

D = Decimal
ORDER = "4500000001"


def a_bill_line(identifier: str = "1", **changed: Any) -> Line:
    """50 of the valves of line 10, as Acme's accounting program says it."""
    said: dict[str, Any] = {
        "quantity": D(50),
        "unit": "H87",
        "price": D("6.85"),
        "amount": D("342.50"),
        "order_line": "10",
        "name": "Ball valve DN15",
        "seller_item": "A-15",
        "rate": D(19),
    }
    return einvoices.a_line(identifier, **said | changed)


def an_einvoice(*lines: Line, **changed: Any) -> EInvoice:
    """Acme's electronic invoice of today."""
    said = lines or (a_bill_line(),)
    net = sum((line.amount or D(0) for line in said), D(0))
    tax = (net * 19 / 100).quantize(D("0.01"))
    values: dict[str, Any] = {
        "order": ORDER,
        "issued_on": date(2026, 3, 2),
        "due_on": date(2026, 4, 1),
        "payment_terms": "2 % within 10 days, net 30 days",
        "lines": list(said),
        "totals": Totals(lines=net, net=net, tax=tax, gross=net + tax, due=net + tax),
        "taxes": [TaxBreakdown(base=net, amount=tax, category="S", rate=D(19), scheme="VAT")],
    }
    return einvoices.an_einvoice(**values | changed)
