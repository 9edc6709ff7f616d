"""Pure rules of working time: opening hours, holidays, working hours and working days, travel days.

Moments are aware and come back in UTC; days are dates of the calendar's own place.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

import holidays as public_holidays

Hours = tuple[tuple[time, time], ...]
Week = tuple[Hours, Hours, Hours, Hours, Hours, Hours, Hours]

CLOSED: Hours = ()
OFFICE_HOURS: Hours = ((time(8), time(17)),)
AROUND_THE_CLOCK: Hours = ((time(0), time(0)),)

NOTHING = timedelta(0)
DAY = timedelta(days=1)
# No office is closed for longer; a calendar that is has been filled in wrongly, and the search must end.
LONGEST_CLOSURE = timedelta(days=366)


class NeverOpens(ValueError):
    """The calendar has no working time where some is needed, so nothing can fall due in it."""


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """When one office works: its week, less the public holidays of its country and the days it closes besides.

    `hours` has one entry for each weekday, Monday first; each is a row of openings in local wall time, in order and
    apart. A closing time of 00:00 is the midnight that ends the day. A weekend day that the country declares a
    working day, in exchange for a bridge day, is worked with the hours of the first open weekday.
    """

    time_zone: str
    hours: Week
    country: str = ""
    subdivision: str = ""
    closed_on: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        """Refuse a calendar in which no moment could be found, or found wrongly."""
        if self.time_zone not in _known_zones():
            raise ValueError(f"{self.time_zone!r} is not a time zone.")
        if len(self.hours) != 7:
            raise ValueError(f"A week has seven days, Monday first; {len(self.hours)} are given.")
        if not any(self.hours):
            raise NeverOpens("This calendar has no opening hours on any weekday: give at least one.")
        for opens_and_closes in self.hours:
            _check_hours(opens_and_closes)
        if self.subdivision and not self.country:
            raise ValueError(f"The subdivision {self.subdivision!r} needs a country.")
        if self.country and not _has_holidays(self.country, self.subdivision):
            place = f"{self.country}-{self.subdivision}" if self.subdivision else self.country
            raise ValueError(f"There are no public holidays on file for {place!r}.")


@lru_cache(maxsize=1024)
def default_calendar(country: str, time_zone: str) -> WorkingCalendar:
    """The calendar of an office we know nothing else of: 08:00 to 17:00 on its country's weekdays, less its holidays.

    The week follows the country's weekend: Monday to Friday nearly everywhere, Sunday to Thursday in Riyadh or Cairo.
    A country we have no holidays for still has a working week.
    """
    known = _has_holidays(country, "") if country else False
    weekend = public_holidays.country_holidays(country).weekend if known else {5, 6}
    week = tuple(CLOSED if weekday in weekend else OFFICE_HOURS for weekday in range(7))
    return WorkingCalendar(time_zone=time_zone, hours=_as_week(week), country=country if known else "")


def is_working_day(day: date, calendar: WorkingCalendar) -> bool:
    """Whether the office opens at all on that day."""
    return bool(_hours_on(day, calendar))


def is_working(moment: datetime, calendar: WorkingCalendar) -> bool:
    """Whether somebody is at the desk at that moment; the closing moment itself is no longer worked."""
    now = _as_utc(moment)
    return any(opens <= now < closes for opens, closes in _agenda(calendar).around(now))


def openings_on(day: date, calendar: WorkingCalendar) -> tuple["Opening", ...]:
    """From when to when the office is open on that day, in UTC; nothing on a day on which it is closed."""
    return _agenda(calendar).openings_on(day)


def next_opening(moment: datetime, calendar: WorkingCalendar) -> datetime:
    """The first moment from this one on at which the office is open: the moment itself while it is."""
    now = _as_utc(moment)
    opens, _closes = next(_openings_from(now, calendar))
    return opens


def add_working_time(start: datetime, duration: timedelta, calendar: WorkingCalendar) -> datetime:
    """The earliest moment by which that much working time has passed since `start`, in UTC.

    So nine hours from Monday's opening end at Monday's closing, not at Tuesday's opening, and no time at all ends at
    `start` even when the office is closed.
    """
    if duration < NOTHING:
        raise ValueError("Working time can only be added forwards.")
    now = _as_utc(start)
    if duration == NOTHING:
        return now
    left = duration
    for opens, closes in _openings_from(now, calendar):
        if left <= closes - opens:
            return opens + left
        left -= closes - opens
    raise AssertionError("unreachable: openings end only by NeverOpens")


def subtract_working_time(end: datetime, duration: timedelta, calendar: WorkingCalendar) -> datetime:
    """The latest moment from which that much working time passes until `end`, in UTC.

    So nine hours before Monday's closing is Monday's opening, not Friday's closing, and no time at all is `end` itself.
    """
    if duration < NOTHING:
        raise ValueError("Working time can only be taken off backwards.")
    now = _as_utc(end)
    if duration == NOTHING:
        return now
    left = duration
    for opens, closes in _openings_back_from(now, calendar):
        if left <= closes - opens:
            return closes - left
        left -= closes - opens
    raise AssertionError("unreachable: openings end only by NeverOpens")


def length_of_day(calendar: WorkingCalendar) -> timedelta:
    """How long a working day of this office is: the hours of its week over the days on which it opens.

    So two working days from Monday 10:00 end on Wednesday at 10:00, in any office that is open equally long each day.
    """
    open_days = [hours for hours in calendar.hours if hours]
    minutes = sum(
        (_minutes(closes) or 24 * 60) - _minutes(opens) for hours in open_days for opens, closes in hours
    )
    return timedelta(minutes=minutes / len(open_days))


def working_time_between(start: datetime, end: datetime, calendar: WorkingCalendar) -> timedelta:
    """How much working time lies between two moments; negative when the second is the earlier one."""
    first, last = _as_utc(start), _as_utc(end)
    if last < first:
        return -working_time_between(last, first, calendar)
    agenda = _agenda(calendar)
    total = NOTHING
    for day in _days(agenda.day_of(first) - DAY, agenda.day_of(last) + DAY):
        for opens, closes in agenda.openings_on(day):
            total += max(NOTHING, min(closes, last) - max(opens, first))
    return total


def add_working_days(day: date, count: int, calendar: WorkingCalendar) -> date:
    """The working day so many working days later (earlier if negative); zero gives the day itself or the next open."""
    step = -DAY if count < 0 else DAY
    found = _roll(day, DAY, calendar) if count == 0 else day
    for _ in range(abs(count)):
        found = _roll(found + step, step, calendar)
    return found


def ship_on_from_delivery(
    delivery_on: date,
    transit_days: int,
    calendar: WorkingCalendar | None = None,
    *,
    working_days: bool = False,
) -> date:
    """The last day goods may leave to be delivered on time.

    Transit counts calendar days, or the calendar's working days where `working_days` says so. With the shipper's
    calendar the goods leave on a day its gate is open.
    """
    _check_transit(transit_days, calendar, working_days)
    if calendar is None:
        return delivery_on - timedelta(days=transit_days)
    if working_days and transit_days:
        return add_working_days(delivery_on, -transit_days, calendar)
    return _roll(delivery_on - timedelta(days=transit_days), -DAY, calendar)


def delivery_on_from_ship(
    ship_on: date, transit_days: int, calendar: WorkingCalendar | None = None, *, working_days: bool = False
) -> date:
    """The first day goods that leave on `ship_on` can be delivered.

    Transit counts calendar days, or the calendar's working days where `working_days` says so. With the receiver's
    calendar the goods arrive on a day its gate is open.
    """
    _check_transit(transit_days, calendar, working_days)
    if calendar is None:
        return ship_on + timedelta(days=transit_days)
    if working_days:
        return add_working_days(ship_on, transit_days, calendar)
    return _roll(ship_on + timedelta(days=transit_days), DAY, calendar)


Opening = tuple[datetime, datetime]


class _Agenda:
    """The openings of one calendar as moments, worked out once for each day."""

    def __init__(self, calendar: WorkingCalendar) -> None:
        self.calendar = calendar
        self.zone = ZoneInfo(calendar.time_zone)
        self.known: dict[date, tuple[Opening, ...]] = {}

    def day_of(self, moment: datetime) -> date:
        """The date on the office's wall."""
        return moment.astimezone(self.zone).date()

    def openings_on(self, day: date) -> tuple[Opening, ...]:
        """The openings that begin on that day, in UTC."""
        found = self.known.get(day)
        if found is None:
            found = self.known[day] = tuple(self._openings_on(day))
        return found

    def around(self, moment: datetime) -> Iterator[Opening]:
        """The openings that may contain the moment; the day before may end after midnight's change of clock."""
        day = self.day_of(moment)
        for near in _days(day - DAY, day + DAY):
            yield from self.openings_on(near)

    def _openings_on(self, day: date) -> Iterator[Opening]:
        for opens, closes in _hours_on(day, self.calendar):
            last_day = day if closes > opens else day + DAY
            opening = (_first_moment(day, opens, self.zone), _first_moment(last_day, closes, self.zone))
            if opening[0] < opening[1]:  # an opening that the change of clock skips as a whole is none
                yield opening


@lru_cache(maxsize=512)
def _agenda(calendar: WorkingCalendar) -> _Agenda:
    return _Agenda(calendar)


def _openings_from(now: datetime, calendar: WorkingCalendar) -> Iterator[Opening]:
    """Every opening from a moment on, the first one cut to what is left of it; refuses where none follows."""
    agenda = _agenda(calendar)
    day = agenda.day_of(now) - DAY
    last_seen = now
    while True:
        for opens, closes in agenda.openings_on(day):
            if closes > now:
                last_seen = closes
                yield max(opens, now), closes
        day += DAY
        if day - last_seen.date() > LONGEST_CLOSURE:
            raise NeverOpens(f"This calendar has no working time in the year after {last_seen.date()}.")


def _openings_back_from(now: datetime, calendar: WorkingCalendar) -> Iterator[Opening]:
    """Every opening before a moment, the nearest first and cut at it; refuses where none precedes."""
    agenda = _agenda(calendar)
    day = agenda.day_of(now) + DAY
    last_seen = now
    while True:
        for opens, closes in reversed(agenda.openings_on(day)):
            if opens < now:
                last_seen = opens
                yield opens, min(closes, now)
        day -= DAY
        if last_seen.date() - day > LONGEST_CLOSURE:
            raise NeverOpens(f"This calendar has no working time in the year before {last_seen.date()}.")


def _roll(day: date, step: timedelta, calendar: WorkingCalendar) -> date:
    """The day itself if it is a working day, else the nearest one in the direction of `step`."""
    found = day
    while not is_working_day(found, calendar):
        found += step
        if abs(found - day) > LONGEST_CLOSURE:
            raise NeverOpens(f"This calendar has no working day within a year of {day}.")
    return found


def _hours_on(day: date, calendar: WorkingCalendar) -> Hours:
    if day in calendar.closed_on:
        return CLOSED
    hours = calendar.hours[day.weekday()]
    if not calendar.country:
        return hours
    closed, worked = _holidays(calendar.country, calendar.subdivision, day.year)
    if day in worked:
        return hours or next(filter(None, calendar.hours))
    return CLOSED if day in closed else hours


def _first_moment(day: date, wall: time, zone: ZoneInfo) -> datetime:
    """The first moment at which the clock on the wall reads, or has passed, that time of that day."""
    local = datetime.combine(day, wall, zone)
    moment = local.astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
        return moment
    # The clock jumped over this time: `moment` lies after the jump by as much, the other fold before it.
    before, after = local.replace(fold=1).astimezone(UTC), moment
    offset = after.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = (before + (after - before) / 2).replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == offset:
            after = middle
        else:
            before = middle
    return after


@lru_cache(maxsize=4096)
def _holidays(country: str, subdivision: str, year: int) -> tuple[frozenset[date], frozenset[date]]:
    """The days a country closes in a year, and the weekend days it works in exchange."""
    found = public_holidays.country_holidays(country, subdiv=subdivision or None, years=year, expand=False)
    return frozenset(found), frozenset(day for day in found.weekend_workdays if day.year == year)


@lru_cache(maxsize=1024)
def _has_holidays(country: str, subdivision: str) -> bool:
    try:
        public_holidays.country_holidays(country, subdiv=subdivision or None)
    except NotImplementedError:
        return False
    return True


@lru_cache(maxsize=1)
def _known_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _check_hours(hours: Hours) -> None:
    last = -1.0
    for opens, closes in hours:
        begins, ends = _minutes(opens), _minutes(closes) or 24 * 60
        if opens.tzinfo or closes.tzinfo:
            raise ValueError("Opening hours are wall times and carry no time zone.")
        if begins >= ends or begins < last:
            raise ValueError(
                f"Opening hours must follow each other: {opens:%H:%M} to {closes:%H:%M} does not."
            )
        last = ends


def _minutes(wall: time) -> float:
    return wall.hour * 60 + wall.minute + wall.second / 60


def _check_transit(transit_days: int, calendar: WorkingCalendar | None, working_days: bool) -> None:
    if transit_days < 0:
        raise ValueError("Goods cannot arrive before they leave.")
    if working_days and calendar is None:
        raise ValueError("Working days need a calendar.")


def _as_utc(moment: datetime) -> datetime:
    if moment.utcoffset() is None:
        raise ValueError("A moment needs its time zone.")
    return moment.astimezone(UTC)


def _as_week(days: tuple[Hours, ...]) -> Week:
    monday, tuesday, wednesday, thursday, friday, saturday, sunday = days
    return monday, tuesday, wednesday, thursday, friday, saturday, sunday


def _days(first: date, last: date) -> Iterator[date]:
    for offset in range((last - first).days + 1):
        yield first + timedelta(days=offset)
