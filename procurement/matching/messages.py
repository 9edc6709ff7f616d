"""What doors hand in about matching policies."""

import uuid
from dataclasses import dataclass, field
from datetime import date

from procurement.tolerances.messages import Scope


@dataclass(frozen=True, slots=True)
class WriteMatchPolicy:
    """A matching policy as it is to be, or over the draft with this key; `way` is two_way or three_way.

    `duplicate_days` None: the same amount again is not suspected. `waits_for_onboarding`: what claims is held while
    paying waits for its supplier's onboarding.
    """

    company: int
    name: str
    way: str
    approves_alone: bool = False
    duplicate_days: int | None = 7
    waits_for_onboarding: bool = True
    scope: Scope = field(default_factory=Scope)
    valid_from: date | None = None
    valid_to: date | None = None
    note: str = ""
    key: uuid.UUID | None = None
    version: int = 0
