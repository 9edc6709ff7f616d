"""Rules and people at the same moment: real threads on real connections."""

import threading
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection

from portal.kernel.scope import acting
from procurement.acknowledgments.messages import AcknowledgeOrder, AnswerPiece, DecideAnswer, LineAnswer
from procurement.acknowledgments.services import (
    acknowledge_order,
    decide_answer,
    reopen_decision,
    withdraw_acknowledgment,
)
from procurement.orders.models import Promise
from procurement.tolerances.models import ToleranceDecision, TolerancePolicy
from procurement.tolerances.services import approve_policy, ask_approval, stop_rules
from tests.builders.tolerances import a_draft, a_rule, an_active_policy
from tests.builders.world import MONDAY, an_order, fresh, fresh_line
from tests.concurrency.at_once import at_once, kinds
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)

LATER = MONDAY + timedelta(hours=1)
FIVE_DAYS = a_rule(absolute=5)


def late(key="L10", days=3):
    on = date(2026, 4, 1) + timedelta(days=days)
    return LineAnswer(key, (AnswerPiece(Decimal(100), delivery_on=on),))


def answer(order, person, *answers):
    with acting(person.actor):
        command = AcknowledgeOrder(order.key, order.version, answers)
        return acknowledge_order(command, actor=person.actor, at=LATER)


def the_decision():
    with acting(FEED):
        return ToleranceDecision.objects.get()


def test_a_stop_waits_for_the_answer_under_way_and_none_is_agreed_after_it(people):
    policy = an_active_policy(people, FIVE_DAYS)
    order = an_order(lines=2)
    answered, go_on, stopped = threading.Event(), threading.Event(), threading.Event()
    bea = people["bea"].actor

    def answering():
        try:
            with acting(people["asha"].actor):
                command = AcknowledgeOrder(order.key, order.version, (late(),))
                acknowledge_order(command, actor=people["asha"].actor, at=LATER)
                answered.set()
                go_on.wait(20)
        finally:
            connection.close()

    def stopping():
        try:
            answered.wait(20)
            with acting(bea):
                stop_rules(policy.company_id, "Audit.", actor=bea, at=LATER)
            stopped.set()
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for work in (answering, stopping)]
    for thread in threads:
        thread.start()
    assert answered.wait(20)
    assert not stopped.wait(0.5)
    go_on.set()
    for thread in threads:
        thread.join(30)

    assert stopped.is_set()
    assert fresh_line(10).agreement == "agreed"
    assert answer(fresh(), people["asha"], late("L20")).settled.waiting == (20,)


def test_answers_to_two_orders_are_judged_side_by_side(people):
    an_active_policy(people, FIVE_DAYS)
    first, second = an_order("4500000001", lines=1), an_order("4500000002", lines=1)

    outcomes = at_once(
        lambda: answer(first, people["asha"], late()), lambda: answer(second, people["olga"], late())
    )

    assert kinds(outcomes) == {"Acknowledged": 2}
    with acting(FEED):
        assert ToleranceDecision.objects.filter(outcome="accepted").count() == 2


def test_two_buyers_open_one_decision_again_and_the_supplier_is_asked_once(people):
    an_active_policy(people, FIVE_DAYS)
    answer(an_order(lines=1), people["asha"], late())
    key = the_decision().key

    def opening(person):
        def work():
            with acting(person.actor):
                return reopen_decision(key, "We need them as asked.", actor=person.actor, at=LATER)

        return work

    outcomes = at_once(opening(people["bea"]), opening(people["max"]))

    assert kinds(outcomes) == {"ToleranceDecision": 1, "StaleDocument": 1}
    with acting(FEED):
        assert Promise.objects.filter(state="agreed").count() == 0


def test_two_policies_approved_at_once_leave_one_that_acts(people):
    drafts = [a_draft(people["bea"], FIVE_DAYS, name=name) for name in ("One", "Two")]
    bea = people["bea"].actor
    with acting(bea):
        drafts = [ask_approval(one.key, one.version, actor=bea, at=LATER) for one in drafts]

    def approving(policy, person):
        def work():
            with acting(person.actor):
                return approve_policy(policy.key, policy.version, actor=person.actor, at=LATER)

        return work

    outcomes = at_once(approving(drafts[0], people["max"]), approving(drafts[1], people["root"]))

    assert kinds(outcomes) == {"TolerancePolicy": 2}
    with acting(FEED):
        assert sorted(TolerancePolicy.objects.values_list("state", flat=True)) == ["active", "retired"]


def test_a_supplier_takes_back_while_the_buyer_decides_on_the_rest(people):
    an_active_policy(people, FIVE_DAYS, a_rule("deliveries", absolute=1))
    order = an_order(lines=1)
    pieces = (
        AnswerPiece(Decimal(60), delivery_on=date(2026, 4, 3)),
        AnswerPiece(Decimal(40), delivery_on=date(2026, 4, 20)),
    )
    done = answer(order, people["asha"], LineAnswer("L10", pieces))
    version = fresh().version

    def withdrawing():
        with acting(people["asha"].actor):
            return withdraw_acknowledgment(done.paper.key, actor=people["asha"].actor, at=LATER)

    def deciding():
        with acting(people["bea"].actor):
            command = DecideAnswer(order.key, version, "accept")
            return decide_answer(command, actor=people["bea"].actor, at=LATER)

    outcomes = at_once(withdrawing, deciding)

    found = kinds(outcomes)
    assert found["StaleDocument"] == 1
    line = fresh_line()
    with acting(FEED):
        live = set(Promise.objects.filter(line=line).values_list("state", flat=True))
    assert (line.agreement, live) in [("awaiting", {"withdrawn"}), ("agreed", {"agreed"})]
