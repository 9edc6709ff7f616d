"""Clocks and their policies through the API: for programs of the buying side."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.kernel.scope import acting
from procurement.clocks.messages import ORDER_ANSWER
from procurement.clocks.services import DueMoveAsked, move_due
from tests.builders.clocks import a_clock, a_service, advance, an_active_service, fresh_clock
from tests.builders.world import MONDAY

pytestmark = pytest.mark.django_db

POLICIES, CLOCKS_AT = "/api/v1/service-policies", "/api/v1/clocks"


def test_a_program_reads_policies_with_their_ladders(people, tokens):
    an_active_service(people, a_service(segment="core"))

    (policy,) = tokens().get(POLICIES, {"state": "active"}).json()["results"]

    assert (policy["kind"], policy["segment"], policy["target"], policy["target_unit"]) == (
        ORDER_ANSWER,
        "core",
        "8",
        "hours",
    )
    assert (policy["lead_days"], policy["value_from"], policy["approved_by"]) == (None, None, "Max Manager")
    assert policy["steps"] == [
        {"number": 1, "action": "remind", "anchor": "start", "amount": "1", "unit": "hours"},
        {"number": 2, "action": "buyer", "anchor": "due", "amount": "0", "unit": "hours"},
    ]


def test_a_program_reads_clocks_with_steps_and_moves(people, tokens):
    an_active_service(people, a_service(segment="core"))
    acme = people["asha"].actor.supplier_ids[0]
    clock = a_clock(ORDER_ANSWER, "order:1", supplier_id=acme, label="4500000001")
    a_clock()
    advance(MONDAY + timedelta(minutes=61))
    with acting(people["bea"].actor):
        later = datetime.fromisoformat("2026-03-06T11:30:00+00:00")
        asked = DueMoveAsked(clock.key, fresh_clock(clock).version, later, "They wait for a part.")
        move_due(asked, actor=people["bea"].actor, at=MONDAY + timedelta(hours=2))

    (told,) = tokens().get(CLOCKS_AT, {"stream": "order:1"}).json()["results"]

    assert (told["supplier"], told["state"], told["policy"]) == ("ACME", "running", "Answers 2026")
    assert told["due_at"] == "2026-03-06T11:30:00Z"
    assert [step["action"] for step in told["steps"]] == ["remind"]
    assert [move["reason"] for move in told["moves"]] == ["They wait for a part."]
    everything = tokens().get(CLOCKS_AT, {"state": "running"}).json()["results"]
    assert [one["supplier"] for one in everything] == [None, "ACME"]
    assert tokens().get(CLOCKS_AT, {"supplier": "GLOBEX"}).json()["results"] == []


def test_a_program_of_a_supplier_reads_neither(people, tokens):
    assert tokens("ACME").get(POLICIES).status_code == 403
    assert tokens("ACME").get(CLOCKS_AT).status_code == 403


def test_a_page_takes_as_many_statements_for_many_as_for_one(people, tokens):
    counts = []
    program = tokens()
    program.get(CLOCKS_AT)  # the first call notes that the token is used
    for first, count in ((0, 1), (1, 20)):
        for number in range(first, first + count):
            a_clock("case.drift", f"case:{number}")
        advance(MONDAY + timedelta(days=1, hours=4))
        with CaptureQueriesContext(connection) as queries:
            assert len(program.get(CLOCKS_AT).json()["results"]) == first + count
        counts.append(len(queries))
    assert counts[0] == counts[1]
