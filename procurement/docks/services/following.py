"""What becomes of times when shipments move, or do not: kept, missed, or there is nothing to come any more.

A reaction, and not a part of the verbs on a ship notice: those are floors below and know of no dock. It looks at how
things stand, so that facts may come in any order and twice (docs/outbox.md, *Reactions*).
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from portal.kernel.actors import Actor
from portal.kernel.audit.models import AuditEvent
from portal.kernel.outbox.services import RetryLater
from portal.kernel.scope import acting, require_no_transaction, requires_scope
from procurement.docks.models import Appointment
from procurement.docks.policies import AWAITED_FOR, was_kept
from procurement.docks.queries import AWAITED, DOCK
from procurement.docks.services.times import move
from procurement.docks.states import OPEN, AppointmentState
from procurement.shipments.models import ShipNotice
from procurement.shipments.policies import consignments_in
from procurement.shipments.states import NoticeState

MOST_AT_ONCE = 200
ROUNDS = 3

HEARS = frozenset(
    {
        "shipment.arrived",
        "shipment.cancelled",
        "shipment.closed",
        "shipment.partly_received",
        "shipment.received",
    }
)


def follow_shipments(events: Sequence[AuditEvent], at: datetime) -> str:
    """The reaction: let the times of the consignments that these facts are about follow."""
    require_no_transaction()
    moved = 0
    for consignment in consignments_in(event.stream for event in events):
        with acting(DOCK):
            moved += follow_shipment(consignment, actor=DOCK, at=at)
    return f"moved {moved}" if moved else "unchanged"


@requires_scope
def follow_shipment(consignment: UUID, *, actor: Actor, at: datetime) -> bool:
    """Let the open time of one consignment agree with where it is; says whether it moved."""
    notice = _hold_newest(consignment)
    open_ones = Appointment.objects.filter(consignment=consignment, state__in=OPEN)
    one: Appointment | None = (
        open_ones.select_related("site__company").select_for_update(of=("self",)).first()
    )
    if notice is None or one is None or notice.state in AWAITED:
        return False
    if notice.state != NoticeState.CANCELLED:
        came = notice.arrived_at or at
        if one.state == AppointmentState.CONFIRMED:
            verb = "keep" if was_kept(came, one.ends_at) else "miss"
            move(one, notice, verb, {"ended_at": came}, actor=actor, at=at)
            return True
        # The portal's own words are kept in English; presenters say them in the reader's.
        reason = "The goods have arrived."
    else:
        reason = "The ship notice was taken back."
    move(one, notice, "lapse", {"reason": reason, "ended_at": at}, actor=actor, at=at)
    return True


def _hold_newest(consignment: UUID) -> ShipNotice | None:
    """The version of a consignment that counts, held. One that was replaced while it was waited for counts no more;
    then the next one is there. Raises `RetryLater` where corrections come faster than this looks.
    """
    sent = ShipNotice.objects.filter(consignment=consignment, sent_at__isnull=False).order_by("-issue")
    for _round in range(ROUNDS):
        notice: ShipNotice | None = sent.select_for_update(of=("self",)).first()
        if notice is None or notice.state != NoticeState.REPLACED:
            return notice
    raise RetryLater("The ship notice is being corrected.")


def sweep_missed(at: datetime) -> int:
    """Say of every confirmed time that is long over, and to which nothing came, that it was missed. Safe twice."""
    over = Appointment.objects.filter(state=AppointmentState.CONFIRMED, ends_at__lt=at - AWAITED_FOR)
    with acting(DOCK):
        found = list(over.order_by("ends_at", "id").values_list("consignment", flat=True)[:MOST_AT_ONCE])
    missed = 0
    for consignment in found:
        with acting(DOCK):
            missed += _miss(consignment, at)
    return missed


def _miss(consignment: UUID, at: datetime) -> bool:
    if follow_shipment(consignment, actor=DOCK, at=at):
        return True
    notice = _hold_newest(consignment)
    open_ones = Appointment.objects.filter(consignment=consignment, state=AppointmentState.CONFIRMED)
    one: Appointment | None = (
        open_ones.select_related("site__company").select_for_update(of=("self",)).first()
    )
    if notice is None or one is None or one.ends_at >= at - AWAITED_FOR:
        return False
    move(one, notice, "miss", {"ended_at": at}, actor=DOCK, at=at)
    return True
