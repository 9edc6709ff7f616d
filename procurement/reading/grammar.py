"""What a statement commits its writer to, line by line: a table of rules, tried from the top.

Each rule looks at what was said of one line and either makes drafts or leaves it to the next. A draft keeps the rule's
name. A rule that finds something it cannot work out for certain makes no draft.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal

from procurement.reading.answer import Certainty, Kind, Piece, Precision
from procurement.reading.context import OpenLine
from procurement.reading.dates import FURTHEST_PLAN, Day, Later
from procurement.reading.marks import PLACEHOLDERS, Amount, Sort
from procurement.reading.statements import RawPiece, Statement
from procurement.reading.units import PACKING, canonical_unit
from procurement.reading.words import Cue

LONGEST_PAST = timedelta(days=120)  # nobody writes about what left longer ago without a year
# "Fine apart from the price": what is excepted is no line, so something of the line is not as ordered.
EXCEPTS_A_VALUE = re.compile(
    r"(?<!\w)(?:except(?:ing)?(?: for)?|apart from|other than|save for|bis auf|abgesehen von|mit ausnahme|au(?:ß|ss)er)(?: (?:the|der|die|das|den|dem|of|von|unsere[mnr]?|our))* (?:price|date|quantity|qty|delivery|finish|colou?r|preis|termin|menge|liefertermin|farbe)"
)
COUNTED_UNITS = frozenset({"EA", "SET", "PR", "ROL", "BX", "CT", "PK", "PF"})
# No more than this is to come; what is only "now" or "to be" may be a part of it.
STRONG_ONLY = re.compile(
    r"(?<!\w)(?:only|just|max(?:\.|imum)?|short|reduced?|no more than|at most|instead of|rather than|limited to|nothing more|cut|nur|lediglich|bloß|maximal|max\.|höchstens|statt|anstatt|anstelle|reduziert?|gekürzt|kürzen|nicht mehr als)(?!\w)"
)
PRICE_DAY = re.compile(r"(?<!\w)(?:prices?|pricing|rates?|costs?|\w*preise?s?|kosten|tarife?)(?!\w)")
FEW_WORDS = 6  # "Line 10: 12 March"
PLAIN_WORD = re.compile(r"[^\W\d_]{2,}")
MOST_TIMES_ORDERED = Decimal("1.6")


class CannotTell(Exception):
    """Something was said of the line, but not so that one could be sure what."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A commitment on one line before it is compared with the others of the mail."""

    line: OpenLine
    kind: Kind
    certainty: Certainty
    pieces: tuple[Piece, ...] = ()
    span: tuple[date, date] | None = None
    percent: Decimal | None = None
    rule: str = ""


@dataclass
class Said:
    """A statement about one line, with its pieces worked out."""

    statement: Statement
    line: OpenLine
    today: date
    pieces: list[tuple[RawPiece, Piece]] = field(default_factory=list)
    is_ambiguous: bool = False
    span: tuple[date, date] | None = None

    @property
    def cues(self) -> set[Cue]:
        return self.statement.cues

    @property
    def certainty(self) -> Certainty:
        """Firm, unless the writer hedges, conditions or asks."""
        hedged = Cue.HEDGE in self.cues or self.statement.is_conditional or self.statement.is_question
        earliest = any(raw.roles & {"earliest", "roughly"} for raw, _piece in self.pieces)
        return Certainty.TENTATIVE if hedged or earliest or self.is_ambiguous else Certainty.FIRM

    def certainty_of(self, kind: Kind, pieces: tuple[Piece, ...]) -> Certainty:
        """That there is no day is certain, however much the writer hopes."""
        if kind is Kind.BACKORDER and not any(piece.day for piece in pieces):
            doubtful = self.statement.is_conditional or self.statement.is_question
            return Certainty.TENTATIVE if doubtful else Certainty.FIRM
        return self.certainty

    def draft(
        self,
        kind: Kind,
        rule: str,
        *pieces: Piece,
        certainty: Certainty | None = None,
        percent: Decimal | None = None,
    ) -> Draft:
        """A draft of this kind; pieces that say nothing are left out."""
        told = tuple(piece for piece in pieces if piece != Piece())
        span = self.span if any(piece.day for piece in told) else None
        return Draft(self.line, kind, certainty or self.certainty_of(kind, told), told, span, percent, rule)


def drafts_for(statement: Statement, line: OpenLine, today: date) -> list[Draft]:
    """What a statement says of one line; nothing where it cannot be told."""
    if statement.is_unsure:
        return []
    said = Said(statement, line, today)
    try:
        _work_out(said)
        for name, rule in RULES:
            drafts = rule(said, name)
            if drafts is not None:
                return drafts
    except CannotTell:
        return []
    return []


def _work_out(said: Said) -> None:
    """Amounts in the line's unit, rests as numbers, days as days."""
    named = Decimal(0)
    last_day: Day | None = None
    is_past = Cue.SHIPPED in said.cues
    for raw in said.statement.pieces:
        quantity, unit = _quantity(raw, said, named)
        if quantity is not None and not raw.roles & {"minimum"}:
            named += quantity
        if is_past and raw.status is None and _can_only_be_past(raw.day, said.today):
            raw.status = Cue.SHIPPED
        if _is_without_base(raw, last_day):
            raise CannotTell
        day = _day(raw, said, last_day, is_past=is_past and raw.status is Cue.SHIPPED)
        if (
            raw.status is Cue.ACCEPT
            and day is None
            and said.line.requested_date
            and len(said.statement.pieces) > 1
        ):
            day = Day(said.line.requested_date, rule="as asked")  # "35 on time, 5 on the 27th"
        last_day = day or last_day
        piece = Piece(
            quantity=quantity, unit=unit if quantity is not None else None, substitute_part=raw.part or None
        )
        if day and day.is_now:
            piece = replace(piece, precision=Precision.UNKNOWN)
        elif day:
            piece = replace(piece, day=day.day, precision=day.precision)
            said.span = day.span if day.precision is Precision.MONTH or day.is_ambiguous else said.span
            said.is_ambiguous |= day.is_ambiguous
        if raw.money:
            per = raw.money.per
            if per is None:
                per = said.line.per
            piece = replace(piece, price=raw.money.amount, per=per)
        said.pieces.append((raw, piece))
    if any(_is_only_today(raw, piece, said) for raw, piece in said.pieces):
        raise CannotTell
    _drop_total(said)
    _drop_same_day(said)
    if Cue.MINIMUM in said.cues and len({piece for _raw, piece in said.pieces}) == 1:
        said.pieces = said.pieces[:1]  # "the minimum is 1,000, shall we round up to 1,000?"
    if any("input" in raw.roles for raw, _piece in said.pieces):
        raise CannotTell  # the day on which material comes is not the day on which goods do
    earliest = [one for one in said.pieces if "earliest" in one[0].roles and one[1].quantity is None]
    if earliest and len(earliest) < len(said.pieces):  # "not before the end of next week, so on the 24th"
        said.pieces = [one for one in said.pieces if one not in earliest]


def _is_without_base(raw: RawPiece, last_day: Day | None) -> bool:
    """`The day after`: after a day that was said, never after the one asked for."""
    return isinstance(raw.day, Later) and raw.day.rule == "the day after" and last_day is None


def _is_only_today(raw: RawPiece, piece: Piece, said: Said) -> bool:
    """`It has come in this morning`: today is a day of delivery only where something goes or comes today."""
    return piece.day == said.today and raw.status is not Cue.SHIPPED and Cue.DEED not in said.cues


def _drop_same_day(said: Said) -> None:
    """`Thursday next week, that is the 12th`: a day told twice is one."""
    for at, (raw, piece) in enumerate(said.pieces[1:], 1):
        before = said.pieces[at - 1][1]
        if piece.day and piece.day == before.day and not (raw.amount or raw.status or raw.part or raw.money):
            said.pieces = [one for index, one in enumerate(said.pieces) if index != at]
            return


def _drop_total(said: Said) -> None:
    """`For the 2,000 we make three shipments: 500 …`: the first number is what the others make together."""
    if len(said.pieces) < 3:
        return
    (_raw, first), *others = said.pieces
    parts = [piece.quantity for _raw, piece in others if piece.quantity is not None]
    is_total = first.day is None and len(parts) == len(others) and sum(parts) == first.quantity
    if is_total:
        said.pieces = others


def _quantity(raw: RawPiece, said: Said, named: Decimal) -> tuple[Decimal | None, str | None]:
    amount, line = raw.amount, said.line
    if amount is None:
        return None, None
    unit = _unit(amount, line)
    if amount.share is not None:
        value = line.quantity * amount.share
        if canonical_unit(line.unit) in COUNTED_UNITS and value != value.to_integral_value():
            raise CannotTell
        return value, line.unit
    if not amount.readings:  # the rest of what was named
        rest = line.quantity - named
        if not named or rest <= 0:
            if raw.status in (Cue.CANCEL, Cue.BACKORDER, Cue.UNDATED) or not named:
                raise CannotTell
            raise CannotTell
        return rest, line.unit
    value = _reading(amount, raw, said)
    if (
        amount.is_rest and named and named + value not in (line.quantity, 2 * line.quantity)
    ):  # the whole named first
        said.statement.cues.add(Cue.HEDGE)  # the sum is not the order: somebody miscounted
    return value, unit


def _unit(amount: Amount, line: OpenLine) -> str:
    if not amount.unit or canonical_unit(amount.unit) == canonical_unit(line.unit):
        return line.unit
    mine, theirs = canonical_unit(amount.unit), canonical_unit(line.unit)
    if (mine == "EA" and theirs in COUNTED_UNITS | PACKING) or (
        mine == "BA" and theirs == "EA"
    ):  # "200 pcs" of something counted in sets or rolls
        return line.unit
    raise CannotTell


def _reading(amount: Amount, raw: RawPiece, said: Said) -> Decimal:
    """The reading that makes sense for the line: whole pieces, and not many times what was ordered."""
    counted = canonical_unit(said.line.unit) in COUNTED_UNITS
    most = said.line.quantity * (MOST_TIMES_ORDERED if raw.has_number_only or len(amount.readings) > 1 else 5)
    whole = [
        value
        for value in amount.readings
        if value > 0 and not (counted and value != value.to_integral_value())
    ]
    fitting = [
        value for value in whole if value <= most or raw.roles & {"minimum"} or Cue.MINIMUM in said.cues
    ]
    if not fitting:
        raise CannotTell
    first = amount.readings[0]
    if fitting[0] != first and said.line.quantity not in fitting and fitting[0] > said.line.quantity:
        raise CannotTell
    return fitting[0]


def _day(raw: RawPiece, said: Said, last: Day | None, *, is_past: bool) -> Day | None:
    value = raw.day
    if value is None:
        return None
    if isinstance(value, Later):
        base = last.day if last and not value.from_requested else said.line.requested_date
        if base is None or (last is None and not value.from_requested and not _moves(said)):
            raise CannotTell
        precision = last.precision if last and not value.from_requested else Precision.DAY
        moved = base + timedelta(days=value.days)
        if precision is Precision.MONTH:
            raise CannotTell
        return Day(moved, precision, rule=value.rule)
    if is_past and value.past and said.today - LONGEST_PAST <= value.past <= said.today:
        return replace(value, day=value.past)
    if value.day < said.today and value.precision is Precision.DAY:
        raise CannotTell  # a plan for yesterday
    if value.precision is Precision.WEEK and value.day + timedelta(days=6) < said.today:
        raise CannotTell
    if value.is_yearless and value.day - said.today > FURTHEST_PLAN:
        raise CannotTell
    return value


def _can_only_be_past(day: Day | Later | None, today: date) -> bool:
    """Whether a day without a year, said of what has left, is too far away to be one to come."""
    return (
        isinstance(day, Day) and day.is_yearless and day.day - today > FURTHEST_PLAN and day.past is not None
    )


def _moves(said: Said) -> bool:
    """Whether "two weeks later" can be meant of the day asked for: the line itself is late."""
    return len(said.statement.pieces) == 1


def _is_requested(piece: Piece, line: OpenLine) -> bool:
    """Whether the piece's day is the day asked for, or its week."""
    if piece.day is None or line.requested_date is None:
        return False
    if piece.precision is Precision.WEEK:
        return piece.day <= line.requested_date <= piece.day + timedelta(days=6)
    return piece.precision is Precision.DAY and piece.day == line.requested_date


def _same_price(piece: Piece, line: OpenLine) -> bool:
    if piece.price is None or line.price is None:
        return piece.price is None
    return piece.price / (piece.per or Decimal(1)) == line.price / line.per


# The rules. Each returns drafts, or None where it has nothing to say.


def _substitute(said: Said, name: str) -> list[Draft] | None:
    """Another part takes the place of the one ordered."""
    parts = [(raw, piece) for raw, piece in said.pieces if piece.substitute_part]
    if not parts or Cue.SUBSTITUTE not in said.cues:
        return None
    _raw, piece = parts[0]
    amounts = [one.quantity for _raw, one in said.pieces if one.quantity]
    days = [one for _raw, one in said.pieces if one.day]
    prices = [one for _raw, one in said.pieces if one.price is not None]
    if piece.quantity is None and len(amounts) == 1:
        piece = replace(piece, quantity=amounts[0], unit=said.line.unit)
    if piece.day is None and len(days) == 1:
        piece = replace(piece, day=days[0].day, precision=days[0].precision)
    if piece.price is None and len(prices) == 1:
        piece = replace(piece, price=prices[0].price, per=prices[0].per)
    tentative = said.statement.is_question or said.certainty is Certainty.TENTATIVE
    return [
        said.draft(
            Kind.SUBSTITUTE, name, piece, certainty=Certainty.TENTATIVE if tentative else Certainty.FIRM
        )
    ]


def _minimum(said: Said, name: str) -> list[Draft] | None:
    """A smallest quantity, and the choice left to us."""
    for raw, piece in said.pieces:
        if (
            "minimum" in raw.roles or (Cue.MINIMUM in said.cues and len(said.pieces) == 1)
        ) and piece.quantity:
            if piece.quantity <= said.line.quantity:
                return []
            return [
                said.draft(
                    Kind.QUANTITY, name, Piece(piece.quantity, piece.unit), certainty=Certainty.TENTATIVE
                )
            ]
    return None


def _question(said: Said, name: str) -> list[Draft] | None:
    """A value asked, not offered."""
    if not said.statement.is_question:
        return None
    asked = [
        replace(piece, price=None, per=None) if _same_price(piece, said.line) else piece
        for _raw, piece in said.pieces
        if piece.day or piece.quantity or piece.price
    ]
    asked = [piece for piece in asked if piece != Piece()]
    if len(asked) > 1 and not all(piece.quantity is not None and piece.precision for piece in asked):
        return []  # "what is here on the 26th, and 20 later?"
    if not asked or said.statement.is_denied or said.cues & {Cue.CANCEL, Cue.REFUSE, Cue.SHIPPED}:
        return []
    if len(asked) == 1 and asked[0] == Piece(said.line.quantity, asked[0].unit):
        return []  # "are 500 right?" asks about nothing new
    if (
        len(asked) == 1
        and asked[0].quantity in (None, said.line.quantity)
        and asked[0].price is None
        and _is_requested(asked[0], said.line)
    ):
        return []
    if all(piece.day is None and piece.price is None for piece in asked) and any(
        raw.is_rest for raw, _piece in said.pieces
    ):
        return []  # "or shall we wait for the other 50?"
    return [said.draft(Kind.QUESTION, name, *asked, certainty=Certainty.TENTATIVE)]


def _shipped_and_more(said: Said, name: str) -> list[Draft] | None:
    """Something has left; what is said of the rest stands for itself."""
    if Cue.SHIPPED not in said.cues:
        return None
    gone = [
        piece
        for raw, piece in said.pieces
        if raw.status is Cue.SHIPPED
        and not (piece.day and piece.day > said.today)
        and (piece.quantity is not None or piece.precision is not None)
    ]
    if not said.pieces and said.cues & {Cue.PRICE_UP}:
        raise CannotTell  # the price has gone up
    if not said.pieces:
        return [said.draft(Kind.SHIPPED, name)] if Cue.HEDGE not in said.cues else []
    if not gone:
        return None
    drafts = [
        said.draft(
            Kind.SHIPPED,
            name,
            *(replace(piece, price=None, per=None) for piece in gone),
            certainty=Certainty.FIRM,
        )
    ]
    for raw, piece in said.pieces:
        if piece in gone and raw.status is Cue.SHIPPED:
            continue
        if raw.status is Cue.CANCEL:
            drafts.append(said.draft(Kind.CANCEL, name, Piece(piece.quantity, piece.unit)))
        elif piece.day:
            drafts.append(said.draft(Kind.DATE, name, piece))
        elif raw.status in (Cue.BACKORDER, Cue.UNDATED) and piece.quantity:
            drafts.append(said.draft(Kind.BACKORDER, name, replace(piece, precision=Precision.UNKNOWN)))
    return drafts


def _cancel(said: Said, name: str) -> list[Draft] | None:
    """A line or what is left of it is taken off the order."""
    if Cue.CANCEL not in said.cues:
        return None
    off = [piece for raw, piece in said.pieces if raw.status is Cue.CANCEL and piece.quantity]
    if not off and any(piece.quantity for _raw, piece in said.pieces):
        return _closed_short(said)
    if said.pieces and not off and any(piece.day for _raw, piece in said.pieces):
        raise CannotTell
    drafts = [said.draft(Kind.CANCEL, name, *(Piece(piece.quantity, piece.unit) for piece in off))]
    for raw, piece in said.pieces:
        if raw.status is not Cue.CANCEL and piece.day:
            drafts.append(said.draft(Kind.DATE, name, piece))
    return drafts


def _closed_short(said: Said) -> list[Draft]:
    """`You get 475 kg and we close the line at that`: a smaller quantity, and the balance is not to come."""
    if len(said.pieces) != 1 or said.pieces[0][1].day or Cue.ONLY not in said.cues:
        raise CannotTell
    piece = said.pieces[0][1]
    if piece.quantity is None or piece.quantity >= said.line.quantity:
        raise CannotTell
    return [said.draft(Kind.QUANTITY, "closed short", Piece(piece.quantity, piece.unit))]


def _refuse(said: Said, name: str) -> list[Draft] | None:
    """The supplier will not supply."""
    if Cue.REFUSE not in said.cues or said.pieces:
        return None
    return [said.draft(Kind.REFUSE, name)]


def _backorder(said: Said, name: str) -> list[Draft] | None:
    """Part or all is not there and has no date: what comes now, then the rest."""
    open_pieces = [
        (raw, piece)
        for raw, piece in said.pieces
        if raw.status in (Cue.BACKORDER, Cue.UNDATED) and piece.day is None
    ]
    if open_pieces:
        if any(piece.quantity is None for _raw, piece in open_pieces):
            raise CannotTell
        told = [
            replace(piece, precision=Precision.UNKNOWN) if (raw, piece) in open_pieces else piece
            for raw, piece in said.pieces
        ]
        if len(told) > 1 and any(piece.quantity is None for piece in told):
            raise CannotTell
        told = [replace(piece, precision=Precision.UNKNOWN) if piece.day is None else piece for piece in told]
        if len(told) == 1 and told[0].quantity is not None and told[0].quantity < said.line.quantity:
            first = Piece(said.line.quantity - told[0].quantity, told[0].unit, precision=Precision.UNKNOWN)
            return (
                [said.draft(Kind.BACKORDER, name, told[0])]
                if Cue.AVAILABLE_NOW not in said.cues
                else [said.draft(Kind.BACKORDER, name, first, told[0])]
            )
        return [said.draft(Kind.BACKORDER, name, *told)]
    if Cue.BACKORDER in said.cues and not said.pieces:
        return [
            said.draft(
                Kind.BACKORDER, name, Piece(said.line.quantity, said.line.unit, precision=Precision.UNKNOWN)
            )
        ]
    return None


def _price(said: Said, name: str) -> list[Draft] | None:
    """Another price than ordered, beside whatever else is said."""
    drafts: list[Draft] = []
    for at, (raw, piece) in enumerate(said.pieces):
        if raw.percent is not None and raw.percent.percent is not None:
            if Cue.PRICE_UP not in said.cues:
                raise CannotTell
            if said.statement.is_denied:
                return []
            drafts.append(said.draft(Kind.PRICE, name, percent=raw.percent.percent))
        if piece.price is not None:
            if said.line.price is not None and _is_far(piece, said.line):
                said.pieces[at] = (raw, replace(piece, price=None, per=None))  # a total, or another basis
            elif not _same_price(piece, said.line):
                drafts.append(said.draft(Kind.PRICE, name, Piece(price=piece.price, per=piece.per)))
                said.pieces[at] = (raw, replace(piece, price=None, per=None))
    said.pieces = [(raw, piece) for raw, piece in said.pieces if piece != Piece()]
    if not drafts:
        return None
    rest = _single(said, "date") or []
    return drafts + [one for one in rest if one.pieces and one.kind is not Kind.ACCEPT]


def _is_far(piece: Piece, line: OpenLine) -> bool:
    """A price that is a total, or for another basis: nobody trebles a price in passing."""
    assert piece.price is not None
    assert line.price is not None
    ratio = (piece.price / (piece.per or Decimal(1))) / (line.price / line.per)
    return not Decimal("0.4") < ratio < Decimal("2.5")


def _split(said: Said, name: str) -> list[Draft] | None:
    """One line in several deliveries."""
    told = [piece for _raw, piece in said.pieces]
    if len(told) < 2:
        return None
    if any(piece.quantity is None for piece in told):
        return _same_days(said, name)
    total = sum((piece.quantity for piece in told if piece.quantity is not None), Decimal(0))
    if total > said.line.quantity * Decimal("1.2"):
        raise CannotTell
    told = [
        replace(piece, precision=Precision.UNKNOWN)
        if piece.day is None and Cue.AVAILABLE_NOW in said.cues
        else piece
        for piece in told
    ]
    if any(piece.day is None and piece.precision is None for piece in told):
        raise CannotTell
    if not any(piece.day for piece in told):
        raise CannotTell  # part now and part when? the second may be missing for good
    return [said.draft(Kind.SPLIT, name, *told)]


def _same_days(said: Said, name: str) -> list[Draft] | None:
    """Two days for the whole line are one if they are the same."""
    days = [piece for _raw, piece in said.pieces if piece.day]
    if any(piece.quantity for _raw, piece in said.pieces) or len(days) != len(said.pieces):
        raise CannotTell
    if len({piece.day for piece in days}) == 1:
        return [said.draft(Kind.DATE, name, days[0])]
    raise CannotTell


def _single(said: Said, name: str) -> list[Draft] | None:
    """One piece: a day, a quantity, or both."""
    if len(said.pieces) != 1:
        return None
    _raw, piece = said.pieces[0]
    line = said.line
    if piece.substitute_part:
        return []
    accepted = Cue.ACCEPT in said.cues
    is_whole = piece.quantity in (None, line.quantity)
    if piece.day and not _is_a_delivery_day(said):
        raise CannotTell
    if piece.day and "earliest" in _raw.roles and _is_requested(piece, line):
        return []  # "before the 26th there is no chance": the day asked for stands
    if piece.day:
        if is_whole and _is_requested(piece, line):
            return [
                said.draft(Kind.ACCEPT if said.certainty is Certainty.FIRM else Kind.DATE, "as asked", piece)
            ]
        if is_whole:
            return [said.draft(Kind.DATE, "date", piece)]
        if STRONG_ONLY.search(said.statement.core) or (piece.quantity and piece.quantity > line.quantity):
            return [said.draft(Kind.QUANTITY, "quantity with a day", piece)]
        return [said.draft(Kind.DATE, "date of a part", piece)]
    if piece.precision is Precision.UNKNOWN and is_whole:
        return [said.draft(Kind.DATE, "now", piece)] if Cue.DELIVER in said.cues else None
    if piece.quantity is not None:
        if is_whole:
            return (
                [said.draft(Kind.ACCEPT, "quantity as asked", piece)]
                if accepted or piece.price is not None or _is_all_delivered(said)
                else []
            )
        if piece.precision is Precision.UNKNOWN:
            kind = Kind.QUANTITY if Cue.ONLY in said.cues else Kind.DATE
            return [said.draft(kind, "part now", piece)]
        more = Cue.DELIVER in said.cues and piece.quantity > line.quantity
        if said.cues & {Cue.ONLY, Cue.PACK} or accepted or more or _is_all_said(said):
            return [said.draft(Kind.QUANTITY, "quantity", Piece(piece.quantity, piece.unit))]
        return []
    if piece.price is not None and accepted:
        return [said.draft(Kind.ACCEPT, "price as asked", piece)]
    return None


def _is_a_delivery_day(said: Said) -> bool:
    """Whether words of going, coming or moving stand beside the day, or hardly any words at all."""
    if (
        said.cues & {Cue.PRICE, Cue.PRICE_UP}
        and PRICE_DAY.search(said.statement.core)
        and Cue.DEED not in said.cues
    ):
        return False
    spoken = {
        Cue.DEED,
        Cue.MOVED,
        Cue.SHIPPED,
        Cue.ACCEPT,
        Cue.READY,
        Cue.BACKORDER,
        Cue.SUBSTITUTE,
        Cue.ONLY,
    }
    return bool(said.cues & spoken) or len(PLAIN_WORD.findall(said.statement.core)) <= FEW_WORDS


def _is_all_delivered(said: Said) -> bool:
    """`You get all 120`: the quantity ordered, and a deed of delivery."""
    return (
        Cue.DEED in said.cues
        and PLACEHOLDERS[Sort.ALL] in said.statement.core
        and not said.statement.is_denied
    )


def _is_all_said(said: Said) -> bool:
    """`Line 30: 700 rolls`, and no more: the quantity itself is the news."""
    statement = said.statement
    named = statement.targets is not None and statement.targets.is_explicit
    return named and statement.words <= 6 and not said.cues & {Cue.AVAILABLE_NOW, Cue.HISTORY, Cue.DELIVER}


def _accept(said: Said, name: str) -> list[Draft] | None:
    """Taken as ordered."""
    if Cue.ACCEPT not in said.cues or said.pieces or said.statement.is_denied:
        return None
    if said.certainty is not Certainty.FIRM or EXCEPTS_A_VALUE.search(said.statement.bones):
        return []
    return [said.draft(Kind.ACCEPT, name)]


def _ready_now(said: Said, name: str) -> list[Draft] | None:
    """It lies there and can go."""
    if Cue.READY_NOW not in said.cues or said.pieces or said.statement.is_denied:
        return None
    named = said.statement.targets is not None and said.statement.targets.is_explicit
    return [said.draft(Kind.DATE, name, Piece(precision=Precision.UNKNOWN))] if named else []


Rule = Callable[[Said, str], list[Draft] | None]

RULES: tuple[tuple[str, Rule], ...] = (
    ("substitute", _substitute),
    ("minimum quantity", _minimum),
    ("question", _question),
    ("shipped", _shipped_and_more),
    ("cancelled", _cancel),
    ("refused", _refuse),
    ("back order", _backorder),
    ("price", _price),
    ("split", _split),
    ("single piece", _single),
    ("as ordered", _accept),
    ("ready now", _ready_now),
)
