"""What people do with cases: own them, let them sleep, close and reopen them, write, ask, act."""

from datetime import UTC, date, datetime, timedelta

import pytest

from portal.kernel.errors import Duplicate, Invalid, NotAllowed, NotFound, StaleDocument
from portal.kernel.scope import acting
from procurement.calendars.policies import CLOSED, OFFICE_HOURS
from procurement.catalogue.models import Company
from procurement.changes.messages import WantedPiece, Wish
from procurement.clocks.models import StandIn
from procurement.clocks.services import write_office
from procurement.clocks.services.offices import WriteOffice
from procurement.inbox.messages import ActOnCase, Part, Seen, WriteFormula
from procurement.inbox.models import CaseLook, CaseNote, CaseTask, PriorityFormula
from procurement.inbox.queries.cases import others_looking
from procurement.inbox.queries.formulas import as_formula
from procurement.inbox.services.acting import (
    NothingToDecide,
    Verdict,
    act_on_case,
    act_on_cases,
    counter_on_case,
    verbs_for,
)
from procurement.inbox.services.formulas import (
    OwnWork,
    approve_formula,
    ask_for_formula,
    retire_formula,
    start_formula,
    try_formula,
    write_formula,
)
from procurement.inbox.services.ruling import (
    NotYours,
    WriteAbsence,
    WriteAssignment,
    drop_absence,
    drop_assignment,
    save_queue,
    write_absence,
    write_assignment,
)
from procurement.inbox.services.sweeping import sweep
from procurement.inbox.services.tasking import (
    AskTask,
    answer_task,
    ask_task,
    asked_person,
    key_in,
    token_of,
    withdraw_task,
)
from procurement.inbox.services.working import (
    StaleCase,
    assign_case,
    assign_cases,
    look_at,
    reopen_case,
    settle_case,
    snooze_case,
    wake_case,
    write_note,
)
from procurement.inbox.states import CaseState, CloseReason, OwnedBy
from suppliers.models import User
from tests.builders.changes import A_WEEK, an_agreed_order, propose, stands
from tests.builders.inbox import (
    LATER,
    a_case,
    a_late_order,
    answer,
    cases,
    decide,
    late,
    refusal,
    review,
    the_case,
    told,
)
from tests.builders.world import MONDAY, an_order, fresh, fresh_line
from tests.people import FEED

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def seen(case):
    return Seen(case.key, case.version)


def do(person, verb, *args, at=LATER, **words):
    with acting(person.actor):
        return verb(*args, actor=person.actor, at=at, **words)


# --- whose it is --------------------------------------------------------------------------------------------


def test_a_case_is_its_orders_buyers(people):
    case = a_case(people)

    assert (case.owner_id, case.holder_id, case.owned_by) == (
        people["bea"].user.pk,
        people["bea"].user.pk,
        OwnedBy.BUYER,
    )


def test_the_narrowest_rule_wins(people):
    max_, pia, bea = (people[name].user.pk for name in ("max", "pia", "bea"))
    do(people["root"], write_assignment, WriteAssignment(max_, site="LEEDS"))
    do(people["root"], write_assignment, WriteAssignment(pia, supplier="ACME"))
    do(people["root"], write_assignment, WriteAssignment(bea, supplier="ACME", item_group="valves"))
    do(people["root"], write_assignment, WriteAssignment(max_, item_group="valves", site="LEEDS"))

    case = a_case(people)

    assert (case.owner_id, case.owned_by) == (bea, OwnedBy.RULE)


def test_open_cases_follow_a_new_rule_but_for_what_a_person_gave(people):
    first, second = a_case(people), a_case(people, "4500000002")
    do(people["bea"], assign_case, seen(second), people["pia"].user.pk)

    do(people["root"], write_assignment, WriteAssignment(people["max"].user.pk, supplier="ACME"))

    owners = {case.pk: case.owner_id for case in cases()}
    assert owners == {first.pk: people["max"].user.pk, second.pk: people["pia"].user.pk}


def test_a_rule_that_is_taken_away_gives_cases_back(people):
    rule = do(people["root"], write_assignment, WriteAssignment(people["max"].user.pk, supplier="ACME"))
    a_case(people)

    do(people["root"], drop_assignment, rule.key)

    assert the_case().owner_id == people["bea"].user.pk


def test_who_stands_in_has_the_cases_and_gives_them_back(people):
    bea, max_ = people["bea"].user.pk, people["max"].user.pk
    a_case(people)
    do(people["bea"], write_absence, WriteAbsence(bea, max_, date(2026, 3, 4), date(2026, 3, 6)))
    assert the_case().holder_id == bea

    sweep(MONDAY + 2 * DAY)
    assert (the_case().owner_id, the_case().holder_id) == (bea, max_)
    sweep(MONDAY + 5 * DAY)

    assert (the_case().owner_id, the_case().holder_id) == (bea, bea)


def test_a_stand_in_who_is_away_too_hands_on(people):
    bea, max_, pia = (people[name].user.pk for name in ("bea", "max", "pia"))
    days = (date(2026, 3, 2), date(2026, 3, 6))
    do(people["root"], write_absence, WriteAbsence(bea, max_, *days))
    do(people["root"], write_absence, WriteAbsence(max_, pia, *days))

    assert a_case(people).holder_id == pia


def test_somebody_back_early_has_the_cases_at_once(people):
    bea, max_ = people["bea"].user.pk, people["max"].user.pk
    away = do(people["bea"], write_absence, WriteAbsence(bea, max_, date(2026, 3, 2), date(2026, 3, 6)))
    a_case(people)
    assert the_case().holder_id == max_

    do(people["bea"], drop_absence, away.key)

    assert the_case().holder_id == bea


def test_nobody_says_for_another_that_they_are_away(people):
    command = WriteAbsence(people["pia"].user.pk, people["bea"].user.pk, date(2026, 3, 2), date(2026, 3, 3))

    with pytest.raises(NotYours):
        do(people["bea"], write_absence, command)


def test_a_case_is_given_only_to_who_works_on_cases(people):
    with pytest.raises(Invalid, match="who works on cases"):
        do(people["bea"], assign_case, seen(a_case(people)), people["rex"].user.pk)


def test_forty_are_given_and_the_one_that_moved_says_so(people):
    first, second = a_case(people), a_case(people, "4500000002")
    do(people["bea"], write_note, second.key, "Hello")
    do(people["bea"], assign_case, seen(second), people["pia"].user.pk)

    outcomes = do(people["bea"], assign_cases, [seen(first), seen(second)], people["max"].user.pk)

    assert [bool(one.refusal) for one in outcomes] == [False, True]
    assert [case.holder_id for case in cases()] == [people["max"].user.pk, people["pia"].user.pk]


@pytest.mark.parametrize("name", ["rex", "otto", "ada"])
def test_who_only_reads_works_on_nothing(people, name):
    case = a_case(people)

    with pytest.raises(NotAllowed):
        do(people[name], assign_case, seen(case), people["bea"].user.pk)
    assert told(case) == ["case.opened"]


# --- sleep --------------------------------------------------------------------------------------------------


def test_a_case_sleeps_until_a_working_day_and_wakes_by_itself(people):
    case = a_case(people)

    case = do(people["bea"], snooze_case, seen(case), date(2026, 3, 7))  # a Saturday

    assert (case.state, case.snoozed_until.date()) == (CaseState.SNOOZED, date(2026, 3, 9))
    sweep(MONDAY + 6 * DAY)
    assert the_case().state == CaseState.SNOOZED
    sweep(MONDAY + 7 * DAY)
    assert the_case().state == CaseState.OPEN
    assert told(case) == ["case.opened", "case.snoozed", "case.awakened"]


def test_a_sleeper_wakes_when_its_cause_changes(people):
    case = a_case(people)
    do(people["bea"], snooze_case, seen(case), date(2026, 3, 9))

    answer(fresh(), people["asha"], refusal())
    review(fresh())

    assert (the_case().state, the_case().occurrences) == (CaseState.OPEN, 2)


def test_a_sleeper_is_woken_by_hand(people):
    case = do(people["bea"], snooze_case, seen(a_case(people)), date(2026, 3, 9))

    assert do(people["bea"], wake_case, seen(case)).state == CaseState.OPEN


@pytest.mark.parametrize("day", [date(2026, 3, 2), date(2027, 6, 1)])
def test_it_sleeps_neither_into_the_past_nor_for_ever(people, day):
    with pytest.raises(Invalid):
        do(people["bea"], snooze_case, seen(a_case(people)), day)


# --- the end ------------------------------------------------------------------------------------------------


def test_what_a_person_settled_stays_so_until_its_cause_changes(people):
    case = do(people["bea"], settle_case, seen(a_case(people)), "Spoke with Mei.")
    assert (case.closed_because, case.closed_by) == (CloseReason.SETTLED, "Bea Buyer")

    review(fresh())
    assert the_case().state == CaseState.RESOLVED
    answer(fresh(), people["asha"], late(20))
    review(fresh())

    assert (the_case().state, the_case().closed_note) == (CaseState.OPEN, "")


def test_what_was_opened_again_waits_for_a_person(people):
    a_case(people)
    decide(fresh(), people["bea"], "accept")
    review(fresh())

    do(people["bea"], reopen_case, seen(the_case()), "The paper is wrong.")
    review(fresh())

    assert the_case().state == CaseState.OPEN
    do(people["bea"], settle_case, seen(the_case()), "Done.")
    assert the_case().state == CaseState.RESOLVED


def test_a_stale_act_says_what_happened(people):
    case = a_case(people)
    decide(fresh(), people["max"], "accept")
    review(fresh())

    with pytest.raises(StaleCase, match="closed by itself meanwhile: It was accepted"):
        do(people["bea"], snooze_case, seen(case), date(2026, 3, 9))


# --- words --------------------------------------------------------------------------------------------------


def test_a_note_tells_those_it_means(people):
    case = a_case(people)

    note = do(
        people["bea"], write_note, case.key, "Hull can spare 110, @max and @pia.planner? (not x@y.example)"
    )

    assert note.mentions == sorted([people["max"].user.pk, people["pia"].user.pk])
    assert told(case) == ["case.opened", "case.noted", "case.mentioned"]


def test_an_empty_note_is_none(people):
    with pytest.raises(Invalid):
        do(people["bea"], write_note, a_case(people).key, "  ")
    with acting(FEED):
        assert not CaseNote.objects.exists()


def test_a_colleague_outside_purchasing_is_asked_and_answers(people):
    case = a_case(people)
    task = do(
        people["bea"],
        ask_task,
        AskTask(case.key, "Can the site wait?", person=people["rex"].user.pk, due_on=date(2026, 3, 4)),
    )

    with pytest.raises(NotAllowed):
        do(people["otto"], answer_task, task.key, "Yes.")
    do(people["rex"], answer_task, task.key, "Until Friday.")

    with acting(FEED):
        answered = CaseTask.objects.get()
    assert (answered.answer, answered.answered_by) == ("Until Friday.", "Rex Receiver")
    with pytest.raises(StaleDocument, match="Rex Receiver has answered"):
        do(people["bea"], withdraw_task, task.key)


def test_somebody_without_account_answers_by_a_sealed_address(people):
    case = a_case(people)
    task = do(people["bea"], ask_task, AskTask(case.key, "Is it urgent?", email="Site@Kelso.example"))
    with acting(FEED):
        task = CaseTask.objects.select_related("case").get(key=key_in(token_of(task)))
    person = asked_person(task)

    with acting(person):
        answer_task(task.key, "Very.", actor=person, at=LATER)

    with acting(FEED):
        assert CaseTask.objects.get().answered_by == "site@kelso.example"
    with pytest.raises(NotFound):
        key_in(token_of(task) + "x")


@pytest.mark.parametrize(
    ("question", "words"),
    [("", {"email": "a@b.example"}), ("Why?", {}), ("Why?", {"email": "nobody"}), ("Why?", {"person": 0})],
)
def test_a_question_names_what_is_missing(people, question, words):
    with pytest.raises(Invalid):
        do(people["bea"], ask_task, AskTask(a_case(people).key, question, **words))


# --- acting -------------------------------------------------------------------------------------------------


def test_accepting_on_the_case_agrees_and_closes_it(people):
    case = a_case(people)

    closed = do(people["bea"], act_on_case, ActOnCase(seen(case), "accept"))

    assert (closed.state, closed.closed_because) == (CaseState.RESOLVED, CloseReason.ACCEPTED)
    assert fresh_line().agreement == "agreed"


def test_declining_owes_a_reason(people):
    case = a_case(people)

    with pytest.raises(Invalid, match="Say why"):
        do(people["bea"], act_on_case, ActOnCase(seen(case), "decline"))
    closed = do(people["bea"], act_on_case, ActOnCase(seen(case), "decline", "transport", "By air?"))

    assert closed.closed_because == CloseReason.DECLINED
    assert fresh_line().agreement == "disputed"


def test_an_answer_that_moved_before_the_inbox_heard_of_it_is_not_accepted(people):
    case = a_case(people)
    answer(fresh(), people["asha"], late(30))

    with pytest.raises(StaleCase):
        do(people["bea"], act_on_case, ActOnCase(seen(case), "accept"))

    assert fresh_line().agreement == "answered"


def test_a_change_request_is_answered_on_its_case(people):
    change = propose(an_agreed_order(people["asha"]), people["asha"], A_WEEK)
    review(fresh())
    case = the_case()
    assert verbs_for(case, people["bea"].actor) == ["accept", "counter", "decline"]

    wish = Wish(pieces=(WantedPiece(None, date(2026, 4, 3)),))
    countered = do(people["bea"], counter_on_case, seen(case), wish)

    assert countered.closed_because == CloseReason.COUNTERED
    assert stands(change).round == 2


def test_forty_are_accepted_and_the_one_that_cannot_be_sinks_no_other(people):
    known = [a_case(people, f"45{n:08}") for n in range(4)]
    decide(known[1].order, people["max"], "accept")
    order = an_order("4600000000")
    sweep(order.acknowledge_by_at + DAY)
    overdue = the_case(order=order)

    outcomes = do(people["bea"], act_on_cases, [seen(case) for case in [*known, overdue]], Verdict("accept"))

    assert [bool(one.refusal) for one in outcomes] == [False, True, False, False, True]
    assert [case.state for case in cases(order__in=[one.order_id for one in known])] == ["resolved"] * 4


def test_a_case_that_needs_something_else_is_not_accepted(people):
    order = an_order()
    sweep(order.acknowledge_by_at + DAY)

    with pytest.raises(NothingToDecide):
        do(
            people["bea"],
            act_on_case,
            ActOnCase(seen(the_case()), "accept"),
            at=order.acknowledge_by_at + DAY,
        )


def test_who_may_not_decide_decides_nothing_on_a_case_either(people):
    case = a_case(people)

    assert verbs_for(case, people["pia"].actor) == []
    with pytest.raises(NotAllowed):
        do(people["pia"], act_on_case, ActOnCase(seen(case), "accept"))


# --- who looks at it ----------------------------------------------------------------------------------------


def test_the_second_sees_the_first_for_a_minute(people):
    case = a_case(people)
    do(people["bea"], look_at, case)

    with acting(people["max"].actor):
        looks = others_looking(case, people["max"].actor, LATER + timedelta(seconds=50))
        gone = others_looking(case, people["max"].actor, LATER + timedelta(seconds=70))

    assert [(look.user.name, look.since) for look in looks] == [("Bea Buyer", LATER)]
    assert gone == []


def test_looking_on_is_one_look_and_coming_back_another(people):
    case = a_case(people)
    for seconds in (0, 30, 60):
        do(people["bea"], look_at, case, at=LATER + timedelta(seconds=seconds))
    with acting(FEED):
        assert CaseLook.objects.get().since == LATER

    do(people["bea"], look_at, case, at=LATER + timedelta(minutes=10))

    with acting(FEED):
        assert CaseLook.objects.get().since == LATER + timedelta(minutes=10)


# --- queues and formulas ------------------------------------------------------------------------------------


def test_a_queue_has_its_name_once(people):
    do(people["bea"], save_queue, "Leeds", "view=team&site=LEEDS", team=True)

    with pytest.raises(Duplicate):
        do(people["max"], save_queue, "Leeds", "view=mine", team=True)
    do(people["max"], save_queue, "Leeds", "view=mine", team=False)


def a_formula(people, *parts, urgency="1"):
    draft = do(people["root"], start_formula, "Value first")
    command = WriteFormula(draft.key, draft.version, "Value first", parts, urgency)
    return do(people["root"], write_formula, command)


def test_a_formula_counts_once_somebody_else_has_looked_at_it(people):
    case = a_case(people)
    formula = a_formula(people, Part("Value", "value / 10"))
    formula = do(people["root"], ask_for_formula, formula.key, formula.version)
    with pytest.raises(OwnWork):
        do(people["root"], approve_formula, formula.key, formula.version)
    assert the_case().score == case.score

    do(people["max"], approve_formula, formula.key, formula.version)

    assert (the_case().score, the_case().parts) == (69, [{"name": "Value", "points": 69}])
    with acting(FEED):
        formula = PriorityFormula.objects.get()
    do(people["max"], retire_formula, formula.key, formula.version, "Back to the old one.")
    assert the_case().score == case.score


def test_a_dry_run_says_which_cases_move_and_writes_nothing(people):
    very_late = a_late_order(people["asha"], "4500000001", days=20)
    a_little_late = a_late_order(people["asha"], "4500000002", days=2)
    review(very_late, a_little_late)
    formula = a_formula(people, Part("Soon", "100 - days_late"))
    before = [(case.pk, case.score) for case in cases()]

    with acting(people["root"].actor):
        run = try_formula(as_formula(formula))

    assert (run.cases, run.moved) == (2, 2)
    assert [(one.case.order.number, one.by) for one in run.rises] == [("4500000002", 1)]
    assert [(one.case.order.number, one.by) for one in run.falls] == [("4500000001", -1)]
    assert [(case.pk, case.score) for case in cases()] == before


def test_a_formula_that_cannot_be_read_is_not_kept(people):
    draft = do(people["root"], start_formula, "Bad")

    with pytest.raises(Invalid) as refused:
        do(
            people["root"],
            write_formula,
            WriteFormula(draft.key, draft.version, "Bad", (Part("A", "nothing"),), "1", {"usd": "x"}),
        )

    assert [one.field for one in refused.value.problems] == ["part.0", "rate.usd"]


def test_a_buyer_writes_no_formula(people):
    with pytest.raises(NotAllowed):
        do(people["bea"], start_formula, "Mine first")


# --- people come and go -------------------------------------------------------------------------------------


def leaves(person):
    with acting(FEED):
        User.objects.filter(pk=person.user.pk).update(is_active=False)


def away(person, stand_in, on=LATER):
    with acting(FEED):
        StandIn.objects.create(
            person=person.user,
            stand_in=stand_in.user,
            from_on=on.date(),
            until_on=on.date(),
            written_at=on,
            written_by=person.user.name,
        )


def test_the_cases_of_who_has_left_go_to_those_whose_they_are_by_rule(people):
    case = a_case(people)
    do(people["bea"], assign_case, seen(case), people["bea"].user.pk)
    leaves(people["bea"])

    sweep(LATER)
    assert (the_case().owner, the_case().holder, the_case().owned_by) == (None, None, OwnedBy.NOBODY)

    do(people["root"], write_assignment, WriteAssignment(people["max"].user.pk, supplier="ACME"))
    assert the_case().holder_id == people["max"].user.pk


def test_who_works_on_cases_no_more_stands_in_for_nobody(people):
    a_case(people)
    away(people["bea"], people["root"])
    sweep(LATER)
    assert the_case().holder_id == people["root"].user.pk

    leaves(people["root"])
    sweep(LATER + timedelta(minutes=1))

    assert the_case().holder_id == people["bea"].user.pk


def test_who_takes_a_case_while_away_keeps_it_until_the_next_absence(people):
    a_case(people)
    bea, root = people["bea"].user.pk, people["root"].user.pk
    away(people["bea"], people["root"])
    sweep(LATER)
    do(people["bea"], assign_case, seen(the_case()), bea)

    sweep(LATER + timedelta(minutes=1))
    assert (the_case().holder_id, the_case().owned_by) == (bea, OwnedBy.TAKEN)

    sweep(LATER + DAY)
    assert (the_case().holder_id, the_case().owned_by) == (bea, OwnedBy.PERSON)

    away(people["bea"], people["root"], LATER + 2 * DAY)
    sweep(LATER + 2 * DAY)
    assert the_case().holder_id == root


def test_a_day_has_passed_when_it_has_where_we_are(people):
    case = a_case(people)
    with acting(FEED):
        Company.objects.update(time_zone="America/Los_Angeles")
    evening = datetime(2026, 3, 5, 2, tzinfo=UTC)  # still the 4th there
    today = date(2026, 3, 4)

    do(people["bea"], ask_task, AskTask(case.key, "Where?", people["rex"].user.pk, due_on=today), at=evening)
    absence = WriteAbsence(people["bea"].user.pk, people["root"].user.pk, today, today)
    do(people["bea"], write_absence, absence, at=evening)

    assert the_case().holder_id == people["root"].user.pk


def test_a_case_wakes_on_a_day_on_which_we_work(people):
    """Not on a day that the company has closed besides its country's holidays."""
    case = a_case(people)
    shutdown = tuple((date(2026, 3, day), "Stock-taking") for day in (11, 12))
    hours = WriteOffice(
        (OFFICE_HOURS,) * 5 + (CLOSED,) * 2, company="NM", time_zone="Europe/London", closed_on=shutdown
    )
    do(people["root"], write_office, hours)

    case = do(people["bea"], snooze_case, seen(case), date(2026, 3, 11))

    assert case.snoozed_until.date() == date(2026, 3, 13)


def test_an_answer_is_kept_whole_or_refused(people):
    case = a_case(people)
    task = do(people["bea"], ask_task, AskTask(case.key, "Where?", people["rex"].user.pk))

    with pytest.raises(Invalid, match="At most 5000"):
        do(people["rex"], answer_task, task.key, "x" * 5001)
