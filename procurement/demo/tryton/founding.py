"""A company in Tryton, founded over JSON-RPC, because nothing of Tryton is imported here.

What a distributor needs to buy: a currency, a chart of accounts, three fiscal years, a warehouse, units, suppliers,
items with supplier part numbers, lead times and prices, and a user for the portal with the groups that the connector
asks for (docs/tryton.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from procurement.erp.connectors.tryton.wire import Rpc

# Both are throw-away: this Tryton listens on its own machine alone, and goes with its folder.
ADMIN = ("admin", "admin-of-this-demo")
PORTAL = ("portal", "portal-of-this-demo")
GROUPS = (
    "Purchase",
    "Purchase Administrator",
    "Purchase Amendment",
    "Stock",
    "Accounting",
    "Account",
    "Party Administration",
    "Product Administration",
    "Products",
    "Payment",
)
AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class Seller:
    """A supplier with its place."""

    number: str
    name: str
    street: str
    city: str
    lead_days: int = 14
    country: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class Sold:
    """What one supplier asks for an item, and how it calls it."""

    supplier: str
    part_number: str
    price: Decimal
    lead_days: int = 14


@dataclass(frozen=True, slots=True)
class Article:
    """An item with everybody who sells it. `unit` is the symbol of one that Tryton has, or is given below."""

    number: str
    name: str
    unit: str
    sold_by: tuple[Sold, ...]


@dataclass(frozen=True, slots=True)
class Founding:
    """A company that buys, and what it is founded with. `units` renames Tryton's own: symbol, name, digits."""

    code: str
    name: str
    street: str
    postal_code: str
    city: str
    time_zone: str
    warehouse: tuple[str, str]
    sellers: Sequence[Seller]
    articles: Sequence[Article]
    years: Sequence[int]
    units: dict[str, tuple[str, str, int]] = field(default_factory=dict)


def found(company: Founding, server: str, database: str) -> None:
    """Everything, in one go, on an empty database with the modules activated."""
    rpc = Rpc(server, database, *ADMIN, patience=120)
    company_id = add_company(rpc, company)
    rpc = Rpc(server, database, *ADMIN, patience=120)  # with the company in its context
    accounts = add_chart(rpc, company_id)
    for year in company.years:
        add_fiscal_year(rpc, company_id, year)
    number_orders(rpc)
    term = add_payment_term(rpc)
    rename_warehouse(rpc, *company.warehouse)
    rename_units(rpc, company.units)
    suppliers = add_suppliers(rpc, company.sellers, term)
    add_items(rpc, company.articles, suppliers, accounts)
    add_portal_user(rpc, company_id)
    rpc.close()


def one(rpc: Rpc, model: str, *domain: Any) -> int:
    """The record that these conditions name."""
    found = rpc.read(f"{model}.search", list(domain), 0, 2, None)
    if len(found) != 1:
        raise LookupError(f"{len(found)} records of {model} for {domain}")
    return int(found[0])


def by_xml_id(rpc: Rpc, module: str, name: str) -> int:
    return int(rpc.read("ir.model.data.get_id", module, name))


def make(rpc: Rpc, model: str, **values: Any) -> int:
    return int(rpc.write(f"{model}.create", [values])[0])


def add_company(rpc: Rpc, company: Founding) -> int:
    germany = make(rpc, "country.country", name="Germany", code="DE")
    euro = make(
        rpc, "currency.currency", name="Euro", code="EUR", symbol="€", digits=2, rounding=Decimal("0.01")
    )
    rate = {"date": date(2020, 1, 1), "rate": Decimal(1)}
    rpc.write("currency.currency.write", [euro], {"rates": [["create", [rate]]]})
    address = {
        "street": company.street,
        "city": company.city,
        "postal_code": company.postal_code,
        "country": germany,
    }
    party = make(rpc, "party.party", name=company.name, code=company.code, addresses=[["create", [address]]])
    founded = make(rpc, "company.company", party=party, currency=euro, timezone=company.time_zone)
    (me,) = rpc.read("res.user.search", [["login", "=", ADMIN[0]]], 0, 1, None)
    rpc.write("res.user.write", [me], {"companies": [["add", [founded]]], "company": founded})
    rpc.forget_session()
    return founded


def add_chart(rpc: Rpc, company: int) -> dict[str, int]:
    template = by_xml_id(rpc, "account", "account_template_root_en")
    account = {"account": {"company": company, "account_template": template}}
    number = rpc.start_wizard("account.create_chart")
    rpc.run_wizard("account.create_chart", number, account, "create_account")
    kinds = {kind: account_of(rpc, kind) for kind in ("receivable", "payable", "revenue", "expense")}
    properties = {
        "company": company,
        "account_receivable": kinds["receivable"],
        "account_payable": kinds["payable"],
        "category_account_expense": kinds["expense"],
        "category_account_revenue": kinds["revenue"],
    }
    rpc.run_wizard("account.create_chart", number, account | {"properties": properties}, "create_properties")
    rpc.end_wizard("account.create_chart", number)
    return kinds


def account_of(rpc: Rpc, kind: str) -> int:
    found = rpc.read(
        "account.account.search", [[f"type.{kind}", "=", True], ["closed", "!=", True]], 0, 1, None
    )
    return int(found[0])


def add_fiscal_year(rpc: Rpc, company: int, year: int) -> None:
    def sequence(kind: str) -> int:
        kind_id = rpc.read("ir.sequence.type.search", [["name", "=", kind]], 0, 1, None)[0]
        return make(rpc, "ir.sequence.strict", name=f"{kind} {year}", sequence_type=kind_id, company=company)

    moves, invoices = sequence("Account Move"), sequence("Invoice")
    kinds = ("out_invoice", "in_invoice", "out_credit_note", "in_credit_note")
    year_id = make(
        rpc,
        "account.fiscalyear",
        name=str(year),
        start_date=date(year, 1, 1),
        end_date=date(year, 12, 31),
        company=company,
        move_sequence=moves,
        invoice_sequences=[
            ["create", [{"company": company} | {f"{kind}_sequence": invoices for kind in kinds}]]
        ],
    )
    rpc.write("account.fiscalyear.create_period", [year_id])


def number_orders(rpc: Rpc) -> None:
    """PO00001, PO00002, …: out of the box Tryton counts 1, 2, …"""
    sequence = one(rpc, "ir.sequence", ["sequence_type.name", "=", "Purchase"])
    rpc.write("ir.sequence.write", [sequence], {"prefix": "PO", "padding": 5})


def add_payment_term(rpc: Rpc) -> int:
    line = {"type": "remainder", "relativedeltas": [["create", [{"days": 30}]]]}
    return make(rpc, "account.invoice.payment_term", name="30 days net", lines=[["create", [line]]])


def rename_warehouse(rpc: Rpc, code: str, name: str) -> None:
    warehouse = one(rpc, "stock.location", ["type", "=", "warehouse"])
    rpc.write("stock.location.write", [warehouse], {"code": code, "name": name})


def rename_units(rpc: Rpc, units: dict[str, tuple[str, str, int]]) -> None:
    for symbol, (new, name, digits) in units.items():
        unit = one(rpc, "product.uom", ["symbol", "=", symbol])
        values = {
            "symbol": new,
            "name": name,
            "digits": digits,
            "rounding": float(Decimal(1).scaleb(-digits)),
        }
        rpc.write("product.uom.write", [unit], values)


def add_suppliers(rpc: Rpc, sellers: Sequence[Seller], term: int) -> dict[str, int]:
    countries = add_countries(rpc, {seller.country for seller in sellers} - {""})
    values = []
    for seller in sellers:
        address: dict[str, Any] = {"street": seller.street, "city": seller.city}
        if seller.country:
            address["country"] = countries[seller.country]
        value: dict[str, Any] = {
            "name": seller.name,
            "code": seller.number,
            "addresses": [["create", [address]]],
            "supplier_payment_term": term,
            "supplier_lead_time": timedelta(days=seller.lead_days),
        }
        if seller.email:
            value["contact_mechanisms"] = [["create", [{"type": "email", "value": seller.email}]]]
        values.append(value)
    made = rpc.write("party.party.create", values)
    return {seller.number: number for seller, number in zip(sellers, made, strict=True)}


def add_countries(rpc: Rpc, codes: set[str]) -> dict[str, int]:
    there = rpc.read("country.country.search_read", [["code", "in", sorted(codes)]], 0, None, None, ["code"])
    known = {record["code"]: int(record["id"]) for record in there}
    for code in sorted(codes - set(known)):
        known[code] = make(rpc, "country.country", name=code, code=code)
    return known


def add_items(
    rpc: Rpc, articles: Sequence[Article], suppliers: dict[str, int], accounts: dict[str, int]
) -> None:
    bought = make(
        rpc,
        "product.category",
        name="Bought parts",
        accounting=True,
        account_expense=accounts["expense"],
        account_revenue=accounts["revenue"],
    )
    euro = one(rpc, "currency.currency", ["code", "=", "EUR"])
    units = {article.unit: 0 for article in articles}
    for symbol in units:
        units[symbol] = one(rpc, "product.uom", ["symbol", "=", symbol])
    values = [
        {
            "name": article.name,
            "code": article.number,
            "type": "goods",
            "purchasable": True,
            "default_uom": units[article.unit],
            "purchase_uom": units[article.unit],
            "list_price": max(offer.price for offer in article.sold_by) * 2,
            "cost_price_method": "fixed",
            "account_category": bought,
            "products": [["create", [{"suffix_code": None}]]],
            "product_suppliers": [["create", [_offer(offer, suppliers, euro) for offer in article.sold_by]]],
        }
        for article in articles
    ]
    for start in range(0, len(values), AT_ONCE):
        rpc.write("product.template.create", values[start : start + AT_ONCE])


def _offer(offer: Sold, suppliers: dict[str, int], euro: int) -> dict[str, Any]:
    return {
        "party": suppliers[offer.supplier],
        "code": offer.part_number,
        "lead_time": timedelta(days=offer.lead_days),
        "currency": euro,
        "prices": [["create", [{"quantity": 0.0, "unit_price": offer.price}]]],
    }


def add_portal_user(rpc: Rpc, company: int) -> None:
    groups = rpc.read("res.group.search", [["name", "in", list(GROUPS)]], 0, None, None)
    make(
        rpc,
        "res.user",
        name="Quayside",
        login=PORTAL[0],
        password=PORTAL[1],
        companies=[["add", [company]]],
        company=company,
        groups=[["add", groups]],
    )
