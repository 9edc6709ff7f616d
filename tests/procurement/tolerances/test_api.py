"""Tolerances through the API: read by programs of either side, each what is its own."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.kernel.scope import acting
from procurement.acknowledgments.messages import AcknowledgeOrder, AnswerPiece, LineAnswer
from procurement.acknowledgments.services import acknowledge_order
from procurement.tolerances.messages import Direction
from tests.builders.tolerances import a_draft, a_rule, an_active_policy
from tests.builders.world import MONDAY, an_order

pytestmark = pytest.mark.django_db

POLICIES, DECISIONS = "/api/v1/tolerance-policies", "/api/v1/tolerance-decisions"


def late_answer(people, lines=1, number="4500000001"):
    order = an_order(number, lines=lines)
    pieces = (AnswerPiece(Decimal(100), delivery_on=date(2026, 4, 4)),)
    answers = tuple(LineAnswer(f"L{10 * n}", pieces) for n in range(1, lines + 1))
    asha = people["asha"].actor
    with acting(asha):
        command = AcknowledgeOrder(order.key, order.version, answers)
        acknowledge_order(command, actor=asha, at=MONDAY + timedelta(hours=1))


def test_a_program_of_the_buying_side_reads_policies_with_zero_and_null_apart(people, tokens):
    an_active_policy(people, a_rule(absolute=0), a_rule(direction=Direction.UNDER))

    (policy,) = tokens().get(POLICIES, {"state": "active"}).json()["results"]

    assert (policy["company"], policy["name"], policy["approved_by"]) == (
        "NM",
        "Promises 2026",
        "Max Manager",
    )
    assert [(rule["absolute"], rule["direction"]) for rule in policy["rules"]] == [
        ("0", "over"),
        (None, "under"),
    ]


def test_a_program_of_a_supplier_reads_no_policy(people, tokens):
    a_draft(people["bea"], a_rule(absolute=5))

    assert tokens("ACME").get(POLICIES).status_code == 403


def test_each_reads_what_was_decided_of_its_own_lines(people, tokens):
    an_active_policy(people, a_rule(absolute=5))
    late_answer(people)

    (told,) = tokens("ACME").get(DECISIONS).json()["results"]

    assert (told["order_number"], told["line"], told["outcome"]) == ("4500000001", "L10", "accepted")
    (day,) = [check for check in told["checks"] if check["measure"] == "date"]
    assert day == {
        "measure": "date",
        "piece": 1,
        "expected": "2026-04-01",
        "actual": "2026-04-04",
        "result": "inside",
        "outcome": "accept",
        "limit": "5",
        "rule": 1,
    }
    assert tokens("GLOBEX").get(DECISIONS).json()["results"] == []
    assert len(tokens().get(DECISIONS, {"supplier": "ACME"}).json()["results"]) == 1


def test_the_answer_says_how_many_lines_were_within_tolerance(people, tokens):
    an_active_policy(people, a_rule(absolute=5))
    late_answer(people, lines=2)

    (paper,) = tokens("ACME").get("/api/v1/acknowledgments").json()["results"]

    assert (paper["lines_as_asked"], paper["lines_by_rule"], paper["lines_changed"]) == (0, 2, 0)
    assert paper["allowed_actions"] == []
    whole = tokens("ACME").get(f"/api/v1/acknowledgments/{paper['key']}").json()
    assert [piece["by_rule"] for line in whole["lines"] for piece in line["pieces"]] == [True, True]


@pytest.mark.parametrize("address", [POLICIES, DECISIONS])
def test_lists_take_the_same_queries_with_one_and_with_many(people, tokens, address):
    an_active_policy(people, a_rule(absolute=5))
    late_answer(people)
    program = tokens()
    program.get(address)
    with CaptureQueriesContext(connection) as one:
        program.get(address)
    late_answer(people, lines=5, number="4500000002")
    a_draft(people["bea"], a_rule(absolute=5), a_rule(absolute=6))

    with CaptureQueriesContext(connection) as many:
        program.get(address)

    assert len(one) == len(many)
