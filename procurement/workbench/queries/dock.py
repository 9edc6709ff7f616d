"""What the dock of its customer asks a supplier, for its first page: times it proposes, and what came otherwise."""

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.templatetags.portal_ui import day_text
from procurement.docks.presenters import span_text, zone_text
from procurement.docks.queries import visible_appointments, with_notice_key
from procurement.docks.states import AppointmentState
from procurement.receipts.queries import unanswered_sheets
from suppliers.roles import Permission

MOST_AT_HOME = 10


@dataclass(frozen=True, slots=True)
class AtDock:
    """One thing that the dock waits to hear: what, the facts, and where to say it."""

    title: str
    text: str
    url: str


def dock_at_home(actor: Actor) -> list[AtDock]:
    """What the dock asks this supplier, times first, at most ten of each: two queries. None for who may not answer."""
    if not actor.may(Permission.SHIPMENT_WRITE):
        return []
    found = []
    proposed = with_notice_key(visible_appointments(actor).filter(state=AppointmentState.PROPOSED))
    times: list[Any] = list(proposed.order_by("starts_at", "id")[:MOST_AT_HOME])
    for one in times:
        title = _("The dock proposes a time for %(number)s") % {"number": one.notice_number}
        url = reverse("shipment-time", args=[one.notice_key])
        found.append(AtDock(title, f"{span_text(one)} · {zone_text(one)}", url))
    for sheet in unanswered_sheets(actor)[:MOST_AT_HOME]:
        title = _("%(number)s came otherwise than announced") % {"number": sheet.reference}
        place = sheet.site.name if sheet.site else sheet.company.name
        values = {"place": place, "day": day_text(sheet.received_on)}
        text = _("Counted at %(place)s on %(day)s: say whether you agree.") % values
        found.append(AtDock(title, text, reverse("receiving-sheet", args=[sheet.key])))
    return found
