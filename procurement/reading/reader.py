"""The door: one mail and its context in, drafts with their evidence out."""

import re
from dataclasses import dataclass, field, replace
from decimal import Decimal

from procurement.reading.answer import Certainty, Flags, Kind, Precision, Reading
from procurement.reading.assembling import Assembler
from procurement.reading.automatic import is_automatic, is_bounce
from procurement.reading.clauses import Clause, clauses_of, unknown_words
from procurement.reading.columns import ReadRow, TableReader, grouped
from procurement.reading.context import MailContext, OpenLine
from procurement.reading.dates import Day
from procurement.reading.focus import Focus
from procurement.reading.folding import folded
from procurement.reading.grammar import Draft, drafts_for
from procurement.reading.marks import Sort, Spotter
from procurement.reading.mime import IncomingMail, parse_mail
from procurement.reading.newtext import NewText, Passage, split_new_text
from procurement.reading.pieces import add_clause
from procurement.reading.sentences import Sentence, is_in_a_known_language, language_of, sentences_of
from procurement.reading.statements import PREDICATES, RawPiece, Statement, Targets
from procurement.reading.tables import Table, find_tables
from procurement.reading.understanding import names_of, strangers
from procurement.reading.units import PATTERN, canonical_unit
from procurement.reading.weighing import Weighed, weigh
from procurement.reading.words import Cue

MOST_STRANGE_ASIDE = 3  # words in clauses beside what is promised: why, and who is to blame
SHORT_ANSWER = 8  # words; a longer sentence does not confirm an order in passing
THOSE = re.compile(r"(?<!\w)(?:those|these|them|they|that lot|die|diese|sie|davon|selbige)(?!\w)")
TOO = re.compile(
    r"^\W*(?:and |und )?(?:the |die |der |das |den )?[^\w\s]+ ?(?:is |are |sind |ist )?(?:too|also|as well|likewise|the same|ditto|auch|ebenso|ebenfalls|gleichfalls|genauso|detto|dito)\W*$"
)
OTHER_BUSINESS = re.compile(
    r"(?<!\w)(?:price ?lists?|new prices|price adjustments?|(?:neue|aktuelle) preise|preise ab|quot(?:e|ation)s?|offers?|offert[ae]s?|inquir(?:y|ies)|enquir(?:y|ies)|anfrage\w*|angebot\w*|preisliste\w*|preisanpassung\w*|preiserh[öo]hung\w*|invoices?|rechnung\w*|mahnung|reklamation\w*|complaints?|newsletter"
    r"|betriebsferien|betriebsurlaub|holidays?|closures?|opening hours|[öo]ffnungszeiten|statement of account|kontoauszug)(?!\w)"
)
OFFER = re.compile(r"(?<!\w)(?:offers?|offert[ae]s?|quot(?:e|ation)s?|angebot\w*)(?!\w)")
GENERAL_PRICES = re.compile(
    r"price ?list|prices? from|preise ab|price (?:increase|change|adjust)|new prices|preisliste|preisanpassung|preiserh[öo]hung|neue preise"
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
        self.focus = Focus(context)
        self.assembler = Assembler(self.focus)
        self.language = language_of(new.text, context.language)
        self.heard: list[Heard] = []
        self.last: Statement | None = None
        self.intro: Statement | None = None  # "we have shipped today:" and then a list
        self.subject_lines: tuple[OpenLine, ...] = ()
        self.word_count = len(new.text.split())
        self.spotter.leads = _leads(new.text, self.spotter.line_numbers)
        self.names_order = False  # in the subject, the history or the text
        self.sentences = 0
        self.latest: tuple[int, list[Heard]] = (0, [])  # what the last sentence said that said anything
        self.declined: list[Declined] = []
        self.answer_follows = False  # a confirmation or its dates are still to come
        self.is_not_for_us = False
        self.is_ours = False  # the text is our own question, read for what an answer to it takes
        self.names = names_of(context, new.text)
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
        self._withhold_neighbours()
        if self.is_not_for_us:
            return []
        for at, one in enumerate(self.heard):
            one.drafts = [draft for draft in one.drafts if not self._takes_nothing(at, one, draft)]
        return self.heard

    def _withhold_neighbours(self) -> None:
        """What stands beside values of the same lines that make no sense may be changed by them: nothing is drafted."""
        for one in self.heard:
            if not (one.is_mute and one.statement.pieces) or one.targets.is_whole:
                continue
            for other in self.heard:
                if abs(other.statement.paragraph - one.statement.paragraph) <= 1:
                    other.drafts = [
                        draft
                        for draft in other.drafts
                        if draft.line not in one.targets.lines or _accounts_for(draft, one.statement)
                    ]

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
            self.names_order |= bool(orders)
            apart = OTHER_BUSINESS.search(sentence) or any(mark.sort is Sort.FOREIGN for mark in marks)
            if text is self.mail.subject and apart and not orders:
                self.focus.is_foreign = True
                self.focus.is_other_order = any(mark.sort is Sort.FOREIGN for mark in marks) or bool(
                    OFFER.search(sentence)
                )
                self.is_general = GENERAL_PRICES.search(sentence) is not None
                return
            if orders and not self.focus.order and len(orders) == 1:
                self.focus.hear(orders[0])
            if text is self.mail.subject and (orders or len(self.context.orders) == 1):
                lines = [
                    line
                    for mark in marks
                    if mark.sort is Sort.LINE
                    for line in self.focus.lines_of(mark, self.focus.order)
                ]
                self.subject_lines = tuple(dict.fromkeys(lines))
                self.focus.lines = self.subject_lines
            if self.focus.order and orders:
                return

    def _hear_answered(self, quoted: str) -> None:
        """An answer between quoted lines is about what stands right above it."""
        text = folded(" ".join(quoted[-800:].split()))
        marks = self.spotter.spot(text, text)
        for mark in marks:
            if mark.sort is Sort.ORDER:
                self.focus.hear(mark.order)
        lines = [self.focus.lines_of(mark, self.focus.order) for mark in marks if mark.sort is Sort.LINE]
        if lines and lines[-1]:
            self.focus.lines = tuple(lines[-1])
            self.subject_lines = ()

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
        listener = _Listener(context, mail, NewText(history, "", (Passage(0, len(history)),)))
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
        language = language_of(sentence.text, self.language)
        clauses = clauses_of(sentence, self.spotter, language)
        self.names_order |= any(
            mark.sort in (Sort.ORDER, Sort.LINE) for clause in clauses for mark in clause.marks
        )
        if self.is_ours:
            _as_asked(clauses)
        before = self.focus.lines
        foreign = self.focus.is_foreign
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
            targets = statement.targets or self._implied(statement, before, foreign)
            if statement.targets is None and targets is None:
                continue
            assert targets is not None
            self.heard.append(Heard(statement, targets))
            self.last = statement
            if statement.targets is None:
                statement.targets = targets
            before = self.focus.lines

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
            and THOSE.search(statement.bones) is not None
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

    def _implied(self, statement: Statement, before: tuple[OpenLine, ...], foreign: bool) -> Targets | None:
        """The lines meant by a statement that names none; None if that cannot be told."""
        if foreign or self.focus.is_foreign or not statement.has_content:
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
            and not statement.cues
            & {Cue.MINIMUM, Cue.BACKORDER, Cue.CANCEL, Cue.SUBSTITUTE, Cue.PRICE, Cue.PRICE_UP}
        ):
            return None
        if not says_only_accept and not self._speaks_of_goods(statement):
            return None
        lines = before or self.subject_lines
        if lines and not says_only_accept:
            return Targets(lines=lines)
        order = self.focus.order
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
            and (not self.focus.mentioned or statement.has_goods)
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
            and not (statement.has_goods and not self.focus.lines)
        ):
            return Targets(lines=lines)
        if not order or self.focus.mentioned or statement.has_unexplained:
            return None
        if (
            statement.has_goods
        ):  # "we confirm your order …" may go on; a word of praise alone may be about anything
            strange = strangers(statement.bones, statement.language, self.names)
        else:
            strange = unknown_words(statement.bones, self.language)
            if strangers(statement.bones, statement.language, self.names):
                return None  # "fine weather here"
        if len(strange) > (1 if self.names_order or statement.has_goods else 0):
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
            orders = set(one.targets.orders) or {line.order for line in named} or {self.focus.order}
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
        if not self._understands(statement, targets):
            return []
        return [draft for line in lines for draft in drafts_for(statement, line, self.context.today)]

    def _understands(self, statement: Statement, targets: Targets) -> bool:
        """Whether so little of the statement is strange that it can hardly mean something else."""
        allowed = 1 if targets.is_explicit and not targets.is_whole and not statement.pieces else 0
        if Cue.SUBSTITUTE in statement.cues and any(piece.part for piece in statement.pieces):
            allowed += 2  # what the other part is like
        if len(strangers(statement.aside, statement.language, self.names)) > MOST_STRANGE_ASIDE:
            return False
        return len(strangers(statement.core, statement.language, self.names)) <= allowed

    def _hear_rows(self, rows: list[ReadRow], paragraph: int) -> None:
        """What the rows of one line say together."""
        first, last = rows[0], rows[-1]
        is_together = last.row.end - first.row.start < 400
        statement = Statement(first.row.start, last.row.end if is_together else first.row.end, paragraph)
        statement.targets = Targets(lines=(first.line,), is_explicit=True)
        statement.language = self.language
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
        for clause in clauses_of(sentence, self.spotter, language_of(text, self.language)):
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
            or piece.amount.is_rest
        )
        and (not isinstance(piece.day, Day) or piece.day.day in days)
        for piece in statement.pieces
    )


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
