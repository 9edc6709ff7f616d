"""Invoices as the ERP has booked them, and the accounts it pays to, from their rows."""

from procurement.bills.messages import BillLinePaper, BillPaper
from procurement.erp.connectors.files.cells import Values, read_cells, texts
from procurement.erp.connectors.files.formats import BILLED_COLUMNS, INVOICE_COLUMNS
from procurement.erp.connectors.files.records import Group, differences, with_summary, without_repetitions
from procurement.erp.connectors.files.rows import Row, Table
from procurement.erp.problems import Problem
from suppliers.banking.messages import AccountsPaper, AccountTyped, PaidTo


def build_invoice(group: Group, table: Table) -> tuple[BillPaper | None, list[Problem]]:
    """A whole invoice from its rows, or the reasons why not."""
    source, rule = table.path.name, table.format.rule("order_refused")
    if len(group.rows) > table.limits.rows_per_order:
        facts = {"limit": table.limits.rows_per_order}
        return None, [Problem(table.format.rule("too_many_lines"), source, group.rows[0].number, facts=facts)]
    read = [(row, *read_cells(row, table.format, source)) for row in group.rows]
    problems = [problem for _, _, found in read for problem in found]
    if problems or group.problems:
        return None, with_summary(problems, group, source, rule)
    rows, notices = without_repetitions([(row, values) for row, values, _ in read], source)
    columns = [column.name for column in INVOICE_COLUMNS]
    problems = differences(rows[0], rows, columns, table.format.rule("header_differs"), source)
    for row, values in rows:
        problems += _half_a_line(row, values, source)
    if problems:
        return None, with_summary(problems, group, source, rule)
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
        return None, with_summary(problems, group, source, rule)
    rows = [values for values, _ in read]
    accounts = tuple(dict.fromkeys(_paid_to(values) for values in rows if values["number"]))
    stamp = max((values["changed_at"] for values in rows if values["changed_at"]), default=None)
    return AccountsPaper(rows[0]["supplier"], accounts, stamp), []


def _paid_to(values: Values) -> PaidTo:
    said = texts(values, "currency", "country", "holder", "number", "routing", "bic")
    return PaidTo(AccountTyped(**said), values["paid_since"])
