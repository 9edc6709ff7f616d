"""Commands on their way: sent once, confirmed by read-back, and never lost sight of."""

import threading
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from portal.kernel.audit.models import AuditEvent
from portal.kernel.outbox.models import MessageState, OutboxMessage
from portal.kernel.outbox.services import deliver_due
from portal.kernel.scope import acting
from procurement.erp import delivery, inbound
from procurement.erp.connection import the_connection
from procurement.erp.connectors.files import FilesConnector
from procurement.erp.content import content_hash
from procurement.erp.inbound import read_feeds, take_page
from procurement.erp.models import ErpCommand, FeedRun
from procurement.erp.policies import held_by_paper
from procurement.erp.ports import (
    Capabilities,
    CommandResult,
    Conflict,
    CurrentLine,
    Cursor,
    Deletions,
    ExpiredCredentials,
    Feed,
    Outcome,
    Page,
    ReadBack,
    Sighting,
    Throttled,
    Transient,
    UnknownOutcome,
    ValidationRefused,
    WriteField,
    WriteResult,
)
from procurement.erp.pretend import PretendErp
from procurement.erp.queries import commands_needing_a_person, erp_state_of_lines
from procurement.erp.services import (
    WriteUnderWay,
    confirm_by_reading,
    give_up_command,
    give_up_message,
    record_result,
    release_left_waiting,
    retry_command,
)
from procurement.erp.states import COMMAND_LIFECYCLE, CommandState
from procurement.orders.messages import OrderPaper, PromiseCommand
from procurement.orders.models import PurchaseOrder, PurchaseOrderLine
from procurement.orders.policies import NewPiece
from procurement.orders.queries import lock_order
from procurement.orders.services import Decision, decide_promises, make_promises
from tests.builders.world import MONDAY, a_line, a_paper
from tests.erp.scripted import ScriptedErp
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)


CONFIRMED = WriteResult(Outcome.CONFIRMED, reference="PO1")
SENT = WriteResult(Outcome.SENT)


class Clock:
    """A clock the test turns."""

    def __init__(self) -> None:
        self.now = MONDAY

    def __call__(self) -> Any:
        return self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(delivery.timezone, "now", clock)
    return clock


@pytest.fixture
def order(world: dict[str, Any]) -> PurchaseOrder:
    return an_order_in_the_portal()


def an_order_in_the_portal(number: str = "4500000001", **changes: Any) -> PurchaseOrder:
    from procurement.orders.services import receive_orders

    with acting(FEED):
        receive_orders([a_paper(number, **changes)], actor=FEED, at=MONDAY)
        return PurchaseOrder.objects.get(number=number)


def agree(order: PurchaseOrder, line_number: int = 10, **changes: Any) -> None:
    """The supplier promises a line and the buyer agrees, whatever it is."""
    with acting(FEED):
        locked = lock_order(order.key, actor=FEED)
        line = PurchaseOrderLine.objects.get(order=locked, number=line_number)
        values = {
            "schedule_key": 1,
            "kind": "accept",
            "quantity": line.quantity,
            "delivery_on": line.delivery_on,
            "price": line.price,
            "price_per": line.price_per,
        }
        piece = NewPiece(**values | changes)
        made = make_promises(locked, {line.pk: [piece]}, origin=uuid4(), actor=FEED, at=MONDAY)
        if made.waiting or made.refused:
            waiting = frozenset(line.promises.filter(state="proposed").values_list("id", flat=True))
            decide_promises(locked, Decision(accept=waiting), actor=FEED, at=MONDAY)


def deliver(erp: Any, clock: Clock, monkeypatch: pytest.MonkeyPatch, worker: int = 1) -> None:
    monkeypatch.setattr(delivery, "connect", lambda: erp)
    deliver_due(worker=worker, clock=clock)


def the_command(number: str = "4500000001") -> ErpCommand:
    with acting(FEED):
        return ErpCommand.objects.select_related("order").get(order__number=number)


def the_message() -> OutboxMessage:
    with acting(FEED):
        return OutboxMessage.objects.get(topic="erp")


# --- one command --------------------------------------------------------------------------------------------


def test_before_delivery_the_line_waits_for_the_erp(order, clock) -> None:
    agree(order, delivery_on=date(2026, 4, 8))

    with acting(FEED):
        states = erp_state_of_lines(order)

    assert {key: state.state for key, state in states.items()} == {"L10": CommandState.QUEUED}


def test_a_confirmed_command_stands_in_the_erp(order, clock, monkeypatch) -> None:
    agree(order, delivery_on=date(2026, 4, 8))

    deliver(ScriptedErp(CONFIRMED), clock, monkeypatch)

    command = the_command()
    assert (command.state, command.confirmed_at, command.sent_at) == ("confirmed", MONDAY, MONDAY)
    assert command.reference == "PO1"
    with acting(FEED):
        assert erp_state_of_lines(order)["L10"].state == CommandState.CONFIRMED
        kinds = AuditEvent.objects.filter(stream=order.stream, kind__startswith="erp.")
        assert [event.kind for event in kinds] == ["erp.command_confirmed"]


def test_a_command_carries_the_values_it_was_decided_on(order, clock, monkeypatch) -> None:
    agree(order, delivery_on=date(2026, 4, 8))
    erp = ScriptedErp(CONFIRMED)

    deliver(erp, clock, monkeypatch)

    (line,) = erp.told[0].lines
    assert erp.told[0].key == str(the_command().key) == str(the_message().key)
    assert (line.base_quantity, line.base_price, line.base_delivery_on) == (
        Decimal(100),
        Decimal("6.85"),
        date(2026, 4, 1),
    )
    assert [piece.delivery_on for piece in line.pieces] == [date(2026, 4, 8)]


def test_a_sent_command_waits_for_its_read_back(order, clock, monkeypatch) -> None:
    agree(order, delivery_on=date(2026, 4, 8))

    deliver(ScriptedErp(SENT), clock, monkeypatch)

    assert the_command().state == CommandState.SENT
    assert the_message().state == MessageState.DELIVERED


def test_what_was_agreed_as_asked_stood_there_already(order, clock, monkeypatch) -> None:
    agree(order)

    deliver(ScriptedErp(SENT), clock, monkeypatch)

    assert the_command().state == CommandState.CONFIRMED


def test_a_conflict_keeps_what_the_erp_holds(order, clock, monkeypatch) -> None:
    agree(order, delivery_on=date(2026, 4, 8))
    current = CurrentLine("L10", Decimal(80), Decimal("6.85"), date(2026, 4, 1))

    deliver(ScriptedErp(Conflict("Changed by R. Vega", current=[current])), clock, monkeypatch)

    command = the_command()
    assert (command.state, command.reason) == ("conflict", "Changed by R. Vega")
    assert command.current == [
        {
            "key": "L10",
            "quantity": "80",
            "price": "6.85",
            "delivery_on": "2026-04-01",
            "gone": False,
            "price_per": "",
            "deliveries": [],
            "item_number": "",
            "closed": False,
        }
    ]
    assert (command.current_at, command.fault) == (MONDAY, "conflict")
    assert the_message().state == MessageState.DELIVERED


def test_what_the_erp_refuses_needs_a_person(order, clock, monkeypatch) -> None:
    agree(order, delivery_on=date(2026, 4, 8))

    deliver(ScriptedErp(ValidationRefused("The period is closed.")), clock, monkeypatch)

    assert (the_command().state, the_command().reason) == ("person", "The period is closed.")


def test_what_the_connection_cannot_write_becomes_a_task_without_a_call(order, clock, monkeypatch) -> None:
    agree(order, delivery_on=date(2026, 4, 8))
    erp = ScriptedErp()
    erp.capabilities = Capabilities(
        frozenset(Feed), frozenset({WriteField.PRICE}), ReadBack.IMMEDIATE, False, Deletions.STATED
    )

    deliver(erp, clock, monkeypatch)

    assert erp.told == []
    assert (the_command().state, the_command().missing) == ("to_key", ["promise_date"])


@pytest.mark.parametrize(
    "fault", [Transient("locked"), Throttled("slow down", retry_after=timedelta(seconds=90))]
)
def test_a_passing_fault_is_tried_again(order, clock, monkeypatch, fault) -> None:
    agree(order, delivery_on=date(2026, 4, 8))
    erp = ScriptedErp(fault, CONFIRMED)
    deliver(erp, clock, monkeypatch)
    assert (the_command().state, the_command().reason) == ("queued", fault.reason)

    clock.forward(seconds=90)
    deliver(erp, clock, monkeypatch)

    assert the_command().state == CommandState.CONFIRMED
    assert erp.searches == []


def test_a_throttled_command_waits_as_long_as_it_was_told(order, clock, monkeypatch) -> None:
    agree(order, delivery_on=date(2026, 4, 8))
    erp = ScriptedErp(Throttled("slow down", retry_after=timedelta(seconds=90)), CONFIRMED)
    deliver(erp, clock, monkeypatch)

    clock.forward(seconds=89)
    deliver(erp, clock, monkeypatch)

    assert len(erp.told) == 1


def test_an_expired_key_makes_commands_wait_not_fail(order, clock, monkeypatch) -> None:
    agree(order, delivery_on=date(2026, 4, 8))
    erp = ScriptedErp(ExpiredCredentials("The key has expired."), CONFIRMED)

    deliver(erp, clock, monkeypatch)

    assert (the_command().state, the_command().reason) == ("queued", "The key has expired.")
    assert the_message().due_at == MONDAY + timedelta(minutes=5)


def test_a_time_out_is_searched_for_and_not_repeated(order, clock, monkeypatch) -> None:
    agree(order, delivery_on=date(2026, 4, 8))
    erp = ScriptedErp(UnknownOutcome("No answer within 60 s."))
    deliver(erp, clock, monkeypatch)
    assert the_command().state == CommandState.UNKNOWN

    erp.found = CONFIRMED
    clock.forward(seconds=31)
    deliver(erp, clock, monkeypatch)

    assert the_command().state == CommandState.CONFIRMED
    assert len(erp.told) == 1
    assert erp.searches == [str(the_command().key)]


def test_a_time_out_that_the_erp_never_saw_is_sent_again(order, clock, monkeypatch) -> None:
    agree(order, delivery_on=date(2026, 4, 8))
    erp = ScriptedErp(UnknownOutcome("No answer within 60 s."), CONFIRMED)
    deliver(erp, clock, monkeypatch)

    clock.forward(seconds=31)
    deliver(erp, clock, monkeypatch)

    assert the_command().state == CommandState.CONFIRMED
    assert [command.key for command in erp.told] == [str(the_command().key)] * 2
    assert len(erp.searches) == 1


def test_an_unknown_command_rests_until_the_slowest_call_has_ended(order, clock, monkeypatch) -> None:
    agree(order, delivery_on=date(2026, 4, 8))
    erp = ScriptedErp(UnknownOutcome("No answer."))
    deliver(erp, clock, monkeypatch)

    clock.forward(seconds=29)
    deliver(erp, clock, monkeypatch)

    assert erp.searches == []


class Killed(BaseException):
    """The worker's process ends here."""


class DeadlyErp(ScriptedErp):
    """An ERP in whose call the worker's process ends."""

    def write_promise(self, command: PromiseCommand) -> WriteResult:
        raise Killed


def test_a_worker_that_dies_in_the_call_leaves_an_unknown_command(order, clock, monkeypatch) -> None:
    agree(order, delivery_on=date(2026, 4, 8))
    erp = DeadlyErp()
    with pytest.raises(Killed):
        deliver(erp, clock, monkeypatch)
    assert the_command().calling_since == MONDAY

    clock.forward(seconds=31)
    alive = ScriptedErp()
    alive.found = CONFIRMED
    deliver(alive, clock, monkeypatch, worker=2)

    assert the_command().state == CommandState.CONFIRMED
    assert (len(alive.searches), alive.told) == (1, [])


def test_an_erp_that_is_away_when_it_is_searched_is_searched_again(order, clock, monkeypatch) -> None:
    agree(order, delivery_on=date(2026, 4, 8))
    erp = ScriptedErp(UnknownOutcome("No answer within 60 s."))
    deliver(erp, clock, monkeypatch)
    erp.found = Transient("The ERP does not answer.")
    clock.forward(seconds=31)
    deliver(erp, clock, monkeypatch)
    assert (the_command().state, the_command().reason) == (CommandState.UNKNOWN, "The ERP does not answer.")

    erp.found = CONFIRMED
    clock.forward(hours=1)
    deliver(erp, clock, monkeypatch)

    assert the_command().state == CommandState.CONFIRMED
    assert len(erp.told) == 1


def test_what_surely_did_nothing_after_a_search_is_tried_again(order, clock, monkeypatch) -> None:
    agree(order, delivery_on=date(2026, 4, 8))
    erp = ScriptedErp(UnknownOutcome("No answer within 60 s."), Transient("Too many requests."), CONFIRMED)
    deliver(erp, clock, monkeypatch)
    clock.forward(seconds=31)
    deliver(erp, clock, monkeypatch)

    clock.forward(hours=1)
    deliver(erp, clock, monkeypatch)

    assert the_command().state == CommandState.CONFIRMED
    assert (len(erp.searches), len(erp.told)) == (2, 3)


def test_what_a_dead_worker_may_have_written_is_searched_until_the_erp_answers(
    order, clock, monkeypatch
) -> None:
    agree(order, delivery_on=date(2026, 4, 8))
    erp = DeadlyErp()
    with pytest.raises(Killed):
        deliver(erp, clock, monkeypatch)

    alive = ScriptedErp()
    alive.found = Transient("The ERP does not answer.")
    clock.forward(seconds=31)
    deliver(alive, clock, monkeypatch, worker=2)
    assert the_command().calling_since == MONDAY

    alive.found = CONFIRMED
    clock.forward(hours=1)
    deliver(alive, clock, monkeypatch, worker=2)

    assert the_command().state == CommandState.CONFIRMED
    assert (len(alive.searches), alive.told) == (2, [])


# --- several commands ---------------------------------------------------------------------------------------


def all_commands() -> list[ErpCommand]:
    with acting(FEED):
        return list(ErpCommand.objects.order_by("id"))


def test_a_second_command_waits_until_the_first_is_read_back(order, clock, monkeypatch) -> None:
    erp = ScriptedErp(SENT, SENT)
    agree(order, 10, delivery_on=date(2026, 4, 8))
    agree(order, 20, delivery_on=date(2026, 4, 15))
    deliver(erp, clock, monkeypatch)
    assert [command.state for command in all_commands()] == ["sent", "queued"]
    assert len(erp.told) == 1

    with acting(FEED):
        first = ErpCommand.objects.select_related("order").earliest("id")
        held = held_by_paper(a_paper(lines=(a_line(10, delivery_on=date(2026, 4, 8)), a_line(20))))
        confirm_by_reading(first, held, actor=FEED, at=clock())
    deliver(erp, clock, monkeypatch)

    assert [command.state for command in all_commands()] == ["confirmed", "sent"]
    assert [line.key for line in erp.told[1].lines] == ["L20"]


def test_a_command_that_failed_does_not_hold_up_the_next(order, clock, monkeypatch) -> None:
    erp = ScriptedErp(SENT, CONFIRMED)
    agree(order, 10, delivery_on=date(2026, 4, 8))
    agree(order, 20, delivery_on=date(2026, 4, 15))
    deliver(erp, clock, monkeypatch)

    with acting(FEED):
        first = ErpCommand.objects.select_related("order").earliest("id")
        record_result(first, WriteResult(Outcome.REFUSED, reason="Locked."), actor=FEED, at=clock())
    deliver(erp, clock, monkeypatch)

    assert [command.state for command in all_commands()] == ["person", "confirmed"]


def test_another_order_does_not_wait(order, clock, monkeypatch) -> None:
    other = an_order_in_the_portal("4500000002")
    agree(order, delivery_on=date(2026, 4, 8))
    agree(other, delivery_on=date(2026, 4, 8))
    erp = ScriptedErp(Transient("locked"), CONFIRMED)

    deliver(erp, clock, monkeypatch)

    assert sorted(command.state for command in all_commands()) == ["confirmed", "queued"]


def test_a_person_sends_it_again_on_what_the_erp_holds_now(order, clock, monkeypatch) -> None:
    agree(order, delivery_on=date(2026, 4, 8))
    deliver(ScriptedErp(Conflict("Changed.")), clock, monkeypatch)
    before = the_command()
    an_order_in_the_portal(lines=(a_line(10, quantity=Decimal(80)), a_line(20)))

    with acting(FEED):
        retry_command(the_command(), actor=FEED, at=clock())
    erp = ScriptedErp(CONFIRMED)
    deliver(erp, clock, monkeypatch)

    assert the_command().state == CommandState.CONFIRMED
    assert erp.told[0].lines[0].base_quantity == Decimal(80)
    assert erp.told[0].key == str(the_command().key) != str(before.key)


def feed(*papers: OrderPaper, at: Any = MONDAY) -> None:
    """The ERP's feed tells how these orders stand."""
    sightings = [Sighting(paper, content_hash(paper)) for paper in papers]
    with acting(FEED):
        run = FeedRun.objects.create(feed=Feed.ORDERS, started_at=at)
    take_page(run, Page(Feed.ORDERS, tuple(sightings), Cursor(Feed.ORDERS)), at=at)


@pytest.mark.parametrize("way", ["it is refused", "it is confirmed"])
def test_a_command_taken_up_while_the_one_before_it_ends_is_not_forgotten(
    order, clock, monkeypatch, way
) -> None:
    agree(order, 10, delivery_on=date(2026, 4, 8))
    deliver(ScriptedErp(SENT), clock, monkeypatch)
    agree(order, 20, delivery_on=date(2026, 4, 8))
    (first,) = all_commands()
    told, go_on = threading.Event(), threading.Event()

    def the_feed() -> None:
        """What a reading does, its commit held back."""
        try:
            with acting(FEED):
                if way == "it is refused":
                    paper: Any = CommandResult(str(first.key), Outcome.REFUSED, "The period is closed.")
                    inbound._take(Feed.COMMAND_RESULTS, [Sighting(paper, "")], MONDAY)
                else:
                    paper = a_paper(lines=[a_line(10, delivery_on=date(2026, 4, 8)), a_line(20)])
                    inbound._take(Feed.ORDERS, [Sighting(paper, "")], MONDAY)
                told.set()
                go_on.wait(1)
        finally:
            connection.close()

    reading = threading.Thread(target=the_feed)
    reading.start()
    told.wait(20)
    erp = ScriptedErp(SENT)
    deliver(erp, clock, monkeypatch)
    go_on.set()
    reading.join()
    clock.forward(hours=1)
    deliver(erp, clock, monkeypatch, worker=2)

    assert [command.state for command in all_commands()][1] == "sent"
    assert [line.key for line in erp.told[0].lines] == ["L20"]


def test_a_command_that_nobody_told_to_go_on_is_found_by_the_clock(order, clock, monkeypatch) -> None:
    agree(order, 10, delivery_on=date(2026, 4, 8))
    agree(order, 20, delivery_on=date(2026, 4, 15))
    erp = ScriptedErp(SENT, CONFIRMED)
    deliver(erp, clock, monkeypatch)
    with acting(FEED):  # as if the machine had died between the end of the one and the word to the other
        ErpCommand.objects.filter(state="sent").update(state="confirmed", confirmed_at=MONDAY)

        assert release_left_waiting(actor=FEED, at=clock()) == 1
        assert release_left_waiting(actor=FEED, at=clock()) == 0
    deliver(erp, clock, monkeypatch)

    assert [command.state for command in all_commands()] == ["confirmed", "confirmed"]


@pytest.mark.parametrize("said", [CONFIRMED, Transient("The ERP does not answer.")], ids=["done", "failed"])
def test_what_the_erp_said_is_noted_for_when_it_said_it(order, clock, monkeypatch, settings, said) -> None:
    agree(order, delivery_on=date(2026, 4, 8))

    class SlowErp(ScriptedErp):
        def write_promise(self, command: PromiseCommand) -> WriteResult:
            clock.forward(seconds=50)
            return super().write_promise(command)

    began = clock.now
    settings.ERP_FAILURES_BEFORE_REST = 1
    deliver(SlowErp(said), clock, monkeypatch)

    with acting(FEED):
        connection = the_connection()
    if said is CONFIRMED:
        assert the_command().confirmed_at == began + timedelta(seconds=50)
        assert connection.heard_at == began + timedelta(seconds=50)
    else:
        assert the_message().due_at > began + timedelta(seconds=50)
        assert connection.opened_at == began + timedelta(seconds=50)  # the rest is counted from here


def test_an_erp_that_is_down_for_a_weekend_gets_everything_on_monday(order, clock, monkeypatch) -> None:
    agree(order, delivery_on=date(2026, 4, 8))
    attempts = 200  # an hour apart at most, half an hour at least: more than a weekend takes
    erp = ScriptedErp(*[Transient("The ERP does not answer.")] * attempts)
    for _ in range(attempts):
        deliver(erp, clock, monkeypatch)
        clock.now = the_message().due_at
        if clock.now > MONDAY + timedelta(hours=60):
            break

    deliver(ScriptedErp(CONFIRMED), clock, monkeypatch)

    assert the_command().state == CommandState.CONFIRMED


def test_giving_up_a_parked_message_lets_the_next_command_go(order, clock, monkeypatch) -> None:
    agree(order, 10, delivery_on=date(2026, 4, 8))
    agree(order, 20, delivery_on=date(2026, 4, 15))
    broken = ScriptedErp()  # answers nothing: a fault of ours
    for _ in range(12):
        deliver(broken, clock, monkeypatch)
        clock.forward(hours=1)
    with acting(FEED):
        parked = OutboxMessage.objects.get(state=MessageState.PARKED)
        give_up_message(parked, "Keyed in by hand.", actor=FEED, at=clock())

    clock.forward(hours=1)
    erp = ScriptedErp(CONFIRMED)
    deliver(erp, clock, monkeypatch)

    assert [(one.state, one.reason) for one in all_commands()] == [
        ("given_up", "Keyed in by hand."),
        ("confirmed", ""),
    ]
    assert [line.key for line in erp.told[0].lines] == ["L20"]


def test_a_forgotten_day_is_told_again_but_not_what_was_given_up(order, clock, monkeypatch) -> None:
    late, later = date(2026, 4, 8), date(2026, 4, 15)
    agree(order, 10, delivery_on=late)
    deliver(ScriptedErp(ValidationRefused("Locked.")), clock, monkeypatch)
    with acting(FEED):
        give_up_command(the_command(), "Keyed in elsewhere.", actor=FEED, at=clock())
    agree(order, 20, delivery_on=later)
    deliver(ScriptedErp(CONFIRMED), clock, monkeypatch)
    feed(a_paper(lines=[a_line(10), a_line(20, delivery_on=later), a_line(30)]))

    planned = {"delivery_on": date(2026, 5, 20), "planned_by_erp": True}
    amended = [a_line(10, **planned), a_line(20, **planned), a_line(30, quantity=Decimal(70), **planned)]
    feed(a_paper(lines=amended, revision="2"))
    erp = ScriptedErp(CONFIRMED)
    deliver(erp, clock, monkeypatch)
    feed(a_paper(lines=[amended[0], a_line(20, delivery_on=later), amended[2]], revision="2"))
    feed(a_paper(lines=[amended[0], a_line(20, delivery_on=later), amended[2]], revision="3"))
    deliver(erp, clock, monkeypatch)

    assert [[line.key for line in written.lines] for written in erp.told] == [["L20"]]
    assert [command.state for command in all_commands()] == ["given_up", "confirmed", "confirmed"]


def test_what_was_sent_and_never_seen_needs_a_person_after_a_day(order, clock, monkeypatch) -> None:
    agree(order, delivery_on=date(2026, 4, 8))
    deliver(ScriptedErp(SENT), clock, monkeypatch)

    def needing() -> int:
        with acting(FEED):
            return commands_needing_a_person(FEED, clock()).count()

    clock.forward(hours=24)
    assert needing() == 0
    clock.forward(seconds=1)
    assert needing() == 1
    with acting(FEED):
        assert retry_command(the_command(), actor=FEED, at=clock())
    deliver(ScriptedErp(CONFIRMED), clock, monkeypatch)
    assert the_command().state == CommandState.CONFIRMED


def test_sending_again_leaves_out_what_was_agreed_anew(order, clock, monkeypatch) -> None:
    eighth, twentieth = date(2026, 4, 8), date(2026, 4, 20)
    agree(order, 10, delivery_on=eighth)
    deliver(ScriptedErp(ValidationRefused("The period is closed.")), clock, monkeypatch)
    feed(a_paper(lines=[a_line(10, quantity=Decimal(80)), a_line(20)], revision="2"))
    agree(order, 10, delivery_on=twentieth)
    erp = ScriptedErp(SENT)
    deliver(erp, clock, monkeypatch)

    with pytest.raises(WriteUnderWay), acting(FEED):
        retry_command(all_commands()[0], actor=FEED, at=clock())
    with acting(FEED):
        newest = ErpCommand.objects.select_related("order").latest("id")
        COMMAND_LIFECYCLE.move(newest, "refuse", actor=FEED, at=clock())
        assert not retry_command(all_commands()[0], actor=FEED, at=clock())

    assert [command.state for command in all_commands()] == ["superseded", "person"]
    assert len(erp.told) == 1


def test_a_refusal_stands_where_the_erp_closed_the_line(order, clock, monkeypatch) -> None:
    agree(order, kind="refuse", delivery_on=None, reason="other")
    deliver(ScriptedErp(SENT), clock, monkeypatch)

    feed(a_paper(lines=[a_line(10, closed=True), a_line(20)], revision="2"))

    assert the_command().state == CommandState.CONFIRMED


# --- all the way through the drop folder --------------------------------------------------------------------


class FilesWorld:
    """The portal, the drop folder, and the pretend ERP behind it."""

    def __init__(self, root: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
        self.clock = clock
        self.monkeypatch = monkeypatch
        self.erp = PretendErp(root, clock=clock)
        self.connector = FilesConnector(root, quiet=timedelta(0), clock=clock)

    def orders(self, *papers: OrderPaper) -> None:
        self.erp.put_orders(papers)
        self.erp.export_orders()
        self.read()

    def read(self) -> list[Any]:
        self.clock.forward(seconds=1)
        return read_feeds(self.connector, clock=self.clock)

    def send(self) -> None:
        self.clock.forward(seconds=1)
        deliver(self.connector, self.clock, self.monkeypatch)

    def round(self) -> None:
        self.send()
        self.erp.work()
        self.read()


@pytest.fixture
def files(world, clock, monkeypatch, tmp_path: Path) -> FilesWorld:
    return FilesWorld(tmp_path, clock, monkeypatch)


def in_portal(number: str = "4500000001") -> PurchaseOrder:
    with acting(FEED):
        return PurchaseOrder.objects.get(number=number)


def agreement_of(number: str = "4500000001") -> dict[int, str]:
    with acting(FEED):
        return dict(PurchaseOrderLine.objects.filter(order__number=number).values_list("number", "agreement"))


def test_a_later_date_goes_to_the_erp_and_comes_back_without_asking_again(files) -> None:
    files.orders(a_paper())
    agree(in_portal(), delivery_on=date(2026, 4, 8))

    files.round()

    assert the_command().state == CommandState.CONFIRMED
    assert agreement_of() == {10: "agreed", 20: "awaiting"}
    assert files.erp.order("NM", "4500000001").lines[0].delivery_on == date(2026, 4, 8)
    assert in_portal().revision == 2


def test_a_split_goes_to_the_erp_and_comes_back_without_asking_again(files) -> None:
    files.orders(a_paper())
    order = in_portal()
    with acting(FEED):
        locked = lock_order(order.key, actor=FEED)
        line = locked.lines.get(number=10)
        pieces = [
            NewPiece(
                schedule_key=1,
                kind=kind,
                quantity=Decimal(quantity),
                delivery_on=day,
                price=line.price,
                price_per=line.price_per,
            )
            for kind, quantity, day in (
                ("accept", 60, line.delivery_on),
                ("backorder", 40, date(2026, 5, 4)),
            )
        ]
        make_promises(locked, {line.pk: pieces}, origin=uuid4(), actor=FEED, at=MONDAY)
        waiting = frozenset(line.promises.values_list("id", flat=True))
        decide_promises(locked, Decision(accept=waiting), actor=FEED, at=MONDAY)

    files.round()

    assert the_command().state == CommandState.CONFIRMED
    assert agreement_of()[10] == "agreed"
    held = files.erp.order("NM", "4500000001").lines[0]
    assert [(one.quantity, one.delivery_on) for one in held.schedules] == [
        (Decimal(60), date(2026, 4, 1)),
        (Decimal(40), date(2026, 5, 4)),
    ]


def test_an_order_that_moved_in_the_erp_is_a_conflict_there_and_here(files) -> None:
    files.orders(a_paper())
    agree(in_portal(), delivery_on=date(2026, 4, 8))
    files.erp.change_line("NM", "4500000001", "L10", quantity=Decimal(70))

    files.round()

    assert (the_command().state, the_command().current[0]["quantity"]) == ("conflict", "70")
    assert files.erp.order("NM", "4500000001").lines[0].delivery_on == date(2026, 4, 1)


def test_an_echo_that_differs_is_a_conflict(files) -> None:
    files.orders(a_paper())
    agree(in_portal(), delivery_on=date(2026, 4, 8))
    files.send()
    files.erp.change_line("NM", "4500000001", "L10", delivery_on=date(2026, 4, 29))
    files.erp.export_orders()

    files.read()

    assert (the_command().state, the_command().current[0]["delivery_on"]) == ("conflict", "2026-04-29")


def test_an_echo_of_the_old_values_leaves_the_command_waiting(files) -> None:
    files.orders(a_paper())
    agree(in_portal(), delivery_on=date(2026, 4, 8))
    files.send()
    files.erp.export_orders()

    files.read()

    assert the_command().state == CommandState.SENT


def test_a_refusal_by_the_erp_arrives_with_its_reason(files) -> None:
    files.orders(a_paper())
    agree(in_portal(), delivery_on=date(2026, 4, 8))
    files.erp.refuse_next("NM", "4500000001", "The order is locked.")

    files.round()

    assert (the_command().state, the_command().reason) == ("person", "The order is locked.")


def test_what_a_person_keyed_into_the_erp_closes_the_case(files) -> None:
    files.orders(a_paper())
    agree(in_portal(), delivery_on=date(2026, 4, 8))
    files.erp.refuse_next("NM", "4500000001", "The order is locked.")
    files.round()

    files.erp.change_line("NM", "4500000001", "L10", delivery_on=date(2026, 4, 8))
    files.erp.export_orders()
    files.read()

    assert the_command().state == CommandState.CONFIRMED
    assert the_command().reason == ""


def test_a_newer_agreement_settles_the_conflict_before_it(files) -> None:
    files.orders(a_paper())
    agree(in_portal(), delivery_on=date(2026, 4, 8))
    files.erp.change_line("NM", "4500000001", "L10", quantity=Decimal(70))
    files.round()
    files.erp.export_orders()
    files.read()
    agree(in_portal(), quantity=Decimal(70), delivery_on=date(2026, 4, 9))

    files.round()

    assert [command.state for command in all_commands()] == ["superseded", "confirmed"]


def test_only_the_line_that_changed_in_the_erp_reopens(files) -> None:
    files.orders(a_paper())
    agree(in_portal(), 10, delivery_on=date(2026, 4, 8))
    agree(in_portal(), 20)
    files.round()
    files.erp.change_line("NM", "4500000001", "L20", quantity=Decimal(10))
    files.erp.export_orders()

    files.read()

    assert agreement_of() == {10: "agreed", 20: "awaiting"}
