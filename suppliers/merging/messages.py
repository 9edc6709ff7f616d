"""What doors hand in about two records that are one company."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class AskMerge:
    """Two records are one company: which one is kept, and whether the other's mail address, language, time zone and
    channel count from now on."""

    kept: UUID
    duplicate: UUID
    reason: str
    preferences: bool = False
