"""A pretend ERP, for the demo and the tests only: it plays the other end of the drop folder and stands in
for no real system.

It keeps orders in a folder of its own (`erp-state/`), writes them into in/, picks up promises from out/,
takes them or refuses them or finds that the line has moved meanwhile, and writes the order's new revision
back into in/. Everything goes through files, so it may be stopped and started at any moment, like the ERP it
pretends to be.
"""

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from portal.kernel.values import line_amount
from procurement.bills.messages import BillLinePaper, BillPaper
from procurement.catalogue.messages import CustomerDemandPaper, StockPaper
from procurement.erp.connectors.files.folder import (
    MANIFEST,
    fingerprint,
    make_folder,
    move,
    write_file,
    write_manifest,
)
from procurement.erp.connectors.files.writing import as_cell, feed_csv
from procurement.erp.ports import CommandResult, Feed, Outcome, Paper
from procurement.erp.pretend_books import (
    day_of,
    demand_from_json,
    invoice_from_json,
    order_from_json,
    receipt_from_json,
    stock_from_json,
)
from procurement.erp.pretend_promises import Refused, carried_out, commands_from_rows, moved_lines
from procurement.orders.messages import LinePaper, OrderPaper, PromiseCommand
from procurement.receipts.messages import ReceiptPaper
from suppliers.banking.messages import AccountsPaper

SOLD_AT_ONCE = 25
ORDERS_ANEW = 0.5
BUYERS = ("Kelso Water", "Tyne Process", "Calder Pump Services", "Hansen Klimatechnik", "Moorgate Brewing")


@dataclass(frozen=True, slots=True)
class Worked:
    """What one round of work did."""

    taken: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    repeated: tuple[str, ...] = ()


class PretendErp:
    """An ERP made of files. `root` is the drop folder that it shares with the portal."""

    def __init__(self, root: Path, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.root = root
        self.inbox = root / "in"
        self.outbox = root / "out"
        self.taken = root / "out" / "taken"
        self.state = root / "erp-state"
        self._clock = clock

    # --- its own books
    # ------------------------------------------------------------------------------------------

    def put_orders(self, orders: Iterable[OrderPaper]) -> None:
        """Hold these orders, as if somebody had keyed them in. Nothing is exported yet."""
        for order in orders:
            self._save(order)

    def order(self, company: str, number: str) -> OrderPaper:
        """An order as it stands in the books."""
        return order_from_json(json.loads(self._place(company, number).read_bytes()))

    def orders(self) -> Iterator[OrderPaper]:
        """All orders in the books."""
        for path in sorted((self.state / "orders").glob("*.json")):
            yield order_from_json(json.loads(path.read_bytes()))

    def change_line(self, company: str, number: str, key: str, **changes: Any) -> OrderPaper:
        """Somebody changes a line in the ERP: a new revision of the order, not exported yet."""
        order = self.order(company, number)
        lines = tuple(replace(line, **changes) if line.key == key else line for line in order.lines)
        if lines == order.lines:
            raise ValueError(f"{number} has no line {key}, or nothing was changed")
        return self._revise(replace(order, lines=lines))

    def delete_line(self, company: str, number: str, key: str) -> OrderPaper:
        """Somebody deletes a line in the ERP."""
        order = self.order(company, number)
        return self._revise(replace(order, lines=tuple(line for line in order.lines if line.key != key)))

    def receive(
        self,
        company: str,
        number: str,
        key: str,
        quantity: Decimal,
        *,
        on: date | None = None,
        reference: str = "",
        booking: str = "",
    ) -> ReceiptPaper:
        """Goods arrive: so much more of a line is in the warehouse, and the booking is in the books."""
        (line,) = (line for line in self.order(company, number).lines if line.key == key)
        self.change_line(company, number, key, received_quantity=line.received_quantity + quantity)
        receipt = ReceiptPaper(
            company=company,
            order=number,
            line_key=key,
            key=booking or f"{number}-{key}-{sum(1 for _ in self.receipts()) + 1}",
            quantity=quantity,
            unit=line.unit,
            received_on=on or self._clock().date(),
            reference=reference,
            stamp=self._clock(),
        )
        self.put_receipts([receipt])
        site = line.ship_to or self.order(company, number).ship_to
        self._put_away_goods(line.item_number, site, quantity)
        return receipt

    def reverse(self, receipt: ReceiptPaper) -> ReceiptPaper:
        """Somebody takes a booking back."""
        (line,) = (
            one for one in self.order(receipt.company, receipt.order).lines if one.key == receipt.line_key
        )
        left = line.received_quantity - receipt.quantity
        self.change_line(receipt.company, receipt.order, line.key, received_quantity=left)
        undone = replace(receipt, reversed=True, stamp=self._clock())
        self.put_receipts([undone])
        return undone

    def bill(
        self,
        company: str,
        number: str,
        quantities: Mapping[str, Decimal],
        *,
        reference: str,
        on: date,
        due_on: date | None = None,
        kind: str = "invoice",
    ) -> BillPaper:
        """The supplier's invoice is entered for so much of some lines, at the order's prices and without taxes."""
        order = self.order(company, number)
        lines = {line.key: line for line in order.lines}
        billed = tuple(
            BillLinePaper(number, key, some, line_amount(some, one.price, one.price_per, order.currency))
            for key, some in quantities.items()
            for one in (lines[key],)
        )
        total = sum((one.amount for one in billed), Decimal(0))
        sign = 1 if kind == "invoice" else -1
        invoice = BillPaper(
            company=company,
            supplier=order.supplier,
            key=f"{order.supplier}-{reference}",
            invoiced_on=on,
            currency=order.currency,
            total=total,
            open_amount=total,
            state="entered",
            kind=kind,
            reference=reference,
            due_on=due_on,
            lines=billed,
            stamp=self._clock(),
        )
        for key, some in quantities.items():
            counted = lines[key].invoiced_quantity + sign * some
            self.change_line(company, number, key, invoiced_quantity=counted)
        self.put_invoices([invoice])
        return invoice

    def approve(self, invoice: BillPaper, number: str) -> BillPaper:
        """Bookkeeping posts an invoice under its own number."""
        return self._restate(replace(invoice, number=number, state="approved"))

    def pay(self, invoice: BillPaper, amount: Decimal, *, on: date) -> BillPaper:
        """Money leaves the house: the whole of what is open, or some of it."""
        left = invoice.open_amount - amount
        paid = {"state": "partly_paid"} if left else {"state": "paid", "paid_on": on}
        return self._restate(replace(invoice, open_amount=left, **paid))

    def cancel_invoice(self, invoice: BillPaper) -> BillPaper:
        """Bookkeeping throws an invoice out."""
        return self._restate(replace(invoice, state="cancelled", open_amount=Decimal(0)))

    def _restate(self, invoice: BillPaper) -> BillPaper:
        stated = replace(invoice, stamp=self._clock())
        self.put_invoices([stated])
        return stated

    def put_receipts(self, receipts: Iterable[ReceiptPaper]) -> None:
        """Hold these bookings of goods. Nothing is exported yet."""
        for receipt in receipts:
            self._keep("receipts", f"{receipt.company} {receipt.key}", receipt)

    def put_invoices(self, invoices: Iterable[BillPaper]) -> None:
        """Hold these invoices. Nothing is exported yet."""
        for invoice in invoices:
            self._keep("invoices", f"{invoice.company} {invoice.key}", invoice)

    def receipts(self) -> Iterator[ReceiptPaper]:
        """All bookings of goods in the books."""
        for path in sorted((self.state / "receipts").glob("*.json")):
            yield receipt_from_json(json.loads(path.read_bytes()))

    def invoices(self) -> Iterator[BillPaper]:
        """All invoices in the books."""
        for path in sorted((self.state / "invoices").glob("*.json")):
            yield invoice_from_json(json.loads(path.read_bytes()))

    def _keep(self, shelf: str, key: str, paper: ReceiptPaper | BillPaper) -> None:
        place = make_folder(self.state / shelf) / f"{_safe(key)}.json"
        write_file(place, json.dumps(asdict(paper), default=as_cell).encode())

    # --- to whom it pays

    def pay_to(self, paper: AccountsPaper) -> AccountsPaper:
        """Somebody changes the accounts of a supplier in the ERP, and the vendor file tells it."""
        told = replace(paper, stamp=self._clock())
        self.export({Feed.BANK_ACCOUNTS: [told]})
        return told

    # --- its warehouses

    def put_supply(self, stock: Iterable[StockPaper], demand: Iterable[CustomerDemandPaper]) -> None:
        """Hold this stock and these customers' orders, in the place of all that was held. Nothing is exported yet."""
        for shelf, papers in (("stock", stock), ("customer_demand", demand)):
            content = [asdict(paper) for paper in papers]
            write_file(
                make_folder(self.state) / f"{shelf}.json", json.dumps(content, default=as_cell).encode()
            )

    def stock(self) -> list[StockPaper]:
        """What lies where."""
        return [stock_from_json(one) for one in self._shelf("stock")]

    def customer_demand(self) -> list[CustomerDemandPaper]:
        """What customers wait for."""
        return [demand_from_json(one) for one in self._shelf("customer_demand")]

    def _shelf(self, name: str) -> list[dict[str, Any]]:
        place = self.state / f"{name}.json"
        found: list[dict[str, Any]] = json.loads(place.read_bytes()) if place.exists() else []
        return found

    def _put_away_goods(self, item: str, site: str, quantity: Decimal) -> None:
        stock = [
            replace(one, on_hand=one.on_hand + quantity) if (one.item, one.site) == (item, site) else one
            for one in self.stock()
        ]
        if stock:
            self.put_supply(stock, self.customer_demand())

    def trade(self, rng: Random) -> int:
        """A stretch of business: some items are sold from the shelf, customers' orders that are due leave as far as
        there is stock, and now and then a customer orders anew. Says how many positions moved."""
        today = self._clock().date()
        held = {(one.item, one.site): one for one in self.stock()}
        before = dict(held)
        waiting: list[CustomerDemandPaper] = []
        for one in self.customer_demand():
            position = held.get((one.item, one.site))
            if one.needed_on <= today and position is not None and position.on_hand >= one.quantity:
                held[one.item, one.site] = replace(position, on_hand=position.on_hand - one.quantity)
            else:
                waiting.append(one)
        for key in rng.sample(sorted(held), min(SOLD_AT_ONCE, len(held))):
            position = held[key]
            sold = min(position.on_hand, Decimal(rng.randint(0, max(1, int(position.daily_demand or 0)))))
            held[key] = replace(position, on_hand=position.on_hand - max(sold, Decimal(0)))
        if held and rng.random() < ORDERS_ANEW:
            waiting.append(self._new_demand(rng.choice(sorted(held)), held, today, rng))
        self.put_supply(held.values(), waiting)
        return sum(before[key] != position for key, position in held.items())

    def _new_demand(
        self, key: tuple[str, str], held: Mapping[tuple[str, str], StockPaper], today: date, rng: Random
    ) -> CustomerDemandPaper:
        position = held[key]
        number = f"SO-{self._clock():%m%d%H%M%S}"
        return CustomerDemandPaper(
            key=f"{number}-10",
            item=position.item,
            site=position.site,
            quantity=Decimal(max(1, int(position.daily_demand or 1)) * rng.randint(2, 10)),
            unit=position.unit,
            needed_on=today + timedelta(days=rng.randint(3, 45)),
            as_of=self._clock(),
            customer=rng.choice(BUYERS),
            reference=number,
        )

    def export_supply(self) -> str:
        """Write all stock and all customers' orders into in/, as of now."""
        now = self._clock()
        return self.export(
            {
                Feed.STOCK: [replace(one, as_of=now) for one in self.stock()],
                Feed.CUSTOMER_DEMAND: [replace(one, as_of=now) for one in self.customer_demand()],
            }
        )

    def refuse_next(self, company: str, number: str, reason: str) -> None:
        """The next promise on this order will be refused, as when a period is closed or the order is
        locked."""
        write_file(make_folder(self.state / "refuse") / self._place(company, number).name, reason.encode())

    def _revise(self, order: OrderPaper) -> OrderPaper:
        revision = str(int(order.revision or "0") + 1)
        revised = replace(order, revision=revision, stamp=self._clock())
        self._save(revised)
        return revised

    def _save(self, order: OrderPaper) -> None:
        place = self._place(order.company, order.number)
        make_folder(place.parent)
        write_file(place, json.dumps(asdict(order), default=as_cell).encode())

    def _place(self, company: str, number: str) -> Path:
        return self.state / "orders" / f"{_safe(f'{company} {number}')}.json"

    # --- telling the portal
    # ---------------------------------------------------------------------------------------

    def export(self, feeds: dict[Feed, Sequence[Paper]], *, batch: str = "") -> str:
        """Write papers into in/ as one batch, manifest last."""
        make_folder(self.inbox)
        batch = batch or f"erp-{self._clock():%Y%m%dT%H%M%S%f}"
        names = []
        for feed, papers in feeds.items():
            names.append(f"{batch}.{feed}.csv")
            write_file(self.inbox / names[-1], feed_csv(feed, papers).encode())
        write_manifest(self.inbox, batch, names, made_at=self._clock())
        return batch

    def export_orders(self, *, numbers: Iterable[str] | None = None) -> str:
        """Write orders (all, or these numbers) into in/."""
        wanted = None if numbers is None else set(numbers)
        return self.export(
            {Feed.ORDERS: [one for one in self.orders() if wanted is None or one.number in wanted]}
        )

    def export_complete(self, more: Mapping[Feed, Sequence[Paper]] | None = None) -> None:
        """Write all there is into complete/, for the comparison of both sides; the manifest last."""
        folder = make_folder(self.root / "complete")
        made_at = self._clock()
        feeds: dict[Feed, Sequence[Paper]] = {Feed.ORDERS: list(self.orders()), **(more or {})}
        names = []
        for feed, papers in feeds.items():
            names.append(f"complete.{feed}.csv")
            write_file(folder / names[-1], feed_csv(feed, papers).encode())
        write_manifest(folder, "complete", names, made_at=made_at)

    def delete_order(self, company: str, number: str) -> None:
        """Somebody deletes an order in the ERP, and no file will ever tell."""
        self._place(company, number).unlink()

    def export_facts(self) -> str:
        """Write every receipt and every invoice into in/."""
        return self.export({Feed.RECEIPTS: list(self.receipts()), Feed.INVOICES: list(self.invoices())})

    # --- listening to the portal
    # ----------------------------------------------------------------------------------

    def work(self) -> Worked:
        """Pick up everything in out/, deal with each, and echo what changed. Each command key is carried out once."""
        taken: dict[str, OrderPaper] = {}
        counted: list[ReceiptPaper] = []
        entered: list[BillPaper] = []
        results: list[CommandResult] = []
        repeated: list[str] = []
        done: list[Path] = []
        manifests = self.outbox.glob(f"*{MANIFEST}") if self.outbox.is_dir() else ()
        for manifest in sorted(manifests, key=_made_at):
            for key, rows in self._told(manifest, "ship_notices"):
                results.append(self._expect(key, rows))
            for key, rows in self._told(manifest, "counts"):
                result, booked = self._book(key, rows)
                results.append(result)
                counted += booked
            for key, rows in self._told(manifest, "invoices_out"):
                result, billed = self._enter(key, rows)
                results.append(result)
                entered += billed
            for key, rows in self._told(manifest, "early_payments"):
                result, billed = self._plan_early(key, rows[0])
                results.append(result)
                entered += billed
            for command in self._commands(manifest):
                if self._mark(command.key).exists():
                    repeated.append(command.key)
                    continue
                answer = self._answer(command)
                if isinstance(answer, CommandResult):
                    results.append(answer)
                else:
                    taken[command.key] = answer
                    results.append(CommandResult(command.key, Outcome.SENT))
            done.append(manifest)
        self._echo(taken.values(), results, counted, entered)
        # Marked only after the echo: a crash in between does the work again, with the same result.
        for result in results:
            make_folder(self.state / "commands")
            write_file(self._mark(result.key), result.outcome.encode())
        for manifest in done:
            self._put_away(manifest)
        return Worked(
            tuple(taken),
            tuple(one.key for one in results if one.outcome is Outcome.REFUSED),
            tuple(one.key for one in results if one.outcome is Outcome.CONFLICT),
            tuple(repeated),
        )

    def _mark(self, key: str) -> Path:
        return self.state / "commands" / key

    def _commands(self, manifest: Path) -> Iterator[PromiseCommand]:
        for listed in json.loads(manifest.read_bytes())["files"]:
            if ".promises." in listed["name"]:
                yield from commands_from_rows(self._rows(listed))

    def _told(self, manifest: Path, form: str) -> Iterator[tuple[str, list[dict[str, str]]]]:
        """What a batch tells in such files, by the keys of the commands that were not dealt with yet."""
        for listed in json.loads(manifest.read_bytes())["files"]:
            if f".{form}." in listed["name"]:
                by_key: dict[str, list[dict[str, str]]] = {}
                for row in self._rows(listed):
                    by_key.setdefault(row["command_key"], []).append(row)
                yield from ((key, rows) for key, rows in by_key.items() if not self._mark(key).exists())

    def _rows(self, listed: dict[str, Any]) -> list[dict[str, str]]:
        path = self.outbox / listed["name"]
        if not path.exists():
            return []  # dealt with before we were stopped, on the way to taken/
        if fingerprint(path) != (listed["sha256"], listed["rows"]):
            raise Refused(f"{path.name} is not the file its manifest promises")
        with path.open(encoding="utf-8", newline="") as stream:
            return list(csv.DictReader(stream))

    def _expect(self, key: str, rows: list[dict[str, str]]) -> CommandResult:
        """Plan with a consignment from now on, or not any more; refused where something of it was received."""
        head = rows[0]
        place = make_folder(self.state / "inbound") / f"{_safe(head['consignment'])}.json"
        numbers = {head["notice_number"], head["earlier_number"]} - {""}
        lines = {(row["order_number"], row["line_key"]) for row in rows}
        for receipt in self.receipts():
            if (
                receipt.reference in numbers
                and (receipt.order, receipt.line_key) in lines
                and not receipt.reversed
            ):
                reason = "Something of this shipment has been received."
                return CommandResult(key, Outcome.REFUSED, reason)
        if head["notice_state"] == "withdrawn":
            place.unlink(missing_ok=True)
        else:
            write_file(place, json.dumps(rows).encode())
        return CommandResult(key, Outcome.SENT)

    def _book(self, key: str, rows: list[dict[str, str]]) -> tuple[CommandResult, list[ReceiptPaper]]:
        """Book what was counted at a dock, or take it back; and all bookings of that count, as they stand now."""
        head = rows[0]
        known = {receipt.key: receipt for receipt in self.receipts()}
        if head["count_state"] == "reversed":
            mine = [one for one in known.values() if one.key.startswith(head["count"])]
            booked = [one if one.reversed else self.reverse(one) for one in mine]
            return CommandResult(key, Outcome.SENT), booked
        names = [f"{head['count']}-{number}" for number in range(1, len(rows) + 1)]
        try:
            for row in rows:
                self._line_of(head["company"], row)
        except (FileNotFoundError, ValueError):
            reason = f"Order {row['order_number']} has no line {row['line_number']} here."
            return CommandResult(key, Outcome.REFUSED, reason), []
        # What a round that died had booked already stays as it is.
        booked = [known.get(name) or self._book_row(row, name) for name, row in zip(names, rows, strict=True)]
        (self.state / "inbound" / f"{_safe(head['consignment'])}.json").unlink(missing_ok=True)
        return CommandResult(key, Outcome.SENT), booked

    def _book_row(self, row: dict[str, str], name: str) -> ReceiptPaper:
        return self.receive(
            row["company"],
            row["order_number"],
            row["line_key"],
            Decimal(row["quantity"]),
            on=date.fromisoformat(row["received_on"]),
            reference=row["reference"],
            booking=name,
        )

    def _line_of(self, company: str, row: dict[str, str]) -> LinePaper:
        (line,) = (
            one for one in self.order(company, row["order_number"]).lines if one.key == row["line_key"]
        )
        return line

    def _enter(self, key: str, rows: list[dict[str, str]]) -> tuple[CommandResult, list[BillPaper]]:
        """Enter an approved invoice, or take it out again; and the invoice as it stands now."""
        head = rows[0]
        name = f"{head['supplier']}-{head['reference']}"
        known = {(one.company, one.key): one for one in self.invoices()}.get((head["company"], name))
        if head["invoice_state"] == "voided":
            if known is None or known.state == "cancelled":
                return CommandResult(key, Outcome.SENT), []
            if known.state != "entered":
                reason = "The invoice is posted. Cancel or credit it first."
                return CommandResult(key, Outcome.REFUSED, reason), []
            self._count_billed(known, -1)
            return CommandResult(key, Outcome.SENT), [self.cancel_invoice(known)]
        if known is not None and known.state != "cancelled":
            if known.total == Decimal(head["total"]):
                return CommandResult(key, Outcome.SENT), [known]
            reason = f"{head['reference']} is entered already, over another amount. Compare the two."
            return CommandResult(key, Outcome.REFUSED, reason), []
        try:
            for row in rows:
                if row["line_key"]:
                    self._line_of(head["company"], row)
        except (FileNotFoundError, ValueError):
            reason = f"Order {row['order_number']} has no line {row['line_number']} here."
            return CommandResult(key, Outcome.REFUSED, reason), []
        invoice = self._entered(name, rows)
        self._count_billed(invoice, 1)
        self.put_invoices([invoice])
        return CommandResult(key, Outcome.SENT), [invoice]

    def _plan_early(self, key: str, row: dict[str, str]) -> tuple[CommandResult, list[BillPaper]]:
        """Pay an entered or posted invoice on another day; its discount is taken off when it is paid."""
        name = f"{row['supplier']}-{row['reference']}"
        known = {(one.company, one.key): one for one in self.invoices()}.get((row["company"], name))
        if known is None or known.state not in ("entered", "approved"):
            reason = f"{row['reference']} is not entered here, or paid already."
            return CommandResult(key, Outcome.REFUSED, reason), []
        day = day_of(row["due_on"] if row["early_state"] == "ended" else row["pay_on"])
        moved = replace(known, due_on=day, stamp=self._clock())
        self.put_invoices([moved])
        return CommandResult(key, Outcome.SENT), [moved]

    def _entered(self, name: str, rows: list[dict[str, str]]) -> BillPaper:
        head = rows[0]
        total = Decimal(head["total"])
        return BillPaper(
            company=head["company"],
            supplier=head["supplier"],
            key=name,
            invoiced_on=date.fromisoformat(head["invoiced_on"]),
            currency=head["currency"],
            total=total,
            open_amount=total,
            state="entered",
            kind="credit_note" if head["kind"] == "credit_note" else "invoice",
            reference=head["reference"],
            due_on=day_of(head["due_on"]),
            lines=tuple(
                BillLinePaper(
                    row["order_number"], row["line_key"], Decimal(row["quantity"]), Decimal(row["amount"])
                )
                for row in rows
                if row["row_kind"] == "line" and row["line_key"]
            ),
            stamp=self._clock(),
        )

    def _count_billed(self, invoice: BillPaper, sign: int) -> None:
        """How much of its lines has been invoiced, with this one or without it."""
        sign = sign if invoice.kind == "invoice" else -sign
        for one in invoice.lines:
            (line,) = (
                line for line in self.order(invoice.company, one.order).lines if line.key == one.line_key
            )
            billed = line.invoiced_quantity + sign * one.quantity
            self.change_line(invoice.company, one.order, one.line_key, invoiced_quantity=billed)

    def inbound(self) -> list[list[dict[str, str]]]:
        """The consignments that are planned with, each as the rows of its notice."""
        return [json.loads(path.read_bytes()) for path in sorted((self.state / "inbound").glob("*.json"))]

    def _put_away(self, manifest: Path) -> None:
        make_folder(self.taken)
        for listed in json.loads(manifest.read_bytes())["files"]:
            if (self.outbox / listed["name"]).exists():
                move(self.outbox / listed["name"], self.taken / listed["name"])
        move(manifest, self.taken / manifest.name)

    def _answer(self, command: PromiseCommand) -> OrderPaper | CommandResult:
        try:
            order = self.order(command.company, command.number)
        except FileNotFoundError:
            return CommandResult(command.key, Outcome.REFUSED, f"There is no order {command.number}.")
        refusal = self.state / "refuse" / self._place(order.company, order.number).name
        if refusal.exists():
            reason = refusal.read_text()
            refusal.unlink()
            return CommandResult(command.key, Outcome.REFUSED, reason)
        if command.supplier_reference:
            extra = order.extra | {"x_supplier_reference": command.supplier_reference}
            order = replace(order, extra=extra)
        lines = {line.key: line for line in order.lines}
        if self._holds_already(command, lines):
            self._save(order)  # nothing to revise: the supplier's number is only noted
            return order
        moved = tuple(moved_lines(command, lines))
        if moved:
            reason = "The order was changed in the ERP after the promise was agreed."
            return CommandResult(command.key, Outcome.CONFLICT, reason, moved)
        try:
            lines |= {wanted.key: carried_out(wanted, lines[wanted.key]) for wanted in command.lines}
        except Refused as error:
            return CommandResult(command.key, Outcome.REFUSED, str(error))
        return self._revise(replace(order, lines=tuple(lines[line.key] for line in order.lines)))

    def _holds_already(self, command: PromiseCommand, lines: dict[str, LinePaper]) -> bool:
        """Whether a command that died between the books and its mark had already been carried out."""
        try:
            return all(
                wanted.key in lines and carried_out(wanted, lines[wanted.key]) == lines[wanted.key]
                for wanted in command.lines
            )
        except Refused:
            return False

    def _echo(
        self,
        orders: Iterable[OrderPaper],
        results: Sequence[CommandResult],
        receipts: Sequence[ReceiptPaper],
        invoices: Sequence[BillPaper],
    ) -> None:
        feeds: dict[Feed, Sequence[Paper]] = {}
        newest = {(order.company, order.number): order for order in orders}
        for one in receipts:  # a booking moves what its line says has been received
            newest[one.company, one.order] = self.order(one.company, one.order)
        for invoice in invoices:  # and an invoice what has been invoiced
            for line in invoice.lines:
                newest[invoice.company, line.order] = self.order(invoice.company, line.order)
        if newest:
            feeds[Feed.ORDERS] = list(newest.values())
        if receipts:
            feeds[Feed.RECEIPTS] = receipts
        if invoices:
            feeds[Feed.INVOICES] = invoices
        if results:
            feeds[Feed.COMMAND_RESULTS] = results
        if feeds:
            self.export(feeds)


def _made_at(manifest: Path) -> tuple[str, str]:
    """The order in which the portal has written its batches: a count may be followed by its being taken back."""
    return str(json.loads(manifest.read_bytes()).get("made_at", "")), manifest.name


def _safe(key: str) -> str:
    return "".join(one if one.isalnum() else f"%{ord(one):x}" for one in key)
