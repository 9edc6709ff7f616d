"""GS1 element strings: exactly as a scanner gives them, and read back to what was meant."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procurement.labels.code128 import FNC1, module_count
from procurement.labels.elements import (
    IDENTIFIERS,
    BadElement,
    Element,
    count_element,
    day_element,
    day_of,
    element_string,
    human_readable,
    key_element,
    measure_element,
    measure_of,
    read_elements,
    split_over_symbols,
    symbol_of,
)
from procurement.labels.numbers import check_digit

TEXT_SIGNS = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
digits = st.text("0123456789")


@st.composite
def elements(draw: st.DrawFn) -> Element:
    meaning = IDENTIFIERS[draw(st.sampled_from(sorted(IDENTIFIERS)))]
    length = draw(st.integers(meaning.shortest, meaning.longest))
    if meaning.kind == "text":
        return Element(meaning.ai, draw(st.text(TEXT_SIGNS, min_size=length, max_size=length)))
    if meaning.kind == "day":
        return day_element(meaning.ai, draw(st.dates(date(2000, 1, 1), date(2099, 12, 31))))
    body = draw(st.text("0123456789", min_size=length, max_size=length))
    return Element(meaning.ai, body[:-1] + check_digit(body[:-1]) if meaning.kind == "key" else body)


@given(st.lists(elements(), min_size=1, max_size=6))
def test_what_is_written_is_read_back(written):
    scanned = element_string(written)

    assert read_elements(scanned) == tuple(written)
    assert read_elements("]C1" + scanned) == tuple(written)
    assert read_elements(FNC1 + scanned) == tuple(written)


@given(st.lists(elements(), min_size=1, max_size=6))
def test_every_element_comes_on_exactly_one_symbol_within_the_limits(given_elements):
    symbols = split_over_symbols(given_elements, modules=600)

    assert sorted((one for symbol in symbols for one in symbol), key=repr) == sorted(given_elements, key=repr)
    assert all(len(element_string(symbol)) <= 48 for symbol in symbols)
    assert all(module_count(symbol_of(symbol)) <= 600 for symbol in symbols)


def test_fnc1_ends_only_what_has_no_fixed_length_and_is_not_the_last():
    said = [key_element("02", "4012345678901"), count_element("37", 24), Element("10", "LOT-7A")]

    assert element_string(said) == f"02040123456789013724{FNC1}10LOT-7A"
    assert human_readable(said) == "(02)04012345678901(37)24(10)LOT-7A"


def test_a_weight_says_where_its_decimal_point_is():
    assert measure_element("330", Decimal("18.40")) == Element("3301", "000184")
    assert measure_element("310", Decimal(1200)) == Element("3100", "001200")
    assert measure_of(Element("3103", "001250")) == Decimal("1.250")


@given(st.decimals(min_value=0, max_value=9, places=5))
def test_a_measure_is_exact(amount):
    assert measure_of(measure_element("330", amount)) == amount


@pytest.mark.parametrize(
    "amount", [Decimal("1000000"), Decimal("0.000001"), Decimal("12345.67"), Decimal(-1)]
)
def test_a_measure_that_six_digits_cannot_hold_is_refused_and_never_rounded(amount):
    with pytest.raises(BadElement, match="six digits"):
        measure_element("330", amount)


@pytest.mark.parametrize(
    ("data", "today", "meant"),
    [
        ("310331", date(2026, 11, 28), date(2031, 3, 31)),
        ("310300", date(2026, 11, 28), date(2031, 3, 31)),
        ("280200", date(2026, 11, 28), date(2028, 2, 29)),
        ("760101", date(2026, 1, 1), date(2076, 1, 1)),
        ("770101", date(2026, 1, 1), date(1977, 1, 1)),
        ("100101", date(2060, 1, 1), date(2110, 1, 1)),
        ("110101", date(2060, 1, 1), date(2011, 1, 1)),
    ],
)
def test_the_century_of_a_date_is_the_nearer_one(data, today, meant):
    assert day_of(Element("17", data), today=today) == meant


def test_a_leap_day_of_a_century_without_one_is_refused():
    with pytest.raises(BadElement, match="2100"):
        day_of(Element("17", "000229"), today=date(2060, 1, 1))


@pytest.mark.parametrize(
    ("ai", "data", "reason"),
    [
        ("10", "", "1–20 characters"),
        ("10", "L" * 21, "not the 21"),
        ("10", "LOT 7", "no space"),
        ("10", "LÖT", "no accent"),
        ("10", "A^B", "common signs"),
        ("10", f"A{FNC1}B", "common signs"),
        ("17", "311301", "YYMMDD"),
        ("17", "310230", "YYMMDD"),
        ("00", "340123450000000078", "check digit"),
        ("37", "2x", "only digits"),
        ("422", "DE1", "ISO 3166-1"),
        ("99", "X", "“99” is not one"),
    ],
)
def test_what_no_barcode_can_say_is_refused_with_the_rule(ai, data, reason):
    with pytest.raises(BadElement, match=reason):
        Element(ai, data)


@pytest.mark.parametrize("scanned", ["", "]C1", "99ABC", "0012", "10", f"10{FNC1}37"])
def test_a_barcode_that_makes_no_sense_is_refused(scanned):
    with pytest.raises(BadElement):
        read_elements(scanned)


def test_a_needless_fnc1_behind_a_fixed_length_is_allowed():
    assert read_elements(f"00340123450000000079{FNC1}37{'5'}") == (
        Element("00", "340123450000000079"),
        Element("37", "5"),
    )


def test_what_is_too_long_for_one_symbol_goes_on_a_second_and_no_further():
    said = [
        Element("400", "4500012345-ABCDEFGH"),
        key_element("02", "4012345678901"),
        Element("10", "LOT-7A"),
    ]

    symbols = split_over_symbols(said, modules=260)

    assert [human_readable(symbol) for symbol in symbols] == [
        "(02)04012345678901(10)LOT-7A",
        "(400)4500012345-ABCDEFGH",
    ]
    with pytest.raises(BadElement, match="larger label"):
        split_over_symbols(said, modules=100)
