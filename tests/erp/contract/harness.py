"""What a connector has to bring to be put through the contract: a way to be the ERP at its other end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from procurement.bills.messages import BillPaper
from procurement.catalogue.messages import CustomerDemandPaper, StockPaper
from procurement.erp.connectors.files import FilesConnector
from procurement.erp.ports import ErpConnector, Feed, Paper
from procurement.erp.pretend import PretendErp
from procurement.orders.messages import OrderPaper
from suppliers.banking.messages import AccountsPaper, AccountTyped, PaidTo
from tests.erp.tryton.harness import tryton_harness


@dataclass(frozen=True)
class Entered:
    """An invoice as it lies in the ERP's books: of a credit note what it gives back."""

    kind: str
    invoiced_on: date
    total: Decimal
    billed: Mapping[tuple[str, str], Decimal]  # how much of each line, by order and the ERP's key of it


class ConnectorHarness(Protocol):
    """One connector together with the ERP it talks to, seen from the ERP's side."""

    def connector(self) -> ErpConnector:
        """A connector as a worker would build it; a new one stands for a new process."""
        ...

    def page_lists(self, size: int) -> None:
        """From now on a list that is read whole comes so many records at a time. Nothing to do where it is a file."""
        ...

    price_per: Decimal  # for how many units a price may be

    def put_master_data(self, papers: Mapping[Feed, Sequence[Paper]]) -> Mapping[Feed, Sequence[Paper]]:
        """Have companies, suppliers, items… in the ERP, ready to be read; returns them as far as it can hold them."""
        ...

    def put_orders(self, *orders: OrderPaper) -> Sequence[OrderPaper]:
        """Have orders in the ERP, ready to be read; returns them with the keys and labels that the ERP gave them."""
        ...

    def change_line(self, order: OrderPaper, key: str, **changes: Any) -> None:
        """Somebody changes a line in the ERP, and it is ready to be read."""
        ...

    def delete_line(self, order: OrderPaper, key: str) -> None:
        """Somebody deletes a line in the ERP, and it is ready to be read."""
        ...

    def receive(self, order: OrderPaper, key: str, quantity: Decimal, reference: str) -> None:
        """The warehouse books so much of a line that came with this delivery note, and it is ready to be read."""
        ...

    def reverse(self, order: OrderPaper, key: str) -> None:
        """The last booking of a line is taken back, and it is ready to be read."""
        ...

    def bill(self, order: OrderPaper, key: str, reference: str) -> object:
        """The supplier's invoice for all that was received of a line is entered; returns what names it."""
        ...

    def approve(self, invoice: Any) -> None:
        """Bookkeeping posts it."""
        ...

    def pay(self, invoice: Any, amount: Decimal, on: date) -> None:
        """So much of it is paid."""
        ...

    def give_back(self, invoice: Any, reference: str) -> None:
        """A credit note for the whole of an invoice is entered."""
        ...

    def entered(self, number: str) -> Sequence[Entered]:
        """What bookkeeping finds in the ERP under a supplier's number and is not thrown out, posted or not."""
        ...

    def post(self, number: str) -> None:
        """Bookkeeping posts what was entered under a supplier's number, and it is ready to be read."""
        ...

    tells_daily_demand: bool  # whether the ERP can say how much leaves from day to day

    def stock_up(self, item: str, quantity: Decimal, least: Decimal | None = None) -> None:
        """So much of an item lies in the warehouse HAM, of which so much should always be left; ready to be read."""
        ...

    def owe(self, customer: str, item: str, quantity: Decimal, on: date) -> None:
        """A customer orders so much of an item from HAM for a day, and it is ready to be read."""
        ...

    def call_off(self, customer: str) -> None:
        """A customer wants nothing any more, and it is ready to be read."""
        ...

    def pay_to(self, supplier: str, *numbers: str) -> None:
        """Somebody has the ERP pay a supplier to these IBANs and no others, and it is ready to be read."""
        ...

    def refuse_next(self, order: OrderPaper) -> str:
        """The ERP will refuse the next promise on this order; returns words of the reason it gives."""
        ...

    def inbound(self, number: str) -> Mapping[tuple[str, str], Decimal]:
        """What the ERP expects with this delivery note: how much of each line, by order and the ERP's key of it."""
        ...

    def inbound_on(self, number: str) -> date:
        """The day on which the ERP expects what comes with this delivery note."""
        ...

    def receive_inbound(self, number: str) -> None:
        """The warehouse books in what it expected with this delivery note, and it is ready to be read."""
        ...

    def let_erp_work(self) -> None:
        """Give the ERP the time to deal with what it was sent. Nothing to do where a write is answered at
        once."""
        ...

    def let_compare(self, master: Mapping[Feed, Sequence[Paper]] | None = None) -> None:
        """Make ready what a comparison looks at. Nothing to do where the ERP itself is asked."""
        ...

    def delete_order(self, order: OrderPaper) -> None:
        """Somebody deletes an order in the ERP, and nothing says so."""
        ...

    def held(self, order: OrderPaper) -> OrderPaper:
        """The order as the ERP holds it, by another way than the connector's."""
        ...


class FilesHarness:
    """The drop folder with the pretend ERP at its other end."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.erp = PretendErp(root)

    def connector(self) -> ErpConnector:
        return FilesConnector(self.root, page_size=2, quiet=timedelta(0), clock=lambda: datetime.now(UTC))

    def page_lists(self, size: int) -> None:
        """A page is a file, or two orders of one."""

    price_per = Decimal(100)

    def put_master_data(self, papers: Mapping[Feed, Sequence[Paper]]) -> Mapping[Feed, Sequence[Paper]]:
        self.erp.export(dict(papers))
        return papers

    def put_orders(self, *orders: OrderPaper) -> Sequence[OrderPaper]:
        self.erp.put_orders(orders)
        self.erp.export_orders(numbers=[order.number for order in orders])
        return orders

    def change_line(self, order: OrderPaper, key: str, **changes: Any) -> None:
        self.erp.change_line(order.company, order.number, key, **changes)
        self.erp.export_orders(numbers=[order.number])

    def delete_line(self, order: OrderPaper, key: str) -> None:
        self.erp.delete_line(order.company, order.number, key)
        self.erp.export_orders(numbers=[order.number])

    def receive(self, order: OrderPaper, key: str, quantity: Decimal, reference: str) -> None:
        self.erp.receive(order.company, order.number, key, quantity, reference=reference)
        self._tell(order)

    def reverse(self, order: OrderPaper, key: str) -> None:
        *_, last = (one for one in self.erp.receipts() if (one.order, one.line_key) == (order.number, key))
        self.erp.reverse(last)
        self._tell(order)

    def bill(self, order: OrderPaper, key: str, reference: str) -> str:
        (line,) = (line for line in self.held(order).lines if line.key == key)
        self.erp.bill(
            order.company,
            order.number,
            {key: line.received_quantity},
            reference=reference,
            on=date(2026, 11, 1),
            due_on=date(2026, 12, 1),
        )
        self._tell(order)
        return reference

    def approve(self, invoice: str) -> None:
        self.erp.approve(self._invoice(invoice), number=f"RE-{invoice}")
        self.erp.export_facts()

    def pay(self, invoice: str, amount: Decimal, on: date) -> None:
        self.erp.pay(self._invoice(invoice), amount, on=on)
        self.erp.export_facts()

    def give_back(self, invoice: str, reference: str) -> None:
        billed = self._invoice(invoice)
        (line,) = billed.lines
        self.erp.bill(
            billed.company,
            line.order,
            {line.line_key: line.quantity},
            reference=reference,
            on=date(2026, 11, 2),
            kind="credit_note",
        )
        self.erp.export_facts()

    def entered(self, number: str) -> Sequence[Entered]:
        return [
            Entered(
                one.kind,
                one.invoiced_on,
                one.total,
                {(line.order, line.line_key): line.quantity for line in one.lines},
            )
            for one in self.erp.invoices()
            if one.reference == number and one.state != "cancelled"
        ]

    def post(self, number: str) -> None:
        self.approve(number)

    def _invoice(self, reference: str) -> BillPaper:
        (found,) = (one for one in self.erp.invoices() if one.reference == reference)
        return found

    def _tell(self, order: OrderPaper) -> None:
        self.erp.export_orders(numbers=[order.number])
        self.erp.export_facts()

    tells_daily_demand = True

    def stock_up(self, item: str, quantity: Decimal, least: Decimal | None = None) -> None:
        now = datetime.now(UTC)
        position = StockPaper(item, "HAM", "EA", quantity, now, least, Decimal("2.5"))
        rest = [one for one in self.erp.stock() if one.item != item]
        self.erp.put_supply([*rest, position], self.erp.customer_demand())
        self.erp.export_supply()

    def owe(self, customer: str, item: str, quantity: Decimal, on: date) -> None:
        owed = self.erp.customer_demand()
        key = f"SO-{len(owed) + 1}"
        demand = CustomerDemandPaper(key, item, "HAM", quantity, "EA", on, datetime.now(UTC), customer, key)
        self.erp.put_supply(self.erp.stock(), [*owed, demand])
        self.erp.export_supply()

    def call_off(self, customer: str) -> None:
        left = [one for one in self.erp.customer_demand() if one.customer != customer]
        self.erp.put_supply(self.erp.stock(), left)
        self.erp.export_supply()

    def pay_to(self, supplier: str, *numbers: str) -> None:
        accounts = tuple(PaidTo(AccountTyped("EUR", one[:2], "Acme", one)) for one in numbers)
        self.erp.pay_to(AccountsPaper(supplier, accounts))

    def refuse_next(self, order: OrderPaper) -> str:
        self.erp.refuse_next(order.company, order.number, "The period is closed.")
        return "The period is closed."

    def inbound(self, number: str) -> Mapping[tuple[str, str], Decimal]:
        rows = [row for rows in self.erp.inbound() for row in rows if row["notice_number"] == number]
        return {(row["order_number"], row["line_key"]): Decimal(row["quantity"]) for row in rows}

    def inbound_on(self, number: str) -> date:
        (day,) = {
            row["expected_on"]
            for rows in self.erp.inbound()
            for row in rows
            if row["notice_number"] == number
        }
        return date.fromisoformat(day)

    def receive_inbound(self, number: str) -> None:
        rows = [row for rows in self.erp.inbound() for row in rows if row["notice_number"] == number]
        for row in rows:
            quantity = Decimal(row["quantity"])
            self.erp.receive(row["company"], row["order_number"], row["line_key"], quantity, reference=number)
            self.erp.export_orders(numbers=[row["order_number"]])
        self.erp.export_facts()

    def let_erp_work(self) -> None:
        self.erp.work()

    def let_compare(self, master: Mapping[Feed, Sequence[Paper]] | None = None) -> None:
        self.erp.export_complete(master)

    def delete_order(self, order: OrderPaper) -> None:
        self.erp.delete_order(order.company, order.number)

    def held(self, order: OrderPaper) -> OrderPaper:
        return self.erp.order(order.company, order.number)


@contextmanager
def files_harness(folder: Path) -> Iterator[ConnectorHarness]:
    """A drop folder of its own."""
    yield FilesHarness(folder)


# The next connector registers here, and nowhere else.
HARNESSES: dict[str, Callable[[Path], Any]] = {
    "files": files_harness,
    "tryton 8.0": partial(tryton_harness, "8.0"),
    "tryton 8.2": partial(tryton_harness, "8.2"),
}

# The contract is asked of every version; what our side makes of its answers, of one version of each.
ONE_OF_EACH = ("files", "tryton 8.2")
