"""Stock and customers' orders, with honest defaults, in the small world."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from portal.kernel.errors import Intake
from portal.kernel.scope import acting
from procurement.catalogue.messages import CustomerDemandPaper, StockPaper
from procurement.catalogue.models import Item, Site
from procurement.catalogue.services import receive_customer_demand, receive_stock
from procurement.supply.queries import Supply, supply_at
from tests.builders.world import MONDAY
from tests.people import FEED


def some_stock(item: str = "VALVE-15", **changed: Any) -> StockPaper:
    """60 pieces in Leeds, of which 4 leave each day and 20 should always be left."""
    values: dict[str, Any] = {
        "item": item,
        "site": "LEEDS",
        "unit": "pcs",
        "on_hand": Decimal(60),
        "as_of": MONDAY,
        "safety_stock": Decimal(20),
        "daily_demand": Decimal(4),
    }
    return StockPaper(**{**values, **changed})


def a_demand(key: str = "SO-1/10", **changed: Any) -> CustomerDemandPaper:
    """Kelso Water needs 30 pieces from Leeds on 20 March."""
    values: dict[str, Any] = {
        "key": key,
        "item": "VALVE-15",
        "site": "LEEDS",
        "quantity": Decimal(30),
        "unit": "pcs",
        "needed_on": date(2026, 3, 20),
        "as_of": MONDAY,
        "customer": "Kelso Water",
        "reference": "SO-1",
    }
    return CustomerDemandPaper(**{**values, **changed})


def stock_comes(*papers: StockPaper, at: datetime = MONDAY) -> Intake:
    """Take stock in as the ERP feed does."""
    with acting(FEED):
        return receive_stock(papers, at=at)


def demand_comes(*papers: CustomerDemandPaper, at: datetime = MONDAY) -> Intake:
    """Take customers' orders in as the ERP feed does."""
    with acting(FEED):
        return receive_customer_demand(papers, at=at)


def the_supply(item: str = "VALVE-15", site: str = "LEEDS", *, at: datetime = MONDAY) -> Supply:
    """What is known of an item at a site."""
    with acting(FEED):
        place = Site.objects.select_related("company").get(code=site)
        return supply_at(Item.objects.get(number=item), place, at=at)
