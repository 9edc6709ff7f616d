"""How long a person has for a case, in working time, and whom the ladder calls: a fortnight in milliseconds."""

from datetime import timedelta

import pytest

from portal.kernel.audit.models import AuditEvent
from portal.kernel.scope import acting
from procurement.clocks.models import Clock, ClockStep, LadderStep, ServicePolicy, StandIn
from procurement.clocks.services import advance_clocks, stop_clock
from procurement.clocks.tasks import CLOCKS
from procurement.inbox.presenters.pages import story_of
from procurement.inbox.queries.cases import events_of
from procurement.inbox.services.clocks import call_people, keep_clocks, review_all_case_clocks
from procurement.inbox.services.sweeping import wake_cases
from procurement.inbox.services.tasking import AskTask, answer_task, ask_task
from procurement.inbox.services.working import Seen, snooze_cases
from procurement.notifications.models import Notice
from procurement.notifications.services.gathering import POSTMAN, gather
from tests.builders.changes import A_WEEK, an_agreed_order, propose
from tests.builders.inbox import INBOX, LATER, a_case, decide, review, the_case, told
from tests.builders.world import MONDAY, fresh
from tests.people import FEED

pytestmark = pytest.mark.django_db


def hear(case, kinds, react, at):
    """As the outbox would: the newest facts of a case are told to a reaction."""
    with acting(FEED):
        events = list(AuditEvent.objects.filter(stream=case.stream, kind__in=kinds).order_by("id"))
    return react(events, at)


def keep(case, at=LATER):
    return hear(case, ["case.opened", "case.closed", "case.snoozed", "case.awakened"], keep_clocks, at)


def clock_of(case):
    with acting(FEED):
        return Clock.objects.filter(stream=case.stream).order_by("-id").first()


def run(case, hours):
    """Let the clock go by the hour from the moment the case came, as the worker would."""
    at = LATER
    for _hour in range(hours):
        at += timedelta(hours=1)
        with acting(CLOCKS):
            advance_clocks(actor=CLOCKS, at=at)
    return at


def reminded(case):
    with acting(FEED):
        facts = AuditEvent.objects.filter(stream=case.stream, kind="case.reminded").order_by("id")
        return [(one["action"], one["people"]) for one in facts.values_list("facts", flat=True)]


def test_a_case_has_two_days_of_our_working_time(people):
    case = a_case(people)

    assert keep(case) == "moved"

    clock = clock_of(case)
    assert (clock.kind, clock.state, clock.whose) == (f"case.{case.kind}", "running", "company")
    again = the_case()
    assert (again.clock, again.due_at) == (clock.key, clock.due_at)
    assert MONDAY + timedelta(days=1) < clock.due_at < MONDAY + timedelta(days=3)
    assert keep(case) == "unchanged"


def test_a_review_does_not_forget_what_the_clock_says(people):
    case = a_case(people)
    keep(case)
    due = the_case().due_at

    review(fresh(), at=LATER + timedelta(hours=1))

    assert the_case().due_at == due


def test_it_stops_with_its_case(people):
    case = a_case(people)
    keep(case)
    decide(fresh(), people["bea"], "accept")
    review(fresh())

    keep(case)

    assert clock_of(case).state == "stopped"
    assert the_case().clock is None


def test_the_ladder_calls_the_holder_then_the_manager(people):
    case = a_case(people)
    keep(case)
    at = run(case, 24 * 10)

    assert hear(case, ["clock.step_reached"], call_people, at) == "called"

    bea, boss = people["bea"].user.pk, people["max"].user.pk
    assert reminded(case) == [("remind", [bea]), ("manager", [boss]), ("stand_in", [boss])]
    assert (
        hear(case, ["clock.step_reached"], call_people, at) == "nobody"
    )  # a second telling says nothing new
    with acting(FEED):
        assert ClockStep.objects.filter(clock__stream=case.stream).count() == 3


def test_who_stands_in_is_called_when_nothing_else_helped(people):
    case = a_case(people)
    keep(case)
    at = run(case, 24 * 10)
    with acting(FEED):
        StandIn.objects.create(
            person=people["bea"].user,
            stand_in=people["root"].user,
            from_on=at.date(),
            until_on=at.date(),
            written_at=at,
            written_by="Bea Buyer",
        )
        deputy = StandIn.objects.get().stand_in_id

    hear(case, ["clock.step_reached"], call_people, at)

    assert reminded(case)[-1] == ("stand_in", [deputy, people["max"].user.pk])


def test_the_reminder_is_mailed_to_whom_it_names(people):
    case = a_case(people)
    keep(case)
    at = run(case, 24 * 3)
    hear(case, ["clock.step_reached"], call_people, at)

    with acting(POSTMAN):
        events = list(AuditEvent.objects.filter(kind__in=["case.reminded", "clock.step_reached"]))
        gather(events, at=at)
        notices = list(Notice.objects.values_list("kind", "address", "audience"))

    assert ("reminder", people["bea"].email, "company") in notices
    assert {audience for _kind, _address, audience in notices} == {"company"}


def test_what_is_snoozed_waits_with_its_clock(people):
    case = a_case(people)
    keep(case)
    due = the_case().due_at
    bea = people["bea"].actor
    until = (MONDAY + timedelta(days=7)).date()
    with acting(bea):
        snooze_cases([Seen(case.key, the_case().version)], until, actor=bea, at=LATER)
    keep(case)
    assert clock_of(case).state == "paused"

    week = LATER + timedelta(days=7)
    with acting(INBOX):
        wake_cases(actor=INBOX, at=week)
    keep(case, at=week)

    assert clock_of(case).state == "running"
    assert the_case().due_at > due + timedelta(days=5)


def test_a_case_whose_telling_was_lost_gets_its_clock_all_the_same(people):
    case = a_case(people)

    assert review_all_case_clocks(at=LATER) == 1

    assert the_case().clock == clock_of(case).key
    assert review_all_case_clocks(at=LATER) == 0


def test_what_the_paper_itself_says_is_not_overwritten_by_its_clock(people):
    order = an_agreed_order(people["asha"])
    propose(order, people["asha"], A_WEEK)
    review(fresh())
    case = the_case(kind="change_waits")
    keep(case)
    assert the_case(kind="change_waits").due_at == case.due_at != clock_of(case).due_at

    bea = people["bea"].actor
    until = (MONDAY + timedelta(days=1)).date()
    with acting(bea):
        snooze_cases([Seen(case.key, the_case(kind="change_waits").version)], until, actor=bea, at=LATER)
    keep(case)
    with acting(INBOX):
        wake_cases(actor=INBOX, at=LATER + timedelta(days=1))
    keep(case, at=LATER + timedelta(days=1))

    assert clock_of(case).state == "running"
    assert the_case(kind="change_waits").due_at == case.due_at


def test_a_case_that_is_over_is_rid_of_a_clock_that_stopped_without_it(people):
    case = a_case(people)
    keep(case)
    with acting(CLOCKS):
        stop_clock(clock_of(case).key, "a hand on the database", actor=CLOCKS, at=LATER)
    decide(fresh(), people["bea"], "accept")
    review(fresh())

    review_all_case_clocks(at=LATER)

    assert the_case().clock is None


# --- nobody else's business ---------------------------------------------------------------------------------


def test_no_policy_makes_the_clock_of_a_case_a_suppliers(people):
    """Written by an older version: today it is refused as it is typed."""
    case = a_case(people)
    with acting(FEED):
        policy = ServicePolicy.objects.create(
            name="Theirs",
            kind=f"case.{case.kind}",
            target=8,
            target_unit="hours",
            whose="supplier",
            state="active",
            written_at=MONDAY,
            approved_at=MONDAY,
            approved_by="Max Manager",
        )
        LadderStep.objects.create(
            policy=policy, number=1, action="remind", anchor="start", amount=1, unit="hours"
        )
    keep(case)
    run(case, 24 * 5)

    assert clock_of(case).whose == "company"
    assert {"clock.overdue", "clock.step_reached"} <= set(told(case))
    with acting(people["asha"].actor):
        assert not AuditEvent.objects.filter(stream=case.stream).exists()


def test_the_story_of_a_case_says_in_words_whom_its_ladder_called(people):
    case = a_case(people)
    keep(case)
    at = run(case, 24 * 10)
    hear(case, ["clock.step_reached"], call_people, at)

    with acting(FEED):
        said = [entry.text for entry in story_of(events_of(the_case()))]

    assert said == [
        "Stand-in told",
        "Manager told",
        "Reminder sent",
        "It is overdue now",
        "Opened: Promise later than need",
    ]


def test_a_clock_whose_case_fell_asleep_or_woke_unheard_is_brought_along(people):
    case = a_case(people)
    keep(case)
    bea = people["bea"].actor
    with acting(bea):
        case = the_case()
        snooze_cases([Seen(case.key, case.version)], (LATER + timedelta(days=5)).date(), actor=bea, at=LATER)

    assert review_all_case_clocks(at=LATER) == 1
    assert clock_of(case).state == "paused"

    with acting(FEED):
        wake_cases(actor=INBOX, at=LATER + timedelta(days=9))
    assert review_all_case_clocks(at=LATER + timedelta(days=9)) == 1
    assert clock_of(case).state == "running"
    assert review_all_case_clocks(at=LATER + timedelta(days=9)) == 0


def test_when_the_ladder_reminds_whoever_was_asked_and_has_not_answered_is_reminded_too(people):
    case = a_case(people)
    with acting(people["bea"].actor):
        for question, at in (("Can it wait?", LATER), ("Answered already?", LATER)):
            command = AskTask(case.key, question, email="site@kelso.example")
            task = ask_task(command, actor=people["bea"].actor, at=at)
        answer_task(task.key, "Yes.", actor=people["bea"].actor, at=LATER)
    keep(case)
    at = run(case, 24 * 3)
    for _time in range(2):
        hear(case, ["clock.step_reached"], call_people, at)

    with acting(FEED):
        facts = AuditEvent.objects.filter(stream=case.stream, kind="case.task_reminded").values_list(
            "facts", flat=True
        )
        told = [(one["question"], one["email"], one["by"]) for one in facts]
    reminders = [action for action, _people in reminded(case) if action == "remind"]
    assert told == [("Can it wait?", "site@kelso.example", "Bea Buyer")] * len(reminders)
    assert reminders
