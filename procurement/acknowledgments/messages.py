"""What a door hands to the services: an answer as read from a page, a file, the API or EDI."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from procurement.orders.states import PromiseKind


@dataclass(frozen=True, slots=True)
class AnswerPiece:
    """One piece of an answer. What is left out is as asked: None for a day or a price means the asked one.

    The only piece of a line may leave out its quantity too: then it is all of the line, or of the delivery it names.
    `schedule_key` names the delivery it answers; None: the one on that day, or the first with room. What is more than
    that delivery asks for answers the others.
    """

    quantity: Decimal | None = None
    kind: str = PromiseKind.ACCEPT
    delivery_on: date | None = None
    ship_on: date | None = None
    price: Decimal | None = None
    price_per: Decimal | None = None
    schedule_key: int | None = None
    item_number: str = ""
    item_description: str = ""
    reason: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class LineAnswer:
    """The answer to one line, by the ERP's line key. No pieces: as asked."""

    line_key: str
    pieces: tuple[AnswerPiece, ...] = ()


@dataclass(frozen=True, slots=True)
class AcknowledgeOrder:
    """A supplier's answer to an order. `version` is the order's version that was on the screen.

    Lines not named stay as they are. `rest_as_asked` confirms every other line that waits for the supplier.
    """

    order: uuid.UUID
    version: int
    answers: tuple[LineAnswer, ...] = ()
    rest_as_asked: bool = False
    supplier_reference: str = ""
    ship_from: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class DecideAnswer:
    """What the buyer says to an answer: by piece (promise ids), by line (keys), or all of it.

    Naming neither pieces nor lines decides on everything that waits. `reason` is owed to what is declined.
    """

    order: uuid.UUID
    version: int
    verdict: str
    pieces: frozenset[int] = frozenset()
    lines: frozenset[str] = frozenset()
    reason: str = ""


ACCEPT = "accept"
DECLINE = "decline"


@dataclass(frozen=True, slots=True)
class TypedPiece:
    """A piece as typed: text of one field each, not read yet. It is kept in the draft exactly so."""

    kind: str = ""
    quantity: str = ""
    delivery_on: str = ""
    ship_on: str = ""
    price: str = ""
    schedule_key: str = ""
    item_number: str = ""
    item_description: str = ""
    reason: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class TypedHeader:
    """What is typed about the answer as a whole."""

    supplier_reference: str = ""
    ship_from: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class BadCell:
    """A cell of an uploaded file that cannot be read: which column, what stands there, and the way out."""

    column: str
    value: str
    message: str


@dataclass(frozen=True, slots=True)
class FileRow:
    """One row of an uploaded file: the line it names, what it answers, and what was asked when it was made.

    `answered` and `asked` hold what could be read, by column, in plain writing (1200.5, 2026-04-09). Keys and
    version are as they stood in the file: nothing about them is believed yet.
    """

    row: int
    order_key: str = ""
    line_key: str = ""
    delivery: str = ""
    version: str = ""
    order: str = ""
    line: str = ""
    answered: Mapping[str, str] = field(default_factory=dict)
    asked: Mapping[str, str] = field(default_factory=dict)
    bad: tuple[BadCell, ...] = ()
