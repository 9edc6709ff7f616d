"""What a door hands in: whom to invite, whom not, what a template asks, and what a supplier answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Target:
    """A supplier to be invited, by its number; without an address, at the one that the ERP has.

    `line` is what the door calls it by: the row of a sheet. A prospect has no number, and is named by its `company` and
    `country`; where there is a number these two count for nothing.
    """

    supplier: str
    address: str = ""
    name: str = ""
    line: str = ""
    company: str = ""
    country: str = ""

    @property
    def is_prospect(self) -> bool:
        """Whether it is a supplier that the ERP does not know yet."""
        return not self.supplier.strip() and bool(self.company.strip())


@dataclass(frozen=True, slots=True)
class InviteSuppliers:
    """Suppliers to be invited in one go; `how` is one of `InvitedHow`."""

    targets: tuple[Target, ...]
    how: str = "one"


@dataclass(frozen=True, slots=True)
class MarkSuppliers:
    """Onboardings to be chased in one go, by their keys; `what` is one of `ChaseKind`."""

    onboardings: tuple[UUID, ...]
    what: str = "remind"


@dataclass(frozen=True, slots=True)
class ExcludeSuppliers:
    """Suppliers that are not to be invited, why, and until when."""

    suppliers: tuple[str, ...]
    reason: str
    words: str = ""
    until_on: date | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a template. `wants` narrows it: roles of contacts, kinds of numbers or documents, codes of terms."""

    kind: str
    compulsory: bool = True
    paying_waits: bool = False
    wants: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PayingWaits:
    """For which steps paying a supplier waits; `is_ours`: all of them were given, and we are checking them; `is_over`:
    nothing is asked of the supplier any more, and somebody of ours says how it goes on."""

    steps: tuple[str, ...]
    is_ours: bool = False
    is_over: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """A question of a template. Its code names the answer, and stays the same from version to version."""

    code: str
    text: str
    holds: str
    compulsory: bool = True
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WriteTemplate:
    """A template, or its next version. Empty lists name everybody.

    `asks_done`: whoever it is for and whose steps are behind it is asked for its terms, and for nothing else of it.
    """

    code: str
    name: str
    steps: tuple[Step, ...]
    questions: tuple[Question, ...] = ()
    countries: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    asks_done: bool = False


@dataclass(frozen=True, slots=True)
class WriteTerms:
    """Terms, or their next version: the title, the text by language, and from which day it counts (None: at once)."""

    code: str
    title: str
    texts: Mapping[str, str]
    from_on: date | None = None


@dataclass(frozen=True, slots=True)
class WriteInvitationText:
    """What an invitation says to suppliers of a segment (empty: of any) in a language."""

    segment: str
    language: str
    text: str
