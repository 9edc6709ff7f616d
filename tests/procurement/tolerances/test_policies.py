"""The engine: what a rule means, to the last digit, and what may never depend on how rules were written."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from procurement.tolerances import messages, policies
from procurement.tolerances.messages import (
    Direction,
    DocumentKind,
    Inside,
    Joined,
    Level,
    Limit,
    Measure,
    Measured,
    Outcome,
    Outside,
    Result,
    Rule,
    Scope,
    Subject,
    check_from_json,
    check_to_json,
    number_text,
)
from procurement.tolerances.policies import MEASURES, NAMED, Rulebook, allowed, faults_of

TODAY = date(2026, 3, 2)
VALVES = Subject(
    DocumentKind.PROMISE, TODAY, "core", "ACME", "valves", "VALVE-15", "4500000001", "10", "EUR", "pcs"
)


def a_rule(measure=Measure.DATE, absolute=None, percent=None, **changed):
    values = {
        "key": "r1",
        "kind": DocumentKind.PROMISE,
        "measure": measure,
        "direction": Direction.OVER,
        "limit": Limit(
            None if absolute is None else Decimal(absolute), None if percent is None else Decimal(percent)
        ),
    }
    return Rule(**{**values, **changed})


def covers(scope, subject):
    """What it means that a rule is written for somebody, said another way than the engine does."""
    return all(getattr(scope, name) == getattr(subject, name) for name in NAMED[scope.level])


def late(days, piece=1):
    return Measured(Measure.DATE, TODAY, TODAY + timedelta(days=days), piece)


def price(asked, promised, per=1):
    return Measured(Measure.UNIT_PRICE, Fraction(Decimal(asked)) / per, Fraction(Decimal(promised)) / per, 1)


def outcome(measured, *rules, subject=VALVES):
    return Rulebook(rules).judge(subject, [measured]).outcome


# --- what a rule means --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "said"), [(0, Outcome.SAME), (1, Outcome.ACCEPT), (5, Outcome.ACCEPT), (6, Outcome.ASK)]
)
def test_up_to_five_days_late(days, said):
    assert outcome(late(days), a_rule(absolute=5)) == said


def test_a_rule_on_later_says_nothing_of_earlier():
    assert outcome(late(-1), a_rule(absolute=5)) == Outcome.ASK
    assert outcome(late(-5), a_rule(absolute=5, direction=Direction.EITHER)) == Outcome.ACCEPT


def test_zero_is_none_allowed_and_not_set_is_not_checked():
    nothing_allowed, not_checked = a_rule(absolute=0), a_rule()

    assert outcome(late(1), nothing_allowed) == Outcome.ASK
    assert outcome(late(400), not_checked) == Outcome.ACCEPT
    (check,) = Rulebook([not_checked]).judge(VALVES, [late(400)]).checks
    assert (check.result, check.limit) == (Result.UNCHECKED, None)


def test_what_no_rule_speaks_of_goes_to_a_person():
    (check,) = Rulebook([a_rule(absolute=5)]).judge(VALVES, [price("6.85", "6.86")]).checks

    assert (check.result, check.outcome, check.rule) == (Result.UNRULED, Outcome.ASK, None)


def test_an_amount_that_no_rule_speaks_of_stops_nothing():
    more = Measured(Measure.LINE_AMOUNT, Fraction(685), Fraction(690))

    assert outcome(more) == Outcome.SAME
    assert outcome(more, a_rule(Measure.LINE_AMOUNT, absolute=4, unit="EUR")) == Outcome.ASK


@pytest.mark.parametrize(
    ("joined", "limit"), [(Joined.AND, Fraction("0.05")), (Joined.OR, Fraction("0.137"))]
)
def test_two_limits_hold_both_or_one_is_enough(joined, limit):
    assert allowed(Limit(Decimal("0.05"), Decimal(2), joined), Fraction("6.85")) == limit


def test_a_limit_that_is_not_set_takes_no_part_in_either():
    for joined in Joined:
        assert allowed(Limit(Decimal(5), None, joined), Fraction(100)) == 5
        assert allowed(Limit(None, Decimal(5), joined), Fraction(100)) == 5
        assert allowed(Limit(None, None, joined), Fraction(100)) is None


def test_the_edge_belongs_to_the_inside_to_the_last_digit():
    two_percent = a_rule(Measure.UNIT_PRICE, percent=2)

    assert outcome(price("6.85", "6.987"), two_percent) == Outcome.ACCEPT
    assert outcome(price("6.85", "6.987001"), two_percent) == Outcome.ASK
    # A third has no decimals, and its edge is as sharp: 10 for 3, and 10.20 for 3.
    assert outcome(price("10", "10.2", per=3), two_percent) == Outcome.ACCEPT
    assert outcome(price("10", "10.200001", per=3), two_percent) == Outcome.ASK


def test_a_percentage_of_nothing_is_nothing():
    free = price("0", "0.01")

    assert outcome(free, a_rule(Measure.UNIT_PRICE, percent=50)) == Outcome.ASK
    either = replace(
        a_rule(Measure.UNIT_PRICE, unit="EUR"), limit=Limit(Decimal("0.01"), Decimal(50), Joined.OR)
    )
    assert outcome(free, either) == Outcome.ACCEPT


def test_a_limit_in_euros_says_nothing_of_dollars():
    five_cents = a_rule(Measure.UNIT_PRICE, absolute="0.05", unit="EUR")

    assert outcome(price("6.85", "6.90"), five_cents) == Outcome.ACCEPT
    assert outcome(price("6.85", "6.90"), five_cents, subject=replace(VALVES, currency="USD")) == Outcome.ASK


def test_a_limit_in_pieces_says_nothing_of_metres():
    short = Measured(Measure.QUANTITY, Fraction(100), Fraction(98))
    two = a_rule(Measure.QUANTITY, absolute=2, unit="pcs", direction=Direction.UNDER)

    assert outcome(short, two) == Outcome.ACCEPT
    assert outcome(short, two, subject=replace(VALVES, unit="m")) == Outcome.ASK


def test_a_rule_lives_from_its_first_day_to_its_last():
    spring = a_rule(absolute=5, valid_from=date(2026, 3, 2), valid_to=date(2026, 5, 31))

    for day, said in (
        (date(2026, 3, 1), Outcome.ASK),
        (date(2026, 3, 2), Outcome.ACCEPT),
        (date(2026, 5, 31), Outcome.ACCEPT),
        (date(2026, 6, 1), Outcome.ASK),
    ):
        assert outcome(late(3), spring, subject=replace(VALVES, on=day)) == said


def test_what_happens_inside_and_outside_is_the_rules_to_say():
    rule = a_rule(absolute=5, inside=Inside.NOTIFY, outside=Outside.REFUSE)

    assert outcome(late(5), rule) == Outcome.NOTIFY
    assert outcome(late(6), rule) == Outcome.REFUSE


def test_two_rules_of_one_scope_make_steps():
    rules = (a_rule(absolute=5), a_rule(absolute=90, key="r2", outside=Outside.REFUSE))

    assert [outcome(late(days), *rules) for days in (5, 6, 90, 91)] == [
        Outcome.ACCEPT,
        Outcome.ASK,
        Outcome.ASK,
        Outcome.REFUSE,
    ]


def test_the_rule_that_decided_is_named_with_its_limit():
    rules = (a_rule(absolute=5, key="tight"), a_rule(absolute=10, key="wide"))
    book = Rulebook(rules)

    (inside,) = book.judge(VALVES, [late(3)]).checks
    (outside,) = book.judge(VALVES, [late(7)]).checks

    assert (inside.rule.key, inside.limit, inside.result) == ("tight", 5, Result.INSIDE)
    assert (outside.rule.key, outside.limit, outside.result) == ("tight", 5, Result.OUTSIDE)


def test_a_piece_is_judged_with_its_line():
    rules = (a_rule(absolute=5), a_rule(Measure.QUANTITY, absolute=0, direction=Direction.UNDER))
    whole = Measured(Measure.QUANTITY, Fraction(100), Fraction(100))
    short = Measured(Measure.QUANTITY, Fraction(100), Fraction(90))
    book = Rulebook(rules)

    two_days = book.judge(VALVES, [whole, late(2, piece=1), late(9, piece=2)])
    assert [two_days.outcome_of(piece) for piece in (1, 2, 3)] == [Outcome.ACCEPT, Outcome.ASK, Outcome.SAME]
    assert book.judge(VALVES, [short, late(2, piece=1)]).outcome_of(1) == Outcome.ASK


def test_one_charge_is_narrower_than_all_of_them():
    rules = (
        a_rule(Measure.CHARGE, absolute=10, unit="EUR", kind=DocumentKind.INVOICE),
        a_rule(Measure.CHARGE, absolute=50, unit="EUR", kind=DocumentKind.INVOICE, key="f", code="FREIGHT"),
    )
    invoice = replace(VALVES, kind=DocumentKind.INVOICE)
    freight = Measured(Measure.CHARGE, Fraction(0), Fraction(40), code="FREIGHT")
    pallets = Measured(Measure.CHARGE, Fraction(0), Fraction(40), code="PALLETS")

    assert outcome(freight, *rules, subject=invoice) == Outcome.ACCEPT
    assert outcome(pallets, *rules, subject=invoice) == Outcome.ASK


# --- for whom a rule is written -----------------------------------------------------------------------------

SCOPES = {
    Level.GLOBAL: Scope(),
    Level.SEGMENT: Scope(Level.SEGMENT, segment="core"),
    Level.SUPPLIER: Scope(Level.SUPPLIER, supplier="ACME"),
    Level.ITEM_GROUP: Scope(Level.ITEM_GROUP, item_group="valves"),
    Level.ITEM: Scope(Level.ITEM, item="VALVE-15"),
    Level.SUPPLIER_ITEM: Scope(Level.SUPPLIER_ITEM, supplier="ACME", item="VALVE-15"),
    Level.ORDER_LINE: Scope(Level.ORDER_LINE, order="4500000001", line="10"),
}


@pytest.mark.parametrize("narrow", list(Level))
def test_the_narrowest_scope_counts_and_the_others_are_silent(narrow):
    levels = list(Level)
    rules = [
        a_rule(absolute=3 if level is narrow else 0 if level in levels[: levels.index(narrow)] else 99)
        if level in levels[: levels.index(narrow) + 1]
        else None
        for level in levels
    ]
    scoped = [
        replace(rule, scope=SCOPES[level], key=level.value)
        for level, rule in zip(levels, rules, strict=True)
        if rule
    ]

    assert outcome(late(3), *scoped) == Outcome.ACCEPT
    assert outcome(late(4), *scoped) == Outcome.ASK


def test_every_level_names_what_it_needs():
    for level, scope in SCOPES.items():
        assert covers(scope, VALVES)
        for name in NAMED[level]:
            assert not covers(scope, replace(VALVES, **{name: "another"}))


# --- what may never depend on how rules were written (Hypothesis) -------------------------------------------

amounts = st.decimals(0, 1000, places=3)
limits = st.builds(Limit, st.none() | amounts, st.none() | amounts, st.sampled_from(Joined))
codes = {
    "segment": st.sampled_from(["core", "long_tail"]),
    "supplier": st.sampled_from(["ACME", "GLOBEX"]),
    "item_group": st.sampled_from(["valves", "cable"]),
    "item": st.sampled_from(["VALVE-15", "VALVE-25"]),
    "order": st.sampled_from(["4500000001", "4500000002"]),
    "line": st.sampled_from(["10", "20"]),
}
figures = st.fractions(0, 10_000, max_denominator=1000)


@st.composite
def scopes(draw):
    level = draw(st.sampled_from(Level))
    return Scope(level, **{name: draw(codes[name]) for name in NAMED[level]})


@st.composite
def rules(draw, **fixed):
    made = {
        "key": draw(st.uuids()).hex,
        "kind": DocumentKind.PROMISE,
        "measure": draw(st.sampled_from(MEASURES[DocumentKind.PROMISE])),
        "direction": draw(st.sampled_from(Direction)),
        "limit": draw(limits),
        "scope": draw(scopes()),
        "inside": draw(st.sampled_from(Inside)),
        "outside": draw(st.sampled_from(Outside)),
    }
    return Rule(**{**made, **fixed})


@st.composite
def subjects(draw):
    return replace(VALVES, **{name: draw(code) for name, code in codes.items()})


@st.composite
def measured_figures(draw):
    measure = draw(st.sampled_from(MEASURES[DocumentKind.PROMISE]))
    if measure is Measure.DATE:
        return late(draw(st.integers(-400, 400)))
    return Measured(measure, draw(figures), draw(figures))


books = st.lists(rules(), max_size=8)


@given(books, subjects(), st.lists(measured_figures(), max_size=4), st.randoms())
def test_the_order_of_rules_never_matters(book, subject, measured, random):
    mixed = list(book)
    random.shuffle(mixed)

    assert Rulebook(book).judge(subject, measured) == Rulebook(mixed).judge(subject, measured)


@given(books, rules(), subjects(), st.lists(measured_figures(), max_size=4))
def test_a_rule_for_others_changes_nothing_for_me(book, new, subject, measured):
    assume(not covers(new.scope, subject))

    assert Rulebook([*book, new]).judge(subject, measured) == Rulebook(book).judge(subject, measured)


@given(books, rules(), subjects(), measured_figures())
def test_a_rule_on_something_else_changes_nothing(book, new, subject, measured):
    assume(new.measure is not measured.measure)

    assert Rulebook([*book, new]).check(subject, measured) == Rulebook(book).check(subject, measured)


@given(books, subjects(), measured_figures(), st.data())
def test_one_more_rule_of_the_scope_that_counts_never_makes_it_milder(book, subject, measured, data):
    level = data.draw(st.sampled_from(Level))
    scope = Scope(level, **{name: getattr(subject, name) for name in NAMED[level]})
    mine = data.draw(rules(measure=measured.measure, direction=Direction.EITHER, scope=scope))
    new = data.draw(rules(measure=measured.measure, scope=scope))

    before = Rulebook([*book, mine]).check(subject, measured)
    after = Rulebook([*book, mine, new]).check(subject, measured)

    assert after.outcome >= before.outcome


@given(books, subjects(), measured_figures(), st.data())
def test_a_wider_limit_never_makes_it_stricter(book, subject, measured, data):
    assume(book)
    place = data.draw(st.integers(0, len(book) - 1))
    name = data.draw(st.sampled_from(["absolute", "percent"]))
    old = book[place]
    now = getattr(old.limit, name)
    assume(now is not None)
    wider = replace(old, limit=replace(old.limit, **{name: now + data.draw(amounts)}))
    widened = [*book[:place], wider, *book[place + 1 :]]

    before = Rulebook(book).check(subject, measured)
    after = Rulebook(widened).check(subject, measured)

    assert after.outcome <= before.outcome


@given(limits, figures, figures)
def test_more_and_less_are_mirrors(limit, expected, apart):
    def said(direction, actual):
        rule = a_rule(Measure.QUANTITY, direction=direction)
        book = Rulebook([replace(rule, limit=limit)])
        return book.check(VALVES, Measured(Measure.QUANTITY, expected, actual))

    more, less = said(Direction.OVER, expected + apart), said(Direction.UNDER, expected - apart)

    assert (more.outcome, more.result, more.limit) == (less.outcome, less.result, less.limit)


@given(limits, figures, st.fractions(0, 1, max_denominator=10**9))
def test_the_edge_is_inside_and_anything_beyond_it_is_outside(limit, expected, beyond):
    assume(limit.is_checked)
    edge = allowed(limit, expected)
    book = Rulebook([replace(a_rule(Measure.QUANTITY), limit=limit)])

    assert book.check(VALVES, Measured(Measure.QUANTITY, expected, expected + edge)).outcome <= Outcome.ACCEPT
    assume(beyond > 0)
    over = Measured(Measure.QUANTITY, expected, expected + edge + beyond)
    assert book.check(VALVES, over).outcome == Outcome.ASK


@given(books, subjects(), measured_figures())
def test_a_decision_can_be_written_down_and_read_again(book, subject, measured):
    check = Rulebook(book).check(subject, measured)

    assert check_from_json(check_to_json(check)) == check


@given(figures)
def test_a_number_as_text_is_the_same_number(amount):
    assert Fraction(number_text(amount)) == amount


# --- what can be written ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "fault"),
    [
        (a_rule(percent=5), ("percent", "no_percent")),
        (a_rule(absolute="1.5"), ("absolute", "whole")),
        (a_rule(absolute=-1), ("absolute", "below_zero")),
        (a_rule(Measure.UNIT_PRICE, absolute="0.05"), ("unit", "no_unit")),
        (a_rule(Measure.UNIT_PRICE, percent=2, unit="EUR"), ("unit", "unit_for_nothing")),
        (a_rule(Measure.TAX, absolute=0), ("measure", "not_of_this_paper")),
        (a_rule(absolute=1, code="FREIGHT"), ("code", "code_for_nothing")),
        (a_rule(absolute=1, scope=Scope(Level.SUPPLIER)), ("supplier", "name_it")),
        (a_rule(absolute=1, scope=Scope(Level.GLOBAL, item="X")), ("level", "names_too_much")),
        (a_rule(Measure.DOCUMENT_AMOUNT, percent=1, scope=SCOPES[Level.ITEM]), ("level", "wider_please")),
        (
            a_rule(absolute=1, valid_from=date(2026, 2, 1), valid_to=date(2026, 1, 1)),
            ("valid_to", "ends_before"),
        ),
    ],
)
def test_what_cannot_be_meant_is_told_at_its_field(rule, fault):
    assert fault in faults_of(rule)


def test_a_plain_rule_has_no_fault():
    assert faults_of(a_rule(absolute=5)) == []
    assert faults_of(a_rule()) == []
    assert faults_of(a_rule(Measure.UNIT_PRICE, absolute=0, percent=2)) == []


def test_the_engine_knows_no_framework():
    for module in (messages, policies):
        assert "django" not in Path(module.__file__).read_text().lower()
