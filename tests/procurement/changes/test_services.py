"""What two people do with a wish, on the database and with what the ERP is told."""

import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from portal.kernel.audit.models import AuditEvent
from portal.kernel.errors import IllegalTransition, Invalid, NotAllowed, NotFound, StaleDocument
from portal.kernel.outbox.models import OutboxMessage
from portal.kernel.scope import acting
from procurement.changes.messages import AnswerChange, EditReason, ProposeChange, Wish
from procurement.changes.models import OrderChange
from procurement.changes.queries import moving_to_look_at, reason_rows, reasons_of
from procurement.changes.services import (
    Choice,
    accept_change,
    counter_change,
    decide_changes,
    decline_change,
    edit_change,
    expire_changes,
    move_lines,
    overtake_changes,
    propose_changes,
    save_reason,
    withdraw_change,
)
from procurement.changes.services.closing import close_overtaken
from procurement.changes.services.holding import Expired, NotYourTurn
from procurement.changes.services.propose import AlreadyAsked
from procurement.changes.tasks import close_changes
from procurement.orders.messages import SchedulePaper
from procurement.orders.models import Promise
from procurement.orders.services import receive_orders
from suppliers.models import Supplier
from tests.builders.changes import (
    A_WEEK,
    LATER,
    agree,
    an_agreed_order,
    piece,
    propose,
    revise,
    say,
    stands,
    to,
)
from tests.builders.world import MONDAY, a_line, a_paper, an_order, fresh, fresh_line, receive
from tests.people import FEED

pytestmark = pytest.mark.django_db

NEXT_WEEK = date(2026, 4, 8)


def told_to_the_erp():
    """The agreements on their way, each as {line number: [(quantity, day)]}."""
    with acting(FEED):
        messages = OutboxMessage.objects.filter(topic="erp").order_by("id")
        return [
            {
                line["number"]: [(one["quantity"], one["delivery_on"], one["kind"]) for one in line["pieces"]]
                for line in message.payload["lines"]
            }
            for message in messages
        ]


def agreed_on(number=10, order="4500000001"):
    with acting(FEED):
        found = Promise.objects.filter(line__order__number=order, line__number=number, state="agreed")
        return [(one.kind, one.quantity, one.delivery_on, one.price) for one in found.order_by("piece")]


def kinds():
    with acting(FEED):
        found = AuditEvent.objects.filter(kind__startswith="change.").order_by("id")
        return list(found.values_list("kind", flat=True))


# --- one wish, one word


def test_what_the_supplier_asks_for_and_the_buyer_accepts_is_agreed_and_told(people):
    order = an_agreed_order(people["asha"])
    asked = propose(
        order, people["asha"], to(piece(None, LATER)), reason="capacity", note="The saw is broken."
    )

    assert (asked.state, asked.turn, asked.kinds) == ("proposed", "buyer", ["date"])
    assert agreed_on() == [("accept", 100, date(2026, 4, 1), Decimal("6.85"))]
    before = told_to_the_erp()

    done = say(accept_change, asked, people["bea"])

    assert (done.state, done.turn, done.expires_at) == ("accepted", "", None)
    assert agreed_on() == [("accept", 100, LATER, Decimal("6.85"))]
    assert told_to_the_erp() == [*before, {10: [("100", "2026-04-15", "accept")]}]
    line = fresh_line()
    assert (line.agreement, line.turn, line.expected_on) == ("agreed", "", LATER)
    assert kinds() == ["change.proposed", "change.accepted"]


def test_what_the_buyer_asks_for_goes_the_same_way(people):
    order = an_agreed_order(people["asha"])
    asked = propose(order, people["bea"], to(piece(80)))

    assert (asked.opened_by, asked.turn) == ("buyer", "supplier")
    say(accept_change, asked, people["asha"])

    assert agreed_on() == [("accept", 80, date(2026, 4, 1), Decimal("6.85"))]
    assert told_to_the_erp()[-1] == {10: [("80", "2026-04-01", "accept")]}


def test_the_days_first_agreed_stay_so_that_nobody_betters_a_score(people):
    order = an_agreed_order(people["asha"])
    say(accept_change, propose(order, people["asha"], to(piece(None, LATER))), people["bea"])

    with acting(FEED):
        (delivery,) = fresh_line().schedules.all()
    assert (delivery.first_promised_on, delivery.first_agreed_on) == (date(2026, 4, 1), date(2026, 4, 1))


def test_who_splits_what_was_agreed_is_measured_by_the_day_first_agreed(people):
    order = an_agreed_order(people["asha"])
    say(accept_change, propose(order, people["asha"], to(piece(60), piece(40, LATER))), people["bea"])
    split = (SchedulePaper(Decimal(60), date(2026, 4, 1)), SchedulePaper(Decimal(40), LATER))
    receive(a_paper(lines=[a_line(10, schedules=split), a_line(20)], revision="2"), at=MONDAY)

    with acting(FEED):
        first, second = fresh_line().schedules.order_by("key")
    assert fresh_line().agreement == "agreed"
    assert (second.delivery_on, second.first_promised_on, second.first_agreed_on) == (
        LATER,
        date(2026, 4, 1),
        date(2026, 4, 1),
    )
    assert first.first_agreed_on == date(2026, 4, 1)


@pytest.mark.parametrize(
    ("wish", "agreed"),
    [
        (
            to(piece(60), piece(40, LATER)),
            [("accept", 60, date(2026, 4, 1), "6.85"), ("accept", 40, LATER, "6.85")],
        ),
        (to(piece(price=Decimal("7.10"))), [("accept", 100, date(2026, 4, 1), "7.10")]),
        (to(piece(item_number="A-15/2")), [("substitute", 100, date(2026, 4, 1), "6.85")]),
        (Wish(cancel=True), [("refuse", 100, None, "6.85")]),
        (A_WEEK, [("accept", 100, NEXT_WEEK, "6.85")]),
    ],
)
def test_every_kind_of_wish_becomes_an_agreement(people, wish, agreed):
    order = an_agreed_order(people["asha"])

    say(accept_change, propose(order, people["bea"], wish), people["asha"])

    assert agreed_on() == [(kind, amount, day, Decimal(price)) for kind, amount, day, price in agreed]


def test_a_cancelled_line_is_refused_and_waits_for_nobody(people):
    order = an_agreed_order(people["asha"])
    say(
        accept_change,
        propose(order, people["bea"], Wish(cancel=True), reason="obsolete_item"),
        people["asha"],
    )

    line = fresh_line()
    assert (line.agreement, line.turn) == ("refused", "")
    assert fresh().lines_for_buyer == 0


def test_another_place_is_agreed_and_the_erp_is_told_its_code(people):
    order = an_agreed_order(people["asha"])
    say(accept_change, propose(order, people["bea"], Wish(ship_to="HULL")), people["asha"])

    with acting(FEED):
        payload = OutboxMessage.objects.filter(topic="erp").latest("id").payload
    assert payload["lines"][0]["base_ship_to"] == "LEEDS"
    assert payload["lines"][0]["pieces"][0]["ship_to"] == "HULL"
    # The ERP says so in its next revision: nobody is asked again.
    lines = [a_line(10, ship_to="HULL"), a_line(20)]
    receive(a_paper(lines=lines, revision="2"), at=MONDAY + timedelta(days=1))
    assert (fresh_line().agreement, fresh_line().turn) == ("agreed", "")
    # Another place than the one agreed asks anew.
    lines = [a_line(10, ship_to="LEEDS"), a_line(20)]
    receive(a_paper(lines=lines, revision="3"), at=MONDAY + timedelta(days=2))
    assert (fresh_line().agreement, fresh_line().turn) == ("awaiting", "supplier")


# --- rounds


def test_rounds_of_counter_proposals_are_kept(people):
    order = an_agreed_order(people["asha"])
    asked = propose(order, people["asha"], to(piece(None, date(2026, 5, 4))), reason="capacity")
    revise(
        counter_change, asked, people["bea"], to(piece(50), piece(50, LATER)), note="Half must come in time."
    )
    asked = stands(asked)
    assert (asked.state, asked.turn, asked.round, asked.kinds) == ("countered", "supplier", 2, ["split"])
    revise(counter_change, asked, people["asha"], to(piece(40), piece(60, LATER)))
    asked = stands(asked)
    say(accept_change, asked, people["bea"])

    rounds = [(one.number, one.side, len(one.terms["pieces"])) for one in stands(asked).told]
    assert rounds == [(1, "supplier", 1), (2, "buyer", 2), (3, "supplier", 2)]
    assert [amount for _kind, amount, _day, _price in agreed_on()] == [40, 60]
    assert kinds() == ["change.proposed", "change.countered", "change.countered", "change.accepted"]


def test_the_author_may_edit_until_answered(people):
    order = an_agreed_order(people["asha"])
    asked = propose(order, people["asha"], to(piece(None, LATER)))
    edited = revise(edit_change, asked, people["olga"], to(piece(None, date(2026, 4, 20))))

    assert (edited.state, edited.version, edited.round) == ("proposed", 2, 1)
    # Who saw the wish before does not accept the one after.
    with pytest.raises(StaleDocument, match="Another wish"):
        say(accept_change, asked, people["bea"], version=1)
    say(accept_change, edited, people["bea"])
    assert agreed_on() == [("accept", 100, date(2026, 4, 20), Decimal("6.85"))]


def test_nobody_answers_its_own_wish_nor_edits_the_others(people):
    order = an_agreed_order(people["asha"])
    asked = propose(order, people["asha"], A_WEEK)

    with pytest.raises(NotYourTurn, match="your own wish"):
        say(accept_change, asked, people["asha"])
    with pytest.raises(NotYourTurn, match="your own wish"):
        revise(counter_change, asked, people["olga"], to(piece(80)))
    with pytest.raises(NotYourTurn, match="other side's wish"):
        say(withdraw_change, asked, people["bea"])
    with pytest.raises(NotYourTurn, match="other side's wish"):
        revise(edit_change, asked, people["bea"], to(piece(80)))
    assert stands(asked).version == 1


def test_a_wish_is_withdrawn_and_what_was_agreed_stands(people):
    order = an_agreed_order(people["asha"])
    asked = propose(order, people["asha"], A_WEEK)
    before = told_to_the_erp()
    gone = say(withdraw_change, asked, people["asha"])

    assert (gone.state, gone.turn, gone.closed_at) == ("withdrawn", "", MONDAY)
    assert agreed_on() == [("accept", 100, date(2026, 4, 1), Decimal("6.85"))]
    assert told_to_the_erp() == before
    with pytest.raises(StaleDocument, match="is withdrawn"):
        say(accept_change, gone, people["bea"])
    # The line is free for another wish.
    assert propose(order, people["bea"], A_WEEK).state == "proposed"


def test_a_decline_says_why(people):
    order = an_agreed_order(people["asha"])
    asked = propose(order, people["asha"], A_WEEK)

    with pytest.raises(Invalid, match="Say why"):
        say(decline_change, asked, people["bea"])
    no = say(decline_change, asked, people["bea"], reason="late_data", note="The crane is booked.")

    assert (no.state, no.answer_reason, no.answer_note) == ("declined", "late_data", "The crane is booked.")
    assert agreed_on() == [("accept", 100, date(2026, 4, 1), Decimal("6.85"))]


def test_the_same_wish_once_more_is_no_counter(people):
    order = an_agreed_order(people["asha"])
    asked = propose(order, people["asha"], A_WEEK)

    with pytest.raises(Invalid, match="on the table already"):
        revise(counter_change, asked, people["bea"], A_WEEK)


# --- who, when, on what


def test_one_open_request_per_line(people):
    order = an_agreed_order(people["asha"])
    propose(order, people["asha"], A_WEEK)

    with pytest.raises(AlreadyAsked, match="line 10"):
        propose(order, people["bea"], to(piece(80)))
    assert propose(order, people["bea"], A_WEEK, line="L20").line.number == 20


def test_the_database_has_the_last_word_on_it(people):
    order = an_agreed_order(people["asha"])
    asked = propose(order, people["asha"], A_WEEK)

    copy = stands(asked)
    copy.pk, copy.key = None, uuid.uuid4()
    with pytest.raises(IntegrityError, match="change_open_once_per_line"), acting(FEED), transaction.atomic():
        copy.save(force_insert=True)


def test_only_what_is_agreed_can_be_changed(people):
    order = an_order()

    with pytest.raises(StaleDocument, match="Line 10 is not agreed"):
        propose(order, people["asha"], A_WEEK)


def test_a_stranger_cannot_even_find_it(people):
    order = an_agreed_order(people["asha"])
    asked = propose(order, people["bea"], A_WEEK)

    with pytest.raises(NotFound):
        say(accept_change, asked, people["gil"])
    with pytest.raises(NotFound):
        propose(order, people["gil"], A_WEEK, line="L20")


@pytest.mark.parametrize("name", ["arun", "otto", "ada", "pia"])
def test_who_only_reads_does_not_negotiate(people, name):
    order = an_agreed_order(people["asha"])
    theirs = propose(order, people["bea" if name == "arun" else "asha"], A_WEEK)

    with pytest.raises(NotAllowed):
        say(accept_change, theirs, people[name])
    with pytest.raises(NotAllowed):
        propose(order, people[name], A_WEEK, line="L20")


def test_a_blocked_supplier_promises_nothing_new(people):
    order = an_agreed_order(people["asha"])
    asked = propose(order, people["bea"], A_WEEK)
    with acting(FEED):
        Supplier.objects.filter(number="ACME").update(state="blocked")

    with pytest.raises(NotAllowed, match="blocked"):
        say(accept_change, asked, people["asha"])


def test_a_stale_page_asks_for_nothing(people):
    order = an_order()
    seen = order.version
    order = agree(order, people["asha"])

    with pytest.raises(StaleDocument, match="changed since you opened"):
        propose(order, people["asha"], A_WEEK, version=seen)


def test_nothing_below_what_came_meanwhile(people):
    order = an_agreed_order(people["asha"])
    asked = propose(order, people["bea"], to(piece(40)))
    receive(
        a_paper(lines=[a_line(10, received_quantity=Decimal(60)), a_line(20)]), at=MONDAY + timedelta(days=1)
    )

    with pytest.raises(Invalid, match="60 pcs have been shipped, received or invoiced meanwhile"):
        say(accept_change, asked, people["asha"])
    with pytest.raises(Invalid, match="60 pcs have been shipped, received or invoiced already"):
        revise(counter_change, asked, people["asha"], to(piece(50)))
    revise(counter_change, asked, people["asha"], to(piece(60)))
    say(accept_change, stands(asked), people["bea"])
    assert told_to_the_erp()[-1] == {10: [("60", "2026-04-01", "accept")]}


# --- what ends a request unasked


def test_nothing_is_agreed_for_a_day_that_has_passed_meanwhile(people):
    order = an_agreed_order(people["asha"])
    soon = propose(order, people["asha"], to(piece(100, date(2026, 3, 4))))
    over_there = datetime(2026, 3, 4, 18, 0, tzinfo=UTC)  # the evening before in Leeds, the next day in Pune
    evening = over_there + timedelta(hours=1)

    with pytest.raises(Invalid, match="4 Mar 2026 has passed meanwhile"):
        say(accept_change, soon, people["bea"], at=evening)
    bea = people["bea"].actor
    with acting(bea):
        (outcome,) = decide_changes([Choice(soon.key, 1)], "accept", actor=bea, at=evening)
    assert "has passed meanwhile" in outcome.refusal
    assert say(accept_change, soon, people["bea"], at=over_there).state == "accepted"


def test_time_that_is_up_ends_it(people):
    order = an_agreed_order(people["asha"])
    asked = propose(order, people["asha"], A_WEEK)
    late = asked.expires_at + timedelta(minutes=1)

    with pytest.raises(Expired, match="time to answer"):
        say(accept_change, asked, people["bea"], at=late)
    with acting(FEED):
        assert expire_changes(actor=FEED, at=asked.expires_at - timedelta(minutes=1)) == 0
        assert expire_changes(actor=FEED, at=late) == 1
    assert (stands(asked).state, stands(asked).closed_at) == ("expired", late)
    assert kinds()[-1] == "change.expired"


def test_a_counter_gives_the_full_time_again(people):
    order = an_agreed_order(people["asha"])
    asked = propose(order, people["asha"], A_WEEK)
    tomorrow = MONDAY + timedelta(days=1)
    countered = revise(counter_change, asked, people["bea"], to(piece(80)), at=tomorrow)

    assert countered.expires_at > asked.expires_at


def test_a_revision_of_the_line_overtakes_it(people):
    order = an_agreed_order(people["asha"])
    asked = propose(order, people["asha"], A_WEEK)
    other = propose(order, people["asha"], A_WEEK, line="L20")
    receive(a_paper(lines=[a_line(10, quantity=Decimal(120)), a_line(20)], revision="2"), at=MONDAY)

    # Before anybody says so, an answer finds the line moved.
    with pytest.raises(StaleDocument, match="not agreed"):
        say(accept_change, asked, people["bea"])
    with acting(FEED):
        assert overtake_changes([order.pk], actor=FEED, at=MONDAY) == 1
    assert (stands(asked).state, stands(other).state) == ("superseded", "proposed")


def read_back(day, revision, **changed):
    """The ERP tells of its first line on this day."""
    with acting(FEED):
        paper = a_paper(lines=[a_line(10, delivery_on=day, **changed), a_line(20)], revision=revision)
        intake = receive_orders([paper], actor=FEED, at=MONDAY)
        overtake_changes(intake.moved, actor=FEED, at=MONDAY)


def test_an_erp_that_takes_over_the_first_of_two_asks_nobody_again(people):
    order = an_agreed_order(people["asha"])
    first = propose(order, people["asha"], A_WEEK)
    say(accept_change, first, people["bea"])
    second = propose(fresh(), people["asha"], A_WEEK)
    say(accept_change, second, people["bea"])

    # The worker had brought the first; the reading comes before the second is there.
    read_back(date(2026, 4, 8), "2")

    line = fresh_line()
    assert (line.agreement, line.turn, line.expected_on) == ("agreed", "", date(2026, 4, 15))
    assert stands(second).state == "accepted"

    read_back(date(2026, 4, 15), "3")

    assert (fresh_line().agreement, fresh_line().turn) == ("agreed", "")

    # Both are there. Whoever turns it back in the ERP asks something new.
    read_back(date(2026, 4, 8), "4")

    assert (fresh_line().agreement, fresh_line().turn) == ("awaiting", "supplier")


def test_a_place_that_the_erp_takes_over_overtakes_no_other_wish(people):
    order = an_agreed_order(people["asha"])
    say(accept_change, propose(order, people["bea"], Wish(ship_to="HULL")), people["asha"])
    later = propose(fresh(), people["asha"], A_WEEK)

    read_back(date(2026, 4, 1), "2", ship_to="HULL")

    assert stands(later).state == "proposed"
    assert say(accept_change, later, people["bea"]).state == "accepted"


def test_back_to_the_first_place_is_told_before_the_erp_took_the_other(people):
    order = an_agreed_order(people["asha"])
    say(accept_change, propose(order, people["bea"], Wish(ship_to="HULL")), people["asha"])
    say(accept_change, propose(fresh(), people["bea"], Wish(ship_to="LEEDS")), people["asha"])

    with acting(FEED):
        (line,) = OutboxMessage.objects.filter(topic="erp").latest("id").payload["lines"]
    assert [one["ship_to"] for one in line["pieces"]] == ["LEEDS"]


def test_the_clock_finds_what_was_overtaken_in_silence(people):
    order = an_agreed_order(people["asha"])
    asked = propose(order, people["asha"], A_WEEK)
    receive(a_paper(status="cancelled", revision="2"), at=MONDAY)

    with acting(FEED):
        assert close_overtaken(actor=FEED, at=MONDAY) == 1
    assert stands(asked).state == "superseded"


def test_the_workers_clock_ends_what_is_late(people):
    order = an_agreed_order(people["asha"])
    late = propose(order, people["asha"], A_WEEK)  # long ago by the worker's clock

    assert close_changes() == 1
    assert close_changes() == 0
    assert stands(late).state == "expired"


# --- many


def test_a_week_later_for_two_hundred_lines_in_as_many_queries_as_for_one(
    people, django_assert_max_num_queries
):
    order = an_agreed_order(people["asha"], lines=200)
    with acting(FEED):
        ids = dict.fromkeys(order.lines.values_list("pk", flat=True), order.version)
    bea = people["bea"].actor

    with acting(bea), django_assert_max_num_queries(16):
        proposed = move_lines(ids, 7, reason="late_data", actor=bea, at=MONDAY)

    assert [one.refusal for one in proposed] == [None] * 200
    with acting(FEED):
        assert OrderChange.objects.filter(turn="supplier", state="proposed").count() == 200


def test_a_bad_row_sinks_no_good_one(people):
    order = an_agreed_order(people["asha"], lines=3)
    propose(order, people["asha"], A_WEEK, line="L20")
    bea = people["bea"].actor
    commands = [
        ProposeChange(order.key, order.version, "L10", A_WEEK),
        ProposeChange(order.key, order.version, "L20", A_WEEK),
        ProposeChange(order.key, order.version, "L30", Wish(ship_to="PARIS")),
        ProposeChange(order.key, order.version, "L99", A_WEEK),
        ProposeChange(order.key, order.version, "L10", A_WEEK),
    ]
    with acting(bea):
        came = propose_changes(commands, actor=bea, at=MONDAY)

    assert [one.refusal.code if one.refusal else "" for one in came] == [
        "",
        "already_asked",
        "invalid",
        "invalid",
        "already_asked",
    ]


def test_forty_wishes_accepted_with_one_word_and_the_erp_told_once_per_order(people):
    one = an_agreed_order(people["asha"], "4500000001", lines=20)
    two = an_agreed_order(people["asha"], "4500000002", lines=20)
    asked = [
        propose(order, people["asha"], A_WEEK, line=f"L{10 * n}")
        for order in (one, two)
        for n in range(1, 21)
    ]
    say(withdraw_change, asked[0], people["asha"])
    before = len(told_to_the_erp())
    bea = people["bea"].actor
    with acting(bea):
        choices = [Choice(change.key, 1) for change in asked]
        outcomes = decide_changes(choices, "accept", note="Fine.", actor=bea, at=MONDAY)

    assert [outcome.refusal for outcome in outcomes[1:]] == [""] * 39
    assert outcomes[0].refusal == "This change request is withdrawn meanwhile."
    told = told_to_the_erp()[before:]
    assert [len(one) for one in told] == [19, 20]
    assert {change.state for change in map(stands, asked[1:])} == {"accepted"}


def test_what_is_ticked_twice_is_decided_once_and_sinks_no_other(people):
    order = an_agreed_order(people["asha"])
    one, two = (propose(order, people["asha"], A_WEEK, line=key) for key in ("L10", "L20"))
    bea = people["bea"].actor

    with acting(bea):
        choices = [Choice(one.key, 1), Choice(one.key, 1), Choice(two.key, 1)]
        outcomes = decide_changes(choices, "accept", actor=bea, at=MONDAY)

    assert [outcome.refusal for outcome in outcomes] == ["", "", ""]
    assert (stands(one).state, stands(two).state) == ("accepted", "accepted")


def test_many_are_declined_with_one_reason(people):
    order = an_agreed_order(people["asha"])
    asked = [propose(order, people["asha"], A_WEEK, line=key) for key in ("L10", "L20")]
    bea = people["bea"].actor
    choices = [Choice(change.key, 1) for change in asked]
    with pytest.raises(Invalid, match="Say why"), acting(bea):
        decide_changes(choices, "decline", actor=bea, at=MONDAY)
    with acting(bea):
        decide_changes(choices, "decline", reason="capacity", actor=bea, at=MONDAY)

    assert {change.state for change in map(stands, asked)} == {"declined"}


# --- reasons


def test_a_company_words_its_own_reasons(people, world):
    order = an_agreed_order(people["asha"])
    root = people["root"].actor
    with acting(root):
        save_reason(EditReason("NM", "flood", "Flood at the works"), actor=root, at=MONDAY)
        save_reason(EditReason("NM", "capacity", "No free machine"), actor=root, at=MONDAY)
        save_reason(EditReason("NM", "force_majeure", "Force majeure", active=False), actor=root, at=MONDAY)
        reasons = reasons_of(order.company_id)

    assert reasons["flood"] == "Flood at the works"
    assert reasons["capacity"] == "No free machine"
    assert "force_majeure" not in reasons
    asked = propose(order, people["asha"], A_WEEK, reason="flood")
    assert stands(asked).told[0].reason == "flood"
    with pytest.raises(Invalid, match="not on the list"):
        propose(order, people["asha"], A_WEEK, line="L20", reason="force_majeure")


def test_only_an_administrator_edits_reasons_and_one_is_always_left(people, world):
    bea, root = people["bea"].actor, people["root"].actor
    with pytest.raises(NotAllowed), acting(bea):
        save_reason(EditReason("NM", "flood", "Flood"), actor=bea, at=MONDAY)
    with pytest.raises(Invalid, match="small letters"), acting(root):
        save_reason(EditReason("NM", "Flood!", "Flood"), actor=root, at=MONDAY)
    with acting(root):
        order = an_order()
        rows = reason_rows(order.company_id)
        for row in rows[:-1]:
            save_reason(EditReason("NM", row.code, row.label, active=False), actor=root, at=MONDAY)
    with pytest.raises(Invalid, match="At least one reason"), acting(root):
        save_reason(EditReason("NM", rows[-1].code, rows[-1].label, active=False), actor=root, at=MONDAY)


def test_an_answer_that_is_not_there_is_not_found(people):
    with pytest.raises(NotFound), acting(people["bea"].actor):
        accept_change(AnswerChange(uuid.uuid4(), 1), actor=people["bea"].actor, at=MONDAY)
    assert issubclass(NotYourTurn, IllegalTransition)


def declining(people, count):
    lines = [a_line(10 * n) for n in range(1, count + 1)]
    order = an_agreed_order(people["asha"], f"46{count:08}", lines)
    changes = [
        propose(order, people["asha"], A_WEEK, line=f"L{10 * n}", version=fresh(order.number).version)
        for n in range(1, count + 1)
    ]
    choices = [Choice(change.key, change.version) for change in changes]
    with acting(people["bea"].actor), CaptureQueriesContext(connection) as told:
        done = decide_changes(choices, "decline", reason="capacity", actor=people["bea"].actor, at=MONDAY)
    assert [one.refusal for one in done] == [""] * count
    assert [stands(change).state for change in changes] == ["declined"] * count
    return len(told)


def test_many_declines_ask_as_much_as_one(people):
    assert declining(people, 1) == declining(people, 5)


def test_the_clock_looks_at_every_request_once_an_hour(people):
    order = an_agreed_order(people["asha"])
    propose(order, people["asha"], A_WEEK)
    with acting(FEED):
        looked = [
            moving_to_look_at(MONDAY + timedelta(days=1, minutes=minute)).count() for minute in range(60)
        ]

    assert sum(looked) == 1
