"""How a finding says what it is about: the order, the line, and what every case tells of them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from procurement.inbox.messages import Finding, as_facts
from procurement.inbox.states import CaseKind, Cause
from procurement.orders.models import PurchaseOrder, PurchaseOrderLine


def subject_of_line(line_id: int) -> str:
    """What a case about a line is about."""
    return f"line:{line_id}"


def order_facts(order: PurchaseOrder) -> dict[str, Any]:
    """What every case about an order says of it."""
    return {
        "order": order.number,
        "currency": order.currency,
        "buyer": order.buyer_email,
        "value": order.total_amount,
    }


def line_facts(line: PurchaseOrderLine) -> dict[str, Any]:
    """What every case about a line says of it."""
    open_part = line.open_quantity / line.quantity if line.quantity else Decimal(0)
    return {
        **order_facts(line.order),
        "line": line.number,
        "item": line.item_number,
        "description": line.description,
        "unit": line.unit,
        "quantity": line.quantity,
        "value": (line.amount * open_part).quantize(Decimal("0.01")),
    }


def finding_of_line(
    kind: CaseKind,
    cause: Cause,
    line: PurchaseOrderLine,
    facts: Mapping[str, Any],
    *,
    moves: Sequence[Any],
    subject: str = "",
    change: int | None = None,
    due_at: datetime | None = None,
) -> Finding:
    """Something about a line that needs a person."""
    order = line.order
    return Finding(
        kind,
        cause,
        subject or subject_of_line(line.pk),
        as_facts(facts),
        moves,
        stream=order.stream,
        company=order.company_id,
        supplier=order.supplier_id,
        order=order.pk,
        line=line.pk,
        change=change,
        site=line.ship_to_id or order.ship_to_id,
        item_number=line.item_number,
        due_at=due_at,
    )


def finding_of_order(
    kind: CaseKind,
    cause: Cause,
    order: PurchaseOrder,
    facts: Mapping[str, Any],
    *,
    moves: Sequence[Any],
    subject: str = "",
    command: int | None = None,
    drift: int | None = None,
    due_at: datetime | None = None,
) -> Finding:
    """Something about an order that needs a person."""
    return Finding(
        kind,
        cause,
        subject or order.stream,
        as_facts(facts),
        moves,
        stream=order.stream,
        company=order.company_id,
        supplier=order.supplier_id,
        order=order.pk,
        command=command,
        drift=drift,
        site=order.ship_to_id,
        due_at=due_at,
    )
