"""What doors hand in about the desk of accounts payable."""

import uuid
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True)
class InvoiceSaid:
    """Something that is done to an invoice as somebody sees it, with the reason. `version` is the one on the screen;
    `is_same` says of one that is rejected that it is the same as the one that the match suspects.
    """

    invoice: uuid.UUID
    version: int
    reason: str = ""
    is_same: bool = False


@dataclass(frozen=True, slots=True)
class ApprovalSaid:
    """A word on one approval. Whoever declines says why."""

    approval: uuid.UUID
    version: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """What somebody saw of an invoice who is asked to approve it.

    `mark` tells one state of the case from another: the invoice's version, its match, the credit notes that go with it.
    The rest says what has changed to whom it was shown before. `credits` is what those notes take off.
    """

    mark: str
    total: Decimal
    currency: str
    due_on: date | None
    held_for: dict[str, Any]
    credits: Decimal = Decimal(0)

    def to_json(self) -> dict[str, Any]:
        """As a link keeps it."""
        return {
            "mark": self.mark,
            "total": str(self.total),
            "currency": self.currency,
            "due_on": self.due_on.isoformat() if self.due_on else None,
            "held_for": self.held_for,
            "credits": str(self.credits),
        }

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> "Shown":
        """What a link kept."""
        return cls(
            kept["mark"],
            Decimal(kept["total"]),
            kept["currency"],
            date.fromisoformat(kept["due_on"]) if kept["due_on"] else None,
            kept["held_for"],
            Decimal(kept["credits"]),
        )


@dataclass(frozen=True, slots=True)
class SayByLink:
    """A word on an approval, said by its link. `mark` is of the page on which the button was pressed."""

    word: str
    mark: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class AskAbout:
    """A question about an invoice: of whom (`states.Asked`), and what."""

    invoice: uuid.UUID
    version: int
    asked_of: str
    question: str


@dataclass(frozen=True, slots=True)
class AnswerQuestion:
    """The answer to a question about an invoice."""

    question: uuid.UUID
    version: int
    answer: str


@dataclass(frozen=True, slots=True)
class ShortLine:
    """What of a line is paid, where that is not all: so many of its units (`quantity`), at a lower price for what its
    price is for (`unit_price`); and how much is taken off besides (`amount`, net). None: all of it, or at its price.

    `reason` is why; empty: the reason of the whole.
    """

    position: int
    amount: Decimal = Decimal(0)
    quantity: Decimal | None = None
    unit_price: Decimal | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ShortCharge:
    """How much of a charge of the whole is paid, by the charge's position."""

    position: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class PayShort:
    """A part of an invoice is approved, and what is not due of it goes off with a credit note that is written for the
    supplier.

    `reason` is why; it may be empty where every line says its own. `number` is the number of that note. `seen` is the
    mark of what was shown to who presses (`LookedAt.mark`): where it comes to something else by then, nothing is done.
    """

    invoice: uuid.UUID
    version: int
    lines: tuple[ShortLine, ...]
    reason: str = ""
    number: str = ""
    charges: tuple[ShortCharge, ...] = ()
    seen: str = ""


@dataclass(frozen=True, slots=True)
class WriteRule:
    """Who approves what: of whom the approval of `step` is asked where an invoice is as the rule says.

    Exactly one of `role` (a company role) and `person` (a user's id). `amount_from` is included, `amount_below` not;
    with either of them goes `currency`. What is empty is everything. Days are included on both ends.
    """

    step: int
    role: str = ""
    person: int | None = None
    currency: str = ""
    amount_from: Decimal | None = None
    amount_below: Decimal | None = None
    company: str = ""
    supplier: str = ""
    item_group: str = ""
    why: str = ""
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class WriteLimit:
    """Up to which amount, included, a person or everybody of a role accepts an invoice alone."""

    currency: str
    amount: Decimal
    role: str = ""
    person: int | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as it is compared: people, companies and suppliers by their ids."""

    key: str
    step: int
    role: str = ""
    person: int | None = None
    currency: str = ""
    amount_from: Decimal | None = None
    amount_below: Decimal | None = None
    company: int | None = None
    supplier: int | None = None
    item_group: str = ""
    why: str = ""
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit as it is compared."""

    currency: str
    amount: Decimal
    role: str = ""
    person: int | None = None


@dataclass(frozen=True, slots=True)
class Weighed:
    """An invoice as rules speak of it: what is to be paid, whose it is, and why it needs a person."""

    amount: Decimal
    currency: str
    company: int
    supplier: int
    item_groups: frozenset[str] = frozenset()
    whys: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Wanted:
    """One approval that an invoice needs: of a role or of a person, in which step, by which rule ('' by none)."""

    step: int
    role: str = ""
    person: int | None = None
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Approver:
    """Somebody who may be asked, and the roles and people that he or she answers for today."""

    user: int
    role: str
    for_people: frozenset[int] = frozenset()
    for_roles: frozenset[str] = frozenset()
