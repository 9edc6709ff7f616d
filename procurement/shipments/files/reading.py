"""From an uploaded file to the rows of ship notices: which column is which, what each row says, what cannot be read."""

import re
from collections.abc import Mapping, Sequence
from decimal import InvalidOperation
from typing import IO, Any

from portal.kernel.values import Unreadable
from procurement.acknowledgments.messages import BadCell
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
from procurement.shipments.files.columns import BY_NAME, COLUMNS, KEYS, KINDS, READ, is_clear, known_to_us
from procurement.shipments.messages import SheetRow

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
MANY = ("serials", "tracking")
# How other programs call what goods stand on, besides our own words: UN/ECE Recommendation 21, and habits.
MORE_KINDS = {
    **dict.fromkeys(("px", "pal", "plt", "epal", "euro pallet", "europalette", "euro-palette"), "pallet"),
    **dict.fromkeys(("ct", "ctn", "box", "cardboard box", "kt", "kart."), "carton"),
    **dict.fromkeys(("pk", "parcel", "paket", "colli", "kolli", "packstück"), "package"),
    **dict.fromkeys(("cr", "gitterbox", "kiste"), "crate"),
    **dict.fromkeys(("dr", "fass"), "drum"),
    **dict.fromkeys(("bg", "sack", "beutel"), "bag"),
}


def read_file(file: IO[bytes], size: int) -> ReadTable:
    """The table of a file. Raises `Invalid` when the file as a whole cannot be read."""
    return read_foreign(file, size, WANTED, known_to_us(), is_clear)


def read_rows(
    table: Sequence[Sequence[Any]], head: int, columns: Mapping[str, int], language: str
) -> list[SheetRow]:
    """Every row of a table that says something; the rows are counted as a spreadsheet program counts them."""
    kinds = known_words(KINDS) | MORE_KINDS
    found = []
    for number, values, texts in said_rows((table, head, columns), (*KEYS, *READ), COLUMNS):
        bad: list[BadCell] = []
        said = {}
        for name, text in texts.items():
            read = _read(name, values[name], text, language, kinds, bad) if text else None
            if read:
                said[name] = read
        found.append(SheetRow(number, said, tuple(bad)))
    return found


def _read(
    name: str, value: Any, text: str, language: str, kinds: Mapping[str, str], bad: list[BadCell]
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
            return number_of(value, language)
        if holds == CHOICE:
            return kinds[text.casefold()]
    except (Unreadable, KeyError, InvalidOperation, OverflowError, ValueError):
        bad.append(BadCell(name, text[:100], way_out(holds, KINDS.values())))
        return None
    if name in MANY:
        return "\n".join(part.strip() for part in re.split(r"[\n,;|]", text) if part.strip())
    return text
