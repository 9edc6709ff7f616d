"""What happens in the demo: the ERP sends, suppliers answer, buyers decide. Played through the services."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from procurement.bills.messages import BillPaper
from procurement.orders.messages import OrderPaper
from procurement.receipts.messages import ReceiptPaper


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of an answer to a delivery asked for; no price means the price asked."""

    quantity: Decimal
    delivery_on: date | None
    kind: str = "accept"
    schedule: int = 0
    price: Decimal | None = None
    reason: str = ""
    item_number: str = ""
    item_description: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class LineAnswer:
    """What a supplier says to one line: the pieces of every delivery asked for on it."""

    line_key: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Sent:
    """The ERP sends an order: new, revised, or with what was received."""

    at: datetime
    order: str
    paper: OrderPaper


@dataclass(frozen=True, slots=True)
class Answered:
    """Somebody answers an order. Lines that are not in `changes` are promised as asked."""

    at: datetime
    order: str
    by: str
    changes: tuple[LineAnswer, ...] = ()
    reference: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Drafted:
    """Somebody types an answer and does not send it yet."""

    at: datetime
    order: str
    by: str
    changes: tuple[LineAnswer, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Decided:
    """A buyer takes or declines what waits on some lines; none named means every line that waits."""

    at: datetime
    order: str
    by: str
    accepts: bool
    line_keys: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Wrote:
    """Somebody writes a message on the order; internal ones stay on the buying side."""

    at: datetime
    order: str
    by: str
    text: str
    internal: bool = False


@dataclass(frozen=True, slots=True)
class CarriedOver:
    """Agreed by mail before the portal went live, and answered as asked by the buyer on the first day."""

    at: datetime
    order: str
    by: str


@dataclass(frozen=True, slots=True)
class Booked:
    """Warehouse or bookkeeping enter something in the ERP, which tells it: goods that came, invoices as they stand."""

    at: datetime
    order: str
    receipts: tuple[ReceiptPaper, ...] = ()
    invoices: tuple[BillPaper, ...] = ()


Event = Sent | Booked | Answered | Drafted | Decided | Wrote | CarriedOver


@dataclass(frozen=True, slots=True)
class OrderStory:
    """One order from its first appearance to where it stands today. `plot` names where it ends."""

    plot: str
    number: str
    supplier: str
    events: tuple[Event, ...]

    @property
    def paper(self) -> OrderPaper:
        """The order as the ERP sent it last."""
        return [event for event in self.events if isinstance(event, Sent)][-1].paper
