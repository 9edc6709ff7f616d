"""What becomes of an invoice that was sent: held, released, disputed, approved, rejected, scheduled, paid, voided.

These verbs are called by floors above (matching, the desk of accounts payable, the ERP's feed), each in the transaction
of its own fact. None of them steps over the lifecycle: what may not happen raises `IllegalTransition`.
"""

import uuid
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import F, Q

from portal.kernel.actors import Actor
from portal.kernel.audit.models import AuditEvent
from portal.kernel.audit.services import record
from portal.kernel.scope import requires_scope
from portal.kernel.values import minor_units
from procurement.bills.models import Bill
from procurement.bills.states import PaymentState
from procurement.invoices.messages import Hold
from procurement.invoices.models import Invoice
from procurement.invoices.policies.numbers import number_key
from procurement.invoices.queries import lock_invoice, pay_days
from procurement.invoices.services.holding import (
    hold_with_orders,
    line_ids_in,
    refresh_claims,
    require_as_seen,
    require_may,
    require_verb,
    said_of,
    tell_orders,
)
from procurement.invoices.services.paying import require_payable
from procurement.invoices.services.withdraw import require_reason
from procurement.invoices.states import (
    BOOKING_CANCELLED,
    HELD_DISPUTED,
    INVOICE_LIFECYCLE,
    LIVE,
    REJECTED_SAME,
    SETTLED,
    Acts,
    InvoiceState,
)
from procurement.orders.policies import plain
from suppliers.roles import Permission

OTHERWISE = "invoice.booked_otherwise"
UNBOOKED = "invoice.booking_cancelled"
NOT_APPROVED: dict[str, Any] = {
    "approved_at": None,
    "approved_by": "",
    "approval_reason": "",
    "pay_on": None,
    "early_discount": None,
}
NOTHING_HOLDS: dict[str, Any] = {"held_for": {}, "acts": "", "held_at": None}


def _held(key: uuid.UUID, verb: str, permission: str, version: int | None, *, actor: Actor) -> Invoice:
    """An invoice, held, to which this may be done by this actor, and which is the one that was seen."""
    require_may(actor, permission)
    invoice = lock_invoice(key, actor=actor)
    require_verb(invoice, verb)
    if version is not None:
        require_as_seen(invoice, version)
    return invoice


def _moved(at: datetime) -> dict[str, Any]:
    return {"updated_at": at, "state_at": at}


def held_to_json(hold: Hold) -> dict[str, Any]:
    """Why an invoice does not go on, as it keeps it."""
    return {"key": hold.key, "params": dict(hold.params)}


def disputed_for(question: str) -> dict[str, Any]:
    """What is asked of a supplier, as its disputed invoice keeps it."""
    return {"key": HELD_DISPUTED, "params": {"reason": question}}


@requires_scope
def hold_invoice(
    key: uuid.UUID, hold: Hold, *, actor: Actor, at: datetime, version: int | None = None
) -> Invoice:
    """Say why an invoice does not go on, and whose turn it is. Held for the same already, nothing happens: it has been
    held since then. A rule does not end a dispute between people: it leaves a disputed one as it is.
    """
    invoice = _held(key, "hold", Permission.INVOICE_SETTLE, version, actor=actor)
    if hold.acts not in Acts.values or not hold.key:
        raise ValueError(f"an invoice is held for a reason, and somebody acts: {hold}")
    said = held_to_json(hold)
    same = invoice.held_for == said and invoice.acts == hold.acts
    if (invoice.state == InvoiceState.HELD and same) or (
        invoice.state == InvoiceState.DISPUTED and actor.user_id is None
    ):
        return invoice
    fields = {**_moved(at), "held_for": said, "acts": hold.acts, "held_at": at}
    facts = said_of(invoice) | {"held_for": said, "acts": hold.acts}
    INVOICE_LIFECYCLE.move(invoice, "hold", actor=actor, at=at, facts=facts, fields=fields)
    return invoice


@requires_scope
def release_invoice(key: uuid.UUID, *, actor: Actor, at: datetime, version: int | None = None) -> Invoice:
    """Let an invoice that was held, or disputed, go on: it is matched again."""
    invoice = _held(key, "release", Permission.INVOICE_SETTLE, version, actor=actor)
    fields = {**_moved(at), **NOTHING_HOLDS}
    facts = said_of(invoice)
    INVOICE_LIFECYCLE.move(invoice, "release", actor=actor, at=at, facts=facts, fields=fields)
    return invoice


@requires_scope
def dispute_invoice(
    key: uuid.UUID,
    reason: str,
    *,
    acts: str = Acts.SUPPLIER,
    actor: Actor,
    at: datetime,
    version: int | None = None,
) -> Invoice:
    """Say what is not right, and whose turn it is to answer. It stays disputed until people settle it."""
    said = require_reason(reason)
    invoice = _held(key, "dispute", Permission.INVOICE_SETTLE, version, actor=actor)
    held_for = disputed_for(said)
    fields = {**_moved(at), "held_for": held_for, "acts": acts, "held_at": at}
    facts = said_of(invoice) | {"reason": said, "acts": acts}
    INVOICE_LIFECYCLE.move(invoice, "dispute", actor=actor, at=at, facts=facts, fields=fields)
    return invoice


@requires_scope
def pass_on(
    key: uuid.UUID,
    acts: str,
    *,
    held_for: Mapping[str, Any] | None = None,
    actor: Actor,
    at: datetime,
    version: int | None = None,
) -> Invoice:
    """Say whose turn it is now on an invoice that is held or disputed; since when it is held stays, and why, unless
    `held_for` says it anew.
    """
    invoice = _held(key, "release", Permission.INVOICE_SETTLE, version, actor=actor)
    if acts not in Acts.values:
        raise ValueError(f"somebody acts: {acts}")
    why = invoice.held_for if held_for is None else dict(held_for)
    Invoice.objects.filter(pk=invoice.pk).update(
        acts=acts, held_for=why, updated_at=at, version=F("version") + 1
    )
    invoice.acts, invoice.held_for, invoice.updated_at = acts, why, at
    invoice.version += 1
    return invoice


@requires_scope
def approve_invoice(
    key: uuid.UUID,
    reason: str = "",
    *,
    less: Sequence[Invoice] = (),
    pay_on: date | None = None,
    actor: Actor,
    at: datetime,
    version: int | None = None,
) -> Invoice:
    """Take an invoice, whole: the ERP is asked to book it. A person who takes one that is held or disputed says why, to
    the buying side alone. `less` are the credit notes that are approved with it: its supplier is told what they take
    off, and why. It is planned to be paid when it is due, and no sooner than the term of its order says.

    Raises `Invalid` where the reason is missing, and as `require_payable`.
    """
    invoice = _held(key, "approve", Permission.INVOICE_APPROVE, version, actor=actor)
    require_payable(invoice)
    said = reason.strip()
    if not said and actor.user_id is not None and invoice.state != InvoiceState.SENT:
        said = require_reason(reason)
    fields = {
        **_moved(at),
        **NOTHING_HOLDS,
        "approved_at": at,
        "approved_by": actor.label,
        "approval_reason": said,
        "pay_on": pay_on or pay_days([invoice])[invoice.pk],
    }
    facts = said_of(invoice)
    if less:
        facts["less"] = [{**said_of(note), "reason": note.reason} for note in less]
    payload = approval_payload(invoice)
    INVOICE_LIFECYCLE.move(
        invoice, "approve", actor=actor, at=at, facts=facts, fields=fields, payload=payload
    )
    if said:  # between people of the buying side
        record(
            "invoice.approval_reasoned",
            invoice.stream,
            actor=actor,
            at=at,
            supplier_id=invoice.supplier_id,
            facts={"invoice": str(invoice.key), "reason": said},
            internal=True,
        )
    return invoice


def approval_payload(invoice: Invoice) -> dict[str, Any]:
    """What the ERP's side is told of an invoice that is to be booked: with the account it asks for, in part, if any."""
    account = invoice.pay_to
    chosen = {"pay_to": {"key": str(account.key), "account": account.masked}} if account else {}
    return (
        said_of(invoice)
        | {
            "company": invoice.company.code,
            "supplier": invoice.supplier.number,
            "document": str(invoice.document),
        }
        | chosen
    )


@requires_scope
def reject_invoice(
    key: uuid.UUID,
    reason: str,
    *,
    actor: Actor,
    at: datetime,
    version: int | None = None,
    same_as: str = "",
) -> Invoice:
    """Send an invoice back, with the reason that its supplier reads: it claims nothing any more until it is corrected,
    under its own number. Where it is the `same_as` another invoice, of that number, nothing is to be corrected. Holds
    its orders first (Note [Orders first] in `holding`).
    """
    said = require_reason(reason)
    require_may(actor, Permission.INVOICE_SETTLE)
    fields: dict[str, Any] = {"rejected_reason": said}
    if same_as:
        fields["held_for"] = {"key": REJECTED_SAME, "params": {"other": same_as}}
    return _end(key, "reject", said, fields, version, actor=actor, at=at)


@requires_scope
def void_invoice(
    key: uuid.UUID, reason: str, *, actor: Actor, at: datetime, version: int | None = None
) -> Invoice:
    """Declare an approved or scheduled invoice void, with a reason: it is not paid. Holds its orders first."""
    said = require_reason(reason)
    require_may(actor, Permission.INVOICE_SETTLE)
    return _end(key, "void", said, {"end_reason": said}, version, actor=actor, at=at)


def _end(
    key: uuid.UUID,
    verb: str,
    reason: str,
    fields: Mapping[str, Any],
    version: int | None,
    *,
    actor: Actor,
    at: datetime,
) -> Invoice:
    invoice, orders = hold_with_orders(key, actor=actor)
    require_verb(invoice, verb)
    if version is not None:
        require_as_seen(invoice, version)
    facts = said_of(invoice) | {"reason": reason}
    if "held_for" in fields:
        facts["same_as"] = fields["held_for"]["params"]["other"]
    values = {**_moved(at), **NOTHING_HOLDS, "early_discount": None, **fields}
    INVOICE_LIFECYCLE.move(invoice, verb, actor=actor, at=at, facts=facts, payload=facts, fields=values)
    refresh_claims(orders, line_ids_in(invoice), at=at)
    tell_orders(orders, invoice, "order.invoice_ended", actor=actor, at=at, what=invoice.state, reason=reason)
    return invoice


@requires_scope
def reopen_invoice(
    key: uuid.UUID, hold: Hold, *, actor: Actor, at: datetime, version: int | None = None
) -> Invoice:
    """Take an approval back, as long as the ERP has not booked it: it is held again, and says why."""
    invoice = _held(key, "reopen", Permission.INVOICE_SETTLE, version, actor=actor)
    said = held_to_json(hold)
    fields = {
        **_moved(at),
        "held_for": said,
        "acts": hold.acts,
        "held_at": at,
        **NOT_APPROVED,
    }
    facts = said_of(invoice) | {"held_for": said, "acts": hold.acts}
    INVOICE_LIFECYCLE.move(invoice, "reopen", actor=actor, at=at, facts=facts, payload=facts, fields=fields)
    return invoice


# --- what the ERP tells -------------------------------------------------------------------------------------


@requires_scope
def mark_scheduled(
    key: uuid.UUID, *, pay_on: date | None = None, bill: Bill | None = None, actor: Actor, at: datetime
) -> Invoice:
    """Note that the ERP has booked an approved invoice and means to pay it on that day. Scheduled already, only the day
    moves. A day that was agreed for paying early stands, whatever the booking says."""
    require_may(actor, Permission.ERP_MANAGE)
    invoice = lock_invoice(key, actor=actor)
    day = invoice.pay_on if invoice.early_discount else pay_on or invoice.pay_on
    fields: dict[str, Any] = {"pay_on": day, **({"bill": bill} if bill else {})}
    if invoice.state == InvoiceState.SCHEDULED:
        return _note(invoice, fields, at=at)
    require_verb(invoice, "schedule")
    facts = said_of(invoice) | {"pay_on": fields["pay_on"].isoformat() if fields["pay_on"] else ""}
    INVOICE_LIFECYCLE.move(
        invoice, "schedule", actor=actor, at=at, facts=facts, fields={**_moved(at), **fields}
    )
    return invoice


@requires_scope
def mark_paid(
    key: uuid.UUID,
    *,
    paid_on: date | None = None,
    reference: str = "",
    bill: Bill | None = None,
    actor: Actor,
    at: datetime,
) -> Invoice:
    """Note that the ERP has paid an invoice, on that day. Paid already, nothing happens."""
    require_may(actor, Permission.ERP_MANAGE)
    invoice = lock_invoice(key, actor=actor)
    fields: dict[str, Any] = {
        "paid_on": paid_on or invoice.paid_on,
        "payment_reference": reference[:200] or invoice.payment_reference,
        **({"bill": bill} if bill else {}),
    }
    if invoice.state == InvoiceState.PAID:
        return _note(invoice, fields, at=at)
    require_verb(invoice, "pay")
    facts = said_of(invoice) | {"paid_on": paid_on.isoformat() if paid_on else "", "reference": reference}
    INVOICE_LIFECYCLE.move(invoice, "pay", actor=actor, at=at, facts=facts, fields={**_moved(at), **fields})
    return invoice


@requires_scope
def unbook_invoice(key: uuid.UUID, bill: Bill, *, actor: Actor, at: datetime) -> Invoice:
    """Note that the ERP has cancelled its booking of an invoice: it is not paid, and accounts payable says how it goes
    on. Whoever cancels a booking corrects it as often as not, so nothing is voided: approved once more it is booked
    once more, and what is booked there by hand meanwhile is joined to it.
    """
    invoice = _held(key, "unbook", Permission.ERP_MANAGE, None, actor=actor)
    said = held_to_json(Hold(BOOKING_CANCELLED, Acts.PAYABLES.value))
    fields = {
        **_moved(at),
        **NOT_APPROVED,
        "held_for": said,
        "acts": Acts.PAYABLES.value,
        "held_at": at,
        "paid_on": None,
        "payment_reference": "",
        "bill": None,
    }
    facts = said_of(invoice) | {"held_for": said, "acts": Acts.PAYABLES.value, "bill": bill.key}
    INVOICE_LIFECYCLE.move(invoice, "unbook", actor=actor, at=at, facts=facts, fields=fields)
    return invoice


@requires_scope
def mark_unpaid(key: uuid.UUID, *, actor: Actor, at: datetime) -> Invoice:
    """Note that the ERP has taken a payment back: it is scheduled again."""
    invoice = _held(key, "unpay", Permission.ERP_MANAGE, None, actor=actor)
    fields = {**_moved(at), "paid_on": None, "payment_reference": ""}
    INVOICE_LIFECYCLE.move(invoice, "unpay", actor=actor, at=at, facts=said_of(invoice), fields=fields)
    return invoice


def _note(invoice: Invoice, fields: Mapping[str, Any], *, at: datetime) -> Invoice:
    """Save what is new of these fields, without a word to anybody."""
    new = {name: value for name, value in fields.items() if getattr(invoice, name) != value}
    if new:
        Invoice.objects.filter(pk=invoice.pk).update(updated_at=at, version=F("version") + 1, **new)
        invoice.version += 1
        for name, value in new.items():
            setattr(invoice, name, value)
    return invoice


@requires_scope
def invoice_booked_as(bill: Bill) -> Invoice | None:
    """The live invoice that the ERP has booked as this bill: the one that points to it, else the one of its number."""
    found: Invoice | None = Invoice.objects.filter(bill=bill, state__in=LIVE).first()
    if found is None and number_key(bill.reference):
        same = Invoice.objects.filter(
            supplier=bill.supplier_id,
            company=bill.company_id,
            number_key=number_key(bill.reference),
            currency=bill.currency,
            kind__in=["credit_note"] if bill.kind == "credit_note" else ["invoice", "debit_note"],
            state__in=LIVE,
        )
        # What is cancelled there stands for nothing.
        found = same.filter(Q(bill=None) | Q(bill__state=PaymentState.CANCELLED)).first()
    return found


@requires_scope
def follow_bill(bill: Bill, *, actor: Actor, at: datetime) -> Invoice | None:
    """Let an invoice agree with what the ERP tells of its booking; None where no invoice of ours is meant. Told twice
    it changes nothing. One that is not approved here is only joined to it: what the ERP pays, somebody there has
    decided.

    A booking that comes to another total than what was taken is not taken for the invoice: it stays as it is, neither
    joined nor paid, and an internal fact says so. A part that was paid changes no total. Paid by the agreed day, and
    short by exactly what was agreed for it (`is_paid_less`), it is paid in full. A booking that was cancelled takes it
    back to accounts payable (`unbook_invoice`), once for each booking.
    """
    require_may(actor, Permission.ERP_MANAGE)
    found = invoice_booked_as(bill)
    if found is None:
        return None
    invoice, _orders = hold_with_orders(found.key, actor=actor)
    is_gone = bill.state == PaymentState.CANCELLED
    if is_gone and (invoice.state not in SETTLED or _is_unbooked(invoice, bill)):
        return invoice
    if not (is_gone and invoice.bill_id == bill.pk) and not comes_to_as_much(bill, invoice):
        _say_otherwise(invoice, bill, actor=actor, at=at)
        return invoice
    invoice = _note(invoice, {"bill": bill}, at=at)
    is_paid = bill.state == PaymentState.PAID or _is_short_as_agreed(invoice, bill)
    is_booked = bill.state in (PaymentState.APPROVED, PaymentState.PARTLY_PAID)
    if is_gone:
        return unbook_invoice(invoice.key, bill, actor=actor, at=at)
    if is_paid and invoice.state in (*INVOICE_LIFECYCLE.sources("pay"), "paid"):
        return mark_paid(invoice.key, paid_on=bill.paid_on, bill=bill, actor=actor, at=at)
    if is_booked and not is_paid and invoice.state == InvoiceState.PAID:
        return mark_unpaid(invoice.key, actor=actor, at=at)
    if is_booked and invoice.state in (InvoiceState.APPROVED, InvoiceState.SCHEDULED):
        return mark_scheduled(invoice.key, pay_on=bill.due_on, bill=bill, actor=actor, at=at)
    return invoice


@requires_scope
def comes_to_as_much(bill: Bill, invoice: Invoice) -> bool:
    """Whether a booking comes to what was taken, but for what the ERP has rounded otherwise."""
    return abs(bill.total - invoice.total) <= _rounding(invoice)


def cancelled_bookings(invoice: Invoice) -> int:
    """How often the ERP is known to have cancelled its booking of an invoice, in whichever version."""
    return AuditEvent.objects.filter(stream=invoice.stream, kind=UNBOOKED).count()


def _is_unbooked(invoice: Invoice, bill: Bill) -> bool:
    """Whether that a booking was cancelled has had its consequence: told again it has no other."""
    told = AuditEvent.objects.filter(stream=invoice.stream, kind=UNBOOKED, facts__bill=bill.key)
    return told.exists()


def _is_short_as_agreed(invoice: Invoice, bill: Bill) -> bool:
    """Whether all is paid but what was agreed for paying early, and in time as far as the ERP says when."""
    if bill.state != PaymentState.PARTLY_PAID or not invoice.early_discount or invoice.pay_on is None:
        return False
    in_time = bill.paid_on is None or bill.paid_on <= invoice.pay_on
    return in_time and is_paid_less(invoice, bill, invoice.early_discount)


def is_paid_less(invoice: Invoice, bill: Bill, less: Decimal) -> bool:
    """Whether all of an invoice is paid but exactly `less`. Where the ERP has rounded its booking otherwise, what is
    paid may differ by as much as the booking does: it may have taken `less` off its own total.
    """
    off = abs(bill.total - invoice.total)
    paid = bill.total - bill.open_amount
    is_short = bill.state == PaymentState.PARTLY_PAID and off <= _rounding(invoice)
    return is_short and abs(paid - (invoice.total - less)) <= off


def _rounding(invoice: Invoice) -> Decimal:
    """By how much a booking may differ because it was rounded otherwise: a minor unit for each line, ten at most."""
    most = min(10, max(1, invoice.lines.count()))
    return Decimal(most).scaleb(-minor_units(invoice.currency))


def _say_otherwise(invoice: Invoice, bill: Bill, *, actor: Actor, at: datetime) -> None:
    """Note, once for each total, that the ERP has booked another total under an invoice's number."""
    facts = said_of(invoice) | {"bill": bill.key, "booked": plain(bill.total), "taken": plain(invoice.total)}
    before = AuditEvent.objects.filter(stream=invoice.stream, kind=OTHERWISE).order_by("-id").first()
    if before is None or before.facts != facts:
        record(
            OTHERWISE,
            invoice.stream,
            actor=actor,
            at=at,
            supplier_id=invoice.supplier_id,
            facts=facts,
            internal=True,
        )
