"""Expressions are read by us alone: what is on the list counts exactly, anything else is refused with a sentence."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procurement.inbox.policies.expressions import LARGEST, BadExpression, read_expression

NAMES = ("days_late", "value")
FIGURES = {"days_late": Decimal(8), "value": Decimal("7068.10")}


def value(text: str) -> Decimal:
    return read_expression(text, NAMES).value(FIGURES)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.1 + 0.2", "0.3"),
        ("min(10, value / 1000)", "7.06810"),
        ("max(2, days_late, 3) * 2", "16"),
        ("abs(-days_late)", "8"),
        ("40 if days_late > 5 else 0", "40"),
        ("1 if 3 < days_late <= 8 and not value < 1 else 2", "1"),
        ("(days_late == 8) + (days_late != 8)", "1"),
        ("days_late > 99 or value > 1", "1"),
        ("value / 0", "0"),
        ("0.12345678901234567890", "0.12345678901234567890"),
        ("1_000", "1000"),
        ("--3", "3"),
    ],
)
def test_what_is_on_the_list_counts_exactly(text, expected):
    assert value(text) == Decimal(expected)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "1 +",
        "__import__('os')",
        "value.real",
        "value[0]",
        "(lambda: 1)()",
        "[1, 2]",
        "{1}",
        "'a'",
        "b'a'",
        "True",
        "None",
        "...",
        "2 ** 9",
        "7 // 2",
        "7 % 2",
        "1 << 9",
        "~1",
        "1j",
        "0x10",
        "1e400",
        "9" * 30,
        "sum(1, 2)",
        "min(1)",
        "min(*value)",
        "min(1, 2, key=abs)",
        "abs(1, 2)",
        "min",
        "max + 1",
        "stock",
        "value := 3",
        "[x for x in (1, 2)]",
        "f'{value}'",
        "value in (1, 2)",
        "value is 3",
        "1; 2",
        "1\n2",
        "(" * 20 + "1" + ")" * 20 + "+" + "-" * 30 + "1",
        "1" + "+1" * 130,
        "x" * 500,
        "(" * 300,
        "yield 1",
        "await value",
    ],
)
def test_anything_else_is_refused_with_a_sentence(text):
    with pytest.raises(BadExpression) as refused:
        read_expression(text, NAMES)

    assert str(refused.value).endswith((".", "?"))


def test_what_it_needs_is_known():
    assert read_expression("1 if value > 3 else 0", NAMES).names == {"value"}


@given(st.text(max_size=60))
def test_no_text_does_more_than_be_read_or_refused(text):
    try:
        found = read_expression(text, NAMES).value(FIGURES)
    except BadExpression:
        return
    assert -LARGEST <= found <= LARGEST


LEAVES = st.one_of(st.decimals(min_value=0, max_value=10**6, places=3).map(str), st.sampled_from(NAMES))
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda one: f"({one[0]} {one[1]} {one[2]})"),
        st.tuples(inner, inner).map(lambda one: f"min({one[0]}, {one[1]})"),
        st.tuples(inner, inner, inner).map(lambda one: f"({one[0]} if {one[1]} > {one[2]} else {one[1]})"),
    ),
    max_leaves=12,
)


@given(TREES)
def test_whatever_is_built_from_the_list_comes_to_a_figure_within_bounds(text):
    try:
        expression = read_expression(text, NAMES)
    except BadExpression:
        assert len(text) > 400 or text.count("(") > 8
        return

    found = expression.value(FIGURES)

    assert found.is_finite()
    assert abs(found) <= LARGEST
    assert expression.value(FIGURES) == found


def test_what_grows_beyond_all_numbers_is_the_largest_one():
    """Divided by next to nothing: a formula like that once stopped every review."""
    assert read_expression("value / 1e-999999", ["value"]).value({"value": LARGEST}) == LARGEST
    assert read_expression("0 - 1e12 / 1e-999999", []).value({}) == -LARGEST
