"""What waits behind a way, by the name that the way gives it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db.models import Count, OuterRef, Q, Subquery
from django.http import HttpRequest

from portal.kernel.actors import Actor
from portal.kernel.scope import in_scope
from procurement.changes.queries import waiting_for
from procurement.erp.queries import things_needing_a_person
from procurement.inbox.queries.cases import mine_count
from procurement.mailroom.queries import mails_waiting
from procurement.orders.queries import visible_lines, visible_orders
from procurement.orders.states import Turn
from procurement.payables.queries.approvals import waiting_for_me
from procurement.statements.queries import waiting_statements
from procurement.tolerances.queries import policies_told, unseen_decisions
from procurement.tolerances.states import PolicyState
from suppliers.banking.queries import waiting_changes
from suppliers.details.queries import changes_waiting
from suppliers.documents.queries import to_review
from suppliers.merging.queries import merges
from suppliers.merging.states import MergeState
from suppliers.queries import suppliers_of
from suppliers.registration.queries import requests
from suppliers.registration.states import RequestState
from suppliers.roles import Permission
from suppliers.screening.queries import hits
from suppliers.screening.states import HitState

P = Permission


@dataclass(frozen=True, slots=True)
class Mine:
    """The supplier acted for, and how many of its orders wait for it."""

    name: str = ""
    waiting: int = 0


def mine_of(actor: Actor) -> Mine:
    """For which supplier the actor acts now. One query."""
    if not (actor.is_supplier and in_scope()):
        return Mine()
    waiting = visible_orders(actor).filter(lines_for_supplier__gt=0, supplier=OuterRef("pk")).order_by()
    count = waiting.values("supplier").annotate(count=Count("pk")).values("count")
    mine = suppliers_of(actor).filter(pk__in=actor.supplier_ids).annotate(waiting=Subquery(count))
    found = mine.values_list("name", "waiting").first()
    return Mine(found[0], found[1] or 0) if found else Mine()


def counted(names: Iterable[str], request: HttpRequest, actor: Actor, mine: Mine) -> dict[str, int]:
    """What waits, a query or three for each of these names. Nothing outside a door: there is no scope to ask in."""
    if not in_scope():
        return {}
    email = getattr(request.user, "email", "")
    at = request.at  # type: ignore[attr-defined]  # by the door
    counters: dict[str, Callable[[], int]] = {
        "orders": lambda: mine.waiting,
        "cases": lambda: mine_count(actor),
        "decisions": lambda: _decisions(actor, email),
        "ruled": lambda: unseen_decisions(actor).count() if actor.may(P.ORDER_DECIDE) else 0,
        "changes": lambda: waiting_for(actor, "" if actor.is_supplier else email).count(),
        "approvals": lambda: waiting_for_me(actor, at).count(),
        "statements": lambda: waiting_statements(actor).count(),
        "details": lambda: changes_waiting(actor).count(),
        "documents": lambda: to_review(actor).count() if actor.may(P.DOCUMENT_REVIEW) else 0,
        "banks": lambda: waiting_changes(actor).count(),
        "mails": lambda: mails_waiting(actor).count(),
        "commands": lambda: things_needing_a_person(actor, at),
        "hits": lambda: hits(actor).filter(state=HitState.OPEN).count(),
        "requests": lambda: requests().filter(state=RequestState.RECEIVED).count(),
        "merges": lambda: merges(actor).filter(state=MergeState.ASKED).count(),
        "policies": lambda: _policies(actor),
    }
    return {name: counters[name]() for name in sorted(set(names) - {""})}


def _decisions(actor: Actor, email: str) -> int:
    mine = Q(order__buyer_email__iexact=email) | Q(order__buyer_email="")
    found = visible_lines(actor).filter(turn=Turn.BUYER).aggregate(mine=Count("pk", filter=mine))
    return int(found["mine"])


def _policies(actor: Actor) -> int:
    """Tolerances that somebody else wrote and asks to be approved."""
    if not actor.may(P.POLICY_APPROVE):
        return 0
    return policies_told(actor).filter(state=PolicyState.ASKED).order_by().count()
