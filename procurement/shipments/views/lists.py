"""Ship notices as a list: what a supplier has in hand, and what comes to the buying side."""

from collections import Counter, defaultdict
from typing import Any

from django.db.models import Count, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.kernel.access import DoorRequest, door
from portal.kernel.web import paginate
from procurement.catalogue.models import Site
from procurement.shipments.models import Package, ShipNotice, ShipNoticeLine
from procurement.shipments.presenters import days_late
from procurement.shipments.queries import late_notices, matching_notices, visible_notices
from procurement.shipments.states import ON_THE_WAY, NoticeState
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
    page = paginate(notices, request.GET.get("cursor", ""), order=order, size=PAGE_SIZE)
    context = {
        "page": page,
        "rows": _rows(request, list(page.rows)),
        "view": view,
        "views": [
            {
                "url": f"?view={name}",
                "label": label,
                "count": found.count() if name in ("drafts", "late") else "",
                "hot": True,
                "current": name == view,
            }
            for name, (label, found, _order) in parts.items()
        ],
        "q": q,
        "filters": [] if request.actor.is_supplier else [_site_filter(view, site)],
        "active": _active(site, view),
        "may_ship": request.actor.may(Permission.SHIPMENT_WRITE),
        "may_set_up": request.actor.may(Permission.SHIPMENT_SETUP) and request.actor.is_supplier,
    }
    return render(request, LIST, context)


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
    """Each notice with its orders and how many packages it has: two queries."""
    ids = [notice.pk for notice in notices]
    orders: dict[int, dict[str, Any]] = defaultdict(dict)
    lines: Counter[int] = Counter()
    for notice_id, key, number in (
        ShipNoticeLine.objects.filter(notice__in=ids)
        .values_list("notice_id", "order__key", "order__number")
        .order_by("position")
    ):
        orders[notice_id][number] = key
        lines[notice_id] += 1
    packed = Package.objects.filter(notice__in=ids).values("notice_id").annotate(n=Count("pk"))
    packages = {row["notice_id"]: row["n"] for row in packed.order_by()}
    today = timezone.localdate(request.at)
    return [
        {
            "notice": notice,
            "orders": list(orders[notice.pk].items())[:3],
            "more_orders": max(0, len(orders[notice.pk]) - 3),
            "lines": lines[notice.pk],
            "packages": packages.get(notice.pk, 0),
            "late": days_late(notice, today),
        }
        for notice in notices
    ]


def _site_filter(view: str, site: str) -> dict[str, Any]:
    places = Site.objects.order_by("name", "id").values_list("code", "name")[:100]
    return {
        "label": _("Site"),
        "options": [
            {"label": name, "url": f"?view={view}&site={code}", "current": code == site}
            for code, name in places
        ],
    }


def _active(site: str, view: str) -> list[dict[str, str]]:
    if not site:
        return []
    name = Site.objects.filter(code=site).values_list("name", flat=True).first()
    return [{"label": _("Site"), "text": name or site, "remove_url": f"?view={view}"}]
