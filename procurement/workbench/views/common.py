"""Doors that both sides go through: the order, which each side sees from its own quay."""

import uuid

from django.http import HttpResponse

from portal.kernel.access import DoorRequest, door
from procurement.notifications.services import see_order
from procurement.orders.queries import find_order
from procurement.workbench.views import buyer, supplier_page
from suppliers.roles import Permission


@door(Permission.ORDER_VIEW)
def order(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """An order with everything around it."""
    found = find_order(key, actor=request.actor)
    see_order(found, actor=request.actor, at=request.at)
    show = supplier_page.show_order if request.actor.is_supplier else buyer.show_order
    return show(request, found)
