"""What a cell says, read the way its reader writes and never guessed."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from math import isfinite
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from openpyxl.utils.datetime import from_excel

from portal.kernel.values import Unreadable, read_date, read_decimal
from procurement.sheets.cells import plain_number
from procurement.sheets.columns import DAY, NUMBER, Column

SERIALS = range(36_526, 80_000)  # Excel's day numbers from 2000 to 2119


def text_of(value: Any) -> str:
    """A cell as text, without the blanks around it."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def day_of(value: Any) -> str:
    """The day in a cell, as 2026-04-09. Raises `Unreadable`, or another error of a value that is no day."""
    if isinstance(value, int | float) and not isinstance(value, bool) and int(value) in SERIALS:
        value = from_excel(int(value))
    text = value.date().isoformat() if isinstance(value, datetime) else text_of(value)
    return read_date(text).isoformat()


def number_of(value: Any, language: str) -> str:
    """The figure in a cell, as 1200.5. Raises `Unreadable`, or another error of a value that is no figure."""
    if isinstance(value, bool) or (isinstance(value, float) and not isfinite(value)):
        raise Unreadable(text_of(value))
    if isinstance(value, int | float):
        # What a formula comes to carries the noise of binary fractions beyond the ninth decimal.
        return plain_number(Decimal(repr(round(value, 9))))
    return plain_number(read_decimal(text_of(value), language))


def formula_text() -> str:
    """What is said of a formula without a result."""
    return _("This cell holds a formula without a result. Paste its value instead.")


def way_out(holds: str, words: Iterable[Any] = ()) -> str:
    """What to type instead of what cannot be read."""
    if holds == DAY:
        return _("This is no day that can be read without guessing. Type it as 2026-04-09.")
    if holds == NUMBER:
        return _("This is no figure. Type digits and one decimal sign, such as 1200.5.")
    return _("Choose one of: %(words)s.") % {"words": ", ".join(str(word) for word in words)}


def known_words(choices: Mapping[Any, Any]) -> dict[str, str]:
    """The words of a choice in every language we speak, and its code."""
    found = {str(code).casefold(): str(code) for code in choices}
    for word, code in in_every_language((word, str(code)) for code, word in choices.items()):
        found[word] = code
    return found


def titles_of(columns: Iterable[Column]) -> dict[str, set[str]]:
    """What each column may be called, by its name: in every language we speak."""
    listed = list(columns)
    titles: dict[str, set[str]] = {column.name: {column.name} for column in listed}
    for title, name in in_every_language((column.title, column.name) for column in listed):
        titles[name].add(title)
    return titles


def in_every_language(words: Iterable[tuple[Any, str]]) -> Iterator[tuple[str, str]]:
    """Each word in every language we speak, in small letters, with its meaning."""
    pairs = list(words)
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            for word, meaning in pairs:
                yield str(word).casefold(), meaning


def is_titles(texts: Mapping[str, str], titles: Mapping[str, set[str]]) -> bool:
    """Whether a row only says again what the columns are called."""
    said = [name for name, text in texts.items() if text]
    return len(said) > 2 and all(texts[name].casefold() in titles[name] for name in said)
