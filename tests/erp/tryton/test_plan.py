"""Moves cut and placed: nothing is lost, and everything that fits gets its day."""

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from procurement.erp.connectors.tryton.plan import (
    kept_deliveries,
    next_cut,
    on_its_way,
    placed,
    still_to_come,
)
from procurement.erp.connectors.tryton.records import Move

DAY = date(2026, 5, 11)
SIZES = st.lists(st.integers(1, 500), min_size=1, max_size=6)


def a_move(
    quantity: int, *, number: int = 1, planned_on: date = DAY, state: str = "draft", shipment: str = ""
) -> Move:
    return Move(number, 1, Decimal(quantity), state, planned_on, DAY, shipment, 1, 1, "")


def deliveries(sizes: list[int]) -> list[tuple[date, Decimal]]:
    return [(DAY + timedelta(days=7 * number), Decimal(size)) for number, size in enumerate(sizes)]


@given(SIZES)
def test_one_move_is_cut_until_every_delivery_has_one_of_its_size(sizes: list[int]) -> None:
    wanted = deliveries(sizes)
    moves = [a_move(sum(sizes))]

    while cut := next_cut(moves, wanted):
        move, size = cut
        moves.remove(move)
        moves += [a_move(int(size), number=2 * len(moves)), a_move(int(move.quantity - size), number=99)]

    assert sorted(move.quantity for move in moves) == sorted(Decimal(size) for size in sizes)


@given(SIZES)
def test_every_delivery_gets_a_move_of_its_own_on_its_day(sizes: list[int]) -> None:
    wanted = deliveries(sizes)
    moves = [a_move(size, number=number) for number, size in enumerate(sizes)]

    days = {move.id: move.planned_on for move in moves} | {
        move.id: day for move, day in placed(moves, wanted)
    }

    found = sorted((days[move.id], move.quantity) for move in moves)
    assert found == sorted(wanted)


def test_what_stands_right_is_left_alone() -> None:
    moves = [a_move(5, number=1), a_move(5, number=2, planned_on=DAY + timedelta(days=7))]

    assert list(placed(moves, deliveries([5, 5]))) == []


def test_what_has_come_is_taken_from_its_own_day_first() -> None:
    came = [a_move(60, state="done", planned_on=DAY + timedelta(days=7))]

    assert still_to_come(deliveries([40, 100]), came) == [
        (DAY, Decimal(40)),
        (DAY + timedelta(days=7), Decimal(40)),
    ]
    assert still_to_come(deliveries([40, 30]), came) == [(DAY, Decimal(10))]


def test_what_is_kept_of_a_line_that_came_in_part_is_all_of_what_is_still_to_come() -> None:
    june = DAY + timedelta(days=21)
    came = a_move(100, state="done")
    rest = [a_move(70, number=2, planned_on=june), a_move(70, number=3, planned_on=june)]

    kept = kept_deliveries([came, *rest])

    assert kept == [(DAY, 100), (june, 140)]
    assert still_to_come(kept, [came, a_move(140, number=4)]) == [(june, 140)]


# --- on its way ---------------------------------------------------------------------------------------------


def shipped(quantity: int, number: int, planned_on: date = DAY) -> Move:
    return a_move(quantity, number=number, planned_on=planned_on, shipment="stock.shipment.in,1")


def test_what_is_on_its_way_keeps_its_agreed_day_and_leaves_the_rest() -> None:
    june = DAY + timedelta(days=7)
    moves = [shipped(100, 1), shipped(20, 2, june), a_move(120, number=3)]

    found = on_its_way(moves, deliveries([100, 140]))

    assert (found.left, found.days, found.cut) == ([(june, Decimal(120))], {}, None)


def test_what_was_agreed_for_another_day_counts_for_that() -> None:
    june = DAY + timedelta(days=7)

    found = on_its_way([shipped(60, 1), a_move(180, number=2)], [(june, Decimal(240))])

    assert (found.left, found.days, found.cut) == ([(june, Decimal(180))], {1: june}, None)


def test_what_fills_more_than_one_delivery_is_cut_at_the_first() -> None:
    found = on_its_way([shipped(150, 1)], deliveries([100, 140]))

    assert found.cut == (shipped(150, 1), Decimal(100))


@given(SIZES, SIZES)
def test_on_its_way_and_to_come_are_all_that_is_asked_for(parts: list[int], sizes: list[int]) -> None:
    wanted = deliveries(sizes)
    moves = [shipped(size, number) for number, size in enumerate(parts)]

    while cut := on_its_way(moves, wanted).cut:
        move, size = cut
        assert 0 < size < move.quantity
        moves.remove(move)
        number = 10 * len(moves) + 100
        moves += [shipped(int(size), number), shipped(int(move.quantity - size), number + 1)]

    found = on_its_way(moves, wanted)
    days = {move.id: found.days.get(move.id, move.planned_on) for move in moves}
    for day, quantity in wanted:
        taken = sum(move.quantity for move in moves if days[move.id] == day)
        left = sum(some for one, some in found.left if one == day)
        assert taken + left == quantity or (left == 0 and sum(parts) > sum(sizes))
