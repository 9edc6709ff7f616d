"""What is required of whom, how long what is there counts, and what is to be said today. No database here.

Note [Days]: a certificate ends at the end of a day, and days are the supplier's own. It is asked for `ASK_BEFORE` days
before it ends, and again each `REMIND_EVERY` days until another is supplied. After its last day there are the days of
grace of its requirement; then a person of ours is told. What was never there is due as many days after it was first
asked for. Nobody is locked out: these days only decide who is reminded.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from suppliers.documents.states import AskedFor, Standing

ASK_BEFORE = timedelta(days=30)
REMIND_EVERY = timedelta(days=7)
USUAL_GRACE = 30
LONGEST_GRACE = 365
DAY = timedelta(days=1)
LONGEST_NAME, LONGEST_HINT, LONGEST_REASON, LONGEST_REFERENCE = 100, 500, 2000, 100
MOST_VERSIONS_A_DAY = 20  # of one supplier and kind
MOST_BYTES_A_DAY = 200 * 1024 * 1024  # of one supplier, all kinds together
TAKEN = "PDF, PNG, JPG"
MOST_PIXELS = 60_000_000


@dataclass(frozen=True, slots=True)
class Party:
    """What of a supplier decides on what is asked of it."""

    supplier: int
    country: str
    segment: str
    categories: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Rule:
    """A requirement: this kind is asked of suppliers of these countries, segments and categories; where a set is empty,
    of all."""

    kind: int
    compulsory: bool
    expires: bool
    grace_days: int
    from_on: date
    countries: frozenset[str] = frozenset()
    segments: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()

    def fits(self, party: Party) -> bool:
        """Whether it speaks of this supplier."""
        return (
            (not self.countries or party.country in self.countries)
            and (not self.segments or party.segment in self.segments)
            and (not self.categories or not self.categories.isdisjoint(party.categories))
        )


@dataclass(frozen=True, slots=True)
class Need:
    """What is asked of one supplier, of one kind: the strictest of all requirements that fit."""

    kind: int
    compulsory: bool
    expires: bool
    grace_days: int


def required_of(party: Party, rules: Iterable[Rule], today: date) -> dict[int, Need]:
    """What a supplier owes today, by kind. Compulsory where one requirement says so, and with the shortest grace."""
    found: dict[int, Need] = {}
    for rule in rules:
        if rule.from_on > today or not rule.fits(party):
            continue
        was = found.get(rule.kind)
        found[rule.kind] = Need(
            rule.kind,
            rule.compulsory or (was is not None and was.compulsory),
            rule.expires or (was is not None and was.expires),
            min(rule.grace_days, was.grace_days) if was else rule.grace_days,
        )
    return found


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when, both included, an accepted version counts; without an end, for good."""

    first: date | None
    last: date | None


@dataclass(frozen=True, slots=True)
class Cover:
    """How far a supplier is covered: today or not; until which day without a gap (None and covered: for good); and
    which day was the last one that was covered, where it is not any more."""

    is_covered: bool
    until: date | None = None
    ended_on: date | None = None


def cover_of(spans: Sequence[Span], today: date) -> Cover:
    """How far these versions cover a supplier from today on. A renewal that begins the day after carries on."""
    counting = [one for one in spans if one.first is None or one.first <= today]
    running = [one for one in counting if one.last is None or one.last >= today]
    if not running:
        return Cover(False, ended_on=max((one.last for one in counting if one.last), default=None))
    if any(one.last is None for one in running):
        return Cover(True)
    until = max(one.last for one in running if one.last)
    for one in sorted((one for one in spans if one.first), key=lambda one: one.first or today):
        if one.first is not None and one.first <= until + DAY:
            if one.last is None:
                return Cover(True)
            until = max(until, one.last)
    return Cover(True, until)


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked so far: why, when first and last, by when, and whether one of ours was told that it is late."""

    why: str
    first_on: date
    due_on: date
    last_on: date
    is_late: bool = False


class Step(StrEnum):
    """What is done about a document today."""

    NONE = "none"
    ASK = "ask"
    REMIND = "remind"
    MISS = "miss"
    REST = "rest"


def due_of(need: Need, cover: Cover, asked: Asked | None, today: date) -> date:
    """By when the next version should be there: the last day that is covered; of what was never there, as many days
    after it was first asked for as there is grace."""
    if until := (cover.until if cover.is_covered else cover.ended_on):
        return until
    first = asked.first_on if asked and asked.why == AskedFor.MISSING else today
    return first + timedelta(days=need.grace_days)


def late_from(need: Need, cover: Cover, due_on: date) -> date:
    """From which day on it is a person's: the day after the days of grace."""
    grace = need.grace_days if cover.is_covered or cover.ended_on else 0
    return due_on + timedelta(days=grace) + DAY


def step_of(need: Need | None, cover: Cover, asked: Asked | None, today: date, *, is_pending: bool) -> Step:
    """What is to be done today. It stops by itself when a version is supplied, and rests once one is accepted."""
    if need is None or (cover.is_covered and (cover.until is None or today < cover.until - ASK_BEFORE)):
        return Step.REST if asked else Step.NONE
    if is_pending:
        return Step.NONE
    due_on = due_of(need, cover, asked, today)
    why = AskedFor.ENDING if cover.is_covered or cover.ended_on else AskedFor.MISSING
    if asked is None or asked.why != why or asked.due_on != due_on:
        return Step.ASK
    if not need.compulsory or asked.is_late:
        return Step.NONE
    if today >= late_from(need, cover, due_on):
        return Step.MISS
    return Step.REMIND if today >= asked.last_on + REMIND_EVERY else Step.NONE


def standing_of(need: Need | None, cover: Cover, due_on: date, today: date, *, is_pending: bool) -> Standing:
    """How a supplier stands with one kind of document."""
    if cover.is_covered:
        is_ending = need is not None and cover.until is not None and today >= cover.until - ASK_BEFORE
        return Standing.ENDING if is_ending and not is_pending else Standing.IN_FORCE
    if is_pending:
        return Standing.IN_REVIEW
    if need is None:
        return Standing.EXPIRED if cover.ended_on else Standing.NOTHING
    if need.compulsory and today >= late_from(need, cover, due_on):
        return Standing.LATE
    return Standing.EXPIRED if cover.ended_on else Standing.MISSING
