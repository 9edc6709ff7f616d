"""A carrier's message twice at once, and messages over the same shipments crosswise: real threads."""

import threading
import time
from collections import Counter

import pytest
from django.utils import timezone

from portal.kernel.errors import Invalid
from portal.kernel.scope import acting
from procurement.gateways.messages import DismissEvent, WriteGateway
from procurement.gateways.services import dismiss_event, make_gateway, place_waiting, replay_message
from procurement.gateways.ways.arriving import read_again
from procurement.shipments.models import Milestone
from procurement.shipments.services import send_notice
from tests.builders.changes import an_agreed_order
from tests.builders.gateways import a_carrier, an_event, events, messages
from tests.builders.shipments import a_sent_notice, begin, do, write
from tests.concurrency.at_once import at_once
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def no_hints(settings):
    settings.OUTBOX_WAKE = "tests.kernel.test_reactions.no_hint"


def now():
    return timezone.now().replace(microsecond=0).isoformat()


def told():
    with acting(FEED):
        return Counter(Milestone.objects.values_list("notice__number", flat=True))


def test_one_message_sent_four_times_at_once_counts_once(people):
    a_sent_notice(an_agreed_order(people["asha"]), people["asha"])
    carrier = a_carrier(people["ines"])
    event = an_event(happened_at=now(), notice="DN-1", supplier="ACME")

    answers = at_once(*[lambda: carrier.tell(event)] * 4)

    assert Counter(one.status_code for one in answers) == Counter({202: 4})
    assert {str(one.json()["events"]) for one in answers} == {
        "[{'position': 0, 'outcome': 'taken', 'notice': 'DN-1'}]"
    }
    assert told() == Counter({"DN-1": 1})
    assert (len(messages()), len(events())) == (1, 1)


def test_one_event_in_two_messages_at_once_counts_once(people):
    a_sent_notice(an_agreed_order(people["asha"]), people["asha"])
    carrier = a_carrier(people["ines"])
    event = an_event(happened_at=now(), notice="DN-1", supplier="ACME")

    at_once(lambda: carrier.tell(event), lambda: carrier.tell(event, message_id="m-2"))

    assert told() == Counter({"DN-1": 1})
    assert [one.state for one in events()] == ["taken", "taken"]


def test_two_messages_over_the_same_shipments_never_wait_for_each_other_for_ever(people):
    for number, order in (("DN-1", "4500000001"), ("DN-2", "4500000002")):
        a_sent_notice(an_agreed_order(people["asha"], order), people["asha"], number=number)
    carrier = a_carrier(people["ines"])
    there = [an_event(happened_at=now(), notice=f"DN-{n}", supplier="ACME") for n in (1, 2)]
    back = [one | {"kind": "arrived"} for one in reversed(there)]

    answers = at_once(lambda: carrier.tell(*there * 5), lambda: carrier.tell(*back * 5, message_id="m-2"))

    assert [one.status_code for one in answers] == [202, 202]
    assert told() == Counter({"DN-1": 2, "DN-2": 2})


def test_a_notice_sent_in_the_moment_of_its_event_hears_of_it(people):
    asha = people["asha"]
    notice = begin(an_agreed_order(asha), asha, {"L10": 10})
    write(notice, asha, "DN-1")
    carrier = a_carrier(people["ines"])
    event = an_event(happened_at=now(), notice="DN-1", supplier="ACME")

    def send_and_react():
        do(send_notice, notice, asha)
        with acting(FEED):
            from portal.kernel.audit.models import AuditEvent

            facts = list(AuditEvent.objects.filter(kind="shipment.sent"))
        return place_waiting(facts, timezone.now())

    at_once(send_and_react, lambda: carrier.tell(event))

    assert told() == Counter({"DN-1": 1})
    assert [one.state for one in events()] == ["taken"]


def test_what_is_dismissed_while_its_message_is_dealt_with_anew_stays_dismissed(people):
    ines = people["ines"].actor
    a_carrier(people["ines"]).tell(an_event(happened_at=now(), tracking_number="NOBODYS"))
    (event,), (message,) = events(), messages()
    dismissed = threading.Event()

    def dismiss():
        with acting(ines):
            dismiss_event(DismissEvent(event.key, event.version, "a test"), actor=ines, at=timezone.now())
            dismissed.set()
            time.sleep(0.5)  # the other one looks meanwhile

    def replay():
        dismissed.wait(10)
        with acting(ines):
            replay_message(message.key, read_again(message), actor=ines, at=timezone.now())

    at_once(dismiss, replay)

    assert [(one.state, one.version) for one in events()] == [("dismissed", 2)]


def test_two_gateways_of_one_name_at_once_are_one_and_a_sentence(people):
    ines = people["ines"].actor

    def make():
        with acting(ines):
            make_gateway(WriteGateway("carrier", "Blue Line"), actor=ines, at=timezone.now())
            time.sleep(0.3)

    results = at_once(make, make)

    (refused,) = [one for one in results if one is not None]
    assert isinstance(refused, Invalid)
    assert [problem.code for problem in refused.problems] == ["taken"]
