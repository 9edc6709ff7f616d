"""Ship notices as programs send and read them, by the same rules as on the page."""

from datetime import UTC, datetime, timedelta

import pytest

from portal.kernel.scope import acting
from procurement.shipments.messages import NoticeNamed
from procurement.shipments.models import Package, ShipNotice
from procurement.shipments.services import correct_notice
from suppliers.roles import TokenScope
from tests.builders.changes import agree
from tests.builders.world import a_line, an_order, fresh_line
from tests.people import FEED

pytestmark = pytest.mark.django_db

NOTICES = "/api/v1/ship-notices"
# Doors bring their own time.
TODAY = datetime.now(UTC).date()
SOON = TODAY + timedelta(days=30)


@pytest.fixture
def order(people):
    lines = [
        a_line(10, delivery_on=SOON),
        a_line(20, delivery_on=SOON),
        a_line(30, delivery_on=SOON, ship_to="HULL"),
    ]
    return agree(an_order(lines=lines), people["asha"])


@pytest.fixture
def acme(tokens):
    return tokens("ACME", TokenScope.SHIP)


def a_body(number="LS-1", *, line="L10", quantity="40", **more):
    return {
        "company": "NM",
        "number": number,
        "ship_on": TODAY.isoformat(),
        "delivery_on": SOON.isoformat(),
        "carrier": "Blue Line",
        "lines": [{"order": "4500000001", "line": line, "quantity": quantity}],
        **more,
    }


def cartons(*quantities, line="L10", **more):
    return [
        {"ref": "P1", "kind": "pallet", "gross_kg": "38.5"},
        *(
            {
                "ref": f"C{place}",
                "kind": "carton",
                "parent": "P1",
                "contents": [{"order": "4500000001", "line": line, "quantity": quantity, "lot": "B7"}],
                **more,
            }
            for place, quantity in enumerate(quantities, start=1)
        ),
    ]


def codes(answer):
    return {(one["code"], one["field"]) for one in answer.json()["problems"]}


def test_a_whole_notice_in_one_call(order, acme, tokens):
    answer = acme.post(NOTICES, a_body(packages=cartons("20", "20"), tracking_numbers=["BL1", "BL2"]))

    assert answer.status_code == 201
    told = answer.json()
    assert (told["state"], told["issue"], told["ship_to"], told["expected_on"]) == (
        "sent",
        1,
        "LEEDS",
        SOON.isoformat(),
    )
    assert told["lines"][0] | {"order": None} == {
        "position": 1,
        "order": None,
        "line": "L10",
        "line_number": 10,
        "item_number": "VALVE-15",
        "quantity": "40",
        "unit": "pcs",
        "remainder": "follows",
        "follows_on": None,
        "received_quantity": "0",
    }
    pallet, first, second = told["packages"]
    assert (pallet["parent"], first["parent"], second["parent"]) == (None, 1, 1)
    assert first["contents"][0]["lot"] == "B7"
    assert [one["carton_number"] for one in told["packages"]] == [
        "ACME-0000001",
        "ACME-0000002",
        "ACME-0000003",
    ]
    assert told["findings"] == []
    assert fresh_line().shipped_quantity == 40

    seen = tokens(None).get(f"{NOTICES}/{told['key']}")
    assert seen.json()["packages"] == told["packages"]


def test_a_draft_is_kept_and_sent_later_and_the_buying_side_sees_it_then(order, acme, tokens):
    draft = acme.post(NOTICES, a_body(send=False)).json()
    assert (draft["state"], fresh_line().shipped_quantity) == ("draft", 0)
    assert tokens(None).get(f"{NOTICES}/{draft['key']}").status_code == 404

    sent = acme.post(f"{NOTICES}/{draft['key']}/send", {"version": draft["version"]})

    assert (sent.status_code, sent.json()["state"]) == (200, "sent")
    assert [one["code"] for one in sent.json()["findings"]] == ["not_packed", "tracking"]
    assert tokens(None).get(f"{NOTICES}/{draft['key']}").status_code == 200


def test_every_reason_comes_at_once_and_nothing_is_kept(order, acme):
    packages = [
        {"ref": "C1", "kind": "carton", "parent": "P9", "sscc": "123"},
        {
            "ref": "C1",
            "kind": "carton",
            "contents": [{"order": "4500000001", "line": "L20", "quantity": "1"}],
        },
    ]

    answer = acme.post(NOTICES, a_body(ship_from="MOON", packages=packages))

    assert answer.status_code == 422
    assert codes(answer) == {
        ("unknown", "ship_from"),
        ("unknown_parent", "packages"),
        ("sscc", "packages"),
        ("ref_twice", "packages"),
        ("unknown_line", "packages"),
    }
    with acting(FEED):
        assert not ShipNotice.objects.exists()


def test_lines_that_are_not_there_or_go_elsewhere_are_named(order, acme):
    gone = acme.post(NOTICES, a_body(line="L99"))
    assert codes(gone) == {("not_shippable", "lines")}
    body = a_body()
    body["lines"].append({"order": "4500000001", "line": "L30", "quantity": "1"})
    apart = acme.post(NOTICES, body)
    assert "several places (HULL, LEEDS)" in apart.json()["detail"]


def test_more_than_is_open_and_a_number_sent_already_are_refused(order, acme):
    assert acme.post(NOTICES, a_body(quantity="101")).status_code == 422
    assert acme.post(NOTICES, a_body()).status_code == 201
    again = acme.post(NOTICES, a_body("ls 1", quantity="1"))
    assert codes(again) == {("number_taken", "number")}


def test_a_correction_takes_its_place_even_of_a_line_that_has_left_whole(order, acme):
    first = acme.post(NOTICES, a_body(quantity="100", packages=cartons("50", "50"))).json()
    body = a_body(quantity="90", packages=cartons("45", "45"))
    del body["company"]

    assert acme.post(f"{NOTICES}/{first['key']}/correct", body).status_code == 428
    second = acme.post(f"{NOTICES}/{first['key']}/correct", {**body, "version": first["version"]})

    assert second.status_code == 201
    told = second.json()
    assert (told["issue"], told["consignment"], told["number"]) == (2, first["consignment"], "LS-1")
    assert acme.get(f"{NOTICES}/{first['key']}").json()["state"] == "replaced"
    assert fresh_line().shipped_quantity == 90
    with acting(FEED):
        assert Package.objects.filter(is_live=True).count() == 3


def test_a_correction_that_is_refused_leaves_the_first_as_it_was(order, acme):
    first = acme.post(NOTICES, a_body()).json()
    body = a_body(quantity="101", version=first["version"])
    del body["company"]

    assert acme.post(f"{NOTICES}/{first['key']}/correct", body).status_code == 422

    assert acme.get(f"{NOTICES}/{first['key']}").json()["state"] == "sent"
    assert fresh_line().shipped_quantity == 40


def test_taken_back_thrown_away_and_told_of_the_way(order, acme):
    sent = acme.post(NOTICES, a_body()).json()
    late = (SOON + timedelta(days=5)).isoformat()
    word = {
        "kind": "estimated",
        "happened_at": datetime.now(UTC).isoformat(),
        "estimated_on": late,
        "source": "edi:7",
    }
    assert acme.post(f"{NOTICES}/{sent['key']}/milestones", word).status_code == 200
    assert acme.post(f"{NOTICES}/{sent['key']}/milestones", word).status_code == 200
    told = acme.get(f"{NOTICES}/{sent['key']}").json()
    assert (told["expected_on"], told["delivery_on"], len(told["milestones"])) == (late, SOON.isoformat(), 1)

    bare = acme.post(f"{NOTICES}/{sent['key']}/cancel", {"version": told["version"]})
    assert bare.status_code == 400
    gone = acme.post(f"{NOTICES}/{sent['key']}/cancel", {"version": told["version"], "reason": "Broken axle"})
    assert (gone.json()["state"], gone.json()["end_reason"]) == ("cancelled", "Broken axle")

    draft = acme.post(NOTICES, a_body("LS-2", send=False)).json()
    thrown = acme.post(f"{NOTICES}/{draft['key']}/discard", {"version": draft["version"]})
    assert thrown.json()["state"] == "discarded"


def test_what_is_coming_is_found(order, acme):
    first = acme.post(NOTICES, a_body()).json()
    acme.post(NOTICES, a_body("LS-2", quantity="10"))

    assert [one["number"] for one in acme.get(NOTICES).json()["results"]] == ["LS-1", "LS-2"]
    for query in (
        {"number": "LS-1"},
        {"order": "4500000001", "number": "LS-1"},
        {"site": "LEEDS", "number": "LS-1"},
    ):
        assert [one["key"] for one in acme.get(NOTICES, query).json()["results"]] == [first["key"]]
    assert acme.get(NOTICES, {"order": "nope"}).json()["results"] == []


def test_a_program_that_only_answers_orders_sends_none(order, tokens):
    assert tokens("ACME").post(NOTICES, a_body()).status_code == 403
    assert tokens("GLOBEX", TokenScope.SHIP).post(NOTICES, a_body()).status_code == 422
    assert tokens("GLOBEX", TokenScope.SHIP).get(NOTICES).json()["results"] == []


def test_as_many_queries_for_thirty_packages_as_for_one(order, acme, django_assert_max_num_queries):
    few = acme.post(NOTICES, a_body("LS-1", quantity="1", packages=cartons("1"))).json()
    many = acme.post(NOTICES, a_body("LS-2", quantity="30", packages=cartons(*["1"] * 30))).json()

    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counts = []
    for told in (few, many):
        with CaptureQueriesContext(connection) as caught:
            acme.get(f"{NOTICES}/{told['key']}")
        counts.append(len(caught))
    assert counts[0] == counts[1]


def test_a_chain_of_packages_is_told_to_be_too_deep(order, acme):
    chain = [{"ref": "1", "kind": "carton"}]
    chain += [{"ref": str(n), "kind": "carton", "parent": str(n - 1)} for n in range(2, 2001)]
    chain[-1]["contents"] = [{"order": "4500000001", "line": "L10", "quantity": "40"}]

    answer = acme.post(NOTICES, a_body(packages=chain))

    assert answer.status_code == 422
    assert ("too_deep", "parent") in codes(answer)


def test_a_program_that_has_seen_an_old_version_corrects_nothing_that_a_person_has_begun(order, acme, people):
    sent = acme.post(NOTICES, a_body()).json()
    word = {"kind": "departed", "happened_at": datetime.now(UTC).isoformat()}
    acme.post(f"{NOTICES}/{sent['key']}/milestones", word)
    with acting(people["asha"].actor):
        now = ShipNotice.objects.get(key=sent["key"])
        correct_notice(NoticeNamed(now.key, now.version), actor=people["asha"].actor, at=datetime.now(UTC))
    body = a_body(quantity="30", version=sent["version"])
    del body["company"]

    assert acme.post(f"{NOTICES}/{sent['key']}/correct", body).status_code == 409
