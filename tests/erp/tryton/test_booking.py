"""A worker that dies while it has Tryton book a count: another one goes on, and nothing is booked twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from procurement.erp.connectors.tryton import TrytonConnector
from procurement.erp.ports import Feed, Outcome, ValidationRefused
from procurement.orders.messages import OrderPaper
from procurement.receipts.messages import ReceiptCommand, ReceiptCommandLine, ReceiptPaper
from tests.erp.papers import an_order
from tests.erp.tryton.harness import TrytonHarness, tryton_harness
from tests.erp.tryton.test_crashes import Killed, Mortal, sightings
from tests.erp.tryton.test_shipping import MAY, a_notice
from tests.thoroughly import some

pytestmark = pytest.mark.slow

COUNTED_ON = datetime.now(UTC).date() - timedelta(days=3)


@pytest.fixture
def erp(tmp_path: Path) -> Iterator[TrytonHarness]:
    with tryton_harness("8.2", tmp_path) as harness:
        yield harness


def a_count(order: OrderPaper, quantity: int, key: str = "k-1", count: str = "count-1") -> ReceiptCommand:
    """So much of each line."""
    lines = tuple(
        ReceiptCommandLine(order.number, line.key, line.number, Decimal(quantity), line.unit)
        for line in order.lines
    )
    return ReceiptCommand(key, count, "NM", "70012", "DN-1", COUNTED_ON, lines, consignment="c-1", site="HAM")


def dies(erp: TrytonHarness, command: ReceiptCommand, at: int, *, after: bool) -> bool:
    """Write with a worker that dies at this call; whether it got so far."""
    Mortal.left, Mortal.after = at, after
    connector = erp.connector()
    assert isinstance(connector, TrytonConnector)
    connector.rpc.__class__ = Mortal
    try:
        connector.write_receipt(command)
    except Killed:
        return True
    finally:
        connector.close()
    return False


def booked(erp: TrytonHarness) -> list[tuple[Decimal, date, str]]:
    """What the feed of receipts tells."""
    with erp.connector() as connector:
        papers = [one.paper for page in connector.read(Feed.RECEIPTS, None) for one in page.sightings]
    found = [one for one in papers if isinstance(one, ReceiptPaper) and not one.reversed]
    return sorted((one.quantity, one.received_on, one.reference) for one in found)


def told(erp: TrytonHarness) -> list[tuple[Decimal, date, object, Decimal]]:
    with erp.connector() as connector:
        (paper,) = sightings(connector)
    assert isinstance(paper, OrderPaper)
    return [(one.quantity, one.delivery_on, one.schedules, one.received_quantity) for one in paper.lines]


# Dying before a call is dying after the one before it.
@pytest.mark.parametrize(("at", "after"), some([(at, True) for at in (1, 2, 3, 5, 7, 8, 9, 10, 11)]))
def test_whatever_step_was_the_last_all_is_booked_once_and_no_day_moved(
    erp: TrytonHarness, at: int, after: bool
) -> None:
    (order,) = erp.put_orders(an_order())
    with erp.connector() as connector:
        connector.write_notice(a_notice(order, 60))
    count = a_count(order, 58)
    if not dies(erp, count, at, after=after):
        pytest.skip(f"the whole takes fewer than {at} writes")

    with erp.connector() as connector:
        assert connector.write_receipt(count).outcome is Outcome.CONFIRMED
        assert connector.write_receipt(replace(count, key="k-2")).outcome is Outcome.CONFIRMED

    assert booked(erp) == [(Decimal(58), COUNTED_ON, "DN-1")] * 2
    assert told(erp) == [(Decimal(240), MAY, (), Decimal(58))] * 2
    states = erp.people.read("stock.shipment.in.search_read", [], 0, None, None, ["state"])
    assert [one["state"] for one in states] == ["done"]


@pytest.mark.parametrize("at", some([2, 4, 5, 6]))
def test_goods_that_nobody_announced_are_booked_once_too(erp: TrytonHarness, at: int) -> None:
    (order,) = erp.put_orders(an_order())
    count = replace(a_count(order, 5), consignment="", reference="")
    assert dies(erp, count, at, after=True)

    with erp.connector() as connector:
        result = connector.write_receipt(count)

    assert booked(erp) == [(Decimal(5), COUNTED_ON, "Quayside count-1")] * 2
    assert result.reference.startswith("stock.shipment.in,")


def test_what_the_dock_has_booked_by_hand_is_taken_for_it_where_it_is_the_same(erp: TrytonHarness) -> None:
    (order,) = erp.put_orders(an_order())
    with erp.connector() as connector:
        connector.write_notice(a_notice(order, 60))
        erp.receive_inbound("DN-1")
        with pytest.raises(ValidationRefused, match="received with this delivery note"):
            connector.write_receipt(a_count(order, 58))
        assert connector.write_receipt(a_count(order, 60)).outcome is Outcome.CONFIRMED
        connector.write_receipt(a_count(order, 60))

    assert [one[0] for one in booked(erp)] == [Decimal(60)] * 2


def test_more_than_is_open_is_for_a_person_and_nothing_is_booked(erp: TrytonHarness) -> None:
    (order,) = erp.put_orders(an_order())
    with erp.connector() as connector, pytest.raises(ValidationRefused, match="More was counted"):
        connector.write_receipt(a_count(order, 241))

    assert booked(erp) == []
    assert told(erp) == [(Decimal(240), MAY, (), Decimal(0))] * 2


def test_a_shipment_that_was_given_another_number_is_still_ours(erp: TrytonHarness) -> None:
    (order,) = erp.put_orders(an_order())
    with erp.connector() as connector:
        number = int(connector.write_receipt(a_count(order, 5)).reference.split(",")[1])
        erp.people.write("stock.shipment.in.write", [number], {"reference": "DN-0001"})
        assert connector.write_receipt(a_count(order, 5)).outcome is Outcome.CONFIRMED

    assert [one[0] for one in booked(erp)] == [Decimal(5)] * 2


def test_a_booking_that_stands_is_taken_back_by_a_person(erp: TrytonHarness) -> None:
    (order,) = erp.put_orders(an_order())
    count = a_count(order, 5)
    gone = replace(count, key="k-2", reversed=True)
    with erp.connector() as connector:
        number = int(connector.write_receipt(count).reference.split(",")[1])
        with pytest.raises(ValidationRefused, match="Cancel the shipment"):
            connector.write_receipt(gone)
        erp.people.write("stock.shipment.in.cancel", [number])
        assert connector.write_receipt(gone).outcome is Outcome.CONFIRMED
        with pytest.raises(ValidationRefused, match="was cancelled"):
            connector.write_receipt(count)

    assert booked(erp) == []
