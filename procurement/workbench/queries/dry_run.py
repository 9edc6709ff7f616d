"""What a policy would have said of past promises, and what those lines later did.

Each promise is held against what was asked when it was made, as the revision of that day says, and against the rules as
if they had always been valid. Nothing is written.
"""

import uuid
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.db.models import Exists, F, Func, JSONField, Max, OuterRef, Subquery, Sum
from django.utils import timezone

from portal.kernel.actors import Actor
from procurement.acknowledgments.models import OrderAcknowledgment
from procurement.acknowledgments.policies import Delivery, LineRules, asked_amount, promised_amount
from procurement.acknowledgments.queries import as_new, judge_by
from procurement.orders.models import OrderRevision, Promise, PurchaseOrderLine, ScheduleLine
from procurement.orders.states import PromiseState
from procurement.receipts.models import Receipt
from procurement.tolerances.messages import DocumentKind, Outcome, Verdict
from procurement.tolerances.models import TolerancePolicy
from procurement.tolerances.presenters.sentences import deciding, why_all
from procurement.tolerances.queries import LivePolicy, book_of, groups_of

MOST_LINES = 2000
MOST_PIECES = 3 * MOST_LINES
DAYS = (30, 90, 180, 365)
PASSED, ASKED, REFUSED = "passed", "asked", "refused"
BY_RULE, ACCEPTED, DECLINED, WITHDRAWN, WAITING, REPLACED = (
    "by_rule",
    "accepted",
    "declined",
    "withdrawn",
    "waiting",
    "replaced",
)


@dataclass(frozen=True, slots=True)
class DryRow:
    """One past promise: what the rules would have said, what the buyer said, and what came of the line."""

    line: PurchaseOrderLine
    promised_at: datetime
    outcome: str
    why: str
    buyer: str
    waited: timedelta | None
    promised_on: date | None
    received_on: date | None
    is_received: bool

    @property
    def days_after(self) -> int | None:
        """How many days after the promised day the last goods came; negative before it; None while they do not."""
        if self.received_on is None or self.promised_on is None or not self.is_received:
            return None
        return (self.received_on - self.promised_on).days


@dataclass(frozen=True, slots=True)
class DryRun:
    """A policy held against past promises."""

    since: date
    rows: tuple[DryRow, ...]
    as_asked: int
    left_out: bool
    unreadable: int

    def count(self, outcome: str, buyer: str = "") -> int:
        """How many lines came out so, and of them those that the buyer decided so."""
        return sum(row.outcome == outcome and buyer in ("", row.buyer) for row in self.rows)

    @property
    def on_time(self) -> Counter[str]:
        """Of what would have passed and has arrived: by the promised day, or after it."""
        passed = [row.days_after for row in self.rows if row.outcome == PASSED]
        return Counter("late" if days > 0 else "in_time" for days in passed if days is not None)

    @property
    def longest_wait(self) -> timedelta | None:
        """The longest that a buyer took over what would have passed."""
        return max((row.waited for row in self.rows if row.outcome == PASSED and row.waited), default=None)


@dataclass(slots=True)
class _Answer:
    line: PurchaseOrderLine
    promises: list[Promise]
    rules: LineRules


def dry_run(policy: TolerancePolicy, *, days: int, actor: Actor, at: datetime) -> DryRun:
    """Hold a policy against the promises of the last `days`: a fixed number of queries, the newest lines first."""
    since = at - timedelta(days=days)
    groups, left_out = _answered(policy, since, actor)
    answers, unreadable = _answers(groups, actor)
    book = book_of(policy, DocumentKind.PROMISE, ever=True)
    live = LivePolicy(policy.pk, policy.name, book)
    item_groups = groups_of((one.line.item_number for one in answers), book)
    papers = _papers(answers)
    received = _received([one.line.pk for one in answers])
    rows: list[DryRow] = []
    as_asked = 0
    for one in answers:
        judge = judge_by(live, one.line.order, [one.line], on=at.date(), groups=item_groups)
        judge = replace(judge, paper=papers[one.promises[0].origin])
        verdict = judge.verdict(one.line.pk, one.rules, [as_new(promise) for promise in one.promises])
        if verdict.apart:
            rows.append(_row(one, verdict, received))
        else:
            as_asked += 1
    return DryRun(timezone.localdate(since), tuple(rows), as_asked, left_out, unreadable)


def _answered(
    policy: TolerancePolicy, since: datetime, actor: Actor
) -> tuple[list[tuple[uuid.UUID, int]], bool]:
    """Which lines were answered with which paper, the newest first. What a change request agreed on is no answer."""
    papers = OrderAcknowledgment.objects.visible_to(actor).filter(key=OuterRef("origin"))
    made = Promise.objects.visible_to(actor).filter(
        Exists(papers), line__order__company=policy.company_id, promised_at__gte=since
    )
    # Promises are stored in the order in which they are made: from the newest on, no more than these are looked at.
    pieces = made.order_by("-id").values_list("origin", "line_id")[: MOST_PIECES + 1]
    pairs = list(dict.fromkeys(pieces))
    return pairs[:MOST_LINES], len(pairs) > MOST_LINES or len(pieces) > MOST_PIECES


def _answers(pairs: Sequence[tuple[uuid.UUID, int]], actor: Actor) -> tuple[list[_Answer], int]:
    wanted = set(pairs)
    asked = OrderRevision.objects.filter(order=OuterRef("line__order"), number=OuterRef("revision"))
    line_of_paper = Func(
        OuterRef("line__key"),
        template=(
            "jsonb_path_query_first(paper, '$.lines[*] ? (@.key == $key)', jsonb_build_object('key', %(expressions)s))"
        ),
        output_field=JSONField(),
    )
    promises = Promise.objects.visible_to(actor).filter(
        origin__in={origin for origin, _line in pairs}, line__in={line for _origin, line in pairs}
    )
    promises = promises.annotate(asked=Subquery(asked.annotate(asked=line_of_paper).values("asked")[:1]))
    promises = promises.select_related("line__order__supplier", "line__order__company")
    by_pair: dict[tuple[uuid.UUID, int], list[Any]] = defaultdict(list)
    for promise in promises.order_by("piece"):
        if (promise.origin, promise.line_id) in wanted:
            by_pair[promise.origin, promise.line_id].append(promise)
    keys: dict[int, list[int]] = defaultdict(list)
    schedules = ScheduleLine.objects.filter(line__in={line for _origin, line in pairs})
    for line_id, key in schedules.order_by("key").values_list("line_id", "key"):
        keys[line_id].append(key)
    answers: list[_Answer] = []
    for pair in pairs:
        theirs = by_pair[pair]
        if theirs and theirs[0].asked:
            line = theirs[0].line
            answers.append(_Answer(line, theirs, _rules(line, theirs[0].asked, keys[line.pk])))
    return answers, len(pairs) - len(answers)


def _rules(line: PurchaseOrderLine, asked: Mapping[str, Any], keys: Sequence[int]) -> LineRules:
    """What was asked of a line when it was promised; deliveries get their keys in their order, as far as there are."""
    quantity = Decimal(asked["quantity"])
    told = asked.get("schedules") or [{"quantity": asked["quantity"], "delivery_on": asked["delivery_on"]}]
    named = list(keys) if len(keys) == len(told) else list(range(1, len(told) + 1))
    return LineRules(
        number=line.number,
        quantity=quantity,
        unit=asked["unit"],
        unit_decimals=line.unit_decimals,
        price=Decimal(asked["price"]),
        price_per=Decimal(asked.get("price_per") or 1),
        deliveries=tuple(
            Delivery(key, Decimal(one["quantity"]), date.fromisoformat(one["delivery_on"]))
            for key, one in zip(named, told, strict=True)
        ),
    )


def _papers(answers: Sequence[_Answer]) -> dict[uuid.UUID, tuple[Fraction, Fraction]]:
    """What each answer as a whole was asked and promised to cost: the lines that it speaks of."""
    found: dict[uuid.UUID, tuple[Fraction, Fraction]] = {}
    for one in answers:
        origin = one.promises[0].origin
        asked, promised = found.get(origin, (Fraction(0), Fraction(0)))
        pieces = [as_new(promise) for promise in one.promises]
        found[origin] = (asked + asked_amount(one.rules), promised + promised_amount(pieces))
    return found


def _received(line_ids: Sequence[int]) -> dict[int, tuple[date, Decimal]]:
    booked = Receipt.objects.filter(line__in=line_ids, reversed=False)
    found = booked.values("line_id").annotate(last=Max("received_on"), total=Sum(F("quantity")))
    return {one["line_id"]: (one["last"], one["total"]) for one in found.order_by()}


def _row(one: _Answer, verdict: Verdict, received: Mapping[int, tuple[date, Decimal]]) -> DryRow:
    outcome = PASSED
    if verdict.outcome >= Outcome.ASK:
        outcome = REFUSED if verdict.outcome is Outcome.REFUSE else ASKED
    first = one.promises[0]
    decided = max((promise.decided_at for promise in one.promises if promise.decided_at), default=None)
    on, total = received.get(one.line.pk, (None, Decimal(0)))
    days = [promise.delivery_on for promise in one.promises if promise.delivery_on]
    return DryRow(
        line=one.line,
        promised_at=first.promised_at,
        outcome=outcome,
        why=why_all(deciding(verdict.apart), currency=one.line.order.currency, unit=one.rules.unit),
        buyer=_buyer_said(one.promises),
        waited=decided - first.promised_at if decided else None,
        promised_on=max(days, default=None),
        received_on=on,
        is_received=total >= one.line.quantity,
    )


def _buyer_said(promises: Sequence[Promise]) -> str:
    """What became of an answer: declined if any piece was, waiting while any does, else as its pieces went."""
    states = {promise.state for promise in promises}
    declined = any(
        promise.state == PromiseState.DECLINED
        or (promise.state == PromiseState.SUPERSEDED and promise.decision_note)
        for promise in promises
    )
    if declined:
        return DECLINED
    if PromiseState.PROPOSED in states:
        return WAITING
    if PromiseState.WITHDRAWN in states:
        return WITHDRAWN
    if all(promise.by_rule for promise in promises):
        return BY_RULE
    return ACCEPTED if all(promise.decided_at for promise in promises) else REPLACED
