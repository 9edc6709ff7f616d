"""What stands at the dock, what is being counted and what was; where a count begins."""

import uuid
from typing import Any

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.kernel.access import DoorRequest, door
from portal.kernel.errors import Invalid, Problem
from portal.kernel.web import paginate, panel_or_page, see_other
from procurement.receipts.messages import BeginCount
from procurement.receipts.policies import read_code
from procurement.receipts.queries import (
    awaited_notices,
    companies_here,
    due_notices,
    marks_of,
    sheets_of_notice,
    sites_here,
    suppliers_with_open_lines,
    visible_sheets,
)
from procurement.receipts.services import begin_count
from procurement.receipts.states import TOLD, SheetState
from procurement.shipments.queries import find_notice, matching_notices, summaries
from procurement.shipments.states import ON_THE_WAY
from suppliers.roles import Permission

LIST, NEW, OF_NOTICE = (f"procurement/receipts/{name}.html" for name in ("list", "new", "of_notice"))
PAGE_SIZE = 50
NEWEST, BY_DAY = ("-updated_at", "-id"), ("expected_on", "id")


@door(Permission.ORDER_VIEW)
def receiving_list(request: DoorRequest) -> HttpResponse:
    """What has arrived or is due, found by any number or label; what is being counted; what was posted."""
    actor, today = request.actor, timezone.localdate(request.at)
    words = [("posted", _("Posted"))]
    if not actor.is_supplier:
        words = [("due", _("At the dock and due")), ("counting", _("Being counted")), *words]
    names = [name for name, _label in words]
    view = request.GET.get("view", names[0])
    view = view if view in names else names[0]
    q, site = request.GET.get("q", "").strip()[:100], request.GET.get("site", "")[:40]
    context: dict[str, Any] = {"view": view, "q": q, "may_count": actor.may(Permission.GOODS_RECEIVE)}
    cursor = request.GET.get("cursor", "")
    if view == "due":
        notices = awaited_notices(actor)
        code = read_code(q, today=today)
        # Whoever looks for something finds it also if it is due later.
        notices = matching_notices(notices, code.sscc or code.text) if q else due_notices(notices, on=today)
        if site:
            notices = notices.filter(ship_to__code=site)
        page = paginate(notices, cursor, order=BY_DAY, size=PAGE_SIZE)
        said = summaries(page.rows)
        context["rows"] = [
            {"notice": one, "lines": said[one.pk].lines, "packages": said[one.pk].packages}
            for one in page.rows
        ]
    else:
        states = [SheetState.COUNTING] if view == "counting" else list(TOLD)
        sheets = visible_sheets(actor).filter(state__in=states)
        if site:
            sheets = sheets.filter(site__code=site)
        page = paginate(sheets, cursor, order=NEWEST, size=PAGE_SIZE)
        marks = marks_of(page.rows)
        context["rows"] = [{"sheet": one, "marks": marks[one.pk]} for one in page.rows]
    sites = [] if actor.is_supplier else sites_here()
    context |= {
        "page": page,
        "views": [
            {"url": f"?view={name}", "label": label, "current": name == view, "count": ""}
            for name, label in words
        ],
        "filters": [_site_filter(sites, view, site)] if len(sites) > 1 else [],
        "active": [{"label": _("Site"), "text": dict(sites).get(site, site), "remove_url": f"?view={view}"}]
        if site
        else [],
    }
    return render(request, LIST, context)


def _site_filter(sites: list[tuple[str, str]], view: str, site: str) -> dict[str, Any]:
    options = [
        {"label": name, "url": f"?view={view}&site={code}", "current": code == site} for code, name in sites
    ]
    return {"label": _("Site"), "options": options}


@door(Permission.GOODS_RECEIVE, methods=["POST"])
def receiving_begin(request: DoorRequest) -> HttpResponse:
    """Begin to count what a notice announced, or go on where somebody has begun."""
    try:
        notice = uuid.UUID(request.POST.get("notice", ""))
    except ValueError as error:
        raise Invalid(_("Choose the ship notice first.")) from error
    sheet = begin_count(BeginCount(notice), actor=request.actor, at=request.at)
    return see_other("receiving-sheet", sheet.key)


@door(Permission.GOODS_RECEIVE, methods=["GET", "POST"])
def receiving_new(request: DoorRequest) -> HttpResponse:
    """Goods that nobody announced: whose they are, and what their paper says."""
    problems: list[Problem] = []
    if request.method == "POST":
        supplier, company, site, note = (
            request.POST.get(name, "") for name in ("supplier", "company", "site", "delivery_note")
        )
        try:
            with transaction.atomic():
                command = BeginCount(None, supplier, company, site, note)
                sheet = begin_count(command, actor=request.actor, at=request.at)
        except Invalid as refusal:
            problems = list(refusal.problems)
        else:
            return see_other("receiving-sheet", sheet.key)
    context = {
        "suppliers": suppliers_with_open_lines(request.actor),
        "companies": companies_here(),
        "sites": sites_here(),
        "typed": request.POST,
        "bad": {one.field for one in problems},
        "problems": [{"id": one.field, "message": one.message} for one in problems],
    }
    return render(request, NEW, context, status=422 if problems else 200)


@door(Permission.ORDER_VIEW)
def shipment_counted(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """What was counted of a ship notice: on its page, or on one of its own."""
    notice = find_notice(key, actor=request.actor)
    sheets = sheets_of_notice(notice, actor=request.actor)
    marks = marks_of(sheets)
    counting = next((one for one in sheets if one.is_counting), None)
    context = {
        "notice": notice,
        "rows": [{"sheet": one, "marks": marks[one.pk]} for one in sheets],
        "may_count": request.actor.may(Permission.GOODS_RECEIVE)
        and not request.actor.is_supplier
        and notice.state in ON_THE_WAY
        and counting is None,
    }
    return panel_or_page(request, OF_NOTICE, "counted", context)
