"""Every change of bank details as CSV, for auditors. Masked, as everywhere."""

import csv
import io
from collections.abc import Iterable
from datetime import UTC, datetime

from portal.kernel.cells import guarded
from suppliers.banking.models import BankChange

HEAD = (
    "supplier",
    "kind",
    "state",
    "before",
    "after",
    "holder",
    "origin",
    "requested at",
    "requested by",
    "in the supplier's name",
    "called back at",
    "approved at",
    "waits until",
    "closed at",
    "closed by",
    "reason",
)


def report_of(rows: Iterable[BankChange], *, is_ours: bool) -> str:
    """The report, with until when one waits in ours alone. No cell is one that a sheet takes for a formula."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(HEAD)
    for one in rows:
        cells = (
            one.supplier.number,
            one.kind,
            one.state,
            one.account.masked if one.account else "",
            one.masked if one.number_id else "",
            one.holder,
            one.origin,
            _moment(one.requested_at),
            one.requested_by,
            "yes" if one.on_behalf else "no",
            _moment(one.called_at),
            _moment(one.approved_at),
            _moment(one.waits_until) if is_ours else "",
            _moment(one.closed_at),
            one.closed_by,
            one.reason if not one.close_reason else one.close_reason,
        )
        writer.writerow([guarded(cell) for cell in cells])
    return text.getvalue()


def _moment(at: datetime | None) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds") if at else ""
