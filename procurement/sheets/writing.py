"""A sheet to fill in, as a workbook in which only what is to be typed can be typed."""

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import IO, Any

from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill, Protection
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from procurement.sheets.cells import xlsx_value
from procurement.sheets.columns import ASKED, CHOICE, DAY, KEY, NUMBER, PROMISE, TEXT, Column

SPARE_ROWS = 200
IN_MEMORY = 4 * 1024 * 1024
HEAD_ROWS = 2

Row = Mapping[str, Any]

OPEN = Protection(locked=False)
HEAD = {
    ASKED: PatternFill("solid", fgColor="E7ECEB"),
    PROMISE: PatternFill("solid", fgColor="CFE8E4"),
    KEY: PatternFill("solid", fgColor="E7ECEB"),
}
FIELD = PatternFill("solid", fgColor="F3FAF8")
DAY_FORMAT = "yyyy-mm-dd"


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a sheet to fill in is made of.

    `frozen` is the last column that stays in sight; `spare_open` are the columns that can be typed in the spare rows
    below too; `words` are the choices of each column that holds one; `days_from_today` whether days must not be past.
    """

    title: str
    columns: Sequence[Column]
    frozen: str
    how_to: Sequence[str]
    spare_open: frozenset[str] = frozenset()
    words: Mapping[str, Mapping[Any, Any]] = field(default_factory=dict)
    days_from_today: bool = True


def write_workbook(sheet: Sheet, rows: Iterable[Row]) -> IO[bytes]:
    """A workbook with these rows, spare ones below them, and a page on how to fill it in."""
    book = Workbook(write_only=True)
    _fields(book, sheet, list(rows))
    _read_me(book, sheet.how_to)
    _lists(book, sheet)
    file: IO[bytes] = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 -- handed to the response
    book.save(file)
    file.seek(0)
    return file


def _fields(book: Workbook, wanted: Sheet, rows: Sequence[Row]) -> None:
    sheet = book.create_sheet(wanted.title[:31])
    last = HEAD_ROWS + len(rows) + SPARE_ROWS
    for number, column in enumerate(wanted.columns, start=1):
        shape = sheet.column_dimensions[get_column_letter(number)]
        shape.width, shape.hidden = column.width, column.part == KEY
    sheet.freeze_panes = _corner(wanted)
    sheet.row_dimensions[1].hidden = True
    sheet.protection.sheet = True
    for allowed in ("formatColumns", "formatRows", "autoFilter", "sort"):
        setattr(sheet.protection, allowed, False)  # False: not forbidden
    for rule in _rules(wanted, last):
        sheet.data_validations.append(rule)
    sheet.auto_filter.ref = f"A{HEAD_ROWS}:{get_column_letter(len(wanted.columns))}{last}"
    sheet.append([column.name for column in wanted.columns])
    sheet.append([_head(sheet, column) for column in wanted.columns])
    for row in rows:
        sheet.append([_field(sheet, column, row.get(column.name)) for column in wanted.columns])
    for _number in range(SPARE_ROWS):
        sheet.append(
            [_field(sheet, column, None, spare=column.name in wanted.spare_open) for column in wanted.columns]
        )


def _corner(wanted: Sheet) -> str:
    """The first cell that scrolls: heads, and what names a row, stay in sight."""
    names = [column.name for column in wanted.columns]
    return f"{get_column_letter(names.index(wanted.frozen) + 2)}{HEAD_ROWS + 1}"


def _head(sheet: Any, column: Column) -> Any:
    cell = WriteOnlyCell(sheet, value=str(column.title))
    cell.font, cell.fill = Font(bold=True), HEAD[column.part]
    cell.alignment = Alignment(wrap_text=True, vertical="top")
    return cell


def _field(sheet: Any, column: Column, value: Any, *, spare: bool = False) -> Any:
    """One cell: locked where it says what is asked, open where something is to be typed."""
    is_open = column.part == PROMISE or spare
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


def _rules(wanted: Sheet, last: int) -> Iterator[DataValidation]:
    letters = {name: get_column_letter(place) for place, name in enumerate(wanted.words, start=1)}
    for number, column in enumerate(wanted.columns, start=1):
        if column.part != PROMISE or column.holds not in (CHOICE, DAY, NUMBER):
            continue
        if column.holds == CHOICE:
            letter, count = letters[column.name], len(wanted.words[column.name])
            rule = DataValidation(
                type="list", formula1=f"lists!${letter}$1:${letter}${count}", allow_blank=True
            )
            rule.error = _("Choose one from the list.")
        elif column.holds == DAY and wanted.days_from_today:
            rule = DataValidation(
                type="date", operator="greaterThanOrEqual", formula1="TODAY()", allow_blank=True
            )
            rule.error = _("Type a day such as 2026-04-09, today or later.")
        elif column.holds == DAY:
            rule = DataValidation(
                type="date", operator="greaterThanOrEqual", formula1="36526", allow_blank=True
            )
            rule.error = _("Type a day such as 2026-04-09.")
        else:
            rule = DataValidation(type="decimal", operator="greaterThan", formula1="0", allow_blank=True)
            rule.error = _("Type a figure of more than zero.")
        rule.errorTitle, rule.showErrorMessage = str(column.title)[:32], True
        letter = get_column_letter(number)
        rule.add(f"{letter}{HEAD_ROWS + 1}:{letter}{last}")
        yield rule


def _read_me(book: Workbook, lines: Sequence[str]) -> None:
    sheet = book.create_sheet(_("How to")[:31])
    sheet.column_dimensions["A"].width = 100
    sheet.protection.sheet = True
    for number, text in enumerate(lines):
        cell = WriteOnlyCell(sheet, value=text or None)
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        if number == 0:
            cell.font = Font(bold=True, size=14)
        sheet.append([cell])


def _lists(book: Workbook, wanted: Sheet) -> None:
    sheet = book.create_sheet("lists")
    sheet.sheet_state = "hidden"
    lists = [[str(word) for word in choices.values()] for choices in wanted.words.values()]
    for number in range(max(map(len, lists), default=0)):
        sheet.append([column[number] if number < len(column) else None for column in lists])
