"""A promise for an order of which something is on its way: the shipment stays whole, and each day is as agreed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from procurement.erp.connectors.tryton import TrytonConnector
from procurement.erp.ports import Outcome, ValidationRefused
from procurement.orders.messages import CommandPiece, LinePaper, OrderPaper, PromiseCommand, SchedulePaper
from tests.erp.papers import a_piece, a_promise, an_order
from tests.erp.tryton.harness import TrytonHarness, tryton_harness
from tests.erp.tryton.test_crashes import Killed, Mortal, sightings
from tests.erp.tryton.test_shipping import a_notice
from tests.thoroughly import some

pytestmark = pytest.mark.slow

MAY, JUNE, JULY = date(2026, 5, 11), date(2026, 6, 8), date(2026, 7, 6)


@pytest.fixture
def erp(tmp_path: Path) -> Iterator[TrytonHarness]:
    with tryton_harness("8.2", tmp_path) as harness:
        yield harness


def told(erp: TrytonHarness) -> OrderPaper:
    with erp.connector() as connector:
        (paper,) = sightings(connector)
    assert isinstance(paper, OrderPaper)
    return paper


def promise(erp: TrytonHarness, order: OrderPaper, line: LinePaper, *pieces: CommandPiece, key: str) -> None:
    with erp.connector() as connector:
        result = connector.write_promise(a_promise(order, {line.key: pieces}, key=key))
    assert result.outcome is Outcome.CONFIRMED


def announce(erp: TrytonHarness, order: OrderPaper, quantity: int) -> None:
    """So many of the first line are on their way."""
    notice = a_notice(order, quantity)
    with erp.connector() as connector:
        connector.write_notice(replace(notice, lines=notice.lines[:1]))


def days_of(line: LinePaper) -> list[tuple[date, int]]:
    pieces = line.schedules or (SchedulePaper(line.quantity, line.delivery_on),)
    return [(piece.delivery_on, int(piece.quantity)) for piece in pieces]


SPLIT = [(MAY, 100), (JUNE, 140)]


def split_and_shipped(erp: TrytonHarness, quantity: int) -> OrderPaper:
    """100 of the first line in May and 140 in June, so many of them on their way."""
    (order,) = erp.put_orders(an_order())
    line = order.lines[0]
    promise(
        erp,
        order,
        line,
        a_piece(line, quantity=Decimal(100)),
        a_piece(line, quantity=Decimal(140), delivery_on=JUNE),
        key="c-0",
    )
    order = told(erp)
    announce(erp, order, quantity)
    return told(erp)


@pytest.mark.parametrize("on_the_way", [120, 240])
def test_an_amendment_of_another_line_leaves_the_shipped_one_as_it_is(
    erp: TrytonHarness, on_the_way: int
) -> None:
    order = split_and_shipped(erp, on_the_way)
    first, second = order.lines

    promise(erp, order, second, a_piece(second, price=Decimal("18.5")), key="c-1")

    now = told(erp)
    assert days_of(now.lines[0]) == SPLIT
    assert (now.lines[1].price, days_of(now.lines[1])) == (Decimal("18.5"), [(MAY, 240)])
    assert erp.inbound("DN-1") == {(order.number, first.key): Decimal(on_the_way)}


@pytest.mark.parametrize("on_the_way", [120])
def test_another_day_for_all_of_a_line_counts_for_what_is_on_its_way_too(
    erp: TrytonHarness, on_the_way: int
) -> None:
    order = split_and_shipped(erp, on_the_way)
    line = order.lines[0]

    promise(erp, order, line, a_piece(line, delivery_on=JULY), key="c-1")
    assert days_of(told(erp).lines[0]) == [(JULY, 240)]

    order = told(erp)
    line = order.lines[0]
    promise(
        erp,
        order,
        line,
        a_piece(line, quantity=Decimal(30)),
        a_piece(line, quantity=Decimal(210), delivery_on=JUNE),
        key="c-2",
    )
    assert days_of(told(erp).lines[0]) == [(JUNE, 210), (JULY, 30)]
    assert erp.inbound("DN-1") == {(order.number, line.key): Decimal(on_the_way)}


def test_the_day_of_what_the_dock_itself_put_on_a_shipment_is_changed_there(erp: TrytonHarness) -> None:
    (order,) = erp.put_orders(an_order())
    line = order.lines[0]
    erp._ship(int(line.key))

    with erp.connector() as connector, pytest.raises(ValidationRefused, match="on a shipment in Tryton"):
        connector.write_promise(a_promise(told(erp), {line.key: (a_piece(line, delivery_on=JUNE),)}))


def dies(erp: TrytonHarness, command: PromiseCommand, at: int, *, after: bool) -> bool:
    Mortal.left, Mortal.after = at, after
    connector = erp.connector()
    assert isinstance(connector, TrytonConnector)
    connector.rpc.__class__ = Mortal
    try:
        connector.write_promise(command)
    except Killed:
        return True
    finally:
        connector.close()
    return False


@pytest.mark.parametrize("at", some([4, 5, 7]))
def test_whatever_step_was_the_last_another_worker_goes_on(erp: TrytonHarness, at: int) -> None:
    order = split_and_shipped(erp, 120)
    line = order.lines[0]
    pieces = (
        a_piece(line, quantity=Decimal(50), price=Decimal("18.5"), delivery_on=JUNE),
        a_piece(line, quantity=Decimal(150), price=Decimal("18.5"), delivery_on=JULY),
        a_piece(line, quantity=Decimal(40), price=Decimal("18.5"), kind="refuse"),
    )
    command = a_promise(order, {line.key: pieces}, key="c-1")
    assert dies(erp, command, at, after=True)

    with erp.connector() as connector:
        assert connector.write_promise(command).outcome is Outcome.CONFIRMED

    now = told(erp).lines[0]
    assert (now.quantity, now.price, days_of(now)) == (200, Decimal("18.5"), [(JUNE, 50), (JULY, 150)])
    assert erp.inbound("DN-1") == {(order.number, line.key): Decimal(120)}
