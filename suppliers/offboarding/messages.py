"""What doors hand in about the end of a business."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID


@dataclass(frozen=True, slots=True)
class BeginOffboarding:
    """The business with a supplier ends: when, why (for us alone), and what its people read."""

    supplier: UUID
    last_on: date
    reason: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class LeftOpen:
    """Something that is open still when the business ends: how many of a kind, and why it may be left."""

    kind: str
    count: int
    reason: str
