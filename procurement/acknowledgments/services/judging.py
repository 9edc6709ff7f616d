"""Holding an answer against the company's tolerances when it is given, and opening again what they agreed to."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kernel.actors import Actor
from portal.kernel.errors import Invalid, NotAllowed, Problem, StaleDocument
from portal.kernel.scope import requires_scope
from procurement.acknowledgments.policies import LineRules, agreed_pieces, is_apart, refused_at_entry
from procurement.acknowledgments.queries import judge_of, with_paper
from procurement.orders.models import Promise, PurchaseOrder, PurchaseOrderLine
from procurement.orders.policies import NewPiece
from procurement.orders.queries import lines_of, live_promises_by_line, lock_order
from procurement.orders.services import Ruled, ask_again
from procurement.orders.states import PromiseState, Turn
from procurement.threads.messages import NewMessage
from procurement.threads.services import send_message
from procurement.tolerances.messages import Decided, DocumentKind, Verdict, rule_label
from procurement.tolerances.models import ToleranceDecision
from procurement.tolerances.queries import LivePolicy, find_decision
from procurement.tolerances.services import note_reopened, write_decisions
from procurement.tolerances.states import JudgedOutcome
from suppliers.roles import Permission


@dataclass(frozen=True, slots=True)
class Judged:
    """What the rules say of an answer: of each line that differs from what is asked, by line id."""

    policy: LivePolicy | None = None
    verdicts: Mapping[int, Verdict] = field(default_factory=dict)
    pieces: Mapping[int, frozenset[int]] = field(default_factory=dict)

    @property
    def ruled(self) -> Ruled:
        """What is agreed at once, and in whose name."""
        if self.policy is None:
            return Ruled()
        return Ruled(self.pieces, rule_label(self.policy.name))


def judge_answers(
    order: PurchaseOrder,
    lines: Sequence[PurchaseOrderLine],
    pieces: Mapping[int, Sequence[NewPiece]],
    rules: Mapping[int, LineRules],
    *,
    actor: Actor,
    at: datetime,
) -> Judged:
    """Hold the pieces of an answer (by line id) against the rules that act now; `lines` are all of the held order.

    Raises `Invalid` for what a rule refuses at entry. A buyer who writes down what was said on the phone is refused
    nothing: it goes to the buyers as if the rule had asked.
    """
    answered = [line for line in lines if line.pk in pieces and is_apart(rules[line.pk], pieces[line.pk])]
    if not answered:
        return Judged()  # all as asked: nothing to judge, and no rule need be read
    judge = judge_of(order, answered, at=at, hold=True)
    if judge is None:
        return Judged()
    if judge.wants_paper:
        others = live_promises_by_line(line.pk for line in lines if line.pk not in pieces)
        judge = with_paper(judge, lines, others, pieces)
    verdicts = {line.pk: judge.verdict(line.pk, rules[line.pk], pieces[line.pk]) for line in answered}
    if not actor.is_company:
        _require_none_refused(order, verdicts, rules, pieces)
    agreed = {pk: agreed_pieces(verdict, len(pieces[pk])) for pk, verdict in verdicts.items()}
    return Judged(judge.policy, verdicts, agreed)


def _require_none_refused(
    order: PurchaseOrder,
    verdicts: Mapping[int, Verdict],
    rules: Mapping[int, LineRules],
    pieces: Mapping[int, Sequence[NewPiece]],
) -> None:
    problems: list[Problem] = []
    for pk, verdict in verdicts.items():
        problems += refused_at_entry(rules[pk], pieces[pk], verdict, order.currency)
    if problems:
        summary = ngettext(
            "One thing must be mended before this answer can be sent.",
            "%(count)d things must be mended before this answer can be sent.",
            len(problems),
        )
        raise Invalid(summary % {"count": len(problems)}, problems)


def write_down(
    judged: Judged,
    order: PurchaseOrder,
    lines: Sequence[PurchaseOrderLine],
    pieces: Mapping[int, Sequence[NewPiece]],
    origin: uuid.UUID,
    *,
    at: datetime,
) -> None:
    """Keep what the rules said of each line, in the transaction of the answer."""
    if judged.policy is None:
        return
    by_id = {line.pk: line for line in lines}
    decided = [
        Decided(
            origin=origin,
            kind=DocumentKind.PROMISE,
            order_key=order.key,
            order_number=order.number,
            line_key=by_id[pk].key,
            line_number=by_id[pk].number,
            item_number=by_id[pk].item_number,
            unit=by_id[pk].unit,
            verdict=verdict,
            pieces=len(pieces[pk]),
            agreed=len(judged.pieces[pk]),
        )
        for pk, verdict in judged.verdicts.items()
    ]
    write_decisions(
        judged.policy,
        decided,
        supplier_id=order.supplier_id,
        company_id=order.company_id,
        currency=order.currency,
        stream=order.stream,
        at=at,
    )


@requires_scope
def reopen_decision(key: uuid.UUID, reason: str, *, actor: Actor, at: datetime) -> ToleranceDecision:
    """Take back what a rule agreed to: the supplier is asked anew, in the words it reads in the order's thread.

    What the ERP was told is never unsent: the answer to the new ask is told it in its turn. Raises `StaleDocument`
    where the line has moved on, or waits for the buyer already, who then decides on it.
    """
    if not actor.may(Permission.ORDER_DECIDE) or actor.is_supplier:
        raise NotAllowed(_("Only a buyer opens again what a rule agreed to."))
    reason = reason.strip()
    if not reason:
        message = _("Say what is needed instead: the supplier reads this.")
        raise Invalid(message, [Problem("reason", message, "", "required")])
    # First the order, as everybody does, then what hangs on it.
    order = lock_order(find_decision(key, actor=actor).order_key, actor=actor)
    decision = find_decision(key, actor=actor, hold=True)
    if decision.outcome == JudgedOutcome.ASKED:
        raise StaleDocument(_("No rule agreed to this: it went to the buyer."))
    if decision.reopened_at is not None:
        message = _("%(name)s opened this again already.") % {"name": decision.reopened_by}
        raise StaleDocument(message)
    line = next((one for one in lines_of(order) if one.key == decision.line_key), None)
    if line is None or not _still_stands(decision, line):
        raise StaleDocument(_("This line has moved on since: what the rule agreed to stands no longer."))
    if line.turn == Turn.BUYER:
        raise StaleDocument(_("This line waits for the buyer: decide on it there, as a whole."))
    ask_again(order, [line.key], words=reason, actor=actor, at=at)
    send_message(NewMessage(order.key, reason), actor=actor, at=at)
    note_reopened(decision, reason, actor=actor, at=at)
    return decision


def _still_stands(decision: ToleranceDecision, line: PurchaseOrderLine) -> bool:
    return Promise.objects.filter(line=line, origin=decision.origin, state=PromiseState.AGREED).exists()
