"""What would come of each row of an uploaded answer sheet, told before anything is sent.

Nothing in a file is believed: keys are looked up among what the actor may see, and must fit the order and the
line that a person reads in the row. A bad row never sinks a good line.
"""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from itertools import groupby
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.errors import Problem
from portal.kernel.scope import requires_scope
from portal.kernel.templatetags.portal_ui import day_text, figure
from portal.kernel.values import read_key
from procurement.acknowledgments.messages import AnswerPiece, FileRow
from procurement.acknowledgments.policies import (
    Difference,
    LineRules,
    difference,
    read_answer,
    refused_at_entry,
)
from procurement.acknowledgments.queries import Judge, judges_of, rules_of, travel_days, with_paper
from procurement.orders.models import Promise, PurchaseOrder, PurchaseOrderLine
from procurement.orders.policies import ZERO, Asked, NewPiece, Piece, is_as_asked
from procurement.orders.queries import (
    asked_of,
    live_promises_by_line,
    schedules_by_line,
    visible_lines,
    visible_orders,
)
from procurement.orders.states import OrderState, PromiseKind
from procurement.tolerances.messages import Outcome, Verdict
from suppliers.models import SupplierSite

AS_ASKED, WAITS, REFUSED, SKIPPED, STALE, BAD = "as_asked", "waits", "refused", "skipped", "stale", "bad"
BY_RULE = "by_rule"
SENT = frozenset({AS_ASKED, BY_RULE, WAITS, REFUSED})


@dataclass(frozen=True, slots=True)
class RowProblem:
    """What is wrong with one cell, or with a whole row: the value, the rule, and the way out."""

    row: int
    column: str
    value: str
    message: str


@dataclass(frozen=True, slots=True)
class CheckedLine:
    """One line of a sheet, with all its rows, and what would come of it. `piece_rows` are those of its pieces."""

    rows: tuple[int, ...]
    outcome: str
    line_key: str = ""
    number_text: str = ""
    order: PurchaseOrder | None = None
    line: PurchaseOrderLine | None = None
    rules: LineRules | None = None
    pieces: tuple[AnswerPiece, ...] = ()
    piece_rows: tuple[int, ...] = ()
    new: tuple[NewPiece, ...] = ()
    difference: Difference = field(default_factory=Difference)
    verdict: Verdict | None = None
    reference: str = ""
    problems: tuple[RowProblem, ...] = ()


@dataclass(frozen=True, slots=True)
class _Known:
    """What the file refers to, looked up once."""

    orders: Mapping[uuid.UUID, PurchaseOrder]
    by_number: Mapping[str, Sequence[PurchaseOrder]]
    lines: Mapping[tuple[int, str], PurchaseOrderLine]
    by_line_number: Mapping[tuple[int, str], PurchaseOrderLine]


@requires_scope
def check_rows(rows: Sequence[FileRow], *, actor: Actor, at: datetime) -> list[CheckedLine]:
    """Tell of each line of a sheet what would come of it: the same rules and words as on the screen."""
    known = _look_up(rows, actor)
    found: dict[int, list[FileRow]] = defaultdict(list)
    lines: dict[int, PurchaseOrderLine] = {}
    checked: list[CheckedLine] = []
    for row in rows:
        line, problem = _line_of(row, known)
        if line is None:
            if row.answered or row.bad:
                checked.append(_unplaced(row, problem))
            continue
        lines[line.pk] = line
        found[line.pk].append(row)
    schedules = schedules_by_line(lines)
    promises = live_promises_by_line(lines)
    rules = _rules(lines.values(), schedules)
    transit = _transit_days({line.supplier_id for line in lines.values()})
    for pk, its_rows in found.items():
        line = lines[pk]
        asked = asked_of(line, schedules[pk], line.order)
        travel = transit[line.supplier_id]
        checked.append(_LineCheck(line, its_rows, asked, rules[pk], promises.get(pk, []), at, travel).run())
    return sorted(_judged(checked, actor=actor, at=at), key=lambda one: one.rows[0])


def _judged(checked: Sequence[CheckedLine], *, actor: Actor, at: datetime) -> Iterable[CheckedLine]:
    """What the tolerances of each company say of what would go to its buyers: the same word as when it is sent."""
    asking = [one for one in checked if one.outcome in (WAITS, REFUSED) and one.line and one.order]
    judges = judges_of((one.line for one in asking if one.line), at=at) if asking else {}
    if curious := [pk for pk, judge in judges.items() if judge.wants_paper]:
        lines: dict[int, list[PurchaseOrderLine]] = defaultdict(list)
        for line in visible_lines(actor).filter(order__in=curious):
            lines[line.order_id].append(line)
        promises = live_promises_by_line(line.pk for theirs in lines.values() for line in theirs)
        answers = {one.line.pk: one.new for one in checked if one.line and one.outcome in SENT}
        judges |= {pk: with_paper(judges[pk], lines[pk], promises, answers) for pk in curious}
    for one in checked:
        judge = judges.get(one.order.pk) if one.order and one.outcome in (WAITS, REFUSED) else None
        yield _with_verdict(one, judge, actor) if judge else one


def _with_verdict(one: CheckedLine, judge: Judge, actor: Actor) -> CheckedLine:
    assert one.line is not None
    assert one.rules is not None
    assert one.order is not None
    verdict = judge.verdict(one.line.pk, one.rules, one.new)
    refused = [] if actor.is_company else refused_at_entry(one.rules, one.new, verdict, one.order.currency)
    if refused:
        problems = tuple(_at_row(problem, one.piece_rows) for problem in refused)
        return replace(one, outcome=BAD, verdict=verdict, problems=problems)
    agreed = verdict.outcome < Outcome.ASK
    return replace(one, outcome=BY_RULE if agreed else one.outcome, verdict=verdict)


def _at_row(problem: Problem, rows: Sequence[int]) -> RowProblem:
    column, _dot, index = problem.field.partition(".")
    return RowProblem(rows[int(index)], column, problem.value, problem.message)


def _rules(
    lines: Iterable[PurchaseOrderLine], schedules: Mapping[int, Sequence[object]]
) -> dict[int, LineRules]:
    found: dict[int, LineRules] = {}
    by_supplier = sorted(lines, key=lambda line: line.supplier_id)
    for _supplier, group in groupby(by_supplier, key=lambda line: line.supplier_id):
        theirs = list(group)
        found |= rules_of(theirs[0].order, theirs, schedules)  # type: ignore[arg-type]
    return found


def _transit_days(supplier_ids: Iterable[int]) -> dict[int, int | None]:
    """How long the goods of each supplier travel: a sheet names no place."""
    places: dict[int, list[SupplierSite]] = {pk: [] for pk in supplier_ids}
    for place in SupplierSite.objects.filter(supplier_id__in=places):
        places[place.supplier_id].append(place)
    return {pk: travel_days(theirs) for pk, theirs in places.items()}


# --- which line a row means ---------------------------------------------------------------------------------


def _look_up(rows: Sequence[FileRow], actor: Actor) -> _Known:
    keys = {key for row in rows if (key := read_key(row.order_key))}
    numbers = {row.order for row in rows if row.order and not row.order_key}
    visible = visible_orders(actor).select_related("company", "supplier")
    orders = {order.pk: order for order in visible.filter(key__in=keys)} if keys else {}
    if numbers:
        orders |= {order.pk: order for order in visible.filter(number__in=numbers)}
    by_number: dict[str, list[PurchaseOrder]] = defaultdict(list)
    for order in orders.values():
        by_number[order.number].append(order)
    lines: dict[tuple[int, str], PurchaseOrderLine] = {}
    by_line_number: dict[tuple[int, str], PurchaseOrderLine] = {}
    for line in visible_lines(actor).filter(order__in=orders):
        line.order = orders[line.order_id]
        lines[line.order_id, line.key] = line
        by_line_number[line.order_id, str(line.number)] = line
    return _Known({order.key: order for order in orders.values()}, by_number, lines, by_line_number)


def _line_of(row: FileRow, known: _Known) -> tuple[PurchaseOrderLine | None, RowProblem]:
    order, line = None, None
    unknown = RowProblem(
        row.row,
        "order",
        row.order or row.order_key,
        _("There is no such order. Download a fresh answer sheet; its hidden columns must stay as they are."),
    )
    if row.order_key:
        key = read_key(row.order_key)
        order = known.orders.get(key) if key else None
    elif len(found := known.by_number.get(row.order, ())) == 1:
        order = found[0]
    elif len(found) > 1:
        message = _("Several customers have an order %(number)s. Answer it in its own row of a fresh sheet.")
        return None, RowProblem(row.row, "order", row.order, message % {"number": row.order})
    if order is None:
        return None, unknown
    if row.line_key:
        line = known.lines.get((order.pk, row.line_key))
    elif row.line:
        line = known.by_line_number.get((order.pk, row.line))
    if line is None:
        message = _("Order %(number)s has no such line. Download a fresh answer sheet.")
        return None, RowProblem(row.row, "line", row.line or row.line_key, message % {"number": order.number})
    if (row.order and row.order != order.number) or (row.line and row.line != str(line.number)):
        said = f"{row.order} · {row.line}"
        message = _(
            "This row says %(said)s, but its hidden columns belong to %(meant)s: rows were sorted or copied "
            "in part. Download a fresh answer sheet."
        )
        values = {"said": said, "meant": f"{order.number} · {line.number}"}
        return None, RowProblem(row.row, "order", said, message % values)
    return line, unknown


def _unplaced(row: FileRow, problem: RowProblem) -> CheckedLine:
    text = f"{row.order} · {row.line}".strip(" ·")
    return CheckedLine(rows=(row.row,), outcome=BAD, number_text=text, problems=(problem,))


# --- what would come of a line ------------------------------------------------------------------------------


class _LineCheck:
    """One line and its rows: a small machine because its questions share so much."""

    def __init__(
        self,
        line: PurchaseOrderLine,
        rows: Sequence[FileRow],
        asked: Asked,
        rules: LineRules,
        promises: Sequence[Promise],
        at: datetime,
        transit_days: int | None,
    ) -> None:
        self.line, self.rows, self.asked, self.rules, self.promises = line, rows, asked, rules, promises
        self.transit_days = transit_days
        self.today = at.astimezone(ZoneInfo(line.order.supplier.time_zone)).date()
        self.filled = [row for row in rows if _says_something(row)]
        self.empty = [row for row in rows if not _says_something(row)]
        self.piece_rows: list[FileRow] = []
        self.reference = next((row.answered["reference"] for row in rows if "reference" in row.answered), "")

    def run(self) -> CheckedLine:
        if not self.filled:
            return self._checked(SKIPPED)
        if bad := [_bad_cell(row, cell) for row in self.filled for cell in row.bad]:
            return self._checked(BAD, problems=bad)
        pieces, problems = self._pieces()
        if problems:
            return self._checked(BAD, problems=problems)
        if self._is_unchanged(pieces):
            return self._checked(SKIPPED)
        if problem := self._stale() or self._closed():
            return self._checked(STALE if problem.column == "version" else BAD, problems=[problem])
        new, found = read_answer(self.rules, pieces, today=self.today, transit_days=self.transit_days)
        if found:
            problems = [self._row_problem(one.field, one.value, one.message) for one in found]
            return self._checked(BAD, problems=problems)
        return self._checked(self._outcome(new), pieces=pieces, new=new)

    def _checked(
        self,
        outcome: str,
        *,
        pieces: Sequence[AnswerPiece] = (),
        new: Sequence[NewPiece] = (),
        problems: Sequence[RowProblem] = (),
    ) -> CheckedLine:
        return CheckedLine(
            rows=tuple(row.row for row in self.rows),
            outcome=outcome,
            line_key=self.line.key,
            number_text=f"{self.line.order.number} · {self.line.number}",
            order=self.line.order,
            line=self.line,
            rules=self.rules,
            pieces=tuple(pieces),
            piece_rows=tuple(row.row for row in self.piece_rows),
            new=tuple(new),
            difference=difference(self.rules, new) if new else Difference(),
            reference=self.reference,
            problems=tuple(problems),
        )

    def _outcome(self, new: Sequence[NewPiece]) -> str:
        if all(piece.kind == PromiseKind.REFUSE for piece in new):
            return REFUSED
        told = [
            Piece(one.kind, one.quantity, one.delivery_on, one.price, one.price_per, one.item_number)
            for one in new
        ]
        return AS_ASKED if is_as_asked(self.asked, told) else WAITS

    def _pieces(self) -> tuple[list[AnswerPiece], list[RowProblem]]:
        problems: list[RowProblem] = []
        self.piece_rows = list(self.filled)
        pieces = [self._piece(row, problems) for row in self.filled]
        # A delivery left empty beside one that was answered is as asked, unless the others make up the line.
        if (
            self.empty
            and sum((piece.quantity or ZERO for piece in pieces), start=ZERO) != self.rules.quantity
        ):
            self.piece_rows += self.empty
            pieces += [self._piece(row, problems) for row in self.empty]
        return pieces, problems

    def _piece(self, row: FileRow, problems: list[RowProblem]) -> AnswerPiece:
        said = row.answered
        delivery = next((one for one in self.rules.deliveries if str(one.key) == row.delivery), None)
        if "quantity" in said:
            quantity = Decimal(said["quantity"])
        elif len(self.rows) == 1:
            quantity = self.rules.quantity
        elif delivery:
            quantity = delivery.quantity
        else:
            quantity = ZERO
            message = _("Say how much: a line with several rows needs a quantity in each.")
            problems.append(RowProblem(row.row, "quantity", "", message))
        return AnswerPiece(
            quantity=quantity,
            kind=said.get("kind", PromiseKind.ACCEPT),
            delivery_on=_day(said.get("delivery_on")),
            ship_on=_day(said.get("ship_on")),
            price=Decimal(said["price"]) if "price" in said else None,
            schedule_key=delivery.key if delivery else None,
            item_number=said.get("substitute_item", ""),
            reason=said.get("reason", ""),
            note=said.get("note", ""),
        )

    def _is_unchanged(self, pieces: Sequence[AnswerPiece]) -> bool:
        """Whether the sheet says again what stands on the line already."""
        standing = sorted(_shape_of_promise(one) for one in self.promises)
        said = sorted(_shape_of_piece(one, self.rules) for one in pieces)
        return bool(standing) and standing == said and self.line.revision_status == "current"

    def _stale(self) -> RowProblem | None:
        versions = [
            int(row.version) for row in self.rows if row.version.isdecimal() and len(row.version) < 10
        ]
        if not versions:
            return None
        seen, row = min(versions), self.filled[0]
        if self.line.touched_version <= seen <= self.line.order.version:
            return None
        values = {"line": self.line.number, "changes": self._what_changed()}
        message = (
            _("Line %(line)s changed since this sheet was made: %(changes)s. Download it afresh.") % values
        )
        return RowProblem(row.row, "version", "", message)

    def _what_changed(self) -> str:
        now = {
            "asked_quantity": figure(self.line.quantity),
            "asked_delivery_on": day_text(self.line.delivery_on),
            "asked_price": figure(self.line.price),
        }
        words = {
            "asked_quantity": _("quantity"),
            "asked_delivery_on": _("asked delivery"),
            "asked_price": _("price"),
        }
        before = _asked_before(self.rows)
        changes = [
            _("%(what)s was %(old)s, is %(new)s")
            % {"what": words[name], "old": before[name], "new": now[name]}
            for name in words
            if name in before and before[name] != now[name]
        ]
        if changes:
            return "; ".join(changes)
        return _("it was answered or decided meanwhile")

    def _closed(self) -> RowProblem | None:
        line, row = self.line, self.filled[0].row
        values = {"number": line.number, "order": line.order.number}
        if line.order.state != OrderState.ISSUED:
            message = _("Order %(order)s is cancelled or closed and takes no answers.")
        elif not line.is_open:
            message = _("Line %(number)s is cancelled, closed or received: nothing is left to promise.")
        elif line.is_settled:
            message = _("Line %(number)s is agreed already. What was agreed is changed by asking the buyer.")
        else:
            return None
        return RowProblem(row, "line", str(line.number), message % values)

    def _row_problem(self, name: str, value: str, message: str) -> RowProblem:
        column, _dot, index = name.partition(".")
        place = int(index) if index.isdecimal() and int(index) < len(self.piece_rows) else 0
        column = "substitute_item" if column == "item_number" else column
        return RowProblem(self.piece_rows[place].row, column, value, message)


def _says_something(row: FileRow) -> bool:
    return bool(row.bad) or any(name != "reference" for name in row.answered)


def _bad_cell(row: FileRow, cell: object) -> RowProblem:
    return RowProblem(row.row, cell.column, cell.value, cell.message)  # type: ignore[attr-defined]


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


# The price in it is of one unit, exactly: 70 for ten units are not 70 for each.
Shape = tuple[str, Decimal, str, str, Fraction, str, str]


def _shape_of_promise(one: Promise) -> Shape:
    day, ship = str(one.delivery_on or ""), str(one.ship_on or "")
    price = Fraction(one.price) / Fraction(one.price_per)
    return (one.kind, one.quantity, day, ship, price, one.item_number, one.reason)


def _shape_of_piece(one: AnswerPiece, rules: LineRules) -> Shape:
    day, ship = str(one.delivery_on or ""), str(one.ship_on or "")
    price = Fraction(rules.price if one.price is None else one.price) / Fraction(rules.price_per)
    quantity = rules.quantity if one.quantity is None else one.quantity
    return (one.kind, quantity, day, ship, price, one.item_number, one.reason)


def _asked_before(rows: Sequence[FileRow]) -> dict[str, str]:
    """What was asked when the sheet was made, as it says; the pieces of one delivery repeat it."""
    before: dict[str, str] = {}
    days = [row.asked["asked_delivery_on"] for row in rows if "asked_delivery_on" in row.asked]
    if days:
        before["asked_delivery_on"] = day_text(_day(min(days)))
    quantities = {row.delivery: row.asked["asked_quantity"] for row in rows if "asked_quantity" in row.asked}
    if quantities:
        before["asked_quantity"] = figure(sum(map(Decimal, quantities.values()), start=ZERO))
    if price := next((row.asked["asked_price"] for row in rows if "asked_price" in row.asked), ""):
        before["asked_price"] = figure(Decimal(price))
    return before
