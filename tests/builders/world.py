"""A small world with honest defaults: one company, two suppliers, three items, and orders on demand."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from portal.kernel.scope import acting
from procurement.catalogue.messages import CompanyPaper, ItemPaper, SitePaper, SupplierItemPaper, UnitPaper
from procurement.catalogue.services import (
    receive_companies,
    receive_items,
    receive_sites,
    receive_supplier_items,
    receive_units,
)
from procurement.orders.messages import LinePaper, OrderPaper
from procurement.orders.models import PurchaseOrder, PurchaseOrderLine
from procurement.orders.services import receive_orders
from suppliers.messages import SupplierPaper, SupplierSitePaper
from suppliers.models import Supplier
from suppliers.services import receive_supplier_sites, receive_suppliers
from tests.people import FEED

# A Monday, 10:00 in Leeds: everybody is at work.
MONDAY = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


def make_world() -> dict[str, Supplier]:
    """Master data as the ERP would send it; returns the suppliers by number."""
    with acting(FEED):
        receive_companies([CompanyPaper("NM", "Northmoor Supply", "EUR", "GB", "Europe/London")])
        receive_sites(
            [
                SitePaper(
                    "LEEDS", "NM", "Leeds DC", "Dock Road 4", "LS1 1AA", "Leeds", "GB", "Europe/London"
                ),
                SitePaper("HULL", "NM", "Hull DC", "Quay 2", "HU1 1AA", "Hull", "GB", "Europe/London"),
            ]
        )
        receive_units([UnitPaper("pcs", "Piece", 0, "H87"), UnitPaper("m", "Metre", 2, "MTR")])
        receive_items(
            [
                ItemPaper("VALVE-15", "Ball valve DN15", "pcs", "2012345678900", "valves"),
                ItemPaper("VALVE-25", "Ball valve DN25", "pcs", "2012345678917", "valves"),
                ItemPaper("CABLE-3", "Cable 3 x 1.5", "m", "2012345678924", "cable"),
            ]
        )
        receive_suppliers(
            [
                SupplierPaper(
                    "ACME", "Acme Valves", "IN", "EUR", "en", "Asia/Kolkata", "core", "sales@acme.example"
                ),
                SupplierPaper("GLOBEX", "Globex", "DE", "EUR", "de", "Europe/Berlin", "long_tail"),
            ]
        )
        receive_supplier_sites(
            [SupplierSitePaper("ACME", "PUNE", "Pune plant", city="Pune", country="IN", transit_days=21)]
        )
        receive_supplier_items(
            [
                SupplierItemPaper("ACME", "VALVE-15", "A-15", Decimal(50), Decimal(25), 30),
                SupplierItemPaper("ACME", "VALVE-25", "A-25", None, None, 30),
            ]
        )
        return {supplier.number: supplier for supplier in Supplier.objects.all()}


def a_line(number: int = 10, **changed: Any) -> LinePaper:
    """A line as an ERP would send it: 100 valves on 1 April 2026 at 6.85."""
    values: dict[str, Any] = {
        "key": f"L{number}",
        "number": number,
        "item_number": "VALVE-15",
        "description": "Ball valve DN15",
        "quantity": Decimal(100),
        "unit": "pcs",
        "price": Decimal("6.85"),
        "delivery_on": date(2026, 4, 1),
        "supplier_part_number": "A-15",
    }
    return LinePaper(**{**values, **changed})


def a_paper(number: str = "4500000001", lines: int | Sequence[LinePaper] = 2, **changed: Any) -> OrderPaper:
    """An order as an ERP would send it."""
    made = tuple(a_line(10 * n) for n in range(1, lines + 1)) if isinstance(lines, int) else tuple(lines)
    values: dict[str, Any] = {
        "company": "NM",
        "number": number,
        "supplier": "ACME",
        "currency": "EUR",
        "ordered_on": date(2026, 3, 2),
        "lines": made,
        "ship_to": "LEEDS",
        "revision": "1",
        "incoterm": "FCA",
        "incoterm_place": "Pune",
        "payment_terms": "30 days net",
        "buyer_name": "Bea Buyer",
        "buyer_email": "bea@northmoor.example",
    }
    return OrderPaper(**{**values, **changed})


def an_order(
    number: str = "4500000001", lines: int | Sequence[LinePaper] = 2, *, at: datetime = MONDAY, **changed: Any
) -> PurchaseOrder:
    """An order that has come out of the ERP."""
    receive(a_paper(number, lines, **changed), at=at)
    return fresh(number)


def receive(*papers: OrderPaper, at: datetime = MONDAY) -> Any:
    """Take papers in as the ERP feed does."""
    with acting(FEED):
        return receive_orders(papers, actor=FEED, at=at)


def fresh(number: str = "4500000001") -> PurchaseOrder:
    """The order as it stands in the database now."""
    with acting(FEED):
        return PurchaseOrder.objects.select_related("company", "supplier").get(number=number)


def fresh_line(number: int = 10, order: str = "4500000001") -> PurchaseOrderLine:
    """One line as it stands in the database now."""
    with acting(FEED):
        return PurchaseOrderLine.objects.get(order__number=order, number=number)
