"""Tolerances that a buyer of the demo has written: they wait for approval, and nothing acts until a visitor says so."""

from datetime import datetime
from decimal import Decimal

from portal.kernel.scope import acting
from procurement.catalogue.models import Company
from procurement.demo.loading import SET_UP
from procurement.demo.people import OMAR
from procurement.tolerances.messages import (
    Direction,
    DocumentKind,
    Inside,
    Level,
    Limit,
    Measure,
    Outside,
    Rule,
    Scope,
    WriteRule,
)
from procurement.tolerances.services import ask_approval, start_policy, write_rule
from suppliers.models import User
from suppliers.queries import actor_of


def _rule(
    measure: Measure,
    direction: Direction,
    limit: Limit,
    kind: DocumentKind = DocumentKind.PROMISE,
    **more: object,
) -> Rule:
    return Rule("", kind, measure, direction, limit, **more)  # type: ignore[arg-type]  # words of ours


RULES: tuple[tuple[Rule, str], ...] = (
    (
        _rule(Measure.DATE, Direction.OVER, Limit(Decimal(3))),
        "Safety stock covers three days nearly everywhere.",
    ),
    (
        _rule(
            Measure.DATE,
            Direction.OVER,
            Limit(Decimal(2)),
            scope=Scope(Level.SEGMENT, segment="strategic"),
        ),
        "Their goods are planned more closely.",
    ),
    (_rule(Measure.DATE, Direction.UNDER, Limit(Decimal(5))), "More than that does not fit into the docks."),
    (_rule(Measure.UNIT_PRICE, Direction.UNDER, Limit()), "Nobody minds a lower price."),
    (
        _rule(
            Measure.UNIT_PRICE,
            Direction.OVER,
            Limit(percent=Decimal(1)),
            inside=Inside.NOTIFY,
        ),
        "Rounding in price lists. We want to see them.",
    ),
    (
        _rule(Measure.DATE, Direction.OVER, Limit(Decimal(180)), outside=Outside.REFUSE),
        "Half a year late is a slip of the keys, or another order.",
    ),
    (_rule(Measure.DELIVERIES, Direction.OVER, Limit(Decimal(1))), ""),
    (_rule(Measure.QUANTITY, Direction.UNDER, Limit(Decimal(0))), "A shortage always comes to us."),
    (
        _rule(Measure.DATE, Direction.OVER, Limit(Decimal(2)), DocumentKind.CHANGE, inside=Inside.NOTIFY),
        "Two days against what was agreed, however often it is asked for.",
    ),
    (_rule(Measure.DATE, Direction.UNDER, Limit(Decimal(5)), DocumentKind.CHANGE), ""),
)


def propose_tolerances(*, at: datetime) -> None:
    """A draft of Omar's with the usual rules, which waits for somebody who wrote nothing of it."""
    with acting(SET_UP):
        company = Company.objects.order_by("id").first()
        omar = actor_of(User.objects.get(email=OMAR.email))
    if company is None or omar is None:
        return
    with acting(omar):
        policy = start_policy(company.pk, "Small differences", actor=omar, at=at)
        for rule, note in RULES:
            write_rule(WriteRule(policy.key, policy.version, rule, note), actor=omar, at=at)
            policy.refresh_from_db()
        ask_approval(policy.key, policy.version, actor=omar, at=at)
