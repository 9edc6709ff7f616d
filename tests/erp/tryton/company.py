"""Northmoor as a Tryton company: founded over JSON-RPC, because nothing of Tryton is imported here.

What the company of `tests/erp/papers.py` needs to buy valves: a currency, a chart of accounts, three fiscal years, a
warehouse, units, two suppliers, items with supplier part numbers and prices, and a user for the portal with the
groups that the connector asks for (docs/tryton.md).
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from procurement.erp.connectors.tryton.wire import Rpc

PORTAL = ("portal", "portal-of-the-tests")
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
YEARS = (2025, 2026, 2027)
ITEMS = {"V-2040": "Ball valve", "V-2050": "Ball valve", "V-2041": "Ball valve, other seat", "CABLE": "Cable"}


def found(server: str, database: str, user: str, password: str) -> None:
    """Everything, in one go, on an empty database with the modules activated."""
    rpc = Rpc(server, database, user, password, patience=120)
    company = add_company(rpc)
    rpc = Rpc(server, database, user, password, patience=120)  # with the company in its context
    accounts = add_chart(rpc, company)
    for year in YEARS:
        add_fiscal_year(rpc, company, year)
    term = add_payment_term(rpc)
    rename_warehouse(rpc)
    suppliers = add_suppliers(rpc, term)
    add_items(rpc, suppliers, accounts)
    add_portal_user(rpc, company)
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


def add_company(rpc: Rpc) -> int:
    germany = make(rpc, "country.country", name="Germany", code="DE")
    euro = make(
        rpc, "currency.currency", name="Euro", code="EUR", symbol="€", digits=2, rounding=Decimal("0.01")
    )
    rate = {"date": date(2020, 1, 1), "rate": Decimal(1)}
    rpc.write("currency.currency.write", [euro], {"rates": [["create", [rate]]]})
    address = {"street": "Dock Road 1", "city": "Hamburg", "postal_code": "20457", "country": germany}
    party = make(
        rpc, "party.party", name="Northmoor Supply GmbH", code="NM", addresses=[["create", [address]]]
    )
    company = make(rpc, "company.company", party=party, currency=euro, timezone="Europe/Berlin")
    (me,) = rpc.read("res.user.search", [["login", "=", "admin"]], 0, 1, None)
    rpc.write("res.user.write", [me], {"companies": [["add", [company]]], "company": company})
    rpc.forget_session()
    return company


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


def add_payment_term(rpc: Rpc) -> int:
    line = {"type": "remainder", "relativedeltas": [["create", [{"days": 30}]]]}
    return make(rpc, "account.invoice.payment_term", name="30 days net", lines=[["create", [line]]])


def rename_warehouse(rpc: Rpc) -> None:
    warehouse = one(rpc, "stock.location", ["type", "=", "warehouse"])
    rpc.write("stock.location.write", [warehouse], {"code": "HAM", "name": "Hamburg"})


def add_suppliers(rpc: Rpc, term: int) -> dict[str, int]:
    made = {}
    for code, name in (("70012", "Acme"), ("70013", "Globex")):
        address = {"street": "Harbour 1", "city": "Hull"}
        values = {"supplier_payment_term": term, "supplier_lead_time": timedelta(days=14)}
        made[code] = make(
            rpc, "party.party", name=name, code=code, addresses=[["create", [address]]], **values
        )
    return made


def add_items(rpc: Rpc, suppliers: dict[str, int], accounts: dict[str, int]) -> None:
    piece = one(rpc, "product.uom", ["symbol", "=", "u"])
    rpc.write("product.uom.write", [piece], {"symbol": "EA", "name": "each"})
    metre = one(rpc, "product.uom", ["symbol", "=", "m"])
    rpc.write("product.uom.write", [metre], {"symbol": "M", "digits": 3, "rounding": 0.001})
    bought = make(
        rpc,
        "product.category",
        name="Bought parts",
        accounting=True,
        account_expense=accounts["expense"],
        account_revenue=accounts["revenue"],
    )
    for code, name in ITEMS.items():
        unit = metre if code == "CABLE" else piece
        sellers = [
            {
                "party": supplier,
                "code": f"{number}-{code}",
                "lead_time": timedelta(days=14),
                "currency": one(rpc, "currency.currency", ["code", "=", "EUR"]),
                "prices": [["create", [{"quantity": 0.0, "unit_price": Decimal("18.4000")}]]],
            }
            for number, supplier in suppliers.items()
        ]
        make(
            rpc,
            "product.template",
            name=name,
            code=code,
            type="goods",
            purchasable=True,
            default_uom=unit,
            purchase_uom=unit,
            list_price=Decimal(30),
            cost_price_method="fixed",
            account_category=bought,
            products=[["create", [{"suffix_code": None}]]],
            product_suppliers=[["create", sellers]],
        )


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
