"""Who works on cases, whose they are by rule, and who stands in."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Lower

from procurement.catalogue.models import Item
from procurement.clocks.models import StandIn
from procurement.clocks.queries import holders_among
from procurement.inbox.models import AssignmentRule, ExceptionCase
from procurement.inbox.policies.owning import Rule, owner_by_rule
from procurement.inbox.states import CaseKind, OwnedBy
from suppliers.models import User
from suppliers.roles import COMPANY_ROLES, Permission


def working_roles() -> list[str]:
    """The roles that work on cases."""
    return sorted(role for role, may in COMPANY_ROLES.items() if Permission.CASE_WORK in may)


def colleagues() -> QuerySet[User]:
    """Everybody of the buying side."""
    return User.objects.filter(is_active=True).exclude(company_role="").order_by("name", "id")


def workers() -> QuerySet[User]:
    """Everybody to whom a case can be given."""
    return User.objects.filter(is_active=True, company_role__in=working_roles()).order_by("name", "id")


def worker_ids() -> QuerySet[Any, Any]:
    """The same by id, for a condition."""
    return workers().order_by().values("pk")


def name_of(user_id: str) -> str:
    """What a colleague is called, by the id as an address has it; empty for nobody."""
    known = User.objects.exclude(company_role="")
    found = known.filter(pk=user_id).values_list("name", flat=True) if user_id.isdecimal() else ()
    return next(iter(found), "")


def rules_written() -> QuerySet[AssignmentRule]:
    """Every assignment rule, with what it speaks of."""
    rules = AssignmentRule.objects.select_related("supplier", "site", "owner")
    return rules.order_by("supplier__name", "item_group", "site__name", "id")


def absences_from(day: date) -> QuerySet[StandIn]:
    """Who is or will be away from that day on."""
    return (
        StandIn.objects.filter(until_on__gte=day)
        .select_related("person", "stand_in")
        .order_by("from_on", "id")
    )


@dataclass(frozen=True, slots=True)
class Owning:
    """Whose cases are whose, and who has them on one day."""

    rules: Sequence[Rule]
    buyers: dict[str, int]
    holders: dict[int, int]

    def owner(self, case: ExceptionCase) -> tuple[int | None, str]:
        """The owner of a case that no person has given to anybody, and how it comes to be theirs."""
        if case.kind == CaseKind.ANSWER_MISSED:
            # Whose the question is, and no rule's: nobody else has the answer, or the use of it.
            people = case.facts.get("people", ())
            return (people[0], OwnedBy.ASKED) if len(people) == 1 else (None, OwnedBy.NOBODY)
        by_rule = owner_by_rule(self.rules, case.supplier_id, case.item_group, case.site_id)
        if by_rule is not None:
            return by_rule, OwnedBy.RULE
        buyer = self.buyers.get(str(case.facts.get("buyer", "")).lower())
        return (buyer, OwnedBy.BUYER) if buyer is not None else (None, OwnedBy.NOBODY)

    def holder(self, owner: int | None) -> int | None:
        """Who has an owner's cases."""
        return self.holders.get(owner, owner) if owner is not None else None


def owning(cases: Iterable[ExceptionCase], day: date) -> Owning:
    """Read whose cases these may be: three queries."""
    emails = {str(case.facts.get("buyer", "")).lower() for case in cases} - {""}
    people = workers().annotate(address=Lower("email")).filter(address__in=emails)
    return Owning(
        [
            Rule(rule.owner_id, rule.supplier_id, rule.item_group, rule.site_id)
            for rule in AssignmentRule.objects.filter(owner__in=worker_ids())
        ],
        dict(people.values_list("address", "pk")),
        holders_today(day),
    )


def holders_today(day: date) -> dict[int, int]:
    """Who has the cases of those who are away that day. Who works on cases no more stands in for nobody."""
    return holders_among(worker_ids(), day)


def groups_of(numbers: Iterable[str]) -> dict[str, str]:
    """The group of each of these items."""
    return dict(Item.objects.filter(number__in=set(numbers) - {""}).values_list("number", "group"))
