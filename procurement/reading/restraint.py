"""What is drafted of what was heard, and what had better not be: the last look before statements are weighed."""

import re
from decimal import Decimal

from procurement.reading.answer import Kind
from procurement.reading.context import OpenLine
from procurement.reading.dates import Day
from procurement.reading.grammar import Draft, drafts_for
from procurement.reading.heard import Heard, Setting
from procurement.reading.marks import PLACEHOLDERS, Sort
from procurement.reading.statements import Statement, Targets
from procurement.reading.understanding import is_known, strangers
from procurement.reading.words import Cue

BESIDE_NAME = re.compile(
    rf"(?<!\w)(?:the|your|our|these|die|der|den|das|ihre[nr]?|unsere[nr]?) ([^\W\d_]{{3,}}) (?=[{PLACEHOLDERS[Sort.LINE]}])"
)
MOST_STRANGE_ASIDE = 3  # words in clauses beside what is promised: why, and who is to blame


def draft_all(heard: list[Heard], setting: Setting) -> list[Heard]:
    """Give everything heard its drafts."""
    _settle_others(heard, setting)
    for one in heard:
        if not one.drafts:
            one.drafts = _drafts(one.statement, one.targets, setting)
            one.is_mute = not one.drafts and one.statement.has_content
    _withhold_neighbours(heard)
    if setting.is_not_for_us:
        return []
    for at, one in enumerate(heard):
        one.drafts = [draft for draft in one.drafts if not _takes_nothing(at, one, draft, setting)]
    return heard


def _settle_others(heard: list[Heard], setting: Setting) -> None:
    """`Everything else` is every line of the orders spoken of that nothing else was said about."""
    named = {
        line
        for one in heard
        if not one.targets.is_others and not one.targets.is_whole
        for line in one.targets.lines
    }
    named |= set(setting.focus.mentioned)
    for one in heard:
        if not one.targets.is_others:
            continue
        orders = set(one.targets.orders) or {line.order for line in named} or {setting.focus.order}
        if len(orders) != 1:
            one.targets = Targets(is_unclear=True)
            continue
        rest = tuple(line for line in setting.context.lines if line.order in orders and line not in named)
        one.targets = Targets(lines=rest, is_explicit=True, is_others=True)


def _drafts(statement: Statement, targets: Targets, setting: Setting) -> list[Draft]:
    if targets.is_unclear or targets.is_foreign:
        return []
    lines = list(targets.lines) + [
        line
        for order in targets.orders
        for line in setting.context.order(order).lines
        if line not in targets.lines
    ]
    if len(lines) > 1 and any(piece.amount and piece.amount.readings for piece in statement.pieces):
        return []
    if (
        not targets.is_explicit
        and len({line.requested_date for line in lines}) > 1
        and any(_asks_as_ordered(statement, line) for line in lines)
    ):
        return []  # "it stays at 1 April": what was asked for one of the lines only
    if len(lines) > 1 and sum(isinstance(piece.day, Day) for piece in statement.pieces) > 1:
        return []
    if len(lines) > 1 and statement.is_question and any(_asks_as_ordered(statement, line) for line in lines):
        return []
    if len(lines) > 1 and any(piece.money or piece.part or piece.percent for piece in statement.pieces):
        return []
    if not _understands(statement, targets, setting):
        return []
    return [draft for line in lines for draft in drafts_for(statement, line, setting.context.today)]


def _understands(statement: Statement, targets: Targets, setting: Setting) -> bool:
    """Whether so little of the statement is strange that it can hardly mean something else."""
    allowed = 1 if targets.is_explicit and not targets.is_whole and not statement.pieces else 0
    if targets.is_explicit and targets.lines and Cue.DEED in statement.cues and not statement.is_denied:
        allowed = 1  # that the named goods go or come is plain
    if Cue.SUBSTITUTE in statement.cues and any(piece.part for piece in statement.pieces):
        allowed += 2  # what the other part is like
    if len(strangers(statement.aside, statement.language, setting.names)) > MOST_STRANGE_ASIDE:
        return False
    strange = strangers(statement.core, statement.language, setting.names)
    if any(not is_known(word, setting.names) for word in BESIDE_NAME.findall(statement.core)):
        return False  # "the sliding clamps", of which none were ordered
    return len(strange) <= allowed


def _withhold_neighbours(heard: list[Heard]) -> None:
    """What stands beside values of the same lines that make no sense may be changed by them: nothing is drafted."""
    for one in heard:
        told = [piece for piece in one.statement.pieces if "input" not in piece.roles]
        if not (one.is_mute and told) or one.targets.is_whole:
            continue
        for other in heard:
            if abs(other.statement.paragraph - one.statement.paragraph) <= 1:
                other.drafts = [
                    draft
                    for draft in other.drafts
                    if draft.kind is Kind.SHIPPED  # what has left has left
                    or draft.line not in one.targets.lines
                    or _accounts_for(draft, one.statement)
                ]


def _takes_nothing(at: int, heard: Heard, draft: Draft, setting: Setting) -> bool:
    """Whether an acceptance is none: the confirmation is still to come, or an earlier day was declined."""
    if any(declined.covers(at, heard, draft) for declined in setting.declined):
        return True
    if setting.is_general and draft.kind in (Kind.PRICE, Kind.ACCEPT):
        return True
    names_lines = heard.targets.is_explicit and not heard.targets.is_whole
    return setting.answer_follows and draft.kind is Kind.ACCEPT and not names_lines


def _accounts_for(draft: Draft, statement: Statement) -> bool:
    """Whether every value of a statement comes up in the draft: as a piece, as their sum, as what is missing."""
    whole = draft.line.quantity
    amounts = [piece.quantity for piece in draft.pieces if piece.quantity is not None]
    known = {whole, sum(amounts, Decimal(0)), *amounts, *(whole - amount for amount in amounts)}
    days = {piece.day for piece in draft.pieces} | {draft.line.requested_date}
    return all(
        (
            piece.amount is None
            or not piece.amount.readings
            or bool(known & set(piece.amount.readings))
            or (piece.amount.is_rest and (not amounts or sum(amounts, Decimal(0)) == whole))
        )
        and (not isinstance(piece.day, Day) or piece.day.day in days)
        for piece in statement.pieces
    )


def _asks_as_ordered(statement: Statement, line: OpenLine) -> bool:
    """Whether a question names the very day the line was ordered for: it asks about something else."""
    return any(
        isinstance(piece.day, Day) and piece.day.day == line.requested_date for piece in statement.pieces
    )
