"""Policies and what they decide, as stories."""

import uuid
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext

from portal.kernel.audit.models import AuditEvent
from portal.kernel.errors import IllegalTransition, Invalid, NotAllowed, NotFound, StaleDocument
from portal.kernel.outbox.models import OutboxMessage
from portal.kernel.scope import acting
from procurement.acknowledgments.messages import AcknowledgeOrder, AnswerPiece, DecideAnswer, LineAnswer
from procurement.acknowledgments.services import (
    acknowledge_order,
    decide_answer,
    reopen_decision,
    withdraw_acknowledgment,
)
from procurement.catalogue.models import Company
from procurement.orders.messages import SchedulePaper
from procurement.orders.models import Promise, ScheduleLine
from procurement.threads.models import Message
from procurement.tolerances.messages import (
    Direction,
    Inside,
    Joined,
    Level,
    Limit,
    Measure,
    Outside,
    Scope,
    WriteRule,
)
from procurement.tolerances.models import ToleranceDecision, TolerancePolicy, ToleranceRule
from procurement.tolerances.queries import live_policy
from procurement.tolerances.services import (
    OwnWork,
    approve_policy,
    ask_approval,
    drop_rule,
    hand_back_policy,
    mark_seen,
    resume_rules,
    retire_policy,
    start_policy,
    stop_rules,
    write_rule,
)
from tests.builders.tolerances import a_draft, a_rule, an_active_policy
from tests.builders.world import MONDAY, a_line, a_paper, an_order, fresh, fresh_line, receive
from tests.people import FEED

pytestmark = pytest.mark.django_db

LATER = MONDAY + timedelta(hours=1)
FIVE_DAYS = a_rule(absolute=5)


def answer(order, person, *answers, at=LATER, **rest):
    with acting(person.actor):
        command = AcknowledgeOrder(order.key, order.version, tuple(answers), **rest)
        return acknowledge_order(command, actor=person.actor, at=at)


def piece(quantity=100, *, late=0, **said):
    if late:
        said["delivery_on"] = date(2026, 4, 1) + timedelta(days=late)
    return AnswerPiece(Decimal(quantity), **said)


def line(*pieces, key="L10"):
    return LineAnswer(key, pieces)


def decisions(person=None):
    with acting(person.actor if person else FEED):
        return list(ToleranceDecision.objects.order_by("line_number"))


def told_erp():
    with acting(FEED):
        return list(OutboxMessage.objects.filter(topic="erp").order_by("id"))


def promises(number=10):
    with acting(FEED):
        live = Promise.objects.filter(line__number=number, state__in=["proposed", "agreed"])
        return list(live.order_by("piece"))


def company():
    with acting(FEED):
        return Company.objects.get()


# --- at the moment of the answer ----------------------------------------------------------------------------


def test_what_lies_inside_is_agreed_at_once_and_told_to_the_erp(people):
    an_active_policy(people, FIVE_DAYS)
    order = an_order(lines=2)

    done = answer(order, people["asha"], line(piece(late=3)), rest_as_asked=True)

    assert (done.settled.as_asked, done.settled.by_rule, done.settled.waiting) == ((20,), (10,), ())
    assert (done.paper.lines_as_asked, done.paper.lines_by_rule, done.paper.lines_changed) == (1, 1, 0)
    agreed = fresh_line(10)
    assert (agreed.agreement, agreed.turn, agreed.expected_on) == ("agreed", "", date(2026, 4, 4))
    (promise,) = promises()
    assert (promise.by_rule, promise.decided_by) == (True, "by rule: Promises 2026")
    (message,) = told_erp()
    assert [told["key"] for told in message.payload["lines"]] == ["L10", "L20"]


def test_each_decision_keeps_the_rule_its_inputs_and_its_limit_for_both_sides(people):
    policy = an_active_policy(people, FIVE_DAYS)
    order = an_order(lines=1)
    answer(order, people["asha"], line(piece(late=3)))

    (kept,) = decisions(people["asha"])

    assert (kept.outcome, kept.policy_name, kept.policy_id) == ("accepted", "Promises 2026", policy.pk)
    (check,) = [one for one in kept.checks if one["measure"] == "date"]
    assert (check["expected"], check["actual"], check["limit"]) == ("2026-04-01", "2026-04-04", "5")
    assert (check["rule"]["number"], check["rule"]["absolute"], check["result"]) == (1, "5.000000", "inside")
    assert decisions(people["gil"]) == []


def test_the_trail_says_that_a_rule_agreed(people):
    an_active_policy(people, FIVE_DAYS)
    order = an_order(lines=1)
    answer(order, people["asha"], line(piece(late=3)))

    with acting(FEED):
        event = AuditEvent.objects.get(kind="order.agreed_by_rule")
    assert (event.channel, event.actor_label, event.internal) == ("rule", "tolerances", False)
    assert event.facts == {
        "order": "4500000001",
        "policy": "Promises 2026",
        "lines": [10],
        "line_count": 1,
        "rules": [1],
    }


def test_what_lies_outside_waits_for_the_buyer_and_says_why(people):
    an_active_policy(people, FIVE_DAYS)
    order = an_order(lines=1)

    done = answer(order, people["asha"], line(piece(late=6)))

    assert (done.settled.by_rule, done.settled.waiting) == ((), (10,))
    assert told_erp() == []
    (kept,) = decisions()
    assert kept.outcome == "asked"


def test_without_an_active_policy_all_is_as_it_was(people):
    a_draft(people["bea"], FIVE_DAYS)
    order = an_order(lines=1)

    done = answer(order, people["asha"], line(piece(late=3)))

    assert (done.settled.by_rule, done.settled.waiting) == ((), (10,))
    assert decisions() == []


def test_a_measure_that_no_rule_speaks_of_still_needs_a_buyer(people):
    an_active_policy(people, FIVE_DAYS)
    order = an_order(lines=1)

    done = answer(order, people["asha"], line(piece(late=3, price=Decimal("6.86"))))

    assert done.settled.waiting == (10,)


@pytest.mark.parametrize("kind", ["substitute", "backorder"])
def test_no_rule_takes_another_item_or_a_backorder(people, kind):
    an_active_policy(people, a_rule())
    order = an_order(lines=1)

    done = answer(order, people["asha"], line(piece(late=3, kind=kind, item_number="A-16")))

    assert done.settled.waiting == (10,)


def test_a_split_needs_a_rule_of_its_own(people):
    an_active_policy(people, FIVE_DAYS)
    order = an_order(lines=1)
    answer(order, people["asha"], line(piece(60), piece(40, late=3)))

    assert [one.state for one in promises()] == ["proposed", "proposed"]


def test_pieces_inside_are_agreed_and_the_others_wait(people):
    an_active_policy(people, FIVE_DAYS, a_rule(Measure.DELIVERIES, absolute=1))
    order = an_order(lines=1)

    done = answer(order, people["asha"], line(piece(60, late=2), piece(40, late=9)))

    assert [(one.state, one.by_rule) for one in promises()] == [("agreed", True), ("proposed", False)]
    assert (done.settled.by_rule, done.settled.waiting) == ((), (10,))
    assert told_erp() == []
    (kept,) = decisions()
    assert kept.outcome == "partly"


def test_the_buyer_decides_on_the_rest_and_the_erp_hears_of_the_whole_line(people):
    an_active_policy(people, FIVE_DAYS, a_rule(Measure.DELIVERIES, absolute=1))
    order = an_order(lines=1)
    answer(order, people["asha"], line(piece(60, late=2), piece(40, late=9)))
    order = fresh()

    with acting(people["bea"].actor):
        command = DecideAnswer(order.key, order.version, "accept")
        decide_answer(command, actor=people["bea"].actor, at=LATER)

    assert fresh_line().agreement == "agreed"
    (message,) = told_erp()
    assert len(message.payload["lines"][0]["pieces"]) == 2


def test_an_answer_partly_agreed_by_rule_can_be_taken_back_whole(people):
    an_active_policy(people, FIVE_DAYS)
    two = (SchedulePaper(Decimal(60), date(2026, 4, 1)), SchedulePaper(Decimal(40), date(2026, 4, 8)))
    order = an_order(lines=[a_line(schedules=two)])
    done = answer(order, people["asha"], line(piece(60), piece(40, late=30)))
    assert [one.state for one in promises()] == ["agreed", "proposed"]

    with acting(people["asha"].actor):
        lines = withdraw_acknowledgment(done.paper.key, actor=people["asha"].actor, at=LATER)

    assert lines == (10,)
    assert (fresh_line().agreement, promises()) == ("awaiting", [])
    with acting(FEED):
        assert {one.first_agreed_on for one in ScheduleLine.objects.all()} == {None}


def test_a_line_agreed_by_rule_is_not_taken_back(people):
    an_active_policy(people, FIVE_DAYS)
    order = an_order(lines=1)
    done = answer(order, people["asha"], line(piece(late=3)))

    with acting(people["asha"].actor), pytest.raises(StaleDocument, match="agreed at once"):
        withdraw_acknowledgment(done.paper.key, actor=people["asha"].actor, at=LATER)


def test_a_shortage_inside_is_taken_with_its_refusal(people):
    short = a_rule(Measure.QUANTITY, percent=5, direction=Direction.UNDER)
    an_active_policy(people, short)
    order = an_order(lines=1)
    refused = piece(5, kind="refuse", reason="material_shortage")

    done = answer(order, people["asha"], line(piece(95), refused))

    assert done.settled.by_rule == (10,)
    assert fresh_line().agreement == "agreed"


def test_a_whole_line_refused_inside_stays_refused_and_nobody_decides(people):
    an_active_policy(people, a_rule(Measure.QUANTITY, direction=Direction.UNDER))
    order = an_order(lines=1)

    done = answer(order, people["asha"], line(piece(kind="refuse", reason="obsolete_item")))

    assert (done.settled.by_rule, done.settled.refused) == ((10,), ())
    refused = fresh_line()
    assert (refused.agreement, refused.turn, refused.is_settled) == ("refused", "", True)
    assert len(told_erp()) == 1


def test_a_limit_on_the_line_holds_beside_the_one_on_the_price(people):
    ten_percent = a_rule(Measure.UNIT_PRICE, percent=10)
    fifty_euros = a_rule(Measure.LINE_AMOUNT, absolute=50, unit="EUR")
    an_active_policy(people, ten_percent, fifty_euros)
    order = an_order(lines=[a_line(10), a_line(20, quantity=Decimal(1000))])

    dear = [line(piece(100, price=Decimal("7.30"))), line(piece(1000, price=Decimal("7.30")), key="L20")]
    done = answer(order, people["asha"], *dear)

    # 45 more on the first line, 450 on the second.
    assert (done.settled.by_rule, done.settled.waiting) == ((10,), (20,))


def test_a_limit_on_the_whole_order_counts_what_stands_on_other_lines(people):
    dearer = a_rule(Measure.UNIT_PRICE, percent=10)
    in_all = a_rule(Measure.DOCUMENT_AMOUNT, absolute=60, unit="EUR")
    an_active_policy(people, dearer, in_all)
    order = an_order(lines=2)

    first = answer(order, people["asha"], line(piece(price=Decimal("7.25"))))
    second = answer(fresh(), people["asha"], line(piece(price=Decimal("7.25")), key="L20"))

    # 40 more, then 80 more in all.
    assert (first.settled.by_rule, second.settled.waiting) == ((10,), (20,))


def test_what_was_declined_does_not_stand_on_the_whole_order(people):
    dearer = a_rule(Measure.UNIT_PRICE, percent=10)
    in_all = a_rule(Measure.DOCUMENT_AMOUNT, absolute=20, unit="EUR")
    an_active_policy(people, dearer, in_all)
    bea = people["bea"].actor
    answer(an_order(lines=2), people["asha"], line(piece(price=Decimal("7.25")), key="L20"))
    order = fresh()
    with acting(bea):
        command = DecideAnswer(order.key, order.version, "decline", lines=frozenset({"L20"}), reason="No.")
        decide_answer(command, actor=bea, at=LATER)

    done = answer(fresh(), people["asha"], line(piece(price=Decimal("6.95"))))

    # 10 more in all: the 40 more that were declined are no part of it.
    assert done.settled.by_rule == (10,)


def test_a_price_for_a_hundred_is_compared_for_one(people):
    an_active_policy(people, a_rule(Measure.UNIT_PRICE, percent=2))
    order = an_order(lines=[a_line(price=Decimal(685), price_per=Decimal(100))])

    done = answer(order, people["asha"], line(piece(price=Decimal("6.987"), price_per=Decimal(1))))

    assert done.settled.by_rule == (10,)


def test_rules_for_another_supplier_leave_this_one_alone(people):
    an_active_policy(people, replace(FIVE_DAYS, scope=Scope(Level.SUPPLIER, supplier="GLOBEX")))
    order = an_order(lines=1)

    assert answer(order, people["asha"], line(piece(late=3))).settled.waiting == (10,)


@pytest.mark.parametrize(
    "scope",
    [
        Scope(Level.SEGMENT, segment="core"),
        Scope(Level.SUPPLIER, supplier="ACME"),
        Scope(Level.ITEM_GROUP, item_group="valves"),
        Scope(Level.ITEM, item="VALVE-15"),
        Scope(Level.SUPPLIER_ITEM, supplier="ACME", item="VALVE-15"),
        Scope(Level.ORDER_LINE, order="4500000001", line="10"),
    ],
    ids=lambda scope: scope.level.value,
)
def test_every_scope_is_found(people, scope):
    an_active_policy(people, a_rule(absolute=0), replace(FIVE_DAYS, scope=scope))
    order = an_order(lines=1)

    assert answer(order, people["asha"], line(piece(late=3))).settled.by_rule == (10,)


def test_rules_begin_and_end_with_the_companys_days(people):
    an_active_policy(people, replace(FIVE_DAYS, valid_from=date(2026, 3, 3)))
    order = an_order(lines=2)
    # 2 March, 23:59 in Leeds, where it is 3 March in Pune already; then a minute past midnight in Leeds.
    evening = MONDAY.replace(hour=23, minute=59)

    first = answer(order, people["asha"], line(piece(late=3)), at=evening)
    second = answer(
        fresh(), people["asha"], line(piece(late=3), key="L20"), at=evening + timedelta(minutes=2)
    )

    assert (first.settled.waiting, second.settled.by_rule) == ((10,), (20,))


# --- refused at entry ---------------------------------------------------------------------------------------


def test_refuse_at_entry_tells_the_supplier_at_the_field(people):
    an_active_policy(people, a_rule(absolute=30, outside=Outside.REFUSE))
    order = an_order(lines=1)

    with pytest.raises(Invalid) as refused:
        answer(order, people["asha"], line(piece(late=31)))

    (problem,) = refused.value.problems
    assert (problem.field, problem.code, problem.line, problem.value) == (
        "delivery_on.0",
        "outside_tolerance",
        "10",
        "2 May 2026",
    )
    assert problem.message == (
        "31 days late, where 30 days are allowed. The buyer takes no promise beyond that: change it, or write to "
        "the buyer."
    )
    assert promises() == []
    assert decisions() == []


def test_what_is_refused_at_entry_is_told_at_the_row_that_was_typed(people):
    a_split = a_rule(Measure.DELIVERIES, absolute=5)
    an_active_policy(people, a_rule(absolute=5, outside=Outside.REFUSE), a_split)
    halves = (SchedulePaper(Decimal(50), date(2026, 4, 1)), SchedulePaper(Decimal(50), date(2026, 4, 8)))
    order = an_order(lines=[a_line(schedules=halves)])

    def fields_of(*pieces):
        with pytest.raises(Invalid) as refused:
            answer(order, people["asha"], line(*pieces))
        return [problem.field for problem in refused.value.problems]

    # The second delivery first.
    assert fields_of(piece(50, late=40, schedule_key=2), piece(50, schedule_key=1)) == ["delivery_on.0"]
    # One day for both deliveries, each refused for as many days as it is late.
    assert fields_of(piece(100, late=40)) == ["delivery_on.0", "delivery_on.0"]


def test_a_buyer_on_the_phone_is_refused_nothing(people):
    an_active_policy(people, a_rule(absolute=30, outside=Outside.REFUSE))
    order = an_order(lines=1)

    assert answer(order, people["bea"], line(piece(late=31))).settled.waiting == (10,)


# --- a policy's life ----------------------------------------------------------------------------------------


def test_nobody_approves_what_they_wrote_themselves(people):
    draft = a_draft(people["max"], FIVE_DAYS)
    with acting(people["bea"].actor):
        draft = ask_approval(draft.key, draft.version, actor=people["bea"].actor, at=MONDAY)

    with acting(people["max"].actor), pytest.raises(OwnWork):
        approve_policy(draft.key, draft.version, actor=people["max"].actor, at=MONDAY)
    with acting(people["root"].actor):
        approved = approve_policy(draft.key, draft.version, actor=people["root"].actor, at=MONDAY)

    assert (approved.state, approved.approved_by) == ("active", "Root Admin")


def test_who_only_asked_is_an_author_too(people):
    draft = a_draft(people["bea"], FIVE_DAYS)
    with acting(people["max"].actor):
        draft = ask_approval(draft.key, draft.version, actor=people["max"].actor, at=MONDAY)

    with acting(people["max"].actor), pytest.raises(OwnWork):
        approve_policy(draft.key, draft.version, actor=people["max"].actor, at=MONDAY)


def test_a_copy_of_what_nobody_has_approved_is_still_its_authors_work(people):
    draft = a_draft(people["max"], FIVE_DAYS)
    bea, root = people["bea"].actor, people["root"].actor
    with acting(bea):
        copy = start_policy(draft.company_id, "The same", copy_of=draft.key, actor=bea, at=MONDAY)
        copy = ask_approval(copy.key, copy.version, actor=bea, at=MONDAY)

    with acting(people["max"].actor), pytest.raises(OwnWork):
        approve_policy(copy.key, copy.version, actor=people["max"].actor, at=MONDAY)
    with acting(root):
        approved = approve_policy(copy.key, copy.version, actor=root, at=MONDAY)

    # What somebody else has looked at once may be copied, and the copy is its writer's alone.
    with acting(bea):
        again = start_policy(draft.company_id, "Again", copy_of=approved.key, actor=bea, at=MONDAY)
    assert again.authors == [people["bea"].user.pk]


def test_a_buyer_writes_and_does_not_approve(people):
    draft = a_draft(people["max"], FIVE_DAYS)
    with acting(people["max"].actor):
        draft = ask_approval(draft.key, draft.version, actor=people["max"].actor, at=MONDAY)

    with acting(people["bea"].actor), pytest.raises(NotAllowed):
        approve_policy(draft.key, draft.version, actor=people["bea"].actor, at=MONDAY)


@pytest.mark.parametrize("name", ["pia", "otto", "ada", "asha"])
def test_who_neither_buys_nor_administers_writes_no_rules(people, name):
    with acting(FEED):
        pk = company().pk
    with acting(people[name].actor), pytest.raises(NotAllowed):
        start_policy(pk, "Mine", actor=people[name].actor, at=MONDAY)


def test_a_new_policy_takes_the_place_of_the_one_before(people):
    first = an_active_policy(people, FIVE_DAYS)
    with acting(people["bea"].actor):
        second = start_policy(
            first.company_id, "Promises 2027", copy_of=first.key, actor=people["bea"].actor, at=LATER
        )
        (rule,) = second.rules.all()
        changed = replace(rule.as_rule(), limit=Limit(Decimal(2)))
        write_rule(
            WriteRule(second.key, second.version, changed, key=rule.key), actor=people["bea"].actor, at=LATER
        )
        second = ask_approval(second.key, 2, actor=people["bea"].actor, at=LATER)
    with acting(people["max"].actor):
        approve_policy(second.key, second.version, actor=people["max"].actor, at=LATER)

    with acting(FEED):
        states = dict(TolerancePolicy.objects.values_list("name", "state"))
        limits = dict(ToleranceRule.objects.values_list("policy__name", "absolute"))
        live = live_policy(first.company_id, "promise")
    assert states == {"Promises 2026": "retired", "Promises 2027": "active"}
    assert limits == {"Promises 2026": Decimal(5), "Promises 2027": Decimal(2)}
    assert live.name == "Promises 2027"


def test_what_is_active_is_never_edited(people):
    policy = an_active_policy(people, FIVE_DAYS)
    with acting(people["bea"].actor):
        (rule,) = policy.rules.all()
        for act in (
            lambda: write_rule(
                WriteRule(policy.key, policy.version, FIVE_DAYS), actor=people["bea"].actor, at=LATER
            ),
            lambda: drop_rule(policy.key, policy.version, rule.key, actor=people["bea"].actor, at=LATER),
        ):
            with pytest.raises(IllegalTransition, match="no draft any more"):
                act()


def test_a_draft_somebody_else_changed_meanwhile_is_told(people):
    draft = a_draft(people["bea"], FIVE_DAYS)
    seen = draft.version
    with acting(people["max"].actor):
        write_rule(WriteRule(draft.key, seen, a_rule(absolute=0)), actor=people["max"].actor, at=LATER)

    with acting(people["bea"].actor), pytest.raises(StaleDocument):
        ask_approval(draft.key, seen, actor=people["bea"].actor, at=LATER)


def test_handed_back_with_a_reason_it_is_a_draft_again(people):
    draft = a_draft(people["bea"], FIVE_DAYS)
    with acting(people["bea"].actor):
        draft = ask_approval(draft.key, draft.version, actor=people["bea"].actor, at=LATER)
    with acting(people["max"].actor):
        with pytest.raises(Invalid, match="Say why"):
            hand_back_policy(draft.key, draft.version, " ", actor=people["max"].actor, at=LATER)
        draft = hand_back_policy(
            draft.key, draft.version, "Five days are too many.", actor=people["max"].actor, at=LATER
        )

    assert draft.state == "draft"


def test_every_change_of_a_draft_is_kept_and_none_reaches_a_supplier(people):
    draft = a_draft(people["bea"], FIVE_DAYS)
    with acting(people["bea"].actor):
        (rule,) = draft.rules.all()
        drop_rule(draft.key, draft.version, rule.key, actor=people["bea"].actor, at=LATER)

    with acting(FEED):
        events = AuditEvent.objects.filter(stream=draft.stream).order_by("id")
        assert [event.kind for event in events] == [
            "tolerances.drafted",
            "tolerances.rule_added",
            "tolerances.rule_dropped",
        ]
        assert all(event.internal for event in events)
        assert events[1].facts["rule"]["absolute"] == "5"


def test_an_empty_policy_is_not_approved(people):
    draft = a_draft(people["bea"])
    with acting(people["bea"].actor), pytest.raises(IllegalTransition, match="without rules"):
        ask_approval(draft.key, draft.version, actor=people["bea"].actor, at=LATER)


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        (a_rule(absolute=5, scope=Scope(Level.SUPPLIER, supplier="ACNE")), "supplier"),
        (a_rule(absolute=5, scope=Scope(Level.ITEM, item="VALVE-99")), "item"),
        (a_rule(absolute=5, scope=Scope(Level.ITEM_GROUP, item_group="valve")), "item_group"),
        (a_rule(Measure.QUANTITY, absolute=5, unit="box"), "unit"),
        (a_rule(Measure.UNIT_PRICE, absolute=5, unit="euro"), "unit"),
        (a_rule(percent=5), "percent"),
    ],
    ids=str,
)
def test_a_slip_of_the_keys_makes_no_rule_that_never_counts(people, rule, field):
    draft = a_draft(people["bea"])

    with acting(people["bea"].actor), pytest.raises(Invalid) as refused:
        write_rule(WriteRule(draft.key, draft.version, rule), actor=people["bea"].actor, at=LATER)

    assert field in [problem.field for problem in refused.value.problems]


def test_zero_and_not_set_are_kept_apart(people):
    both = replace(a_rule(), limit=Limit(Decimal(0), None, Joined.AND))
    policy = a_draft(people["bea"], both, a_rule(direction=Direction.UNDER))

    with acting(FEED):
        limits = [rule.as_rule().limit for rule in policy.rules.order_by("number")]
    assert [limit.absolute for limit in limits] == [Decimal(0), None]


# --- the switch ---------------------------------------------------------------------------------------------


def test_one_switch_stops_everything_automatic_and_somebody_else_lets_it_act_again(people):
    an_active_policy(people, FIVE_DAYS)
    order = an_order(lines=2)
    bea, boss = people["bea"].actor, people["max"].actor
    with acting(bea):
        stop_rules(company().pk, "Acme's dates are wrong today.", actor=bea, at=LATER)

    stopped = answer(order, people["asha"], line(piece(late=3)))
    with acting(bea), pytest.raises(NotAllowed):
        resume_rules(company().pk, "Fine again.", actor=bea, at=LATER)
    with acting(boss):
        resume_rules(company().pk, "Fine again.", actor=boss, at=LATER)
    resumed = answer(fresh(), people["asha"], line(piece(late=3), key="L20"))

    assert (stopped.settled.waiting, resumed.settled.by_rule) == ((10,), (20,))


def test_to_stop_takes_a_reason_and_is_done_once(people):
    bea = people["bea"].actor
    with acting(bea):
        pk = company().pk
        with pytest.raises(Invalid, match="Say why"):
            stop_rules(pk, "", actor=bea, at=LATER)
        stop_rules(pk, "Audit.", actor=bea, at=LATER)
        with pytest.raises(StaleDocument, match="stopped already"):
            stop_rules(pk, "Audit.", actor=bea, at=LATER)


def test_a_retired_policy_decides_nothing_any_more(people):
    policy = an_active_policy(people, FIVE_DAYS)
    with acting(people["bea"].actor):
        retire_policy(policy.key, policy.version, "Too wide.", actor=people["bea"].actor, at=LATER)

    order = an_order(lines=1)
    assert answer(order, people["asha"], line(piece(late=3))).settled.waiting == (10,)


# --- looking back, and opening again ------------------------------------------------------------------------


def reopen(decision, person, reason="We need them on 1 April after all."):
    with acting(person.actor):
        return reopen_decision(decision.key, reason, actor=person.actor, at=LATER)


def test_what_a_rule_agreed_to_is_opened_again_with_words_the_supplier_reads(people):
    an_active_policy(people, FIVE_DAYS)
    order = an_order(lines=1)
    answer(order, people["asha"], line(piece(late=3)))
    (kept,) = decisions()

    opened = reopen(kept, people["bea"])

    asked = fresh_line()
    assert (asked.agreement, asked.turn, asked.expected_on) == ("awaiting", "supplier", date(2026, 4, 1))
    assert (opened.reopened_by, opened.reopen_reason) == ("Bea Buyer", "We need them on 1 April after all.")
    with acting(people["asha"].actor):
        assert [message.body for message in Message.objects.all()] == ["We need them on 1 April after all."]
    # What was told to the ERP is not unsent: the next answer tells it anew.
    assert len(told_erp()) == 1
    answer(fresh(), people["asha"], rest_as_asked=True)
    assert len(told_erp()) == 2


def test_it_is_opened_once_with_a_reason_by_a_buyer(people):
    an_active_policy(people, FIVE_DAYS)
    answer(an_order(lines=1), people["asha"], line(piece(late=3)))
    (kept,) = decisions()

    with pytest.raises(Invalid, match="Say what is needed"):
        reopen(kept, people["bea"], " ")
    for name in ("asha", "ada", "otto"):
        with pytest.raises(NotAllowed):
            reopen(kept, people[name])
    reopen(kept, people["bea"])
    with pytest.raises(StaleDocument, match="opened this again already"):
        reopen(kept, people["bea"])


def test_a_stranger_cannot_even_find_it(people):
    an_active_policy(people, FIVE_DAYS)
    answer(an_order(lines=1), people["asha"], line(piece(late=3)))
    (kept,) = decisions()

    with acting(people["gil"].actor), pytest.raises((NotFound, NotAllowed)):
        reopen_decision(kept.key, "Mine.", actor=people["gil"].actor, at=LATER)


def test_what_has_moved_on_is_not_opened_again(people):
    an_active_policy(people, FIVE_DAYS)
    answer(an_order(lines=1), people["asha"], line(piece(late=3)))
    (kept,) = decisions()
    receive(a_paper(lines=[a_line(10, quantity=Decimal(200))], revision="2"), at=LATER)
    answer(fresh(), people["asha"], rest_as_asked=True)

    with pytest.raises(StaleDocument, match="moved on"):
        reopen(kept, people["bea"])


def test_a_line_that_waits_for_the_buyer_is_decided_there(people):
    an_active_policy(people, FIVE_DAYS, a_rule(Measure.DELIVERIES, absolute=1))
    answer(an_order(lines=1), people["asha"], line(piece(60, late=2), piece(40, late=9)))
    (kept,) = decisions()

    with pytest.raises(StaleDocument, match="decide on it there"):
        reopen(kept, people["bea"])


def test_who_wants_to_know_ticks_it_off(people):
    an_active_policy(people, replace(FIVE_DAYS, inside=Inside.NOTIFY))
    answer(an_order(lines=1), people["asha"], line(piece(late=3)))
    (kept,) = decisions()
    assert kept.notify

    bea = people["bea"].actor
    with acting(bea):
        assert mark_seen([kept.key, uuid.uuid4()], actor=bea, at=LATER) == 1
        assert mark_seen([kept.key], actor=bea, at=LATER) == 0


# --- the walls ----------------------------------------------------------------------------------------------


def test_a_supplier_reads_no_rule_and_writes_no_decision(people):
    an_active_policy(people, FIVE_DAYS)
    answer(an_order(lines=1), people["asha"], line(piece(late=3)))

    for statement in (
        "SELECT * FROM procurement_tolerancerule",
        "SELECT * FROM procurement_tolerancepolicy",
        "SELECT * FROM procurement_toleranceswitch",
        "UPDATE procurement_tolerancedecision SET outcome = 'asked'",
        "DELETE FROM procurement_tolerancedecision",
        "INSERT INTO procurement_tolerancedecision (key) VALUES (gen_random_uuid())",
    ):
        with (
            pytest.raises(DatabaseError, match="permission denied"),
            acting(people["asha"].actor),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


def test_nobody_rewrites_a_decision(people):
    an_active_policy(people, FIVE_DAYS)
    answer(an_order(lines=1), people["asha"], line(piece(late=3)))

    for statement in (
        "UPDATE procurement_tolerancedecision SET checks = '[]'",
        "DELETE FROM procurement_tolerancedecision",
    ):
        with (
            pytest.raises(DatabaseError, match="permission denied"),
            acting(people["max"].actor),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


def test_judging_takes_the_same_statements_for_one_line_and_for_many(people, django_assert_num_queries):
    an_active_policy(people, FIVE_DAYS, replace(FIVE_DAYS, scope=Scope(Level.ITEM_GROUP, item_group="cable")))
    few, many = an_order("4500000001", lines=2), an_order("4500000002", lines=30)

    def late(order, keys):
        answers = tuple(line(piece(late=3), key=key) for key in keys)
        with acting(people["asha"].actor):
            command = AcknowledgeOrder(order.key, order.version, answers)
            acknowledge_order(command, actor=people["asha"].actor, at=LATER)

    with CaptureQueriesContext(connection) as counted:
        late(few, ["L10", "L20"])
    with django_assert_num_queries(len(counted)):
        late(many, [f"L{10 * n}" for n in range(1, 31)])
