"""A carrier's system calls: signed, once, event by event."""

import json
import time
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portal.kernel.outbox.services import deliver_due
from portal.kernel.scope import acting
from procurement.gateways import queries
from procurement.gateways.models import GatewaySecret
from procurement.gateways.services import HANDLERS, end_secret, make_secret, switch_gateway
from procurement.shipments.models import Milestone, ShipNotice
from tests.builders.changes import an_agreed_order
from tests.builders.gateways import a_carrier, an_event, events, messages
from tests.builders.notices import react
from tests.builders.shipments import a_sent_notice, fresh_notice
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def no_hints(settings):
    settings.OUTBOX_WAKE = "tests.kernel.test_reactions.no_hint"


def now(**ago):
    return (timezone.now() - timedelta(**ago)).replace(microsecond=0).isoformat()


@pytest.fixture
def carrier(people):
    return a_carrier(people["ines"])


@pytest.fixture
def notice(people):
    """A ship notice that left a moment ago, with a tracking number and a bill of lading."""
    return a_sent_notice(
        an_agreed_order(people["asha"]),
        people["asha"],
        {"L10": 10},
        cartons=(2, 5),
        at=timezone.now(),
        ship_on=timezone.now().date(),
        delivery_on=timezone.now().date() + timedelta(days=21),
        tracking_numbers=("1Z 999 aa1",),
        bill_of_lading="BOL-77",
    )


def told(notice):
    with acting(FEED):
        return list(Milestone.objects.filter(notice=notice).order_by("id"))


class TestOneEvent:
    """What one event does."""

    def test_it_is_answered_and_stands_on_the_shipment(self, carrier, notice):
        happened = now(hours=1)

        answer = carrier.tell(an_event(happened_at=happened, tracking_number="1Z999AA1"))

        assert answer.status_code == 202
        message = messages()[0]
        assert answer.json() == {
            "message": str(message.key),
            "id": "m-1",
            "state": "done",
            "events": [{"position": 0, "outcome": "taken", "notice": "DN-1"}],
        }
        (milestone,) = told(notice)
        assert (milestone.kind, milestone.told_by, milestone.channel) == ("departed", "Blue Line", "api")
        assert milestone.happened_at == datetime.fromisoformat(happened)
        assert fresh_notice(notice).state == "in_transit"

    @pytest.mark.parametrize(
        "names",
        [
            {"notice": "dn 1", "supplier": "ACME"},
            {"bill_of_lading": "bol-77"},
            {"tracking_number": " 1z999AA1 "},
            {"tracking_number": "1Z999AA1", "bill_of_lading": "a number of the carrier alone"},
            {"bill_of_lading": "BOL-77", "company": "NM", "site": "LEEDS"},
        ],
    )
    def test_it_finds_its_consignment_by_any_of_its_names(self, carrier, notice, names):
        carrier.tell(an_event(happened_at=now(), **names))

        assert [one.kind for one in told(notice)] == ["departed"]

    def test_it_finds_its_consignment_by_the_label_of_a_package(self, carrier, notice):
        with acting(FEED):
            package = notice.packages.first()
            type(package).objects.filter(pk=package.pk).update(sscc="340123450000000017", carton_number="")

        carrier.tell(an_event("picked_up", happened_at=now(), sscc="(00) 3 4012345 000000001 7"))

        assert [one.kind for one in told(notice)] == ["picked_up"]

    def test_blanks_in_a_number_are_nobodys_concern(self, carrier, people):
        notice = a_sent_notice(
            an_agreed_order(people["asha"]),
            people["asha"],
            {"L10": 10},
            cartons=(2, 5),
            bill_of_lading="BOL 78",
        )
        with acting(FEED):
            notice.packages.filter(position=1).update(tracking_number="1z 888")

        carrier.tell(
            an_event("picked_up", happened_at=now(), bill_of_lading="bol 78"),
            an_event("departed", happened_at=now(), tracking_number="1Z888"),
        )

        assert [one.kind for one in told(notice)] == ["picked_up", "departed"]

    def test_numbers_are_found_by_an_index(self, carrier):
        with acting(FEED), connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
            for found in (
                queries.notices_tracked(ShipNotice.objects.all(), "1Z"),
                queries.packages_tracked("1Z"),
            ):
                assert "_tracked" in found.explain()

    def test_a_new_estimate_moves_the_expected_day(self, carrier, notice):
        day = timezone.now().date() + timedelta(days=30)

        carrier.tell(
            an_event("estimated", happened_at=now(), bill_of_lading="BOL-77")
            | {"estimated_on": day.isoformat()}
        )

        assert fresh_notice(notice).expected_on == day

    @pytest.mark.parametrize(
        ("code", "kinds"), [("AF", ["departed"]), ("x1", ["arrived"]), ("SD", ["exception"]), ("X6", [])]
    )
    def test_a_standard_code_becomes_our_word_or_is_set_aside(self, carrier, notice, code, kinds):
        event = an_event(happened_at=now(), bill_of_lading="BOL-77") | {"code_list": "x12.1650", "code": code}
        del event["kind"]

        answer = carrier.tell(event)

        assert [one.kind for one in told(notice)] == kinds
        assert answer.json()["events"][0]["outcome"] == ("taken" if kinds else "set_aside")

    def test_a_word_about_goods_that_were_counted_is_set_aside(self, carrier, notice):
        with acting(FEED):
            type(notice).objects.filter(pk=notice.pk).update(state="received", updated_at=timezone.now())

        answer = carrier.tell(an_event("delivered", happened_at=now(), bill_of_lading="BOL-77"))

        (event,) = answer.json()["events"]
        assert (event["outcome"], event["why"]) == ("set_aside", "over")
        assert told(notice) == []

    def test_a_word_that_breaks_a_rule_says_field_value_and_rule(self, carrier, notice):
        tomorrow = (timezone.now() + timedelta(days=3)).isoformat()

        answer = carrier.tell(an_event(happened_at=tomorrow, bill_of_lading="BOL-77"))

        (event,) = answer.json()["events"]
        assert (event["outcome"], event["why"]) == ("refused", "breaks_rule")
        assert event["problems"][0]["field"] == "happened_at"
        assert event["problems"][0]["message"] == "This has not happened yet. Tell a new estimate instead."


class TestOnce:
    """The same thing told twice."""

    def test_the_same_message_again_is_answered_alike_and_counts_once(self, carrier, notice):
        event = an_event(happened_at=now(), bill_of_lading="BOL-77")

        first, second = carrier.tell(event), carrier.tell(event)

        assert first.json() == second.json()
        assert (len(messages()), len(told(notice))) == (1, 1)

    def test_another_content_under_the_same_id_is_refused(self, carrier, notice):
        carrier.tell(an_event(happened_at=now(hours=1), bill_of_lading="BOL-77"))

        answer = carrier.tell(an_event("arrived", happened_at=now(), bill_of_lading="BOL-77"))

        assert answer.status_code == 409
        assert answer.json()["code"] == "message_id_reused"
        assert [one.kind for one in told(notice)] == ["departed"]

    def test_the_same_event_in_another_message_counts_once(self, carrier, notice):
        event = an_event(happened_at=now(), bill_of_lading="BOL-77")

        carrier.tell(event)
        answer = carrier.tell(event, message_id="m-2")

        assert answer.json()["events"] == [{"position": 0, "outcome": "taken", "notice": "DN-1"}]
        assert len(told(notice)) == 1

    def test_another_event_under_the_same_id_is_refused_and_not_passed_over(self, carrier, notice):
        event = an_event(happened_at=now(hours=1), bill_of_lading="BOL-77") | {"id": "e-1"}

        answer = carrier.tell(event, event, event | {"kind": "arrived"})

        told_of = answer.json()["events"]
        assert [one["outcome"] for one in told_of] == ["taken", "taken", "refused"]
        assert told_of[2]["problems"][0]["code"] == "event_id_reused"
        assert [one.kind for one in told(notice)] == ["departed"]

    def test_two_gateways_may_use_the_same_id(self, carrier, notice, people):
        other = a_carrier(people["ines"], "Red Line")
        happened = now()

        carrier.tell(an_event(happened_at=happened, bill_of_lading="BOL-77"))
        answer = other.tell(an_event("arrived", happened_at=happened, bill_of_lading="BOL-77"))

        assert answer.status_code == 202
        assert [one.kind for one in told(notice)] == ["departed", "arrived"]


class TestBatch:
    """Many events in one message."""

    def test_bad_ones_never_sink_good_ones(self, carrier, notice):
        good = an_event(happened_at=now(), bill_of_lading="BOL-77")
        bad = {**good, "kind": "vanished", "colour": "red"}
        unknown = an_event(happened_at=now(), tracking_number="NOBODYS")

        answer = carrier.tell(bad, good, unknown, "nonsense", message_id="m-3")

        told_of = answer.json()["events"]
        assert [one["outcome"] for one in told_of] == ["refused", "taken", "unplaced", "refused"]
        assert told_of[0]["problems"] == [
            {
                "field": "events.0.colour",
                "value": "red",
                "code": "unknown_field",
                "message": "There is no field of this name here.",
            }
        ]
        assert told_of[2]["detail"] == "No ship notice has one of these numbers."
        assert len(told(notice)) == 1

    def test_every_field_at_fault_is_named_with_its_value_and_rule(self, carrier):
        event = {
            "kind": "vanished",
            "happened_at": "yesterday",
            "consignment": {"sscc": "340123450000000016", "notice": "DN-1"},
        }

        answer = carrier.tell(event)

        found = {one["field"]: one["value"] for one in answer.json()["events"][0]["problems"]}
        assert found == {
            "events.0.kind": "vanished",
            "events.0.happened_at": "yesterday",
            "events.0.consignment.sscc": "340123450000000016",
        }

    @pytest.mark.parametrize("count", [0, 101])
    def test_it_has_one_to_a_hundred(self, carrier, count):
        answer = carrier.tell(*[{}] * count)

        assert answer.status_code == 422
        assert answer.json()["problems"][0]["field"] == "events"
        assert [one.state for one in messages()] == ["refused"]
        assert events() == []

    def test_one_on_which_the_program_breaks_holds_up_no_other(self, carrier, notice, monkeypatch):
        take = HANDLERS["milestone"]

        def break_on_the_first(event, at):
            if event.position == 0:
                raise RuntimeError("a fault of ours")
            return take(event, at)

        monkeypatch.setitem(HANDLERS, "milestone", break_on_the_first)
        first = an_event("picked_up", happened_at=now(), bill_of_lading="BOL-77")
        with pytest.raises(RuntimeError):
            carrier.tell(first, an_event(happened_at=now(), bill_of_lading="BOL-77"))
        assert [one.kind for one in told(notice)] == ["departed"]

        monkeypatch.undo()
        deliver_due(worker=1, clock=timezone.now, topics=["gateways"])

        assert [one.state for one in events()] == ["taken", "taken"]


class TestConsignment:
    """Which ship notice is meant."""

    def test_several_with_one_number_wait_for_a_person_and_are_named(self, carrier, notice, people):
        second = a_sent_notice(
            an_agreed_order(people["asha"], "4500000002"),
            people["asha"],
            number="DN-2",
            bill_of_lading="BOL-77",
        )

        answer = carrier.tell(an_event(happened_at=now(), bill_of_lading="BOL-77"))

        assert answer.json()["events"][0]["why"] == "ambiguous"
        assert [one["number"] for one in events()[0].candidates] == ["DN-1", "DN-2"]
        assert told(notice) == told(second) == []

    def test_one_that_is_under_way_goes_before_one_that_is_over(self, carrier, notice, people):
        second = a_sent_notice(
            an_agreed_order(people["asha"], "4500000002"),
            people["asha"],
            number="DN-2",
            bill_of_lading="BOL-77",
        )
        with acting(FEED):
            type(notice).objects.filter(pk=notice.pk).update(state="closed", updated_at=timezone.now())

        carrier.tell(an_event(happened_at=now(), bill_of_lading="BOL-77"))

        assert [one.kind for one in told(second)] == ["departed"]

    def test_names_of_different_consignments_contradict_each_other(self, carrier, notice, people):
        a_sent_notice(an_agreed_order(people["asha"], "4500000002"), people["asha"], number="DN-2")

        answer = carrier.tell(
            an_event(happened_at=now(), bill_of_lading="BOL-77", notice="DN-2", supplier="ACME")
        )

        assert answer.json()["events"][0]["why"] == "contradicts"

    def test_a_suppliers_own_carrier_knows_no_consignment_of_another(self, notice, people):
        theirs = a_carrier(people["ines"], "Globex lorries", supplier="GLOBEX")

        answer = theirs.tell(an_event(happened_at=now(), bill_of_lading="BOL-77"))

        assert answer.json()["events"][0]["why"] == "unknown"
        assert told(notice) == []

    def test_a_suppliers_own_carrier_need_not_say_whose_number_it_is(self, notice, people):
        theirs = a_carrier(people["ines"], "Acme lorries", supplier="ACME")

        theirs.tell(an_event(happened_at=now(), notice="DN-1"))

        assert [one.told_by for one in told(notice)] == ["Acme lorries"]

    def test_what_nobody_announced_is_taken_when_its_notice_is_sent(self, carrier, people):
        carrier.tell(an_event("picked_up", happened_at=now(), tracking_number="TRACK 9"))
        assert [one.state for one in events()] == ["unplaced"]

        notice = a_sent_notice(an_agreed_order(people["asha"]), people["asha"], tracking_numbers=("track9",))
        react()

        assert [(one.state, one.notice) for one in events()] == [("taken", notice)]
        assert [one.kind for one in told(notice)] == ["picked_up"]

    def test_nothing_more_is_taken_of_one_that_is_switched_off(self, carrier, people):
        carrier.tell(an_event("picked_up", happened_at=now(), tracking_number="TRACK 9"))
        ines = people["ines"].actor
        with acting(ines):
            switch_gateway(carrier.gateway.key, active=False, actor=ines, at=timezone.now())

        notice = a_sent_notice(an_agreed_order(people["asha"]), people["asha"], tracking_numbers=("track9",))
        react()

        assert [one.state for one in events()] == ["unplaced"]
        assert told(notice) == []


class TestSignature:
    """Who may call."""

    @pytest.fixture
    def event(self):
        return an_event(happened_at=now(), bill_of_lading="BOL-77")

    def test_another_secret_opens_nothing_and_nothing_is_kept(self, carrier, event):
        answer = carrier.tell(event, secret="qsg_wrong")

        assert (answer.status_code, answer.json()["code"]) == (401, "unsigned")
        assert messages() == []

    @pytest.mark.parametrize("minutes", [-6, 6])
    def test_an_old_call_cannot_be_played_back(self, carrier, event, minutes):
        answer = carrier.tell(event, at=time.time() + minutes * 60)

        assert (answer.status_code, answer.json()["code"]) == (401, "stale_timestamp")
        assert messages() == []

    def test_clocks_may_differ_by_some_minutes(self, carrier, event):
        assert carrier.tell(event, at=time.time() - 280).status_code == 202

    def test_a_call_without_a_signature_is_refused(self, carrier, client):
        url = reverse("gateway-in", args=[carrier.gateway.key])

        assert client.post(url, b"{}", content_type="application/json").status_code == 401

    def test_one_that_is_switched_off_is_told_so(self, carrier, event, people):
        ines = people["ines"].actor
        with acting(ines):
            switch_gateway(carrier.gateway.key, active=False, actor=ines, at=timezone.now())

        answer = carrier.tell(event)

        assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
        assert messages() == []

    def test_both_secrets_work_until_the_old_one_ends(self, carrier, event, people):
        ines = people["ines"].actor
        with acting(ines):
            made = make_secret(carrier.gateway.key, actor=ines, at=timezone.now())
            old = GatewaySecret.objects.get(place=1)

        assert carrier.tell(event).status_code == 202
        assert carrier.tell(event, secret=made.words).status_code == 202
        with acting(ines):
            end_secret(carrier.gateway.key, old.key, actor=ines, at=timezone.now())

        assert carrier.tell(event).status_code == 401
        assert carrier.tell(event, secret=made.words).status_code == 202

    def test_a_secret_of_a_former_key_of_the_installation_goes_on(self, carrier, event, settings):
        settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
        settings.SECRET_KEY = "another key with more than fifty random characters in it"

        assert carrier.tell(event).status_code == 202

    def test_there_is_no_other_gateway(self, carrier, event):
        url = reverse("gateway-in", args=["00000000-0000-4000-8000-000000000000"])

        assert Client().post(url, b"{}", content_type="application/json").status_code == 404
        assert Client().get(url).status_code == 405


class TestBody:
    """What a body may be."""

    def test_more_than_is_taken_is_refused_unread(self, carrier, settings):
        settings.GATEWAY_MAX_BYTES = 100

        answer = carrier.post(b"x" * 101)

        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")

    @pytest.mark.parametrize(
        "body", [b"{", b"[]", b"\xff\xfe", b"[" * 2000, b'{"id": NaN}', b"null"], ids=str
    )
    def test_what_is_no_message_is_kept_and_told(self, carrier, body):
        answer = carrier.post(body)

        assert answer.status_code == 422
        assert [bytes(one.raw) for one in messages()] == [body]

    def test_the_id_of_one_that_was_refused_is_still_free(self, carrier, notice):
        carrier.post(json.dumps({"id": "m-1", "evnts": []}).encode())

        answer = carrier.tell(an_event(happened_at=now(), bill_of_lading="BOL-77"))

        assert answer.status_code == 202
        assert len(told(notice)) == 1

    def test_hostile_texts_are_told_and_not_broken_on(self, carrier):
        event = an_event(happened_at=now(), tracking_number="\x00\ud800") | {"note": "\x00"}

        answer = carrier.tell(event)

        assert answer.status_code == 202
        assert answer.json()["events"][0]["outcome"] == "refused"

    def test_hostile_names_of_fields_neither(self, carrier):
        strange = carrier.tell({"\x00\ud800": 1}, message_id="m-2")
        top = carrier.post(b'{"id": "m-3", "events": [{}], "\\u0000\\ud800": 1}')

        assert (strange.status_code, top.status_code) == (202, 422)


def test_a_message_that_was_kept_by_a_process_that_died_is_dealt_with_by_a_worker(
    carrier, notice, monkeypatch
):
    from portal.kernel.outbox.services import deliver_due
    from procurement.gateways.messages import Arrived
    from procurement.gateways.queries import GATEKEEPER
    from procurement.gateways.services import keep_message
    from procurement.gateways.ways.arriving import read_for

    body = json.dumps(
        {"id": "m-9", "events": [an_event(happened_at=now(), bill_of_lading="BOL-77")]}
    ).encode()
    with acting(GATEKEEPER):
        read = read_for(carrier.gateway, body, "webhook")
        keep_message(carrier.gateway, read, Arrived("webhook", body), at=timezone.now())
    assert told(notice) == []

    deliver_due(worker=1, clock=timezone.now, topics=["gateways"])

    assert [one.kind for one in told(notice)] == ["departed"]
    assert [one.state for one in messages()] == ["done"]
