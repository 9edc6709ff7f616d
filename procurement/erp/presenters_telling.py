"""Ship notices and counts that the ERP is told of, as pages show them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from portal.kernel.outbox.models import DeliveryAttempt
from portal.kernel.templatetags.portal_ui import day_text, figure
from procurement.erp.models import NoticeWrite
from procurement.erp.presenters import TRIES, outcome_word, reason_text
from procurement.erp.states import TellingState
from procurement.erp.telling import Write


@dataclass(frozen=True, slots=True)
class TellingRow:
    """One telling in a list: what it is of, and what the ERP is to do."""

    write: Write
    number: str
    what: str
    orders: str
    reason: str


@dataclass(frozen=True, slots=True)
class ToldLine:
    """So much of an order line, as the ERP is told."""

    order: str
    number: int
    quantity: str
    unit: str
    lot: str


def telling_row(write: Write) -> TellingRow:
    """A telling as one row."""
    orders = list(dict.fromkeys(line["order"] for line in write.payload["lines"]))
    more = " …" if len(orders) > 3 else ""
    return TellingRow(
        write, number_of(write), what_word(write), ", ".join(orders[:3]) + more, reason_of(write)
    )


def number_of(write: Write) -> str:
    """What people call it: the delivery note's number, or the order where there is none."""
    if isinstance(write, NoticeWrite):
        return str(write.payload["number"])
    return str(write.payload["reference"] or write.order.number)


def what_word(write: Write) -> str:
    """What the ERP is to do."""
    if isinstance(write, NoticeWrite):
        if write.withdrawn:
            return _("expect none of it")
        day = date.fromisoformat(write.payload["expected_on"])
        return _("expect it on %(day)s") % {"day": day_text(day)}
    if write.reversed:
        return _("take the receipt back")
    day = date.fromisoformat(write.payload["received_on"])
    return _("book the receipt of %(day)s") % {"day": day_text(day)}


def reason_of(write: Write) -> str:
    """Why it did not get through, in the reader's language where the words are ours."""
    return reason_text(write.reason)


def told_lines(write: Write) -> list[ToldLine]:
    """What the ERP is told, line by line."""
    return [
        ToldLine(
            line["order"],
            line["number"],
            figure(Decimal(line["quantity"])),
            line["unit"],
            line.get("lot", ""),
        )
        for line in write.payload["lines"]
    ]


@dataclass(frozen=True, slots=True)
class ToldFact:
    """One thing that the ERP is told of the whole."""

    label: str
    value: str


def told_head(write: Write) -> list[ToldFact]:
    """What the ERP is told of the whole; what was not said is left out."""
    said = write.payload
    if isinstance(write, NoticeWrite):
        rows = [
            (_("Delivery note"), said["number"]),
            (_("Version"), str(said["issue"])),
            (_("Ship-to place"), said["ship_to"]),
            (_("Leaves"), _day(said["ship_on"])),
            (_("Expected"), _day(said["expected_on"])),
            (_("Carrier"), said["carrier"]),
            (_("Tracking numbers"), said["tracking"]),
        ]
    else:
        rows = [
            (_("Delivery note"), said["reference"]),
            (_("Site"), said["site"]),
            (_("Counted"), _day(said["received_on"])),
        ]
    return [ToldFact(label, value) for label, value in rows if value]


def _day(text: str) -> str:
    return day_text(date.fromisoformat(text))


def story_of_telling(write: Write, tries: Iterable[DeliveryAttempt]) -> Sequence[dict[str, Any]]:
    """What happened to it, newest first, as entries of components/timeline.html."""
    entries = []
    if write.state == TellingState.CONFIRMED:
        entries.append(_entry("done", "full", _("It stands in the ERP"), write.updated_at, reason_of(write)))
    for attempt in tries:
        tone, glyph = TRIES.get(attempt.outcome, ("quiet", "half"))
        values = {"number": attempt.number, "outcome": outcome_word(attempt.outcome)}
        text = _("Attempt %(number)d: %(outcome)s") % values
        entries.append(_entry(tone, glyph, text, attempt.started_at, reason_text(attempt.error)))
    text = (
        _("Sent, and promised to the ERP")
        if isinstance(write, NoticeWrite)
        else _("Counted, and promised to the ERP")
    )
    entries.append(_entry("quiet", "none", text, write.queued_at))
    return entries


def _entry(tone: str, glyph: str, text: str, at: Any, note: str = "") -> dict[str, Any]:
    return {"tone": tone, "glyph": glyph, "text": text, "at": at, "note": note, "now": False}
