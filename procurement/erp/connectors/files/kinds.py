"""What may stand in a cell: one small reader per kind of value. Nothing is guessed; what could be read in
two ways is refused."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.core.validators import validate_email


@dataclass(frozen=True, slots=True)
class BadCell(Exception):
    """A cell that cannot be read, by the rule it breaks."""

    rule: str
    facts: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """A kind of value: how it is described in the documentation and how a cell that is not empty is read."""

    describes: str
    read: Callable[[str], object]
    when_missing: str = "missing"


# Words and days that people and programs put where they have no date. A day such as 9999-12-31 is one of
# them: taken as a date it would make every order late, or never late.
PLACEHOLDER_DAYS = frozenset(
    {"0000-00-00", "0001-01-01", "1900-01-01", "1970-01-01", "2099-12-31", "9999-12-31"}
)
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_NUMBER = re.compile(r"-?\d{1,12}(\.\d{1,6}0*)?", re.ASCII)
_LONG_NUMBER = re.compile(r"-?\d+(\.\d+)?", re.ASCII)
_COMMA_NUMBER = re.compile(r"-?[\d.' ]*,[\d,.' ]*", re.ASCII)
_WHOLE = re.compile(r"\d{1,9}", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u2028\u2029]")
_LINE_END = re.compile(r"[\r\n\t]")
_UNDECODABLE = re.compile("[\udc80-\udcff]")
YES_NO = {"yes": True, "no": False, "true": True, "false": False, "1": True, "0": False}


def read_date(text: str) -> date:
    """A day as YYYY-MM-DD."""
    if text in PLACEHOLDER_DAYS or not any(letter.isdigit() for letter in text) or " - " in text:
        raise BadCell("placeholder_date")
    if not _ISO_DATE.fullmatch(text):
        raise BadCell("not_iso_date")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadCell("no_such_date") from None


def read_moment(text: str) -> datetime:
    """A moment with its zone, turned into UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadCell("not_a_moment") from None
    if moment.tzinfo is None:
        raise BadCell("not_a_moment")
    return moment.astimezone(UTC)


def read_decimal(text: str) -> Decimal:
    """An exact number with a decimal point."""
    if _NUMBER.fullmatch(text):
        return Decimal(text)
    if _LONG_NUMBER.fullmatch(text):
        raise BadCell("too_many_digits")
    if _COMMA_NUMBER.fullmatch(text):
        raise BadCell("decimal_comma")
    raise BadCell("not_a_number" if any(letter.isdigit() for letter in text) else "placeholder_number")


def read_amount(text: str) -> Decimal:
    """A number that is not below zero."""
    number = read_decimal(text)
    if number < 0:
        raise BadCell("too_small", {"minimum": 0})
    return number


def read_positive(text: str) -> Decimal:
    """A number above zero."""
    number = read_decimal(text)
    if number <= 0:
        raise BadCell("must_be_positive")
    return number


def whole_up_to(limit: int) -> Kind:
    """A whole number from zero to a limit."""

    def read(text: str) -> int:
        if not _WHOLE.fullmatch(text):
            raise BadCell("not_a_whole_number")
        if int(text) > limit:
            raise BadCell("too_large", {"maximum": limit})
        return int(text)

    return Kind(f"whole number, at most {limit}", read)


@cache
def _time_zones() -> set[str]:
    return available_timezones()


def read_time_zone(text: str) -> str:
    """A time zone by its name in the tz database."""
    if text not in _time_zones():
        raise BadCell("not_a_code", {"expected": "a name such as Europe/Berlin"})
    return text


def read_email(text: str) -> str:
    """A mail address."""
    try:
        validate_email(text)
    except ValidationError:
        raise BadCell("not_a_code", {"expected": "a mail address"}) from None
    return text


def read_yes_no(text: str) -> bool:
    """Yes or no."""
    try:
        return YES_NO[text.lower()]
    except KeyError:
        raise BadCell("not_a_choice", {"choices": "yes, no"}) from None


def text_up_to(limit: int, *, lines: bool = False) -> Kind:
    """Text of at most so many characters, on one line or on several. A text that looks like a formula is a
    text."""

    def read(text: str) -> str:
        if len(text) > limit:
            raise BadCell("too_long", {"length": len(text), "limit": limit})
        if _CONTROL.search(text) or (not lines and _LINE_END.search(text)):
            raise BadCell("control_character")
        if _UNDECODABLE.search(text):
            raise BadCell("not_utf8")
        return text

    return Kind(f"text, up to {limit} characters" + (", line ends allowed" if lines else ""), read)


def pattern(expression: str, describes: str) -> Kind:
    """A code of a known shape."""
    compiled = re.compile(expression, re.ASCII)

    def read(text: str) -> str:
        if not compiled.fullmatch(text):
            raise BadCell("not_a_code", {"expected": describes})
        return text

    return Kind(describes, read)


def one_of(*choices: str) -> Kind:
    """One of a few words."""

    def read(text: str) -> str:
        if text not in choices:
            raise BadCell("not_a_choice", {"choices": ", ".join(choices)})
        return text

    return Kind("one of: " + ", ".join(choices), read)


DATE = Kind("date, YYYY-MM-DD", read_date)
MOMENT = Kind("moment with time zone, 2026-03-12T14:05:00Z", read_moment)
QUANTITY = Kind("quantity, decimal point, not below zero", read_amount, "missing_quantity")
MORE_THAN_NOTHING = Kind("quantity, decimal point, more than zero", read_positive, "missing_quantity")
PRICE = Kind("price, decimal point, not below zero", read_amount)
SIGNED = Kind("number, decimal point; below zero where it goes the other way", read_decimal)
PER = Kind("number, decimal point, more than zero", read_positive)
DAYS = whole_up_to(3650)
LINE_NUMBER = whole_up_to(999_999_999)
YES_OR_NO = Kind("yes or no (also true/false, 1/0)", read_yes_no)
CODE = text_up_to(60)
SHORT = text_up_to(200)
LONG = text_up_to(4000, lines=True)
TIME_ZONE = Kind("time zone name, Europe/Berlin", read_time_zone)
EMAIL = Kind("mail address", read_email)
CURRENCY = pattern("[A-Z]{3}", "three capital letters (ISO 4217)")
COUNTRY = pattern("[A-Z]{2}", "two capital letters (ISO 3166)")
LANGUAGE = pattern("[a-z]{2,3}(-[A-Za-z]{2,4})?", "language tag such as de")
GTIN = pattern(r"\d{8}|\d{12,14}", "8, 12, 13 or 14 digits")
GLN = pattern(r"\d{13}", "13 digits")
