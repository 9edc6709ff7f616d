"""An order's next paper held against what is stored: what is noted, what is reopened, what closes silently."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from portal.kernel.audit.services import Fact
from procurement.orders.messages import LinePaper, OrderPaper
from procurement.orders.models import PurchaseOrder, PurchaseOrderLine, ScheduleLine
from procurement.orders.policies import Asked, Change, changes_between, echoes
from procurement.orders.queries import asked_of, piece_of
from procurement.orders.services.receive_known import STATE_OF, Known
from procurement.orders.services.receive_new import (
    add_line,
    deliveries_of,
    header_of,
    line_values,
    revision_of,
)
from procurement.orders.services.receive_writing import Batch
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

IN_THE_ERP = "in the ERP"  # who decided, as it is kept: in one language

VERB_TO = {OrderState.ISSUED: "reopen", OrderState.CANCELLED: "cancel", OrderState.CLOSED: "close"}

DAYS = frozenset({"delivery_on", "deliveries"})
HEADER_NOTES = ("payment_terms", "buyer_name", "note", "kind")
LINE_NOTES = ("number", "description", "gtin", "supplier_part_number", "note")


def _is_forgotten(line: PurchaseOrderLine, changes: Sequence[Change]) -> bool:
    """Whether nothing but the days of a promised line moved, which the ERP has just planned anew by itself.

    It does so for every line when any is amended, and for the rest of a line when part of it is received.
    """
    promised = line.agreement in (Agreement.AGREED, Agreement.ANSWERED)
    return promised and bool(changes) and {change.field for change in changes} <= DAYS


class Revising:
    """One order's next paper against what is stored: a small machine because its parts share so much."""

    def __init__(
        self,
        paper: OrderPaper,
        digest: str,
        order: PurchaseOrder,
        known: Known,
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
        for name, value in header_of(self.paper, self.known).items():
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
            self.batch.revisions.append(revision_of(order, self.paper, self.digest, self.at, self.changes))
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
                row = add_line(paper, self.paper, self.order, self.known, self.batch)
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
        for name, value in line_values(paper, self.paper, self.known, shipped, claimed).items():
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
        wanted = deliveries_of(paper)
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
