"""The picture of expected stock, as coordinates: the template draws what stands here and works nothing out.

Only here do quantities become places on a screen, and so binary fractions: nothing is read back from them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from itertools import pairwise

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kernel.templatetags.portal_ui import figure, short_day_text
from procurement.supply.policies import ZERO, Day, Projection

WIDTH, HEIGHT = 640, 250
LEFT, RIGHT, TOP, BOTTOM = 48.0, 628.0, 34.0, 214.0
LEAST_DAYS = 42
# What is marked stands a little right of the middle, with room beside it for words.
AHEAD = 1.7

Point = tuple[float, Decimal]


@dataclass(frozen=True, slots=True)
class Label:
    """A text at a place; `anchor` says which end of it stands there."""

    x: str
    y: str
    text: str
    anchor: str = "start"


@dataclass(frozen=True, slots=True)
class Marker:
    """A day that is drawn as an upright line, with its name above it."""

    x: str
    label: Label


@dataclass(frozen=True, slots=True)
class Tick:
    """A line across at a round quantity."""

    y: str
    text: str
    is_zero: bool


@dataclass(frozen=True, slots=True)
class Chart:
    """What is drawn. Polygons and lines are lists of "x,y" as SVG wants them; an empty one is not drawn.

    `stock` is what is expected, `above` the area under it, `short` the area of what is owed, `owed` its edge;
    `as_asked` is what would be there if the delivery came as it was asked for.
    """

    ticks: Sequence[Tick]
    days: Sequence[Label]
    stock: str
    above: str
    short: str
    owed: str
    as_asked: str
    safety: Label | None
    asked: Marker | None
    promised: Marker | None
    shortage: Label | None


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a chart is to show: `asked` and `promised` are days of one delivery; `short`, `orders` what is missing."""

    expected: Projection
    as_asked: Projection | None = None
    safety: Decimal | None = None
    asked: date | None = None
    promised: date | None = None
    short: Decimal = ZERO
    orders: int = 0


def draw(drawn: Drawn) -> Chart:
    """The picture of a projection."""
    frame = _frame(drawn)
    line = frame.line(drawn.expected.days)
    crossed = list(_with_crossings(line))
    as_asked = frame.line(_while_it_matters(drawn)) if drawn.as_asked else []
    promised = frame.marker(drawn.promised, _("promised %(day)s"), second=False)
    return Chart(
        ticks=frame.ticks(),
        days=frame.days(),
        stock=frame.path(line),
        above=frame.area([(x, max(level, ZERO)) for x, level in crossed]),
        short=frame.area([(x, min(level, ZERO)) for x, level in crossed]),
        owed=frame.path(_below(crossed)),
        as_asked=frame.path(as_asked),
        safety=_safety(frame, drawn.safety),
        asked=None
        if drawn.asked == drawn.promised
        else frame.marker(drawn.asked, _("asked %(day)s"), second=promised is not None),
        promised=promised,
        shortage=_shortage(frame, drawn),
    )


@dataclass(frozen=True, slots=True)
class Frame:
    """Which days and which quantities the picture shows. A day begins at its place and ends at the next one's."""

    first: date
    count: int
    low: Decimal
    high: Decimal
    step: Decimal

    def x(self, ahead: float) -> float:
        return LEFT + (RIGHT - LEFT) * ahead / self.count

    def y(self, level: Decimal) -> float:
        share = (level - self.low) / (self.high - self.low)
        return BOTTOM - (BOTTOM - TOP) * float(share)

    def line(self, days: Iterable[Day]) -> list[Point]:
        """The level from day to day: a step where something comes or goes at once, else a slope."""
        points: list[Point] = []
        for day in days:
            place = (day.on - self.first).days
            if not 0 <= place < self.count:
                continue
            after = day.start + day.arrives - day.customers
            _add(points, (self.x(place), day.start))
            if after != day.start:
                if day.arrives and day.customers:
                    _add(points, (self.x(place), day.start + day.arrives))
                _add(points, (self.x(place), after))
            _add(points, (self.x(place + 1), day.end))
        return points

    def path(self, points: Sequence[Point]) -> str:
        return " ".join(f"{x:.1f},{self.y(level):.1f}" for x, level in points)

    def area(self, points: Sequence[Point]) -> str:
        if not any(level for _x, level in points):
            return ""
        zero = f"{self.y(ZERO):.1f}"
        return f"{points[0][0]:.1f},{zero} {self.path(points)} {points[-1][0]:.1f},{zero}"

    def ticks(self) -> list[Tick]:
        found: list[Tick] = []
        level = self.low
        while level <= self.high:
            found.append(Tick(f"{self.y(level):.1f}", figure(level), level == 0))
            level += self.step
        return found

    def days(self) -> list[Label]:
        """Five days along the bottom."""
        places = [round(self.count * part / 4) for part in range(5)]
        anchors = ("start", "middle", "middle", "middle", "end")
        return [
            Label(f"{self.x(place):.1f}", "242", short_day_text(self.first + timedelta(days=place)), anchor)
            for place, anchor in zip(places, anchors, strict=True)
        ]

    def marker(self, on: date | None, words: str, *, second: bool) -> Marker | None:
        """An upright line on a day within the picture. The second one's name stands to the left, or a little lower."""
        place = (on - self.first).days if on else -1
        if on is None or not 0 <= place <= self.count:
            return None
        x = self.x(place)
        text = words % {"day": short_day_text(on)}
        if second:
            left = x > LEFT + 90
            return Marker(
                f"{x:.1f}", Label(f"{x - 6 if left else x + 6:.1f}", "16", text, "end" if left else "start")
            )
        right = x < RIGHT - 110
        return Marker(
            f"{x:.1f}", Label(f"{x + 10 if right else x - 10:.1f}", "28", text, "start" if right else "end")
        )


def _add(points: list[Point], point: Point) -> None:
    """One more point; one that lies on the way between its neighbours is left out."""
    if len(points) > 1:
        (x1, y1), (x2, y2), (x3, y3) = points[-2], points[-1], point
        if x1 < x2 < x3 and abs((y2 - y1) * Decimal(x3 - x1) - (y3 - y1) * Decimal(x2 - x1)) < Decimal(
            "0.001"
        ):
            points.pop()
    if not points or points[-1] != point:
        points.append(point)


def _with_crossings(points: Sequence[Point]) -> Iterable[Point]:
    """The points, and one more wherever the line goes through zero."""
    for before, after in pairwise(points):
        yield before
        (x1, y1), (x2, y2) = before, after
        if y1 * y2 < 0:
            yield x1 + (x2 - x1) * float(y1 / (y1 - y2)), ZERO
    yield from points[-1:]


def _below(points: Sequence[Point]) -> list[Point]:
    """The first stretch of the line that lies below zero."""
    found: list[Point] = []
    for place, point in enumerate(points):
        if point[1] < 0:
            if not found and place:
                found.append(points[place - 1])
            found.append(point)
        elif found:
            break
    return found


def _while_it_matters(drawn: Drawn) -> Sequence[Day]:
    """The days from the one asked for to the one promised: before and after, both come to the same."""
    days = drawn.as_asked.days if drawn.as_asked else ()
    start = drawn.asked or drawn.expected.first
    return [day for day in days if day.on >= start and (drawn.promised is None or day.on < drawn.promised)]


def _frame(drawn: Drawn) -> Frame:
    first = drawn.expected.first
    marked = [day for day in (drawn.asked, drawn.promised, drawn.expected.stock_out_on) if day]
    ahead = max([(day - first).days for day in marked], default=0)
    count = min(max(LEAST_DAYS, round(ahead * AHEAD)), len(drawn.expected.days))
    shown = [*drawn.expected.days[:count], *(drawn.as_asked.days[:count] if drawn.as_asked else ())]
    levels = [level for day in shown for level in (day.start, day.start + day.arrives, day.end)]
    low, high = min(*levels, ZERO), max(*levels, drawn.safety or ZERO, Decimal(1))
    step = _round_step((high - low) / 4)
    bottom = (low / step).to_integral_value(ROUND_FLOOR) * step
    return Frame(first, count, bottom, (high / step).to_integral_value(ROUND_CEILING) * step, step)


def _round_step(rough: Decimal) -> Decimal:
    """1, 2 or 5 times a power of ten, not below what is asked for."""
    power = Decimal(1).scaleb(rough.adjusted())
    return next(power * times for times in (1, 2, 5, 10) if power * times >= rough)


def _safety(frame: Frame, safety: Decimal | None) -> Label | None:
    if not safety:
        return None
    y = frame.y(safety)
    return Label(
        f"{RIGHT:.1f}", f"{y:.1f}", _("safety stock %(quantity)s") % {"quantity": figure(safety)}, "end"
    )


def _shortage(frame: Frame, drawn: Drawn) -> Label | None:
    """How much is missing when the delivery comes, beside the place where that is."""
    if not drawn.short or drawn.promised is None:
        return None
    text = _("%(quantity)s short") % {"quantity": figure(drawn.short)}
    if drawn.orders:
        orders = ngettext("%(n)d customer order waits", "%(n)d customer orders wait", drawn.orders)
        text = f"{text}, {orders % {'n': drawn.orders}}"
    x = frame.x(min((drawn.promised - frame.first).days, frame.count))
    y = min(frame.y(-drawn.short / 2) + 14, BOTTOM + 8)
    right = x < RIGHT - 230
    return Label(f"{x + 8 if right else x - 8:.1f}", f"{y:.1f}", text, "start" if right else "end")
