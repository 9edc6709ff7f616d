"""Neutral papers of the order: what any ERP connector hands us, whatever its wire format.

Quantities and prices are exact decimals in the ERP's own unit and currency; dates are dates in the buyer
company's calendar, never moments. A connector fills these; `services.receive_orders` reads them.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class SchedulePaper:
    """One delivery asked for on a line: so much, on that day."""

    quantity: Decimal
    delivery_on: date


@dataclass(frozen=True, slots=True)
class LinePaper:
    """One line of an order as the ERP holds it now.

    `key` is the ERP's own line key and must stay the same for the life of the line; `price` is for
    `price_per` units (SAP NetPriceQuantity, X12 PO1 with a CTP price basis). `schedules` may be empty: then the
    line has one delivery, `quantity` on `delivery_on`.
    """

    key: str
    number: int
    item_number: str
    description: str
    quantity: Decimal
    unit: str
    price: Decimal
    delivery_on: date
    price_per: Decimal = Decimal(1)
    gtin: str = ""
    supplier_part_number: str = ""
    ship_to: str = ""
    note: str = ""
    cancelled: bool = False
    received_quantity: Decimal = Decimal(0)
    invoiced_quantity: Decimal = Decimal(0)
    closed: bool = False
    schedules: tuple[SchedulePaper, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderPaper:
    """A whole order as the ERP holds it now: header and every line. A line that is missing is a line that was deleted.

    `company`, `supplier`, `ship_to` and `unit` are codes; `number` is unique within the company. `revision` is the ERP's
    own revision label where it has one. `stamp` is the ERP's time of last change (UTC), used only to order two
    papers of one order; `status` is one of open, cancelled, closed.
    """

    company: str
    number: str
    supplier: str
    currency: str
    ordered_on: date
    lines: tuple[LinePaper, ...]
    ship_to: str = ""
    revision: str = ""
    kind: str = "standard"
    status: str = "open"
    payment_terms: str = ""
    incoterm: str = ""
    incoterm_place: str = ""
    buyer_code: str = ""
    buyer_name: str = ""
    buyer_email: str = ""
    note: str = ""
    stamp: datetime | None = None
    extra: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CommandPiece:
    """One agreed piece of a line, as the ERP is to hold it."""

    quantity: Decimal
    delivery_on: date | None
    price: Decimal
    price_per: Decimal
    kind: str = "accept"
    item_number: str = ""


@dataclass(frozen=True, slots=True)
class CommandLine:
    """What the ERP is to hold for one line, and the values the decision was taken on (its base)."""

    key: str
    number: int
    base_quantity: Decimal
    base_price: Decimal
    base_delivery_on: date
    pieces: tuple[CommandPiece, ...]


@dataclass(frozen=True, slots=True)
class PromiseCommand:
    """The agreed promise on its way to the ERP. `key` makes it exactly-once in effect: a second delivery changes nothing."""

    key: str
    company: str
    number: str
    supplier: str
    base_revision: str
    lines: tuple[CommandLine, ...]
    supplier_reference: str = ""
