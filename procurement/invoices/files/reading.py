"""From an uploaded sheet to the rows of invoices: which column is which, what each row says, what cannot be read."""

from collections.abc import Mapping, Sequence
from decimal import InvalidOperation
from typing import IO, Any

from portal.kernel.values import Unreadable
from procurement.acknowledgments.messages import BadCell
from procurement.invoices.files.columns import (
    BY_NAME,
    CHOICES,
    COLUMNS,
    KEYS,
    READ,
    is_clear,
    known_to_us,
)
from procurement.invoices.messages import InvoiceRow
from procurement.sheets.columns import CHOICE, DAY, NUMBER
from procurement.sheets.foreign import ReadTable, read_foreign, said_rows
from procurement.sheets.tables import UNKNOWN
from procurement.sheets.values import (
    day_of,
    formula_text,
    known_words,
    number_of,
    way_out,
)
from procurement.sheets.workbook import Wanted

MOST_ROWS = 10_000
MOST_COLUMNS = 60
HEAD_WITHIN = 10
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


def read_file(file: IO[bytes], size: int) -> ReadTable:
    """The table of a file. Raises `Invalid` when the file as a whole cannot be read."""
    return read_foreign(file, size, WANTED, known_to_us(), is_clear)


def read_rows(
    table: Sequence[Sequence[Any]], head: int, columns: Mapping[str, int], language: str
) -> list[InvoiceRow]:
    """Every row of a table that says something; the rows are counted as a spreadsheet program counts them."""
    words = {name: known_words(choices) for name, choices in CHOICES.items()}
    words["kind"] |= MORE_KINDS
    found = []
    for number, values, texts in said_rows((table, head, columns), (*KEYS, *READ), COLUMNS):
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
