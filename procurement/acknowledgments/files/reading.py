"""From an uploaded file to rows: which line each means, what is answered, and every cell that cannot be read.

What is typed is read the way its reader writes, never guessed; see Note [Names] for how columns are found.
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from itertools import islice
from math import isfinite
from typing import IO, Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from openpyxl.utils.datetime import from_excel

from portal.kernel.values import Unreadable, read_date, read_decimal
from procurement.acknowledgments.files.columns import (
    ANSWERS,
    BY_NAME,
    CHOICE,
    DAY,
    KINDS,
    NUMBER,
    REASONS,
)
from procurement.acknowledgments.files.package import XLSX, kind_of, refused
from procurement.acknowledgments.files.workbook import DAY as A_DAY
from procurement.acknowledgments.files.workbook import TooMuch, Wanted, names_of, rows_of
from procurement.acknowledgments.files.workbook import Unreadable as UnreadableWorkbook
from procurement.acknowledgments.messages import BadCell, FileRow
from procurement.acknowledgments.policies import too_long
from procurement.orders.files.cells import as_typed, plain_number

MOST_ROWS = 20_000
MOST_COLUMNS = 60
HEAD_WITHIN = 10
SERIALS = range(36_526, 80_000)  # Excel's day numbers from 2000 to 2119
WANTED = Wanted(
    keys=(("order_key", "line_key"), ("order", "line")),
    answers=ANSWERS,
    head_within=HEAD_WITHIN,
    most_rows=MOST_ROWS,
    most_columns=MOST_COLUMNS,
)

# What the rules call the columns that hold free text.
RULES = {"substitute_item": "item_number", "reference": "supplier_reference"}

Cells = dict[str, Any]


class _Unknown:
    """A formula that nobody has worked out: the file was never opened in a spreadsheet program."""

    def __str__(self) -> str:
        return "=?"


UNKNOWN = _Unknown()


def read_file(file: IO[bytes], size: int, language: str) -> list[FileRow]:
    """Every row of a file that says something. Raises `Invalid` when the file as a whole cannot be read."""
    table = _workbook(file) if kind_of(file, size) == XLSX else _csv(file)
    names, rows = _head(table)
    reader = _Reader(language)
    found = [reader.row(number, cells) for number, cells in _named(names, rows)]
    return [row for row in found if row is not None]


# --- tables -------------------------------------------------------------------------------------------------

Table = Iterator[tuple[int, Sequence[Any]]]


def _workbook(file: IO[bytes]) -> Table:
    """The rows of the sheet that has our names; a formula counts as what it last came to."""
    try:
        rows = rows_of(file.read(), WANTED)
    except TooMuch as error:
        raise refused(
            _(
                "This workbook holds far more than an answer sheet, so it is not read to its end. "
                "Copy your answers into a fresh answer sheet."
            )
        ) from error
    except UnreadableWorkbook as error:
        raise refused(_("This workbook cannot be read. Save it again as .xlsx and upload that.")) from error
    return ((number, [_value(cell) for cell in row]) for number, row in enumerate(rows, start=1))


def _value(cell: Any) -> Any:
    if not isinstance(cell, dict):
        return cell
    return datetime.fromisoformat(cell[A_DAY]) if A_DAY in cell else UNKNOWN


def _csv(file: IO[bytes]) -> Table:
    raw = file.read()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", errors="replace")
    first = text.split("\n", 1)[0]
    delimiter = max(";,\t", key=first.count)
    try:
        rows = list(
            islice(
                csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), MOST_ROWS + HEAD_WITHIN + 1
            )
        )
    except csv.Error as error:
        raise refused(_("This CSV file cannot be read. Save it again as “CSV UTF-8”.")) from error
    return ((number, [as_typed(cell) for cell in row]) for number, row in enumerate(rows, start=1))


def _names_in(row: Sequence[Any]) -> dict[int, str]:
    """The columns a row names, if it is the row of names: it must say which line, and what is answered."""
    found = {place: name for place, name in names_of(row[:MOST_COLUMNS]).items() if name in BY_NAME}
    return found if WANTED.is_head(set(found.values())) else {}


def _head(table: Table) -> tuple[dict[int, str], Table]:
    for _number, row in islice(table, HEAD_WITHIN):
        if names := _names_in(row):
            repeated = sorted({name for name in names.values() if list(names.values()).count(name) > 1})
            if repeated:
                message = _("The column %(name)s stands there twice. Remove one of the two.")
                raise refused(message % {"name": repeated[0]})
            return names, table
    raise refused(
        _(
            "The row with the names of the columns is missing (order_key, line_key, kind, quantity …). "
            "Download a fresh answer sheet and copy your answers into it."
        )
    )


def _named(names: Mapping[int, str], rows: Table) -> Iterator[tuple[int, Cells]]:
    for count, (number, row) in enumerate(rows):
        if count >= MOST_ROWS:
            message = _("This file has more than %(most)d rows. Split it into several files.")
            raise refused(message % {"most": MOST_ROWS})
        cells = {name: row[position] for position, name in names.items() if position < len(row)}
        if any(value not in (None, "") for value in cells.values()):
            yield number, cells


# --- cells --------------------------------------------------------------------------------------------------


class _Reader:
    """Reads the cells of one file in its reader's language."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.kinds = _known_words(KINDS)
        self.reasons = _known_words(REASONS)
        self.titles = _titles()

    def row(self, number: int, cells: Cells) -> FileRow | None:
        """One row; None for the row of titles and for rows that name no line."""
        texts = {name: _text(value) for name, value in cells.items()}
        if self._is_titles(texts) or not (texts.get("line_key") or texts.get("line")):
            return None
        bad: list[BadCell] = []
        answered = {
            name: self._read(name, cells[name], texts[name], bad)
            for name in (*ANSWERS, "reference")
            if texts.get(name)
        }
        asked = {
            name: self._read(name, cells[name], texts[name], [])
            for name in ("asked_quantity", "asked_delivery_on", "asked_price")
            if texts.get(name)
        }
        return FileRow(
            row=number,
            order_key=texts.get("order_key", ""),
            line_key=texts.get("line_key", ""),
            delivery=texts.get("delivery", ""),
            version=texts.get("version", ""),
            order=texts.get("order", ""),
            line=texts.get("line", ""),
            answered={name: value for name, value in answered.items() if value is not None},
            asked={name: value for name, value in asked.items() if value is not None},
            bad=tuple(bad),
        )

    def _is_titles(self, texts: Mapping[str, str]) -> bool:
        said = [name for name, text in texts.items() if text]
        return len(said) > 2 and all(texts[name].casefold() in self.titles[name] for name in said)

    def _read(self, name: str, value: Any, text: str, bad: list[BadCell]) -> str | None:
        """One cell in plain writing, or None and a word on why not."""
        column = BY_NAME[name]
        if value is UNKNOWN:
            message = _("This cell holds a formula without a result. Paste its value instead.")
            bad.append(BadCell(name, text, message))
            return None
        readers: dict[str, Callable[[Any, str], str]] = {DAY: self._day, NUMBER: self._number}
        try:
            if name == "kind":
                return self.kinds[text.casefold()]
            if column.holds == CHOICE:
                return self.reasons[text.casefold()]
            if column.holds in readers:
                return readers[column.holds](value, text)
        except (Unreadable, KeyError, InvalidOperation, OverflowError, ValueError):
            bad.append(BadCell(name, text[:100], self._way_out(name)))
            return None
        if message := too_long(RULES.get(name, name), text):
            bad.append(BadCell(name, text[:100], message))
            return None
        return text

    def _day(self, value: Any, text: str) -> str:
        if isinstance(value, int | float) and not isinstance(value, bool) and int(value) in SERIALS:
            value = from_excel(int(value))
        return read_date(value.date().isoformat() if isinstance(value, datetime) else text).isoformat()

    def _number(self, value: Any, text: str) -> str:
        if isinstance(value, bool) or (isinstance(value, float) and not isfinite(value)):
            raise Unreadable(text)
        if isinstance(value, int | float):
            # What a formula comes to carries the noise of binary fractions beyond the ninth decimal.
            return plain_number(Decimal(repr(round(value, 9))))
        return plain_number(read_decimal(text, self.language))

    def _way_out(self, name: str) -> str:
        holds = BY_NAME[name].holds
        if holds == DAY:
            return _("This is no day that can be read without guessing. Type it as 2026-04-09.")
        if holds == NUMBER:
            return _("This is no figure. Type digits and one decimal sign, such as 1200.5.")
        words = KINDS if name == "kind" else REASONS
        return _("Choose one of: %(words)s.") % {"words": ", ".join(str(word) for word in words.values())}


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _known_words(choices: Mapping[Any, Any]) -> dict[str, str]:
    """The words of a choice in every language we speak, and its code."""
    found = {str(code).casefold(): str(code) for code in choices}
    for word, code in _in_every_language((word, str(code)) for code, word in choices.items()):
        found[word] = code
    return found


def _titles() -> dict[str, set[str]]:
    titles: dict[str, set[str]] = {name: {name} for name in BY_NAME}
    for title, name in _in_every_language((column.title, column.name) for column in BY_NAME.values()):
        titles[name].add(title)
    return titles


def _in_every_language(words: Iterable[tuple[Any, str]]) -> Iterator[tuple[str, str]]:
    pairs = list(words)
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            for word, meaning in pairs:
                yield str(word).casefold(), meaning
