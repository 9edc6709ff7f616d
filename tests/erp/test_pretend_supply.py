"""The pretend ERP's warehouses: business goes on, and each telling is whole."""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

from procurement.erp.connectors.files import FilesConnector
from procurement.erp.ports import Feed
from procurement.erp.pretend import PretendErp
from tests.builders.supply import a_demand, some_stock
from tests.builders.world import MONDAY
from tests.erp.papers import an_order


def an_erp(root: Path) -> PretendErp:
    erp = PretendErp(root, clock=lambda: MONDAY + timedelta(days=20))
    positions = [
        some_stock(),
        some_stock("V-2040", site="HAM"),
        some_stock(site="HULL", safety_stock=None, daily_demand=None),
    ]
    erp.put_supply(
        positions,
        [a_demand(), a_demand("SO-2", quantity=Decimal(999)), a_demand("SO-3", needed_on=date(2027, 1, 1))],
    )
    return erp


def test_what_is_due_leaves_as_far_as_there_is_stock(tmp_path: Path) -> None:
    erp = an_erp(tmp_path)

    assert erp.trade(Random(1)) >= 1

    keys = {one.key for one in erp.customer_demand()}
    assert "SO-1/10" not in keys
    assert keys >= {"SO-2", "SO-3"}
    assert all(0 <= one.on_hand <= 60 for one in erp.stock())
    assert {one.daily_demand for one in erp.stock()} == {Decimal(4), None}


def test_goods_that_arrive_lie_on_the_shelf(tmp_path: Path) -> None:
    erp = an_erp(tmp_path)
    erp.put_orders([an_order()])

    erp.receive("NM", an_order().number, "00010", Decimal(40))

    assert {one.site: one.on_hand for one in erp.stock()} == {"LEEDS": 60, "HAM": 100, "HULL": 60}


def test_each_telling_is_whole_and_of_one_moment(tmp_path: Path) -> None:
    erp = an_erp(tmp_path)
    erp.export_supply()
    connector = FilesConnector(tmp_path, quiet=timedelta(0))

    for feed, count in ((Feed.STOCK, 3), (Feed.CUSTOMER_DEMAND, 3)):
        (page,) = connector.read(feed, None)
        connector.settle(page)
        assert (len(page.sightings), page.whole_as_of) == (count, MONDAY + timedelta(days=20))
