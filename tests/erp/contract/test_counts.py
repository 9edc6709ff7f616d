"""The contract of `procurement.erp.ports`: what was counted at a dock."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from procurement.erp.ports import CommandResult, ErpConnector, Outcome, Unsupported
from procurement.orders.messages import OrderPaper
from procurement.receipts.messages import ReceiptCommand, ReceiptCommandLine
from tests.erp.contract.caller import LEFT_TO_A_PERSON, Announce, Reader, everything, to_the_end
from tests.erp.contract.commands import a_notice, two_orders
from tests.erp.contract.harness import ConnectorHarness

Book = Callable[[ReceiptCommand], tuple[Outcome, str]]


@pytest.fixture
def book(reader: Reader) -> Book:
    def write(command: ReceiptCommand, connector: ErpConnector) -> CommandResult:
        if not connector.capabilities.books_receipts:
            with pytest.raises(Unsupported):
                connector.write_receipt(command)
            pytest.skip(LEFT_TO_A_PERSON)
        return connector.write_receipt(command)

    return lambda command: to_the_end(reader, command.key, partial(write, command))


def a_count(key: str, *lines: tuple[OrderPaper, int, int], lot: str = "", **changed: Any) -> ReceiptCommand:
    """So much of some lines (order, position of the line, quantity) was counted, with a delivery note."""
    values: dict[str, Any] = {
        "key": key,
        "count": "count-1",
        "company": "NM",
        "supplier": "70012",
        "reference": "DN-1",
        "received_on": COUNTED_ON,
        "consignment": "c-1",
        "site": "HAM",
        "lines": tuple(
            ReceiptCommandLine(
                order.number,
                order.lines[at].key,
                order.lines[at].number,
                Decimal(quantity),
                order.lines[at].unit,
                lot,
            )
            for order, at, quantity in lines
        ),
    }
    return ReceiptCommand(**{**values, **changed})


COUNTED_ON = datetime.now(UTC).date() - timedelta(days=1)


def received(reader: Reader, order: OrderPaper) -> list[Decimal]:
    everything(reader)
    reader.read()
    return [line.received_quantity for line in reader.orders[order.number].lines]


def bookings(reader: Reader) -> list[tuple[str, str, Decimal, date, str, bool]]:
    everything(reader)
    return sorted(
        (one.order, one.line_key, one.quantity, one.received_on, one.reference, one.reversed)
        for one in reader.receipts.values()
    )


def test_a_count_is_booked_once_with_the_number_of_its_notice(
    erp: ConnectorHarness, reader: Reader, announce: Announce, book: Book
) -> None:
    first, second = two_orders(erp)
    announce(a_notice("notice-1", (first, 0, 60), (first, 1, 100), (second, 0, 40)))
    count = a_count("command-1", (first, 0, 58), (first, 1, 100), (second, 0, 40))

    assert book(count) == (Outcome.CONFIRMED, "")
    assert book(count) == (Outcome.CONFIRMED, "")

    assert bookings(reader) == sorted(
        [
            (first.number, first.lines[0].key, Decimal(58), COUNTED_ON, "DN-1", False),
            (first.number, first.lines[1].key, Decimal(100), COUNTED_ON, "DN-1", False),
            (second.number, second.lines[0].key, Decimal(40), COUNTED_ON, "DN-1", False),
        ]
    )
    assert received(reader, first) == [Decimal(58), Decimal(100)]
    assert received(reader, second) == [Decimal(40)]
    assert erp.inbound("DN-1") == {}


def test_what_of_a_notice_was_not_counted_stays_on_its_agreed_day_and_can_come_later(
    erp: ConnectorHarness, reader: Reader, announce: Announce, book: Book
) -> None:
    first, _second = two_orders(erp)
    reader.read()
    before = [(line.quantity, line.delivery_on, line.schedules) for line in reader.orders[first.number].lines]
    announce(a_notice("notice-1", (first, 0, 60), (first, 1, 100)))

    assert book(a_count("command-1", (first, 0, 50))) == (Outcome.CONFIRMED, "")
    assert received(reader, first) == [Decimal(50), Decimal(0)]
    after = [(line.quantity, line.delivery_on, line.schedules) for line in reader.orders[first.number].lines]
    assert after == before

    rest = a_count("command-2", (first, 0, 10), (first, 1, 100), count="count-2")
    assert book(rest) == (Outcome.CONFIRMED, "")
    assert received(reader, first) == [Decimal(60), Decimal(100)]


def test_goods_that_nobody_announced_are_booked_too_lot_by_lot(
    erp: ConnectorHarness, reader: Reader, book: Book
) -> None:
    first, _second = two_orders(erp)
    count = a_count("command-1", (first, 0, 5), reference="LS-99", consignment="", lot="L-1")
    more = a_count("command-1", (first, 0, 7), lot="L-2")
    count = replace(count, lines=count.lines + more.lines)

    assert book(count) == (Outcome.CONFIRMED, "")
    book(count)

    assert received(reader, first) == [Decimal(12), Decimal(0)]
    assert {one[4] for one in bookings(reader)} == {"LS-99"}


def test_a_count_that_is_taken_back_is_out_of_the_books_or_a_person_is_asked(
    erp: ConnectorHarness, reader: Reader, announce: Announce, book: Book
) -> None:
    first, _second = two_orders(erp)
    announce(a_notice("notice-1", (first, 0, 60)))
    count = a_count("command-1", (first, 0, 58))
    gone = replace(count, key="command-2", reversed=True)
    book(count)

    outcome, reason = book(gone)
    if outcome is Outcome.REFUSED:
        assert "Cancel the shipment" in reason
        assert received(reader, first) == [Decimal(58), Decimal(0)]
        erp.reverse(first, first.lines[0].key)
        assert book(gone) == (Outcome.CONFIRMED, "")
    assert book(gone) == (Outcome.CONFIRMED, "")

    assert received(reader, first) == [Decimal(0), Decimal(0)]
    assert [one[5] for one in bookings(reader)] == [True]


def test_a_count_of_which_nothing_was_booked_is_taken_back_by_doing_nothing(
    erp: ConnectorHarness, reader: Reader, announce: Announce, book: Book
) -> None:
    first, _second = two_orders(erp)
    announce(a_notice("notice-1", (first, 0, 60)))

    assert book(a_count("command-2", (first, 0, 58), reversed=True)) == (Outcome.CONFIRMED, "")

    assert erp.inbound("DN-1") == {(first.number, first.lines[0].key): Decimal(60)}
    assert received(reader, first) == [Decimal(0), Decimal(0)]


def test_a_count_of_a_line_that_is_not_there_is_refused_with_its_reason(
    erp: ConnectorHarness, reader: Reader, book: Book
) -> None:
    first, _second = two_orders(erp)
    (line,) = a_count("command-1", (first, 0, 5)).lines
    wrong = replace(a_count("command-1", (first, 1, 5)), lines=(replace(line, key="99999"),))

    outcome, reason = book(wrong)

    assert outcome is Outcome.REFUSED
    assert "line" in reason
    assert received(reader, first) == [Decimal(0), Decimal(0)]
