"""The page of an item, for the buying side: its stock, what is on its way, and who has it. A supplier's record, for the
supplier and the buying side alike: each figure with the rows behind it.
"""

import uuid
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from portal.kernel.access import DoorRequest, door
from portal.kernel.web import Page, paginate, whole_number
from procurement.catalogue.models import Item, Site
from procurement.catalogue.queries import find_item
from procurement.orders.models import PurchaseOrderLine
from procurement.orders.queries import visible_lines
from procurement.supply.messages import Measure
from procurement.supply.presenters import panels_of_item, panels_of_line, record_panel, record_rows
from procurement.supply.queries import sites_of
from suppliers.models import Supplier
from suppliers.roles import Permission

PAGE_SIZE = 50


@door(Permission.SUPPLIER_VIEW)
def show_item(request: DoorRequest, number: str) -> HttpResponse:
    """An item at one of the sites that have it or wait for it (`?site=`), or as one line of an order needs it
    (`?order=&line=`)."""
    item = find_item(number)
    sites = sites_of(item)
    line = _line(request, item)
    if line is not None:
        panels = panels_of_line(line, at=request.at)
        site = panels.stock.supply.site if panels.stock else None
    else:
        wanted = request.GET.get("site", "")
        site = next((one for one in sites if one.code == wanted), sites[0] if sites else None)
        panels = panels_of_item(item, site, at=request.at)
    context = {"item": item, "panels": panels, "line": line, "sites": _segments(sites, site)}
    return render(request, "procurement/supply/item.html", context)


def _line(request: DoorRequest, item: Item) -> PurchaseOrderLine | None:
    """The line that the page is looked at from, if the address names one of this item."""
    order = None
    with suppress(ValueError):
        order = uuid.UUID(request.GET.get("order", ""))
    number = whole_number(request.GET.get("line"))
    if order is None or number is None:
        return None
    lines = visible_lines(request.actor).filter(order__key=order, number=number, item_number=item.number)
    return lines.select_related("order__company", "order__ship_to", "supplier", "ship_to").first()


def _segments(sites: Sequence[Site], site: Site | None) -> list[dict[str, Any]]:
    return [
        {"url": f"?{urlencode({'site': one.code})}", "label": one.name, "current": one == site}
        for one in sites
    ]


@door(Permission.ORDER_VIEW)
def records(request: DoorRequest) -> HttpResponse:
    """To a supplier its own record; to the buying side all suppliers by name, to choose one."""
    if request.actor.is_supplier:
        return _show_record(request, Supplier.objects.visible_to(request.actor).get())
    q = request.GET.get("q", "").strip()[:100]
    found = Supplier.objects.visible_to(request.actor)
    if q:
        found = found.filter(Q(name__icontains=q) | Q(number__icontains=q))
    page = paginate(found, request.GET.get("cursor", ""), order=("name", "id"), size=PAGE_SIZE)
    return render(request, "procurement/supply/records.html", {"page": page, "q": q})


@door(Permission.ORDER_VIEW)
def supplier_record(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """The record of one supplier. `?figure=` opens the rows behind one of its figures, `?only=missed` those of them
    that missed it.
    """
    supplier = Supplier.objects.visible_to(request.actor).filter(key=key).first()
    if supplier is None:
        raise Http404
    return _show_record(request, supplier)


def _show_record(request: DoorRequest, supplier: Supplier) -> HttpResponse:
    panel = record_panel(supplier, at=request.at)
    shown = {figure.measure for figure in panel.figures}
    asked = request.GET.get("figure", "")
    measure = Measure(asked) if asked in Measure.values and asked in shown else Measure.AGREED
    rows = record_rows(supplier, measure, at=request.at)
    missed = [row for row in rows if not row.is_met]
    only = "missed" if request.GET.get("only") == "missed" and measure != Measure.SLIP else ""
    wanted = missed if only else rows
    first = min(whole_number(request.GET.get("cursor")) or 0, len(wanted))
    last = min(first + PAGE_SIZE, len(wanted))
    page = Page(
        wanted[first:last],
        str(last) if last < len(wanted) else "",
        str(max(0, first - PAGE_SIZE)) if first else "",
    )
    text = _("%(first)d to %(last)d of %(count)d")
    context = {
        "supplier": supplier,
        "is_own": request.actor.is_supplier,
        "figures": [
            {
                "label": one.label,
                "value": one.value,
                "note": one.rows,
                "url": f"?figure={one.measure}",
                "current": one.measure == measure,
            }
            for one in panel.figures
        ],
        "measure": measure,
        "views": [] if measure == Measure.SLIP else _parts(measure, len(rows), len(missed), only),
        "page": page,
        "text": text % {"first": first + 1, "last": last, "count": len(wanted)},
    }
    return render(request, "procurement/supply/record_page.html", context)


def _parts(measure: Measure, count: int, missed: int, only: str) -> list[dict[str, Any]]:
    """All rows of a figure, or those that it does not count."""
    return [
        {"url": f"?figure={measure}", "label": _("All"), "count": count, "current": not only},
        {
            "url": f"?figure={measure}&only=missed",
            "label": pgettext("measure", "Missed"),
            "count": missed,
            "current": bool(only),
        },
    ]
