"""What only overlapping transactions show: a change that appears behind a cursor, and one that loses a race."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from procurement.demo.tryton.founding import ADMIN, PORTAL
from procurement.demo.tryton.ordering import confirm, quote
from procurement.demo.tryton.serving import TrytonServer
from procurement.erp.connectors.tryton import TrytonConnector
from procurement.erp.connectors.tryton.wire import Rpc
from procurement.erp.ports import Cursor, Feed, Outcome, Transient
from procurement.orders.messages import OrderPaper
from tests.erp.papers import a_piece, a_promise, an_order
from tests.erp.tryton.on_postgres import books_of, tryton_on_postgres

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

TODAY = datetime.now(UTC).date()


@pytest.fixture
def tryton(tmp_path: Path) -> Iterator[TrytonServer]:
    # Tryton tries again by itself what lost a race; here the first loss is told.
    with tryton_on_postgres(tmp_path, TRYTOND_DATABASE__RETRY="0") as server:
        yield server


@pytest.fixture
def orders(tryton: TrytonServer) -> Sequence[OrderPaper]:
    """Two orders, as Tryton planned them."""
    people = Rpc(tryton.address, tryton.books.database, *ADMIN, patience=60)
    for _time in range(2):
        confirm(people, quote(people, an_order("", ordered_on=TODAY)))
    people.close()
    with connector(tryton) as portal:
        papers = [portal.read_back("NM", f"PO0000{number}") for number in (1, 2)]
    assert all(papers)
    return [paper for paper in papers if paper]


def connector(tryton: TrytonServer) -> TrytonConnector:
    return TrytonConnector(tryton.address, tryton.books.database, *PORTAL, patience=30)


class Reader:
    """A portal that reads on from its cursor, again and again."""

    def __init__(self, portal: TrytonConnector) -> None:
        self.portal = portal
        self.cursor: Cursor | None = None

    def read(self) -> list[tuple[str, str]]:
        told = []
        for page in self.portal.read(Feed.ORDERS, self.cursor):
            self.cursor = page.next
            told += [(one.paper.number, one.paper.note) for one in page.sightings]  # type: ignore[union-attr]
        return told


def test_a_change_that_appears_behind_the_cursor_is_read(
    tryton: TrytonServer, orders: Sequence[OrderPaper]
) -> None:
    first, second = (order.number for order in orders)
    with connector(tryton) as portal, books_of(tryton) as slow, books_of(tryton) as quick:
        reader = Reader(portal)
        assert {number for number, _note in reader.read()} == {first, second}
        change = "UPDATE purchase_purchase SET comment = %s, write_date = now() WHERE number = %s"

        slow.execute(change, ["begun first, ended last", first])  # not committed: nobody sees it
        time.sleep(1.1)
        quick.execute(change, ["begun later", second])
        quick.commit()
        assert reader.read() == [(second, "begun later")]
        slow.commit()  # its stamp is a second behind what has been read

        assert reader.read() == [(first, "begun first, ended last")]
        assert reader.read() == []


def test_a_promise_that_loses_a_race_is_tried_again_and_stands_once(
    tryton: TrytonServer, orders: Sequence[OrderPaper]
) -> None:
    order = orders[0]
    line = order.lines[0]
    later = a_piece(line, quantity=Decimal(200), delivery_on=line.delivery_on + timedelta(days=7))
    command = a_promise(order, {line.key: (later,)})
    said: list[object] = []

    def write() -> None:
        with connector(tryton) as portal:
            try:
                said.append(portal.write_promise(command).outcome)
            except Transient as lost:
                said.append(lost)

    with books_of(tryton) as other:
        # Somebody holds the order in a transaction of theirs and changes it under the portal's hands.
        other.execute("UPDATE purchase_purchase SET write_date = now() WHERE number = %s", [order.number])
        worker = threading.Thread(target=write)
        worker.start()
        while not waits_for_a_lock(tryton):
            assert worker.is_alive(), said
            time.sleep(0.05)
        other.commit()
        worker.join()
    assert isinstance(said[0], Transient)
    with connector(tryton) as portal:
        held = portal.read_back("NM", order.number)
    assert held is not None
    assert held.lines[0].quantity == line.quantity  # nothing was written

    write()

    assert said[1] is Outcome.CONFIRMED
    with connector(tryton) as portal:
        held = portal.read_back("NM", order.number)
    assert held is not None
    assert (held.lines[0].quantity, held.lines[0].delivery_on) == (Decimal(200), later.delivery_on)
    assert held.revision == "1"


def waits_for_a_lock(tryton: TrytonServer) -> bool:
    """Whether Tryton stands before a row that somebody else holds."""
    with books_of(tryton) as books:
        found = books.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'",
            [tryton.books.database],
        ).fetchone()
    return found is not None and found[0] != 0
