"""Neutral papers of the catalogue: companies, sites, units, items, what suppliers call them and what there is."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class CompanyPaper:
    """A company of the buying group, as the ERP codes it."""

    code: str
    name: str
    currency: str
    country: str
    time_zone: str


@dataclass(frozen=True, slots=True)
class SitePaper:
    """A place of the buying group that receives goods."""

    code: str
    company: str
    name: str
    street: str = ""
    postal_code: str = ""
    city: str = ""
    country: str = ""
    time_zone: str = ""
    gln: str = ""


@dataclass(frozen=True, slots=True)
class UnitPaper:
    """A unit of measure with the decimals a quantity in it may have (UN/ECE Recommendation 20 code where known)."""

    code: str
    name: str
    decimals: int = 0
    rec20: str = ""


@dataclass(frozen=True, slots=True)
class ItemPaper:
    """An item of the buying group."""

    number: str
    description: str
    unit: str
    gtin: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True)
class SupplierItemPaper:
    """What one supplier calls an item, and on which terms it sells it."""

    supplier: str
    item: str
    supplier_part_number: str = ""
    minimum_quantity: Decimal | None = None
    pack_quantity: Decimal | None = None
    lead_time_days: int | None = None


@dataclass(frozen=True, slots=True)
class StockPaper:
    """What lies of an item at a site, and what leaves it from day to day, at one moment.

    Quantities are in `unit`, the ERP's stock unit. `on_hand` is what may be used (goods on quality hold are not); it
    may be below zero. `safety_stock` is what should always be left. `daily_demand` is what leaves on each calendar
    day besides the customer orders that are told one by one; whoever adds both up counts nothing twice. `None` means
    that the ERP does not say, and is not the same as nothing. `as_of` is the moment (UTC) of which all papers of one
    telling tell.
    """

    item: str
    site: str
    unit: str
    on_hand: Decimal
    as_of: datetime
    safety_stock: Decimal | None = None
    daily_demand: Decimal | None = None


@dataclass(frozen=True, slots=True)
class CustomerDemandPaper:
    """One line of a customer's order, or one delivery of it, of which something is still to leave a site.

    `key` is the ERP's own key of it, unique among all companies. `quantity` is what is still open. `needed_on` is the
    day on which it is to leave, in the site's calendar. `customer` and `reference` are for people: the customer's
    name, and the number of its order. `as_of` is the moment (UTC) of which all papers of one telling tell.
    """

    key: str
    item: str
    site: str
    quantity: Decimal
    unit: str
    needed_on: date
    as_of: datetime
    customer: str = ""
    reference: str = ""
