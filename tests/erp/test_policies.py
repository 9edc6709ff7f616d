"""Whether a promise stands in the ERP, has not got there yet, or has been overtaken: pure comparisons."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from procurement.erp.policies import Standing, compare, differing_lines, held_by_paper, rebased
from procurement.erp.ports import CurrentLine
from procurement.orders.messages import CommandPiece, OrderPaper, PromiseCommand, SchedulePaper
from tests.erp.papers import a_line, a_piece, a_promise, an_order

ASKED = date(2026, 5, 11)
LATER = date(2026, 5, 18)
ORDER = an_order(lines=(a_line(10),))
LINE = ORDER.lines[0]


def promise(*pieces: CommandPiece) -> PromiseCommand:
    return a_promise(ORDER, {"00010": pieces})


def held(**changes: Any) -> OrderPaper:
    return replace(ORDER, lines=(replace(LINE, **changes),))


def standing(command: PromiseCommand, order: OrderPaper) -> Standing:
    return compare(command, held_by_paper(order))


def schedules(*parts: tuple[int, date]) -> tuple[SchedulePaper, ...]:
    return tuple(SchedulePaper(Decimal(quantity), day) for quantity, day in parts)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"delivery_on": LATER}, Standing.HOLDS),
        ({}, Standing.UNTOUCHED),
        ({"delivery_on": date(2026, 6, 1)}, Standing.DIFFERS),
        ({"delivery_on": LATER, "quantity": Decimal(100)}, Standing.DIFFERS),
        ({"delivery_on": LATER, "price": Decimal(19)}, Standing.DIFFERS),
        ({"quantity": Decimal(100)}, Standing.DIFFERS),
        ({"cancelled": True}, Standing.DIFFERS),
        ({"delivery_on": LATER, "description": "other words"}, Standing.HOLDS),
        ({"delivery_on": LATER, "received_quantity": Decimal(60)}, Standing.HOLDS),
        ({"schedules": schedules((240, LATER))}, Standing.HOLDS),
        ({"schedules": schedules((120, LATER), (120, LATER))}, Standing.HOLDS),
        ({"schedules": schedules((120, LATER), (120, ASKED))}, Standing.DIFFERS),
        ({"price": Decimal(1840), "price_per": Decimal(100)}, Standing.UNTOUCHED),
        ({"price_per": Decimal(100)}, Standing.DIFFERS),
        ({"closed": True}, Standing.DIFFERS),
        ({"closed": True, "delivery_on": LATER}, Standing.HOLDS),
        ({"delivery_on": LATER, "price": Decimal(1840), "price_per": Decimal(100)}, Standing.HOLDS),
    ],
    ids=str,
)
def test_a_later_date(changes: dict[str, Any], expected: Standing) -> None:
    # A price for a hundred is compared as a price for one.
    if "price_per" in changes and expected is not Standing.DIFFERS:
        assert changes["price"] / changes["price_per"] == LINE.price
    assert standing(promise(a_piece(LINE, delivery_on=LATER)), held(**changes)) is expected


def test_a_line_that_is_not_there_differs() -> None:
    assert standing(promise(a_piece(LINE)), replace(ORDER, lines=())) is Standing.DIFFERS
    assert standing(promise(a_piece(LINE)), replace(ORDER, status="cancelled")) is Standing.DIFFERS


def test_a_split_holds_when_every_day_has_its_quantity() -> None:
    split = promise(
        a_piece(LINE, quantity=Decimal(140)), a_piece(LINE, quantity=Decimal(100), delivery_on=LATER)
    )

    assert standing(split, held(schedules=schedules((140, ASKED), (100, LATER)))) is Standing.HOLDS
    assert standing(split, held(schedules=schedules((100, LATER), (140, ASKED)))) is Standing.HOLDS
    assert standing(split, held()) is Standing.UNTOUCHED
    assert standing(split, held(schedules=schedules((120, ASKED), (120, LATER)))) is Standing.DIFFERS
    assert (
        standing(split, held(schedules=schedules((140, LATER), (100, date(2026, 6, 1))))) is Standing.DIFFERS
    )


def test_what_has_no_day_holds_only_off_the_day_that_was_asked() -> None:
    part = promise(
        a_piece(LINE, quantity=Decimal(140)),
        a_piece(LINE, quantity=Decimal(100), delivery_on=None, kind="backorder"),
    )

    assert standing(part, held()) is Standing.UNTOUCHED
    assert standing(part, held(schedules=schedules((140, ASKED), (100, LATER)))) is Standing.HOLDS
    assert standing(part, held(schedules=schedules((140, ASKED), (60, LATER), (40, date(2026, 6, 1))))) is (
        Standing.HOLDS
    )
    assert standing(part, held(schedules=schedules((120, ASKED), (120, LATER)))) is Standing.DIFFERS


def test_the_later_deliveries_belong_to_what_was_decided_on() -> None:
    line = replace(LINE, schedules=schedules((120, ASKED), (120, date(2026, 6, 1))))
    order = replace(ORDER, lines=(line,))
    command = a_promise(order, {line.key: (a_piece(line, delivery_on=LATER),)})
    moved = replace(line, schedules=schedules((120, ASKED), (120, date(2026, 9, 1))))

    assert standing(command, order) is Standing.UNTOUCHED
    assert standing(command, replace(ORDER, lines=(moved,))) is Standing.DIFFERS


def test_a_refused_line_holds_when_it_is_gone() -> None:
    refused = promise(a_piece(LINE, kind="refuse", delivery_on=None))

    assert standing(refused, held()) is Standing.UNTOUCHED
    assert standing(refused, held(cancelled=True)) is Standing.HOLDS
    assert standing(refused, held(quantity=Decimal(0))) is Standing.HOLDS
    assert standing(refused, held(closed=True)) is Standing.HOLDS
    assert standing(refused, replace(ORDER, status="closed")) is Standing.HOLDS
    assert standing(refused, replace(ORDER, lines=())) is Standing.HOLDS


def test_what_was_refused_of_a_line_is_not_expected() -> None:
    part = promise(
        a_piece(LINE, quantity=Decimal(200)),
        a_piece(LINE, quantity=Decimal(40), kind="refuse", delivery_on=None),
    )

    assert standing(part, held(quantity=Decimal(200))) is Standing.HOLDS
    assert standing(part, held()) is Standing.UNTOUCHED


def test_a_substitute_holds_with_its_item() -> None:
    other = promise(a_piece(LINE, kind="substitute", item_number="V-2041"))

    assert standing(other, held(item_number="V-2041")) is Standing.HOLDS
    assert standing(other, held()) is Standing.UNTOUCHED


def test_one_line_that_differs_is_enough_and_one_untouched_keeps_it_waiting() -> None:
    order = an_order()
    first, second = order.lines
    both = a_promise(
        order,
        {first.key: (a_piece(first, delivery_on=LATER),), second.key: (a_piece(second, delivery_on=LATER),)},
    )

    def seen(one: date, two: date) -> Standing:
        lines = (replace(first, delivery_on=one), replace(second, delivery_on=two))
        return standing(both, replace(order, lines=lines))

    assert seen(LATER, LATER) is Standing.HOLDS
    assert seen(LATER, ASKED) is Standing.UNTOUCHED
    assert seen(LATER, date(2026, 6, 1)) is Standing.DIFFERS


def test_only_the_lines_that_differ_are_shown() -> None:
    order = an_order()
    command = a_promise(order, {line.key: (a_piece(line, delivery_on=LATER),) for line in order.lines})
    now = replace(order, lines=(replace(order.lines[0], quantity=Decimal(5)), order.lines[1]))

    assert differing_lines(command, held_by_paper(now)) == (
        CurrentLine(
            "00010",
            Decimal(5),
            Decimal("18.4"),
            ASKED,
            price_per=Decimal(1),
            item_number=order.lines[0].item_number,
        ),
    )


def test_a_later_command_is_based_on_what_the_earlier_one_made() -> None:
    earlier = promise(
        a_piece(LINE, quantity=Decimal(140), price=Decimal(19)), a_piece(LINE, quantity=Decimal(60))
    )
    later = promise(a_piece(LINE, delivery_on=LATER))

    (line,) = rebased(later, earlier).lines

    assert (line.base_quantity, line.base_price, line.base_delivery_on) == (Decimal(200), Decimal(19), ASKED)
    assert line.pieces == later.lines[0].pieces


def test_lines_that_the_earlier_command_was_not_about_keep_their_base() -> None:
    order = an_order()
    first, second = order.lines
    earlier = a_promise(order, {first.key: (a_piece(first, delivery_on=LATER),)})
    later = a_promise(order, {second.key: (a_piece(second, delivery_on=LATER),)})

    assert rebased(later, earlier) == later
