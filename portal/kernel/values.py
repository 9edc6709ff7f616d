"""Values of the trade: exact, comparable, and free of any framework.

Money and quantities are decimals with a currency or a unit beside them; binary floating point never enters.
Rounding is half up (commercial rounding), stated here once.
"""

import re
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from uuid import UUID

# ISO 4217 minor units that are not two.
MINOR_UNITS = {
    "BHD": 3,
    "CLP": 0,
    "ISK": 0,
    "JOD": 3,
    "JPY": 0,
    "KRW": 0,
    "KWD": 3,
    "OMR": 3,
    "TND": 3,
    "VND": 0,
}


class Unreadable(ValueError):
    """What was typed cannot be read as a number or a date without guessing. The message names the way out."""


def minor_units(currency: str) -> int:
    """How many decimals an amount in this currency has (ISO 4217)."""
    return MINOR_UNITS.get(currency, 2)


def rounded(amount: Decimal, decimals: int) -> Decimal:
    """The amount with so many decimals, half up."""
    return amount.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)


def decimals_of(amount: Decimal) -> int:
    """How many decimals the amount really uses: 2.50 uses one, 300 none."""
    exponent = amount.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


@dataclass(frozen=True, slots=True)
class UnitOfMeasure:
    """A unit and the decimals a quantity in it may have: pieces none, metres perhaps two."""

    code: str
    decimals: int = 0

    def fits(self, amount: Decimal) -> bool:
        return decimals_of(amount) <= self.decimals


@dataclass(frozen=True, slots=True)
class Quantity:
    """So much of a unit. Quantities of different units are never added."""

    amount: Decimal
    unit: str

    def __add__(self, other: "Quantity") -> "Quantity":
        self._same_unit(other)
        return Quantity(self.amount + other.amount, self.unit)

    def __sub__(self, other: "Quantity") -> "Quantity":
        self._same_unit(other)
        return Quantity(self.amount - other.amount, self.unit)

    def _same_unit(self, other: "Quantity") -> None:
        if self.unit != other.unit:
            raise ValueError(f"{self.unit} and {other.unit} cannot be added")


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in a currency."""

    amount: Decimal
    currency: str

    def rounded(self) -> "Money":
        return Money(rounded(self.amount, minor_units(self.currency)), self.currency)

    def __add__(self, other: "Money") -> "Money":
        if self.currency != other.currency:
            raise ValueError(f"{self.currency} and {other.currency} cannot be added")
        return Money(self.amount + other.amount, self.currency)


def line_amount(quantity: Decimal, price: Decimal, price_per: Decimal, currency: str) -> Decimal:
    """What so many units cost at a price for `price_per` units, rounded to the currency."""
    return rounded(quantity * price / price_per, minor_units(currency))


def read_decimal(text: str, language: str = "en") -> Decimal:
    """The number a person typed, read the way that person writes numbers.

    German writes 1.234,5 and English 1,234.5. A single separator that cannot group thousands is a decimal
    sign in either language, so 6.85 and 6,85 are both clear; 1.234 follows the reader's language.
    Raises `Unreadable`.
    """
    raw = re.sub(r"[\s']", "", text).replace("−", "-")
    group, point = (".", ",") if language.startswith(("de", "es", "fr", "pt")) else (",", ".")
    if re.fullmatch(rf"[+-]?\d{{1,3}}(\{group}\d{{3}})+(\{point}\d+)?", raw):
        raw = raw.replace(group, "").replace(point, ".")
    elif re.fullmatch(r"[+-]?(?:\d+|\d*[.,]\d+)", raw):
        raw = raw.replace(",", ".")
    else:
        raise Unreadable(text)
    try:
        return Decimal(raw)
    except InvalidOperation as error:
        raise Unreadable(text) from error


_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january januar",
            "feb february februar",
            "mar march mär märz mrz",
            "apr april",
            "may mai",
            "jun june juni",
            "jul july juli",
            "aug august",
            "sep sept september",
            "oct october okt oktober",
            "nov november",
            "dec december dez dezember",
        ),
        start=1,
    )
    for name in names.split()
}


def is_plausible(day: date) -> bool:
    """Whether a paper can mean this day: one of the years 2000 to 2199.

    A slip of the keys (0206, 20266) lies outside, and from any day inside, days of travel can be added and taken off.
    """
    return date(2000, 1, 1) <= day <= date(2199, 12, 31)


def read_key(text: str) -> UUID | None:
    """The key that a text is; None for any other."""
    try:
        return UUID(text)
    except ValueError:
        return None


def read_date(text: str) -> date:
    """The day a person typed or pasted: 2026-03-12, 12.03.2026, 12.3.26, 12 Mar 2026, or 12/03/2026 where it is clear.

    With slashes, 03/04/2026 is a different day on two sides of the Atlantic: it is refused, never guessed. So is a
    day that no paper can mean. Raises `Unreadable`.
    """
    day = _any_date(text)
    if not is_plausible(day):
        raise Unreadable(text)
    return day


def _any_date(text: str) -> date:
    raw = text.strip()
    try:
        if match := re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]00:00(?::00)?)?", raw):
            return date(*(int(part) for part in match.groups()[:3]))
        if match := re.fullmatch(r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4}|\d{2})", raw):
            day, month, year = (int(part) for part in match.groups())
            return date(year if len(match[3]) == 4 else 2000 + year, month, day)
        if match := re.fullmatch(r"(\d{1,2})\.?\s+([^\W\d]+)\.?,?\s+(\d{4})", raw):
            return date(int(match[3]), _MONTHS[match[2].lower()], int(match[1]))
        if match := re.fullmatch(r"([^\W\d]+)\.?\s+(\d{1,2}),?\s+(\d{4})", raw):
            return date(int(match[3]), _MONTHS[match[1].lower()], int(match[2]))
        if match := re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", raw):
            first, second, year = (int(part) for part in match.groups())
            if first == second or second > 12:
                return date(year, first, second)
            if first > 12:
                return date(year, second, first)
    except (ValueError, KeyError) as error:
        raise Unreadable(text) from error
    raise Unreadable(text)
