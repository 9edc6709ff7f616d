"""What lies in Northmoor's warehouses and what its customers wait for: invented, and in step with what is on order."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random

from procurement.catalogue.messages import CustomerDemandPaper, StockPaper
from procurement.demo.goods import Good
from procurement.demo.story import OrderStory

CUSTOMERS = (
    "Kelso Water",
    "Tyne Process",
    "Humber Cold Stores",
    "Northbeck Dairies",
    "Elbe Schiffstechnik",
    "Stadtwerke Auental",
    "Molkerei Wiesengrund",
    "Ridgeway Plant Hire",
    "Calder Pump Services",
    "Hansen Klimatechnik",
    "Moorgate Brewing",
    "Pennine Rail Works",
    "Brauhaus Lindenau",
    "Solent Marine Repair",
    "Weser Anlagenbau",
    "Fenland Irrigation",
)
# Of a hundred items on order, so many will not be there when they are needed.
SHORT_OF_A_HUNDRED = 14


@dataclass(frozen=True, slots=True)
class Place:
    """An item at a site, and the first day on which something of it is asked for."""

    item: str
    site: str
    first_on: date


@dataclass(frozen=True, slots=True)
class Warehouse:
    """Stock and customers' orders, all of one moment."""

    stock: tuple[StockPaper, ...]
    demand: tuple[CustomerDemandPaper, ...]


def stock_up(today: date, goods: Iterable[Good], orders: Sequence[OrderStory], seed: int) -> Warehouse:
    """The warehouses at the first minute of a day: the same for a seed and a day, whatever else is invented."""
    rng = Random(f"{seed} stock")  # noqa: S311 -- invents a company; no secret
    by_number = {good.paper.number: good for good in goods}
    as_of = datetime.combine(today, time(0), UTC)
    stock: list[StockPaper] = []
    demand: list[CustomerDemandPaper] = []
    for place in _places(today, orders):
        good = by_number.get(place.item)
        if good is not None:
            position, owed = _at(place, good, today, as_of, rng, first_number=len(demand))
            stock.append(position)
            demand += owed
    return Warehouse(tuple(stock), tuple(demand))


def _places(today: date, orders: Sequence[OrderStory]) -> list[Place]:
    """Where something is on its way, and from when on, in an order that does not depend on chance."""
    first: dict[tuple[str, str], date] = {}
    for story in orders:
        if story.paper.status != "open":
            continue
        for line in story.paper.lines:
            site = line.ship_to or story.paper.ship_to
            if site and not (line.cancelled or line.closed) and line.received_quantity < line.quantity:
                key = line.item_number, site
                first[key] = min(first.get(key, date.max), line.delivery_on)
    return [Place(item, site, max(day, today)) for (item, site), day in sorted(first.items())]


def _at(
    place: Place, good: Good, today: date, as_of: datetime, rng: Random, *, first_number: int
) -> tuple[StockPaper, list[CustomerDemandPaper]]:
    daily = (Decimal(good.usual) / rng.randrange(25, 70)).quantize(Decimal("0.01"), ROUND_HALF_UP)
    owed = [
        CustomerDemandPaper(
            key=f"SO-{880000 + first_number + place_in_list}-10",
            item=place.item,
            site=place.site,
            quantity=_whole(daily * rng.randrange(3, 15)),
            unit=good.paper.unit,
            needed_on=day,
            as_of=as_of,
            customer=rng.choice(CUSTOMERS),
            reference=f"SO-{880000 + first_number + place_in_list}",
        )
        for place_in_list, day in enumerate(_days(today, rng))
    ]
    wait = (place.first_on - today).days
    is_short = rng.randrange(100) < SHORT_OF_A_HUNDRED
    cover = wait * rng.randrange(30, 95) // 100 if is_short else wait + rng.randrange(8, 45)
    until = today + timedelta(days=cover)
    reserved = sum((one.quantity for one in owed if one.needed_on <= until), Decimal(0))
    stock = StockPaper(
        item=place.item,
        site=place.site,
        unit=good.paper.unit,
        on_hand=_whole(daily * cover + reserved),
        as_of=as_of,
        safety_stock=_whole(daily * rng.randrange(4, 11)),
        daily_demand=daily,
    )
    return stock, owed


def _days(today: date, rng: Random) -> Iterator[date]:
    """The days on which customers want theirs."""
    for _ in range(rng.choice((0, 0, 1, 1, 2, 3))):
        yield today + timedelta(days=rng.randrange(1, 60))


def _whole(amount: Decimal) -> Decimal:
    return max(Decimal(1), amount.to_integral_value(ROUND_HALF_UP))
