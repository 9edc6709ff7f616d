"""What doors hand in about documents."""

import uuid
from dataclasses import dataclass
from datetime import date

from portal.kernel.scanning import Scan


@dataclass(frozen=True, slots=True)
class SupplyDocument:
    """The next version of a document of a supplier (its key), with what its paper says and what the scanner said."""

    supplier: uuid.UUID
    kind: str
    name: str
    content: bytes
    scan: Scan = Scan.OFF
    valid_from: date | None = None
    valid_until: date | None = None
    reference: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class AcceptDocument:
    """A version counts, from and until the days that the reviewer read on it."""

    key: uuid.UUID
    version: int
    valid_from: date | None = None
    valid_until: date | None = None


@dataclass(frozen=True, slots=True)
class WriteKind:
    """A kind of document: `code` is what programs call it by and never changes."""

    code: str
    name: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class WriteRequirement:
    """This kind is asked of suppliers of these countries, segments and categories; where a list is empty, of all."""

    kind: str
    compulsory: bool
    expires: bool
    from_on: date
    grace_days: int = 30
    countries: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
