"""Moves cut and placed: nothing is lost, and everything that fits gets its day."""

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from procurement.erp.connectors.tryton.plan import kept_deliveries, next_cut, placed, still_to_come
from procurement.erp.connectors.tryton.records import Move

DAY = date(2026, 5, 11)
SIZES = st.lists(st.integers(1, 500), min_size=1, max_size=6)


def a_move(quantity: int, *, number: int = 1, planned_on: date = DAY, state: str = "draft") -> Move:
    return Move(number, 1, Decimal(quantity), state, planned_on, DAY, False, 1, 1, "")


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
