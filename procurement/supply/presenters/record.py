"""A supplier's record in a few figures, and the last deliveries as bars. docs/measures.md says what each figure is."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import median_low

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kernel.templatetags.portal_ui import day_text, figure, quantity_text
from procurement.supply.queries.announcing import Announcement
from procurement.supply.queries.record import Answered, Delivered
from suppliers.models import Supplier

FEW = 5
BARS, BAR_WIDTH, BAR_HEIGHT, LEAST_HEIGHT = 12, 250, 34, 9.0


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: its name, its value, and the rows it was made of in words ("11 of 12")."""

    label: str
    value: str
    rows: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """One delivery: how much of it was there on the day promised, and in which tone."""

    x: str
    y: str
    width: str
    height: str
    tone: str
    delivered: Delivered
    words: str


@dataclass(frozen=True, slots=True)
class RecordPanel:
    """What is known of a supplier. `bars` are its last deliveries of `item_number`, the oldest first."""

    supplier: Supplier
    figures: Sequence[Figure]
    bars: Sequence[Bar]
    item_number: str
    bars_text: str
    is_thin: bool


def record_of(
    supplier: Supplier,
    answers: Answered,
    deliveries: Sequence[Delivered],
    of_item: Sequence[Delivered] = (),
    item_number: str = "",
    announced: Sequence[Announcement] = (),
) -> RecordPanel:
    """The record, as far as anything is known of it."""
    late = [one for one in of_item if not one.is_kept]
    count = len(of_item)
    text = ""
    if count:
        text = ngettext("Last delivery of this item", "Last %(n)d deliveries of this item", count) % {
            "n": count
        }
        kept = _("%(n)d late (red)") % {"n": len(late)} if late else _("all in time")
        text = f"{text}: {kept}"
    return RecordPanel(
        supplier=supplier,
        figures=[*_figures(answers, deliveries), *_announced(announced)],
        bars=_bars(list(reversed(of_item[:BARS]))),
        item_number=item_number,
        bars_text=text,
        is_thin=len(deliveries) < FEW,
    )


def _figures(answers: Answered, deliveries: Sequence[Delivered]) -> list[Figure]:
    kept = [one for one in deliveries if one.is_kept]
    moved = [one for one in deliveries if one.was_moved]
    late = [one.days_late for one in deliveries if one.days_late]
    found = [_share(_("In time and in full, as agreed"), len(kept), len(deliveries))]
    found.append(
        _share(
            _("In time and in full, as asked"), sum(one.is_as_asked for one in deliveries), len(deliveries)
        )
    )
    found.append(_share(_("Answers in time"), answers.in_time, answers.given))
    if moved:
        by_the_new = sum(
            one.arrived_on is not None
            and one.last_agreed_on is not None
            and one.arrived_on <= one.last_agreed_on
            for one in moved
        )
        found.append(Figure(_("Kept a re-dated promise"), _of(by_the_new, len(moved))))
    if late:
        days = median_low(late)
        value = ngettext("%(n)d day", "%(n)d days", days) % {"n": days}
        found.append(Figure(_("Median slip when late"), value, _of(len(late), len(deliveries))))
    return found


def _announced(announced: Sequence[Announcement]) -> list[Figure]:
    """How the supplier announces; nothing at all of one that sends no ship notices."""
    found: list[Figure] = []
    there = [one for one in announced if one.there_at is not None]
    if there:
        label = _("Announced before arrival")
        found.append(_share(label, sum(one.is_in_time for one in there), len(there)))
    hours = [one.hours_after_departure for one in announced if one.hours_after_departure is not None]
    if hours:
        value = ngettext("%(n)d hour", "%(n)d hours", median_low(hours)) % {"n": median_low(hours)}
        found.append(Figure(_("Announced after departure, median"), value, _of(len(hours), len(announced))))
    lines = sum(one.lines or 0 for one in announced)
    if lines:
        found.append(_share(_("Lines as announced"), sum(one.exact or 0 for one in announced), lines))
    return found


def _share(label: str, part: int, whole: int) -> Figure:
    if not whole:
        return Figure(label, _("nothing yet"))
    if whole < FEW:
        return Figure(label, _of(part, whole))
    share = (Decimal(100) * part / whole).quantize(Decimal("0.1"))
    return Figure(label, _("%(share)s %%") % {"share": figure(share)}, _of(part, whole))


def _of(part: int, whole: int) -> str:
    return _("%(part)d of %(whole)d") % {"part": part, "whole": whole}


def _bars(deliveries: Sequence[Delivered]) -> list[Bar]:
    step = BAR_WIDTH / BARS
    found: list[Bar] = []
    for place, one in enumerate(deliveries):
        height = max(BAR_HEIGHT * float(one.in_time / one.quantity), LEAST_HEIGHT)
        found.append(
            Bar(
                x=f"{step * place:.1f}",
                y=f"{BAR_HEIGHT - height:.1f}",
                width=f"{step - 1.2:.1f}",
                height=f"{height:.1f}",
                tone="act" if one.is_kept else "stop",
                delivered=one,
                words=_words(one),
            )
        )
    return found


def _words(one: Delivered) -> str:
    """What became of a delivery: arrived on 9 Apr 2026, 8 days late."""
    if one.arrived_on is None:
        there = quantity_text(one.in_time, one.unit)
        return _("not all here yet, %(quantity)s in time") % {"quantity": there}
    if one.is_kept:
        return _("all here on %(day)s") % {"day": day_text(one.arrived_on)}
    late = ngettext("%(n)d day late", "%(n)d days late", one.days_late) % {"n": one.days_late}
    return _("all here on %(day)s, %(late)s") % {"day": day_text(one.arrived_on), "late": late}
