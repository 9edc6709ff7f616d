"""Carrying an order over leaves exactly what the service leaves that a person would have used."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Model

from portal.kernel.audit.models import AuditEvent
from portal.kernel.outbox.models import OutboxMessage
from portal.kernel.scope import acting
from procurement.acknowledgments.messages import AcknowledgeOrder
from procurement.acknowledgments.models import OrderAcknowledgment
from procurement.acknowledgments.services import acknowledge_order
from procurement.demo.carried_over import carry_over
from procurement.demo.phrases import CARRIED_OVER
from procurement.orders.messages import SchedulePaper
from procurement.orders.models import Promise, PurchaseOrder, PurchaseOrderLine, ScheduleLine
from tests.builders.world import MONDAY, a_line, an_order
from tests.people import FEED

pytestmark = pytest.mark.django_db

LATER = MONDAY + timedelta(hours=3)
# What is another order's own, and not what was done to it.
ITS_OWN = {"id", "key", "number", "order_id", "line_id", "origin", "content_hash", "search", "stream"}

LINES = (
    a_line(10),
    a_line(20, delivery_on=date(2026, 2, 1)),
    a_line(
        30,
        schedules=(
            SchedulePaper(Decimal(60), date(2026, 4, 1)),
            SchedulePaper(Decimal(40), date(2026, 5, 4)),
        ),
    ),
)


def told(rows: Any) -> list[dict[str, Any]]:
    return [_values(row) for row in rows]


def _values(row: Model) -> dict[str, Any]:
    fields = [field.attname for field in row._meta.concrete_fields]
    return {name: getattr(row, name) for name in fields if name not in ITS_OWN}


def everything_about(order: PurchaseOrder) -> dict[str, list[dict[str, Any]]]:
    order = PurchaseOrder.objects.get(pk=order.pk)
    events = told(AuditEvent.objects.filter(stream=order.stream, kind="order.acknowledged"))
    for event in events:
        del event["facts"]["acknowledgment"]
    return {
        "order": told([order]),
        "lines": told(PurchaseOrderLine.objects.filter(order=order).order_by("number")),
        "schedules": told(ScheduleLine.objects.filter(line__order=order).order_by("line__number", "key")),
        "promises": told(
            Promise.objects.filter(line__order=order).order_by("line__number", "schedule_key", "piece")
        ),
        "answers": told(OrderAcknowledgment.objects.filter(order=order)),
        "events": events,
    }


def test_it_is_what_the_service_would_have_left(people):
    by_hand, carried = an_order("4500000001", LINES), an_order("4500000002", LINES)
    bea = people["bea"].actor
    with acting(bea):
        command = AcknowledgeOrder(by_hand.key, by_hand.version, rest_as_asked=True, note=CARRIED_OVER)
        acknowledge_order(command, actor=bea, at=LATER)
        carry_over([carried.number], actor=bea, at=LATER)

    with acting(FEED):
        left = everything_about(carried)
        assert left == everything_about(by_hand)
        assert [line["agreement"] for line in left["lines"]] == ["agreed"] * 3


def test_the_erp_is_not_told_what_it_knew(people):
    carried = an_order()
    with acting(people["bea"].actor):
        carry_over([carried.number], actor=people["bea"].actor, at=LATER)

    with acting(FEED):
        assert not OutboxMessage.objects.filter(topic="erp").exists()


def test_many_orders_take_no_more_statements_than_one(people, django_assert_max_num_queries):
    numbers = [an_order(str(4500000001 + place)).number for place in range(5)]
    bea = people["bea"].actor
    with acting(bea):
        with django_assert_max_num_queries(15) as for_one:
            carry_over(numbers[:1], actor=bea, at=LATER)
        with django_assert_max_num_queries(len(for_one)):
            carry_over(numbers[1:], actor=bea, at=LATER)
