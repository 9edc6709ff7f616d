"""From an uploaded file to rows: which line each means, what is answered, and every cell that cannot be read.

What is typed is read the way its reader writes, never guessed; see Note [Names] for how columns are found.
"""

from collections.abc import Sequence
from decimal import InvalidOperation
from itertools import islice
from typing import IO, Any

from django.utils.translation import gettext as _

from portal.kernel.values import Unreadable
from procurement.acknowledgments.files.columns import ANSWERS, BY_NAME, COLUMNS, KINDS, REASONS
from procurement.acknowledgments.messages import BadCell, FileRow
from procurement.acknowledgments.policies import too_long
from procurement.sheets.columns import CHOICE, DAY, NUMBER
from procurement.sheets.package import refused
from procurement.sheets.tables import UNKNOWN, Cells, Table, named_rows, read_table
from procurement.sheets.values import (
    day_of,
    formula_text,
    is_titles,
    known_words,
    number_of,
    text_of,
    titles_of,
    way_out,
)
from procurement.sheets.workbook import Wanted, names_of

MOST_ROWS = 20_000
MOST_COLUMNS = 60
HEAD_WITHIN = 10
WANTED = Wanted(
    keys=(("order_key", "line_key"), ("order", "line")),
    answers=ANSWERS,
    head_within=HEAD_WITHIN,
    most_rows=MOST_ROWS,
    most_columns=MOST_COLUMNS,
)

# What the rules call the columns that hold free text.
RULES = {"substitute_item": "item_number", "reference": "supplier_reference"}


def read_file(file: IO[bytes], size: int, language: str) -> list[FileRow]:
    """Every row of a file that says something. Raises `Invalid` when the file as a whole cannot be read."""
    names, rows = _head(read_table(file, size, WANTED))
    reader = _Reader(language)
    found = [reader.row(number, cells) for number, cells in named_rows(names, rows, MOST_ROWS)]
    return [row for row in found if row is not None]


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


# --- cells --------------------------------------------------------------------------------------------------


class _Reader:
    """Reads the cells of one file in its reader's language."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.kinds = known_words(KINDS)
        self.reasons = known_words(REASONS)
        self.titles = titles_of(COLUMNS)

    def row(self, number: int, cells: Cells) -> FileRow | None:
        """One row; None for the row of titles and for rows that name no line."""
        texts = {name: text_of(value) for name, value in cells.items()}
        if is_titles(texts, self.titles) or not (texts.get("line_key") or texts.get("line")):
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

    def _read(self, name: str, value: Any, text: str, bad: list[BadCell]) -> str | None:
        """One cell in plain writing, or None and a word on why not."""
        column = BY_NAME[name]
        if value is UNKNOWN:
            bad.append(BadCell(name, text, formula_text()))
            return None
        try:
            if name == "kind":
                return self.kinds[text.casefold()]
            if column.holds == CHOICE:
                return self.reasons[text.casefold()]
            if column.holds == DAY:
                return day_of(value)
            if column.holds == NUMBER:
                return number_of(value, self.language)
        except (Unreadable, KeyError, InvalidOperation, OverflowError, ValueError):
            bad.append(
                BadCell(
                    name, text[:100], way_out(column.holds, (KINDS if name == "kind" else REASONS).values())
                )
            )
            return None
        if message := too_long(RULES.get(name, name), text):
            bad.append(BadCell(name, text[:100], message))
            return None
        return text
