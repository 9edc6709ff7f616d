"""Shares as people read them, and over which time they are counted. No database here."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

HEALTH_OVER = timedelta(days=90)
# With fewer than so many a share says little: the counts are shown instead.
FEW = 5


class Ratio(StrEnum):
    """What is counted. Each is defined in docs/measures.md."""

    KEPT = "kept"
    ANSWERED = "answered"
    UNTOUCHED = "untouched"
    FIRST_PASS = "first_pass"  # noqa: S105 -- a measure's name, not a secret


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many."""

    count: int
    of: int

    @property
    def percent(self) -> int | None:
        """The share in whole per cent, rounded down, so that 100 % are all; None for none or too few to tell."""
        return self.count * 100 // self.of if self.of >= FEW else None
