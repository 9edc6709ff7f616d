"""Stock and customers' orders out of the ERP: told whole, again, late, in pieces and wrong."""

import threading
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection

from portal.kernel.scope import acting
from procurement.catalogue.models import CustomerDemand, StockPosition
from procurement.catalogue.services import (
    DEMAND,
    STOCK,
    forget_unsaid,
    receive_customer_demand,
    receive_stock,
)
from tests.builders.supply import a_demand, demand_comes, some_stock, stock_comes
from tests.builders.world import MONDAY, make_world
from tests.people import FEED

pytestmark = pytest.mark.django_db

LATER, MUCH_LATER = MONDAY + timedelta(hours=1), MONDAY + timedelta(hours=2)


def figures(intake):
    return intake.stored, intake.unchanged, len(intake.problems)


def kept():
    with acting(FEED):
        rows = StockPosition.objects.order_by("item__number", "site__code")
        return list(rows.values_list("item__number", "site__code", "on_hand", "safety_stock", "daily_demand"))


def owed():
    with acting(FEED):
        return list(CustomerDemand.objects.order_by("key").values_list("key", "quantity", "needed_on"))


def close(kind, as_of, at=MUCH_LATER):
    with acting(FEED):
        return forget_unsaid(kind, as_of, at=at)


def test_what_is_not_said_stays_unknown(world):
    assert figures(
        stock_comes(some_stock(), some_stock("VALVE-25", safety_stock=None, daily_demand=None))
    ) == (2, 0, 0)

    assert kept() == [
        ("VALVE-15", "LEEDS", Decimal(60), Decimal(20), Decimal(4)),
        ("VALVE-25", "LEEDS", Decimal(60), None, None),
    ]


def test_telling_the_same_again_changes_nothing(world):
    stock_comes(some_stock())
    demand_comes(a_demand())

    assert figures(stock_comes(some_stock(as_of=LATER))) == (0, 1, 0)
    assert figures(demand_comes(a_demand(as_of=LATER))) == (0, 1, 0)
    assert figures(stock_comes(some_stock(as_of=LATER, on_hand=Decimal("59.5")))) == (1, 0, 0)


def test_a_whole_telling_takes_away_what_it_does_not_say(world):
    stock_comes(some_stock(), some_stock(site="HULL"))
    demand_comes(a_demand(), a_demand("SO-2/10"))

    stock_comes(some_stock(as_of=LATER))
    demand_comes(a_demand("SO-2/10", as_of=LATER, quantity=Decimal(5)))
    assert len(kept()) == len(owed()) == 2

    assert (close(STOCK, LATER), close(DEMAND, LATER)) == (1, 1)
    assert [row[:2] for row in kept()] == [("VALVE-15", "LEEDS")]
    assert owed() == [("SO-2/10", Decimal(5), date(2026, 3, 20))]


def test_an_older_telling_changes_nothing_and_brings_nothing_back(world):
    demand_comes(a_demand("SO-2/10", as_of=LATER))
    close(DEMAND, LATER)
    stock_comes(some_stock(as_of=LATER))

    assert figures(demand_comes(a_demand(), a_demand("SO-2/10", quantity=Decimal(1)))) == (0, 2, 0)
    assert close(DEMAND, MONDAY) == 0
    assert figures(stock_comes(some_stock(on_hand=Decimal(1)))) == (0, 1, 0)

    assert owed() == [("SO-2/10", Decimal(30), date(2026, 3, 20))]
    assert kept()[0][2] == Decimal(60)


def test_the_later_of_two_words_in_one_batch_counts(world):
    stock_comes(some_stock(as_of=LATER, on_hand=Decimal(7)), some_stock(on_hand=Decimal(1)))

    assert kept()[0][2] == Decimal(7)


def test_what_nobody_knows_is_a_problem_of_its_own(world):
    bad = [
        some_stock("NOTHING"),
        some_stock(site="NOWHERE"),
        some_stock(unit="pallets"),
        some_stock(daily_demand=Decimal(-1)),
    ]
    intake = stock_comes(*bad[:3], some_stock("VALVE-25"))
    assert figures(intake) == (1, 0, 3)
    assert [(one.field, one.value, one.line) for one in intake.problems] == [
        ("item", "NOTHING", "NOTHING / LEEDS"),
        ("site", "NOWHERE", "VALVE-15 / NOWHERE"),
        ("unit", "pallets", "VALVE-15 / LEEDS"),
    ]
    assert intake.problems[1].message == (
        "site NOWHERE is not known. Send its master data first, or correct the code."
    )
    assert [one.field for one in stock_comes(bad[3]).problems] == ["daily_demand"]

    wrong = demand_comes(
        a_demand("", quantity=Decimal("0.5"), needed_on=date(1206, 3, 1)),
        a_demand("SO-3/10", quantity=Decimal(0)),
        a_demand(),
    )
    assert (wrong.stored, [one.field for one in wrong.problems]) == (
        1,
        ["key", "quantity", "needed_on", "quantity"],
    )


def test_a_clock_that_runs_ahead_keeps_nothing_out(world):
    tomorrow = MONDAY + timedelta(days=1)

    assert [one.field for one in stock_comes(some_stock(as_of=tomorrow)).problems] == ["as_of"]
    assert close(STOCK, tomorrow, at=MONDAY) == 0
    assert figures(stock_comes(some_stock())) == (1, 0, 0)


def test_a_batch_costs_the_same_however_long(world, django_assert_num_queries):
    papers = [a_demand(f"SO-{number}/10") for number in range(30)]
    with acting(FEED):
        with django_assert_num_queries(7):
            receive_customer_demand(papers[:1], at=MONDAY)
        with django_assert_num_queries(7):
            receive_customer_demand(papers, at=MONDAY)


@pytest.mark.django_db(transaction=True)
def test_two_tellings_at_once_are_taken_one_after_the_other():
    make_world()
    stock_comes(some_stock(as_of=MONDAY), some_stock(site="HULL"))
    gate = threading.Barrier(2)

    def tell(as_of, on_hand):
        gate.wait()
        try:
            with acting(FEED):
                receive_stock([some_stock(as_of=as_of, on_hand=Decimal(on_hand))], at=MUCH_LATER)
                forget_unsaid(STOCK, as_of, at=MUCH_LATER)
        finally:
            connection.close()

    threads = [threading.Thread(target=tell, args=one) for one in ((LATER, 10), (MUCH_LATER, 20))]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert kept() == [("VALVE-15", "LEEDS", Decimal(20), Decimal(20), Decimal(4))]
