"""Clauses put together: which amount goes with which day, and what a clause adds to what was said before it."""

import itertools
import re
from dataclasses import replace
from datetime import timedelta

from procurement.reading.clauses import Clause
from procurement.reading.context import OpenLine
from procurement.reading.dates import Day, Later
from procurement.reading.marks import Amount, Mark, Sort
from procurement.reading.statements import PREDICATES, RawPiece, Statement
from procurement.reading.words import Cue

COUNTED_BY = frozenset(
    {Cue.ONLY, Cue.BACKORDER, Cue.AVAILABLE_NOW, Cue.SHIPPED, Cue.CANCEL, Cue.MINIMUM, Cue.PACK, Cue.DELIVER}
)
ASIDES = frozenset({",", ";", "-", "(", ")", "as", "because", "weil"})
# What a pronoun takes back: "…, but that is not right".
DISCARDS = re.compile(r"(?<!\w)(?:ignore|disregard|forget|scrap) (?:that|this|it|what i said)(?!\w)")
DENIES_ALL = re.compile(
    r"(?<!\w)(?:das|dies|was) (?:stimmt|gilt|passt) ++(?:(?:aber|jedoch|allerdings|so|leider) *+)?(?:so )?nicht(?!\w)"
)


def add_clause(
    clause: Clause,
    statement: Statement,
    spoken_of: tuple[OpenLine, ...] = (),
    *,
    is_name: bool = False,
) -> None:
    """Take over what the clause says; `is_name` if it only names what the next one numbers."""
    statement.is_question |= clause.is_question
    statement.bones += f" {clause.skeleton}"
    if not is_name and (clause.cues or clause.marks or clause.separator not in ASIDES):
        statement.core += f" {clause.skeleton}"
    else:
        statement.aside += f" {clause.skeleton}"
    cues = set(clause.cues)
    statement.ends_with_line = bool(clause.marks) and (
        clause.marks[-1].sort is Sort.LINE
        and not clause.skeleton[clause.marks[-1].end - clause.start :].strip()
    )
    statement.has_goods |= any(mark.sort is Sort.GOODS for mark in clause.marks)
    if DISCARDS.search(clause.skeleton) and not clause.values:
        statement.pieces.clear()
        statement.is_discarded = statement.is_unsure = True
    elif statement.is_discarded and clause.values:
        statement.is_discarded = statement.is_unsure = False
    if Cue.HYPOTHETICAL in cues:
        cues.add(Cue.HEDGE)
    if Cue.UNSURE in cues or DENIES_ALL.search(f"{statement.core} {clause.skeleton}"):
        statement.is_unsure = True
    if Cue.DOUBT in cues and not clause.values:
        statement.cues.add(Cue.HEDGE)
    if clause.is_denied:
        _add_denied(clause, statement, cues)
        return
    has_left = Cue.SHIPPED in cues and any(mark.sort is Sort.LINE for mark in clause.marks)
    if Cue.HISTORY in cues and Cue.ACCEPT not in cues and not has_left:
        statement.cues |= cues & {Cue.HEDGE}
        if clause.values and not _is_renewed(clause):
            return
    if any(_is_like_ordered(mark, statement, spoken_of) for mark in clause.values):
        cues.add(Cue.SUBSTITUTE)
        statement.cues.add(Cue.SUBSTITUTE)
    values = [mark for mark in clause.values if _is_meant(mark, clause, statement)]
    if any(mark.sort is Sort.NUMBER and mark not in values for mark in clause.values):
        statement.has_unexplained = True  # a number nobody could place: perhaps all is meant otherwise
    pieces = _pieces(values, statement)
    if pieces is None:
        statement.is_unsure = True
        return
    if Cue.BACKORDER in cues and any(mark.sort is Sort.DAY for mark in values):
        cues.discard(Cue.BACKORDER)
    if Cue.REFUSE in cues and any(mark.sort in (Sort.DAY, Sort.QUANTITY) for mark in clause.marks):
        cues.discard(Cue.REFUSE)
    _attach(pieces, cues, statement, clause)
    statement.cues |= cues


def _attach(pieces: list[RawPiece], cues: set[Cue], statement: Statement, clause: Clause) -> None:
    status = next(
        (cue for cue in (Cue.CANCEL, Cue.BACKORDER, Cue.SHIPPED, Cue.UNDATED, Cue.ACCEPT) if cue in cues),
        None,
    )
    if status is Cue.UNDATED and (not pieces or any(piece.day for piece in pieces)):
        status = None
    waits_for_input = Cue.INPUT in cues or (Cue.INPUT in statement.cues and not statement.pieces)
    is_step = Cue.STEP in cues and Cue.SHIPPED not in cues
    if (waits_for_input or is_step or Cue.READY in cues) and len(pieces) == 1 and pieces[0].day:
        pieces[0].roles |= {"ready", "input"} if waits_for_input or is_step else {"ready"}
    last = statement.pieces[-1] if statement.pieces else None
    if not pieces:
        waits = bool(last and last.day is None and last.amount and not last.status)
        if last and waits and status and status is not Cue.CANCEL:
            last.status = status
        elif last and Cue.UNDATED in cues and last.is_rest and last.day is None and not last.status:
            last.status = Cue.UNDATED
        return
    for piece in pieces:
        piece.status = status if status is not Cue.ACCEPT or (piece.amount and not piece.day) else None
    first = pieces[0]
    is_day = first.day and not first.amount and len(pieces) == 1
    if (
        last
        and last.day
        and "ready" in last.roles
        and "ready" not in first.roles
        and (is_day or (first.day and not last.amount and len(pieces) == 1))
        and Cue.DELIVER in cues | statement.cues
    ):
        last.day, last.roles = (
            _counted_on(last.day, first.day),
            first.roles,
        )  # ready on Saturday, gone on Monday
        last.amount = last.amount or first.amount
        return
    if last and isinstance(last.day, Day) and is_day and isinstance(first.day, Later) and _is_aside(clause):
        return  # "on 8 May, two weeks earlier": the difference, not another day
    if last and isinstance(last.day, Later) and not last.amount and is_day and isinstance(first.day, Day):
        last.day = first.day  # "two days late, so on 24 March"
        return
    if not last and is_day and not status and Cue.SHIPPED in statement.cues:
        return  # "they are on the truck and should be with you on Wednesday"
    if last and last.status is Cue.SHIPPED and first.day and not first.amount and not first.status:
        cues.discard(Cue.HEDGE)
        return  # when it arrives
    if (
        last
        and not first.amount
        and first.day
        and last.day is None
        and last.amount
        and len(pieces) == 1
        and not last.part
    ):
        last.day, last.roles = first.day, last.roles | first.roles
        last.money = last.money or first.money
        last.status = first.status or (None if last.status in (Cue.UNDATED, Cue.BACKORDER) else last.status)
    elif (
        last
        and first.amount
        and not first.day
        and last.day
        and not last.amount
        and not first.is_rest
        and len(pieces) == 1
        and clause.separator in ("", ",", "(", ":", "-")
    ):
        last.amount, last.roles = first.amount, last.roles | first.roles
        last.money = last.money or first.money
    elif last and not first.amount and not first.day and len(pieces) == 1:
        last.money, last.percent = last.money or first.money, last.percent or first.percent
        last.part = last.part or first.part
    elif last and not last.amount and not last.day and (last.money or last.part):
        first.money, first.percent, first.part = (
            first.money or last.money,
            first.percent or last.percent,
            first.part or last.part,
        )
        statement.pieces[-1:] = pieces
    else:
        if (
            last
            and last.day
            and first.day
            and not (last.amount or first.amount)
            and clause.separator in ("and", "und", "&", "or", "oder")
        ):
            statement.is_unsure = True  # "on 18 March and 1 April": of what how much?
        statement.pieces += pieces


def _add_denied(clause: Clause, statement: Statement, cues: set[Cue]) -> None:
    """What is denied gives no value; that something cannot be had at all is said by denying, though."""
    strong = cues & {Cue.BACKORDER, Cue.REFUSE}
    has_day = any(mark.sort is Sort.DAY for mark in clause.marks)
    has_amount = any(mark.sort in (Sort.QUANTITY,) and "ordered" not in mark.roles for mark in clause.marks)
    if (
        Cue.REFUSE in cues
        and not has_day
        and not has_amount
        and not any(mark.sort is Sort.NUMBER for mark in clause.values)
        and not re.search(
            r"in time|on time|rechtzeitig|earlier|before|full|vollst|komplett|ganz|all of|more than|mehr als|p[uü]nktlich",
            clause.skeleton,
        )
    ):
        statement.cues.add(Cue.REFUSE)
        statement.cues |= cues & {Cue.HEDGE}
    elif Cue.BACKORDER in cues and not any(
        mark.sort is Sort.DAY and "latest" not in mark.roles for mark in clause.marks
    ):
        values = [mark for mark in clause.values if mark.sort in (Sort.QUANTITY, Sort.REST, Sort.NUMBER)]
        pieces = _pieces(values, statement) or []
        if pieces:
            for piece in pieces:
                piece.status = Cue.BACKORDER
            statement.pieces += pieces
        elif statement.pieces and statement.pieces[-1].amount and statement.pieces[-1].day is None:
            statement.pieces[-1].status = Cue.BACKORDER
        elif not statement.pieces:
            statement.cues.add(Cue.BACKORDER)
    elif (
        Cue.CANCEL in cues
        and re.search(r"not (?:follow|come)|nicht (?:mehr )?(?:nach)?geliefert|won't", clause.skeleton)
        and any(mark.sort is Sort.REST for mark in clause.marks)
    ):
        statement.cues.add(Cue.CANCEL)
        statement.pieces.append(RawPiece(amount=Amount(is_rest=True), status=Cue.CANCEL))
    elif Cue.SUBSTITUTE in cues and not has_day:
        statement.cues.add(Cue.SUBSTITUTE)
        for mark in clause.values:
            if mark.part:
                statement.pieces.append(RawPiece(part=mark.part))
    elif not strong and not has_day:  # "the other 60 I can't get": a rest of which nothing is known as yet
        rests = [mark.amount for mark in clause.values if mark.amount and mark.amount.is_rest]
        statement.pieces += [RawPiece(amount=amount) for amount in rests[:1]]
    if not strong:
        statement.is_denied = True


def _pieces(values: list[Mark], statement: Statement) -> list[RawPiece] | None:
    """The pieces one clause names: amounts and days in pairs. None if nobody could say what belongs together."""
    amounts = [mark for mark in values if mark.sort in (Sort.QUANTITY, Sort.NUMBER, Sort.REST)]
    days = [mark for mark in values if mark.sort is Sort.DAY]
    if len(days) == 2 and isinstance(days[0].day, Later) and days[0].day.from_requested:
        days = days[1:] if isinstance(days[1].day, Day) else days  # "by a week, to 27 March"
    prices = [mark for mark in values if mark.sort is Sort.PRICE]
    percents = [mark for mark in values if mark.sort is Sort.PERCENT]
    parts = [mark for mark in values if mark.sort is Sort.PART]
    with_unit = [mark for mark in amounts if mark.sort is not Sort.NUMBER]
    if len(amounts) > max(1, len(days)) and with_unit and len(with_unit) < len(amounts):
        amounts = with_unit
    if len(prices) > 1 or len(parts) > 1 or len(percents) > 1:
        return None
    if len(amounts) > 1 and len(days) not in (0, len(amounts)):
        return None
    if len(days) > 1 and len(amounts) != len(days):
        return None
    if len(amounts) > 1 and not days:
        return None
    pieces = []
    for at in range(max(len(amounts), len(days), 1)):
        piece = RawPiece()
        if at < len(amounts):
            mark = amounts[at]
            piece.amount = Amount(is_rest=True) if mark.sort is Sort.REST else mark.amount
            piece.roles |= mark.roles
            piece.has_number_only = mark.sort is Sort.NUMBER
        if at < len(days):
            piece.day = days[at].day
            piece.roles |= days[at].roles
        pieces.append(piece)
    if prices:
        pieces[-1].money = prices[0].money
    if percents:
        pieces[-1].percent = percents[0]
    if parts:
        pieces[-1].part = parts[0].part
    return [piece for piece in pieces if not piece.says_nothing]


def _counted_on(base: Day | Later | None, day: Day | Later | None) -> Day | Later | None:
    """`It comes in on the 7th and goes out the day after`."""
    if isinstance(base, Day) and isinstance(day, Later) and not day.from_requested:
        return replace(base, day=base.day + timedelta(days=day.days), past=None)
    return day


def share_days(statements: list[Statement]) -> None:
    """`500 of line 1 and 300 of line 2 on 12 March`: the day stands last, or first, for both."""
    for first, second in itertools.pairwise(statements):
        if not (first.pieces and second.pieces) or first.is_denied or second.is_denied:
            continue
        lender, taker = (second, first) if second.pieces[-1].day else (first, second)
        day = lender.pieces[-1].day
        if (
            day
            and len(taker.pieces) == 1
            and not taker.pieces[0].day
            and taker.pieces[0].amount
            and not taker.cues & (PREDICATES | {Cue.ONLY, Cue.AVAILABLE_NOW, Cue.READY})
            and taker.targets
            and lender.targets
            and (lender.targets.lines or lender.targets.orders)
        ):
            taker.pieces[0].day = day
            if (
                lender is second and lender.pieces[-1].status is Cue.SHIPPED
            ):  # "the signs and the plates were collected on Friday"
                taker.pieces[0].status = Cue.SHIPPED
                taker.cues.add(Cue.SHIPPED)


def _is_meant(mark: Mark, clause: Clause, statement: Statement) -> bool:
    """Whether a bare number is a quantity, and an unknown part number an offer."""
    if mark.sort is Sort.NUMBER:
        return _counts(clause, statement, mark)
    if mark.sort is Sort.PART:
        return Cue.SUBSTITUTE in clause.cues | statement.cues
    return True


def _is_like_ordered(mark: Mark, statement: Statement, spoken_of: tuple[OpenLine, ...]) -> bool:
    """A part number that begins like the one ordered is offered in its place, even where nobody says so."""
    if mark.sort is not Sort.PART:
        return False
    targets = statement.targets.lines if statement.targets else spoken_of
    known = [code for line in targets for code in (line.item, line.supplier_part) if len(code) >= 4]
    return any(
        mark.part.upper()[:4] == code.upper()[:4] and len(mark.part) >= len(code) - 2 for code in known
    )


def _counts(clause: Clause, statement: Statement, mark: Mark) -> bool:
    """Whether a bare number is a quantity: something beside it is delivered, missing or named."""
    if mark.roles & {"minimum"}:
        return True
    beside = any(other.sort in (Sort.DAY, Sort.REST) for other in clause.marks) or any(
        other.sort is Sort.LINE for other in clause.marks
    )
    return beside or bool(clause.cues & COUNTED_BY) or any(piece.amount for piece in statement.pieces)


def _is_renewed(clause: Clause) -> bool:
    """Whether a clause that looks back also says what is now: an old day beside a new one, or "now"."""
    has_old = any(mark.sort is Sort.DAY and "old" in mark.roles for mark in clause.marks)
    return has_old or bool(
        re.search(r"(?<!\w)(?:now|new|neu(?:er)?|jetzt|nun|instead|stattdessen)(?!\w)", clause.skeleton)
    )


ASIDE = re.compile(
    r"\W*(?:(?:also|so|that|is|only|just|about|some|das|sind|etwa|genau|nur|rund|thus|this|or)\W+)*[^\w\s]+\W*"
)


def _is_aside(clause: Clause) -> bool:
    """Whether the clause is nothing but its value."""
    return ASIDE.fullmatch(clause.skeleton) is not None
