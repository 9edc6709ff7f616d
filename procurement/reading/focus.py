"""Who is meant: the orders and lines that words name, and those spoken of before."""

import re
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from procurement.reading.clauses import Clause
from procurement.reading.context import MailContext, OpenLine
from procurement.reading.marks import Mark, Sort
from procurement.reading.statements import Statement, Targets
from procurement.reading.units import canonical_unit
from procurement.reading.words import Cue

BOTH = 2
DEFINITE = re.compile(r"(?:^|\W|(?<!\w)(?:the|your|die|den|ihre|ihren|bei|für|for|und|and))\W*$")
THIS_LINE = re.compile(
    r"(?<!\w)(?:the|this|that|die|diese|der|dieser|diesen|den) (?:line|item|position|artikel|zeile)(?!\w)"
)
EXCEPT = re.compile(
    r"(?:except(?:ing)?(?: for)?|apart from|other than|with the exception(?: of)?|save for|bar|bis auf|au[ßs]s?er|ausgenommen|mit ausnahme(?: von| der)?|ohne|nur nicht|but not|not)(?: (?:the|die|der|den|pos\.?|for))*\s*$"
)


class Focus:
    """What was spoken of so far: the order and the lines that the next words may be about."""

    def __init__(self, context: MailContext) -> None:
        self.context = context
        self.order = context.orders[0].number if len(context.orders) == 1 else ""
        self.lines: tuple[OpenLine, ...] = ()  # spoken of last
        self.is_foreign = False
        self.is_other_order = (
            False  # the subject names an order that is not open: words of descriptions do not count
        )
        self.mentioned: list[OpenLine] = []
        self.is_lost = False  # what was spoken of last could not be told: "it" may be that

    def hear(self, order: str) -> None:
        """The subject or the history names an order."""
        self.order = order

    @staticmethod
    def _turn_rests(clause: Clause, spoken: Statement | None) -> None:
        """`20 went today. The other four follow`: where just so many are missing, they are the rest of a line."""
        lines = spoken.targets.lines if spoken and spoken.targets else spoken.aside_lines if spoken else ()
        told = (
            [piece.amount.readings[0] for piece in spoken.pieces if piece.amount and piece.amount.readings]
            if spoken
            else []
        )
        if len(lines) != 1 or not told:
            return
        for mark in clause.marks:
            if (
                mark.sort is Sort.OTHERS
                and mark.amount
                and mark.amount.readings[0] == lines[0].quantity - sum(told)
            ):
                mark.sort = Sort.REST

    def targets_of(self, clause: Clause, spoken: Statement | None = None) -> Targets | None:
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
            found = self.lines_of(mark, order or self.order) or self._counted(mark, clause)
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
        has_all = any(mark.sort is Sort.ALL and not _counts_lines(mark, clause) for mark in named)
        is_otherwise = any(mark.sort is Sort.DAY for mark in clause.values)
        self._turn_rests(clause, spoken)
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
            named_by_words = all(mark.is_described for mark in named if mark.sort is Sort.LINE) and not orders
            return Targets(
                lines=tuple(lines), is_explicit=True, is_unclear=not lines, is_described=named_by_words
            )
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
            if (
                any(mark.part == "both" for mark in alls)
                and not orders
                and len(self._all_of((self.order,))) != BOTH
            ):
                two = [line for line in self.mentioned if line.order == self.order]
                return Targets(
                    lines=tuple(two) if len(two) == BOTH else (),
                    is_explicit=True,
                    is_unclear=len(two) != BOTH,
                )
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

    def _counted(self, mark: Mark, clause: Clause) -> list[OpenLine]:
        """`both powders`, `the two tapes`: a word that fits just as many lines as are counted."""
        mine = [line for line in mark.alike if not self.order or line.order == self.order]
        units = {canonical_unit(one.amount.unit) for one in clause.marks if one.amount and one.amount.unit}
        fitting = [line for line in mine if canonical_unit(line.unit) in units]
        if len(mine) > 1 and len(fitting) == len(units) == 1:
            return fitting  # "180 m of the hose": the other hose is counted in pieces
        is_all = mark.is_plural and len(mine) > 1 and not any(one.amount for one in clause.marks)
        if is_all and DEFINITE.search(clause.skeleton[: mark.start - clause.start]):
            return mine  # "the profiles": all of the order that are some
        if len(mine) == BOTH and any(one.sort is Sort.ALL and one.part == "both" for one in clause.marks):
            return mine
        before = next((one for one in reversed(clause.marks) if one.end <= mark.start), None)
        if before is None or mark.start - before.end > 1 or not mine:
            return []
        if before.sort is Sort.ALL and (before.part != "both" or len(mine) == BOTH):
            return mine
        amount = before.amount.readings if before.amount else ()
        if before.sort is Sort.NUMBER and amount[:1] == (Decimal(len(mine)),) and len(mine) > 1:
            clause.marks.remove(before)
            return mine
        return []

    def rest_of_lines(
        self, clause: Clause, current: Statement | None, last: Statement | None
    ) -> Targets | None:
        """`the rest is fine` means the other lines where no quantity was named that could have a rest."""
        rests = [mark for mark in clause.marks if mark.sort is Sort.REST]
        spoken = current or last
        if (
            not rests
            or any(mark.amount for mark in clause.values)
            or (spoken and Cue.MINIMUM not in spoken.cues and any(piece.amount for piece in spoken.pieces))
        ):
            return None
        if current and current.has_unexplained:
            return None  # "I could drop 400 with the others and the rest later"
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

    def turn_to(self, targets: Targets) -> None:
        self.is_foreign = targets.is_foreign
        self.is_lost = targets.is_unclear and not targets.is_others
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


def _counts_lines(mark: Mark, clause: Clause) -> bool:
    """Whether `both` or `all` belongs to the word behind it."""
    return any(
        one.sort is Sort.LINE
        and (0 <= one.start - mark.end <= 1 or (mark.part == "both" and len(one.alike) == BOTH))
        for one in clause.marks
    )


def united(one: Targets, other: Targets) -> Targets:
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
