"""What found no consignment, or was refused: looked through, placed by hand, or dismissed with a reason."""

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from portal.kernel.access import DoorRequest, door
from portal.kernel.errors import Invalid, Problem, Refusal
from portal.kernel.web import paginate, see_other, whole_number
from procurement.gateways.messages import DismissEvent, PlaceEvent
from procurement.gateways.presenters import event_row
from procurement.gateways.queries import (
    events_waiting,
    find_event,
    notices_numbered,
    visible_events,
)
from procurement.gateways.services import dismiss_event, place_event
from procurement.gateways.states import EventState
from procurement.shipments.policies import number_key
from suppliers.roles import Permission

P = Permission
PAGE_SIZE = 50
LIST, ONE = "procurement/gateways/events.html", "procurement/gateways/event.html"


@door(P.ERP_VIEW)
def event_list(request: DoorRequest) -> HttpResponse:
    """Every event that was told, those that need a person first."""
    seen = visible_events(request.actor)
    parts = {
        "waiting": (_("Needs you"), events_waiting(request.actor)),
        "aside": (_("Set aside"), seen.filter(state__in=[EventState.SET_ASIDE, EventState.DISMISSED])),
        "all": (_("All"), seen),
    }
    view = request.GET.get("view", "waiting")
    view = view if view in parts else "waiting"
    page = paginate(
        parts[view][1], request.GET.get("cursor", ""), order=("-received_at", "-id"), size=PAGE_SIZE
    )
    context = {
        "page": page,
        "rows": [event_row(event) for event in page.rows],
        "view": view,
        "views": [
            {
                "url": f"?view={name}",
                "label": label,
                "count": events.count() if name == "waiting" else "",
                "hot": name == "waiting",
                "current": name == view,
            }
            for name, (label, events) in parts.items()
        ],
    }
    return render(request, LIST, context)


@door(P.ERP_VIEW)
def event(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """One event: what was told of which consignment, and where it belongs."""
    return _show(request, key)


def _show(
    request: DoorRequest,
    key: uuid.UUID,
    *,
    refusal: Refusal | None = None,
) -> HttpResponse:
    found = find_event(key, actor=request.actor)
    waits = found.state in (EventState.UNPLACED, EventState.REFUSED)
    row = event_row(found)
    may = request.actor.may(P.ERP_MANAGE) and waits
    problems = refusal.problems if isinstance(refusal, Invalid) else ()
    context = {
        "row": row,
        "event": found,
        "may_place": may and row.is_placeable,
        "may_dismiss": may,
        "typed": {name: request.POST.get(name, "") for name in ("number", "supplier", "reason")},
        "refusal": refusal,
        "bad": {problem.field for problem in problems},
    }
    return render(request, ONE, context, status=refusal.status if refusal else 200)


@door(P.ERP_MANAGE, methods=["POST"])
def event_place(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Say which ship notice an event is about."""
    find_event(key, actor=request.actor)
    try:
        notice = _notice(request)
        command = PlaceEvent(key, whole_number(request.POST.get("version")) or 0, notice)
        placed = place_event(command, actor=request.actor, at=request.at)
    except Invalid as refusal:
        return _show(request, key, refusal=refusal)
    number = placed.notice.number if placed.notice else ""
    messages.success(request, _("Ship notice %(number)s was told of it.") % {"number": number})
    return see_other("integration-gateway-events")


def _notice(request: DoorRequest) -> uuid.UUID:
    """The ship notice that was chosen by its button, or named by its number."""
    try:
        return uuid.UUID(request.POST.get("pick", ""))
    except ValueError:
        pass
    number, supplier = request.POST.get("number", "").strip(), request.POST.get("supplier", "").strip()
    key = number_key(number)
    found = notices_numbered(key, supplier, actor=request.actor) if key else []
    if len(found) == 1:
        return uuid.UUID(str(found[0].key))
    if not key:
        message, field = _("Type the number of a ship notice, as its supplier writes it."), "number"
    elif found:
        message = _(
            "Several suppliers have sent a ship notice “%(number)s”. Type the supplier’s number as well."
        )
        field = "supplier"
    else:
        message, field = (
            _("No ship notice “%(number)s” was sent. Look for its number in the list of shipments."),
            "number",
        )
    message = message % {"number": number[:60]} if key else message
    raise Invalid(message, [Problem(field, message, number[:60])])


@door(P.ERP_MANAGE, methods=["POST"])
def event_dismiss(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Say that nothing is to be done with an event, and why."""
    find_event(key, actor=request.actor)
    command = DismissEvent(
        key, whole_number(request.POST.get("version")) or 0, request.POST.get("reason", "")
    )
    try:
        dismiss_event(command, actor=request.actor, at=request.at)
    except Invalid as refusal:
        return _show(request, key, refusal=refusal)
    messages.success(request, _("The event is dismissed."))
    return see_other("integration-gateway-events")
