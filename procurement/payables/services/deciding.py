"""What accounts payable does with an invoice besides accepting it: hold, let go, send back, pay short, open again.

Note [Whole]: an invoice is booked whole, once, under its number. What of it is not due comes off with a credit note, so
that what is booked, what is paid and what the supplier reads are always the same figure. What is to come later is given
back in the same way, and claimed again with an invoice of its own: the ERP knows no second part of one bill.
"""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.errors import IllegalTransition, Invalid, NotAllowed, Problem, StaleDocument
from portal.kernel.scope import requires_scope
from procurement.invoices.messages import Hold, InvoiceHeader, InvoiceNamed, SaveDraft, TaxWord
from procurement.invoices.models import Invoice
from procurement.invoices.services.draft import save_draft
from procurement.invoices.services.holding import require_as_seen, require_verb
from procurement.invoices.services.send import send_invoice
from procurement.invoices.services.settle import (
    hold_invoice,
    reject_invoice,
    release_invoice,
    reopen_invoice,
)
from procurement.invoices.services.start import start_credit_note
from procurement.invoices.states import Acts, InvoiceState
from procurement.orders.policies import plain
from procurement.payables.messages import InvoiceSaid, PayShort
from procurement.payables.queries.approvals import hold_approved_with
from procurement.payables.queries.case import suspected_as
from procurement.payables.services.approvals import (
    Accepted,
    accept_invoice,
    clear,
    hold_to_end_round,
    require_approver,
    require_reason,
    take_back_note,
)
from procurement.payables.services.parting import look_at_part
from procurement.payables.states import HELD, REOPENED
from suppliers.roles import Permission

LONGEST_NUMBER = 60


@requires_scope
def put_on_hold(command: InvoiceSaid, *, actor: Actor, at: datetime) -> Invoice:
    """Hold an invoice by hand, with the reason that its supplier reads: nothing lets it go but a person.

    What was asked of approvers lapses: they were asked about an invoice that was not held for this.
    """
    require_approver(actor, Permission.INVOICE_SETTLE)
    reason = require_reason(command.reason)
    hold = Hold(HELD, Acts.PAYABLES, (("reason", reason),))
    hold_to_end_round(command.invoice, actor=actor)
    invoice = hold_invoice(command.invoice, hold, actor=actor, at=at, version=command.version)
    clear(invoice, actor=actor, at=at)
    return invoice


@requires_scope
def let_go(command: InvoiceSaid, *, actor: Actor, at: datetime) -> Invoice:
    """Let an invoice that is held or disputed go on: it is matched again as things stand now."""
    hold_to_end_round(command.invoice, actor=actor)
    invoice = release_invoice(command.invoice, actor=actor, at=at, version=command.version)
    clear(invoice, actor=actor, at=at)
    return invoice


@requires_scope
def send_back(command: InvoiceSaid, *, actor: Actor, at: datetime) -> Invoice:
    """Reject an invoice with the reason: its supplier corrects it under its own number; or, where it `is_same` as
    another, has nothing to do.

    Raises `Invalid` also for one of which the match suspects no other.
    """
    held = hold_to_end_round(command.invoice, actor=actor)
    same_as = suspected_as(held, actor=actor) if command.is_same else ""
    if command.is_same and not same_as:
        message = _("The match knows no other invoice that this one would be the same as.")
        raise Invalid(message, [Problem("is_same", message, "", "unknown")])
    invoice = reject_invoice(
        command.invoice, command.reason, actor=actor, at=at, version=command.version, same_as=same_as
    )
    clear(invoice, actor=actor, at=at)
    return invoice


@requires_scope
def open_again(command: InvoiceSaid, *, actor: Actor, at: datetime) -> Invoice:
    """Take an approval back, a rule's too, with the reason; as long as the ERP has not booked it. The credit notes of
    ours that were approved with it are taken back with it.

    Raises `IllegalTransition` also where the ERP has booked one of those.
    """
    reason = require_reason(command.reason)
    hold = Hold(REOPENED, Acts.PAYABLES, (("reason", reason),))
    seen = hold_to_end_round(command.invoice, actor=actor)
    notes = hold_approved_with(seen)
    for note in notes:
        if note.state != InvoiceState.APPROVED:
            message = _("The ERP has booked credit note %(number)s, which was approved with this invoice.")
            raise IllegalTransition(message % {"number": note.number}, details={"state": note.state})
    reopened = reopen_invoice(command.invoice, hold, actor=actor, at=at, version=command.version)
    for note in notes:
        take_back_note(seen, reopen_invoice(note.key, hold, actor=actor, at=at), at=at)
    return reopened


@dataclass(frozen=True, slots=True)
class PaidShort:
    """What came of paying short: the credit note, and of accepting the invoice."""

    note: Invoice
    accepted: Accepted


@requires_scope
def pay_short(command: PayShort, *, actor: Actor, at: datetime) -> PaidShort:
    """Approve a part of an invoice: it is accepted, and a credit note is written for the supplier about exactly what is
    not paid, line by line, with the reason; both sides have it, and both are approved in one moment. See Note [Whole].

    Limits and rules speak of the whole invoice, as of any other: it is what is booked.

    Raises `Invalid` with every problem: nothing or all of it is taken off, more than a line claims, no reason;
    `StaleDocument` where it comes to something else than what was `seen`; and as `accept_invoice`.
    """
    require_approver(actor)
    # Before anything of it is looked at: what somebody else did to it meanwhile is said first.
    seen = hold_to_end_round(command.invoice, actor=actor)
    require_as_seen(seen, command.version)
    require_verb(seen, "approve")
    part = look_at_part(seen, command)
    if command.seen and command.seen != part.mark:
        raise StaleDocument(_("It was changed since it was worked out. Look at it again, then approve it."))
    if not actor.may(Permission.INVOICE_WRITE):
        raise NotAllowed(_("A credit note is written by accounts payable. Ask somebody there."))
    draft = start_credit_note(command.invoice, actor=actor, at=at)
    header = InvoiceHeader(
        number=command.number.strip() or number_of_note(seen),
        invoiced_on=at.astimezone(ZoneInfo(seen.supplier.time_zone)).date(),  # it is the supplier's paper
        supplied_on=seen.supplied_on,
        reason=part.reason,
        supplier_tax_id=seen.supplier_tax_id,
        company_tax_id=seen.company_tax_id,
    )
    words = tuple(
        TaxWord(one.category, one.exemption_reason, one.tax_rate, one.jurisdiction)
        for one in seen.taxes.all()
    )
    save = SaveDraft(
        draft.key,
        draft.version,
        header=header,
        lines=part.part.entries,
        charges=part.part.charges,
        tax_words=words,
    )
    draft = save_draft(save, actor=actor, at=at)
    note = send_invoice(InvoiceNamed(draft.key, draft.version), actor=actor, at=at).invoice
    said = _("%(reason)s Credit note %(number)s takes off %(amount)s %(currency)s.") % {
        "reason": part.reason,
        "number": note.number,
        "amount": plain(note.total),
        "currency": note.currency,
    }
    accepted = accept_invoice(InvoiceSaid(command.invoice, command.version, said), actor=actor, at=at)
    note.refresh_from_db()
    return PaidShort(note, accepted)


def number_of_note(invoice: Invoice) -> str:
    """What a credit note about an invoice is called where nobody says otherwise."""
    return f"{invoice.number[: LONGEST_NUMBER - 3]}-CN"
