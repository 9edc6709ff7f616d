"""From an uploaded file to the rows of a statement: which column is which, what each row says, what cannot be read.

Note [Signs]: one file lists credit notes and payments below zero, the next in a column of their own, a third as it pays
them. A row counts by what it is: credit notes and payments take off, however their sign is written; a row that says
nothing of its kind takes off where it is below zero, or stands on the credit side.

Note [Whose figures]: an accounting program writes figures as its own country does, whatever language its reader has
chosen. A figure is read as the reader writes; where that is none, as the other notation does: 8.084,64 and 8,084.64 are
one figure each to everybody. Only what is one in both, such as 1.234, follows the reader.
"""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import IO, Any

from django.utils.translation import gettext as _

from portal.kernel.values import Unreadable
from procurement.sheets.columns import CHOICE, DAY, NUMBER
from procurement.sheets.foreign import ReadTable, read_foreign, said_rows
from procurement.sheets.tables import UNKNOWN
from procurement.sheets.values import day_of, formula_text, known_words, number_of, way_out
from procurement.sheets.workbook import Wanted
from procurement.statements.files.columns import (
    AMOUNTS,
    BY_NAME,
    CHOICES,
    COLUMNS,
    MORE_KINDS,
    READ,
    is_clear,
    known_to_us,
)
from procurement.statements.messages import BadRow, Item
from procurement.statements.policies import MOST_ROWS, kind_of, problems_of, signed
from procurement.statements.states import ItemKind

MOST_COLUMNS = 40
HEAD_WITHIN = 15  # letters put addresses above their table
MOST_BAD = 500
WANTED = Wanted(
    keys=(("number",),),
    answers=AMOUNTS,
    head_within=HEAD_WITHIN,
    most_rows=MOST_ROWS,
    most_columns=MOST_COLUMNS,
    or_any=True,
)
SPARED = ("dated_on", "due_on", "reference")  # a row stands without these


def read_file(file: IO[bytes], size: int) -> ReadTable:
    """The table of a file. Raises `Invalid` when the file as a whole cannot be read."""
    empty = _("This file holds no rows. Send the list of what is open, with a row of column names.")
    return read_foreign(file, size, WANTED, known_to_us(), is_clear, empty)


def read_rows(
    table: Sequence[Sequence[Any]], head: int, columns: Mapping[str, int], language: str, currency: str
) -> tuple[list[Item], list[BadRow]]:
    """What the rows of a table say, counted as a spreadsheet program counts them, and what cannot be read of them.

    Rows that do not say their currency are in `currency`. Bad rows are named and left out; good ones stay.
    """
    kinds = {**MORE_KINDS, **known_words(CHOICES["kind"])}
    items: list[Item] = []
    bad: list[BadRow] = []
    for number, values, texts in said_rows((table, head, columns), READ, COLUMNS):
        wrong: list[BadRow] = []
        said = {
            name: read
            for name, text in texts.items()
            if text and (read := _read(number, name, values[name], text, language, kinds, wrong))
        }
        item = None if any(one.is_left for one in wrong) else _item(number, said, currency, wrong)
        if item is not None:
            items.append(item)
        # Of each row that is left out at least one reason is kept: its paper is not called unlisted for that.
        wrong = [replace(one, number=texts.get("number", "")[:60]) for one in wrong]
        left = [one for one in wrong if one.is_left]
        bad += wrong if len(bad) < MOST_BAD else left[:1]
    return items, bad


def _item(number: int, said: Mapping[str, str], currency: str, wrong: list[BadRow]) -> Item | None:
    figures = {name: Decimal(said[name]) for name in ("amount", "open", "debit", "credit") if name in said}
    if "debit" in figures or "credit" in figures:
        sides = figures.get("debit", Decimal(0)) - figures.get("credit", Decimal(0))
        figures.setdefault("amount", sides)
    amount, rest = figures.get("amount"), figures.get("open")
    if amount is None and rest is None:
        wrong.append(BadRow(number, "open", "", _("The row says no amount.")))
        return None
    kind = kind_of(said.get("kind", ""), rest if rest else amount)
    item = Item(
        row=number,
        kind=kind,
        number=said.get("number", "")[:60],
        open=signed(kind, rest if rest is not None else amount or Decimal(0)),
        currency=said.get("currency", currency).upper(),
        amount=None if amount is None else signed(kind, amount),
        dated_on=_day(said, "dated_on"),
        due_on=_day(said, "due_on"),
        reference=said.get("reference", "")[:100],
    )
    found = [BadRow(number, one.field, one.value, one.message) for one in problems_of(item)]
    wrong += found
    return None if found else item


def _day(said: Mapping[str, str], name: str) -> date | None:
    return date.fromisoformat(said[name]) if name in said else None


def _read(
    row: int,
    name: str,
    value: Any,
    text: str,
    language: str,
    kinds: Mapping[str, str],
    wrong: list[BadRow],
) -> str | None:
    """One cell in plain writing, or None and a word on why not."""
    holds, is_left = BY_NAME[name].holds, name not in SPARED
    if value is UNKNOWN:
        wrong.append(BadRow(row, name, text, formula_text(), is_left))
        return None
    try:
        if holds == DAY:
            return day_of(value)
        if holds == NUMBER:
            return _figure(_plain(value, text), language)
        if holds == CHOICE:
            return kinds[text.casefold()]
    except (Unreadable, KeyError, InvalidOperation, OverflowError, ValueError):
        words = [*ItemKind.labels] if holds == CHOICE else ()
        wrong.append(BadRow(row, name, text[:100], way_out(holds, words), is_left))
        return None
    return text


def _figure(value: Any, language: str) -> str:
    """A figure in the reader's notation, else in the other. See Note [Whose figures]."""
    for notation in (language, "en"):
        with suppress(Unreadable):
            return number_of(value, notation)
    return number_of(value, "de")


def _plain(value: Any, text: str) -> Any:
    """A figure as accounting programs write one below zero: `119.00-`, `(119.00)`."""
    if not isinstance(value, str):
        return value
    bracketed = re.fullmatch(r"\(([^-()]+)\)", text)
    behind = re.fullmatch(r"([^-()]+)[-−]", text)
    if found := bracketed or behind:
        return f"-{found[1].strip()}"
    return text
