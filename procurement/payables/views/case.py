"""One invoice on the desk, side by side with its order, its receipts and earlier invoices; and what is done with it."""

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from portal.kernel.access import DoorRequest, door
from portal.kernel.errors import Invalid, NotFound, Problem, Refusal
from portal.kernel.web import see_other, whole_number
from procurement.invoices.models import Invoice
from procurement.invoices.queries import find_invoice
from procurement.payables.messages import AskAbout, InvoiceSaid
from procurement.payables.presenters.case import case_page
from procurement.payables.services.approvals import accept_invoice, ask_approval, call_off
from procurement.payables.services.asking import ask_about
from procurement.payables.services.deciding import let_go, open_again, put_on_hold, send_back
from procurement.payables.ways import require_factor_to_approve
from suppliers.roles import Permission

CASE = "procurement/payables/case.html"
VERBS: dict[str, Callable[..., Any]] = {
    "accept": accept_invoice,
    "approval": ask_approval,
    "call-off": call_off,
    "hold": put_on_hold,
    "release": let_go,
    "reject": send_back,
    "reopen": open_again,
}


def sent_invoice(key: uuid.UUID, request: DoorRequest) -> Invoice:
    """An invoice that was sent: a draft is nobody's to settle. Raises `NotFound`."""
    invoice = find_invoice(key, actor=request.actor)
    if invoice.sent_at is None:
        raise NotFound(_("There is no such invoice."))
    return invoice


@door(Permission.SUPPLIER_VIEW)
def payables_case(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """The case: why it waits, what stands against it, what was asked and answered, and what can be done."""
    return _show(request, sent_invoice(key, request))


def _show(
    request: DoorRequest,
    invoice: Invoice,
    *,
    form: str = "",
    problems: list[Problem] | None = None,
    refusal: Refusal | None = None,
) -> HttpResponse:
    context = case_page(invoice, actor=request.actor, at=request.at)
    context |= {
        "typed": request.POST,
        "form": form,
        "bad": {one.field for one in problems or ()},
        "problems": [{"id": f"{form}-{one.field}", "message": one.message} for one in problems or ()],
        "refusal": refusal,
    }
    status = refusal.status if refusal else 422 if problems else 200
    return render(request, CASE, context, status=status)


def _said(request: DoorRequest, key: uuid.UUID) -> InvoiceSaid:
    version = whole_number(request.POST.get("version")) or 0
    reason = request.POST.get("reason", "").replace("\r\n", "\n")
    return InvoiceSaid(key, version, reason, is_same=request.POST.get("is_same") == "1")


@door(Permission.INVOICE_SETTLE, Permission.INVOICE_APPROVE, methods=["POST"])
def payables_do(request: DoorRequest, key: uuid.UUID, verb: str) -> HttpResponse:
    """Accept, ask for approval, hold, let go, reject, open again."""
    if verb not in VERBS:
        raise NotFound(_("There is no such step."))
    invoice = sent_invoice(key, request)
    if verb == "accept":
        require_factor_to_approve(request, invoice)
    try:
        with transaction.atomic():
            done = VERBS[verb](_said(request, key), actor=request.actor, at=request.at)
    except Invalid as refused:
        return _show(request, invoice, form=verb, problems=list(refused.problems))
    except Refusal as refused:
        if refused.status in (403, 404):
            raise
        return _show(request, sent_invoice(key, request), refusal=refused)
    words = {
        "approval": _("Approval is asked for."),
        "call-off": _("Nobody is asked for approval any more."),
        "hold": _("It is held until a person lets it go."),
        "release": _("It is matched again."),
        "reject": _("It is rejected. The supplier is told why."),
        "reopen": _("The approval is taken back."),
    }
    if verb == "accept":
        asked = getattr(done, "asked", ())
        said = _("It is more than you accept alone: approval is asked for.") if asked else _("Approved.")
    else:
        said = words[verb]
    messages.success(request, said)
    return see_other("payables-case", key)


@door(Permission.INVOICE_SETTLE, methods=["POST"])
def payables_ask(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Ask the supplier, the buyer or receiving."""
    invoice = sent_invoice(key, request)
    version = whole_number(request.POST.get("version")) or 0
    asked_of, question = request.POST.get("asked_of", ""), request.POST.get("question", "")
    try:
        with transaction.atomic():
            command = AskAbout(key, version, asked_of, question.replace("\r\n", "\n"))
            ask_about(command, actor=request.actor, at=request.at)
    except Invalid as refused:
        return _show(request, invoice, form="ask", problems=list(refused.problems))
    except Refusal as refused:
        if refused.status in (403, 404):
            raise
        return _show(request, sent_invoice(key, request), refusal=refused)
    messages.success(request, _("Asked. It is theirs to answer now."))
    return see_other("payables-case", key)
