"""Writing down where lines and their order stand, after anything moved."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import F
from django.utils.translation import gettext as _

from portal.kernel.errors import StaleDocument
from procurement.clocks.messages import ORDER_ANSWER, Subject
from procurement.clocks.queries import ServiceBook
from procurement.orders.models import Promise, PurchaseOrder, PurchaseOrderLine, ScheduleLine
from procurement.orders.policies import (
    Asked,
    LineStatus,
    OrderStatus,
    Piece,
    expected_on,
    next_delivery_on,
    roll_up,
)
from procurement.orders.states import PromiseState, Turn
from suppliers.models import Supplier

ROLLED_UP = (
    "agreement",
    "revision_status",
    "logistics",
    "finance",
    "line_count",
    "lines_agreed",
    "lines_for_supplier",
    "lines_for_buyer",
    "total_amount",
    "next_delivery_on",
)


def status_of(line: PurchaseOrderLine) -> LineStatus:
    """A line's four statuses."""
    return LineStatus(
        agreement=line.agreement,
        revision_status=line.revision_status,
        logistics=line.logistics,
        finance=line.finance,
        turn=line.turn,
        cancelled=line.cancelled,
    )


EXPECTED = ("expected_on", "next_delivery_on")


def note_expected(line: PurchaseOrderLine, asked: Asked, pieces: Sequence[Piece]) -> None:
    """Note (not save) when the last of a line is expected, and when the next of it."""
    gone, way = max(line.shipped_quantity, line.received_quantity), line.way
    line.expected_on = expected_on(asked, pieces, gone, way)
    line.next_delivery_on = next_delivery_on(asked, pieces, gone, way)


def note_answer_due(
    order: PurchaseOrder,
    supplier: Supplier,
    lines: Sequence[PurchaseOrderLine],
    at: datetime,
    book: ServiceBook | None = None,
) -> None:
    """Note (not save) by when the supplier is to answer what waits for it now, by the service policy that counts.

    There is one deadline for the order: it is set whenever the ball comes to the supplier, and gone when nothing waits.
    `book` is what a batch has read already.
    """
    waiting = [line for line in lines if line.turn == Turn.SUPPLIER]
    if not waiting:
        order.answer_asked_at = order.acknowledge_by_at = None
        return
    lead: timedelta = min(line.delivery_on for line in waiting) - at.date()
    value = sum((line.amount for line in lines if not line.cancelled), start=Decimal(0))
    subject = Subject(ORDER_ANSWER, supplier.number, supplier.segment, order.kind, lead.days, value)
    due_at = (book or ServiceBook()).due_of(subject, supplier=supplier, at=at)
    order.answer_asked_at, order.acknowledge_by_at = at, due_at


def move_answer_due(order: PurchaseOrder, due_at: datetime, *, at: datetime) -> None:
    """Save another day by which an order is to be answered. The order must be locked; whoever asks says why."""
    order.acknowledge_by_at = due_at
    order.version, order.updated_at = order.version + 1, at
    order.save(update_fields=["acknowledge_by_at", "version", "updated_at"])


def apply_roll_up(order: PurchaseOrder, lines: Sequence[PurchaseOrderLine]) -> None:
    """Compute an order's statuses, counts, total and next delivery from its lines (not saved)."""
    status: OrderStatus = roll_up([status_of(line) for line in lines], state=order.state)
    for name in ROLLED_UP[:8]:
        setattr(order, name, getattr(status, name))
    live = [line for line in lines if not line.cancelled]
    order.total_amount = sum((line.amount for line in live), start=order.total_amount * 0)
    # A line that an older version wrote while this one was being installed has no next day of its own yet.
    days = [line.next_delivery_on or line.expected_on for line in live if line.is_open]
    order.next_delivery_on = min(days, default=None)


FIRST_DAYS = ("first_promised_on", "first_agreed_on")


def note_first_days(schedule: ScheduleLine, pieces: Sequence[Promise], *, is_settled: bool = True) -> bool:
    """Note (not save) the days first promised and first agreed for one delivery; says whether there was news.

    `pieces` are the live ones of its line. A delivery that no piece names, because the ERP split what was agreed, is
    the one that comes on its day. Nothing is first agreed before its line `is_settled`.
    """
    before = (schedule.first_promised_on, schedule.first_agreed_on)
    dated = [piece for piece in pieces if piece.delivery_on]
    mine = [piece for piece in dated if piece.schedule_key == schedule.key] or [
        piece for piece in dated if piece.delivery_on == schedule.delivery_on
    ]
    last = max((piece.delivery_on for piece in mine if piece.delivery_on), default=None)
    if schedule.first_promised_on is None:
        schedule.first_promised_on = last
    if (
        is_settled
        and schedule.first_agreed_on is None
        and all(piece.state == PromiseState.AGREED for piece in mine)
    ):
        schedule.first_agreed_on = last
    return before != (schedule.first_promised_on, schedule.first_agreed_on)


def inherit_first_days(schedules: Sequence[ScheduleLine], pieces: Sequence[Promise]) -> None:
    """Let a delivery that the ERP has just made out of another one be measured by the days of that one.

    It is new, and no piece names it: the piece on its day names the one it came out of. Who splits what was agreed
    does not get a later day to be measured by.
    """
    by_key = {one.key: one for one in schedules}
    named = {piece.schedule_key for piece in pieces}
    for made in (one for one in schedules if not one.pk and one.key not in named):
        keys = [piece.schedule_key for piece in pieces if piece.delivery_on == made.delivery_on]
        source = next((by_key[key] for key in keys if key in by_key), None)
        for name in FIRST_DAYS if source else ():
            days = (getattr(source, name), getattr(made, name))
            if all(days):
                setattr(made, name, min(days))


def save_standing(
    order: PurchaseOrder,
    lines: Sequence[PurchaseOrderLine],
    touched: Iterable[PurchaseOrderLine],
    *,
    at: datetime,
) -> None:
    """Save the promise side of the touched lines and the order's roll-up, as the order's next version.

    `lines` are all lines of the order. Raises `StaleDocument` if the order moved without our lock.
    """
    order.version += 1
    order.updated_at = at
    changed = list(touched)
    for line in changed:
        line.touched_version = order.version
    PurchaseOrderLine.objects.bulk_update(
        changed,
        ["agreement", "turn", "agreed_revision", "touched_version", *EXPECTED],
        batch_size=500,
    )
    apply_roll_up(order, lines)
    values = {name: getattr(order, name) for name in ROLLED_UP}
    moved = PurchaseOrder.objects.filter(pk=order.pk, version=order.version - 1).update(
        version=F("version") + 1,
        updated_at=at,
        supplier_reference=order.supplier_reference,
        answer_asked_at=order.answer_asked_at,
        acknowledge_by_at=order.acknowledge_by_at,
        **values,
    )
    if not moved:
        raise StaleDocument(_("Somebody has changed this a moment ago. Look at it again."))
