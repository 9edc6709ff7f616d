"""What the integration owner is told of gateways without looking."""

from datetime import timedelta

import pytest
from django.utils import timezone

from portal.kernel.outbox.models import MessageState, OutboxMessage
from portal.kernel.scope import acting
from procurement.erp.alerts.outside import outside_systems
from procurement.erp.alerts.words import said
from tests.builders.gateways import a_carrier, an_event
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def no_hints(settings):
    settings.OUTBOX_WAKE = "tests.kernel.test_reactions.no_hint"


def watched(at):
    with acting(FEED):
        return [(one.cause, one.facts["count"]) for one in outside_systems(at)]


def test_what_nobody_took_for_a_day_is_told(people):
    event = an_event(happened_at=timezone.now().isoformat(), tracking_number="NOBODYS")
    a_carrier(people["ines"]).tell(event, {"kind": "vanished"})

    assert watched(timezone.now()) == []
    assert watched(timezone.now() + timedelta(days=1)) == [("gateway_events_wait", 2)]
    assert said("gateway_events_wait", "", {"count": 2}).text.startswith("2 events wait for a person")


def test_a_message_on_which_the_program_breaks_is_told(people):
    a_carrier(people["ines"]).tell(an_event(happened_at=timezone.now().isoformat(), tracking_number="1"))
    with acting(FEED):
        OutboxMessage.objects.filter(topic="gateways").update(state=MessageState.PARKED)

    assert watched(timezone.now()) == [("gateway_messages_parked", 1)]
    assert "1 message was given up" in said("gateway_messages_parked", "", {"count": 1}).text
