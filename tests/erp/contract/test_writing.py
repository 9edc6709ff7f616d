"""The contract of `procurement.erp.ports`: promises that are written into the ERP."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from procurement.erp.ports import (
    Outcome,
    ValidationRefused,
    WriteField,
    fields_asked_for,
)
from tests.erp.contract.caller import Reader, Send, facts
from tests.erp.contract.harness import ConnectorHarness
from tests.erp.papers import a_piece, a_promise, an_order


def test_a_later_date_stands_in_the_erp_and_comes_back(
    erp: ConnectorHarness, reader: Reader, send: Send
) -> None:
    (order,) = erp.put_orders(an_order())
    reader.read()

    answer = send(a_promise(order))
    reader.read()

    assert answer.outcome in {Outcome.CONFIRMED, Outcome.SENT}
    assert [line.delivery_on for line in erp.held(order).lines] == [date(2026, 5, 18), date(2026, 5, 11)]
    assert reader.orders[order.number].lines[0].delivery_on == date(2026, 5, 18)


def test_quantity_and_price_stand_in_the_erp(erp: ConnectorHarness, reader: Reader, send: Send) -> None:
    (order,) = erp.put_orders(an_order())
    wanted = a_piece(order.lines[0], quantity=Decimal(200), price=Decimal("18.9"))

    answer = send(a_promise(order, {order.lines[0].key: (wanted,)}))

    assert answer.outcome in {Outcome.CONFIRMED, Outcome.SENT}
    held = erp.held(order).lines[0]
    assert (held.quantity, held.price, held.delivery_on) == (Decimal(200), Decimal("18.9"), date(2026, 5, 11))


def test_a_split_becomes_deliveries_that_add_up(erp: ConnectorHarness, reader: Reader, send: Send) -> None:
    (order,) = erp.put_orders(an_order())
    line = order.lines[0]
    pieces = (
        a_piece(line, quantity=Decimal(140)),
        a_piece(line, quantity=Decimal(100), delivery_on=date(2026, 6, 1), kind="backorder"),
    )

    answer = send(a_promise(order, {line.key: pieces}))
    reader.read()

    assert answer.outcome in {Outcome.CONFIRMED, Outcome.SENT}
    arrived = reader.orders[order.number].lines[0]
    assert [(one.quantity, one.delivery_on) for one in arrived.schedules] == [
        (Decimal(140), date(2026, 5, 11)),
        (Decimal(100), date(2026, 6, 1)),
    ]
    assert arrived.quantity == Decimal(240)


def test_a_refused_line_is_no_longer_expected(erp: ConnectorHarness, send: Send) -> None:
    (order,) = erp.put_orders(an_order())
    line = order.lines[1]

    send(a_promise(order, {line.key: (a_piece(line, kind="refuse", delivery_on=None),)}))

    held = erp.held(order).lines
    assert facts(replace(order, lines=held[:1])) == facts(replace(order, lines=order.lines[:1]))
    assert len(held) == 1 or held[1].cancelled or held[1].quantity == 0


def test_the_same_command_twice_is_carried_out_once(
    erp: ConnectorHarness, reader: Reader, send: Send
) -> None:
    (order,) = erp.put_orders(an_order())
    command = a_promise(order)
    send(command)
    once = erp.held(order)

    send(command)

    assert facts(erp.held(order)) == facts(once)
    assert erp.held(order).revision == once.revision


def test_a_command_already_sent_is_found_by_its_key_in_another_process(erp: ConnectorHarness) -> None:
    (order,) = erp.put_orders(an_order())
    with erp.connector() as connector:
        connector.write_promise(a_promise(order, key="the-key"))

    with erp.connector() as connector:
        found = connector.find_command("the-key")
        stranger = connector.find_command("another-key")

    assert found is not None
    assert found.outcome in {Outcome.SENT, Outcome.CONFIRMED}
    assert stranger is None


@pytest.mark.parametrize(
    "moved", [{"quantity": Decimal(200)}, {"price": Decimal(19)}, {"delivery_on": date(2026, 5, 4)}], ids=str
)
def test_a_line_that_moved_meanwhile_is_a_conflict_and_stays_as_it_is(
    erp: ConnectorHarness, reader: Reader, send: Send, moved: dict[str, Decimal | date]
) -> None:
    (order,) = erp.put_orders(an_order())
    reader.read()
    erp.change_line(order, order.lines[0].key, **moved)

    answer = send(a_promise(order))

    now = replace(order.lines[0], **moved)  # type: ignore[arg-type]
    assert answer.outcome is Outcome.CONFLICT
    assert answer.reason
    assert answer.current == {now.key: (now.quantity, now.price, now.delivery_on)}
    assert facts(erp.held(order)) == facts(replace(order, lines=(now, *order.lines[1:])))


def test_a_change_of_another_line_is_no_conflict(erp: ConnectorHarness, send: Send) -> None:
    (order,) = erp.put_orders(an_order())
    erp.change_line(order, order.lines[1].key, quantity=Decimal(1))

    answer = send(a_promise(order))

    assert answer.outcome in {Outcome.CONFIRMED, Outcome.SENT}
    assert erp.held(order).lines[0].delivery_on == date(2026, 5, 18)
    assert erp.held(order).lines[1].quantity == Decimal(1)


def test_a_line_that_was_deleted_meanwhile_is_a_conflict(erp: ConnectorHarness, send: Send) -> None:
    (order,) = erp.put_orders(an_order())
    erp.delete_line(order, order.lines[0].key)

    answer = send(a_promise(order))

    assert answer.outcome is Outcome.CONFLICT
    assert answer.current == {order.lines[0].key: (None, None, None)}


def test_what_the_erp_refuses_comes_with_its_reason(erp: ConnectorHarness, send: Send) -> None:
    (order,) = erp.put_orders(an_order())
    reason = erp.refuse_next(order)

    answer = send(a_promise(order))

    assert answer.outcome is Outcome.REFUSED
    assert reason in answer.reason
    assert facts(erp.held(order)) == facts(order)


def test_one_bad_order_does_not_hold_up_another(erp: ConnectorHarness, send: Send) -> None:
    locked, free = erp.put_orders(an_order("45-1"), an_order("45-2"))
    erp.refuse_next(locked)

    first = send(a_promise(locked, key="c-1"))
    second = send(a_promise(free, key="c-2"))

    assert first.outcome is Outcome.REFUSED
    assert second.outcome in {Outcome.CONFIRMED, Outcome.SENT}
    assert erp.held(free).lines[0].delivery_on == date(2026, 5, 18)


def test_a_command_that_asks_for_nothing_is_refused_before_it_leaves(erp: ConnectorHarness) -> None:
    (order,) = erp.put_orders(an_order())
    with erp.connector() as connector, pytest.raises(ValidationRefused):
        connector.write_promise(a_promise(order, {order.lines[0].key: ()}))


def test_what_a_command_asks_for_is_read_off_its_base() -> None:
    order = an_order()
    line = order.lines[0]

    def asked(*pieces: object, **changes: str) -> set[WriteField]:
        return set(fields_asked_for(a_promise(order, {line.key: pieces}, **changes)))  # type: ignore[dict-item]

    assert asked(a_piece(line)) == set()
    assert asked(a_piece(line, delivery_on=date(2026, 6, 1))) == {WriteField.PROMISE_DATE}
    assert asked(a_piece(line, price=Decimal(19))) == {WriteField.PRICE}
    assert asked(a_piece(line, quantity=Decimal(200))) == {WriteField.QUANTITY}
    assert asked(a_piece(line, kind="refuse")) == {WriteField.REFUSAL, WriteField.QUANTITY}
    assert asked(a_piece(line, kind="substitute", item_number="V-9")) == {WriteField.SUBSTITUTE}
    assert asked(a_piece(line, quantity=Decimal(140)), a_piece(line, quantity=Decimal(100))) == {
        WriteField.SPLIT
    }
    assert asked(a_piece(line), supplier_reference="SO-1") == {WriteField.SUPPLIER_REFERENCE}
