"""What lies in Northmoor's warehouses and what its customers wait for: invented, and in step with what is on order."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from random import Random

from procurement.catalogue.messages import CustomerDemandPaper, StockPaper
from procurement.demo.goods import CENT, Good
from procurement.demo.story import Answered, OrderStory, Sent, Wrote
from procurement.supply.policies import Delivery, Need, Stock, project

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
# So many agreed deliveries come after the stock has run out, and so many of the answers that put one off.
SHORT_AGREED = 5
SHORT_ANSWERED = 4
# For how many days the stock lasts where something is overdue, in turn: from a line that stands to hardly a worry.
COVER_WHILE_OVERDUE = (6, 140, 34, 75, 21, 140, 50)
# Of a hundred items, so many hardly move: what lies there lasts for half a year.
SLOW_OF_A_HUNDRED = 30


@dataclass(frozen=True, slots=True)
class Coming:
    """So much is to come on a day. `asked_on` is the day it was asked for, `plot` the tale of its order."""

    on: date
    asked_on: date
    quantity: Decimal
    plot: str


@dataclass(frozen=True, slots=True)
class Place:
    """An item at a site, and what is on its way there."""

    item: str
    site: str
    coming: tuple[Coming, ...]


@dataclass(frozen=True, slots=True)
class Warehouse:
    """Stock and customers' orders, all of one moment."""

    stock: tuple[StockPaper, ...]
    demand: tuple[CustomerDemandPaper, ...]


def stock_up(today: date, goods: Iterable[Good], orders: Sequence[OrderStory], seed: int) -> Warehouse:
    """The warehouses at the first minute of a day: the same for a seed and a day, whatever else is invented.

    A planner has done his work: nearly everywhere the stock lasts until the next delivery. See Note [Short].
    """
    rng = Random(f"{seed} stock")  # noqa: S311 -- invents a company; no secret
    by_number = {good.paper.number: good for good in goods}
    as_of = datetime.combine(today, time(0), UTC)
    stock: list[StockPaper] = []
    demand: list[CustomerDemandPaper] = []
    places = [place for place in _places(orders) if place.item in by_number]
    lasts = _lasts(places, today, rng)
    for place in places:
        good = by_number[place.item]
        lasts_for = lasts.get(place)
        daily = _daily(good, rng, may_be_slow=lasts_for is None)
        owed = _owed(place, good, daily, as_of, lasts_for, rng, first_number=len(demand))
        needed = _on_hand(place, daily, owed, today, lasts_for, rng)
        stock.append(
            StockPaper(
                item=place.item,
                site=place.site,
                unit=good.paper.unit,
                on_hand=_whole(needed, ROUND_CEILING if lasts_for is None else ROUND_FLOOR),
                as_of=as_of,
                safety_stock=_whole(daily * rng.randrange(4, 11)),
                daily_demand=daily,
            )
        )
        demand += owed
    return Warehouse(tuple(stock), tuple(demand))


def _places(orders: Sequence[OrderStory]) -> list[Place]:
    """Where something is on its way, in an order that does not depend on chance."""
    found: dict[tuple[str, str], list[Coming]] = {}
    for story in orders:
        if story.paper.status != "open":
            continue
        promised = _promised(story)
        for line in story.paper.lines:
            site = line.ship_to or story.paper.ship_to
            if site and not (line.cancelled or line.closed) and line.received_quantity < line.quantity:
                on = max(promised.get(line.key, line.delivery_on), line.delivery_on)
                rest = line.quantity - line.received_quantity
                found.setdefault((line.item_number, site), []).append(
                    Coming(on, line.delivery_on, rest, story.plot)
                )
    return [Place(item, site, tuple(coming)) for (item, site), coming in sorted(found.items())]


def _promised(story: OrderStory) -> dict[str, date]:
    """The last day of each line that the newest answer speaks of, where that answer waits for the buyer."""
    last = story.events[-1] if not isinstance(story.events[-1], Wrote) else None
    answers = [event for event in story.events if isinstance(event, Answered)]
    if not answers or isinstance(last, Sent):
        return {}
    days = {
        change.line_key: [piece.delivery_on for piece in change.pieces if piece.delivery_on]
        for change in answers[-1].changes
    }
    return {key: max(found) for key, found in days.items() if found}


def _lasts(places: Sequence[Place], today: date, rng: Random) -> dict[Place, int]:
    """Where the stock does not wait for the next delivery, and for how many days it lasts.

    Note [Short]: only where one delivery alone is on its way, so that each such place makes one tale. An agreed one
    comes some days after the stock has run out; one that is put off would have come in time. Where goods are overdue
    nobody knows when the next come.
    """
    found: dict[Place, int] = {}
    alone = [(place, place.coming[0]) for place in places if len(place.coming) == 1]
    agreed = [(place, one) for place, one in alone if one.plot == "agreed" and (one.on - today).days > 9]
    for place, one in rng.sample(agreed, min(SHORT_AGREED, len(agreed))):
        found[place] = (one.on - today).days - rng.choice((2, 3, 5, 8))
    put_off = [(place, one) for place, one in alone if one.plot in PUT_OFF and one.on > one.asked_on]
    for place, one in rng.sample(put_off, min(SHORT_ANSWERED, len(put_off))):
        found[place] = (one.asked_on - today).days + 1
    overdue = [place for place in places if any(one.on < today for one in place.coming)]
    for turn, place in enumerate(overdue):
        last = max((one.on - today).days for one in place.coming)
        found[place] = max(COVER_WHILE_OVERDUE[turn % len(COVER_WHILE_OVERDUE)], last + 3)
    return found


PUT_OFF = ("answered", "slipped")


def _daily(good: Good, rng: Random, *, may_be_slow: bool) -> Decimal:
    is_slow = may_be_slow and rng.randrange(100) < SLOW_OF_A_HUNDRED
    days = rng.randrange(150, 300) if is_slow else rng.randrange(25, 70)
    return max(CENT, (Decimal(good.usual) / days).quantize(CENT, ROUND_HALF_UP))


def _owed(
    place: Place,
    good: Good,
    daily: Decimal,
    as_of: datetime,
    lasts_for: int | None,
    rng: Random,
    *,
    first_number: int,
) -> list[CustomerDemandPaper]:
    """What customers have ordered of it; where the stock runs out, some wait for just that delivery."""
    today = as_of.date()
    if lasts_for is None:
        days = [today + timedelta(days=rng.randrange(1, 60)) for _ in range(rng.choice((0, 0, 1, 1, 2, 3)))]
    else:
        days = [
            today + timedelta(days=lasts_for + rng.randrange(3)) for _ in range(rng.choice((0, 1, 1, 2, 3)))
        ]
    return [
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
        for place_in_list, day in enumerate(days)
    ]


def _on_hand(
    place: Place,
    daily: Decimal,
    owed: Sequence[CustomerDemandPaper],
    today: date,
    lasts_for: int | None,
    rng: Random,
) -> Decimal:
    """As much as serves everybody although each delivery comes some days later, or for so many days alone."""
    coming: list[Delivery] = []
    days = lasts_for or 0
    if lasts_for is None:
        spare = timedelta(days=rng.randrange(9, 28))
        coming = [Delivery(one.on + spare, one.quantity) for one in place.coming]
        days = max((one.on - today).days for one in place.coming) + spare.days
    needs = [Need(one.needed_on, one.quantity) for one in owed]
    ahead = project(Stock(Decimal(0), daily), needs, coming, first=today, days=max(1, days))
    return max(Decimal(0), *(-day.end for day in ahead.days))


def _whole(amount: Decimal, rounding: str = ROUND_HALF_UP) -> Decimal:
    return max(Decimal(1), amount.to_integral_value(rounding))
