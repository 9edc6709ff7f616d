"""Every value near a draft is taken by it or explained; where one is neither, the draft is held back.

A clerk who notes *60 on the 27th* looks once more at the lines around it: is there a number, a day, a price or a part number of the
same goods that the note leaves out? What belongs to another line, was so before, is the reason why, or is no value of an order at
all is explained. Anything else may change the promise.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from procurement.reading.answer import Kind, Precision
from procurement.reading.context import MailContext, OpenLine
from procurement.reading.dates import Day
from procurement.reading.folding import folded
from procurement.reading.grammar import Draft
from procurement.reading.heard import Heard
from procurement.reading.marks import Mark, Sort
from procurement.reading.record import Record, Told, key
from procurement.reading.units import PACKING, canonical_unit
from procurement.reading.words import Cue

SENTENCES_ON = 3  # so far goes what is said of goods that nobody names again
MOST_ROUNDS = 4
MOST_DRAFTS = 20  # on one line; no honest mail has more
STEPS = frozenset({Cue.STEP, Cue.INPUT, Cue.READY})
STEP_ROLES = frozenset({"ready", "input", "earliest", "latest"})
COUNTED = frozenset(
    {Cue.DELIVER, Cue.DEED, Cue.ONLY, Cue.SHIPPED, Cue.BACKORDER, Cue.AVAILABLE_NOW, Cue.CANCEL, Cue.MINIMUM}
)
UNDATED = frozenset({Kind.PRICE, Kind.CANCEL, Kind.REFUSE})  # what no day belongs to
PLAIN_SIZE = re.compile(r"\d+(?:\.\d+)?")
FAR_OFF = Decimal("0.4")  # of the price ordered: a total, a fee, another basis
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


def hold_back(heard: list[Heard], record: Record, context: MailContext) -> None:
    """Take away the drafts beside which a value is left that nothing explains."""
    record.close(heard)
    for _round in range(MOST_ROUNDS):
        if not _hold_back_once(heard, record, context):
            return


def _hold_back_once(heard: list[Heard], record: Record, context: MailContext) -> bool:
    """One round: what explained a value may be held back itself, so that there is another."""
    by_line: dict[str, list[Draft]] = defaultdict(list)
    for one in heard:
        for draft in one.drafts:
            by_line[key(draft.line)].append(draft)
    held = {
        id(draft)
        for one in heard
        for draft in one.drafts
        if _is_general_by_mistake(one, draft, record)
        or not _Account(draft.line, by_line[key(draft.line)][:MOST_DRAFTS], context).is_square(
            one, draft, record
        )
    }
    for one in heard:
        one.drafts = [draft for draft in one.drafts if id(draft) not in held]
    return bool(held)


def _is_general_by_mistake(one: Heard, draft: Draft, record: Record) -> bool:
    """Whether `everything else`, or a day that names nothing, may leave out goods that were spoken of."""
    targets = one.targets
    if (
        targets.is_whole
        and not targets.is_explicit
        and any(piece.day for piece in draft.pieces)
        and record.follows_unheard(one)
    ):
        return True
    if targets.is_whole and any(
        EXCEPTS.search(told.clause.skeleton) for told in record.told[slice(*record.span_of(one))]
    ):
        return True
    orphan = record.first_orphan
    is_early = orphan is not None and orphan < one.statement.start
    return (targets.is_others or targets.is_whole) and draft.kind is Kind.ACCEPT and is_early


def _near(one: Heard, mine: str, record: Record) -> Iterator[tuple[Told, bool]]:
    """The clauses that speak of a line since it was named and until other goods are; and whether they are the statement's own."""
    first, end = record.span_of(one)
    if first == end:
        return
    yield from ((told, False) for told in _before(first, one, mine, record))
    belongs = True
    last = record.told[end - 1].sentence
    for at in range(first, len(record.told)):
        told = record.told[at]
        if told.sentence - last > SENTENCES_ON or abs(told.paragraph - one.statement.paragraph) > 1:
            return
        belongs = mine in told.lines if told.lines is not None else belongs
        is_of_others = told.lines is None and _is_of_others(at, mine, record)
        if at >= end and (is_of_others or not belongs):
            return
        is_small_talk = (
            told.paragraph != one.statement.paragraph and not told.clause.cues and told.lines is None
        )
        if belongs and not (is_of_others or is_small_talk or told.is_aside):
            yield told, at < end


def _before(first: int, one: Heard, mine: str, record: Record) -> list[Told]:
    """What was said of the line since it was named, before the statement itself; nothing if that cannot be told."""
    if record.told[first].lines is not None:
        return []
    found: list[Told] = []
    for at in range(first - 1, -1, -1):
        told = record.told[at]
        is_far = record.told[first].sentence - told.sentence > SENTENCES_ON
        if is_far or told.paragraph < one.statement.paragraph - 1 or _is_of_others(at, mine, record):
            return []
        if told.lines is not None and mine not in told.lines:
            return []
        if not told.is_aside:
            found.append(told)
        if told.lines is not None:
            return found
    return []


def _is_of_others(at: int, mine: str, record: Record) -> bool:
    """Whether a statement about other lines was made of the clause."""
    order = mine.rpartition("/")[0]
    return any(
        not any(key(line) == mine for line in one.targets.lines) and order not in one.targets.orders
        for one in record.owners[at]
    )


@dataclass(frozen=True)
class _Account:
    """What is known of one line: what was ordered, and what all drafts of it say."""

    line: OpenLine
    drafts: list[Draft]
    context: MailContext

    def is_square(self, one: Heard, draft: Draft, record: Record) -> bool:
        """Whether everything near the draft is taken or explained."""
        return draft.kind is Kind.QUESTION or all(
            self.covers(told, draft, is_own=is_own) for told, is_own in _near(one, key(self.line), record)
        )

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
            asked = self.line.requested_date
            if is_own and any(
                day.day > self.context.today and not day.holds(asked or day.day) for day in told.given_up
            ):
                return False
        return all(self.explains(mark, told, draft, is_own=is_own) for mark in told.values)

    def explains(self, mark: Mark, told: Told, draft: Draft, *, is_own: bool) -> bool:
        """Whether one value is taken by a draft of the line, or no news of it."""
        cues = told.clause.cues
        if draft.kind is Kind.PRICE and mark.sort in AMOUNTS | {Sort.DAY}:
            return True  # when and how much is another matter
        has_left = any(one.kind is Kind.SHIPPED for one in self.drafts)
        if (
            has_left
            and mark.sort is Sort.DAY
            and isinstance(mark.day, Day)
            and mark.day.day > self.context.today
        ):
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
        theirs = {
            "".join(match)
            for line in self.context.order(self.line.order).lines
            for match in SIZE.findall(folded(line.description))
        }
        return bool(named & (theirs - mine)) and not named & mine

    def _knows_day(self, mark: Mark) -> bool:
        pieces = [piece for draft in self.drafts for piece in draft.pieces if piece.day or piece.precision]
        day = mark.day
        if not isinstance(day, Day) or day.is_now:
            return bool(pieces)
        if day.day == self.line.requested_date or day.day < self.context.today:
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
            draft.kind is Kind.ACCEPT
            and max(Decimal(2), self.line.quantity / 10) <= value <= self.line.quantity * 2
        )

    def _may_count(self, mark: Mark, told: Told) -> bool:
        """Whether a bare number is one of pieces: no more than a little above the order, and something comes, goes or is missing."""
        readings = mark.amount.readings[:1] if mark.amount else ()
        beside = {other.sort for other in told.values} & {Sort.DAY, Sort.REST}
        if any(f"{value.normalize():f}" in PLAIN_SIZE.findall(self.line.description) for value in readings):
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
            and not FAR_OFF
            < mark.money.amount / (mark.money.per or self.line.per) / (self.line.price / self.line.per)
            < 1 / FAR_OFF
        ):
            return True  # a total, a fee
        bases = {mark.money.per or self.line.per, self.line.per}
        return any(mark.money.amount / base in known for base in bases)
