"""One order's whole story, for the buyer and the integration owner."""

import uuid

from django.http import HttpResponse
from django.shortcuts import render

from portal.kernel.access import DoorRequest, door
from procurement.orders.queries import find_order
from procurement.workbench.queries.story import story_of_order
from suppliers.roles import Permission


@door(Permission.ERP_VIEW, Permission.ORDER_DECIDE)
def order_story(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Everything that both systems did with one order, in order of time."""
    order = find_order(key, actor=request.actor)
    sees_runs = request.actor.may(Permission.ERP_VIEW)
    story = story_of_order(order, actor=request.actor, sees_runs=sees_runs)
    context = {"order": order, "story": story}
    return render(request, "procurement/workbench/order_story.html", context)
