"""The rules at the field: what an answer to a line may say."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procurement.acknowledgments.messages import AnswerPiece
from procurement.acknowledgments.policies import (
    Delivery,
    Difference,
    LineRules,
    as_asked,
    difference,
    hints,
    price_for,
    read_answer,
)
from procurement.orders.policies import merged

TODAY = date(2026, 3, 2)
APRIL = date(2026, 4, 1)
RULES = LineRules(
    number=10,
    quantity=Decimal(100),
    unit="pcs",
    unit_decimals=0,
    price=Decimal("6.85"),
    price_per=Decimal(1),
    deliveries=(Delivery(1, Decimal(100), APRIL),),
    minimum_quantity=Decimal(50),
    pack_quantity=Decimal(25),
)
TWO = LineRules(
    number=20,
    quantity=Decimal(100),
    unit="pcs",
    unit_decimals=0,
    price=Decimal("6.85"),
    price_per=Decimal(1),
    deliveries=(Delivery(1, Decimal(60), APRIL), Delivery(2, Decimal(40), date(2026, 4, 15))),
)


def read(*pieces, rules=RULES, transit=0):
    return read_answer(rules, pieces, today=TODAY, transit_days=transit)


def codes(*pieces, rules=RULES):
    return [(problem.field, problem.code) for problem in read(*pieces, rules=rules)[1]]


def test_nothing_said_is_as_asked():
    assert read() == (as_asked(RULES), [])
    assert [piece.schedule_key for piece in read(rules=TWO)[0]] == [1, 2]


@pytest.mark.parametrize(
    ("piece", "field"),
    [
        (AnswerPiece(Decimal(0)), "quantity.0"),
        (AnswerPiece(Decimal("99.5")), "quantity.0"),
        (AnswerPiece(Decimal(100), delivery_on=TODAY - timedelta(days=1)), "delivery_on.0"),
        (AnswerPiece(Decimal(100), delivery_on=date(2206, 4, 1)), "delivery_on.0"),
        (AnswerPiece(Decimal(100), ship_on=APRIL, delivery_on=APRIL - timedelta(days=1)), "ship_on.0"),
        (AnswerPiece(Decimal(100), ship_on=TODAY - timedelta(days=1)), "ship_on.0"),
        (AnswerPiece(Decimal(100), price=Decimal(0)), "price.0"),
        (AnswerPiece(Decimal(100), price=Decimal("-1")), "price.0"),
        (AnswerPiece(Decimal(100), price=Decimal("1.1234567")), "price.0"),
        (AnswerPiece(Decimal(100), price=Decimal(10) ** 12), "price.0"),
        (AnswerPiece(Decimal(100), kind="refuse"), "reason.0"),
        (AnswerPiece(Decimal(100), kind="refuse", reason="bad mood"), "reason.0"),
        (AnswerPiece(Decimal(100), kind="substitute"), "item_number.0"),
        (AnswerPiece(Decimal(100), kind="odd"), "kind.0"),
        (AnswerPiece(Decimal(100), kind="substitute", item_number="X" * 61), "item_number.0"),
        (
            AnswerPiece(Decimal(100), kind="substitute", item_number="X", item_description="Y" * 301),
            "item_description.0",
        ),
        (AnswerPiece(Decimal(100), note="Z" * 2001), "note.0"),
        (AnswerPiece(Decimal(100), kind="refuse", reason="capacity", note="Z" * 2001), "note.0"),
    ],
)
def test_each_broken_rule_names_its_field(piece, field):
    assert [name for name, _ in codes(piece)] == [field]


def test_only_what_is_asked_free_of_charge_is_promised_so():
    free = replace(RULES, price=Decimal(0))

    assert codes(AnswerPiece(Decimal(100), price=Decimal(0)), rules=free) == []
    assert codes(AnswerPiece(Decimal(100), delivery_on=date(2026, 4, 9)), rules=free) == []
    assert codes(AnswerPiece(Decimal(100), price=Decimal("-1")), rules=free) == [("price.0", "invalid")]
    assert codes(AnswerPiece(Decimal(100), price=Decimal(0))) == [("price.0", "invalid")]


def test_all_problems_are_told_at_once():
    broken = AnswerPiece(Decimal(0), delivery_on=TODAY - timedelta(days=1), price=Decimal(0))

    assert [name for name, _ in codes(broken)] == ["quantity.0", "delivery_on.0", "price.0"]


@pytest.mark.parametrize(("quantity", "words"), [(60, "90 of 100 pcs"), (80, "10 pcs more than the 100")])
def test_pieces_that_do_not_add_up_say_by_how_much(quantity, words):
    _, (problem,) = read(AnswerPiece(Decimal(quantity)), AnswerPiece(Decimal(30)))

    assert problem.code == "does_not_add_up"
    assert words in problem.message


def test_today_may_be_promised():
    assert codes(AnswerPiece(Decimal(100), delivery_on=TODAY)) == []


def test_travel_days_turn_a_ship_date_into_a_delivery_date():
    (piece,), _ = read(AnswerPiece(Decimal(100), ship_on=date(2026, 3, 20)), transit=21)

    assert (piece.ship_on, piece.delivery_on) == (date(2026, 3, 20), date(2026, 4, 10))


def test_a_backorder_may_have_no_day_yet():
    (piece,), problems = read(AnswerPiece(Decimal(100), kind="backorder"))

    assert (piece.delivery_on, problems) == (None, [])


def test_pieces_find_the_delivery_they_answer():
    late = date(2026, 5, 1)
    pieces, problems = read(
        AnswerPiece(Decimal(40), delivery_on=date(2026, 4, 15)),
        AnswerPiece(Decimal(60), delivery_on=late),
        rules=TWO,
    )

    assert problems == []
    assert [(piece.schedule_key, piece.quantity) for piece in pieces] == [(1, 60), (2, 40)]


@pytest.mark.parametrize("key", [1, 2, 7, None])
def test_a_piece_larger_than_its_delivery_answers_the_others_too(key):
    june = date(2026, 6, 1)

    pieces, problems = read(AnswerPiece(Decimal(100), delivery_on=june, schedule_key=key), rules=TWO)

    assert problems == []
    assert [(one.schedule_key, one.quantity, one.delivery_on) for one in pieces] == [
        (1, 60, june),
        (2, 40, june),
    ]


def test_what_a_piece_is_too_large_for_goes_where_there_is_room():
    early, late, gone = AnswerPiece(Decimal(80)), AnswerPiece(Decimal(15)), AnswerPiece(Decimal(5))
    pieces, problems = read(
        replace(early, schedule_key=1),
        replace(late, schedule_key=2, delivery_on=date(2026, 5, 1)),
        replace(gone, schedule_key=2, kind="refuse", reason="capacity"),
        rules=TWO,
    )

    assert problems == []
    assert [(one.schedule_key, one.quantity, one.kind, one.delivery_on) for one in pieces] == [
        (1, 60, "accept", APRIL),
        (2, 15, "accept", date(2026, 5, 1)),
        (2, 5, "refuse", None),
        (2, 20, "accept", APRIL),
    ]


def test_two_pieces_too_many_for_two_deliveries_are_still_told():
    assert codes(
        AnswerPiece(Decimal(60), schedule_key=1), AnswerPiece(Decimal(50), schedule_key=2), rules=TWO
    ) == [("quantity.0", "does_not_add_up")]


splits = st.lists(st.integers(min_value=1, max_value=400), min_size=1, max_size=12)
days = st.dates(min_value=TODAY, max_value=date(2029, 1, 1))


@given(splits, st.data())
def test_a_split_that_adds_up_is_read_whole_and_loses_nothing(parts, data):
    total = Decimal(sum(parts))
    rules = LineRules(10, total, "pcs", 0, Decimal(5), Decimal(1), (Delivery(1, total, APRIL),))
    typed = [AnswerPiece(Decimal(part), delivery_on=data.draw(days)) for part in parts]

    pieces, problems = read_answer(rules, typed, today=TODAY)

    assert problems == []
    assert sorted((p.quantity, p.delivery_on) for p in pieces) == sorted(
        (t.quantity, t.delivery_on) for t in typed
    )


@given(st.lists(st.integers(1, 400), min_size=1, max_size=5), splits, st.data())
def test_pieces_of_a_line_always_add_up_to_each_of_its_deliveries(asked, parts, data):
    total = sum(parts)
    days_asked = [APRIL + timedelta(days=number) for number in range(len(asked))]
    asked[-1] += max(0, total - sum(asked))
    parts[-1] += sum(asked) - total
    deliveries = tuple(
        Delivery(key, Decimal(quantity), day)
        for key, (quantity, day) in enumerate(zip(asked, days_asked, strict=True), start=1)
    )
    rules = LineRules(10, Decimal(sum(asked)), "pcs", 0, Decimal(5), Decimal(1), deliveries)
    keys = st.none() | st.integers(1, 7)
    typed = [
        AnswerPiece(Decimal(part), delivery_on=data.draw(days), schedule_key=data.draw(keys))
        for part in parts
    ]

    pieces, problems = read_answer(rules, typed, today=TODAY)

    assert problems == []
    for one in deliveries:
        assert sum(piece.quantity for piece in pieces if piece.schedule_key == one.key) == one.quantity
    assert merged((p.quantity, p.delivery_on) for p in pieces) == merged(
        (t.quantity, t.delivery_on) for t in typed
    )


@given(splits, st.integers(min_value=-50, max_value=50).filter(bool))
def test_a_split_that_does_not_add_up_is_always_refused(parts, off):
    total = Decimal(sum(parts) + off)
    if total <= 0:
        return
    rules = LineRules(10, total, "pcs", 0, Decimal(5), Decimal(1), (Delivery(1, total, APRIL),))

    _, problems = read_answer(rules, [AnswerPiece(Decimal(part)) for part in parts], today=TODAY)

    assert [problem.code for problem in problems] == ["does_not_add_up"]


def test_differences_are_told_in_figures():
    late = read(AnswerPiece(Decimal(60)), AnswerPiece(Decimal(40), delivery_on=APRIL + timedelta(days=8)))[0]
    dear = read(AnswerPiece(Decimal(100), price=Decimal("7.20")))[0]
    less = read(AnswerPiece(Decimal(80)), AnswerPiece(Decimal(20), kind="refuse", reason="capacity"))[0]

    assert difference(RULES, as_asked(RULES)).is_none
    assert difference(RULES, late) == Difference(days_late=8, split=True)
    assert difference(RULES, dear) == Difference(price_change=Decimal("0.35"))
    assert difference(RULES, less) == Difference(refused=Decimal(20))


def test_hints_know_the_minimum_and_the_pack():
    pieces = read(AnswerPiece(Decimal(40)), AnswerPiece(Decimal(60)))[0]

    assert hints(RULES, pieces) == [
        "40 pcs is below the minimum of 50.",
        "Not a whole number of packs of 25: 25 or 50 would be.",
        "Not a whole number of packs of 25: 50 or 75 would be.",
    ]


@pytest.mark.parametrize(
    ("price", "per", "wanted", "same"),
    [
        ("70", 10, 1, "7"),
        ("7", 1, 100, "700"),
        ("6.85", 1, 1, "6.85"),
        ("0.000001", 1, 1, "0.000001"),
        ("999999999999.999999", 1, 1, "999999999999.999999"),
        ("70", 3, 1, None),
        ("0.000001", 10, 1, None),
    ],
)
def test_a_price_is_said_for_another_number_of_units_exactly_or_not_at_all(price, per, wanted, same):
    found = price_for(Decimal(price), Decimal(per), Decimal(wanted))

    assert found == (None if same is None else Decimal(same))
