"""From rows to neutral papers. One bad row makes one record bad, and for an order that means the whole
order: an order with a row missing would look as if the line had been deleted."""

from collections.abc import Callable, Iterator

from procurement.catalogue.messages import (
    CompanyPaper,
    CustomerDemandPaper,
    ItemPaper,
    SitePaper,
    StockPaper,
    SupplierItemPaper,
    UnitPaper,
)
from procurement.erp.connectors.files.bills import build_accounts, build_invoice
from procurement.erp.connectors.files.cells import Values, texts
from procurement.erp.connectors.files.orders import build_order
from procurement.erp.connectors.files.records import Found, grouped, one_per_row
from procurement.erp.connectors.files.results import build_result
from procurement.erp.connectors.files.rows import Table
from procurement.erp.ports import Feed, Paper
from procurement.receipts.messages import ReceiptPaper
from suppliers.messages import SupplierPaper, SupplierSitePaper


def papers_of(table: Table, feed: Feed) -> Iterator[Found]:
    """Every record of a file, in the file's order (orders whose rows are scattered come last)."""
    if feed is Feed.ORDERS:
        return grouped(table, build_order)
    if feed is Feed.INVOICES:
        return grouped(table, build_invoice)
    if feed is Feed.COMMAND_RESULTS:
        return grouped(table, build_result)
    if feed is Feed.BANK_ACCOUNTS:
        return grouped(table, build_accounts)
    return one_per_row(table, BUILDERS[feed])


_PLACE = ("street", "postal_code", "city", "country")


def _company(values: Values) -> CompanyPaper:
    return CompanyPaper(**values)


def _unit(values: Values) -> UnitPaper:
    return UnitPaper(values["code"], values["name"], values["decimals"] or 0, values["rec20"] or "")


def _site(values: Values) -> SitePaper:
    return SitePaper(**texts(values, "code", "company", "name", *_PLACE, "time_zone", "gln"))


def _supplier(values: Values) -> SupplierPaper:
    return SupplierPaper(
        **texts(values, "number", "name", "country", "currency", "email"),
        language=values["language"] or "en",
        time_zone=values["time_zone"] or "UTC",
        segment=values["segment"] or "long_tail",
        blocked=values["blocked"] or False,
    )


def _supplier_site(values: Values) -> SupplierSitePaper:
    return SupplierSitePaper(
        **texts(values, "supplier", "code", "name", *_PLACE), transit_days=values["transit_days"] or 0
    )


def _item(values: Values) -> ItemPaper:
    return ItemPaper(**texts(values, "number", "description", "unit", "gtin", "group"))


def _supplier_item(values: Values) -> SupplierItemPaper:
    return SupplierItemPaper(
        **texts(values, "supplier", "item", "supplier_part_number"),
        minimum_quantity=values["minimum_quantity"],
        pack_quantity=values["pack_quantity"],
        lead_time_days=values["lead_time_days"],
    )


def _receipt(values: Values) -> ReceiptPaper:
    return ReceiptPaper(
        company=values["company"],
        order=values["order_number"],
        line_key=values["line_key"],
        key=values["receipt_key"],
        quantity=values["quantity"],
        unit=values["unit"],
        received_on=values["received_on"],
        reference=values["reference"] or "",
        reversed=values["reversed"] or False,
        stamp=values["changed_at"],
    )


def _stock(values: Values) -> StockPaper:
    return StockPaper(**values)


def _customer_demand(values: Values) -> CustomerDemandPaper:
    return CustomerDemandPaper(
        key=values["demand_key"],
        item=values["item"],
        site=values["site"],
        quantity=values["quantity"],
        unit=values["unit"],
        needed_on=values["needed_on"],
        as_of=values["as_of"],
        **texts(values, "customer", "reference"),
    )


BUILDERS: dict[Feed, Callable[[Values], Paper]] = {
    Feed.COMPANIES: _company,
    Feed.UNITS: _unit,
    Feed.SITES: _site,
    Feed.SUPPLIERS: _supplier,
    Feed.SUPPLIER_SITES: _supplier_site,
    Feed.ITEMS: _item,
    Feed.SUPPLIER_ITEMS: _supplier_item,
    Feed.RECEIPTS: _receipt,
    Feed.STOCK: _stock,
    Feed.CUSTOMER_DEMAND: _customer_demand,
}
