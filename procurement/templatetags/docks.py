"""The time at the dock on the page of a ship notice."""

from typing import Any

from django import template

from procurement.docks.presenters import short_text, span_text, turn_of, zone_text
from procurement.docks.queries import AWAITED, appointments_of, pallets_too_many
from procurement.shipments.models import ShipNotice
from suppliers.roles import Permission

register = template.Library()


@register.inclusion_tag("procurement/docks/panel.html", takes_context=True)
def dock_panel(context: Any, notice: ShipNotice) -> dict[str, Any]:
    """The panel; nothing where there is no dock, or where none was or will be asked. One query, and a few more while a
    time is open.
    """
    actor = context["request"].actor
    told = appointments_of(notice.consignment, actor=actor) if notice.sent_at else []
    one = told[0] if told else None
    is_awaited = notice.state in AWAITED and notice.ship_to_id is not None
    return {
        "shows": bool(one) or is_awaited,
        "notice": notice,
        "one": one,
        "turn": turn_of(one, actor),
        "short": short_text(pallets_too_many(one, notice), one),
        "when": span_text(one) if one else "",
        "where": zone_text(one) if one else "",
        "may_do": is_awaited and (actor.may(Permission.SHIPMENT_WRITE) or actor.may(Permission.DOCK_PLAN)),
        "request": context["request"],
    }
