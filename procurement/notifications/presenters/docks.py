"""What a mail says of the dock: a time at it, and what was counted there otherwise than announced."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse
from django.utils.dateformat import format as dateformat
from django.utils.translation import gettext as _

from portal.kernel.audit.models import AuditEvent
from portal.kernel.templatetags.portal_ui import day_text, quantity_text
from procurement.notifications.messages import Item, Quote, Row
from procurement.notifications.models import Notice
from procurement.notifications.presenters.seen import LONGEST_QUOTE, Seen
from procurement.orders.models import PurchaseOrder
from procurement.receipts.policies import Tally
from procurement.receipts.presenters import difference_text
from procurement.receipts.states import Word
from procurement.tolerances.presenters.sentences import said_by


def told_dock_time(
    item: Item, notice: Notice, event: AuditEvent, order: PurchaseOrder | None, seen: Seen
) -> str:
    """A time at a dock, as the clock there shows it, with its zone."""
    facts = event.facts
    zone = str(facts["zone"])
    start = datetime.fromisoformat(str(facts["starts_at"])).astimezone(ZoneInfo(zone))
    when = f"{dateformat(start, 'D')} {day_text(start.date())}, {start:%H:%M} ({zone})"
    item.number = str(facts["number"])
    item.rows.append(Row(str(facts["site"]), _("Time at the dock"), "", when))
    if facts.get("door") and event.kind in ("shipment.time_confirmed", "shipment.time_accepted"):
        item.rows.append(Row(str(facts["site"]), _("Door"), "", str(facts["door"])))
    if words := str(facts.get("why") or facts.get("note") or ""):
        item.quotes.append(Quote(event.actor_label, words[:LONGEST_QUOTE]))
    item.url = f"{settings.PUBLIC_URL}{reverse('shipment', args=[facts['notice']])}"
    item.signs_in = True
    asks = event.kind in ("shipment.time_asked", "shipment.time_proposed")
    item.button = _("Look and answer") if asks else _("Open the ship notice")
    values = {"name": said_by(event.actor_label), "number": item.number}
    texts = {
        "shipment.time_asked": _("%(name)s asks for a time at the dock for %(number)s"),
        "shipment.time_proposed": _("%(name)s proposes a time at the dock for %(number)s"),
        "shipment.time_confirmed": _("The time at the dock for %(number)s is confirmed"),
        "shipment.time_accepted": _("%(name)s takes the time at the dock for %(number)s"),
        "shipment.time_refused": _("The time at the dock for %(number)s is refused"),
        "shipment.time_cancelled": _("%(name)s gives up the time at the dock for %(number)s"),
        "shipment.time_recalled": _("The dock takes back its time for %(number)s"),
        "shipment.time_missed": _("Nothing came at the time for %(number)s"),
    }
    return texts[event.kind] % values


def differing_count(
    item: Item, notice: Notice, event: AuditEvent, order: PurchaseOrder | None, seen: Seen
) -> str:
    """What was counted otherwise than announced, line by line; or what somebody said of it."""
    facts = event.facts
    item.number = str(facts.get("number") or "")
    item.url = f"{settings.PUBLIC_URL}{reverse('receiving-sheet', args=[facts['sheet']])}"
    item.signs_in = True
    values = {"name": event.actor_label, "number": item.number}
    if event.kind == "count.posted":
        return _counted(item, facts) % values
    if event.kind == "count.reversed":
        item.rows.clear()
        item.heads = None
        item.sentences[:] = [_("Nothing of it is asked any more. The goods are counted anew.")]
        item.quotes.append(Quote(event.actor_label, str(facts.get("why") or "")[:LONGEST_QUOTE]))
        item.button = _("Open the count")
        return _("%(name)s takes back the count of %(number)s") % values
    about = str(facts.get("item") or "")
    if "line" in facts:
        about = _("Order %(order)s line %(line)s") % {"order": facts["order"], "line": facts["line"]}
    item.sentences.append(f"{about}: {Word(facts['word']).label}.")
    if why := str(facts.get("why") or ""):
        item.quotes.append(Quote(f"{event.actor_label} ({about})", why[:LONGEST_QUOTE]))
    if event.kind == "count.difference_settled":
        item.button = item.button or _("Open the count")
        return _("%(name)s settles what came otherwise with %(number)s") % values
    item.button = _("Look and settle")
    return _("%(name)s answers the count of %(number)s") % values


def _counted(item: Item, facts: Mapping[str, Any]) -> str:
    """The rows of a posted count that differs, what is asked, and how its heading goes."""
    item.heads = (_("Announced"), _("Counted"))
    for line in facts["lines"]:
        if not line.get("differs"):
            continue
        announced = None if line["announced"] is None else Decimal(line["announced"])
        tally = Tally(announced, *(Decimal(line[name]) for name in ("before", "good", "damaged")))
        unit = str(line["unit"])
        what = ". ".join(filter(None, (difference_text(tally, line["rest"], unit), str(line["why"]))))
        head = _("Order %(order)s line %(line)s: %(item)s") % {
            name: line[name] for name in ("order", "line", "item")
        }
        was = "" if announced is None else quantity_text(announced, unit)
        item.rows.append(Row(head, what, was, quantity_text(tally.before + tally.counted, unit)))
    for wrong in facts["wrong"]:
        item.rows.append(
            Row(_("On no line: %(item)s") % {"item": wrong}, _("came and was not ordered"), "–", "–")
        )
    item.sentences.append(
        _(
            "Please say whether you agree. If you dispute it, say why; you can add pictures. The buyer settles it then."
        )
    )
    item.button = _("Look and answer")
    if facts.get("notice"):
        return _("%(number)s was counted otherwise than announced")
    return _("Not all that came with %(number)s is right")
