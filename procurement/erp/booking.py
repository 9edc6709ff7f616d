"""A count at a dock on its way to the ERP, which is asked to book it, or to take it back (`telling` carries it).

Note [Counted and booked]: what was counted here is not what has been received: that is the ERP's to say, and its
booking comes back by the feed of receipts. So nothing is added up here; a booking is asked for once in effect, by the
key of the count, and a count that was reversed is told as reversed.
"""

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext_noop

from portal.kernel.outbox.models import OutboxMessage
from portal.kernel.scope import requires_scope
from procurement.erp.models import ReceiptWrite
from procurement.erp.ports import ErpConnector, Outcome, WriteResult
from procurement.erp.telling import Kind, carry_telling, supersede_older
from procurement.orders.models import PurchaseOrder
from procurement.orders.queries import lock_orders
from procurement.receipts.messages import ReceiptCommand, receipt_from_json
from procurement.shipments.models import ShipNotice
from procurement.shipments.queries import order_ids_of

KINDS = frozenset({"count.posted", "count.reversed"})
NOT_BY_MACHINE = gettext_noop("This ERP cannot be told of counted goods by machine. Key in the receipt.")
TAKE_BACK_BY_HAND = gettext_noop(
    "This ERP cannot be told of counted goods by machine. If the receipt was keyed in, take it back there."
)


def carry_booking(message: OutboxMessage, connector: ErpConnector, clock: Callable[[], datetime]) -> str:
    """Ask the ERP to book one count. Returns how it stands; raises `RetryLater` where it has to be tried again."""
    return carry_telling(_COUNTS, message, connector, clock)


@requires_scope
def take_up_booking(message: OutboxMessage) -> tuple[ReceiptWrite, list[int]]:
    """What a message is about, held, and its orders, held too; the first time it is heard of it gets a record, and what
    was told of the count before is superseded.
    """
    command = receipt_from_json(message.payload, key=str(message.key))
    orders = _orders_of(command)
    held = lock_orders([order.pk for order in orders])
    count = uuid.UUID(command.count)
    ReceiptWrite.objects.bulk_create(
        [
            ReceiptWrite(
                key=message.key,
                supplier_id=orders[0].supplier_id,
                order=orders[0],
                count=count,
                consignment=uuid.UUID(command.consignment) if command.consignment else None,
                reversed=command.reversed,
                order_ids=[order.pk for order in held],
                payload=message.payload,
                queued_at=message.created_at,
                updated_at=message.created_at,
            )
        ],
        ignore_conflicts=True,  # delivered before: at least once is the outbox's promise
    )
    write = ReceiptWrite.objects.select_for_update(of=("self",)).select_related("order").get(key=message.key)
    supersede_older(write, {"count": count}, at=message.created_at)
    return write, [order.pk for order in held]


def _orders_of(command: ReceiptCommand) -> list[PurchaseOrder]:
    """The orders in a count, that of its first line first; of a count without a line, those of its ship notice."""
    numbers = list(dict.fromkeys(line.order for line in command.lines))
    found = PurchaseOrder.objects.filter(company__code=command.company, number__in=numbers)
    orders = sorted(found, key=lambda order: numbers.index(order.number))
    if not orders and command.consignment:
        notices = ShipNotice.objects.filter(consignment=command.consignment).values_list("pk", flat=True)
        orders = list(PurchaseOrder.objects.filter(pk__in=order_ids_of(list(notices))).order_by("id"))
    if not orders:
        raise LookupError(f"The count {command.count} is of no order.")
    return orders


def command_of(write: ReceiptWrite) -> ReceiptCommand:
    """The count as the connectors get it: the good quantities, and nothing of lines of which there are none."""
    whole = receipt_from_json(write.payload, key=str(write.key))
    return replace(whole, lines=tuple(line for line in whole.lines if line.quantity > Decimal(0)))


def _ask(connector: ErpConnector, write: ReceiptWrite) -> WriteResult:
    command = command_of(write)
    if not command.lines:
        return WriteResult(Outcome.CONFIRMED)  # nothing good came, so there is nothing to book
    return connector.write_receipt(command)


_COUNTS = Kind(
    take_up=take_up_booking,
    is_taken=lambda capabilities, _write: capabilities.books_receipts,
    ask=_ask,
    not_by_machine=lambda write: TAKE_BACK_BY_HAND if write.reversed else NOT_BY_MACHINE,
)
