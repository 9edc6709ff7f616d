"""Supply for people: sentences, a picture, and the rows behind both. Stock is for the buying side alone; a record is
also for the supplier whose it is.
"""

from procurement.supply.presenters.panels import (
    SupplyPanels,
    panels_of_item,
    panels_of_line,
    record_panel,
    record_rows,
)
from procurement.supply.presenters.record import RecordPanel
from procurement.supply.presenters.stock import StockPanel

__all__ = [
    "RecordPanel",
    "StockPanel",
    "SupplyPanels",
    "panels_of_item",
    "panels_of_line",
    "record_panel",
    "record_rows",
]
