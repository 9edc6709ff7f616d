"""The answer: what one mail commits its writer to, as drafts that a person confirms."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What a commitment does to a line; docs/mail-reading.md has a sentence for each."""

    ACCEPT = "accept"
    DATE = "date"
    QUANTITY = "quantity"
    SPLIT = "split"
    PRICE = "price"
    SUBSTITUTE = "substitute"
    REFUSE = "refuse"
    CANCEL = "cancel"
    BACKORDER = "backorder"
    SHIPPED = "shipped"
    QUESTION = "question"


class Certainty(StrEnum):
    """Whether the writer said so, or hopes, supposes or offers."""

    FIRM = "firm"
    TENTATIVE = "tentative"


class Precision(StrEnum):
    """How exactly a date was named. A week is its Monday, `unknown` has no date."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Piece:
    """One delivery of a line as the mail says it; what it does not say is None.

    `price` is for `per` units, in the order's currency.
    """

    quantity: Decimal | None = None
    unit: str | None = None
    day: date | None = None
    precision: Precision | None = None
    price: Decimal | None = None
    per: Decimal | None = None
    substitute_part: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The piece in the shape of the command's answer."""
        return {
            "quantity": _number(self.quantity),
            "unit": self.unit,
            "date": self.day.isoformat() if self.day else None,
            "date_precision": self.precision.value if self.precision else None,
            "price": _number(self.price),
            "per": _number(self.per),
            "substitute_part": self.substitute_part,
        }


@dataclass(frozen=True, slots=True)
class Commitment:
    """One thing the writer says about one line, or about a whole order (`line` is None).

    `evidence` is an exact part of the new text; `rule` names the rule of the grammar that made the draft.
    """

    order: str
    line: str | int | None
    kind: Kind
    certainty: Certainty
    evidence: str
    pieces: tuple[Piece, ...] = ()
    date_range: tuple[date, date] | None = None
    price_percent: Decimal | None = None
    rule: str = ""

    def as_json(self) -> dict[str, Any]:
        """The commitment in the shape of the command's answer."""
        told: dict[str, Any] = {
            "order": self.order,
            "line": self.line,
            "kind": self.kind.value,
            "certainty": self.certainty.value,
            "evidence": self.evidence,
            "pieces": [piece.as_json() for piece in self.pieces],
            "rule": self.rule,
        }
        if self.date_range:
            told["date_range"] = [day.isoformat() for day in self.date_range]
        if self.price_percent is not None:
            told["price_percent"] = _number(self.price_percent)
        return told


@dataclass(frozen=True, slots=True)
class Flags:
    """What is true of the mail as a whole."""

    auto_reply: bool = False
    bounce: bool = False
    whole_order_confirmed: bool = False
    nothing_actionable: bool = True
    contradicts_itself: bool = False

    def as_json(self) -> dict[str, bool]:
        """The flags in the shape of the command's answer."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read in one mail."""

    new_text: str
    commitments: tuple[Commitment, ...] = ()
    flags: Flags = field(default_factory=Flags)

    def as_json(self) -> dict[str, Any]:
        """The answer of `read_mail`."""
        return {
            "commitments": [one.as_json() for one in self.commitments],
            "flags": self.flags.as_json(),
            "new_text": self.new_text,
        }


def _number(value: Decimal | None) -> int | float | None:
    """A JSON number: whole where it is whole."""
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)
