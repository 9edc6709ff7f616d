"""Two at the table at one moment: real threads on real connections."""

from collections import Counter
from datetime import timedelta
from decimal import Decimal

import pytest

from portal.kernel.outbox.models import OutboxMessage
from portal.kernel.scope import acting
from procurement.changes.messages import AnswerChange, ProposeChange, ReviseChange, Wish
from procurement.changes.models import ChangeRound, OrderChange
from procurement.changes.services import (
    Choice,
    accept_change,
    counter_change,
    decide_changes,
    decline_change,
    edit_change,
    expire_changes,
    overtake_changes,
    propose_change,
    withdraw_change,
)
from procurement.orders.models import Promise
from procurement.orders.services import receive_orders
from tests.builders.changes import A_WEEK, an_agreed_order, piece, propose, stands, to
from tests.builders.world import MONDAY, a_line, a_paper, fresh_line
from tests.concurrency.at_once import at_once, kinds
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)

LATER = MONDAY + timedelta(hours=1)


def saying(verb, change, person, **words):
    def work():
        with acting(person.actor):
            return verb(AnswerChange(change.key, change.version, **words), actor=person.actor, at=LATER)

    return work


def revising(verb, change, person, wish):
    def work():
        with acting(person.actor):
            return verb(ReviseChange(change.key, change.version, wish), actor=person.actor, at=LATER)

    return work


def proposing(order, person, wish, line="L10"):
    def work():
        with acting(person.actor):
            command = ProposeChange(order.key, order.version, line, wish)
            return propose_change(command, actor=person.actor, at=LATER)

    return work


def reading(**changed):
    """The ERP's next revision comes in as the feed takes it."""

    def work():
        with acting(FEED):
            intake = receive_orders(
                [a_paper(lines=[a_line(10, **changed), a_line(20)], revision="2")], actor=FEED, at=LATER
            )
            overtake_changes(intake.moved, actor=FEED, at=LATER)

    return work


def told():
    with acting(FEED):
        return OutboxMessage.objects.filter(topic="erp").count()


def live_pieces():
    """How many pieces stand on each line: twice agreed would be twice as many."""
    with acting(FEED):
        return Counter(Promise.objects.filter(state="agreed").values_list("line__number", flat=True))


def test_both_sides_ask_for_something_on_one_line_and_one_is_first(people):
    order = an_agreed_order(people["asha"])

    outcomes = at_once(
        proposing(order, people["asha"], A_WEEK), proposing(order, people["bea"], to(piece(80)))
    )

    assert kinds(outcomes) == {"OrderChange": 1, "AlreadyAsked": 1}
    with acting(FEED):
        assert (OrderChange.objects.count(), ChangeRound.objects.count()) == (1, 1)


def test_accepted_and_withdrawn_at_once_is_one_of_both(people):
    order = an_agreed_order(people["asha"])
    asked = propose(order, people["asha"], A_WEEK)
    before = told()

    outcomes = at_once(
        saying(accept_change, asked, people["bea"]), saying(withdraw_change, asked, people["asha"])
    )

    assert kinds(outcomes) == {"OrderChange": 1, "StaleDocument": 1}
    is_accepted = stands(asked).state == "accepted"
    assert told() - before == is_accepted
    assert live_pieces() == {10: 1, 20: 1}


def test_countered_and_accepted_at_once_by_two_buyers(people):
    order = an_agreed_order(people["asha"])
    asked = propose(order, people["asha"], A_WEEK)
    before = told()

    outcomes = at_once(
        revising(counter_change, asked, people["bea"], to(piece(80))),
        saying(accept_change, asked, people["max"]),
    )

    assert kinds(outcomes) == {"OrderChange": 1, "StaleDocument": 1}
    change = stands(asked)
    assert (change.state, len(change.told), told() - before) in (("countered", 2, 0), ("accepted", 1, 1))


def test_nobody_accepts_a_wish_that_its_author_is_just_putting_anew(people):
    order = an_agreed_order(people["asha"])
    asked = propose(order, people["asha"], to(piece(price=Decimal("7"))))

    outcomes = at_once(
        revising(edit_change, asked, people["asha"], to(piece(price=Decimal("9")))),
        saying(accept_change, asked, people["bea"]),
    )

    assert kinds(outcomes) == {"OrderChange": 1, "StaleDocument": 1}
    with acting(FEED):
        (agreed,) = Promise.objects.filter(line__number=10, state="agreed")
    assert agreed.price == (Decimal("7") if stands(asked).state == "accepted" else Decimal("6.85"))


def test_two_accept_at_once_and_the_erp_is_told_once(people):
    order = an_agreed_order(people["asha"])
    asked = propose(order, people["asha"], A_WEEK)
    before = told()

    outcomes = at_once(
        saying(accept_change, asked, people["bea"]), saying(accept_change, asked, people["max"])
    )

    assert kinds(outcomes) == {"OrderChange": 1, "StaleDocument": 1}
    assert told() - before == 1
    assert live_pieces() == {10: 1, 20: 1}


def test_a_revision_and_an_acceptance_at_once_end_in_one_story(people):
    order = an_agreed_order(people["asha"])
    asked = propose(order, people["asha"], A_WEEK)

    at_once(reading(quantity=Decimal(120)), saying(accept_change, asked, people["bea"]))

    # Whoever was first: the ERP asks for something new, and the supplier answers that.
    assert stands(asked).state == "superseded"
    assert (fresh_line().agreement, fresh_line().turn) == ("awaiting", "supplier")


def test_a_revision_and_a_wish_at_once_leave_no_wish_on_what_is_not_agreed(people):
    order = an_agreed_order(people["asha"])

    at_once(reading(quantity=Decimal(120)), proposing(order, people["bea"], A_WEEK))

    with acting(FEED):
        assert not OrderChange.objects.filter(state="proposed").exists()


def test_time_is_up_while_somebody_accepts(people):
    order = an_agreed_order(people["asha"])
    asked = propose(order, people["asha"], A_WEEK)
    late = stands(asked).expires_at

    def expiring():
        with acting(FEED):
            return expire_changes(actor=FEED, at=late)

    outcomes = at_once(expiring, saying(accept_change, asked, people["bea"]))

    assert stands(asked).state in ("expired", "accepted")
    assert (stands(asked).state == "expired") == (outcomes[0] == 1)


def test_two_lists_in_opposite_orders_do_not_wait_for_each_other_for_ever(people):
    orders = [an_agreed_order(people["asha"], number) for number in ("4500000001", "4500000002")]
    asked = [propose(order, people["asha"], A_WEEK, line=key) for order in orders for key in ("L10", "L20")]

    def deciding(person, changes, verdict):
        def work():
            with acting(person.actor):
                choices = [Choice(change.key, change.version) for change in changes]
                return decide_changes(choices, verdict, reason="capacity", actor=person.actor, at=LATER)

        return work

    outcomes = at_once(
        deciding(people["bea"], asked, "accept"), deciding(people["max"], asked[::-1], "decline")
    )

    done = [one for outcome in outcomes for one in outcome if not one.refusal]
    assert len(done) == 4
    assert {change.key for change in asked} == {one.key for one in done}


def test_declined_and_edited_at_once(people):
    order = an_agreed_order(people["asha"])
    asked = propose(order, people["asha"], A_WEEK)

    outcomes = at_once(
        saying(decline_change, asked, people["bea"], note="No."),
        revising(edit_change, asked, people["asha"], Wish(move_days=14)),
    )

    assert kinds(outcomes) == {"OrderChange": 1, "StaleDocument": 1}
