"""Counts as a warehouse's program hands them in, and as both sides' programs read and answer them."""

from datetime import UTC, datetime

import pytest

from portal.kernel.scope import acting
from procurement.receipts.models import ReceivingSheet
from suppliers.roles import TokenScope
from tests.builders.counts import a_notice, a_posted_sheet, begin
from tests.people import FEED

pytestmark = pytest.mark.django_db

COUNTS = "/api/v1/counts"
# Doors bring their own time.
TODAY = datetime.now(UTC).date()


@pytest.fixture
def warehouse(tokens):
    return tokens(scope=TokenScope.RECEIVE)


def a_body(source="WMS-1", **more):
    return {
        "company": "NM",
        "supplier": "ACME",
        "source": source,
        "notice": "DN-1",
        "received_on": TODAY.isoformat(),
        "lines": [
            {
                "order": "4500000001",
                "line": "L10",
                "quantity": "50",
                "damaged": "4",
                "note": "Crushed.",
                "lot": "B7",
                "rest": "short",
            }
        ],
        **more,
    }


def test_a_finished_count_is_a_fact_and_told_twice_it_counts_once(people, warehouse):
    a_notice(people)

    first, again = warehouse.post(COUNTS, a_body()), warehouse.post(COUNTS, a_body())

    assert (first.status_code, again.status_code) == (201, 201)
    told = first.json()
    assert told["key"] == again.json()["key"]
    assert (told["state"], told["reference"], told["source"], told["site"]) == (
        "posted",
        "DN-1",
        "WMS-1",
        "LEEDS",
    )
    (line,) = told["lines"]
    assert {
        name: line[name] for name in ("announced", "quantity", "damaged", "missing", "rest", "booked")
    } == {
        "announced": "60",
        "quantity": "50",
        "damaged": "4",
        "missing": "6",
        "rest": "short",
        "booked": "0",
    }
    assert (line["differs"], line["answer"], line["lots"][0]["lot"]) == (True, None, "B7")


def test_what_breaks_a_rule_is_named_and_nothing_is_kept(people, warehouse):
    a_notice(people)
    body = a_body()
    body["lines"][0]["note"] = ""

    answer = warehouse.post(COUNTS, body)

    assert answer.status_code == 422
    assert [(one["field"], one["line"]) for one in answer.json()["problems"]] == [("wrong", "L10")]
    with acting(FEED):
        assert not ReceivingSheet.objects.exists()


@pytest.mark.parametrize("scope", [TokenScope.READ])
def test_only_a_token_for_it_counts(people, tokens, scope):
    a_notice(people)

    assert tokens(scope=scope).post(COUNTS, a_body()).status_code == 403
    assert tokens("ACME", TokenScope.SHIP).post(COUNTS, a_body()).status_code == 403


def test_a_supplier_answers_by_program_and_a_stranger_finds_nothing(people, warehouse, tokens):
    sheet = a_posted_sheet(people, 50, 4, "short")
    acme = tokens("ACME", TokenScope.SHIP)

    said = acme.post(f"{COUNTS}/{sheet.key}/words", {"line": 1, "word": "disputed", "text": "We packed 60."})

    assert said.status_code == 200
    assert said.json()["lines"][0]["answer"]["word"] == "disputed"
    assert tokens("GLOBEX", TokenScope.SHIP).get(f"{COUNTS}/{sheet.key}").status_code == 404
    assert tokens("GLOBEX", TokenScope.SHIP).get(COUNTS).json()["results"] == []
    assert warehouse.post(f"{COUNTS}/{sheet.key}/words", {"line": 1, "word": "credit"}).status_code == 403


def test_a_count_in_progress_is_told_to_no_program(people, warehouse):
    sheet = begin(a_notice(people), people["rex"])

    assert warehouse.get(COUNTS).json()["results"] == []
    assert warehouse.get(f"{COUNTS}/{sheet.key}").status_code == 404
    assert warehouse.post(COUNTS, a_body()).status_code == 409


def test_a_count_is_taken_back_by_program(people, warehouse):
    a_notice(people)
    told = warehouse.post(COUNTS, a_body()).json()

    back = warehouse.post(
        f"{COUNTS}/{told['key']}/reverse", {"version": told["version"], "reason": "Wrong lorry."}
    )

    assert (back.status_code, back.json()["state"], back.json()["reverse_reason"]) == (
        200,
        "reversed",
        "Wrong lorry.",
    )
    listed = warehouse.get(COUNTS, {"source": "WMS-1"}).json()["results"]
    assert [one["state"] for one in listed] == ["reversed"]
