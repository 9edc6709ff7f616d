"""The events that are shown as a file for a spreadsheet: masked as on the page, text stays text."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import islice
from typing import IO, Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.models import AuditEvent
from portal.kernel.errors import Invalid
from portal.kernel.scope import requires_scope
from portal.kernel.templatetags.portal_ui import figure
from procurement.orders.files.exports import IN_MEMORY, MOST_ROWS
from procurement.sheets.cells import Cell, csv_line
from procurement.trail.presenters.rows import EventRow, event_rows
from procurement.trail.queries import ORDER

CHUNK = 1_000


def _titles() -> list[str]:
    return [
        _("Event"),
        _("When"),
        _("Kind"),
        _("What happened"),
        _("What changed"),
        _("Paper"),
        _("Its number or name"),
        _("Supplier number"),
        _("Supplier"),
        _("Who"),
        _("Number of the person"),
        _("Side"),
        _("Acted by"),
        _("For the supplier"),
        _("By which door"),
        _("Story"),
    ]


def _cells(row: EventRow) -> list[Cell]:
    event = row.event
    return [
        event.pk,
        timezone.localtime(event.at).isoformat(timespec="seconds"),
        event.kind,
        row.sentence,
        "; ".join(one.text for one in (*row.changes, *row.details)),
        row.paper.word,
        row.paper.called,
        row.supplier.number if row.supplier else "",
        row.supplier.name if row.supplier else "",
        row.who,
        event.actor_user_id,
        row.side,
        row.stands_in,
        _("yes") if row.for_supplier else "",
        row.way,
        event.correlation_id,
    ]


@requires_scope
def write_trail(events: QuerySet[AuditEvent], *, actor: Actor) -> tuple[IO[bytes], int]:
    """The events, newest first, as CSV, and how many; the whole file is made before anything is sent. A list that is
    too long is refused, never cut silently."""
    count = 0
    with ExitStack() as unless_done:
        file = unless_done.enter_context(tempfile.SpooledTemporaryFile(IN_MEMORY))
        file.write(("\N{BYTE ORDER MARK}" + csv_line(_titles())).encode())
        for row in _rows(events, actor):
            count += 1
            file.write(csv_line(_cells(row)).encode())
        file.seek(0)
        unless_done.pop_all()  # the response closes it
    return file, count


def _rows(events: QuerySet[AuditEvent], actor: Actor) -> Iterator[EventRow]:
    found: Any = events.order_by(*ORDER)[: MOST_ROWS + 1].iterator(chunk_size=CHUNK)
    seen = 0
    while chunk := list(islice(found, CHUNK)):
        seen += len(chunk)
        if seen > MOST_ROWS:
            message = _("This list has more than %(most)s rows. Narrow it, for instance by days.")
            raise Invalid(message % {"most": figure(MOST_ROWS)})
        yield from event_rows(chunk, actor=actor)
