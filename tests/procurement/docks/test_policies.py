"""When a dock takes what: lengths, free times, clocks that change. No database."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from procurement.calendars.policies import WorkingCalendar, default_calendar
from procurement.docks.policies import (
    Rhythm,
    Taken,
    day_bounds,
    days_to_offer,
    free_doors,
    free_times,
    is_in_hours,
    is_on_the_raster,
    is_too_short,
    length_of,
    starts_on,
    was_kept,
    week_to_show,
)

HALF = timedelta(minutes=30)
TUESDAY = date(2026, 3, 31)
LEEDS = Rhythm(default_calendar("GB", "Europe/London"))


def at(hour, minute=0, day=TUESDAY):
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("pallets", "minutes"), [(0, 30), (1, 30), (10, 30), (11, 60), (20, 60), (21, 90), (66, 210)]
)
def test_a_consignment_needs_whole_times_and_at_least_one(pallets, minutes):
    assert length_of(pallets, LEEDS) == timedelta(minutes=minutes)


def test_times_begin_when_the_dock_opens_and_end_before_it_closes():
    # 8 to 17 o'clock in Leeds is 7 to 16 in UTC once clocks have gone forward (29 March 2026).
    starts = list(starts_on(TUESDAY, HALF * 2, LEEDS))

    assert starts[0] == at(7)
    assert starts[-1] == at(15)


def test_nothing_begins_on_a_public_holiday_or_a_weekend():
    assert not list(starts_on(date(2026, 4, 3), HALF, LEEDS))  # Good Friday
    assert not list(starts_on(date(2026, 4, 4), HALF, LEEDS))


def test_a_door_is_free_again_in_the_moment_in_which_the_one_before_is_over():
    taken = [Taken(1, at(9), at(10)), Taken(2, at(9, 30), at(10, 30))]

    assert free_doors(at(8), HALF * 2, LEEDS, taken) == [1, 2]
    assert free_doors(at(9), HALF, LEEDS, taken) == [2]
    assert free_doors(at(9, 30), HALF, LEEDS, taken) == []
    assert free_doors(at(10), HALF, LEEDS, taken) == [1]


def test_free_times_are_those_at_which_some_door_is_free_long_enough():
    one_door = replace(LEEDS, doors=1)
    taken = [Taken(1, at(8), at(15))]

    found = free_times([TUESDAY], HALF * 2, one_door, taken, since=at(7))

    assert found == [at(7), at(15)]
    assert free_times([TUESDAY], HALF * 2, one_door, taken, since=at(7, 30)) == [at(15)]


def around_the_clock(zone):
    return Rhythm(WorkingCalendar(zone, (((time(1), time(4)),),) * 7), slot=timedelta(hours=1))


def test_the_day_on_which_clocks_go_back_has_an_hour_more_of_times():
    rhythm = around_the_clock("Europe/Berlin")

    starts = list(starts_on(date(2026, 10, 25), timedelta(hours=1), rhythm))

    assert [f"{one.astimezone(rhythm.zone):%H:%M %Z}" for one in starts] == [
        "01:00 CEST",
        "02:00 CEST",
        "02:00 CET",
        "03:00 CET",
    ]
    assert len(set(starts)) == 4


def test_the_day_on_which_clocks_go_forward_has_an_hour_less():
    rhythm = around_the_clock("Europe/Berlin")

    starts = list(starts_on(date(2026, 3, 29), timedelta(hours=1), rhythm))

    assert [f"{one.astimezone(rhythm.zone):%H:%M}" for one in starts] == ["01:00", "03:00"]


def test_a_day_of_a_place_is_as_long_as_its_clocks_say():
    since, until = day_bounds(date(2026, 3, 29), date(2026, 3, 29), around_the_clock("Europe/Berlin").zone)

    assert until - since == timedelta(hours=23)


def test_what_begins_between_two_times_or_ends_after_closing_is_no_time():
    assert is_on_the_raster(at(7, 30), LEEDS)
    assert not is_on_the_raster(at(7, 40), LEEDS)
    assert is_in_hours(at(15, 30), HALF, LEEDS)
    assert not is_in_hours(at(15, 30), HALF * 2, LEEDS)
    assert not is_in_hours(at(6, 30), HALF, LEEDS)


def test_days_are_offered_around_the_one_on_which_it_is_expected():
    # The Tuesday before Easter: Friday and Monday are public holidays in England only by part; nothing on weekends.
    days = days_to_offer(TUESDAY, date(2026, 3, 2), LEEDS)

    assert days[:2] == [date(2026, 3, 30), TUESDAY]
    assert len(days) == 5
    assert date(2026, 4, 3) not in days


def test_nothing_is_offered_before_today():
    assert min(days_to_offer(date(2026, 3, 20), TUESDAY, LEEDS)) == TUESDAY


def test_a_truck_that_comes_a_little_late_has_kept_its_time():
    assert was_kept(at(10, 20), at(10))
    assert was_kept(at(5), at(10))
    assert not was_kept(at(10, 31), at(10))


@pytest.mark.parametrize(
    ("day", "today", "monday"),
    [
        (date(2026, 3, 13), date(2026, 3, 13), date(2026, 3, 9)),  # a Friday on which it is open
        (date(2026, 3, 14), date(2026, 3, 14), date(2026, 3, 16)),
        (date(2026, 3, 15), date(2026, 3, 15), date(2026, 3, 16)),
        (date(2026, 3, 9), date(2026, 3, 14), date(2026, 3, 9)),  # who goes back sees what was
        (date(2026, 4, 3), date(2026, 4, 3), date(2026, 4, 6)),  # Good Friday
    ],
)
def test_a_week_that_is_over_at_the_dock_gives_way_to_the_coming_one(day, today, monday):
    assert week_to_show(day, today, LEEDS) == monday


def test_a_dock_that_opens_on_saturdays_shows_their_week():
    saturday = date(2026, 3, 14)
    hours = (*LEEDS.calendar.hours[:5], ((time(8), time(12)),), ())
    rhythm = replace(LEEDS, calendar=replace(LEEDS.calendar, hours=hours))

    assert week_to_show(saturday, saturday, rhythm) == date(2026, 3, 9)


@pytest.mark.parametrize(("pallets", "short"), [(0, False), (10, False), (11, True)])
def test_a_time_is_too_short_for_more_pallets_than_a_door_unloads_in_it(pallets, short):
    assert is_too_short(at(9), at(9) + HALF, pallets, LEEDS) is short
