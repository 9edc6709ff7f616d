"""The contract of `procurement.erp.ports`: what is told whole each time, stock and demand."""

from datetime import date
from decimal import Decimal

import pytest

from procurement.catalogue.messages import CustomerDemandPaper, StockPaper
from procurement.erp.ports import (
    Feed,
    Unsupported,
)
from tests.erp.contract.caller import Reader
from tests.erp.contract.harness import ConnectorHarness


def stock_of(reader: Reader) -> dict[str, tuple[Decimal, Decimal | None]]:
    """What was told last of each item that the tests stocked: on hand, and what should always be left."""
    told = reader.whole[Feed.STOCK]
    return {
        one.item: (one.on_hand, one.safety_stock)
        for one in told
        if isinstance(one, StockPaper) and one.item in ("V-2040", "V-2050")
    }


def owed(reader: Reader) -> list[tuple[str, str, Decimal, date]]:
    told = [one for one in reader.whole.get(Feed.CUSTOMER_DEMAND, []) if isinstance(one, CustomerDemandPaper)]
    return sorted((one.customer, one.item, one.quantity, one.needed_on) for one in told)


def test_stock_arrives_whole_and_what_nobody_knows_is_not_set(erp: ConnectorHarness, reader: Reader) -> None:
    erp.stock_up("V-2040", Decimal(60), Decimal(20))
    erp.stock_up("V-2050", Decimal(5))

    reader.read(Feed.STOCK)

    assert stock_of(reader) == {"V-2040": (Decimal(60), Decimal(20)), "V-2050": (Decimal(5), None)}
    told = [one for one in reader.whole[Feed.STOCK] if isinstance(one, StockPaper)]
    assert {(one.site, one.unit) for one in told if one.item in ("V-2040", "V-2050")} == {("HAM", "EA")}
    assert {one.daily_demand for one in told} == {Decimal("2.5") if erp.tells_daily_demand else None}


def test_customers_orders_arrive_whole_and_what_is_called_off_is_gone(
    erp: ConnectorHarness, reader: Reader
) -> None:
    erp.owe("Kelso Water", "V-2040", Decimal(40), date(2027, 4, 1))
    erp.owe("Tyne Process", "V-2050", Decimal(3), date(2027, 4, 2))
    erp.owe("Hull site", "V-2040", Decimal(8), date(2027, 4, 3))
    reader.read(Feed.CUSTOMER_DEMAND)
    assert owed(reader) == [
        ("Hull site", "V-2040", Decimal(8), date(2027, 4, 3)),
        ("Kelso Water", "V-2040", Decimal(40), date(2027, 4, 1)),
        ("Tyne Process", "V-2050", Decimal(3), date(2027, 4, 2)),
    ]

    erp.call_off("Tyne Process")
    reader.read(Feed.CUSTOMER_DEMAND)

    assert [one[0] for one in owed(reader)] == ["Hull site", "Kelso Water"]


def test_stock_that_did_not_move_is_not_told_again(erp: ConnectorHarness, reader: Reader) -> None:
    erp.stock_up("V-2040", Decimal(60))
    erp.owe("Kelso Water", "V-2040", Decimal(40), date(2027, 4, 1))
    for feed in (Feed.STOCK, Feed.CUSTOMER_DEMAND):
        reader.read(feed)

    assert [reader.read(feed) for feed in (Feed.STOCK, Feed.CUSTOMER_DEMAND)] == [[], []]


def test_a_telling_that_broke_off_is_told_again_whole(erp: ConnectorHarness, reader: Reader) -> None:
    for number in range(5):
        erp.owe(f"Customer {number}", "V-2040", Decimal(number + 1), date(2027, 4, 1))
    with erp.connector() as dies:
        pages = dies.read(Feed.CUSTOMER_DEMAND, None)
        next(pages)
        pages.close()  # type: ignore[attr-defined]  # a generator: the process dies here

    reader.read(Feed.CUSTOMER_DEMAND)

    assert len(owed(reader)) == 5


def test_what_is_told_whole_is_not_compared(erp: ConnectorHarness) -> None:
    with erp.connector() as connector, pytest.raises(Unsupported):
        list(connector.sweep(Feed.STOCK))
