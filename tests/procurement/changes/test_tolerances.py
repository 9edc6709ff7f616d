"""A supplier's wish held against the company's rules: small ones are agreed at once, and listed, and reopened."""

import dataclasses
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from portal.kernel.audit.models import AuditEvent
from portal.kernel.errors import Invalid
from portal.kernel.outbox.models import OutboxMessage
from portal.kernel.scope import acting
from procurement.acknowledgments.services import reopen_decision
from procurement.changes.messages import TermPiece, Terms, Wish
from procurement.changes.policies import figures_of
from procurement.changes.services import (
    accept_change,
    counter_change,
    decline_change,
    edit_change,
    move_lines,
    overtake_changes,
)
from procurement.changes.tasks import overtake
from procurement.orders.models import Promise
from procurement.tolerances.messages import Direction, DocumentKind, Inside, Measure, Outside
from procurement.tolerances.models import ToleranceDecision
from procurement.tolerances.services import stop_rules
from tests.builders.changes import an_agreed_order, piece, propose, revise, say, stands, to
from tests.builders.tolerances import a_rule, an_active_policy
from tests.builders.world import MONDAY, fresh, fresh_line
from tests.people import FEED

APRIL = date(2026, 4, 1)


def a_change_rule(measure=Measure.DATE, absolute=None, percent=None, **changed):
    """A rule on change requests."""
    return dataclasses.replace(a_rule(measure, absolute, percent, **changed), kind=DocumentKind.CHANGE)


def in_april(day):
    return date(2026, 4, day)


def decisions():
    with acting(FEED):
        return list(ToleranceDecision.objects.order_by("id"))


# --- what is compared ---------------------------------------------------------------------------------------


def terms(*pieces, price="6.85", **more):
    kept = [TermPiece(Decimal(quantity), day, Decimal(price), Decimal(1)) for quantity, day in pieces]
    return Terms(tuple(kept), **more)


def days_late(before, after):
    return [
        (one.piece, one.deviation)
        for one in figures_of(before, after)
        if one.measure is Measure.DATE and one.deviation
    ]


@pytest.mark.parametrize(
    ("before", "after", "late"),
    [
        (terms((100, in_april(1))), terms((100, in_april(4))), [(1, 3)]),
        (terms((100, in_april(1))), terms((60, in_april(1)), (40, in_april(9))), [(2, 8)]),
        (terms((60, in_april(1)), (40, in_april(9))), terms((100, in_april(9))), [(1, 8)]),
        (terms((60, in_april(1)), (40, in_april(9))), terms((100, in_april(1))), [(1, -8)]),
        # The list may stand in any order: units that were to come first come first.
        (terms((60, in_april(1)), (40, in_april(9))), terms((40, in_april(9)), (60, in_april(2))), [(2, 1)]),
        # Twenty more than agreed come with the last of what was agreed.
        (terms((60, in_april(1)), (40, in_april(9))), terms((60, in_april(1)), (60, in_april(11))), [(2, 2)]),
        # What is cut off is the end of it.
        (terms((60, in_april(1)), (40, in_april(9))), terms((60, in_april(1))), []),
    ],
)
def test_the_units_that_were_to_come_first_come_first(before, after, late):
    assert days_late(before, after) == [(number, Fraction(days)) for number, days in late]


PIECES = st.lists(
    st.tuples(st.integers(1, 50), st.integers(1, 28).map(in_april)), min_size=1, max_size=4
).map(lambda pieces: terms(*pieces))


@given(PIECES)
def test_what_is_wished_for_as_agreed_differs_in_nothing(agreed):
    assert [one for one in figures_of(agreed, agreed) if one.deviation] == []


@given(PIECES, PIECES, st.integers(1, 30))
def test_a_later_wish_is_never_taken_for_an_earlier_one(before, after, days):
    later = dataclasses.replace(
        after,
        pieces=tuple(
            dataclasses.replace(one, delivery_on=date.fromordinal(one.delivery_on.toordinal() + days))
            for one in after.pieces
        ),
    )

    def lateness(wished):
        return sorted(
            (one.piece, one.expected, one.deviation)
            for one in figures_of(before, wished)
            if one.measure is Measure.DATE
        )

    assert [(number, day, late + days) for number, day, late in lateness(after)] == lateness(later)


def test_what_no_figure_measures_is_said_to_be_something_else():
    agreed = terms((100, APRIL))
    substitute = Terms((dataclasses.replace(agreed.pieces[0], item_number="X-1"),))
    found = {
        one.code
        for wished in (terms(cancel=True), dataclasses.replace(agreed, ship_to="HULL"), substitute)
        for one in figures_of(agreed, wished)
        if one.measure is Measure.OTHER
    }
    assert found == {"cancel", "ship_to", "substitute"}


# --- what comes of it ---------------------------------------------------------------------------------------


@pytest.mark.django_db
class TestAtOnce:
    """A rule lets a date slip by three days."""

    @pytest.fixture(autouse=True)
    def rules(self, people):
        return an_active_policy(
            people,
            a_change_rule(Measure.DATE, 3),
            a_change_rule(Measure.DATE, 60, outside=Outside.REFUSE),
            name="Changes 2026",
        )

    def test_a_small_slip_is_agreed_and_the_erp_is_told(self, people):
        order = an_agreed_order(people["asha"])

        asked = propose(order, people["asha"], to(piece(None, in_april(4))))

        assert (asked.state, asked.turn, asked.answered_by) == ("accepted", "", "by rule: Changes 2026")
        assert fresh_line().expected_on == in_april(4)
        with acting(FEED):
            promise = Promise.objects.get(line__number=10, state="agreed")
        assert (promise.by_rule, promise.decided_by, promise.delivery_on) == (
            True,
            "by rule: Changes 2026",
            in_april(4),
        )
        assert asked.command is not None
        (decision,) = decisions()
        assert (decision.kind, decision.origin, decision.outcome) == (
            "change_request",
            asked.key,
            "accepted",
        )

    def test_a_large_one_waits_for_the_buyer_who_reads_what_was_allowed(self, people):
        order = an_agreed_order(people["asha"])

        asked = propose(order, people["asha"], to(piece(None, in_april(5))))

        assert (asked.state, asked.turn) == ("proposed", "buyer")
        assert fresh_line().expected_on == APRIL
        assert [one.outcome for one in decisions()] == ["asked"]

    def test_many_small_slips_are_one_large_one(self, people):
        order = an_agreed_order(people["asha"])
        first = propose(order, people["asha"], to(piece(None, in_april(3))))
        second = propose(fresh(), people["asha"], to(piece(None, in_april(4))))
        third = propose(fresh(), people["asha"], to(piece(None, in_april(6))))

        assert [stands(one).state for one in (first, second)] == ["accepted", "accepted"]
        assert (third.state, third.turn) == ("proposed", "buyer")

    def test_what_a_person_accepted_is_where_one_counts_from(self, people):
        order = an_agreed_order(people["asha"])
        asked = propose(order, people["asha"], to(piece(None, in_april(10))))
        say(accept_change, asked, people["bea"])

        again = propose(fresh(), people["asha"], to(piece(None, in_april(13))))

        assert again.state == "accepted"

    def test_nor_one_slip_after_the_other_before_the_erp_has_taken_any(self, people):
        order = an_agreed_order(people["asha"])

        def wish_for(day):
            asked = propose(fresh(), people["asha"], to(piece(None, in_april(day))))
            with acting(FEED):
                overtake_changes([order.pk], actor=FEED, at=MONDAY)  # what the clock does every minute
            return asked.state

        # Each replaces the one before; all are held against what people agreed.
        assert [wish_for(day) for day in (3, 4, 6)] == ["accepted", "accepted", "proposed"]

    def test_what_a_rule_refuses_is_told_at_its_field(self, people):
        order = an_agreed_order(people["asha"])

        with pytest.raises(Invalid) as refused:
            propose(order, people["asha"], to(piece(None, date(2026, 7, 1))))

        (problem,) = refused.value.problems
        assert (problem.field, problem.code, problem.line) == ("delivery_on.0", "outside_tolerance", "10")
        assert decisions() == []

    def test_rules_do_not_speak_for_the_supplier(self, people):
        order = an_agreed_order(people["asha"])

        asked = propose(order, people["bea"], to(piece(None, in_april(2))))

        assert (asked.state, asked.turn) == ("proposed", "supplier")
        assert decisions() == []

    def test_a_counter_within_the_rule_ends_the_talk(self, people):
        order = an_agreed_order(people["asha"])
        asked = propose(order, people["bea"], to(piece(None, date(2026, 3, 25))))

        countered = revise(counter_change, asked, people["asha"], to(piece(None, in_april(2))))

        assert (countered.state, countered.round) == ("accepted", 2)
        assert fresh_line().expected_on == in_april(2)

    def test_an_edit_is_judged_anew(self, people):
        order = an_agreed_order(people["asha"])
        asked = propose(order, people["asha"], to(piece(None, in_april(20))))

        edited = revise(edit_change, asked, people["asha"], to(piece(None, in_april(3))))

        assert edited.state == "accepted"
        assert [one.outcome for one in decisions()] == ["asked", "accepted"]

    def test_nothing_acts_once_somebody_stopped_it(self, people, rules):
        order = an_agreed_order(people["asha"])
        with acting(people["bea"].actor):
            stop_rules(rules.company_id, "Audit this week.", actor=people["bea"].actor, at=MONDAY)

        asked = propose(order, people["asha"], to(piece(None, in_april(2))))

        assert asked.state == "proposed"

    def test_a_split_and_a_cancellation_go_to_the_buyer(self, people):
        order = an_agreed_order(people["asha"])

        split = propose(order, people["asha"], to(piece(60), piece(40, in_april(2))))
        cancelled = propose(order, people["asha"], Wish(cancel=True), line="L20")

        assert (split.state, cancelled.state) == ("proposed", "proposed")

    def test_a_buyer_opens_it_again_and_the_supplier_is_asked(self, people):
        order = an_agreed_order(people["asha"])
        asked = propose(order, people["asha"], to(piece(None, in_april(4))))
        (decision,) = decisions()

        with acting(people["bea"].actor):
            words = "We need it on the first, a crane is booked."
            reopen_decision(decision.key, words, actor=people["bea"].actor, at=MONDAY)

        line = fresh_line()
        assert (line.agreement, line.turn) == ("awaiting", "supplier")
        assert stands(asked).state == "accepted"
        with acting(FEED):
            (told,) = OutboxMessage.objects.filter(topic="reactions", kind="changes.overtake")
            events = list(AuditEvent.objects.filter(pk__in=told.payload["events"]))
        assert overtake(events, MONDAY) == "overtaken"
        assert stands(asked).state == "superseded"

    def test_thirty_lines_are_judged_and_agreed_in_as_many_queries_as_two(self, people):
        asha = people["asha"].actor

        def queries(number, count):
            order = an_agreed_order(people["asha"], number, lines=count)
            with acting(asha), CaptureQueriesContext(connection) as counted:
                lines = {line.pk: order.version for line in fresh(number).lines.all()}
                came = move_lines(lines, 2, actor=asha, at=MONDAY)
            assert [one.change.state for one in came] == ["accepted"] * count
            return len(counted)

        few = queries("4500000001", 2)
        many = queries("4500000002", 30)
        assert many == few


@pytest.mark.django_db
def test_the_buyer_is_told_of_what_a_rule_agreed_to_and_was_to_tell(people):
    an_active_policy(people, a_change_rule(Measure.UNIT_PRICE, percent=2, inside=Inside.NOTIFY))
    order = an_agreed_order(people["asha"])

    propose(order, people["asha"], to(piece(None, None, price=Decimal("6.90"))))

    (decision,) = decisions()
    assert (decision.outcome, decision.notify) == ("accepted", True)


@pytest.mark.django_db
def test_rules_for_promises_say_nothing_of_changes(people):
    an_active_policy(people, a_rule(Measure.DATE, 30), a_rule(Measure.QUANTITY, 5, unit="pcs"))
    order = an_agreed_order(people["asha"])

    asked = propose(order, people["asha"], to(piece(None, in_april(2))))

    assert asked.state == "proposed"
    say(decline_change, asked, people["bea"], reason="capacity")


@pytest.mark.django_db
def test_the_whole_paper_is_compared_with_what_people_agreed(people):
    an_active_policy(
        people,
        a_change_rule(Measure.UNIT_PRICE, percent=10),
        a_change_rule(Measure.DOCUMENT_AMOUNT, percent=1, direction=Direction.OVER),
    )
    order = an_agreed_order(people["asha"])

    small = propose(order, people["asha"], to(piece(None, None, price=Decimal("6.90"))))
    large = propose(fresh(), people["asha"], to(piece(None, None, price=Decimal("7.40"))), line="L20")

    assert (small.state, large.state) == ("accepted", "proposed")
