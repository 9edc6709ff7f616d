"""Two sweeps, a sweep and an answer, two reviews of one order: real threads on real connections."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from portal.kernel.scope import acting
from procurement.acknowledgments.messages import AcknowledgeOrder, LineAnswer
from procurement.acknowledgments.services import acknowledge_order
from procurement.acknowledgments.services.clocks import review_acknowledgment_clocks
from procurement.calendars.policies import OFFICE_HOURS
from procurement.clocks.messages import ORDER_ANSWER
from procurement.clocks.models import Clock, ClockStep, ServicePolicy
from procurement.clocks.queries import CLOCKS
from procurement.clocks.services import advance_clocks, approve_service, pause_clock, stop_clock, write_office
from procurement.clocks.services import sweeping as sweeping_module
from procurement.clocks.services.offices import WriteOffice
from procurement.clocks.states import ClockState
from tests.builders.clocks import a_clock, a_draft_service, clock_facts, fresh_clock
from tests.builders.world import MONDAY, a_paper, an_order, receive
from tests.concurrency.at_once import at_once, kinds

pytestmark = pytest.mark.django_db(transaction=True)

DUE = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)


def sweeping(at=DUE, most=500):
    def work():
        with acting(CLOCKS):
            return advance_clocks(actor=CLOCKS, at=at, most=most)

    return work


def test_two_sweeps_take_each_step_once(world):
    for number in range(40):
        a_clock("case.drift", f"case:{number}")

    outcomes = at_once(sweeping(), sweeping(), sweeping())

    assert sum(outcomes) == 40
    with acting(CLOCKS):
        # The reminder and the manager's turn are past; the stand-in's is to come.
        assert Counter(ClockStep.objects.values_list("number", flat=True)) == {1: 40, 2: 40}
    told = Counter((one.stream, one.kind, one.facts.get("step")) for one in clock_facts())
    assert set(told.values()) == {1}
    assert len(told) == 120


def test_a_sweep_takes_nothing_of_what_is_stopped_first(world):
    clock = a_clock()

    def stopping():
        with acting(CLOCKS):
            return stop_clock(clock.key, "solved", actor=CLOCKS, at=DUE)

    outcomes = at_once(sweeping(), stopping)

    assert not [one for one in outcomes if isinstance(one, Exception)]
    stopped = fresh_clock(clock)
    assert (stopped.state, stopped.wakes_at, stopped.stopped_because) == (ClockState.STOPPED, None, "solved")
    with acting(CLOCKS):
        taken = ClockStep.objects.count()
    # Whoever came first: all that was due, or none of it.
    assert (taken, len(clock_facts())) in ((0, 0), (2, 3))
    assert sweeping(DUE + timedelta(days=30))() == 0


def test_a_sweep_and_a_pause_lose_nothing_of_each_other(world):
    clock = a_clock()

    def pausing():
        with acting(CLOCKS):
            return pause_clock(clock.key, actor=CLOCKS, at=DUE)

    outcomes = at_once(sweeping(), pausing)

    assert not [one for one in outcomes if isinstance(one, Exception)]
    paused = fresh_clock(clock)
    assert (paused.state, paused.wakes_at) == (ClockState.PAUSED, None)
    assert paused.done in (0, 2)


def test_a_sweep_that_dies_leaves_everything_to_the_next(world, monkeypatch):
    a_clock()

    def die(*_args, **_kwargs):
        raise ConnectionError("the worker was killed")

    with monkeypatch.context() as patch:
        patch.setattr(sweeping_module, "record_all", die)
        with pytest.raises(ConnectionError):
            sweeping()()
    with acting(CLOCKS):
        assert not ClockStep.objects.exists()

    assert sweeping()() == 1
    assert len(clock_facts("clock.step_reached")) == 2


def reviewing(order):
    def work():
        with acting(CLOCKS):
            return review_acknowledgment_clocks([order.stream], actor=CLOCKS, at=MONDAY)

    return work


def test_two_reviews_start_one_clock(world):
    order = an_order()

    outcomes = at_once(reviewing(order), reviewing(order), reviewing(order))

    assert sorted(outcomes) == [0, 0, 1]
    with acting(CLOCKS):
        assert Clock.objects.count() == 1


def test_two_reviews_of_many_orders_lock_them_in_one_order(world):
    receive(*[a_paper(f"45{n:08}") for n in range(60)])
    with acting(CLOCKS):
        from procurement.orders.models import PurchaseOrder

        streams = [order.stream for order in PurchaseOrder.objects.all()]

    def look(which):
        def work():
            with acting(CLOCKS):
                return review_acknowledgment_clocks(which, actor=CLOCKS, at=MONDAY)

        return work

    outcomes = at_once(look(streams), look(streams[::-1]), look(streams[20:]))

    assert sum(outcomes) == 60


def test_an_answer_while_its_clock_is_looked_at(people):
    order = an_order()
    asha = people["asha"].actor

    def answering():
        with acting(asha):
            answers = (LineAnswer("L10"), LineAnswer("L20"))
            command = AcknowledgeOrder(order.key, order.version, answers)
            return acknowledge_order(command, actor=asha, at=MONDAY + timedelta(hours=1))

    outcomes = at_once(answering, reviewing(order))
    assert kinds(outcomes)["Exception"] == 0
    assert not [one for one in outcomes if isinstance(one, Exception)]
    reviewing(order)()

    with acting(CLOCKS):
        assert not Clock.objects.filter(kind=ORDER_ANSWER, state=ClockState.RUNNING).exists()


# --- two of the buying side ---------------------------------------------------------------------------------


def test_of_two_policies_for_the_same_approved_at_once_one_counts(people):
    drafts = [a_draft_service(people["bea"], name=f"Answers {number}") for number in range(4)]
    boss = people["max"].actor

    def approving(draft):
        with acting(boss):
            return approve_service(draft.key, draft.version, actor=boss, at=MONDAY).state

    outcomes = at_once(*(lambda draft=draft: approving(draft) for draft in drafts))

    assert outcomes == ["active"] * 4
    with acting(CLOCKS):
        states = Counter(ServicePolicy.objects.values_list("state", flat=True))
    assert states == {"active": 1, "retired": 3}


def test_of_two_who_write_the_first_hours_of_a_place_one_is_told(people):
    def writing(name):
        with acting(people[name].actor):
            command = WriteOffice((OFFICE_HOURS,) * 7, country="DE")
            return write_office(command, actor=people[name].actor, at=MONDAY)

    outcomes = at_once(*(lambda name=name: writing(name) for name in ("bea", "max", "root")))

    assert kinds(outcomes) == {"OfficeCalendar": 1, "StaleDocument": 2}
