"""What the reader of a mail may see of what it tells: see Note [Reader's scope]."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from portal.kernel.actors import Actor
from portal.kernel.audit.models import AuditEvent
from procurement.changes.models import OrderChange
from procurement.changes.queries import visible_changes
from procurement.notifications.models import Notice
from procurement.notifications.policies import APPROVAL_ASKED
from procurement.notifications.states import NoticeKind
from procurement.orders.models import PurchaseOrder, PurchaseOrderLine
from procurement.orders.queries import visible_lines, visible_orders
from procurement.payables.queries.by_link import InShort, approvals_asked, in_short
from procurement.threads.models import Message

LONGEST_QUOTE = 2_000

NEW, REVISED, DECIDED = NoticeKind.ORDER_NEW, NoticeKind.ORDER_REVISED, NoticeKind.ANSWER_DECIDED


@dataclass(frozen=True, slots=True)
class Seen:
    """What a reader may see of what some notices are about."""

    orders: Mapping[int, PurchaseOrder]
    events: Mapping[int, AuditEvent]
    lines: Mapping[int, Sequence[PurchaseOrderLine]]
    messages: Mapping[int, Message]
    changes: Mapping[str, OrderChange]
    to_approve: Mapping[str, InShort] = field(default_factory=dict)


def seen_by(actor: Actor, notices: Sequence[Notice]) -> Seen:
    """Read what these notices are about as their reader may see it. See Note [Reader's scope]."""
    events = AuditEvent.objects.visible_to(actor).filter(pk__in=[one.event_id for one in notices])
    if actor.is_supplier:
        events = events.filter(internal=False)
    by_id = {event.pk: event for event in events}
    ids = {one.order_id for one in notices if one.order_id}
    orders = visible_orders(actor).filter(pk__in=ids).select_related("company", "supplier", "ship_to")
    lines: dict[int, list[PurchaseOrderLine]] = defaultdict(list)
    for line in visible_lines(actor).filter(order__in=ids).order_by("order_id", "number"):
        lines[line.order_id].append(line)
    said = [event.facts["message"] for event in by_id.values() if "message" in event.facts]
    messages = Message.objects.visible_to(actor).filter(pk__in=said)
    if actor.is_supplier:
        messages = messages.filter(internal=False)
    asked = [event.facts["change"] for event in by_id.values() if "change" in event.facts]
    changes = visible_changes(actor).filter(key__in=asked)
    to_approve: dict[str, InShort] = {}
    keys = [str(one.facts.get("approval")) for one in by_id.values() if one.kind in APPROVAL_ASKED]
    if keys and actor.is_company:
        approvals = approvals_asked(keys)
        told = in_short([one.invoice for one in approvals.values()])
        to_approve = {key: told[one.invoice_id] for key, one in approvals.items()}
    return Seen(
        {order.pk: order for order in orders},
        by_id,
        lines,
        {message.pk: message for message in messages},
        {str(change.key): change for change in changes},
        to_approve,
    )
