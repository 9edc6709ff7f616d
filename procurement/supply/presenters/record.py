"""A supplier's record in a few figures, and the last deliveries as bars. docs/measures.md says what each figure is."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import median_low

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kernel.templatetags.portal_ui import day_text, figure, quantity_text
from procurement.supply.messages import Measure
from procurement.supply.queries.announcing import Announcement
from procurement.supply.queries.counting import DockCount
from procurement.supply.queries.record import Answered, Delivered
from suppliers.models import Supplier

FEW = 5
BARS, BAR_WIDTH, BAR_HEIGHT, LEAST_HEIGHT = 12, 250, 34, 9.0


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: what it measures, its value, and the rows it was made of in words ("11 of 12")."""

    measure: Measure
    value: str
    rows: str = ""

    @property
    def label(self) -> str:
        return str(self.measure.label)


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
    counts: Sequence[DockCount] = (),
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
        figures=[*_figures(answers, deliveries), *_announced(announced), *_counted(counts)],
        bars=_bars(list(reversed(of_item[:BARS]))),
        item_number=item_number,
        bars_text=text,
        is_thin=len(deliveries) < FEW,
    )


def _figures(answers: Answered, deliveries: Sequence[Delivered]) -> list[Figure]:
    moved = [one for one in deliveries if one.was_moved]
    late = [one.days_late for one in deliveries if one.days_late]
    count = len(deliveries)
    found = [
        _share(Measure.AGREED, sum(one.is_kept for one in deliveries), count),
        _share(Measure.ASKED, sum(one.is_as_asked for one in deliveries), count),
    ]
    if count:
        share = sum((one.share_in_time for one in deliveries), start=Decimal(0)) / count
        deliveries_text = ngettext("%(n)d delivery", "%(n)d deliveries", count) % {"n": count}
        found.append(Figure(Measure.FILLED, percent(share), deliveries_text))
    found.append(_share(Measure.ANSWERS, answers.in_time, answers.given))
    if moved:
        by_the_new = sum(one.kept_the_last for one in moved)
        found.append(Figure(Measure.MOVED, _of(by_the_new, len(moved))))
    if late:
        days = median_low(late)
        value = ngettext("%(n)d day", "%(n)d days", days) % {"n": days}
        found.append(Figure(Measure.SLIP, value, _of(len(late), count)))
    return found


def _announced(announced: Sequence[Announcement]) -> list[Figure]:
    """How the supplier announces; nothing at all of one that sends no ship notices."""
    found: list[Figure] = []
    there = [one for one in announced if one.there_at is not None]
    if there:
        found.append(_share(Measure.ANNOUNCED, sum(one.is_in_time for one in there), len(there)))
    hours = [one.hours_after_departure for one in announced if one.hours_after_departure is not None]
    if hours:
        found.append(
            Figure(Measure.AFTER_DEPARTURE, hours_text(median_low(hours)), _of(len(hours), len(announced)))
        )
    lines = sum(one.lines or 0 for one in announced)
    if lines:
        found.append(_share(Measure.LINES, sum(one.exact or 0 for one in announced), lines))
    return found


def _counted(counts: Sequence[DockCount]) -> list[Figure]:
    """How what came was counted; nothing of who counts elsewhere."""
    found: list[Figure] = []
    if packages := sum(one.packages or 0 for one in counts):
        found.append(_share(Measure.PACKAGES, sum(one.seen or 0 for one in counts), packages))
    if lines := sum(one.lines for one in counts):
        found.append(_share(Measure.BOOKED, sum(one.booked for one in counts), lines))
    return found


def _share(measure: Measure, part: int, whole: int) -> Figure:
    if not whole:
        return Figure(measure, _("nothing yet"))
    if whole < FEW:
        return Figure(measure, _of(part, whole))
    return Figure(measure, percent(Decimal(part) / whole), _of(part, whole))


def percent(share: Decimal) -> str:
    """A share (0 to 1) as a percentage with at most one decimal."""
    return _("%(share)s %%") % {"share": figure((100 * share).quantize(Decimal("0.1")))}


def hours_text(hours: int) -> str:
    """So many whole hours, in words."""
    return ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours}


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
                words=delivery_words(one),
            )
        )
    return found


def delivery_words(one: Delivered) -> str:
    """What became of a delivery: arrived on 9 Apr 2026, 8 days late."""
    if one.arrived_on is None:
        there = quantity_text(one.in_time, one.unit)
        return _("not all here yet, %(quantity)s in time") % {"quantity": there}
    if one.is_kept:
        return _("all here on %(day)s") % {"day": day_text(one.arrived_on)}
    late = ngettext("%(n)d day late", "%(n)d days late", one.days_late) % {"n": one.days_late}
    return _("all here on %(day)s, %(late)s") % {"day": day_text(one.arrived_on), "late": late}
