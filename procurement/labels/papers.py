"""What stands on the papers that travel with goods: plain values, in the words that are printed.

Whoever fills them looks everything up before. Nothing here is checked against an order.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from procurement.labels.elements import Element
from procurement.labels.numbers import read_sscc

# Where the postal code stands behind the town, and the region between them.
CODE_BEHIND_TOWN = frozenset({"US", "CA", "AU", "NZ", "IE", "IN"})
CODE_BELOW_TOWN = frozenset({"GB"})
MOST_STREET_LINES = 3


@dataclass(frozen=True, slots=True)
class Party:
    """Who sends or receives, and where. `country` is the ISO 3166-1 code of two letters."""

    name: str
    street: str = ""
    postal_code: str = ""
    city: str = ""
    region: str = ""
    country: str = ""
    gln: str = ""

    @property
    def address(self) -> tuple[str, ...]:
        """The address below the name, in the order of its country: at most six lines, however the street is written."""
        street = [line for line in self.street.splitlines() if line.strip()]
        street[MOST_STREET_LINES - 1 :] = [", ".join(street[MOST_STREET_LINES - 1 :])]
        lines = [*street, *self._town(), self.country]
        return tuple(line.strip() for line in lines if line.strip())

    @property
    def gln_text(self) -> str:
        """The GLN with its name, which is the same in every language."""
        return f"GLN {self.gln}" if self.gln else ""

    def _town(self) -> list[str]:
        if self.country in CODE_BELOW_TOWN:
            return [self.city, self.postal_code]
        if self.country in CODE_BEHIND_TOWN:
            return [" ".join(filter(None, (self.city, self.region, self.postal_code)))]
        return [" ".join(filter(None, (self.postal_code, self.city, self.region)))]


@dataclass(frozen=True, slots=True)
class Label:
    """What a label says of one logistic unit: a pallet, a carton, a piece of packaging.

    One of `sscc` (18 digits) and `carton_number` (given by the buyer) is what its barcode at the bottom says.
    `elements` are said in a second barcode, as far as they fit in one, in the order given. `position` of `total` counts
    the units of the shipment; `language` is that of the headings. An empty value has no place on the label. Raises
    `BadNumber` for an SSCC that is none.
    """

    ship_from: Party
    ship_to: Party
    sscc: str = ""
    carton_number: str = ""
    orders: tuple[str, ...] = ()
    notice: str = ""
    carrier: str = ""
    tracking: str = ""
    item: str = ""
    buyer_item: str = ""
    description: str = ""
    is_mixed: bool = False
    quantity: Decimal | None = None
    unit: str = ""
    lot: str = ""
    serial: str = ""
    expires_on: date | None = None
    gross_kg: Decimal | None = None
    origin: str = ""
    position: int = 0
    total: int = 0
    note: str = ""
    elements: tuple[Element, ...] = ()
    language: str = "en"

    def __post_init__(self) -> None:
        """Refuse a label that says two numbers, or none."""
        if bool(self.sscc) == bool(self.carton_number):
            raise ValueError("A label carries either an SSCC or a carton number.")
        if self.sscc and read_sscc(self.sscc) != self.sscc:
            raise ValueError("An SSCC is given as its 18 digits alone: see read_sscc.")


@dataclass(frozen=True, slots=True)
class PaperLine:
    """One line of an order, as far as it is in this shipment. `lots` are lot or serial numbers, with their day."""

    order: str
    line: str
    item: str
    quantity: Decimal
    unit: str
    description: str = ""
    supplier_item: str = ""
    ordered: Decimal | None = None
    follows: Decimal | None = None
    lots: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class PackedItem:
    """So much of an item in a package."""

    item: str
    quantity: Decimal
    unit: str
    description: str = ""
    order: str = ""
    line: str = ""
    lots: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PaperPackage:
    """A pallet, a carton or a piece, with what is in it. `kind` is its word, in the language of the paper."""

    kind: str
    number: str
    contents: tuple[PackedItem, ...] = ()
    inner: tuple["PaperPackage", ...] = ()
    gross_kg: Decimal | None = None
    size: str = ""

    def walk(self, depth: int = 0) -> Iterator[tuple[int, "PaperPackage"]]:
        """This package and all in it, outer before inner, each with its depth."""
        yield depth, self
        for package in self.inner:
            yield from package.walk(depth + 1)


@dataclass(frozen=True, slots=True)
class DeliveryPaper:
    """A delivery note or a packing slip: who sends what to whom, and in which packages.

    `number` is the delivery note's. Dates are those of the place that ships. `language` is that of the headings.
    """

    number: str
    ship_from: Party
    ship_to: Party
    lines: tuple[PaperLine, ...]
    packages: tuple[PaperPackage, ...] = ()
    sold_by: Party | None = None
    ordered_by: Party | None = None
    notice: str = ""
    shipped_on: date | None = None
    expected_on: date | None = None
    carrier: str = ""
    service: str = ""
    tracking: tuple[str, ...] = ()
    bill_of_lading: str = ""
    seal: str = ""
    freight_terms: str = ""
    gross_kg: Decimal | None = None
    note: str = ""
    language: str = "en"
