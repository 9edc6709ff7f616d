"""What follows from a fact on another floor: promised with the fact, told after it, to each listener for itself."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from django.db import connection

from portal.kernel.audit.models import AuditEvent
from portal.kernel.audit.services import Fact, record_all
from portal.kernel.outbox.models import MessageState, OutboxMessage
from portal.kernel.outbox.reactions import MOST_AT_ONCE, Reaction
from portal.kernel.outbox.services import deliver_due
from portal.kernel.scope import acting
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)

AT = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
seen: list[tuple[str, list[str]]] = []


def look_at(events: Sequence[AuditEvent], at: datetime) -> str:
    assert not connection.in_atomic_block
    seen.append(("looked", [event.stream for event in events]))
    return "looked"


def stumble(events: Sequence[AuditEvent], at: datetime) -> str:
    raise LookupError("not this time")


LISTENERS = {
    "looker": Reaction(frozenset({"order.moved", "order.closed"}), look_at),
    "stumbler": Reaction(frozenset({"order.moved"}), stumble),
}


@pytest.fixture(autouse=True)
def listeners(settings):
    settings.REACTIONS = f"{__name__}.LISTENERS"
    settings.OUTBOX_WAKE = f"{__name__}.no_hint"
    seen.clear()


def no_hint() -> None:
    """As if the broker were gone."""


def tell(*facts: tuple[str, str, int | None]) -> None:
    with acting(FEED):
        record_all(
            [Fact(kind, stream, supplier) for kind, stream, supplier in facts],
            actor=FEED,
            at=AT,
        )


def deliver() -> int:
    return deliver_due(worker=1, clock=lambda: AT, topics=["reactions"], limit=100)


def messages() -> list[OutboxMessage]:
    with acting(FEED):
        return list(OutboxMessage.objects.filter(topic="reactions").order_by("id"))


def test_facts_of_one_moment_are_told_together_to_those_who_hear_of_them():
    tell(("order.closed", "order:1", 7), ("order.opened", "order:2", 7), ("order.closed", "order:3", 8))

    assert deliver() == 1

    assert seen == [("looked", ["order:1", "order:3"])]
    assert [message.supplier_id for message in messages()] == [None]


def test_a_fact_that_nobody_hears_of_promises_nothing():
    tell(("order.opened", "order:1", 7))

    assert messages() == []


def test_one_that_stumbles_holds_back_no_other():
    tell(("order.moved", "order:1", 7))

    deliver()

    assert seen == [("looked", ["order:1"])]
    looker, stumbler = messages()
    assert (looker.state, looker.outcome, looker.supplier_id) == (MessageState.DELIVERED, "looked", 7)
    assert (stumbler.state, stumbler.last_error) == (MessageState.WAITING, "LookupError: not this time")


def test_what_is_rolled_back_is_never_told():
    def fail() -> None:
        record_all([Fact("order.closed", "order:1", 7)], actor=FEED, at=AT)
        raise RuntimeError("and then the rest fails")

    with pytest.raises(RuntimeError, match="and then"), acting(FEED):
        fail()

    assert messages() == []


def test_very_many_facts_are_told_in_parts():
    tell(*[("order.closed", f"order:{number}", 7) for number in range(MOST_AT_ONCE + 1)])

    assert [len(message.payload["events"]) for message in messages()] == [MOST_AT_ONCE, 1]


def test_a_listener_of_an_older_version_is_missed_by_nobody(settings):
    tell(("order.closed", "order:1", 7))
    settings.REACTIONS = "procurement.reactions.REACTIONS"

    deliver()

    assert messages()[0].outcome == "nobody listens"
