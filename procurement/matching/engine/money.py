"""Rounding of money, stated once: half away from zero to the currency's minor unit (ROUND_HALF_UP of decimals)."""

from fractions import Fraction
from math import floor

from portal.kernel.values import minor_units

HALF = Fraction(1, 2)


def minor_unit(currency: str) -> Fraction:
    """The smallest amount of a currency: a cent of a euro, a yen."""
    return Fraction(1, 10 ** minor_units(currency))


def round_money(amount: Fraction, currency: str) -> Fraction:
    """An exact amount as money of this currency."""
    scale = 10 ** minor_units(currency)
    size = Fraction(floor(abs(amount) * scale + HALF), scale)
    return size if amount >= 0 else -size


def within_rounding(said: Fraction, expected: Fraction, currency: str) -> bool:
    """Whether a sum that somebody else worked out is the same: a minor unit apart is rounding, more is another sum."""
    return abs(said - round_money(expected, currency)) <= minor_unit(currency)
