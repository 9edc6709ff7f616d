"""The door: one mail and its context in, drafts with their evidence out."""

import re
from dataclasses import dataclass, field, replace

from procurement.reading.answer import Certainty, Flags, Kind, Precision, Reading
from procurement.reading.automatic import is_automatic, is_bounce
from procurement.reading.clauses import Clause, clauses_of, unknown_words
from procurement.reading.columns import ReadRow, TableReader, grouped
from procurement.reading.context import MailContext, OpenLine
from procurement.reading.dates import Day
from procurement.reading.folding import folded
from procurement.reading.grammar import Draft, drafts_for
from procurement.reading.implied import SHORT_ANSWER, Implied, is_about_delivery
from procurement.reading.marks import Sort, Spotter
from procurement.reading.mime import IncomingMail, parse_mail
from procurement.reading.newtext import NewText, Passage, split_new_text
from procurement.reading.sentences import Sentence, is_in_a_known_language, language_of, sentences_of
from procurement.reading.statements import PREDICATES, Assembler, RawPiece, Statement
from procurement.reading.tables import Table, find_tables
from procurement.reading.targets import Targets
from procurement.reading.units import PATTERN
from procurement.reading.weighing import Weighed, weigh
from procurement.reading.words import Cue

OTHER_BUSINESS = re.compile(
    r"(?<!\w)(?:price ?lists?|quot(?:e|ation)s?|angebot\w*|preisliste\w*|preisanpassung\w*|preiserh[öo]hung\w*|invoices?|rechnung\w*|mahnung|reklamation\w*|complaints?|newsletter"
    r"|betriebsferien|betriebsurlaub|holidays?|closures?|opening hours|[öo]ffnungszeiten|statement of account|kontoauszug)(?!\w)"
)
GENERAL_PRICES = re.compile(
    r"price ?list|price (?:increase|change|adjust)|new prices|preisliste|preisanpassung|preiserh[öo]hung|neue preise"
)
LONGEST_HISTORY = 6_000  # characters of history that are looked at for what an answer answers


def read_mail(raw: bytes, context: MailContext) -> Reading:
    """Read one mail. Nothing in it can make this raise or take long; what cannot be told is left out."""
    mail = parse_mail(raw)
    new = split_new_text(mail.text, context.supplier_contact)
    if is_bounce(mail):
        return Reading(new.text, flags=Flags(bounce=True))
    if is_automatic(mail):
        return Reading(new.text, flags=Flags(auto_reply=True))
    if not is_in_a_known_language(new.text, context.language):
        return Reading(new.text)
    weighed = weigh(_Listener(context, mail, new).listen(), context, new.text)
    return Reading(new.text, tuple(weighed.commitments), _flags(weighed, context))


def _flags(weighed: Weighed, context: MailContext) -> Flags:
    nothing = not weighed.commitments and not weighed.contradicts_itself
    return Flags(
        whole_order_confirmed=any(_is_confirmed(order.number, weighed, context) for order in context.orders),
        nothing_actionable=nothing,
        contradicts_itself=weighed.contradicts_itself,
    )


def _is_confirmed(order: str, weighed: Weighed, context: MailContext) -> bool:
    """Whether every line of the order was taken as ordered, and nothing else was said of it."""
    mine = [one for one in weighed.commitments if one.order == order]
    if not mine or any(one.kind is not Kind.ACCEPT for one in mine):
        return False
    accepted = {str(one.line) for one in mine}
    return "None" in accepted or {str(line.line) for line in context.order(order).lines} <= accepted


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


class _Listener:
    """Goes through the new text once, passage by passage, and keeps what was said."""

    def __init__(self, context: MailContext, mail: IncomingMail, new: NewText) -> None:
        self.context, self.mail, self.new = context, mail, new
        self.spotter = Spotter(context)
        self.assembler = Assembler(context)
        self.spoken = self.assembler.spoken
        self.language = language_of(new.text, context.language)
        self.implied = Implied(context, self.spoken, self.language, len(new.text.split()))
        self.heard: list[Heard] = []
        self.last: Statement | None = None
        self.intro: Statement | None = None  # "we have shipped today:" and then a list
        self.spotter.leads = _leads(new.text, self.spotter.line_numbers)
        self.sentences = 0
        self.latest: tuple[int, list[Heard]] = (0, [])  # what the last sentence said that said anything
        self.declined: list[Declined] = []
        self.answer_follows = False  # a confirmation or its dates are still to come
        self.is_not_for_us = False
        self.is_general = False  # about prices of everything, not of an order

    def listen(self) -> list[Heard]:
        """Everything said, in the order in which it was said."""
        self._hear_subject()
        paragraph = 0
        for passage in self.new.passages:
            if passage.answers:
                self._hear_answered(passage.answers)
            self._hear_passage(self._answer_yes(passage), passage.end, paragraph)
            paragraph += 1000
        self._settle_others()
        for one in self.heard:
            if not one.drafts:
                one.drafts = self._drafts(one.statement, one.targets)
                one.is_mute = not one.drafts and one.statement.has_content
        if self.is_not_for_us:
            return []
        for at, one in enumerate(self.heard):
            one.drafts = [draft for draft in one.drafts if not self._takes_nothing(at, one, draft)]
        return self.heard

    def _takes_nothing(self, at: int, heard: Heard, draft: Draft) -> bool:
        """Whether an acceptance is none: the confirmation is still to come, or an earlier day was declined."""
        if any(declined.covers(at, heard, draft) for declined in self.declined):
            return True
        if self.is_general and draft.kind in (Kind.PRICE, Kind.ACCEPT):
            return True
        names_lines = heard.targets.is_explicit and not heard.targets.is_whole
        return self.answer_follows and draft.kind is Kind.ACCEPT and not names_lines

    def _hear_subject(self) -> None:
        """The subject, or else the history, says which order is meant where the text does not."""
        for text in (self.mail.subject, self.new.history[:LONGEST_HISTORY]):
            sentence = folded(" ".join(text.split()))[:LONGEST_HISTORY]
            marks = self.spotter.spot(sentence, sentence)
            orders = list(dict.fromkeys(mark.order for mark in marks if mark.sort is Sort.ORDER))
            self.implied.names_order |= bool(orders)
            apart = OTHER_BUSINESS.search(sentence) or any(mark.sort is Sort.FOREIGN for mark in marks)
            if text is self.mail.subject and apart and not orders:
                self.spoken.is_foreign = True
                self.spoken.is_other_order = any(mark.sort is Sort.FOREIGN for mark in marks)
                self.is_general = GENERAL_PRICES.search(sentence) is not None
                return
            if orders and not self.spoken.order and len(orders) == 1:
                self.spoken.hear(orders[0])
            if text is self.mail.subject and (orders or len(self.context.orders) == 1):
                lines = [
                    line
                    for mark in marks
                    if mark.sort is Sort.LINE
                    for line in self.spoken.lines_of(mark, self.spoken.order)
                ]
                self.implied.subject_lines = tuple(dict.fromkeys(lines))
                self.spoken.lines = self.implied.subject_lines
            if self.spoken.order and orders:
                return

    def _hear_answered(self, quoted: str) -> None:
        """An answer between quoted lines is about what stands right above it."""
        text = folded(" ".join(quoted[-800:].split()))
        marks = self.spotter.spot(text, text)
        for mark in marks:
            if mark.sort is Sort.ORDER:
                self.spoken.hear(mark.order)
        lines = [self.spoken.lines_of(mark, self.spoken.order) for mark in marks if mark.sort is Sort.LINE]
        if lines and lines[-1]:
            self.spoken.lines = tuple(lines[-1])
            self.implied.subject_lines = ()

    def _answer_yes(self, passage: Passage) -> int:
        """A bare yes takes what the mail below it asked for. Returns where there is more to hear."""
        sentences = [
            one
            for one in sentences_of(self.new.text, passage.start, passage.end)
            if not _is_greeting(one.text)
        ]
        if not sentences or not self.new.history.strip():
            return passage.start
        first = sentences[0]
        clauses = clauses_of(first, self.spotter, language_of(first.text, self.language))
        says_yes = bool(clauses) and Cue.YES in clauses[0].cues
        if (
            not says_yes
            or any(clause.values or clause.targets for clause in clauses)
            or len(first.text.split()) > SHORT_ANSWER
        ):
            return passage.start
        asked = (passage.answers or self.new.history)[:LONGEST_HISTORY]
        before = len(self.heard)
        for question in _Listener.asked(self.context, self.mail, asked):
            statement = Statement(first.start, first.end, 0, question.targets)
            drafts = [
                taken for draft in question.drafts if draft.kind is Kind.QUESTION and (taken := _taken(draft))
            ]
            if drafts:
                self.heard.append(Heard(statement, question.targets, drafts))
        only_confirms = "?" not in asked or re.search(r"confirm|best[äa]tig", asked, re.IGNORECASE)
        if passage.answers and len(self.heard) == before and self.spoken.lines:
            return self._take_answered(first)
        return first.end if len(self.heard) > before or not only_confirms else passage.start

    def _take_answered(self, sentence: Sentence) -> int:
        """A yes right below a quoted question about a line takes the line as it was ordered."""
        targets = Targets(lines=self.spoken.lines, is_explicit=True)
        self.heard.append(
            Heard(Statement(sentence.start, sentence.end, 0, targets, cues={Cue.ACCEPT}), targets)
        )
        return sentence.end

    @staticmethod
    def asked(context: MailContext, mail: IncomingMail, history: str) -> list[Heard]:
        """The questions with values in the text that is being answered."""
        listener = _Listener(context, mail, NewText(history, "", (Passage(0, len(history)),)))
        return [one for one in listener.listen() if one.statement.is_question]

    def _hear_passage(self, start: int, end: int, paragraph: int) -> None:
        text = self.new.text
        reader = TableReader(self.spotter)
        at = start
        for table in find_tables(text, start, end):
            order = self._order_above(at, table.start, paragraph)
            paragraph += 100
            rows = reader.read(table, order)
            if rows is None:
                if not reader.is_head(table.rows[0]):
                    self._hear_rows_as_lines(table, paragraph)
            else:
                for group in grouped(rows):
                    self._hear_rows(group, paragraph)
            self.last = None
            at = table.end
            paragraph += 100
        self._hear_prose(at, end, paragraph)

    def _order_above(self, start: int, end: int, paragraph: int) -> str:
        self._hear_prose(start, end, paragraph)
        return self.spoken.order

    def _hear_rows_as_lines(self, table: Table, paragraph: int) -> None:
        for row in table.rows:
            self._hear_prose(row.start, row.end, paragraph)

    def _hear_prose(self, start: int, end: int, paragraph: int) -> None:
        for sentence in sentences_of(self.new.text, start, end, paragraph):
            if not _is_greeting(sentence.text):
                self._hear_sentence(sentence)

    def _hear_sentence(self, sentence: Sentence) -> None:
        language = language_of(sentence.text, self.language)
        clauses = clauses_of(sentence, self.spotter, language)
        self.implied.names_order |= any(
            mark.sort in (Sort.ORDER, Sort.LINE) for clause in clauses for mark in clause.marks
        )
        before = self.spoken.lines
        foreign = self.spoken.is_foreign
        statements = self.assembler.assemble(sentence, clauses)
        self.sentences += 1
        known = len(self.heard)
        self._note_declined(clauses)
        self.is_not_for_us |= any(Cue.NOT_FOR_YOU in clause.cues for clause in clauses)
        self.answer_follows |= any(Cue.ANSWER_FOLLOWS in clause.cues for clause in clauses)
        self._hear_statements(sentence, statements, before, foreign, language)
        if any(clause.cues & {Cue.AWAITS_YES, Cue.DOUBT} and not clause.values for clause in clauses):
            self._soften(clauses, known)
        if len(self.heard) > known:
            self.latest = (self.sentences, self.heard[known:])

    def _note_declined(self, clauses: list[Clause]) -> None:
        """`The 13th is not possible`: a denied day before the one ordered was asked for and is not given."""
        if not any(Cue.NEGATION in clause.cues or Cue.NO in clause.cues for clause in clauses):
            return
        named = [
            line
            for clause in clauses
            for mark in clause.targets
            if mark.sort is Sort.LINE
            for line in self.spoken.lines_of(mark, self.spoken.order)
        ]
        lines = tuple(named) or self.spoken.lines
        days = [line.requested_date for line in lines or self.context.lines if line.requested_date]
        is_earlier = any(
            {Cue.EARLIER, Cue.NEGATION} <= clause.cues
            or any(
                isinstance(mark.day, Day)
                and mark.day.precision is Precision.DAY
                and self.context.today <= mark.day.day < min(days, default=self.context.today)
                and (clause.is_denied or "old" in mark.roles)
                for mark in clause.marks
            )
            for clause in clauses
        )
        if is_earlier:
            self.declined.append(Declined(len(self.heard), lines))

    def _soften(self, clauses: list[Clause], known: int) -> None:
        """`OK for you?`, `no promise`: what this sentence or the one before it offered is not settled."""
        at, latest = self.latest
        is_asked = any(clause.is_question or Cue.DOUBT in clause.cues for clause in clauses)
        is_aside = not any(clause.values or clause.targets for clause in clauses)
        for one in [*self.heard[known:], *(latest if is_aside and self.sentences - at <= 2 else [])]:
            cues = one.statement.cues
            if (is_asked and one.statement.pieces) or cues & {Cue.SUBSTITUTE, Cue.MINIMUM}:
                one.statement.cues.add(Cue.HEDGE)

    def _hear_statements(
        self,
        sentence: Sentence,
        statements: list[Statement],
        before: tuple[OpenLine, ...],
        foreign: bool,
        language: str,
    ) -> None:
        if sentence.text.endswith(":") and not any(one.targets and one.targets.lines for one in statements):
            self.intro = statements[-1] if statements else None
            return
        for statement in statements:
            self._introduce(statement)
            if statement.targets and statement.targets.is_foreign:
                self.last = None
                continue
            if self._goes_on(statement):
                self.latest = (self.sentences, self.heard[-1:])
                continue
            if (
                statement.targets
                and statement.targets.is_weak
                and len(unknown_words(statement.bones, language)) > 1
            ):
                statement.targets = None
            if statement.targets and not is_about_delivery(statement, language):
                continue
            targets = statement.targets or self.implied.meant_by(statement, before, foreign)
            if statement.targets is None and targets is None:
                continue
            assert targets is not None
            self.heard.append(Heard(statement, targets))
            self.last = statement
            if statement.targets is None:
                statement.targets = targets
            before = self.spoken.lines

    def _introduce(self, statement: Statement) -> None:
        """What stood above a list is said of each line of it."""
        intro = self.intro
        if intro is None or statement.paragraph - intro.paragraph > 1 or not statement.starts_line:
            self.intro = None
            return
        if (
            not (statement.targets and statement.targets.lines)
            or statement.cues & PREDICATES
            or intro.is_denied
        ):
            return
        statement.cues |= intro.cues & (PREDICATES | {Cue.HEDGE})
        statement.is_conditional |= intro.is_conditional
        statement.is_question |= intro.is_question
        status = next((cue for cue in (Cue.CANCEL, Cue.BACKORDER, Cue.SHIPPED) if cue in intro.cues), None)
        day = next((piece.day for piece in intro.pieces if piece.day), None)
        if day and not statement.pieces:
            statement.pieces.append(RawPiece())
        for piece in statement.pieces:
            piece.status = piece.status or status
            piece.day = piece.day or day

    def _goes_on(self, statement: Statement) -> bool:
        """`… The balance will follow on 2 April`: the pieces of a line may be told in several sentences."""
        last = self.last
        if (
            last is None
            or statement.targets is not None
            or not statement.pieces
            or not any(piece.amount for piece in last.pieces)
        ):
            return False
        first = statement.pieces[0]
        if (
            not first.amount
            or last.is_question != statement.is_question
            or statement.paragraph - last.paragraph > 1
        ):
            return False
        if not first.is_rest and not (
            statement.starts_line
            and all(piece.day or piece.status for piece in [*last.pieces, *statement.pieces])
        ):
            return False
        last.pieces += statement.pieces
        last.cues |= statement.cues - {Cue.ACCEPT, Cue.REFUSE, Cue.CANCEL}
        last.cues |= {piece.status for piece in statement.pieces if piece.status is Cue.CANCEL}
        last.is_conditional |= statement.is_conditional
        last.is_unsure |= statement.is_unsure
        last.end = max(last.end, statement.end)
        return True

    def _settle_others(self) -> None:
        """`Everything else` is every line of the orders spoken of that nothing else was said about."""
        named = {
            line
            for one in self.heard
            if not one.targets.is_others and not one.targets.is_whole
            for line in one.targets.lines
        }
        for one in self.heard:
            if not one.targets.is_others:
                continue
            orders = set(one.targets.orders) or {line.order for line in named} or {self.spoken.order}
            if len(orders) != 1:
                one.targets = Targets(is_unclear=True)
                continue
            rest = tuple(line for line in self.context.lines if line.order in orders and line not in named)
            one.targets = Targets(lines=rest, is_explicit=True, is_others=True)

    def _drafts(self, statement: Statement, targets: Targets) -> list[Draft]:
        if targets.is_unclear or targets.is_foreign:
            return []
        lines = list(targets.lines) + [
            line
            for order in targets.orders
            for line in self.context.order(order).lines
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
        if (
            len(lines) > 1
            and statement.is_question
            and any(_asks_as_ordered(statement, line) for line in lines)
        ):
            return []
        if len(lines) > 1 and any(piece.money or piece.part or piece.percent for piece in statement.pieces):
            return []
        return [draft for line in lines for draft in drafts_for(statement, line, self.context.today)]

    def _hear_rows(self, rows: list[ReadRow], paragraph: int) -> None:
        """What the rows of one line say together."""
        first, last = rows[0], rows[-1]
        is_together = last.row.end - first.row.start < 400
        statement = Statement(first.row.start, last.row.end if is_together else first.row.end, paragraph)
        statement.targets = Targets(lines=(first.line,), is_explicit=True)
        statement.cues |= {Cue.DELIVER, Cue.ONLY}
        if any(row.is_confirmed for row in rows):
            statement.cues.add(Cue.ACCEPT)
        for row in rows:
            if row.amount or row.day or row.money or row.part:
                piece = RawPiece(amount=row.amount, day=row.day, money=row.money, part=row.part)
                if row.part:
                    statement.cues.add(Cue.SUBSTITUTE)
                statement.pieces.append(piece)
            for cell in row.remarks:
                self._hear_remark(cell.text, cell.start, statement)
        self.heard.append(Heard(statement, statement.targets))
        self.spoken.mentioned.append(first.line)

    def _hear_remark(self, text: str, start: int, statement: Statement) -> None:
        sentence = Sentence(start, start + len(text), text, folded(text), statement.paragraph, True)
        for clause in clauses_of(sentence, self.spotter, language_of(text, self.language)):
            if clause.is_condition or clause.is_reason or clause.is_apart:
                statement.is_conditional |= clause.is_condition
                continue
            clause.marks = [mark for mark in clause.marks if mark.sort is not Sort.LINE]
            self.assembler.add_clause(clause, statement)


def _asks_as_ordered(statement: Statement, line: OpenLine) -> bool:
    """Whether a question names the very day the line was ordered for: it asks about something else."""
    return any(
        isinstance(piece.day, Day) and piece.day.day == line.requested_date for piece in statement.pieces
    )


def _leads(text: str, numbers: set[str]) -> bool:
    """Whether the mail is a list whose lines begin with the numbers of order lines."""
    heads = [match.group(1).lstrip("0") for line in text.split("\n") if (match := LIST_HEAD.match(line))]
    return len(heads) >= 2 and len(set(heads)) == len(heads) and set(heads) <= numbers


LIST_HEAD = re.compile(rf"^\s*0*(\d{{1,5}})(?![.,/:-]?\d)(?!\s*(?:{PATTERN})(?!\w))", re.IGNORECASE)


def _is_greeting(text: str) -> bool:
    return (
        bool(
            re.match(
                r"\W*(?:hi|hello|dear|hey|good (?:morning|afternoon|day)|morning|hallo|guten (?:tag|morgen)|sehr geehrte|liebe[r]?|servus|moin|gr[üu][ßs]+ gott|hola|bonjour)\b[^.!?\d]{0,40}\W*$",
                text,
            )
        )
        and len(text.split()) <= 7
    )


def _taken(draft: Draft) -> Draft | None:
    """What a yes makes of a question's value."""
    if len(draft.pieces) != 1:
        return replace(draft, kind=Kind.SPLIT, certainty=Certainty.FIRM, rule="yes to a question")
    piece = draft.pieces[0]
    kind = Kind.DATE if piece.day else Kind.PRICE if piece.price is not None else Kind.QUANTITY
    return replace(draft, kind=kind, certainty=Certainty.FIRM, rule="yes to a question")
