"""The rules of a wish, as examples and as properties."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procurement.calendars.policies import default_calendar
from procurement.changes.messages import TermPiece, Terms, WantedPiece, Wish, terms_from_json, terms_to_json
from procurement.changes.policies import (
    Agreed,
    Asked,
    answer_by,
    cancelled,
    is_same,
    kinds_of,
    moved,
    pieces_of,
    read_wish,
    words_problems,
)

TODAY = date(2026, 3, 2)
FIRST, SECOND, THIRD = date(2026, 4, 1), date(2026, 4, 15), date(2026, 5, 4)


def at_price(quantity, day=FIRST, price="6.85", per=1, item=""):
    return TermPiece(Decimal(quantity), day, Decimal(price), Decimal(per), item)


def agreed(*pieces, done=0, ship_to="", decimals=0):
    terms = Terms(pieces or (at_price(100),), ship_to)
    return Agreed(10, "pcs", decimals, terms, Decimal(done), frozenset({"LEEDS", "HULL"}), "LEEDS")


def problems_of(wish, line=None):
    _terms, problems = read_wish(line or agreed(), wish, today=TODAY)
    return [(problem.field, problem.code) for problem in problems]


def terms_of(wish, line=None):
    terms, problems = read_wish(line or agreed(), wish, today=TODAY)
    assert problems == []
    return terms


WHOLE = WantedPiece()


@pytest.mark.parametrize(
    ("wish", "kinds"),
    [
        (Wish((WantedPiece(delivery_on=SECOND),)), ["date"]),
        (Wish((WantedPiece(Decimal(80)),)), ["quantity"]),
        (Wish((WantedPiece(price=Decimal("6.90")),)), ["price"]),
        (Wish((WantedPiece(Decimal(60)), WantedPiece(Decimal(40), SECOND))), ["split"]),
        (
            Wish((WantedPiece(Decimal(60), SECOND), WantedPiece(Decimal(60), THIRD))),
            ["date", "quantity", "split"],
        ),
        (Wish((WantedPiece(item_number="A-15/2"),)), ["substitute"]),
        (Wish(ship_to="HULL"), ["ship_to"]),
        (Wish(cancel=True), ["cancel"]),
        (Wish(move_days=7), ["date"]),
        (Wish(move_days=7, ship_to="HULL"), ["date", "ship_to"]),
    ],
)
def test_what_a_wish_would_alter_has_a_name(wish, kinds):
    assert list(kinds_of(agreed().terms, terms_of(wish))) == kinds


def test_two_deliveries_become_one():
    line = agreed(at_price(60), at_price(40, SECOND))

    assert list(kinds_of(line.terms, terms_of(Wish((WantedPiece(Decimal(100), SECOND),)), line))) == ["merge"]


def test_more_of_it_earlier_is_another_date():
    line = agreed(at_price(60), at_price(40, SECOND))
    wish = Wish((WantedPiece(Decimal(80), FIRST), WantedPiece(Decimal(20), SECOND)))

    assert list(kinds_of(line.terms, terms_of(wish, line))) == ["date"]


@pytest.mark.parametrize(
    ("wish", "problem"),
    [
        (Wish(), ("wish", "nothing_changes")),
        (Wish((WantedPiece(),)), ("wish", "nothing_changes")),
        (Wish((WantedPiece(Decimal(60)), WantedPiece(Decimal(40)))), ("wish", "nothing_changes")),
        (Wish(ship_to="LEEDS"), ("wish", "nothing_changes")),
        (Wish(ship_to="PARIS"), ("ship_to", "unknown")),
        (Wish((WantedPiece(Decimal(0)),)), ("quantity.0", "invalid")),
        (Wish((WantedPiece(Decimal("2.5")),)), ("quantity.0", "invalid")),
        (Wish((WantedPiece(Decimal(5)), WantedPiece())), ("quantity.1", "required")),
        (Wish((WantedPiece(delivery_on=TODAY - timedelta(days=1)),)), ("delivery_on.0", "invalid")),
        (Wish((WantedPiece(delivery_on=date(2036, 3, 2)),)), ("delivery_on.0", "invalid")),
        (Wish((WantedPiece(price=Decimal(0)),)), ("price.0", "invalid")),
        (Wish((WantedPiece(price_per=Decimal(100)),)), ("price.0", "required")),
        (Wish((WantedPiece(price=Decimal("0.1234567")),)), ("price.0", "invalid")),
        (Wish((WantedPiece(price=Decimal(10) ** 10),)), ("price.0", "invalid")),
        (Wish((WantedPiece(item_number="A" * 61),)), ("item_number.0", "too_long")),
        (Wish(cancel=True, move_days=7), ("cancel", "invalid")),
        (Wish(move_days=-60), ("move_days", "invalid")),
        (Wish(move_days=4000), ("move_days", "invalid")),
    ],
)
def test_a_wish_that_cannot_stand_says_where_and_why(wish, problem):
    assert problems_of(wish) == [problem]


def test_nothing_goes_below_what_was_received_or_invoiced():
    line = agreed(done=30)

    assert problems_of(Wish((WantedPiece(Decimal(29)),)), line) == [("quantity.0", "below_done")]
    assert terms_of(Wish((WantedPiece(Decimal(30)),)), line).quantity == 30


def test_a_day_that_was_agreed_may_have_passed():
    line = agreed(at_price(60, TODAY - timedelta(days=3)), at_price(40))
    wish = Wish((WantedPiece(Decimal(60)), WantedPiece(Decimal(40), SECOND)))

    assert terms_of(wish, line).pieces[1].delivery_on == SECOND


def test_cancelling_keeps_what_has_come():
    line = agreed(at_price(60), at_price(40, SECOND), done=70)

    assert cancelled(line).pieces == (at_price(60), at_price(10, SECOND))
    assert cancelled(agreed()).pieces == ()


def test_what_has_come_is_not_moved():
    pieces = moved((at_price(60), at_price(40, SECOND)), 7, Decimal(60))

    assert [one.delivery_on for one in pieces] == [FIRST, SECOND + timedelta(days=7)]


def test_a_decline_owes_a_reason():
    assert [one.code for one in words_problems("", ["capacity"], " ", owed=True)] == ["required"]
    assert words_problems("capacity", ["capacity"], "", owed=True) == []
    assert words_problems("", ["capacity"], "No.", owed=True) == []
    assert [one.code for one in words_problems("weather", ["capacity"], "")] == ["unknown"]


def test_a_wish_waits_two_weeks_of_work():
    monday = datetime(2026, 3, 2, 8, tzinfo=UTC)

    assert answer_by(monday, default_calendar("GB", "UTC")) == datetime(2026, 3, 13, 17, tzinfo=UTC)


ASKED = Asked(Decimal(100), Decimal("6.85"), Decimal(1), ((1, FIRST), (4, SECOND)))


def test_a_piece_answers_the_delivery_of_its_day():
    pieces = pieces_of(Terms((at_price(30, THIRD), at_price(70, SECOND))), ASKED)

    assert [(one.schedule_key, one.delivery_on) for one in pieces] == [(1, THIRD), (4, SECOND)]


def test_pieces_find_the_delivery_of_their_day_in_whatever_order_they_are_wished_for():
    asked = Asked(Decimal(100), Decimal("6.85"), Decimal(1), ((1, FIRST), (2, SECOND)))
    found = pieces_of(Terms((at_price(30, THIRD), at_price(50, FIRST), at_price(20, THIRD))), asked)

    assert [(one.delivery_on, one.schedule_key) for one in found] == [(THIRD, 2), (FIRST, 1), (THIRD, 2)]


def test_what_is_left_out_is_as_agreed_a_substitute_too():
    substitute = TermPiece(Decimal(100), FIRST, Decimal("6.85"), Decimal(1), "A-15/2", "The new valve")
    line = agreed(substitute)

    later = terms_of(Wish((WantedPiece(delivery_on=SECOND),)), line)
    the_old_one = terms_of(Wish((WantedPiece(item_number=""),)), line)
    another = terms_of(Wish((WantedPiece(item_number="A-15/3"),)), line)

    assert later.pieces == (replace(substitute, delivery_on=SECOND),)
    assert the_old_one.pieces == (at_price(100),)
    assert another.pieces == (at_price(100, item="A-15/3"),)


def test_what_is_cancelled_as_a_whole_is_refused_with_a_reason_that_every_erp_knows():
    (piece,) = pieces_of(Terms(cancel=True), ASKED, reason="flood", note="The works is under water.")

    assert (piece.kind, piece.quantity, piece.reason) == ("refuse", Decimal(100), "other")


amounts = st.integers(1, 500).map(Decimal)
days = st.dates(FIRST, THIRD)
some_pieces = st.lists(
    st.builds(at_price, amounts, days, st.sampled_from(["6.85", "7"]), st.sampled_from([1, 100])),
    min_size=1,
    max_size=5,
).map(tuple)


@given(some_pieces, some_pieces)
def test_terms_that_are_the_same_alter_nothing_and_others_alter_something(one, other):
    old, new = Terms(one), Terms(other)

    assert bool(kinds_of(old, new)) != is_same(old, new)


@given(some_pieces, st.integers(-20, 20), st.integers(0, 600).map(Decimal))
def test_moving_there_and_back_changes_nothing(pieces, by, done):
    there = moved(pieces, by, Decimal(0))

    assert sum(one.quantity for one in there) == sum(one.quantity for one in pieces)
    assert is_same(Terms(moved(there, -by, Decimal(0))), Terms(pieces))
    assert sum(one.quantity for one in moved(pieces, by, done)) == sum(one.quantity for one in pieces)


@given(some_pieces, st.integers(0, 600).map(Decimal))
def test_cancelling_leaves_exactly_what_is_done(pieces, done):
    assert cancelled(agreed(*pieces, done=done)).quantity == done


@given(some_pieces, st.sampled_from(["", "HULL"]), st.booleans())
def test_terms_survive_being_kept(pieces, place, cancel):
    terms = Terms(pieces, place, cancel)

    assert terms_from_json(terms_to_json(terms)) == terms
