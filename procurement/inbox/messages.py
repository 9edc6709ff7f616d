"""What is found to need a person, and what people tell the inbox to do."""

import hashlib
import json
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that needs a person, as it stands now.

    `cause` and `subject` name it; `moves` is what makes it recur when it changes; `facts` are plain values for the
    screen and the score (decimals as text, days as ISO 8601): never anything that changes from day to day by itself.
    """

    kind: str
    cause: str
    subject: str
    facts: Mapping[str, Any]
    moves: Sequence[Any] = ()
    stream: str = ""
    company: int | None = None
    supplier: int | None = None
    order: int | None = None
    line: int | None = None
    schedule_key: int | None = None
    change: int | None = None
    command: int | None = None
    drift: int | None = None
    site: int | None = None
    item_number: str = ""
    due_at: datetime | None = None

    @property
    def key(self) -> tuple[str, str]:
        """What there is one live case of."""
        return str(self.cause), self.subject

    @property
    def signature(self) -> str:
        """Equal as long as nothing has changed that a person should hear of."""
        return signature_of(self.kind, self.moves)


def signature_of(kind: str, moves: Sequence[Any]) -> str:
    """A short fingerprint of what makes a case recur."""
    packed = json.dumps([str(kind), *moves], sort_keys=True, default=plain, separators=(",", ":"))
    return hashlib.sha256(packed.encode()).hexdigest()[:32]


def plain(value: Any) -> Any:
    """A value as facts keep it."""
    if isinstance(value, Decimal):
        # 10, 10.0 and 1E+1 are one number.
        return f"{value.normalize():f}"
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, (frozenset, set)):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no place among the facts of a case")


def as_facts(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values as a case keeps them."""
    kept: dict[str, Any] = json.loads(json.dumps(dict(values), default=plain))
    return kept


def in_batches(rows: Iterable[T], size: int) -> Iterator[list[T]]:
    """Rows in parts of so many."""
    every = list(rows)
    for start in range(0, len(every), size):
        yield every[start : start + size]


# --- what people do -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Seen:
    """A case as it was on the screen of who acts on it."""

    case: uuid.UUID
    version: int


@dataclass(frozen=True, slots=True)
class ActOnCase:
    """The buyer's word on what a case is about: accept it, or decline with a reason.

    `reason` are words for an answer, a code of the company's list for a change request; `note` are words besides.
    """

    seen: Seen
    verdict: str
    reason: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a formula: a name that people read beside its points, and the expression they come from."""

    name: str
    expression: str


@dataclass(frozen=True, slots=True)
class WriteFormula:
    """A draft as it is to be."""

    key: uuid.UUID
    version: int
    name: str
    parts: tuple[Part, ...]
    urgency: str
    rates: Mapping[str, str] = field(default_factory=dict)
