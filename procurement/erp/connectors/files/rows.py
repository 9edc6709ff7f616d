"""From the bytes of a CSV file to rows of cells, never losing a good row to a bad one.

Python's csv module reads a whole file as one stream: one quotation mark too many and the rest of the file is
the text of one cell. Here a record is completed line by line within limits, and where that fails only the
line it began on is bad.
"""

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from procurement.erp.connectors.files.formats import Format
from procurement.erp.problems import Problem

SEPARATORS = (",", ";", "\t", "|")


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of anything we read. Generous for an ERP, small enough that no file can stop the portal."""

    file_bytes: int = 1_000_000_000
    rows: int = 2_000_000
    line_characters: int = 200_000
    lines_per_record: int = 200
    scattered_rows: int = 200_000
    rows_per_order: int = 20_000
    problems: int = 10_000
    refused_rows: int = 50_000


@dataclass(frozen=True, slots=True)
class Row:
    """One record: the line it began on (the header is 1) and its cells by column name, stripped of outer
    spaces."""

    number: int
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class BadRow:
    """A record whose cells cannot be told apart. `cells` is what can be said of it: enough to guess which
    order it is about, and to hand it back with the rows that wait for its correction."""

    number: int
    problem: Problem
    cells: tuple[str, ...]


class BadFile(Exception):
    """A file of which nothing can be read."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(problems[0].rule)
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Table:
    """A file whose header has been understood."""

    path: Path
    format: Format
    separator: str
    header: tuple[str, ...]
    header_line: int
    notices: tuple[Problem, ...]
    limits: Limits

    def rows(self) -> Iterator[Row | BadRow]:
        """The records below the header. May be asked again: the file is read anew."""
        count = 0
        for number, cells in self._records():
            if isinstance(cells, Problem):
                yield BadRow(number, cells, tuple(cells.value.split(self.separator)))
                continue
            if not any(cells):
                continue
            count += 1
            if count > self.limits.rows:
                raise BadFile(Problem("too_many_rows", self.path.name, facts={"limit": self.limits.rows}))
            if len(cells) != len(self.header):
                facts = {"found": len(cells), "expected": len(self.header)}
                problem = Problem("wrong_cell_count", self.path.name, number, facts=facts)
                yield BadRow(number, problem, tuple(cells))
                continue
            yield Row(number, {name: cell.strip() for name, cell in zip(self.header, cells, strict=True)})

    def _records(self) -> Iterator[tuple[int, list[str] | Problem]]:
        with _open(self.path) as stream:
            records = _records(stream, self.separator, self.limits, self.path.name, expected=len(self.header))
            for number, cells in records:
                if number > self.header_line:
                    yield number, cells


def open_table(path: Path, form: Format, limits: Limits = Limits()) -> Table:
    """Understand a file's encoding, separator and header, or raise `BadFile` with every reason."""
    name = path.name
    size = path.stat().st_size
    if size > limits.file_bytes:
        raise BadFile(Problem("file_too_big", name, facts={"bytes": size, "limit": limits.file_bytes}))
    with path.open("rb") as raw:
        if b"\0" in raw.read(4096):
            raise BadFile(Problem("not_text", name))
    separator, header, line = _find_header(path, form, limits)
    if any("\udc80" <= letter <= "\udcff" for one in header for letter in one):
        raise BadFile(Problem("not_utf8", name, line))
    problems = [
        Problem("repeated_column", name, line, one)
        for one in sorted(set(header))
        if header.count(one) > 1 and one
    ]
    problems += [Problem("missing_column", name, line, one) for one in form.required if one not in header]
    if problems:
        raise BadFile(*problems)
    known = form.by_name
    unknown = [one for one in header if one not in known and one and not (form.keeps_extra and is_extra(one))]
    notices = tuple(Problem("unknown_column", name, line, one) for one in unknown)
    return Table(path, form, separator, header, line, notices, limits)


def is_extra(column: str) -> bool:
    """A column of the ERP's own that is kept with the order."""
    return column.startswith("x_") and len(column) <= 64


def _find_header(path: Path, form: Format, limits: Limits) -> tuple[str, tuple[str, ...], int]:
    best: tuple[int, str, tuple[str, ...], int] | None = None
    for separator in SEPARATORS:
        with _open(path) as stream:
            first = next(_records(stream, separator, limits, path.name), None)
            if first is not None and _is_excel_hint(first[1], separator):
                first = next(_records(stream, separator, limits, path.name, first_line=2), None)
        if first is None:
            raise BadFile(Problem("empty_file", path.name))
        line, cells = first
        if isinstance(cells, Problem):
            continue
        header = tuple(cell.strip().lower() for cell in cells)
        hits = sum(1 for one in header if one in form.by_name)
        if hits and (best is None or hits > best[0]):
            best = (hits, separator, header, line)
    if best is None:
        raise BadFile(Problem("no_header", path.name, 1, facts={"needed": ", ".join(form.required)}))
    return best[1:]


def _is_excel_hint(cells: list[str] | Problem, separator: str) -> bool:
    # Excel writes "sep=;" as a first line of its own; read with that separator it is two cells, the second
    # empty.
    return not isinstance(cells, Problem) and separator.join(cells).strip().lower().startswith("sep=")


def _open(path: Path) -> TextIO:
    # Undecodable bytes become lone surrogates, so that only the cells that hold them are refused, not the
    # file.
    return path.open(encoding="utf-8-sig", errors="surrogateescape", newline="")


def _records(
    stream: TextIO, separator: str, limits: Limits, name: str, first_line: int = 1, expected: int = 0
) -> Iterator[tuple[int, list[str] | Problem]]:
    lines = _lines(stream, limits, first_line)
    waiting: deque[tuple[int, str | None]] = deque()
    while True:
        number, line = waiting.popleft() if waiting else next(lines, (0, None))
        if not number:
            return
        if line is None:
            yield number, Problem("row_too_long", name, number, facts={"limit": limits.line_characters})
        elif '"' not in line:
            yield number, line.rstrip("\r\n").split(separator)
        else:
            taken: list[tuple[int, str | None]] = []
            cells = _complete(line, separator, lines, waiting, taken, limits)
            if cells is None or (
                taken and expected and _has_swallowed_a_row(cells, taken, separator, expected)
            ):
                waiting.extendleft(reversed(taken))
                yield number, Problem("broken_quotes", name, number, value=line.rstrip("\r\n"))
            else:
                yield number, cells


def _has_swallowed_a_row(
    cells: list[str], taken: list[tuple[int, str | None]], separator: str, expected: int
) -> bool:
    """Whether a record over several lines is rather a stray quotation mark that ran on into the rows below
    it."""
    return len(cells) != expected or any(
        line is not None and expected > 1 and _separators_in(line, separator) >= expected - 1
        for _, line in taken
    )


def _separators_in(line: str, separator: str) -> int:
    """How many separators a line has that begins within a quoted cell: those of that cell and those between cells.

    What stands in a quoted cell that begins in the line is that cell's own.
    """
    count, is_over = 0, False
    for place, part in enumerate(line.split('"')):
        is_outside = bool(place % 2)
        if is_outside and part:  # nothing between two quotation marks: the one mark that they stand for
            is_over = True
        if is_outside or not is_over:
            count += part.count(separator)
    return count


def _complete(
    text: str,
    separator: str,
    lines: Iterator[tuple[int, str | None]],
    waiting: deque[tuple[int, str | None]],
    taken: list[tuple[int, str | None]],
    limits: Limits,
) -> list[str] | None:
    """The cells of a record that begins with `text`, taking further lines where a quoted cell has line ends
    in it."""
    while True:
        try:
            return next(csv.reader([text], delimiter=separator, strict=True))
        except csv.Error as error:
            if "unexpected end of data" not in str(error) or len(taken) >= limits.lines_per_record:
                return None
        following = waiting.popleft() if waiting else next(lines, None)
        if following is None:
            return None
        taken.append(following)
        if following[1] is None or len(text) + len(following[1]) > limits.line_characters:
            return None
        text += following[1]


def _lines(stream: TextIO, limits: Limits, first_line: int) -> Iterator[tuple[int, str | None]]:
    """The physical lines with their numbers; `None` for one that is too long to be a row."""
    number = first_line
    while line := stream.readline(limits.line_characters):
        too_long = len(line) >= limits.line_characters and not line.endswith(("\n", "\r"))
        while (
            too_long and not line.endswith(("\n", "\r")) and (line := stream.readline(limits.line_characters))
        ):
            pass
        yield number, None if too_long else line
        number += 1
