"""Asking the supplier, the buyer or receiving about an invoice, and their answers: a dialogue with a clock.

Note [Both places]: what is asked and answered is said in the thread of the invoice's order too, where the other words
about these goods stand; to a colleague as an internal note. An invoice without an order has the questions alone.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.services import record
from portal.kernel.errors import IllegalTransition, Invalid, NotAllowed, Problem, StaleDocument
from portal.kernel.scope import acting, requires_scope
from procurement.calendars.policies import add_working_time, length_of_day
from procurement.clocks.queries import Offices
from procurement.invoices.messages import Hold
from procurement.invoices.models import Invoice
from procurement.invoices.services.holding import require_as_seen
from procurement.invoices.services.settle import dispute_invoice, disputed_for, hold_invoice, pass_on
from procurement.invoices.states import HELD_DISPUTED, OPEN, Acts, InvoiceState
from procurement.payables.messages import AnswerQuestion, AskAbout
from procurement.payables.models import InvoiceQuestion
from procurement.payables.queries.approvals import find_question
from procurement.payables.queries.case import order_of
from procurement.payables.services.approvals import (
    DESK,
    LONGEST_REASON,
    clear,
    hold_to_end_round,
    require_approver,
)
from procurement.payables.states import ANSWERED, ASKED_INSIDE, QUESTION_LIFECYCLE, TOLD, Asked, QuestionState
from procurement.threads.messages import NewMessage
from procurement.threads.services import send_message
from suppliers.models import User
from suppliers.roles import CompanyRole, Permission

ANSWER_WITHIN_DAYS = 2  # working days of who is asked
LONGEST_SHOWN = 500  # characters of an answer in the headline; all of it stands below


@requires_scope
def ask_about(command: AskAbout, *, actor: Actor, at: datetime) -> InvoiceQuestion:
    """Ask about an invoice: it is the other one's turn until an answer comes. The supplier's makes it disputed.
    What was asked of approvers lapses: they are asked again with the answer.

    Raises `NotAllowed`, `Invalid` without a question, `IllegalTransition` where it is settled or that side is asked
    already, and `StaleDocument`.
    """
    require_approver(actor, Permission.INVOICE_SETTLE)
    question = _text("question", command.question, _("Write what you want to know."))
    if command.asked_of not in Asked.values:
        message = _("Choose whom you ask.")
        raise Invalid(message, [Problem("asked_of", message, command.asked_of[:20], "unknown")])
    invoice = hold_to_end_round(command.invoice, actor=actor)
    require_as_seen(invoice, command.version)
    if invoice.state not in OPEN:
        message = _("This invoice is %(state)s: there is nothing to ask about it any more.")
        raise IllegalTransition(message % {"state": invoice.get_state_display().lower()})
    same = InvoiceQuestion.objects.filter(
        invoice=invoice, asked_of=command.asked_of, state=QuestionState.ASKED
    )
    if same.exists():
        raise IllegalTransition(_("A question to the same side is open already. Wait for its answer first."))
    inside = command.asked_of != Asked.SUPPLIER
    asked: InvoiceQuestion = InvoiceQuestion.objects.create(
        supplier_id=invoice.supplier_id,
        invoice=invoice,
        asked_of=command.asked_of,
        question=question,
        asked_at=at,
        asked_by=actor.label,
        asked_by_user_id=actor.user_id,
        due_at=_due_at(invoice, command.asked_of, at),
    )
    facts = {**_facts(asked, invoice), "question": question[:500], "people": _colleagues(invoice, asked)}
    if not inside:
        # Mailed to the supplier, who answers what is asked: all of it, and of which sum.
        facts |= {"question": question, "total": str(invoice.total), "currency": invoice.currency}
    record(
        "invoice.colleague_asked" if inside else "invoice.question_asked",
        invoice.stream,
        actor=actor,
        at=at,
        supplier_id=invoice.supplier_id,
        facts=facts,
        internal=inside,
    )
    _say(asked, invoice, question, actor=actor, at=at)
    _pass_to(invoice, asked, question, actor=actor, at=at)
    clear(invoice, actor=actor, at=at)
    return asked


@requires_scope
def answer_question(command: AnswerQuestion, *, actor: Actor, at: datetime) -> InvoiceQuestion:
    """Answer what accounts payable asked: it is its turn again.

    Raises `NotAllowed` for who may not speak for the side that is asked, `Invalid` without an answer, `StaleDocument`
    where it was answered meanwhile or is not asked any more.
    """
    seen = find_question(command.question, actor=actor)
    _require_asked(seen, actor)
    answer = _text("answer", command.answer, _("Write your answer."))
    with acting(DESK):
        # In accounts payable's name: a supplier's scope moves nothing but its own words. Its orders before the invoice,
        # as everybody does: the answer is written into the thread of one.
        invoice = hold_to_end_round(seen.invoice.key, actor=DESK)
    one: InvoiceQuestion = InvoiceQuestion.objects.select_for_update().get(pk=seen.pk)
    one.invoice = invoice
    if one.state != QuestionState.ASKED or one.version != command.version:
        raise StaleDocument(_("This question was answered, or is not asked any more. Look at the invoice."))
    fields = {
        "answer": answer,
        "answered_at": at,
        "answered_by": actor.label,
        "answered_by_user_id": actor.user_id,
    }
    verb = "answer" if one.asked_of == Asked.SUPPLIER else "tell"
    facts = {**_facts(one, invoice), "answer": answer[:500], "people": [one.asked_by_user_id]}
    QUESTION_LIFECYCLE.move(one, verb, actor=actor, at=at, facts=facts, fields=fields)
    _say(one, invoice, answer, actor=actor, at=at)
    with acting(DESK):
        if invoice.state in (InvoiceState.HELD, InvoiceState.DISPUTED):
            acts = invoice.acts if _others_asked(invoice) else Acts.PAYABLES
            pass_on(invoice.key, acts, held_for=_answered(invoice, one), actor=DESK, at=at)
    return one


def _answered(invoice: Invoice, one: InvoiceQuestion) -> dict[str, Any] | None:
    """What an invoice that says that it was asked about says once there is an answer: the supplier's as it is, of a
    colleague's only that it is there. None where it says another thing.
    """
    asks = ASKED_INSIDE.get(Asked(one.asked_of), HELD_DISPUTED)
    if invoice.held_for.get("key") != asks:
        return None
    if one.asked_of != Asked.SUPPLIER:
        return {"key": TOLD, "params": {}}
    return {"key": ANSWERED, "params": {"name": one.answered_by, "answer": one.answer[:LONGEST_SHOWN]}}


@requires_scope
def drop_questions(documents: Iterable[UUID], *, actor: Actor, at: datetime) -> int:
    """What was asked about invoices that went another way is not asked any more. Told twice it changes nothing."""
    rows = (
        InvoiceQuestion.objects.select_for_update(of=("self",))
        .select_related("invoice")
        .filter(invoice__document__in=list(documents), state=QuestionState.ASKED)
        .exclude(invoice__state__in=OPEN)
        .order_by("id")
    )
    dropped = 0
    for one in rows:
        QUESTION_LIFECYCLE.move(one, "drop", actor=actor, at=at, facts=_facts(one, one.invoice))
        dropped += 1
    return dropped


def _pass_to(invoice: Invoice, asked: InvoiceQuestion, question: str, *, actor: Actor, at: datetime) -> None:
    """Say whose turn it is now."""
    acts = {Asked.SUPPLIER: Acts.SUPPLIER, Asked.BUYER: Acts.BUYER, Asked.RECEIVER: Acts.RECEIVER}[
        Asked(asked.asked_of)
    ]
    if acts == Acts.SUPPLIER and invoice.state != InvoiceState.DISPUTED:
        dispute_invoice(invoice.key, question, acts=acts, actor=actor, at=at)
    elif invoice.state == InvoiceState.SENT:
        hold_invoice(invoice.key, Hold(ASKED_INSIDE[Asked(asked.asked_of)], acts), actor=actor, at=at)
    else:
        # Asked once more, a disputed invoice says what is asked now.
        asks_anew = acts == Acts.SUPPLIER
        held_for = disputed_for(question) if asks_anew else None
        pass_on(invoice.key, acts, held_for=held_for, actor=actor, at=at)


def _due_at(invoice: Invoice, asked_of: str, at: datetime) -> datetime:
    offices = Offices()
    if asked_of == Asked.SUPPLIER:
        calendar = offices.of_supplier(invoice.supplier)
    else:
        calendar = offices.of_company(invoice.company)
    return add_working_time(at, ANSWER_WITHIN_DAYS * length_of_day(calendar), calendar)


def _colleagues(invoice: Invoice, asked: InvoiceQuestion) -> list[int]:
    """Whom a question is put to on our side: the buyer of its order, else all buyers; or those who receive."""
    if asked.asked_of == Asked.SUPPLIER:
        return []
    people = User.objects.filter(is_active=True)
    if asked.asked_of == Asked.RECEIVER:
        people = people.filter(company_role=CompanyRole.RECEIVING)
    else:
        order = order_of(invoice)
        buyer = people.exclude(company_role="").filter(email__iexact=order.buyer_email if order else "-")
        people = buyer if buyer.exists() else people.filter(company_role=CompanyRole.BUYER)
    return sorted(people.values_list("pk", flat=True)[:20])


def _require_asked(one: InvoiceQuestion, actor: Actor) -> None:
    if one.asked_of == Asked.SUPPLIER:
        if not actor.is_supplier:
            raise IllegalTransition(_("The supplier answers this itself."))
        if not (actor.may(Permission.INVOICE_WRITE) or actor.may(Permission.ORDER_ACKNOWLEDGE)):
            raise NotAllowed(_("Somebody of the supplier who invoices or answers orders answers this."))
    elif actor.is_supplier or not actor.may(Permission.THREAD_NOTE):
        raise NotAllowed(_("A colleague of the buyer or of receiving answers this."))


def _others_asked(invoice: Invoice) -> bool:
    return InvoiceQuestion.objects.filter(invoice=invoice, state=QuestionState.ASKED).exists()


def _say(one: InvoiceQuestion, invoice: Invoice, text: str, *, actor: Actor, at: datetime) -> None:
    """See Note [Both places]. Who may not write there has said it on the invoice alone."""
    order, internal = order_of(invoice), one.asked_of != Asked.SUPPLIER
    permission = Permission.THREAD_NOTE if internal else Permission.THREAD_WRITE
    if order is None or not actor.may(permission):
        return
    body = _("On invoice %(number)s: %(text)s") % {"number": invoice.number, "text": text}
    with transaction.atomic():
        send_message(NewMessage(order.key, body, internal, repeats=str(one.key)), actor=actor, at=at)


def _text(field: str, text: str, missing: str) -> str:
    said = text.strip()
    if not said:
        raise Invalid(missing, [Problem(field, missing, "", "required")])
    if len(said) > LONGEST_REASON:
        message = _("This has %(length)d characters; there is room for %(most)d.")
        message %= {"length": len(said), "most": LONGEST_REASON}
        raise Invalid(message, [Problem(field, message, said[:80], "too_long")])
    return said


def _facts(one: InvoiceQuestion, invoice: Invoice) -> dict[str, str]:
    return {
        "question_key": str(one.key),
        "invoice": str(invoice.key),
        "number": invoice.number,
        "asked_of": str(one.asked_of),
    }
