"""The outbox: at least once, in order per document, nothing dropped."""

import time
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from kombu.exceptions import OperationalError

from portal.kernel.errors import IllegalTransition
from portal.kernel.outbox import services, tasks
from portal.kernel.outbox.models import DeliveryAttempt, MessageState, OutboxMessage
from portal.kernel.outbox.queries import depth_by_topic, oldest_waiting_age
from portal.kernel.outbox.services import (
    MAX_FAULTS,
    ParkMessage,
    PutBack,
    RetryLater,
    backoff,
    deliver_due,
    enqueue,
    replay_message,
    skip_message,
)
from portal.kernel.scope import NoScope, acting
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)

START = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
heard: list[str] = []
faults: dict[str, Exception] = {}


def listen(message: OutboxMessage) -> str:
    """A receiver that writes down what it hears, and fails where it was told to."""
    assert not connection.in_atomic_block
    if fault := faults.get(message.payload["word"]):
        raise fault
    heard.append(message.payload["word"])
    return "heard"


class Clock:
    """A clock the test turns."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture(autouse=True)
def receiver(settings):
    settings.OUTBOX_HANDLERS = {"test": f"{__name__}.listen"}
    settings.OUTBOX_WAKE = f"{__name__}.no_hint"
    heard.clear()
    faults.clear()


def no_hint() -> None:
    """As if the broker were gone."""


def say(word, stream="order:1", at=START):
    with acting(FEED):
        return enqueue("test", stream, "said", {"word": word}, actor=FEED, at=at, supplier_id=None)


def state_of(message):
    with acting(FEED):
        return OutboxMessage.objects.get(pk=message.pk)


def deliver(clock, worker=1):
    return deliver_due(worker=worker, clock=clock)


def test_messages_of_one_document_arrive_in_order_without_any_broker(clock):
    for word in ("one", "two", "three"):
        say(word)

    assert deliver(clock) == 3

    assert heard == ["one", "two", "three"]


def test_a_rolled_back_fact_is_never_told(clock):
    def promise_and_fail():
        enqueue("test", "order:1", "said", {"word": "never"}, actor=FEED, at=START, supplier_id=None)
        raise RuntimeError("and then the rest fails")

    with pytest.raises(RuntimeError, match="and then"), acting(FEED):
        promise_and_fail()

    assert deliver(clock) == 0
    assert heard == []


def test_a_message_cannot_be_promised_outside_a_door():
    with pytest.raises(NoScope):
        enqueue("test", "order:1", "said", {"word": "x"}, actor=FEED, at=START, supplier_id=None)


def test_a_failing_document_waits_and_holds_back_its_own_only(clock):
    faults["bad"] = RetryLater("busy", timedelta(minutes=5))
    bad = say("bad", "order:1")
    say("after bad", "order:1")
    say("other", "order:2")

    deliver(clock)

    assert heard == ["other"]
    assert state_of(bad).due_at == START + timedelta(minutes=5)
    faults.clear()
    clock.now += timedelta(minutes=4)
    assert deliver(clock) == 0
    clock.now += timedelta(minutes=1)
    deliver(clock)
    assert heard == ["other", "bad", "after bad"]


def test_an_unforeseen_fault_is_written_down_and_tried_again(clock):
    faults["odd"] = KeyError("surprise")
    odd = say("odd")

    deliver(clock)

    stored = state_of(odd)
    assert (stored.state, stored.attempts, stored.last_error) == ("waiting", 1, "KeyError: 'surprise'")
    with acting(FEED):
        attempt = DeliveryAttempt.objects.get(message=odd)
    assert (attempt.number, attempt.outcome) == (1, "retry")


def test_a_receiver_that_says_not_now_is_asked_for_ever_and_at_most_an_hour_apart(clock):
    faults["never"] = RetryLater("still down")
    never = say("never")

    for _ in range(40):
        deliver(clock)
        clock.now = state_of(never).due_at

    stored = state_of(never)
    assert (stored.state, stored.attempts, stored.failures) == (MessageState.WAITING, 40, 40)
    assert clock.now - START < timedelta(hours=40)
    faults.clear()
    deliver(clock)
    assert heard == ["never"]


def test_what_nobody_foresaw_is_parked_after_many_attempts_and_not_dropped(clock):
    faults["odd"] = KeyError("surprise")
    odd = say("odd")

    for _ in range(MAX_FAULTS):
        deliver(clock)
        clock.now += timedelta(hours=2)

    stored = state_of(odd)
    assert (stored.state, stored.attempts) == (MessageState.PARKED, MAX_FAULTS)
    assert stored.last_error == "Gave up after 12 attempts. KeyError: 'surprise'"
    with acting(FEED):
        numbers = DeliveryAttempt.objects.filter(message=odd).values_list("number", flat=True)
        assert sorted(numbers) == list(range(1, MAX_FAULTS + 1))


def test_an_answer_in_between_ends_the_row_of_faults(clock):
    odd = say("odd")
    for fault in [*[KeyError("surprise")] * 11, RetryLater("busy"), *[KeyError("surprise")] * 11]:
        faults["odd"] = fault
        deliver(clock)
        clock.now += timedelta(hours=2)

    assert (state_of(odd).state, state_of(odd).faults) == (MessageState.WAITING, 11)


def test_a_replayed_message_gets_the_patience_of_a_new_one(clock):
    faults["odd"] = KeyError("surprise")
    odd = say("odd")
    for _ in range(MAX_FAULTS):
        deliver(clock)
        clock.now += timedelta(hours=2)
    with acting(FEED):
        replay_message(state_of(odd), actor=FEED, at=clock.now)

    deliver(clock)

    stored = state_of(odd)
    assert (stored.state, stored.attempts, stored.faults) == (MessageState.WAITING, MAX_FAULTS + 1, 1)
    assert stored.due_at - clock.now <= timedelta(seconds=2)


def test_a_parked_message_holds_back_its_document_until_a_person_acts(clock):
    faults["no"] = ParkMessage("refused")
    parked = say("no")
    say("next")
    deliver(clock)
    assert heard == []

    faults.clear()
    with acting(FEED):
        replay_message(state_of(parked), actor=FEED, at=START)
    deliver(clock)

    assert heard == ["no", "next"]


def test_a_parked_message_can_be_skipped_with_a_reason(clock):
    faults["no"] = ParkMessage("refused")
    parked = say("no")
    say("next")
    deliver(clock)

    with acting(FEED):
        skip_message(state_of(parked), "keyed by hand", actor=FEED, at=START)
    deliver(clock)

    assert heard == ["next"]
    assert state_of(parked).state == MessageState.SKIPPED
    with pytest.raises(IllegalTransition), acting(FEED):
        skip_message(state_of(parked), "again", actor=FEED, at=START)


def test_a_living_workers_lease_is_respected(clock):
    message = say("mine")
    assert services._hold_lease_lock(7)
    try:
        (leased,) = services._lease(7, ["test"], 10, START)
        assert leased.pk == message.pk

        assert deliver(clock, worker=8) == 0
    finally:
        services._drop_lease_lock(7)


def test_a_dead_workers_lease_ends_at_once(clock):
    message = say("orphan")
    services._hold_lease_lock(7)
    services._lease(7, ["test"], 10, START)
    # The worker is killed: its connection is gone, and with it the lock.
    connection.close()

    assert deliver(clock, worker=8) == 1

    assert heard == ["orphan"]
    assert state_of(message).state == MessageState.DELIVERED


def die_with(worker):
    """A worker takes what is due and is killed before it has told how it went."""
    services._hold_lease_lock(worker)
    services._lease(worker, ["test"], 100, START) or services._lease_troubled(worker, ["test"], START)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    connection.close()
    # Its locks go with its backend, which ends a moment after the line was cut.
    with connection.cursor() as cursor:
        for _try in range(200):
            cursor.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", [pid])
            if cursor.fetchone() is None:
                return
            time.sleep(0.05)
    raise AssertionError(f"backend {pid} does not end")


def test_a_message_that_kills_its_workers_is_parked_and_takes_nobody_along(clock):
    deadly = say("deadly", "order:1")
    innocent = say("innocent", "order:2")
    die_with(worker=1)

    for worker in range(2, 2 + MAX_FAULTS - 1):
        die_with(worker)
    assert deliver(clock, worker=50) == 1

    assert heard == ["innocent"]
    assert state_of(innocent).state == MessageState.DELIVERED
    stored = state_of(deadly)
    assert (stored.state, stored.attempts, stored.last_error) == ("parked", MAX_FAULTS, services.DIED)
    with acting(FEED):
        tries = DeliveryAttempt.objects.filter(message=deadly)
        assert {one.outcome for one in tries} == {"died"}
        assert tries.count() == MAX_FAULTS


gate_is_open = True


def gate(at: datetime) -> bool:
    """The gate of the topic: open as the test has set it."""
    return gate_is_open


def test_behind_a_shut_gate_messages_wait_without_an_attempt(clock, settings, monkeypatch):
    settings.OUTBOX_GATES = {"test": f"{__name__}.gate"}
    monkeypatch.setattr(f"{__name__}.gate_is_open", False)
    say("first")

    assert deliver_due(worker=1, clock=clock) == 0
    assert standing_of("first") == ("waiting", 0, START)

    monkeypatch.setattr(f"{__name__}.gate_is_open", True)
    assert deliver_due(worker=1, clock=clock) == 1
    assert heard == ["first"]


def test_what_was_taken_when_the_gate_shut_is_put_back_as_if_it_had_not_been(clock, settings, monkeypatch):
    settings.OUTBOX_GATES = {"test": f"{__name__}.gate"}
    say("first", "order:1")
    say("second", "order:2")

    def shut(message: OutboxMessage) -> str:
        monkeypatch.setattr(f"{__name__}.gate_is_open", False)
        raise PutBack

    monkeypatch.setattr(f"{__name__}.listen", shut)
    deliver_due(worker=1, clock=clock)

    assert [standing_of(word) for word in ("first", "second")] == [("waiting", 0, START)] * 2
    with acting(FEED):
        assert DeliveryAttempt.objects.count() == 0
    assert age_of_oldest(START + timedelta(minutes=5)) == timedelta(minutes=5)


def standing_of(word):
    with acting(FEED):
        message = OutboxMessage.objects.get(payload__word=word)
    return message.state, message.attempts, message.due_at


def age_of_oldest(at):
    with acting(FEED):
        return oldest_waiting_age(at)


def test_depth_and_age_are_known(clock):
    say("old", at=START - timedelta(minutes=10))
    say("new")

    with acting(FEED):
        assert oldest_waiting_age(START) == timedelta(minutes=10)
        assert depth_by_topic() == [
            {"topic": "test", "state": "waiting", "count": 2, "oldest": START - timedelta(minutes=10)}
        ]


def test_backoff_doubles_to_an_hour_with_jitter():
    for attempts, whole in ((1, 2), (5, 32), (11, 2048), (30, 3600)):
        waits = [backoff(attempts).total_seconds() for _ in range(50)]
        assert whole / 2 <= min(waits)
        assert max(waits) <= whole
        assert len(set(waits)) > 1


def test_a_worker_that_is_asked_to_stop_gives_back_what_it_has_not_begun(clock):
    messages = [say(word, stream=f"order:{word}") for word in ("one", "two", "three")]

    tried = deliver_due(worker=1, clock=clock, time_is_up=lambda: bool(heard))

    assert (tried, heard) == (1, ["one"])
    left = [state_of(message) for message in messages[1:]]
    assert [(one.state, one.leased_by, one.attempts) for one in left] == [("waiting", None, 0)] * 2
    assert deliver(clock) == 2
    assert heard == ["one", "two", "three"]
    with acting(FEED):
        assert set(DeliveryAttempt.objects.values_list("number", "outcome")) == {(1, "heard")}


def test_a_worker_that_lost_its_lock_lays_down_what_it_has_not_begun(clock, settings, caplog):
    settings.OUTBOX_HANDLERS = {"test": f"{__name__}.lose_the_session"}
    messages = [say(word, stream=f"order:{word}") for word in ("one", "two", "three")]

    tried = deliver(clock)

    # Connected again, but without the lock: whoever takes the others now must be alone with them.
    assert (tried, heard) == (1, ["one"])
    assert [(state_of(one).state, state_of(one).faults) for one in messages] == [
        ("waiting", 1),
        ("waiting", 0),
        ("waiting", 0),
    ]
    assert [state_of(one).attempts for one in messages] == [1, 0, 0]
    assert "the lease lock was lost" not in caplog.text  # that is for a lock on somebody else's connection


def lose_the_session(message: OutboxMessage) -> str:
    """PostgreSQL restarts in the middle of a delivery."""
    heard.append(message.payload["word"])
    with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": None}) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [backend()])
    with acting(FEED):
        return "never"


def backend() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def test_nothing_is_delivered_where_the_locks_would_be_lost(clock, settings):
    settings.DATABASE_POOLER = "transaction"
    message = say("one")

    with pytest.raises(ImproperlyConfigured, match="mode"):
        deliver(clock)

    assert (heard, state_of(message).state) == ([], MessageState.WAITING)


def test_a_broker_that_is_away_is_not_asked_at_every_click(monkeypatch):
    asked: list[str] = []

    def away(**options):
        asked.append("hint")
        raise OperationalError("nobody there")

    monkeypatch.setattr(tasks.deliver, "apply_async", away)
    monkeypatch.setattr(tasks.Rest, "until", 0.0)

    tasks.wake()
    tasks.wake()
    assert asked == ["hint"]

    monkeypatch.setattr(tasks.Rest, "until", 0.0)
    tasks.wake()
    assert asked == ["hint", "hint"]
