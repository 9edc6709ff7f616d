"""Clocks that run, pause, stop and are swept; policies that somebody else lets act; opening hours."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from portal.kernel.actors import Side
from portal.kernel.errors import IllegalTransition, Invalid, NotAllowed, NotFound, StaleDocument
from portal.kernel.scope import acting
from procurement.calendars.policies import CLOSED, OFFICE_HOURS, default_calendar
from procurement.catalogue.models import Company, Site
from procurement.clocks.messages import (
    ORDER_ANSWER,
    Action,
    Anchor,
    Length,
    StartClock,
    Step,
    Subject,
    WriteService,
)
from procurement.clocks.models import Clock, ClockStep, DueMove, OfficeCalendar, ServicePolicy
from procurement.clocks.queries import (
    CLOCKS,
    Offices,
    ServiceBook,
    find_clock,
    steps_to_come,
    supplier_calendar,
    visible_clocks,
)
from procurement.clocks.services import (
    DueMoveAsked,
    approve_service,
    forget_office,
    move_due,
    pause_clock,
    resume_clock,
    retire_service,
    start_clocks,
    stop_clock,
    write_office,
    write_service,
)
from procurement.clocks.services.offices import WriteOffice
from procurement.clocks.services.writing import OwnService
from procurement.clocks.states import ClockState
from tests.builders.clocks import (
    a_clock,
    a_draft_service,
    a_service,
    advance,
    an_active_service,
    clock_facts,
    fresh_clock,
    hours,
)
from tests.builders.world import MONDAY

pytestmark = pytest.mark.django_db

WEEK = (OFFICE_HOURS,) * 5 + (CLOSED,) * 2


def company():
    with acting(CLOCKS):
        return Company.objects.get(code="NM")


# --- running ------------------------------------------------------------------------------------------------


def test_a_clock_takes_its_time_from_the_policy_that_counts(world):
    acme = world["ACME"]

    clock = a_clock(ORDER_ANSWER, "order:1", supplier_id=acme.pk, company_id=company().pk)

    assert (clock.whose, clock.policy, clock.policy_name) == ("supplier", None, "core")
    # Monday 15:30 in Pune: one and a half hours, nine, and the rest of sixteen on Thursday, for Wednesday is Holi.
    assert clock.due_at == datetime(2026, 3, 5, 8, 0, tzinfo=UTC)
    assert [one["action"] for one in clock.rungs] == [
        "remind",
        "second_contact",
        "buyer",
        "manager",
        "stand_in",
    ]
    assert clock.wakes_at == datetime(2026, 3, 5, 4, 0, tzinfo=UTC)


def test_there_is_one_clock_for_one_thing(world):
    first = a_clock()

    again = a_clock(at=MONDAY + hours(2))

    assert again == first
    with pytest.raises(IntegrityError), transaction.atomic(), acting(CLOCKS):
        Clock.objects.create(
            kind=first.kind,
            stream=first.stream,
            whose="company",
            started_at=MONDAY,
            first_due_at=MONDAY,
            due_at=MONDAY,
            spells=[],
        )
    with acting(CLOCKS):
        stop_clock(first.key, "solved", actor=CLOCKS, at=MONDAY + hours(3))
    assert a_clock(at=MONDAY + hours(4)) != first


def test_a_pause_gives_the_time_back_and_a_counted_one_does_not(world):
    clock = a_clock(company_id=company().pk)
    assert clock.due_at == datetime(2026, 3, 3, 17, 0, tzinfo=UTC)

    with acting(CLOCKS):
        paused = pause_clock(clock.key, clock.version, actor=CLOCKS, at=MONDAY + hours(2))
        assert (paused.state, paused.wakes_at) == (ClockState.PAUSED, None)
        assert advance(datetime(2026, 3, 9, 9, tzinfo=UTC)) == 0
        resumed = resume_clock(clock.key, actor=CLOCKS, at=MONDAY + timedelta(days=2))
    assert resumed.due_at == datetime(2026, 3, 5, 15, 0, tzinfo=UTC)
    assert resumed.first_due_at == clock.due_at

    with acting(CLOCKS):
        pause_clock(clock.key, actor=CLOCKS, at=MONDAY + timedelta(days=2, hours=1))
        resumed = resume_clock(clock.key, counted=True, actor=CLOCKS, at=MONDAY + timedelta(days=3))
    assert resumed.due_at == datetime(2026, 3, 5, 15, 0, tzinfo=UTC)
    assert [one["is_pause"] for one in resumed.spells] == [False, True, False]


def test_verbs_twice_change_nothing_and_a_stale_one_is_told(world):
    clock = a_clock()
    with acting(CLOCKS):
        pause_clock(clock.key, actor=CLOCKS, at=MONDAY)
        twice = pause_clock(clock.key, actor=CLOCKS, at=MONDAY + hours(1))
        assert (twice.version, len(twice.spells)) == (2, 2)
        stopped = stop_clock(clock.key, "solved", actor=CLOCKS, at=MONDAY + hours(1))
        assert (stopped.state, stopped.stopped_because, stopped.stopped_at) == (
            ClockState.STOPPED,
            "solved",
            MONDAY + hours(1),
        )
        assert resume_clock(clock.key, actor=CLOCKS, at=MONDAY + hours(2)).state == ClockState.STOPPED
    with pytest.raises(StaleDocument), acting(CLOCKS):
        stop_clock(clock.key, "solved", 1, actor=CLOCKS, at=MONDAY)


def test_many_clocks_start_in_as_many_statements_as_one(people, django_assert_num_queries):
    def start(numbers):
        with acting(CLOCKS):
            commands = [StartClock("case.drift", f"case:{n}", company_id=company().pk) for n in numbers]
            with django_assert_num_queries(9):
                assert start_clocks(commands, actor=CLOCKS, at=MONDAY) == len(commands)

    start([1])
    start(range(2, 60))


# --- the sweep ----------------------------------------------------------------------------------------------


def test_the_ladder_is_climbed_step_by_step_and_each_is_a_fact(people):
    an_active_service(people, a_service(segment="core"))
    acme = people["asha"].actor.supplier_ids[0]
    clock = a_clock(ORDER_ANSWER, "order:1", supplier_id=acme, company_id=company().pk, label="4500000001")
    assert clock.policy_name == "Answers 2026"
    # Half past three in Pune; the reminder's turn is at half past four, the day ends at five.
    assert clock.due_at == datetime(2026, 3, 3, 9, 0, tzinfo=UTC)

    assert advance(MONDAY + timedelta(minutes=59)) == 0
    assert advance(MONDAY + timedelta(minutes=61)) == 1
    assert advance(MONDAY + timedelta(minutes=62)) == 0
    assert advance(datetime(2026, 3, 3, 9, 1, tzinfo=UTC)) == 1
    assert advance(datetime(2026, 3, 20, 10, 1, tzinfo=UTC)) == 0

    told = clock_facts()
    assert [(one.kind, one.facts.get("action"), one.internal) for one in told] == [
        ("clock.step_reached", "remind", False),
        ("clock.overdue", None, False),
        ("clock.step_reached", "buyer", True),
    ]
    assert told[0].stream == "order:1"
    assert told[0].supplier_id == acme
    assert told[0].facts == {
        "clock": str(clock.key),
        "kind": ORDER_ANSWER,
        "label": "4500000001",
        "whose": "supplier",
        "due_at": "2026-03-03T09:00:00+00:00",
        "overdue": False,
        "overdue_minutes": 0,
        "step": 1,
        "action": "remind",
    }
    assert (told[2].facts["overdue"], told[2].facts["overdue_minutes"]) == (True, 1)
    with acting(CLOCKS):
        assert [
            (step.number, step.action, step.was_overdue) for step in ClockStep.objects.order_by("id")
        ] == [
            (1, "remind", False),
            (2, "buyer", True),
        ]


def test_a_step_cannot_be_taken_twice(people):
    an_active_service(people, a_service(segment="core"))
    clock = a_clock(ORDER_ANSWER, "order:1", supplier_id=people["asha"].actor.supplier_ids[0])
    advance(MONDAY + hours(1.1))

    with pytest.raises(IntegrityError), transaction.atomic(), acting(CLOCKS):
        ClockStep.objects.create(clock_id=clock.pk, number=1, action="remind", taken_at=MONDAY)


def test_a_past_that_is_loaded_is_not_caught_up_with(people):
    an_active_service(people, a_service(segment="core"))
    acme = people["asha"].actor.supplier_ids[0]
    long_ago = MONDAY - timedelta(days=30)

    clock = a_clock(
        ORDER_ANSWER, "order:1", supplier_id=acme, started_at=long_ago, due_at=long_ago + hours(6)
    )
    advance(MONDAY + timedelta(minutes=1))

    assert clock.done == 2
    assert [one.kind for one in clock_facts()] == ["clock.overdue"]


def test_a_sweep_takes_as_many_statements_for_many_as_for_one(people, django_assert_num_queries):
    def due(numbers):
        for n in numbers:
            a_clock("case.drift", f"case:{n}", company_id=company().pk)
        with acting(CLOCKS), django_assert_num_queries(6):
            from procurement.clocks.services import advance_clocks

            assert advance_clocks(actor=CLOCKS, at=MONDAY + timedelta(days=1, hours=3, minutes=1)) == len(
                numbers
            )

    due([1, 2])
    due(range(3, 40))


def test_an_office_that_never_opens_holds_up_its_own_clocks_alone(people):
    acme, globex = (people[name].actor.supplier_ids[0] for name in ("asha", "gil"))
    stuck = a_clock(ORDER_ANSWER, "order:1", supplier_id=globex)
    a_clock(ORDER_ANSWER, "order:2", supplier_id=acme)
    mondays = [{"day": (MONDAY + timedelta(days=7 * n)).date().isoformat(), "name": ""} for n in range(120)]
    with acting(CLOCKS):  # past all that is checked when somebody writes hours down
        OfficeCalendar.objects.create(
            country="DE",
            hours=[[["08:00", "09:00"]], [], [], [], [], [], []],
            closed_on=mondays,
            written_at=MONDAY,
            written_by="Root Admin",
        )
    friday = datetime(2026, 3, 6, 12, tzinfo=UTC)

    assert advance(friday) == 2

    assert {one.stream for one in clock_facts()} == {"order:2"}
    assert fresh_clock(stuck).wakes_at == friday + timedelta(hours=1)


def test_nothing_is_to_come_once_it_has_stopped(world):
    clock = a_clock(company_id=company().pk)
    with acting(CLOCKS):
        assert [one.rung.action for one in steps_to_come(clock)] == [
            Action.REMIND,
            Action.MANAGER,
            Action.STAND_IN,
        ]
        stop_clock(clock.key, "solved", actor=CLOCKS, at=MONDAY)
    with acting(CLOCKS):
        assert steps_to_come(fresh_clock(clock)) == ()


# --- moving what is due -------------------------------------------------------------------------------------


def moving(clock, person, *when, reason="They wait for a part."):
    with acting(person.actor):
        asked = DueMoveAsked(clock.key, clock.version, datetime(*when, tzinfo=UTC), reason)
        return move_due(asked, actor=person.actor, at=MONDAY + hours(1))


def test_what_is_due_moves_for_a_reason_that_is_kept(people):
    clock = a_clock(company_id=company().pk)

    moved = moving(clock, people["bea"], 2026, 3, 7, 12)

    assert moved.due_at == datetime(2026, 3, 6, 17, 0, tzinfo=UTC)
    with acting(CLOCKS):
        kept = DueMove.objects.get()
    assert (kept.moved_by, kept.reason, kept.old_due_at, kept.new_due_at) == (
        "Bea Buyer",
        "They wait for a part.",
        datetime(2026, 3, 3, 17, 0, tzinfo=UTC),
        datetime(2026, 3, 6, 17, 0, tzinfo=UTC),
    )
    (told,) = clock_facts("clock.due_moved")
    assert (told.facts["old"], told.facts["new"], told.internal) == (
        "2026-03-03T17:00:00+00:00",
        "2026-03-06T17:00:00+00:00",
        True,
    )


def test_what_is_due_does_not_move_without_one_or_into_the_past(people):
    clock = a_clock(company_id=company().pk)

    with pytest.raises(Invalid, match="Say why"):
        moving(clock, people["bea"], 2026, 3, 7, 12, reason=" ")
    with pytest.raises(Invalid, match="no working time left"):
        moving(clock, people["bea"], 2026, 3, 1, 12)
    with pytest.raises(NotAllowed):
        moving(clock, people["otto"], 2026, 3, 7, 12)
    with pytest.raises(NotAllowed):
        moving(clock, people["asha"], 2026, 3, 7, 12)
    with acting(CLOCKS):
        stop_clock(clock.key, "solved", actor=CLOCKS, at=MONDAY)
    with pytest.raises(IllegalTransition):
        moving(fresh_clock(clock), people["bea"], 2026, 3, 7, 12)


def test_it_is_said_again_when_another_due_moment_has_passed(people):
    clock = a_clock(company_id=company().pk)
    tuesday = datetime(2026, 3, 3, 17, 1, tzinfo=UTC)
    advance(tuesday)

    with acting(people["bea"].actor):
        asked = DueMoveAsked(
            clock.key, fresh_clock(clock).version, datetime(2026, 3, 4, 12, tzinfo=UTC), "Once more."
        )
        move_due(asked, actor=people["bea"].actor, at=tuesday)
    advance(datetime(2026, 3, 4, 12, 1, tzinfo=UTC))

    assert len(clock_facts("clock.overdue")) == 2


def test_no_supplier_sees_a_clock(people):
    clock = a_clock(ORDER_ANSWER, "order:1", supplier_id=people["asha"].actor.supplier_ids[0])

    with acting(people["asha"].actor):
        assert not visible_clocks(people["asha"].actor).exists()
        with pytest.raises(NotFound):
            find_clock(clock.key, actor=people["asha"].actor)
    with acting(people["bea"].actor):
        assert find_clock(clock.key, actor=people["bea"].actor) == clock


# --- policies -----------------------------------------------------------------------------------------------


def hours_for(supplier, segment="core"):
    with acting(CLOCKS):
        return ServiceBook().service_for(Subject(ORDER_ANSWER, supplier, segment)).target.amount


def test_a_policy_gives_time_once_somebody_else_has_looked(people):
    draft = a_draft_service(people["bea"], a_service(30, supplier="ACME"))
    assert hours_for("ACME") == 16

    with pytest.raises(NotAllowed), acting(people["bea"].actor):
        approve_service(draft.key, draft.version, actor=people["bea"].actor, at=MONDAY)
    with acting(people["max"].actor):
        approve_service(draft.key, draft.version, actor=people["max"].actor, at=MONDAY)

    assert (hours_for("ACME"), hours_for("GLOBEX")) == (30, 16)


def test_nobody_approves_what_they_wrote(people):
    draft = a_draft_service(people["max"])

    with pytest.raises(OwnService), acting(people["max"].actor):
        approve_service(draft.key, draft.version, actor=people["max"].actor, at=MONDAY)


def test_one_written_for_the_same_takes_the_place_of_the_one_before(people):
    first = an_active_service(people, a_service(30, segment="core"))
    second = an_active_service(people, a_service(20, segment="core"), name="Answers 2027")

    assert hours_for("ACME") == 20
    with acting(CLOCKS):
        first.refresh_from_db()
        assert (first.state, second.state) == ("retired", "active")
        assert ServicePolicy.objects.filter(state="active").count() == 1


def test_a_draft_is_written_over_by_who_saw_it_last(people):
    draft = a_draft_service(people["bea"])
    root = people["root"].actor
    longer = Step(Action.REMIND, Anchor.START, Length(Decimal(2)))

    with acting(root):
        command = WriteService(a_service(9, (longer,)), "Answers", key=draft.key, version=draft.version)
        changed = write_service(command, actor=root, at=MONDAY)
        assert [step.as_step() for step in changed.steps.all()] == [longer]
        with pytest.raises(StaleDocument):
            write_service(command, actor=root, at=MONDAY)
        with pytest.raises(OwnService):
            approve_service(changed.key, changed.version, actor=root, at=MONDAY)


def test_a_policy_is_retired_with_a_reason_and_can_be_written_no_more(people):
    policy = an_active_service(people, a_service(30, supplier="ACME"))
    bea = people["bea"].actor

    with acting(bea):
        with pytest.raises(Invalid, match="Say why"):
            retire_service(policy.key, policy.version, " ", actor=bea, at=MONDAY)
        retired = retire_service(policy.key, policy.version, "Too long.", actor=bea, at=MONDAY)
        with pytest.raises(IllegalTransition):
            write_service(
                WriteService(a_service(), "Again", key=retired.key, version=retired.version),
                actor=bea,
                at=MONDAY,
            )
    assert hours_for("ACME") == 16


def test_what_is_wrong_with_a_policy_is_named_by_its_field(people):
    bea = people["bea"].actor
    wrong = WriteService(a_service(0, (), supplier="NOBODY", kind="no.such"), " ")
    with pytest.raises(Invalid) as refused, acting(bea):
        write_service(wrong, actor=bea, at=MONDAY)

    assert {problem.field for problem in refused.value.problems} == {
        "name",
        "kind",
        "supplier",
        "target",
        "whose",
    }
    with pytest.raises(NotAllowed), acting(people["ada"].actor):
        write_service(WriteService(a_service(), "Answers"), actor=people["ada"].actor, at=MONDAY)


# --- opening hours ------------------------------------------------------------------------------------------


def an_office(person, **said):
    with acting(person.actor):
        return write_office(WriteOffice(**{"week": WEEK, **said}), actor=person.actor, at=MONDAY)


def test_without_a_row_an_office_keeps_the_hours_of_its_country(world):
    with acting(CLOCKS):
        assert supplier_calendar(world["ACME"]) == default_calendar("IN", "Asia/Kolkata")
        assert Offices().of_company(company()) == default_calendar("GB", "Europe/London")
        assert Offices().of_company(None) == default_calendar("", "UTC")


def test_hours_of_a_country_a_company_and_a_site(people, world):
    shutdown = ((date(2026, 8, 10), "Summer shutdown"),)
    late = (((time(10), time(19)),),) * 5 + (CLOSED,) * 2
    an_office(people["root"], country="IN", holidays_of="IN", subdivision="MH", closed_on=shutdown)
    an_office(people["root"], company="NM", time_zone="Europe/London", holidays_of="GB", subdivision="ENG")
    an_office(people["root"], site="HULL", week=late, time_zone="Europe/London")

    with acting(CLOCKS):
        offices = Offices()
        pune = offices.of_supplier(world["ACME"])
        assert (pune.time_zone, pune.subdivision, pune.closed_on) == (
            "Asia/Kolkata",
            "MH",
            frozenset({date(2026, 8, 10)}),
        )
        sites = {site.code: site for site in Site.objects.all()}
        assert offices.of_company(company(), sites["LEEDS"]).subdivision == "ENG"
        assert offices.of_company(company(), sites["HULL"]).hours == late
    with acting(people["asha"].actor):
        assert supplier_calendar(world["ACME"]).subdivision == "MH"


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"country": "Germany"}, "country"),
        ({"country": "DE", "week": (CLOSED,) * 7}, "hours"),
        ({"country": "DE", "week": (((time(9), time(8)),),) * 7}, "hours"),
        ({"company": "NM", "time_zone": "Europe/Leeds"}, "time_zone"),
        ({"country": "DE", "holidays_of": "XX"}, "holidays_of"),
        ({"country": "DE", "holidays_of": "DE", "subdivision": "XX"}, "subdivision"),
    ],
)
def test_hours_by_which_nothing_could_fall_due_are_refused(people, said, field):
    with pytest.raises(Invalid) as refused:
        an_office(people["root"], **said)

    assert refused.value.problems[0].field == field
    with acting(CLOCKS):
        assert not OfficeCalendar.objects.exists()


def test_hours_are_written_over_by_who_saw_them_last_and_can_be_forgotten(people, world):
    office = an_office(people["root"], country="DE", holidays_of="DE")
    with pytest.raises(StaleDocument):
        an_office(people["bea"], country="DE")
    office = an_office(people["bea"], country="DE", version=office.version)

    with acting(people["bea"].actor):
        forget_office(office.key, office.version, actor=people["bea"].actor, at=MONDAY)
        assert supplier_calendar(world["GLOBEX"]) == default_calendar("DE", "Europe/Berlin")
    with pytest.raises(NotAllowed):
        an_office(people["asha"], country="DE")
    with pytest.raises(NotFound):
        an_office(people["bea"], site="NOWHERE", time_zone="UTC")


def test_the_portal_itself_is_the_one_that_sweeps():
    assert CLOCKS.side is Side.SYSTEM
