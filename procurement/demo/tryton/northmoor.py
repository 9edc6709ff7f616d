"""Northmoor Supply GmbH with a Tryton: eight of the demo's suppliers, what they sell, and some fifty orders."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from procurement.demo.company import DEFAULT_SEED
from procurement.demo.goods import Offer, all_goods, offers_of
from procurement.demo.partners import COMPANIES, SITES, Partner, all_partners
from procurement.demo.people import Person, all_people
from procurement.demo.tryton.founding import Article, Founding, Seller, Sold
from procurement.orders.messages import LinePaper, OrderPaper

COMPANY = COMPANIES[1]
SITE = next(site for site in SITES if site.company == COMPANY.code)
SUPPLIERS = (
    "Lian Feng Valve",
    "Brandt Dichtungstechnik",
    "Halbers Pumpen",
    "Ostrava Fittings",
    "Nordkugel Wälzlager",
    "Verweij & Dekker Kabel",
    "Kvarnholm Filter",
    "Weserland Schrauben",
)
ITEMS_EACH = 8
ORDERS_EACH = 6
# How Tryton's own units are called here.
UNITS = {"u": ("PCS", "piece", 0), "m": ("M", "metre", 2), "kg": ("KG", "kilogram", 3)}
SOLD_IN = {symbol for symbol, _name, _digits in UNITS.values()}


def partners() -> tuple[Partner, ...]:
    """The suppliers, in the order of their numbers."""
    return tuple(partner for partner in all_partners() if partner.paper.name in SUPPLIERS)


def offers() -> dict[str, tuple[Offer, ...]]:
    """What each of them sells to this company, by supplier number."""
    everything = offers_of(all_partners(), all_goods(), Random(DEFAULT_SEED))  # noqa: S311 -- invents a company
    return {
        partner.number: tuple(
            offer
            for offer in everything
            if offer.paper.supplier == partner.number
            and offer.good.paper.unit in SOLD_IN
            and offer.good.price_per == 1
        )[:ITEMS_EACH]
        for partner in partners()
    }


def northmoor(today: date) -> Founding:
    """The company as it is founded in Tryton in the year of a day."""
    sold: dict[str, list[Offer]] = {}
    for chosen in offers().values():
        for offer in chosen:
            sold.setdefault(offer.paper.item, []).append(offer)
    return Founding(
        code=COMPANY.code,
        name=COMPANY.name,
        street=SITE.street,
        postal_code=SITE.postal_code,
        city=SITE.city,
        time_zone=COMPANY.time_zone,
        warehouse=(SITE.code, SITE.name),
        sellers=[_seller(partner) for partner in partners()],
        articles=[_article(members) for members in sold.values()],
        years=(today.year - 1, today.year, today.year + 1),
        units=UNITS,
    )


def _seller(partner: Partner) -> Seller:
    place = partner.sites[0]
    return Seller(
        partner.number,
        partner.paper.name,
        place.street,
        place.city,
        country=partner.paper.country,
        email=partner.paper.email,
    )


def _article(members: list[Offer]) -> Article:
    item = members[0].good.paper
    return Article(
        item.number,
        item.description,
        item.unit,
        tuple(
            Sold(
                one.paper.supplier, one.paper.supplier_part_number, one.price, one.paper.lead_time_days or 14
            )
            for one in members
        ),
    )


def orders(today: date, seed: int = DEFAULT_SEED) -> Iterator[OrderPaper]:
    """What is ordered in Tryton during the ten days before a day, oldest first; numbers are Tryton's own."""
    rng = Random(seed)  # noqa: S311 -- invents orders
    chosen = offers()
    wanted = [number for number in chosen for _time in range(ORDERS_EACH)]
    rng.shuffle(wanted)
    for place, number in enumerate(wanted):
        picked = rng.sample(chosen[number], k=min(len(chosen[number]), rng.randrange(2, 5)))
        lines = tuple(_line(10 * position, offer, rng) for position, offer in enumerate(picked, start=1))
        ordered_on = today - timedelta(days=10 - 10 * place // len(wanted))
        yield OrderPaper(COMPANY.code, "", number, COMPANY.currency, ordered_on, lines, ship_to=SITE.code)


def _line(number: int, offer: Offer, rng: Random) -> LinePaper:
    item = offer.good.paper
    step = offer.good.pack or Decimal(1)
    quantity = max(step, (Decimal(offer.good.usual) * rng.randrange(5, 21) / 10 // step) * step)
    return LinePaper(
        key="",
        number=number,
        item_number=item.number,
        description=item.description,
        quantity=quantity,
        unit=item.unit,
        price=offer.price,
        delivery_on=date.min,  # Tryton plans it by the supplier's lead time
        supplier_part_number=offer.paper.supplier_part_number,
    )


def people() -> tuple[Person, ...]:
    """Northmoor's own, and those of these suppliers who can sign in."""
    return tuple(
        replace(person, acts_for=tuple(name for name in person.acts_for if name in SUPPLIERS))
        for person in all_people(all_partners())
        if not person.acts_for or set(person.acts_for) & set(SUPPLIERS)
    )
