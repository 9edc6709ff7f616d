"""A ship notice is begun: from lines that are open, from all of an order, or like an earlier one."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kernel.access import DoorRequest, door
from portal.kernel.errors import Invalid, Refusal
from portal.kernel.web import paginate, see_other
from procurement.orders.filters import picked_lines, picked_orders, read_picks
from procurement.orders.models import PurchaseOrder
from procurement.orders.queries import find_order
from procurement.shipments.messages import LineChoice, NoticeNamed
from procurement.shipments.models import ShipNotice
from procurement.shipments.queries import find_notice, matching_lines, places_of, shippable_lines
from procurement.shipments.services import add_lines, repeat_notice, start_notices
from suppliers.roles import Permission

NEW = "procurement/shipments/new.html"
PAGE_SIZE = 100
MOST = 500


@door(Permission.SHIPMENT_WRITE, methods=["GET", "POST"])
def shipment_new(request: DoorRequest) -> HttpResponse:
    """Open lines of many orders to tick; posted, they become a ship notice for each place, or go into a draft."""
    if request.method == "GET":
        return _show(request)
    picks = request.POST.getlist("pick")
    try:
        draft = _draft(request, request.POST.get("notice", ""))
        choices = _choices(request, picks)
        if draft is not None:
            named = NoticeNamed(draft.key, draft.version)
            add_lines(named, choices, actor=request.actor, at=request.at)
            return see_other("shipment", draft.key)
        notices = start_notices(choices, actor=request.actor, at=request.at)
    except Invalid as refusal:
        return _show(request, refusal=refusal, picks=frozenset(picks), status=refusal.status)
    return _to(request, notices)


def _to(request: DoorRequest, notices: list[ShipNotice]) -> HttpResponse:
    if len(notices) == 1:
        return see_other("shipment", notices[0].key)
    text = ngettext(
        "One draft was begun.",
        "%(n)d drafts were begun: one for each place that the lines go to.",
        len(notices),
    )
    messages.success(request, text % {"n": len(notices)})
    return see_other("shipment-list")


def _choices(request: DoorRequest, picks: list[str]) -> list[LineChoice]:
    """What is to be shipped: all of an order, lines that are ticked here, or rows ticked in the lists of orders."""
    if request.POST.get("order"):
        return _all_of(request)
    what = request.POST.get("what", "")
    if what not in ("lines", "orders"):
        return [choice for pick in picks if (choice := _choice(pick))]
    rows = read_picks(picks)
    open_lines = shippable_lines(request.actor)
    if what == "lines":
        found = open_lines.filter(pk__in=picked_lines(rows, request.actor).values("pk"))
    else:
        found = open_lines.filter(order__in=picked_orders(rows, request.actor).values("pk"))
    chosen = [
        LineChoice(line.order.key, line.key) for line in found.order_by("order_id", "number")[: MOST + 1]
    ]
    if rows and not chosen:
        raise Invalid(_("Nothing of what you ticked is left to ship."))
    return chosen


def _choice(text: str) -> LineChoice | None:
    order, _dot, key = text.partition(".")
    try:
        return LineChoice(uuid.UUID(order), key)
    except ValueError:
        return None


def _all_of(request: DoorRequest) -> list[LineChoice]:
    """All that is open of one order."""
    order = _order(request, request.POST.get("order", ""))
    if order is None:
        return []
    lines = shippable_lines(request.actor).filter(order=order).order_by("number")
    found = [LineChoice(order.key, line.key) for line in lines[: MOST + 1]]
    if not found:
        raise Invalid(_("Nothing of order %(order)s is left to ship.") % {"order": order.number})
    return found


def _order(request: DoorRequest, key: str) -> PurchaseOrder | None:
    try:
        return find_order(uuid.UUID(key), actor=request.actor) if key else None
    except ValueError:
        return None


def _draft(request: DoorRequest, key: str) -> ShipNotice | None:
    try:
        found = find_notice(uuid.UUID(key), actor=request.actor) if key else None
    except ValueError:
        return None
    return found if found and found.is_draft else None


def _show(
    request: DoorRequest,
    *,
    refusal: Refusal | None = None,
    picks: frozenset[str] = frozenset(),
    status: int = 200,
) -> HttpResponse:
    draft = _draft(request, request.POST.get("notice", request.GET.get("notice", "")))
    order = _order(request, request.POST.get("order", request.GET.get("order", "")))
    q = request.GET.get("q", "").strip()[:100]
    lines = shippable_lines(request.actor, besides=draft)
    if draft is not None:
        lines = lines.filter(supplier=draft.supplier_id, order__company=draft.company_id)
        lines = lines.exclude(ship_notice_lines__notice=draft)
    if order is not None:
        lines = lines.filter(order=order)
    if q:
        lines = matching_lines(lines, q)
    page = paginate(
        lines,
        request.GET.get("cursor", ""),
        order=("expected_on", "order_id", "number", "id"),
        size=PAGE_SIZE,
    )
    rows, places = [], places_of(page.rows)
    for line in page.rows:
        pick = f"{line.order.key}.{line.key}"
        rows.append(
            {
                "line": line,
                "place": places[line.pk],
                "open": line.quantity - max(line.shipped_quantity, line.received_quantity),
                "pick": pick,
                "is_picked": pick in picks,
            }
        )
    problems = list(refusal.problems) if isinstance(refusal, Invalid) else []
    context: dict[str, Any] = {
        "page": page,
        "rows": rows,
        "q": q,
        "draft": draft,
        "order": order,
        "refusal": refusal,
        "problems": [one.message for one in problems[1:]],
    }
    return render(request, NEW, context, status=status)


@door(Permission.SHIPMENT_WRITE, methods=["POST"])
def shipment_repeat(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Again like that time: what is open now of the same lines, with the same carrier and terms."""
    return _to(request, repeat_notice(key, actor=request.actor, at=request.at))
