"""The cells of a row as values."""

from functools import lru_cache
from typing import Any

from procurement.erp.connectors.files.formats import Column, Format
from procurement.erp.connectors.files.kinds import BadCell, Kind
from procurement.erp.connectors.files.rows import Row
from procurement.erp.problems import Problem, shown

Values = dict[str, Any]


def read_cells(row: Row, form: Format, source: str) -> tuple[Values, list[Problem]]:
    """The cells of a row as values, and what is wrong with them. A column that is empty or not there is `None`."""
    values: Values = {}
    problems: list[Problem] = []
    cells = row.cells
    for column in form.columns:
        name = column.name
        text = cells.get(name)
        if not text:
            values[name] = None
            if column.required:
                problems.append(Problem(column.kind.when_missing, source, row.number, name))
            continue
        try:
            # What is secret is not remembered either.
            values[name] = column.kind.read(text) if column.secret else read_text(column.kind, text)
        except BadCell as bad:
            said = "" if column.secret else shown(text)
            problems.append(Problem(bad.rule, source, row.number, name, said, facts=bad.facts))
    return values, problems


@lru_cache(maxsize=50_000)
def read_text(kind: Kind, text: str) -> object:
    """One cell. An order repeats its own columns on every row and days repeat across orders: most is read already."""
    return kind.read(text)


def cell_problem(row: Row, column: Column, source: str) -> Problem | None:
    if not row.cells[column.name]:
        return Problem("missing", source, row.number, column.name)
    try:
        column.kind.read(row.cells[column.name])
    except BadCell as bad:
        return Problem(
            bad.rule, source, row.number, column.name, shown(row.cells[column.name]), facts=bad.facts
        )
    return None


def texts(values: Values, *names: str) -> dict[str, str]:
    return {name: values[name] or "" for name in names}
