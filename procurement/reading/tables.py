"""Tables that were pasted into a mail: rows of cells, with a head or without."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

SEPARATORS = (re.compile(r"\t"), re.compile(r"\s*\|\s*"), re.compile(r"\s*;\s*"), re.compile(r" {2,}"))
FEWEST_CELLS = 3
MOST_ROWS = 300


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: its text and where it stands in the new text."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table: its cells, and where it stands."""

    start: int
    end: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows in a row; the head is the first of them where it names columns."""

    start: int
    end: int
    rows: tuple[Row, ...]


def find_tables(text: str, start: int, end: int) -> Iterator[Table]:
    """Stretches of at least two lines that fall into the same cells."""
    rows: list[Row] = []
    kind: re.Pattern[str] | None = None
    at = start
    for line in text[start:end].split("\n"):
        found = _cells(line, at, kind)
        if found is None and rows and re.fullmatch(r"[\s|+=_-]*", line) and line.strip():
            at += len(line) + 1
            continue  # a rule between head and body
        if found is None or (rows and abs(len(found[1].cells) - len(rows[0].cells)) > 2):
            yield from _table(rows)
            rows, kind = [], None
            found = _cells(line, at, None)
        if found:
            kind, row = found
            rows.append(row)
        at += len(line) + 1
    yield from _table(rows)


def _table(rows: list[Row]) -> Iterator[Table]:
    if len(rows) >= 2:
        yield Table(rows[0].start, rows[-1].end, tuple(rows[:MOST_ROWS]))


def _cells(line: str, offset: int, kind: re.Pattern[str] | None) -> tuple[re.Pattern[str], Row] | None:
    if len(line) > 500 or not line.strip() or re.fullmatch(r"[\s|+=_:-]*", line):
        return None
    for separator in (kind,) if kind else SEPARATORS:
        assert separator is not None
        body_start = len(line) - len(line.lstrip(" |"))
        body_end = len(line.rstrip(" |"))
        cells: list[Cell] = []
        at = body_start
        for match in separator.finditer(line, body_start, body_end):
            cells.append(Cell(offset + at, offset + match.start(), line[at : match.start()].strip()))
            at = match.end()
        cells.append(Cell(offset + at, offset + body_end, line[at:body_end].strip()))
        enough = 2 if separator.pattern in (r"\t", r"\s*\|\s*") else FEWEST_CELLS
        if len(cells) >= enough and not (
            separator.pattern == r" {2,}"
            and re.search(r"[a-zäöü]{3,}\s[a-zäöü]{3,}\s[a-zäöü]{3,}\s[a-zäöü]{3,}", line)
        ):
            return separator, Row(offset + body_start, offset + body_end, tuple(cells))
    return None
