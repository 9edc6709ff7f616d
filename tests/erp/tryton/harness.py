"""A live Tryton in the place of the ERP: its people act through the administrator, its books are read by SQL."""

from __future__ import annotations

import atexit
import os
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cache as once
from pathlib import Path
from typing import Any

import pytest

from procurement.catalogue.messages import ItemPaper, UnitPaper
from procurement.demo.tryton.founding import ADMIN, PORTAL, make, one
from procurement.demo.tryton.installing import NotInstalled
from procurement.demo.tryton.ordering import quote
from procurement.demo.tryton.serving import DATABASE, TrytonServer, founded
from procurement.erp.connectors.tryton import TrytonConnector
from procurement.erp.connectors.tryton.wire import Rpc
from procurement.erp.ports import ErpConnector, Feed, Paper
from procurement.orders.messages import LinePaper, OrderPaper, SchedulePaper
from suppliers.messages import SupplierPaper
from tests.erp.tryton.company import NORTHMOOR

# What Tryton can hold of tests/erp/papers.py, MASTER_DATA: it knows neither UN/ECE codes nor ship-from days, and
# keeps a supplier without a country, a blocked one not apart, and no packs.
AS_HELD: Mapping[Feed, Sequence[Paper]] = {
    Feed.UNITS: (UnitPaper("EA", "each", 0), UnitPaper("M", "Meter", 3)),
    Feed.SUPPLIERS: (SupplierPaper("70012", "Acme"), SupplierPaper("70013", "Globex")),
    Feed.ITEMS: (ItemPaper("V-2040", "Ball valve", "EA", "", "Bought parts"),),
}


@dataclass(frozen=True)
class Running:
    """A server for all tests of a process, and what it is set back to for each: nothing is ordered, and who uses it is
    signed in, since Tryton takes a quarter of a second to look at a password."""

    server: TrytonServer
    books: Path
    sessions: Mapping[tuple[str, str], dict[str, Any]]

    def set_back(self) -> None:
        self.server.set_back(self.books)
        Rpc._sessions.update(self.sessions)


@once
def running(series: str) -> Running:
    """Started once, stopped when the process ends."""
    folder = tempfile.TemporaryDirectory(prefix="quayside-tryton-")
    server = TrytonServer(series, Path(folder.name))
    server.set_back(founded(series, NORTHMOOR))
    server.start()
    atexit.register(folder.cleanup)
    atexit.register(server.stop)
    sessions = {}
    for who in (ADMIN, PORTAL):
        rpc = Rpc(server.address, DATABASE, *who, patience=60)
        sessions[rpc._address, rpc.user] = rpc._session()
        rpc.close()
    books = server.folder / "before.sqlite"
    with sqlite3.connect(server.file) as source, sqlite3.connect(books) as kept:
        source.backup(kept)
    kept.close()
    source.close()
    return Running(server, books, sessions)


class TrytonHarness:
    """Northmoor's Tryton, as its buyers and its warehouse use it."""

    price_per = Decimal(1)

    def __init__(self, server: TrytonServer) -> None:
        self.server = server
        self.people = Rpc(server.address, DATABASE, *ADMIN, patience=60)
        self.list_size = 500

    def connector(self) -> ErpConnector:
        return TrytonConnector(
            self.server.address,
            DATABASE,
            *PORTAL,
            page_size=2,
            list_size=self.list_size,
            patience=30,
            stock_every=timedelta(0),
        )

    def page_lists(self, size: int) -> None:
        self.list_size = size

    # --- what is there

    def put_master_data(self, papers: Mapping[Feed, Sequence[Paper]]) -> Mapping[Feed, Sequence[Paper]]:
        held = {feed: AS_HELD.get(feed, wanted) for feed, wanted in papers.items()}
        if Feed.SITES in held:
            held[Feed.SITES] = [replace(one, **NO_ADDRESS) for one in held[Feed.SITES]]  # type: ignore[type-var]
        if Feed.SUPPLIER_SITES in held:
            held[Feed.SUPPLIER_SITES] = []
        if Feed.SUPPLIER_ITEMS in held:
            values = {"supplier_part_number": "70012-V-2040", "minimum_quantity": None, "pack_quantity": None}
            held[Feed.SUPPLIER_ITEMS] = [
                replace(one, **values, lead_time_days=14)  # type: ignore[type-var]
                for one in held[Feed.SUPPLIER_ITEMS]
            ]
        return held

    def put_orders(self, *orders: OrderPaper) -> Sequence[OrderPaper]:
        return [self._put(order) for order in orders]

    def _put(self, order: OrderPaper) -> OrderPaper:
        self.people.write("purchase.purchase.confirm", [self._quote(order)])
        for key, line in zip(self._line_ids(order.number), order.lines, strict=True):
            self._plan(key, line.delivery_on)
        return self.held(order)

    def order_as_planned(self, order: OrderPaper) -> OrderPaper:
        """Confirmed as most orders are: on the days that Tryton plans."""
        self.people.write("purchase.purchase.confirm", [self._quote(order)])
        return self.held(order)

    def amend_and_leave(self, order: OrderPaper, key: str, **changes: Any) -> None:
        """A buyer amends one line and does not see that every other day of the order is gone."""
        now = {line.key: line for line in self.held(order).lines}
        self._amend(order, key, now[key], changes)

    def _quote(self, order: OrderPaper) -> int:
        purchase = quote(self.people, order)
        self._number(purchase, order.number)
        return purchase

    def _number(self, purchase: int, number: str) -> None:
        """Tryton counts by itself and from 8.2 on lets nobody say the number; the tests' stories need theirs."""
        with sqlite3.connect(self.server.file, timeout=30) as books:
            books.execute("UPDATE purchase_purchase SET number = ? WHERE id = ?", [number, purchase])
        books.close()

    # --- what people do to it

    def change_line(self, order: OrderPaper, key: str, **changes: Any) -> None:
        received = changes.pop("received_quantity", None)
        if {"quantity", "price"} & changes.keys():
            now = {line.key: line for line in self.held(order).lines}
            self._amend(order, key, now[key], changes)
            # An amendment puts every line on Tryton's own plan; a careful buyer puts the dates back.
            for line in now.values():
                self._plan(int(line.key), changes.get("delivery_on", line.delivery_on))
        elif "delivery_on" in changes:
            self._plan(int(key), changes["delivery_on"])
        if received is not None:
            self.receive(order, key, received, "")

    def delete_line(self, order: OrderPaper, key: str) -> None:
        """A line that was ordered is not deleted in Tryton: it is amended to nothing."""
        (line,) = (line for line in self.held(order).lines if line.key == key)
        self._amend(order, key, line, {"quantity": Decimal(0)})
        for other in self.held(order).lines:
            self._plan(int(other.key), line.delivery_on)

    def _amend(self, order: OrderPaper, key: str, line: LinePaper, changes: Mapping[str, Any]) -> None:
        rpc = self.people
        values = {
            "action": "line",
            "line": int(key),
            "party": one(rpc, "party.party", ["code", "=", order.supplier]),
            "product": one(rpc, "product.product", ["code", "=", line.item_number]),
            "unit": one(rpc, "product.uom", ["symbol", "=", line.unit]),
            "quantity": float(changes.get("quantity", line.quantity)),
            "unit_price": changes.get("price", line.price),
        }
        purchase = one(rpc, "purchase.purchase", ["number", "=", order.number])
        amendment = make(rpc, "purchase.amendment", purchase=purchase, lines=[["create", [values]]])
        rpc.write("purchase.amendment.validate_amendment", [amendment])

    def _plan(self, line: int, day: date) -> None:
        moves = self._open_moves(line)
        if moves:
            self.people.write("stock.move.write", moves, {"planned_date": day})

    def _open_moves(self, line: int) -> list[int]:
        wanted = [["origin", "=", f"purchase.line,{line}"], ["state", "=", "draft"]]
        found: list[int] = self.people.read("stock.move.search", wanted, 0, None, [["id", "ASC"]])
        return found

    def receive(self, order: OrderPaper, key: str, quantity: Decimal, reference: str) -> None:
        """The warehouse counts so much of a line; Tryton plans the rest anew."""
        shipment = self._ship(int(key))
        if reference:
            self.people.write("stock.shipment.in.write", [shipment], {"reference": reference})
        moves = self._open_moves(int(key))
        self.people.write("stock.move.write", moves[:1], {"quantity": float(quantity)})
        self.people.write("stock.shipment.in.receive", [shipment])
        self.people.write("stock.shipment.in.do", [shipment])

    def reverse(self, order: OrderPaper, key: str) -> None:
        """Somebody with the right to cancels a shipment that was done, and with it its moves."""
        wanted = [["moves.origin", "=", f"purchase.line,{key}"], ["state", "=", "done"]]
        done = self.people.read("stock.shipment.in.search", wanted, 0, 1, [["id", "DESC"]])
        self.people.write("stock.shipment.in.cancel", done)

    def bill(self, order: OrderPaper, key: str, reference: str) -> int:
        """Bookkeeping finds the draft that Tryton made for what was received, and enters the supplier's invoice."""
        rpc = self.people
        purchase = one(rpc, "purchase.purchase", ["number", "=", order.number])
        invoice = one(rpc, "account.invoice", ["purchases", "=", purchase], ["state", "=", "draft"])
        self._enter(invoice, reference, date(2026, 11, 1))
        return invoice

    def _enter(self, invoice: int, reference: str, on: date) -> None:
        self.people.write("account.invoice.write", [invoice], {"reference": reference, "invoice_date": on})
        self.people.write("account.invoice.validate_invoice", [invoice])

    def approve(self, invoice: int) -> None:
        self.people.write("account.invoice.post", [invoice])

    def pay(self, invoice: int, amount: Decimal, on: date) -> None:
        """As the wizard on the invoice does it, in two pages."""
        rpc, wizard = self.people, "account.invoice.pay"
        (record,) = rpc.read("account.invoice.read", [invoice], ["party", "currency"])
        start = {
            "payee": record["party"],
            "payees": [record["party"]],
            "amount": amount,
            "currency": record["currency"],
            "company": rpc.context["company"],
            "payment_method": self._payment_method(),
            "date": on,
            "description": None,
            "invoice_account": None,
        }
        about = {"active_id": invoice, "active_ids": [invoice], "active_model": "account.invoice"}
        number = rpc.start_wizard(wizard)
        answer = rpc.run_wizard(wizard, number, {"start": start}, "choice", **about)
        if "view" in answer:  # not the whole of what is open: it asks what the rest is
            asked = {
                name: value for name, value in answer["view"]["defaults"].items() if not name.endswith(".")
            }
            values = {"start": start, "ask": asked | {"type": "partial"}}
            rpc.run_wizard(wizard, number, values, "pay", **about)
        rpc.end_wizard(wizard, number)

    def _payment_method(self) -> int:
        rpc = self.people
        if found := rpc.read("account.invoice.payment.method.search", [], 0, 1, None):
            return int(found[0])
        other = [["type.payable", "=", False], ["type.receivable", "=", False], ["closed", "!=", True]]
        account = rpc.read("account.account.search", [["type", "!=", None], *other], 0, 1, None)[0]
        return make(
            rpc,
            "account.invoice.payment.method",
            name="Bank",
            company=rpc.context["company"],
            journal=rpc.read("account.journal.search", [["type", "=", "cash"]], 0, 1, None)[0],
            credit_account=account,
            debit_account=account,
        )

    def give_back(self, invoice: int, reference: str) -> None:
        """As the wizard on the invoice does it."""
        rpc, wizard = self.people, "account.invoice.credit"
        about = {"active_id": invoice, "active_ids": [invoice], "active_model": "account.invoice"}
        start = {"with_refund": False, "with_refund_allowed": False, "invoice_date": date(2026, 11, 2)}
        rpc.wizard(wizard, {"start": start}, "credit", **about)
        (made,) = rpc.read("account.invoice.search", [], 0, 1, [["id", "DESC"]])
        self._enter(made, reference, date(2026, 11, 2))

    def entered(self, number: str) -> Sequence[Any]:
        from tests.erp.contract.harness import Entered  # it lists this harness

        return [
            Entered(
                "credit_note" if one["total_amount"] < 0 else "invoice",
                one["invoice_date"],
                abs(one["total_amount"]),
                self._billed(one),
            )
            for one in self.invoices(["reference", "=", number])
        ]

    def invoices(self, *conditions: Any) -> Sequence[Mapping[str, Any]]:
        """The supplier invoices that are not cancelled, as bookkeeping sees them."""
        fields = [
            "state",
            "reference",
            "description",
            "comment",
            "invoice_date",
            "total_amount",
            "tax_amount",
            "lines",
            "lines.origin",
            "lines.quantity",
            "lines.unit_price",
            "lines.description",
            "lines.stock_moves",
            "lines.account",
        ]
        wanted = [["type", "=", "in"], ["state", "!=", "cancelled"], *conditions]
        found: list[Mapping[str, Any]] = self.people.read(
            "account.invoice.search_read", wanted, 0, None, [["id", "ASC"]], fields
        )
        return found

    def _billed(self, invoice: Mapping[str, Any]) -> Mapping[tuple[str, str], Decimal]:
        found: dict[tuple[str, str], Decimal] = {}
        for line in invoice["lines."]:
            origin = line["origin"] or ""
            if origin.startswith("account.invoice.line,"):
                (row,) = self.people.read(
                    "account.invoice.line.read", [int(origin.split(",")[1])], ["origin"]
                )
                origin = row["origin"]
            if origin.startswith("purchase.line,"):
                key = origin.split(",")[1]
                (row,) = self.people.read("purchase.line.read", [int(key)], ["purchase.number"])
                name = (row["purchase."]["number"], key)
                found[name] = found.get(name, Decimal(0)) + abs(Decimal(str(line["quantity"])))
        return found

    def post(self, number: str) -> None:
        for invoice in self.invoices(["reference", "=", number]):
            self.people.write("account.invoice.validate_invoice", [invoice["id"]])
            self.people.write("account.invoice.post", [invoice["id"]])

    def _ship(self, line: int) -> int:
        rpc = self.people
        moves = self._open_moves(line)
        (record,) = rpc.read("purchase.line.read", [line], ["purchase.party", "purchase.warehouse"])
        warehouse = record["purchase."]["warehouse"]
        (places,) = rpc.read("stock.location.read", [warehouse], ["input_location", "storage_location"])
        party = record["purchase."]["party"]
        return make(
            rpc,
            "stock.shipment.in",
            company=rpc.context["company"],
            supplier=party,
            contact_address=rpc.read("party.address.search", [["party", "=", party]], 0, 1, None)[0],
            warehouse=warehouse,
            warehouse_input=places["input_location"],
            warehouse_storage=places["storage_location"],
            incoming_moves=[["add", moves[:1]]],
        )

    tells_daily_demand = False

    def stock_up(self, item: str, quantity: Decimal, least: Decimal | None = None) -> None:
        """An inventory finds it there; the buyer sets an order point."""
        rpc = self.people
        product = one(rpc, "product.product", ["code", "=", item])
        places = self._places()
        line = {"product": product, "quantity": float(quantity)}
        count = make(
            rpc,
            "stock.inventory",
            company=rpc.context["company"],
            location=places["storage_location"],
            lines=[["create", [line]]],
        )
        rpc.write("stock.inventory.confirm", [count])
        if least is not None:
            make(
                rpc,
                "stock.order_point",
                company=rpc.context["company"],
                product=product,
                location=places["id"],
                type="purchase",
                min_quantity=float(least),
                target_quantity=float(least),
            )

    def _places(self) -> Mapping[str, Any]:
        names = ["input_location", "storage_location", "output_location"]
        wanted = [["type", "=", "warehouse"], ["code", "=", "HAM"]]
        (places,) = self.people.read("stock.location.search_read", wanted, 0, 1, None, names)
        return places  # type: ignore[no-any-return]  # as the wire has it

    def owe(self, customer: str, item: str, quantity: Decimal, on: date) -> None:
        """A shipment to the customer is planned, as an order makes it."""
        rpc = self.people
        party = make(rpc, "party.party", name=customer, addresses=[["create", [{"city": "Hull"}]]])
        (record,) = rpc.read("party.party.read", [party], ["addresses", "customer_location"])
        (record_of_product,) = rpc.read(
            "product.product.search_read", [["code", "=", item]], 0, 1, None, ["default_uom"]
        )
        places = self._places()
        move = {
            "company": rpc.context["company"],
            "product": record_of_product["id"],
            "unit": record_of_product["default_uom"],
            "quantity": float(quantity),
            "from_location": places["output_location"],
            "to_location": record["customer_location"],
            "unit_price": Decimal(1),
            "currency": one(rpc, "currency.currency", ["code", "=", "EUR"]),
            "planned_date": on,
        }
        make(
            rpc,
            "stock.shipment.out",
            company=rpc.context["company"],
            customer=party,
            delivery_address=record["addresses"][0],
            warehouse=places["id"],
            warehouse_storage=places["storage_location"],
            warehouse_output=places["output_location"],
            planned_date=on,
            outgoing_moves=[["create", [move]]],
        )

    def call_off(self, customer: str) -> None:
        rpc = self.people
        shipments = rpc.read("stock.shipment.out.search", [["customer.name", "=", customer]], 0, None, None)
        rpc.write("stock.shipment.out.cancel", shipments)

    def pay_to(self, supplier: str, *numbers: str) -> None:
        """What is not paid to any more is not active any more, as people leave it there; where others are paid to it,
        the supplier owns it no longer."""
        rpc = self.people
        party = one(rpc, "party.party", ["code", "=", supplier])
        standing = {account["numbers."][0]["number_compact"]: account for account in self.accounts()}
        for number, account in standing.items():
            others = set(account["owners"]) - {party}
            if party not in account["owners"] or number in numbers:
                continue
            if others:
                rpc.write("bank.account.write", [account["id"]], {"owners": [["remove", [party]]]})
            else:
                rpc.write("bank.account.number.write", account["numbers"], {"active": False})
                rpc.write("bank.account.write", [account["id"]], {"active": False})
        for number in numbers:
            if number in standing:
                account = standing[number]
                rpc.write("bank.account.write", [account["id"]], {"owners": [["add", [party]]]})
            else:
                self.open_account([party], number)

    def accounts(self) -> Sequence[Mapping[str, Any]]:
        """Those that somebody is paid to."""
        fields = ["owners", "numbers", "numbers.number_compact"]
        found: list[Mapping[str, Any]] = self.people.read(
            "bank.account.search_read", [], 0, None, [["id", "ASC"]], fields
        )
        return found

    def open_account(self, owners: Sequence[int], number: str, kind: str = "iban", **values: Any) -> int:
        euro = one(self.people, "currency.currency", ["code", "=", "EUR"])
        numbers = [["create", [{"type": kind, "number": number}]]]
        given = {"owners": [["add", list(owners)]], "currency": euro, "numbers": numbers}
        return make(self.people, "bank.account", **(given | values))

    def deactivate(self, module: str) -> None:
        """As in an installation that never had it, by SQL: Tryton itself can only take one away for good."""
        with sqlite3.connect(self.server.file, timeout=30) as books:
            books.execute("UPDATE ir_module SET state = 'not activated' WHERE name = ?", [module])
        books.close()

    def refuse_next(self, order: OrderPaper) -> str:
        """The goods are on a shipment already: their date is the shipment's now."""
        self._ship(int(order.lines[0].key))
        return "on a shipment in Tryton already"

    def inbound(self, number: str) -> Mapping[tuple[str, str], Decimal]:
        with sqlite3.connect(self.server.file) as books:
            rows = books.execute(
                "SELECT p.number, l.id, sum(m.quantity) FROM stock_move m"
                " JOIN stock_shipment_in s ON m.shipment = 'stock.shipment.in,' || s.id"
                " JOIN purchase_line l ON m.origin = 'purchase.line,' || l.id"
                " JOIN purchase_purchase p ON p.id = l.purchase"
                " WHERE s.reference = ? AND s.state = 'draft' GROUP BY p.number, l.id",
                [number],
            ).fetchall()
        books.close()
        return {(order, str(line)): Decimal(str(some)) for order, line, some in rows}

    def inbound_on(self, number: str) -> date:
        wanted = [["reference", "=", number], ["state", "=", "draft"]]
        (found,) = self.people.read("stock.shipment.in.search_read", wanted, 0, None, None, ["planned_date"])
        day: date = found["planned_date"]
        return day

    def receive_inbound(self, number: str) -> None:
        wanted = [["reference", "=", number], ["state", "=", "draft"]]
        shipments = self.people.read("stock.shipment.in.search", wanted, 0, None, None)
        self.people.write("stock.shipment.in.receive", shipments)
        self.people.write("stock.shipment.in.do", shipments)

    def let_erp_work(self) -> None:
        """Tryton answers at once."""

    def let_compare(self, master: Mapping[Feed, Sequence[Paper]] | None = None) -> None:
        """Tryton itself is asked."""

    def delete_order(self, order: OrderPaper) -> None:
        """Gone without a trace, by SQL: Tryton itself lets nobody delete what was ordered."""
        with sqlite3.connect(self.server.file, timeout=30) as books:
            (purchase,) = books.execute(
                "SELECT id FROM purchase_purchase WHERE number = ?", [order.number]
            ).fetchone()
            books.execute(
                "DELETE FROM stock_move WHERE origin IN"
                " (SELECT 'purchase.line,' || id FROM purchase_line WHERE purchase = ?)",
                [purchase],
            )
            books.execute("DELETE FROM purchase_line WHERE purchase = ?", [purchase])
            books.execute("DELETE FROM purchase_purchase WHERE id = ?", [purchase])
        books.close()

    def put_half_confirmed(self, order: OrderPaper) -> None:
        """As a crash between `confirm` and `process` leaves it: confirmed, and without a single move."""
        purchase = self._quote(order)
        with sqlite3.connect(self.server.file, timeout=30) as books:
            books.execute("UPDATE purchase_purchase SET state = 'confirmed' WHERE id = ?", [purchase])
        books.close()

    # --- its books

    def held(self, order: OrderPaper) -> OrderPaper:
        """Read from the database itself, past everything that the connector goes through."""
        with sqlite3.connect(self.server.file) as books:
            head = books.execute(
                "SELECT id, state, revision FROM purchase_purchase WHERE number = ?", [order.number]
            ).fetchone()
            lines = books.execute(
                "SELECT l.id, p.code, l.quantity, u.symbol, l.unit_price, l.description, l.note"
                " FROM purchase_line l JOIN product_product p ON p.id = l.product"
                " JOIN product_uom u ON u.id = l.unit WHERE l.purchase = ? ORDER BY l.id",
                [head[0]],
            ).fetchall()
            papers = tuple(
                self._held_line(books, 10 * position, row) for position, row in enumerate(lines, start=1)
            )
        books.close()
        status = {"done": "closed", "cancelled": "cancelled"}.get(head[1], "open")
        return replace(order, lines=papers, status=status, revision=str(head[2]))

    def _held_line(self, books: sqlite3.Connection, number: int, row: tuple[Any, ...]) -> LinePaper:
        key, item, quantity, unit, price, description, note = row
        moves = books.execute(
            "SELECT planned_date, quantity, state FROM stock_move WHERE origin = ? AND state <> 'cancelled'",
            [f"purchase.line,{key}"],
        ).fetchall()
        days: dict[date, Decimal] = {}
        for day, some, _state in moves:
            if day:
                when = date.fromisoformat(str(day)[:10])
                days[when] = days.get(when, Decimal(0)) + Decimal(str(some))
        return LinePaper(
            key=str(key),
            number=number,
            item_number=item,
            description=description or "",
            quantity=Decimal(str(quantity)),
            unit=unit,
            price=Decimal(price.decode() if isinstance(price, bytes) else str(price)),
            delivery_on=min(days, default=date.min),
            note=note or "",
            cancelled=not quantity,
            received_quantity=sum((Decimal(str(q)) for _d, q, state in moves if state == "done"), Decimal(0)),
            schedules=tuple(SchedulePaper(days[day], day) for day in sorted(days)) if len(days) > 1 else (),
        )

    def _line_ids(self, number: str) -> list[int]:
        wanted = [["purchase.number", "=", number]]
        found: list[int] = self.people.read("purchase.line.search", wanted, 0, None, [["id", "ASC"]])
        return found


NO_ADDRESS = {"street": "", "postal_code": "", "city": "", "country": ""}


@contextmanager
def tryton_harness(series: str, _folder: Path) -> Iterator[TrytonHarness]:
    """The running server, set back to the day on which nothing had been ordered."""
    try:
        run = running(series)
    except NotInstalled as missing:
        say = pytest.fail if os.environ.get("E2E_REQUIRED") else pytest.skip
        say(str(missing))
    run.set_back()
    harness = TrytonHarness(run.server)
    yield harness
    harness.people.close()
