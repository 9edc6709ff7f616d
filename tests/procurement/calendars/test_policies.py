"""Working time: what eight hours are in Hamburg, Kolkata and Riyadh, and through every change of clock."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procurement.calendars.policies import (
    AROUND_THE_CLOCK,
    CLOSED,
    OFFICE_HOURS,
    NeverOpens,
    WorkingCalendar,
    add_working_days,
    add_working_time,
    default_calendar,
    delivery_on_from_ship,
    is_working,
    is_working_day,
    length_of_day,
    next_opening,
    ship_on_from_delivery,
    subtract_working_time,
    working_time_between,
)

WORK_WEEK = (OFFICE_HOURS,) * 5 + (CLOSED,) * 2
ALWAYS = (AROUND_THE_CLOCK,) * 7
WITH_LUNCH = (((time(8), time(12)), (time(13), time(17))),) * 5 + (CLOSED,) * 2
NIGHT_SHIFT = (((time(0), time(6)), (time(22), time(0))),) * 7

HAMBURG = default_calendar("DE", "Europe/Berlin")
NEW_YORK = default_calendar("US", "America/New_York")
KOLKATA = default_calendar("IN", "Asia/Kolkata")
RIYADH = default_calendar("SA", "Asia/Riyadh")
WENZHOU = default_calendar("CN", "Asia/Shanghai")


def hours(count: float) -> timedelta:
    return timedelta(hours=count)


def local(zone: str, *when: int) -> datetime:
    return datetime(*when, tzinfo=ZoneInfo(zone))  # type: ignore[arg-type, misc]


class TestAddWorkingTime:
    def test_within_one_day(self) -> None:
        monday = local("Europe/Berlin", 2026, 3, 2, 9, 30)

        assert add_working_time(monday, hours(4), HAMBURG) == local("Europe/Berlin", 2026, 3, 2, 13, 30)

    def test_result_is_in_utc(self) -> None:
        found = add_working_time(local("Europe/Berlin", 2026, 3, 2, 9), hours(1), HAMBURG)

        assert found.tzinfo is UTC
        assert found.isoformat() == "2026-03-02T09:00:00+00:00"

    def test_runs_over_night(self) -> None:
        monday = local("Europe/Berlin", 2026, 3, 2, 15)

        assert add_working_time(monday, hours(8), HAMBURG) == local("Europe/Berlin", 2026, 3, 3, 14)

    def test_an_order_of_saturday_night_starts_on_monday(self) -> None:
        saturday = local("Europe/Berlin", 2026, 3, 7, 23)

        assert add_working_time(saturday, hours(8), HAMBURG) == local("Europe/Berlin", 2026, 3, 9, 16)

    def test_a_full_day_ends_at_closing_and_not_at_the_next_opening(self) -> None:
        friday = local("Europe/Berlin", 2026, 3, 6, 8)

        assert add_working_time(friday, hours(9), HAMBURG) == local("Europe/Berlin", 2026, 3, 6, 17)

    def test_no_time_at_all_ends_where_it_starts(self) -> None:
        sunday = local("Europe/Berlin", 2026, 3, 8, 12)

        assert add_working_time(sunday, hours(0), HAMBURG) == sunday

    def test_lunch_is_not_worked(self) -> None:
        calendar = WorkingCalendar("Europe/Berlin", WITH_LUNCH)
        monday = local("Europe/Berlin", 2026, 3, 2, 11)

        assert add_working_time(monday, hours(2), calendar) == local("Europe/Berlin", 2026, 3, 2, 14)

    def test_turn_of_the_year_in_germany(self) -> None:
        # Thu 24 Dec is worked; 25 and 26 Dec and 1 Jan are holidays, 27 Dec, 2 and 3 Jan a weekend.
        christmas_eve = local("Europe/Berlin", 2026, 12, 24, 16)

        assert add_working_time(christmas_eve, hours(2), HAMBURG) == local("Europe/Berlin", 2026, 12, 28, 9)
        assert add_working_time(christmas_eve, hours(38), HAMBURG) == local("Europe/Berlin", 2027, 1, 4, 9)

    def test_days_the_office_closes_besides(self) -> None:
        shut = replace(HAMBURG, closed_on=frozenset({date(2026, 3, 3), date(2026, 3, 4)}))
        monday = local("Europe/Berlin", 2026, 3, 2, 16)

        assert add_working_time(monday, hours(2), shut) == local("Europe/Berlin", 2026, 3, 5, 9)

    def test_holidays_of_a_part_of_the_country(self) -> None:
        epiphany = local("Europe/Berlin", 2026, 1, 6, 8)
        bavaria = replace(HAMBURG, subdivision="BY")

        assert add_working_time(epiphany, hours(1), HAMBURG) == local("Europe/Berlin", 2026, 1, 6, 9)
        assert add_working_time(epiphany, hours(1), bavaria) == local("Europe/Berlin", 2026, 1, 7, 9)

    def test_chinese_new_year(self) -> None:
        # 16 to 23 Feb 2026 are free; Sat 14 Feb is worked in exchange.
        friday = local("Asia/Shanghai", 2026, 2, 13, 16)

        assert add_working_time(friday, hours(2), WENZHOU) == local("Asia/Shanghai", 2026, 2, 14, 9)
        assert add_working_time(friday, hours(11), WENZHOU) == local("Asia/Shanghai", 2026, 2, 24, 9)

    def test_week_in_riyadh_runs_from_sunday(self) -> None:
        thursday = local("Asia/Riyadh", 2026, 7, 16, 16)

        assert add_working_time(thursday, hours(2), RIYADH) == local("Asia/Riyadh", 2026, 7, 19, 9)

    def test_a_naive_moment_is_refused(self) -> None:
        with pytest.raises(ValueError, match="time zone"):
            add_working_time(datetime(2026, 3, 2, 9), hours(1), HAMBURG)  # noqa: DTZ001 -- that is the point

    def test_a_negative_duration_is_refused(self) -> None:
        with pytest.raises(ValueError, match="forwards"):
            add_working_time(datetime(2026, 3, 2, 9, tzinfo=UTC), hours(-1), HAMBURG)


class TestChangesOfClock:
    def test_an_office_week_keeps_its_hours_over_the_change(self) -> None:
        friday = local("Europe/Berlin", 2026, 3, 27, 16)

        found = add_working_time(friday, hours(2), HAMBURG)

        assert found == datetime(
            2026, 3, 30, 7, tzinfo=UTC
        )  # 09:00 summer time; it would be 08:00 UTC in winter

    def test_new_york_changes_on_another_day_than_berlin(self) -> None:
        friday = datetime(2026, 3, 6, 21, tzinfo=UTC)  # 16:00 EST

        assert add_working_time(friday, hours(2), NEW_YORK) == datetime(
            2026, 3, 9, 13, tzinfo=UTC
        )  # 09:00 EDT
        assert add_working_time(friday, hours(2), HAMBURG) == datetime(2026, 3, 9, 9, tzinfo=UTC)

    def test_kolkata_never_changes(self) -> None:
        assert add_working_time(datetime(2026, 3, 27, 11, tzinfo=UTC), hours(2), KOLKATA) == datetime(
            2026, 3, 30, 4, tzinfo=UTC
        )

    @pytest.mark.parametrize(
        ("zone", "day", "length"),
        [
            ("Europe/Berlin", date(2026, 3, 29), 23.0),
            ("Europe/Berlin", date(2026, 10, 25), 25.0),
            ("America/New_York", date(2026, 3, 8), 23.0),
            ("America/New_York", date(2026, 11, 1), 25.0),
            ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
            ("Australia/Lord_Howe", date(2026, 10, 4), 23.5),
            ("Asia/Kolkata", date(2026, 3, 29), 24.0),
            ("Pacific/Apia", date(2011, 12, 30), 0.0),  # a day that Samoa never had
        ],
    )
    def test_length_of_a_day_around_the_clock(self, zone: str, day: date, length: float) -> None:
        calendar = WorkingCalendar(zone, ALWAYS)
        midnight = datetime.combine(day, time(0), ZoneInfo(zone))
        next_midnight = datetime.combine(day + timedelta(days=1), time(0), ZoneInfo(zone))

        assert working_time_between(midnight, next_midnight, calendar) == hours(length)

    def test_opening_inside_the_skipped_hour_is_the_jump_itself(self) -> None:
        calendar = WorkingCalendar("Europe/Berlin", (((time(2, 30), time(5)),),) * 7)

        assert next_opening(local("Europe/Berlin", 2026, 3, 29, 0), calendar) == datetime(
            2026, 3, 29, 1, tzinfo=UTC
        )

    def test_opening_inside_the_skipped_half_hour_of_lord_howe(self) -> None:
        calendar = WorkingCalendar("Australia/Lord_Howe", (((time(2, 15), time(5)),),) * 7)
        midnight = local("Australia/Lord_Howe", 2026, 10, 4, 0)

        assert next_opening(midnight, calendar) == datetime(2026, 10, 3, 15, 30, tzinfo=UTC)

    def test_an_opening_that_is_skipped_as_a_whole_is_none(self) -> None:
        calendar = WorkingCalendar("Europe/Berlin", (((time(2, 10), time(2, 50)),),) * 7)
        saturday_noon = local("Europe/Berlin", 2026, 3, 28, 12)

        assert next_opening(saturday_noon, calendar) == local("Europe/Berlin", 2026, 3, 30, 2, 10)

    def test_the_hour_that_comes_twice_is_worked_twice_inside_an_opening(self) -> None:
        calendar = WorkingCalendar("Europe/Berlin", NIGHT_SHIFT)
        midnight = local("Europe/Berlin", 2026, 10, 25, 0)

        assert add_working_time(midnight, hours(7), calendar) == local("Europe/Berlin", 2026, 10, 25, 6)

    def test_a_time_that_comes_twice_opens_the_first_time(self) -> None:
        calendar = WorkingCalendar("Europe/Berlin", (((time(2, 30), time(5)),),) * 7)
        midnight = local("Europe/Berlin", 2026, 10, 25, 0)

        assert next_opening(midnight, calendar) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


class TestWorkingTimeBetween:
    def test_over_a_weekend(self) -> None:
        friday, monday = local("Europe/Berlin", 2026, 3, 6, 15), local("Europe/Berlin", 2026, 3, 9, 10)

        assert working_time_between(friday, monday, HAMBURG) == hours(4)

    def test_backwards_is_negative(self) -> None:
        friday, monday = local("Europe/Berlin", 2026, 3, 6, 15), local("Europe/Berlin", 2026, 3, 9, 10)

        assert working_time_between(monday, friday, HAMBURG) == hours(-4)

    def test_a_german_year(self) -> None:
        # 2026 has 261 weekdays; 7 of the 9 national holidays fall on one (3 Oct and 26 Dec are Saturdays).
        assert working_time_between(
            local("Europe/Berlin", 2026, 1, 1, 0), local("Europe/Berlin", 2027, 1, 1, 0), HAMBURG
        ) == hours((261 - 7) * 9)


class TestOpenings:
    @pytest.mark.parametrize(
        ("when", "expected"),
        [
            ((2026, 3, 2, 7, 59), False),
            ((2026, 3, 2, 8, 0), True),
            ((2026, 3, 2, 16, 59), True),
            ((2026, 3, 2, 17, 0), False),
            ((2026, 3, 7, 12, 0), False),
            ((2026, 1, 1, 12, 0), False),
        ],
    )
    def test_is_working(self, when: tuple[int, ...], expected: bool) -> None:
        assert is_working(local("Europe/Berlin", *when), HAMBURG) is expected

    def test_next_opening_of_an_open_office_is_now(self) -> None:
        monday = local("Europe/Berlin", 2026, 3, 2, 9, 30)

        assert next_opening(monday, HAMBURG) == monday

    def test_next_opening_at_closing_time_is_tomorrow(self) -> None:
        monday = local("Europe/Berlin", 2026, 3, 2, 17)

        assert next_opening(monday, HAMBURG) == local("Europe/Berlin", 2026, 3, 3, 8)

    def test_next_opening_passes_a_long_weekend(self) -> None:
        thursday = local("Europe/Berlin", 2026, 4, 2, 18)  # before Easter

        assert next_opening(thursday, HAMBURG) == local("Europe/Berlin", 2026, 4, 7, 8)

    def test_an_evening_opening_lasts_till_midnight(self) -> None:
        calendar = WorkingCalendar("Europe/Berlin", NIGHT_SHIFT)

        assert is_working(local("Europe/Berlin", 2026, 3, 2, 23, 59), calendar)
        assert is_working(local("Europe/Berlin", 2026, 3, 3, 0, 0), calendar)
        assert not is_working(local("Europe/Berlin", 2026, 3, 3, 6, 0), calendar)


class TestWorkingDays:
    @pytest.mark.parametrize(
        ("day", "count", "expected"),
        [
            (date(2026, 3, 2), 1, date(2026, 3, 3)),
            (date(2026, 3, 6), 1, date(2026, 3, 9)),
            (date(2026, 3, 9), -1, date(2026, 3, 6)),
            (date(2026, 3, 2), 0, date(2026, 3, 2)),
            (date(2026, 3, 7), 0, date(2026, 3, 9)),
            (date(2026, 3, 7), -1, date(2026, 3, 6)),
            (date(2026, 4, 2), 2, date(2026, 4, 8)),
            (date(2026, 12, 30), 3, date(2027, 1, 5)),
            (date(2026, 3, 2), 254, date(2027, 3, 2)),
        ],
    )
    def test_add_working_days(self, day: date, count: int, expected: date) -> None:
        assert add_working_days(day, count, HAMBURG) == expected

    def test_a_saturday_worked_in_exchange_is_a_working_day(self) -> None:
        assert is_working_day(date(2026, 2, 14), WENZHOU)
        assert not is_working_day(date(2026, 2, 7), WENZHOU)


class TestDefaultCalendar:
    @pytest.mark.parametrize(
        ("country", "zone", "closed"),
        [
            ("DE", "Europe/Berlin", {5, 6}),
            ("GB", "Europe/London", {5, 6}),
            ("AE", "Asia/Dubai", {5, 6}),
            ("SA", "Asia/Riyadh", {4, 5}),
            ("QA", "Asia/Qatar", {4, 5}),
            ("EG", "Africa/Cairo", {4, 5}),
            ("IL", "Asia/Jerusalem", {4, 5}),
            ("BD", "Asia/Dhaka", {4, 5}),
        ],
    )
    def test_week_follows_the_country(self, country: str, zone: str, closed: set[int]) -> None:
        calendar = default_calendar(country, zone)

        assert {weekday for weekday in range(7) if not calendar.hours[weekday]} == closed

    @pytest.mark.parametrize("country", ["", "XX"])
    def test_an_unknown_country_still_works_from_monday_to_friday(self, country: str) -> None:
        assert default_calendar(country, "UTC") == WorkingCalendar("UTC", WORK_WEEK)


class TestRefusedCalendars:
    def test_one_without_any_hours(self) -> None:
        with pytest.raises(NeverOpens, match="no opening hours"):
            WorkingCalendar("UTC", (CLOSED,) * 7)

    def test_one_that_closes_for_more_than_a_year(self) -> None:
        every_day = frozenset(date(2026, 1, 1) + timedelta(days=offset) for offset in range(800))
        calendar = WorkingCalendar("UTC", WORK_WEEK, closed_on=every_day)

        with pytest.raises(NeverOpens, match="2026-03-02"):
            add_working_time(datetime(2026, 3, 2, tzinfo=UTC), hours(1), calendar)
        with pytest.raises(NeverOpens, match="2026-03-03"):
            add_working_days(date(2026, 3, 2), 1, calendar)

    @pytest.mark.parametrize("zone", ["", "Europe", "Mars/Olympus", "../etc/passwd"])
    def test_one_in_no_time_zone(self, zone: str) -> None:
        with pytest.raises(ValueError, match="is not a time zone"):
            WorkingCalendar(zone, WORK_WEEK)

    @pytest.mark.parametrize(("country", "subdivision"), [("XX", ""), ("DE", "TX"), ("", "BY")])
    def test_one_with_holidays_of_nowhere(self, country: str, subdivision: str) -> None:
        with pytest.raises(ValueError, match=r"public holidays|needs a country"):
            WorkingCalendar("UTC", WORK_WEEK, country, subdivision)

    @pytest.mark.parametrize(
        "day",
        [
            ((time(17), time(8)),),
            ((time(8), time(8)),),
            ((time(8), time(13)), (time(12), time(17))),
            ((time(13), time(17)), (time(8), time(12))),
            ((time(8), time(0)), (time(9), time(10))),
        ],
    )
    def test_one_with_hours_that_do_not_follow_each_other(self, day: tuple[tuple[time, time], ...]) -> None:
        with pytest.raises(ValueError, match="must follow each other"):
            WorkingCalendar("UTC", (day,) * 7)

    def test_one_with_a_short_week(self) -> None:
        with pytest.raises(ValueError, match="seven days"):
            WorkingCalendar("UTC", (OFFICE_HOURS,) * 6)  # type: ignore[arg-type]


class TestTransit:
    def test_calendar_days(self) -> None:
        assert ship_on_from_delivery(date(2026, 3, 9), 3) == date(2026, 3, 6)
        assert delivery_on_from_ship(date(2026, 3, 6), 3) == date(2026, 3, 9)

    def test_a_closed_gate_ships_earlier_and_receives_later(self) -> None:
        assert ship_on_from_delivery(date(2026, 3, 9), 1, HAMBURG) == date(2026, 3, 6)
        assert delivery_on_from_ship(date(2026, 3, 6), 1, HAMBURG) == date(2026, 3, 9)

    def test_working_days(self) -> None:
        assert ship_on_from_delivery(date(2026, 3, 10), 3, HAMBURG, working_days=True) == date(2026, 3, 5)
        assert delivery_on_from_ship(date(2026, 3, 5), 3, HAMBURG, working_days=True) == date(2026, 3, 10)

    def test_no_transit_on_a_closed_day(self) -> None:
        assert ship_on_from_delivery(date(2026, 3, 8), 0, HAMBURG, working_days=True) == date(2026, 3, 6)
        assert delivery_on_from_ship(date(2026, 3, 8), 0, HAMBURG, working_days=True) == date(2026, 3, 9)

    def test_what_cannot_be(self) -> None:
        with pytest.raises(ValueError, match="before they leave"):
            ship_on_from_delivery(date(2026, 3, 9), -1)
        with pytest.raises(ValueError, match="need a calendar"):
            delivery_on_from_ship(date(2026, 3, 9), 1, working_days=True)


class TestSubtractWorkingTime:
    def test_over_a_weekend_and_a_holiday(self) -> None:
        after_easter = local("Europe/Berlin", 2026, 4, 7, 10)

        assert subtract_working_time(after_easter, hours(4), HAMBURG) == local(
            "Europe/Berlin", 2026, 4, 2, 15
        )

    def test_as_late_as_possible(self) -> None:
        monday = local("Europe/Berlin", 2026, 3, 2, 17)

        assert subtract_working_time(monday, hours(9), HAMBURG) == local("Europe/Berlin", 2026, 3, 2, 8)
        assert subtract_working_time(local("Europe/Berlin", 2026, 3, 7, 12), hours(0), HAMBURG) == local(
            "Europe/Berlin", 2026, 3, 7, 12
        )

    def test_through_the_night_the_clock_jumps(self) -> None:
        always = WorkingCalendar("Europe/Berlin", ALWAYS)
        noon = local("Europe/Berlin", 2026, 3, 29, 12)

        assert subtract_working_time(noon, hours(12), always) == local("Europe/Berlin", 2026, 3, 28, 23)

    def test_what_cannot_be(self) -> None:
        with pytest.raises(ValueError, match="backwards"):
            subtract_working_time(local("Europe/Berlin", 2026, 3, 2, 9), hours(-1), HAMBURG)


class TestLengthOfDay:
    def test_what_the_office_is_open_on_one(self) -> None:
        assert length_of_day(HAMBURG) == hours(9)
        assert length_of_day(WorkingCalendar("Europe/Berlin", WITH_LUNCH)) == hours(8)
        assert length_of_day(WorkingCalendar("Europe/Berlin", ALWAYS)) == hours(24)


CALENDARS = st.sampled_from(
    [
        HAMBURG,
        NEW_YORK,
        KOLKATA,
        RIYADH,
        WENZHOU,
        WorkingCalendar("Australia/Lord_Howe", ALWAYS),
        WorkingCalendar("Europe/Berlin", ALWAYS),
        WorkingCalendar("America/Havana", NIGHT_SHIFT),  # changes its clock at midnight
        WorkingCalendar("America/Sao_Paulo", ALWAYS, country="BR"),
        WorkingCalendar("Europe/Berlin", WITH_LUNCH, "DE", "BY"),
        WorkingCalendar("Africa/Casablanca", (((time(2, 15), time(2, 45)), (time(3), time(0))),) * 7),
    ]
)
FIRST, LAST = datetime(2022, 1, 1), datetime(2029, 12, 31)  # noqa: DTZ001 -- Hypothesis adds the zone
MOMENTS = st.datetimes(FIRST, LAST, timezones=st.just(UTC))
DURATIONS = st.timedeltas(NOTHING := timedelta(0), timedelta(hours=400))
DAYS = st.dates(date(2015, 1, 1), date(2029, 12, 31))


class TestWhatAlwaysHolds:
    @given(MOMENTS, DURATIONS, CALENDARS)
    def test_what_was_added_lies_between(
        self, start: datetime, duration: timedelta, calendar: WorkingCalendar
    ) -> None:
        assert working_time_between(start, add_working_time(start, duration, calendar), calendar) == duration

    @given(MOMENTS, DURATIONS, CALENDARS)
    def test_taking_off_is_the_way_back(
        self, end: datetime, duration: timedelta, calendar: WorkingCalendar
    ) -> None:
        begin = subtract_working_time(end, duration, calendar)

        assert begin <= end
        assert working_time_between(begin, end, calendar) == duration

    @given(MOMENTS, DURATIONS, DURATIONS, CALENDARS)
    def test_adding_twice_is_adding_once(
        self, start: datetime, first: timedelta, second: timedelta, calendar: WorkingCalendar
    ) -> None:
        in_two_steps = add_working_time(add_working_time(start, first, calendar), second, calendar)

        assert in_two_steps == add_working_time(start, first + second, calendar)

    @given(MOMENTS, DURATIONS, DURATIONS, CALENDARS)
    def test_more_time_never_ends_earlier(
        self, start: datetime, first: timedelta, second: timedelta, calendar: WorkingCalendar
    ) -> None:
        shorter, longer = sorted((first, second))

        assert add_working_time(start, shorter, calendar) <= add_working_time(start, longer, calendar)

    @given(MOMENTS, MOMENTS, DURATIONS, CALENDARS)
    def test_a_later_start_never_ends_earlier(
        self, first: datetime, second: datetime, duration: timedelta, calendar: WorkingCalendar
    ) -> None:
        earlier, later = sorted((first, second))

        assert add_working_time(earlier, duration, calendar) <= add_working_time(later, duration, calendar)

    @given(MOMENTS, MOMENTS, MOMENTS, CALENDARS)
    def test_working_time_adds_up(
        self, first: datetime, second: datetime, third: datetime, calendar: WorkingCalendar
    ) -> None:
        by_way_of = working_time_between(first, second, calendar) + working_time_between(
            second, third, calendar
        )

        assert by_way_of == working_time_between(first, third, calendar)

    @given(MOMENTS, MOMENTS, CALENDARS)
    def test_working_time_is_never_longer_than_time(
        self, first: datetime, second: datetime, calendar: WorkingCalendar
    ) -> None:
        assert abs(working_time_between(first, second, calendar)) <= abs(second - first)

    @given(MOMENTS, CALENDARS)
    def test_next_opening_is_the_first_worked_moment(
        self, moment: datetime, calendar: WorkingCalendar
    ) -> None:
        opening = next_opening(moment, calendar)

        assert is_working(opening, calendar)
        assert working_time_between(moment, opening, calendar) == NOTHING
        assert is_working(moment, calendar) is (opening == moment)

    @given(DAYS, st.integers(1, 300), CALENDARS)
    def test_working_days_there_and_back(self, day: date, count: int, calendar: WorkingCalendar) -> None:
        start = add_working_days(day, 0, calendar)

        assert add_working_days(add_working_days(start, count, calendar), -count, calendar) == start

    @given(DAYS, st.integers(0, 90), CALENDARS)
    def test_goods_that_leave_in_time_arrive_in_time(
        self, delivery_on: date, transit_days: int, calendar: WorkingCalendar
    ) -> None:
        ship_on = ship_on_from_delivery(delivery_on, transit_days, calendar)

        assert is_working_day(ship_on, calendar)
        assert delivery_on_from_ship(ship_on, transit_days) <= delivery_on
        assert (
            delivery_on_from_ship(ship_on_from_delivery(delivery_on, transit_days), transit_days)
            == delivery_on
        )
