"""Northmoor as the tests' Tryton company: what the papers of `tests/erp/papers.py` need to buy valves."""

from datetime import UTC, datetime
from decimal import Decimal

from procurement.demo.tryton.founding import Article, Founding, Seller, Sold

PRICE = Decimal("18.4000")
SUPPLIERS = {"70012": "Acme", "70013": "Globex"}
ITEMS = {
    "V-2040": ("Ball valve", "EA"),
    "V-2050": ("Ball valve", "EA"),
    "V-2041": ("Ball valve, other seat", "EA"),
    "CABLE": ("Cable", "M"),
}
THIS_YEAR = datetime.now(UTC).year

NORTHMOOR = Founding(
    code="NM",
    name="Northmoor Supply GmbH",
    street="Dock Road 1",
    postal_code="20457",
    city="Hamburg",
    time_zone="Europe/Berlin",
    warehouse=("HAM", "Hamburg"),
    sellers=[Seller(number, name, "Harbour 1", "Hull") for number, name in SUPPLIERS.items()],
    articles=[
        Article(code, name, unit, tuple(Sold(number, f"{number}-{code}", PRICE) for number in SUPPLIERS))
        for code, (name, unit) in ITEMS.items()
    ],
    years=(THIS_YEAR - 1, THIS_YEAR, THIS_YEAR + 1),
    units={"u": ("EA", "each", 0), "m": ("M", "Meter", 3)},
)
