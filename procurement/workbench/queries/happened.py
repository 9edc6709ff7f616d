"""What happened to an order, as both sides read it: goods that arrived, invoices and how far they are paid."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.templatetags.portal_ui import day_text, figure, money_text
from procurement.bills.models import Bill
from procurement.bills.queries import bills_of
from procurement.bills.states import BillKind, PaymentState
from procurement.orders.models import PurchaseOrder, PurchaseOrderLine
from procurement.receipts.models import Receipt
from procurement.receipts.queries import receipts_by_line
from procurement.workbench.presenters import lines_text
from procurement.workbench.queries.invoices import Invoiced, invoiced_on

MOST_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Arrived:
    """What arrived of one line: how much in all says the order, when and with what each receipt."""

    line: PurchaseOrderLine
    receipts: Sequence[Receipt]

    @property
    def is_whole(self) -> bool:
        return self.line.received_quantity >= self.line.quantity

    @property
    def tells_more(self) -> bool:
        """Whether the receipts say anything that the sentence does not."""
        if len(self.receipts) != 1:
            return bool(self.receipts)
        (only,) = self.receipts
        return only.reversed or only.quantity != self.line.received_quantity

    @property
    def words(self) -> str:
        """Received 120 of 240 pcs, last on 12 May 2026, delivery note 4711."""
        line = self.line
        values = {
            "received": figure(line.received_quantity, line.unit_decimals),
            "asked": figure(line.quantity, line.unit_decimals),
            "unit": line.unit,
        }
        parts = [_("Received %(received)s of %(asked)s %(unit)s") % values]
        last = next((one for one in self.receipts if not one.reversed), None)
        if last:
            parts.append(_("last on %(day)s") % {"day": day_text(last.received_on)})
            if last.reference:
                parts.append(_("delivery note %(number)s") % {"number": last.reference})
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Billed:
    """One invoice, with what it bills of this order."""

    bill: Bill
    today: date

    @property
    def is_credit(self) -> bool:
        return self.bill.kind == BillKind.CREDIT_NOTE

    @property
    def is_overdue(self) -> bool:
        due_on = self.bill.due_on
        return bool(self.bill.open_amount and due_on and due_on < self.today and not self.is_credit)

    @property
    def words(self) -> str:
        """How it stands with its payment: paid on 3 June; due 30 June, open 1,234.00 EUR."""
        bill = self.bill
        if bill.state == PaymentState.CANCELLED:
            return ""
        if bill.state == PaymentState.PAID:
            if bill.paid_on is None:
                return _("nothing is open")
            return _("paid on %(day)s") % {"day": day_text(bill.paid_on)}
        parts = []
        if bill.due_on:
            told = _("was due %(day)s") if self.is_overdue else _("due %(day)s")
            parts.append(told % {"day": day_text(bill.due_on)})
        parts.append(_("open %(amount)s") % {"amount": money_text(bill.open_amount, bill.currency)})
        return ", ".join(parts)

    @property
    def of_this_order(self) -> str:
        """Which lines of this order it bills, and for how much."""
        billed = self.bill.billed  # type: ignore[attr-defined]  # prefetched by `bills_of`
        amount = sum((one.amount for one in billed), Decimal(0))
        numbers = sorted({one.line.number for one in billed})
        values = {"lines": lines_text(numbers), "amount": money_text(amount, self.bill.currency)}
        return _("%(lines)s: %(amount)s without taxes") % values


@dataclass(frozen=True, slots=True)
class Happened:
    """What the order's page lists. `hidden` is how many more lines of the first there are. `invoices` are those that
    the ERP has booked and no claim here is: on paper, or by an earlier system.
    """

    arrived: Sequence[Arrived]
    hidden: int
    invoices: Sequence[Billed]
    invoiced: Invoiced


def happened(
    order: PurchaseOrder,
    lines: Sequence[PurchaseOrderLine],
    *,
    actor: Actor,
    today: date,
    show_all: bool = False,
) -> Happened:
    """What arrived and what was claimed and booked of these lines: five queries, however much it is."""
    receipts = receipts_by_line(order, actor=actor)
    arrived = [
        Arrived(line, receipts.get(line.pk, []))
        for line in lines
        if line.pk in receipts or line.received_quantity
    ]
    shown = arrived if show_all else arrived[:MOST_SHOWN]
    invoiced = invoiced_on(order, lines, actor=actor)
    ours = {claim.invoice.bill_id for claim in invoiced.claims}
    billed = [Billed(bill, today) for bill in bills_of(order, actor=actor) if bill.pk not in ours]
    return Happened(shown, len(arrived) - len(shown), billed, invoiced)
