"""Events in words: what one says, of which consignment, and why nothing came of it; and as they are answered."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

from portal.kernel.templatetags.portal_ui import day_text
from procurement.gateways.models import GatewayEvent, GatewayMessage
from procurement.gateways.states import EventKind, EventState, Why
from procurement.shipments.states import MilestoneKind


@dataclass(frozen=True, slots=True)
class EventRow:
    """An event as a list shows it."""

    event: GatewayEvent
    what: str
    when: datetime | None
    more: str
    names: list[tuple[str, str]]
    why: str
    problems: list[str]
    is_placeable: bool


def event_row(event: GatewayEvent) -> EventRow:
    """One event in words."""
    said = event.said
    happened = said.get("happened_at")
    return EventRow(
        event,
        _what(event),
        datetime.fromisoformat(happened) if happened else None,
        ", ".join(filter(None, (said.get("place", ""), _expected(said), said.get("note", "")))),
        consignment_words(said.get("consignment", said)),
        why_text(event.why),
        [problem_text(one) for one in event.problems],
        event.kind == EventKind.MILESTONE and event.why != Why.NOT_READ and bool(said.get("kind")),
    )


def _what(event: GatewayEvent) -> str:
    if event.kind == EventKind.COUNT:
        return str(EventKind.COUNT.label)
    kind = event.said.get("kind")
    if kind in MilestoneKind.values:
        return str(MilestoneKind(kind).label)
    return (
        _("Code %(code)s") % {"code": event.said["code"]} if event.said.get("code") else _("Cannot be read")
    )


def _expected(said: Mapping[str, Any]) -> str:
    day = said.get("estimated_on")
    return _("expected on %(day)s") % {"day": day_text(date.fromisoformat(day))} if day else ""


def consignment_words(consignment: Mapping[str, Any]) -> list[tuple[str, str]]:
    """By what an event knows its consignment: each name with what it is called."""
    labels = {
        "sscc": _("SSCC"),
        "tracking_number": _("Tracking number"),
        "notice": _("Ship notice"),
        "delivery_note": _("Delivery note"),
        "bill_of_lading": _("Bill of lading"),
        "supplier": _("Supplier"),
        "company": _("Company"),
        "site": _("Site"),
    }
    return [(label, str(consignment[name])) for name, label in labels.items() if consignment.get(name)]


def why_text(why: str) -> str:
    """Why an event was not simply taken, in one sentence."""
    return str(Why(why).label) if why in Why.values else ""


def problem_text(problem: Mapping[str, str]) -> str:
    """One problem: field, value, rule."""
    message = problem.get("message", "")
    if problem.get("value"):
        return _("%(field)s “%(value)s”: %(message)s") % {**problem, "message": message}
    return f"{problem['field']}: {message}" if problem.get("field") else message


def answer_of(message: GatewayMessage, events: Iterable[GatewayEvent]) -> dict[str, Any]:
    """What a sender is told of its message: what became of each event, in their order."""
    return {
        "message": str(message.key),
        "id": message.message_id,
        "state": message.state,
        "events": [_answered(event) for event in events],
    }


def _answered(event: GatewayEvent) -> dict[str, Any]:
    told: dict[str, Any] = {"position": event.position, "outcome": event.state}
    if event.notice is not None and event.state == EventState.TAKEN:
        told["notice"] = event.notice.number
    if event.why:
        told |= {"why": event.why, "detail": why_text(event.why)}
    if event.problems:
        told["problems"] = event.problems
    return told
