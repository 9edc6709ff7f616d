"""Neutral papers of a trading partner, as the ERP holds it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SupplierPaper:
    """A supplier as the ERP's vendor file holds it. `segment` is strategic, core or long_tail."""

    number: str
    name: str
    country: str = ""
    currency: str = ""
    language: str = "en"
    time_zone: str = "UTC"
    segment: str = "long_tail"
    email: str = ""
    blocked: bool = False


@dataclass(frozen=True, slots=True)
class SupplierSitePaper:
    """A place a supplier ships from, with the days the goods travel from there."""

    supplier: str
    code: str
    name: str
    street: str = ""
    postal_code: str = ""
    city: str = ""
    country: str = ""
    transit_days: int = 0
