"""What goes into a cell of a file, so that a spreadsheet shows it and never runs it.

Note [Formulas, in XLSX]: text that looks like one (kernel.cells) is stored as text (type and quote prefix) and stays
text even when somebody edits the cell; in CSV an apostrophe goes before it. Numbers are numbers: -5 is no formula.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from portal.kernel.cells import guarded, is_dangerous

LONGEST_CELL = 32_767

Cell = str | int | bool | Decimal | date | datetime | None


def harmless(text: str) -> str:
    """Text as CSV may hold it: without what no cell takes, and an apostrophe before what a spreadsheet would run."""
    return guarded(ILLEGAL_CHARACTERS_RE.sub("", text))


def as_typed(text: str) -> str:
    """What stood in a cell before `harmless`."""
    return text[1:] if text.startswith("'") and is_dangerous(text[1:]) else text


def csv_text(value: Cell) -> str:
    """A value as CSV writes it: figures with a point and no grouping, days as 2026-03-12."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return plain_number(value)
    if isinstance(value, datetime):
        return timezone.localtime(value).isoformat(timespec="minutes")
    if isinstance(value, date | int):
        return value.isoformat() if isinstance(value, date) else str(value)
    return harmless(str(value))


def plain_number(value: Decimal) -> str:
    """A figure without trailing zeros or exponent."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def csv_line(values: Iterable[Cell]) -> str:
    """One row of CSV (RFC 4180)."""
    line = io.StringIO()
    csv.writer(line).writerow([csv_text(value) for value in values])
    return line.getvalue()


def xlsx_value(sheet: Any, value: Cell) -> Any:
    """A value as a write-only sheet takes it."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else value
    if isinstance(value, datetime):
        return timezone.localtime(value).replace(tzinfo=None)
    if not isinstance(value, str):
        return value
    return xlsx_text(sheet, value)


def xlsx_text(sheet: Any, text: str) -> Any:
    """Text that stays text."""
    text = ILLEGAL_CHARACTERS_RE.sub("", text)[:LONGEST_CELL]
    if not text or text[0].isalnum():
        return text
    cell = WriteOnlyCell(sheet, value=text)
    cell.data_type = "s"
    cell.quotePrefix = is_dangerous(text)
    return cell


def widths(titles: Sequence[str]) -> list[int]:
    """How wide each column is shown, by its title."""
    return [max(11, min(40, len(title) + 3)) for title in titles]
