"""From the bytes of a workbook to its rows, in a process of its own: see Note [Confined].

Note [Unfolding]: half a megabyte of zip can unfold to millions of cells, and openpyxl holds a whole row and every
shared string at once. So the elements of every part are counted before openpyxl sees any of them, and all of it happens
in a child with a time and a memory of its own: whatever a file does, it does to the child. The
child knows no database, no secret and no Django.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any
from xml.etree.ElementTree import ParseError
from xml.parsers import expat

from openpyxl.reader.excel import ExcelReader
from openpyxl.utils.exceptions import InvalidFileException

MOST_ELEMENTS = 4_000_000  # 20,000 rows of 25 columns have 2 million
MOST_HELD = 300_000
MOST_TEXT = 20_000_000
LONGEST_CELL = 2_000
SPREADSHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LET_GO = (f"{SPREADSHEET} row", f"{SPREADSHEET} si")  # openpyxl is done with these as soon as they end

TOO_MUCH, UNREADABLE = "too much", "unreadable"
DAY, FORMULA = "day", "formula"
FAULTS = (
    InvalidFileException,
    zipfile.BadZipFile,
    zlib.error,
    ParseError,
    KeyError,
    ValueError,  # entities and DTDs too: openpyxl reads with defusedxml
    TypeError,
    AttributeError,
    IndexError,
    EOFError,
    OSError,
    RuntimeError,  # an encrypted entry
)

Rows = list[list[Any]]


class TooMuch(Exception):
    """The workbook holds more than any sheet that is filled in."""


class Unreadable(Exception):
    """The workbook is damaged, or is put together in a way no spreadsheet program would."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which sheet is looked for, and how much of it.

    One of its first `head_within` rows names all columns of one of `keys` and at least one of `answers`. Where no sheet
    has such a row, `or_any` takes the first that says something: somebody's own, with names of its own.
    """

    keys: Sequence[Sequence[str]]
    answers: Sequence[str]
    head_within: int
    most_rows: int
    most_columns: int
    or_any: bool = False

    def is_head(self, said: set[str]) -> bool:
        """Whether a row that says this is the row of names."""
        return not said.isdisjoint(self.answers) and any(said.issuperset(keys) for keys in self.keys)


def names_of(row: Sequence[Any]) -> dict[int, str]:
    """What the cells of a row would be called if it were the row of names, by their places."""
    return {place: text.strip().lower() for place, text in enumerate(row) if isinstance(text, str)}


def main() -> None:
    """Reads the workbook from standard input and writes its rows, or why there are none, to standard output."""
    wanted = Wanted(**json.loads(sys.argv[1]))
    told: dict[str, Any]
    try:
        told = {"rows": read_rows(io.BytesIO(sys.stdin.buffer.read()), wanted)}
    except (TooMuch, MemoryError):
        told = {"refused": TOO_MUCH}
    except (Unreadable, *FAULTS):
        told = {"refused": UNREADABLE}
    sys.stdout.write(json.dumps(told))


def read_rows(file: IO[bytes], wanted: Wanted) -> Rows:
    """The rows of the sheet that is wanted, in values that JSON knows."""
    count_elements(file)
    rows, formulas = _sheet_rows(file, wanted)
    if formulas:
        # Only a second look, at values, tells what formulas came to.
        came_to, _none = _sheet_rows(file, wanted, values=True)
        for row, place in formulas:
            known = came_to[row][place]
            rows[row][place] = {FORMULA: rows[row][place]} if known is None else known
    return rows


def count_elements(file: IO[bytes]) -> None:
    """Look through every part before it is read for good. Raises `TooMuch`, or `Unreadable` for a DTD.

    What is no XML, or breaks off, is passed over: openpyxl uses the same parser and comes no further in it.
    """
    file.seek(0)
    seen = 0
    with zipfile.ZipFile(file) as package:
        for entry in package.infolist():
            with package.open(entry) as part, contextlib.suppress(expat.ExpatError):
                counter = _Counter(seen)
                seen = counter.count(part)


class _Counter:
    """Counts the elements of one part: all there are, and those that are held at once."""

    def __init__(self, seen: int) -> None:
        self.seen = seen
        self.held = 0
        self.before: list[int] = []

    def count(self, part: IO[bytes]) -> int:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.ordered_attributes = True
        parser.StartElementHandler = self._begin
        parser.EndElementHandler = self._end
        parser.StartDoctypeDeclHandler = self._refuse
        while chunk := part.read(65_536):
            parser.Parse(chunk, False)
        parser.Parse(b"", True)
        return self.seen

    def _begin(self, name: str, _attributes: object) -> None:
        self.seen += 1
        self.held += 1
        if name in LET_GO:
            self.before.append(self.held)
        if self.held > MOST_HELD or self.seen > MOST_ELEMENTS:
            raise TooMuch

    def _end(self, name: str) -> None:
        if name in LET_GO:
            self.held = self.before.pop()

    def _refuse(self, *_told: object) -> None:
        raise Unreadable


class _OneTargetEach(ExcelReader):
    """Reads a workbook whose sheets are parts of their own: one part listed often would be read as often."""

    def read_worksheets(self) -> None:
        """Refuse before the first sheet is opened."""
        targets = [relation.target for _sheet, relation in self.parser.find_sheets()]
        if len(set(targets)) < len(targets):
            raise Unreadable
        super().read_worksheets()


def _sheet_rows(
    file: IO[bytes], wanted: Wanted, *, values: bool = False
) -> tuple[Rows, list[tuple[int, int]]]:
    file.seek(0)
    reader = _OneTargetEach(file, read_only=True, data_only=values, keep_links=False)
    reader.read()
    left = MOST_TEXT
    other: tuple[Rows, list[tuple[int, int]]] = [], []
    for sheet in reader.wb.worksheets:
        sheet.reset_dimensions()
        rows: Rows = []
        formulas: list[tuple[int, int]] = []
        is_it = False
        for number, cells in enumerate(sheet.iter_rows(max_col=wanted.most_columns)):
            may_go_on = is_it or (wanted.or_any and not other[0])
            if number > wanted.most_rows + wanted.head_within or (
                number >= wanted.head_within and not may_go_on
            ):
                break
            row = [_plain(cell.value) for cell in cells]
            left -= sum(len(value) for value in row if isinstance(value, str))
            if left < 0:
                raise TooMuch
            formulas += [(number, place) for place, cell in enumerate(cells) if cell.data_type == "f"]
            is_it = is_it or wanted.is_head(set(names_of(row).values()))
            rows.append(row)
        if is_it:
            return rows, formulas
        if wanted.or_any and not other[0] and any(value is not None for row in rows for value in row):
            other = rows, formulas
    return other


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return {DAY: value.isoformat()}
    if value is None or isinstance(value, bool | int | float):
        return value
    return str(value)[:LONGEST_CELL]


if __name__ == "__main__":
    main()
