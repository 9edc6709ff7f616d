"""Who is meant by a statement that names nobody: what was spoken of before, the order of the subject, the only open one."""

from procurement.reading.clauses import unknown_words
from procurement.reading.context import OpenLine
from procurement.reading.heard import Setting
from procurement.reading.statements import Statement, Targets
from procurement.reading.understanding import strangers
from procurement.reading.units import canonical_unit
from procurement.reading.words import Cue

SHORT_ANSWER = 8  # words; a longer sentence does not confirm an order in passing


def implied(
    statement: Statement, before: tuple[OpenLine, ...], setting: Setting, *, foreign: bool
) -> Targets | None:
    """The lines meant by a statement that names none; None if that cannot be told."""
    if foreign or setting.focus.is_foreign or setting.focus.is_lost or not statement.has_content:
        return None
    delivers = (
        statement.has_goods
        or bool(statement.cues & {Cue.DELIVER, Cue.SHIPPED, Cue.ACCEPT, Cue.CORRECTION})
        or any(piece.amount for piece in statement.pieces)
        or (statement.is_question and Cue.AWAITS_YES in statement.cues)
    )
    says_only_accept = (
        not statement.pieces
        and statement.cues & {Cue.ACCEPT}
        and not statement.cues & {Cue.SHIPPED, Cue.BACKORDER, Cue.REFUSE, Cue.CANCEL}
    )
    fragment = statement.words <= 5
    if (
        statement.pieces
        and not delivers
        and not fragment
        and not statement.cues & {Cue.MINIMUM, Cue.BACKORDER, Cue.CANCEL, Cue.SUBSTITUTE}
        and not any(piece.money or piece.percent for piece in statement.pieces)
    ):
        return None
    if not says_only_accept and not _speaks_of_goods(statement, setting):
        return None
    lines = before or setting.subject_lines
    if lines and not says_only_accept:
        return Targets(lines=lines)
    order = setting.focus.order
    if says_only_accept:
        return _implied_acceptance(statement, lines, order, setting)
    if not order:
        return _by_quantity(statement, setting.context.lines)
    ours = [line for line in setting.context.lines if line.order == order]
    if len(ours) == 1:
        return Targets(lines=tuple(ours))
    if any(piece.amount for piece in statement.pieces):
        return _by_quantity(statement, tuple(ours))
    if (
        statement.pieces
        and any(piece.day for piece in statement.pieces)
        and (not setting.focus.mentioned or statement.has_goods)
        and (delivers or setting.word_count <= 6)
    ):
        return None if unknown_words(statement.bones, setting.language) else Targets(orders=(order,))
    if (
        not statement.pieces
        and statement.cues & {Cue.SHIPPED, Cue.REFUSE, Cue.CANCEL}
        and statement.has_goods
    ):
        return Targets(orders=(order,))
    return None


def _speaks_of_goods(statement: Statement, setting: Setting) -> bool:
    """Whether the words are those of deliveries: a statement with other words may have another subject.

    How many strange words are let pass depends on how plainly the mail is about an order.
    """
    counted = any(
        piece.part or piece.money or (piece.amount and piece.amount.unit) for piece in statement.pieces
    )
    offers_part = Cue.SUBSTITUTE in statement.cues and any(piece.part for piece in statement.pieces)
    allowed = 6 if offers_part else 3 if statement.has_goods or counted else 2 if setting.names_order else 0
    if not statement.pieces and statement.cues & {Cue.REFUSE, Cue.CANCEL, Cue.BACKORDER}:
        allowed = min(allowed, 3 if statement.has_goods else 1)
    return len(unknown_words(statement.bones, setting.language)) <= allowed


def _implied_acceptance(
    statement: Statement, lines: tuple[OpenLine, ...], order: str, setting: Setting
) -> Targets | None:
    """`Confirmed, thanks` is about the whole order, if it is short or names the order."""
    if (
        lines
        and (statement.words <= SHORT_ANSWER or statement.has_goods)
        and not (statement.has_goods and not setting.focus.lines)
    ):
        return Targets(lines=lines)
    if not order or setting.focus.mentioned or statement.has_unexplained:
        return None
    if (
        statement.has_goods
    ):  # "we confirm your order …" may go on; a word of praise alone may be about anything
        strange = strangers(statement.bones, statement.language, setting.names)
    else:
        strange = unknown_words(statement.bones, setting.language)
        if strangers(statement.bones, statement.language, setting.names):
            return None  # "fine weather here"
    if len(strange) > (1 if setting.names_order or statement.has_goods else 0):
        return None
    if statement.has_goods or (statement.words <= SHORT_ANSWER and setting.word_count <= 60):
        return Targets(orders=(order,))
    return None


def _by_quantity(statement: Statement, lines: tuple[OpenLine, ...]) -> Targets | None:
    """The only line that was ordered in just this quantity, or in this unit."""
    readings = {value for piece in statement.pieces if piece.amount for value in piece.amount.readings[:1]}
    fitting = [line for line in lines if line.quantity in readings]
    if len(readings) == 1 and len(fitting) == 1:
        return Targets(lines=tuple(fitting))
    units = {
        canonical_unit(piece.amount.unit) for piece in statement.pieces if piece.amount and piece.amount.unit
    }
    alike = [line for line in lines if canonical_unit(line.unit) in units]
    return Targets(lines=tuple(alike)) if len(units) == 1 and len(alike) == 1 and len(lines) > 1 else None
