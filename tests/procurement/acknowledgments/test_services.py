"""Answering and deciding, as stories."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from portal.kernel.errors import Invalid, NotAllowed, NotFound, StaleDocument
from portal.kernel.outbox.models import OutboxMessage
from portal.kernel.scope import acting
from procurement.acknowledgments.messages import AcknowledgeOrder, AnswerPiece, DecideAnswer, LineAnswer
from procurement.acknowledgments.services import (
    acknowledge_order,
    acknowledge_orders,
    decide_answer,
    withdraw_acknowledgment,
)
from procurement.orders.models import Promise
from suppliers.messages import SupplierSitePaper
from suppliers.services import receive_supplier_sites
from tests.builders.world import MONDAY, a_line, a_paper, an_order, fresh, fresh_line, receive
from tests.people import FEED

pytestmark = pytest.mark.django_db

LATER = MONDAY + timedelta(hours=1)


def answer(order, person, *answers, at=LATER, version=None, **rest):
    with acting(person.actor):
        return acknowledge_order(
            AcknowledgeOrder(order.key, version or order.version, tuple(answers), **rest),
            actor=person.actor,
            at=at,
        )


def decide(order, person, verdict, *, lines=(), pieces=(), reason="", version=None):
    with acting(person.actor):
        return decide_answer(
            DecideAnswer(
                order.key, version or order.version, verdict, frozenset(pieces), frozenset(lines), reason
            ),
            actor=person.actor,
            at=LATER,
        )


def told_erp():
    with acting(FEED):
        return list(OutboxMessage.objects.filter(topic="erp").order_by("id"))


def test_whole_order_as_asked_is_agreed_at_once_and_told_to_the_erp(people):
    order = an_order(lines=2)

    done = answer(order, people["asha"], rest_as_asked=True, supplier_reference="SO-1")

    assert done.settled.as_asked == (10, 20)
    order = fresh()
    assert (order.agreement, order.lines_for_supplier, order.lines_for_buyer) == ("agreed", 0, 0)
    assert order.supplier_reference == "SO-1"
    (message,) = told_erp()
    assert [line["key"] for line in message.payload["lines"]] == ["L10", "L20"]
    assert message.payload["lines"][0]["pieces"] == [
        {
            "quantity": "100",
            "delivery_on": "2026-04-01",
            "price": "6.85",
            "price_per": "1",
            "kind": "accept",
            "item_number": "",
            "ship_to": "",
            "reason": "",
            "note": "",
        }
    ]


def test_second_click_is_stale(people):
    order = an_order()
    answer(order, people["asha"], rest_as_asked=True)

    with pytest.raises(StaleDocument):
        answer(order, people["asha"], rest_as_asked=True)

    assert len(told_erp()) == 1


def test_a_later_day_waits_for_the_buyer_who_accepts_it(people):
    order = an_order(lines=2)
    late = LineAnswer("L10", (AnswerPiece(Decimal(100), delivery_on=date(2026, 4, 9)),))

    done = answer(order, people["asha"], late, rest_as_asked=True)

    assert done.settled.as_asked == (20,)
    assert done.settled.waiting == (10,)
    order = fresh()
    assert (order.agreement, order.lines_for_buyer) == ("answered", 1)

    settled = decide(order, people["bea"], "accept")

    assert settled.agreed == (10,)
    line = fresh_line(10)
    assert (line.agreement, line.turn, line.expected_on) == ("agreed", "", date(2026, 4, 9))
    assert [message.payload["lines"][0]["number"] for message in told_erp()] == [20, 10]


def test_a_decline_needs_a_reason_and_gives_the_ball_back(people):
    order = an_order(lines=1)
    answer(order, people["asha"], LineAnswer("L10", (AnswerPiece(Decimal(100), price=Decimal("7.20")),)))
    order = fresh()

    with pytest.raises(Invalid, match="Say why"):
        decide(order, people["bea"], "decline")
    settled = decide(order, people["bea"], "decline", reason="Contract price is 6.85.")

    assert settled.disputed == (10,)
    line = fresh_line()
    assert (line.agreement, line.turn) == ("disputed", "supplier")
    assert told_erp() == []


def test_pieces_must_add_up(people):
    order = an_order(lines=1)
    short = LineAnswer(
        "L10", (AnswerPiece(Decimal(60)), AnswerPiece(Decimal(30), delivery_on=date(2026, 4, 9)))
    )

    with pytest.raises(Invalid) as refusal:
        answer(order, people["asha"], short)

    (problem,) = refusal.value.problems
    assert problem.code == "does_not_add_up"
    assert "90 of 100 pcs" in problem.message
    assert fresh_line().agreement == "awaiting"


def test_several_kinds_of_piece_on_one_line(people):
    order = an_order(lines=1)
    mixed = LineAnswer(
        "L10",
        (
            AnswerPiece(Decimal(50)),
            AnswerPiece(Decimal(20), kind="backorder"),
            AnswerPiece(Decimal(20), kind="substitute", item_number="A-15B", delivery_on=date(2026, 4, 3)),
            AnswerPiece(Decimal(10), kind="refuse", reason="obsolete_item"),
        ),
    )

    answer(order, people["asha"], mixed)

    with acting(FEED):
        kinds = list(Promise.objects.order_by("piece").values_list("kind", "state"))
    assert kinds == [(kind, "proposed") for kind in ("accept", "backorder", "substitute", "refuse")]
    assert decide(fresh(), people["bea"], "accept").agreed == (10,)


def test_revision_reopens_only_the_touched_line(people):
    order = an_order(lines=2)
    answer(order, people["asha"], rest_as_asked=True)

    receive(a_paper(lines=[a_line(10), a_line(20, delivery_on=date(2026, 4, 8))], revision="2"))

    assert fresh_line(10).agreement == "agreed"
    line = fresh_line(20)
    assert (line.agreement, line.turn, line.revision_status) == ("awaiting", "supplier", "stale")
    assert fresh().revision == 2


def test_echo_of_what_was_agreed_asks_nobody_again(people):
    order = an_order(lines=1)
    answer(
        order, people["asha"], LineAnswer("L10", (AnswerPiece(Decimal(100), delivery_on=date(2026, 4, 9)),))
    )
    decide(fresh(), people["bea"], "accept")

    receive(a_paper(lines=[a_line(10, delivery_on=date(2026, 4, 9))], revision="2"))

    line = fresh_line()
    assert (line.agreement, line.turn, line.revision_status) == ("agreed", "", "current")
    assert fresh().lines_for_supplier == 0


def test_what_somebody_else_agreed_meanwhile_is_news_and_no_mistake(people):
    order = an_order(lines=1)
    answer(order, people["bea"], rest_as_asked=True)

    with pytest.raises(StaleDocument) as refusal:
        answer(
            order,
            people["asha"],
            LineAnswer("L10", (AnswerPiece(Decimal(100), delivery_on=date(2026, 4, 9)),)),
        )

    assert refusal.value.details["lines"] == [10]
    with pytest.raises(Invalid, match="Line 10 is agreed already"):
        answer(fresh(), people["asha"], LineAnswer("L10"))


def test_an_answer_to_an_older_version_of_a_touched_line_is_stale_and_names_it(people):
    order = an_order(lines=2)
    receive(a_paper(lines=[a_line(10), a_line(20, quantity=Decimal(80))], revision="2"))

    with pytest.raises(StaleDocument) as refusal:
        answer(order, people["asha"], LineAnswer("L20"))

    assert refusal.value.details["lines"] == [20]
    answer(order, people["asha"], LineAnswer("L10"))
    assert fresh_line(10).agreement == "agreed"


def test_stranger_cannot_even_find_it(people):
    order = an_order()

    with pytest.raises(NotFound):
        answer(order, people["gil"], rest_as_asked=True)


def test_clerk_reads_but_does_not_answer(people):
    order = an_order()

    with pytest.raises(NotAllowed):
        answer(order, people["arun"], rest_as_asked=True)
    with pytest.raises(NotAllowed):
        answer(order, people["otto"], rest_as_asked=True)


def test_buyer_answers_on_the_suppliers_behalf_and_it_stays_marked(people):
    order = an_order()

    done = answer(order, people["bea"], rest_as_asked=True)

    assert done.paper.on_behalf is True


def test_an_undecided_answer_can_be_withdrawn(people):
    order = an_order(lines=2)
    late = LineAnswer("L10", (AnswerPiece(Decimal(100), delivery_on=date(2026, 4, 9)),))
    done = answer(order, people["asha"], late, rest_as_asked=True)

    with acting(people["asha"].actor):
        lines = withdraw_acknowledgment(done.paper.key, actor=people["asha"].actor, at=LATER)

    assert lines == (10,)
    assert fresh_line(10).agreement == "awaiting"
    assert fresh_line(20).agreement == "agreed"


def test_a_ship_date_from_a_known_place_becomes_a_delivery_date(people):
    order = an_order(lines=1)

    answer(
        order,
        people["asha"],
        LineAnswer("L10", (AnswerPiece(Decimal(100), ship_on=date(2026, 3, 20)),)),
        ship_from="PUNE",
    )

    assert fresh_line().expected_on == date(2026, 4, 10)


def test_an_unknown_ship_from_is_named(people):
    order = an_order(lines=1)

    with pytest.raises(Invalid) as refusal:
        answer(order, people["asha"], rest_as_asked=True, ship_from="MOON")

    assert [problem.field for problem in refusal.value.problems] == ["ship_from"]


def test_what_is_agreed_is_not_answered_again(people):
    order = an_order(lines=1)
    answer(order, people["asha"], rest_as_asked=True)

    with pytest.raises(Invalid) as refusal:
        answer(fresh(), people["asha"], LineAnswer("L10", (AnswerPiece(Decimal(100), price=Decimal(9)),)))

    assert [problem.code for problem in refusal.value.problems] == ["agreed"]


def test_the_first_promise_is_never_overwritten(people):
    order = an_order(lines=1)
    first = LineAnswer("L10", (AnswerPiece(Decimal(100), delivery_on=date(2026, 4, 9)),))
    second = LineAnswer("L10", (AnswerPiece(Decimal(100), delivery_on=date(2026, 4, 20)),))
    answer(order, people["asha"], first)
    answer(fresh(), people["asha"], second)
    decide(fresh(), people["bea"], "accept")

    with acting(FEED):
        schedule = fresh_line().schedules.get()
    assert (schedule.first_promised_on, schedule.first_agreed_on) == (date(2026, 4, 9), date(2026, 4, 20))


def test_one_order_that_cannot_be_confirmed_does_not_stop_the_others(people):
    done, open_ = an_order("1"), an_order("2")
    answer(done, people["asha"], rest_as_asked=True)
    asha = people["asha"].actor

    with acting(asha):
        commands = [AcknowledgeOrder(order.key, 1, rest_as_asked=True) for order in (done, open_)]
        refused, answered = acknowledge_orders(commands, actor=asha, at=LATER)

    assert (refused.done, refused.refusal.code) == (None, "stale")
    assert answered.done.settled.as_asked == (10, 20)


def test_a_line_free_of_charge_is_confirmed_and_does_not_sink_the_others(people):
    paid, free = an_order("1", lines=1), an_order("2", lines=[a_line(10, price=Decimal(0))])
    asha = people["asha"].actor

    with acting(asha):
        commands = [AcknowledgeOrder(order.key, 1, rest_as_asked=True) for order in (paid, free)]
        answered = acknowledge_orders(commands, actor=asha, at=LATER)

    assert [one.done.settled.as_asked for one in answered] == [(10,), (10,)]
    told = {message.payload["number"]: message.payload["lines"][0]["pieces"][0] for message in told_erp()}
    assert (told["1"]["price"], told["2"]["price"]) == ("6.85", "0")


def test_a_price_per_unit_written_otherwise_is_news_to_who_types_and_reopens_nothing(people):
    order = an_order(lines=[a_line(10, price=Decimal("2.50")), a_line(20, price=Decimal("2.50"))])
    answer(order, people["asha"], LineAnswer("L20"))
    hundred = {"price": Decimal(250), "price_per": Decimal(100)}
    receive(a_paper(lines=[a_line(10, **hundred), a_line(20, **hundred)]), at=LATER)

    with pytest.raises(StaleDocument) as refusal:
        answer(order, people["asha"], LineAnswer("L10", (AnswerPiece(Decimal(100), price=Decimal("2.60")),)))

    assert refusal.value.details["lines"] == [10]
    assert (fresh_line(20).agreement, fresh().revision) == ("agreed", 1)


def test_a_version_that_is_yet_to_come_is_refused_on_both_sides(people):
    order = an_order(lines=1)
    receive(a_paper(lines=[a_line(10, quantity=Decimal(10000))], revision="2"), at=LATER)

    with pytest.raises(StaleDocument, match="has no version 999 yet"):
        answer(order, people["asha"], rest_as_asked=True, version=999)
    answer(fresh(), people["asha"], LineAnswer("L10", (AnswerPiece(Decimal(10000), price=Decimal(9)),)))
    with pytest.raises(StaleDocument, match="has no version 999 yet"):
        decide(order, people["bea"], "accept", version=999)

    assert (fresh_line().agreement, told_erp()) == ("answered", [])


LATE = LineAnswer("L10", (AnswerPiece(Decimal(100), delivery_on=date(2026, 4, 9)),))
LATE_TOO = LineAnswer("L20", (AnswerPiece(Decimal(100), delivery_on=date(2026, 4, 9)),))


@pytest.mark.parametrize("ended", [{"status": "cancelled"}, {"status": "closed"}])
def test_nothing_is_decided_on_an_order_that_ended_meanwhile(people, ended):
    order = an_order(lines=1)
    answer(order, people["asha"], LATE)
    seen = fresh().version
    receive(a_paper(lines=1, revision="2", **ended), at=LATER)

    with pytest.raises(StaleDocument, match=f"Order 4500000001 is {ended['status']} in the ERP"):
        decide(order, people["bea"], "accept", version=seen)

    assert told_erp() == []


@pytest.mark.parametrize(
    "ended", [{"closed": True}, {"received_quantity": Decimal(100)}, {"cancelled": True}]
)
def test_nothing_is_decided_on_a_line_that_ended_meanwhile(people, ended):
    order = an_order(lines=2)
    answer(order, people["asha"], LATE)
    with acting(FEED):
        (piece,) = Promise.objects.values_list("pk", flat=True)
    seen = fresh().version
    receive(a_paper(lines=[a_line(10, **ended), a_line(20)], revision="2"), at=LATER)

    with pytest.raises(StaleDocument):
        decide(order, people["bea"], "accept", version=seen)
    with pytest.raises(StaleDocument):
        decide(order, people["bea"], "accept", pieces=[piece], version=seen)

    assert (fresh_line().turn, told_erp()) == ("", [])


def test_accepting_everything_leaves_out_what_the_erp_cancelled(people):
    order = an_order(lines=2)
    answer(order, people["asha"], LATE, LATE_TOO)
    receive(a_paper(lines=[a_line(10), a_line(20, cancelled=True)], revision="2"), at=LATER)

    assert decide(order, people["bea"], "accept", version=fresh().version).agreed == (10,)

    (message,) = told_erp()
    assert [line["number"] for line in message.payload["lines"]] == [10]
    with acting(FEED):
        assert list(fresh_line(20).promises.values_list("state", flat=True)) == ["superseded"]


def test_an_answer_withdrawn_from_a_cancelled_order_asks_nobody(people):
    order = an_order(lines=1)
    done = answer(order, people["asha"], LATE)
    receive(a_paper(lines=1, status="cancelled", revision="2"), at=LATER)

    with acting(people["asha"].actor):
        withdraw_acknowledgment(done.paper.key, actor=people["asha"].actor, at=LATER)

    assert (fresh_line().agreement, fresh_line().turn) == ("awaiting", "")
    assert fresh().lines_for_supplier == 0


def test_a_declined_answer_gets_the_time_of_an_answer_again(people):
    order = an_order(lines=1)
    answer(order, people["asha"], LATE)
    # A core supplier has 16 working hours: from Monday 15:30 in Kolkata 1.5, then nine a day.
    much_later = MONDAY + timedelta(days=14)
    declined = DecideAnswer(order.key, fresh().version, "decline", reason="Needed as asked.")

    with acting(people["bea"].actor):
        decide_answer(declined, actor=people["bea"].actor, at=much_later)

    assert fresh().answer_asked_at == much_later
    assert fresh().acknowledge_by_at == datetime(2026, 3, 18, 8, 0, tzinfo=UTC)


def test_an_accepted_answer_moves_no_clock(people):
    order = an_order(lines=2)
    answer(order, people["asha"], LATE)

    decide(order, people["bea"], "accept", version=fresh().version)

    assert fresh().acknowledge_by_at == order.acknowledge_by_at


def test_a_refused_line_taken_by_the_buyer_is_told_to_the_erp(people):
    order = an_order(lines=1)
    answer(
        order,
        people["asha"],
        LineAnswer("L10", (AnswerPiece(Decimal(100), kind="refuse", reason="capacity"),)),
    )
    assert (fresh_line().agreement, fresh_line().turn) == ("refused", "buyer")

    assert decide(fresh(), people["bea"], "accept").refused == (10,)

    assert (fresh_line().agreement, fresh_line().turn) == ("refused", "")
    (message,) = told_erp()
    assert [piece["kind"] for piece in message.payload["lines"][0]["pieces"]] == ["refuse"]


def test_a_blocked_supplier_reads_but_promises_nothing(people, world):
    order = an_order()
    with acting(FEED):
        type(world["ACME"]).objects.filter(number="ACME").update(state="blocked")

    with pytest.raises(NotAllowed, match="blocked"):
        answer(order, people["asha"], rest_as_asked=True)


@pytest.mark.parametrize(("name", "most"), [("supplier_reference", 60), ("note", 2000)])
def test_what_is_too_long_to_be_kept_is_told_and_not_cut(people, name, most):
    order = an_order(lines=1)

    with pytest.raises(Invalid) as refusal:
        answer(order, people["asha"], rest_as_asked=True, **{name: "S" * (most + 1)})

    (problem,) = refusal.value.problems
    assert (problem.field, problem.code) == (name, "too_long")
    assert problem.message == (f"At most {most} characters fit here, and this has {most + 1}. Shorten it.")
    assert fresh_line().agreement == "awaiting"
    done = answer(order, people["asha"], rest_as_asked=True, **{name: "S" * most})
    assert getattr(done.paper, name) == "S" * most


def a_second_place(transit_days):
    with acting(FEED):
        goa = SupplierSitePaper(
            "ACME", "GOA", "Goa works", city="Goa", country="IN", transit_days=transit_days
        )
        receive_supplier_sites([goa])


def shipped_on(day):
    return LineAnswer("L10", (AnswerPiece(Decimal(100), ship_on=day),))


def days_promised():
    with acting(FEED):
        return list(Promise.objects.values_list("ship_on", "delivery_on"))


def test_a_ship_date_alone_owes_the_place_where_the_way_depends_on_it(people):
    order = an_order(lines=1)
    a_second_place(transit_days=30)

    with pytest.raises(Invalid) as refusal:
        answer(order, people["asha"], shipped_on(date(2026, 3, 20)))

    (problem,) = refusal.value.problems
    assert (problem.field, problem.code) == ("ship_on.0", "place_required")
    assert "name the place, or give the delivery date" in problem.message
    assert days_promised() == []

    answer(order, people["asha"], shipped_on(date(2026, 3, 20)), ship_from="GOA")

    assert days_promised() == [(date(2026, 3, 20), date(2026, 4, 19))]


def test_a_ship_date_with_its_delivery_date_owes_no_place(people):
    order = an_order(lines=1)
    a_second_place(transit_days=30)
    both = AnswerPiece(Decimal(100), ship_on=date(2026, 3, 20), delivery_on=date(2026, 4, 1))

    answer(order, people["asha"], LineAnswer("L10", (both,)))

    assert days_promised() == [(date(2026, 3, 20), date(2026, 4, 1))]


def test_places_that_are_equally_far_need_not_be_told_apart(people):
    order = an_order(lines=1)
    a_second_place(transit_days=21)

    answer(order, people["asha"], shipped_on(date(2026, 3, 20)))

    assert days_promised() == [(date(2026, 3, 20), date(2026, 4, 10))]
