"""Shares as people read them, and over which time they are counted. No database here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from fractions import Fraction

HEALTH_OVER = timedelta(days=90)
# With fewer than so many a share says little: the counts are shown instead.
FEW = 5


class Ratio(StrEnum):
    """What is counted. Each is defined in docs/measures.md."""

    KEPT = "kept"
    ANSWERED = "answered"
    UNTOUCHED = "untouched"
    FIRST_PASS = "first_pass"  # noqa: S105 -- a measure's name, not a secret


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many."""

    count: int
    of: int

    @property
    def percent(self) -> int | None:
        """The share in whole per cent, rounded down, so that 100 % are all; None for none or too few to tell."""
        return self.count * 100 // self.of if self.of >= FEW else None


@dataclass(frozen=True, slots=True)
class Weighed:
    """A share within a score: what it weighs, and what it adds, in points; None where it does not count."""

    ratio: Ratio
    share: Share
    weight: int
    adds: Fraction | None


@dataclass(frozen=True, slots=True)
class Score:
    """How a supplier does, in one figure from 0 to 100; None with too few papers to tell. `parts` add up to it before
    it is rounded down, so that 100 is all."""

    points: int | None
    papers: int
    parts: Sequence[Weighed]


def score_of(shares: Mapping[Ratio, Share], weights: Mapping[str, int], *, least: int) -> Score:
    """The shares, each by its weight: docs/measures.md.

    A share of fewer than `FEW` says little, and of what weighs nothing nobody asks: neither counts, and the others
    weigh as much more. With fewer than `least` papers in those that count there is no score.
    """
    counting = [one for one, share in shares.items() if weights.get(one, 0) and share.of >= FEW]
    total = sum(weights[one] for one in counting)
    papers = sum(shares[one].of for one in counting)
    parts = []
    for ratio, share in shares.items():
        adds = Fraction(100 * weights[ratio] * share.count, total * share.of) if ratio in counting else None
        parts.append(Weighed(ratio, share, weights.get(ratio, 0), adds))
    if papers < least:
        return Score(None, papers, parts)
    return Score(int(sum(one.adds for one in parts if one.adds is not None)), papers, parts)
