"""What Northmoor Supply buys: some nine hundred invented items, and who sells them on which terms."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from random import Random

from procurement.catalogue.messages import ItemPaper, SupplierItemPaper, UnitPaper
from procurement.demo.assortment import ASSORTMENT
from procurement.demo.numbers import own_gtin
from procurement.demo.partners import Partner

CENT = Decimal("0.01")

UNITS = (
    UnitPaper("PCS", "piece", 0, "C62"),
    UnitPaper("PR", "pair", 0, "PR"),
    UnitPaper("SET", "set", 0, "SET"),
    UnitPaper("PACK", "pack", 0, "PA"),
    UnitPaper("BOX", "box", 0, "BX"),
    UnitPaper("ROLL", "roll", 0, "RO"),
    UnitPaper("M", "metre", 2, "MTR"),
    UnitPaper("KG", "kilogram", 3, "KGM"),
    UnitPaper("L", "litre", 2, "LTR"),
    UnitPaper("M2", "square metre", 2, "MTK"),
)


@dataclass(frozen=True, slots=True)
class Good:
    """An item with what the demo needs to order it: a price, usual quantities and how it is packed."""

    paper: ItemPaper
    price: Decimal
    price_per: Decimal
    usual: int
    pack: Decimal | None


@dataclass(frozen=True, slots=True)
class Offer:
    """One supplier's terms for one item."""

    paper: SupplierItemPaper
    good: Good
    price: Decimal


@dataclass(frozen=True, slots=True)
class Family:
    """Goods that differ in size and variant only, each of which moves the price by a factor."""

    group: str
    number: str
    text: str
    unit: str
    price: Decimal
    price_per: Decimal
    usual: int
    pack: Decimal | None
    sizes: tuple[tuple[str, Decimal], ...]
    variants: tuple[tuple[str, str, Decimal], ...]


_LEAD_DAYS = {
    "valves": 45,
    "pumps": 35,
    "bearings": 28,
    "fittings": 28,
    "cable": 14,
    "electrical": 14,
    "filters": 14,
    "seals": 18,
}
# What one pound or euro of list price is in the supplier's own money.
_RATE = {"EUR": Decimal("1.00"), "GBP": Decimal("0.86"), "USD": Decimal("1.09")}


def all_goods() -> tuple[Good, ...]:
    """Every item, family by family."""
    return tuple(_goods())


def offers_of(partners: tuple[Partner, ...], goods: tuple[Good, ...], rng: Random) -> tuple[Offer, ...]:
    """Who sells what: every supplier sells a share of its groups, and every item is sold by somebody."""
    by_group: dict[str, list[Good]] = {}
    for good in goods:
        by_group.setdefault(good.paper.group, []).append(good)
    sellers = {
        group: [partner for partner in partners if group in partner.groups and not partner.paper.blocked]
        for group in by_group
    }
    offers: list[Offer] = []
    for group, members in by_group.items():
        for good in members:
            chosen = [
                partner
                for partner in sellers[group]
                if partner.paper.segment == "strategic" or rng.random() < 1.2 / len(sellers[group])
            ]
            offers.extend(_offer(partner, good, rng) for partner in chosen or [rng.choice(sellers[group])])
    return tuple(offers)


def step_of(good: Good) -> Decimal:
    """The smallest step in which a quantity of this item is ordered."""
    if good.pack is not None:
        return good.pack
    return Decimal("0.5") if good.paper.unit in {"M", "KG", "L", "M2"} else Decimal(1)


def _goods() -> Iterator[Good]:
    index = 0
    for family in read_families(ASSORTMENT):
        for code, words, factor in family.variants:
            for size, weight in family.sizes:
                index += 1
                number = family.number.format(s=size.replace("/", ""), v=code).upper()
                text = family.text.format(s=size.replace("x", " × "), w=words)
                paper = ItemPaper(number, text, family.unit, own_gtin(index), family.group)
                price = (family.price * weight * factor).quantize(CENT)
                yield Good(paper, price, family.price_per, family.usual, family.pack)


_HEAD = re.compile(
    r"(?P<number>\S+) \| (?P<text>.+) \| (?P<unit>\w+) at (?P<price>[\d.]+)(?: per (?P<per>\d+))?, "
    r"usually (?P<usual>\d+)(?:, pack of (?P<pack>\d+))?"
)


def read_families(table: str) -> Iterator[Family]:
    """The families of a table as `assortment` writes it."""
    group = ""
    for block in re.split(r"\n(?=\S)", table.strip()):
        if block.startswith("["):
            group = block.strip("[]")
            continue
        head, _newline, details = block.partition("\n")
        found = _HEAD.fullmatch(head)
        if found is None:
            raise ValueError(f"Not a family of goods: {head}")
        sizes, _word, variants = " ".join(details.split()).removeprefix("sizes ").partition(" variants ")
        yield Family(
            group=group,
            number=found["number"],
            text=found["text"],
            unit=found["unit"],
            price=Decimal(found["price"]),
            price_per=Decimal(found["per"] or 1),
            usual=int(found["usual"]),
            pack=Decimal(found["pack"]) if found["pack"] else None,
            sizes=tuple(_size(entry) for entry in sizes.split(" ")),
            variants=tuple(_variant(entry) for entry in variants.split("; ")) if variants else _ONE_VARIANT,
        )


_ONE_VARIANT = (("", "", Decimal(1)),)


def _size(entry: str) -> tuple[str, Decimal]:
    size, weight = entry.split("=")
    return size, Decimal(weight)


def _variant(entry: str) -> tuple[str, str, Decimal]:
    code, rest = entry.split(" = ")
    words, factor = rest.rsplit(" x ", 1)
    return code, words, Decimal(factor)


def _offer(partner: Partner, good: Good, rng: Random) -> Offer:
    initials = "".join(word[0] for word in re.findall(r"\w+", partner.paper.name))[:3].upper()
    lead = _LEAD_DAYS.get(good.paper.group, 21) + partner.sites[0].transit_days
    pack = good.pack
    minimum = pack * rng.choice((1, 2, 5)) if pack else Decimal(rng.choice((1, 5, 10)))
    if good.usual < 50:
        minimum = pack or Decimal(1)
    paper = SupplierItemPaper(
        supplier=partner.number,
        item=good.paper.number,
        supplier_part_number=f"{initials}-{rng.randrange(1000, 99999)}-{good.paper.number.split('-')[-1]}",
        minimum_quantity=minimum,
        pack_quantity=pack,
        lead_time_days=lead + rng.randrange(0, 10),
    )
    price = good.price * _RATE[partner.paper.currency] * Decimal(rng.randrange(94, 112)) / 100
    return Offer(paper, good, max(price.quantize(CENT), Decimal("0.05")))
