"""The neutral papers of a receipt, whatever the ERP or its wire format: what it has booked, as any connector hands it
to us; and what was counted at the dock, as a program hands it in and as the ERP is asked to book it.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
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

    `line_key` is the ERP's own key of the line. A line may be there more than once, lot by lot.
    """

    order: str
    line_key: str
    quantity: Decimal
    damaged: Decimal = Decimal(0)
    lot: str = ""
    note: str = ""


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
