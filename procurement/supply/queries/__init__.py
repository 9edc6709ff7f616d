"""Reading supply: for one item at one site whole, for many deliveries as a handful of figures. Buying side only."""

from procurement.supply.queries.exposure import Exposure, exposures, exposures_of_lines
from procurement.supply.queries.place import Coming, Supply, coming_of, sites_of, supply_at

__all__ = [
    "Coming",
    "Exposure",
    "Supply",
    "coming_of",
    "exposures",
    "exposures_of_lines",
    "sites_of",
    "supply_at",
]
