"""What of a file could not be read, in words for its page."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from procurement.statements.files.columns import BY_NAME


@dataclass(frozen=True, slots=True)
class UnreadCell:
    """What of a row could not be read: in which column, what stands there, and what to do."""

    column: str
    value: str
    message: str


@dataclass(slots=True)
class UnreadRow:
    """A row of a file of which something could not be read: all that is wrong with it, told once."""

    row: int
    number: str
    is_left: bool = False
    problems: list[UnreadCell] = field(default_factory=list)


def unread_rows(bad: Iterable[Mapping[str, Any]]) -> tuple[list[UnreadRow], list[UnreadRow]]:
    """The rows that are left out, and those that are taken without a part, each in the order of the file."""
    found: dict[int, UnreadRow] = {}
    for one in bad:
        row = found.setdefault(one["row"], UnreadRow(one["row"], one.get("number", "")))
        row.is_left = row.is_left or one["is_left"]
        title = str(BY_NAME[one["column"]].title) if one["column"] in BY_NAME else ""
        row.problems.append(UnreadCell(title, one["value"], one["message"]))
    return [row for row in found.values() if row.is_left], [row for row in found.values() if not row.is_left]
