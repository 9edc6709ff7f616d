"""GS1 element strings: what a GS1 barcode says, in the words of the Application Identifiers.

An element is an identifier and its data: (10)LOT7. Several stand in one symbol; where the length of one is not fixed by
its identifier, FNC1 ends it. Section numbers are those of the GS1 General Specifications, release 18; later releases
number a few otherwise.
"""

import calendar
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache

from django.utils.translation import gettext as _

from portal.kernel.values import decimals_of
from procurement.labels.code128 import FNC1, module_count, symbol_values
from procurement.labels.numbers import BadNumber, has_right_check_digit, is_digits, read_gtin

LONGEST_SYMBOL = (
    48  # characters, identifiers and separators counted, start, stop and check not (section 5.4.4.3)
)
SCANNER_PREFIX = re.compile(r"^\](?:C1|d2|e0|Q3|J1)")
# GS1 AI encodable character set 82 (section 7.11): what a text may be made of. No space, no umlaut.
TEXT = re.compile(r"[!\"%&'()*+,\-./0-9:;<=>?A-Z_a-z]+")
MEASURE_DIGITS = 6
MOST_DECIMALS = 5
MONTHS, CENTURY = 12, 100


class BadElement(ValueError):
    """This cannot stand in a GS1 barcode, or does not come out of one. The sentence says what and why."""


@dataclass(frozen=True, slots=True)
class Identifier:
    """An Application Identifier (section 3.2): what its data mean, and how they are written.

    `title` is the data title, printed in English. `kind`: digits, text, day (YYMMDD), key (digits with a check digit),
    country (ISO 3166-1 numeric, and what follows it). One without `has_fixed_length` is ended by FNC1.
    """

    ai: str
    title: str
    kind: str
    shortest: int
    longest: int
    has_fixed_length: bool = False


@dataclass(frozen=True, slots=True)
class Element:
    """One identifier with its data, checked when it is made. Raises `BadElement`."""

    ai: str
    data: str

    def __post_init__(self) -> None:
        """Refuse what no scanner could tell from something else."""
        _check(identifier(self.ai), self.data)

    @property
    def text(self) -> str:
        return self.ai + self.data

    @property
    def title(self) -> str:
        return identifier(self.ai).title


# Identifier, kind, length, and * where no FNC1 is needed behind it (section 7.8.5), data title.
TABLE = """
00  key     18    * SSCC
01  key     14    * GTIN
02  key     14    * CONTENT
10  text    1-20  - BATCH/LOT
11  day     6     * PROD DATE
12  day     6     * DUE DATE
13  day     6     * PACK DATE
15  day     6     * BEST BEFORE
16  day     6     * SELL BY
17  day     6     * USE BY
20  digits  2     * VARIANT
21  text    1-20  - SERIAL
240 text    1-30  - ADDITIONAL ID
241 text    1-30  - CUST. PART No.
30  digits  1-8   - VAR. COUNT
37  digits  1-8   - COUNT
400 text    1-30  - ORDER NUMBER
401 text    1-30  - GINC
402 key     17    - GSIN
403 text    1-30  - ROUTE
410 key     13    * SHIP TO LOC
411 key     13    * BILL TO
412 key     13    * PURCHASE FROM
413 key     13    * SHIP FOR LOC
414 key     13    * LOC No.
420 text    1-20  - SHIP TO POST
421 country 4-12  - SHIP TO POST
422 country 3     - ORIGIN
"""
# Measures: the fourth digit of the identifier says how many of the six digits are decimals.
MEASURES = """
310 NET WEIGHT (kg)
311 LENGTH (m)
312 WIDTH (m)
313 HEIGHT (m)
316 NET VOLUME (m³)
320 NET WEIGHT (lb)
330 GROSS WEIGHT (kg)
331 LENGTH (m), log
332 WIDTH (m), log
333 HEIGHT (m), log
336 VOLUME (m³), log
340 GROSS WEIGHT (lb)
"""


def _read_tables() -> dict[str, Identifier]:
    found = {}
    for row in TABLE.strip().splitlines():
        ai, kind, length, separator, title = row.split(maxsplit=4)
        shortest, _dash, longest = length.partition("-")
        found[ai] = Identifier(ai, title, kind, int(shortest), int(longest or shortest), separator == "*")
    for row in MEASURES.strip().splitlines():
        stem, title = row.split(maxsplit=1)
        for decimals in range(MOST_DECIMALS + 1):
            ai = f"{stem}{decimals}"
            found[ai] = Identifier(ai, title, "digits", MEASURE_DIGITS, MEASURE_DIGITS, has_fixed_length=True)
    return found


IDENTIFIERS = _read_tables()


def identifier(ai: str) -> Identifier:
    """What an Application Identifier means. Raises `BadElement` for one that no paper of this trade uses."""
    try:
        return IDENTIFIERS[ai]
    except KeyError:
        raise BadElement(
            _("The application identifier “%(ai)s” is not one this portal knows.") % {"ai": ai}
        ) from None


# --- Making elements ----------------------------------------------------------------------------------------


def key_element(ai: str, number: str) -> Element:
    """A number with a check digit: an SSCC, a GLN, or a GTIN, which is written with 14 digits."""
    try:
        return Element(ai, read_gtin(number) if ai in ("01", "02") else number)
    except BadNumber as problem:
        raise BadElement(str(problem)) from problem


def day_element(ai: str, day: date) -> Element:
    """A day as YYMMDD."""
    return Element(ai, f"{day:%y%m%d}")


def count_element(ai: str, count: int) -> Element:
    """So many pieces, as (37) or (30)."""
    return Element(ai, str(count))


def measure_element(stem: str, amount: Decimal) -> Element:
    """A weight or a measure in the unit of its identifier: `measure_element("330", Decimal("12.5"))` is (3301)000125.

    As many decimals as the amount has. Raises `BadElement` where six digits cannot hold it exactly: round it before.
    """
    decimals = decimals_of(amount)
    digits = str(int(amount.scaleb(decimals))) if amount >= 0 else "-"
    if decimals > MOST_DECIMALS or len(digits) > MEASURE_DIGITS or not is_digits(digits):
        raise BadElement(
            _("%(amount)s cannot be written with six digits. Round it, or leave it out of the barcode.")
            % {"amount": amount}
        )
    return Element(f"{stem}{decimals}", digits.zfill(MEASURE_DIGITS))


def measure_of(element: Element) -> Decimal:
    """The amount that a measure says."""
    return Decimal(element.data).scaleb(-int(element.ai[-1]))


def day_of(element: Element, *, today: date) -> date:
    """The day that a date element means.

    The century is the one that puts the year at most 49 years back and 50 ahead (section 7.12); day 00 is the last
    day of its month (section 3.4). Raises `BadElement` for a leap day of a year that has none.
    """
    year, month, day = (int(element.data[place : place + 2]) for place in (0, 2, 4))
    year = _full_year(year, today.year)
    try:
        return date(year, month, day or calendar.monthrange(year, month)[1])
    except ValueError as problem:
        raise BadElement(
            _("%(year)s has no such day as “%(data)s”.") % {"year": year, "data": element.data}
        ) from problem


def _full_year(short: int, this_year: int) -> int:
    century, ours = divmod(this_year, CENTURY)
    ahead = short - ours
    if ahead > 50:
        century -= 1
    elif ahead < -49:
        century += 1
    return century * CENTURY + short


# --- Element strings ----------------------------------------------------------------------------------------


def element_string(elements: Sequence[Element]) -> str:
    """The elements as a symbol carries them, FNC1 where one must be ended and another follows.

    The FNC1 behind the start character is the symbol's own and not in here.
    """
    if not elements:
        return ""
    ended = [one.text + ("" if identifier(one.ai).has_fixed_length else FNC1) for one in elements[:-1]]
    return "".join(ended) + elements[-1].text


def human_readable(elements: Iterable[Element]) -> str:
    """The line under the bars (section 4.15): identifiers in parentheses, which no barcode carries."""
    return "".join(f"({one.ai}){one.data}" for one in elements)


def read_elements(scanned: str) -> tuple[Element, ...]:
    """What a scanner read, element by element: with or without the ]C1 it may send in front. Raises `BadElement`."""
    rest = SCANNER_PREFIX.sub("", scanned).removeprefix(FNC1)
    if not rest:
        raise BadElement(_("There is nothing in this barcode."))
    found = []
    while rest:
        element, rest = _next_element(rest)
        found.append(element)
    return tuple(found)


def _next_element(rest: str) -> tuple[Element, str]:
    meaning = _identifier_at(rest)
    behind = rest[len(meaning.ai) :]
    if meaning.has_fixed_length:
        data, behind = behind[: meaning.longest], behind[meaning.longest :]
        return Element(meaning.ai, data), behind.removeprefix(FNC1)  # needless, and allowed
    data, _separator, behind = behind.partition(FNC1)
    return Element(meaning.ai, data), behind


def _identifier_at(text: str) -> Identifier:
    for length in (2, 3, 4):
        if meaning := IDENTIFIERS.get(text[:length]):
            return meaning
    raise BadElement(
        _(
            "The barcode goes on with “%(rest)s”, which begins with no application identifier this portal knows."
        )
        % {"rest": text[:12].replace(FNC1, " ")}
    )


# --- Symbols ------------------------------------------------------------------------------------------------


def symbol_of(elements: Sequence[Element]) -> tuple[int, ...]:
    """The values of the GS1-128 symbol of these elements."""
    return symbol_values(element_string(elements), is_gs1=True)


def split_over_symbols(elements: Sequence[Element], *, modules: int) -> list[tuple[Element, ...]]:
    """The elements on as few symbols as can be, each within 48 characters and so many modules, quiet zones left out.

    Those with a fixed length come first, which needs the fewest FNC1; else they stay in the order given. Raises
    `BadElement` where one alone is too long.
    """
    symbols: list[tuple[Element, ...]] = []
    for element in sorted(elements, key=lambda one: not identifier(one.ai).has_fixed_length):
        for place, already in enumerate(symbols):
            if _fits((*already, element), modules):
                symbols[place] = (*already, element)
                break
        else:
            if not _fits((element,), modules):
                raise BadElement(
                    _("(%(ai)s)%(data)s is too long for a barcode on this label. Choose a larger label.")
                    % {"ai": element.ai, "data": element.data}
                )
            symbols.append((element,))
    return symbols


@lru_cache(maxsize=4096)
def _fits(elements: tuple[Element, ...], modules: int) -> bool:
    return len(element_string(elements)) <= LONGEST_SYMBOL and module_count(symbol_of(elements)) <= modules


# --- Checks -------------------------------------------------------------------------------------------------


def _check(meaning: Identifier, data: str) -> None:
    if not meaning.shortest <= len(data) <= meaning.longest:
        raise BadElement(
            _("(%(ai)s) %(title)s has %(length)s characters, not the %(count)s of “%(data)s”.")
            % {
                "ai": meaning.ai,
                "title": meaning.title,
                "length": _length_text(meaning),
                "count": len(data),
                "data": data,
            }
        )
    if not _is_well_formed(meaning.kind, data):
        raise BadElement(
            _("“%(data)s” cannot stand behind (%(ai)s) %(title)s: %(rule)s.")
            % {"data": data, "ai": meaning.ai, "title": meaning.title, "rule": _rule(meaning.kind)}
        )


def _is_well_formed(kind: str, data: str) -> bool:
    if kind == "text":
        return TEXT.fullmatch(data) is not None
    if kind == "country":
        return is_digits(data[:3]) and (len(data) == 3 or TEXT.fullmatch(data) is not None)
    if kind == "key":
        return has_right_check_digit(data)
    if kind == "day":
        return is_digits(data) and _is_day(int(data[:2]), int(data[2:4]), int(data[4:]))
    return is_digits(data)


def _is_day(year: int, month: int, day: int) -> bool:
    """Whether there is such a day; 00 is the month's last. Of a century that is not known, 2000 has the leap day."""
    return 1 <= month <= MONTHS and 0 <= day <= calendar.monthrange(2000 + year, month)[1]


def _length_text(meaning: Identifier) -> str:
    if meaning.shortest == meaning.longest:
        return str(meaning.longest)
    return f"{meaning.shortest}–{meaning.longest}"


def _rule(kind: str) -> str:
    return {
        "text": _(
            "only letters from A to Z, digits and common signs may stand there, no space and no accent"
        ),
        "country": _("it begins with the three digits of a country (ISO 3166-1)"),
        "key": _("its last digit is not the check digit of the others"),
        "day": _("a day is YYMMDD, with 00 for the last of the month"),
        "digits": _("only digits may stand there"),
    }[kind]
