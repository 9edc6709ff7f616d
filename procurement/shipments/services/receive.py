"""The receiving side has counted: what of a notice is here, and whether more of it is to come."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.services import record
from portal.kernel.errors import IllegalTransition, Invalid, NotAllowed, Problem, StaleDocument
from portal.kernel.scope import requires_scope
from procurement.orders.models import PurchaseOrder, PurchaseOrderLine
from procurement.orders.policies import plain
from procurement.orders.queries import lock_orders
from procurement.shipments.messages import NoticeNamed
from procurement.shipments.models import ShipNotice, ShipNoticeLine
from procurement.shipments.policies import ZERO
from procurement.shipments.queries import find_notice, hold_notice, lines_in, order_ids_of
from procurement.shipments.services.holding import require_as_seen
from procurement.shipments.services.send import MOST_TOLD, refresh_lines
from procurement.shipments.states import LIVE, NOTICE_LIFECYCLE, ON_THE_WAY, NoticeState
from suppliers.roles import Permission


@requires_scope
def note_counted(consignment: uuid.UUID, counted_at: datetime | None) -> None:
    """Write down since when a count of a consignment stands at the dock, or that none does any more.

    Until the ERP has booked it no total says that something is here; but what was counted is a fact, and its notice is
    neither taken back nor corrected behind it. The notice is held by whoever calls this.
    """
    ShipNotice.objects.filter(consignment=consignment, state__in=LIVE).update(counted_at=counted_at)


@requires_scope
def note_received(
    orders: Sequence[PurchaseOrder], counted: Mapping[int, Decimal], *, actor: Actor, at: datetime
) -> int:
    """Write down what was counted of some notice lines (by id), and let their notices and order lines follow.

    `orders` are all orders of all notices concerned, and held (Note [Orders first]). Returns how many notices moved.
    Told twice it changes nothing; what is less than before, because the ERP took a booking back, opens a notice again.
    """
    held = {order.pk for order in orders}
    wanted = ShipNoticeLine.objects.filter(pk__in=list(counted)).values("notice_id")
    found = ShipNotice.objects.filter(pk__in=wanted, state__in=LIVE).order_by("id")
    notices = {notice.pk: notice for notice in found.select_for_update(of=("self",))}
    lines: dict[int, list[ShipNoticeLine]] = {pk: [] for pk in notices}
    for one in (
        ShipNoticeLine.objects.filter(notice__in=notices).select_related("line__order").order_by("position")
    ):
        if one.order_id not in held:
            raise StaleDocument(f"{one} is of an order that nobody holds.")
        lines[one.notice_id].append(one)
    moved: list[int] = []
    changed: list[ShipNoticeLine] = []
    for pk, notice in notices.items():
        fresh = [
            one for one in lines[pk] if counted.get(one.pk, one.received_quantity) != one.received_quantity
        ]
        for one in fresh:
            one.received_quantity = counted[one.pk]
        changed += fresh
        if _follow(notice, lines[pk], bool(fresh), actor=actor, at=at):
            moved.append(pk)
    ShipNoticeLine.objects.bulk_update(changed, ["received_quantity"], batch_size=500)
    # Also those that nothing was counted of: what a line has received in all may have moved.
    refresh_lines(orders, {one.line_id for theirs in lines.values() for one in theirs}, at=at)
    return len(moved)


@requires_scope
def close_notice(named: NoticeNamed, reason: str, *, actor: Actor, at: datetime) -> ShipNotice:
    """The buying side waits for nothing more of a notice that has arrived: what of it was not counted can be shipped
    anew. What is booked for it later counts all the same.

    Raises `NotAllowed`, `Invalid` without a reason where something is missing, `IllegalTransition` before it arrived.
    """
    if not actor.may(Permission.ORDER_DECIDE):
        raise NotAllowed(_("Closing a ship notice is for who decides on orders. Ask one of them."))
    seen = find_notice(named.notice, actor=actor)
    orders = lock_orders(order_ids_of([seen.pk]))
    notice = hold_notice(named.notice, actor=actor)
    require_as_seen(notice, named.version)
    if notice.state not in NOTICE_LIFECYCLE.sources("close"):
        message = _("This ship notice is %(state)s: it is closed once it has arrived.")
        message %= {"state": notice.get_state_display().lower()}
        raise IllegalTransition(message, details={"verb": "close", "state": notice.state})
    why = reason.strip()
    if notice.state != NoticeState.RECEIVED and not why:
        message = _("Say why nothing more is awaited of this ship notice.")
        raise Invalid(message, [Problem("reason", message, "", "required")])
    lines = lines_in(notice)
    fields: dict[str, Any] = {"updated_at": at, "ended_at": at, "end_reason": why[:2000]}
    facts = _facts_of(notice, lines) | {"why": why[:2000]}
    NOTICE_LIFECYCLE.move(notice, "close", actor=actor, at=at, facts=facts, fields=fields)
    refresh_lines(orders, {one.line_id for one in lines}, at=at)
    return notice


def is_over(line: PurchaseOrderLine) -> bool:
    """Whether nothing more is awaited on an order line: it has come whole, or will not."""
    return line.closed or line.cancelled or line.received_quantity >= line.quantity


def state_of(notice: ShipNotice, lines: Iterable[ShipNoticeLine]) -> str:
    """Where a live notice stands by what was counted of it. A line that is over awaits nothing more, however little
    of it came with this notice."""
    going = [one for one in lines if one.quantity > ZERO]
    if notice.state == NoticeState.CLOSED:
        return notice.state
    came = any(one.received_quantity > ZERO for one in going)
    is_here = all(one.received_quantity >= one.quantity or is_over(one.line) for one in going)
    is_all_here = all(one.line.received_quantity >= one.line.quantity for one in going)
    if (came and is_here) or is_all_here:
        return NoticeState.RECEIVED
    if came:
        return NoticeState.PARTLY_RECEIVED
    is_open = notice.state in ON_THE_WAY and notice.state != NoticeState.PARTLY_RECEIVED
    return notice.state if is_open else NoticeState.ARRIVED


def _follow(
    notice: ShipNotice, lines: Sequence[ShipNoticeLine], is_fresh: bool, *, actor: Actor, at: datetime
) -> bool:
    state = state_of(notice, lines)
    if state == notice.state and not is_fresh:
        return False
    facts = _facts_of(notice, lines)
    verb = _verb(notice.state, state)
    if verb:
        fields: dict[str, Any] = {"updated_at": at}
        NOTICE_LIFECYCLE.move(notice, verb, actor=actor, at=at, facts=facts, fields=fields)
        return True
    ShipNotice.objects.filter(pk=notice.pk).update(updated_at=at)
    supplier = notice.supplier_id
    record("shipment.counted_anew", notice.stream, actor=actor, at=at, supplier_id=supplier, facts=facts)
    return True


def _verb(before: str, after: str) -> str:
    """The verb that leads there; none where it stays received or closed, and only another quantity was counted."""
    if after == NoticeState.PARTLY_RECEIVED:
        return "reopen_part" if before == NoticeState.RECEIVED else "receive_part"
    if after == NoticeState.RECEIVED:
        return "receive" if before != NoticeState.RECEIVED else ""
    return "unreceive" if after != before else ""


def _facts_of(notice: ShipNotice, lines: Sequence[ShipNoticeLine]) -> dict[str, Any]:
    told = [
        {
            "order": one.line.order.number,
            "line": one.line.number,
            "announced": plain(one.quantity),
            "received": plain(one.received_quantity),
            "unit": one.line.unit,
        }
        for one in lines
        if one.quantity or one.received_quantity
    ]
    return {
        "notice": str(notice.key),
        "number": notice.number,
        "issue": notice.issue,
        "lines": told[:MOST_TOLD],
        "count": len(told),
    }
