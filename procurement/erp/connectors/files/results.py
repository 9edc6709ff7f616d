"""An ERP's answers to commands, from their rows."""

from collections.abc import Sequence

from procurement.erp.connectors.files.cells import Values, read_cells
from procurement.erp.connectors.files.records import Group, differences
from procurement.erp.connectors.files.rows import Table
from procurement.erp.ports import CommandResult, CurrentLine, Outcome
from procurement.erp.problems import Problem
from procurement.orders.messages import SchedulePaper

OUTCOMES = {"accepted": Outcome.SENT, "refused": Outcome.REFUSED, "conflict": Outcome.CONFLICT}


def build_result(group: Group, table: Table) -> tuple[CommandResult | None, list[Problem]]:
    """An ERP's answer to a command: one row, or for a conflict one row per line. `accepted` is not yet
    proof."""
    read = [read_cells(row, table.format, table.path.name) for row in group.rows]
    problems = [problem for _, found in read for problem in found]
    if problems:
        return None, problems
    rows = list(zip(group.rows, [values for values, _ in read], strict=True))
    problems = differences(rows[0], rows, ["result"], "header_differs", table.path.name)
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
