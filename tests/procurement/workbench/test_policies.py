"""The sentences of the workbench: what happens when this is sent, and whose turn it is."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from portal.kernel.errors import Problem
from procurement.acknowledgments.policies import Delivery, LineRules
from procurement.orders.policies import NewPiece
from procurement.workbench.policies import (
    Deadline,
    OrderFacts,
    given_name,
    headline_for_supplier,
    time_left,
    verdict_of,
)

ASKED_ON = date(2026, 4, 1)
RULES = LineRules(
    number=10,
    quantity=Decimal(500),
    unit="pcs",
    unit_decimals=0,
    price=Decimal("41.20"),
    price_per=Decimal(1),
    deliveries=(Delivery(1, Decimal(500), ASKED_ON),),
)


def piece(quantity=500, kind="accept", on=ASKED_ON, price="41.20"):
    return NewPiece(1, kind, Decimal(quantity), Decimal(price), Decimal(1), on)


def verdict(*pieces, problems=()):
    found = verdict_of(RULES, pieces, problems, buyer="Omar", currency="EUR")
    return found.result, found.reason


@pytest.mark.parametrize(
    ("pieces", "said"),
    [
        ([piece()], ("Agreed at once", "as asked")),
        ([piece(200), piece(300)], ("Agreed at once", "as asked")),
        ([piece(on=date(2026, 4, 9))], ("Goes to Omar", "8 days late")),
        ([piece(on=date(2026, 3, 31))], ("Goes to Omar", "1 day early")),
        ([piece(price="41.55")], ("Goes to Omar", "0.35 EUR more each")),
        ([piece(price="41.00")], ("Goes to Omar", "0.20 EUR less each")),
        (
            [piece(300), piece(200, on=date(2026, 4, 9))],
            ("Goes to Omar", "8 days late; a split needs a buyer"),
        ),
        ([piece(kind="substitute")], ("Goes to Omar", "another item")),
        ([piece(300), piece(200, "refuse")], ("Goes to Omar", "200 pcs refused")),
        ([piece(kind="refuse")], ("Refused: goes to Omar", "")),
    ],
)
def test_verdict_says_what_happens_and_why(pieces, said):
    assert verdict(*pieces) == said


def test_a_backorder_without_a_day_says_so():
    assert "a backorder without a day" in verdict(piece(300), piece(200, "backorder", None))[1]


def test_a_problem_comes_before_everything():
    assert verdict(piece(), problems=[Problem("quantity.0", "…")])[0] == "Cannot be sent yet"


def deadline(
    hours_left, *, now=datetime(2026, 3, 12, 14, 20, tzinfo=UTC), due=datetime(2026, 3, 13, 9, tzinfo=UTC)
):
    return Deadline(due, now, "Asia/Shanghai", True, timedelta(hours=hours_left), timedelta(hours=24))


def facts(**changed):
    values = {
        "state": "issued",
        "revision": 3,
        "buyer": "Omar",
        "line_count": 18,
        "agreed": 0,
        "for_supplier": 18,
        "for_buyer": 0,
        "deadline": deadline(8),
    }
    return OrderFacts(**{**values, **changed})


def test_the_headline_says_whose_turn_what_and_by_when():
    said = headline_for_supplier(facts(typed=(("to_buyer", 2), ("as_asked", 1), ("refused", 1))))

    assert (said.turn, said.yours, said.tone) == ("Your turn", True, "wait")
    assert said.sentence == (
        "Answer revision 3 by <b>tomorrow, Fri 13 Mar 2026, 17:00</b> your time. 4 lines differ: one agreed at once, "
        "3 go to Omar (one of them refused)."
    )
    assert said.left == "8 working hours left"


def test_the_headline_of_a_late_answer_says_how_late():
    late = deadline(-3, now=datetime(2026, 3, 13, 12, tzinfo=UTC))

    said = headline_for_supplier(facts(deadline=late))

    assert (said.tone, said.left) == ("stop", "3 working hours late")
    assert "The answer was due <b>today, Fri 13 Mar 2026, 17:00</b>" in said.sentence


def test_names_in_a_headline_are_escaped():
    said = headline_for_supplier(facts(disputed=1, buyer="<b>Omar</b>"))

    assert "&lt;b&gt;Omar&lt;/b&gt; did not accept one line" in said.sentence


@pytest.mark.parametrize(
    ("changed", "turn", "part"),
    [
        ({"for_supplier": 0, "for_buyer": 4, "agreed": 14}, "Omar’s turn", "The other 14 are agreed."),
        ({"for_supplier": 0, "agreed": 18, "next_delivery": "1 Apr 2026"}, "Agreed", "<b>1 Apr 2026</b>"),
        ({"for_supplier": 0, "agreed": 18, "received": True}, "Received", "has arrived"),
        ({"state": "cancelled"}, "Cancelled", "nothing to do"),
        ({"state": "closed"}, "Closed", "nothing to do"),
        ({"may_answer": False}, "Waits for an answer", "Answer revision 3"),
        ({"on_behalf_of": "Acme"}, "Their turn", "Answer revision 3"),
        ({"for_supplier": 0}, "Settled", "nothing to do"),
    ],
)
def test_every_standing_has_its_headline(changed, turn, part):
    said = headline_for_supplier(facts(**changed))

    assert said.turn == turn
    assert part in said.sentence


def test_time_in_another_place_is_named():
    elsewhere = Deadline(
        datetime(2026, 3, 16, 9, tzinfo=UTC),
        datetime(2026, 3, 12, 9, tzinfo=UTC),
        "Asia/Shanghai",
        False,
        timedelta(minutes=40),
        timedelta(hours=24),
    )

    assert (
        "<b>Mon 16 Mar 2026, 17:00</b> Shanghai time"
        in headline_for_supplier(facts(deadline=elsewhere)).sentence
    )
    assert time_left(elsewhere) == "40 working minutes left"


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("Omar Haddad", "Omar"),
        ("Haddad, Omar", "Haddad, Omar"),
        ("Omar", "Omar"),
        ("O. Haddad", "O. Haddad"),
        ("", ""),
    ],
)
def test_people_are_called_by_their_first_name_where_it_is_clear(name, given):
    assert given_name(name) == given
