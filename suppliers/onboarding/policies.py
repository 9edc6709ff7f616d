"""Which template is whose, what an invitation says, when to remind, and what a question takes. No database here."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from suppliers.onboarding.messages import Question, Step
from suppliers.onboarding.states import AnswerKind, StepKind, StepStanding

LONGEST_NAME, LONGEST_TEXT, LONGEST_TERMS, LONGEST_REASON, LONGEST_ANSWER = 100, 1500, 20_000, 500, 1000
MOST_TARGETS, MOST_QUESTIONS = 5_000, 40
LONGEST_COMPANY = 150
# Between two reminders to one supplier, whoever or whatever sends them. A person who presses on the supplier's own page
# for its invitation is asked for two minutes only (suppliers/people).
REMINDED_ONCE_IN = timedelta(days=1)
# As many are written to while one waits for the page; more by a worker.
MOST_AT_THE_DOOR = 100
CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
# What an invitation's text may name; anything else in braces is a slip of its writer.
PLACEHOLDERS = ("supplier", "number", "person")
_PLACE = re.compile(r"\{([^{}]*)\}")

# The heavier, the more it says of a supplier: a category of one's own before a country, a segment, a language.
_WEIGHT = {"category": 8, "country": 4, "segment": 2, "language": 1}

# What is asked where no template is for a supplier.
USUAL_STEPS = (
    Step(StepKind.COMPANY),
    Step(StepKind.TAX, paying_waits=True),
    Step(StepKind.ADDRESS),
    Step(StepKind.CONTACTS, wants=("orders", "invoices")),
    Step(StepKind.IDENTIFIERS, compulsory=False),
    Step(StepKind.DOCUMENTS),
    Step(StepKind.BANK, paying_waits=True),
    Step(StepKind.PREFERENCES, compulsory=False),
)


@dataclass(frozen=True, slots=True)
class Whose:
    """What of a supplier decides on its template."""

    country: str
    segment: str
    language: str
    categories: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Reach:
    """Whom a template is for; an empty set names everybody."""

    pk: int
    countries: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    segments: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()

    def why(self, whose: Whose) -> tuple[tuple[str, str], ...] | None:
        """What of the supplier it names, as pairs of word and value; None where it is not for this supplier."""
        asked = (
            ("category", self.categories, whose.categories),
            ("country", self.countries, frozenset({whose.country})),
            ("segment", self.segments, frozenset({whose.segment})),
            ("language", self.languages, frozenset({whose.language})),
        )
        found = []
        for word, wanted, has in asked:
            if not wanted:
                continue
            common = sorted(wanted & has)
            if not common:
                return None
            found.append((word, common[0]))
        return tuple(found)


def choose(reaches: Iterable[Reach], whose: Whose) -> tuple[int, tuple[tuple[str, str], ...]] | None:
    """The template for a supplier, and why: the most specific, among equals the newest; None where none is for it."""
    best: tuple[int, int, tuple[tuple[str, str], ...]] | None = None
    for reach in reaches:
        why = reach.why(whose)
        if why is None:
            continue
        rank = sum(_WEIGHT[word] for word, _value in why)
        if best is None or (rank, reach.pk) > best[:2]:
            best = (rank, reach.pk, why)
    return (best[1], best[2]) if best else None


def is_address(address: str) -> bool:
    """Whether something can be mailed to."""
    try:
        validate_email(address)
    except ValidationError:
        return False
    return len(address) <= 254


def unknown_places(text: str) -> list[str]:
    """The placeholders of an invitation's text that are none."""
    return [name for name in _PLACE.findall(text) if name not in PLACEHOLDERS]


def filled(text: str, values: Mapping[str, str]) -> str:
    """An invitation's text with its placeholders filled. Braces in a value are not read again."""
    return _PLACE.sub(lambda found: values.get(found[1], found[0]), text)


def reminds_at(invited_at: datetime, after: datetime, days: Sequence[int]) -> datetime | None:
    """When the clock reminds next, after a moment; None when it does no more.

    By the day and not by how many went already: a reminder by hand takes none of the clock's, and after an outage the
    days that have passed are not made up for, one mail after the other.
    """
    coming = (invited_at + timedelta(days=day) for day in days)
    return next((moment for moment in coming if moment > after), None)


def is_recent(written_at: datetime | None, at: datetime) -> bool:
    """Whether a supplier was written to so short a while ago that nobody reminds it again yet."""
    return written_at is not None and at - written_at < REMINDED_ONCE_IN


def is_excluded(until_on: date | None, today: date) -> bool:
    """Whether an exclusion counts still: its last day included."""
    return until_on is None or today <= until_on


@dataclass(frozen=True, slots=True)
class TermsVersion:
    """One version of terms: from which day on it counts (None: at once), and when another one took its place."""

    code: str
    number: int
    from_on: date | None
    replaced_on: date | None


def counting(versions: Iterable[TermsVersion], today: date) -> dict[str, int]:
    """By the code of terms the version that counts on a day; none of terms whose first day is still to come.

    One that was replaced before its first day never counts: it was a slip, or the day was put off.
    """
    found: dict[str, int] = {}
    for one in versions:
        has_begun = one.from_on is None or (
            one.from_on <= today and (one.replaced_on is None or one.replaced_on >= one.from_on)
        )
        if has_begun:
            found[one.code] = max(one.number, found.get(one.code, 0))
    return found


def with_terms(steps: Sequence[Step], codes: Collection[str]) -> tuple[Step, ...]:
    """Steps that ask for these terms as well: in the step that asks for terms, or in one of its own at the end."""
    if not codes:
        return tuple(steps)
    if all(one.kind != StepKind.TERMS for one in steps):
        return (*steps, Step(StepKind.TERMS, wants=tuple(sorted(codes))))
    return tuple(
        replace(one, wants=(*one.wants, *sorted(set(codes) - set(one.wants))))
        if one.kind == StepKind.TERMS
        else one
        for one in steps
    )


def still_open(steps: Iterable[Step], standing: Mapping[str, str]) -> list[str]:
    """The compulsory steps that wait for the supplier."""
    return [one.kind for one in steps if one.compulsory and standing[one.kind] == StepStanding.OPEN]


def not_done(steps: Iterable[Step], standing: Mapping[str, str]) -> list[str]:
    """The compulsory steps that are not done, whoever is to act."""
    return [one.kind for one in steps if one.compulsory and standing[one.kind] != StepStanding.DONE]


def paying_waits_for(steps: Iterable[Step], standing: Mapping[str, str]) -> list[str]:
    """The steps for which paying waits."""
    return [one.kind for one in steps if one.paying_waits and standing[one.kind] != StepStanding.DONE]


def of_all(wanted: Collection[str], has: Collection[str]) -> bool:
    """Whether everything that is wanted is there; where nothing in particular is, whether anything is."""
    return set(wanted) <= set(has) if wanted else bool(has)


def read_answer(question: Question, typed: str) -> str | None:
    """An answer as it is kept; empty for none, None for one that will not do."""
    text = typed.strip()
    if not text:
        return ""
    if question.holds == AnswerKind.YES_NO:
        return text if text in ("yes", "no") else None
    if question.holds == AnswerKind.CHOICE:
        return text if text in question.choices else None
    if question.holds == AnswerKind.DATE:
        try:
            return date.fromisoformat(text).isoformat()
        except ValueError:
            return None
    if question.holds == AnswerKind.NUMBER:
        try:
            number = Decimal(text)
        except InvalidOperation:
            return None
        return format(number.normalize(), "f") if number.is_finite() and abs(number.adjusted()) < 18 else None
    return text if len(text) <= LONGEST_ANSWER else None
