"""What the match says of many invoices at once: approved in a rule's name, or held for a reason. Each keeps its own
fact, and the ERP is told of each approval, in as many queries as for one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from portal.kernel.actors import Actor
from portal.kernel.scope import requires_scope
from procurement.invoices.messages import Hold
from procurement.invoices.models import Invoice
from procurement.invoices.queries import pay_days
from procurement.invoices.services.holding import said_of
from procurement.invoices.services.settle import NOTHING_HOLDS, approval_payload, held_to_json
from procurement.invoices.states import INVOICE_LIFECYCLE, InvoiceState


@dataclass(frozen=True, slots=True)
class Approval:
    """In whose name an invoice is approved, and why."""

    invoice: Invoice
    approved_by: str
    reason: str


@requires_scope
def hold_matched(
    holds: Sequence[tuple[Invoice, Hold]], approvals: Sequence[Approval], *, actor: Actor, at: datetime
) -> None:
    """Approve these invoices in their rule's name, and hold those for their reason; all are held (locked) by the caller
    and open. One that is held for the same reason already stays as it is, and since when.
    """
    _hold([one for one in holds if not _is_held_so(*one)], actor=actor, at=at)
    _approve(approvals, actor=actor, at=at)


def _is_held_so(invoice: Invoice, hold: Hold) -> bool:
    return (
        invoice.state == InvoiceState.HELD
        and invoice.acts == hold.acts
        and invoice.held_for == held_to_json(hold)
    )


def _hold(holds: Sequence[tuple[Invoice, Hold]], *, actor: Actor, at: datetime) -> None:
    if not holds:
        return
    invoices = [invoice for invoice, _why in holds]
    for invoice, hold in holds:
        invoice.held_for, invoice.acts, invoice.held_at = held_to_json(hold), hold.acts, at
    Invoice.objects.bulk_update(invoices, ["held_for", "acts", "held_at"], batch_size=1000)
    facts = [said_of(one) | {"held_for": one.held_for, "acts": one.acts} for one in invoices]
    fields = {"state_at": at, "updated_at": at}
    INVOICE_LIFECYCLE.move_all(invoices, "hold", actor=actor, at=at, facts=facts, fields=fields)


def _approve(approvals: Sequence[Approval], *, actor: Actor, at: datetime) -> None:
    if not approvals:
        return
    invoices = [one.invoice for one in approvals]
    days = pay_days(invoices)
    for one in approvals:
        one.invoice.approved_by, one.invoice.approval_reason = one.approved_by, one.reason
        one.invoice.pay_on = days[one.invoice.pk]
    Invoice.objects.bulk_update(invoices, ["approved_by", "approval_reason", "pay_on"], batch_size=1000)
    fields = {**NOTHING_HOLDS, "approved_at": at, "state_at": at, "updated_at": at}
    INVOICE_LIFECYCLE.move_all(
        invoices,
        "approve",
        actor=actor,
        at=at,
        facts=[said_of(one.invoice) | {"by": one.approved_by} for one in approvals],
        fields=fields,
        payloads=[approval_payload(invoice) for invoice in invoices],
    )
