"""An invoice is sent, and takes the place of the version that it corrects."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.errors import Duplicate, IllegalTransition, Invalid, Problem
from portal.kernel.scope import requires_scope
from procurement.findings.policies import Finding, stops
from procurement.invoices.messages import InvoiceNamed
from procurement.invoices.models import Invoice
from procurement.invoices.policies.checks import check_invoice, taken_message
from procurement.invoices.queries import Written, checked, find_invoice, namesake_of, written
from procurement.invoices.services.holding import (
    hold_draft,
    hold_with_orders,
    line_ids_in,
    refresh_claims,
    require_may,
    said_of,
    tell_orders,
)
from procurement.invoices.states import INVOICE_LIFECYCLE, REVISABLE
from suppliers.roles import Permission
from suppliers.services import require_business


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of sending: the invoice, and what else there was to say."""

    invoice: Invoice
    findings: Sequence[Finding] = ()


@requires_scope
def send_invoice(named: InvoiceNamed, *, actor: Actor, at: datetime) -> Sent:
    """Claim what a draft says: from now on it counts against its orders, and is never edited.

    A correction takes the place of the version that it replaces, in the same moment and under its number. Raises
    `Duplicate` for a number that another live document has, naming that one, `Invalid` with every finding that must be
    mended first, and `BusinessEnded` where the supplier has left.
    """
    require_may(actor, Permission.INVOICE_WRITE)
    invoice, orders = hold_with_orders(named.invoice, actor=actor)
    invoice = hold_draft(named.invoice, named.version, actor=actor)
    before = _hold_replaced(invoice)
    draft = written(invoice)
    require_business(invoice.supplier_id, actor=actor)
    findings = check_invoice(checked(draft, at=at))
    # After the checks, which look at the number as well: one taken in between is told the same way.
    _require_number(invoice)
    if bad := stops(findings):
        raise Invalid(bad[0].message, [_problem_of(one) for one in bad])
    with _number_once(invoice):
        if before is not None:
            facts = said_of(before) | {"by": str(invoice.key)}
            INVOICE_LIFECYCLE.move(before, "replace", actor=actor, at=at, facts=facts, fields=_ended(at))
        fields = {
            "sent_at": at,
            "sent_by": actor.label,
            "sent_by_user_id": actor.user_id,
            "channel": actor.channel,
            "updated_at": at,
            "state_at": at,
        }
        facts = _facts_of(draft)
        INVOICE_LIFECYCLE.move(invoice, "send", actor=actor, at=at, facts=facts, fields=fields)
    refresh_claims(orders, line_ids_in(invoice, before), at=at)
    tell_orders(orders, invoice, "order.invoice_sent", actor=actor, at=at)
    return Sent(invoice, findings)


def _hold_replaced(invoice: Invoice) -> Invoice | None:
    """The version that this one takes the place of, held. Raises `IllegalTransition` where it cannot any more."""
    if invoice.replaces_id is None:
        return None
    before: Invoice = (
        Invoice.objects.select_for_update(of=("self",))
        .select_related("company", "supplier")
        .get(pk=invoice.replaces_id)
    )
    if before.state not in REVISABLE:
        message = _("The version before is %(state)s: it cannot be corrected any more.")
        raise IllegalTransition(
            message % {"state": before.get_state_display().lower()}, details={"state": before.state}
        )
    return before


def _require_number(invoice: Invoice) -> None:
    namesake = namesake_of(invoice, invoice.number)
    if namesake is not None:
        raise _duplicate(invoice, namesake)


def _duplicate(invoice: Invoice, namesake: Invoice) -> Duplicate:
    called = f"{namesake.get_kind_display()} {namesake.number}"
    if namesake.invoiced_on is not None:
        called = _("%(called)s of %(day)s") % {"called": called, "day": namesake.invoiced_on.isoformat()}
    details = {"invoice": str(namesake.key), "number": namesake.number, "state": namesake.state}
    return Duplicate(taken_message(invoice.number, called), details=details)


@contextmanager
def _number_once(invoice: Invoice) -> Iterator[None]:
    """Turn the database's word on a number that was taken in the same moment into a sentence."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if "invoice_number_once" not in str(error):
            raise
        namesake = namesake_of(invoice, invoice.number)
        if namesake is None:
            raise
        raise _duplicate(invoice, namesake) from error


def _ended(at: datetime) -> dict[str, Any]:
    """What an invoice that claims nothing any more has no more of."""
    return {"updated_at": at, "state_at": at, "held_for": {}, "acts": "", "held_at": None}


def _problem_of(finding: Finding) -> Problem:
    where = "" if finding.line is None else str(finding.line)
    return Problem(finding.field or "invoice", finding.message, "", finding.code, where)


def _facts_of(draft: Written) -> dict[str, Any]:
    orders = sorted({one.order.number for one in draft.lines if one.order})
    return said_of(draft.invoice) | {"orders": orders[:50], "lines": len(draft.lines)}


@requires_scope
def findings_of(invoice: Invoice, *, at: datetime) -> list[Finding]:
    """What there is to say of a draft as it stands: the same that sending it will say."""
    return check_invoice(checked(written(invoice), at=at))


@requires_scope
def check_draft(named: InvoiceNamed, *, actor: Actor, at: datetime) -> list[Finding]:
    """The findings of a draft that this actor may see."""
    return findings_of(find_invoice(named.invoice, actor=actor), at=at)
