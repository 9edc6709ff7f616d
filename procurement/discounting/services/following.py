"""What becomes of an early payment: earned when the ERP has paid by its day, lapsed when the day passes, ended when the
approval is taken back. Each holds the invoice first (agreeing: Note [One of two]).

Note [Earned]: an invoice that the ERP calls paid, with nothing open, may have been paid in full: a booking does not say
what was taken off. So it is earned where the agreed part is left open, or where the ERP has taken the early payment
over before (a machine's answer, or a person's word that it stands there), and then books the discount itself.

Note [Told late]: the clock cannot know whether an ERP is silent or has not paid. What has lapsed stands again, and the
ERP is told so, where it tells of a payment by the agreed day, with that day, of exactly the agreed amount.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from portal.kernel.actors import Actor
from portal.kernel.audit.models import AuditEvent
from portal.kernel.audit.services import record
from portal.kernel.scope import acting, require_no_transaction, requires_scope
from procurement.bills.models import Bill
from procurement.bills.states import PaymentState
from procurement.clocks.queries import Offices
from procurement.discounting.messages import early_to_json
from procurement.discounting.models import EarlyPayment
from procurement.discounting.queries import PayDays, early_payments, lock_early
from procurement.discounting.services.agreeing import told_of
from procurement.discounting.states import EARLY_LIFECYCLE, STANDING, EarlyState
from procurement.invoices.models import Invoice
from procurement.invoices.queries import lock_invoice
from procurement.invoices.services import invoice_booked_as, is_paid_less, said_of
from procurement.invoices.services.early import plan_as_due, plan_early
from procurement.invoices.services.holding import hold_with_orders
from procurement.invoices.states import SETTLED, InvoiceState

CLOCK = Actor.system("Early payment")
MISSED = "invoice.early_missed"
TAKEN_OVER = ("early_payment.erp_confirmed", "early_payment.erp_keyed")
HEARS = frozenset(
    {
        "invoice.paid",
        "invoice.payment_reversed",
        "invoice.reopened",
        "invoice.booking_cancelled",
        "invoice.voided",
        "invoice.replaced",
    }
)
# So many are looked at by one turn of the clock.
MOST_LAPSED = 500


def follow_payments(events: Sequence[AuditEvent], at: datetime) -> str:
    """The reaction: what was agreed follows its invoice. Told twice it changes nothing: it looks at how things
    stand."""
    require_no_transaction()
    prefix = "invoice:"
    documents = {uuid.UUID(one.stream[len(prefix) :]) for one in events if one.stream.startswith(prefix)}
    with acting(CLOCK):
        rows = list(
            EarlyPayment.objects.filter(invoice__document__in=documents, state__in=STANDING).values_list(
                "invoice__key", "pk"
            )
        )
    moved = 0
    for key, pk in rows:
        with acting(CLOCK):
            moved += _follow(key, pk, at=at)
    return f"moved {moved}" if moved else "unchanged"


@requires_scope
def _follow(key: uuid.UUID, pk: int, *, at: datetime) -> bool:
    invoice, early = _held(key, pk)
    facts = said_of(invoice) | told_of(early)
    if early.state == EarlyState.PAID:
        if invoice.state == InvoiceState.PAID:
            return False
        EARLY_LIFECYCLE.move(early, "unpay", actor=CLOCK, at=at, facts=facts, fields={"paid_on": None})
        early.invoice = invoice
    if early.state != EarlyState.AGREED:
        return False
    if invoice.state == InvoiceState.PAID:
        if invoice.paid_on is not None and invoice.paid_on > early.pay_on:
            _lapse(early, invoice, at=at)
        elif _is_earned(early, invoice):
            day = {"paid_on": invoice.paid_on}
            EARLY_LIFECYCLE.move(early, "pay", actor=CLOCK, at=at, facts=facts, fields=day)
        else:
            early.invoice = plan_as_due(invoice.key, pay_on=early.base_on, actor=CLOCK, at=at)
            ended = {"paid_on": invoice.paid_on, "ended_at": at, "ended_by": CLOCK.label}
            EARLY_LIFECYCLE.move(early, "pay_in_full", actor=CLOCK, at=at, facts=facts, fields=ended)
        return True
    if invoice.state in SETTLED:
        return False
    fields, told = {"ended_at": at, "ended_by": CLOCK.label}, early_to_json(early, ended=True)
    EARLY_LIFECYCLE.move(early, "end", actor=CLOCK, at=at, facts=facts, payload=told, fields=fields)
    return True


def _is_earned(early: EarlyPayment, invoice: Invoice) -> bool:
    """Whether the discount was really taken off what is paid. See Note [Earned]."""
    bill = invoice.bill
    return (bill is not None and is_paid_less(invoice, bill, early.discount)) or _stands_there(early)


def _stands_there(early: EarlyPayment) -> bool:
    """Whether the ERP has taken it over."""
    said = {"ended": False, "early": str(early.key)}
    told = AuditEvent.objects.filter(stream=early.stream, kind__in=TAKEN_OVER, facts__contains=said)
    return told.exists()


def _held(key: uuid.UUID, pk: int) -> tuple[Invoice, EarlyPayment]:
    invoice = lock_invoice(key, actor=CLOCK)
    early = lock_early(pk)
    early.invoice = invoice
    return invoice, early


def lapse_early(at: datetime) -> int:
    """End what was agreed where its day has passed, and so has the time that the ERP may take to tell that it has paid.

    The whole is due again on the day on which it was due before; the supplier, accounts payable and the ERP are told.
    """
    with acting(CLOCK):
        late = early_payments(CLOCK).filter(state=EarlyState.AGREED, pay_on__lt=at.date())
        rows = list(late.order_by("pay_on", "id")[:MOST_LAPSED])
        offices = Offices() if rows else None
    lapsed = 0
    for one in rows:
        assert offices is not None  # there is a row
        days = PayDays.of(one.invoice.company, at, offices)
        if days.told_until(one.pay_on) >= days.today:
            continue
        with acting(CLOCK):
            invoice, early = _held(one.invoice.key, one.pk)
            if early.state == EarlyState.AGREED and invoice.state != InvoiceState.PAID:
                _lapse(early, invoice, at=at)
                lapsed += 1
    return lapsed


@requires_scope
def honour_lapsed(bill: Bill, *, at: datetime) -> bool:
    """Let what has lapsed stand again where a booking tells that it was paid in time; `follow_bill` then finds it as if
    it had never lapsed. Whether it did. One query where nothing has. See Note [Told late]."""
    if bill.paid_on is None or bill.state not in (PaymentState.PARTLY_PAID, PaymentState.PAID):
        return False
    lapsed = EarlyPayment.objects.filter(
        supplier=bill.supplier_id, state=EarlyState.LAPSED, paid_on=None, pay_on__gte=bill.paid_on
    )
    found = invoice_booked_as(bill) if lapsed.exists() else None
    if found is None or found.pk not in lapsed.values_list("invoice", flat=True):
        return False
    invoice, _orders = hold_with_orders(found.key, actor=CLOCK)
    early = EarlyPayment.objects.select_for_update().filter(invoice=invoice).order_by("-id")[0]
    early.invoice = invoice
    is_over = early.state != EarlyState.LAPSED or early.paid_on is not None or early.pay_on < bill.paid_on
    if is_over or invoice.state not in (InvoiceState.APPROVED, InvoiceState.SCHEDULED):
        return False
    is_booked_there = bill.state == PaymentState.PAID and bill.total == invoice.total and _stands_there(early)
    if not (is_booked_there or is_paid_less(invoice, bill, early.discount)):
        return False
    early.invoice = plan_early(
        invoice.key, pay_on=early.pay_on, less=early.discount, booked=True, actor=CLOCK, at=at
    )
    facts: dict[str, Any] = said_of(invoice) | told_of(early)
    again = {"ended_at": None, "ended_by": ""}
    told = early_to_json(early)
    EARLY_LIFECYCLE.move(early, "honour", actor=CLOCK, at=at, facts=facts, payload=told, fields=again)
    return True


def _lapse(early: EarlyPayment, invoice: Invoice, *, at: datetime) -> None:
    early.invoice = plan_as_due(invoice.key, pay_on=early.base_on, actor=CLOCK, at=at)
    facts: dict[str, Any] = said_of(invoice) | told_of(early) | {"supplier": invoice.supplier.name}
    EARLY_LIFECYCLE.move(
        early,
        "lapse",
        actor=CLOCK,
        at=at,
        facts=facts,
        payload=early_to_json(early, ended=True),
        fields={"ended_at": at, "ended_by": CLOCK.label},
    )
    # The same for accounts payable: a fact is told to one side (notifications).
    record(
        MISSED,
        early.stream,
        actor=CLOCK,
        at=at,
        supplier_id=early.supplier_id,
        facts=facts,
        internal=True,
    )
