"""Holding a supplier's wish against the company's tolerances: some are agreed at once, in the rules' name.

Rules speak for the buying side alone: what a buyer wishes for waits for the supplier whatever it is.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction

from portal.kernel.actors import Actor, Channel
from portal.kernel.scope import acting
from procurement.acknowledgments.policies import exact_amount
from procurement.acknowledgments.queries import company_day, subjects_of
from procurement.changes.messages import Terms
from procurement.changes.models import OrderChange
from procurement.changes.policies import amount_of, figures_of
from procurement.changes.queries import LineNow, agreed_by_people, agreed_terms
from procurement.changes.services.answer import Words, settle_changes
from procurement.orders.models import PurchaseOrder
from procurement.orders.queries import lines_of, live_promises_by_line
from procurement.tolerances.messages import Decided, DocumentKind, Measure, Outcome, Verdict, rule_label
from procurement.tolerances.queries import LivePolicy, live_policy, live_policy_held
from procurement.tolerances.services import write_decisions


@dataclass(frozen=True, slots=True)
class Judged:
    """What the rules say of wishes, by line id; nothing where none act."""

    policy: LivePolicy | None = None
    verdicts: Mapping[int, Verdict] = field(default_factory=dict)

    def agrees(self, line_id: int) -> bool:
        """Whether the wish on this line is agreed at once. A wish is agreed as a whole or not at all."""
        verdict = self.verdicts.get(line_id)
        return verdict is not None and verdict.outcome < Outcome.ASK


def judge_wishes(
    order: PurchaseOrder, wishes: Mapping[int, tuple[LineNow, Terms]], *, at: datetime, hold: bool = True
) -> Judged:
    """Hold a supplier's wishes (by line id) against the rules that act now: a fixed number of queries.

    A wish is compared with what people last agreed on its line: see `agreed_by_people`. With `hold` the rules stay what
    they are until the transaction ends.
    """
    if not wishes:
        return Judged()
    policy = (live_policy_held if hold else live_policy)(order.company_id, DocumentKind.CHANGE)
    if policy is None:
        return Judged()
    now = {pk: one for pk, (one, _terms) in wishes.items()}
    before = agreed_by_people(now)
    lines = [one.line for one in now.values()]
    subjects = subjects_of(policy, order, lines, DocumentKind.CHANGE, on=company_day(order, at))
    paper = None
    if policy.book.uses(DocumentKind.CHANGE, Measure.DOCUMENT_AMOUNT):
        paper = _paper(order, before, {pk: terms for pk, (_one, terms) in wishes.items()})
    verdicts = {
        pk: policy.book.judge(subjects[pk], figures_of(before[pk], terms, paper))
        for pk, (_one, terms) in wishes.items()
    }
    return Judged(policy, verdicts)


def _paper(
    order: PurchaseOrder, before: Mapping[int, Terms], after: Mapping[int, Terms]
) -> tuple[Fraction, Fraction]:
    """What the whole order costs as people agreed it, and as it would: a line not agreed costs what is asked for it."""
    lines = [line for line in lines_of(order) if not line.cancelled]
    live = live_promises_by_line(line.pk for line in lines if line.pk not in after)
    agreed = wanted = Fraction(0)
    for line in lines:
        if line.pk in after:
            agreed += amount_of(before[line.pk])
            wanted += amount_of(after[line.pk])
            continue
        terms = agreed_terms(line, order, live[line.pk])
        cost = amount_of(terms) if terms.pieces else exact_amount(line.quantity, line.price, line.price_per)
        agreed, wanted = agreed + cost, wanted + cost
    return agreed, wanted


def act_on(
    judged: Judged, order: PurchaseOrder, wishes: Sequence[tuple[OrderChange, LineNow]], *, at: datetime
) -> None:
    """Agree to what the rules agree to, tell the ERP, and keep what they said of each: in the wish's transaction."""
    if judged.policy is None:
        return
    accepted = [(change, now) for change, now in wishes if judged.agrees(change.line_id)]
    if accepted:
        rules = Actor.system(rule_label(judged.policy.name), Channel.RULE)
        with acting(
            rules
        ):  # in the company's name: a supplier's scope can agree to nothing for the buying side
            settle_changes(order, accepted, Words(), "", by_rule=True, actor=rules, at=at)
    decided = [
        Decided(
            origin=change.key if judged.agrees(change.line_id) else uuid.uuid4(),
            kind=DocumentKind.CHANGE,
            order_key=order.key,
            order_number=order.number,
            line_key=now.line.key,
            line_number=now.line.number,
            item_number=now.line.item_number,
            unit=now.line.unit,
            verdict=judged.verdicts[change.line_id],
            pieces=1,
            agreed=int(judged.agrees(change.line_id)),
        )
        for change, now in wishes
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
