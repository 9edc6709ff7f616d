"""What the supplier bills during a soak, what accounts payable makes of it, and what must stand of it in Tryton's own
books."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from random import Random
from typing import Any

from django.utils import timezone

from portal.kernel.actors import Actor
from portal.kernel.scope import acting
from procurement.demo.tryton.founding import ADMIN
from procurement.demo.tryton.serving import DATABASE
from procurement.erp.connectors.tryton.wire import Rpc
from procurement.erp.models import InvoiceWrite
from procurement.erp.ports import ErpError
from procurement.invoices.messages import InvoiceHeader, InvoiceNamed, LineChoice, SaveDraft
from procurement.invoices.models import Invoice
from procurement.invoices.services import (
    entries_of,
    revise_invoice,
    save_draft,
    send_invoice,
    start_credit_note,
    start_from_orders,
    withdraw_invoice,
)
from procurement.invoices.states import SETTLED, InvoiceState
from procurement.orders.models import PurchaseOrder
from procurement.payables.messages import InvoiceSaid
from procurement.payables.services.approvals import accept_invoice
from procurement.payables.services.deciding import open_again

# What becomes of an invoice, and in how many of a hundred.
WAYS = {
    "booked": 20,
    "withdrawn": 10,
    "corrected": 10,
    "opened again": 10,
    "opened again, booked": 10,
    "opened again, corrected": 10,
    "credited": 10,
    "cancelled there": 10,
    "cancelled there, booked": 10,
}
LEFT_OUT = {
    "withdrawn": InvoiceState.WITHDRAWN,
    "opened again": InvoiceState.HELD,
    "cancelled there": InvoiceState.HELD,
}
BILLED = 0.5
ON_THE_WAY = ("queued", "sent", "unknown", "person", "to_key")


@dataclass(frozen=True, slots=True)
class Step:
    """What somebody does with an invoice, once it may be done."""

    do: Callable[[], None]
    is_due: Callable[[], bool] = lambda: True


@dataclass(slots=True)
class Invoicing:
    """A supplier who bills half of what was agreed, accounts payable, which accepts it and may think better of it, and
    bookkeeping in Tryton, which posts what is to be credited.

    Each step is one transaction, and looks first whether the try before it got through: so it may be tried again.
    """

    seller: Actor
    payer: Actor
    watch: Actor
    address: str
    rng: Random
    made: Counter[str] = field(default_factory=Counter)
    todo: list[deque[Step]] = field(default_factory=list)

    def begin(self, number: str, key: str, agreed: Decimal) -> None:
        """What happens to one line of an order, in order; or nothing at all."""
        if self.rng.random() >= BILLED:
            return
        (how,) = self.rng.choices(*zip(*WAYS.items(), strict=True))  # type: ignore[arg-type]
        self.made[how] += 1
        # Now and then somebody thinks better of it before the ERP has heard of it, now and then after.
        waits = self.rng.random() < 0.5
        bill, half = f"R-{number}-{key}", (agreed / 2).quantize(Decimal(1))
        accept = Step(lambda: self._accept(bill))
        cancelled = Step(lambda: None, lambda: self._is_cancelled(bill, posted=waits))
        back = Step(lambda: None, lambda: self._is_back(bill))
        opened = Step(lambda: self._open_again(bill), lambda: not waits or self._is_told(bill))
        corrected = Step(lambda: self._correct(bill, half - 1))
        rest: dict[str, list[Step]] = {
            "booked": [accept],
            "withdrawn": [Step(lambda: self._withdraw(bill))],
            "corrected": [corrected, accept],
            "opened again": [accept, opened],
            "opened again, booked": [accept, opened, accept],
            "opened again, corrected": [accept, opened, corrected, accept],
            "cancelled there": [accept, cancelled, back],
            "cancelled there, booked": [accept, cancelled, back, accept],
            "credited": [
                accept,
                Step(lambda: self._credit(bill, half // 2), lambda: self._is_posted(bill)),
                Step(lambda: self._accept(_note_of(bill))),
            ],
        }
        self.todo.append(deque([Step(lambda: self._send(bill, number, key, half)), *rest[how]]))

    def go_on(self) -> None:
        """Do what is due. A step is gone once it is done; a try that was lost is made again."""
        for steps in list(self.todo):
            while steps and steps[0].is_due():
                steps[0].do()
                steps.popleft()
            if not steps:
                self.todo.remove(steps)

    # --- the supplier

    def _send(self, bill: str, number: str, key: str, quantity: Decimal) -> None:
        at = timezone.now()
        with acting(self.seller):
            if _newest(bill) is not None:
                return
            order = PurchaseOrder.objects.get(number=number)
            (draft,) = start_from_orders(
                choices=[LineChoice(order.key, key, quantity)], actor=self.seller, at=at
            )
            self._send_draft(draft, InvoiceHeader(number=bill))

    def _send_draft(
        self, draft: Invoice, header: InvoiceHeader | None, quantity: Decimal | None = None
    ) -> None:
        """Out it goes. Tryton's orders have no taxes."""
        at = timezone.now()
        (entry,) = entries_of(draft)
        entry = replace(entry, category="Z", quantity=entry.quantity if quantity is None else quantity)
        if header is not None:
            header = replace(header, invoiced_on=(at - timedelta(days=1)).date(), supplier_tax_id="IN-ACME-1")
        draft = save_draft(SaveDraft(draft.key, draft.version, header, (entry,)), actor=self.seller, at=at)
        send_invoice(InvoiceNamed(draft.key, draft.version), actor=self.seller, at=at)

    def _correct(self, bill: str, quantity: Decimal) -> None:
        with acting(self.seller):
            before = _sent(bill)
            if before.issue > 1:
                return
            named = InvoiceNamed(before.key, before.version)
            self._send_draft(revise_invoice(named, actor=self.seller, at=timezone.now()), None, quantity)

    def _withdraw(self, bill: str) -> None:
        with acting(self.seller):
            invoice = _sent(bill)
            if invoice.state != InvoiceState.WITHDRAWN:
                named = InvoiceNamed(invoice.key, invoice.version)
                withdraw_invoice(named, "Sent too early.", actor=self.seller, at=timezone.now())

    def _credit(self, bill: str, quantity: Decimal) -> None:
        with acting(self.seller):
            note = _note_of(bill)
            if _newest(note) is not None:
                return
            draft = start_credit_note(_sent(bill).key, actor=self.seller, at=timezone.now())
            header = InvoiceHeader(number=note, reason="Some were of another finish.")
            self._send_draft(draft, header, quantity)

    # --- accounts payable

    def _accept(self, bill: str) -> None:
        with acting(self.payer):
            invoice = _sent(bill)
            if invoice.state not in SETTLED:
                said = InvoiceSaid(invoice.key, invoice.version, "It is right.")
                if accept_invoice(said, actor=self.payer, at=timezone.now()).asked:
                    raise RuntimeError(f"{bill} is beyond the limit")

    def _open_again(self, bill: str) -> None:
        with acting(self.payer):
            invoice = _sent(bill)
            if invoice.state == InvoiceState.APPROVED:
                said = InvoiceSaid(invoice.key, invoice.version, "Not before the count.")
                open_again(said, actor=self.payer, at=timezone.now())

    def _is_told(self, bill: str) -> bool:
        """Whether the ERP has it, as far as the portal knows."""
        with acting(self.watch):
            document = _sent(bill).document
            return InvoiceWrite.objects.filter(document=document, state="confirmed").exists()

    def _is_back(self, bill: str) -> bool:
        """Whether accounts payable has it back, since its booking was cancelled."""
        with acting(self.watch):
            return _sent(bill).state == InvoiceState.HELD

    # --- bookkeeping in Tryton

    def _is_cancelled(self, bill: str, *, posted: bool) -> bool:
        """Whether it is cancelled in Tryton; else it is, once its draft is done, `posted` before or not, and somebody
        looks once more. Never twice: one that was cancelled is no draft."""
        if not self._is_told(bill):
            return False
        rpc = Rpc(self.address, DATABASE, *ADMIN, patience=60)
        wanted = [["type", "=", "in"], ["reference", "=", bill]]
        try:
            rows = rpc.read("account.invoice.search_read", wanted, 0, None, None, ["state"])
            if any(row["state"] == "cancelled" for row in rows):
                return True
            if rows and rows[0]["state"] == "draft" and posted:
                rpc.write("account.invoice.post", [rows[0]["id"]])
            elif rows and rows[0]["state"] in ("draft", "posted"):
                rpc.write("account.invoice.cancel", [rows[0]["id"]])
            return False
        except ErpError:
            return False  # Tryton is gone, or an amendment has taken the draft away in this moment
        finally:
            rpc.close()

    def _is_posted(self, bill: str) -> bool:
        """Whether it is posted in Tryton; else it is, if its draft stands there, and somebody looks once more."""
        rpc = Rpc(self.address, DATABASE, *ADMIN, patience=60)
        wanted = [["type", "=", "in"], ["reference", "=", bill], ["state", "!=", "cancelled"]]
        try:
            rows = rpc.read("account.invoice.search_read", wanted, 0, None, None, ["state"])
            if rows and rows[0]["state"] == "draft":
                rpc.write("account.invoice.post", [rows[0]["id"]])
            return bool(rows) and rows[0]["state"] in ("posted", "paid")
        except ErpError:
            return False  # Tryton is gone, or an amendment has taken the draft away in this moment
        finally:
            rpc.close()


def _note_of(bill: str) -> str:
    return f"G{bill.removeprefix('R')}"


def _newest(bill: str) -> Invoice | None:
    """The newest version that was sent under this number."""
    found: Invoice | None = (
        Invoice.objects.filter(number=bill).exclude(sent_at=None).order_by("-issue").first()
    )
    return found


def _sent(bill: str) -> Invoice:
    found = _newest(bill)
    if found is None:
        raise RuntimeError(f"{bill} was never sent")
    return found


# --- afterwards ---------------------------------------------------------------------------------------------

RECREATED = '"purchase_purchase-recreated-account_invoice"'
Held = tuple[dict[str, tuple[Decimal, Decimal]], Decimal]
Rows = Callable[[str], list[Any]]


def is_carried(watch: Actor) -> bool:
    """Whether no invoice is on its way to the ERP any more."""
    with acting(watch):
        return not InvoiceWrite.objects.filter(state__in=["queued", "sent", "unknown"]).exists()


def differences(invoicing: Invoicing, rows: Rows, exact: Callable[[Any], Decimal]) -> Iterator[str]:
    """What is booked in Tryton and should not be, or is not and should. `rows` asks its books."""
    made = invoicing.made
    with acting(invoicing.watch):
        sent = Invoice.objects.exclude(sent_at=None)
        settled = list(sent.filter(state__in=SETTLED).prefetch_related("lines__line"))
        states = Counter(sent.exclude(state=InvoiceState.REPLACED).values_list("state", flat=True))
        writes = Counter(InvoiceWrite.objects.values_list("state", flat=True))
    if invoicing.todo:
        yield f"{len(invoicing.todo)} invoices have not come to their end"
    booked = made.total() - sum(made[how] for how in LEFT_OUT) + made["credited"]
    expected: Counter[str] = Counter()
    for how, state in LEFT_OUT.items():
        expected[state] += made[how]
    expected = +expected
    found = Counter({state: count for state, count in states.items() if state not in SETTLED})
    if len(settled) != booked or found != expected:
        yield f"of these invoices {dict(made)} came {dict(states)}"
    for state, count in writes.items():
        if state not in ("confirmed", "superseded"):
            yield f"{count} invoices are {state} on their way to Tryton"
    wanted = {one.number: _claimed(one) for one in settled}
    ours = {one.number: f"Quayside {one.document}" for one in settled}
    held = _held(rows, exact)
    for number, standing in sorted(held.items()):
        if number not in wanted:
            yield f"invoice {number} is {len(standing)} times in Tryton, and nobody has approved it"
        elif len(standing) > 1:
            yield f"invoice {number} is {len(standing)} times in Tryton"
        elif standing[0][1:] != wanted[number]:
            yield f"invoice {number}: approved {wanted[number]}, in Tryton {standing[0][1:]}"
        elif ours[number] not in standing[0][0]:
            yield f"invoice {number} does not bear our key in Tryton: {standing[0][0]!r}"
    for number in sorted(wanted.keys() - held.keys()):
        yield f"invoice {number} is not in Tryton"
    posted = {
        row[0] for row in rows("SELECT reference FROM account_invoice WHERE type = 'in' AND state = 'posted'")
    }
    for one in settled:
        if one.state != ("scheduled" if one.number in posted else "approved"):
            yield f"invoice {one.number} is {one.state}, and in Tryton {'posted' if one.number in posted else 'not'}"
    if len(posted) != made["credited"]:
        yield f"{len(posted)} invoices are posted in Tryton, {made['credited']} were to be credited"
    yield from _drafted(rows)


def _claimed(invoice: Invoice) -> Held:
    """What was approved, by order line: how much at which price, and the total; what is given back is below zero."""
    sign = -1 if invoice.is_credit else 1
    lines = {
        one.line.key: (sign * one.quantity, one.unit_price)
        for one in invoice.lines.all()
        if one.line is not None
    }
    return lines, sign * invoice.total


def _held(rows: Rows, exact: Callable[[Any], Decimal]) -> dict[str, list[tuple[str, *tuple[Any, ...]]]]:
    """What stands in Tryton under a number of a supplier: its description, its lines, and their total with taxes."""
    origins = {
        f"account.invoice.line,{line}": str(origin)
        for line, origin in rows("SELECT id, origin FROM account_invoice_line")
    }
    inside: dict[int, dict[str, tuple[Decimal, Decimal]]] = {}
    totals: dict[int, Decimal] = {}
    lines = "SELECT id, invoice, origin, quantity, unit_price FROM account_invoice_line WHERE type = 'line'"
    for line, invoice, origin, some, unit_price in rows(lines):
        if invoice is None:
            continue
        quantity, price = Decimal(str(some)), exact(unit_price)
        came = origins.get(str(origin), str(origin))
        key = came.removeprefix("purchase.line,") if came.startswith("purchase.line,") else f"line {line}"
        of_invoice = inside.setdefault(invoice, {})
        of_invoice[f"{key} again" if key in of_invoice else key] = (quantity, price)
        amount = (quantity * price).quantize(Decimal("0.01"), ROUND_HALF_EVEN)
        totals[invoice] = totals.get(invoice, Decimal(0)) + amount
    for invoice, amount in rows("SELECT invoice, amount FROM account_invoice_tax"):
        totals[invoice] = totals.get(invoice, Decimal(0)) + exact(amount)
    found: dict[str, list[tuple[str, *tuple[Any, ...]]]] = {}
    heads = (
        "SELECT id, reference, description FROM account_invoice WHERE type = 'in' AND state <> 'cancelled'"
        " AND (coalesce(reference, '') <> '' OR description LIKE '%Quayside %')"
    )
    for number, reference, description in rows(heads):
        content = (description or "", inside.get(number, {}), totals.get(number, Decimal(0)))
        found.setdefault(reference or "(none)", []).append(content)
    return found


def _drafted(rows: Rows) -> Iterator[str]:
    """What is not billed yet of an order that is invoiced as ordered stands in a draft, once; of one that is invoiced
    by hand, nowhere. What was cancelled counts as billed until it is told to be billed after all."""
    billed: dict[str, dict[bool, Decimal]] = {}
    lines = (
        "SELECT line.origin, line.quantity, coalesce(invoice.reference, '') FROM account_invoice_line line"
        " JOIN account_invoice invoice ON invoice.id = line.invoice WHERE invoice.state <> 'cancelled'"
        f" OR invoice.id NOT IN (SELECT invoice FROM {RECREATED})"
    )
    for origin, quantity, reference in rows(lines):
        of_line = billed.setdefault(str(origin).removeprefix("purchase.line,"), {})
        of_line[bool(reference)] = of_line.get(bool(reference), Decimal(0)) + Decimal(str(quantity))
    ordered = (
        "SELECT line.id, line.quantity, purchase.invoice_method, purchase.number FROM purchase_line line"
        " JOIN purchase_purchase purchase ON purchase.id = line.purchase"
    )
    for line, quantity, method, number in rows(ordered):
        of_line = billed.get(str(line), {})
        drafted = of_line.get(False, Decimal(0))
        rest = Decimal(str(quantity)) - of_line.get(True, Decimal(0))
        if drafted != (rest if method == "order" else 0):
            yield f"order {number} line {line}: {rest} is not invoiced, and {drafted} stands in drafts ({method})"
