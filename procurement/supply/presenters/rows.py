"""The rows behind a figure of a supplier's record, each with what was measured and what it counted as."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kernel.templatetags.portal_ui import day_text, moment_text, quantity_text
from procurement.supply.messages import Measure
from procurement.supply.presenters.record import delivery_words, hours_text, percent
from procurement.supply.queries.announcing import Announcement
from procurement.supply.queries.counting import DockCount
from procurement.supply.queries.record import Answer, Delivered


@dataclass(frozen=True, slots=True)
class RecordRow:
    """One row: the paper it is about, what it was measured against, and what came of it. `is_met` says whether it is
    one of those the figure counts."""

    url: str
    paper: str
    measured: str
    happened: str
    is_met: bool


def rows_of_deliveries(measure: Measure, deliveries: Sequence[Delivered]) -> list[RecordRow]:
    """The deliveries behind a figure, the newest first."""
    judge, belongs = _JUDGES[measure], _BELONGS.get(measure)
    return [
        RecordRow(
            reverse("order", args=[one.order_key]),
            _("%(order)s line %(line)d") % {"order": one.order_number, "line": one.line_number},
            _measured(measure, one),
            _happened(measure, one),
            judge(one),
        )
        for one in deliveries
        if belongs is None or belongs(one)
    ]


# Of some figures not every delivery is a row.
_BELONGS: dict[Measure, Callable[[Delivered], bool]] = {
    Measure.MOVED: lambda one: one.was_moved,
    Measure.SLIP: lambda one: one.days_late > 0,
}
_JUDGES: dict[Measure, Callable[[Delivered], bool]] = {
    Measure.AGREED: lambda one: one.is_kept,
    Measure.ASKED: lambda one: one.is_as_asked,
    Measure.FILLED: lambda one: one.in_time >= one.quantity,
    Measure.MOVED: lambda one: one.kept_the_last,
    Measure.SLIP: lambda _one: False,
}


def _measured(measure: Measure, one: Delivered) -> str:
    quantity = quantity_text(one.quantity, one.unit)
    day = {Measure.ASKED: one.asked_on, Measure.MOVED: one.last_agreed_on}.get(measure, one.due_on)
    if day == one.asked_on:
        return _("%(quantity)s, asked for %(day)s") % {"quantity": quantity, "day": day_text(day)}
    return _("%(quantity)s, agreed for %(day)s") % {"quantity": quantity, "day": day_text(day)}


def _happened(measure: Measure, one: Delivered) -> str:
    if measure == Measure.FILLED:
        return _("%(quantity)s in time (%(share)s)") % {
            "quantity": quantity_text(one.in_time, one.unit),
            "share": percent(one.share_in_time),
        }
    if measure in (Measure.ASKED, Measure.MOVED) and one.arrived_on is not None:
        return _("all here on %(day)s") % {"day": day_text(one.arrived_on)}
    return delivery_words(one)


def rows_of_answers(answers: Sequence[Answer]) -> list[RecordRow]:
    """The answers behind the figure, the newest first."""
    return [
        RecordRow(
            reverse("order", args=[one.order_key]),
            one.order_number,
            _("owed by %(moment)s") % {"moment": moment_text(one.due_at)},
            _("given %(moment)s") % {"moment": moment_text(one.sent_at)},
            one.is_in_time,
        )
        for one in answers
    ]


def rows_of_announcements(measure: Measure, announced: Sequence[Announcement]) -> list[RecordRow]:
    """The consignments behind a figure, the newest first."""
    found = [
        (one, said)
        for one in announced
        if (said := _ANNOUNCED[measure](one)) is not None  # of which it is known
    ]
    return [RecordRow(reverse("shipment", args=[one.key]), one.number, *said) for one, said in found]


def _before_arrival(one: Announcement) -> tuple[str, str, bool] | None:
    if one.there_at is None:
        return None
    there = _("there %(moment)s") % {"moment": moment_text(one.there_at)}
    return there, _("announced %(moment)s") % {"moment": moment_text(one.first_sent_at)}, one.is_in_time


def _after_departure(one: Announcement) -> tuple[str, str, bool] | None:
    hours = one.hours_after_departure
    if hours is None or one.departed_at is None:
        return None
    left = _("left %(moment)s") % {"moment": moment_text(one.departed_at)}
    if hours == 0 and one.first_sent_at <= one.departed_at:
        return left, _("announced before"), True
    return left, _("announced %(hours)s later") % {"hours": hours_text(hours)}, hours == 0


def _as_announced(one: Announcement) -> tuple[str, str, bool] | None:
    if not one.lines or one.exact is None:
        return None
    lines = ngettext("%(n)d line announced", "%(n)d lines announced", one.lines) % {"n": one.lines}
    exact = ngettext("%(n)d came exactly so", "%(n)d came exactly so", one.exact) % {"n": one.exact}
    return lines, exact, one.exact == one.lines


_ANNOUNCED: dict[Measure, Callable[[Announcement], tuple[str, str, bool] | None]] = {
    Measure.ANNOUNCED: _before_arrival,
    Measure.AFTER_DEPARTURE: _after_departure,
    Measure.LINES: _as_announced,
}


def rows_of_counts(measure: Measure, counts: Sequence[DockCount]) -> list[RecordRow]:
    """The consignments that were counted behind a figure, the newest first."""
    found = []
    for one in counts:
        url = reverse("receiving-sheet", args=[one.sheet_key])
        if measure == Measure.BOOKED and one.lines:
            counted = ngettext("%(n)d line counted", "%(n)d lines counted", one.lines) % {"n": one.lines}
            booked = ngettext("%(n)d booked exactly so", "%(n)d booked exactly so", one.booked)
            found.append(
                RecordRow(url, one.number, counted, booked % {"n": one.booked}, one.booked == one.lines)
            )
        elif measure == Measure.PACKAGES and one.packages is not None and one.seen is not None:
            announced = ngettext("%(n)d package announced", "%(n)d packages announced", one.packages)
            seen = ngettext("%(n)d was there", "%(n)d were there", one.seen)
            found.append(
                RecordRow(
                    url,
                    one.number,
                    announced % {"n": one.packages},
                    seen % {"n": one.seen},
                    one.seen == one.packages,
                )
            )
    return found
