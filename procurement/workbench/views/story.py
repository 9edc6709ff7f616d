"""One order's whole story, for the buyer and the integration owner; and the links that were given out to it."""

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from portal.kernel.access import DoorRequest, door
from portal.kernel.web import see_other
from procurement.links.queries import find_link_on, links_given
from procurement.links.services import revoke_link
from procurement.orders.queries import find_order
from procurement.workbench.queries.story import story_of_order
from suppliers.roles import Permission


@door(Permission.ERP_VIEW, Permission.ORDER_DECIDE)
def order_story(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Everything that both systems did with one order, in order of time."""
    order = find_order(key, actor=request.actor)
    sees_runs = request.actor.may(Permission.ERP_VIEW)
    story = story_of_order(order, actor=request.actor, sees_runs=sees_runs)
    context = {
        "order": order,
        "story": story,
        "links": links_given(order.stream, actor=request.actor, at=request.at),
        "may_end": request.actor.may(Permission.ORDER_ANSWER_FOR),
    }
    return render(request, "procurement/workbench/order_story.html", context)


@door(Permission.ORDER_ANSWER_FOR, methods=["POST"])
def order_link_end(request: DoorRequest, key: uuid.UUID, link: uuid.UUID) -> HttpResponse:
    """End a signed link at once, and all that were made from it."""
    order = find_order(key, actor=request.actor)
    found = find_link_on(order.stream, link, actor=request.actor)
    if revoke_link(found, actor=request.actor, at=request.at):
        messages.success(request, _("The link of %(to)s has ended.") % {"to": found.address})
    return see_other("order-story", order.key)
