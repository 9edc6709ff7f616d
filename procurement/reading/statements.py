"""Statements: what one sentence, or several that go on from each other, says about some lines."""

import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from procurement.reading.clauses import TOPICS_APART, Clause
from procurement.reading.context import MailContext, OpenLine
from procurement.reading.dates import Day, Later
from procurement.reading.marks import Amount, Mark, Money, Sort
from procurement.reading.sentences import Sentence
from procurement.reading.words import Cue


@dataclass
class RawPiece:
    """A piece as it was said; amounts and days are not yet worked out for a line."""

    amount: Amount | None = None
    day: Day | Later | None = None
    money: Money | None = None
    percent: Mark | None = None
    part: str = ""
    roles: set[str] = field(default_factory=set)
    status: Cue | None = None  # shipped, backordered, cancelled, refused: of this piece only
    has_number_only: bool = False

    @property
    def is_rest(self) -> bool:
        return bool(self.amount and self.amount.is_rest)

    @property
    def says_nothing(self) -> bool:
        return not (self.amount or self.day or self.money or self.percent or self.part)


@dataclass
class Targets:
    """The lines spoken of, and how they were named."""

    lines: tuple[OpenLine, ...] = ()
    orders: tuple[str, ...] = ()  # named as a whole
    is_explicit: bool = False
    is_others: bool = False
    is_foreign: bool = False
    is_unclear: bool = False
    is_weak: bool = False  # "all", which may be all of anything
    excepted: tuple[OpenLine, ...] = ()

    @property
    def is_whole(self) -> bool:
        return bool(self.orders)


@dataclass
class Statement:
    """Something said about some lines, with its pieces, its cues and its place in the new text."""

    start: int
    end: int
    paragraph: int
    targets: Targets | None = None
    pieces: list[RawPiece] = field(default_factory=list)
    cues: set[Cue] = field(default_factory=set)
    is_question: bool = False
    is_conditional: bool = False
    is_denied: bool = False
    is_unsure: bool = False
    starts_line: bool = False
    has_goods: bool = False
    has_unexplained: bool = False
    words: int = 0
    bones: str = ""  # the skeleton of its clauses
    core: str = ""  # of those that name, promise or qualify something
    aside: str = ""  # of those that do none of it
    language: str = "en"

    @property
    def has_content(self) -> bool:
        """Whether it says anything of its lines."""
        return bool(self.pieces) or bool(self.cues & PREDICATES)


PREDICATES = frozenset({Cue.ACCEPT, Cue.SHIPPED, Cue.BACKORDER, Cue.REFUSE, Cue.CANCEL, Cue.SUBSTITUTE})
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
COUNTED_BY = frozenset(
    {Cue.ONLY, Cue.BACKORDER, Cue.AVAILABLE_NOW, Cue.SHIPPED, Cue.CANCEL, Cue.MINIMUM, Cue.PACK, Cue.DELIVER}
)
ASIDES = frozenset({",", ";", "-", "(", ")", "as", "because", "weil"})
# What a pronoun takes back: "…, but that is not right".
DENIES_ALL = re.compile(
    r"(?<!\w)(?:das|dies|was) (?:stimmt|gilt|passt) +(?:aber|jedoch|allerdings|so|leider)? *(?:so )?nicht(?!\w)"
)
THIS_LINE = re.compile(
    r"(?<!\w)(?:the|this|that|die|diese|der|dieser|diesen|den) (?:line|item|position|artikel|zeile)(?!\w)"
)
EXCEPT = re.compile(
    r"(?:except(?:ing)?(?: for)?|apart from|other than|with the exception(?: of)?|save for|bar|bis auf|au[ßs]s?er|ausgenommen|mit ausnahme(?: von| der)?|ohne|nur nicht|but not|not)(?: (?:the|die|der|den|pos\.?|for))*\s*$"
)


class Assembler:
    """Puts the clauses of sentences together to statements, keeping in mind what was spoken of before."""

    def __init__(self, context: MailContext) -> None:
        self.context = context
        self.order = context.orders[0].number if len(context.orders) == 1 else ""
        self.lines: tuple[OpenLine, ...] = ()  # spoken of last
        self.is_foreign = False
        self.is_other_order = (
            False  # the subject names an order that is not open: words of descriptions do not count
        )
        self.mentioned: list[OpenLine] = []
        self.last: Statement | None = None

    def hear(self, order: str) -> None:
        """The subject or the history names an order."""
        self.order = order

    def assemble(self, sentence: Sentence, clauses: list[Clause]) -> list[Statement]:
        """The statements of one sentence."""
        statements: list[Statement] = []
        current: Statement | None = None
        if not clauses or any(Cue.DISOWNED in clause.cues for clause in clauses):
            return []
        blocked = False
        condition = False
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
            targets = self._targets(clause) or self._rest_of_lines(clause, current)
            if targets and targets.is_weak and current and current.targets and current.targets.lines:
                targets = None  # "all" of what the sentence is about
            if clause.is_condition:
                condition = True
                if targets and targets.lines and current is None:
                    self.lines = targets.lines
                continue
            if _only_waits(clause):
                clause.marks = [mark for mark in clause.marks if mark.sort is not Sort.DAY]
            elif clause.is_reason or clause.is_apart:
                blocked = not clause.is_reason
                if targets:
                    self._focus(targets)
                elif current and Cue.DOUBT in clause.cues and not clause.values:
                    current.cues.add(Cue.HEDGE)
                continue
            if blocked and not targets and not clause.cues & GOES_ON:
                continue
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
            current = self._place(sentence, clause, targets, current, statements)
            self.add_clause(clause, current, is_name=_is_explained(clause, following))
        for statement in statements:
            statement.is_conditional |= condition
            statement.words = len(sentence.text.split())
            if statement.targets:
                self._focus(statement.targets)
        _share_days(statements)
        self.last = next((one for one in reversed(statements) if one.has_content), self.last)
        return statements

    def _place(
        self,
        sentence: Sentence,
        clause: Clause,
        targets: Targets | None,
        current: Statement | None,
        statements: list[Statement],
    ) -> Statement:
        """The statement a clause belongs to: the open one, or a new one if it speaks of other lines."""
        start, end = sentence.start + clause.start, sentence.start + clause.end
        is_new = current is None
        if current is not None and targets:
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
                current.targets = _united(current.targets, targets)
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

    def add_clause(self, clause: Clause, statement: Statement, *, is_name: bool = False) -> None:
        """Take over what the clause says; `is_name` if it only names what the next one numbers."""
        statement.is_question |= clause.is_question
        statement.bones += f" {clause.skeleton}"
        if not is_name and (clause.cues or clause.marks or clause.separator not in ASIDES):
            statement.core += f" {clause.skeleton}"
        else:
            statement.aside += f" {clause.skeleton}"
        cues = set(clause.cues)
        statement.has_goods |= any(mark.sort is Sort.GOODS for mark in clause.marks)
        if Cue.HYPOTHETICAL in cues:
            cues.add(Cue.HEDGE)
        if Cue.UNSURE in cues or DENIES_ALL.search(f"{statement.core} {clause.skeleton}"):
            statement.is_unsure = True
        if Cue.DOUBT in cues and not clause.values:
            statement.cues.add(Cue.HEDGE)
        if clause.is_denied:
            self._add_denied(clause, statement, cues)
            return
        has_left = Cue.SHIPPED in cues and any(mark.sort is Sort.LINE for mark in clause.marks)
        if Cue.HISTORY in cues and Cue.ACCEPT not in cues and not has_left:
            statement.cues |= cues & {Cue.HEDGE}
            if clause.values and not _is_renewed(clause):
                return
        if any(_is_like_ordered(mark, statement, clause) for mark in clause.values):
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
        self._attach(pieces, cues, statement, clause)
        statement.cues |= cues

    def _attach(self, pieces: list[RawPiece], cues: set[Cue], statement: Statement, clause: Clause) -> None:
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
            last.day, last.roles = first.day, first.roles  # ready on Saturday, gone on Monday
            last.amount = last.amount or first.amount
            return
        if (
            last
            and isinstance(last.day, Day)
            and is_day
            and isinstance(first.day, Later)
            and _is_aside(clause)
        ):
            return  # "on 8 May, two weeks earlier": the difference, not another day
        if last and isinstance(last.day, Later) and not last.amount and is_day and isinstance(first.day, Day):
            last.day = first.day  # "two days late, so on 24 March"
            return
        if not last and is_day and not status and Cue.SHIPPED in statement.cues:
            return  # "they are on the truck and should be with you on Wednesday"
        if last and last.status is Cue.SHIPPED and first.day and not first.amount and not first.status:
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
            last.status = first.status or (
                None if last.status in (Cue.UNDATED, Cue.BACKORDER) else last.status
            )
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

    def _add_denied(self, clause: Clause, statement: Statement, cues: set[Cue]) -> None:
        """What is denied gives no value; that something cannot be had at all is said by denying, though."""
        strong = cues & {Cue.BACKORDER, Cue.REFUSE}
        has_day = any(mark.sort is Sort.DAY for mark in clause.marks)
        has_amount = any(
            mark.sort in (Sort.QUANTITY,) and "ordered" not in mark.roles for mark in clause.marks
        )
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
        elif (
            not strong and not has_day
        ):  # "the other 60 I can't get": a rest of which nothing is known as yet
            rests = [mark.amount for mark in clause.values if mark.amount and mark.amount.is_rest]
            statement.pieces += [RawPiece(amount=amount) for amount in rests[:1]]
        if not strong:
            statement.is_denied = True

    def _targets(self, clause: Clause) -> Targets | None:
        """The lines a clause names; None if it names none."""
        named = clause.targets
        orders = [mark.order for mark in named if mark.sort is Sort.ORDER]
        if any(mark.sort is Sort.FOREIGN for mark in named) and not orders:
            return Targets(is_foreign=True, is_explicit=True)
        order = orders[0] if len(set(orders)) == 1 else ""
        if order:
            self.order = order
            self.is_foreign = self.is_other_order = False
        lines: list[OpenLine] = []
        unclear = False
        excepted: list[OpenLine] = []
        for mark in named:
            if mark.sort is not Sort.LINE:
                continue
            found = self.lines_of(mark, order or self.order)
            unclear |= not found
            if EXCEPT.search(clause.skeleton[: mark.start - clause.start]) or (
                clause.separator == "bar" and mark is named[0]
            ):
                excepted += found
            else:
                lines += found
        if self.is_other_order and not orders and all(mark.is_described for mark in named):
            return Targets(is_foreign=True, is_explicit=True) if named else None
        lines = list(dict.fromkeys(lines))
        has_all = any(mark.sort is Sort.ALL for mark in named)
        is_otherwise = any(mark.sort is Sort.DAY for mark in clause.values)
        if any(mark.sort is Sort.OTHERS and not (mark.part and is_otherwise) for mark in named):
            return Targets(is_explicit=True, is_others=True, orders=(order,) if order else ())
        if has_all and excepted:
            scope = self._whole(orders)
            return Targets(
                lines=tuple(line for line in self._all_of(scope) if line not in excepted),
                is_explicit=True,
                excepted=tuple(excepted),
            )
        if (
            excepted
            and not lines
            and (Cue.ACCEPT in clause.cues or any(mark.sort is Sort.GOODS for mark in clause.marks))
        ):
            ours = [line for line in self._all_of(self._whole(orders)) if line not in excepted]
            return Targets(lines=tuple(ours), is_explicit=True, excepted=tuple(excepted), is_unclear=not ours)
        if excepted and not lines:
            return Targets(lines=tuple(excepted), is_explicit=True, is_others=False)
        if lines or unclear:
            return Targets(lines=tuple(lines), is_explicit=True, is_unclear=not lines)
        if has_all:
            if self.is_foreign and not orders:
                return Targets(is_foreign=True)
            alls = [mark for mark in named if mark.sort is Sort.ALL]
            if any(mark.part == "both" for mark in alls) and not orders and len(self.lines) == 2:
                return Targets(lines=self.lines, is_explicit=True)
            if (
                all(mark.part == "bare" for mark in alls)
                and self.lines
                and not orders
                and not clause.separator
            ):
                return Targets(lines=self.lines)  # "all" of what was spoken of
            scope = self._whole(orders, everything=any(mark.order == "*" for mark in alls))
            if not scope:
                return Targets(is_unclear=True, is_explicit=True)
            return Targets(
                orders=scope, is_explicit=True, is_weak=all(mark.part for mark in alls) and not orders
            )
        if orders and THIS_LINE.search(clause.skeleton):  # "we have taken this line off your order 4500"
            return Targets(lines=self.lines, is_explicit=True, is_unclear=not self.lines)
        if orders:
            return Targets(orders=tuple(dict.fromkeys(orders)), is_explicit=True)
        return None

    def _rest_of_lines(self, clause: Clause, current: Statement | None) -> Targets | None:
        """`the rest is fine` means the other lines where no quantity was named that could have a rest."""
        rests = [mark for mark in clause.marks if mark.sort is Sort.REST]
        spoken = current or self.last
        if (
            not rests
            or any(mark.amount for mark in clause.values)
            or (spoken and Cue.MINIMUM not in spoken.cues and any(piece.amount for piece in spoken.pieces))
        ):
            return None
        if not self.lines and not (current and current.targets and current.targets.lines):
            return None
        if len(self.context.lines) < 2 or clause.cues & {Cue.CANCEL, Cue.BACKORDER}:
            return None
        clause.marks = [mark for mark in clause.marks if mark not in rests]
        return Targets(is_explicit=True, is_others=True)

    def _whole(self, orders: Iterable[str], *, everything: bool = False) -> tuple[str, ...]:
        named = tuple(dict.fromkeys(orders))
        if named:
            return named
        if everything:
            return tuple(order.number for order in self.context.orders)
        return (self.order,) if self.order else ()

    def _all_of(self, orders: tuple[str, ...]) -> list[OpenLine]:
        return [line for line in self.context.lines if line.order in orders]

    def lines_of(self, mark: Mark, order: str) -> list[OpenLine]:
        """The open lines a mark names, in the order spoken of or in the only one that has them."""
        if mark.lines:
            here = [line for line in mark.lines if line.order == order]
            return here or (list(mark.lines) if len(mark.lines) == 1 else [])
        if self.is_foreign and not order:
            return []
        found: list[OpenLine] = []
        for number in mark.numbers:
            found += self._numbered(number, order)
        return found

    def _numbered(self, number: str, order: str) -> list[OpenLine]:
        lines = self._all_of((order,)) if order else list(self.context.lines)
        if number.startswith("@"):
            at = int(number[1:])
            return [lines[at]] if order and -len(lines) <= at < len(lines) else []
        exact = [line for line in lines if line.number == number]
        if exact:
            return exact if len(exact) == 1 else []
        if (
            order
            and number.isdigit()
            and 0 < int(number) <= len(lines)
            and all(
                int(line.number) == 10 * (at + 1) for at, line in enumerate(lines) if line.number.isdigit()
            )
        ):
            return [lines[int(number) - 1]]  # "line 3" of lines 10, 20, 30
        return []

    def _focus(self, targets: Targets) -> None:
        self.is_foreign = targets.is_foreign
        if targets.is_foreign:
            self.lines = ()
        elif targets.lines:
            self.lines = targets.lines
            self.mentioned += [line for line in targets.lines if line not in self.mentioned]
            orders = {line.order for line in targets.lines}
            if len(orders) == 1:
                self.order = orders.pop()
        elif targets.orders:
            self.lines = ()
            self.order = targets.orders[0] if len(targets.orders) == 1 else self.order


def _is_strange_head(clause: Clause) -> bool:
    """One or two words before a colon that are no line, no value and no cue."""
    words = clause.skeleton.split()
    return (
        not clause.marks
        and not clause.cues
        and 0 < len(words) <= 2
        and clause.separator in (",", ";", "and", "und")
    )


COMPANION = re.compile(r"(?:with|mit|along with|together with)(?: (?:the|your|our|den|der|dem|ihren))? $")


def _is_companion(mark: Mark, clause: Clause) -> bool:
    """`… together with the valves on 20 March`: the valves only keep it company."""
    return mark.sort is Sort.LINE and bool(COMPANION.search(clause.skeleton[: mark.start - clause.start]))


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
        clause.separator == "(" and sorts == {Sort.ORDER, Sort.LINE} and by_number and not current.has_content
    )


ASIDE = re.compile(
    r"\W*(?:(?:also|so|that|is|only|just|about|some|das|sind|etwa|genau|nur|rund|thus|this|or)\W+)*[^\w\s]+\W*"
)


def _is_aside(clause: Clause) -> bool:
    """Whether the clause is nothing but its value."""
    return ASIDE.fullmatch(clause.skeleton) is not None


def _only_waits(clause: Clause) -> bool:
    """`for the other 700 we are waiting on material`: no promise, but their number is needed for what follows."""
    is_rest = any(mark.amount and mark.amount.is_rest for mark in clause.marks)
    return is_rest and clause.cues & TOPICS_APART == {Cue.CONTACT} and not clause.is_reason


def _is_renewed(clause: Clause) -> bool:
    """Whether a clause that looks back also says what is now: an old day beside a new one, or "now"."""
    has_old = any(mark.sort is Sort.DAY and "old" in mark.roles for mark in clause.marks)
    return has_old or bool(
        re.search(r"(?<!\w)(?:now|new|neu(?:er)?|jetzt|nun|instead|stattdessen)(?!\w)", clause.skeleton)
    )


def _is_meant(mark: Mark, clause: Clause, statement: Statement) -> bool:
    """Whether a bare number is a quantity, and an unknown part number an offer."""
    if mark.sort is Sort.NUMBER:
        return _counts(clause, statement, mark)
    if mark.sort is Sort.PART:
        return Cue.SUBSTITUTE in clause.cues | statement.cues
    return True


def _is_like_ordered(mark: Mark, statement: Statement, clause: Clause) -> bool:
    """A part number that begins like the one ordered is offered in its place, even where nobody says so."""
    if mark.sort is not Sort.PART:
        return False
    targets = statement.targets.lines if statement.targets else ()
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


def _united(one: Targets, other: Targets) -> Targets:
    if one.is_whole and not other.is_whole:
        return replace(other, is_explicit=True)
    if other.is_whole and one.lines:
        return one
    return Targets(
        lines=tuple(dict.fromkeys([*one.lines, *other.lines])),
        orders=tuple(dict.fromkeys([*one.orders, *other.orders])),
        is_explicit=True,
        is_unclear=one.is_unclear or other.is_unclear,
        is_foreign=one.is_foreign or other.is_foreign,
        is_others=other.is_others,
    )


def _share_days(statements: list[Statement]) -> None:
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
            and not taker.cues & (PREDICATES | {Cue.ONLY})
            and taker.targets
            and lender.targets
        ):
            taker.pieces[0].day = day
