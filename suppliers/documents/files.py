"""Who has what, as CSV: for auditors, and for whoever calls."""

import csv
import io
from collections.abc import Iterable
from datetime import date

from portal.kernel.cells import guarded
from suppliers.documents.presenters import HolderRow

HEAD = (
    "supplier",
    "name",
    "document",
    "kind",
    "standing",
    "compulsory",
    "valid until",
    "due on",
    "overdue from",
    "in review",
)


def holders_csv(rows: Iterable[HolderRow]) -> str:
    """The list, its columns and standings by the words that programs know, as in the API. No cell is one that a sheet
    takes for a formula."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(HEAD)
    for one in rows:
        held = one.row.held
        cells = (
            one.supplier.number,
            one.supplier.name,
            one.row.name,
            one.row.kind.code,
            held.standing,
            _yes(held.need is not None and held.need.compulsory),
            _day(held.cover.until or held.cover.ended_on),
            _day(held.due_on),
            _day(held.late_on),
            _yes(held.is_pending),
        )
        writer.writerow([guarded(cell) for cell in cells])
    return text.getvalue()


def _yes(said: bool) -> str:
    return "yes" if said else "no"


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""
