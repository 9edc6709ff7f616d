"""The clock of an order that awaits its answer: made to agree with how the order stands, and moved for a reason.

Note [One deadline]: the order says by when it is to be answered (`acknowledge_by_at`), from the moment it is asked, in
the same transaction and on every list. Its clock takes that moment over and adds what an order does not know: pauses,
the ladder, who moved it and why. So a page and a reminder can never speak of two deadlines; whoever moves one moves
both. See docs/adr/0018-the-order-says-when-the-clock-says-what-then.md.
"""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import Exists, F, Min, OuterRef, Q, TextField, Value
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.models import AuditEvent
from portal.kernel.errors import IllegalTransition, NotAllowed, StaleDocument
from portal.kernel.scope import acting, requires_scope
from procurement.clocks.messages import ORDER_ANSWER, StartClock
from procurement.clocks.models import Clock
from procurement.clocks.queries import live_clock, live_clocks
from procurement.clocks.services import (
    DueMoveAsked,
    move_due,
    pause_clocks,
    resume_clocks,
    start_clocks,
    stop_clocks,
)
from procurement.clocks.states import LIVE_CLOCKS, ClockState
from procurement.orders.models import PurchaseOrder, PurchaseOrderLine
from procurement.orders.queries import lock_order
from procurement.orders.services.standing import move_answer_due as move_orders_due
from procurement.orders.states import OrderState, Turn
from suppliers.roles import Permission

KEEPER = Actor.system("Acknowledgment clocks")
MOST_AT_ONCE = 500
MOST_ROUNDS = 200

# Every fact after which the ball may be elsewhere.
MOVES_THE_BALL = frozenset(
    {
        "order.received",
        "order.revised",
        "order.cancelled",
        "order.closed",
        "order.reopened",
        "order.goods_received",
        "order.receipts_booked",
        "order.acknowledged",
        "order.answer_withdrawn",
        "order.answer_accepted",
        "order.answer_declined",
        "order.asked_again",
        "change.accepted",
        "change.superseded",
        "change.retained",
        "erp.drift_repaired",
    }
)


def review_orders_of(events: Sequence[AuditEvent], at: datetime) -> str:
    """The reaction: look at the orders these facts are about."""
    streams = sorted({event.stream for event in events if event.stream.startswith("order:")})
    moved = 0
    for start in range(0, len(streams), MOST_AT_ONCE):
        with acting(KEEPER):
            part = streams[start : start + MOST_AT_ONCE]
            moved += review_acknowledgment_clocks(part, actor=KEEPER, at=at)
    return "moved" if moved else "unchanged"


@requires_scope
def review_acknowledgment_clocks(streams: Iterable[str], *, actor: Actor, at: datetime) -> int:
    """Make the clocks of these orders say what the orders say; says how many were started, paused, resumed or stopped.

    A line that waits for the supplier lets it run; none does but one waits for the buyer, it is paused; nobody waits,
    it stops. What was asked anew gets a new clock. The orders are held, so that two reviews never cross.
    """
    keys = [UUID(stream.removeprefix("order:")) for stream in streams]
    orders = list(PurchaseOrder.objects.filter(key__in=keys).order_by("id").select_for_update(no_key=True))
    clocks = live_clocks(ORDER_ANSWER, [order.stream for order in orders])
    work = _Work()
    for order in orders:
        work.add(order, clocks.get(order.stream))
    return work.do(actor, at)


class _Work:
    """What is to be done to bring clocks and orders together, gathered so that each verb is one statement."""

    def __init__(self) -> None:
        self.start: list[PurchaseOrder] = []
        self.pause: list[uuid.UUID] = []
        self.resume: list[uuid.UUID] = []
        self.stop: dict[str, list[uuid.UUID]] = defaultdict(list)

    def add(self, order: PurchaseOrder, clock: Clock | None) -> None:
        """Look at one order beside its clock."""
        if order.state != OrderState.ISSUED:
            self._stop(clock, str(order.state))
        elif order.lines_for_supplier and order.acknowledge_by_at and order.answer_asked_at:
            if clock and clock.started_at != order.answer_asked_at:
                self._stop(clock, "asked anew")
                clock = None
            if clock is None:
                self.start.append(order)
            elif clock.state == ClockState.PAUSED:
                self.resume.append(clock.key)
        elif order.lines_for_buyer and clock and clock.started_at == order.answer_asked_at:
            if clock.state == ClockState.RUNNING:
                self.pause.append(clock.key)
        else:
            self._stop(clock, "answered")

    def _stop(self, clock: Clock | None, because: str) -> None:
        if clock:
            self.stop[because].append(clock.key)

    def do(self, actor: Actor, at: datetime) -> int:
        """Do it, what ends before what begins."""
        done = sum(stop_clocks(keys, because, actor=actor, at=at) for because, keys in self.stop.items())
        if self.pause:
            done += pause_clocks(self.pause, actor=actor, at=at)
        if self.resume:
            # Who takes an answer back, or has it taken back, is where they were: the deadline did not move.
            done += resume_clocks(self.resume, counted=True, actor=actor, at=at)
        return done + start_clocks(_commands(self.start), actor=actor, at=at)


def _commands(orders: Sequence[PurchaseOrder]) -> list[StartClock]:
    if not orders:
        return []
    waiting = PurchaseOrderLine.objects.filter(order__in=orders, turn=Turn.SUPPLIER).order_by()
    first = dict(waiting.values_list("order_id").annotate(Min("delivery_on")))
    return [_command(order, first.get(order.pk)) for order in orders]


def _command(order: PurchaseOrder, first: date | None) -> StartClock:
    asked_at = order.answer_asked_at
    assert asked_at is not None
    lead = (first - asked_at.date()).days if first else None
    return StartClock(
        kind=ORDER_ANSWER,
        stream=order.stream,
        label=order.number,
        supplier_id=order.supplier_id,
        company_id=order.company_id,
        site_id=order.ship_to_id,
        order_kind=order.kind,
        lead_days=lead,
        value=order.total_amount,
        started_at=asked_at,
        due_at=order.acknowledge_by_at,
    )


# --- the safety net -----------------------------------------------------------------------------------------


def orders_out_of_step() -> list[str]:
    """The streams of orders whose clock does not say what the order says, at most one batch of them."""
    stream = Concat(Value("order:"), Cast(OuterRef("key"), TextField()), output_field=TextField())
    live = Clock.objects.filter(kind=ORDER_ANSWER, stream=stream, state__in=LIVE_CLOCKS)
    running = live.filter(state=ClockState.RUNNING, started_at=OuterRef("answer_asked_at"))
    waits = Q(state=OrderState.ISSUED, lines_for_supplier__gt=0, acknowledge_by_at__isnull=False)
    waits &= Q(answer_asked_at__isnull=False)
    silent = PurchaseOrder.objects.filter(waits).exclude(Exists(running)).order_by("id")
    found = [order.stream for order in silent.only("key")[:MOST_AT_ONCE]]
    if len(found) < MOST_AT_ONCE:
        found += _running_for_nobody(MOST_AT_ONCE - len(found))
    return found


def _running_for_nobody(most: int) -> list[str]:
    """Clocks that run though nobody waits for the supplier, or are paused though nobody waits at all."""
    clocks = Clock.objects.filter(kind=ORDER_ANSWER)
    waits = PurchaseOrder.objects.annotate(
        named=Concat(Value("order:"), Cast(F("key"), TextField()), output_field=TextField())
    ).filter(named=OuterRef("stream"), state=OrderState.ISSUED)
    running = clocks.filter(state=ClockState.RUNNING).exclude(Exists(waits.filter(lines_for_supplier__gt=0)))
    paused = clocks.filter(state=ClockState.PAUSED).exclude(Exists(waits.filter(lines_for_buyer__gt=0)))
    found: list[str] = []
    for rows in (running, paused):
        if len(found) < most:
            found += rows.order_by("id").values_list("stream", flat=True)[: most - len(found)]
    return found


def review_all_clocks(*, at: datetime) -> int:
    """Bring every order and its clock together, a transaction for each batch; says how many clocks were moved."""
    moved = 0
    for _round in range(MOST_ROUNDS):
        with acting(KEEPER):
            found = orders_out_of_step()
            done = review_acknowledgment_clocks(found, actor=KEEPER, at=at) if found else 0
        moved += done
        if not done or len(found) < MOST_AT_ONCE:
            break
    return moved


# --- another deadline ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MoveAnswerDue:
    """Another day by which an order is to be answered, and why; `version` is the order's as it was on the screen."""

    key: uuid.UUID
    version: int
    due_at: datetime
    reason: str


@requires_scope
def move_answer_due(command: MoveAnswerDue, *, actor: Actor, at: datetime) -> PurchaseOrder:
    """Give a supplier more time (or less), for a reason that both sides read: order and clock move together."""
    if actor.is_supplier or not actor.may(Permission.ORDER_DECIDE):
        raise NotAllowed(_("Your role does not move what is due. A buyer does."))
    order = lock_order(command.key, actor=actor)
    if order.version != command.version:
        message = _("This order moved since you opened it. Look at what stands now.")
        raise StaleDocument(message, details={"version": order.version})
    review_acknowledgment_clocks([order.stream], actor=KEEPER, at=at)
    clock = live_clock(ORDER_ANSWER, order.stream)
    if clock is None or clock.state != ClockState.RUNNING:
        raise IllegalTransition(_("Nothing on this order waits for the supplier now."))
    asked = DueMoveAsked(clock.key, clock.version, command.due_at, command.reason)
    moved = move_due(asked, actor=actor, at=at)
    move_orders_due(order, moved.due_at, at=at)
    return order
