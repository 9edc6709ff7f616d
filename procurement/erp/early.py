"""An early payment on its way to the ERP, which is asked to pay an invoice on the agreed day for less, or as it was due
again (`telling` carries it).

Note [Only what happens]: an ERP that cannot be told of it by machine gets a task for accounts payable, with the exact
day and figures; nothing is taken for planned there that nobody has planned. What was never told there needs no taking
back; a task does, for somebody may have done it already.
"""

import uuid
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal

from django.utils.translation import gettext_noop

from portal.kernel.outbox.models import OutboxMessage
from portal.kernel.scope import requires_scope
from procurement.erp.invoicing import exact, first_order
from procurement.erp.messages import (
    EarlyPaymentCommand,
    early_payment_from_json,
    early_payment_to_json,
)
from procurement.erp.models import EarlyPaymentWrite
from procurement.erp.ports import ErpConnector, WriteResult
from procurement.erp.states import Fault, TellingState
from procurement.erp.telling import Kind, carry_telling, move, supersede_older
from procurement.invoices.models import Invoice
from procurement.orders.models import PurchaseOrder
from procurement.orders.queries import lock_orders

ENDED = frozenset({"invoice.early_withdrawn", "invoice.early_lapsed", "invoice.early_ended"})
KINDS = frozenset({"invoice.early_agreed", "invoice.early_honoured"}) | ENDED
NOT_BY_MACHINE = gettext_noop(
    "This ERP cannot be told of an early payment by machine. Set the day and the discount below on the booked invoice."
)
BACK_BY_HAND = gettext_noop(
    "This ERP cannot be told of an early payment by machine. If it was set there, set the invoice back: all of it is "
    "due on its old day."
)


def carry_early_payment(
    message: OutboxMessage, connector: ErpConnector, clock: Callable[[], datetime]
) -> str:
    """Ask the ERP to plan one early payment, or none. Returns how it stands; raises `RetryLater` where it has to be
    tried again."""
    return carry_telling(_EARLY, message, connector, clock)


@requires_scope
def take_up_early_payment(message: OutboxMessage) -> tuple[EarlyPaymentWrite, list[int]]:
    """What a message is about, held, and the invoice's orders, held too; the first time it is heard of it gets a
    record, and what was told of it before is superseded. See Note [Only what happens].
    """
    said = message.payload
    document = uuid.UUID(message.stream.removeprefix("invoice:"))
    invoice = Invoice.objects.select_related("company", "supplier").get(
        document=document, issue=said["issue"]
    )
    orders = lock_orders(set(invoice.lines.exclude(order=None).values_list("order_id", flat=True)))
    payload = early_payment_to_json(_command(invoice, orders, message))
    EarlyPaymentWrite.objects.bulk_create(
        [
            EarlyPaymentWrite(
                key=message.key,
                supplier_id=invoice.supplier_id,
                order=first_order(orders, payload["orders"]),
                invoice=invoice,
                document=document,
                early=uuid.UUID(said["early"]),
                ended=said["ended"],
                order_ids=[order.pk for order in orders],
                payload=payload,
                queued_at=message.created_at,
                updated_at=message.created_at,
            )
        ],
        ignore_conflicts=True,  # delivered before: at least once is the outbox's promise
    )
    write = EarlyPaymentWrite.objects.select_for_update(of=("self",)).get(key=message.key)
    before = list(EarlyPaymentWrite.objects.filter(document=document, id__lt=write.pk))
    supersede_older(write, {"document": document}, at=message.created_at)
    if write.ended and not any(_may_stand_there(one) for one in before):
        move(write, "supersede", at=message.created_at)
    return write, [order.pk for order in orders]


def _may_stand_there(write: EarlyPaymentWrite) -> bool:
    """Whether the ERP, or a person who was to key it in, has heard of it; also once that was superseded."""
    was_handed_over = write.fault == Fault.UNSUPPORTED
    return bool(write.attempts) or was_handed_over or write.state == TellingState.CONFIRMED


def _command(invoice: Invoice, orders: list[PurchaseOrder], message: OutboxMessage) -> EarlyPaymentCommand:
    said = message.payload
    return EarlyPaymentCommand(
        key="",
        invoice=str(invoice.document),
        company=invoice.company.code,
        supplier=invoice.supplier.number,
        number=invoice.number,
        currency=invoice.currency,
        total=exact(Decimal(said["total"])),
        discount=exact(Decimal(said["discount"])),
        pay_on=date.fromisoformat(said["pay_on"]),
        due_on=date.fromisoformat(said["due_on"]),
        orders=tuple(order.number for order in orders),
        ended=said["ended"],
    )


def early_command_of(write: EarlyPaymentWrite) -> EarlyPaymentCommand:
    """The early payment as it was told."""
    return early_payment_from_json(write.payload, key=str(write.key))


def _ask(connector: ErpConnector, write: EarlyPaymentWrite) -> WriteResult:
    return connector.plan_early_payment(early_command_of(write))


_EARLY = Kind(
    take_up=take_up_early_payment,
    is_taken=lambda capabilities, _write: capabilities.plans_early_payments,
    ask=_ask,
    not_by_machine=lambda write: BACK_BY_HAND if write.ended else NOT_BY_MACHINE,
)
