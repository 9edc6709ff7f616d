"""What is meant by a statement that names no line: by what was spoken of, by its words, by its amounts."""

from procurement.reading.clauses import unknown_words
from procurement.reading.context import MailContext, OpenLine
from procurement.reading.statements import Statement
from procurement.reading.targets import Spoken, Targets
from procurement.reading.units import canonical_unit
from procurement.reading.words import Cue

SHORT_ANSWER = 8  # words; a longer sentence does not confirm an order in passing


class Implied:
    """Tells the lines that are meant and not named, from what the mail has said so far."""

    def __init__(self, context: MailContext, spoken: Spoken, language: str, word_count: int) -> None:
        self.context, self.spoken = context, spoken
        self.language, self.word_count = language, word_count
        self.subject_lines: tuple[OpenLine, ...] = ()
        self.names_order = False  # in the subject, the history or the text

    def meant_by(self, statement: Statement, before: tuple[OpenLine, ...], foreign: bool) -> Targets | None:
        """The lines meant by a statement that names none; None if that cannot be told."""
        if foreign or self.spoken.is_foreign or not statement.has_content:
            return None
        delivers = (
            statement.has_goods
            or bool(statement.cues & {Cue.DELIVER, Cue.SHIPPED, Cue.ACCEPT, Cue.CORRECTION})
            or any(piece.amount for piece in statement.pieces)
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
            and not statement.cues
            & {Cue.MINIMUM, Cue.BACKORDER, Cue.CANCEL, Cue.SUBSTITUTE, Cue.PRICE, Cue.PRICE_UP}
        ):
            return None
        if not says_only_accept and not self._speaks_of_goods(statement):
            return None
        lines = before or self.subject_lines
        if lines and not says_only_accept:
            return Targets(lines=lines)
        order = self.spoken.order
        if says_only_accept:
            return self._implied_acceptance(statement, lines, order)
        if not order:
            return self._by_quantity(statement, self.context.lines)
        ours = [line for line in self.context.lines if line.order == order]
        if len(ours) == 1:
            return Targets(lines=tuple(ours))
        if any(piece.amount for piece in statement.pieces):
            return self._by_quantity(statement, tuple(ours))
        if (
            statement.pieces
            and any(piece.day for piece in statement.pieces)
            and (not self.spoken.mentioned or statement.has_goods)
            and (delivers or self.word_count <= 6)
        ):
            return None if unknown_words(statement.bones, self.language) else Targets(orders=(order,))
        if (
            not statement.pieces
            and statement.cues & {Cue.SHIPPED, Cue.REFUSE, Cue.CANCEL}
            and statement.has_goods
        ):
            return Targets(orders=(order,))
        return None

    def _speaks_of_goods(self, statement: Statement) -> bool:
        """Whether the words are those of deliveries: a statement with other words may have another subject.

        How many strange words are let pass depends on how plainly the mail is about an order.
        """
        counted = any(
            piece.part or piece.money or (piece.amount and piece.amount.unit) for piece in statement.pieces
        )
        offers_part = Cue.SUBSTITUTE in statement.cues and any(piece.part for piece in statement.pieces)
        allowed = 6 if offers_part else 3 if statement.has_goods or counted else 2 if self.names_order else 0
        if not statement.pieces and statement.cues & {Cue.REFUSE, Cue.CANCEL, Cue.BACKORDER}:
            allowed = min(allowed, 3 if statement.has_goods else 1)
        return len(unknown_words(statement.bones, self.language)) <= allowed

    def _implied_acceptance(
        self, statement: Statement, lines: tuple[OpenLine, ...], order: str
    ) -> Targets | None:
        """`Confirmed, thanks` is about the whole order, if it is short or names the order."""
        if (
            lines
            and (statement.words <= SHORT_ANSWER or statement.has_goods)
            and not (statement.has_goods and not self.spoken.lines)
        ):
            return Targets(lines=lines)
        if not order or self.spoken.mentioned or statement.has_unexplained:
            return None
        if len(unknown_words(statement.bones, self.language)) > (
            1 if self.names_order or statement.has_goods else 0
        ):
            return None
        if statement.has_goods or (statement.words <= SHORT_ANSWER and self.word_count <= 60):
            return Targets(orders=(order,))
        return None

    def _by_quantity(self, statement: Statement, lines: tuple[OpenLine, ...]) -> Targets | None:
        """The only line that was ordered in just this quantity, or in this unit."""
        readings = {
            value for piece in statement.pieces if piece.amount for value in piece.amount.readings[:1]
        }
        fitting = [line for line in lines if line.quantity in readings]
        if len(readings) == 1 and len(fitting) == 1:
            return Targets(lines=tuple(fitting))
        units = {
            canonical_unit(piece.amount.unit)
            for piece in statement.pieces
            if piece.amount and piece.amount.unit
        }
        alike = [line for line in lines if canonical_unit(line.unit) in units]
        return Targets(lines=tuple(alike)) if len(units) == 1 and len(alike) == 1 and len(lines) > 1 else None


DELIVERY = frozenset(
    {
        Cue.DELIVER,
        Cue.SHIPPED,
        Cue.ACCEPT,
        Cue.BACKORDER,
        Cue.REFUSE,
        Cue.CANCEL,
        Cue.SUBSTITUTE,
        Cue.ONLY,
        Cue.UNDATED,
    }
)
BESIDES = frozenset(
    {Cue.PRICE, Cue.PRICE_UP, Cue.MINIMUM, Cue.PACK, Cue.AVAILABLE_NOW, Cue.CORRECTION, Cue.READY_NOW}
)


def is_about_delivery(statement: Statement, language: str) -> bool:
    """Whether a day beside a line is one of delivery: the words say so, or there are hardly any words."""
    if statement.cues & (DELIVERY | BESIDES) or not any(piece.day for piece in statement.pieces):
        return True
    is_whole = statement.targets is not None and statement.targets.is_whole
    return len(unknown_words(statement.bones, language)) <= (0 if is_whole else 2)
