"""What stands on the page of one invoice of the desk."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from procurement.invoices.models import Invoice
from procurement.invoices.presenters import ENDED, file_rows, same_as
from procurement.invoices.states import INVOICE_LIFECYCLE, OPEN, Acts, InvoiceKind, InvoiceState
from procurement.matching.engine import Check, Result
from procurement.matching.presenters import CheckRow, check_rows
from procurement.payables.models import Approval, InvoiceQuestion
from procurement.payables.policies import may_answer
from procurement.payables.presenters.rows import reopenable
from procurement.payables.presenters.sentences import (
    acts_text,
    approver_text,
    asked_text,
    held_text,
    role_text,
)
from procurement.payables.queries.approvals import (
    approvals_of,
    approver_of,
    authors_of,
    barred_from,
    may_accept_alone,
    newest_round,
    questions_of,
    today_of,
    wanted_by,
    wanted_of,
)
from procurement.payables.queries.case import SideBySide, case_file, same_in
from procurement.payables.queries.desk import at_stake
from procurement.payables.states import HELD, ApprovalState, Asked, QuestionState
from suppliers.models import User
from suppliers.onboarding.presenters import names_of as steps_text
from suppliers.onboarding.queries import paying_waits
from suppliers.roles import Permission


@dataclass(frozen=True, slots=True)
class LineRow:
    """A line of the invoice with what stands against it."""

    side: SideBySide
    checks: Sequence[CheckRow]
    tone: str
    price_differs: bool
    received: Any
    claimed: Any


@dataclass(frozen=True, slots=True)
class ApprovalLine:
    """One approval of the list on the page."""

    approval: Approval
    who: str
    mine: bool
    glyph: str
    tone: str


@dataclass(frozen=True, slots=True)
class Said:
    """A question with its answer, and whether the reader may give one."""

    question: InvoiceQuestion
    mine: bool
    late: bool
    to: str


APPROVAL_LOOKS = {
    ApprovalState.WAITING: ("quiet", "none"),
    ApprovalState.ASKED: ("wait", "wait"),
    ApprovalState.GRANTED: ("done", "full"),
    ApprovalState.DECLINED: ("stop", "stop"),
    ApprovalState.LAPSED: ("quiet", "stop"),
}


def case_page(invoice: Invoice, *, actor: Actor, at: datetime) -> dict[str, Any]:
    """Everything on the page of a case. A fixed number of queries."""
    file = case_file(invoice, actor=actor)
    policy = file.match.tolerances if file.match else ""
    today = today_of(invoice.company, at)
    asked = approvals_of(invoice, actor=actor)
    last = newest_round(asked)
    barred = barred_from(invoice, last)
    approver = approver_of(actor, today)
    may_approve = actor.may(Permission.INVOICE_APPROVE)
    is_over = invoice.state in ENDED
    waiting = [one for one in last if one.state in (ApprovalState.WAITING, ApprovalState.ASKED)]
    verbs = INVOICE_LIFECYCLE.verbs_for(actor, invoice.state)
    is_author = actor.user_id in authors_of(invoice)
    alone = "approve" in verbs and not is_author and may_accept_alone(invoice, actor)
    wanted = wanted_of(invoice, actor, at) if "approve" in verbs and not alone and not waiting else ()
    waits = paying_waits([invoice.supplier_id], at).get(invoice.supplier_id)
    page: dict[str, Any] = {
        "invoice": invoice,
        "file": file,
        "papers": file_rows(file.files, invoice, [one.line for one in file.lines]),
        # Of one that ended, the checks are no more than what was said then.
        "is_over": is_over,
        "lines": [_line_row(one, () if is_over else one.checks, policy, actor) for one in file.lines],
        "whole": check_rows(_failed(file.checks) if is_over else file.whole, policy=policy, actor=actor),
        "why": held_text(invoice.held_for),
        "paying_waits": steps_text(waits.steps) if waits else "",
        "headline": _headline(invoice, waiting, actor),
        "stake": at_stake(invoice, today),
        "asked": asked_text(waiting),
        "approvals": [
            ApprovalLine(
                one,
                approver_text(one),
                one.state == ApprovalState.ASKED
                and may_approve
                and may_answer(wanted_by(one), approver, barred),
                APPROVAL_LOOKS[ApprovalState(one.state)][1],
                APPROVAL_LOOKS[ApprovalState(one.state)][0],
            )
            for one in last
        ],
        "earlier_rounds": [one for one in asked if one not in last],
        "questions": _said(invoice, actor, at),
        "may_accept": "approve" in verbs and not is_author and not waiting,
        "may_settle": actor.may(Permission.INVOICE_SETTLE),
        "alone": alone,
        "is_author": is_author,
        "wanted": [_wanted_text(one.step, one.role, one.person) for one in wanted],
        "is_open": invoice.state in OPEN,
        "may_release": "release" in verbs,
        "may_reject": "reject" in verbs,
        "may_hold": "hold" in verbs and invoice.held_for.get("key") != HELD,
        "may_reopen": "reopen" in verbs and reopenable(invoice),
        "may_pay_short": actor.may(Permission.INVOICE_WRITE) and actor.may(Permission.INVOICE_SETTLE),
        "is_waiting": bool(waiting),
        "sides": Asked.choices,
        "suspected": same_in(file.checks),
    }
    return page | {"jumps": _jumps(invoice, page)}


def _jumps(invoice: Invoice, page: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Where a narrow page, which has all evidence above what can be done, leads at once: the address of each form, and
    what its way is called.
    """
    mine = next((row for row in page["approvals"] if row.mine), None)
    settles = page["may_settle"] and page["is_open"]
    ways = [
        (mine is not None, f"#answer-{mine.approval.key}" if mine else "", _("Approve or decline")),
        (page["may_accept"], "#accept", _("Accept")),
        (settles and page["is_author"] and not page["is_waiting"], "#approval", _("Ask for approval")),
        (settles, "#ask", _("Ask somebody")),
        (
            page["may_pay_short"] and page["may_accept"] and invoice.kind == InvoiceKind.INVOICE,
            reverse("payables-short", args=[invoice.key]),
            _("Approve a part"),
        ),
        (page["may_settle"] and page["may_reject"], "#reject", _("Reject")),
        (page["may_settle"] and page["may_reopen"], "#reopen", _("Open it again")),
    ]
    return [(target, label) for is_there, target, label in ways if is_there]


def _wanted_text(step: int, role: str, person: int | None) -> str:
    if person is None:
        return _("step %(step)s: %(who)s") % {"step": step, "who": role_text(role)}
    name = User.objects.filter(pk=person).values_list("name", flat=True).first() or ""
    return _("step %(step)s: %(who)s") % {"step": step, "who": name}


def _failed(checks: Sequence[Check]) -> list[Check]:
    return [one for one in checks if one.result in (Result.FAILED, Result.WAITS)]


def _line_row(side: SideBySide, said: Sequence[Check], policy: str, actor: Actor) -> LineRow:
    checks = check_rows(said, policy=policy, actor=actor)
    order = side.line.line
    tone = "wait" if any(one.tone == "wait" for one in checks) else ""
    differs = order is not None and (
        side.line.unit_price * order.price_per != order.price * side.line.price_quantity
    )
    return LineRow(
        side,
        checks,
        tone,
        differs,
        order.received_quantity if order else None,
        side.before,
    )


def _headline(invoice: Invoice, waiting: Sequence[Approval], actor: Actor) -> dict[str, Any]:
    """Whose turn it is, in the words of the headline."""
    why = held_text(invoice.held_for)
    if waiting:
        return {
            "tone": "wait",
            "glyph": "wait",
            "turn": _("Waits for approval"),
            "yours": False,
            "sentence": asked_text(waiting) or _("Approval is asked for."),
        }
    if invoice.state in (InvoiceState.HELD, InvoiceState.DISPUTED):
        ours = invoice.acts == Acts.PAYABLES and actor.may(Permission.INVOICE_SETTLE)
        return {
            "tone": "talk" if invoice.state == InvoiceState.DISPUTED else "wait",
            "glyph": "talk" if invoice.state == InvoiceState.DISPUTED else "wait",
            "turn": _("Your turn") if ours else acts_text(invoice),
            "yours": ours,
            "sentence": why or _("It is held."),
        }
    sentences = {
        InvoiceState.SENT: ("move", "half", _("It is being matched.")),
        InvoiceState.APPROVED: ("done", "most", _("Approved; the ERP is asked to book it.")),
        InvoiceState.SCHEDULED: ("done", "most", _("Booked; it is paid on its day.")),
        InvoiceState.PAID: ("done", "full", _("Paid.")),
        InvoiceState.REJECTED: ("stop", "stop", _rejected(invoice)),
    }
    tone, glyph, sentence = sentences.get(
        InvoiceState(invoice.state), ("quiet", "stop", _("Nothing is to be done about it any more."))
    )
    return {
        "tone": tone,
        "glyph": glyph,
        "turn": invoice.get_state_display(),
        "yours": False,
        "sentence": sentence,
    }


def _rejected(invoice: Invoice) -> str:
    if not invoice.rejected_reason:
        return _("Rejected; the supplier corrects it under its number.")
    if other := same_as(invoice):
        text = _("Rejected: “%(why)s”. It is the same as %(other)s; the supplier has nothing to do.")
        return text % {"why": invoice.rejected_reason, "other": other}
    text = _("Rejected: “%(why)s”. The supplier corrects it under its number.")
    return text % {"why": invoice.rejected_reason}


def _said(invoice: Invoice, actor: Actor, at: datetime) -> list[Said]:
    """The dialogue, the oldest first."""
    found = []
    for one in questions_of(invoice, actor=actor):
        is_open = one.state == QuestionState.ASKED and one.invoice_id == invoice.pk
        if one.asked_of == Asked.SUPPLIER:
            mine = actor.is_supplier and (
                actor.may(Permission.INVOICE_WRITE) or actor.may(Permission.ORDER_ACKNOWLEDGE)
            )
        else:
            mine = not actor.is_supplier and actor.may(Permission.THREAD_NOTE)
        found.append(Said(one, is_open and mine, is_open and one.due_at < at, str(Asked(one.asked_of).label)))
    return found


def questions_page(invoice: Invoice, *, actor: Actor, at: datetime) -> dict[str, Any]:
    """What a supplier reads of an invoice that waits: why, and what is asked."""
    said = _said(invoice, actor, at)
    return {
        "invoice": invoice,
        "why": held_text(invoice.held_for),
        "acts": acts_text(invoice, is_supplier=actor.is_supplier) if invoice.state in OPEN else "",
        "questions": said,
        "is_open": invoice.state in OPEN,
    }
