"""The verbs of a receipt: counted at the dock and posted; booked by the ERP, given to its order, and counted for the
ship notice that it came with.
"""

from procurement.receipts.services.answering import answer_difference, settle_difference
from procurement.receipts.services.booking import attach_receipts, receive_receipts
from procurement.receipts.services.closing import CLOSES, close_settled
from procurement.receipts.services.counting import COUNTER, HEARS, count_receipts, count_receipts_of
from procurement.receipts.services.photos import clean_photo
from procurement.receipts.services.posting import post_count, post_sheet, reverse_sheet
from procurement.receipts.services.scanning import Scanned, scan, see_package, take_back, unsee_package
from procurement.receipts.services.sheets import add_line, begin_count, discard_sheet
from procurement.receipts.services.writing import (
    add_photos,
    drop_photo,
    drop_row,
    drop_wrong_item,
    note_wrong_item,
    save_counts,
    write_row,
)

__all__ = [
    "CLOSES",
    "COUNTER",
    "HEARS",
    "Scanned",
    "add_line",
    "add_photos",
    "answer_difference",
    "attach_receipts",
    "begin_count",
    "clean_photo",
    "close_settled",
    "count_receipts",
    "count_receipts_of",
    "discard_sheet",
    "drop_photo",
    "drop_row",
    "drop_wrong_item",
    "note_wrong_item",
    "post_count",
    "post_sheet",
    "receive_receipts",
    "reverse_sheet",
    "save_counts",
    "scan",
    "see_package",
    "settle_difference",
    "take_back",
    "unsee_package",
    "write_row",
]
