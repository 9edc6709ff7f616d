"""What stands on the pages of an invoice's PDF, held against its data. Pure.

Note [Pictures and data]: the data are what counts; the picture is what a person looks at. A text taken from a PDF has
no order that one can rely on, so this says what was found in it, what was not, and what stands there instead where its
own words say what it is ("Amount due 1,234.00"). It warns and never stops: a picture may be laid out as nobody foresaw.

Note [Bounded]: a text is written by whoever made the PDF, and read whenever its invoice is shown. It may say a word as
often as it has room and name a figure each time, so of each word only so many mentions are looked at, and beside each
only so much. What is done to a text is in proportion to its length, which `procurement.einvoices.pages` limits.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from itertools import chain, islice
from typing import Any

from django.utils.translation import gettext as _

from portal.kernel.templatetags.portal_ui import day_text, figure
from portal.kernel.values import Unreadable, decimals_of, is_plausible, minor_units, read_date
from procurement.einvoices.pages import BROKEN, ENCRYPTED, NO_TEXT, READ, TOO_MUCH
from procurement.findings.policies import Finding, Grade
from procurement.invoices.policies.numbers import number_key

STATES = (READ, NO_TEXT, ENCRYPTED, BROKEN, TOO_MUCH)
FACTS = ("number", "day", "total", "currency", "tax_id", "order")
FIELD = "files"
MOST_ORDERS_NAMED = 5
MOST_MENTIONS = 50  # of a word: half of them the first, half the last
WIDEST = 300  # characters beside a word or below it
MOST_BESIDE = 5  # figures


class Outcome(StrEnum):
    """What came of looking for something: it is there, it is not, or something else is in its place."""

    FOUND = "found"
    NOT_FOUND = "not_found"
    DIFFERS = "differs"


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that the data say, and whether the picture does.

    `name` is number, day, total, currency, tax_id or order; with `carried` it was looked for in the electronic invoice
    inside the PDF. Days are ISO 8601, amounts plain decimals. `said` is what stands there instead.
    """

    name: str
    expected: str
    outcome: Outcome
    said: str = ""
    carried: bool = False


@dataclass(frozen=True, slots=True)
class Data:
    """What the data of an invoice say that its picture should say too; what they do not say is empty."""

    number: str = ""
    day: date | None = None
    total: Decimal = Decimal(0)
    currency: str = ""
    tax_id: str = ""
    orders: Sequence[str] = ()


def hold_against(reading: Mapping[str, Any], data: Data) -> list[Fact]:
    """What a reading of a PDF (`procurement.einvoices.pictures`) says of the data: of each thing once."""
    found: list[Fact] = []
    if reading.get("state") == READ:
        text = str(reading.get("text", ""))
        found += _written(text, data)
        found += [_total(text, data), _currency(text, data)]
    return [*found, *_carried(reading.get("carried") or {}, data)]


# --- numbers and words --------------------------------------------------------------------------------------


def _written(text: str, data: Data) -> Iterator[Fact]:
    folded = text.casefold()
    if data.number:
        yield Fact("number", data.number, _there(data.number, folded))
    if data.day:
        yield _day(text, data.day)
    if data.tax_id:
        yield Fact("tax_id", data.tax_id, _there(data.tax_id, folded))
    for order in data.orders:
        yield Fact("order", order, _there(order, folded))


def _there(word: str, folded: str) -> Outcome:
    """Whether a number stands in a folded text, however set: `DE 123-456` is `DE123456`, but `42` is not in `420`."""
    signs = [sign for sign in word.casefold() if sign.isalnum()]
    if not signs:
        return Outcome.NOT_FOUND
    before = r"(?<!\d)" if signs[0].isdigit() else r"(?<![^\W\d_])"
    after = r"(?!\d)" if signs[-1].isdigit() else r"(?![^\W\d_])"
    pattern = before + r"[\W_]{0,2}".join(map(re.escape, signs)) + after
    return Outcome.FOUND if re.search(pattern, folded) else Outcome.NOT_FOUND


# --- days ---------------------------------------------------------------------------------------------------

_YEAR_FIRST = re.compile(r"(?<!\d)(\d{4})\s?[-/.]\s?(\d{1,2})\s?[-/.]\s?(\d{1,2})(?!\d)")
_YEAR_LAST = re.compile(r"(?<!\d)(\d{1,2})\s?[-/.]\s?(\d{1,2})\s?[-/.]\s?(\d{4}|\d{2})(?!\d)")
_DAY_IN_WORDS = re.compile(
    r"(?<!\d)(\d{1,2})(?:st|nd|rd|th)?[.\s-]{0,2}([^\W\d_]{3,9})[.,\s-]{1,3}(\d{4})(?!\d)", re.IGNORECASE
)
_MONTH_FIRST = re.compile(
    r"(?<![^\W\d_])([^\W\d_]{3,9})\.?\s(\d{1,2})(?:st|nd|rd|th)?,?\s(\d{4})(?!\d)", re.IGNORECASE
)
_DAY_OF_INVOICE = re.compile(
    r"invoice date|date of invoice|dated|rechnungsdatum|belegdatum|datum der rechnung|gutschriftsdatum|date de facture",
    re.IGNORECASE,
)


def days_in(text: str) -> Iterator[frozenset[date]]:
    """Each day that a text names; 03/04/2026 is one of two."""
    for match in _YEAR_FIRST.finditer(text):
        yield from _plausible(_date(match[1], match[2], match[3]))
    for match in _YEAR_LAST.finditer(text):
        year = match[3] if len(match[3]) == 4 else f"20{match[3]}"
        yield from _plausible(_date(year, match[2], match[1]), _date(year, match[1], match[2]))
    for match in _DAY_IN_WORDS.finditer(text):
        yield from _plausible(_in_words(match[1], match[2], match[3]))
    for match in _MONTH_FIRST.finditer(text):
        yield from _plausible(_in_words(match[2], match[1], match[3]))


def _plausible(*days: date | None) -> Iterator[frozenset[date]]:
    if found := frozenset(day for day in days if day is not None and is_plausible(day)):
        yield found


def _date(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def _in_words(day: str, month: str, year: str) -> date | None:
    try:
        return read_date(f"{day} {month} {year}")
    except Unreadable:
        return None


def _day(text: str, day: date) -> Fact:
    if any(day in days for days in days_in(text)):
        return Fact("day", day.isoformat(), Outcome.FOUND)
    for line in text.splitlines():
        if match := _DAY_OF_INVOICE.search(line):
            named = next(iter(days_in(line[match.end() :])), frozenset())
            if len(named) == 1:
                return Fact("day", day.isoformat(), Outcome.DIFFERS, next(iter(named)).isoformat())
    return Fact("day", day.isoformat(), Outcome.NOT_FOUND)


# --- amounts ------------------------------------------------------------------------------------------------

# What says that the amount beside it is all that is to be paid.
_TOTAL = re.compile(
    r"amount due|total due|balance due|grand total|invoice total|credit total|total amount|total to pay|to be paid|"
    r"to give back|amount payable|total payable|total incl|total gross|gross total|gross amount|"
    r"gesamtbetrag|rechnungsbetrag|gutschriftsbetrag|endbetrag|zahlbetrag|zahlungsbetrag|bruttobetrag|"
    r"gesamtsumme|rechnungssumme|endsumme|gesamt brutto|summe brutto|brutto|zu zahlen|"
    r"total ttc|à payer",
    re.IGNORECASE,
)
# The same, if nothing above is there.
_SUM = re.compile(r"(?<![^\W\d_])(?:total|summe|gesamt|betrag)(?![^\W\d_])", re.IGNORECASE)
_NET = re.compile(
    r"(?<![^\W\d_])(?:net|netto|subtotal|zwischensumme|excl\w*|exkl\w*|zzgl|ohne|ht|before)(?![^\W\d_])",
    re.IGNORECASE,
)
_AMOUNT = re.compile(
    r"(?<![\w.,'’])(\d{1,3}(?:(?P<group>[.,'’\u00a0\u202f ])\d{3})(?:(?P=group)\d{3})*|\d+)"
    r"(?:(?P<point>[.,])(?P<decimals>\d{1,4}))?(?![^\W_]|[.,'’]\d|\s?%)"
)


@dataclass(frozen=True, slots=True)
class _Amount:
    value: Decimal
    is_exact: bool  # written with decimals


def _amounts(text: str) -> Iterator[tuple[_Amount, ...]]:
    """Each figure of a text, as all that it can mean: 1.234 is a thousand to one reader and one to another."""
    for match in _AMOUNT.finditer(text):
        whole, group, point, decimals = match[1], match["group"], match["point"], match["decimals"]
        if point and group == point:
            continue  # 1.234.56 is no amount
        tail = f".{decimals}" if decimals else ""
        digits = re.sub(r"\D", "", whole)
        found = [_Amount(Decimal(digits + tail), bool(decimals))]
        if group and group in ".," and not decimals and whole.count(group) == 1:
            found.append(_Amount(Decimal(whole.replace(group, ".")), True))
        elif group and group in "\u00a0\u202f ":
            # Perhaps two figures beside each other.
            last = whole.rsplit(group, 1)[1]
            found.append(_Amount(Decimal(last + tail), bool(decimals)))
        yield tuple(found)


def _beside(lines: Sequence[str], word: re.Pattern[str]) -> Iterator[list[tuple[_Amount, ...]]]:
    """The figures beside a word, line by line; where none are, those of the line below. See Note [Bounded]."""
    mentions = [(number, *match.span()) for number, line in enumerate(lines) for match in word.finditer(line)]
    if len(mentions) > MOST_MENTIONS:
        mentions = [*mentions[: MOST_MENTIONS // 2], *mentions[-MOST_MENTIONS // 2 :]]
    for number, start, end in mentions:
        line = lines[number]
        rest = _near(line, end)
        found = list(islice(_amounts(rest), MOST_BESIDE))
        first = _AMOUNT.search(rest)
        if _NET.search(rest[: first.start()] if first else rest) or _NET.search(
            line[max(0, start - 12) : start]
        ):
            continue
        if not found and number + 1 < len(lines):
            found = list(islice(_amounts(_near(lines[number + 1])), MOST_BESIDE))
        if found:
            yield found


def _near(line: str, start: int = 0) -> str:
    """What follows in a line, as far as it is beside; no figure is cut in two."""
    near = line[start : start + WIDEST]
    return near if start + WIDEST >= len(line) else near.rpartition(" ")[0]


def _total(text: str, data: Data) -> Fact:
    total = abs(data.total)
    places = minor_units(data.currency)
    expected = f"{total:.{max(places, decimals_of(total))}f}"
    lines = text.splitlines()
    by_name, by_sum = list(_beside(lines, _TOTAL)), list(_beside(lines, _SUM))
    named = [*by_name, *by_sum]
    if any(one.value == total for line in named for figure in line for one in figure):
        return Fact("total", expected, Outcome.FOUND)
    said = _last_exact(by_name, places) or _last_exact(by_sum, places)
    anywhere = any(
        one.value == total and (one.is_exact or not places) for figure in _amounts(text) for one in figure
    )
    if anywhere and not _last_exact(by_name, places):
        return Fact("total", expected, Outcome.FOUND)
    if said is None:
        return Fact("total", expected, Outcome.NOT_FOUND)
    return Fact("total", expected, Outcome.DIFFERS, f"{said:.{places}f}")


def _last_exact(lines: Iterable[Sequence[tuple[_Amount, ...]]], places: int) -> Decimal | None:
    """The last amount, as the one that sums up the others: written as amounts of the currency are."""
    found = [
        figure[0].value
        for line in lines
        for figure in line
        if (figure[0].is_exact or not places) and decimals_of(figure[0].value) <= places
    ]
    return found[-1] if found else None


# --- currencies ---------------------------------------------------------------------------------------------

_SIGNS: Mapping[str, tuple[str, ...]] = {
    "EUR": ("€", "euro"),
    "USD": ("$",),
    "CAD": ("$",),
    "AUD": ("$",),
    "NZD": ("$",),
    "SGD": ("$",),
    "HKD": ("$",),
    "MXN": ("$",),
    "GBP": ("£",),
    "JPY": ("¥", "円"),
    "CNY": ("¥", "rmb"),
    "CHF": ("fr.",),
    "PLN": ("zł",),
    "CZK": ("kč",),
    "SEK": ("kr",),
    "NOK": ("kr",),
    "DKK": ("kr",),
    "HUF": ("ft",),
    "TRY": ("₺",),
    "INR": ("₹",),
}


_SHARED = {sign for sign, count in Counter(chain(*_SIGNS.values())).items() if count > 1}


def _currency(text: str, data: Data) -> Fact:
    code = data.currency
    if _says_currency(text, code, _SIGNS.get(code, ())):
        return Fact("currency", code, Outcome.FOUND)
    # A sign that several share says only that it may be any of them.
    others = [
        other
        for other, signs in _SIGNS.items()
        if _says_currency(text, other, [sign for sign in signs if sign not in _SHARED])
    ]
    if len(others) == 1:
        return Fact("currency", code, Outcome.DIFFERS, others[0])
    return Fact("currency", code, Outcome.NOT_FOUND)


def _says_currency(text: str, code: str, signs: Iterable[str]) -> bool:
    folded = text.casefold()
    return _is_word(text, code) or any(
        _is_word(folded, sign) if sign[0].isalpha() else sign in folded for sign in signs
    )


def _is_word(text: str, word: str) -> bool:
    return bool(re.search(rf"(?<![^\W\d_]){re.escape(word)}(?![^\W\d_])", text))


# --- the electronic invoice inside --------------------------------------------------------------------------


def _carried(carried: Mapping[str, str], data: Data) -> Iterator[Fact]:
    def fact(name: str, expected: str, same: bool) -> Fact:
        outcome = Outcome.FOUND if same else Outcome.DIFFERS
        return Fact(name, expected, outcome, "" if same else carried[name], carried=True)

    if data.number and carried.get("number"):
        yield fact("number", data.number, number_key(carried["number"]) == number_key(data.number))
    if data.day and carried.get("day"):
        yield fact("day", data.day.isoformat(), carried["day"] == data.day.isoformat())
    if carried.get("total"):
        total = abs(data.total)
        expected = f"{total:.{max(minor_units(data.currency), decimals_of(total))}f}"
        yield fact("total", expected, abs(Decimal(carried["total"])) == total)
    if carried.get("currency"):
        yield fact("currency", data.currency, carried["currency"] == data.currency)
    if data.tax_id and carried.get("tax_id"):
        yield fact("tax_id", data.tax_id, _bare(carried["tax_id"]) == _bare(data.tax_id))


def _bare(text: str) -> str:
    return "".join(sign for sign in text.casefold() if sign.isalnum())


# --- in sentences -------------------------------------------------------------------------------------------


def picture_findings(reading: Mapping[str, Any], facts: Sequence[Fact], currency: str) -> list[Finding]:
    """What is to be said of a picture that does not agree with the data, or cannot be read. Nothing of it stops."""
    state = reading.get("state", "")
    found = []
    if state and state != READ:
        grade = Grade.HINT if state == NO_TEXT else Grade.WARN
        found.append(Finding(grade, f"picture_{state}", unread_text(state), FIELD))
    missing = [one.expected for one in facts if one.name == "order" and one.outcome == Outcome.NOT_FOUND]
    for one in facts:
        if one.outcome != Outcome.FOUND and one.name != "order":
            grade = Grade.HINT if one.name == "tax_id" and not one.carried else Grade.WARN
            found.append(Finding(grade, f"picture_{one.name}", fact_text(one, currency), FIELD))
    if missing:
        named = ", ".join(missing[:MOST_ORDERS_NAMED]) + (", …" if len(missing) > MOST_ORDERS_NAMED else "")
        message = _("The picture does not name its orders: %(orders)s.") % {"orders": named}
        found.append(Finding(Grade.HINT, "picture_order", message, FIELD))
    return found


def unread_text(state: str) -> str:
    """Why a picture was not held against the data."""
    sentences = {
        NO_TEXT: _(
            "The picture cannot be read: it has no text, as a scan has none. Nobody compared it with the data."
        ),
        ENCRYPTED: _("The picture cannot be read: it is protected by a password. Save it without one."),
        BROKEN: _("The picture cannot be read: the PDF is damaged. Export it again."),
        TOO_MUCH: _("The picture cannot be read: it holds far more than an invoice does."),
    }
    return sentences.get(state, sentences[BROKEN])


def fact_text(one: Fact, currency: str) -> str:
    """One thing in which a picture, or the electronic invoice in it, does not say what the data say."""
    values = {
        "here": _shown(one.name, one.expected, currency),
        "there": _shown(one.name, one.said, currency),
        "currency": currency,
    }
    if one.carried:
        sentences = {
            "number": _("The electronic invoice in the PDF has the number %(there)s, the data %(here)s."),
            "day": _("The electronic invoice in the PDF is of %(there)s, the data of %(here)s."),
            "total": _("The electronic invoice in the PDF says %(there)s, the data %(here)s %(currency)s."),
            "currency": _("The electronic invoice in the PDF is in %(there)s, the data in %(here)s."),
            "tax_id": _("The electronic invoice in the PDF has the tax number %(there)s, the data %(here)s."),
        }
    elif one.outcome == Outcome.DIFFERS:
        sentences = {
            "day": _("The picture is of %(there)s, the data of %(here)s."),
            "total": _("The picture says %(there)s, the data %(here)s %(currency)s."),
            "currency": _("The picture is in %(there)s, the data in %(here)s."),
        }
    else:
        sentences = {
            "number": _("The number %(here)s is not found in the picture."),
            "day": _("The day %(here)s is not found in the picture."),
            "total": _("The total of %(here)s %(currency)s is not found in the picture."),
            "currency": _("The currency %(here)s is not found in the picture."),
            "tax_id": _("The supplier’s tax number %(here)s is not found in the picture."),
            "order": _("Order %(here)s is not found in the picture."),
        }
    return sentences[one.name] % values


def _shown(name: str, text: str, currency: str) -> str:
    """A figure or a day as the reader writes it; what stands on a paper as it stands there."""
    if text and name == "total":
        return figure(Decimal(text), minor_units(currency))
    return day_text(date.fromisoformat(text)) if text and name == "day" else text
