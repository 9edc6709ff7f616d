"""Tolerance policies as their authors would write them, on demand."""

import uuid
from dataclasses import replace
from decimal import Decimal
from typing import Any

from portal.kernel.scope import acting
from procurement.catalogue.models import Company
from procurement.tolerances.messages import (
    Direction,
    DocumentKind,
    Limit,
    Measure,
    Rule,
    WriteRule,
)
from procurement.tolerances.models import TolerancePolicy
from procurement.tolerances.services import (
    approve_policy,
    ask_approval,
    start_policy,
    write_rule,
)
from tests.builders.world import MONDAY
from tests.people import Person


def a_rule(measure: str = Measure.DATE, absolute: Any = None, percent: Any = None, **changed: Any) -> Rule:
    """A rule on promises: so much more, or later, is agreed at once."""
    values: dict[str, Any] = {
        "key": "",
        "kind": DocumentKind.PROMISE,
        "measure": Measure(measure),
        "direction": Direction.OVER,
        "limit": Limit(
            None if absolute is None else Decimal(absolute), None if percent is None else Decimal(percent)
        ),
    }
    return Rule(**{**values, **changed})


def a_draft(person: Person, *rules: Rule, name: str = "Promises 2026", at: Any = MONDAY) -> TolerancePolicy:
    """A draft with these rules, written by this person."""
    with acting(person.actor):
        company = Company.objects.get()
        policy = start_policy(company.pk, name, actor=person.actor, at=at)
        for rule in rules:
            command = WriteRule(policy.key, policy.version, replace(rule, key=uuid.uuid4().hex))
            write_rule(command, actor=person.actor, at=at)
            policy.refresh_from_db()
    return policy


def an_active_policy(
    people: dict[str, Person], *rules: Rule, name: str = "Promises 2026", at: Any = MONDAY
) -> TolerancePolicy:
    """Rules that act: Bea wrote them, Max let them."""
    policy = a_draft(people["bea"], *rules, name=name, at=at)
    with acting(people["bea"].actor):
        policy = ask_approval(policy.key, policy.version, actor=people["bea"].actor, at=at)
    with acting(people["max"].actor):
        return approve_policy(policy.key, policy.version, actor=people["max"].actor, at=at)
