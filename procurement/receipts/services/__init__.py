"""The verbs of a receipt: booked by the ERP, given to its order, counted for the ship notice that it came with."""

from procurement.receipts.services.booking import attach_receipts, receive_receipts
from procurement.receipts.services.counting import COUNTER, HEARS, count_receipts, count_receipts_of

__all__ = ["COUNTER", "HEARS", "attach_receipts", "count_receipts", "count_receipts_of", "receive_receipts"]
