"""How much less is paid for being paid sooner: worked by hand, and for whatever there may be."""

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.kernel.values import minor_units
from procurement.discounting.messages import WriteDiscountPolicy
from procurement.discounting.policies import (
    MOST_OFFERED,
    DiscountRule,
    Offer,
    Written,
    early_discount,
    offers,
    problems_of,
    which_counts,
    within_budget,
    yearly_yield,
)
from procurement.invoices.policies.terms import discount_amount

D = Decimal
TWELVE = DiscountRule(D(12), D(2))
TODAY = date(2026, 3, 2)


def test_a_week_is_paid_up_to_its_budget_and_never_beyond():
    monday = date(2026, 3, 2)
    found = [Offer(monday + timedelta(days=n), 20 - n, D(1), D(100)) for n in (0, 6, 7)]

    assert within_budget(found, None, {monday: D(10**6)}) == tuple(found)
    assert within_budget(found, D(150), {monday: D(50)}) == tuple(found)
    # Sunday is of the week before the next Monday (ISO 8601).
    assert within_budget(found, D(150), {monday: D("50.01")}) == (found[2],)
    assert within_budget(found, D("99.99"), {}) == ()


@pytest.mark.parametrize(
    ("total", "days", "currency", "rule", "less"),
    [
        ("1250.00", 38, "EUR", TWELVE, "15.83"),  # 1.2666… %: 15.8333…
        ("1250.00", 38, "EUR", DiscountRule(D(12), D(2), day_count=365), "15.62"),  # 15.6164…
        ("1313.76", 28, "EUR", TWELVE, "12.26"),
        ("1000.00", 90, "EUR", TWELVE, "20.00"),  # 3 %, and 2 % at most
        ("333.33", 90, "EUR", TWELVE, "6.66"),  # 2 % are 6.6666: the most is never rounded up
        ("150000", 30, "JPY", DiscountRule(D(12), D(2)), "1500"),
        ("150050", 30, "JPY", DiscountRule(D(12), D(2)), "1501"),  # 1500.5, half up
        ("100.000", 30, "KWD", DiscountRule(D("12.3456"), D(2)), "1.029"),
        ("1000.00", 14, "EUR", DiscountRule(D(12), D(2), least_percent=D("0.5")), "0"),  # 0.4666… %
        ("1000.00", 15, "EUR", DiscountRule(D(12), D(2), least_percent=D("0.5")), "5.00"),
        ("1000.00", 0, "EUR", TWELVE, "0"),
        ("1000.00", -3, "EUR", TWELVE, "0"),
    ],
)
def test_worked_by_hand(total, days, currency, rule, less):
    assert early_discount(D(total), days, currency, rule) == D(less)


CURRENCIES = st.sampled_from(["EUR", "USD", "JPY", "KWD"])
RATES = st.decimals(min_value="0.0001", max_value="99.9999", places=4)


@st.composite
def a_rule(draw):
    most = draw(RATES)
    least = draw(st.decimals(min_value=0, max_value=most, places=4))
    return DiscountRule(draw(RATES), most, least, draw(st.sampled_from([360, 365])))


@given(
    total=st.decimals(min_value="0.01", max_value="99999999", places=2),
    currency=CURRENCIES,
    rule=a_rule(),
    days=st.integers(min_value=-10, max_value=400),
)
def test_never_negative_never_above_the_most_and_never_less_for_sooner(total, currency, rule, days):
    less, sooner = (early_discount(total, days + more, currency, rule) for more in (0, 1))

    assert 0 <= less <= sooner
    assert Fraction(less) <= Fraction(total) * Fraction(rule.most_percent) / 100
    assert less == round(less, minor_units(currency))
    if days <= 0:
        assert less == 0
    # Half a minor unit at most lies between it and the exact figure, unless the highest percentage is in the way.
    exact = Fraction(total) * Fraction(rule.yearly_percent) / 100 * max(days, 0) / rule.day_count
    if less and less < Fraction(total) * Fraction(rule.most_percent) / 100 - 1:
        assert abs(Fraction(less) - exact) * 2 * 10 ** minor_units(currency) <= 1


@given(
    total=st.decimals(min_value=1, max_value=1_000_000, places=2),
    rule=a_rule(),
    pay_days=st.integers(0, 20),
    wait=st.integers(-5, 200),
    terms=st.none() | st.integers(-5, 60),
)
def test_what_is_offered_is_dearer_the_sooner_and_never_adds_to_the_terms(total, rule, pay_days, wait, terms):
    until = None if terms is None else TODAY + timedelta(days=terms)
    planned, earliest = TODAY + timedelta(days=wait), TODAY + timedelta(days=pay_days)
    found = offers(
        total,
        "EUR",
        rule,
        earliest=earliest,
        planned_on=planned,
        terms_until=until,
        is_pay_day=lambda day: day.weekday() < 5,
    )

    assert len(found) <= MOST_OFFERED
    assert [one.discount for one in found] == sorted((one.discount for one in found), reverse=True)
    for one in found:
        assert earliest <= one.pay_on < planned
        assert until is None or one.pay_on > until
        assert one.pay_on.weekday() < 5
        assert (one.days, one.to_pay) == ((planned - one.pay_on).days, total - one.discount)
        assert 0 < one.discount < total


def test_the_smallest_amount_and_a_day_that_has_come():
    ask = {"terms_until": None, "is_pay_day": lambda _day: True}
    rule = DiscountRule(D(12), D(2), least_amount=D(500))
    later = TODAY + timedelta(days=30)

    assert offers(D("499.99"), "EUR", rule, earliest=TODAY, planned_on=later, **ask) == ()
    assert len(offers(D(500), "EUR", rule, earliest=TODAY, planned_on=later, **ask)) == 30
    assert offers(D(500), "EUR", rule, earliest=later, planned_on=later, **ask) == ()


def test_what_the_money_earns_in_a_year():
    # 15.83 earned on 1,234.17 in 38 days: 1.2826 %, 9.47 times a year.
    assert yearly_yield(D("15.83"), D("1234.17"), 38, 360) == D("12.2")
    assert yearly_yield(D("15.83"), D("1234.17"), 0, 360) == 0


def test_the_narrowest_policy_counts_and_of_several_the_one_approved_last():
    everybody = Written("a", TWELVE, "EUR", since="2026-01-01")
    newer = Written("b", TWELVE, "EUR", since="2026-02-01", valid_from=TODAY)
    core = Written("c", TWELVE, "EUR", segment="core", since="2025-01-01")
    acme = Written("d", TWELVE, "EUR", supplier="ACME", valid_to=TODAY)
    dollars = Written("e", TWELVE, "USD", supplier="ACME")
    every = [everybody, newer, core, acme, dollars]

    def key(**changed):
        asked = {"supplier": "ACME", "segment": "core", "currency": "EUR", "today": TODAY, **changed}
        found = which_counts(every, **asked)
        return found.key if found else None

    assert key() == "d"
    assert key(today=TODAY + timedelta(days=1)) == "c"
    assert key(supplier="GLOBEX") == "c"
    assert key(supplier="GLOBEX", segment="long_tail") == "b"
    assert key(supplier="GLOBEX", segment="long_tail", today=TODAY - timedelta(days=1)) == "a"
    assert key(currency="USD") == "e"
    assert key(currency="JPY") is None


def test_what_is_wrong_with_a_policy():
    right = {
        "company": 1,
        "name": "Early",
        "currency": "EUR",
        "yearly_percent": D(12),
        "most_percent": D(2),
    }

    def wrong(**changed):
        return [(one.field, one.code) for one in problems_of(WriteDiscountPolicy(**{**right, **changed}))]

    assert wrong() == []
    assert wrong(name=" ") == [("name", "required")]
    assert wrong(currency="eur") == [("currency", "unknown")]
    assert wrong(yearly_percent=D(0), most_percent=D(100)) == [
        ("yearly_percent", "out_of_range"),
        ("most_percent", "out_of_range"),
    ]
    assert wrong(yearly_percent=D("1.00001")) == [("yearly_percent", "out_of_range")]
    assert wrong(least_percent=D(3)) == [("least_percent", "above_most")]
    assert wrong(least_percent=D(-1)) == [("least_percent", "out_of_range")]
    assert wrong(day_count=364) == [("day_count", "unknown")]
    assert wrong(pay_days=61) == [("pay_days", "out_of_range")]
    assert wrong(least_amount=D(-1)) == [("least_amount", "out_of_range")]
    assert wrong(segment="core", supplier="ACME") == [("supplier", "names_too_much")]
    assert wrong(note="x" * 2001) == [("note", "too_long")]
    assert wrong(valid_from=TODAY, valid_to=TODAY - timedelta(days=1)) == [("valid_to", "ends_before")]


@given(
    total=st.decimals(min_value=0, max_value=10**9, places=4),
    percent=st.decimals(min_value=0, max_value=100, places=4),
    currency=CURRENCIES,
)
def test_a_discount_of_the_terms_is_what_decimal_makes_of_it(total, percent, currency):
    step = D(1).scaleb(-minor_units(currency))

    assert discount_amount(total, percent, currency) == (total * percent / 100).quantize(step, ROUND_HALF_UP)
