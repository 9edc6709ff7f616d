"""Whether what was sent is seen: an order that nobody at its supplier has looked at, or could be told of."""

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings

from portal.kernel.actors import Actor
from portal.kernel.audit.services import Fact, record, record_all
from portal.kernel.scope import requires_scope
from procurement.notifications.models import DeliveryWatch, OrderSight
from procurement.notifications.queries import orders_unseen, orders_without_reader, told_already
from procurement.notifications.services.gathering import POSTMAN
from procurement.orders.models import PurchaseOrder
from suppliers.states import CHANNEL_RULES


@requires_scope
def see_order(order: PurchaseOrder, *, actor: Actor, at: datetime) -> bool:
    """A person of its supplier looks at an order: the first one who does is kept, for each revision. Says whether it
    was news. A buyer who looks has not seen it for the supplier."""
    if not actor.is_supplier or OrderSight.objects.filter(order=order, revision=order.revision).exists():
        return False
    sight = OrderSight(
        supplier_id=order.supplier_id,
        order=order,
        revision=order.revision,
        seen_at=at,
        seen_by=actor.label,
    )
    OrderSight.objects.bulk_create([sight], ignore_conflicts=True)
    facts = {"number": order.number, "revision": order.revision}
    record("order.seen", order.stream, actor=actor, at=at, supplier_id=order.supplier_id, facts=facts)
    return True


@requires_scope
def watch_delivery(*, at: datetime) -> int:
    """Tell of orders that nobody sees (`order.unseen`) and that nobody can be told of (`notice.unreachable`).

    The supplier itself is told, where its programs read the orders (`order.unread`).

    Once for each revision of an order, however often one looks; returns how many were told of.
    """
    if not settings.NOTICES:
        return 0
    told = _tell(orders_unseen(at), "unseen", "order.unseen", at)
    return told + _tell(orders_without_reader(at), "unreachable", "notice.unreachable", at)


def _tell(orders: Sequence[PurchaseOrder], cause: str, kind: str, at: datetime) -> int:
    known = told_already(orders, cause)
    rows = [
        DeliveryWatch(
            supplier_id=order.supplier_id, order=order, revision=order.revision, cause=cause, told_at=at
        )
        for order in orders
        if order.pk not in known
    ]
    # Two watchers at once: who comes second waits for the first, finds its rows, and tells of none of them.
    DeliveryWatch.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)
    ours = DeliveryWatch.objects.filter(
        order__in=[row.order_id for row in rows], cause=cause, told_at=at
    ).values_list("order_id", flat=True)
    mine = set(ours)
    facts = [
        Fact(
            kind,
            order.stream,
            order.supplier_id,
            {"number": order.number, "revision": order.revision, "since": order.revised_at.isoformat()},
            internal=True,
        )
        for order in orders
        if order.pk in mine and order.pk not in known
    ]
    failed = [
        Fact(
            "order.unread",
            order.stream,
            order.supplier_id,
            {"number": order.number, "revision": order.revision, "whose": "supplier"},
        )
        for order in orders
        if cause == "unseen"
        and order.pk in mine
        and order.pk not in known
        and CHANNEL_RULES[order.supplier.channel].mails_unread
    ]
    record_all([*facts, *failed], actor=POSTMAN, at=at)
    return len(facts)
