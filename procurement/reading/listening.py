"""The new text of a mail, heard passage by passage and sentence by sentence."""

import re
from dataclasses import replace

from procurement.reading.accounting import hold_back
from procurement.reading.answer import Certainty, Kind, Precision
from procurement.reading.assembling import Assembler
from procurement.reading.clauses import Clause, clauses_of, unknown_words
from procurement.reading.columns import ReadRow, TableReader, grouped
from procurement.reading.context import MailContext, OpenLine
from procurement.reading.dates import Day
from procurement.reading.focus import Focus
from procurement.reading.folding import folded
from procurement.reading.grammar import Draft
from procurement.reading.heard import Declined, Heard, Setting
from procurement.reading.marks import PLACEHOLDERS, Sort, Spotter
from procurement.reading.meant import SHORT_ANSWER, implied
from procurement.reading.mime import IncomingMail
from procurement.reading.newtext import NewText, Passage
from procurement.reading.opening import LONGEST_HISTORY, hear_answered, hear_subject
from procurement.reading.pieces import add_clause
from procurement.reading.record import Record
from procurement.reading.restraint import draft_all
from procurement.reading.sentences import Sentence, language_of, sentences_of
from procurement.reading.statements import PREDICATES, RawPiece, Statement, Targets
from procurement.reading.tables import Table, find_tables
from procurement.reading.understanding import names_of, strangers
from procurement.reading.units import PATTERN
from procurement.reading.words import Cue

FEW_WORDS = 9  # a sentence that only counts
# The next sentence offers something else instead: which of the two is ours to say.
OR_ELSE = re.compile(r"\W*(?:or|oder|alternatively|alternativ|otherwise)(?!\w)")
CHOICE = re.compile(r"\W*(?:so )?which (?:is it|one)(?!\w)|\W*was (?:gilt|stimmt) (?:nun|jetzt|denn)")
THOSE = re.compile(r"(?<!\w)(?:those|these|them|they|that lot|die|diese|sie|davon|selbige)(?!\w)")
GOODS_AGAIN = re.compile(rf"\W*[{PLACEHOLDERS[Sort.GOODS]}]")  # "they leave on …"
TOO = re.compile(
    r"^\W*(?:(?:(?:and |und )(?:the |die |der |das |den )?|(?:the |die |der |das |den ))[^\w\s]+|(?<=[^\w\s])) ?(?:is |are |sind |ist )?(?:too|also|as well|likewise|the same|ditto|auch|ebenso|ebenfalls|gleichfalls|genauso|detto|dito)\W*$"
)


class Listener:
    """Goes through the new text once, passage by passage, and keeps what was said."""

    def __init__(self, context: MailContext, mail: IncomingMail, new: NewText) -> None:
        self.context, self.mail, self.new = context, mail, new
        self.spotter = Spotter(context)
        self.spotter.leads = _leads(new.text, self.spotter.line_numbers)
        self.focus = Focus(context)
        self.assembler = Assembler(self.focus)
        self.setting = Setting(
            context,
            self.focus,
            language_of(new.text, context.language),
            names_of(context, new.text),
            len(new.text.split()),
        )
        self.heard: list[Heard] = []
        self.record = Record()
        self.last: Statement | None = None
        self.intro: Statement | None = None  # "we have shipped today:" and then a list
        self.sentences = 0
        self.latest: tuple[int, list[Heard]] = (0, [])  # what the last sentence said that said anything
        self.is_ours = False  # the text is our own question, read for what an answer to it takes

    def listen(self) -> list[Heard]:
        """Everything said, in the order in which it was said, with its drafts."""
        hear_subject(self.mail.subject, self.new.history, self.setting, self.spotter)
        paragraph = 0
        for passage in self.new.passages:
            if passage.answers:
                hear_answered(passage.answers, self.setting, self.spotter)
            self._hear_passage(self._answer_yes(passage), passage.end, paragraph)
            paragraph += 1000
        heard = draft_all(self.heard, self.setting)
        if not self.is_ours:
            hold_back(heard, self.record, self.context)
        return heard

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
        clauses = clauses_of(first, self.spotter, language_of(first.text, self.setting.language))
        says_yes = bool(clauses) and Cue.YES in clauses[0].cues
        if (
            not says_yes
            or any(clause.values or clause.targets for clause in clauses)
            or len(first.text.split()) > SHORT_ANSWER
        ):
            return passage.start
        asked = (passage.answers or self.new.history)[:LONGEST_HISTORY]
        before = len(self.heard)
        for question in Listener.asked(self.context, self.mail, asked):
            statement = Statement(first.start, first.end, 0, question.targets)
            drafts = [
                taken for draft in question.drafts if draft.kind is Kind.QUESTION and (taken := _taken(draft))
            ]
            if drafts:
                self.heard.append(Heard(statement, question.targets, drafts))
        only_confirms = "?" not in asked or re.search(r"confirm|best[äa]tig", asked, re.IGNORECASE)
        if passage.answers and len(self.heard) == before and self.focus.lines:
            return self._take_answered(first)
        return first.end if len(self.heard) > before or not only_confirms else passage.start

    def _take_answered(self, sentence: Sentence) -> int:
        """A yes right below a quoted question about a line takes the line as it was ordered."""
        targets = Targets(lines=self.focus.lines, is_explicit=True)
        self.heard.append(
            Heard(Statement(sentence.start, sentence.end, 0, targets, cues={Cue.ACCEPT}), targets)
        )
        return sentence.end

    @staticmethod
    def asked(context: MailContext, mail: IncomingMail, history: str) -> list[Heard]:
        """The questions with values in the text that is being answered."""
        listener = Listener(context, mail, NewText(history, "", (Passage(0, len(history)),)))
        listener.is_ours = True
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
        return self.focus.order

    def _hear_rows_as_lines(self, table: Table, paragraph: int) -> None:
        for row in table.rows:
            self._hear_prose(row.start, row.end, paragraph)

    def _hear_prose(self, start: int, end: int, paragraph: int) -> None:
        for sentence in sentences_of(self.new.text, start, end, paragraph):
            if not _is_greeting(sentence.text):
                self._hear_sentence(sentence)

    def _hear_sentence(self, sentence: Sentence) -> None:
        language = language_of(sentence.text, self.setting.language)
        clauses = clauses_of(sentence, self.spotter, language)
        self.setting.names_order |= any(
            mark.sort in (Sort.ORDER, Sort.LINE) for clause in clauses for mark in clause.marks
        )
        if self.is_ours:
            _as_asked(clauses)
        before = self.focus.lines
        foreign = self.focus.is_foreign
        marks = [list(clause.marks) for clause in clauses]
        statements = self.assembler.assemble(sentence, clauses)
        self.sentences += 1
        self.record.note(sentence, self.sentences, clauses, marks, self.focus)
        known = len(self.heard)
        self._note_declined(clauses)
        self.setting.is_not_for_us |= any(Cue.NOT_FOR_YOU in clause.cues for clause in clauses)
        self.setting.answer_follows |= any(Cue.ANSWER_FOLLOWS in clause.cues for clause in clauses)
        self._hear_statements(sentence, statements, before, foreign, language)
        has_values = any(clause.values for clause in clauses)
        if self.heard[:known] and (CHOICE if not has_values else OR_ELSE).match(sentence.text):
            self.heard[known - 1].statement.is_unsure = True
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
            for line in self.focus.lines_of(mark, self.focus.order)
        ]
        lines = tuple(named) or self.focus.lines
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
            self.setting.declined.append(Declined(len(self.heard), lines))

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
            statement.language = language
            self._introduce(statement)
            if statement.targets and statement.targets.is_foreign:
                self.last = None
                continue
            if self.last and _says_too(statement, self.last):
                statement.cues |= self.last.cues & {Cue.ACCEPT, Cue.DELIVER, Cue.HEDGE}
            if self._goes_on(statement):
                self.latest = (self.sentences, self.heard[-1:])
                continue
            if (
                statement.targets
                and statement.targets.is_weak
                and len(unknown_words(statement.bones, language)) > 1
            ):
                statement.targets = None
            if statement.targets and not _is_about_delivery(statement, language):
                continue
            targets = statement.targets or implied(
                statement, statement.aside_lines or before, self.setting, foreign=foreign
            )
            if statement.targets is None and targets is None:
                self._note_rest(statement)
                continue
            assert targets is not None
            self.heard.append(Heard(statement, targets))
            self.last = statement
            if statement.targets is None:
                statement.targets = targets
            before = self.focus.lines

    def _note_rest(self, statement: Statement) -> None:
        """`60 come on the 27th. For the other 36 I wait for the mill`: who does not follow must not tell of the 60 alone."""
        last = self.last
        is_near = last is not None and abs(last.paragraph - statement.paragraph) <= 1
        if (
            is_near
            and last
            and last.targets
            and last.targets.lines
            and any(piece.is_rest or piece.amount or piece.money for piece in statement.pieces)
        ):
            statement.is_unsure = True
            self.heard.append(Heard(statement, Targets(lines=last.targets.lines, is_explicit=True)))

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
        if last is not None and self._counts_what_was_dated(last, statement):
            last.pieces[0].amount, last.pieces[0].roles = (
                statement.pieces[0].amount,
                last.pieces[0].roles | statement.pieces[0].roles,
            )
            statement.pieces = statement.pieces[1:]
            self._take_over(last, statement)
            return True
        if (
            last is None
            or statement.targets is not None
            or not statement.pieces
            or not any(piece.amount for piece in last.pieces)
        ):
            return False
        first = statement.pieces[0]
        if self._dates_what_was_counted(last, statement):
            last.pieces[0].day, last.pieces[0].roles = first.day, last.pieces[0].roles | first.roles
            statement.pieces = statement.pieces[1:]
            self._take_over(last, statement)
            return True
        if (
            not first.amount
            or last.is_question != statement.is_question
            or statement.paragraph - last.paragraph > 1
        ):
            return False
        if all(piece.status is Cue.BACKORDER for piece in statement.pieces):
            statement.core, statement.aside = "", statement.aside + statement.core  # why there is no day
        if any(strangers(one.core, one.language, self.setting.names) for one in (last, statement)):
            return False
        if not first.is_rest and not (
            statement.starts_line
            and all(piece.day or piece.status for piece in [*last.pieces, *statement.pieces])
        ):
            return False
        self._take_over(last, statement)
        return True

    @staticmethod
    def _dates_what_was_counted(last: Statement, statement: Statement) -> bool:
        """`We have 44. You get those on the 20th`: the day belongs to the pieces counted just before."""
        counted, dated = last.pieces, statement.pieces
        return (
            len(counted) == 1
            and counted[0].amount is not None
            and not (counted[0].day or counted[0].status or counted[0].is_rest)
            and isinstance(dated[0].day, Day)
            and dated[0].amount is None
            and last.paragraph == statement.paragraph
            and last.is_question == statement.is_question
            and not (last.is_denied or statement.is_denied)
            and (THOSE.search(statement.bones) or GOODS_AGAIN.match(statement.bones)) is not None
        )

    @staticmethod
    def _counts_what_was_dated(last: Statement, statement: Statement) -> bool:
        """`They come on 2 April. It is 120 pieces then`: the number belongs to the day of the sentence just before."""
        dated, counted = last.pieces, statement.pieces
        return (
            len(dated) == 1
            and isinstance(dated[0].day, Day)
            and dated[0].amount is None
            and not (dated[0].status or dated[0].money or dated[0].part)
            and len(counted) == 1
            and statement.targets is None
            and counted[0].amount is not None
            and not counted[0].amount.is_rest
            and bool(counted[0].amount.unit)
            and not (counted[0].day or counted[0].status or counted[0].money or counted[0].part)
            and last.paragraph == statement.paragraph
            and not (
                last.is_question
                or statement.is_question
                or last.is_denied
                or statement.is_denied
                or statement.is_conditional
            )
            and not statement.cues & {Cue.BACKORDER, Cue.CANCEL, Cue.MINIMUM, Cue.PACK, Cue.HISTORY}
            and statement.words <= FEW_WORDS
        )

    @staticmethod
    def _take_over(last: Statement, statement: Statement) -> None:
        """What a statement says goes on with what the last one began."""
        last.pieces += statement.pieces
        last.core += statement.core
        last.aside += statement.aside
        last.cues |= statement.cues - {Cue.ACCEPT, Cue.REFUSE, Cue.CANCEL}
        last.cues |= {piece.status for piece in statement.pieces if piece.status is Cue.CANCEL}
        last.is_conditional |= statement.is_conditional
        last.is_unsure |= statement.is_unsure
        last.end = max(last.end, statement.end)

    def _hear_rows(self, rows: list[ReadRow], paragraph: int) -> None:
        """What the rows of one line say together."""
        first, last = rows[0], rows[-1]
        is_together = last.row.end - first.row.start < 400
        statement = Statement(first.row.start, last.row.end if is_together else first.row.end, paragraph)
        statement.targets = Targets(lines=(first.line,), is_explicit=True)
        statement.language = self.setting.language
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
        self.focus.mentioned.append(first.line)

    def _hear_remark(self, text: str, start: int, statement: Statement) -> None:
        sentence = Sentence(start, start + len(text), text, folded(text), statement.paragraph, True)
        for clause in clauses_of(sentence, self.spotter, language_of(text, self.setting.language)):
            if clause.is_condition or clause.is_reason or clause.is_apart:
                statement.is_conditional |= clause.is_condition
                continue
            clause.marks = [mark for mark in clause.marks if mark.sort is not Sort.LINE]
            add_clause(clause, statement)


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


def _is_about_delivery(statement: Statement, language: str) -> bool:
    """Whether a day beside a line is one of delivery: the words say so, or there are hardly any words."""
    if statement.cues & (DELIVERY | BESIDES) or not any(piece.day for piece in statement.pieces):
        return True
    is_whole = statement.targets is not None and statement.targets.is_whole
    return len(unknown_words(statement.bones, language)) <= (0 if is_whole else 2)


def _as_asked(clauses: list[Clause]) -> None:
    """What we ask a supplier for is a request in a supplier's mail, and the question in our own."""
    asks = False
    for clause in clauses:
        asks |= Cue.REQUEST in clause.cues
        if asks:
            clause.cues.discard(Cue.REQUEST)
            clause.is_question = True


def _says_too(statement: Statement, last: Statement) -> bool:
    """`The frames too`: as was said of the lines before, which were taken as ordered."""
    return (
        statement.targets is not None
        and bool(statement.targets.lines)
        and not statement.has_content
        and not statement.is_question
        and Cue.ACCEPT in last.cues
        and not (last.pieces or last.is_denied or last.is_question or last.is_conditional)
        and TOO.search(statement.bones) is not None
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
                r"\W*(?:hi|hello|dear|hey|good (?:morning|afternoon|evening|day)|morning|evening|hallo|guten (?:tag|morgen|abend)|gr[üu]ezi|sehr geehrte|liebe[r]?|servus|moin|gr[üu][ßs]+ gott|hola|bonjour)\b[^.!?\d]{0,40}\W*$",
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
