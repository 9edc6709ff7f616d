"""What somebody says who wants to become a supplier."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CompanyAsks:
    """A company as it tells of itself."""

    person: str
    company: str
    country: str
    tax_id: str
    why: str
