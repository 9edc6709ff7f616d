"""A whole order from its rows, or the reasons why not."""

from decimal import Decimal
from typing import Any

from procurement.erp.connectors.files.cells import Values, cell_problem, read_cells
from procurement.erp.connectors.files.formats import LINE_COLUMNS, ORDER_COLUMNS, SCHEDULE_COLUMNS, Column
from procurement.erp.connectors.files.kinds import LONG
from procurement.erp.connectors.files.records import Group, differences, with_summary, without_repetitions
from procurement.erp.connectors.files.rows import Row, Table, is_extra
from procurement.erp.content import canonical_decimal
from procurement.erp.problems import Problem
from procurement.orders.messages import LinePaper, OrderPaper, SchedulePaper


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
        return None, with_summary(problems, group, source)
    rows, notices = without_repetitions([(row, values) for row, values, _ in read], source)
    problems = differences(rows[0], rows, [column.name for column in ORDER_COLUMNS], "header_differs", source)
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
        return None, with_summary(problems, group, source)
    lines = tuple(_line(together) for together in by_line.values())
    return _order(rows[0], lines), notices + _twins(_first_of(rows), source)


def _extra_problems(row: Row, source: str) -> list[Problem]:
    extra = [Column(name, LONG, "") for name, cell in row.cells.items() if cell and is_extra(name)]
    return [found for column in extra if (found := cell_problem(row, column, source))]


def _line_problems(together: list[tuple[Row, Values]], source: str) -> list[Problem]:
    first_row, first = together[0]
    if len(together) > 1 and any(values["schedule_quantity"] is None for _, values in together):
        facts = {"first_row": first_row.number, "key": first["line_key"]}
        return [
            Problem("same_key_differs", source, row.number, "line_key", first["line_key"], facts=facts)
            for row, _ in together[1:]
        ]
    problems = differences(
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
