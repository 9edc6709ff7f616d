"""Agreed orders, and wishes on their lines."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from portal.kernel.scope import acting
from procurement.acknowledgments.messages import AcknowledgeOrder
from procurement.acknowledgments.services import acknowledge_order
from procurement.changes.messages import AnswerChange, ProposeChange, ReviseChange, WantedPiece, Wish
from procurement.changes.models import OrderChange
from procurement.changes.services import propose_change
from procurement.orders.models import PurchaseOrder
from tests.builders.world import MONDAY, an_order, fresh
from tests.people import Person

LATER = date(2026, 4, 15)
A_WEEK = Wish(move_days=7)


def agree(order: PurchaseOrder, person: Person, *, at: datetime = MONDAY) -> PurchaseOrder:
    """The supplier promises everything as asked."""
    command = AcknowledgeOrder(order.key, order.version, rest_as_asked=True)
    with acting(person.actor):
        acknowledge_order(command, actor=person.actor, at=at)
    return fresh(order.number)


def an_agreed_order(
    person: Person, number: str = "4500000001", lines: int | Sequence[Any] = 2, **changed: Any
) -> PurchaseOrder:
    """An order that came out of the ERP and was promised as asked."""
    return agree(an_order(number, lines, **changed), person)


def piece(quantity: int | str | None = None, delivery_on: date | None = None, **more: Any) -> WantedPiece:
    """One delivery of a wish."""
    return WantedPiece(None if quantity is None else Decimal(quantity), delivery_on, **more)


def to(*pieces: WantedPiece, **more: Any) -> Wish:
    """A wish for these deliveries."""
    return Wish(pieces=pieces, **more)


def propose(
    order: PurchaseOrder,
    person: Person,
    wish: Wish,
    *,
    line: str = "L10",
    at: datetime = MONDAY,
    version: int | None = None,
    **words: str,
) -> OrderChange:
    """Somebody asks for something on a line."""
    seen = order.version if version is None else version
    with acting(person.actor):
        return propose_change(ProposeChange(order.key, seen, line, wish, **words), actor=person.actor, at=at)


def say(
    verb: Any,
    change: OrderChange,
    person: Person,
    *,
    version: int | None = None,
    at: datetime = MONDAY,
    **words: str,
) -> OrderChange:
    """Somebody accepts, declines or withdraws what is on the table."""
    command = AnswerChange(change.key, change.version if version is None else version, **words)
    with acting(person.actor):
        done: OrderChange = verb(command, actor=person.actor, at=at)
    return done


def revise(
    verb: Any,
    change: OrderChange,
    person: Person,
    wish: Wish,
    *,
    version: int | None = None,
    at: datetime = MONDAY,
    **words: str,
) -> OrderChange:
    """Somebody puts another wish on the table."""
    command = ReviseChange(change.key, change.version if version is None else version, wish, **words)
    with acting(person.actor):
        done: OrderChange = verb(command, actor=person.actor, at=at)
    return done


def stands(change: OrderChange) -> OrderChange:
    """The request as it is in the database now."""
    from tests.people import FEED

    with acting(FEED):
        found: OrderChange = OrderChange.objects.select_related("order", "line").get(pk=change.pk)
        found.told = list(found.rounds.order_by("number"))  # type: ignore[attr-defined]  # read while we may
        return found
