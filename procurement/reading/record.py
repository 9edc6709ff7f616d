"""All clauses of a mail as they stood in it, whether anybody listened to them or not: what accounts are checked against."""

from bisect import bisect_left
from dataclasses import dataclass, field
from functools import cached_property

from procurement.reading.clauses import OUT_OF_PLAY, VALUES, Clause
from procurement.reading.context import OpenLine
from procurement.reading.dates import Day
from procurement.reading.focus import Focus
from procurement.reading.heard import Heard
from procurement.reading.marks import Mark, Sort
from procurement.reading.sentences import Sentence
from procurement.reading.words import Cue

NAMES = frozenset({Sort.LINE, Sort.ORDER, Sort.ALL, Sort.OTHERS, Sort.FOREIGN})
TROUBLE = frozenset({Cue.NO, Cue.CONTRAST, Cue.NEGATION, Cue.ONLY})


def key(line: OpenLine) -> str:
    """One name for a line of any order."""
    return f"{line.order}/{line.line}"


@dataclass(frozen=True)
class Told:
    """A clause with the values it gives and the lines it names; `lines` is None where it names nothing."""

    start: int
    sentence: int
    paragraph: int
    clause: Clause
    text: str
    values: tuple[Mark, ...]
    given_up: tuple[Day, ...]  # days that were, by its words
    lines: frozenset[str] | None
    is_lost: bool  # it names something, and nobody could tell what

    @property
    def is_aside(self) -> bool:
        """Whether its values are explained by what the clause is about: another topic, or the reason why."""
        return self.clause.is_apart or self.clause.is_reason

    @property
    def looks_back(self) -> bool:
        """Whether it tells what was."""
        return Cue.HISTORY in self.clause.cues


@dataclass
class Record:
    """The clauses in their order, and after `close` the statements that each went into."""

    told: list[Told] = field(default_factory=list)
    owners: list[list[Heard]] = field(default_factory=list)

    def note(
        self, sentence: Sentence, number: int, clauses: list[Clause], found: list[list[Mark]], focus: Focus
    ) -> None:
        """Keep a sentence; `found` are the marks of its clauses before statements were made of them."""
        for clause, all_marks in zip(clauses, found, strict=True):
            # "the rest is fine" has turned into the other lines
            turned = [mark for mark in all_marks if mark.sort is Sort.REST and mark not in clause.marks]
            marks = [mark for mark in all_marks if mark not in turned]
            named = [mark for mark in marks if mark.sort in NAMES and "old" not in mark.roles]
            lines = [line for mark in named for line in _lines_of(mark, focus)]
            was = [mark.day for mark in marks if "old" in mark.roles]
            self.told.append(
                Told(
                    start=sentence.start + clause.start,
                    sentence=number,
                    paragraph=sentence.paragraph,
                    clause=clause,
                    text=sentence.text[clause.start : clause.end],
                    values=tuple(
                        mark for mark in marks if mark.sort in VALUES and not mark.roles & OUT_OF_PLAY
                    ),
                    given_up=tuple(day for day in was if isinstance(day, Day)),
                    lines=frozenset(key(line) for line in lines) if named or turned else None,
                    is_lost=not lines and any(mark.sort is Sort.LINE for mark in named),
                )
            )

    def close(self, heard: list[Heard]) -> None:
        """Everything has been heard."""
        self.owners = [[] for _told in self.told]
        for one in heard:
            for at in range(*self.span_of(one)):
                self.owners[at].append(one)

    @cached_property
    def _starts(self) -> list[int]:
        return [told.start for told in self.told]

    def span_of(self, one: Heard) -> tuple[int, int]:
        """The first clause of a statement, and the first one after it."""
        return bisect_left(self._starts, one.statement.start), bisect_left(self._starts, one.statement.end)

    @cached_property
    def first_orphan(self) -> int | None:
        """Where the first value stands of goods that nobody could name: `the 214s - I've got 1,800`."""
        is_named = is_lost = False
        for told in self.told:
            if told.lines is not None:
                is_named, is_lost = not told.is_lost, told.is_lost
            sorts = {mark.sort for mark in told.values}
            counts = bool(sorts & {Sort.QUANTITY, Sort.REST}) or (is_lost and Sort.DAY in sorts)
            if counts and not (is_named or told.is_aside):
                return told.start
        return None

    def follows_unheard(self, one: Heard) -> bool:
        """Whether the sentence before, which may have named the goods, was not understood: `Delay for the tap. New 1 April.`"""
        at = self.span_of(one)[0] - 1
        if at < 0 or self.told[at].paragraph != one.statement.paragraph or self.told[at].is_aside:
            return False
        number, is_trouble = self.told[at].sentence, False
        while at >= 0 and self.told[at].sentence == number:
            if self.owners[at]:
                return False
            is_trouble |= bool(self.told[at].clause.cues & TROUBLE)
            at -= 1
        return is_trouble


def _lines_of(mark: Mark, focus: Focus) -> tuple[OpenLine, ...]:
    if mark.sort is Sort.LINE:
        return tuple(focus.lines_of(mark, focus.order))
    order = mark.order if mark.sort is Sort.ORDER else focus.order if mark.sort is Sort.ALL else ""
    return focus.context.order(order).lines if order else ()
