"""From what a mail says of a line to what could be sent: each value with its sentence, and what is unsure left out.

Note [Filled or listed]: what the reader calls firm and what adds up is filled in. What is hoped, asked, said twice
otherwise, or has no day where one is needed, is listed with the writer's words and not filled in. The draft is one
press away from a promise, so it says nothing that the mail does not say. Three things are worked out, and marked so: a
week that was named becomes its Friday, an amount without a day keeps the day asked for, what is missing is refused.

Note [Plain replies]: on a line with a change request that waits for the supplier, a word counts as its answer only if
it names every value that is asked to change: the same values accept it, others counter it. A mere yes or no may mean
the request or what was agreed before it, and is listed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal

from procurement.acknowledgments.messages import TypedPiece
from procurement.acknowledgments.policies import price_for
from procurement.mailroom.messages import DraftLine, Unsure
from procurement.orders.policies import ZERO, plain
from procurement.orders.states import PromiseKind, Reason
from procurement.reading.answer import Certainty, Commitment, Kind, Piece, Precision

ANSWER, CHANGE, REPLY = "answer", "change", "reply"
LONGEST_NOTE = 500
WORKING_WEEK = 4  # days from a week's Monday to its Friday

NEVER_FILLED = {Kind.QUESTION: "asked", Kind.SHIPPED: "shipped"}
# Said of one line in one breath: together they are one promise.
TOGETHER = ({Kind.DATE, Kind.QUANTITY}, {Kind.ACCEPT, Kind.DATE}, {Kind.ACCEPT, Kind.QUANTITY})


@dataclass(frozen=True, slots=True)
class Standing:
    """One delivery that stands now: as asked, or as agreed where the line is."""

    quantity: Decimal
    day: date
    key: str = ""


@dataclass(frozen=True, slots=True)
class Talk:
    """A change request that waits for the supplier's word: its key, its version, and the deliveries it asks for."""

    change: str
    version: int
    wanted: tuple[Standing, ...]
    price: Decimal


@dataclass(frozen=True, slots=True)
class Known:
    """What the rules must know of an open line. `becomes` is what a word on it would be, empty with a reason in `shut`.

    `waits` says that the line waits for the supplier's answer: a word on the whole order is about such lines.
    """

    key: str
    number: int
    deliveries: tuple[Standing, ...]
    price: Decimal
    price_per: Decimal
    becomes: str = ""
    shut: str = ""
    waits: bool = False
    talk: Talk | None = None

    @property
    def quantity(self) -> Decimal:
        """All of the line."""
        return sum((one.quantity for one in self.deliveries), start=ZERO)


@dataclass
class Drafted:
    """What a mail says of one order: lines of an answer, lines of change requests, and what is unsure."""

    lines: dict[str, list[DraftLine]] = field(default_factory=lambda: {ANSWER: [], CHANGE: [], REPLY: []})
    unsure: list[Unsure] = field(default_factory=list)


class _Left(Exception):
    """A statement is listed and not filled in; the argument says why."""


def draft_lines(
    commitments: Sequence[Commitment], lines: Sequence[Known], *, contradicts_itself: bool = False
) -> Drafted:
    """What the statements of one mail about one order come to. See Note [Filled or listed]."""
    drafted = Drafted()
    by_number = {str(line.number): line for line in lines}
    of_line: dict[str, list[Commitment]] = {}
    of_all: list[Commitment] = []
    for one in commitments:
        why = "contradicts" if contradicts_itself else _never(one)
        number = str(one.line).lstrip("0") if one.line is not None else ""
        line = by_number.get(number)
        if not why and number:
            why = "" if line and line.becomes else (line.shut if line else "closed")
        if why:
            drafted.unsure.append(Unsure(line.number if line else 0, one.evidence, why))
        elif number:
            of_line.setdefault(number, []).append(one)
        else:
            of_all.append(one)
    for line in lines:
        said = of_line.get(str(line.number), [])
        if not said and line.becomes:
            said = [one for one in of_all if _is_of_every(one, line)]
        if said:
            _draft(line, said, drafted)
    for one in of_all:
        if not any(_is_of_every(one, line) for line in lines):
            drafted.unsure.append(Unsure(0, one.evidence, "whole"))
    return drafted


def _never(one: Commitment) -> str:
    if one.kind in NEVER_FILLED:
        return NEVER_FILLED[one.kind]
    if one.certainty is not Certainty.FIRM:
        return "tentative"
    return "percent" if one.price_percent is not None else ""


def _is_of_every(one: Commitment, line: Known) -> bool:
    """Whether a word on the whole order is one on this line."""
    if line.becomes == REPLY:
        return False  # see Note [Plain replies]
    if one.kind is Kind.ACCEPT and not one.pieces:
        return line.waits
    if one.kind in (Kind.REFUSE, Kind.CANCEL) and not one.pieces:
        return bool(line.becomes)
    if one.kind is Kind.DATE and len(one.pieces) == 1 and one.pieces[0].quantity is None:
        return bool(line.becomes)
    return False


def _draft(line: Known, said: Sequence[Commitment], drafted: Drafted) -> None:
    try:
        made = _line(line, said)
    except _Left as left:
        words = dict.fromkeys(one.evidence for one in said)
        drafted.unsure += [Unsure(line.number, one, str(left)) for one in words]
        return
    if made is not None:
        drafted.lines[line.becomes].append(made)


def _line(line: Known, said: Sequence[Commitment]) -> DraftLine | None:
    prices = [one for one in said if one.kind is Kind.PRICE]
    bases = [one for one in said if one.kind is not Kind.PRICE]
    kinds = {one.kind for one in bases}
    if len(prices) > 1 or len(bases) > len(kinds) or (len(kinds) > 1 and kinds not in TOGETHER):
        raise _Left("several")
    if line.becomes == REPLY and not kinds <= {Kind.DATE, Kind.QUANTITY, Kind.SPLIT}:
        raise _Left("talked_of")
    work = _Work(line)
    for one in sorted(bases, key=lambda one: one.kind is Kind.DATE):  # the amount first, then its day
        work.take(one)
    for one in prices:
        work.take_price(one)
    return work.done()


class _Work:
    """One line on its way from what stands to what the mail says."""

    def __init__(self, line: Known) -> None:
        self.line = line
        several = len(line.deliveries) > 1 and line.becomes == ANSWER
        self.asked = tuple(
            self._piece(one.quantity, one.day, one.key if several else "") for one in line.deliveries
        )
        self.pieces = self.asked
        self.evidence: dict[str, str] = {}
        self.marks: list[str] = []

    def _piece(self, quantity: Decimal, day: date | None, key: str = "", kind: str = "") -> TypedPiece:
        return TypedPiece(
            kind=kind,
            quantity=plain(quantity),
            delivery_on=day.isoformat() if day else "",
            price=plain(self.line.price),
            schedule_key=key,
        )

    def _refused(self, quantity: Decimal, words: str) -> TypedPiece:
        return TypedPiece(
            kind=PromiseKind.REFUSE,
            quantity=plain(quantity),
            reason=Reason.OTHER,
            note=" ".join(words.split())[:LONGEST_NOTE],
        )

    # --- one statement

    def take(self, one: Commitment) -> None:
        """Let a statement about quantities and days count."""
        takes = {
            Kind.ACCEPT: self._accept,
            Kind.DATE: self._date,
            Kind.QUANTITY: self._quantity,
            Kind.SPLIT: self._split,
            Kind.BACKORDER: self._backorder,
            Kind.SUBSTITUTE: self._substitute,
            Kind.REFUSE: self._refuse,
            Kind.CANCEL: self._refuse,
        }
        takes[one.kind](one)
        for piece in one.pieces:
            if piece.price is not None and one.kind is not Kind.ACCEPT:
                self._set_price(piece, one)

    def take_price(self, one: Commitment) -> None:
        """Let a statement about the price count: for all that is promised of the line."""
        if len(one.pieces) != 1 or one.pieces[0].price is None:
            raise _Left("price")
        self._set_price(one.pieces[0], one)

    def _accept(self, one: Commitment) -> None:
        for piece in one.pieces:
            if piece.quantity is not None and piece.quantity not in (
                self.line.quantity,
                *(each.quantity for each in self.line.deliveries),
            ):
                raise _Left("differs")
            if piece.price is not None and self._price(piece) != self.line.price:
                raise _Left("differs")
            said = None if piece.precision is Precision.MONTH else self._day(piece)
            if said is not None and said not in {each.day for each in self.line.deliveries}:
                raise _Left("differs")
        self.evidence.setdefault("line", one.evidence)

    def _date(self, one: Commitment) -> None:
        if len(one.pieces) != 1:
            raise _Left("several")
        piece = one.pieces[0]
        standing = sum((Decimal(each.quantity) for each in self.pieces if not self._is_off(each)), start=ZERO)
        if piece.quantity is not None and piece.quantity != standing:
            raise _Left("part")
        day = self._day(piece, one)
        if day is None:
            raise _Left("no_day")
        self.pieces = tuple(
            each if self._is_off(each) else replace(each, delivery_on=day.isoformat()) for each in self.pieces
        )
        self.evidence["delivery_on"] = one.evidence

    def _quantity(self, one: Commitment) -> None:
        if len(one.pieces) != 1 or one.pieces[0].quantity is None:
            raise _Left("no_quantity")
        piece = one.pieces[0]
        assert piece.quantity is not None
        rest = self.line.quantity - piece.quantity
        if rest == ZERO and piece.day is None:
            self.evidence.setdefault("line", one.evidence)
            return
        if len(self.line.deliveries) > 1:
            raise _Left("several_deliveries")
        if rest < ZERO and self.line.becomes == ANSWER:
            raise _Left("more")
        day = self._day(piece, one) or self.line.deliveries[0].day
        kept = self._piece(piece.quantity, day)
        self.pieces = (kept,) if rest <= ZERO else (kept, self._refused(rest, one.evidence))
        self.evidence["quantity"] = one.evidence
        if piece.day is not None:
            self.evidence["delivery_on"] = one.evidence
        if rest > ZERO:
            self.marks.append("rest_refused")

    def _split(self, one: Commitment) -> None:
        self._dated(one, backorder=False)

    def _backorder(self, one: Commitment) -> None:
        self._dated(one, backorder=True)

    def _dated(self, one: Commitment, *, backorder: bool) -> None:
        """Several deliveries; the last of a backorder has no day yet."""
        amounts = [piece.quantity for piece in one.pieces]
        known = sum((amount for amount in amounts if amount is not None), start=ZERO)
        if amounts.count(None) == 1:
            amounts = [self.line.quantity - known if amount is None else amount for amount in amounts]
        quantities = [amount for amount in amounts if amount is not None]
        if not quantities or len(quantities) != len(one.pieces) or min(quantities) <= ZERO:
            raise _Left("no_quantity")
        if sum(quantities, start=ZERO) != self.line.quantity:
            raise _Left("sum")
        last = len(one.pieces) - 1
        made = []
        for place, (piece, quantity) in enumerate(zip(one.pieces, quantities, strict=True)):
            day = self._day(piece, one)
            if day is None and backorder and place == last:
                if self.line.becomes == CHANGE:
                    raise _Left("no_day")  # what is agreed has a day; a wish for none cannot be had
                made.append(self._piece(quantity, None, kind=PromiseKind.BACKORDER))
                continue
            if day is None:
                if place or len(self.line.deliveries) > 1:
                    raise _Left("no_day")
                day = self.line.deliveries[0].day
                self.marks.append("day_as_asked")
            made.append(self._piece(quantity, day))
        self.pieces = tuple(made)
        self.evidence["quantity"] = self.evidence["delivery_on"] = one.evidence

    def _substitute(self, one: Commitment) -> None:
        if len(one.pieces) != 1 or not one.pieces[0].substitute_part or len(self.line.deliveries) > 1:
            raise _Left("substitute")
        piece = one.pieces[0]
        if piece.quantity not in (None, self.line.quantity):
            raise _Left("part")
        day = self._day(piece, one) or self.line.deliveries[0].day
        made = self._piece(self.line.quantity, day, kind=PromiseKind.SUBSTITUTE)
        self.pieces = (replace(made, item_number=(piece.substitute_part or "")[:60]),)
        self.evidence["item_number"] = one.evidence

    def _refuse(self, one: Commitment) -> None:
        amounts = [piece.quantity for piece in one.pieces if piece.quantity is not None]
        off = sum(amounts, start=ZERO) if amounts else self.line.quantity
        if off > self.line.quantity or (off < self.line.quantity and len(self.line.deliveries) > 1):
            raise _Left("part")
        kept = self.line.quantity - off
        refused = self._refused(off, one.evidence)
        self.pieces = (self._piece(kept, self.line.deliveries[0].day), refused) if kept else (refused,)
        self.evidence["quantity"] = one.evidence

    # --- single values

    def _day(self, piece: Piece, one: Commitment | None = None) -> date | None:
        """The day of a piece; None where none is said. A week that holds the day asked for is that day."""
        if piece.day is None or piece.precision is Precision.UNKNOWN:
            return None
        if piece.precision is Precision.MONTH or (
            one is not None and one.date_range and piece.precision is not Precision.WEEK
        ):
            raise _Left("month")
        if piece.precision is Precision.WEEK:
            week = {piece.day + timedelta(days=number) for number in range(7)}
            held = [each.day for each in self.line.deliveries if each.day in week]
            if held:
                return held[-1]
            self.marks.append("week")
            return piece.day + timedelta(days=WORKING_WEEK)
        return piece.day

    def _price(self, piece: Piece) -> Decimal | None:
        assert piece.price is not None
        per = piece.per or self.line.price_per
        return price_for(piece.price, per, self.line.price_per)

    def _set_price(self, piece: Piece, one: Commitment) -> None:
        price = self._price(piece)
        if price is None or price <= ZERO:
            raise _Left("price")
        self.pieces = tuple(
            each if each.kind == PromiseKind.REFUSE else replace(each, price=plain(price))
            for each in self.pieces
        )
        self.evidence["price"] = one.evidence

    @staticmethod
    def _is_off(piece: TypedPiece) -> bool:
        return piece.kind in (PromiseKind.REFUSE, PromiseKind.BACKORDER)

    # --- the end

    def done(self) -> DraftLine | None:
        """The line as it would be sent; None where a mail only says what is agreed already."""
        marks = tuple(dict.fromkeys(self.marks))
        if self.line.becomes == ANSWER:
            pieces = () if self.pieces == self.asked else self.pieces
            return DraftLine(self.line.key, self.line.number, pieces, self.evidence, marks)
        if self.pieces == self.asked:
            return None
        kept = tuple(piece for piece in self.pieces if piece.kind != PromiseKind.REFUSE)
        if self.line.talk is not None:
            return self._reply(self.line.talk, kept, marks)
        return DraftLine(self.line.key, self.line.number, kept, self.evidence, marks, cancel=not kept)

    def _reply(self, talk: Talk, kept: Sequence[TypedPiece], marks: tuple[str, ...]) -> DraftLine:
        """The answer to a change request. See Note [Plain replies]."""
        agreed, wanted = self.line.deliveries, talk.wanted
        asked = {
            "quantity": sorted(one.quantity for one in agreed) != sorted(one.quantity for one in wanted),
            "delivery_on": sorted(one.day for one in agreed) != sorted(one.day for one in wanted),
            "price": talk.price != self.line.price,
        }
        if not kept or any(is_asked and name not in self.evidence for name, is_asked in asked.items()):
            raise _Left("talked_of")
        said = sorted((Decimal(one.quantity), one.delivery_on, Decimal(one.price)) for one in kept)
        is_yes = said == sorted((one.quantity, one.day.isoformat(), talk.price) for one in wanted)
        return DraftLine(
            self.line.key,
            self.line.number,
            tuple(kept),
            self.evidence,
            (*marks, "accepts" if is_yes else "counters"),
            change=talk.change,
            change_version=talk.version,
        )


def overlaps(lines: Iterable[Mapping[str, object]], others: Iterable[Mapping[str, object]]) -> bool:
    """Whether all lines of one draft are in another: then the newer one takes its place."""
    return {line["key"] for line in lines} <= {line["key"] for line in others}
