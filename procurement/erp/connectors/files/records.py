"""Which rows of a file are one record: a row by itself, or all that carry the same key; and where they contradict."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from procurement.erp.connectors.files.cells import Values, cell_problem, read_cells
from procurement.erp.connectors.files.formats import Format
from procurement.erp.connectors.files.rows import BadFile, BadRow, Row, Table
from procurement.erp.content import content_hash
from procurement.erp.ports import Paper, Sighting
from procurement.erp.problems import Problem, Severity, shown


@dataclass(slots=True)
class Found:
    """One record of a file: the paper, or nothing where it was refused; what was noticed; and its rows as
    they stood."""

    sighting: Sighting | None
    problems: list[Problem] = field(default_factory=list)
    rows: list[Row | BadRow] = field(default_factory=list)


def one_per_row(table: Table, build: Callable[[Values], Paper]) -> Iterator[Found]:
    first_rows, contradictions = _index_rows(table)
    seen: set[int] = set()
    for row in table.rows():
        if isinstance(row, BadRow):
            yield Found(None, [row.problem], [row])
            continue
        key, said = _row_key(row, table.format)
        if key in contradictions:
            yield Found(None, [_contradiction(row, table, first_rows[key], contradictions[key])], [row])
            continue
        if key in seen:
            facts = {"first_row": first_rows[key]}
            yield Found(
                None, [Problem("repeated_row", table.path.name, row.number, record=said, facts=facts)]
            )
            continue
        seen.add(key)
        values, problems = read_cells(row, table.format, table.path.name)
        if problems:
            yield Found(None, [about(problem, said) for problem in problems], [row])
            continue
        paper = build(values)
        yield Found(Sighting(paper, content_hash(paper), table.path.name, row.number), [], [row])


def _contradiction(row: Row, table: Table, first: int, second: int) -> Problem:
    said = _row_key(row, table.format)[1]
    facts: dict[str, str | int] = {"first_row": second if row.number == first else first, "key": said}
    return Problem("same_key_differs", table.path.name, row.number, table.format.key[-1], said, said, facts)


def _index_rows(table: Table) -> tuple[dict[int, int], dict[int, int]]:
    """The first row of each key, and for keys that say two different things the row that contradicts."""
    first_rows: dict[int, int] = {}
    content: dict[int, int] = {}
    contradictions: dict[int, int] = {}
    for row in table.rows():
        if isinstance(row, BadRow):
            continue
        key = _row_key(row, table.format)[0]
        said = short_hash(*row.cells.values())
        if key not in first_rows:
            first_rows[key], content[key] = row.number, said
        elif content[key] != said:
            contradictions.setdefault(key, row.number)
    return first_rows, contradictions


def _row_key(row: Row, form: Format) -> tuple[int, str]:
    parts = [row.cells.get(name, "") for name in form.key]
    # A row without its key is a record of its own: it is refused for that, and must not meet another such
    # row.
    return (short_hash(*parts) if all(parts) else -row.number), shown(" / ".join(parts))


def short_hash(*parts: str) -> int:
    text = "\x1f".join(parts).encode("utf-8", "surrogateescape")
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest())


def about(problem: Problem, record: str) -> Problem:
    return Problem(
        problem.rule, problem.source, problem.row, problem.column, problem.value, record, problem.facts
    )


@dataclass(slots=True)
class Group:
    """The rows of one record, and what is already known to be wrong with it."""

    said: str
    rows: list[Row] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    unreadable: list[BadRow] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a first pass over the file found: the records it has, and those whose rows do not stand
    together."""

    known: set[int]
    scattered: set[int]


def grouped(
    table: Table, build: Callable[[Group, Table], tuple[Paper | None, list[Problem]]]
) -> Iterator[Found]:
    """Records whose rows stand together are built as they pass by; only scattered ones wait in memory for
    the end."""
    for group in _groups(table, _plan(table)):
        paper, problems = build(group, table) if group.rows else (None, [])
        problems = [about(problem, group.said) for problem in group.problems + problems]
        rows: list[Row | BadRow] = [*group.rows, *group.unreadable]
        rows.sort(key=lambda row: row.number)
        if paper is None or any(problem.severity is Severity.REFUSED for problem in problems):
            yield Found(None, problems, rows)
        else:
            first = group.rows[0].number
            yield Found(Sighting(paper, content_hash(paper), table.path.name, first), problems, rows)


def _groups(table: Table, plan: Plan) -> Iterator[Group]:
    waiting: dict[int, Group] = {}
    current: Group | None = None
    current_key: int | None = None
    homeless: list[BadRow] = []
    for row, key, said in _keyed(table):
        if isinstance(row, BadRow) and key not in plan.known:
            # It belongs to the order before it, to the order after it, or to one of its own: the two beside
            # it wait.
            yield Group(said, [], [row.problem], [row])
            homeless.append(row)
            if current is not None:
                current.problems.append(_doubt(row, table))
            continue
        if current is None or key != current_key:
            if current is not None and current_key not in waiting:
                yield current
            current, current_key = waiting.get(key) or Group(said), key
            if key in plan.scattered:
                waiting[key] = current
            current.problems += [_doubt(bad, table) for bad in homeless]
        homeless = []
        if isinstance(row, BadRow):
            current.problems.append(row.problem)
            current.unreadable.append(row)
        else:
            current.rows.append(row)
    if current is not None and current_key not in waiting:
        yield current
    yield from waiting.values()


def _keyed(table: Table) -> Iterator[tuple[Row | BadRow, int, str]]:
    """Every row with the record it is about; a row that does not say so is unreadable, however tidy its
    other cells are."""
    columns = [table.format.by_name[name] for name in table.format.key]
    places = [table.header.index(name) for name in table.format.key]
    for row in table.rows():
        if isinstance(row, BadRow):
            # The last cell of a broken row may have been cut in the middle: only those before it are whole.
            parts = [row.cells[place].strip(' "') if place < len(row.cells) - 1 else "" for place in places]
            yield row, short_hash(*parts) if all(parts) else -row.number, shown(" / ".join(parts))
            continue
        parts = [row.cells[name] for name in table.format.key]
        problem = next(
            (found for column in columns if (found := cell_problem(row, column, table.path.name))), None
        )
        if problem:
            yield (
                BadRow(row.number, problem, tuple(row.cells.values())),
                -row.number,
                shown(" / ".join(parts)),
            )
        else:
            yield row, short_hash(*parts), " / ".join(parts)


def _doubt(bad: BadRow, table: Table) -> Problem:
    return Problem(
        table.format.rule("beside_unreadable_row"), table.path.name, bad.number, facts={"bad_row": bad.number}
    )


def _plan(table: Table) -> Plan:
    """Find out, in a first pass, which records must wait for rows further down. A file is refused only where
    an unreadable row could belong to any of its scattered orders."""
    counts: Counter[int] = Counter()
    known: set[int] = set()
    scattered: set[int] = set()
    unreadable: list[tuple[BadRow, int]] = []
    last: int | None = None
    for row, key, _ in _keyed(table):
        if isinstance(row, BadRow):
            unreadable.append((row, key))
            if len(unreadable) > table.limits.problems:
                raise BadFile(*(bad.problem for bad, _ in unreadable))
        else:
            known.add(key)
        if key != last and key in counts:
            scattered.add(key)
        counts[key] += 1
        last = key
    if sum(counts[key] for key in scattered) > table.limits.scattered_rows:
        raise BadFile(
            Problem(
                table.format.rule("scattered_orders"),
                table.path.name,
                facts={"limit": table.limits.scattered_rows},
            )
        )
    homeless = [bad for bad, key in unreadable if key not in known]
    if homeless and scattered:
        rule, name = table.format.rule("unreadable_among_scattered"), table.path.name
        raise BadFile(
            *(bad.problem for bad in homeless),
            *(Problem(rule, name, bad.number, facts={"bad_row": bad.number}) for bad in homeless),
        )
    return Plan(known, scattered)


def with_summary(
    problems: list[Problem], group: Group, source: str, rule: str = "order_refused"
) -> list[Problem]:
    rows = sorted({problem.row for problem in [*group.problems, *problems] if problem.row})
    shown = ", ".join(str(row) for row in rows[:10]) + (" …" if len(rows) > 10 else "")
    return [
        *problems,
        Problem(rule, source, group.rows[0].number, record=group.said, facts={"rows": shown}),
    ]


def without_repetitions(
    rows: list[tuple[Row, Values]], source: str
) -> tuple[list[tuple[Row, Values]], list[Problem]]:
    kept: dict[int, tuple[Row, Values]] = {}
    notices: list[Problem] = []
    for row, values in rows:
        said = short_hash(*row.cells.values())
        if said in kept:
            first = kept[said][0].number
            notices.append(
                Problem(
                    "repeated_row",
                    source,
                    row.number,
                    "line_key",
                    values["line_key"],
                    facts={"first_row": first},
                )
            )
        else:
            kept[said] = (row, values)
    return list(kept.values()), notices


def differences(
    first: tuple[Row, Values], rows: list[tuple[Row, Values]], columns: list[str], rule: str, source: str
) -> list[Problem]:
    return [
        Problem(
            rule, source, row.number, column, shown(row.cells.get(column, "")),
            facts={"other": shown(first[0].cells.get(column, "")), "first_row": first[0].number},
        )
        for row, values in rows[1:]
        for column in columns
        if values[column] != first[1][column]
    ]  # fmt: skip
