"""The time of one consignment at a dock, for both sides; and the times that wait for somebody."""

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from portal.kernel.access import DoorRequest, door
from portal.kernel.errors import Invalid, NotFound, Problem, Refusal
from portal.kernel.values import read_key
from portal.kernel.web import paginate, see_other, whole_number
from procurement.docks.forms import read_start
from procurement.docks.messages import AppointmentNamed, WishTime
from procurement.docks.models import Appointment
from procurement.docks.presenters import (
    offered,
    reason_text,
    short_text,
    span_text,
    suggested,
    turn_of,
    zone_text,
)
from procurement.docks.queries import (
    AWAITED,
    appointments_of,
    needing_a_time,
    offer_for,
    pallets_too_many,
    visible_appointments,
    with_notice_key,
)
from procurement.docks.services import (
    accept_time,
    ask_time,
    call_off_time,
    cancel_time,
    confirm_time,
    keep_time,
    miss_time,
    propose_time,
    refuse_time,
)
from procurement.docks.states import APPOINTMENT_LIFECYCLE, AppointmentState
from procurement.shipments.models import ShipNotice
from procurement.shipments.queries import find_notice
from suppliers.roles import Permission

TIME, TIMES = "procurement/docks/time.html", "procurement/docks/times.html"
PAGE_SIZE = 50
WISHES: dict[str, Callable[..., Appointment]] = {"ask": ask_time, "propose": propose_time}
ANSWERS: dict[str, Callable[..., Appointment]] = {
    "accept": accept_time,
    "keep": keep_time,
    "miss": miss_time,
}
ENDS: dict[str, Callable[..., Appointment]] = {
    "refuse": refuse_time,
    "cancel": cancel_time,
    "call_off": call_off_time,
}


# --- one consignment ----------------------------------------------------------------------------------------


@door(Permission.ORDER_VIEW)
def shipment_time(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """The time of a consignment, what can be done about it, and the times that are free."""
    return _show(request, find_notice(key, actor=request.actor))


@door(Permission.SHIPMENT_WRITE, Permission.DOCK_PLAN, methods=["POST"])
def shipment_time_do(request: DoorRequest, key: uuid.UUID, verb: str) -> HttpResponse:
    """Ask for a time, propose, confirm, accept, refuse or give it up; say that it was kept or missed."""
    notice = find_notice(key, actor=request.actor)
    done = {
        "ask": _("Asked. You are told when the dock has answered."),
        "propose": _("Proposed. The door is held until the supplier answers."),
        "confirm": _("Confirmed. The supplier is told."),
        "accept": _("The time is yours. The dock is told."),
        "refuse": _("Refused. The supplier is told why."),
        "cancel": _("The time is given up. The dock is told why."),
        "call_off": _("The time is taken back. The supplier is told why."),
        "keep": _("Noted: they are here."),
        "miss": _("Noted: nobody came. The supplier is told."),
    }
    if verb not in done:
        raise NotFound(_("There is no such thing to do with a time at a dock."))
    try:
        with transaction.atomic():
            _do(request, notice, verb)
    except Refusal as refusal:
        if refusal.status in (403, 404):
            raise
        return _show(request, find_notice(key, actor=request.actor), refusal=refusal, verb=verb)
    messages.success(request, done[verb])
    return see_other("shipment-time", key)


def _do(request: DoorRequest, notice: ShipNotice, verb: str) -> None:
    sent = request.POST
    common: dict[str, Any] = {"actor": request.actor, "at": request.at}
    version = whole_number(sent.get("version")) or 0
    chosen = whole_number(sent.get("door")) or 0
    if verb in WISHES:
        wish = WishTime(
            notice.key,
            read_start(sent.get("starts_at", "")),
            version,
            door=chosen,
            note=sent.get("note", "").replace("\r\n", "\n"),
            reason=sent.get("reason", "").replace("\r\n", "\n"),
        )
        WISHES[verb](wish, **common)
        return
    named = AppointmentNamed(_appointment_key(sent.get("appointment", "")), version)
    if verb == "confirm":
        confirm_time(named, door=chosen, **common)
    elif verb in ENDS:
        ENDS[verb](named, sent.get("reason", "").replace("\r\n", "\n"), **common)
    else:
        ANSWERS[verb](named, **common)


def _appointment_key(text: str) -> uuid.UUID:
    key = read_key(text)
    if key is None:
        raise NotFound(_("There is no such time at a dock."))
    return key


def _show(
    request: DoorRequest, notice: ShipNotice, *, refusal: Refusal | None = None, verb: str = ""
) -> HttpResponse:
    actor = request.actor
    told = appointments_of(notice.consignment, actor=actor)
    newest = told[0] if told else None
    now = newest if newest is not None and newest.is_open else None
    verbs = list(APPOINTMENT_LIFECYCLE.verbs_for(actor, now.state)) if now else []
    if now and request.at < now.starts_at and "miss" in verbs:
        verbs.remove("miss")  # nobody has missed what has not begun
    may = {"ask": actor.may(Permission.SHIPMENT_WRITE), "propose": actor.may(Permission.DOCK_PLAN)}
    is_awaited = notice.state in AWAITED and notice.ship_to is not None
    offer = None
    if is_awaited and notice.ship_to is not None and any(may.values()):
        site = newest.site if newest else _with_company(notice)
        offer = offer_for(notice, site, at=request.at, is_dock=may["propose"], besides=now.pk if now else 0)
    problems: list[Problem] = list(refusal.problems) if isinstance(refusal, Invalid) else []
    context: dict[str, Any] = {
        "notice": notice,
        "now": now,
        "newest": newest,
        "turn": turn_of(newest, actor),
        "short": short_text(pallets_too_many(now, notice), now),
        "when": span_text(newest) if newest else "",
        "where": zone_text(newest) if newest else "",
        "why": reason_text(newest) if newest else "",
        "earlier": [{"one": one, "when": span_text(one), "why": reason_text(one)} for one in told[1:20]],
        "verbs": verbs,
        "may": may,
        "is_awaited": is_awaited,
        "offer": offer,
        "times": offered(offer) if offer else [],
        "suggested": suggested(offer, notice.expected_on) if offer else "",
        "minutes": int(offer.length.total_seconds() // 60) if offer else 0,
        "zone": offer.zone.key if offer else "",
        "doors": range(1, offer.rhythm.doors + 1) if offer else (),
        "typed": request.POST,
        "tried": verb,
        "bad": {one.field for one in problems},
        "problems": [{"id": one.field, "message": one.message} for one in problems],
        "refusal": None if problems else refusal,
    }
    return render(request, TIME, context, status=refusal.status if refusal else 200)


def _with_company(notice: ShipNotice) -> Any:
    """The site of a notice; its company is that of the notice, which was read along."""
    site = notice.ship_to
    assert site is not None
    if site.company_id == notice.company_id:
        site.company = notice.company
    return site


# --- those that wait ----------------------------------------------------------------------------------------


@door(Permission.ORDER_VIEW)
def dock_times(request: DoorRequest) -> HttpResponse:
    """What still needs a time, what waits for an answer, and what is confirmed: of a supplier, or of all docks."""
    actor = request.actor
    seen = with_notice_key(visible_appointments(actor))
    needs = needing_a_time(actor)
    parts: dict[str, tuple[str, QuerySet[Any]]] = {
        "need": (_("Without a time"), needs),
        "asked": (_("Asked for"), seen.filter(state=AppointmentState.ASKED)),
        "proposed": (_("Proposed"), seen.filter(state=AppointmentState.PROPOSED)),
        "confirmed": (_("Confirmed"), seen.filter(state=AppointmentState.CONFIRMED)),
        "past": (_("Over"), seen.filter(state__in=APPOINTMENT_LIFECYCLE.terminal)),
    }
    hot = "proposed" if actor.is_supplier else "asked"
    counted = {name: parts[name][1].count() for name in ("need", "asked", "proposed")}
    usual = hot if counted[hot] else "need"
    view = request.GET.get("view", usual)
    view = view if view in parts else usual
    order = {"need": ("expected_on", "id"), "past": ("-updated_at", "-id")}.get(view, ("starts_at", "id"))
    page = paginate(parts[view][1], request.GET.get("cursor", ""), order=order, size=PAGE_SIZE)
    context = {
        "view": view,
        "page": page,
        "rows": [
            {"one": one, "when": span_text(one), "where": zone_text(one), "why": reason_text(one)}
            for one in page.rows
        ]
        if view != "need"
        else [{"notice": one} for one in page.rows],
        "views": [
            {
                "url": f"?view={name}",
                "label": label,
                "count": counted.get(name, ""),
                "hot": name == hot,
                "current": name == view,
            }
            for name, (label, _rows) in parts.items()
        ],
    }
    return render(request, TIMES, context)
