"""From rows to neutral papers. One bad row makes one record bad, and for an order that means the whole
order: an order with a row missing would look as if the line had been deleted."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Any

from procurement.bills.messages import BillLinePaper, BillPaper
from procurement.catalogue.messages import (
    CompanyPaper,
    CustomerDemandPaper,
    ItemPaper,
    SitePaper,
    StockPaper,
    SupplierItemPaper,
    UnitPaper,
)
from procurement.erp.connectors.files.formats import (
    BILLED_COLUMNS,
    INVOICE_COLUMNS,
    LINE_COLUMNS,
    ORDER_COLUMNS,
    SCHEDULE_COLUMNS,
    Column,
    Format,
)
from procurement.erp.connectors.files.kinds import LONG, BadCell, Kind
from procurement.erp.connectors.files.rows import BadFile, BadRow, Row, Table, is_extra
from procurement.erp.ports import (
    CommandResult,
    CurrentLine,
    Feed,
    Outcome,
    Paper,
    Sighting,
    canonical_decimal,
    content_hash,
)
from procurement.erp.problems import Problem, Severity, shown
from procurement.orders.messages import LinePaper, OrderPaper, SchedulePaper
from procurement.receipts.messages import ReceiptPaper
from suppliers.banking.messages import AccountsPaper, AccountTyped, PaidTo
from suppliers.messages import SupplierPaper, SupplierSitePaper

Values = dict[str, Any]


@dataclass(slots=True)
class Found:
    """One record of a file: the paper, or nothing where it was refused; what was noticed; and its rows as
    they stood."""

    sighting: Sighting | None
    problems: list[Problem] = field(default_factory=list)
    rows: list[Row | BadRow] = field(default_factory=list)


def papers_of(table: Table, feed: Feed) -> Iterator[Found]:
    """Every record of a file, in the file's order (orders whose rows are scattered come last)."""
    if feed is Feed.ORDERS:
        return _grouped(table, build_order)
    if feed is Feed.INVOICES:
        return _grouped(table, build_invoice)
    if feed is Feed.COMMAND_RESULTS:
        return _grouped(table, build_result)
    if feed is Feed.BANK_ACCOUNTS:
        return _grouped(table, build_accounts)
    return _one_per_row(table, BUILDERS[feed])


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


# --- records of one row
# -----------------------------------------------------------------------------------------------


def _one_per_row(table: Table, build: Callable[[Values], Paper]) -> Iterator[Found]:
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
            yield Found(None, [_about(problem, said) for problem in problems], [row])
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
        said = _short_hash(*row.cells.values())
        if key not in first_rows:
            first_rows[key], content[key] = row.number, said
        elif content[key] != said:
            contradictions.setdefault(key, row.number)
    return first_rows, contradictions


def _row_key(row: Row, form: Format) -> tuple[int, str]:
    parts = [row.cells.get(name, "") for name in form.key]
    # A row without its key is a record of its own: it is refused for that, and must not meet another such
    # row.
    return (_short_hash(*parts) if all(parts) else -row.number), shown(" / ".join(parts))


def _short_hash(*parts: str) -> int:
    text = "\x1f".join(parts).encode("utf-8", "surrogateescape")
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest())


def _about(problem: Problem, record: str) -> Problem:
    return Problem(
        problem.rule, problem.source, problem.row, problem.column, problem.value, record, problem.facts
    )


# --- records of several rows
# ------------------------------------------------------------------------------------------


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


def _grouped(
    table: Table, build: Callable[[Group, Table], tuple[Paper | None, list[Problem]]]
) -> Iterator[Found]:
    """Records whose rows stand together are built as they pass by; only scattered ones wait in memory for
    the end."""
    for group in _groups(table, _plan(table)):
        paper, problems = build(group, table) if group.rows else (None, [])
        problems = [_about(problem, group.said) for problem in group.problems + problems]
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
            yield row, _short_hash(*parts) if all(parts) else -row.number, shown(" / ".join(parts))
            continue
        parts = [row.cells[name] for name in table.format.key]
        problem = next(
            (found for column in columns if (found := _cell_problem(row, column, table.path.name))), None
        )
        if problem:
            yield (
                BadRow(row.number, problem, tuple(row.cells.values())),
                -row.number,
                shown(" / ".join(parts)),
            )
        else:
            yield row, _short_hash(*parts), " / ".join(parts)


def _cell_problem(row: Row, column: Column, source: str) -> Problem | None:
    if not row.cells[column.name]:
        return Problem("missing", source, row.number, column.name)
    try:
        column.kind.read(row.cells[column.name])
    except BadCell as bad:
        return Problem(
            bad.rule, source, row.number, column.name, shown(row.cells[column.name]), facts=bad.facts
        )
    return None


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


def _first_of(rows: list[tuple[Row, Values]]) -> dict[str, tuple[Row, Values]]:
    lines: dict[str, tuple[Row, Values]] = {}
    for row, values in rows:
        lines.setdefault(values["line_key"], (row, values))
    return lines


def build_order(group: Group, table: Table) -> tuple[OrderPaper | None, list[Problem]]:
    """A whole order from its rows, or the reasons why not."""
    source = table.path.name
    if len(group.rows) > table.limits.rows_per_order:
        facts = {"limit": table.limits.rows_per_order}
        return None, [Problem("too_many_lines", source, group.rows[0].number, facts=facts)]
    read = [(row, *read_cells(row, table.format, source)) for row in group.rows]
    problems = [problem for _, _, found in read for problem in found] + _extra_problems(group.rows[0], source)
    if problems or group.problems:
        return None, _with_summary(problems, group, source)
    rows, notices = _without_repetitions([(row, values) for row, values, _ in read], source)
    problems = _differences(
        rows[0], rows, [column.name for column in ORDER_COLUMNS], "header_differs", source
    )
    by_line: dict[str, list[tuple[Row, Values]]] = {}
    for row, values in rows:
        by_line.setdefault(values["line_key"], []).append((row, values))
    for together in by_line.values():
        problems += _line_problems(together, source)
    problems += _line_number_problems(_first_of(rows), source)
    total = rows[0][1]["lines_total"]
    if total is not None and total != len(by_line):
        facts = {"found": len(by_line)}
        problems.append(
            Problem("lines_missing", source, rows[0][0].number, "lines_total", str(total), facts=facts)
        )
    if problems:
        return None, _with_summary(problems, group, source)
    lines = tuple(_line(together) for together in by_line.values())
    return _order(rows[0], lines), notices + _twins(_first_of(rows), source)


def _extra_problems(row: Row, source: str) -> list[Problem]:
    extra = [Column(name, LONG, "") for name, cell in row.cells.items() if cell and is_extra(name)]
    return [found for column in extra if (found := _cell_problem(row, column, source))]


def _with_summary(
    problems: list[Problem], group: Group, source: str, rule: str = "order_refused"
) -> list[Problem]:
    rows = sorted({problem.row for problem in [*group.problems, *problems] if problem.row})
    shown = ", ".join(str(row) for row in rows[:10]) + (" …" if len(rows) > 10 else "")
    return [
        *problems,
        Problem(rule, source, group.rows[0].number, record=group.said, facts={"rows": shown}),
    ]


def _without_repetitions(
    rows: list[tuple[Row, Values]], source: str
) -> tuple[list[tuple[Row, Values]], list[Problem]]:
    kept: dict[int, tuple[Row, Values]] = {}
    notices: list[Problem] = []
    for row, values in rows:
        said = _short_hash(*row.cells.values())
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


def _differences(
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


def _line_problems(together: list[tuple[Row, Values]], source: str) -> list[Problem]:
    first_row, first = together[0]
    if len(together) > 1 and any(values["schedule_quantity"] is None for _, values in together):
        facts = {"first_row": first_row.number, "key": first["line_key"]}
        return [
            Problem("same_key_differs", source, row.number, "line_key", first["line_key"], facts=facts)
            for row, _ in together[1:]
        ]
    problems = _differences(
        together[0], together, [column.name for column in LINE_COLUMNS], "line_differs", source
    )
    pair = [column.name for column in SCHEDULE_COLUMNS]
    for row, values in together:
        empty = [name for name in pair if values[name] is None]
        if len(empty) == 1:
            problems.append(Problem("schedule_incomplete", source, row.number, empty[0]))
    if problems or first["schedule_quantity"] is None:
        return problems
    asked = sum((values["schedule_quantity"] for _, values in together), Decimal(0))
    if asked != first["quantity"]:
        facts = {"line": first["line_number"], "sum": canonical_decimal(asked)}
        value = canonical_decimal(first["quantity"])
        return [
            Problem(
                "schedules_do_not_add_up", source, first_row.number, "schedule_quantity", value, facts=facts
            )
        ]
    return []


def _line_number_problems(lines: dict[str, tuple[Row, Values]], source: str) -> list[Problem]:
    numbers: dict[int, tuple[Row, Values]] = {}
    problems: list[Problem] = []
    for row, values in lines.values():
        other_row, other = numbers.setdefault(values["line_number"], (row, values))
        if other is not values:
            facts = {"twin": other["line_key"], "first_row": other_row.number}
            problems.append(
                Problem(
                    "line_number_twice",
                    source,
                    row.number,
                    "line_number",
                    str(values["line_number"]),
                    facts=facts,
                )
            )
    return problems


def _twins(lines: dict[str, tuple[Row, Values]], source: str) -> list[Problem]:
    """Lines of one order that say the same under different keys: mostly a record that was entered twice."""
    telling = [column.name for column in LINE_COLUMNS if column.name not in {"line_key", "line_number"}]
    seen: dict[tuple[Any, ...], tuple[Row, Values]] = {}
    notices: list[Problem] = []
    for row, values in lines.values():
        first_row, first = seen.setdefault(tuple(values[name] for name in telling), (row, values))
        if first is not values and not values["line_cancelled"]:
            facts = {
                "line": values["line_number"],
                "twin": first["line_number"],
                "first_row": first_row.number,
            }
            notices.append(
                Problem("twin_lines", source, row.number, "line_key", values["line_key"], facts=facts)
            )
    return notices


def _line(together: list[tuple[Row, Values]]) -> LinePaper:
    values = together[0][1]
    schedules = [
        (one["schedule_delivery_on"], one["schedule_quantity"])
        for _, one in together
        if one["schedule_quantity"]
    ]
    return LinePaper(
        key=values["line_key"],
        number=values["line_number"],
        item_number=values["item_number"],
        description=values["description"],
        quantity=values["quantity"],
        unit=values["unit"],
        price=values["price"],
        delivery_on=values["delivery_on"],
        price_per=values["price_per"] or Decimal(1),
        gtin=values["gtin"] or "",
        supplier_part_number=values["supplier_part_number"] or "",
        ship_to=values["line_ship_to"] or "",
        note=values["line_note"] or "",
        cancelled=values["line_cancelled"] or False,
        received_quantity=values["received_quantity"] or Decimal(0),
        invoiced_quantity=values["invoiced_quantity"] or Decimal(0),
        closed=values["line_closed"] or False,
        schedules=tuple(SchedulePaper(quantity, day) for day, quantity in sorted(schedules)),
    )


def _order(first: tuple[Row, Values], lines: tuple[LinePaper, ...]) -> OrderPaper:
    row, values = first
    return OrderPaper(
        company=values["company"],
        number=values["order_number"],
        supplier=values["supplier"],
        currency=values["currency"],
        ordered_on=values["ordered_on"],
        lines=tuple(sorted(lines, key=lambda line: (line.number, line.key))),
        ship_to=values["ship_to"] or "",
        revision=values["revision"] or "",
        kind=values["kind"] or "standard",
        status=values["status"] or "open",
        payment_terms=values["payment_terms"] or "",
        incoterm=values["incoterm"] or "",
        incoterm_place=values["incoterm_place"] or "",
        buyer_code=values["buyer_code"] or "",
        buyer_name=values["buyer_name"] or "",
        buyer_email=values["buyer_email"] or "",
        note=values["order_note"] or "",
        stamp=values["changed_at"],
        extra={name: cell for name, cell in sorted(row.cells.items()) if cell and is_extra(name)},
    )


OUTCOMES = {"accepted": Outcome.SENT, "refused": Outcome.REFUSED, "conflict": Outcome.CONFLICT}


def build_result(group: Group, table: Table) -> tuple[CommandResult | None, list[Problem]]:
    """An ERP's answer to a command: one row, or for a conflict one row per line. `accepted` is not yet
    proof."""
    read = [read_cells(row, table.format, table.path.name) for row in group.rows]
    problems = [problem for _, found in read for problem in found]
    if problems:
        return None, problems
    rows = list(zip(group.rows, [values for values, _ in read], strict=True))
    problems = _differences(rows[0], rows, ["result"], "header_differs", table.path.name)
    first = rows[0][1]
    by_line: dict[str, list[Values]] = {}
    for _, values in rows:
        if values["line_key"]:
            by_line.setdefault(values["line_key"], []).append(values)
    lines = tuple(_current_line(together) for together in by_line.values())
    return CommandResult(
        first["command_key"], OUTCOMES[first["result"]], first["reason"] or "", lines
    ), problems


def _current_line(rows: Sequence[Values]) -> CurrentLine:
    """What the ERP holds for a line: one row, or one for each of its deliveries."""
    first = rows[0]
    deliveries = tuple(
        SchedulePaper(values["current_delivery_quantity"], values["current_delivery_on"])
        for values in rows
        if values["current_delivery_quantity"] and values["current_delivery_on"]
    )
    days = [values["current_delivery_on"] for values in rows if values["current_delivery_on"]]
    return CurrentLine(
        first["line_key"],
        first["current_quantity"],
        first["current_price"],
        min(days, default=None),
        first["line_gone"] or False,
        first["current_price_per"],
        deliveries,
        first["current_item_number"] or "",
        first["line_closed"] or False,
    )


# --- invoices: one row per line that is billed
# -----------------------------------------------------------------------------------------


def build_invoice(group: Group, table: Table) -> tuple[BillPaper | None, list[Problem]]:
    """A whole invoice from its rows, or the reasons why not."""
    source, rule = table.path.name, table.format.rule("order_refused")
    if len(group.rows) > table.limits.rows_per_order:
        facts = {"limit": table.limits.rows_per_order}
        return None, [Problem(table.format.rule("too_many_lines"), source, group.rows[0].number, facts=facts)]
    read = [(row, *read_cells(row, table.format, source)) for row in group.rows]
    problems = [problem for _, _, found in read for problem in found]
    if problems or group.problems:
        return None, _with_summary(problems, group, source, rule)
    rows, notices = _without_repetitions([(row, values) for row, values, _ in read], source)
    columns = [column.name for column in INVOICE_COLUMNS]
    problems = _differences(rows[0], rows, columns, table.format.rule("header_differs"), source)
    for row, values in rows:
        problems += _half_a_line(row, values, source)
    if problems:
        return None, _with_summary(problems, group, source, rule)
    return _invoice(rows), notices


def _half_a_line(row: Row, values: Values, source: str) -> list[Problem]:
    empty = [column.name for column in BILLED_COLUMNS if values[column.name] is None]
    if len(empty) in (0, len(BILLED_COLUMNS)):
        return []
    return [Problem("invoice_line_incomplete", source, row.number, name) for name in empty]


def _invoice(rows: list[tuple[Row, Values]]) -> BillPaper:
    values = rows[0][1]
    return BillPaper(
        company=values["company"],
        supplier=values["supplier"],
        key=values["invoice_key"],
        invoiced_on=values["invoiced_on"],
        currency=values["currency"],
        total=values["total"],
        open_amount=values["open_amount"],
        state=values["state"],
        kind=values["kind"] or "invoice",
        number=values["invoice_number"] or "",
        reference=values["reference"] or "",
        due_on=values["due_on"],
        paid_on=values["paid_on"],
        lines=tuple(
            BillLinePaper(one["order_number"], one["line_key"], one["line_quantity"], one["line_amount"])
            for _, one in rows
            if one["order_number"]
        ),
        stamp=values["changed_at"],
    )


def build_accounts(group: Group, table: Table) -> tuple[AccountsPaper | None, list[Problem]]:
    """All accounts of a supplier from their rows, or the reasons why not: with one left out it would seem gone."""
    source, rule = table.path.name, table.format.rule("order_refused")
    if len(group.rows) > table.limits.rows_per_order:
        facts = {"limit": table.limits.rows_per_order}
        return None, [Problem(table.format.rule("too_many_lines"), source, group.rows[0].number, facts=facts)]
    read = [read_cells(row, table.format, source) for row in group.rows]
    problems = [problem for _, found in read for problem in found]
    if problems or group.problems:
        return None, _with_summary(problems, group, source, rule)
    rows = [values for values, _ in read]
    accounts = tuple(dict.fromkeys(_paid_to(values) for values in rows if values["number"]))
    stamp = max((values["changed_at"] for values in rows if values["changed_at"]), default=None)
    return AccountsPaper(rows[0]["supplier"], accounts, stamp), []


def _paid_to(values: Values) -> PaidTo:
    said = _texts(values, "currency", "country", "holder", "number", "routing", "bic")
    return PaidTo(AccountTyped(**said), values["paid_since"])


# --- the other papers: one row each
# -------------------------------------------------------------------------------------


def _texts(values: Values, *names: str) -> dict[str, str]:
    return {name: values[name] or "" for name in names}


_PLACE = ("street", "postal_code", "city", "country")


def _company(values: Values) -> CompanyPaper:
    return CompanyPaper(**values)


def _unit(values: Values) -> UnitPaper:
    return UnitPaper(values["code"], values["name"], values["decimals"] or 0, values["rec20"] or "")


def _site(values: Values) -> SitePaper:
    return SitePaper(**_texts(values, "code", "company", "name", *_PLACE, "time_zone", "gln"))


def _supplier(values: Values) -> SupplierPaper:
    return SupplierPaper(
        **_texts(values, "number", "name", "country", "currency", "email"),
        language=values["language"] or "en",
        time_zone=values["time_zone"] or "UTC",
        segment=values["segment"] or "long_tail",
        blocked=values["blocked"] or False,
    )


def _supplier_site(values: Values) -> SupplierSitePaper:
    return SupplierSitePaper(
        **_texts(values, "supplier", "code", "name", *_PLACE), transit_days=values["transit_days"] or 0
    )


def _item(values: Values) -> ItemPaper:
    return ItemPaper(**_texts(values, "number", "description", "unit", "gtin", "group"))


def _supplier_item(values: Values) -> SupplierItemPaper:
    return SupplierItemPaper(
        **_texts(values, "supplier", "item", "supplier_part_number"),
        minimum_quantity=values["minimum_quantity"],
        pack_quantity=values["pack_quantity"],
        lead_time_days=values["lead_time_days"],
    )


def _receipt(values: Values) -> ReceiptPaper:
    return ReceiptPaper(
        company=values["company"],
        order=values["order_number"],
        line_key=values["line_key"],
        key=values["receipt_key"],
        quantity=values["quantity"],
        unit=values["unit"],
        received_on=values["received_on"],
        reference=values["reference"] or "",
        reversed=values["reversed"] or False,
        stamp=values["changed_at"],
    )


def _stock(values: Values) -> StockPaper:
    return StockPaper(**values)


def _customer_demand(values: Values) -> CustomerDemandPaper:
    return CustomerDemandPaper(
        key=values["demand_key"],
        item=values["item"],
        site=values["site"],
        quantity=values["quantity"],
        unit=values["unit"],
        needed_on=values["needed_on"],
        as_of=values["as_of"],
        **_texts(values, "customer", "reference"),
    )


BUILDERS: dict[Feed, Callable[[Values], Paper]] = {
    Feed.COMPANIES: _company,
    Feed.UNITS: _unit,
    Feed.SITES: _site,
    Feed.SUPPLIERS: _supplier,
    Feed.SUPPLIER_SITES: _supplier_site,
    Feed.ITEMS: _item,
    Feed.SUPPLIER_ITEMS: _supplier_item,
    Feed.RECEIPTS: _receipt,
    Feed.STOCK: _stock,
    Feed.CUSTOMER_DEMAND: _customer_demand,
}
