"""The outbox: at least once, in order per document, nothing dropped."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from portal.kernel.errors import IllegalTransition
from portal.kernel.outbox import services
from portal.kernel.outbox.models import DeliveryAttempt, MessageState, OutboxMessage
from portal.kernel.outbox.queries import depth_by_topic, oldest_waiting_age
from portal.kernel.outbox.services import (
    MAX_ATTEMPTS,
    ParkMessage,
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


def test_after_many_attempts_it_is_parked_not_dropped(clock):
    faults["never"] = RetryLater("still down")
    never = say("never")

    for _ in range(MAX_ATTEMPTS):
        deliver(clock)
        clock.now += timedelta(hours=2)

    stored = state_of(never)
    assert (stored.state, stored.attempts) == (MessageState.PARKED, MAX_ATTEMPTS)
    assert "still down" in stored.last_error
    with acting(FEED):
        assert DeliveryAttempt.objects.filter(message=never).count() == MAX_ATTEMPTS


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
