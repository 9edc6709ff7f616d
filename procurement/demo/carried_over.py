"""Orders that were agreed by mail before the portal went live: carried over on the first day, on behalf.

Note [Carried over]: these are answers like any other, given by the buyer for the supplier, as asked. A thousand of
them through the service would be most of the waiting, so their rows are written here, all kinds in one statement
each; a test gives one such order to the service and finds the same rows. The ERP is not told: it knew before.
"""

import uuid
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from portal.kernel.actors import Actor
from portal.kernel.audit.services import Fact, record_all
from portal.kernel.scope import requires_scope
from procurement.acknowledgments.models import OrderAcknowledgment
from procurement.demo import phrases
from procurement.orders.models import Promise, PurchaseOrder, PurchaseOrderLine, ScheduleLine
from procurement.orders.queries import asked_of, schedules_by_line
from procurement.orders.services.standing import EXPECTED, ROLLED_UP, apply_roll_up, note_expected
from procurement.orders.states import Agreement, PromiseKind, PromiseState, Turn


@requires_scope
def carry_over(numbers: Iterable[str], *, actor: Actor, at: datetime) -> None:
    """Answer these orders as asked, all at once, on their suppliers' behalf."""
    orders = {
        order.pk: order for order in PurchaseOrder.objects.filter(number__in=list(numbers)).order_by("id")
    }
    lines: dict[int, list[PurchaseOrderLine]] = defaultdict(list)
    for line in PurchaseOrderLine.objects.filter(order__in=orders).order_by("order_id", "number", "id"):
        lines[line.order_id].append(line)
    every_line = [line for found in lines.values() for line in found]
    schedules = schedules_by_line(line.pk for line in every_line)
    papers = [_paper(order, lines[order.pk], actor, at) for order in orders.values()]
    promises: list[Promise] = []
    for paper in papers:
        for line in lines[paper.order_id]:
            promises += _agree(line, schedules[line.pk], orders[paper.order_id], paper, at)
        orders[paper.order_id].version += 1
        orders[paper.order_id].updated_at = at
        apply_roll_up(orders[paper.order_id], lines[paper.order_id])
    OrderAcknowledgment.objects.bulk_create(papers, batch_size=1000)
    Promise.objects.bulk_create(promises, batch_size=1000)
    ScheduleLine.objects.bulk_update(
        [schedule for found in schedules.values() for schedule in found],
        ["first_promised_on", "first_agreed_on"],
        batch_size=1000,
    )
    PurchaseOrderLine.objects.bulk_update(
        every_line,
        ["agreement", "turn", "agreed_revision", "touched_version", *EXPECTED],
        batch_size=1000,
    )
    PurchaseOrder.objects.bulk_update(
        list(orders.values()), ["version", "updated_at", *ROLLED_UP], batch_size=1000
    )
    record_all(
        [_fact(orders[paper.order_id], paper, lines[paper.order_id]) for paper in papers], actor=actor, at=at
    )


def _paper(
    order: PurchaseOrder, lines: list[PurchaseOrderLine], actor: Actor, at: datetime
) -> OrderAcknowledgment:
    return OrderAcknowledgment(
        key=uuid.uuid4(),
        supplier_id=order.supplier_id,
        order=order,
        revision=order.revision,
        note=phrases.CARRIED_OVER,
        sent_at=at,
        sent_by=actor.label,
        sent_by_user_id=actor.user_id,
        channel=actor.channel,
        due_at=order.acknowledge_by_at,
        on_behalf=True,
        lines_as_asked=len(lines),
    )


def _agree(
    line: PurchaseOrderLine,
    schedules: list[ScheduleLine],
    order: PurchaseOrder,
    paper: OrderAcknowledgment,
    at: datetime,
) -> list[Promise]:
    line.agreement, line.turn = Agreement.AGREED, Turn.NOBODY
    line.agreed_revision, line.touched_version = order.revision, order.version + 1
    note_expected(line, asked_of(line, schedules, order), [])
    for schedule in schedules:
        schedule.first_promised_on = schedule.first_agreed_on = schedule.delivery_on
    return [
        Promise(
            supplier_id=order.supplier_id,
            line=line,
            schedule_key=schedule.key,
            piece=number,
            origin=paper.key,
            revision=order.revision,
            kind=PromiseKind.ACCEPT,
            state=PromiseState.AGREED,
            quantity=schedule.quantity,
            delivery_on=schedule.delivery_on,
            price=line.price,
            price_per=line.price_per,
            promised_at=at,
            decided_at=at,
            decided_by="as asked",
        )
        for number, schedule in enumerate(schedules, start=1)
    ]


def _fact(order: PurchaseOrder, paper: OrderAcknowledgment, lines: list[PurchaseOrderLine]) -> Fact:
    facts = {
        "acknowledgment": str(paper.key),
        "revision": order.revision,
        "on_behalf": True,
        "as_asked": [line.number for line in lines],
        "by_rule": [],
        "waiting": [],
        "refused": [],
    }
    return Fact("order.acknowledged", order.stream, order.supplier_id, facts)
