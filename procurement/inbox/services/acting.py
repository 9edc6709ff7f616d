"""The buyer's word, said on a case: the very services of the decisions and of the change requests are called.

Note [Looked at again]: before anything is decided, the orders are held and their cases made to agree with them. Whose
case is not what the page showed any more is told so, and what nobody has looked at is never accepted by mistake.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.errors import IllegalTransition, Invalid, Problem, Refusal
from portal.kernel.scope import acting, requires_scope
from procurement.acknowledgments.messages import ACCEPT, DECLINE, DecideAnswer
from procurement.acknowledgments.services import decide_answer
from procurement.changes.messages import AnswerChange, ReviseChange, Wish
from procurement.changes.models import OrderChange
from procurement.changes.queries import reasons_of
from procurement.changes.services import accept_change, counter_change, decline_change
from procurement.inbox.messages import ActOnCase, Seen
from procurement.inbox.models import ExceptionCase
from procurement.inbox.queries.cases import cases_by_key, find_case
from procurement.inbox.services.review import INBOX, review_cases
from procurement.inbox.services.working import (
    Outcome,
    missing,
    require_as_seen,
    require_some,
    require_worker,
)
from procurement.inbox.states import CaseState, Cause
from procurement.orders.models import PurchaseOrder
from suppliers.roles import Permission

DECIDABLE = frozenset({Cause.ANSWER, Cause.CHANGE})


class NothingToDecide(IllegalTransition):
    """This case is not one that is accepted or declined."""

    code = "nothing_to_decide"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is said to many cases at once: accept, or decline with a reason."""

    verdict: str
    reason: str = ""
    note: str = ""


def verbs_for(case: ExceptionCase, actor: Actor) -> list[str]:
    """What this actor may say on this case about what it is about."""
    if not case.is_live or actor.is_supplier:
        return []
    if case.cause == Cause.ANSWER and actor.may(Permission.ORDER_DECIDE):
        return [ACCEPT, DECLINE]
    if case.cause == Cause.CHANGE and actor.may(Permission.CHANGE_NEGOTIATE):
        return [ACCEPT, "counter", DECLINE]
    return []


@requires_scope
def act_on_case(command: ActOnCase, *, actor: Actor, at: datetime) -> ExceptionCase:
    """Accept or decline what a case is about; returns the case as it stands then, closed as a rule.

    Raises `StaleCase` where the case moved, `Invalid` for a decline without a reason, and whatever the service raises
    that does it.
    """
    require_worker(actor)
    case = find_case(command.seen.case, actor=actor)
    _look_again([case], at)
    case = find_case(command.seen.case, actor=actor)
    require_as_seen(case, command.seen.version)
    _decide(case, Verdict(command.verdict, command.reason, command.note), actor=actor, at=at)
    _look_again([case], at)
    return find_case(case.key, actor=actor)


@requires_scope
def act_on_cases(chosen: Sequence[Seen], verdict: Verdict, *, actor: Actor, at: datetime) -> list[Outcome]:
    """Say the same to many cases; one that cannot be had sinks no other. Tells of each what came of it.

    Raises `Invalid` before anything is done when nothing is chosen, too much, or a decline says no reason.
    """
    require_worker(actor)
    require_some(len(chosen))
    _require_readable(verdict)
    versions = {one.case: one.version for one in chosen}
    _look_again(cases_by_key(versions, actor=actor), at)
    found = cases_by_key(versions, actor=actor)
    outcomes = []
    for case in found:
        try:
            with transaction.atomic():
                require_as_seen(case, versions[case.key])
                _decide(case, verdict, actor=actor, at=at)
        except Refusal as refusal:
            outcomes.append(Outcome(case.key, case.number, refusal.message))
        else:
            outcomes.append(Outcome(case.key, case.number))
    _look_again(found, at)
    return outcomes + missing(versions, found)


@requires_scope
def counter_on_case(
    seen: Seen, wish: Wish, *, reason: str = "", note: str = "", actor: Actor, at: datetime
) -> ExceptionCase:
    """Answer the wish that a case is about with another one."""
    require_worker(actor)
    case = find_case(seen.case, actor=actor)
    _look_again([case], at)
    case = find_case(seen.case, actor=actor)
    require_as_seen(case, seen.version)
    if case.cause != Cause.CHANGE or not case.is_live:
        raise NothingToDecide(
            _("Only a change request can be countered. Decline the answer and say what is needed.")
        )
    assert case.change is not None
    counter_change(ReviseChange(case.change.key, case.change.version, wish, reason, note), actor=actor, at=at)
    _look_again([case], at)
    return find_case(case.key, actor=actor)


def _look_again(cases: Sequence[ExceptionCase], at: datetime) -> None:
    """Hold the orders of these cases and make their cases agree with them. See Note [Looked at again]."""
    orders = sorted({case.order_id for case in cases if case.order_id})
    if orders:
        with acting(INBOX):
            review_cases(orders, actor=INBOX, at=at)


def _require_readable(verdict: Verdict) -> None:
    if verdict.verdict not in (ACCEPT, DECLINE):
        message = _("Say accept or decline.")
        raise Invalid(message, [Problem("verdict", message, verdict.verdict)])
    if verdict.verdict == DECLINE and not (verdict.reason.strip() or verdict.note.strip()):
        message = _("Say why: the supplier can answer better when it knows what is needed.")
        raise Invalid(message, [Problem("reason", message, "", "required")])


def _decide(case: ExceptionCase, verdict: Verdict, *, actor: Actor, at: datetime) -> None:
    _require_readable(verdict)
    if case.state == CaseState.RESOLVED or case.cause not in DECIDABLE:
        raise NothingToDecide(
            _("Case %(number)d is not one to accept or decline. Open it and see what it needs.")
            % {"number": case.number}
        )
    assert case.order is not None
    if case.cause == Cause.ANSWER:
        assert case.line is not None
        version = PurchaseOrder.objects.values_list("version", flat=True).get(pk=case.order.pk)
        command = DecideAnswer(
            case.order.key,
            version,
            verdict.verdict,
            lines=frozenset({case.line.key}),
            reason=_words(case, verdict),
        )
        decide_answer(command, actor=actor, at=at)
        return
    assert case.change is not None
    change = OrderChange.objects.get(pk=case.change.pk)
    say = accept_change if verdict.verdict == ACCEPT else decline_change
    reason, note = verdict.reason.strip(), verdict.note
    if reason and reason not in reasons_of(case.order.company_id):
        reason, note = "", f"{reason}\n{note}".strip()
    say(AnswerChange(change.key, change.version, reason, note), actor=actor, at=at)


def _words(case: ExceptionCase, verdict: Verdict) -> str:
    """A reason in words: what its code is called in this company, and what was written besides."""
    assert case.order is not None
    named = reasons_of(case.order.company_id).get(verdict.reason, verdict.reason)
    return "\n".join(part for part in (named.strip(), verdict.note.strip()) if part)
