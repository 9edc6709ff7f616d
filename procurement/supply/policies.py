"""What an item's stock comes to, day by day. Pure and exact.

Sources: domain.md §3 (what planning should use), §8 (impact: stock cover, open customer demand, days late).

Note [One day]: days are those of the site's calendar. On each day what arrives comes first, then customers and the
daily demand take theirs; `Day.end` is what is left then. Below zero somebody waits: what is missing stays owed, and
the next delivery serves it first.

Note [What counts as coming]: a delivery on the day it is expected, as far as it has not been received. One whose day
has passed without it is not counted on, and neither is one without a day: nobody has said when it comes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

ZERO = Decimal(0)
# As far as anybody should look: further ahead a daily demand is no more than a guess.
HORIZON_DAYS = 120


@dataclass(frozen=True, slots=True)
class Stock:
    """What lies there, and what leaves each day besides customers' orders. Not set means that nobody knows."""

    on_hand: Decimal
    daily_demand: Decimal | None = None
    safety_stock: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Need:
    """One open line of a customer's order: so much on that day. A day that has passed counts as today."""

    day: date
    quantity: Decimal
    customer: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """So much is expected on that day. `line` and `schedule` say of which line and which delivery of it."""

    day: date | None
    quantity: Decimal
    line: int = 0
    schedule: int = 0


@dataclass(frozen=True, slots=True)
class Day:
    """One day: what it began with, what came, what customers and others took, and what is left."""

    on: date
    start: Decimal
    arrives: Decimal
    customers: Decimal
    others: Decimal

    @property
    def end(self) -> Decimal:
        return self.start + self.arrives - self.customers - self.others


@dataclass(frozen=True, slots=True)
class Projection:
    """The days from the first one on, without a gap."""

    days: tuple[Day, ...]

    @property
    def first(self) -> date:
        return self.days[0].on

    @property
    def last(self) -> date:
        return self.days[-1].on

    @property
    def stock_out_on(self) -> date | None:
        """The first day on which not everybody is served; None if there is none as far as we look."""
        return next((day.on for day in self.days if day.end < ZERO), None)

    @property
    def cover_days(self) -> int | None:
        """How many whole days from the first one on everybody is served; None if all of them."""
        out = self.stock_out_on
        return (out - self.first).days if out else None

    def runs_out_without(self, arrives: date | None) -> date | None:
        """The first day of the want that a delivery, not counted here, would end on the day it arrives.

        A want that others end before it comes is not its own. If nobody waits when it arrives, it is the first day
        after that on which somebody would; for one without a day, the first of all.
        """
        served = [day.on for day in self.days if arrives and day.on < arrives and day.end >= ZERO]
        after = max(served, default=None)
        return next(
            (day.on for day in self.days if day.end < ZERO and (after is None or day.on > after)), None
        )

    def below(self, level: Decimal) -> date | None:
        """The first day at whose end less than this is left."""
        return next((day.on for day in self.days if day.end < level), None)

    def start_of(self, day: date) -> Decimal | None:
        """What is there when a day begins, before anything comes; None outside of what we look at."""
        place = (day - self.first).days
        return self.days[place].start if 0 <= place < len(self.days) else None

    def short_before(self, day: date) -> Decimal | None:
        """How much is owed when a day begins; None where nobody can say."""
        start = self.start_of(day)
        return None if start is None else max(ZERO, -start)


def project(
    stock: Stock,
    needs: Iterable[Need],
    deliveries: Iterable[Delivery],
    *,
    first: date,
    days: int = HORIZON_DAYS,
) -> Projection:
    """What is expected to be there at the end of each of so many days. See Note [One day]."""
    taken: dict[date, Decimal] = {}
    for need in needs:
        day = max(need.day, first)
        taken[day] = taken.get(day, ZERO) + need.quantity
    coming: dict[date, Decimal] = {}
    for delivery in deliveries:
        if delivery.day is not None and delivery.day >= first:
            coming[delivery.day] = coming.get(delivery.day, ZERO) + delivery.quantity
    others = stock.daily_demand or ZERO
    level = stock.on_hand
    found: list[Day] = []
    for ahead in range(days):
        on = first + timedelta(days=ahead)
        found.append(Day(on, level, coming.get(on, ZERO), taken.get(on, ZERO), others))
        level = found[-1].end
    return Projection(tuple(found))


def waiting(
    needs: Iterable[Need], projection: Projection, since: date | None, until: date | None = None
) -> list[Need]:
    """The customers' orders that are due from a day on (the stock-out) and before another (without one: as far as we
    look), soonest first."""
    if since is None:
        return []
    last = min(projection.last, until - timedelta(days=1)) if until else projection.last
    return sorted(
        (need for need in needs if since <= max(need.day, projection.first) <= last),
        key=lambda need: (need.day, need.reference),
    )


def without(deliveries: Sequence[Delivery], line: int, schedule: int | None = None) -> list[Delivery]:
    """The other deliveries: all but those of a line, or but one delivery of it."""
    return [one for one in deliveries if not is_of(one, line, schedule)]


def is_of(delivery: Delivery, line: int, schedule: int | None = None) -> bool:
    """Whether a delivery is of this line (and is this one of it)."""
    return delivery.line == line and schedule in (None, delivery.schedule)


def still_to_come(deliveries: Iterable[Delivery], received: Decimal) -> list[Delivery]:
    """What is left of a line's deliveries once so much has been received: the earliest are filled first, those without
    a day last."""
    left = received
    found: list[Delivery] = []
    for one in sorted(deliveries, key=lambda delivery: (delivery.day or date.max, delivery.schedule)):
        filled = min(left, one.quantity)
        left -= filled
        if one.quantity > filled:
            found.append(Delivery(one.day, one.quantity - filled, one.line, one.schedule))
    return found
