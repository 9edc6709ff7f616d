"""Every value near a draft is taken by it or explained; where one is neither, the draft is held back.

A clerk who notes *60 on the 27th* looks once more at the lines around it: is there a number, a day, a price or a part number of the
same goods that the note leaves out? What belongs to another line, was so before, is the reason why, or is no value of an order at
all is explained. Anything else may change the promise.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from procurement.reading.answer import Kind, Precision
from procurement.reading.clauses import OUT_OF_PLAY, VALUES, Clause
from procurement.reading.context import OpenLine
from procurement.reading.dates import Day
from procurement.reading.focus import Focus
from procurement.reading.folding import folded
from procurement.reading.grammar import Draft
from procurement.reading.heard import Heard
from procurement.reading.marks import Mark, Sort
from procurement.reading.sentences import Sentence
from procurement.reading.units import PACKING, canonical_unit
from procurement.reading.words import Cue

SENTENCES_ON = 3  # so far goes what is said of goods that nobody names again
STEPS = frozenset({Cue.STEP, Cue.INPUT, Cue.READY})
STEP_ROLES = frozenset({"ready", "input", "earliest", "latest"})
COUNTED = frozenset(
    {Cue.DELIVER, Cue.DEED, Cue.ONLY, Cue.SHIPPED, Cue.BACKORDER, Cue.AVAILABLE_NOW, Cue.CANCEL, Cue.MINIMUM}
)
UNDATED = frozenset({Kind.PRICE, Kind.CANCEL, Kind.REFUSE})  # what no day belongs to
SIZES = re.compile(r"\d+(?:\.\d+)?")
FAR = Decimal("0.4")
SIZE = re.compile(r"(?<![\w.,])(\d+(?:[.,]\d+)?) ?(mm|cm|zoll|inch|l|liter|litre|v|kn|bar|kg|m)(?!\w)")
# Something is excepted, and nobody could tell what.
EXCEPTS = re.compile(
    r"(?<!\w)(?:except(?:ing)?(?: for)?|apart from|other than|with the exception of|save for|bis auf|au(?:ß|ss)er|ausgenommen|mit ausnahme)(?!\w)"
)
# A day told by naming another delivery.
BY_REFERENCE = re.compile(
    r"(?<!\w)(?:(?:with|on) (?:that|those|these|them|it|the (?:first|same|next|other|others|rest)\w*)|(?:in|on) the same (?:\w+ )?(?:truck|lorry|van|load|shipment|delivery|pallet)|(?:same|gleiche[rnms]?|selbe[rnms]?) (?:day|date|week|time|tag|termin|woche|lieferung|lkw)|damit|mit (?:der|den|dem) (?:ersten?|n[aä]chsten|anderen?|andern|[uü]brigen|restlichen|gleichen)\w*)(?!\w)"
)
AMOUNTS = frozenset({Sort.QUANTITY, Sort.NUMBER, Sort.REST})


@dataclass(frozen=True)
class Told:
    """A clause as it stood in the mail, before anybody decided whether to listen to it."""

    start: int
    end: int
    sentence: int
    paragraph: int
    clause: Clause
    text: str
    values: tuple[Mark, ...]
    given_up: tuple[Mark, ...]  # days that were, by its words
    lines: frozenset[str] | None  # the keys of the lines it names; None if it names nothing
    is_lost: bool  # it names something that could not be told

    @property
    def is_aside(self) -> bool:
        """Whether its values are explained by what the clause is about."""
        return self.clause.is_apart or self.clause.is_reason

    @property
    def looks_back(self) -> bool:
        return Cue.HISTORY in self.clause.cues


@dataclass
class Record:
    """All clauses of the mail in their order."""

    open_lines: tuple[OpenLine, ...] = ()
    told: list[Told] = field(default_factory=list)

    def has_orphan(self, before: int) -> bool:
        """Whether an amount was told before that place of goods that nobody could name: `the 214s`."""
        named = told_lost = False
        for told in self.told:
            if told.start >= before:
                return False
            if told.lines is not None:
                named, told_lost = not told.is_lost, told.is_lost
            if (
                not named
                and not told.is_aside
                and any(
                    mark.sort in (Sort.QUANTITY, Sort.REST) or (told_lost and mark.sort is Sort.DAY)
                    for mark in told.values
                )
            ):
                return True
        return False

    def has_unheard(self, one: Heard, heard: list[Heard]) -> bool:
        """Whether the sentence before, which may have named the goods, was not understood: `Delay for the tap. New 1 April.`"""
        before = [told for told in self.told if told.start < one.statement.start]
        if not before or before[-1].paragraph != one.statement.paragraph or before[-1].is_aside:
            return False
        last = [told for told in before if told.sentence == before[-1].sentence]
        is_heard = any(
            other.statement.start <= told.start < other.statement.end for told in last for other in heard
        )
        return not is_heard and any(
            told.clause.cues & {Cue.NO, Cue.CONTRAST, Cue.NEGATION, Cue.ONLY} for told in last
        )

    def note(
        self, sentence: Sentence, number: int, clauses: list[Clause], marks: list[list[Mark]], focus: Focus
    ) -> None:
        for clause, mine in zip(clauses, marks, strict=True):
            named = [
                mark
                for mark in mine
                if mark.sort in (Sort.LINE, Sort.ORDER, Sort.ALL, Sort.OTHERS, Sort.FOREIGN)
            ]
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
            turned = [
                mark for mark in mine if mark.sort is Sort.REST and mark not in clause.marks
            ]  # "the rest is fine": other lines
            mine = [mark for mark in mine if mark not in turned]
            named += turned
            values = tuple(mark for mark in mine if mark.sort in VALUES and not mark.roles & OUT_OF_PLAY)
            self.told.append(
                Told(
                    sentence.start + clause.start,
                    sentence.start + clause.end,
                    number,
                    sentence.paragraph,
                    clause,
                    sentence.text[clause.start : clause.end],
                    values,
                    tuple(mark for mark in mine if mark.sort is Sort.DAY and mark.roles & {"old"}),
                    frozenset(key(line) for line in lines) if named else None,
                    lost and not lines,
                )
            )


def key(line: OpenLine) -> str:
    return f"{line.order}/{line.line}"


def hold_back(heard: list[Heard], record: Record, today: date) -> None:
    """Take away the drafts beside which a value is left that nothing explains."""
    while _hold_back_once(heard, record, today):
        pass  # what explained a value may have been held back itself


def _hold_back_once(heard: list[Heard], record: Record, today: date) -> bool:
    by_line: dict[str, list[Draft]] = {}
    for one in heard:
        for draft in one.drafts:
            by_line.setdefault(key(draft.line), []).append(draft)
    held: list[Draft] = []
    for one in heard:
        for draft in one.drafts:
            account = _Account(
                draft.line,
                by_line[key(draft.line)],
                [
                    line
                    for line in record.open_lines
                    if line.order == draft.line.order and line is not draft.line
                ],
                today,
            )
            near = list(_near(one, draft, heard, record))
            if (
                (
                    draft.kind is not Kind.QUESTION
                    and not all(account.covers(told, draft, is_own=is_own) for told, is_own in near)
                )
                or (
                    one.targets.is_whole
                    and not one.targets.is_explicit
                    and any(piece.day for piece in draft.pieces)
                    and record.has_unheard(one, heard)
                )
                or (
                    one.targets.is_whole
                    and any(EXCEPTS.search(told.clause.skeleton) for told, is_own in near if is_own)
                )
                or (
                    (one.targets.is_others or one.targets.is_whole)
                    and draft.kind is Kind.ACCEPT
                    and record.has_orphan(one.statement.start)
                )
            ):
                held.append(draft)
    for one in heard:
        one.drafts = [draft for draft in one.drafts if not any(draft is other for other in held)]
    return bool(held)


def _near(one: Heard, draft: Draft, heard: list[Heard], record: Record) -> Iterator[tuple[Told, bool]]:
    """The clauses that speak of the draft's line: those it was made of, and what follows until other goods are named."""
    start, end = one.statement.start, one.statement.end
    mine = key(draft.line)
    others = [
        other for other in heard if other is not one and not _lines_of(other) & {mine, f"{draft.line.order}/"}
    ]
    inside = [at for at, told in enumerate(record.told) if start <= told.start < end]
    if not inside:
        return
    yield from ((told, False) for told in _before(inside[0], one, mine, others, record))
    belongs = True
    last = record.told[inside[-1]].sentence
    for at, told in enumerate(record.told[inside[0] :], inside[0]):
        if told.sentence - last > SENTENCES_ON or abs(told.paragraph - one.statement.paragraph) > 1:
            return
        if told.lines is not None:
            belongs = mine in told.lines
            if not belongs and at > inside[-1]:
                return
        is_of_others = told.lines is None and any(
            other.statement.start <= told.start < other.statement.end for other in others
        )
        if is_of_others and at > inside[-1]:
            return
        is_at_rest = (
            told.paragraph != one.statement.paragraph and not told.clause.cues and told.lines is None
        )  # "good luck on Saturday"
        if belongs and not (is_of_others or is_at_rest or told.is_aside):
            yield told, start <= told.start < end


def _before(first: int, one: Heard, mine: str, others: list[Heard], record: Record) -> Iterator[Told]:
    """What was said of the line since it was named, before the statement itself."""
    if record.told[first].lines is not None:
        return
    last = record.told[first].sentence
    found: list[Told] = []
    for told in reversed(record.told[:first]):
        if last - told.sentence > SENTENCES_ON or told.paragraph < one.statement.paragraph - 1:
            return
        if told.lines is not None and mine not in told.lines:
            return
        if any(other.statement.start <= told.start < other.statement.end for other in others):
            return
        if not told.is_aside:
            found.append(told)
        if told.lines is not None:
            yield from found
            return


def _lines_of(one: Heard) -> set[str]:
    return {key(line) for line in one.targets.lines} | {f"{order}/" for order in one.targets.orders}


@dataclass(frozen=True)
class _Account:
    """What is known of one line: what was ordered, and what all drafts of it say."""

    line: OpenLine
    drafts: list[Draft]
    others: list[OpenLine]  # of the order
    today: date

    def covers(self, told: Told, draft: Draft, *, is_own: bool) -> bool:
        """Whether nothing in a clause is left over; `is_own` if the draft was made of it."""
        if is_own and self._is_of_another_size(told):
            return False
        if told.looks_back and not is_own:
            return True
        is_dated = any(piece.day for one in self.drafts for piece in one.pieces)
        if not is_dated and draft.kind not in UNDATED:
            if BY_REFERENCE.search(told.clause.skeleton):
                return False  # "they go with the first lot"
            days = [mark.day for mark in told.given_up if isinstance(mark.day, Day)]
            if is_own and any(
                day.day > self.today and not day.holds(self.line.requested_date or day.day) for day in days
            ):
                return False
        return all(self.explains(mark, told, draft, is_own=is_own) for mark in told.values)

    def explains(self, mark: Mark, told: Told, draft: Draft, *, is_own: bool) -> bool:
        cues = told.clause.cues
        if draft.kind is Kind.PRICE and mark.sort in AMOUNTS | {Sort.DAY}:
            return True  # when and how much is another matter
        has_left = any(one.kind is Kind.SHIPPED for one in self.drafts)
        if has_left and mark.sort is Sort.DAY and isinstance(mark.day, Day) and mark.day.day > self.today:
            return True  # when it arrives
        if mark.sort is Sort.DAY and (cues & STEPS or mark.roles & STEP_ROLES):
            return any(piece.day or draft.kind is Kind.SHIPPED for one in self.drafts for piece in one.pieces)
        if (
            mark.sort is Sort.NUMBER
            and not self._may_count(mark, told)
            and not (is_own and self._may_be_told(mark, draft))
        ):
            return True
        if (
            draft.kind is Kind.QUANTITY
            and not is_own
            and mark.sort in AMOUNTS
            and self._follows(mark, told, draft)
        ):
            return False
        if mark.sort is Sort.PART and draft.kind is not Kind.SUBSTITUTE and Cue.SUBSTITUTE not in cues:
            return True
        if mark.sort is Sort.DAY:
            return told.clause.is_denied or self._knows_day(mark)
        if mark.sort in AMOUNTS:
            return self._knows_amount(mark)
        if mark.sort is Sort.PRICE:
            return self._knows_price(mark)
        if mark.sort is Sort.PERCENT:
            return any(draft.percent is not None for draft in self.drafts)
        return any(piece.substitute_part == mark.part for draft in self.drafts for piece in draft.pieces)

    def _is_of_another_size(self, told: Told) -> bool:
        """Whether a size is named that another line of the order has, and not this one: `25 mm is woven`."""
        named = {"".join(match) for match in SIZE.findall(told.text)}
        mine = {"".join(match) for match in SIZE.findall(folded(self.line.description))}
        theirs = {"".join(match) for line in self.others for match in SIZE.findall(folded(line.description))}
        return bool(named & (theirs - mine)) and not named & mine

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
                or (
                    piece.precision is Precision.WEEK and piece.day <= day.day < piece.day + timedelta(days=7)
                )
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

    def _follows(self, mark: Mark, told: Told, draft: Draft) -> bool:
        """Whether what is short is still to come: `120 only. 80 remain for 4 May`."""
        missing = {
            self.line.quantity - piece.quantity for piece in draft.pieces if piece.quantity is not None
        }
        if any(piece.quantity in missing and piece.day for other in self.drafts for piece in other.pieces):
            return False  # they will be put together
        is_missing = mark.amount is None or mark.amount.is_rest or bool(missing & set(mark.amount.readings))
        return is_missing and any(other.sort is Sort.DAY for other in told.values)

    def _may_be_told(self, mark: Mark, draft: Draft) -> bool:
        """Whether a number beside `good` may say of how many it is."""
        value = mark.amount.readings[0] if mark.amount and mark.amount.readings else Decimal(0)
        return (
            draft.kind is Kind.ACCEPT and max(2, self.line.quantity / 10) <= value <= self.line.quantity * 2
        )

    def _may_count(self, mark: Mark, told: Told) -> bool:
        """Whether a bare number is one of pieces: no more than a little above the order, and something comes, goes or is missing."""
        readings = mark.amount.readings[:1] if mark.amount else ()
        beside = {other.sort for other in told.values} & {Sort.DAY, Sort.REST}
        if any(f"{value.normalize():f}" in SIZES.findall(self.line.description) for value in readings):
            return False  # "the 8.5 drills"
        return bool(beside or told.clause.cues & COUNTED) and all(
            value <= self.line.quantity * 2 for value in readings
        )

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
        if (
            self.line.price
            and not FAR
            < mark.money.amount / (mark.money.per or self.line.per) / (self.line.price / self.line.per)
            < 1 / FAR
        ):
            return True  # a total, a fee
        bases = {mark.money.per or self.line.per, self.line.per}
        return any(mark.money.amount / base in known for base in bases)
