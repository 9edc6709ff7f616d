"""An invoice that nobody has settled yet is taken back by who sent it."""

from datetime import datetime

from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.errors import IllegalTransition, Invalid, Problem
from portal.kernel.scope import requires_scope
from procurement.invoices.messages import InvoiceNamed
from procurement.invoices.models import Invoice
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
from procurement.invoices.states import INVOICE_LIFECYCLE, OPEN, SETTLED, InvoiceState
from suppliers.roles import Permission

LONGEST_REASON = 2000


@requires_scope
def withdraw_invoice(named: InvoiceNamed, reason: str, *, actor: Actor, at: datetime) -> Invoice:
    """Take an invoice back, with a reason: it claims nothing any more, and its number is free again. A correction of it
    that was begun goes with it.

    Raises `IllegalTransition` for one that is approved or further (that is given back by a credit note), and as
    `whose_to_take_back` says.
    """
    require_may(actor, Permission.INVOICE_WRITE)
    said = require_reason(reason)
    invoice, orders = hold_with_orders(named.invoice, actor=actor)
    require_verb(invoice, "withdraw")
    require_may_take_back(invoice, actor)
    require_as_seen(invoice, named.version)
    fields = {
        "end_reason": said,
        "updated_at": at,
        "state_at": at,
        "held_for": {},
        "acts": "",
        "held_at": None,
    }
    facts = said_of(invoice) | {"reason": said}
    INVOICE_LIFECYCLE.move(invoice, "withdraw", actor=actor, at=at, facts=facts, fields=fields)
    drop_corrections(invoice, actor=actor, at=at)
    refresh_claims(orders, line_ids_in(invoice), at=at)
    tell_orders(orders, invoice, "order.invoice_ended", actor=actor, at=at, what="withdrawn", reason=said)
    return invoice


def whose_to_take_back(invoice: Invoice, actor: Actor) -> str:
    """Why this actor may neither withdraw nor correct a paper that claims; nothing where that may be.

    What accounts payable sent for a supplier (a credit note that takes off what is not due) is not taken back by that
    supplier, and by its sender not alone any more once the invoice that it is about is approved.
    """
    if not invoice.on_behalf or invoice.state not in OPEN:
        return ""
    if actor.is_supplier:
        return _("Accounts payable sent this paper for you. Ask there to have it taken back.")
    about = invoice.corrects
    if about is not None and about.state in SETTLED and actor.user_id == invoice.sent_by_user_id:
        return _("The invoice that this paper is about is approved. A colleague of yours takes it back.")
    return ""


def require_may_take_back(invoice: Invoice, actor: Actor) -> None:
    """Raise `IllegalTransition` as `whose_to_take_back` says."""
    if why_not := whose_to_take_back(invoice, actor):
        raise IllegalTransition(why_not, details={"state": invoice.state})


def require_reason(reason: str) -> str:
    """The reason without blanks around it. Raises `Invalid` where none is given, or one that is too long."""
    said = reason.strip()
    if not said:
        message = _("Say why: the other side reads it first.")
        raise Invalid(message, [Problem("reason", message, "", "required")])
    if len(said) > LONGEST_REASON:
        message = _("This has %(length)d characters; there is room for %(most)d.")
        message %= {"length": len(said), "most": LONGEST_REASON}
        raise Invalid(message, [Problem("reason", message, said[:80], "too_long")])
    return said


def drop_corrections(invoice: Invoice, *, actor: Actor, at: datetime) -> None:
    """Discard the draft of a correction, where one was begun: there is nothing left that it could take the place of."""
    begun = Invoice.objects.filter(replaces=invoice, state=InvoiceState.DRAFT).select_for_update()
    for draft in begun.order_by("id"):
        fields = {"updated_at": at, "state_at": at}
        INVOICE_LIFECYCLE.move(draft, "discard", actor=actor, at=at, fields=fields)
