"""The page of the audit trail, and its events as a file."""

from typing import cast

from django.http import FileResponse, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from portal.kernel.access import DoorRequest, door
from portal.kernel.security.requests import about
from portal.kernel.security.services import note
from portal.kernel.web import paginate
from procurement.orders.files.exports import CONTENT_TYPES, CSV
from procurement.trail.files import write_trail
from procurement.trail.forms import TrailFilter, address_with, bar_of, understand
from procurement.trail.presenters.rows import event_rows
from procurement.trail.queries import ORDER, events_like, wholeness
from procurement.trail.services import record_export
from suppliers.roles import Permission

SIZE = 50


@door(Permission.TRAIL_VIEW)
def trail(request: DoorRequest) -> HttpResponse:
    """What happened, newest first: who, as whom, by which door, what from and to. That somebody reads it is noted."""
    actor = request.actor
    form = TrailFilter(request.GET, actor=actor)
    asked = understand(form, actor=actor)
    cursor = request.GET.get("cursor", "")
    page = paginate(events_like(asked.wish, actor=actor), cursor, order=ORDER, size=SIZE)
    if not cursor:  # once a list, and not for each of its pages; of what was typed only the fields
        note("audit.read", **about(request), by=sorted(asked.words))
    rows = [
        (
            row,
            address_with(request.GET, kind=row.event.kind),
            address_with(request.GET, paper=row.paper.stream),
        )
        for row in event_rows(page.rows, actor=actor)
    ]
    context = {
        "rows": rows,
        "page": page,
        "form": form,
        "bar": bar_of(request.GET, form, asked),
        "searched": asked.words.get("q", ""),
        "whole": wholeness(actor),
        "may_seal": actor.may(Permission.AUDIT_VIEW),
        "may_security": actor.may(Permission.SECURITY_VIEW),
    }
    return render(request, "procurement/trail/trail.html", context)


@door(Permission.TRAIL_VIEW, methods=["POST"], fresh=True, personal=True)
def trail_export(request: DoorRequest) -> HttpResponse:
    """The events that are shown as CSV, masked as on the page. The export is an event of the trail itself."""
    actor = request.actor
    asked = understand(TrailFilter(request.POST, actor=actor), actor=actor)
    file, count = write_trail(events_like(asked.wish, actor=actor), actor=actor)
    record_export(asked.text, count, actor=actor, at=request.at)
    note("audit.exported", **about(request), events=count)
    name = f"trail-{timezone.localdate(request.at).isoformat()}.csv"
    response = FileResponse(file, as_attachment=True, filename=name, content_type=CONTENT_TYPES[CSV])
    response["Cache-Control"] = "no-store"
    return cast("HttpResponse", response)
