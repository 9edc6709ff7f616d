"""What was heard in a mail before it is weighed, and how the mail as a whole is to be understood."""

from dataclasses import dataclass, field

from procurement.reading.answer import Kind
from procurement.reading.context import MailContext, OpenLine
from procurement.reading.focus import Focus
from procurement.reading.grammar import Draft
from procurement.reading.statements import Statement, Targets
from procurement.reading.words import Cue


@dataclass
class Heard:
    """A statement with the drafts on its lines, to be weighed against the others."""

    statement: Statement
    targets: Targets
    drafts: list[Draft] = field(default_factory=list)
    is_mute: bool = False  # something was said of these lines, but not so that one could be sure what


@dataclass(frozen=True)
class Declined:
    """An earlier day or a lower price was declined: what is then said to stand is what stood before."""

    after: int  # of what was heard
    lines: tuple[OpenLine, ...]  # none if the writer named none

    def covers(self, at: int, heard: Heard, draft: Draft) -> bool:
        """Whether a draft only says once more what the order says."""
        if at < self.after or not (draft.kind is Kind.ACCEPT or draft.rule in ("as asked", "date")):
            return False
        if draft.rule == "date":  # the day that another line of the order was asked for
            return heard.targets.is_whole and not heard.statement.cues & {Cue.HEDGE}
        if heard.targets.is_whole or draft.line in self.lines:
            return True
        return not self.lines and not heard.targets.is_explicit


@dataclass
class Setting:
    """The mail as a whole: what colours every sentence of it."""

    context: MailContext
    focus: Focus
    language: str
    names: frozenset[str]  # of the goods ordered and of the people who write
    word_count: int
    subject_lines: tuple[OpenLine, ...] = ()
    names_order: bool = False  # in the subject, the history or the text
    is_general: bool = False  # about prices of everything, not of an order
    is_not_for_us: bool = False
    answer_follows: bool = False  # a confirmation or its dates are still to come
    declined: list[Declined] = field(default_factory=list)
