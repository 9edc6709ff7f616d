"""The page of an item: its stock, what is on its way, and who has it. For the buying side."""

import uuid
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.http import urlencode

from portal.kernel.access import DoorRequest, door
from portal.kernel.web import whole_number
from procurement.catalogue.models import Item, Site
from procurement.catalogue.queries import find_item
from procurement.orders.models import PurchaseOrderLine
from procurement.orders.queries import visible_lines
from procurement.supply.presenters import panels_of_item, panels_of_line
from procurement.supply.queries import sites_of
from suppliers.roles import Permission


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
