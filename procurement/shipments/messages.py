"""What a door hands to the services: a notice as it is being written, its packing, and words about its way; and the
neutral paper of a notice that the ERP is told of.
"""

import json
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from procurement.acknowledgments.messages import BadCell


@dataclass(frozen=True, slots=True)
class LineChoice:
    """One order line that is to go into a notice; no quantity means all that is open of it."""

    order: uuid.UUID
    line_key: str
    quantity: Decimal | None = None


@dataclass(frozen=True, slots=True)
class NoticeHeader:
    """The head of a notice as somebody writes it. `ship_from` is the code of one of the supplier's own places."""

    number: str = ""
    ship_on: date | None = None
    delivery_on: date | None = None
    ship_from: str = ""
    carrier: str = ""
    service: str = ""
    tracking_numbers: tuple[str, ...] = ()
    bill_of_lading: str = ""
    freight_terms: str = ""
    seal: str = ""
    pieces: int | None = None
    gross_kg: Decimal | None = None
    note: str = ""


# The names of all that a head says.
HEADER_FIELDS = tuple(one.name for one in fields(NoticeHeader))


@dataclass(frozen=True, slots=True)
class LineEntry:
    """One line of a notice as somebody writes it: what goes now, and what becomes of the rest."""

    line_id: int
    quantity: Decimal
    remainder: str = "follows"
    follows_on: date | None = None


@dataclass(frozen=True, slots=True)
class SaveNotice:
    """A draft as it is to be. What is None stays as it is; `version` is the one that was on the screen."""

    notice: uuid.UUID
    version: int
    header: NoticeHeader | None = None
    lines: tuple[LineEntry, ...] | None = None


@dataclass(frozen=True, slots=True)
class NoticeNamed:
    """A notice as somebody sees it: a verb on it fails where it is another one meanwhile."""

    notice: uuid.UUID
    version: int


@dataclass(frozen=True, slots=True)
class PackedContent:
    """So much of a notice's line (by its position) in each of the packages."""

    position: int
    quantity: Decimal
    lot: str = ""
    serials: tuple[str, ...] = ()
    expires_on: date | None = None
    origin: str = ""
    dangerous_goods: str = ""


@dataclass(frozen=True, slots=True)
class AddPackages:
    """So many packages alike: "40 cartons of 12". `parent` is the package they stand on, by its position."""

    count: int
    kind: str
    contents: tuple[PackedContent, ...] = ()
    parent: int | None = None
    gross_kg: Decimal | None = None
    length_cm: Decimal | None = None
    width_cm: Decimal | None = None
    height_cm: Decimal | None = None


@dataclass(frozen=True, slots=True)
class TellMilestone:
    """A word about the way. `source` names it: told twice it counts once."""

    notice: uuid.UUID
    kind: str
    happened_at: datetime
    place: str = ""
    estimated_on: date | None = None
    note: str = ""
    source: str = ""


# --- a notice as a whole: what programs and files hand in --------------------------------------------------


@dataclass(frozen=True, slots=True)
class WholeLine:
    """One order line of a notice, named as its ERP does."""

    order: str
    line_key: str
    quantity: Decimal
    remainder: str = "follows"
    follows_on: date | None = None


@dataclass(frozen=True, slots=True)
class WholeContent:
    """So much of an order line in a package."""

    order: str
    line_key: str
    quantity: Decimal
    lot: str = ""
    serials: tuple[str, ...] = ()
    expires_on: date | None = None
    origin: str = ""
    dangerous_goods: str = ""


@dataclass(frozen=True, slots=True)
class WholePackage:
    """A package, named within its notice by `ref`; `parent` is the ref of the one it stands on or lies in."""

    ref: str
    kind: str
    parent: str = ""
    sscc: str = ""
    contents: tuple[WholeContent, ...] = ()
    gross_kg: Decimal | None = None
    length_cm: Decimal | None = None
    width_cm: Decimal | None = None
    height_cm: Decimal | None = None
    tracking_number: str = ""


@dataclass(frozen=True, slots=True)
class WholeNotice:
    """Everything that a ship notice says. Order numbers are those of one company, `company`, by its code."""

    company: str
    header: NoticeHeader
    lines: tuple[WholeLine, ...]
    packages: tuple[WholePackage, ...] = ()


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row of an uploaded sheet of ship notices: so much of an order line in a package, or a package that others
    stand on.

    `said` holds what could be read, by column, in plain writing (1200.5, 2026-04-09); serial and tracking numbers one
    to a line. Keys are as they stood in the file: nothing about them is believed yet.
    """

    row: int
    said: Mapping[str, str] = field(default_factory=dict)
    bad: tuple[BadCell, ...] = ()

    def says(self, name: str) -> str:
        """What stands in a column; empty where nothing does."""
        return self.said.get(name, "")


@dataclass(frozen=True, slots=True)
class ApplySheet:
    """Make ship notices of an uploaded sheet. `send`: those that nothing stops, and of which no row is left, at once.

    `only_whole` makes none of which a row cannot be taken.
    """

    upload: uuid.UUID
    send: bool = False
    only_whole: bool = False


@dataclass(frozen=True, slots=True)
class NoticeCommandLine:
    """So much of an order line in a consignment. `key` is the ERP's own key of the line."""

    order: str
    key: str
    number: int
    quantity: Decimal
    unit: str


@dataclass(frozen=True, slots=True)
class NoticeCommand:
    """A consignment as the ERP is to hold it from now on: announced, or `withdrawn`. Neutral, whatever the ERP.

    `key` is the outbox message's own. `consignment` stays from version to version; `earlier_number` is the number of
    the version that this one takes the place of, where it has another. `expected_on` is a day at the receiving site.
    """

    key: str
    consignment: str
    issue: int
    company: str
    supplier: str
    number: str
    ship_on: date
    expected_on: date
    lines: tuple[NoticeCommandLine, ...]
    ship_to: str = ""
    earlier_number: str = ""
    carrier: str = ""
    tracking: str = ""
    bill_of_lading: str = ""
    packages: int = 0
    gross_kg: Decimal | None = None
    withdrawn: bool = False


def notice_to_json(command: NoticeCommand) -> dict[str, Any]:
    """The command as it waits in the outbox."""
    plain: dict[str, Any] = json.loads(json.dumps(asdict(command), default=_plain))
    return plain


def notice_from_json(content: Mapping[str, Any], *, key: str) -> NoticeCommand:
    """The command as it was put into the outbox; `key` is the message's own."""
    lines = tuple(
        NoticeCommandLine(**line | {"quantity": Decimal(line["quantity"])}) for line in content["lines"]
    )
    days = {name: date.fromisoformat(content[name]) for name in ("ship_on", "expected_on")}
    weight = content["gross_kg"]
    read = {"key": key, "lines": lines, "gross_kg": None if weight is None else Decimal(weight)}
    return NoticeCommand(**{**content, **days, **read})


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)
