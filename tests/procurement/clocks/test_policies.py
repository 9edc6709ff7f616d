"""Whole fortnights of clocks in simulated time, and what always holds of them."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from time import process_time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procurement.calendars.policies import (
    AROUND_THE_CLOCK,
    CLOSED,
    WorkingCalendar,
    default_calendar,
    is_working,
    working_time_between,
)
from procurement.clocks.messages import (
    ORDER_ANSWER,
    Action,
    Anchor,
    Length,
    Rung,
    Scope,
    Service,
    Step,
    Subject,
    Unit,
    Whose,
)
from procurement.clocks.policies import (
    BUILT_IN,
    Event,
    Timer,
    allowed_time,
    choose_service,
    faults_of,
    hours,
    in_order,
    left,
    look,
    move_timer,
    overdue,
    overruled,
    pause_timer,
    plan,
    resume_timer,
    run_through,
    rungs_of,
    share_left,
    spent,
    start_timer,
    stop_timer,
)

HAMBURG = default_calendar("DE", "Europe/Berlin")
MUNICH = replace(HAMBURG, subdivision="BY")
LEEDS = default_calendar("GB", "Europe/London")
WENZHOU = default_calendar("CN", "Asia/Shanghai")
ALWAYS = WorkingCalendar("Europe/Berlin", (AROUND_THE_CLOCK,) * 7)

LADDER = (
    Step(Action.REMIND, Anchor.DUE, hours(-4)),
    Step(Action.SECOND_CONTACT, Anchor.DUE, hours(0)),
    Step(Action.BUYER, Anchor.DUE, hours(4)),
    Step(Action.MANAGER, Anchor.DUE, Length(Decimal(1), Unit.DAYS)),
    Step(Action.STAND_IN, Anchor.DUE, Length(Decimal(2), Unit.DAYS)),
)


def at(zone: str, *when: int) -> datetime:
    return datetime(*when, tzinfo=ZoneInfo(zone))  # type: ignore[arg-type, misc]


def berlin(*when: int) -> datetime:
    return at("Europe/Berlin", *when)


def time_of(count: float) -> timedelta:
    return timedelta(hours=count)


def receivers(own: WorkingCalendar, ours: WorkingCalendar = LEEDS) -> dict[Action, WorkingCalendar]:
    return {action: own if action in (Action.REMIND, Action.SECOND_CONTACT) else ours for action in Action}


def told(happenings, zone="UTC"):
    """What happened as text, in the wall time of one place."""
    return [(f"{one.at.astimezone(ZoneInfo(zone)):%d.%m. %H:%M}", str(one.what)) for one in happenings]


class TestFortnights:
    """A case runs for two weeks in no time."""

    def test_nobody_answers_through_the_change_of_clock_in_spring_and_easter(self):
        timer = start_timer(berlin(2026, 3, 26, 15), time_of(16), HAMBURG)
        rungs = rungs_of(LADDER, HAMBURG)

        happened = run_through(timer, rungs, receivers(HAMBURG), [], berlin(2026, 4, 9, 15))

        # Thursday 15:00; two hours that day, nine on Friday, five on Monday, the first one in summer time.
        assert told(happened, "Europe/Berlin") == [
            ("30.03. 09:00", "remind"),
            ("30.03. 13:00", "overdue"),
            ("30.03. 13:00", "second_contact"),
            ("30.03. 17:00", "buyer"),
            ("31.03. 13:00", "manager"),
            ("01.04. 13:00", "stand_in"),
        ]
        assert happened[0].at == datetime(2026, 3, 30, 7, 0, tzinfo=UTC)

    def test_our_side_is_not_called_in_over_its_holidays(self):
        # Due on the afternoon before Good Friday; Easter Monday is closed in Leeds as well.
        timer = start_timer(berlin(2026, 4, 2, 8), time_of(8), HAMBURG)
        rungs = rungs_of(LADDER, HAMBURG)

        happened = run_through(timer, rungs, receivers(HAMBURG), [], berlin(2026, 4, 16, 8))

        assert told(happened, "Europe/Berlin") == [
            ("02.04. 12:00", "remind"),
            ("02.04. 16:00", "overdue"),
            ("02.04. 16:00", "second_contact"),
            ("07.04. 11:00", "buyer"),
            ("07.04. 16:00", "manager"),
            ("08.04. 16:00", "stand_in"),
        ]

    def test_a_step_at_our_night_waits_for_our_morning_and_keeps_its_place(self):
        # Shanghai's morning is night in Leeds.
        timer = start_timer(at("Asia/Shanghai", 2026, 3, 9, 8), time_of(4), WENZHOU)
        rungs = rungs_of(LADDER[1:], WENZHOU)

        happened = run_through(timer, rungs, receivers(WENZHOU), [], at("Asia/Shanghai", 2026, 3, 20, 8))

        assert told(happened, "Asia/Shanghai") == [
            ("09.03. 12:00", "overdue"),
            ("09.03. 12:00", "second_contact"),
            ("09.03. 16:00", "buyer"),  # 08:00 in Leeds, which has just opened
            ("10.03. 16:00", "manager"),  # its turn was at noon, 04:00 in Leeds
            ("11.03. 16:00", "stand_in"),
        ]

    def test_golden_week_and_a_saturday_worked_for_it(self):
        # National Day 2026 is closed from 1 to 7 October; Saturday the 10th is worked in exchange.
        timer = start_timer(at("Asia/Shanghai", 2026, 9, 30, 16), time_of(19), WENZHOU)

        happened = run_through(timer, (), receivers(WENZHOU), [], at("Asia/Shanghai", 2026, 10, 14, 16))

        assert told(happened, "Asia/Shanghai") == [("09.10. 17:00", "overdue")]
        more = start_timer(at("Asia/Shanghai", 2026, 9, 30, 16), time_of(20), WENZHOU)
        assert more.due_at == at("Asia/Shanghai", 2026, 10, 10, 9)

    def test_the_ball_goes_to_the_other_side_and_back_over_the_change_in_autumn(self):
        timer = start_timer(berlin(2026, 10, 22, 9), time_of(16), HAMBURG)
        rungs = rungs_of(LADDER, HAMBURG)
        events = [
            Event(berlin(2026, 10, 22, 13), "pause"),
            Event(berlin(2026, 10, 26, 11), "resume"),
            Event(berlin(2026, 10, 27, 9, 30), "pause"),
            Event(berlin(2026, 10, 28, 9), "resume"),
            Event(berlin(2026, 10, 29, 10), "stop"),
        ]

        happened = run_through(timer, rungs, receivers(HAMBURG), events, berlin(2026, 11, 5, 9))

        # Four hours are spent on Thursday, six on Monday and an hour and a half on Tuesday; 4.5 are left on Wednesday.
        assert told(happened, "Europe/Berlin") == [
            ("22.10. 13:00", "pause"),
            ("26.10. 11:00", "resume"),
            ("27.10. 09:30", "pause"),
            ("28.10. 09:00", "resume"),
            ("28.10. 09:30", "remind"),
            ("28.10. 13:30", "overdue"),
            ("28.10. 13:30", "second_contact"),
            ("29.10. 09:00", "buyer"),  # its turn was at 08:30, 07:30 in Leeds
            ("29.10. 10:00", "stop"),
        ]
        assert spent(happened[-1].timer, berlin(2026, 11, 5, 9)) == time_of(4 + 6 + 1.5 + 8 + 2)

    def test_an_answer_that_is_taken_back_gains_no_time(self):
        timer = start_timer(berlin(2026, 3, 2, 9), time_of(16), HAMBURG)
        events = [Event(berlin(2026, 3, 2, 12), "pause"), Event(berlin(2026, 3, 3, 10), "take_back")]

        happened = run_through(timer, (), receivers(HAMBURG), events, berlin(2026, 3, 16, 9))

        assert told(happened, "Europe/Berlin")[-1] == ("03.03. 16:00", "overdue")
        assert len(happened[-1].timer.spells) == 1

    def test_who_looks_late_finds_everything_and_wakes_nobody_at_night(self):
        timer = start_timer(berlin(2026, 3, 2, 9), time_of(4), HAMBURG)
        rungs = rungs_of(LADDER, HAMBURG)
        stood_still_until = berlin(2026, 3, 3, 3)

        night = look(timer, rungs, 0, told=False, receivers=receivers(HAMBURG), at=stood_still_until)
        morning = look(timer, rungs, 0, told=True, receivers=receivers(HAMBURG), at=berlin(2026, 3, 3, 10))

        assert (night.fired, night.is_newly_overdue, night.wakes_at) == ((), True, berlin(2026, 3, 3, 8))
        assert [rung.action for rung in morning.fired] == ["second_contact", "buyer"]

    def test_a_fortnight_takes_milliseconds(self):
        began = process_time()  # of this machine's, whatever else it does
        for day in range(1, 29):
            timer = start_timer(berlin(2026, 3, day, 10), time_of(16), HAMBURG)
            run_through(timer, rungs_of(LADDER, HAMBURG), receivers(HAMBURG), [], berlin(2026, 5, 1, 9))
        assert process_time() - began < 2


class TestTimer:
    def test_what_is_left_spent_and_overdue(self):
        timer = start_timer(berlin(2026, 3, 2, 9), time_of(8), HAMBURG)

        assert timer.due_at == berlin(2026, 3, 2, 17)
        noon, tuesday = berlin(2026, 3, 2, 13), berlin(2026, 3, 3, 10)
        assert (spent(timer, noon), left(timer, noon), overdue(timer, noon)) == (
            time_of(4),
            time_of(4),
            time_of(0),
        )
        assert share_left(timer, noon) == 0.5
        assert (left(timer, tuesday), overdue(timer, tuesday)) == (time_of(0), time_of(2))
        assert share_left(timer, tuesday) == 0

    def test_time_stands_still_while_it_is_paused_and_after_it_was_stopped(self):
        timer = pause_timer(start_timer(berlin(2026, 3, 2, 9), time_of(8), HAMBURG), berlin(2026, 3, 2, 11))
        friday = berlin(2026, 3, 6, 11)

        assert (spent(timer, friday), left(timer, friday)) == (time_of(2), time_of(6))
        resumed = resume_timer(timer, friday)
        assert resumed.due_at == berlin(2026, 3, 6, 17)
        stopped = stop_timer(resumed, berlin(2026, 3, 6, 12))
        assert (spent(stopped, berlin(2026, 3, 9, 12)), left(stopped, berlin(2026, 3, 9, 12))) == (
            time_of(3),
            time_of(5),
        )

    def test_what_was_overdue_stays_due_when_it_was(self):
        timer = start_timer(berlin(2026, 3, 2, 9), time_of(2), HAMBURG)
        paused = pause_timer(timer, berlin(2026, 3, 2, 13))

        resumed = resume_timer(paused, berlin(2026, 3, 4, 9))

        assert resumed.due_at == timer.due_at
        assert overdue(resumed, berlin(2026, 3, 4, 10)) == time_of(3)

    def test_verbs_that_change_nothing_leave_it_as_it_is(self):
        running = start_timer(berlin(2026, 3, 2, 9), time_of(2), HAMBURG)
        paused = pause_timer(running, berlin(2026, 3, 2, 10))
        stopped = stop_timer(paused, berlin(2026, 3, 2, 11))

        assert resume_timer(running, berlin(2026, 3, 2, 10)) is running
        assert pause_timer(paused, berlin(2026, 3, 2, 11)) is paused
        assert stop_timer(stopped, berlin(2026, 3, 2, 12)) is stopped

    def test_another_due_moment_lies_in_working_time(self):
        timer = start_timer(berlin(2026, 3, 2, 9), time_of(8), HAMBURG)

        assert move_timer(timer, berlin(2026, 3, 8, 12)).due_at == berlin(2026, 3, 6, 17)
        assert move_timer(timer, berlin(2026, 3, 4, 11)).due_at == berlin(2026, 3, 4, 11)
        with pytest.raises(ValueError, match="no working time"):
            move_timer(timer, berlin(2026, 3, 2, 3))

    def test_edited_opening_hours_move_no_due_moment(self):
        timer = start_timer(berlin(2026, 3, 2, 9), time_of(8), HAMBURG)
        mornings = WorkingCalendar("Europe/Berlin", (((time(8), time(12)),),) * 5 + (CLOSED,) * 2)

        edited = replace(timer, calendar=mornings)

        assert edited.due_at == timer.due_at
        assert left(edited, berlin(2026, 3, 2, 10)) == time_of(2)


class TestLadder:
    def test_what_is_too_early_is_left_out(self):
        timer = start_timer(berlin(2026, 3, 2, 9), time_of(4), HAMBURG)

        actions = [one.rung.action for one in plan(timer, rungs_of(LADDER, HAMBURG), 0, receivers(HAMBURG))]

        assert actions == ["second_contact", "buyer", "manager", "stand_in"]

    def test_what_was_done_is_not_planned_again(self):
        timer = start_timer(berlin(2026, 3, 2, 9), time_of(16), HAMBURG)

        planned = plan(timer, rungs_of(LADDER, HAMBURG), 3, receivers(HAMBURG))

        assert [one.rung.number for one in planned] == [4, 5]

    def test_nothing_is_planned_while_it_does_not_run(self):
        timer = pause_timer(start_timer(berlin(2026, 3, 2, 9), time_of(16), HAMBURG), berlin(2026, 3, 2, 10))

        assert plan(timer, rungs_of(LADDER, HAMBURG), 0, receivers(HAMBURG)) == ()
        assert look(
            timer, rungs_of(LADDER, HAMBURG), 0, told=False, receivers=receivers(HAMBURG), at=timer.due_at
        ) == look(timer, (), 0, told=True, receivers=receivers(HAMBURG), at=timer.due_at)

    def test_a_day_is_as_long_as_the_office_is_open(self):
        step = Step(Action.MANAGER, Anchor.START, Length(Decimal("1.5"), Unit.DAYS))

        assert rungs_of([step], HAMBURG)[0].offset == time_of(13.5)
        assert rungs_of([step], ALWAYS)[0].offset == time_of(36)


class TestChoosing:
    @pytest.mark.parametrize(
        ("kind", "segment", "lead_days", "value", "expected"),
        [
            ("standard", "strategic", 30, 900, 8),
            ("standard", "core", 30, 900, 16),
            ("standard", "long_tail", 30, 900, 24),
            ("standard", "unheard_of", 30, 900, 24),
            ("standard", "long_tail", 3, 900, 4),
            ("standard", "long_tail", 4, 900, 24),
            ("standard", "strategic", -2, 900, 4),
            ("rush", "long_tail", 30, 900, 4),
            ("framework", "strategic", 90, 900, 40),
            ("standard", "long_tail", 30, 100_000, 8),
            ("standard", "long_tail", 30, 99_999, 24),
        ],
    )
    def test_what_the_product_brings_along(self, kind, segment, lead_days, value, expected):
        subject = Subject(ORDER_ANSWER, "ACME", segment, kind, lead_days, Decimal(value))

        assert allowed_time(BUILT_IN, subject, HAMBURG) == time_of(expected)

    def test_a_case_has_a_policy_too(self):
        service = choose_service(BUILT_IN, Subject("case.drift"))

        assert service is not None
        assert (service.whose, service.target) == (Whose.COMPANY, hours(16))

    def test_the_narrowest_counts_and_ours_before_the_products(self):
        ours = Service(Scope(ORDER_ANSWER), hours(30), Whose.SUPPLIER, key="ours")
        acme = Service(Scope(ORDER_ANSWER, supplier="ACME"), hours(50), Whose.SUPPLIER, key="acme")
        services = [acme, ours, *BUILT_IN]

        def chosen(supplier: str, segment: str = "long_tail", lead: int = 30) -> Length:
            found = choose_service(services, Subject(ORDER_ANSWER, supplier, segment, "standard", lead))
            assert found is not None
            return found.target

        assert chosen("GLOBEX") == hours(30)
        assert chosen("GLOBEX", "core") == hours(16)
        assert chosen("ACME", "core", 2) == hours(50)
        assert overruled(BUILT_IN[6], services)
        assert not overruled(BUILT_IN[0], services)
        assert in_order(services)[0] is acme

    def test_of_two_lead_times_the_shorter_and_of_two_values_the_larger(self):
        week = Service(Scope(ORDER_ANSWER, lead_days=7), hours(12), Whose.SUPPLIER, key="week")
        million = Service(Scope(ORDER_ANSWER, value=Decimal(10**6)), hours(2), Whose.SUPPLIER, key="million")
        services = [week, million, *BUILT_IN]

        for lead, value, expected in [(5, 0, 12), (2, 0, 4), (30, 2 * 10**6, 2), (30, 2 * 10**5, 8)]:
            found = choose_service(
                services, Subject(ORDER_ANSWER, "", "core", "standard", lead, Decimal(value))
            )
            assert found is not None
            assert found.target == hours(expected)


class TestFaults:
    GOOD = Service(Scope(ORDER_ANSWER), hours(8), Whose.SUPPLIER, LADDER)

    def test_what_the_product_brings_along_has_none(self):
        assert [faults_of(service) for service in BUILT_IN] == [[]] * len(BUILT_IN)

    @pytest.mark.parametrize(
        ("changed", "expected"),
        [
            ({"target": hours(0)}, ("target", "not_positive")),
            ({"target": hours(5000)}, ("target", "too_long")),
            ({"whose": Whose.COMPANY}, ("whose", "suppliers_time")),
            ({"scope": Scope("case.drift")}, ("whose", "our_time")),
            ({"scope": Scope()}, ("whose", "our_time")),
            ({"scope": Scope("case.drift", lead_days=3)}, ("lead_days", "orders_only")),
            ({"scope": Scope(ORDER_ANSWER, supplier="A", segment="core")}, ("segment", "with_supplier")),
            ({"scope": Scope(ORDER_ANSWER, lead_days=-1)}, ("lead_days", "out_of_range")),
            ({"scope": Scope(ORDER_ANSWER, value=Decimal(0))}, ("value", "not_positive")),
            ({"steps": (Step(Action.REMIND, Anchor.START, hours(-1)),)}, ("step-1", "before_start")),
            ({"steps": (Step(Action.REMIND, Anchor.DUE, hours(-8)),)}, ("step-1", "too_early")),
            ({"steps": LADDER[::-1]}, ("step-2", "out_of_order")),
            ({"steps": LADDER[1:2] * 13}, ("steps", "too_many")),
            ({"steps": (Step(Action.BUYER, Anchor.DUE, hours(2000)),)}, ("step-1", "too_long")),
        ],
    )
    def test_each_is_named_by_its_field(self, changed, expected):
        assert expected in faults_of(replace(self.GOOD, **changed))


# --- what always holds --------------------------------------------------------------------------------------

CALENDARS = st.sampled_from([HAMBURG, MUNICH, LEEDS, WENZHOU, ALWAYS])
FIRST, LAST = datetime(2026, 1, 5), datetime(2026, 12, 20)  # noqa: DTZ001 -- Hypothesis adds the zone
MOMENTS = st.datetimes(FIRST, LAST, timezones=st.just(UTC))
ALLOWED = st.integers(1, 60 * 60).map(lambda minutes: timedelta(minutes=minutes))
GAPS = st.lists(st.integers(0, 60 * 80).map(lambda minutes: timedelta(minutes=minutes)), max_size=7)
OFFSETS = st.integers(-40 * 60, 40 * 60).map(lambda minutes: timedelta(minutes=minutes))


@st.composite
def ladders(draw: st.DrawFn) -> tuple[Rung, ...]:
    found = []
    for number, offset in enumerate(draw(st.lists(OFFSETS, max_size=6)), start=1):
        anchor = draw(st.sampled_from(Anchor))
        found.append(
            Rung(
                number,
                draw(st.sampled_from(Action)),
                anchor,
                abs(offset) if anchor is Anchor.START else offset,
            )
        )
    return tuple(found)


def events_of(start: datetime, gaps: list[timedelta]) -> list[Event]:
    """Pauses and resumes in turn, each so long after the one before."""
    found, moment = [], start
    for place, gap in enumerate(gaps):
        moment += gap
        found.append(Event(moment, "resume" if place % 2 else "pause"))
    return found


def after(timer: Timer, events: list[Event]) -> Timer:
    for event in events:
        timer = (pause_timer if event.verb == "pause" else resume_timer)(timer, event.at)
    return timer


class TestWhatAlwaysHolds:
    @given(MOMENTS, ALLOWED, CALENDARS, GAPS)
    def test_a_pause_never_makes_anything_due_earlier(self, start, allowed, calendar, gaps):
        timer = start_timer(start, allowed, calendar)
        last = timer.due_at
        for event in events_of(start, gaps):
            timer = after(timer, [event])
            assert timer.due_at >= last
            last = timer.due_at

    @given(MOMENTS, ALLOWED, CALENDARS, GAPS, st.integers(0, 60 * 200))
    def test_what_is_spent_is_the_sum_of_the_spells(self, start, allowed, calendar, gaps, later):
        events = events_of(start, gaps)
        timer = after(start_timer(start, allowed, calendar), events)
        moment = (events[-1].at if events else start) + timedelta(minutes=later)

        spells = [one for one in timer.spells if not one.is_pause]
        total = sum(
            (working_time_between(one.began_at, one.ended_at or moment, calendar) for one in spells),
            timedelta(),
        )
        assert spent(timer, moment) == total
        # Until it is due, spent and left are what was given; after that, spent is more by what is overdue.
        assert spent(timer, moment) + left(timer, moment) == allowed + overdue(timer, moment)

    @given(MOMENTS, ALLOWED, CALENDARS, CALENDARS, ladders(), GAPS)
    def test_steps_leave_in_order_once_and_while_somebody_is_there(
        self, start, allowed, own, ours, rungs, gaps
    ):
        timer = start_timer(start, allowed, own)
        calendars = receivers(own, ours)

        happened = run_through(timer, rungs, calendars, events_of(start, gaps), start + timedelta(days=90))

        moments = [one.at for one in happened]
        assert moments == sorted(moments)
        numbers = [one.rung.number for one in happened if one.rung]
        assert numbers == sorted(set(numbers))
        assert all(is_working(one.at, calendars[one.rung.action]) for one in happened if one.rung)
        assert [one.what for one in happened].count("overdue") <= 1

    @given(MOMENTS, ALLOWED, CALENDARS, ladders())
    def test_looking_more_often_brings_nothing_else(self, start, allowed, own, rungs):
        timer, calendars = start_timer(start, allowed, own), receivers(own)
        until = start + timedelta(days=5)
        happened = run_through(timer, rungs, calendars, [], until)

        found, done, moment = [], 0, start
        while moment <= until:
            turn = look(timer, rungs, done, told=True, receivers=calendars, at=moment)
            found += [rung.number for rung in turn.fired]
            done = max([done, *found])
            moment += timedelta(minutes=10)

        expected = [one.rung.number for one in happened if one.rung]
        # What leaves in the last minutes may not have been looked for yet, and what leaves as an office closes waits.
        assert found == expected[: len(found)]
        settled = [one.rung.number for one in happened if one.rung and one.at < until - timedelta(days=4)]
        assert len(found) >= len(settled)
