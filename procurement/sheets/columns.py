"""What a sheet has: its columns, whose each is, and what stands in it.

Note [Names]: the first row of a sheet of ours holds the names of its columns, the same in every language; the second
row says them in the reader's. A file is read by its names, so columns may be moved, and a CSV file needs only those.
"""

from dataclasses import dataclass
from typing import Any

KEY, ASKED, PROMISE = "key", "asked", "promise"
TEXT, NUMBER, DAY, CHOICE = "text", "number", "day", "choice"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name for programs and its title for people, whose it is, and what stands in it.

    `part` is `KEY` (hidden: what names a row), `ASKED` (locked: what is told) or `PROMISE` (open: what is typed).
    """

    name: str
    title: Any
    part: str
    holds: str = TEXT
    width: int = 14
