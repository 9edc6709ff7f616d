"""A mail as it is written for one reader: values alone, ready for the text and the HTML part."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that moved, or is asked: where, from what, to what."""

    head: str
    detail: str = ""
    old: str = ""
    new: str = ""


@dataclass(frozen=True, slots=True)
class Quote:
    """What somebody said."""

    author: str
    words: str


@dataclass(slots=True)
class Item:
    """One document in a mail: what happened on it, what is asked, and the way to it.

    `heads` are the words over the two figures of its rows where they stand side by side; without, the new one takes
    the place of the old. `signs_in` says that its page asks even a supplier to sign in: it opens by no signed link.
    """

    stream: str
    number: str
    url: str
    heading: str
    sentences: list[str] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    more_rows: int = 0
    quotes: list[Quote] = field(default_factory=list)
    deadline: datetime | None = None
    deadline_text: str = ""
    button: str = ""
    facts: str = ""
    buyer: str = ""
    weight: int = 0
    heads: tuple[str, str] | None = None
    signs_in: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """A mail ready to leave."""

    subject: str
    text: str
    html: str
