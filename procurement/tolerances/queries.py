"""Reading policies and what they decided.

Note [In the company's name]: a rule acts for the buying side, at the moment when a supplier answers. It is read and its
word is written down under the company's scope, taken for just that; so a supplier's scope has no right on rules at all,
and none to write a decision. What is read never leaves here but as a verdict on the supplier's own line.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.db import connection
from django.db.models import Count, Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor, Channel
from portal.kernel.bulk import count_at_most
from portal.kernel.errors import NotFound
from portal.kernel.scope import acting
from procurement.catalogue.models import Company, Item
from procurement.tolerances.messages import DocumentKind, Level
from procurement.tolerances.models import (
    ToleranceDecision,
    TolerancePolicy,
    ToleranceRule,
    ToleranceSwitch,
)
from procurement.tolerances.policies import Rulebook
from procurement.tolerances.states import JudgedOutcome, PolicyState, SwitchState
from suppliers.models import Supplier

RULES = Actor.system("tolerances", Channel.RULE)
MOST_COUNTED = 999
LOCK_CLASS = 0x71756164  # the first half of our advisory lock keys, one beside the ERP's


@dataclass(frozen=True, slots=True)
class LivePolicy:
    """The rules that count for a company now, with the name both sides read."""

    pk: int
    name: str
    book: Rulebook


def live_policy(company_id: int, kind: DocumentKind) -> LivePolicy | None:
    """The active policy of a company as far as it speaks of this kind of paper; None where nothing acts by itself.

    See Note [In the company's name]. Raises nothing: no policy, no rule or a switch that is off are all the same here.
    """
    with acting(RULES):
        return _live_policy(company_id, kind)


def live_policy_held(company_id: int, kind: DocumentKind) -> LivePolicy | None:
    """The same, held until the transaction ends: who stops the rules meanwhile waits, and after that none acts.

    Many answers hold it at once; see `alone_with_rules`.
    """
    with acting(RULES):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock_shared(%s, %s)", [LOCK_CLASS, company_id])
        return _live_policy(company_id, kind)


def alone_with_rules(company_id: int) -> None:
    """Wait until no answer is being judged by this company's rules, and let none begin before the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK_CLASS, company_id])


def _live_policy(company_id: int, kind: DocumentKind) -> LivePolicy | None:
    stopped = ToleranceSwitch.objects.filter(company=OuterRef("company"), state=SwitchState.OFF)
    found = TolerancePolicy.objects.filter(~Exists(stopped), company=company_id, state=PolicyState.ACTIVE)
    policy = found.values_list("pk", "name").first()
    if policy is None:
        return None
    rules = ToleranceRule.objects.filter(policy=policy[0], kind=kind).order_by("number")
    book = Rulebook(rule.as_rule() for rule in rules)
    return LivePolicy(*policy, book) if book.rules else None


def book_of(policy: TolerancePolicy, kind: DocumentKind, *, ever: bool = False) -> Rulebook:
    """The rules of any policy for one kind of paper; with `ever` as if they had always been valid, for a dry run."""
    rules = [rule.as_rule() for rule in policy.rules.filter(kind=kind).order_by("number")]
    return Rulebook(replace(rule, valid_from=None, valid_to=None) if ever else rule for rule in rules)


def groups_of(numbers: Iterable[str], book: Rulebook) -> dict[str, str]:
    """The group of each item, where a rule asks for it: one query, or none."""
    if not any(rule.scope.level is Level.ITEM_GROUP for rule in book.rules):
        return {}
    return dict(Item.objects.filter(number__in=set(numbers)).values_list("number", "group"))


# --- policies -----------------------------------------------------------------------------------------------


def policies() -> QuerySet[TolerancePolicy]:
    """All policies, with how many rules each has. The doors that show them are the buying side's."""
    return TolerancePolicy.objects.select_related("company", "replaces").annotate(rule_count=Count("rules"))


def policies_told(actor: Actor) -> QuerySet[TolerancePolicy]:
    """The policies this actor may read: all on the buying side, none for a supplier."""
    return policies().none() if actor.is_supplier else policies()


def find_policy(key: uuid.UUID) -> TolerancePolicy:
    """One policy. Raises `NotFound`."""
    policy = policies().filter(key=key).first()
    if policy is None:
        raise NotFound(_("There is no such policy."))
    return policy


def lock_policy(key: uuid.UUID) -> TolerancePolicy:
    """One policy, held until the transaction ends. Raises `NotFound`."""
    found = TolerancePolicy.objects.select_related("company").select_for_update(of=("self",))
    policy = found.filter(key=key).first()
    if policy is None:
        raise NotFound(_("There is no such policy."))
    return policy


def rules_of_policy(policy: TolerancePolicy) -> list[ToleranceRule]:
    """The rules of a policy in their order."""
    return list(policy.rules.order_by("number"))


def find_rule(policy: TolerancePolicy, key: uuid.UUID) -> ToleranceRule:
    """One rule of a policy. Raises `NotFound`."""
    rule = policy.rules.filter(key=key).first()
    if rule is None:
        raise NotFound(_("There is no such rule."))
    return rule


def supplier_names(numbers: Iterable[str]) -> dict[str, str]:
    """The names behind the suppliers' numbers that rules name."""
    return dict(Supplier.objects.filter(number__in=set(numbers)).values_list("number", "name"))


@dataclass(frozen=True, slots=True)
class CompanyRules:
    """A company, its switch and its active policy."""

    company: Company
    switch: ToleranceSwitch
    active: TolerancePolicy | None

    @property
    def is_stopped(self) -> bool:
        return self.switch.state == SwitchState.OFF


def companies_and_rules() -> list[CompanyRules]:
    """Every company with its switch and its active policy: three queries."""
    switches = {one.company_id: one for one in ToleranceSwitch.objects.all()}
    active = {one.company_id: one for one in policies().filter(state=PolicyState.ACTIVE)}
    return [
        CompanyRules(
            company, switches.get(company.pk, ToleranceSwitch(company=company)), active.get(company.pk)
        )
        for company in Company.objects.order_by("name", "id")
    ]


def stopped_of(company_id: int) -> ToleranceSwitch | None:
    """The switch of a company, where somebody has stopped its rules."""
    return ToleranceSwitch.objects.filter(company=company_id, state=SwitchState.OFF).first()


# --- what rules decided -------------------------------------------------------------------------------------


def visible_decisions(actor: Actor) -> QuerySet[ToleranceDecision]:
    """What rules decided, as far as this actor may see: a supplier reads its own."""
    return ToleranceDecision.objects.visible_to(actor)


def find_decision(key: uuid.UUID, *, actor: Actor, hold: bool = False) -> ToleranceDecision:
    """One decision. Raises `NotFound` for what is not there or not yours."""
    found = visible_decisions(actor).filter(key=key)
    decision: ToleranceDecision | None = (found.select_for_update() if hold else found).first()
    if decision is None:
        raise NotFound(_("There is no such decision."))
    return decision


def agreed_by_rule(origins: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    """Which of these papers rules have agreed to as a whole."""
    agreed = ToleranceDecision.objects.filter(origin__in=list(origins), outcome=JudgedOutcome.ACCEPTED)
    return set(agreed.values_list("origin", flat=True))


def unseen_decisions(actor: Actor) -> QuerySet[ToleranceDecision]:
    """What a rule agreed to and wants somebody to know of."""
    return visible_decisions(actor).filter(notify=True, seen_at=None)


def decision_counts(actor: Actor) -> dict[str, int]:
    """How many decisions there are of each kind, none counted beyond `MOST_COUNTED` and one more: one query."""
    seen = visible_decisions(actor).order_by("-decided_at", "-id")
    kinds = {
        "accepted": seen.exclude(outcome=JudgedOutcome.ASKED),
        "unseen": seen.filter(notify=True, seen_at=None),
        "reopened": seen.filter(reopened_at__isnull=False),
        "asked": seen.filter(outcome=JudgedOutcome.ASKED),
    }
    return count_at_most(kinds, MOST_COUNTED)
