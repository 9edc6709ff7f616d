"""The contract of `procurement.erp.ports`: goods on their way."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from procurement.erp.ports import (
    Outcome,
)
from tests.erp.contract.caller import Announce, Reader, everything
from tests.erp.contract.commands import a_notice, two_orders
from tests.erp.contract.harness import ConnectorHarness


def test_goods_on_their_way_are_expected_once_and_no_day_of_an_order_moves(
    erp: ConnectorHarness, reader: Reader, announce: Announce
) -> None:
    first, second = two_orders(erp)
    reader.read()
    before = dict(reader.orders)
    command = a_notice("notice-1", (first, 0, 60), (first, 1, 100), (second, 0, 40))

    assert announce(command) == (Outcome.CONFIRMED, "")
    announce(command)

    assert erp.inbound("DN-1") == {
        (first.number, first.lines[0].key): Decimal(60),
        (first.number, first.lines[1].key): Decimal(100),
        (second.number, second.lines[0].key): Decimal(40),
    }
    reader.read()
    assert [
        (line.quantity, line.delivery_on, line.schedules)
        for number in sorted(before)
        for line in reader.orders[number].lines
    ] == [
        (line.quantity, line.delivery_on, line.schedules)
        for number in sorted(before)
        for line in before[number].lines
    ]


def test_a_corrected_notice_takes_the_place_of_the_first(erp: ConnectorHarness, announce: Announce) -> None:
    first, _second = two_orders(erp)
    announce(a_notice("notice-1", (first, 0, 60), (first, 1, 10)))

    better = a_notice(
        "notice-2",
        (first, 0, 40),
        number="DN-2",
        earlier_number="DN-1",
        issue=2,
        expected_on=date(2026, 5, 20),
    )
    assert announce(better) == (Outcome.CONFIRMED, "")

    assert erp.inbound("DN-1") == {}
    assert erp.inbound("DN-2") == {(first.number, first.lines[0].key): Decimal(40)}


def test_a_notice_taken_back_is_expected_no_more_and_its_lines_can_be_announced_anew(
    erp: ConnectorHarness, reader: Reader, announce: Announce
) -> None:
    first, _second = two_orders(erp)
    announce(a_notice("notice-1", (first, 0, 60)))
    assert announce(a_notice("notice-2", (first, 0, 60), withdrawn=True)) == (Outcome.CONFIRMED, "")
    assert erp.inbound("DN-1") == {}
    assert announce(a_notice("notice-3", (first, 0, 60), withdrawn=True))[0] is Outcome.CONFIRMED

    whole = a_notice("notice-4", (first, 0, int(first.lines[0].quantity)), number="DN-9", consignment="c-2")
    assert announce(whole) == (Outcome.CONFIRMED, "")
    assert erp.inbound("DN-9") == {(first.number, first.lines[0].key): first.lines[0].quantity}
    reader.read()
    assert reader.orders[first.number].lines[0].schedules == ()


def test_what_was_received_names_its_delivery_note_and_cannot_be_taken_back(
    erp: ConnectorHarness, reader: Reader, announce: Announce
) -> None:
    first, _second = two_orders(erp)
    announce(a_notice("notice-1", (first, 0, 60)))
    everything(reader)
    erp.receive_inbound("DN-1")

    (booked,) = everything(reader).receipts.values()
    assert (booked.reference, booked.quantity, booked.line_key) == ("DN-1", 60, first.lines[0].key)
    outcome, reason = announce(a_notice("notice-2", (first, 0, 60), withdrawn=True))
    assert outcome is Outcome.REFUSED
    assert "received" in reason


def test_a_later_estimate_moves_the_day_and_nothing_else(
    erp: ConnectorHarness, reader: Reader, announce: Announce
) -> None:
    first, _second = two_orders(erp)
    reader.read()
    before = {line.key: line.delivery_on for line in reader.orders[first.number].lines}
    command = a_notice("notice-1", (first, 0, 60))
    announce(command)
    assert erp.inbound_on("DN-1") == date(2026, 5, 13)

    assert announce(replace(command, key="notice-2", expected_on=date(2026, 5, 29))) == (
        Outcome.CONFIRMED,
        "",
    )

    assert erp.inbound_on("DN-1") == date(2026, 5, 29)
    assert erp.inbound("DN-1") == {(first.number, first.lines[0].key): Decimal(60)}
    reader.read()
    assert {line.key: line.delivery_on for line in reader.orders[first.number].lines} == before
