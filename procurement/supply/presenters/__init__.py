"""Supply for people: sentences, a picture, and the rows behind both. For pages of the buying side alone."""

from procurement.supply.presenters.panels import SupplyPanels, panels_of_item, panels_of_line, record_panel
from procurement.supply.presenters.record import RecordPanel
from procurement.supply.presenters.stock import StockPanel

__all__ = ["RecordPanel", "StockPanel", "SupplyPanels", "panels_of_item", "panels_of_line", "record_panel"]
