"""Two people, two tabs, two workers: real threads on real connections."""

import threading
import time
import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from portal.kernel.errors import Refusal
from portal.kernel.outbox.models import DeliveryAttempt, OutboxMessage
from portal.kernel.outbox.services import deliver_due, enqueue
from portal.kernel.scope import acting
from procurement.acknowledgments.messages import (
    AcknowledgeOrder,
    AnswerPiece,
    DecideAnswer,
    LineAnswer,
)
from procurement.acknowledgments.models import DraftAnswer, OrderAcknowledgment
from procurement.acknowledgments.services import (
    acknowledge_order,
    acknowledge_orders,
    decide_answer,
    many,
)
from procurement.orders.models import Promise, PurchaseOrder
from procurement.orders.queries import lock_order
from tests.builders.world import MONDAY, a_line, a_paper, an_order, fresh, fresh_line, receive
from tests.concurrency.at_once import at_once, kinds
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)

LATER = MONDAY + timedelta(hours=1)
# Pages bring their own time.
NEXT_MONTH = datetime.now(UTC).date() + timedelta(days=30)


def answering(order, person, *answers, **rest):
    def work():
        with acting(person.actor):
            return acknowledge_order(
                AcknowledgeOrder(order.key, order.version, answers, **rest), actor=person.actor, at=LATER
            )

    return work


def deciding(order, person, verdict):
    def work():
        with acting(person.actor):
            return decide_answer(
                DecideAnswer(order.key, order.version, verdict, reason="Too late for us."),
                actor=person.actor,
                at=LATER,
            )

    return work


def late():
    return LineAnswer("L10", (AnswerPiece(Decimal(100), delivery_on=date(2026, 4, 9)),))


def test_two_colleagues_answer_one_order_and_only_one_answer_stands(people):
    order = an_order(lines=1)

    outcomes = at_once(
        answering(order, people["asha"], rest_as_asked=True),
        answering(order, people["olga"], rest_as_asked=True),
    )

    assert kinds(outcomes) == {"Acknowledged": 1, "StaleDocument": 1}
    with acting(FEED):
        assert OrderAcknowledgment.objects.count() == 1
        assert OutboxMessage.objects.filter(topic="erp").count() == 1


def test_supplier_and_buyer_on_behalf_answer_differently_at_once(people):
    order = an_order(lines=1)

    outcomes = at_once(
        answering(order, people["asha"], late()), answering(order, people["bea"], rest_as_asked=True)
    )

    assert kinds(outcomes) == {"Acknowledged": 1, "StaleDocument": 1}
    with acting(FEED):
        assert Promise.objects.filter(state__in=["proposed", "agreed"]).count() == 1


def test_two_buyers_decide_differently_and_one_decision_stands(people):
    order = an_order(lines=1)
    answering(order, people["asha"], late())()
    order = fresh()

    outcomes = at_once(deciding(order, people["bea"], "accept"), deciding(order, people["max"], "decline"))

    assert kinds(outcomes) == {"Settled": 1, "StaleDocument": 1}
    assert fresh_line().agreement in ("agreed", "disputed")


def test_a_revision_and_an_answer_at_once_never_agree_on_what_is_no_longer_asked(people):
    order = an_order(lines=1)
    revised = a_paper(lines=[a_line(10, quantity=Decimal(80))], revision="2")

    outcomes = at_once(
        answering(order, people["asha"], rest_as_asked=True), lambda: receive(revised, at=LATER)
    )

    assert not any(isinstance(one, Exception) and not isinstance(one, Refusal) for one in outcomes), outcomes
    line = fresh_line()
    assert line.quantity == 80
    assert (line.agreement, line.turn) == ("awaiting", "supplier")


def test_a_page_is_sent_while_a_colleagues_program_confirms_and_neither_is_thrown_out(people):
    # Both drop drafts at their end; the page used to hold those before it held the order.
    order = an_order("4500000001", [a_line(10, delivery_on=NEXT_MONTH)], at=datetime.now(UTC))
    page = Client()
    page.force_login(people["asha"].user)
    fields = {"version": "1", "quantity.L10.0": "100", "price.L10.0": "6.85", "note": "See you."}
    fields["delivery_on.L10.0"] = (NEXT_MONTH + timedelta(days=8)).isoformat()
    page.post(reverse("order-answer", args=[order.key]), fields)
    with acting(FEED):
        assert DraftAnswer.objects.count() == 1
    is_held = threading.Event()

    def program():
        with acting(people["olga"].actor) as olga:
            lock_order(order.key, actor=olga)
            is_held.set()
            time.sleep(0.5)  # long enough for the page to come as far as it can
            command = AcknowledgeOrder(order.key, 1, rest_as_asked=True)
            return acknowledge_order(command, actor=olga, at=datetime.now(UTC))

    def press_send():
        is_held.wait(10)
        return page.post(reverse("order-answer", args=[order.key]), fields | {"send": "1"}).status_code

    outcomes = at_once(program, press_send)

    assert kinds(outcomes) == {"Acknowledged": 1, "int": 1}, outcomes
    assert outcomes[1] == 409
    with acting(FEED):
        assert DraftAnswer.objects.count() == 0


def test_many_orders_are_answered_while_the_feed_revises_them_and_neither_is_thrown_out(people, monkeypatch):
    one, two = an_order("4500000001", lines=1), an_order("4500000002", lines=1)
    with acting(FEED):  # ids rise and keys fall, as in half of all pairs
        PurchaseOrder.objects.filter(pk=one.pk).update(key=uuid.UUID("f" * 32))
        PurchaseOrder.objects.filter(pk=two.pk).update(key=uuid.UUID("0" * 32))
    commands = [
        AcknowledgeOrder(fresh(number).key, 1, rest_as_asked=True) for number in (two.number, one.number)
    ]
    has_first = threading.Event()

    def slow(command, **rest):
        done = acknowledge_order(command, **rest)
        has_first.set()
        time.sleep(0.5)  # long enough for the feed to come as far as it can
        return done

    monkeypatch.setattr(many, "acknowledge_order", slow)

    def confirm_both():
        with acting(people["asha"].actor) as asha:
            return acknowledge_orders(commands, actor=asha, at=LATER)

    def revise_both():
        has_first.wait(10)
        eighty = [a_line(10, quantity=Decimal(80))]
        return receive(
            a_paper(one.number, eighty, revision="2"), a_paper(two.number, eighty, revision="2"), at=LATER
        )

    outcomes = at_once(confirm_both, revise_both)

    assert not any(isinstance(outcome, Exception) for outcome in outcomes), outcomes
    assert [(answered.command, answered.refusal) for answered in outcomes[0]] == [
        (commands[0], None),
        (commands[1], None),
    ]
    assert [fresh_line(order=order.number).quantity for order in (one, two)] == [80, 80]


def test_the_same_paper_twice_at_once_is_stored_once(world):
    paper = a_paper()

    outcomes = at_once(lambda: receive(paper), lambda: receive(paper))

    stored = [one for one in outcomes if not isinstance(one, Exception)]
    assert stored  # the loser may have been refused by the unique constraint; the feed reads again
    assert receive(paper).results[0].outcome == "unchanged"
    with acting(FEED):
        assert fresh().revisions.count() == 1


heard: list[str] = []
lock = threading.Lock()


def listen(message: OutboxMessage) -> str:
    with lock:
        heard.append(f"{message.stream} {message.payload['word']}")
    return "heard"


def test_four_workers_deliver_everything_once_and_in_order(settings, world):
    settings.OUTBOX_HANDLERS = {"test": f"{__name__}.listen"}
    settings.OUTBOX_WAKE = f"{__name__}.no_hint"
    heard.clear()
    with acting(FEED):
        for word in range(10):
            for stream in range(20):
                enqueue(
                    "test",
                    f"order:{stream}",
                    "said",
                    {"word": word},
                    actor=FEED,
                    at=MONDAY,
                    supplier_id=None,
                )

    def worker(number):
        return lambda: deliver_due(worker=number, clock=lambda: datetime.now(UTC), limit=5)

    outcomes = at_once(*[worker(number) for number in range(1, 5)])
    deliver_due(worker=9, clock=lambda: datetime.now(UTC))

    assert not any(isinstance(one, Exception) for one in outcomes), outcomes
    assert len(heard) == 200
    for stream in range(20):
        mine = [line.split()[1] for line in heard if line.startswith(f"order:{stream} ")]
        assert mine == [str(word) for word in range(10)]
    with acting(FEED):
        assert DeliveryAttempt.objects.count() == 200


def no_hint() -> None:
    """As if the broker were gone."""
