"""What becomes of a row of somebody's own sheet, and of the paper that rows together make."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

NEW, SKIPPED, BAD, THERE, LEFT = "new", "skipped", "bad", "there", "left"
# What became of a paper once the sheet was taken.
MADE, SENT = "made", "sent"

# Each with its tone and glyph.
LOOKS = {
    NEW: ("done", "full"),
    MADE: ("done", "full"),
    SENT: ("done", "full"),
    BAD: ("stop", "alert"),
    THERE: ("talk", "stale"),
    LEFT: ("quiet", "none"),
    SKIPPED: ("quiet", "none"),
}


@dataclass(frozen=True, slots=True)
class RowProblem:
    """What is wrong with one cell, or with a whole row (no column): the value, the rule, and the way out."""

    row: int
    column: str
    value: str
    message: str


def rows_to_mend_first(plan: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The rows of a plan that is kept: first those to be mended, then in the order of the file."""
    first = {BAD: 0, THERE: 1}
    return sorted(plan.get("rows", ()), key=lambda one: (first.get(one["outcome"], 2), one["row"]))
