"""Neutral papers of the catalogue: companies, sites, units, items and what suppliers call them."""

from dataclasses import dataclass
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
