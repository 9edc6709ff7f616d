"""What the mailroom hands from drawer to drawer: a mail taken apart, what was read in it, what a person says to it."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from procurement.acknowledgments.messages import TypedPiece

LONGEST_WORDS = 1_000  # of a sentence that is kept as evidence


@dataclass(frozen=True, slots=True)
class MailFile:
    """A file that came with a mail: its name as the sender calls it, and its bytes."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Failure:
    """A report that one mail of ours was not delivered (RFC 3464): to whom, which mail, and the machine's words."""

    address: str
    message_id: str = ""
    status: str = ""
    diagnosis: str = ""
    is_final: bool = True


@dataclass(frozen=True, slots=True)
class Opened:
    """A mail taken apart. Addresses are in small letters; `text` still holds quotations and signatures.
    `report_type` is that of a multipart/report (RFC 6522).

    `problem` says why it cannot be taken apart (a code of `states.Why`), empty where it can.
    """

    message_id: str = ""
    subject: str = ""
    sender: str = ""
    sender_name: str = ""
    senders: int = 0
    recipients: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    written_at: datetime | None = None
    headers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    text: str = ""
    files: tuple[MailFile, ...] = ()
    failures: tuple[Failure, ...] = ()
    is_bounce: bool = False
    is_automatic: bool = False
    report_type: str = ""
    problem: str = ""

    def header(self, name: str) -> str:
        """The first header of this name, empty where there is none."""
        found = self.headers.get(name, ())
        return found[0] if found else ""


@dataclass(frozen=True, slots=True)
class DraftLine:
    """What a mail says of one line, as it would be sent: the pieces in plain writing, none for "as asked".

    `evidence` are the sentences it came from, by what they gave: "line", "delivery_on", "quantity", "price", …
    `marks` say what was worked out and not said: "week", "rest_refused", "day_as_asked". `cancel` wishes for nothing
    more. Where a change request is open on the line, `change` is its key and `change_version` what was on the table
    when the mail was read: the mark "accepts" or "counters" says which answer it is.
    """

    key: str
    number: int
    pieces: tuple[TypedPiece, ...] = ()
    evidence: Mapping[str, str] = field(default_factory=dict)
    marks: tuple[str, ...] = ()
    cancel: bool = False
    change: str = ""
    change_version: int = 0

    def as_json(self) -> dict[str, Any]:
        """The line as a draft keeps it."""
        pieces = [{name: text for name, text in asdict(piece).items() if text} for piece in self.pieces]
        return {
            "key": self.key,
            "number": self.number,
            "pieces": pieces,
            "evidence": {name: words[:LONGEST_WORDS] for name, words in self.evidence.items()},
            "marks": list(self.marks),
            "cancel": self.cancel,
            "change": self.change,
            "change_version": self.change_version,
        }


def line_from_json(kept: Mapping[str, Any]) -> DraftLine:
    """A line as it was kept."""
    return DraftLine(
        key=kept["key"],
        number=kept["number"],
        pieces=tuple(TypedPiece(**piece) for piece in kept["pieces"]),
        evidence=kept["evidence"],
        marks=tuple(kept["marks"]),
        cancel=kept["cancel"],
        change=kept.get("change", ""),
        change_version=kept.get("change_version", 0),
    )


@dataclass(frozen=True, slots=True)
class Unsure:
    """A statement that is not filled in: which line (0: none is named), the writer's words, and why (a code)."""

    number: int
    words: str
    why: str

    def as_json(self) -> dict[str, Any]:
        """The statement as a draft keeps it."""
        return asdict(self) | {"words": self.words[:LONGEST_WORDS]}


@dataclass(frozen=True, slots=True)
class PlaceMail:
    """A person says where a mail belongs: the order by its key. It is then sorted again."""

    mail: uuid.UUID
    version: int
    order: uuid.UUID


@dataclass(frozen=True, slots=True)
class DismissMail:
    """A person says that nothing is to be done with a mail, and why."""

    mail: uuid.UUID
    version: int
    reason: str


@dataclass(frozen=True, slots=True)
class DecideDraft:
    """A press on a draft. `version` is the draft's that was on the screen; a reason is owed when it is discarded."""

    draft: uuid.UUID
    version: int
    reason: str = ""
