"""The statements of a mail against each other: doubles, wholes, and what excludes what."""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from decimal import Decimal

from procurement.reading.answer import Certainty, Commitment, Kind, Piece, Precision
from procurement.reading.context import MailContext
from procurement.reading.grammar import Draft
from procurement.reading.heard import Heard
from procurement.reading.words import Cue

# What cannot both be true of one line.
EXCLUDES = {
    Kind.ACCEPT: {Kind.REFUSE, Kind.CANCEL, Kind.BACKORDER},
    Kind.DATE: {Kind.REFUSE},
    Kind.SPLIT: {Kind.REFUSE},
    Kind.QUANTITY: {Kind.REFUSE},
    Kind.SHIPPED: {Kind.REFUSE},
}


@dataclass
class Weighed:
    """What is left."""

    commitments: list[Commitment] = field(default_factory=list)
    contradicts_itself: bool = False


@dataclass
class _Entry:
    draft: Draft
    heard: Heard
    is_dropped: bool = False

    @property
    def is_whole(self) -> bool:
        return self.heard.targets.is_whole or self.heard.targets.is_others


def weigh(heard: list[Heard], context: MailContext, text: str) -> Weighed:
    """Keep what stands; drop what is said twice; drop both sides of what excludes itself."""
    entries = [_Entry(draft, one) for one in heard for draft in one.drafts]
    by_line: dict[tuple[str, str], list[_Entry]] = defaultdict(list)
    for entry in entries:
        by_line[entry.draft.line.order, str(entry.draft.line.line)].append(entry)
    for one in heard:
        if one.is_mute and one.targets.is_explicit:
            spoken = [line for order in one.targets.orders for line in context.order(order).lines]
            for line in (*one.targets.lines, *spoken):
                for entry in by_line[line.order, str(line.line)]:
                    entry.is_dropped |= entry.is_whole and entry.draft.kind is Kind.ACCEPT
    contradicts = False
    for mine in by_line.values():
        contradicts |= _settle(mine)
    return Weighed(
        _commitments([entry for entry in entries if not entry.is_dropped], context, text), contradicts
    )


def _settle(entries: list[_Entry]) -> bool:
    """Compare what was said of one line; returns whether it contradicts itself."""
    contradicts = False
    for at, later in enumerate(entries):
        for earlier in entries[:at]:
            if earlier.is_dropped or later.is_dropped or earlier.heard is later.heard:
                continue
            contradicts |= _compare(earlier, later)
    return contradicts


def _compare(earlier: _Entry, later: _Entry) -> bool:
    one, other = earlier.draft, later.draft
    if (
        Kind.QUESTION in (one.kind, other.kind)
        and one.kind is not other.kind
        and _amounts(one) == _amounts(other)
    ):
        (
            earlier if one.kind is Kind.QUESTION else later
        ).is_dropped = True  # "the minimum is 50. Shall we raise it to 50?"
        return False
    if one.kind is other.kind and one.pieces == other.pieces:
        firm = [entry for entry in (earlier, later) if entry.draft.certainty is Certainty.FIRM]
        (firm[0] if len(firm) == 1 else later).is_dropped = True  # said twice: as firm as the less firm
        return False
    if {one.kind, other.kind} == {Kind.REFUSE, Kind.CANCEL}:
        (earlier if one.kind is Kind.REFUSE else later).is_dropped = True  # why it is taken off
        return False
    if {one.kind, other.kind} == {Kind.BACKORDER, Kind.DATE} and (whole := _with_part_now(one, other)):
        later.is_dropped = True
        earlier.draft = whole
        earlier.heard.statement.end = max(earlier.heard.statement.end, later.heard.statement.end)
        return False
    if _dates_a_piece(earlier, later):
        return False
    if one.kind is Kind.SUBSTITUTE and _completes(earlier, later):
        return False
    if {one.kind, other.kind} <= {Kind.QUANTITY, Kind.DATE, Kind.ACCEPT} and _dates_a_quantity(
        earlier, later
    ):
        return False
    if earlier.is_whole != later.is_whole:  # the special goes before the general
        general, special = (earlier, later) if earlier.is_whole else (later, earlier)
        if (
            general.draft.kind is Kind.ACCEPT
            or general.draft.kind is special.draft.kind
            or {general.draft.kind, special.draft.kind} <= {Kind.DATE, Kind.SPLIT, Kind.ACCEPT}
        ):
            general.is_dropped = True
        return False
    if Cue.CORRECTION in later.heard.statement.cues:
        earlier.is_dropped = True
        return False
    if Kind.SUBSTITUTE in (one.kind, other.kind) and {one.kind, other.kind} & {Kind.REFUSE, Kind.BACKORDER}:
        (later if one.kind is Kind.SUBSTITUTE else earlier).is_dropped = True  # why another part is offered
        return False
    if Kind.SHIPPED in (one.kind, other.kind) and _is_more_than_ordered(one, other):
        return _exclude(earlier, later)
    if {one.kind, other.kind} == {Kind.ACCEPT, Kind.QUANTITY} and _amounts(one) and _amounts(other):
        return _exclude(earlier, later)  # "you only get 90", and then "all 120"
    if Kind.ACCEPT in (one.kind, other.kind) and {one.kind, other.kind} <= {
        Kind.ACCEPT,
        Kind.DATE,
        Kind.SPLIT,
        Kind.QUANTITY,
        Kind.PRICE,
        Kind.SUBSTITUTE,
        Kind.SHIPPED,
        Kind.QUESTION,
    }:
        accepted = earlier if one.kind is Kind.ACCEPT else later
        if (
            accepted is earlier
            and accepted.draft.pieces
            and _days(one)
            and _days(other)
            and _days(one) != _days(other)
        ):
            return _exclude(earlier, later)
        if (
            earlier if accepted is later else later
        ).draft.kind is not Kind.PRICE or not accepted.draft.pieces:
            accepted.is_dropped = True
        return False
    if other.kind in EXCLUDES.get(one.kind, ()) or one.kind in EXCLUDES.get(other.kind, ()):
        return _exclude(earlier, later)
    if one.kind is other.kind and one.kind is Kind.DATE:
        return _compare_dates(earlier, later)
    if {one.kind, other.kind} <= {Kind.DATE, Kind.SPLIT, Kind.BACKORDER}:
        return _exclude(earlier, later) if not _is_part(one) and not _is_part(other) else False
    if {one.kind, other.kind} == {Kind.QUANTITY, Kind.DATE} and _is_part(one) and _is_part(other):
        pieces = [*one.pieces, *other.pieces]
        if (
            sum(piece.quantity or Decimal(0) for piece in pieces) == one.line.quantity
        ):  # "2000 are here, 500 follow"
            told = tuple(
                piece if piece.day else replace(piece, precision=Precision.UNKNOWN) for piece in pieces
            )
            earlier.draft = replace(one, kind=Kind.SPLIT, pieces=told, rule="what is there, and what follows")
            earlier.heard.statement.end = max(earlier.heard.statement.end, later.heard.statement.end)
            later.is_dropped = True
        return False
    if {one.kind, other.kind} in ({Kind.QUANTITY, Kind.SPLIT}, {Kind.QUANTITY, Kind.BACKORDER}):
        short = (
            earlier if one.kind is Kind.QUANTITY else later
        )  # "only 260 are there", and then what comes when
        short.is_dropped = True
        return False
    if one.kind is other.kind and one.kind in (Kind.QUANTITY, Kind.SPLIT, Kind.PRICE):
        return _exclude(earlier, later)
    return False


def _dates_a_piece(earlier: _Entry, later: _Entry) -> bool:
    """`Only 20 are there, no news of the other 10. The 20 go on the 7th`: the day of a piece that was counted before."""
    one, other = earlier.draft, later.draft
    if other.kind is not Kind.DATE or len(other.pieces) != 1 or one.kind not in (Kind.BACKORDER, Kind.SPLIT):
        return False
    new = other.pieces[0]
    same = [at for at, piece in enumerate(one.pieces) if piece.quantity == new.quantity and piece.day is None]
    if new.quantity is None or len(same) != 1 or len(one.pieces) == 1:
        return False
    _take_in(earlier, later, tuple(new if at == same[0] else piece for at, piece in enumerate(one.pieces)))
    return True


def _dates_a_quantity(earlier: _Entry, later: _Entry) -> bool:
    """`You get 620 kg. Delivery on 30 March`: the day of the quantity named before."""
    one, other = earlier.draft, later.draft
    if (
        one.kind is not Kind.QUANTITY
        or other.kind is Kind.QUANTITY
        or len(one.pieces) != 1
        or len(other.pieces) != 1
    ):
        return False
    counted, dated = one.pieces[0], other.pieces[0]
    if counted.day or not dated.day or dated.quantity not in (None, counted.quantity):
        return False
    if one.certainty is not other.certainty:
        return False
    _take_in(earlier, later, (replace(counted, day=dated.day, precision=dated.precision),))
    return True


def _completes(earlier: _Entry, later: _Entry) -> bool:
    """`Would you take the C4? It is 14.20 each`: the price or the day of the part offered in the sentence before."""
    if (
        later.draft.kind not in (Kind.PRICE, Kind.DATE, Kind.ACCEPT, Kind.QUESTION)
        or len(later.draft.pieces) != 1
        or len(earlier.draft.pieces) != 1
        or later.heard.statement.paragraph - earlier.heard.statement.paragraph > 1
    ):
        return False
    offered, said = earlier.draft.pieces[0], later.draft.pieces[0]
    if (said.price is not None and offered.price is not None) or (said.day and offered.day):
        return False
    whole = replace(
        offered,
        quantity=offered.quantity or said.quantity,
        unit=offered.unit or said.unit,
        price=said.price if offered.price is None else offered.price,
        per=said.per if offered.price is None else offered.per,
        day=offered.day or said.day,
        precision=offered.precision or said.precision,
    )
    if later.draft.certainty is Certainty.TENTATIVE:
        earlier.draft = replace(earlier.draft, certainty=Certainty.TENTATIVE)
    _take_in(earlier, later, (whole,))
    return True


def _take_in(earlier: _Entry, later: _Entry, pieces: tuple[Piece, ...]) -> None:
    """The earlier draft takes over what the later one said."""
    earlier.draft = replace(earlier.draft, pieces=pieces)
    earlier.heard.statement.end = max(earlier.heard.statement.end, later.heard.statement.end)
    later.is_dropped = True


def _is_more_than_ordered(one: Draft, other: Draft) -> bool:
    """`All 96 are on the truck`, and then `your 96 come on 20 April`: what has left cannot come again."""
    if (
        not {one.kind, other.kind} <= {Kind.SHIPPED, Kind.DATE, Kind.SPLIT}
        or not one.pieces
        or not other.pieces
    ):
        return False
    told = [piece.quantity for piece in (*one.pieces, *other.pieces)]
    total = sum(amount if amount is not None else one.line.quantity for amount in told)
    return one.kind is not other.kind and total > one.line.quantity * 2 - 1


def _with_part_now(one: Draft, other: Draft) -> Draft | None:
    """`We have no date. 600 are in stock, you get them now`: what comes, and the rest of which nothing is known."""
    missing, comes = (one, other) if one.kind is Kind.BACKORDER else (other, one)
    if (
        len(comes.pieces) != 1
        or not _is_part(comes)
        or _amounts(missing) not in ([], [missing.line.quantity])
    ):
        return None
    part = comes.pieces[0]
    assert part.quantity is not None
    rest = Piece(missing.line.quantity - part.quantity, missing.line.unit, precision=Precision.UNKNOWN)
    return replace(missing, pieces=(part, rest), rule="a part of what is missing")


def _compare_dates(earlier: _Entry, later: _Entry) -> bool:
    """Two days: of two parts they are two deliveries; of the whole they exclude each other, if both are meant for it."""
    one, other = earlier.draft, later.draft
    if _is_part(one) and _is_part(other):
        total = sum(piece.quantity for piece in (*one.pieces, *other.pieces) if piece.quantity is not None)
        if total <= one.line.quantity and earlier.heard.statement.start < later.heard.statement.start:
            earlier.draft = replace(
                one, kind=Kind.SPLIT, pieces=(*one.pieces, *other.pieces), rule="parts in two sentences"
            )
            earlier.heard.statement.end = max(earlier.heard.statement.end, later.heard.statement.end)
            later.is_dropped = True
        return False
    if one.certainty is not other.certainty:
        tentative = earlier if one.certainty is Certainty.TENTATIVE else later
        tentative.is_dropped = True
        return False
    return _exclude(earlier, later)


def _exclude(earlier: _Entry, later: _Entry) -> bool:
    if Certainty.FIRM not in (earlier.draft.certainty, later.draft.certainty):
        later.is_dropped = True
        return False
    earlier.is_dropped = later.is_dropped = True
    return True


def _amounts(draft: Draft) -> list[object]:
    return [piece.quantity for piece in draft.pieces if piece.quantity]


def _days(draft: Draft) -> list[object]:
    return [piece.day for piece in draft.pieces if piece.day]


def _is_part(draft: Draft) -> bool:
    total = sum(piece.quantity or draft.line.quantity for piece in draft.pieces)
    return total < draft.line.quantity and all(
        piece.quantity is not None and piece.quantity < draft.line.quantity for piece in draft.pieces
    )


def _commitments(entries: list[_Entry], context: MailContext, text: str) -> list[Commitment]:
    """One commitment for each line, or one for an order that was spoken of as a whole."""
    found: list[Commitment] = []
    done: set[int] = set()
    for entry in entries:
        if id(entry) in done:
            continue
        if entry.heard.targets.is_whole:
            order = entry.draft.line.order
            mates = [one for one in entries if one.heard is entry.heard and one.draft.line.order == order]
            lines = {str(one.draft.line.line) for one in mates}
            if len(mates) == len(lines) == len(context.order(order).lines) and (whole := _as_whole(mates)):
                done |= {id(one) for one in mates}
                single = context.order(order).lines[0].line if len(lines) == 1 and whole.pieces else None
                found.append(_commitment(entry, whole, single, text))
                continue
        found.append(_commitment(entry, entry.draft, entry.draft.line.line, text))
    return found


def _as_whole(mates: list[_Entry]) -> Draft | None:
    """The one draft that all lines have in common, or None."""
    first = mates[0].draft
    kinds = {one.draft.kind for one in mates}
    shapes = {tuple(replace(piece, quantity=None, unit=None) for piece in one.draft.pieces) for one in mates}
    if len(shapes) != 1 or not (len(kinds) == 1 or kinds == {Kind.ACCEPT, Kind.DATE}):
        return None
    pieces: tuple[Piece, ...] = (
        first.pieces if len(mates) == 1 else tuple(piece for piece in next(iter(shapes)) if piece != Piece())
    )
    return replace(first, kind=Kind.DATE if len(kinds) > 1 else first.kind, pieces=pieces)


def _commitment(entry: _Entry, draft: Draft, line: str | int | None, text: str) -> Commitment:
    statement = entry.heard.statement
    return Commitment(
        order=draft.line.order,
        line=line,
        kind=draft.kind,
        certainty=draft.certainty,
        evidence=text[statement.start : statement.end].strip(),
        pieces=draft.pieces,
        date_range=draft.span,
        price_percent=draft.percent,
        rule=draft.rule,
    )
