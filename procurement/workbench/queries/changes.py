"""What is talked about on an order, for the order's page and the supplier's home."""

from collections.abc import Iterable
from dataclasses import dataclass

from portal.kernel.actors import Actor
from procurement.changes.messages import terms_from_json
from procurement.changes.models import OrderChange
from procurement.changes.presenters import Moved, differences
from procurement.changes.queries import (
    changes_of,
    current_round,
    side_of,
    visible_changes,
    waiting_for,
    with_rounds,
)
from procurement.orders.models import PurchaseOrder
from suppliers.roles import Permission

MOST_AT_HOME = 10


@dataclass(frozen=True, slots=True)
class OnOrder:
    """One change request, what it would alter, and whether the reader's side owes a word."""

    change: OrderChange
    moved: list[Moved]
    is_mine: bool


def changes_on(order: PurchaseOrder, *, actor: Actor) -> list[OnOrder]:
    """The requests on an order: two queries."""
    return _told(changes_of(order, actor=actor), actor)


def words_owed(changes: Iterable[OnOrder], actor: Actor) -> int:
    """How many of these wait for this reader's own word."""
    return sum(one.is_mine for one in changes) if actor.may(Permission.CHANGE_NEGOTIATE) else 0


def changes_at_home(actor: Actor) -> tuple[list[OnOrder], int]:
    """The requests that wait for the reader, the first of them due first, and how many there are: three queries."""
    waiting = waiting_for(actor)
    shown = with_rounds(visible_changes(actor).filter(pk__in=waiting.values("pk")))
    found = list(shown.order_by("expires_at", "id")[:MOST_AT_HOME])
    return _told(found, actor), len(found) if len(found) < MOST_AT_HOME else waiting.count()


def _told(changes: Iterable[OrderChange], actor: Actor) -> list[OnOrder]:
    side = side_of(actor)
    return [
        OnOrder(
            change,
            differences(
                terms_from_json(change.was),
                terms_from_json(current_round(change).terms),
                unit=change.line.unit,
                currency=change.order.currency,
            ),
            change.turn == side,
        )
        for change in changes
    ]
