"""While a supplier types, the row says whether it is agreed at once or goes to the buyer, and by which limit."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal.kernel.scope import acting
from procurement.acknowledgments.messages import AcknowledgeOrder, AnswerPiece, LineAnswer
from procurement.acknowledgments.services import acknowledge_order
from procurement.tolerances.messages import Measure, Outside
from procurement.tolerances.services import stop_rules
from procurement.workbench.queries.answer import answer_page
from tests.builders.answer_page import (
    ASKED,
    day,
    look,
    order_of,
    press,
    promises,
    some_lines,
)
from tests.builders.tolerances import a_rule, an_active_policy
from tests.builders.world import fresh, fresh_line
from tests.people import signed_in

pytestmark = pytest.mark.django_db

FIVE_DAYS = a_rule(absolute=5)


def typing(person, order, days=0, number=10, **typed):
    """Keep one line as it is typed, and read what its row says."""
    client = signed_in(person)
    fields = {"version": order.version, "revision": order.revision}
    fields |= {f"quantity.L{number}.0": "100", f"price.L{number}.0": "6.85"}
    fields[f"delivery_on.L{number}.0"] = day(ASKED + timedelta(days=days))
    fields |= {f"{name}.L{number}.0": value for name, value in typed.items()}
    client.post(reverse("answer-line", args=[order.key]), fields, headers={"HX-Request": "true"})
    with acting(person.actor):
        page = answer_page(fresh(order.number), actor=person.actor, at=datetime.now(UTC))
    return next(row for row in page.lines if row.line.number == number)


def test_inside_it_says_agreed_at_once_and_what_is_allowed(people):
    an_active_policy(people, FIVE_DAYS)
    row = typing(people["asha"], order_of(2), days=3)

    assert (row.verdict.tone, row.verdict.result) == ("done", "Agreed at once")
    assert row.verdict.reason == "3 days late, where 5 days are allowed"


def test_outside_it_says_whom_it_goes_to_and_what_is_allowed(people):
    an_active_policy(people, FIVE_DAYS)
    row = typing(people["asha"], order_of(2), days=8)

    assert (row.verdict.tone, row.verdict.result) == ("wait", "Goes to Bea")
    assert row.verdict.reason == "8 days late, where 5 days are allowed"


def test_what_no_rule_speaks_of_goes_to_the_buyer_in_plain_words(people):
    an_active_policy(people, FIVE_DAYS)
    row = typing(people["asha"], order_of(2), days=3, price="6.95")

    assert row.verdict.result == "Goes to Bea"
    assert row.verdict.reason == "0.10 EUR more each"


def test_a_limit_that_is_not_checked_and_one_that_is_zero_read_differently(people):
    an_active_policy(people, a_rule(), a_rule(Measure.UNIT_PRICE, absolute=0))
    order = order_of(2)

    assert typing(people["asha"], order, days=40).verdict.reason == "40 days late, which is not checked"
    dear = typing(people["asha"], order, number=20, price="6.95")
    assert dear.verdict.reason == "0.10 EUR more each, where none is allowed"


def test_a_percentage_is_told_in_money_too(people):
    an_active_policy(people, a_rule(Measure.UNIT_PRICE, percent=2))

    row = typing(people["asha"], order_of(2), price="6.95")

    assert row.verdict.reason == "0.10 EUR more each, where 0.137 EUR (2 %) is allowed"


def test_refused_at_entry_stands_at_its_field_and_cannot_be_sent(people):
    an_active_policy(people, a_rule(absolute=30, outside=Outside.REFUSE))
    order = order_of(2)
    row = typing(people["asha"], order, days=31)

    assert row.verdict.result == "Cannot be sent yet"
    assert [problem.field for problem in row.problems] == ["delivery_on.0"]
    assert row.pieces[0].delivery_on.is_bad

    response = press(signed_in(people["asha"]), fresh(), "send")
    assert response.status_code == 422
    assert "31 days late, where 30 days are allowed" in response.content.decode()
    assert promises() == []


def test_a_buyer_who_types_for_the_supplier_is_refused_nothing(people):
    an_active_policy(people, a_rule(absolute=30, outside=Outside.REFUSE))

    assert typing(people["bea"], order_of(2), days=31).verdict.result == "Goes to Bea"


def test_pieces_of_a_split_are_told_apart(people):
    an_active_policy(people, FIVE_DAYS, a_rule(Measure.DELIVERIES, absolute=1))
    order = order_of(1)
    late = ASKED + timedelta(days=9)
    client = signed_in(people["asha"])
    fields = {"version": order.version, "revision": order.revision}
    for index, (amount, on) in enumerate([("60", ASKED), ("40", late)]):
        fields |= {f"quantity.L10.{index}": amount, f"delivery_on.L10.{index}": day(on)}
        fields[f"price.L10.{index}"] = "6.85"
    client.post(reverse("answer-line", args=[order.key]), fields, headers={"HX-Request": "true"})

    with acting(people["asha"].actor):
        (row,) = answer_page(fresh(), actor=people["asha"].actor, at=datetime.now(UTC)).lines

    assert row.verdict.reason == "1 of 2 pieces agreed at once; 9 days late, where 5 days are allowed"


def test_the_headline_counts_what_is_agreed_at_once(people):
    an_active_policy(people, FIVE_DAYS)
    order = order_of(2)
    typing(people["asha"], order, days=3)

    html = look(signed_in(people["asha"]), order).content.decode()

    assert "One line differs: one agreed at once." in html


def test_what_is_said_before_sending_comes_true(people):
    an_active_policy(people, FIVE_DAYS)
    order = order_of(2)
    typing(people["asha"], order, days=3)
    client = signed_in(people["asha"])

    press(client, fresh(), "send")

    assert fresh_line(10).agreement == "agreed"
    html = look(client, order).content.decode()
    assert "Agreed by rule" in html
    assert "Agreed by rule: line 10 (Promises 2026, rule 1)" in html


def test_the_amount_of_the_whole_order_counts_every_line_that_is_typed(people):
    dearer, in_all = (
        a_rule(Measure.UNIT_PRICE, percent=10),
        a_rule(Measure.DOCUMENT_AMOUNT, absolute=60, unit="EUR"),
    )
    an_active_policy(people, dearer, in_all)
    order = order_of(2)

    alone = typing(people["asha"], order, price="7.25").verdict.result
    both = typing(people["asha"], order, number=20, price="7.25").verdict

    assert (alone, both.result) == ("Agreed at once", "Goes to Bea")
    assert both.reason == "all lines together cost 80.00 EUR more, where 60.00 EUR is allowed"


@pytest.mark.parametrize("policy", [False, True], ids=["no policy", "a policy"])
def test_a_row_costs_the_same_queries_for_one_line_and_for_thirty(people, policy):
    if policy:
        an_active_policy(people, FIVE_DAYS, a_rule(Measure.DOCUMENT_AMOUNT, percent=5))
    few, many = order_of(1, "4500000001"), order_of(some_lines(30), "4500000002")
    for order, count in ((few, 1), (many, 30)):
        for number in range(10, 10 * count + 1, 10):
            typing(people["asha"], order, days=3, number=number)
    client = signed_in(people["asha"])
    for order in (few, many):
        look(client, order)  # the first look is noted

    with CaptureQueriesContext(connection) as one:
        look(client, few)
    with CaptureQueriesContext(connection) as thirty:
        look(client, many)

    assert len(one) == len(thirty)


def test_after_the_rules_were_stopped_the_row_says_so_at_once(people):
    policy = an_active_policy(people, FIVE_DAYS)
    with acting(people["bea"].actor):
        stop_rules(policy.company_id, "Audit.", actor=people["bea"].actor, at=datetime.now(UTC))

    assert typing(people["asha"], order_of(2), days=3).verdict.reason == "3 days late"


def test_a_partly_agreed_answer_comes_back_whole_into_the_fields(people):
    an_active_policy(people, FIVE_DAYS, a_rule(Measure.DELIVERIES, absolute=1))
    order = order_of(1)
    late = ASKED + timedelta(days=9)
    pieces = (AnswerPiece(Decimal(60)), AnswerPiece(Decimal(40), delivery_on=late))
    asha = people["asha"].actor
    with acting(asha):
        command = AcknowledgeOrder(order.key, order.version, (LineAnswer("L10", pieces),))
        done = acknowledge_order(command, actor=asha, at=datetime.now(UTC))

    address = reverse("answer-withdraw", args=[order.key, done.paper.key])
    signed_in(people["asha"]).post(address)

    with acting(asha):
        (row,) = answer_page(fresh(), actor=asha, at=datetime.now(UTC)).lines
    assert [piece.quantity.value for piece in row.pieces] == ["60", "40"]
