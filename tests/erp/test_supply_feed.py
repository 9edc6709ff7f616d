"""Stock and customers' orders out of the drop folder: whole files, late files, half-readable files."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from portal.kernel.scope import acting
from procurement.catalogue.models import CustomerDemand, StockPosition, SupplyTold
from procurement.erp.connectors.files.writing import feed_csv
from procurement.erp.ports import Feed
from tests.builders.supply import a_demand, some_stock
from tests.builders.world import MONDAY
from tests.erp.test_inbound import Folder, figures, problems_of
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)

EARLIER = MONDAY - timedelta(hours=1)


@pytest.fixture
def folder(world: object, tmp_path: Path) -> Folder:
    return Folder(tmp_path / "erp")


def demand(*keys: str, at: object = MONDAY) -> str:
    return feed_csv(Feed.CUSTOMER_DEMAND, [a_demand(key, as_of=at) for key in keys])


def owed() -> Sequence[str]:
    with acting(FEED):
        return list(CustomerDemand.objects.order_by("key").values_list("key", flat=True))


def whole_as_of(feed: Feed) -> object:
    with acting(FEED):
        return SupplyTold.objects.filter(kind=feed).values_list("whole_as_of", flat=True).first()


def test_each_file_is_all_there_is(folder: Folder) -> None:
    folder.put("customer_demand.csv", demand("A", "B", "C", "D", "E", at=EARLIER))  # two pages
    assert figures(folder.read()["customer_demand"]) == (5, 5, 0, 0, 0)
    assert owed() == ["A", "B", "C", "D", "E"]

    folder.put("customer_demand.csv", demand("E", "F"))
    assert figures(folder.read()["customer_demand"]) == (2, 1, 1, 0, 0)

    assert owed() == ["E", "F"]
    assert whole_as_of(Feed.CUSTOMER_DEMAND) == MONDAY


def test_a_file_that_comes_late_brings_nothing_back(folder: Folder) -> None:
    folder.put("stock.csv", feed_csv(Feed.STOCK, [some_stock()]))
    folder.put("customer_demand.csv", demand("B"))
    folder.read()
    folder.put(
        "stock.csv",
        feed_csv(
            Feed.STOCK, [some_stock(as_of=EARLIER, on_hand=Decimal(1)), some_stock("VALVE-25", as_of=EARLIER)]
        ),
    )
    folder.put("customer_demand.csv", demand("A", "B", at=EARLIER))

    runs = folder.read()

    assert figures(runs["stock"]) == figures(runs["customer_demand"]) == (2, 0, 2, 0, 0)
    assert owed() == ["B"]
    with acting(FEED):
        assert list(StockPosition.objects.values_list("item__number", "on_hand")) == [("VALVE-15", 60)]


def test_reading_the_same_file_again_changes_nothing(folder: Folder) -> None:
    folder.put("stock.csv", feed_csv(Feed.STOCK, [some_stock()]))
    folder.read()
    folder.put("stock.csv", feed_csv(Feed.STOCK, [some_stock()]))

    assert figures(folder.read()["stock"]) == (1, 0, 1, 0, 0)


def test_a_row_that_cannot_be_read_takes_nothing_away(folder: Folder) -> None:
    folder.put("customer_demand.csv", demand("A", "B", at=EARLIER))
    folder.read()
    folder.put(
        "customer_demand.csv", demand("B", "A").replace("A,VALVE-15,LEEDS,30", "A,VALVE-15,LEEDS,thirty")
    )

    run = folder.read()["customer_demand"]

    assert problems_of(run) == [
        ("placeholder_number", "customer_demand.csv", 3, "quantity", "thirty"),
        ("not_told_whole", "customer_demand.csv", None, "", ""),
    ]
    assert owed() == ["A", "B"]
    assert whole_as_of(Feed.CUSTOMER_DEMAND) == EARLIER


def test_rows_of_several_moments_are_no_whole(folder: Folder) -> None:
    folder.put("customer_demand.csv", demand("A", at=EARLIER))
    folder.read()
    mixed = [a_demand("B"), a_demand("C", as_of=EARLIER)]
    folder.put("customer_demand.csv", feed_csv(Feed.CUSTOMER_DEMAND, mixed))

    run = folder.read()["customer_demand"]

    assert [one[0] for one in problems_of(run)] == ["several_moments"]
    assert owed() == ["A", "B", "C"]


def test_what_nobody_knows_is_told_row_by_row_and_costs_no_other(folder: Folder) -> None:
    papers = [
        some_stock("NOTHING"),
        some_stock(),
        some_stock("NOTHING", site="HULL"),
        some_stock(site="NOWHERE"),
    ]
    folder.put("stock.csv", feed_csv(Feed.STOCK, papers))

    run = folder.read()["stock"]

    assert figures(run) == (4, 1, 0, 3, 0)
    assert problems_of(run) == [
        ("refused_by_portal", "stock.csv", 2, "item", "NOTHING"),
        ("refused_by_portal", "stock.csv", 4, "item", "NOTHING"),
        ("refused_by_portal", "stock.csv", 5, "site", "NOWHERE"),
    ]
    assert whole_as_of(Feed.STOCK) == MONDAY
    (corrected,) = folder.root.glob("rejected/*/*/stock-refused.csv")
    assert corrected.read_text().count("\n") == 4


def test_nothing_waits_for_stock(folder: Folder) -> None:
    assert all(feed.upstream.count(Feed.STOCK) == 0 for feed in Feed)
    assert Feed.STOCK.upstream == Feed.CUSTOMER_DEMAND.upstream == Feed.ORDERS.upstream
