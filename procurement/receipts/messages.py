"""The neutral papers of a receipt, whatever the ERP or its wire format: what it has booked, as any connector hands it
to us; and what was counted at the dock, as a program hands it in and as the ERP is asked to book it.
"""

import json
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any


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


# --- counted at the dock ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WholeCountLine:
    """What was counted of one order line, in its unit: `quantity` is good, `damaged` is here but not accepted.

    `line_key` is the ERP's own key of the line. A line may be there more than once, lot by lot. `note` says what is
    wrong with what is damaged. `rest` is what becomes of what was announced and is not here: it comes later, or it is
    missing ("short").
    """

    order: str
    line_key: str
    quantity: Decimal
    damaged: Decimal = Decimal(0)
    lot: str = ""
    note: str = ""
    rest: str = "follows"


@dataclass(frozen=True, slots=True)
class WholeCount:
    """A finished count as a warehouse's program hands it in. `source` names it there: told twice it counts once.

    `notice` is the number of the ship notice that the goods came with, empty for goods that nobody announced;
    `delivery_note` is what the paper with them says then. `received_on` is a day at the site.
    """

    company: str
    supplier: str
    source: str
    received_on: date
    lines: tuple[WholeCountLine, ...]
    notice: str = ""
    delivery_note: str = ""
    site: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class BeginCount:
    """Goods stand at the dock that a ship notice (`notice`, its key) announced; or, without one, goods of a supplier
    (by number) for a company and a site (by code) that nobody announced. `delivery_note` is what their paper says.
    """

    notice: uuid.UUID | None = None
    supplier: str = ""
    company: str = ""
    site: str = ""
    delivery_note: str = ""


@dataclass(frozen=True, slots=True)
class SheetNamed:
    """A receiving sheet as somebody sees it: a verb on it fails where it is another one meanwhile."""

    sheet: uuid.UUID
    version: int


@dataclass(frozen=True, slots=True)
class Typed:
    """How much is good of one row: of a line of the sheet (`line`, its id) and a lot of it (`row`, None for its first).

    `was` is what the page showed: who types over what a colleague has counted meanwhile is told.
    """

    line: int
    row: int | None
    quantity: Decimal
    was: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class CountRow:
    """All that is known of one row: good, damaged and what is wrong with it, lot, expiry, serials, a note.

    `was` are the good and the damaged quantity that the page showed.
    """

    line: int
    row: int | None
    quantity: Decimal
    damaged: Decimal = Decimal(0)
    wrong: str = ""
    lot: str = ""
    expires_on: date | None = None
    serials: tuple[str, ...] = ()
    note: str = ""
    was: tuple[Decimal, Decimal] = (Decimal(0), Decimal(0))


@dataclass(frozen=True, slots=True)
class NewWrongItem:
    """Something came that belongs to no line: what it is, and how many where that is known."""

    text: str
    quantity: Decimal | None = None


@dataclass(frozen=True, slots=True)
class NewPhoto:
    """A picture as it came from a phone, and what it shows: a line of the sheet, a wrong item, or the goods as such."""

    content: bytes
    name: str = ""
    line: int | None = None
    wrong_item: int | None = None


@dataclass(frozen=True, slots=True)
class PostSheet:
    """A sheet as it is to be booked. `rests` says for each line (by id) of which something is missing whether it comes
    later or not. `received_on` is a day at the site, today if left out.
    """

    sheet: uuid.UUID
    version: int
    rests: Mapping[int, str] = field(default_factory=dict)
    received_on: date | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class SayOfDifference:
    """A word on a difference: of a line of a posted sheet (by id), or of a wrong item."""

    sheet: uuid.UUID
    word: str
    text: str = ""
    line: int | None = None
    wrong_item: int | None = None
    photos: tuple[NewPhoto, ...] = ()


@dataclass(frozen=True, slots=True)
class ReceiptCommandLine:
    """So much of an order line to be booked in, in the line's unit. `key` is the ERP's own key of the line."""

    order: str
    key: str
    number: int
    quantity: Decimal
    unit: str
    lot: str = ""


@dataclass(frozen=True, slots=True)
class ReceiptCommand:
    """What was counted at a dock and the ERP is asked to book; or, `reversed`, to take back. Neutral, whatever the ERP.

    `key` is the outbox message's own; `count` names the count and stays the same when it is reversed. `reference` is
    the number of the ship notice, or else the delivery note; `consignment` names the shipment, empty for goods that
    nobody announced. Only good quantities are in it: what is damaged is not booked in.
    """

    key: str
    count: str
    company: str
    supplier: str
    reference: str
    received_on: date
    lines: tuple[ReceiptCommandLine, ...]
    consignment: str = ""
    site: str = ""
    reversed: bool = False


def receipt_to_json(command: ReceiptCommand) -> dict[str, Any]:
    """The command as it waits in the outbox."""
    plain: dict[str, Any] = json.loads(json.dumps(asdict(command), default=_plain))
    return plain


def receipt_from_json(content: Mapping[str, Any], *, key: str) -> ReceiptCommand:
    """The command as it was put into the outbox; `key` is the message's own."""
    lines = tuple(
        ReceiptCommandLine(**line | {"quantity": Decimal(line["quantity"])}) for line in content["lines"]
    )
    received_on = date.fromisoformat(content["received_on"])
    return ReceiptCommand(**{**content, "key": key, "lines": lines, "received_on": received_on})


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)
