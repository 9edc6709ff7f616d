"""The neutral paper of a receipt: what any ERP connector hands us, whatever its wire format."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class ReceiptPaper:
    """So much of an order line has arrived, as the ERP has booked it.

    `key` is the ERP's own key of the booking and unique within the company; `line_key` its key of the order's line.
    `received_on` is a day in the receiving site's calendar. `reference` is what the goods came with: the delivery note
    or the shipment. A booking that the ERP took back is told once more, as `reversed`. `stamp` is the ERP's time of
    last change (UTC), used only to order two papers of one booking.
    """

    company: str
    order: str
    line_key: str
    key: str
    quantity: Decimal
    unit: str
    received_on: date
    reference: str = ""
    reversed: bool = False
    stamp: datetime | None = None
