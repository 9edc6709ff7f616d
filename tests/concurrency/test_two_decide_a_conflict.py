"""Two people on one conflict, and a person against the feed: real threads on real connections."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from portal.kernel.actors import Actor
from portal.kernel.outbox.models import OutboxMessage
from portal.kernel.scope import acting
from procurement.erp.cases import mark_of
from procurement.erp.deciding import CaseMoved, ask_supplier, keep_theirs, leave_it, write_ours
from procurement.erp.inbound import _take
from procurement.erp.models import ErpCommand
from procurement.erp.ports import CurrentLine, Feed, Sighting
from procurement.erp.queries import case_of
from procurement.erp.services import record_conflict, take_up_command
from procurement.orders.messages import OrderPaper
from procurement.orders.models import Promise, PurchaseOrderLine
from procurement.orders.policies import NewPiece
from procurement.orders.queries import lock_order
from procurement.orders.services import Decision, decide_promises, make_promises
from procurement.threads.models import Message
from tests.builders.world import MONDAY, a_line, a_paper, an_order
from tests.concurrency.at_once import at_once
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)

SOON, LATER = MONDAY + timedelta(minutes=1), MONDAY + timedelta(hours=1)


def a_moved(quantity: int, revision: str) -> OrderPaper:
    return a_paper(lines=[a_line(10, quantity=Decimal(quantity))], revision=revision)


def read(paper: OrderPaper, at: Any) -> None:
    """The feed brings the order."""
    with acting(FEED):
        _take(Feed.ORDERS, [Sighting(paper, "")], at)


def a_conflict() -> tuple[ErpCommand, str]:
    """A line agreed later than asked, of which the ERP holds 70 now, and the mark of a page that shows it."""
    order = an_order(lines=1)
    with acting(FEED):
        locked = lock_order(order.key, actor=FEED)
        line = locked.lines.get()
        piece = NewPiece(
            schedule_key=1,
            kind="accept",
            quantity=line.quantity,
            delivery_on=date(2026, 4, 8),
            price=line.price,
            price_per=line.price_per,
        )
        make_promises(locked, {line.pk: [piece]}, origin=uuid4(), actor=FEED, at=MONDAY)
        waiting = frozenset(line.promises.values_list("id", flat=True))
        decide_promises(locked, Decision(accept=waiting), actor=FEED, at=MONDAY)
        command = take_up_command(OutboxMessage.objects.get(topic="erp"))
        current = [CurrentLine("L10", Decimal(70), Decimal("6.85"), date(2026, 4, 1))]
        record_conflict(command, "Changed by R. Vega.", current, actor=FEED, at=MONDAY)
    read(a_moved(70, "2"), SOON)
    with acting(FEED):
        command = ErpCommand.objects.select_related("order").get()
        return command, mark_of(case_of(command))


def deciding(command: ErpCommand, actor: Actor, decide: Callable[..., object], *args: str, mark: str) -> Any:
    def work() -> object:
        with acting(actor):
            return decide(command, *args, mark=mark, actor=actor, at=LATER)

    return work


def names(outcomes: list[object]) -> list[str]:
    return sorted("refused" if isinstance(one, CaseMoved) else "done" for one in outcomes)


@pytest.mark.parametrize("round_number", range(3))
def test_two_people_decide_one_conflict_differently_and_one_decision_stands(people, round_number) -> None:
    command, mark = a_conflict()
    bea, ines = people["bea"].actor, people["ines"].actor

    outcomes = at_once(
        deciding(command, bea, keep_theirs, mark=mark), deciding(command, ines, write_ours, mark=mark)
    )

    assert names(outcomes) == ["done", "refused"], outcomes
    with acting(FEED):
        command.refresh_from_db()
        agreed = Promise.objects.filter(state="agreed").count()
        assert (command.state, agreed) in [("yielded", 0), ("queued", 1)]
        assert OutboxMessage.objects.filter(kind="erp.command_released").count() == agreed


def test_one_question_is_asked_once_by_two_colleagues(people) -> None:
    command, mark = a_conflict()
    bea, maxi = people["bea"].actor, people["max"].actor

    outcomes = at_once(
        deciding(command, bea, ask_supplier, "Why 70?", mark=mark),
        deciding(command, maxi, ask_supplier, "Why not 100?", mark=mark),
    )

    assert names(outcomes) == ["done", "refused"], outcomes
    with acting(FEED):
        assert Message.objects.count() == 1


@pytest.mark.parametrize("round_number", range(3))
def test_a_decision_while_the_feed_brings_new_values_is_on_what_was_shown_or_not_at_all(
    people, round_number
) -> None:
    command, mark = a_conflict()
    bea = people["bea"].actor

    outcomes = at_once(deciding(command, bea, write_ours, mark=mark), lambda: read(a_moved(60, "3"), LATER))

    with acting(FEED):
        command.refresh_from_db()
        line = PurchaseOrderLine.objects.get()
    assert line.quantity == Decimal(60)
    assert outcomes[1] is None
    if isinstance(outcomes[0], CaseMoved):
        assert (command.state, command.current[0]["quantity"]) == ("conflict", "60")
    else:
        # Sent on 70: the ERP, which holds 60, will answer that it has moved again.
        assert outcomes[0] is True
        assert (command.state, command.payload["lines"][0]["base_quantity"]) == ("queued", "70")


def test_a_decision_while_the_feed_shows_what_was_wanted_comes_too_late_or_not_at_all(people) -> None:
    command, mark = a_conflict()
    ines = people["ines"].actor
    stands = a_paper(lines=[a_line(10, delivery_on=date(2026, 4, 8))], revision="3")

    outcomes = at_once(
        deciding(command, ines, leave_it, "Not needed.", mark=mark), lambda: read(stands, LATER)
    )

    with acting(FEED):
        command.refresh_from_db()
    decided_first = outcomes[0] is None
    assert command.state == ("given_up" if decided_first else "confirmed"), outcomes
    assert decided_first or isinstance(outcomes[0], CaseMoved)
