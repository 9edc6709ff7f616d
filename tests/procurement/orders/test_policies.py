"""The rules of an order, on values alone."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procurement.orders.policies import (
    Asked,
    LineStatus,
    Piece,
    changes_between,
    echoes,
    expected_on,
    finance_of,
    is_as_asked,
    logistics_of,
    next_delivery_on,
    roll_up,
    standing_of,
)

APRIL = date(2026, 4, 1)
ASKED = Asked(
    item_number="VALVE-15",
    quantity=Decimal(100),
    unit="pcs",
    price=Decimal("6.85"),
    price_per=Decimal(1),
    ship_to="LEEDS",
    deliveries=((Decimal(100), APRIL),),
)


def piece(quantity=100, day=APRIL, price="6.85", per=1, kind="accept", state="agreed", item=""):
    return Piece(kind, Decimal(quantity), day, Decimal(price), Decimal(per), item, state)


# --- what counts as a change ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "fields"),
    [
        ({"quantity": Decimal(80), "deliveries": ((Decimal(80), APRIL),)}, ["quantity"]),
        ({"deliveries": ((Decimal(100), date(2026, 4, 8)),)}, ["delivery_on"]),
        ({"deliveries": ((Decimal(60), APRIL), (Decimal(40), date(2026, 4, 8)))}, ["deliveries"]),
        ({"deliveries": ((Decimal(60), APRIL), (Decimal(40), APRIL))}, []),
        ({"price": Decimal("6.90")}, ["price"]),
        ({"price": Decimal(685), "price_per": Decimal(100)}, []),
        ({"item_number": "VALVE-25"}, ["item_number"]),
        ({"unit": "box"}, ["unit"]),
        ({"ship_to": "HULL"}, ["ship_to"]),
        ({"incoterm": "DAP Leeds"}, ["incoterm"]),
        ({"quantity": Decimal("100.000")}, []),
    ],
)
def test_only_what_matters_for_the_promise_is_a_change(changed, fields):
    assert [change.field for change in changes_between(ASKED, replace(ASKED, **changed))] == fields


def test_a_change_tells_old_and_new():
    (change,) = changes_between(ASKED, replace(ASKED, price=Decimal("712.50"), price_per=Decimal(100)))
    assert (change.old, change.new) == ("6.85", "712.5 per 100")


# --- as asked, and echoes -------------------------------------------------------------------------------------


def test_two_pieces_on_the_asked_day_are_still_as_asked():
    assert is_as_asked(ASKED, [piece(60), piece(40)])


@pytest.mark.parametrize(
    "pieces",
    [
        [piece(day=date(2026, 4, 2))],
        [piece(price="6.86")],
        [piece(99)],
        [piece(60), piece(40, kind="backorder")],
        [piece(100, kind="substitute")],
    ],
)
def test_anything_else_is_not_as_asked(pieces):
    assert not is_as_asked(ASKED, pieces)


def test_an_echo_may_leave_out_what_was_refused():
    agreed = [piece(80), piece(20, kind="refuse", day=None)]
    now = replace(ASKED, quantity=Decimal(80), deliveries=((Decimal(80), APRIL),))

    assert echoes(now, agreed)
    assert not echoes(ASKED, agreed)


def test_a_substitute_is_echoed_by_its_own_item_alone():
    whole = [piece(kind="substitute", item="VALVE-25")]
    part = [piece(60), piece(40, kind="substitute", item="VALVE-25")]
    other = replace(ASKED, item_number="VALVE-25")
    item_moved = changes_between(ASKED, other)

    assert echoes(other, whole, item_moved)
    assert not echoes(ASKED, whole)
    assert not echoes(other, part, item_moved)
    assert not echoes(other, [piece()], item_moved)


quantities = st.decimals(min_value="0.01", max_value="99999", places=2)
days = st.dates(min_value=date(2026, 1, 1), max_value=date(2027, 12, 31))
deliveries = st.lists(st.tuples(quantities, days), min_size=1, max_size=6)


@given(deliveries, st.decimals(min_value="0.01", max_value="9999", places=2), st.randoms())
def test_a_promise_as_asked_echoes_whatever_the_order_of_its_pieces(asked, price, random):
    whole = replace(
        ASKED,
        quantity=sum(quantity for quantity, _ in asked),
        deliveries=tuple(asked),
        price=price,
    )
    pieces = [piece(quantity, day, str(price)) for quantity, day in asked]
    random.shuffle(pieces)

    assert is_as_asked(whole, pieces)
    assert echoes(whole, pieces)
    assert changes_between(whole, whole) == []


@given(deliveries)
def test_a_price_for_a_hundred_is_the_price_for_one(asked):
    one = replace(ASKED, deliveries=tuple(asked))
    hundred = replace(one, price=one.price * 100, price_per=Decimal(100))

    assert changes_between(one, hundred) == []


# --- standing -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pieces", "agreement", "turn"),
    [
        ([], "awaiting", "supplier"),
        ([piece(state="agreed")], "agreed", ""),
        ([piece(state="proposed")], "answered", "buyer"),
        ([piece(60, state="agreed"), piece(40, state="proposed")], "answered", "buyer"),
        ([piece(60, state="agreed"), piece(40, state="declined")], "disputed", "supplier"),
        ([piece(60, state="proposed"), piece(40, state="declined")], "answered", "buyer"),
        ([piece(kind="refuse", state="proposed")], "refused", "buyer"),
        ([piece(kind="refuse", state="agreed")], "refused", ""),
        ([piece(60, state="agreed"), piece(40, kind="refuse", state="agreed")], "agreed", ""),
    ],
)
def test_standing_is_read_off_the_pieces(pieces, agreement, turn):
    standing = standing_of(pieces)
    assert (standing.agreement, standing.turn) == (agreement, turn)


@given(st.lists(st.sampled_from(["proposed", "agreed", "declined"]), min_size=1, max_size=8), st.randoms())
def test_standing_does_not_depend_on_the_order_of_pieces(states, random):
    pieces = [piece(1, state=state) for state in states]
    shuffled = list(pieces)
    random.shuffle(shuffled)

    assert standing_of(pieces) == standing_of(shuffled)
    assert (standing_of(pieces).turn == "buyer") == ("proposed" in states)


def test_expected_is_agreed_else_promised_else_asked():
    later, latest = APRIL + timedelta(8), APRIL + timedelta(20)

    assert expected_on(ASKED, []) == APRIL
    assert expected_on(ASKED, [piece(day=later, state="proposed")]) == later
    assert (
        expected_on(ASKED, [piece(50, later, state="agreed"), piece(50, latest, state="proposed")]) == later
    )
    assert expected_on(ASKED, [piece(day=latest, state="declined")]) == APRIL


@pytest.mark.parametrize(("received", "day"), [(0, 1), (59, 1), (60, 15), (99, 15), (100, 15), (110, 15)])
def test_the_next_delivery_is_the_earliest_that_is_not_here_yet(received, day):
    two = replace(ASKED, deliveries=((Decimal(40), date(2026, 4, 15)), (Decimal(60), APRIL)))

    assert next_delivery_on(two, [], Decimal(received)) == date(2026, 4, day)
    split = [piece(60), piece(40, date(2026, 4, 15)), piece(20, None, kind="refuse")]
    assert next_delivery_on(ASKED, split, Decimal(received)) == date(2026, 4, day)


# --- what happened --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shipped", "received", "closed", "status"),
    [
        (0, 0, False, "nothing_shipped"),
        (40, 0, False, "partly_shipped"),
        (100, 0, False, "shipped"),
        (100, 40, False, "partly_received"),
        (0, 100, False, "received"),
        (0, 40, True, "closed_short"),
        (0, 110, True, "received"),
    ],
)
def test_logistics(shipped, received, closed, status):
    values = {"ordered": Decimal(100), "shipped": Decimal(shipped), "received": Decimal(received)}
    assert logistics_of(**values, closed=closed) == status


@pytest.mark.parametrize(
    ("invoiced", "status"), [(0, "not_invoiced"), (40, "partly"), (100, "fully"), (101, "over")]
)
def test_finance(invoiced, status):
    assert finance_of(ordered=Decimal(100), invoiced=Decimal(invoiced)) == status


# --- roll-up --------------------------------------------------------------------------------------------------


def line(agreement="agreed", turn="", logistics="nothing_shipped", finance="not_invoiced", **rest):
    values = {"revision_status": "current", "cancelled": False, **rest}
    return LineStatus(agreement=agreement, turn=turn, logistics=logistics, finance=finance, **values)


@pytest.mark.parametrize(
    ("agreements", "whole"),
    [
        (["agreed", "agreed"], "agreed"),
        (["agreed", "awaiting"], "awaiting"),
        (["awaiting", "answered"], "answered"),
        (["answered", "disputed"], "disputed"),
        (["refused", "refused"], "refused"),
        (["refused", "agreed"], "agreed"),
        ([], "agreed"),
    ],
)
def test_an_order_says_first_what_must_be_heard_first(agreements, whole):
    assert roll_up([line(agreement) for agreement in agreements]).agreement == whole


@pytest.mark.parametrize(
    ("others", "whole"),
    [(["agreed"], "answered"), (["awaiting"], "answered"), (["disputed"], "disputed"), ([], "refused")],
)
def test_no_order_is_agreed_while_a_refusal_waits_for_the_buyer(others, whole):
    assert roll_up([line("refused", "buyer"), *map(line, others)]).agreement == whole


def test_cancelled_lines_do_not_count_and_a_closed_order_waits_for_nobody():
    lines = [
        line("awaiting", "supplier"),
        line("answered", "buyer"),
        line("awaiting", "supplier", cancelled=True),
    ]

    status = roll_up(lines)
    assert (status.line_count, status.lines_for_supplier, status.lines_for_buyer) == (2, 1, 1)
    assert roll_up(lines, state="closed").lines_for_supplier == 0


@pytest.mark.parametrize(
    ("statuses", "whole"),
    [
        (["received", "received"], "received"),
        (["received", "nothing_shipped"], "partly_received"),
        (["received", "closed_short"], "closed_short"),
        (["shipped", "nothing_shipped"], "partly_shipped"),
    ],
)
def test_logistics_of_an_order(statuses, whole):
    assert roll_up([line(logistics=status) for status in statuses]).logistics == whole
