"""A sheet of somebody's own: which column is which, asked of a person where its names do not say it.

Note [Somebody's own]: our own sheet names its columns. Another program's sheet calls them as it likes: what we know by
one of its names is taken, the rest is asked for. So its whole table is kept, until somebody has said which is which.
"""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any

from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from portal.kernel.web import whole_number
from procurement.sheets.columns import Column
from procurement.sheets.package import refused
from procurement.sheets.tables import cell_of, kept_cell, read_table
from procurement.sheets.values import is_titles, text_of, titles_of
from procurement.sheets.workbook import Wanted

LONGEST = 2_000
SAMPLES = 3

Row = Sequence[Any]


def digest_of(file: UploadedFile) -> str:
    """SHA-256 of a file, by which it is known when it comes again."""
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()


# --- recognised ---------------------------------------------------------------------------------------------


def folded(text: str) -> str:
    """A column's name as it is compared."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"[\W_]+", "", plain)


def known_names(columns: Iterable[Column], synonyms: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """What any column may be called, as it is compared, and which of ours it then is."""
    listed = list(columns)
    found = {folded(word): name for name, words in synonyms.items() for word in words}
    for name, titles in titles_of(listed).items():
        found |= {folded(title): name for title in titles}
    return found | {folded(column.name): column.name for column in listed}


@dataclass(frozen=True, slots=True)
class Recognised:
    """Which column of a file is which of ours, by place; and those whose meaning another column has as well."""

    places: Mapping[str, int]
    twice: frozenset[str] = frozenset()


def recognise(row: Row, known: Mapping[str, str]) -> Recognised:
    """Which of our columns the cells of a row name."""
    places: dict[str, int] = {}
    twice: set[str] = set()
    for place, cell in enumerate(row):
        name = known.get(folded(text_of(cell))) if isinstance(cell, str) else None
        if name in places:
            twice.add(name)
        elif name is not None:
            places[name] = place
    return Recognised(places, frozenset(twice))


@dataclass(frozen=True, slots=True)
class ReadTable:
    """A file's table as it is kept, the row in which its columns are named (0: the first), and which is which.

    `is_clear` where every column that is needed was recognised, and none twice.
    """

    table: Sequence[Row]
    head: int
    columns: Mapping[str, int]
    is_clear: bool


def read_foreign(
    file: IO[bytes],
    size: int,
    wanted: Wanted,
    known: Mapping[str, str],
    is_clear: Callable[[Recognised], bool],
    empty: str = "",
) -> ReadTable:
    """The table of a file; of its first rows the one that names our columns most clearly is its head. Raises `Invalid`
    when the file as a whole cannot be read; `empty` is what is said of one without rows.
    """
    table = [
        [_short(kept_cell(cell)) for cell in row[: wanted.most_columns]]
        for _number, row in read_table(file, size, wanted)
    ]
    while table and not _says_anything(table[-1]):
        table.pop()
    if len(table) < 2:
        raise refused(empty or _("This file holds no rows. Fill in the sheet, save it, and upload it again."))
    heads = [recognise(row, known) for row in table[: wanted.head_within]]
    best = max(range(len(heads)), key=lambda row: (is_clear(heads[row]), len(heads[row].places), -row))
    if not heads[best].places:
        best = next(row for row, cells in enumerate(table) if _says_anything(cells))
        best = min(best, wanted.head_within - 1)
    if len(table) - best - 1 > wanted.most_rows:
        message = _("This file has more than %(most)d rows. Split it into several files.")
        raise refused(message % {"most": wanted.most_rows})
    return ReadTable(table, best, dict(heads[best].places), is_clear(heads[best]))


def _says_anything(row: Row) -> bool:
    return any(cell not in (None, "") for cell in row)


def _short(cell: Any) -> Any:
    # PostgreSQL keeps no NUL in a text.
    return cell[:LONGEST].replace("\0", "") if isinstance(cell, str) else cell


def said_rows(
    read: tuple[Sequence[Row], int, Mapping[str, int]], names: Sequence[str], columns: Iterable[Column]
) -> Iterator[tuple[int, dict[str, Any], dict[str, str]]]:
    """Every row below the head of a table that says something, counted as a spreadsheet program counts them: the values
    of these columns by name, and the same as texts. Rows that only say again what the columns are called are none.
    """
    table, head, places = read
    titles = titles_of(columns)
    for number, cells in enumerate(table[head + 1 :], start=head + 2):
        values = {
            name: cell_of(cells[places[name]])
            for name in names
            if name in places and places[name] < len(cells)
        }
        texts = {name: text_of(value) for name, value in values.items()}
        if any(texts.values()) and not is_titles(texts, titles):
            yield number, values, texts


# --- asked --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Asked:
    """The columns that are asked for: all of them by name, those that are `read`, and those without which no row is
    known (besides the line, which an item number names as well). Where other things are needed, `lacks` says of those
    that were chosen what is not there: each column, with a sentence.
    """

    columns: Mapping[str, Column]
    read: Sequence[str]
    needed: Sequence[str]
    lacks: Callable[[Mapping[str, int]], Iterable[tuple[str, str]]] | None = None

    def title(self, name: str) -> str:
        """How people call a column."""
        return str(self.columns[name].title)


def said_head(data: Mapping[str, str], table: Sequence[Row], head_within: int) -> int:
    """In which row the columns are named (0: the first), as a form says it."""
    return min(max((whole_number(data.get("head")) or 1) - 1, 0), head_within - 1, len(table) - 1)


def said_columns(
    data: Mapping[str, str], width: int, asked: Asked
) -> tuple[dict[str, int], list[dict[str, str]]]:
    """Which column of a file is which, out of the form, and what is wrong with that."""
    columns: dict[str, int] = {}
    problems = []
    for name in asked.read:
        place = whole_number(data.get(f"column.{name}"))
        if place is not None and 0 < place <= width:
            columns[name] = place - 1
    used = Counter(columns.values())
    for name, place in columns.items():
        if used[place] > 1:
            message = _("%(title)s: this column of the file is chosen twice. Choose another, or none.")
            problems.append({"id": f"column-{name}", "message": message % {"title": asked.title(name)}})
    lacking = asked.lacks(columns) if asked.lacks else _without_a_line(columns, asked)
    problems += [{"id": f"column-{name}", "message": message} for name, message in lacking]
    return columns, problems


def _without_a_line(columns: Mapping[str, int], asked: Asked) -> Iterator[tuple[str, str]]:
    missing = [name for name in asked.needed if name not in columns]
    if "line" not in columns and "item" not in columns:
        missing.append("line")
    message = _("%(title)s: say in which column of the file it stands. Without it no line is known.")
    for name in missing:
        yield name, message % {"title": asked.title(name)}


def columns_page(table: Sequence[Row], head: int, columns: Mapping[str, int], asked: Asked) -> dict[str, Any]:
    """What the page shows that asks which column is which: theirs with samples, and ours with what was found."""
    names = [text_of(cell_of(cell))[:60] for cell in table[head]]
    samples = [[text_of(cell_of(cell))[:40] for cell in row] for row in table[head + 1 : head + 1 + SAMPLES]]
    return {
        "head": head + 1,
        "theirs": [
            {
                "place": place + 1,
                "name": name or _("Column %(place)d") % {"place": place + 1},
                "samples": ", ".join(row[place] for row in samples if place < len(row) and row[place]),
            }
            for place, name in enumerate(names)
        ],
        "asked": [
            {
                "name": name,
                "title": asked.columns[name].title,
                "place": columns[name] + 1 if name in columns else 0,
                "is_needed": name in (*asked.needed, "line"),
            }
            for name in asked.read
        ],
    }


# --- what becomes of the rows -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ShownProblem:
    """What is wrong with one cell of a row."""

    column: str
    value: str
    message: str


def shown_problem(each: Mapping[str, str], columns: Mapping[str, Column]) -> ShownProblem:
    """A problem that was kept, with its column as people call it."""
    column = columns.get(each["column"])
    return ShownProblem(str(column.title) if column else "", each["value"], each["message"])


def outcome_figures(
    labels: Mapping[str, tuple[str, str]], counts: Counter[str], only: str, unit: Callable[[int], str]
) -> list[dict[str, Any]]:
    """How many rows come to what: a label and a tone for each outcome, and the address that shows those alone."""
    return [
        {
            "label": label,
            "value": counts[outcome],
            "unit": unit(counts[outcome]),
            "tone": tone,
            "url": "?" if only == outcome else f"?only={outcome}",
            "current": only == outcome,
        }
        for outcome, (label, tone) in labels.items()
    ]
