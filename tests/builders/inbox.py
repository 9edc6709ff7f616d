"""Orders that need a person, and the cases that say so."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from portal.kernel.audit.models import AuditEvent
from portal.kernel.scope import acting
from procurement.acknowledgments.messages import AcknowledgeOrder, AnswerPiece, DecideAnswer, LineAnswer
from procurement.acknowledgments.services import acknowledge_order, decide_answer
from procurement.inbox.models import ExceptionCase
from procurement.inbox.services.review import INBOX, Reviewed, review_cases
from procurement.orders.models import PurchaseOrder
from tests.builders.world import MONDAY, an_order, fresh
from tests.people import FEED, Person

LATER = MONDAY + timedelta(hours=1)
ASKED = date(2026, 4, 1)


def piece(**changed: Any) -> AnswerPiece:
    """100 valves, as asked but for what is said."""
    values: dict[str, Any] = {"quantity": Decimal(100)}
    return AnswerPiece(**{**values, **changed})


def late(days: int = 8) -> AnswerPiece:
    """100 valves, so many days after the day asked for."""
    return piece(delivery_on=ASKED + timedelta(days=days))


def refusal(**changed: Any) -> AnswerPiece:
    """All of it refused: the item is obsolete."""
    return piece(kind="refuse", reason="obsolete_item", **changed)


def answer(
    order: PurchaseOrder, person: Person, *pieces: AnswerPiece, line: str = "L10", at: datetime = LATER
) -> PurchaseOrder:
    """The supplier answers one line; returns the order as it stands then."""
    command = AcknowledgeOrder(order.key, order.version, (LineAnswer(line, pieces),))
    with acting(person.actor):
        acknowledge_order(command, actor=person.actor, at=at)
    return fresh(order.number)


def a_late_order(person: Person, number: str = "4500000001", days: int = 8) -> PurchaseOrder:
    """One line, promised eight days late, that waits for the buyer."""
    return answer(an_order(number, 1), person, late(days))


def decide(
    order: PurchaseOrder, person: Person, verdict: str, reason: str = "", at: datetime = LATER
) -> None:
    """The buyer's word on everything that waits."""
    order = fresh(order.number)
    with acting(person.actor):
        decide_answer(
            DecideAnswer(order.key, order.version, verdict, reason=reason), actor=person.actor, at=at
        )


def review(*orders: PurchaseOrder, at: datetime = LATER) -> Reviewed:
    """Make the cases of these orders agree with how they stand."""
    with acting(INBOX):
        return review_cases([order.pk for order in orders], actor=INBOX, at=at)


def cases(**wanted: Any) -> list[ExceptionCase]:
    """The cases as they are in the database now, oldest first."""
    with acting(FEED):
        found = ExceptionCase.objects.select_related("order", "line", "owner", "holder")
        return list(found.filter(**wanted).order_by("id"))


def the_case(**wanted: Any) -> ExceptionCase:
    """The only one."""
    (found,) = cases(**wanted)
    return found


def a_case(people: dict[str, Person], number: str = "4500000001", days: int = 8) -> ExceptionCase:
    """A promise later than need, as a case."""
    order = a_late_order(people["asha"], number, days)
    review(order)
    return the_case(order=order)


def told(case: ExceptionCase) -> list[str]:
    """The kinds of facts on a case, oldest first."""
    with acting(FEED):
        events = AuditEvent.objects.filter(stream=case.stream).order_by("id")
        return list(events.values_list("kind", flat=True))
