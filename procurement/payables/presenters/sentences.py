"""Why an invoice does not go on, whose turn it is, and of whom approval is asked: one sentence each."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from procurement.invoices.models import Invoice
from procurement.invoices.states import BOOKING_CANCELLED, HELD_DISPUTED, REJECTED_SAME, Acts, InvoiceState
from procurement.matching.presenters import held_sentence
from procurement.payables.models import Approval
from procurement.payables.states import (
    ANSWERED,
    ASKED_INSIDE,
    BY_DESK,
    HELD,
    REOPENED,
    TOLD,
    ApprovalState,
    Asked,
)
from suppliers.roles import CompanyRole


def held_text(held_for: Mapping[str, Any]) -> str:
    """Why an invoice is held, in one sentence that both sides read; empty for one that is not."""
    key = str(held_for.get("key", ""))
    params = dict(held_for.get("params", {}))
    if not key:
        return ""
    if key != HELD_DISPUTED and not key.startswith(BY_DESK):
        return held_sentence(held_for)
    sentences = {
        HELD: _("Accounts payable holds it: %(reason)s"),
        REOPENED: _("Accounts payable took its approval back: %(reason)s"),
        BOOKING_CANCELLED: _(
            "The ERP has cancelled its booking. Accounts payable approves it once more, or sends it back."
        ),
        REJECTED_SAME: _("It is the same as invoice %(other)s."),
        TOLD: _("Accounts payable asked a colleague, and has the answer."),
        ANSWERED: _("%(name)s answered: “%(answer)s”"),
        HELD_DISPUTED: _("Accounts payable asks the supplier: %(reason)s"),
        ASKED_INSIDE[Asked.BUYER]: _("Accounts payable asks the buyer before it goes on."),
        ASKED_INSIDE[Asked.RECEIVER]: _("Accounts payable asks receiving before it goes on."),
    }
    sentence = sentences.get(key, _("A person of accounts payable holds it."))
    return sentence % {name: params.get(name, "") for name in ("reason", "name", "answer", "other")}


def acts_text(invoice: Invoice, *, is_supplier: bool = False) -> str:
    """Whose turn it is, in a few words, as the reader calls them."""
    words: dict[str, Any] = {
        Acts.SUPPLIER: _("Your turn") if is_supplier else _("The supplier acts"),
        Acts.BUYER: _("The customer decides") if is_supplier else _("The buyer acts"),
        Acts.RECEIVER: _("Receiving acts"),
        Acts.PAYABLES: _("The customer decides") if is_supplier else _("Accounts payable acts"),
        Acts.NOBODY: _("Goes on by itself"),
    }
    if invoice.state == InvoiceState.SENT:
        return _("Being matched")
    if invoice.held_for.get("key") == "match.quantity.waits":
        return _("Waits for goods")
    return str(words.get(invoice.acts, ""))


def role_text(role: str) -> str:
    """A role of the buying side as people call it."""
    return str(CompanyRole(role).label) if role in CompanyRole.values else role


def approver_text(one: Approval) -> str:
    """Of whom an approval is asked."""
    if one.person is not None:
        return str(one.person.name)
    return role_text(one.role)


def asked_text(asked: Sequence[Approval]) -> str:
    """Of whom approval is asked now; empty where nobody is."""
    now = [approver_text(one) for one in asked if one.state == "asked"]
    if not now:
        return ""
    return _("Approval is asked of %(names)s.") % {"names": ", ".join(sorted(set(now)))}


def waits_text(asked: Sequence[Approval]) -> str:
    """By whom an approval that is asked is waited for; empty where none is."""
    now = sorted({approver_text(one) for one in asked if one.state == ApprovalState.ASKED})
    return _("Waits for approval by %(names)s") % {"names": ", ".join(now)} if now else ""
