"""Answering: an approval that is asked of one, and a question about an invoice, on both sides."""

import uuid
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from portal.kernel.access import DoorRequest, door
from portal.kernel.errors import Invalid, NotFound, Refusal
from portal.kernel.web import see_other, whole_number
from procurement.invoices.queries import find_invoice
from procurement.payables.messages import AnswerQuestion, ApprovalSaid
from procurement.payables.presenters.case import questions_page
from procurement.payables.queries.approvals import find_approval, find_question
from procurement.payables.services.approvals import approve_step, decline_step
from procurement.payables.services.asking import answer_question
from procurement.payables.states import ApprovalState
from procurement.payables.ways import require_factor_to_approve
from suppliers.roles import Permission

QUESTIONS = "procurement/payables/questions.html"
WORDS = {"approve": approve_step, "decline": decline_step}


@door(Permission.INVOICE_APPROVE, methods=["POST"])
def approval_answer(request: DoorRequest, key: uuid.UUID, word: str) -> HttpResponse:
    """Give an approval that is asked for, or decline it with the reason."""
    if word not in WORDS:
        raise NotFound(_("There is no such step."))
    one = find_approval(key, actor=request.actor)
    if word == "approve":
        require_factor_to_approve(request, one.invoice)
    command = ApprovalSaid(
        key,
        whole_number(request.POST.get("version")) or 0,
        request.POST.get("reason", "").replace("\r\n", "\n"),
    )
    try:
        with transaction.atomic():
            answered = WORDS[word](command, actor=request.actor, at=request.at)
    except Invalid as refused:
        messages.error(request, refused.message)
    else:
        if answered.state == ApprovalState.LAPSED:
            text = _(
                "The invoice or the rules changed since: others are to be asked. Accounts payable asks anew."
            )
            messages.warning(request, text)
            return see_other("payables-case", one.invoice.key)
        messages.success(request, _("Approved.") if word == "approve" else _("Declined."))
    return see_other("payables-case", one.invoice.key)


@door(Permission.INVOICE_VIEW)
def invoice_questions(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """What accounts payable asks about an invoice, what was answered, and why it waits: for its supplier."""
    return _show(request, key)


def _show(request: DoorRequest, key: uuid.UUID, status: int = 200, **more: Any) -> HttpResponse:
    invoice = find_invoice(key, actor=request.actor)
    if invoice.sent_at is None:
        raise NotFound(_("There is no such invoice."))
    context = questions_page(invoice, actor=request.actor, at=request.at) | more
    return render(request, QUESTIONS, context, status=status)


@door(Permission.INVOICE_WRITE, Permission.ORDER_ACKNOWLEDGE, Permission.THREAD_NOTE, methods=["POST"])
def invoice_answer(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Answer a question about an invoice."""
    one = find_question(key, actor=request.actor)
    answer = request.POST.get("answer", "").replace("\r\n", "\n")
    version = whole_number(request.POST.get("version")) or 0
    to = "invoice-questions" if request.actor.is_supplier else "payables-case"
    try:
        with transaction.atomic():
            answer_question(AnswerQuestion(key, version, answer), actor=request.actor, at=request.at)
    except Invalid as refused:
        problems = [{"id": f"answer-{key}", "message": problem.message} for problem in refused.problems]
        return _show(request, one.invoice.key, status=422, problems=problems, typed=answer)
    except Refusal as refused:
        if refused.status in (403, 404):
            raise
        return _show(request, one.invoice.key, status=refused.status, refusal=refused)
    messages.success(request, _("Your answer is with accounts payable."))
    return see_other(to, one.invoice.key)
