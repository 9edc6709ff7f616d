"""Ship notices as a list: what a supplier has in hand, and what comes to the buying side."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from portal.kernel.access import DoorRequest, door
from portal.kernel.web import paginate
from procurement.shipments.models import ShipNotice
from procurement.shipments.presenters import days_late
from procurement.shipments.queries import (
    late_notices,
    matching_notices,
    receiving_sites,
    summaries,
    visible_notices,
)
from procurement.shipments.states import ON_THE_WAY, NoticeState
from suppliers.models import Supplier
from suppliers.roles import Permission

LIST = "procurement/shipments/list.html"
PAGE_SIZE = 50
NEWEST, BY_DAY = ("-updated_at", "-id"), ("expected_on", "id")
Part = tuple[str, QuerySet[ShipNotice], tuple[str, ...]]


@door(Permission.ORDER_VIEW)
def shipment_list(request: DoorRequest) -> HttpResponse:
    """Drafts, what is on its way by the day it is expected on, and what is done; found by number, order or label."""
    parts = _parts(request)
    usual = "drafts" if request.actor.is_supplier and parts["drafts"][1].exists() else "way"
    view = request.GET.get("view", usual)
    view = view if view in parts else usual
    q, site = request.GET.get("q", "").strip()[:100], request.GET.get("site", "")[:40]
    _label, notices, order = parts[view]
    if q:
        notices = matching_notices(notices, q)
    if site:
        notices = notices.filter(ship_to__code=site)
    of = _supplier_asked(request)
    if of:
        notices = notices.filter(supplier=of)
    page = paginate(notices, request.GET.get("cursor", ""), order=order, size=PAGE_SIZE)
    places = [] if request.actor.is_supplier else receiving_sites()
    context = {
        "page": page,
        "rows": _rows(request, list(page.rows)),
        "view": view,
        "views": [
            {
                "url": "?" + urlencode({"view": name, **({"supplier": of.number} if of else {})}),
                "label": label,
                "count": found.count() if name in ("drafts", "late") and not of else "",
                "hot": True,
                "current": name == view,
            }
            for name, (label, found, _order) in parts.items()
        ],
        "q": q,
        "filters": [_site_filter(places, view, site)] if places else [],
        "active": _active(places, view, site) + _active_supplier(of, view),
        "may_ship": request.actor.may(Permission.SHIPMENT_WRITE),
        "may_set_up": request.actor.may(Permission.SHIPMENT_SETUP) and request.actor.is_supplier,
    }
    return render(request, LIST, context)


def _supplier_asked(request: DoorRequest) -> Supplier | None:
    """The supplier to which the address narrows the list, for the buying side."""
    number = "" if request.actor.is_supplier else request.GET.get("supplier", "")[:40]
    return Supplier.objects.visible_to(request.actor).filter(number=number).first() if number else None


def _active_supplier(of: Supplier | None, view: str) -> list[dict[str, str]]:
    return [{"label": _("Supplier"), "text": of.name, "remove_url": f"?view={view}"}] if of else []


def _parts(request: DoorRequest) -> dict[str, Part]:
    actor = request.actor
    seen = visible_notices(actor)
    drafts: Part = (_("Drafts"), seen.filter(state=NoticeState.DRAFT), NEWEST)
    way: Part = (_("On the way"), seen.filter(state__in=ON_THE_WAY), BY_DAY)
    late: Part = (_("Late"), late_notices(seen, on=timezone.localdate(request.at)), BY_DAY)
    ended = [NoticeState.RECEIVED, NoticeState.CLOSED, NoticeState.CANCELLED]
    done: Part = (_("Done"), seen.filter(state__in=ended), NEWEST)
    if actor.is_supplier:
        return {"drafts": drafts, "way": way, "late": late, "done": done}
    found = {"way": way, "late": late}
    arrived = [NoticeState.ARRIVED, NoticeState.PARTLY_RECEIVED]
    found["arrived"] = (_("Arrived"), seen.filter(state__in=arrived), BY_DAY)
    if actor.may(Permission.SHIPMENT_WRITE):
        found["drafts"] = (_("Written for suppliers"), drafts[1], NEWEST)
    return {**found, "done": done}


def _rows(request: DoorRequest, notices: list[ShipNotice]) -> list[dict[str, Any]]:
    said = summaries(notices)
    today = timezone.localdate(request.at)
    return [
        {
            "notice": notice,
            "orders": list(said[notice.pk].orders.items())[:3],
            "more_orders": max(0, len(said[notice.pk].orders) - 3),
            "lines": said[notice.pk].lines,
            "packages": said[notice.pk].packages,
            "late": days_late(notice, today),
        }
        for notice in notices
    ]


def _site_filter(places: list[tuple[str, str]], view: str, site: str) -> dict[str, Any]:
    return {
        "label": _("Site"),
        "options": [
            {"label": name, "url": f"?view={view}&site={code}", "current": code == site}
            for code, name in places
        ],
    }


def _active(places: list[tuple[str, str]], view: str, site: str) -> list[dict[str, str]]:
    if not site:
        return []
    return [{"label": _("Site"), "text": dict(places).get(site, site), "remove_url": f"?view={view}"}]
