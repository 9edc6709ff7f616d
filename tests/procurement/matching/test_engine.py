"""The engine: each check to the last figure, and what may never depend on how things are written or split."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import procurement.matching.engine as engine
from procurement.matching.engine import (
    Acts,
    CheckKind,
    ClaimedCharge,
    ClaimedTax,
    Earlier,
    Kind,
    Outcome,
    Result,
    Totals,
    Way,
    match,
)
from procurement.matching.engine.checks import check_from_json, check_to_json
from procurement.matching.engine.money import round_money
from procurement.matching.engine.papers import OrderGround
from procurement.matching.engine.parties import ONBOARDING_OPEN
from procurement.matching.engine.units import factor_between, factors_to
from procurement.matching.engine.ways import STANDARD, MatchRule, Ways, together
from procurement.tolerances.messages import Level, Measure, Outside, Scope
from tests.builders.matching import (
    SUBJECT,
    TODAY,
    a_claim,
    a_ground,
    a_line,
    a_rule,
    claimed,
    limits,
    one_after_the_other,
    said,
    the_grounds,
)

STANDARD_TAX = frozenset({("S", Decimal(19), ""), ("AE", Decimal(0), "")})


def test_it_knows_no_table_and_no_framework():
    for path in Path(engine.__file__).parent.glob("*.py"):
        assert "django" not in path.read_text(encoding="utf-8"), path.name


def test_a_clean_invoice_says_every_check_in_the_order_of_the_domain():
    tax = ClaimedTax("S", Decimal(19), Decimal(1000), Decimal(190))
    claim = a_claim(a_line(100, category="S", tax_rate=Decimal(19)), taxes=(tax,))
    found = match(claim, the_grounds(taxes=STANDARD_TAX), limits(approves_alone=True, approver="Clean ones"))
    assert [(one.kind, one.result, one.message) for one in found.checks] == [
        (CheckKind.DUPLICATE, Result.PASSED, "duplicate.none"),
        (CheckKind.SUPPLIER, Result.PASSED, "supplier.active"),
        (CheckKind.CURRENCY, Result.PASSED, "currency.same"),
        (CheckKind.TAX_ID, Result.NOT_CHECKED, "tax_id.supplier_unknown"),
        (CheckKind.TAX_ID, Result.NOT_CHECKED, "tax_id.company_unknown"),
        (CheckKind.ORDER, Result.PASSED, "order.open"),
        (CheckKind.MAPPING, Result.PASSED, "mapping.line"),
        (CheckKind.QUANTITY, Result.PASSED, "quantity.received"),
        (CheckKind.PRICE, Result.PASSED, "price.same"),
        (CheckKind.AMOUNT, Result.PASSED, "amount.adds_up"),
        (CheckKind.CUMULATIVE, Result.PASSED, "cumulative.within"),
        (CheckKind.CHARGE, Result.PASSED, "charge.none"),
        (CheckKind.TAX, Result.PASSED, "tax.right"),
        (CheckKind.TOTAL, Result.PASSED, "total.adds_up"),
        (CheckKind.APPROVAL, Result.PASSED, "approval.alone"),
    ]
    assert (found.outcome, found.reason) == (Outcome.PASSED, None)
    assert [check_from_json(check_to_json(one)) for one in found.checks] == list(found.checks)


# --- duplicates ---------------------------------------------------------------------------------------------


def an_earlier(**changed):
    values = {"key": "other", "kind": Kind.INVOICE, "number": "INV-0042", "number_key": "42"}
    values |= {"currency": "EUR", "total": Decimal(1000), "invoiced_on": TODAY, "order_lines": frozenset({1})}
    return Earlier(**{**values, **changed})


@pytest.mark.parametrize(
    ("number", "earlier", "message", "outcome"),
    [
        ("INV-0042", an_earlier(), "duplicate.number", Outcome.REFUSED),
        ("42", an_earlier(), "duplicate.number_alike", Outcome.REFUSED),
        ("42", an_earlier(kind=Kind.CREDIT_NOTE), "duplicate.none", Outcome.PASSED),
        ("42", an_earlier(key="one"), "duplicate.none", Outcome.PASSED),
        ("43", an_earlier(number_key="41", files=frozenset({"ab"})), "duplicate.file", Outcome.HELD),
        ("43", an_earlier(number_key="41"), "duplicate.amount", Outcome.HELD),
        ("43", an_earlier(number_key="41", total=Decimal("999.99")), "duplicate.none", Outcome.PASSED),
        ("43", an_earlier(number_key="41", currency="USD"), "duplicate.none", Outcome.PASSED),
        ("43", an_earlier(number_key="41", order_lines=frozenset({2})), "duplicate.none", Outcome.PASSED),
        (
            "43",
            an_earlier(number_key="41", invoiced_on=TODAY - timedelta(7)),
            "duplicate.amount",
            Outcome.HELD,
        ),
        (
            "43",
            an_earlier(number_key="41", invoiced_on=TODAY - timedelta(8)),
            "duplicate.none",
            Outcome.PASSED,
        ),
    ],
)
def test_sent_before(number, earlier, message, outcome):
    key = number.removeprefix("INV-00")
    claim = a_claim(a_line(100), number=number, number_key=key, files=frozenset({"ab"}))
    found = match(claim, the_grounds(earlier=[earlier]), limits())
    assert (said(found, CheckKind.DUPLICATE).message, found.outcome) == (message, outcome)


def test_no_window_suspects_no_amount():
    claim = a_claim(a_line(100))
    found = match(claim, the_grounds(earlier=[an_earlier()]), limits(duplicate_days=None))
    assert found.outcome is Outcome.PASSED


# --- who, in which money, of what ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("claim", "grounds", "message", "acts"),
    [
        (
            a_claim(a_line(1)),
            the_grounds(supplier_is_blocked=True),
            "supplier.blocked",
            Acts.PAYABLES,
        ),
        (a_claim(a_line(1)), the_grounds(bank_is_frozen=True), "supplier.bank_frozen", Acts.PAYABLES),
        (
            a_claim(a_line(1), pay_to="DE •••• 3000", pay_to_counts=False),
            the_grounds(),
            "supplier.account_over",
            Acts.SUPPLIER,
        ),
        (a_claim(a_line(1), currency="USD"), the_grounds(), "currency.other", Acts.SUPPLIER),
        (
            a_claim(a_line(1), supplier_tax_id="DE 811.907.980"),
            the_grounds(supplier_tax_ids=frozenset({"DE123456788"})),
            "tax_id.supplier_other",
            Acts.SUPPLIER,
        ),
        (
            a_claim(a_line(1), company_tax_id="DE123"),
            the_grounds(company_tax_ids=frozenset({"DE999"})),
            "tax_id.company_other",
            Acts.SUPPLIER,
        ),
        (
            a_claim(a_line(1)),
            the_grounds(a_ground(is_open=False, received=0)),
            "order.cancelled",
            Acts.BUYER,
        ),
        (a_claim(a_line(1, order_line=None)), the_grounds(), "mapping.no_order", Acts.SUPPLIER),
        (
            a_claim(a_line(1, order_line=None)),
            the_grounds(without_order=True),
            "mapping.without_order",
            Acts.PAYABLES,
        ),
        # Charges alone: nothing names what they are for.
        (
            a_claim(charges=(ClaimedCharge("FC", Decimal(5), is_allowance=True),)),
            the_grounds(),
            "mapping.no_order",
            Acts.SUPPLIER,
        ),
        (a_claim(), the_grounds(without_order=True), "mapping.without_order", Acts.PAYABLES),
        (a_claim(a_line(1, order_line=9)), the_grounds(), "mapping.unknown", Acts.SUPPLIER),
        (a_claim(a_line(1, unit="box")), the_grounds(), "mapping.unit", Acts.SUPPLIER),
    ],
)
def test_parties_orders_and_lines(claim, grounds, message, acts):
    found = match(claim, grounds, limits())
    assert (found.outcome, found.reason.message, found.reason.acts) == (Outcome.HELD, message, acts)


def test_a_tax_id_is_compared_without_its_dots():
    claim = a_claim(a_line(1), supplier_tax_id="de 811.907.980")
    found = match(claim, the_grounds(supplier_tax_ids=frozenset({"DE811907980"})), limits())
    assert found.outcome is Outcome.PASSED


# --- how much -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ground", "quantity", "message"),
    [
        ({"ordered": 100, "received": 60, "more_comes": True}, 60, "quantity.received"),
        ({"ordered": 100, "received": 60, "more_comes": True}, 61, "quantity.waits"),
        ({"ordered": 100, "received": 60, "more_comes": True}, 101, "quantity.over_received"),
        ({"ordered": 100, "received": 60, "more_comes": False}, 61, "quantity.over_received"),
        # Ten of the sixty came broken: fifty can be claimed, and ninety once all is here.
        ({"ordered": 100, "received": 60, "rejected": 10, "more_comes": True}, 51, "quantity.waits"),
        ({"ordered": 100, "received": 60, "rejected": 10, "more_comes": True}, 91, "quantity.over_received"),
        ({"ordered": 100, "received": 0, "way": Way.TWO_WAY}, 100, "quantity.ordered"),
        ({"ordered": 100, "received": 0, "way": Way.TWO_WAY}, 101, "quantity.over_ordered"),
        # Two-way, but the rest was cancelled or closed short: what came counts, and no more than was ordered.
        ({"ordered": 100, "received": 1, "way": Way.TWO_WAY, "is_ended": True}, 1, "quantity.received"),
        ({"ordered": 100, "received": 1, "way": Way.TWO_WAY, "is_ended": True}, 2, "quantity.over_received"),
        (
            {"ordered": 100, "received": 120, "way": Way.TWO_WAY, "is_ended": True},
            101,
            "quantity.over_ordered",
        ),
        ({"ordered": 100, "received": 60, "claimed_quantity": 60}, 1, "quantity.over_received"),
        ({"ordered": 100, "received": 60, "claimed_quantity": -10}, 70, "quantity.received"),
    ],
)
def test_quantity(ground, quantity, message):
    found = said(
        match(a_claim(a_line(quantity)), the_grounds(a_ground(**ground)), limits()), CheckKind.QUANTITY
    )
    assert found.message == message


def test_two_lines_of_one_claim_on_one_order_line_count_together():
    claim = a_claim(a_line(600), a_line(401, position=2))
    found = said(match(claim, the_grounds(), limits()), CheckKind.QUANTITY)
    assert (found.inputs["claimed"], found.inputs["over"], found.position) == (1001, 1, 1)


def test_units_and_price_units_are_converted_exactly():
    """Ordered 1,000 pieces at 7.00 per 3; claimed 50 dozen at 28.00 a dozen: 600 pieces at the same price."""
    ground = a_ground(price="7.00", price_per=3, factors={"doz": Fraction(12)})
    found = match(a_claim(a_line(50, "28.00", unit="doz")), the_grounds(ground), limits())
    assert found.outcome is Outcome.PASSED
    assert said(found, CheckKind.QUANTITY).inputs["claimed"] == 600
    assert said(found, CheckKind.PRICE).message == "price.same"
    # A cent on a dozen is a twelve-hundredth on a piece.
    found = match(a_claim(a_line(50, "28.01", unit="doz")), the_grounds(ground), limits())
    assert said(found, CheckKind.PRICE).inputs["apart"] == Fraction(1, 1200)
    # Per hundred: 233.34 is more than 7 for 3, 233.33 is less.
    for price, message in (("233.34", "price.over"), ("233.33", "price.same_favourable")):
        claim = a_claim(a_line(300, price, price_quantity=100))
        assert said(match(claim, the_grounds(ground), limits()), CheckKind.PRICE).message == message


def test_factors_of_rec_20():
    assert factor_between("DZN", "C62") == 12
    assert factor_between("GRM", "TNE") == Fraction(1, 10**6)
    assert factor_between("INH", "MTR") == Fraction(254, 10000)
    assert factor_between("KGM", "MTR") is None
    assert factor_between("CT", "C62") is None
    assert factor_between("CT", "CT") == 1
    assert factor_between("", "") is None
    assert factors_to("pcs", {"pcs": "H87", "doz": "DZN", "kg": "KGM", "box": ""}) == {"doz": 12}


# --- at which price, for which amount -----------------------------------------------------------------------


def test_without_a_rule_a_cent_more_asks_the_buyer_and_a_rule_can_refuse():
    found = match(a_claim(a_line(10, "10.01")), the_grounds(), limits())
    assert (found.outcome, found.reason.acts, found.reason.inputs["apart"]) == (
        Outcome.HELD,
        Acts.BUYER,
        Fraction(1, 100),
    )
    rule = a_rule(Measure.UNIT_PRICE, percent=0, outside=Outside.REFUSE)
    found = match(a_claim(a_line(10, "10.01")), the_grounds(), limits(rule))
    assert (found.outcome, found.reason.rule) == (Outcome.REFUSED, rule)


@pytest.mark.parametrize(
    ("amount", "result"),
    [("3.33", "passed"), ("3.34", "passed"), ("3.32", "passed"), ("3.35", "failed"), ("3.31", "failed")],
)
def test_the_amount_of_a_line_is_quantity_at_price_and_a_cent_is_rounding(amount, result):
    line = a_line(1, "10.00", price_quantity=3, amount=amount)
    found = match(a_claim(line), the_grounds(a_ground(price_per=3)), limits())
    assert said(found, CheckKind.AMOUNT).result == result


def test_money_is_rounded_half_away_from_zero_to_its_minor_unit():
    assert round_money(Fraction("0.005"), "EUR") == Fraction("0.01")
    assert round_money(Fraction("-0.005"), "EUR") == Fraction("-0.01")
    assert round_money(Fraction("0.5"), "JPY") == 1
    assert round_money(Fraction("0.0005"), "KWD") == Fraction("0.001")


def test_currencies_are_kept_apart():
    found = match(a_claim(a_line(10), currency="JPY"), the_grounds(), limits())
    assert [one.kind for one in found.apart] == [CheckKind.CURRENCY]
    assert said(found, CheckKind.PRICE).message == "price.currencies"


def test_a_price_claimed_afterwards_counts_with_the_goods():
    """100 claimed at 10.00; 20.00 more for them makes 10.20 each."""
    ground = a_ground(claimed_quantity=100, claimed_amount=1000)
    line = a_line(100, "0.20", price_only=True)
    claim = a_claim(line, kind=Kind.DEBIT_NOTE)
    found = said(
        match(claim, the_grounds(ground), limits(a_rule(Measure.UNIT_PRICE, percent=1))), CheckKind.PRICE
    )
    assert (found.message, found.inputs["unit_price"], found.limit) == (
        "price.besides_over",
        Fraction("10.2"),
        Fraction("0.1"),
    )
    found = match(claim, the_grounds(ground), limits(a_rule(Measure.UNIT_PRICE, percent=2)))
    assert found.outcome is Outcome.PASSED
    assert said(match(claim, the_grounds(), limits()), CheckKind.PRICE).message == "price.nothing_claimed"
    # The same in two lines is the same: each of 0.10 alone were inside one percent.
    halves = [a_line(100, "0.10", price_only=True, position=n) for n in (1, 2)]
    found = match(
        a_claim(*halves, kind=Kind.DEBIT_NOTE),
        the_grounds(ground),
        limits(a_rule(Measure.UNIT_PRICE, percent=1)),
    )
    assert [(one.message, one.inputs["unit_price"]) for one in found.apart] == [
        ("price.besides_over", Fraction("10.2"))
    ] * 2


# --- what is given back -------------------------------------------------------------------------------------


def test_a_credit_gives_back_no_more_than_was_claimed_and_no_less_for_each():
    ground = a_ground(claimed_quantity=100, claimed_amount=1000)
    credit = a_claim(a_line(10), kind=Kind.CREDIT_NOTE)
    assert match(credit, the_grounds(ground), limits()).outcome is Outcome.PASSED
    more = a_claim(a_line(101), kind=Kind.CREDIT_NOTE)
    assert [one.message for one in match(more, the_grounds(ground), limits()).apart] == [
        "quantity.over_credited",
        "cumulative.over_credited",
    ]
    less = a_claim(a_line(10, "9.50"), kind=Kind.CREDIT_NOTE)
    assert match(less, the_grounds(ground), limits()).reason.message == "price.credited_under"
    cheap = replace(ground, claimed_amount=Decimal(950), credited_price=Fraction("9.5"))
    assert match(less, the_grounds(cheap), limits()).outcome is Outcome.PASSED
    money = a_claim(a_line(100, "0.50", price_only=True), kind=Kind.CREDIT_NOTE)
    found = match(money, the_grounds(ground), limits())
    assert (found.outcome, said(found, CheckKind.PRICE).message) == (Outcome.PASSED, "price.corrected")


# --- charges, taxes, sums -----------------------------------------------------------------------------------


def test_charges_are_counted_by_code_over_all_claims_on_the_order():
    rules = limits(a_rule(Measure.CHARGE, absolute=50, code="FC"))
    freight = (ClaimedCharge("FC", Decimal(30)),)
    claim = a_claim(a_line(1), charges=freight)
    assert match(claim, the_grounds(), rules).outcome is Outcome.PASSED
    found = match(claim, the_grounds(charged={"FC": Decimal(30)}), rules)
    assert (found.reason.message, found.reason.inputs["charged_in_all"], found.reason.limit) == (
        "charge.over",
        60,
        50,
    )
    other = a_claim(a_line(1), charges=(ClaimedCharge("PC", Decimal(1)),))
    assert match(other, the_grounds(), rules).reason.message == "charge.not_agreed"
    off = a_claim(a_line(1), charges=(ClaimedCharge("95", Decimal(1), is_allowance=True),))
    assert match(off, the_grounds(), rules).outcome is Outcome.PASSED
    held_back = a_claim(a_line(1), kind=Kind.CREDIT_NOTE, charges=off.charges)
    ground = a_ground(claimed_quantity=1, claimed_amount=10)
    assert match(held_back, the_grounds(ground), rules).reason.message == "charge.not_agreed"


@pytest.mark.parametrize(
    ("tax", "message"),
    [
        (("S", 19, 1000, "190.00"), "tax.right"),
        (("S", 19, 1000, "190.01"), "tax.right"),
        (("S", 19, 1000, "190.02"), "tax.other"),
        (("S", 19, 1000, "189.98"), "tax.other"),
        (("S", 19, "1000.02", "190.00"), "tax.base"),
        (("S", 16, 1000, "160.00"), "tax.unknown"),
        (("AE", 0, 1000, "0.00"), "tax.right"),
        (("AE", 0, 1000, "1.00"), "tax.untaxed"),
    ],
)
def test_tax(tax, message):
    category, rate, base, amount = tax
    line = a_line(100, category=category, tax_rate=Decimal(rate))
    claim = a_claim(line, taxes=(ClaimedTax(category, Decimal(rate), Decimal(base), Decimal(amount)),))
    found = match(claim, the_grounds(taxes=STANDARD_TAX), limits())
    assert said(found, CheckKind.TAX).message == message


def test_what_is_taxed_and_not_summed_is_missing_and_a_tolerance_takes_a_few_cents():
    line = a_line(100, category="S", tax_rate=Decimal(19))
    assert match(a_claim(line), the_grounds(), limits()).reason.message == "tax.missing"
    claim = a_claim(line, taxes=(ClaimedTax("S", Decimal(19), Decimal(1000), Decimal("190.05")),))
    found = match(claim, the_grounds(taxes=STANDARD_TAX), limits(a_rule(Measure.TAX, absolute="0.05")))
    assert said(found, CheckKind.TAX).message == "tax.inside"


@pytest.mark.parametrize(("rate", "tax", "alone"), [(27, "270.00", False), (0, "0.00", True)])
def test_where_the_company_lists_no_taxes_none_is_approved_alone(rate, tax, alone):
    category = "S" if rate else "AE"
    line = a_line(100, category=category, tax_rate=Decimal(rate))
    claim = a_claim(line, taxes=(ClaimedTax(category, Decimal(rate), Decimal(1000), Decimal(tax)),))
    found = match(claim, the_grounds(taxes=None), limits(approves_alone=True, approver="Clean ones"))
    assert (found.outcome, found.approves_alone) == (Outcome.PASSED, alone)
    assert found.checks[-1].message == ("approval.alone" if alone else "approval.person")
    unlisted = [one.result for one in found.checks if one.message == "tax.unlisted"]
    assert unlisted == ([] if alone else [Result.NOT_CHECKED])


@pytest.mark.parametrize("name", ["lines", "allowances", "charges", "tax", "total"])
def test_sums_are_of_what_stands_above_them(name):
    claim = a_claim(a_line(1))
    wrong = replace(claim.totals, **{name: getattr(claim.totals, name) + Decimal("0.01")})
    found = match(replace(claim, totals=wrong), the_grounds(), limits())
    assert found.reason.message == f"total.{name}"
    assert isinstance(wrong, Totals)


def test_a_whole_order_in_money():
    """Two lines, 30.00 over in all against 25.00: each line alone is inside."""
    rules = limits(a_rule(Measure.DOCUMENT_AMOUNT, absolute=25), a_rule(Measure.UNIT_PRICE))
    order = OrderGround("4500000001", SUBJECT, Decimal(1015), Fraction(1000))
    grounds = the_grounds(orders={order.number: order})
    found = match(a_claim(a_line(100, "10.15")), grounds, rules)
    assert (found.reason.message, found.reason.inputs["amount_over"]) == ("order_amount.over", 30)
    assert match(a_claim(a_line(100, "10.10")), grounds, rules).outcome is Outcome.PASSED


# --- which policy -------------------------------------------------------------------------------------------


def test_the_narrowest_policy_counts_and_of_several_the_strictest():
    wide = MatchRule("a", "Everything", Way.TWO_WAY, approves_alone=True)
    theirs = MatchRule("b", "Acme", Way.TWO_WAY, scope=Scope(Level.SUPPLIER, supplier="ACME"))
    pair = Scope(Level.SUPPLIER_ITEM, supplier="ACME", item="VALVE-15")
    both = MatchRule("c", "Valves", Way.THREE_WAY, True, scope=pair)
    ended = MatchRule("d", "Old", Way.TWO_WAY, scope=pair, valid_to=TODAY - timedelta(1))
    assert Ways([wide, theirs, both, ended]).of(SUBJECT) == both
    assert Ways([both, ended, theirs, wide]).of(replace(SUBJECT, item="PUMP")) == theirs
    assert Ways([wide, theirs]).of(replace(SUBJECT, supplier="OTHER")) == wide
    assert Ways([ended]).of(SUBJECT) == STANDARD
    loose = replace(both, key="e", way=Way.TWO_WAY)
    assert Ways([loose, both]).of(SUBJECT) == both
    assert (together([wide, both]).approves_alone, together([wide, theirs]).approves_alone) == (True, False)
    assert together([]) == STANDARD
    # Any that has paying wait for an onboarding has it wait for the whole; of one scope that one counts.
    patient = replace(loose, key="f", waits_for_onboarding=False)
    assert Ways([patient, loose]).of(SUBJECT) == loose
    assert (together([patient]).waits_for_onboarding, together([patient, wide]).waits_for_onboarding) == (
        False,
        True,
    )


@pytest.mark.parametrize(
    ("claim", "grounds", "allowed", "said"),
    [
        (a_claim(a_line(1)), {}, {}, (None, "supplier")),
        (a_claim(a_line(1)), {"onboarding_is_ours": True}, {}, (None, "nobody")),
        (a_claim(a_line(1)), {"onboarding_is_over": True}, {}, (None, "payables")),
        # Whoever acts on another difference does so meanwhile.
        (a_claim(a_line(1, "99")), {}, {}, ("price.over", "buyer")),
        (a_claim(a_line(1)), {}, {"waits_for_onboarding": False}, ("", "")),
        (a_claim(a_line(1), kind=Kind.CREDIT_NOTE), {}, {}, ("", "")),
    ],
)
def test_paying_waits_for_the_onboarding_after_everything_else(claim, grounds, allowed, said):
    grounds = the_grounds(a_ground(claimed_quantity=Decimal(5)), paying_waits=("tax", "bank"), **grounds)
    found = match(claim, grounds, limits(**allowed))
    message, acts = said
    waits = [one for one in found.checks if one.message == ONBOARDING_OPEN]
    assert [one.inputs for one in waits] == ([{"steps": "tax bank"}] if acts else [])
    if acts:
        assert found.reason is not None
        assert (found.reason.message, found.reason.acts.value) == (message or ONBOARDING_OPEN, acts)
        assert found.outcome is Outcome.HELD
        assert check_from_json(check_to_json(waits[0])) == waits[0]


# --- what never depends on how it is written or split -------------------------------------------------------

quantities = st.integers(1, 400).map(Decimal)
cents = st.integers(900, 1150).map(lambda n: Decimal(n) / 100)
tolerances = st.builds(
    lambda quantity, price, amount: limits(
        *([] if quantity is None else [a_rule(Measure.QUANTITY, percent=quantity)]),
        *([] if price is None else [a_rule(Measure.UNIT_PRICE, percent=price)]),
        *([] if amount is None else [a_rule(Measure.LINE_AMOUNT, absolute=amount)]),
    ),
    st.none() | st.integers(0, 20),
    st.none() | st.integers(0, 20),
    st.none() | st.integers(0, 2000),
)
grounds_of = st.builds(
    lambda received, rejected, more, way: a_ground(
        received=received, rejected=min(rejected, received), more_comes=more, way=way
    ),
    st.integers(0, 1100),
    st.integers(0, 50),
    st.booleans(),
    st.sampled_from(Way),
)


def allowed_of(limits_, measure, expected):
    for rule in limits_.book.rules:
        if rule.measure is measure:
            absolute = rule.limit.absolute
            return (
                Fraction(absolute) if absolute is not None else Fraction(rule.limit.percent) * expected / 100
            )
    return Fraction(0)


@settings(max_examples=60, deadline=None)
@given(grounds_of, st.lists(st.tuples(quantities, cents), min_size=1, max_size=12), tolerances)
def test_no_set_of_invoices_passes_that_pays_more_than_came_and_the_tolerance(ground, wanted, limits_):
    start, paid, amount, count = ground, Fraction(0), Fraction(0), 0
    for number, (quantity, price) in enumerate(wanted):
        claim = a_claim(a_line(quantity, price), key=str(number))
        if match(claim, the_grounds(ground), limits_).outcome is Outcome.PASSED:
            paid += Fraction(quantity)
            amount += Fraction(claim.lines[0].amount)
            count += 1
            ground = claimed(ground, claim)  # what was rejected claims nothing any more
    basis = Fraction(start.ordered if start.way is Way.TWO_WAY else start.accepted)
    most = basis + allowed_of(limits_, Measure.QUANTITY, basis)
    dearest = start.unit_price + allowed_of(limits_, Measure.UNIT_PRICE, start.unit_price)
    assert paid <= most
    assert amount <= paid * dearest + Fraction(count, 200)  # half a cent for each that was rounded
    for rule in limits_.book.rules:
        if rule.measure is Measure.LINE_AMOUNT:
            assert amount <= start.amount + Fraction(rule.limit.absolute)


@settings(max_examples=60, deadline=None)
@given(grounds_of, st.lists(quantities, min_size=1, max_size=6), cents, tolerances)
def test_split_invoices_say_what_one_says(ground, parts, price, limits_):
    whole = match(a_claim(a_line(sum(parts), price)), the_grounds(ground), limits_)
    split = one_after_the_other(
        ground, [a_claim(a_line(part, price), key=str(n)) for n, part in enumerate(parts)], limits_
    )
    lines = [a_line(part, price, position=n) for n, part in enumerate(parts, 1)]
    in_lines = match(a_claim(*lines), the_grounds(ground), limits_)
    assert split[-1].outcome is whole.outcome is in_lines.outcome
    assert all(one.outcome is Outcome.PASSED for one in split) is (whole.outcome is Outcome.PASSED)


@settings(max_examples=40, deadline=None)
@given(grounds_of, quantities, quantities, cents, tolerances)
def test_a_credit_nets_out(ground, first, second, price, limits_):
    invoice = a_claim(a_line(first, price), key="first")
    credit = a_claim(a_line(first, price), key="credit", kind=Kind.CREDIT_NOTE)
    after = claimed(claimed(ground, invoice), credit)
    assert after == ground
    again = a_claim(a_line(second, price), key="second")
    assert match(again, the_grounds(after), limits_) == match(again, the_grounds(ground), limits_)
    owed = replace(claimed(ground, invoice), credited_price=Fraction(price))
    assert match(credit, the_grounds(owed), limits_).outcome is Outcome.PASSED
    assert match(credit, the_grounds(after), limits_).outcome is not Outcome.PASSED


@settings(max_examples=40, deadline=None)
@given(st.data(), st.lists(st.tuples(quantities, cents), min_size=1, max_size=5), tolerances)
def test_no_order_of_writing_matters(data, wanted, limits_):
    grounds = [a_ground(id=n, number=n, received=200) for n, _one in enumerate(wanted)]
    lines = [
        a_line(quantity, price, order_line=n, position=n + 1, category="S", tax_rate=Decimal(19))
        for n, (quantity, price) in enumerate(wanted)
    ]
    base = sum((line.amount for line in lines), start=Decimal(0))
    charges = [
        ClaimedCharge("FC", Decimal(3)),
        ClaimedCharge("PC", Decimal(2)),
        ClaimedCharge("FC", Decimal(1)),
    ]
    taxes = [
        ClaimedTax("S", Decimal(19), base, round(base * Decimal("0.19"), 2)),
        ClaimedTax("", Decimal(0), 6, 0),
    ]
    earlier = [an_earlier(key="x"), an_earlier(key="y", number_key="one")]
    first = match(
        a_claim(*lines, charges=charges, taxes=taxes), the_grounds(*grounds, earlier=earlier), limits_
    )

    def shuffled(values):
        return data.draw(st.permutations(values))

    rules = limits(*shuffled(limits_.book.rules))
    claim = a_claim(*shuffled(lines), charges=shuffled(charges), taxes=shuffled(taxes))
    again = match(claim, the_grounds(*shuffled(grounds), earlier=shuffled(earlier)), rules)
    assert again.checks == first.checks
