"""Counts at a dock as the ERP is told of them, without the sheet on which somebody counted."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

from portal.kernel.outbox.models import OutboxMessage
from portal.kernel.outbox.services import enqueue
from portal.kernel.scope import acting
from procurement.orders.models import PurchaseOrder, PurchaseOrderLine
from procurement.receipts.messages import ReceiptCommand, ReceiptCommandLine, receipt_to_json
from procurement.shipments.models import ShipNotice
from tests.builders.world import MONDAY
from tests.people import FEED


def a_count(
    order: PurchaseOrder,
    quantities: Mapping[str, int | str],
    notice: ShipNotice | None = None,
    **changed: Any,
) -> ReceiptCommand:
    """So much of some lines (by key) was counted, of a notice or of goods that nobody announced."""
    with acting(FEED):
        lines = {line.key: line for line in PurchaseOrderLine.objects.filter(order=order)}
    values: dict[str, Any] = {
        "key": "",
        "count": str(uuid4()),
        "company": "NM",
        "supplier": "ACME",
        "reference": notice.number if notice else "LS-99",
        "received_on": date(2026, 3, 2),
        "consignment": str(notice.consignment) if notice else "",
        "site": "LEEDS",
        "lines": tuple(
            ReceiptCommandLine(order.number, key, lines[key].number, Decimal(quantity), lines[key].unit)
            for key, quantity in quantities.items()
        ),
    }
    return ReceiptCommand(**{**values, **changed})


def tell(command: ReceiptCommand, order: PurchaseOrder) -> OutboxMessage:
    """The message that whoever posts or reverses a count puts into the outbox."""
    kind = "count.reversed" if command.reversed else "count.posted"
    stream = f"shipment:{command.consignment}" if command.consignment else f"count:{command.count}"
    with acting(FEED):
        content = receipt_to_json(command)
        enqueue("erp", stream, kind, content, actor=FEED, at=MONDAY, supplier_id=order.supplier_id)
        message: OutboxMessage = OutboxMessage.objects.filter(topic="erp", stream=stream).latest("id")
    return message
