"""Refusals: sentences a user can act on, with a code a program can branch on.

A refusal is not a fault of the program. Services raise one when a verb may not happen; the door rolls the
transaction back and shows the sentence (page and htmx: 409 or 422, API: RFC 9457 problem details).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with what was typed or sent: which field, which value, which rule, and the way out."""

    field: str
    message: str
    value: str = ""
    code: str = "invalid"
    line: str = ""


class Refusal(Exception):
    """The verb did not happen, and nothing was changed."""

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 409

    def __init__(self, message: str, *, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.details = dict(details or {})


class IllegalTransition(Refusal):
    """The paper is in a state from which this verb does not lead anywhere."""

    code = "illegal_transition"


class StaleDocument(Refusal):
    """The paper changed since the page was opened: somebody answered, decided, or the ERP sent a newer revision."""

    code = "stale"


class Duplicate(Refusal):
    """The same paper is already here."""

    code = "duplicate"


class NotAllowed(Refusal):
    """You may see this paper but not do this to it."""

    code = "not_allowed"
    status = 403


class FreshFactorNeeded(Refusal):
    """Only somebody who has shown a second factor a moment ago may do this. A page asks for it and goes on; a program,
    which has none, is refused.
    """

    code = "fresh_factor_needed"
    status = 403


class NotFound(Refusal):
    """There is no such paper, or it is not yours: a stranger learns no difference."""

    code = "not_found"
    status = 404


class Invalid(Refusal):
    """What was sent breaks rules; every broken rule is named, so that one reading mends them all."""

    code = "invalid"
    status = 422

    def __init__(self, message: str, problems: Sequence[Problem] = ()) -> None:
        super().__init__(message)
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Intake:
    """What came of a batch of papers: bad ones never sink good ones, and each bad one says why."""

    stored: int = 0
    unchanged: int = 0
    problems: tuple[Problem, ...] = ()
