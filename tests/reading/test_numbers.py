"""Numbers and units as people write them."""

from decimal import Decimal

import pytest

from procurement.reading.numbers import read_number
from procurement.reading.units import canonical_unit, is_same_unit


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1,000", 1000),
        ("1,234,567", 1234567),
        ("1.5", "1.5"),
        ("1.5k", 1500),
        ("2k", 2000),
        ("1 000", 1000),
        ("1'000", 1000),
        ("1,00,000", None),
        ("12", 12),
        ("twelve", 12),
        ("1,234.50", "1234.50"),
    ],
)
def test_where_the_point_is_decimal(written, value):
    found = read_number(written, decimal_comma=False)

    assert found[:1] == ([] if value is None else [Decimal(value)])


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1.000", 1000),
        ("1.234,50", "1234.50"),
        ("3,5", "3.5"),
        ("8 Tsd.", 8000),
        ("1'000", 1000),
        ("zwölf", 12),
    ],
)
def test_where_the_comma_is_decimal(written, value):
    assert read_number(written, decimal_comma=True)[0] == Decimal(value)


def test_both_readings_are_kept_where_the_order_must_tell():
    assert read_number("1.000", decimal_comma=False) == [Decimal(1), Decimal(1000)]
    assert read_number("1,000", decimal_comma=True) == [Decimal(1), Decimal(1000)]


@pytest.mark.parametrize("written", ["", "1..2", "1,2,3", "9" * 30, "a", "1,00,00"])
def test_what_is_no_number(written):
    assert read_number(written, decimal_comma=False) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("pcs", "EA"),
        ("Stk.", "ST"),
        ("Stück", "each"),
        ("uds", "PCE"),
        ("mtr", "M"),
        ("Rollen", "ROL"),
        ("Satz", "sets"),
    ],
)
def test_one_unit_in_many_spellings(one, other):
    assert is_same_unit(one, other)


def test_different_units_stay_different():
    assert not is_same_unit("kg", "pcs")
    assert canonical_unit("Furlong") == "FURLONG"
