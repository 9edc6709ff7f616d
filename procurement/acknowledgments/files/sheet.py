"""The answer sheet: open lines as a workbook in which only the promise can be typed."""

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import IO, Any

from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill, Protection
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from portal.kernel.errors import Invalid
from portal.kernel.scope import requires_scope
from portal.kernel.templatetags.portal_ui import figure
from procurement.acknowledgments.files.columns import (
    ASKED,
    CHOICE,
    COLUMNS,
    DAY,
    KEY,
    KINDS,
    NAMES,
    NUMBER,
    PROMISE,
    REASONS,
    TEXT,
    Column,
)
from procurement.acknowledgments.policies import price_for, price_text
from procurement.orders.files.cells import xlsx_value
from procurement.orders.models import Promise, PurchaseOrderLine, ScheduleLine
from procurement.orders.queries import live_promises_by_line, schedules_by_line
from procurement.orders.states import PromiseKind, PromiseState

MOST_LINES = 5_000
SPARE_ROWS = 200
IN_MEMORY = 4 * 1024 * 1024
HEAD_ROWS = 2

Row = dict[str, Any]

OPEN = Protection(locked=False)
HEAD = {
    ASKED: PatternFill("solid", fgColor="E7ECEB"),
    PROMISE: PatternFill("solid", fgColor="CFE8E4"),
    KEY: PatternFill("solid", fgColor="E7ECEB"),
}
FIELD = PatternFill("solid", fgColor="F3FAF8")
DAY_FORMAT = "yyyy-mm-dd"


@requires_scope
def write_sheet(lines: Sequence[PurchaseOrderLine]) -> IO[bytes]:
    """A workbook with a row for each delivery asked for, or for each piece that waits for the buyer.

    The lines come with their order and its company. More lines than one file can hold are refused.
    """
    if len(lines) > MOST_LINES:
        message = _("One answer sheet holds at most %(most)s lines. Choose fewer.")
        raise Invalid(message % {"most": figure(MOST_LINES)})
    book = Workbook(write_only=True)
    _answers(book, list(rows_of(lines)))
    _read_me(book)
    _lists(book)
    file: IO[bytes] = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 -- handed to the response
    book.save(file)
    file.seek(0)
    return file


def rows_of(lines: Sequence[PurchaseOrderLine]) -> Iterator[Row]:
    """What stands in the rows of a sheet, by the names of its columns."""
    ids = [line.pk for line in lines]
    schedules, promises = schedules_by_line(ids), live_promises_by_line(ids)
    for line in lines:
        waiting = [one for one in promises[line.pk] if one.state != PromiseState.AGREED]
        if waiting and line.revision_status == "current":
            yield from _promised_rows(line, schedules[line.pk], waiting)
        else:
            for schedule in schedules[line.pk]:
                yield _asked(line, schedule.key, schedule.quantity, schedule.delivery_on)


def _asked(line: PurchaseOrderLine, delivery: int, quantity: Decimal, day: date) -> Row:
    order = line.order
    return {
        "order_key": str(order.key),
        "line_key": line.key,
        "delivery": str(delivery),
        "version": order.version,
        "company": order.company.name,
        "order": order.number,
        "line": line.number,
        "item": line.item_number,
        "part": line.supplier_part_number,
        "description": line.description,
        "asked_quantity": quantity,
        "unit": line.unit,
        "asked_delivery_on": day,
        "asked_price": line.price,
        "price_per": line.price_per,
        "currency": order.currency,
        "reference": order.supplier_reference,
    }


def _promised_rows(
    line: PurchaseOrderLine, schedules: Sequence[ScheduleLine], pieces: Iterable[Promise]
) -> Iterator[Row]:
    by_key = {schedule.key: schedule for schedule in schedules}
    for piece in pieces:
        schedule = by_key.get(piece.schedule_key, schedules[0])
        yield _asked(line, schedule.key, schedule.quantity, schedule.delivery_on) | {
            "kind": str(KINDS[PromiseKind(piece.kind)]),
            "quantity": piece.quantity,
            "delivery_on": piece.delivery_on,
            "ship_on": piece.ship_on,
            "price": _price_cell(piece, line),
            "substitute_item": piece.item_number,
            "reason": str(REASONS[piece.reason]) if piece.reason else "",
            "note": piece.note,
        }


def _price_cell(piece: Promise, line: PurchaseOrderLine) -> Decimal | str | None:
    """A promised price in the line's price unit, empty where it is the asked one."""
    price = price_for(piece.price, piece.price_per, line.price_per)
    if price is None:
        return price_text(
            piece.price, piece.price_per
        )  # read back it is refused, not taken for another price
    return price if price != line.price else None


def _answers(book: Workbook, rows: Sequence[Row]) -> None:
    sheet = book.create_sheet(_("Answer")[:31])
    last = HEAD_ROWS + len(rows) + SPARE_ROWS
    for number, column in enumerate(COLUMNS, start=1):
        shape = sheet.column_dimensions[get_column_letter(number)]
        shape.width, shape.hidden = column.width, column.part == KEY
    sheet.freeze_panes = sheet_corner()
    sheet.row_dimensions[1].hidden = True
    sheet.protection.sheet = True
    for allowed in ("formatColumns", "formatRows", "autoFilter", "sort"):
        setattr(sheet.protection, allowed, False)  # False: not forbidden
    for rule in _rules(last):
        sheet.data_validations.append(rule)
    sheet.auto_filter.ref = f"A{HEAD_ROWS}:{get_column_letter(len(COLUMNS))}{last}"
    sheet.append(list(NAMES))
    sheet.append([_head(sheet, column) for column in COLUMNS])
    for row in rows:
        sheet.append([_field(sheet, column, row.get(column.name)) for column in COLUMNS])
    for _number in range(SPARE_ROWS):
        sheet.append([_field(sheet, column, None, spare=True) for column in COLUMNS])


def sheet_corner() -> str:
    """The first cell that scrolls: heads, order, line and item stay in sight."""
    return f"{get_column_letter(NAMES.index('item') + 2)}{HEAD_ROWS + 1}"


def _head(sheet: Any, column: Column) -> Any:
    cell = WriteOnlyCell(sheet, value=str(column.title))
    cell.font, cell.fill = Font(bold=True), HEAD[column.part]
    cell.alignment = Alignment(wrap_text=True, vertical="top")
    return cell


def _field(sheet: Any, column: Column, value: Any, *, spare: bool = False) -> Any:
    """One cell: locked where it says what is asked, open where the promise goes.

    In the spare rows below one may also name an order and a line: that is how a line gets another piece.
    """
    is_open = column.part == PROMISE or (spare and column.name in ("order", "line"))
    if not is_open and not isinstance(value, date):
        return None if value in (None, "") else xlsx_value(sheet, value)
    shown = xlsx_value(sheet, value)
    cell = shown if isinstance(shown, Cell) else WriteOnlyCell(sheet, value=shown or None)
    if column.holds == DAY:
        cell.number_format = DAY_FORMAT
    elif column.holds == TEXT:
        cell.number_format = "@"
    if is_open:
        cell.protection, cell.fill = OPEN, FIELD
    return cell


def _rules(last: int) -> Iterator[DataValidation]:
    lists = {"kind": ("A", len(KINDS)), "reason": ("B", len(REASONS))}
    for number, column in enumerate(COLUMNS, start=1):
        if column.part != PROMISE or column.holds not in (CHOICE, DAY, NUMBER):
            continue
        if column.holds == CHOICE:
            letter, count = lists[column.name]
            rule = DataValidation(
                type="list", formula1=f"lists!${letter}$1:${letter}${count}", allow_blank=True
            )
            rule.error = _("Choose one from the list.")
        elif column.holds == DAY:
            rule = DataValidation(
                type="date", operator="greaterThanOrEqual", formula1="TODAY()", allow_blank=True
            )
            rule.error = _("Type a day such as 2026-04-09, today or later.")
        else:
            rule = DataValidation(type="decimal", operator="greaterThan", formula1="0", allow_blank=True)
            rule.error = _("Type a figure of more than zero.")
        rule.errorTitle, rule.showErrorMessage = str(column.title)[:32], True
        letter = get_column_letter(number)
        rule.add(f"{letter}{HEAD_ROWS + 1}:{letter}{last}")
        yield rule


def _read_me(book: Workbook) -> None:
    sheet = book.create_sheet(_("How to")[:31])
    sheet.column_dimensions["A"].width = 100
    sheet.protection.sheet = True
    lines = (
        _("How to answer with this sheet"),
        "",
        _("A line you leave empty is not answered: nothing happens to it."),
        _(
            "To promise a line exactly as asked, choose “Confirm” in the column “Answer” and leave the rest "
            "empty."
        ),
        _("Another day, quantity or price: choose “Confirm” and type what differs. It goes to the buyer."),
        _(
            "To split a line, go to the free rows at the end, type its order and line number again, and give "
            "each row its quantity and its day. The quantities of a line must add up to what is asked."
        ),
        _("To refuse, choose “Refuse” and a reason. For another item, choose “Substitute” and name it."),
        _("Prices are for as many units as the column “Price per” says."),
        _("Then upload the file in the portal. You see what will happen before anything is sent."),
        _("If a line changes meanwhile, only that line is not taken, and you are told what changed."),
    )
    for number, text in enumerate(lines):
        cell = WriteOnlyCell(sheet, value=text or None)
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        if number == 0:
            cell.font = Font(bold=True, size=14)
        sheet.append([cell])


def _lists(book: Workbook) -> None:
    sheet = book.create_sheet("lists")
    sheet.sheet_state = "hidden"
    kinds, reasons = _words(KINDS), _words(REASONS)
    for number in range(max(len(kinds), len(reasons))):
        sheet.append([column[number] if number < len(column) else None for column in (kinds, reasons)])


def _words(choices: Mapping[Any, Any]) -> list[str]:
    return [str(word) for word in choices.values()]
