"""Sentences put together to statements: where one ends and the next begins, and what each is about."""

import re

from procurement.reading.clauses import TOPICS_APART, Clause
from procurement.reading.context import OpenLine
from procurement.reading.focus import Focus, united
from procurement.reading.marks import PLACEHOLDERS, Mark, Sort
from procurement.reading.pieces import add_clause, share_days
from procurement.reading.sentences import Sentence
from procurement.reading.statements import Statement, Targets
from procurement.reading.words import Cue

GOES_ON = frozenset(
    {
        Cue.ACCEPT,
        Cue.DELIVER,
        Cue.SHIPPED,
        Cue.ONLY,
        Cue.BACKORDER,
        Cue.REFUSE,
        Cue.CANCEL,
        Cue.SUBSTITUTE,
        Cue.PRICE_UP,
    }
)


class Assembler:
    """Puts the clauses of sentences together to statements, keeping in mind what was spoken of before."""

    def __init__(self, focus: Focus) -> None:
        self.focus = focus
        self.last: Statement | None = None

    def assemble(self, sentence: Sentence, clauses: list[Clause]) -> list[Statement]:
        """The statements of one sentence."""
        statements: list[Statement] = []
        current: Statement | None = None
        if not clauses or any(Cue.DISOWNED in clause.cues for clause in clauses):
            return []
        blocked = False
        condition = False
        aside_lines: tuple[OpenLine, ...] = ()
        if any(Cue.SUBSTITUTE in clause.cues for clause in clauses):
            for clause in clauses:  # "we do have the C4, would you take those instead?"
                if any(mark.part for mark in clause.marks):
                    clause.cues.add(Cue.SUBSTITUTE)
        if any(Cue.AWAITS_YES in clause.cues for clause in clauses):
            for clause in clauses:  # "from now on the minimum is 1,000, shall we round up?"
                if Cue.MINIMUM in clause.cues:
                    clause.cues.discard(Cue.LATER_ORDERS)
        for clause, following in zip(clauses, [*clauses[1:], None], strict=True):
            if (
                following
                and following.separator == ":"
                and not following.targets
                and _is_strange_head(clause)
            ):
                current = Statement(
                    sentence.start + clause.start, sentence.start + clause.end, sentence.paragraph
                )
                current.targets = Targets(is_unclear=True, is_explicit=True)  # "FI: 10 April": whatever FI is
                statements.append(current)
                continue
            if current and current.targets and current.targets.lines:
                clause.marks = [mark for mark in clause.marks if not _is_companion(mark, clause)]
            clause.marks = [
                mark
                for mark in clause.marks
                if not _is_together(mark, clause) and not _only_accompanies(mark, clause, current)
            ]
            targets = self.focus.targets_of(clause, current or self.last) or self.focus.rest_of_lines(
                clause, current, self.last
            )
            if targets and targets.is_weak and current and current.targets and current.targets.lines:
                targets = None  # "all" of what the sentence is about
            if clause.is_condition:
                condition = True
                if targets and targets.lines and current is None:
                    self.focus.lines = targets.lines
                continue
            if _only_waits(clause):
                clause.marks = [mark for mark in clause.marks if mark.sort is not Sort.DAY]
            elif clause.is_reason or clause.is_apart:
                blocked = not clause.is_reason
                if targets:
                    self.focus.turn_to(targets)
                    aside_lines = (
                        () if Cue.COMPLAINT in clause.cues else targets.lines
                    )  # two of them are broken
                elif current and Cue.DOUBT in clause.cues and not clause.values:
                    current.cues.add(Cue.HEDGE)
                continue
            if (
                blocked
                and not targets
                and (clause.separator in ("then", "dann") or not clause.cues & GOES_ON)
            ):
                continue  # "please arrange payment, then we ship"
            if (
                blocked
                and not targets
                and clause.separator in ("and", "und", "&", "", "with")
                and not clause.cues & {Cue.ACCEPT, Cue.SHIPPED}
            ):
                continue
            blocked = False
            if current and targets and _names_the_same(clause, current):
                current.targets = None  # "the pallets (PO 388 pos. 1)": the number says which pallets
            current = self._place(sentence, clause, targets, current, statements, is_last=following is None)
            current.aside_lines = current.aside_lines or aside_lines
            add_clause(clause, current, self.focus.lines, is_name=_is_explained(clause, following))
        for statement in statements:
            statement.is_conditional |= condition
            statement.words = len(sentence.text.split())
            if statement.targets:
                self.focus.turn_to(statement.targets)
        share_days(statements)
        self.last = next((one for one in reversed(statements) if one.has_content), self.last)
        return statements

    def _place(
        self,
        sentence: Sentence,
        clause: Clause,
        targets: Targets | None,
        current: Statement | None,
        statements: list[Statement],
        *,
        is_last: bool,
    ) -> Statement:
        """The statement a clause belongs to: the open one, or a new one if it speaks of other lines."""
        start, end = sentence.start + clause.start, sentence.start + clause.end
        is_new = current is None
        if (
            current is not None
            and targets
            and current.targets
            and current.targets.is_whole
            and _lists(clause, targets)
        ):
            current.targets, current.is_listing = (
                targets,
                True,
            )  # "picked up the lot, the acid and the lye, on Tuesday"
        elif current is not None and targets and current.is_listing and _lists(clause, targets):
            current.targets = united(current.targets or targets, targets)
        elif current is not None and targets and is_last and _only_names(clause, current):
            current.targets = united(
                current.targets or targets, targets
            )  # "no change for the strainer and the wheel"
        elif current is not None and targets:
            dated_only = bool(current.pieces) and not any(piece.amount for piece in current.pieces)
            undated = not any(mark.sort is Sort.DAY for mark in clause.values)
            if (
                not current.targets
                and current.has_content
                and not targets.is_others
                and (not clause.values or (dated_only and undated))
            ):
                current.targets = targets  # "we ship 40 on 12 March, for line 3"
            elif (
                current.targets
                and not current.has_content
                and clause.separator in (",", "and", "und", "&", "sowie", "/", "(", ")", ":")
            ):
                current.targets = united(current.targets, targets)
            elif (
                not current.targets and not current.has_content and not (current.is_denied and clause.values)
            ):
                current.targets = targets
            elif current.targets and targets.lines == current.targets.lines and not targets.is_others:
                pass
            else:
                is_new = True
        elif (
            current is not None
            and current.targets
            and current.targets.excepted
            and not clause.targets
            and clause.values
        ):
            current = self._of_excepted(current, sentence, clause)
            statements.append(current)
            return current
        if is_new or current is None:
            lead = current
            current = Statement(start, end, sentence.paragraph, targets, starts_line=sentence.starts_line)
            statements.append(current)
            if lead and not lead.targets and not lead.pieces:
                current.cues |= lead.cues & {Cue.HEDGE}  # "as things stand, line 10 …"
        current.end = max(current.end, end)
        return current

    def _of_excepted(self, current: Statement, sentence: Sentence, clause: Clause) -> Statement:
        """`all lines but line 40, which comes in week 17`: the relative clause is about the exception."""
        assert current.targets
        targets = Targets(lines=current.targets.excepted, is_explicit=True)
        return Statement(
            sentence.start + clause.start, sentence.start + clause.end, sentence.paragraph, targets
        )


def _lists(clause: Clause, targets: Targets) -> bool:
    """Whether a clause is nothing but the name of a line."""
    return bool(targets.lines) and not clause.cues and ONLY_NAMES.fullmatch(clause.skeleton) is not None


def _only_names(clause: Clause, current: Statement) -> bool:
    """Whether a clause at the end of a sentence is nothing but one more line: `… for the strainer and the handwheel`."""
    return (
        clause.separator in (",", "and", "und", "&", "sowie", "or", "oder")
        and current.ends_with_line
        and not clause.cues
        and all(mark.sort is Sort.LINE for mark in clause.marks)
        and current.targets is not None
        and bool(current.targets.lines)
        and not current.pieces
        and ONLY_NAMES.fullmatch(clause.skeleton) is not None
    )


def _is_strange_head(clause: Clause) -> bool:
    """One or two words before a colon that are no line, no value and no cue."""
    words = clause.skeleton.split()
    return (
        not clause.marks
        and not clause.cues
        and 0 < len(words) <= 2
        and clause.separator in (",", ";", "and", "und")
    )


# An ampersand is among what is no word: named once more, it would be tried at each of many.
ONLY_NAMES = re.compile(
    rf"\W*(?:(?:and|und|sowie|or|oder)\W+)?(?:(?:the|die|der|den|dem|das|your|ihre|ihren)\W+)?[{PLACEHOLDERS[Sort.LINE]}]+\W*"
)
COMPANION = re.compile(r"(?:with|mit|along with|together with)(?: (?:the|your|our|den|der|dem|ihren))? $")


def _is_companion(mark: Mark, clause: Clause) -> bool:
    """`… together with the valves on 20 March`: the valves only keep it company."""
    return mark.sort is Sort.LINE and bool(COMPANION.search(clause.skeleton[: mark.start - clause.start]))


def _only_accompanies(mark: Mark, clause: Clause, current: Statement | None) -> bool:
    """`I could drop 400 | with the pallets on the 23rd`: the 400 are no pallets."""
    is_first = bool(clause.marks) and clause.marks[0] is mark
    counted = (
        current is not None
        and (COUNTED.search(current.bones) or THOSE_FIRST.match(current.bones)) is not None
    )
    return mark.sort is Sort.LINE and clause.separator == "with" and is_first and counted


COUNTED = re.compile(f"[{PLACEHOLDERS[Sort.QUANTITY]}{PLACEHOLDERS[Sort.NUMBER]}]")
THOSE_FIRST = re.compile(
    r"\W*(?:and |und |so )?(?:those|these|they|die|diese|sie)(?= (?:ship|go|will|come|leave|are|can|gehen|kommen|werden|können|sind)(?!\w))"
)
TOGETHER = re.compile(
    r"(?:together|along|zusammen|gemeinsam) (?:with|mit)(?: (?:the|your|our|den|der|dem|ihren))? $"
)


def _is_together(mark: Mark, clause: Clause) -> bool:
    """`24 on 17 April together with the pulleys`: the same, where nobody says of what the 24 are."""
    counted = any(one.sort in (Sort.QUANTITY, Sort.NUMBER) and one.end < mark.start for one in clause.marks)
    return (
        mark.sort is Sort.LINE
        and counted
        and bool(TOGETHER.search(clause.skeleton[: mark.start - clause.start]))
    )


def _is_explained(clause: Clause, following: Clause | None) -> bool:
    """`The shaft rings (pos. 30)`: the bracket says what the words before it name."""
    if following is None or following.separator != "(" or clause.marks or clause.cues:
        return False
    return any(mark.sort is Sort.LINE and not mark.is_described for mark in following.targets)


def _names_the_same(clause: Clause, current: Statement) -> bool:
    """Whether a bracket says by order and line number what was named in words just before."""
    sorts = {mark.sort for mark in clause.targets}
    by_number = all(mark.numbers for mark in clause.targets if mark.sort is Sort.LINE)
    return (
        clause.separator == "("
        and sorts == {Sort.ORDER, Sort.LINE}
        and by_number
        and current.targets is not None
        and current.targets.is_described
    )


def _only_waits(clause: Clause) -> bool:
    """`for the other 700 we are waiting on material`: no promise, but their number is needed for what follows."""
    is_rest = any(mark.amount and mark.amount.is_rest for mark in clause.marks)
    return is_rest and clause.cues & TOPICS_APART == {Cue.CONTACT} and not clause.is_reason
