"""A ship notice is closed by itself once all that differed is settled and nothing more of it is awaited.

Note [Booked before closed]: what of a closed notice was not booked can be shipped anew. So it waits until the ERP has
booked all that was counted good; else an order line would look open between the buyer's word and the booking.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from portal.kernel.actors import Actor
from portal.kernel.audit.models import AuditEvent
from portal.kernel.scope import acting, require_no_transaction, requires_scope
from procurement.orders.queries import lock_orders
from procurement.receipts.models import ReceivingSheet
from procurement.receipts.policies import ZERO
from procurement.receipts.queries import counted_sheet, live_notice_of
from procurement.receipts.services.counting import COUNTER
from procurement.receipts.states import Rest, SheetState
from procurement.shipments.messages import NoticeNamed
from procurement.shipments.models import ShipNotice, ShipNoticeLine
from procurement.shipments.policies import consignments_in
from procurement.shipments.queries import hold_notice, order_ids_of
from procurement.shipments.services import close_notice
from procurement.shipments.states import ALL_SETTLED, NoticeState

CLOSES = frozenset(
    {
        "count.difference_settled",
        "shipment.counted_anew",
        "shipment.partly_received",
        "shipment.received",
    }
)
BOOKED = (NoticeState.PARTLY_RECEIVED, NoticeState.RECEIVED)


def close_settled(events: Sequence[AuditEvent], at: datetime) -> str:
    """The reaction: close the consignments that these facts are about, where nothing of them is open any more."""
    require_no_transaction()
    closed = 0
    for consignment in consignments_in(event.stream for event in events):
        with acting(COUNTER):
            closed += close_if_settled(consignment, actor=COUNTER, at=at)
    return f"closed {closed}" if closed else "unchanged"


@requires_scope
def close_if_settled(consignment: UUID, *, actor: Actor, at: datetime) -> bool:
    """Close the live notice of a consignment where something differed, all of that is settled, and nothing is awaited.
    Says whether it did. Orders, then the notice (Note [Sheet last] in `services.sheets`).
    """
    seen = live_notice_of(consignment)
    if seen is None or seen.state not in BOOKED or not _is_settled(seen):
        return False
    lock_orders(order_ids_of([seen.pk]))
    notice = hold_notice(seen.key, actor=actor)
    if notice.state not in BOOKED or not _is_settled(notice):
        return False
    close_notice(NoticeNamed(notice.key, notice.version), ALL_SETTLED, actor=actor, at=at)
    return True


def _is_settled(notice: ShipNotice) -> bool:
    """Whether the dock, the supplier and the buyer are done with a notice of which something differed."""
    sheets = list(
        ReceivingSheet.objects.filter(consignment=notice.consignment).select_related(
            "notice", "site", "company", "supplier"
        )
    )
    if any(sheet.is_counting for sheet in sheets):
        return False
    counts = [counted_sheet(sheet) for sheet in sheets if sheet.state == SheetState.POSTED]
    said = [one.settlement for found in counts for one in found.differences]
    said += [one.settlement for found in counts for one in found.wrong]
    if not said or not all(said):
        return False
    lines = [one for found in counts for one in found.lines]
    missing = {one.one.line_id for one in lines if one.one.rest == Rest.SHORT}
    for line in ShipNoticeLine.objects.filter(notice=notice, quantity__gt=ZERO):
        mine = [one.tally for one in lines if one.one.line_id == line.line_id]
        here, good = sum((one.counted for one in mine), ZERO), sum((one.good for one in mine), ZERO)
        if (here < line.quantity and line.line_id not in missing) or line.received_quantity < good:
            return False
    return True
