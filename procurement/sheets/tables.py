"""From an uploaded file to the rows of its table, by the names of their columns."""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from itertools import islice
from math import isfinite
from typing import IO, Any

from django.utils.translation import gettext as _

from portal.kernel.confined import Overrun, run_confined
from procurement.sheets.cells import as_typed
from procurement.sheets.package import XLSX, kind_of, refused
from procurement.sheets.workbook import DAY, FORMULA, TOO_MUCH, Rows, TooMuch, Unreadable, Wanted

CHILD = "procurement.sheets.workbook"
SECONDS: float = 30
MEMORY = 512 * 1024 * 1024

Cells = dict[str, Any]
Table = Iterator[tuple[int, Sequence[Any]]]


class _Unknown:
    """A formula that nobody has worked out: the file was never opened in a spreadsheet program."""

    def __str__(self) -> str:
        return "=?"


UNKNOWN = _Unknown()


def read_table(file: IO[bytes], size: int, wanted: Wanted) -> Table:
    """The rows of a file, each with its number in it. Raises `Invalid` when the file as a whole cannot be read."""
    return _workbook(file, wanted) if kind_of(file, size) == XLSX else _csv(file, wanted)


def _workbook(file: IO[bytes], wanted: Wanted) -> Table:
    """The rows of the sheet that has our names; a formula counts as what it last came to."""
    try:
        rows = rows_of(file.read(), wanted)
    except TooMuch as error:
        raise refused(
            _(
                "This workbook holds far more than a sheet that is filled in, so it is not read to its end. "
                "Copy what you typed into a fresh sheet."
            )
        ) from error
    except Unreadable as error:
        raise refused(_("This workbook cannot be read. Save it again as .xlsx and upload that.")) from error
    return ((number, [_value(cell) for cell in row]) for number, row in enumerate(rows, start=1))


def rows_of(content: bytes, wanted: Wanted) -> Rows:
    """The rows of the sheet that is wanted, as a child reads them; none where the workbook has no such sheet.

    A formula counts as what it last came to; one that nobody has worked out is `{FORMULA: …}`, a day is `{DAY: …}`.
    Raises `TooMuch` or `Unreadable`.
    """
    try:
        told = run_confined(CHILD, content, json.dumps(asdict(wanted)), seconds=SECONDS, memory=MEMORY)
    except Overrun as error:
        raise TooMuch from error
    found = json.loads(told)
    if "refused" in found:
        raise TooMuch if found["refused"] == TOO_MUCH else Unreadable
    rows: Rows = found["rows"]
    return rows


def _value(cell: Any) -> Any:
    if not isinstance(cell, dict):
        return cell
    return datetime.fromisoformat(cell[DAY]) if DAY in cell else UNKNOWN


def kept_cell(value: Any) -> Any:
    """A cell as JSON keeps it; `cell_of` reads it back. A figure beyond all bounds, which JSON cannot say, is text."""
    if value is UNKNOWN:
        return {FORMULA: ""}
    if isinstance(value, float) and not isfinite(value):
        return str(value)
    return {DAY: value.isoformat()} if isinstance(value, datetime) else value


def cell_of(kept: Any) -> Any:
    """A cell that was kept."""
    return _value(kept)


def _csv(file: IO[bytes], wanted: Wanted) -> Table:
    raw = file.read()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", errors="replace")
    first = text.split("\n", 1)[0]
    delimiter = max(";,\t", key=first.count)
    most = wanted.most_rows + wanted.head_within + 1
    try:
        rows = list(islice(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), most))
    except csv.Error as error:
        raise refused(_("This CSV file cannot be read. Save it again as “CSV UTF-8”.")) from error
    return ((number, [as_typed(cell) for cell in row]) for number, row in enumerate(rows, start=1))


def named_rows(names: Mapping[int, str], rows: Table, most_rows: int) -> Iterator[tuple[int, Cells]]:
    """The rows below the head that say something, each cell by the name of its column."""
    for count, (number, row) in enumerate(rows):
        if count >= most_rows:
            message = _("This file has more than %(most)d rows. Split it into several files.")
            raise refused(message % {"most": most_rows})
        cells = {name: row[position] for position, name in names.items() if position < len(row)}
        if any(value not in (None, "") for value in cells.values()):
            yield number, cells
