"""Numbers and days as people write them; money and quantities as the trade counts them."""

import uuid
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.kernel.values import (
    Money,
    Quantity,
    UnitOfMeasure,
    Unreadable,
    decimals_of,
    line_amount,
    minor_units,
    read_date,
    read_decimal,
    read_key,
    rounded,
)


@pytest.mark.parametrize(
    ("text", "language", "number"),
    [
        ("1234.5", "en", "1234.5"),
        ("1,234.5", "en", "1234.5"),
        ("1.234,5", "de", "1234.5"),
        ("1.234", "de", "1234"),
        ("1.234", "en", "1.234"),
        ("1,234", "en", "1234"),
        ("1,234", "de", "1.234"),
        ("6.85", "de", "6.85"),
        ("6,85", "en", "6.85"),
        ("1 234,5", "de", "1234.5"),
        ("1'234.5", "en", "1234.5"),
        ("−5", "en", "-5"),
        (" 300 ", "en", "300"),
        (".5", "en", "0.5"),
    ],
)
def test_numbers_are_read_as_their_writer_writes_them(text, language, number):
    assert read_decimal(text, language) == Decimal(number)


@pytest.mark.parametrize(
    "text", ["", "abc", "1,2,3", "1.2.3", "1,23.4", "12-5", "1e5", "NaN", "Infinity", "٣x"]
)
def test_what_cannot_be_read_is_not_guessed(text):
    with pytest.raises(Unreadable):
        read_decimal(text)


@given(st.decimals(min_value=0, max_value=10**9, places=3))
def test_a_number_written_with_groups_reads_back_in_both_languages(number):
    english = f"{number:,.3f}"
    german = english.translate(str.maketrans(",.", ".,"))

    assert read_decimal(english, "en") == number
    assert read_decimal(german, "de") == number


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-12",
        "2026-03-12 00:00:00",
        "12.03.2026",
        "12.3.26",
        "12. 3. 2026",
        "12 Mar 2026",
        "12 March 2026",
        "Mar 12, 2026",
        "12. März 2026",
    ],
)
def test_days_are_read_in_every_clear_form(text):
    assert read_date(text) == date(2026, 3, 12)


def test_slashes_are_read_only_where_they_are_clear():
    assert read_date("13/03/2026") == date(2026, 3, 13)
    assert read_date("03/13/2026") == date(2026, 3, 13)
    assert read_date("03/03/2026") == date(2026, 3, 3)
    with pytest.raises(Unreadable):
        read_date("03/04/2026")


@pytest.mark.parametrize(
    "text", ["", "tomorrow", "2026-02-30", "31.04.2026", "12 Foo 2026", "31.2.27", "20260312"]
)
def test_days_that_do_not_exist_or_are_unclear_are_refused(text):
    with pytest.raises(Unreadable):
        read_date(text)


@pytest.mark.parametrize(
    "text", ["1999-12-31", "2200-01-01", "9999-12-31", "0001-01-02", "12.03.0206", "12 Mar 9026"]
)
def test_days_that_no_paper_can_mean_are_refused(text):
    with pytest.raises(Unreadable):
        read_date(text)


@given(st.dates(min_value=date(2000, 1, 1), max_value=date(2199, 12, 31)))
def test_iso_days_read_back(day):
    assert read_date(day.isoformat()) == day
    assert read_date(f"{day:%d.%m.%Y}") == day


def test_money_is_rounded_half_up_to_its_currency():
    assert Money(Decimal("2.345"), "EUR").rounded() == Money(Decimal("2.35"), "EUR")
    assert Money(Decimal("2.5"), "JPY").rounded() == Money(Decimal(3), "JPY")
    assert Money(Decimal("1.2345"), "KWD").rounded() == Money(Decimal("1.235"), "KWD")
    assert [minor_units(code) for code in ("EUR", "JPY", "KWD")] == [2, 0, 3]


def test_a_price_for_a_hundred_is_counted_for_a_hundred():
    assert line_amount(Decimal(250), Decimal("12.34"), Decimal(100), "EUR") == Decimal("30.85")


def test_different_units_and_currencies_are_never_added():
    assert Quantity(Decimal(3), "pcs") + Quantity(Decimal(4), "pcs") == Quantity(Decimal(7), "pcs")
    assert Quantity(Decimal(3), "pcs") - Quantity(Decimal(4), "pcs") == Quantity(Decimal(-1), "pcs")
    with pytest.raises(ValueError, match="cannot be added"):
        Quantity(Decimal(3), "pcs") + Quantity(Decimal(4), "m")
    with pytest.raises(ValueError, match="cannot be added"):
        Money(Decimal(3), "EUR") + Money(Decimal(4), "USD")


def test_a_unit_knows_its_decimals():
    assert UnitOfMeasure("pcs").fits(Decimal("3.000"))
    assert not UnitOfMeasure("pcs").fits(Decimal("3.5"))
    assert UnitOfMeasure("m", 2).fits(Decimal("3.25"))
    assert [decimals_of(Decimal(text)) for text in ("2.50", "300", "1E+2", "0.001")] == [1, 0, 0, 3]
    assert rounded(Decimal("2.5"), 0) == Decimal(3)


@pytest.mark.parametrize("text", ["", "1", "not-a-key", "6f0d1f7e-0000-0000-0000-00000000000g"])
def test_what_is_no_key_is_none(text):
    assert read_key(text) is None


def test_a_key_is_read_however_it_is_written():
    key = uuid.UUID("6f0d1f7e-1b1c-4d6e-9a67-0f2b8f8f9c11")
    assert [read_key(one) for one in (str(key), str(key).upper(), key.hex)] == [key, key, key]
