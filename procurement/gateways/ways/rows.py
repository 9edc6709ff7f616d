"""A carrier's CSV file: the same events, one in each row, with the names of the fields as columns."""

import csv
import hashlib
import io
from collections.abc import Sequence
from itertools import islice
from typing import Any

from django.utils.translation import gettext as _

from portal.kernel.errors import Invalid, Problem
from procurement.gateways.messages import ReadEvent, ReadMessage, storable
from procurement.gateways.states import EventKind
from procurement.gateways.ways.reading import read_event
from procurement.sheets.package import CSV, kind_of

MOST_ROWS = 5_000
OF_EVENT = ("id", "kind", "code_list", "code", "happened_at", "place", "estimated_on", "note")
OF_CONSIGNMENT = ("sscc", "tracking_number", "notice", "bill_of_lading", "supplier", "company", "site")
COLUMNS = (*OF_EVENT, *OF_CONSIGNMENT)


def read_rows(raw: bytes, *, one_supplier: bool) -> ReadMessage:
    """A file as a message: its fingerprint is its id, so that the same file again counts once.

    Rows are numbered as a spreadsheet numbers them: the row of names is 1.
    """
    try:
        if kind_of(io.BytesIO(raw), len(raw)) != CSV:
            return _refused(_("This is a workbook. Save it as “CSV UTF-8” and send that."))
        names, rows = _table(raw)
    except Invalid as refusal:
        return _refused(refusal.message)
    if missing := {"happened_at"} - set(names):
        text = _("The column %(name)s is missing. The first row names the columns: %(known)s.")
        return _refused(text % {"name": min(missing), "known": ", ".join(COLUMNS)})
    if strange := sorted(set(names) - set(COLUMNS)):
        text = _("There is no column %(name)s here. These are known: %(known)s.")
        return _refused(text % {"name": strange[0][:60], "known": ", ".join(COLUMNS)})
    if len(set(names)) < len(names):
        return _refused(_("A column stands there twice. Remove one of the two."))
    if not rows:
        return _refused(_("This file has no row under its names."))
    if len(rows) > MOST_ROWS:
        text = _("This file has more than %(most)d rows. Split it into several files.")
        return _refused(text % {"most": MOST_ROWS})
    events = [_event(number, names, row, one_supplier) for number, row in rows]
    return ReadMessage(f"file-{hashlib.sha256(raw).hexdigest()}", tuple(events))


def _refused(message: str) -> ReadMessage:
    return ReadMessage(problems=(Problem("file", message),))


def _table(raw: bytes) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The names of the columns, and the rows in which anything stands: at most one more than is taken."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid(_("This CSV file is not in UTF-8. Save it as “CSV UTF-8” and send that.")) from error
    first = text.split("\n", 1)[0]
    delimiter = max(";,\t", key=first.count)
    # Strict: a quote that nobody closes would swallow the rows behind it.
    table = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    cells = ([cell.strip() for cell in row] for row in table)
    try:
        names = [name.lower() for name in next(cells, [])]
        said = ((number, row) for number, row in enumerate(cells, start=2) if any(row))
        rows = list(islice(said, MOST_ROWS + 1))
    except csv.Error as error:
        raise Invalid(_("This CSV file cannot be read. Save it again as “CSV UTF-8”.")) from error
    while names and not names[-1]:
        names.pop()
    return names, rows


def _event(number: int, names: Sequence[str], said: Sequence[str], one_supplier: bool) -> ReadEvent:
    place = f"row {number}"
    if too_many := [cell for cell in said[len(names) :] if cell]:
        message = _(
            "This row has more cells than the file has columns. Put a text that holds the separator into quotation "
            "marks."
        )
        problem = Problem(place, message, too_many[0][:100], "too_many_cells")
        return ReadEvent(
            EventKind.MILESTONE, {"sent": storable(" | ".join(said))[:2000]}, problems=(problem,)
        )
    cells = dict(zip(names, said, strict=False))
    row: dict[str, Any] = {name: cells[name] for name in OF_EVENT if cells.get(name)}
    row["consignment"] = {name: cells[name] for name in OF_CONSIGNMENT if cells.get(name)}
    return read_event(row, EventKind.MILESTONE, place, one_supplier=one_supplier)
