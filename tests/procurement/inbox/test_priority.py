"""Priority = urgency × impact, with its parts; from the figures that stock, promises and days tell."""

import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.kernel.scope import acting
from procurement.catalogue.models import Company
from procurement.inbox.messages import Part, WriteFormula
from procurement.inbox.policies.scoring import (
    DEFAULT_PARTS,
    DEFAULT_URGENCY,
    INPUTS,
    Points,
    default_formula,
    faults_of,
    read_formula,
    unknown_inputs,
)
from procurement.inbox.services.formulas import problems_of, try_formula
from procurement.inbox.services.ranking import rank_again, rank_all_by
from procurement.inbox.services.sweeping import sweep
from procurement.inbox.states import CaseKind, CaseState, CloseReason
from tests.builders.changes import an_agreed_order
from tests.builders.inbox import LATER, a_case, a_late_order, answer, cases, piece, review, the_case
from tests.builders.supply import a_demand, demand_comes, some_stock, stock_comes
from tests.builders.world import MONDAY, a_line, an_order, fresh
from tests.people import FEED

DAY = timedelta(days=1)


def figures(**known):
    return unknown_inputs() | {name: Decimal(value) for name, value in known.items()}


def test_the_formula_that_comes_with_the_program_can_be_read():
    assert faults_of(DEFAULT_PARTS, DEFAULT_URGENCY) == []


def test_parts_are_shown_the_greatest_first_and_add_up():
    score = default_formula().score(
        figures(
            stock_out_days=8,
            stock_cover_days=20,
            demand_orders=3,
            days_late=8,
            value=7068,
            slips=3,
            days_to_need=20,
        )
    )

    assert score.parts == (
        Points("Stock out before arrival", 40),
        Points("Open customer demand", 28),
        Points("Days late", 16),
        Points("Value", 7),
        Points("Needed soon", 6),
        Points("Slips so far", 3),
    )
    assert score.score == 100


def test_what_is_far_away_weighs_less():
    near = default_formula().score(figures(days_late=8, days_to_need=10))
    far = default_formula().score(figures(days_late=8, days_to_need=200))

    assert (near.score, far.score) == (16 + 6, 10)


def test_what_nobody_knows_makes_nothing_pressing():
    assert default_formula().score(unknown_inputs()).score == 0


@given(st.dictionaries(st.sampled_from(sorted(INPUTS)), st.integers(-10_000, 10_000_000)))
def test_a_score_is_from_nought_to_a_hundred_whatever_the_figures(known):
    score = default_formula().score(figures(**known))

    assert 0 <= score.score <= 100
    assert score.score == max(0, min(100, sum(part.points for part in score.parts)))


@given(st.integers(0, 400), st.integers(0, 400))
def test_later_is_never_less_pressing(one, other):
    few, many = sorted((one, other))

    scores = [default_formula().score(figures(days_late=days)).score for days in (few, many)]

    assert scores[0] <= scores[1]


def test_a_formula_names_what_is_wrong_with_it_field_by_field():
    parts = [Part("Good", "value"), Part("Bad", "price * 2")]

    assert [field for field, _sentence in faults_of(parts, "1 +")] == ["part.1", "urgency"]


def test_a_part_that_takes_away_is_shown_too():
    formula = read_formula([Part("Kind", "10"), Part("Small", "-4")], "1")

    assert formula.score(unknown_inputs()).score == 6


# --- from the database --------------------------------------------------------------------------------------

pytestmark = pytest.mark.django_db


def test_stock_and_customers_make_a_late_promise_pressing(people):
    stock_comes(some_stock(on_hand=Decimal(100), daily_demand=Decimal(4)))
    demand_comes(
        a_demand("1", needed_on=date(2026, 4, 2), reference="SO-1"),
        a_demand("2", needed_on=date(2026, 4, 3), reference="SO-2"),
    )

    case = a_case(people)

    assert case.inputs["stock_out_days"] == "13"
    assert case.inputs["demand_orders"] == "2"
    # A month away, all of it weighs four fifths.
    assert case.parts[0] == {"name": "Stock out before arrival", "points": 32}
    assert {"name": "Open customer demand", "points": 16} in case.parts


def test_without_stock_nothing_is_made_up(people):
    case = a_case(people)

    assert "stock_cover_days" not in case.inputs
    assert case.parts == [
        {"name": "Days late", "points": 13},
        {"name": "Kind of case", "points": 10},
        {"name": "Value", "points": 1},
    ]
    assert case.score == 24


def test_a_score_follows_the_days(people):
    case = a_case(people)

    sweep(MONDAY.replace(day=27))

    (later,) = [one for one in cases() if one.pk == case.pk]
    assert {"name": "Needed soon", "points": 12} in later.parts
    assert later.score > case.score
    assert later.version == case.version


def test_stock_that_runs_out_before_agreed_goods_come_is_a_case(people):
    an_agreed_order(people["asha"], lines=1)
    sweep(LATER)
    assert cases() == []

    stock_comes(some_stock(on_hand=Decimal(60), daily_demand=Decimal(4)))
    sweep(LATER)

    case = the_case()
    assert (case.kind, case.facts["stock_out_on"]) == (CaseKind.STOCK_OUT, "2026-03-17")

    stock_comes(some_stock(on_hand=Decimal(600), as_of=MONDAY + DAY), at=LATER + DAY)
    review(fresh(), at=LATER + DAY)
    assert the_case().closed_because == CloseReason.COVERED


def test_a_line_that_waits_for_a_person_anyhow_has_no_second_case_for_its_stock(people):
    stock_comes(some_stock(on_hand=Decimal(60)))
    order = an_agreed_order(people["asha"], lines=1)
    review(order)
    assert the_case().kind == CaseKind.STOCK_OUT

    review(a_late_order(people["asha"], "4500000002"))

    assert {case.kind for case in cases(state=CaseState.OPEN)} == {CaseKind.STOCK_OUT, CaseKind.PROMISE_LATE}
    assert [case.order.number for case in cases(kind=CaseKind.PROMISE_LATE)] == ["4500000002"]


def test_amounts_in_another_currency_count_at_the_rate_of_the_formula(people):
    order = an_order(lines=[a_line(10, quantity=Decimal(1000))], currency="USD")
    order = answer(order, people["asha"], piece(quantity=Decimal(1000), delivery_on=date(2026, 4, 9)))
    review(order)

    assert the_case().inputs["value"] == "6850"


# --- rates and days -----------------------------------------------------------------------------------------


def test_another_rate_counts_beforehand_and_from_its_first_moment(people):
    review(answer(an_order(lines=1, currency="USD"), people["asha"], piece(delivery_on=date(2026, 4, 9))))
    cheap = read_formula([Part("Value", "value")], "1", {"USD": "0.01"})

    with acting(FEED):
        foretold = try_formula(cheap).first[0].then
        rank_all_by(cheap, at=LATER)

    assert foretold == 7
    assert (the_case().score, Decimal(the_case().inputs["value"])) == (7, Decimal("6.85"))


def test_a_rate_next_to_nothing_cannot_be_written():
    parts = (Part("Value", "value"),)
    for rate in ("1e-999999", "0", "NaN", "1000000", "-1"):
        command = WriteFormula(uuid.uuid4(), 1, "Mine", parts, "1", {"USD": rate})
        assert [one.field for one in problems_of(command)] == ["rate.USD"]


def company_in(zone):
    with acting(FEED):
        Company.objects.update(time_zone=zone)


def ranked(*when):
    with acting(FEED):
        return rank_again(datetime(*when, tzinfo=UTC))


def test_west_of_greenwich_a_score_is_of_its_own_day_and_made_once(people):
    a_case(people)
    company_in("America/Los_Angeles")
    ranked(2026, 3, 5, 2)

    assert ranked(2026, 3, 5, 2) == 0
    assert the_case().scored_on == date(2026, 3, 4)
    assert ranked(2026, 3, 5, 8) == 1


def test_east_of_greenwich_the_day_begins_before_it_does_there(people):
    a_case(people)
    company_in("Pacific/Auckland")
    ranked(2026, 3, 5, 10)

    assert ranked(2026, 3, 5, 12) == 1
    assert the_case().scored_on == date(2026, 3, 6)


def test_days_are_those_of_the_calendar_where_we_are(people):
    """Opened at 11 on Monday; at one in the night to Wednesday two days have begun, though 38 hours went by."""
    a_case(people)
    company_in("Europe/Berlin")

    ranked(2026, 3, 4, 0, 5)

    assert the_case().inputs["days_open"] == "2"
