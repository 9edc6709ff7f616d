"""What doors hand in about statements of account."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True)
class Item:
    """A row of a statement as it was read: `row` is its place in the file, amounts are signed, payments below zero.

    `open` is what is still open of it, `amount` what it came to, where that is said too.
    """

    row: int
    kind: str
    number: str
    open: Decimal
    currency: str
    amount: Decimal | None = None
    dated_on: date | None = None
    due_on: date | None = None
    reference: str = ""


@dataclass(frozen=True, slots=True)
class BadRow:
    """What cannot be read of a row, in which column, and what to do; `is_left`: so the row is left out.

    `number` is that of the paper, where the row says one.
    """

    row: int
    column: str
    value: str
    message: str
    is_left: bool = True
    number: str = ""


@dataclass(frozen=True, slots=True)
class KeepStatement:
    """A statement as it came: whose, to which company, of which day; its rows, and what could not be read of it.

    `supplier` is a number, for the buying side alone; `company` a code, empty where there is only one. `currency` is
    what rows are in that do not say. Of a file also its name, SHA-256 and table, so that its columns can be said anew.
    """

    stated_on: date
    supplier: str = ""
    company: str = ""
    currency: str = ""
    items: Sequence[Item] = ()
    bad: Sequence[BadRow] = ()
    file_name: str = ""
    digest: str = ""
    table: Sequence[Sequence[Any]] = ()
    head: int = 0
    columns: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SettleStatement:
    """Both sides agree on a balance; `note` says how what still differs is explained. `version` is the one seen."""

    statement: uuid.UUID
    version: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class RowSaid:
    """A question about a row of a statement, or its answer. `seen` is what the page showed of both (`said_version`);
    without it, whatever is said is meant.
    """

    statement: uuid.UUID
    row: int
    text: str
    seen: str | None = None
