"""A later estimate of the way, and the ERP that plans with it."""

from datetime import date, timedelta
from typing import Any

import pytest

from portal.kernel.audit.models import AuditEvent
from portal.kernel.outbox.models import OutboxMessage
from portal.kernel.scope import acting
from procurement.erp.noticing import tell_estimates
from procurement.shipments.messages import TellMilestone
from procurement.shipments.models import ShipNotice
from procurement.shipments.services import cancel_notice, tell_milestone
from tests.builders.changes import an_agreed_order
from tests.builders.shipments import ARRIVES, a_sent_notice, do
from tests.builders.world import MONDAY
from tests.erp.test_noticing import CONFIRMED, ScriptedErp, deliver, messages, states
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)

LATER = ARRIVES + timedelta(days=6)


def on_the_way(notice: ShipNotice, person: Any, kind: str, day: date | None = None, hours: int = 0) -> None:
    command = TellMilestone(notice.key, kind, MONDAY + timedelta(hours=hours), estimated_on=day)
    with acting(person.actor):
        tell_milestone(command, actor=person.actor, at=MONDAY + timedelta(hours=hours))


def react() -> str:
    with acting(FEED):
        events = list(AuditEvent.objects.filter(kind__startswith="shipment.").order_by("id"))
    return tell_estimates(events, MONDAY)


def told() -> list[tuple[str, str]]:
    with acting(FEED):
        found = OutboxMessage.objects.filter(topic="erp", stream__startswith="shipment:").order_by("id")
        return [(one.kind, one.payload["expected_on"]) for one in found]


@pytest.fixture
def sent(people: Any) -> ShipNotice:
    return a_sent_notice(an_agreed_order(people["asha"]), people["asha"], {"L10": 60})


def test_a_later_estimate_is_told_once_and_takes_the_place_of_the_notice(sent: Any, people: Any) -> None:
    assert react() == "unchanged"
    on_the_way(sent, people["asha"], "departed")
    assert react() == "unchanged"
    on_the_way(sent, people["asha"], "estimated", LATER, hours=1)

    assert react() == "told 1"
    assert react() == "unchanged"
    assert told() == [
        ("shipment.sent", ARRIVES.isoformat()),
        ("shipment.expected_anew", LATER.isoformat()),
    ]
    with acting(FEED):
        first, anew = OutboxMessage.objects.filter(topic="erp", stream=sent.stream).order_by("id")
    assert {**anew.payload, "expected_on": ARRIVES.isoformat()} == first.payload
    erp = ScriptedErp(CONFIRMED, CONFIRMED)
    assert [deliver(first, erp), deliver(anew, erp)] == ["confirmed", "confirmed"]
    assert [one.expected_on for one in erp.told] == [ARRIVES, LATER]
    assert deliver(first, erp) == "confirmed"
    assert len(erp.told) == 2


def test_an_estimate_that_comes_back_is_told_again(sent: Any, people: Any) -> None:
    on_the_way(sent, people["asha"], "estimated", LATER, hours=1)
    react()
    on_the_way(sent, people["asha"], "estimated", ARRIVES, hours=2)

    assert react() == "told 1"
    assert [day for _kind, day in told()] == [ARRIVES.isoformat(), LATER.isoformat(), ARRIVES.isoformat()]


def test_nothing_is_told_of_what_has_arrived_or_was_taken_back(sent: Any, people: Any) -> None:
    on_the_way(sent, people["asha"], "estimated", LATER, hours=1)
    do(cancel_notice, sent, people["asha"], "The lorry broke down.")

    assert react() == "unchanged"
    assert [kind for kind, _day in told()] == ["shipment.sent", "shipment.cancelled"]


def test_where_the_policy_says_no_the_erp_keeps_the_announced_day(
    sent: Any, people: Any, settings: Any
) -> None:
    settings.ERP_TELL_ESTIMATES = False
    on_the_way(sent, people["asha"], "estimated", LATER, hours=1)

    assert react() == "not told"
    assert len(told()) == 1
    assert len(messages()) == 1
    assert states() == []
