"""Orders as the ERP sends them: new ones, revisions, and what happened, a whole batch at a time.

Reading the same paper twice changes nothing (content hash). A revision reopens only the lines on which something
that matters moved (domain.md §5.4); one that says what was agreed closes silently (§5.5).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.services import Fact
from portal.kernel.errors import Problem
from portal.kernel.mirror import is_older, newest_of
from portal.kernel.scope import requires_scope
from portal.kernel.values import decimals_of, line_amount
from procurement.catalogue.models import Company, Site, Unit
from procurement.clocks.queries import ServiceBook
from procurement.orders.messages import LinePaper, OrderPaper, content_hash, paper_to_json
from procurement.orders.models import OrderRevision, Promise, PurchaseOrder, PurchaseOrderLine, ScheduleLine
from procurement.orders.policies import (
    Asked,
    Change,
    changes_between,
    echoes,
    finance_of,
    logistics_of,
)
from procurement.orders.queries import (
    agreed_before_by_line,
    asked_of,
    live_promises_by_line,
    piece_of,
    schedules_by_line,
)
from procurement.orders.services.promise import tell_erp
from procurement.orders.services.receive_writing import Batch, write_batch
from procurement.orders.services.standing import (
    apply_roll_up,
    inherit_first_days,
    note_answer_due,
    note_expected,
    note_first_days,
)
from procurement.orders.states import (
    LINE_LIFECYCLE,
    ORDER_LIFECYCLE,
    PROMISE_LIFECYCLE,
    Agreement,
    OrderState,
    PromiseState,
    Turn,
)
from suppliers.models import Supplier

ZERO = Decimal(0)
LARGEST = Decimal(10) ** 12
IN_THE_ERP = "in the ERP"  # who decided, as it is kept: in one language
STATE_OF = {"open": OrderState.ISSUED, "cancelled": OrderState.CANCELLED, "closed": OrderState.CLOSED}
VERB_TO = {OrderState.ISSUED: "reopen", OrderState.CANCELLED: "cancel", OrderState.CLOSED: "close"}


@dataclass(frozen=True, slots=True)
class OrderResult:
    """What came of one paper: stored, revised, updated (only what happened moved), unchanged, older or refused."""

    company: str
    number: str
    outcome: str
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderIntake:
    """What came of a batch, and which orders of it (by id) moved."""

    results: tuple[OrderResult, ...] = ()
    moved: tuple[int, ...] = ()

    def count(self, outcome: str) -> int:
        return sum(result.outcome == outcome for result in self.results)

    @property
    def refused(self) -> tuple[OrderResult, ...]:
        return tuple(result for result in self.results if result.outcome == "refused")


@dataclass(slots=True)
class _Known:
    """What the batch refers to, looked up once."""

    companies: dict[str, Company]
    suppliers: dict[str, Supplier]
    sites: dict[str, Site]
    units: dict[str, Unit]
    orders: dict[tuple[int, str], PurchaseOrder]
    lines: dict[int, list[PurchaseOrderLine]]
    schedules: dict[int, list[ScheduleLine]]
    promises: dict[int, list[Promise]]
    agreed_before: dict[int, list[list[Promise]]]
    book: ServiceBook = field(default_factory=ServiceBook)


@requires_scope
def receive_orders(papers: Sequence[OrderPaper], *, actor: Actor, at: datetime) -> OrderIntake:
    """Take in orders as the ERP holds them now. Bad papers never sink good ones; each says what is wrong with it."""
    newest = newest_papers(papers)
    known = _look_up(newest)
    batch = Batch()
    batch.remember(known.orders.values(), (line for lines in known.lines.values() for line in lines))
    results = [_receive(paper, known, batch, at) for paper in newest]
    write_batch(batch, actor, at)
    for order, lines in batch.forgotten:
        ids = [line.pk for line in lines]
        tell_erp(
            order, lines, live_promises_by_line(ids), schedules_by_line(ids), actor=actor, at=at, again=True
        )
    return OrderIntake(tuple(results), tuple(order.pk for order in batch.moved_orders))


def newest_papers(papers: Iterable[OrderPaper]) -> list[OrderPaper]:
    """One paper of each order: the one with the newest stamp; without stamps, or of one moment, the last."""
    return newest_of(papers, lambda paper: (paper.company, paper.number))


def _look_up(papers: Iterable[OrderPaper]) -> _Known:
    papers = list(papers)
    companies = {company.code: company for company in Company.objects.all()}
    numbers = [paper.number for paper in papers]
    # One order of locking for everybody: by id.
    orders = {
        (order.company_id, order.number): order
        for order in PurchaseOrder.objects.filter(number__in=numbers).order_by("id").select_for_update()
    }
    lines: dict[int, list[PurchaseOrderLine]] = {}
    line_rows = PurchaseOrderLine.objects.filter(order__in=[order.pk for order in orders.values()])
    for line in line_rows.order_by("order_id", "number", "id"):
        lines.setdefault(line.order_id, []).append(line)
    line_ids = [line.pk for found in lines.values() for line in found]
    site_codes = {paper.ship_to for paper in papers} | {
        line.ship_to for paper in papers for line in paper.lines
    }
    return _Known(
        companies=companies,
        suppliers={
            supplier.number: supplier
            for supplier in Supplier.objects.filter(number__in={paper.supplier for paper in papers})
        },
        sites={site.code: site for site in Site.objects.filter(code__in=site_codes)},
        units={unit.code: unit for unit in Unit.objects.all()},
        orders=orders,
        lines=lines,
        schedules=schedules_by_line(line_ids),
        promises=live_promises_by_line(line_ids),
        agreed_before=agreed_before_by_line(line_ids),
    )


# --- checking one paper -------------------------------------------------------------------------------------


def _problems(paper: OrderPaper, known: _Known) -> list[Problem]:
    found: list[Problem] = []

    def say(field_name: str, value: object, message: str, line: LinePaper | None = None) -> None:
        found.append(Problem(field_name, message, str(value), line=str(line.number) if line else ""))

    unknown = _("%(value)s is not known here. Send its master data first, or correct the code.")
    if paper.company not in known.companies:
        say("company", paper.company, unknown % {"value": paper.company or "''"})
    if paper.supplier not in known.suppliers:
        say("supplier", paper.supplier, unknown % {"value": paper.supplier or "''"})
    if paper.ship_to and paper.ship_to not in known.sites:
        say("ship_to", paper.ship_to, unknown % {"value": paper.ship_to})
    if paper.status not in STATE_OF:
        say("status", paper.status, _("The status is open, cancelled or closed."))
    if len(paper.currency) != 3 or not paper.currency.isalpha():
        say("currency", paper.currency, _("A currency has three letters (ISO 4217), such as EUR."))
    if not paper.lines:
        say("lines", "", _("An order needs at least one line."))
    keys = [line.key for line in paper.lines]
    for key in sorted({key for key in keys if keys.count(key) > 1}) if len(set(keys)) < len(keys) else ():
        say("line_key", key, _("Two lines have this key. A line's key must be its own."))
    for line in paper.lines:
        if line.unit not in known.units:
            say("unit", line.unit, unknown % {"value": line.unit or "''"}, line)
        elif not line.cancelled and decimals_of(line.quantity) > known.units[line.unit].decimals:
            message = _("A quantity in %(unit)s has at most %(count)d decimals.")
            values = {"unit": line.unit, "count": known.units[line.unit].decimals}
            say("quantity", line.quantity, message % values, line)
        if not line.cancelled and not 0 < line.quantity < LARGEST:
            say("quantity", line.quantity, _("A quantity must be more than zero."), line)
        if not 0 <= line.price < LARGEST:
            say("price", line.price, _("A price cannot be negative."), line)
        if not 0 < line.price_per < LARGEST:
            say("price_per", line.price_per, _("A price is for more than zero units."), line)
        if line.ship_to and line.ship_to not in known.sites:
            say("ship_to", line.ship_to, unknown % {"value": line.ship_to}, line)
        if line.schedules and sum(one.quantity for one in line.schedules) != line.quantity:
            say("schedules", line.quantity, _("The deliveries of a line must add up to its quantity."), line)
        if any(one.quantity <= 0 for one in line.schedules):
            say("schedules", line.quantity, _("Each delivery must be of more than zero."), line)
    return found


def _receive(paper: OrderPaper, known: _Known, batch: Batch, at: datetime) -> OrderResult:
    problems = _problems(paper, known)
    company = known.companies.get(paper.company)
    order = known.orders.get((company.pk, paper.number)) if company else None
    if order and not problems and order.supplier_id != known.suppliers[paper.supplier].pk:
        message = _("This order was sent to another supplier. Cancel it and issue a new one.")
        problems.append(Problem("supplier", message, paper.supplier))
    if problems:
        return OrderResult(paper.company, paper.number, "refused", tuple(problems))
    digest = content_hash(paper)
    if order is None:
        _new_order(paper, digest, known, batch, at)
        return OrderResult(paper.company, paper.number, "stored")
    if order.content_hash == digest:
        if paper.stamp and (order.erp_stamp is None or order.erp_stamp < paper.stamp):
            # Still so at that moment: a paper from in between that comes late is older than what we know.
            order.erp_stamp = paper.stamp
            batch.stamped_orders.append(order)
        return OrderResult(paper.company, paper.number, "unchanged")
    if is_older(paper.stamp, order.erp_stamp):
        return OrderResult(paper.company, paper.number, "older")
    outcome = _Revising(paper, digest, order, known, batch, at).run()
    return OrderResult(paper.company, paper.number, outcome)


# --- a new order --------------------------------------------------------------------------------------------


def _header(paper: OrderPaper, known: _Known) -> dict[str, Any]:
    names = (
        "kind",
        "currency",
        "ordered_on",
        "payment_terms",
        "incoterm",
        "incoterm_place",
        "buyer_code",
        "buyer_name",
        "buyer_email",
        "note",
    )
    values: dict[str, Any] = {name: getattr(paper, name) for name in names}
    values["ship_to"] = known.sites.get(paper.ship_to)
    values["erp_revision"] = paper.revision
    values["erp_stamp"] = paper.stamp
    return values


def _deliveries(line: LinePaper) -> list[tuple[Decimal, Any]]:
    if line.schedules:
        return [(one.quantity, one.delivery_on) for one in line.schedules]
    return [(line.quantity, line.delivery_on)]


def _line_values(
    line: LinePaper, paper: OrderPaper, known: _Known, shipped: Decimal = ZERO, claimed: Decimal = ZERO
) -> dict[str, Any]:
    names = (
        "number",
        "item_number",
        "description",
        "gtin",
        "supplier_part_number",
        "quantity",
        "unit",
        "price",
        "price_per",
        "note",
        "closed",
        "received_quantity",
        "invoiced_quantity",
    )
    values: dict[str, Any] = {name: getattr(line, name) for name in names}
    words = (paper.number, line.item_number, line.supplier_part_number, line.gtin, line.description)
    values["search"] = " ".join(word for word in words if word).lower()
    values["unit_decimals"] = known.units[line.unit].decimals
    values["amount"] = line_amount(line.quantity, line.price, line.price_per, paper.currency)
    values["delivery_on"] = min(day for _, day in _deliveries(line))
    values["last_delivery_on"] = max(day for _, day in _deliveries(line))
    values["ship_to"] = known.sites.get(line.ship_to)
    values["logistics"] = logistics_of(
        ordered=line.quantity, shipped=shipped, received=line.received_quantity, closed=line.closed
    )
    values["finance"] = finance_of(ordered=line.quantity, invoiced=max(line.invoiced_quantity, claimed))
    return values


def _add_line(
    line: LinePaper, paper: OrderPaper, order: PurchaseOrder, known: _Known, batch: Batch
) -> PurchaseOrderLine:
    values = _line_values(line, paper, known)
    row = PurchaseOrderLine(
        supplier_id=order.supplier_id,
        order=order,
        key=line.key,
        asked_revision=order.revision,
        touched_version=order.version,
        cancelled=False,
        **values,
    )
    schedules = [
        ScheduleLine(supplier_id=order.supplier_id, line=row, key=key, quantity=quantity, delivery_on=day)
        for key, (quantity, day) in enumerate(_deliveries(line), start=1)
    ]
    row.last_schedule_key = len(schedules)
    note_expected(row, asked_of(row, schedules, order), [])
    row.turn = Turn.SUPPLIER if row.is_open and order.state == OrderState.ISSUED else Turn.NOBODY
    batch.new_lines.append(row)
    batch.new_schedules.extend(schedules)
    return row


def _new_order(paper: OrderPaper, digest: str, known: _Known, batch: Batch, at: datetime) -> None:
    supplier = known.suppliers[paper.supplier]
    order = PurchaseOrder(
        company=known.companies[paper.company],
        supplier=supplier,
        number=paper.number,
        state=STATE_OF[paper.status],
        content_hash=digest,
        received_at=at,
        revised_at=at,
        updated_at=at,
        **_header(paper, known),
    )
    lines = [_add_line(line, paper, order, known, batch) for line in paper.lines if not line.cancelled]
    note_answer_due(order, supplier, lines, at, known.book)
    apply_roll_up(order, lines)
    batch.new_orders.append(order)
    batch.revisions.append(_revision(order, paper, digest, at, []))
    batch.facts.append(
        Fact(
            "order.received",
            order.stream,
            supplier.pk,
            {"number": order.number, "revision": 1, "lines": len(lines)},
        )
    )


def _revision(
    order: PurchaseOrder, paper: OrderPaper, digest: str, at: datetime, changes: list[dict[str, Any]]
) -> OrderRevision:
    return OrderRevision(
        supplier_id=order.supplier_id,
        order=order,
        number=order.revision,
        erp_revision=paper.revision,
        received_at=at,
        content_hash=digest,
        paper=paper_to_json(paper),
        changes=changes,
    )


# --- a revision ---------------------------------------------------------------------------------------------

DAYS = frozenset({"delivery_on", "deliveries"})
HEADER_NOTES = ("payment_terms", "buyer_name", "note", "kind")
LINE_NOTES = ("number", "description", "gtin", "supplier_part_number", "note")


def _is_forgotten(line: PurchaseOrderLine, changes: Sequence[Change]) -> bool:
    """Whether nothing but the days of a promised line moved, which the ERP has just planned anew by itself.

    It does so for every line when any is amended, and for the rest of a line when part of it is received.
    """
    promised = line.agreement in (Agreement.AGREED, Agreement.ANSWERED)
    return promised and bool(changes) and {change.field for change in changes} <= DAYS


class _Revising:
    """One order's next paper against what is stored: a small machine because its parts share so much."""

    def __init__(
        self,
        paper: OrderPaper,
        digest: str,
        order: PurchaseOrder,
        known: _Known,
        batch: Batch,
        at: datetime,
    ) -> None:
        self.paper, self.digest, self.order, self.known = paper, digest, order, known
        self.batch, self.at = batch, at
        self.lines = known.lines.get(order.pk, [])
        self.changes: list[dict[str, Any]] = []
        self.reopened: list[int] = []
        self.echoed: list[int] = []
        self.forgotten: list[PurchaseOrderLine] = []
        self.is_amended = bool(paper.revision) and paper.revision != order.erp_revision

    def run(self) -> str:
        order = self.order
        asked_before = {line.pk: asked_of(line, self.known.schedules[line.pk], order) for line in self.lines}
        order.version += 1
        before = {line.pk: (line.received_quantity, line.invoiced_quantity) for line in self.lines}
        self._note_header()
        order.revision += 1  # for now: taken back below if nothing that was asked moved
        for name, value in _header(self.paper, self.known).items():
            setattr(order, name, value)
        self._move_state()
        self._revise_lines(asked_before)
        if self.forgotten:
            self.batch.forgotten.append((order, self.forgotten))
        if not self.changes:
            order.revision -= 1
        order.content_hash = self.digest
        order.updated_at = self.at
        if self.changes:
            order.revised_at = self.at
            self.batch.revisions.append(_revision(order, self.paper, self.digest, self.at, self.changes))
        supplier = self.known.suppliers[self.paper.supplier]
        waits = any(line.turn == Turn.SUPPLIER for line in self.lines)
        if self.reopened or not waits or not order.lines_for_supplier:
            note_answer_due(order, supplier, self.lines, self.at, self.known.book)
        apply_roll_up(order, self.lines)
        self.batch.moved_orders.append(order)
        self._record(before)
        return "revised" if self.changes else "updated"

    def _note_header(self) -> None:
        for name in HEADER_NOTES:
            old, new = getattr(self.order, name), getattr(self.paper, name)
            if old != new:
                self._say("", Change(name, old, new, reopens=False))

    def _say(self, line: str, change: Change, did: str = "") -> None:
        self.changes.append(
            {
                "line": line,
                "field": change.field,
                "old": change.old,
                "new": change.new,
                "did": did or ("reopened" if change.reopens else "noted"),
            }
        )

    def _move_state(self) -> None:
        wanted = STATE_OF[self.paper.status]
        if wanted == self.order.state:
            return
        row = ORDER_LIFECYCLE.transition(VERB_TO[wanted], self.order.state)
        self.batch.facts.append(
            Fact(
                row.event,
                self.order.stream,
                self.order.supplier_id,
                {"from": self.order.state, "to": wanted},
            )
        )
        self.order.state = row.target

    def _revise_lines(self, asked_before: dict[int, Asked]) -> None:
        papers = {line.key: line for line in self.paper.lines}
        for line in self.lines:
            paper = papers.pop(line.key, None)
            if paper is None or paper.cancelled:
                self._cancel(line)
            else:
                self._revise_line(line, paper, asked_before[line.pk])
            self.batch.moved_lines.append(line)
        for paper in papers.values():
            if not paper.cancelled:
                row = _add_line(paper, self.paper, self.order, self.known, self.batch)
                self.lines.append(row)
                self.reopened.append(row.number)
                self._say(str(row.number), Change("line", "", row.item_number), "added")

    def _cancel(self, line: PurchaseOrderLine) -> None:
        if not line.cancelled:
            line.cancelled, line.turn = True, Turn.NOBODY
            line.touched_version = self.order.version
            self._supersede(line, PromiseState.PROPOSED)
            self._say(str(line.number), Change("line", line.item_number, ""), "cancelled")

    def _supersede(self, line: PurchaseOrderLine, *states: PromiseState) -> None:
        for promise in self.known.promises.get(line.pk, []):
            if promise.state in states:
                promise.state = PROMISE_LIFECYCLE.target("supersede", promise.state)
                self.batch.promises.append(promise)

    def _revise_line(self, line: PurchaseOrderLine, paper: LinePaper, before: Asked) -> None:
        number = str(paper.number)
        for name in LINE_NOTES:
            if getattr(line, name) != getattr(paper, name):
                old, new = str(getattr(line, name)), str(getattr(paper, name))
                self._say(number, Change(name, old, new, reopens=False))
        was_cancelled = line.cancelled
        was_written = (line.price_per, line.unit_decimals)
        planned_anew = paper.planned_by_erp and (
            self.is_amended or paper.received_quantity > line.received_quantity
        )
        shipped = line.shipped_quantity
        claimed = line.claimed_quantity
        for name, value in _line_values(paper, self.paper, self.known, shipped, claimed).items():
            setattr(line, name, value)
        line.cancelled = False
        schedules = self._reschedule(line, paper)
        after = asked_of(line, schedules, self.order)
        changes = changes_between(before, after)
        takes_promises = line.is_open and self.order.state == OrderState.ISSUED
        asked_anew = (line.agreed_revision or line.asked_revision) < line.asked_revision
        if was_cancelled or (takes_promises and line.is_settled and asked_anew):
            changes.append(Change("line", "", line.item_number))
        pieces = [piece_of(promise) for promise in self.known.promises.get(line.pk, [])]
        if changes and echoes(after, pieces, changes):
            self._close_silently(line, changes, schedules)
        elif takes_promises and self._is_late_echo(line, after, changes):
            self._await_newer(line, changes)
        elif planned_anew and takes_promises and _is_forgotten(line, changes):
            self._keep(line, changes)
        elif changes and line.is_settled and not takes_promises:
            self._note(line, changes)
        elif changes:
            self._reopen(line, changes)
        else:
            self._turn_on(line)
        if was_written != (line.price_per, line.unit_decimals):
            # 2.50 each is 250 per 100, but what somebody types against the one must not be read as the other.
            line.touched_version = self.order.version
        note_expected(line, after, self._standing_pieces(line))

    def _standing_pieces(self, line: PurchaseOrderLine) -> list[Any]:
        return [
            piece_of(promise)
            for promise in self.known.promises.get(line.pk, [])
            if promise.state in (PromiseState.AGREED, PromiseState.PROPOSED)
        ]

    def _close_silently(
        self, line: PurchaseOrderLine, changes: list[Change], schedules: list[ScheduleLine]
    ) -> None:
        """The ERP now says what was promised: what the buyer took there is agreed here."""
        promises = self.known.promises.get(line.pk, [])
        for promise in promises:
            if promise.state != PromiseState.AGREED:
                promise.state = PROMISE_LIFECYCLE.target("echo", promise.state)
                promise.decided_at, promise.decided_by = self.at, IN_THE_ERP
                self.batch.promises.append(promise)
        self.batch.first_days += [one for one in schedules if note_first_days(one, promises) and one.pk]
        inherit_first_days(schedules, promises)
        line.agreement = LINE_LIFECYCLE.target("echo", line.agreement)
        line.turn = Turn.NOBODY
        line.asked_revision = line.agreed_revision = self.order.revision
        line.touched_version = self.order.version
        self.echoed.append(line.number)
        for change in changes:
            self._say(str(line.number), change, "as agreed")

    def _is_late_echo(self, line: PurchaseOrderLine, asked: Asked, changes: Sequence[Change]) -> bool:
        """Whether the ERP now holds what was agreed before something newer was, which it is being told."""
        before = self.known.agreed_before.get(line.pk, []) if changes and line.is_settled else []
        return any(echoes(asked, [piece_of(one) for one in pieces], changes) for pieces in before)

    def _await_newer(self, line: PurchaseOrderLine, changes: list[Change]) -> None:
        """Nobody is asked again: what is agreed stands, and the ERP will say so as soon as it has taken that too."""
        line.asked_revision = line.agreed_revision = self.order.revision
        line.touched_version = self.order.version
        self.echoed.append(line.number)
        for change in changes:
            self._say(str(line.number), change, "as agreed")

    def _keep(self, line: PurchaseOrderLine, changes: list[Change]) -> None:
        """Nobody has asked for other days: what was promised stands, and the ERP is told again what was agreed."""
        line.touched_version = self.order.version
        if line.agreement == Agreement.AGREED:
            line.asked_revision = line.agreed_revision = self.order.revision
            self.forgotten.append(line)
        self._turn_on(line)
        for change in changes:
            self._say(str(line.number), change, "kept")

    def _note(self, line: PurchaseOrderLine, changes: list[Change]) -> None:
        """Nothing is left to promise, so nobody is asked again; if the line comes back, it asks what it asks then."""
        line.asked_revision = self.order.revision
        self._turn_off(line)
        for change in changes:
            self._say(str(line.number), change, "noted")

    def _reopen(self, line: PurchaseOrderLine, changes: list[Change]) -> None:
        # What was agreed stays in sight until the supplier answers anew; what was only proposed is overtaken.
        self._supersede(line, PromiseState.PROPOSED, PromiseState.DECLINED)
        line.agreement = LINE_LIFECYCLE.target("reopen", line.agreement)
        line.asked_revision = self.order.revision
        line.touched_version = self.order.version
        self._turn_on(line)
        self.reopened.append(line.number)
        for change in changes:
            self._say(str(line.number), change)

    def _turn_on(self, line: PurchaseOrderLine) -> None:
        """Give the ball to who holds it, as long as anything can still be promised."""
        if not line.is_open or self.order.state != OrderState.ISSUED:
            self._turn_off(line)
        elif line.agreement in (Agreement.AWAITING, Agreement.DISPUTED):
            line.turn = Turn.SUPPLIER
        elif any(p.state == PromiseState.PROPOSED for p in self.known.promises.get(line.pk, [])):
            line.turn = Turn.BUYER

    def _turn_off(self, line: PurchaseOrderLine) -> None:
        if line.turn != Turn.NOBODY:
            line.turn = Turn.NOBODY
            # Who still has it before them is about to answer or decide what nobody waits for any more.
            line.touched_version = self.order.version

    def _reschedule(self, line: PurchaseOrderLine, paper: LinePaper) -> list[ScheduleLine]:
        """Keep our keys: a delivery that is unchanged keeps its own, the rest are taken in order."""
        wanted = _deliveries(paper)
        free = list(self.known.schedules.get(line.pk, []))
        kept: dict[int, ScheduleLine] = {}
        for position, (quantity, day) in enumerate(wanted):
            same = next((one for one in free if (one.quantity, one.delivery_on) == (quantity, day)), None)
            if same:
                free.remove(same)
                kept[position] = same
        # Promises name deliveries by key: one that is gone takes its key with it.
        next_key = max([line.last_schedule_key, *(one.key for one in self.known.schedules[line.pk])]) + 1
        for position, (quantity, day) in enumerate(wanted):
            if position in kept:
                continue
            if free:
                moved = free.pop(0)
                moved.quantity, moved.delivery_on = quantity, day
                self.batch.moved_schedules.append(moved)
            else:
                moved = ScheduleLine(
                    supplier_id=line.supplier_id,
                    line=line,
                    key=next_key,
                    quantity=quantity,
                    delivery_on=day,
                )
                next_key += 1
                self.batch.new_schedules.append(moved)
            kept[position] = moved
        self.batch.gone_schedules.extend(one.pk for one in free)
        line.last_schedule_key = next_key - 1
        return [kept[position] for position in range(len(wanted))]

    def _record(self, before: dict[int, tuple[Decimal, Decimal]]) -> None:
        order = self.order
        if self.changes:
            facts = {
                "revision": order.revision,
                "changes": self.changes[:50],
                "change_count": len(self.changes),
                "reopened": self.reopened,
                "echoed": self.echoed,
                "sent_again": [line.number for line in self.forgotten],
            }
            self.batch.facts.append(Fact("order.revised", order.stream, order.supplier_id, facts))
        received = [
            {"line": line.number, "received": f"{line.received_quantity.normalize():f}", "unit": line.unit}
            for line in self.lines
            if line.pk in before and before[line.pk][0] != line.received_quantity
        ]
        if received:
            facts = {"lines": received[:50], "line_count": len(received)}
            self.batch.facts.append(Fact("order.goods_received", order.stream, order.supplier_id, facts))
