"""A feed read again from a moment on: everything once more, and nothing changed by it that stood right."""

from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from portal.kernel.audit.models import AuditEvent
from portal.kernel.scope import acting
from procurement.erp.connectors.files import FilesConnector
from procurement.erp.connectors.files.writing import orders_csv
from procurement.erp.connectors.tryton.changes import Position
from procurement.erp.inbound import read_feeds
from procurement.erp.models import FeedCursor, FeedRun
from procurement.erp.ports import Busy, Feed
from procurement.erp.replay import NotInThePast, read_again
from procurement.orders.models import PurchaseOrder, PurchaseOrderLine
from tests.builders.world import MONDAY, a_line, a_paper
from tests.erp.test_delivery import Clock
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)


class Folder:
    """The drop folder, read minute by minute."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.clock = Clock()
        (root / "in").mkdir(parents=True)

    @property
    def connector(self) -> FilesConnector:
        return FilesConnector(self.root, quiet=timedelta(days=-9999), clock=self.clock)

    def send(self, name: str, *papers: Any) -> dict[str, FeedRun]:
        (self.root / "in" / f"orders-{name}.csv").write_text(orders_csv(papers), encoding="utf-8")
        return self.read()

    def read(self) -> dict[str, FeedRun]:
        self.clock.forward(minutes=1)
        return {run.feed: run for run in read_feeds(self.connector, clock=self.clock)}

    def again(self, since: datetime, reason: str = "A backup was restored.") -> None:
        with acting(FEED):
            read_again(Feed.ORDERS, since, reason, actor=FEED, at=self.clock())

    def places(self) -> list[str]:
        return sorted(
            f"{path.relative_to(self.root).parts[0]}/{path.name}"
            for path in self.root.rglob("orders*.csv")
            if path.is_file() and ".report." not in path.name
        )


@pytest.fixture
def folder(world: Any, tmp_path: Path) -> Folder:
    return Folder(tmp_path / "erp")


def figures(run: FeedRun) -> tuple[int, int, int, int]:
    return run.papers, run.taken, run.unchanged, run.refused


def quantity_of(number: str) -> Decimal:
    with acting(FEED):
        return PurchaseOrderLine.objects.get(order__number=number, number=10).quantity


def version_of(number: str) -> int:
    with acting(FEED):
        return PurchaseOrder.objects.get(number=number).version


def with_quantity(number: str, quantity: int, revision: str = "1") -> Any:
    return a_paper(number, [a_line(10, quantity=Decimal(quantity))], revision=revision)


def test_what_stands_right_is_read_again_and_not_touched(folder: Folder) -> None:
    folder.send("1", with_quantity("45-1", 100))
    folder.send("2", with_quantity("45-2", 100))
    before = version_of("45-1"), version_of("45-2")

    folder.again(MONDAY)
    runs = folder.read()

    assert figures(runs["orders"]) == (2, 0, 2, 0)
    assert runs["orders"].again_since == MONDAY
    assert (version_of("45-1"), version_of("45-2")) == before
    assert folder.places() == ["archive/orders-1.csv", "archive/orders-2.csv"]


def test_only_what_was_told_since_is_read_again(folder: Folder) -> None:
    folder.send("1", with_quantity("45-1", 100))
    since = folder.clock() + timedelta(seconds=30)
    folder.send("2", with_quantity("45-2", 100))

    folder.again(since)

    assert figures(folder.read()["orders"]) == (1, 0, 1, 0)


def test_an_order_does_not_go_back_to_what_it_once_was(folder: Folder) -> None:
    folder.send("1", with_quantity("45-1", 100))
    folder.send("2", with_quantity("45-1", 80, "2"))
    folder.send("3", with_quantity("45-1", 60, "3"), with_quantity("45-2", 10))
    before = version_of("45-1")

    folder.again(MONDAY)
    runs = folder.read()

    assert figures(runs["orders"]) == (2, 0, 2, 0)
    assert (quantity_of("45-1"), version_of("45-1")) == (Decimal(60), before)


def test_what_was_lost_here_comes_back(folder: Folder) -> None:
    folder.send("1", with_quantity("45-1", 100))
    folder.send("2", with_quantity("45-2", 100))
    folder.send("3", with_quantity("45-1", 70, "2"))
    with acting(FEED):  # as after a backup from before the last file was restored
        PurchaseOrderLine.objects.filter(order__number="45-1").update(quantity=100)
        PurchaseOrder.objects.filter(number="45-1").update(content_hash="of a backup")

    folder.again(MONDAY)
    runs = folder.read()

    assert figures(runs["orders"]) == (2, 1, 1, 0)
    assert quantity_of("45-1") == Decimal(70)


def test_a_file_that_was_refused_in_part_counts_too(folder: Folder) -> None:
    folder.send("1", with_quantity("45-1", 100))
    folder.send("2", with_quantity("45-1", 80, "2"), a_paper("45-2", supplier="NOBODY"))
    assert folder.places() == ["archive/orders-1.csv", "rejected/orders-2.csv", "rejected/orders-refused.csv"]

    folder.again(MONDAY)
    runs = folder.read()

    assert (figures(runs["orders"]), quantity_of("45-1")) == ((2, 0, 1, 1), Decimal(80))
    # The rows that were handed back for correction are nobody's export: one copy stays with each report.
    assert folder.places() == [
        "archive/orders-1.csv",
        "rejected/orders-2.csv",
        "rejected/orders-refused.csv",
        "rejected/orders-refused.csv",
    ]


def test_it_can_be_read_again_as_often_as_one_likes(folder: Folder) -> None:
    folder.send("1", with_quantity("45-1", 100))

    for _ in range(3):
        folder.again(MONDAY)
        assert figures(folder.read()["orders"]) == (1, 0, 1, 0)

    with acting(FEED):
        cursor = FeedCursor.objects.get(feed="orders")
        assert (cursor.rewinds, cursor.again_since) == (3, None)
    assert folder.read() == {}


def test_a_file_of_a_batch_that_never_came_right_stays_where_it_is(folder: Folder) -> None:
    stray = folder.root / "in" / "batch-1.orders.csv"
    stray.write_text(orders_csv([with_quantity("45-9", 5)]))
    folder.clock.now = datetime.now(MONDAY.tzinfo) + timedelta(hours=2)
    folder.read()
    assert [path.name for path in (folder.root / "rejected").rglob("batch-1.orders.csv")]

    folder.again(MONDAY)
    folder.read()

    with acting(FEED):
        assert not PurchaseOrder.objects.filter(number="45-9").exists()


def test_a_batch_is_read_again(folder: Folder) -> None:
    from procurement.erp.connectors.files.folder import write_manifest

    (folder.root / "in" / "b1.orders.csv").write_text(orders_csv([with_quantity("45-1", 100)]))
    write_manifest(folder.root / "in", "b1", ["b1.orders.csv"], made_at=MONDAY)
    folder.read()

    for _ in range(2):
        folder.again(MONDAY)
        assert figures(folder.read()["orders"]) == (1, 0, 1, 0)


def test_the_wish_and_its_granting_are_kept_with_the_reason(folder: Folder) -> None:
    folder.send("1", with_quantity("45-1", 100))
    folder.again(MONDAY, "Prices were wrong for an hour.")
    folder.read()

    with acting(FEED):
        events = list(AuditEvent.objects.filter(stream="feed:orders").order_by("id"))
    assert [event.kind for event in events] == ["feed.read_again", "feed.rewound"]
    assert events[0].facts["reason"] == "Prices were wrong for an hour."


def test_of_two_wishes_the_one_that_reaches_back_further_holds(folder: Folder) -> None:
    folder.send("1", with_quantity("45-1", 100))

    folder.again(MONDAY)
    folder.again(MONDAY + timedelta(seconds=30))

    with acting(FEED):
        assert FeedCursor.objects.get(feed="orders").again_since == MONDAY


def test_the_future_cannot_be_read_again(folder: Folder) -> None:
    with pytest.raises(NotInThePast):
        folder.again(folder.clock() + timedelta(seconds=1))


def test_while_somebody_reads_the_wish_waits(folder: Folder) -> None:
    folder.send("1", with_quantity("45-1", 100))
    folder.again(MONDAY)

    with folder.connector.folder.locked():
        assert folder.read() == {}
        with pytest.raises(Busy):
            folder.connector.rewind(Feed.ORDERS, None, MONDAY)

    assert figures(folder.read()["orders"]) == (1, 0, 1, 0)


def test_a_reading_that_began_before_does_not_set_the_feed_forward_again(folder: Folder) -> None:
    """As with an ERP that has no lock: one worker reads, the other sets back meanwhile."""
    folder.send("1", with_quantity("45-1", 100))

    class SetBackMeanwhile(FilesConnector):
        def read(self, feed: Feed, since: Any) -> Any:
            for page in super().read(feed, since):
                with acting(FEED):
                    FeedCursor.objects.filter(feed=feed).update(rewinds=7, position={"from": "the other"})
                yield page

    (folder.root / "in" / "orders-2.csv").write_text(orders_csv([with_quantity("45-2", 100)]))
    folder.clock.forward(minutes=1)
    meanwhile = SetBackMeanwhile(folder.root, quiet=timedelta(days=-9999), clock=folder.clock)
    read_feeds(meanwhile, clock=folder.clock, feeds=[Feed.ORDERS])

    with acting(FEED):
        assert FeedCursor.objects.get(feed="orders").position == {"from": "the other"}
        assert not PurchaseOrder.objects.filter(number="45-2").exists()  # its page was given back as a whole
    assert figures(folder.read()["orders"]) == (1, 1, 0, 0)


def test_trytons_place_is_set_back_by_its_stamps() -> None:
    before, after = MONDAY - timedelta(days=1), MONDAY + timedelta(days=1)
    place = Position({"purchase.purchase": after, "stock.move": before}, {"stock.move": {1: "x"}}, [4, 5])

    back = place.rewound(MONDAY)

    assert back == Position({"purchase.purchase": MONDAY, "stock.move": before}, {}, [4, 5])
    assert Position.from_json(back.as_json()) == back
