"""The page of an item: its stock, what is on its way, and who has it. For the buying side."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from portal.kernel.access import DoorRequest, door
from portal.kernel.errors import NotFound
from procurement.catalogue.models import Item
from procurement.supply.presenters import panels_of_item
from procurement.supply.queries import sites_of
from suppliers.roles import Permission


@door(Permission.SUPPLIER_VIEW)
def show_item(request: DoorRequest, number: str) -> HttpResponse:
    """An item at one of the sites that have it or wait for it (`?site=`); the first of them if none is named."""
    found = Item.objects.filter(number=number).first()
    if found is None:
        raise NotFound(_("There is no such item."))
    sites = sites_of(found)
    wanted = request.GET.get("site", "")
    site = next((one for one in sites if one.code == wanted), sites[0] if sites else None)
    context = {
        "item": found,
        "panels": panels_of_item(found, site, at=request.at),
        "sites": [
            {"url": f"?{urlencode({'site': one.code})}", "label": one.name, "current": one == site}
            for one in sites
        ],
    }
    return render(request, "procurement/supply/item.html", context)
