"""The integration owner's pages: gateways and their secrets, what came, what waits for a hand, a carrier's file."""

import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from portal.kernel.audit.models import AuditEvent
from portal.kernel.outbox.services import deliver_due
from portal.kernel.scope import acting
from procurement.gateways.models import Gateway, GatewaySecret
from procurement.gateways.states import EventState
from procurement.shipments.models import Milestone
from tests.builders.changes import an_agreed_order
from tests.builders.gateways import a_carrier, an_event, events, messages
from tests.builders.shipments import a_sent_notice
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def no_hints(settings):
    settings.OUTBOX_WAKE = "tests.kernel.test_reactions.no_hint"


@pytest.fixture
def at(people):
    """Somebody's browser, signed in."""

    def browser(name):
        client = Client()
        client.force_login(people[name].user)
        return client

    return browser


def page(response):
    return response.content.decode()


def now():
    return timezone.now().replace(microsecond=0).isoformat()


def told():
    with acting(FEED):
        return list(Milestone.objects.order_by("id"))


def work():
    deliver_due(worker=1, clock=timezone.now, topics=["gateways"])


def facts(kind):
    with acting(FEED):
        return [event.facts for event in AuditEvent.objects.filter(kind=kind).order_by("id")]


class TestGateways:
    """Making one, its secrets, switching it."""

    def make(self, client, **typed):
        shown = page(client.get(reverse("integration-gateway-new")))
        once = re.search(r'name="once" value="([^"]+)"', shown)[1]
        return client.post(
            reverse("integration-gateway-new"),
            {"once": once, "kind": "carrier", "name": "Blue Line", **typed},
        )

    def test_the_secret_is_shown_once_and_stored_nowhere(self, at):
        answer = self.make(at("ines"), supplier="ACME")

        assert answer.status_code == 201
        secret = re.search(r'id="secret" value="(qsg_[a-z2-7]{52})"', page(answer))[1]
        with acting(FEED):
            gateway = Gateway.objects.select_related("supplier").get()
        assert gateway.supplier.number == "ACME"
        again = page(at("ines").get(reverse("integration-gateway", args=[gateway.key])))
        assert secret not in again
        assert str(gateway.key) in again
        assert secret not in str(facts("gateway.made")) + str(facts("gateway.secret_made"))

    def test_a_form_that_is_sent_twice_makes_one(self, at):
        client = at("ines")
        shown = page(client.get(reverse("integration-gateway-new")))
        typed = {
            "once": re.search(r'name="once" value="([^"]+)"', shown)[1],
            "kind": "carrier",
            "name": "Blue Line",
        }

        first, second = (client.post(reverse("integration-gateway-new"), typed) for _n in range(2))

        assert (first.status_code, second.status_code) == (201, 409)
        with acting(FEED):
            assert Gateway.objects.count() == 1

    def test_a_name_that_is_taken_is_told_beside_its_field(self, at, people):
        a_carrier(people["ines"], "Blue Line")

        answer = self.make(at("ines"))

        assert answer.status_code == 422
        assert "There is a gateway “Blue Line” already. Choose another name." in page(answer)

    def test_a_warehouse_system_gets_its_gateway_too(self, at):
        assert "Warehouse system" in page(at("ines").get(reverse("integration-gateway-new")))
        assert self.make(at("ines"), kind="warehouse").status_code == 201
        assert self.make(at("ines"), kind="satellite", name="Other").status_code == 422

    def test_there_are_two_secrets_at_most(self, at, people):
        carrier = a_carrier(people["ines"])
        another = reverse("integration-gateway-secret", args=[carrier.gateway.key])

        assert at("ines").post(another).status_code == 201
        answer = at("ines").post(another)

        assert answer.status_code == 409
        assert "Two secrets are in use." in page(answer)

    def test_ending_one_makes_room_for_another(self, at, people):
        carrier = a_carrier(people["ines"])
        with acting(FEED):
            first = GatewaySecret.objects.get()
        end = reverse("integration-gateway-secret-end", args=[carrier.gateway.key, first.key])

        assert "It is the only one in use" in page(at("ines").get(end))
        assert at("ines").post(end).status_code == 303
        assert at("ines").post(end).status_code == 303  # twice is harmless

        assert len(facts("gateway.secret_ended")) == 1
        assert carrier.tell(an_event(happened_at=now(), notice="DN-1", supplier="ACME")).status_code == 401

    def test_it_is_switched_off_and_on(self, at, people):
        carrier = a_carrier(people["ines"])
        switch = reverse("integration-gateway-switch", args=[carrier.gateway.key])

        at("ines").post(switch)
        shown = page(at("max").get(reverse("integration-gateway", args=[carrier.gateway.key])))
        at("ines").post(switch, {"active": "on"})

        assert "This gateway is switched off." in shown
        assert [one["active"] for one in facts("gateway.switched")] == [False, True]

    def test_who_only_looks_sees_no_buttons(self, at, people):
        carrier = a_carrier(people["ines"])

        shown = page(at("ada").get(reverse("integration-gateway", args=[carrier.gateway.key])))

        assert "Blue Line" in shown
        assert "Make another secret" not in shown

    def test_the_list_says_what_to_do_when_it_is_empty(self, at):
        assert "Make the first gateway" in page(at("ines").get(reverse("integration-gateways")))
        assert "Make the first gateway" not in page(at("ada").get(reverse("integration-gateways")))


class TestEvents:
    """What found no consignment."""

    @pytest.fixture
    def unplaced(self, people):
        a_carrier(people["ines"]).tell(an_event(happened_at=now(), tracking_number="NOBODYS"))
        return events()[0]

    @pytest.fixture
    def notice(self, people):
        return a_sent_notice(an_agreed_order(people["asha"]), people["asha"])

    def place(self, client, event, **typed):
        url = reverse("integration-gateway-event-place", args=[event.key])
        return client.post(url, {"version": event.version, **typed})

    def test_it_waits_and_is_counted(self, at, unplaced):
        shown = page(at("ines").get(reverse("integration-gateway-events")))

        assert "NOBODYS" in shown
        assert "No ship notice has one of these numbers." in shown
        assert "1 event was not taken and waits for you." in page(
            at("ines").get(reverse("integration-gateways"))
        )

    def test_a_person_says_where_it_belongs(self, at, unplaced, notice):
        answer = self.place(at("ines"), unplaced, number="dn-1")

        assert answer.status_code == 303
        (event,) = events()
        assert (event.state, event.notice, event.decided_by) == (EventState.TAKEN, notice, "Ines Integrator")
        assert [one.told_by for one in told()] == ["Blue Line"]
        assert facts("gateway.event_placed")[0]["number"] == "DN-1"

    @pytest.mark.parametrize(
        ("typed", "said"),
        [
            ({"number": ""}, "Type the number of a ship notice"),
            ({"number": "DN-404"}, "No ship notice “DN-404” was sent."),
        ],
    )
    def test_a_number_that_leads_nowhere_is_told_and_kept(self, at, unplaced, notice, typed, said):
        answer = self.place(at("ines"), unplaced, **typed)

        assert answer.status_code == 422
        assert said in page(answer)
        assert f'value="{typed["number"]}"' in page(answer)
        assert told() == []

    def test_one_that_somebody_dealt_with_meanwhile_is_not_placed_again(self, at, unplaced, notice):
        self.place(at("ines"), unplaced, number="DN-1")

        assert self.place(at("ines"), unplaced, number="DN-1").status_code == 409
        assert len(told()) == 1

    def test_several_that_it_may_be_are_offered(self, at, people):
        for number, order in (("DN-1", "4500000001"), ("DN-2", "4500000002")):
            a_sent_notice(
                an_agreed_order(people["asha"], order), people["asha"], number=number, bill_of_lading="B-1"
            )
        a_carrier(people["ines"]).tell(an_event(happened_at=now(), bill_of_lading="B-1"))
        (event,) = events()

        shown = page(at("ines").get(reverse("integration-gateway-event", args=[event.key])))
        self.place(at("ines"), event, pick=event.candidates[1]["key"])

        assert "DN-1</bdi> · Acme Valves" in shown
        assert events()[0].notice.number == "DN-2"

    def test_a_suppliers_own_carrier_is_not_placed_on_anothers_goods(self, at, people, notice):
        a_carrier(people["ines"], supplier="GLOBEX").tell(an_event(happened_at=now(), notice="DN-1"))
        (event,) = events()

        answer = self.place(at("ines"), event, number="DN-1")

        assert answer.status_code == 409
        assert told() == []

    def test_it_is_dismissed_for_a_reason(self, at, unplaced):
        url = reverse("integration-gateway-event-dismiss", args=[unplaced.key])

        without = at("ines").post(url, {"version": 1, "reason": " "})
        at("ines").post(url, {"version": 1, "reason": "A parcel of the canteen"})

        assert without.status_code == 422
        (event,) = events()
        assert (event.state, event.reason) == ("dismissed", "A parcel of the canteen")
        assert "NOBODYS" not in page(at("ines").get(reverse("integration-gateway-events")))
        assert "NOBODYS" in page(at("ines").get(reverse("integration-gateway-events") + "?view=aside"))

    def test_what_cannot_be_read_cannot_be_placed(self, at, people, notice):
        a_carrier(people["ines"]).tell({"kind": "vanished"})
        (event,) = events()

        shown = page(at("ines").get(reverse("integration-gateway-event", args=[event.key])))

        assert "events.0.kind “vanished”: This is not one of the words of the list." in shown
        assert "It is about ship notice" not in shown
        assert self.place(at("ines"), event, number="DN-1").status_code == 409

    def test_a_message_is_dealt_with_anew(self, at, people):
        a_carrier(people["ines"]).tell(
            an_event(happened_at=now(), tracking_number="TRACK-1"), {"kind": "vanished"}
        )
        a_sent_notice(an_agreed_order(people["asha"]), people["asha"], tracking_numbers=("TRACK-1",))
        (message,) = messages()

        answer = at("ines").post(reverse("integration-gateway-message-replay", args=[message.key]))
        work()

        assert answer.status_code == 303
        assert [one.state for one in events()] == ["taken", "refused"]
        assert len(told()) == 1
        assert facts("gateway.message_replayed")[0]["events"] == 2

    def test_the_bytes_of_a_message_are_read_only_to_be_saved(self, at, people):
        """A megabyte for each of its events, and for each row of a list, went over the wire once."""
        carrier = a_carrier(people["ines"])
        with CaptureQueriesContext(connection) as asked:
            carrier.tell(an_event(happened_at=now(), tracking_number="NOBODYS"))
            (event,) = events()
            ines = at("ines")
            ines.get(reverse("integration-gateway-events"))
            ines.get(reverse("integration-gateway-event", args=[event.key]))
            self.place(ines, event, number="DN-404")

        reads = [one["sql"] for one in asked if one["sql"].startswith("SELECT")]
        assert [sql for sql in reads if '"procurement_gatewaymessage"."raw"' in sql] == []

    def test_a_message_is_saved_as_it_came(self, at, people):
        a_carrier(people["ines"]).post(b'{"id": "m-1"}')
        (message,) = messages()

        answer = at("ada").get(reverse("integration-gateway-message-raw", args=[message.key]))

        assert answer.content == b'{"id": "m-1"}'
        assert answer["Content-Type"] == "application/octet-stream"
        assert "attachment" in answer["Content-Disposition"]


class TestUpload:
    """A carrier's file by hand."""

    def upload(self, client, carrier, text, name="status.csv"):
        url = reverse("integration-gateway-upload", args=[carrier.gateway.key])
        return client.post(url, {"file": SimpleUploadedFile(name, text.encode())})

    def test_each_row_has_its_own_fate_and_the_same_file_again_counts_once(self, at, people):
        a_sent_notice(an_agreed_order(people["asha"]), people["asha"])
        carrier = a_carrier(people["ines"])
        text = (
            "happened_at;kind;notice;supplier\n"
            f"{now()};departed;DN-1;ACME\n{now()};vanished;DN-1;ACME\n;;;\n{now()};arrived;DN-9;ACME\n"
        )

        answer = self.upload(at("ines"), carrier, text)
        work()
        again = self.upload(at("ines"), carrier, text)
        work()

        (message,) = messages()
        assert (
            answer["Location"]
            == again["Location"]
            == reverse("integration-gateway-message", args=[message.key])
        )
        assert [one.state for one in events()] == ["taken", "refused", "unplaced"]
        assert events()[1].problems[0]["field"] == "row 3.kind"
        assert [(one.kind, one.channel) for one in told()] == [("departed", "file")]
        assert message.brought_by == "Ines Integrator"

    def test_a_row_with_more_cells_than_columns_is_told(self, at, people):
        notice = a_sent_notice(an_agreed_order(people["asha"]), people["asha"])
        text = f"kind,happened_at,notice,supplier,place\ndeparted,{now()},{notice.number},ACME,Pune, India\n"

        self.upload(at("ines"), a_carrier(people["ines"]), text)
        work()

        (event,) = events()
        assert (event.state, told()) == ("refused", [])
        (problem,) = event.problems
        assert (problem["field"], problem["value"]) == ("row 2", "India")
        assert problem["message"].startswith("This row has more cells than the file has columns.")

    def test_a_file_of_one_that_is_switched_off_is_not_taken(self, at, people):
        carrier = a_carrier(people["ines"])
        at("ines").post(reverse("integration-gateway-switch", args=[carrier.gateway.key]))

        answer = self.upload(at("ines"), carrier, f"happened_at,kind,bill_of_lading\n{now()},departed,B1\n")

        assert answer.status_code == 409
        assert messages() == []
        shown = page(at("ines").get(reverse("integration-gateway", args=[carrier.gateway.key])))
        assert reverse("integration-gateway-upload", args=[carrier.gateway.key]) not in shown

    def test_a_message_of_one_that_is_switched_off_is_not_dealt_with_anew(self, at, people):
        carrier = a_carrier(people["ines"])
        carrier.tell(an_event(happened_at=now(), tracking_number="TRACK-1"))
        at("ines").post(reverse("integration-gateway-switch", args=[carrier.gateway.key]))
        (message,) = messages()

        answer = at("ines").post(reverse("integration-gateway-message-replay", args=[message.key]))

        assert answer.status_code == 409
        assert [one.state for one in events()] == ["unplaced"]

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("", "The submitted file is empty"),
            ("kind;notice\n", "The column happened_at is missing."),
            ("happened_at;colour\n2026-01-01T00:00:00Z;red\n", "There is no column colour here."),
            ("happened_at;happened_at\n1;2\n", "A column stands there twice."),
            ("happened_at\n", "This file has no row under its names."),
            ('happened_at;note\n1;"open\n2;x\n', "This CSV file cannot be read."),
            ("PK\x03\x04not really", "This file is damaged."),
        ],
    )
    def test_a_file_that_cannot_be_read_is_told_why_and_not_kept(self, at, people, text, said):
        answer = self.upload(at("ines"), a_carrier(people["ines"]), text)

        assert answer.status_code == 422
        assert said in page(answer)
        assert messages() == []

    def test_one_that_is_too_large_is_refused(self, at, people, settings):
        settings.GATEWAY_MAX_BYTES = 1024

        answer = self.upload(at("ines"), a_carrier(people["ines"]), "happened_at\n" + "x" * 1024)

        assert "This file is larger than 1 KB." in page(answer)


@pytest.mark.parametrize(
    "name", ["integration-gateways", "integration-gateway-events", "integration-gateway", "message"]
)
def test_a_page_asks_as_much_for_thirty_rows_as_for_one(at, people, name):
    notice = a_sent_notice(an_agreed_order(people["asha"]), people["asha"], bill_of_lading="B-1")
    carrier = a_carrier(people["ines"])
    asked = []
    for count in (1, 30):
        for n in range(count):
            other = a_carrier(people["ines"], f"Line {count}-{n}")
            moment = (timezone.now() - timedelta(minutes=n + count)).isoformat()
            waiting = an_event(happened_at=moment, tracking_number=f"T-{count}-{n}")
            taken = an_event(happened_at=moment, bill_of_lading="B-1")
            carrier.tell(waiting, taken, message_id=f"{count}-{n}")
            other.tell(waiting)
        rows = [waiting | {"id": f"e-{count}-{n}"} for n in range(count)]
        key = carrier.tell(*rows, message_id=f"all-{count}").json()["message"]
        url = {
            "integration-gateway": reverse("integration-gateway", args=[carrier.gateway.key]),
            "message": reverse("integration-gateway-message", args=[key]),
        }.get(name) or reverse(name) + "?view=all"
        client = at("ines")
        client.get(url)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get(url).status_code == 200
        asked.append(len(queries))

    assert asked[0] == asked[1]
    assert notice.pk
