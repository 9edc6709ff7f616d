"""Every value near a draft is taken by it or explained; where one is neither, the draft is held back.

A clerk who notes *60 on the 27th* looks once more at the lines around it: is there a number, a day, a price or a part number of the
same goods that the note leaves out? What belongs to another line, was so before, is the reason why, or is no value of an order at
all is explained. Anything else may change the promise.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from procurement.reading.answer import Kind, Precision
from procurement.reading.clauses import OUT_OF_PLAY, VALUES, Clause
from procurement.reading.context import OpenLine
from procurement.reading.dates import Day
from procurement.reading.focus import Focus
from procurement.reading.grammar import Draft
from procurement.reading.heard import Heard
from procurement.reading.marks import Mark, Sort
from procurement.reading.sentences import Sentence
from procurement.reading.units import PACKING, canonical_unit
from procurement.reading.words import Cue

SENTENCES_ON = 3  # so far goes what is said of goods that nobody names again
AMOUNTS = frozenset({Sort.QUANTITY, Sort.NUMBER, Sort.REST})


@dataclass(frozen=True)
class Told:
    """A clause as it stood in the mail, before anybody decided whether to listen to it."""

    start: int
    end: int
    sentence: int
    paragraph: int
    clause: Clause
    values: tuple[Mark, ...]
    lines: frozenset[str] | None  # the keys of the lines it names; None if it names nothing
    is_lost: bool  # it names something that could not be told

    @property
    def is_aside(self) -> bool:
        """Whether its values are explained by what the clause is about."""
        clause = self.clause
        return clause.is_apart or clause.is_reason or Cue.HISTORY in clause.cues


@dataclass
class Record:
    """All clauses of the mail in their order."""

    told: list[Told] = field(default_factory=list)

    def has_orphan(self, before: int) -> bool:
        """Whether an amount was told before that place of goods that nobody could name: `the 214s`."""
        named = False
        for told in self.told:
            if told.start >= before:
                return False
            if told.lines is not None:
                named = not told.is_lost
            if not named and not told.is_aside and any(mark.sort in (Sort.QUANTITY, Sort.REST) for mark in told.values):
                return True
        return False

    def note(self, sentence: Sentence, number: int, clauses: list[Clause], marks: list[list[Mark]], focus: Focus) -> None:
        for clause, mine in zip(clauses, marks, strict=True):
            named = [mark for mark in mine if mark.sort in (Sort.LINE, Sort.ORDER, Sort.ALL, Sort.OTHERS, Sort.FOREIGN)]
            named = [mark for mark in named if "old" not in mark.roles]
            lines: list[OpenLine] = []
            lost = False
            for mark in named:
                if mark.sort is Sort.LINE:
                    found = focus.lines_of(mark, focus.order)
                    lost |= not found
                    lines += found
                elif mark.sort is Sort.ORDER:
                    lines += focus.context.order(mark.order).lines
                elif mark.sort is Sort.ALL and focus.order:
                    lines += focus.context.order(focus.order).lines
            values = tuple(mark for mark in mine if mark.sort in VALUES and not mark.roles & OUT_OF_PLAY)
            self.told.append(
                Told(
                    sentence.start + clause.start,
                    sentence.start + clause.end,
                    number,
                    sentence.paragraph,
                    clause,
                    values,
                    frozenset(key(line) for line in lines) if named else None,
                    lost and not lines,
                )
            )


def key(line: OpenLine) -> str:
    return f"{line.order}/{line.line}"


def hold_back(heard: list[Heard], record: Record, today: date) -> None:
    """Take away the drafts beside which a value is left that nothing explains."""
    by_line: dict[str, list[Draft]] = {}
    for one in heard:
        for draft in one.drafts:
            by_line.setdefault(key(draft.line), []).append(draft)
    held = []
    for one in heard:
        for draft in one.drafts:
            account = _Account(draft.line, by_line[key(draft.line)], today)
            if draft.kind is not Kind.QUESTION and any(
                not account.explains(mark, told) for told in _near(one, draft, record) for mark in told.values
            ):
                held.append(draft)
            elif (one.targets.is_others or one.targets.is_whole) and draft.kind is Kind.ACCEPT and record.has_orphan(one.statement.start):
                held.append(draft)
    for one in heard:
        one.drafts = [draft for draft in one.drafts if not any(draft is other for other in held)]


def _near(one: Heard, draft: Draft, record: Record) -> Iterator[Told]:
    """The clauses that speak of the draft's line: those it was made of, and what follows until other goods are named."""
    start, end = one.statement.start, one.statement.end
    inside = [at for at, told in enumerate(record.told) if start <= told.start < end]
    if not inside:
        return
    mine = key(draft.line)
    belongs = True
    last = record.told[inside[-1]].sentence
    for at, told in enumerate(record.told[inside[0] :], inside[0]):
        if told.sentence - last > SENTENCES_ON or abs(told.paragraph - one.statement.paragraph) > 1:
            return
        if told.lines is not None:
            belongs = mine in told.lines
            if not belongs and at > inside[-1]:
                return
        if belongs and not told.is_aside:
            yield told


@dataclass(frozen=True)
class _Account:
    """What is known of one line: what was ordered, and what all drafts of it say."""

    line: OpenLine
    drafts: list[Draft]
    today: date

    def explains(self, mark: Mark, told: Told) -> bool:
        if mark.sort is Sort.DAY:
            return told.clause.is_denied or self._knows_day(mark)
        if mark.sort in AMOUNTS:
            return self._knows_amount(mark)
        if mark.sort is Sort.PRICE:
            return self._knows_price(mark)
        if mark.sort is Sort.PERCENT:
            return any(draft.percent is not None for draft in self.drafts)
        return any(piece.substitute_part == mark.part for draft in self.drafts for piece in draft.pieces)

    def _knows_day(self, mark: Mark) -> bool:
        pieces = [piece for draft in self.drafts for piece in draft.pieces if piece.day or piece.precision]
        day = mark.day
        if not isinstance(day, Day) or day.is_now:
            return bool(pieces)
        if day.day == self.line.requested_date or day.day < self.today:
            return True
        if self.line.requested_date and day.holds(self.line.requested_date):
            return True
        spans = [draft.span for draft in self.drafts if draft.span]
        return any(low <= day.day <= high for low, high in spans) or any(
            piece.day
            and (
                day.holds(piece.day)
                or day.past == piece.day
                or (piece.precision is Precision.WEEK and piece.day <= day.day < piece.day + timedelta(days=7))
            )
            for piece in pieces
        )

    def _knows_amount(self, mark: Mark) -> bool:
        whole = self.line.quantity
        pieces = [piece for draft in self.drafts for piece in draft.pieces if piece.quantity is not None]
        amounts = [piece.quantity for piece in pieces if piece.quantity is not None]
        total = sum(amounts, Decimal(0))
        if mark.amount is None or (not mark.amount.readings and mark.amount.share is None):
            return total == whole or any(draft.kind is Kind.CANCEL for draft in self.drafts)
        if mark.amount.share is not None:
            return whole * mark.amount.share in amounts
        unit = canonical_unit(mark.amount.unit) if mark.amount.unit else ""
        if unit in PACKING and unit != canonical_unit(self.line.unit):
            return True
        known = {whole, total, *amounts, *(whole - amount for amount in amounts), whole - total}
        return bool(known & set(mark.amount.readings))

    def _knows_price(self, mark: Mark) -> bool:
        if mark.money is None:
            return True
        known = [
            piece.price / (piece.per or Decimal(1))
            for draft in self.drafts
            for piece in draft.pieces
            if piece.price is not None
        ]
        if self.line.price is not None:
            known.append(self.line.price / self.line.per)
        bases = {mark.money.per or self.line.per, self.line.per}
        return any(mark.money.amount / base in known for base in bases)
