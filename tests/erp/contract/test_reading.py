"""The contract of `procurement.erp.ports`: who is there, and what its feeds tell."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from procurement.erp.ports import (
    Feed,
)
from tests.erp.contract.caller import Reader, everything, facts
from tests.erp.contract.harness import ConnectorHarness
from tests.erp.papers import MASTER_DATA, a_line, an_order


def test_it_says_who_is_there_and_what_it_can_do(erp: ConnectorHarness) -> None:
    with erp.connector() as connector:
        found = connector.discover()

        assert found.identity.kind
        assert found.identity.system
        assert found.capabilities == connector.capabilities


def test_looking_twice_finds_the_same(erp: ConnectorHarness) -> None:
    with erp.connector() as connector:
        first = connector.discover().fingerprint
    erp.put_orders(an_order())

    with erp.connector() as connector:
        assert connector.discover().fingerprint == first


# --- reading ------------------------------------------------------------------------------------------------


def test_an_empty_erp_has_nothing_to_say(reader: Reader) -> None:
    assert reader.read() == []


def test_orders_arrive_as_they_stand(erp: ConnectorHarness, reader: Reader) -> None:
    orders = erp.put_orders(*[an_order(f"45-{number}") for number in range(5)])

    reader.read()

    assert sorted(reader.orders) == [order.number for order in orders]
    for order in orders:
        assert facts(reader.orders[order.number]) == facts(erp.held(order)) == facts(order)


@pytest.mark.parametrize("feed", sorted(MASTER_DATA))
def test_master_data_arrives_as_it_stands(erp: ConnectorHarness, reader: Reader, feed: Feed) -> None:
    with erp.connector() as connector:
        if feed not in connector.capabilities.reads:
            pytest.skip(f"this ERP has no {feed}")
    wanted = erp.put_master_data({feed: MASTER_DATA[feed]})[feed]

    seen = [sighting.paper for sighting in reader.read(feed)]

    assert {repr(paper) for paper in wanted} <= {repr(paper) for paper in seen}


def test_an_order_never_arrives_before_its_supplier(erp: ConnectorHarness, reader: Reader) -> None:
    erp.put_master_data({Feed.SUPPLIERS: MASTER_DATA[Feed.SUPPLIERS]})
    erp.put_orders(an_order())

    if reader.read(Feed.ORDERS):
        pytest.skip("this ERP hands the supplier over with the order")
    suppliers = reader.read(Feed.SUPPLIERS)
    orders = reader.read(Feed.ORDERS)

    assert {sighting.paper.number for sighting in suppliers} == {"70012", "70013"}  # type: ignore[union-attr]
    assert len(orders) == 1


def test_what_was_settled_is_not_new_again(erp: ConnectorHarness, reader: Reader) -> None:
    erp.put_orders(an_order())
    first = {sighting.content_hash for sighting in reader.read()}

    again = {sighting.content_hash for sighting in reader.read()}

    assert again <= first


def test_a_page_that_was_never_settled_is_read_again(erp: ConnectorHarness, reader: Reader) -> None:
    erp.put_orders(*[an_order(f"45-{number}") for number in range(5)])
    with erp.connector() as dies:
        pages = dies.read(Feed.ORDERS, None)
        lost = {sighting.content_hash for sighting in next(pages).sightings}
        pages.close()  # type: ignore[attr-defined]  # a generator: the process dies here

    found = {sighting.content_hash for sighting in reader.read()}

    assert lost <= found
    assert len(reader.orders) == 5


def test_a_process_that_dies_between_two_pages_loses_nothing(erp: ConnectorHarness, reader: Reader) -> None:
    erp.put_orders(*[an_order(f"45-{number}") for number in range(7)])
    with erp.connector() as dies:
        pages = dies.read(Feed.ORDERS, None)
        reader.take(next(pages), dies)
        next(pages, None)
        pages.close()  # type: ignore[attr-defined]

    reader.read()

    assert len(reader.orders) == 7


def test_a_feed_that_is_set_back_brings_everything_since_once_more(
    erp: ConnectorHarness, reader: Reader
) -> None:
    before = datetime.now(UTC) - timedelta(minutes=10)
    first, changed = erp.put_orders(an_order("45-1"), an_order("45-2"))
    reader.read()
    erp.change_line(changed, changed.lines[0].key, quantity=Decimal(60))
    reader.read()
    held = dict(reader.orders)
    reader.orders.clear()

    with erp.connector() as connector:
        back = connector.rewind(Feed.ORDERS, reader.cursors.get(Feed.ORDERS), before)
    reader.cursors.pop(Feed.ORDERS, None)
    if back is not None:
        reader.cursors[Feed.ORDERS] = back
    seen = reader.read()

    assert {order.number: facts(order) for order in reader.orders.values()} == {
        number: facts(order) for number, order in held.items()
    }
    assert {sighting.paper.number for sighting in seen} == {first.number, changed.number}  # type: ignore[union-attr]


def test_its_clock_is_compared_with_ours(erp: ConnectorHarness) -> None:
    with erp.connector() as connector:
        assert abs(connector.discover().clock_skew) < timedelta(seconds=5)


def test_a_change_of_one_line_brings_the_whole_order_again(erp: ConnectorHarness, reader: Reader) -> None:
    changed, _untouched = erp.put_orders(an_order("45-1"), an_order("45-2"))
    before = {sighting.paper.number: sighting.content_hash for sighting in reader.read()}  # type: ignore[union-attr]
    erp.change_line(changed, changed.lines[1].key, quantity=Decimal(100))

    seen = {sighting.paper.number: sighting for sighting in reader.read()}  # type: ignore[union-attr]

    assert seen["45-1"].content_hash != before["45-1"]
    assert [line.quantity for line in reader.orders["45-1"].lines] == [Decimal(240), Decimal(100)]
    assert "45-2" not in seen or seen["45-2"].content_hash == before["45-2"]


def test_a_deleted_line_is_gone_from_its_order(erp: ConnectorHarness, reader: Reader) -> None:
    (order,) = erp.put_orders(an_order())
    reader.read()
    erp.delete_line(order, order.lines[0].key)

    reader.read()

    left = [line.key for line in reader.orders[order.number].lines if not line.cancelled]
    assert left == [order.lines[1].key]


def test_received_quantities_arrive(erp: ConnectorHarness, reader: Reader) -> None:
    (order,) = erp.put_orders(an_order())
    erp.change_line(order, order.lines[0].key, received_quantity=Decimal(60))

    reader.read()

    assert reader.orders[order.number].lines[0].received_quantity == Decimal(60)


def test_receipts_arrive_one_by_one(erp: ConnectorHarness, reader: Reader) -> None:
    (order,) = erp.put_orders(an_order())
    # A day is that of the company's calendar: in Hamburg it is tomorrow already for the last hours of ours.
    days = {datetime.now(zone).date() for zone in (UTC, ZoneInfo("Europe/Berlin"))}
    first, second = (line.key for line in order.lines)
    erp.receive(order, first, Decimal(60), "4711")
    everything(reader)
    erp.receive(order, first, Decimal(30), "4712")
    erp.receive(order, second, Decimal(240), "4712")

    found = sorted(everything(reader).receipts.values(), key=lambda one: (one.line_key, one.reference))

    assert [(one.line_key, one.quantity, one.unit, one.reference, one.reversed) for one in found] == [
        (first, Decimal(60), "EA", "4711", False),
        (first, Decimal(30), "EA", "4712", False),
        (second, Decimal(240), "EA", "4712", False),
    ]
    assert {(one.company, one.order) for one in found} == {(order.company, order.number)}
    days |= {datetime.now(zone).date() for zone in (UTC, ZoneInfo("Europe/Berlin"))}  # midnight may have come
    assert {one.received_on for one in found} <= days


def test_a_receipt_that_is_taken_back_arrives_as_reversed(erp: ConnectorHarness, reader: Reader) -> None:
    (order,) = erp.put_orders(an_order())
    key = order.lines[0].key
    erp.receive(order, key, Decimal(60), "4711")
    everything(reader)

    erp.reverse(order, key)

    (found,) = everything(reader).receipts.values()
    assert (found.quantity, found.reversed) == (Decimal(60), True)
    assert reader.orders[order.number].lines[0].received_quantity == 0


def test_what_was_settled_of_receipts_and_invoices_is_not_new_again(
    erp: ConnectorHarness, reader: Reader
) -> None:
    (order,) = erp.put_orders(an_order())
    erp.receive(order, order.lines[0].key, Decimal(60), "4711")
    erp.bill(order, order.lines[0].key, "A-1")
    everything(reader)

    assert [reader.read(feed) for feed in (Feed.RECEIPTS, Feed.INVOICES)] == [[], []]


def test_an_invoice_arrives_with_every_step_on_its_way_to_being_paid(
    erp: ConnectorHarness, reader: Reader
) -> None:
    (order,) = erp.put_orders(an_order())
    key = order.lines[0].key
    erp.receive(order, key, Decimal(60), "4711")
    total = Decimal("1104")  # 60 at 18.40
    story = []

    def look() -> None:
        (found,) = everything(reader).invoices.values()
        story.append((found.state, found.open_amount, found.paid_on))

    invoice = erp.bill(order, key, "A-2041")
    look()
    erp.approve(invoice)
    look()
    erp.pay(invoice, Decimal(500), date(2026, 11, 20))
    look()
    erp.pay(invoice, Decimal(604), date(2026, 11, 25))
    look()

    assert story == [
        ("entered", total, None),
        ("approved", total, None),
        ("partly_paid", Decimal(604), None),
        ("paid", Decimal(0), date(2026, 11, 25)),
    ]
    (paid,) = reader.invoices.values()
    assert (paid.company, paid.supplier, paid.currency, paid.kind) == ("NM", "70012", "EUR", "invoice")
    assert (paid.reference, paid.total) == ("A-2041", total)
    assert (paid.invoiced_on, paid.due_on) == (date(2026, 11, 1), date(2026, 12, 1))
    assert [(line.order, line.line_key, line.quantity, line.amount) for line in paid.lines] == [
        (order.number, key, Decimal(60), total)
    ]


def test_a_credit_note_arrives_as_one_with_what_it_gives_back(erp: ConnectorHarness, reader: Reader) -> None:
    (order,) = erp.put_orders(an_order())
    key = order.lines[0].key
    erp.receive(order, key, Decimal(60), "4711")
    invoice = erp.bill(order, key, "A-2041")
    erp.approve(invoice)

    erp.give_back(invoice, "C-7")

    found = {one.reference: one for one in everything(reader).invoices.values()}
    assert {name: one.kind for name, one in found.items()} == {"A-2041": "invoice", "C-7": "credit_note"}
    given = found["C-7"]
    assert (given.total, given.open_amount) == (Decimal(1104), Decimal(1104))
    assert [(line.order, line.line_key, line.quantity, line.amount) for line in given.lines] == [
        (order.number, key, Decimal(60), Decimal(1104))
    ]


def test_receipts_that_a_dying_process_did_not_store_are_read_again(
    erp: ConnectorHarness, reader: Reader
) -> None:
    (order,) = erp.put_orders(an_order())
    for number in range(4):
        erp.receive(order, order.lines[number % 2].key, Decimal(10), f"47{number}")
    reader.read()
    with erp.connector() as dies:
        pages = dies.read(Feed.RECEIPTS, None)
        reader.take(next(pages), dies)
        next(pages, None)
        pages.close()  # type: ignore[attr-defined]  # a generator: the process dies here

    assert {one.reference for one in everything(reader).receipts.values()} == {"470", "471", "472", "473"}


def test_text_arrives_letter_by_letter(erp: ConnectorHarness, reader: Reader) -> None:
    text = 'Ventil ½", "PN 16"; =1+1,\nzweite Zeile — 阀门'
    erp.put_orders(an_order("45-1", lines=(a_line(description=text),), note="=HYPERLINK(1)"))

    reader.read()

    assert reader.orders["45-1"].lines[0].description == text
    assert reader.orders["45-1"].note == "=HYPERLINK(1)"


def test_numbers_arrive_exactly(erp: ConnectorHarness, reader: Reader) -> None:
    line = a_line(
        item_number="CABLE",
        quantity=Decimal("1234.5"),
        unit="M",
        price=Decimal("0.0375"),
        price_per=erp.price_per,
    )
    (order,) = erp.put_orders(an_order(lines=(line,)))

    reader.read()

    (arrived,) = reader.orders[order.number].lines
    assert (arrived.quantity, arrived.price, arrived.price_per) == (line.quantity, line.price, line.price_per)
