"""The contract of `procurement.erp.ports`: comparing, looking up and reading back."""

import pytest

from procurement.erp.content import content_hash
from procurement.erp.ports import Deletions, Feed, ReadBack, Unsupported, key_of
from procurement.orders.messages import OrderPaper
from tests.erp.contract.caller import Reader, facts
from tests.erp.contract.harness import ConnectorHarness
from tests.erp.papers import MASTER_DATA, an_order


def test_sweeping_works_exactly_where_it_is_claimed(erp: ConnectorHarness) -> None:
    erp.put_orders(an_order("45-1"), an_order("45-2"))
    with erp.connector() as connector:
        if connector.capabilities.deletions is Deletions.STATED:
            with pytest.raises(Unsupported):
                list(connector.sweep(Feed.ORDERS))
        else:
            assert len(list(connector.sweep(Feed.ORDERS))) == 2


def test_a_sweep_and_a_look_up_tell_of_the_same_records(erp: ConnectorHarness, reader: Reader) -> None:
    _first, second = erp.put_orders(an_order("45-1"), an_order("45-2"))
    reader.read()
    erp.let_compare()

    with erp.connector() as connector:
        marks = {mark.key for mark in connector.sweep(Feed.ORDERS)}
        looked_up = list(connector.look_up(Feed.ORDERS, [("NM", "45-2"), ("NM", "no such order")]))

    assert marks == {("NM", "45-1"), ("NM", "45-2")}
    assert [key_of(paper) for paper in looked_up] == [("NM", "45-2")]
    assert facts(looked_up[0]) == facts(erp.held(second))  # type: ignore[arg-type]


def test_what_is_looked_up_is_what_a_feed_tells(erp: ConnectorHarness, reader: Reader) -> None:
    erp.put_orders(an_order("45-1"))
    reader.read()
    erp.let_compare()

    with erp.connector() as connector:
        (looked_up,) = connector.look_up(Feed.ORDERS, [("NM", "45-1")])

    assert content_hash(looked_up) == content_hash(reader.orders["45-1"])


def test_looking_and_sweeping_take_nothing_from_a_feed(erp: ConnectorHarness, reader: Reader) -> None:
    erp.put_orders(an_order("45-1"))
    with erp.connector() as connector:
        (page,) = list(connector.peek(Feed.ORDERS))
        (again,) = list(connector.peek(Feed.ORDERS))

    assert [key_of(one.paper) for one in page.sightings] == [("NM", "45-1")]
    assert [one.content_hash for one in again.sightings] == [one.content_hash for one in page.sightings]
    assert [one.paper.number for one in reader.read() if isinstance(one.paper, OrderPaper)] == ["45-1"]


def test_master_data_is_swept_whole(erp: ConnectorHarness, reader: Reader) -> None:
    held = erp.put_master_data(MASTER_DATA)
    for feed in held:
        reader.read(feed)
    erp.let_compare(held)

    for feed in (Feed.UNITS, Feed.SUPPLIERS, Feed.ITEMS, Feed.SITES):
        with erp.connector() as connector:
            marks = {mark.key: mark for mark in connector.sweep(feed)}
        for paper in held[feed]:
            mark = marks[key_of(paper)]
            assert mark.paper is not None
            assert key_of(mark.paper) == key_of(paper)


def test_reading_back_works_exactly_where_it_is_claimed(erp: ConnectorHarness) -> None:
    (order,) = erp.put_orders(an_order())
    with erp.connector() as connector:
        if connector.capabilities.read_back is ReadBack.BY_FEED:
            with pytest.raises(Unsupported):
                connector.read_back(order.company, order.number)
        else:
            found = connector.read_back(order.company, order.number)
            assert found is not None
            assert facts(found) == facts(erp.held(order))
            assert connector.read_back(order.company, "no such order") is None
