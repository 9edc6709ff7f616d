"""The clock of an order that awaits its answer says what the order says, and moves with it."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.utils import timezone

from portal.kernel.errors import IllegalTransition, Invalid, NotAllowed, NotFound, StaleDocument
from portal.kernel.outbox.services import deliver_due
from portal.kernel.scope import acting
from procurement.acknowledgments.messages import (
    AcknowledgeOrder,
    AnswerPiece,
    DecideAnswer,
    LineAnswer,
)
from procurement.acknowledgments.services import acknowledge_order, decide_answer, withdraw_acknowledgment
from procurement.acknowledgments.services.clocks import (
    KEEPER,
    MOST_AT_ONCE,
    MoveAnswerDue,
    move_answer_due,
    orders_out_of_step,
    review_acknowledgment_clocks,
    review_all_clocks,
)
from procurement.clocks.messages import ORDER_ANSWER
from procurement.clocks.models import Clock
from procurement.clocks.policies import left
from procurement.clocks.queries import Offices
from procurement.clocks.tasks import advance as advance_task
from procurement.orders.models import PurchaseOrder
from tests.builders.clocks import a_clock, a_service, advance, an_active_service, clock_facts, fresh_clock
from tests.builders.world import MONDAY, a_line, a_paper, an_order, fresh, receive

pytestmark = pytest.mark.django_db

LATER = MONDAY + timedelta(hours=1)


def review(*orders, at=LATER):
    with acting(KEEPER):
        return review_acknowledgment_clocks([order.stream for order in orders], actor=KEEPER, at=at)


def clocks_of(order):
    with acting(KEEPER):
        found = Clock.objects.filter(kind=ORDER_ANSWER, stream=order.stream).order_by("id")
        return list(found.select_related("supplier", "company", "site"))


def states(order):
    return [(clock.state, clock.stopped_because) for clock in clocks_of(order)]


def answer(order, person, *answers, at=LATER):
    with acting(person.actor):
        done = acknowledge_order(
            AcknowledgeOrder(order.key, fresh().version, answers), actor=person.actor, at=at
        )
    return done.paper


def decide(order, person, verdict, at=LATER):
    with acting(person.actor):
        command = DecideAnswer(order.key, fresh().version, verdict, reason="Too dear for us.")
        decide_answer(command, actor=person.actor, at=at)


def dear(line):
    return LineAnswer(line, (AnswerPiece(Decimal(100), price=Decimal("7.50")),))


def test_an_order_that_awaits_its_answer_has_a_clock_with_its_deadline(world):
    order = an_order()

    assert review(order) == 1
    assert review(order) == 0

    (clock,) = clocks_of(order)
    assert (clock.started_at, clock.due_at) == (order.answer_asked_at, order.acknowledge_by_at)
    assert (clock.label, clock.policy_name, clock.whose) == ("4500000001", "core", "supplier")
    assert clock.site.code == "LEEDS"


def test_whose_policy_counts_says_the_order_too(people):
    an_active_service(people, a_service(6, supplier="ACME"))

    order = an_order()
    review(order)

    # Half past three in Pune: an hour and a half on Monday, the rest on Tuesday.
    assert order.acknowledge_by_at == datetime(2026, 3, 3, 7, 0, tzinfo=UTC)
    assert clocks_of(order)[0].due_at == order.acknowledge_by_at
    assert clocks_of(order)[0].policy_name == "Answers 2026"


def test_it_is_paused_while_the_buyer_decides_and_stops_when_both_are_through(people):
    order = an_order()
    review(order)

    answer(order, people["asha"], dear("L10"))
    assert review(order) == 0  # line 20 still waits
    answer(order, people["asha"], LineAnswer("L20"))
    assert review(order) == 1
    assert states(order) == [("paused", "")]
    decide(order, people["bea"], "accept")
    review(order)

    assert states(order) == [("stopped", "answered")]


def test_what_is_declined_gets_a_new_one(people):
    order = an_order()
    review(order)
    answer(order, people["asha"], dear("L10"), LineAnswer("L20"))
    review(order)

    decide(order, people["bea"], "decline", at=MONDAY + timedelta(days=1))
    review(order)

    assert states(order) == [("stopped", "asked anew"), ("running", "")]
    assert clocks_of(order)[1].due_at == fresh().acknowledge_by_at


def test_an_answer_that_is_taken_back_gains_no_time(people):
    order = an_order()
    review(order)
    paper = answer(order, people["asha"], dear("L10"), dear("L20"))
    review(order)
    asha = people["asha"].actor

    with acting(asha):
        withdraw_acknowledgment(paper.key, actor=asha, at=MONDAY + timedelta(days=1))
    review(order, at=MONDAY + timedelta(days=1))

    (clock,) = clocks_of(order)
    assert (clock.state, clock.due_at) == ("running", order.acknowledge_by_at)
    assert fresh().acknowledge_by_at == order.acknowledge_by_at
    assert len(clock.spells) == 1


def test_a_revision_that_reopens_starts_another_and_a_cancelled_order_has_none(people):
    order = an_order()
    review(order)

    receive(
        a_paper(lines=[a_line(10, price=Decimal(5)), a_line(20)], revision="2"), at=MONDAY + timedelta(days=1)
    )
    review(order)
    assert states(order) == [("stopped", "asked anew"), ("running", "")]

    receive(a_paper(status="cancelled", revision="3"), at=MONDAY + timedelta(days=2))
    review(order)
    assert states(order)[1] == ("stopped", "cancelled")


@pytest.mark.django_db(transaction=True)
def test_the_facts_of_orders_set_it_going_and_stop_it(people):
    def hear():
        deliver_due(worker=1, clock=timezone.now, topics=["reactions"], limit=100)

    order = an_order()
    hear()
    assert states(order) == [("running", "")]

    answer(order, people["asha"], LineAnswer("L10"), LineAnswer("L20"))
    hear()
    assert states(order) == [("stopped", "answered")]


def test_many_orders_take_as_many_statements_as_one(people, django_assert_num_queries):
    def made(first, count):
        receive(*[a_paper(f"45{n:08}") for n in range(first, first + count)])
        with acting(KEEPER):
            return list(PurchaseOrder.objects.order_by("-id")[:count])

    for count in (1, 30):
        orders = made(count * 100, count)
        with acting(KEEPER), django_assert_num_queries(14):
            streams = [order.stream for order in orders]
            assert review_acknowledgment_clocks(streams, actor=KEEPER, at=LATER) == count


# --- the safety net -----------------------------------------------------------------------------------------


def test_after_an_upgrade_every_order_finds_its_clock(people):
    receive(*[a_paper(f"45{n:08}") for n in range(3)])
    assert MOST_AT_ONCE > 3

    assert review_all_clocks(at=LATER) == 3
    with acting(KEEPER):
        assert orders_out_of_step() == []
    assert review_all_clocks(at=LATER) == 0


def test_a_clock_that_runs_for_nobody_is_found(people):
    order = an_order()
    review(order)
    answer(order, people["asha"], LineAnswer("L10"), LineAnswer("L20"))

    assert review_all_clocks(at=LATER) == 1
    assert states(order) == [("stopped", "answered")]


def test_nobody_is_reminded_of_what_was_answered_while_a_reaction_waits(people):
    long_ago = timezone.now() - timedelta(days=60)
    order = an_order(at=long_ago)
    review(order, at=long_ago)
    answer(order, people["asha"], LineAnswer("L10"), LineAnswer("L20"), at=long_ago + timedelta(hours=1))

    assert advance_task() == 0

    assert states(order) == [("stopped", "answered")]
    assert clock_facts() == []


# --- the ladder ---------------------------------------------------------------------------------------------


def test_nobody_answers(people):
    order = an_order()
    review(order)

    for hour in range(24 * 12):
        advance(MONDAY + timedelta(hours=hour))

    assert [(one.kind, one.facts.get("action"), one.at) for one in clock_facts()] == [
        ("clock.step_reached", "remind", datetime(2026, 3, 5, 4, 0, tzinfo=UTC)),
        ("clock.overdue", None, datetime(2026, 3, 5, 8, 0, tzinfo=UTC)),
        ("clock.step_reached", "second_contact", datetime(2026, 3, 5, 8, 0, tzinfo=UTC)),
        # Half past one in Pune and four hours more is the next morning, 03:00 in Leeds.
        ("clock.step_reached", "buyer", datetime(2026, 3, 6, 8, 0, tzinfo=UTC)),
        ("clock.step_reached", "manager", datetime(2026, 3, 9, 8, 0, tzinfo=UTC)),
        ("clock.step_reached", "stand_in", datetime(2026, 3, 10, 8, 0, tzinfo=UTC)),
    ]
    assert {one.stream for one in clock_facts()} == {order.stream}


# --- another deadline ---------------------------------------------------------------------------------------


def move(order, person, when, reason="They wait for a part.", version=None, at=LATER):
    with acting(person.actor):
        command = MoveAnswerDue(order.key, version or fresh().version, when, reason)
        return move_answer_due(command, actor=person.actor, at=at)


def test_order_and_clock_move_together(people):
    order = an_order()
    friday = datetime(2026, 3, 6, 23, 0, tzinfo=UTC)

    moved = move(order, people["bea"], friday)

    assert moved.acknowledge_by_at == datetime(2026, 3, 6, 11, 30, tzinfo=UTC)
    assert fresh().acknowledge_by_at == moved.acknowledge_by_at
    assert fresh().version == order.version + 1
    (clock,) = clocks_of(order)
    assert (clock.due_at, clock.first_due_at) == (moved.acknowledge_by_at, order.acknowledge_by_at)
    (told,) = clock_facts()
    assert (told.kind, told.stream, told.internal) == ("clock.due_moved", order.stream, False)
    assert review(order) == 0
    with acting(KEEPER):
        assert left(clock.as_timer(Offices().of_clock(clock)), LATER) > timedelta(hours=20)


def test_not_by_everybody_not_into_the_past_and_not_what_moved_meanwhile(people):
    order = an_order()
    friday = datetime(2026, 3, 6, 23, 0, tzinfo=UTC)

    with pytest.raises(NotAllowed):
        move(order, people["asha"], friday)
    with pytest.raises(NotAllowed):
        move(order, people["otto"], friday)
    with pytest.raises(Invalid, match="no working time left"):
        move(order, people["bea"], datetime(2026, 3, 1, 12, tzinfo=UTC))
    with pytest.raises(Invalid, match="Say why"):
        move(order, people["bea"], friday, reason=" ")
    with pytest.raises(StaleDocument):
        move(order, people["bea"], friday, version=77)
    answer(order, people["asha"], LineAnswer("L10"), LineAnswer("L20"))
    with pytest.raises(IllegalTransition):
        move(order, people["bea"], friday)
    assert date(2026, 3, 5) == order.acknowledge_by_at.date()
    nowhere = MoveAnswerDue(uuid4(), 1, friday, "They wait.")
    with pytest.raises(NotFound), acting(people["bea"].actor):
        move_answer_due(nowhere, actor=people["bea"].actor, at=LATER)


def out_of_order(*, at):
    """A review of papers and clocks that finds something nobody thought of."""
    raise LookupError("what is this?")


@pytest.mark.django_db(transaction=True)
def test_a_review_that_fails_holds_up_no_clock(people, settings):
    clock = a_clock("case.drift", "case:1")
    settings.CLOCK_REVIEWS = [f"{__name__}.out_of_order"]

    with pytest.raises(ExceptionGroup):
        advance_task()

    assert fresh_clock(clock).overdue_told_at is not None


def test_a_paused_clock_ends_with_its_order_though_nobody_told(people):
    order = an_order(lines=1)
    review_all_clocks(at=MONDAY)
    late = LineAnswer("L10", (AnswerPiece(Decimal(100), delivery_on=date(2026, 4, 9)),))
    with acting(people["asha"].actor):
        acknowledge_order(
            AcknowledgeOrder(order.key, order.version, (late,)), actor=people["asha"].actor, at=MONDAY
        )
    review(order)
    assert [clock.state for clock in clocks_of(order)] == ["paused"]
    receive(a_paper(lines=1, status="cancelled", revision="2"), at=MONDAY + timedelta(hours=1))

    assert review_all_clocks(at=MONDAY + timedelta(hours=2)) == 1
    assert states(order) == [("stopped", "cancelled")]
