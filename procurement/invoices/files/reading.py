"""From an uploaded sheet to the rows of invoices: which column is which, what each row says, what cannot be read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import InvalidOperation
from typing import IO, Any

from django.utils.translation import gettext as _

from portal.kernel.values import Unreadable
from procurement.acknowledgments.messages import BadCell
from procurement.invoices.files.columns import (
    BY_NAME,
    CHOICES,
    COLUMNS,
    KEYS,
    READ,
    known_names,
    recognise,
)
from procurement.invoices.messages import InvoiceRow
from procurement.sheets.columns import CHOICE, DAY, NUMBER
from procurement.sheets.package import refused
from procurement.sheets.tables import UNKNOWN, cell_of, kept_cell, read_table
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
from procurement.sheets.workbook import Wanted

MOST_ROWS = 10_000
MOST_COLUMNS = 60
HEAD_WITHIN = 10
LONGEST = 2_000
WANTED = Wanted(
    keys=(("order_key", "line_key"), ("order", "line")),
    answers=("quantity",),
    head_within=HEAD_WITHIN,
    most_rows=MOST_ROWS,
    most_columns=MOST_COLUMNS,
    or_any=True,
)
# How other programs say what sort of paper a row is on (UNTDID 1001), besides our own words.
MORE_KINDS = {
    "380": "invoice",
    "381": "credit_note",
    "383": "debit_note",
    **dict.fromkeys(("credit", "cn", "gutschrift", "gs"), "credit_note"),
    **dict.fromkeys(("debit", "dn", "lastschrift"), "debit_note"),
    **dict.fromkeys(("inv", "re", "rechnung"), "invoice"),
}


@dataclass(frozen=True, slots=True)
class ReadTable:
    """A file's table as it is kept, the row in which its columns are named (0: the first), and which is which."""

    table: Sequence[Sequence[Any]]
    head: int
    columns: Mapping[str, int]
    is_clear: bool


def read_file(file: IO[bytes], size: int) -> ReadTable:
    """The table of a file. Raises `Invalid` when the file as a whole cannot be read."""
    table = [
        [_short(kept_cell(cell)) for cell in row[:MOST_COLUMNS]]
        for _number, row in read_table(file, size, WANTED)
    ]
    while table and not any(cell not in (None, "") for cell in table[-1]):
        table.pop()
    if len(table) < 2:
        raise refused(_("This file holds no rows. Fill in the sheet, save it, and upload it again."))
    known = known_names()
    heads = [recognise(row, known) for row in table[:HEAD_WITHIN]]
    best = max(range(len(heads)), key=lambda row: (len(heads[row][0]), -row))
    if len(table) - best - 1 > MOST_ROWS:
        message = _("This file has more than %(most)d rows. Split it into several files.")
        raise refused(message % {"most": MOST_ROWS})
    return ReadTable(table, best, *heads[best])


def _short(cell: Any) -> Any:
    # PostgreSQL keeps no NUL in a text.
    return cell[:LONGEST].replace("\0", "") if isinstance(cell, str) else cell


def read_rows(
    table: Sequence[Sequence[Any]], head: int, columns: Mapping[str, int], language: str
) -> list[InvoiceRow]:
    """Every row of a table that says something; the rows are counted as a spreadsheet program counts them."""
    titles = titles_of(COLUMNS)
    words = {name: known_words(choices) for name, choices in CHOICES.items()}
    words["kind"] |= MORE_KINDS
    found = []
    for number, cells in enumerate(table[head + 1 :], start=head + 2):
        values = {
            name: cell_of(cells[columns[name]])
            for name in (*KEYS, *READ)
            if name in columns and columns[name] < len(cells)
        }
        texts = {name: text_of(value) for name, value in values.items()}
        if not any(texts.values()) or is_titles(texts, titles):
            continue
        bad: list[BadCell] = []
        said = {}
        for name, text in texts.items():
            read = _read(name, values[name], text, language, words, bad) if text else None
            if read:
                said[name] = read
        found.append(InvoiceRow(number, said, tuple(bad)))
    return found


def _read(
    name: str,
    value: Any,
    text: str,
    language: str,
    words: Mapping[str, Mapping[str, str]],
    bad: list[BadCell],
) -> str | None:
    """One cell in plain writing, or None and a word on why not."""
    holds = BY_NAME[name].holds
    if value is UNKNOWN:
        bad.append(BadCell(name, text, formula_text()))
        return None
    try:
        if holds == DAY:
            return day_of(value)
        if holds == NUMBER:
            return number_of(text.removesuffix("%").strip() if text.endswith("%") else value, language)
        if holds == CHOICE:
            return words[name][text.casefold()]
    except (Unreadable, KeyError, InvalidOperation, OverflowError, ValueError):
        bad.append(BadCell(name, text[:100], way_out(holds, CHOICES.get(name, {}).values())))
        return None
    return text
