"""A worker that dies while it puts a ship notice into Tryton: another one goes on, and no agreed day is lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from procurement.erp.connectors.tryton import TrytonConnector
from procurement.erp.ports import Outcome, ValidationRefused
from procurement.orders.messages import OrderPaper
from procurement.shipments.messages import NoticeCommand, NoticeCommandLine
from tests.erp.papers import an_order
from tests.erp.tryton.harness import TrytonHarness, tryton_harness
from tests.erp.tryton.test_crashes import Killed, Mortal, sightings
from tests.thoroughly import some

pytestmark = pytest.mark.slow

MAY = date(2026, 5, 11)


@pytest.fixture
def erp(tmp_path: Path) -> Iterator[TrytonHarness]:
    with tryton_harness("8.2", tmp_path) as harness:
        yield harness


def a_notice(order: OrderPaper, quantity: int, key: str = "n-1") -> NoticeCommand:
    lines = tuple(
        NoticeCommandLine(order.number, line.key, line.number, Decimal(quantity), line.unit)
        for line in order.lines
    )
    return NoticeCommand(
        key, "c-1", 1, "NM", "70012", "DN-1", date(2026, 5, 4), date(2026, 5, 20), lines, ship_to="HAM"
    )


def dies(erp: TrytonHarness, command: NoticeCommand, at: int, *, after: bool) -> bool:
    """Write with a worker that dies at this call; whether it got so far."""
    Mortal.left, Mortal.after = at, after
    connector = erp.connector()
    assert isinstance(connector, TrytonConnector)
    connector.rpc.__class__ = Mortal
    try:
        connector.write_notice(command)
    except Killed:
        return True
    finally:
        connector.close()
    return False


@pytest.mark.parametrize(
    ("at", "after"), some([(1, True), (2, True), (3, False), (3, True), (4, True), (5, True)])
)
def test_whatever_step_was_the_last_there_is_one_shipment_and_no_day_moved(
    erp: TrytonHarness, at: int, after: bool
) -> None:
    (order,) = erp.put_orders(an_order())
    command = a_notice(order, 60)
    if not dies(erp, command, at, after=after):
        pytest.skip(f"the whole takes fewer than {at} writes")

    with erp.connector() as connector:
        assert connector.write_notice(command).outcome is Outcome.CONFIRMED
        assert connector.write_notice(command).outcome is Outcome.CONFIRMED
        (told,) = sightings(connector)  # no note of ours keeps it back

    assert erp.inbound("DN-1") == {(order.number, line.key): Decimal(60) for line in order.lines}
    assert isinstance(told, OrderPaper)
    assert [(line.quantity, line.delivery_on, line.schedules) for line in told.lines] == [
        (Decimal(240), MAY, ())
    ] * 2
    shipments = erp.people.read("stock.shipment.in.search_read", [], 0, None, None, ["planned_date", "state"])
    assert [(one["planned_date"], one["state"]) for one in shipments] == [(date(2026, 5, 20), "draft")]


def test_more_than_is_free_is_refused_and_what_the_dock_began_is_gone_on_with(erp: TrytonHarness) -> None:
    (order,) = erp.put_orders(an_order())
    shipment = erp._ship(int(order.lines[0].key))
    with erp.connector() as connector:
        with pytest.raises(ValidationRefused, match="Less is open"):
            connector.write_notice(a_notice(order, 60))
        erp.people.write("stock.shipment.in.write", [shipment], {"reference": "DN-1"})
        result = connector.write_notice(a_notice(order, 60))

    assert result.reference == f"stock.shipment.in,{shipment}"
    assert erp.inbound("DN-1") == {(order.number, line.key): Decimal(60) for line in order.lines}


def test_the_days_agreed_are_told_before_and_after_it_is_received_or_taken_back(erp: TrytonHarness) -> None:
    (order,) = erp.put_orders(an_order())

    def told() -> list[tuple[Decimal, date, object, Decimal]]:
        with erp.connector() as connector:
            (paper,) = sightings(connector)
        assert isinstance(paper, OrderPaper)
        return [(one.quantity, one.delivery_on, one.schedules, one.received_quantity) for one in paper.lines]

    before = told()
    with erp.connector() as connector:
        connector.write_notice(a_notice(order, 60))
        assert told() == before
        better = replace(a_notice(order, 40, "n-2"), issue=2, expected_on=date(2026, 5, 22))
        connector.write_notice(better)
        assert told() == before
        connector.write_notice(replace(better, key="n-3", withdrawn=True))
        assert told() == before
        assert {line.delivery_on for line in erp.held(order).lines} == {MAY}
        assert all(not line.schedules for line in erp.held(order).lines)
        assert erp.people.read("ir.note.search", [["message", "like", "Quayside %"]], 0, None, None) == []
        connector.write_notice(replace(a_notice(order, 60, "n-4"), consignment="c-2", number="DN-2"))
    erp.receive_inbound("DN-2")

    assert [(one[:3], one[3]) for one in told()] == [(one[:3], Decimal(60)) for one in before]
