"""Reviews of the same orders at the same moment, and people who act meanwhile: real threads on real connections."""

import threading
from datetime import timedelta

import pytest
from django.db import connection

from portal.kernel.audit.models import AuditEvent
from portal.kernel.scope import acting
from procurement.inbox.services.review import INBOX, react, review_cases
from procurement.inbox.services.ruling import WriteAbsence, write_absence
from procurement.inbox.services.sweeping import sweep
from procurement.inbox.states import CaseState
from tests.builders.inbox import LATER, a_late_order, cases, decide, review, the_case, told
from tests.builders.world import an_order, fresh
from tests.concurrency.at_once import at_once, kinds
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_reactions_to_one_fact_make_one_case(people):
    for number in range(5):
        a_late_order(people["asha"], f"45{number:08}")
    with acting(FEED):
        events = list(AuditEvent.objects.filter(kind="order.acknowledged"))

    outcomes = at_once(*(lambda: react(events, LATER) for _ in range(4)))

    assert sorted(outcomes) == ["opened 0, recurred 0, closed 0"] * 3 + ["opened 5, recurred 0, closed 0"]
    assert [told(case) for case in cases()] == [["case.opened"]] * 5


def test_a_reaction_and_the_clock_make_one_case(people):
    order = an_order()
    at = order.acknowledge_by_at + timedelta(hours=1)

    def reviewing():
        with acting(INBOX):
            return review_cases([order.pk], actor=INBOX, at=at)

    at_once(reviewing, lambda: sweep(at), lambda: sweep(at), reviewing)

    assert told(the_case()) == ["case.opened"]


def test_a_review_waits_for_the_decision_under_way_and_sees_it(people):
    order = a_late_order(people["asha"])
    review(order)
    decided, go_on, reviewed = threading.Event(), threading.Event(), threading.Event()

    def deciding():
        try:
            with acting(people["bea"].actor):
                decide(order, people["bea"], "accept")
                decided.set()
                go_on.wait(20)
        finally:
            connection.close()

    def reviewing():
        try:
            decided.wait(20)
            review(order)
            reviewed.set()
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for work in (deciding, reviewing)]
    for thread in threads:
        thread.start()
    assert decided.wait(20)
    assert not reviewed.wait(0.5)
    go_on.set()
    for thread in threads:
        thread.join(30)

    assert the_case().state == CaseState.RESOLVED
    assert fresh().lines_for_buyer == 0


def test_of_two_who_say_that_one_is_away_the_second_is_told(people):
    bea, root, max_ = (people[name].user.pk for name in ("bea", "root", "max"))

    def saying(name, stand_in):
        actor = people[name].actor
        command = WriteAbsence(bea, stand_in, LATER.date(), LATER.date())
        with acting(actor):
            return write_absence(command, actor=actor, at=LATER)

    outcomes = at_once(lambda: saying("bea", root), lambda: saying("max", max_), lambda: saying("root", root))

    assert kinds(outcomes) == {"StandIn": 1, "Invalid": 2}
