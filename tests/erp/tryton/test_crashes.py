"""A worker that dies at any step of a write: another one goes on, and the promise stands once, whole."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from procurement.erp.connectors.tryton import TrytonConnector
from procurement.erp.connectors.tryton.wire import Rpc
from procurement.erp.ports import Conflict, ErpConnector, Feed, Outcome, Paper, Transient
from procurement.orders.messages import OrderPaper, PromiseCommand
from tests.erp.papers import a_piece, a_promise, an_order
from tests.erp.tryton.harness import TrytonHarness, tryton_harness
from tests.thoroughly import some

pytestmark = pytest.mark.slow

MAY = date(2026, 5, 11)
JUNE = date(2026, 6, 1)


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def erp(tmp_path: Path) -> Iterator[TrytonHarness]:
    with tryton_harness("8.0", tmp_path) as harness:
        yield harness


def a_mixed_promise(order: OrderPaper) -> PromiseCommand:
    """More of the first line at another price, in two deliveries; the supplier's own number."""
    line = order.lines[0]
    pieces = (
        a_piece(line, quantity=Decimal(140), price=Decimal("18.9")),
        a_piece(line, quantity=Decimal(120), price=Decimal("18.9"), delivery_on=JUNE),
    )
    return a_promise(order, {line.key: pieces}, supplier_reference="SO-1")


class Mortal(Rpc):
    """A connection whose process dies before or after its nth call that writes."""

    left = 0
    after = False

    def _send(self, address: str, body: Any, headers: Any, *, writes: bool) -> dict[str, Any]:
        if writes:
            type(self).left -= 1
            if self.left == 0 and not self.after:
                raise Killed
        answer = super()._send(address, body, headers, writes=writes)
        if writes and self.left == 0:
            raise Killed
        return answer


def dies(erp: TrytonHarness, command: PromiseCommand, *, at: int, after: bool) -> bool:
    """Write with a worker that dies at this call; whether it got so far."""
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


def sightings(connector: ErpConnector) -> list[Paper]:
    return [one.paper for page in connector.read(Feed.ORDERS, None) for one in page.sightings]


def goes_on(erp: TrytonHarness, command: PromiseCommand) -> Outcome:
    """What the next worker does with a command whose call never came back: look for it, then write."""
    with erp.connector() as connector:
        found = connector.find_command(command.key) or connector.write_promise(command)
    return found.outcome


@pytest.mark.parametrize(
    ("at", "after"), some([(at, after) for at in range(1, 9) for after in (False, True)])
)
def test_whatever_step_was_the_last_the_promise_stands_once(erp: TrytonHarness, at: int, after: bool) -> None:
    (order,) = erp.put_orders(an_order())
    command = a_mixed_promise(order)
    if not dies(erp, command, at=at, after=after):
        pytest.skip(f"the whole takes fewer than {at} writes")

    assert goes_on(erp, command) is Outcome.CONFIRMED

    first, second = erp.held(order).lines
    assert (first.quantity, first.price) == (Decimal(260), Decimal("18.9000"))
    assert [(one.quantity, one.delivery_on) for one in first.schedules] == [(140, MAY), (120, JUNE)]
    # The line that nobody spoke of is where it was, though the amendment had put it on Tryton's own plan.
    assert (second.quantity, second.delivery_on, second.schedules) == (Decimal(240), MAY, ())
    assert erp.held(order).revision == "1"  # amended once
    assert goes_on(erp, command) is Outcome.CONFIRMED
    assert erp.held(order).revision == "1"


def test_somebody_who_changes_the_line_in_between_is_not_overwritten(erp: TrytonHarness) -> None:
    (order,) = erp.put_orders(an_order())
    command = a_mixed_promise(order)
    assert dies(erp, command, at=1, after=True)  # begun, nothing amended yet
    erp.change_line(order, order.lines[0].key, quantity=Decimal(100))

    with pytest.raises(Conflict) as conflict:
        goes_on(erp, command)

    assert conflict.value.current[0].quantity == Decimal(100)
    assert erp.held(order).lines[0].quantity == Decimal(100)


def test_what_somebody_dates_in_between_is_not_overwritten(erp: TrytonHarness) -> None:
    (order,) = erp.put_orders(an_order())
    command = a_mixed_promise(order)
    assert dies(erp, command, at=1, after=True)  # begun, nothing amended yet
    erp.change_line(order, order.lines[1].key, delivery_on=JUNE)
    assert dies(erp, command, at=4, after=True)  # another one took it up, amended, and died before the dates

    assert goes_on(erp, command) is Outcome.CONFIRMED
    assert (erp.held(order).lines[1].quantity, erp.held(order).lines[1].delivery_on) == (240, JUNE)


def test_somebody_who_dates_the_line_in_between_is_not_overwritten(erp: TrytonHarness) -> None:
    (order,) = erp.put_orders(an_order())
    command = a_mixed_promise(order)
    assert dies(erp, command, at=1, after=True)
    erp.change_line(order, order.lines[0].key, delivery_on=date(2026, 7, 6))

    with pytest.raises(Conflict):
        goes_on(erp, command)

    assert erp.held(order).lines[0].delivery_on == date(2026, 7, 6)


def test_a_line_that_came_in_part_and_that_nobody_spoke_of_keeps_its_days(erp: TrytonHarness) -> None:
    (order,) = erp.put_orders(an_order())
    _first, second = order.lines
    erp.receive(order, second.key, Decimal(100), "")
    erp.change_line(order, second.key, delivery_on=JUNE)

    assert goes_on(erp, a_mixed_promise(order)) is Outcome.CONFIRMED

    held = erp.held(order).lines[1]
    assert [(one.quantity, one.delivery_on) for one in held.schedules] == [(100, MAY), (140, JUNE)]


def test_an_order_that_is_half_written_is_not_told(erp: TrytonHarness) -> None:
    (order,) = erp.put_orders(an_order())
    with erp.connector() as connector:
        *_, page = connector.read(Feed.ORDERS, None)
        assert dies(
            erp, a_mixed_promise(order), at=3, after=True
        )  # amended: every date of the order is reset

        meanwhile = [one for found in connector.read(Feed.ORDERS, page.next) for one in found.sightings]
        *_, page = connector.read(Feed.ORDERS, page.next)
        assert goes_on(erp, a_mixed_promise(order)) is Outcome.CONFIRMED
        afterwards = [
            one.paper for found in connector.read(Feed.ORDERS, page.next) for one in found.sightings
        ]

    assert meanwhile == []
    assert [[line.quantity for line in paper.lines] for paper in afterwards] == [[260, 240]]  # type: ignore[union-attr]


def test_an_order_that_a_crash_left_confirmed_is_processed(erp: TrytonHarness) -> None:
    order = an_order(ordered_on=datetime.now(UTC).date())  # Tryton plans nothing for a day that is past
    erp.put_half_confirmed(order)
    with erp.connector() as connector:
        # A moment after confirming nobody can say that Tryton is not at it: the order tells no days of its own yet.
        with pytest.raises(Transient):
            connector.read_back(order.company, order.number)
        assert list(sightings(connector)) == []
        assert isinstance(connector, TrytonConnector)
        connector._clock = lambda: datetime.now(UTC) + timedelta(minutes=11)
        told = connector.read_back(order.company, order.number)
        assert list(sightings(connector)) == [told]
    assert told is not None

    first, second = told.lines
    later = a_piece(first, delivery_on=first.delivery_on + timedelta(days=7))

    assert goes_on(erp, a_promise(told, {first.key: (later,)})) is Outcome.CONFIRMED

    assert [line.delivery_on for line in erp.held(order).lines] == [later.delivery_on, second.delivery_on]
