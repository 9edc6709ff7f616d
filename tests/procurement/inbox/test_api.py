"""Cases for programs and people of the buying side."""

import uuid

import pytest
from django.test import Client
from django.urls import reverse

from tests.builders.inbox import a_case, cases, decide, review, the_case
from tests.builders.world import fresh, fresh_line

pytestmark = pytest.mark.django_db


@pytest.fixture
def bea(people):
    client = Client()
    client.force_login(people["bea"].user)
    return client


def post(client, name, case=None, headers=None, **sent):
    url = reverse(name, args=[case.key] if case else [])
    return client.post(url, sent, content_type="application/json", headers=headers or {})


def test_cases_are_listed_and_read(people, bea):
    case = a_case(people)

    listed = bea.get(
        reverse("api-case-list"), {"kind": "promise_late", "supplier": "ACME", "least": 1}
    ).json()
    read = bea.get(reverse("api-case", args=[case.key])).json()

    assert listed["results"] == [read]
    assert read["title"] == "Ball valve DN15 comes 8 days late"
    assert read["order_number"] == "4500000001"
    assert read["holder"] == "bea@northmoor.example"
    assert read["facts"]["promised_on"] == "2026-04-09"
    assert read["allowed_actions"] == ["accept", "decline", "snooze", "settle"]
    assert bea.get(reverse("api-case-list"), {"state": "resolved"}).json()["results"] == []


def test_a_case_is_given_snoozed_woken_settled_and_opened_again(people, bea):
    case = a_case(people)

    given = post(bea, "api-case-assign", case, version=1, owner="MAX@northmoor.example").json()
    assert (given["holder"], given["version"]) == ("max@northmoor.example", 2)
    slept = post(bea, "api-case-snooze", case, version=2, until="2027-01-04").json()
    assert slept["state"] == "snoozed"
    assert post(bea, "api-case-wake", case, version=3).json()["state"] == "open"
    assert post(bea, "api-case-settle", case, version=4).status_code == 422
    assert post(bea, "api-case-settle", case, version=4, reason="Done.").json()["closed_note"] == "Done."
    assert post(bea, "api-case-reopen", case, version=5).json()["state"] == "open"


def test_a_decision_by_api_is_the_same_decision(people, bea):
    case = a_case(people)
    headers = {"Idempotency-Key": str(uuid.uuid4())}

    done = post(bea, "api-case-decide", case, headers, version=case.version, verdict="accept")
    again = post(bea, "api-case-decide", case, headers, version=case.version, verdict="accept")

    assert (done.json()["closed_because"], again.json()) == ("accepted", done.json())
    assert fresh_line().agreement == "agreed"


def test_a_stale_word_is_refused_with_what_is_so(people, bea):
    case = a_case(people)
    decide(fresh(), people["max"], "accept")
    review(fresh())

    refused = post(bea, "api-case-decide", case, version=case.version, verdict="accept")

    assert (refused.status_code, refused.json()["code"]) == (409, "stale")
    assert refused.json()["detail"].startswith(f"Case {case.number} closed by itself meanwhile")


def test_many_are_decided_and_each_says_what_came_of_it(people, bea):
    known = [a_case(people, f"45{n:08}") for n in range(3)]
    chosen = [{"case": str(case.key), "version": case.version} for case in known]
    chosen[1]["version"] = 9

    done = post(bea, "api-case-decide-many", verdict="decline", note="Too late.", cases=chosen).json()

    assert [bool(one["refusal"]) for one in done["results"]] == [False, True, False]
    assert [case.closed_because for case in cases(cause="answer")] == ["declined", "", "declined"]


def test_notes_are_written_and_read(people, bea):
    case = a_case(people)

    post(bea, "api-case-notes", case, text="Hull can spare 110.")

    told = bea.get(reverse("api-case-notes", args=[case.key])).json()["results"]
    assert [(note["text"], note["written_by"]) for note in told] == [("Hull can spare 110.", "Bea Buyer")]


def test_an_unknown_owner_is_named(people, bea):
    refused = post(bea, "api-case-assign", a_case(people), version=1, owner="rex@northmoor.example")

    assert refused.status_code == 422
    assert the_case().owner_id == people["bea"].user.pk


def test_programs_of_the_buying_side_read_and_suppliers_do_not(people, tokens):
    case = a_case(people)
    reader, supplier = tokens(), tokens("ACME")

    assert reader.get(reverse("api-case", args=[case.key])).status_code == 200
    assert reader.post(reverse("api-case-wake", args=[case.key]), {"version": 1}).status_code == 403
    assert supplier.get(reverse("api-case-list")).status_code == 403
