"""When a dock takes what: how long a consignment needs a door, which times are free, what was kept. Pure.

Moments are aware and in UTC; days are dates of the site's own place. Times are laid out in hours that pass, not in
hours of the wall clock: on the day on which clocks go back a dock that is open from 1 to 4 has four hours of times.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from procurement.calendars.policies import WorkingCalendar, openings_on

DAY = timedelta(days=1)
# A truck that comes within this time after its own is not late: a queue at the gate is nobody's fault.
GRACE = timedelta(minutes=30)
# When nothing came, it is missed this long after its time is over.
AWAITED_FOR = timedelta(hours=4)
DAYS_AHEAD = 120
DOORS = 2  # where no plan says how many
MOST_DOORS, MOST_PALLETS_AN_HOUR, MOST_ASK_HOURS = 99, 500, 720
SLOTS = (15, 20, 30, 45, 60, 90, 120)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How a dock works: when it is open, how many doors it has, and how quickly one of them unloads."""

    calendar: WorkingCalendar
    doors: int = DOORS
    slot: timedelta = timedelta(minutes=30)
    pallets_per_hour: int = 20
    ask_before: timedelta = timedelta(hours=4)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.calendar.time_zone)


@dataclass(frozen=True, slots=True)
class Taken:
    """A door that is held from one moment to another."""

    door: int
    starts_at: datetime
    ends_at: datetime


def length_of(pallets: int, rhythm: Rhythm) -> timedelta:
    """How long a consignment needs a door: whole times, at least one. Without pallets it is one."""
    hour, slot = 3600, int(rhythm.slot.total_seconds())
    slots = -(-pallets * hour // (rhythm.pallets_per_hour * slot))
    return rhythm.slot * max(1, slots)


def starts_on(day: date, length: timedelta, rhythm: Rhythm) -> Iterator[datetime]:
    """Every moment of a day at which a time of this length can begin."""
    for opens, closes in openings_on(day, rhythm.calendar):
        start = opens
        while start + length <= closes:
            yield start
            start += rhythm.slot


def free_doors(start: datetime, length: timedelta, rhythm: Rhythm, taken: Iterable[Taken]) -> list[int]:
    """The doors that nobody holds from this moment on, for so long."""
    end = start + length
    held = {one.door for one in taken if one.starts_at < end and start < one.ends_at}
    return [door for door in range(1, rhythm.doors + 1) if door not in held]


def free_times(
    days: Iterable[date], length: timedelta, rhythm: Rhythm, taken: Sequence[Taken], *, since: datetime
) -> list[datetime]:
    """The moments of these days, from one on, at which some door is free for so long."""
    return [
        start
        for day in days
        for start in starts_on(day, length, rhythm)
        if start >= since and free_doors(start, length, rhythm, taken)
    ]


def days_to_offer(wanted: date, today: date, rhythm: Rhythm, *, count: int = 5) -> list[date]:
    """The open days nearest to the day on which something is expected: that one, the one before, and those after."""
    first = max(today, wanted)
    days = []
    before = first - DAY
    while before >= today and first - before <= 7 * DAY:
        if openings_on(before, rhythm.calendar):
            days.append(before)
            break
        before -= DAY
    day = first
    while len(days) < count and day - first < 30 * DAY:
        if openings_on(day, rhythm.calendar):
            days.append(day)
        day += DAY
    return days


def week_to_show(day: date, today: date, rhythm: Rhythm) -> date:
    """The Monday of the week in which a day is. For today, once the dock opens no more this week (on a Saturday, as a
    rule), that of the coming one: nobody plans what is over.
    """
    monday = day - day.weekday() * DAY
    left = (day + DAY * n for n in range(7 - day.weekday()))
    if day == today and not any(openings_on(one, rhythm.calendar) for one in left):
        return monday + 7 * DAY
    return monday


def is_too_short(starts_at: datetime, ends_at: datetime, pallets: int, rhythm: Rhythm) -> bool:
    """Whether a time holds fewer pallets than are announced by now: a correction may have brought more."""
    return length_of(pallets, rhythm) > ends_at - starts_at


def is_in_hours(start: datetime, length: timedelta, rhythm: Rhythm) -> bool:
    """Whether the dock is open for so long from this moment on."""
    day = start.astimezone(rhythm.zone).date()
    return any(
        opens <= start and start + length <= closes
        for near in (day - DAY, day)
        for opens, closes in openings_on(near, rhythm.calendar)
    )


def is_on_the_raster(start: datetime, rhythm: Rhythm) -> bool:
    """Whether a moment is one at which times of this dock begin."""
    day = start.astimezone(rhythm.zone).date()
    return any(
        opens <= start < closes and (start - opens) % rhythm.slot == timedelta()
        for near in (day - DAY, day)
        for opens, closes in openings_on(near, rhythm.calendar)
    )


def was_kept(arrived_at: datetime, ends_at: datetime) -> bool:
    """Whether what came then kept its time: before it was over, or a little after. Too early is for the gate to say."""
    return arrived_at <= ends_at + GRACE


def day_bounds(first: date, last: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """From the first moment of one day until the last of another, as the clocks of a place go."""
    start = datetime.combine(first, datetime.min.time(), zone).astimezone(UTC)
    end = datetime.combine(last + DAY, datetime.min.time(), zone).astimezone(UTC)
    return start, end
