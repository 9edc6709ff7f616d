"""An approved invoice on its way to the ERP, which is asked to book it, or to take it out again (`telling` carries it);
and the way back: what the ERP has booked, that it means to pay it, and that it has.

Note [Booked and paid]: an approval promises, in its own transaction, that the ERP will be told. What the ERP makes of
it is its people's to post and to pay, and comes back by the feed of invoices: what it tells under the supplier's number
is what was booked of the invoice, and decides when it is scheduled and paid. Nothing here says so by itself.

Note [Told anew]: what was booked and is not posted yet may be forgotten there (Tryton deletes the lines of drafts when
their order is amended). So it is told once more when one of its orders has moved; a connector looks first, and where
all stands it does nothing. An ERP that is told by files keeps what it took.

Note [Entered by hand]: its people may have entered an invoice before the ERP is told of it. A connector that can ask
looks there. A drop folder cannot, so the first time such an ERP is to be told, what it has told of its bookings is
looked at here: the same is taken for it, another amount under the number is for a person. What it has not told yet is
for its own side to see (docs/file-formats.md).
"""

import uuid
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_noop

from portal.kernel.actors import Actor
from portal.kernel.audit.models import AuditEvent
from portal.kernel.outbox.models import UNDONE, OutboxMessage
from portal.kernel.outbox.services import enqueue
from portal.kernel.scope import acting, require_no_transaction, requires_scope
from procurement.bills.messages import BillPaper
from procurement.bills.models import Bill
from procurement.bills.states import BillKind, PaymentState
from procurement.discounting.services import honour_lapsed
from procurement.erp.connection import ERP, the_connection
from procurement.erp.messages import (
    InvoiceCommand,
    InvoiceCommandCharge,
    InvoiceCommandLine,
    InvoiceCommandTax,
    Picture,
    invoice_from_json,
    invoice_to_json,
)
from procurement.erp.models import InvoiceWrite
from procurement.erp.ports import ErpConnector, Outcome, ReadBack, ValidationRefused, WriteResult
from procurement.erp.queries import TOPIC
from procurement.erp.states import TOLD_TO_A_PERSON, TellingState
from procurement.erp.telling import Kind, carry_telling, move, supersede_older
from procurement.invoices.models import Invoice, InvoiceFile, InvoiceTaxChoice
from procurement.invoices.policies.numbers import number_key
from procurement.invoices.queries import pay_days
from procurement.invoices.services import cancelled_bookings, comes_to_as_much, follow_bill
from procurement.invoices.states import LIVE, SETTLED, FileKind, InvoiceState
from procurement.orders.models import PurchaseOrder
from procurement.orders.queries import lock_orders

TOLD_ANEW = "invoice.told_anew"
TAKE_OUT = frozenset({"invoice.reopened", "invoice.voided"})
KINDS = frozenset({"invoice.approved", TOLD_ANEW}) | TAKE_OUT
# The facts after which an ERP may have forgotten what it was asked to book.
HEARS = frozenset({"order.revised", "erp.command_confirmed"})
# Within these, two invoices of one number are one.
NEAR = timedelta(days=60)
OTHERWISE = gettext_noop(
    "The ERP has an invoice with this number already, and not as it was approved here. Compare the two."
)
NOT_BY_MACHINE = gettext_noop("This ERP cannot book this invoice by machine. Key it in as it stands below.")
TAKE_OUT_BY_HAND = gettext_noop(
    "This ERP cannot be told of invoices by machine. If this one was keyed in, take it out there."
)


def carry_invoice(message: OutboxMessage, connector: ErpConnector, clock: Callable[[], datetime]) -> str:
    """Ask the ERP to book one invoice, or to take it out. Returns how it stands; raises `RetryLater` where it has to be
    tried again."""
    state = carry_telling(_INVOICES, message, connector, clock)
    with acting(ERP):
        write = InvoiceWrite.objects.select_related("invoice").get(key=message.key)
        if state == TellingState.CONFIRMED:
            join_booked(write, actor=ERP, at=clock())
        elif state in TOLD_TO_A_PERSON and not write.voided and write.invoice.state not in SETTLED:
            _end_tellings(write.invoice, at=clock())  # taken back while the ERP was asked
    return state


@requires_scope
def take_up_invoice(message: OutboxMessage) -> tuple[InvoiceWrite, list[int]]:
    """What a message is about, held, and its orders, held too; the first time it is heard of it gets a record, and what
    was told of the invoice before is superseded.
    """
    document = uuid.UUID(message.stream.removeprefix("invoice:"))
    voided = message.kind in TAKE_OUT
    invoice = _invoice_of(document, message)
    before = InvoiceWrite.objects.filter(document=document).exclude(key=message.key).order_by("-id").first()
    orders = lock_orders(set(invoice.lines.exclude(order=None).values_list("order_id", flat=True)))
    if voided and before is not None:
        payload = {**before.payload, "voided": True}
    else:
        payload = invoice_to_json(command_for(invoice, voided=voided))
    InvoiceWrite.objects.bulk_create(
        [
            InvoiceWrite(
                key=message.key,
                supplier_id=invoice.supplier_id,
                order=first_order(orders, _orders_in(payload)),
                invoice=invoice,
                document=document,
                voided=voided,
                order_ids=[order.pk for order in orders],
                payload=payload,
                queued_at=message.created_at,
                updated_at=message.created_at,
            )
        ],
        ignore_conflicts=True,  # delivered before: at least once is the outbox's promise
    )
    write = InvoiceWrite.objects.select_for_update(of=("self",)).get(key=message.key)
    supersede_older(write, {"document": document}, at=message.created_at)
    if not voided and invoice.state not in SETTLED:
        # Taken back before the ERP was told: the message that says so comes next.
        move(write, "supersede", at=message.created_at)
    return write, [order.pk for order in orders]


def _invoice_of(document: uuid.UUID, message: OutboxMessage) -> Invoice:
    """The version that was approved: the one the message names, or the newest that was sent."""
    found = (
        Invoice.objects.filter(document=document).exclude(sent_at=None).select_related("company", "supplier")
    )
    if issue := message.payload.get("issue"):
        found = found.filter(issue=issue)
    invoice: Invoice = found.order_by("-issue")[:1].get()
    return invoice


def _orders_in(payload: dict[str, object]) -> list[str]:
    lines: Iterable[dict[str, str]] = payload["lines"]  # type: ignore[assignment]  # as `invoice_to_json` has it
    return [line["order"] for line in lines if line["order"]]


def first_order(orders: Sequence[PurchaseOrder], numbers: Sequence[str]) -> PurchaseOrder | None:
    """The order that is named first: its buyer sees to what a person has to."""
    return min(orders, key=lambda order: numbers.index(order.number), default=None)


# --- what the ERP is told -----------------------------------------------------------------------------------


@requires_scope
def command_for(invoice: Invoice, *, voided: bool = False) -> InvoiceCommand:
    """An approved invoice as the connectors get it: whole. What is not paid of it comes off with a credit note."""
    assert invoice.invoiced_on is not None  # it was sent
    rows = list(invoice.lines.select_related("order", "line").order_by("position"))
    charges = list(invoice.charges.filter(of_line=None).order_by("position", "id"))
    lines = tuple(
        InvoiceCommandLine(
            amount=exact(row.amount),
            quantity=exact(row.quantity),
            unit=row.unit,
            unit_price=exact(row.unit_price),
            order=row.order.number if row.order else "",
            key=row.line.key if row.line else "",
            number=row.line.number if row.line else 0,
            price_per=exact(row.price_quantity),
            description=row.description,
            category=row.category,
            tax_rate=exact(row.tax_rate),
            price_only=row.price_only,
        )
        for row in rows
    )
    beside = tuple(
        InvoiceCommandCharge(
            amount=exact(-row.amount if row.is_allowance else row.amount),
            reason=row.reason,
            code=row.code,
            category=row.category,
            tax_rate=exact(row.tax_rate),
        )
        for row in charges
    )
    return InvoiceCommand(
        key="",
        invoice=str(invoice.document),
        company=invoice.company.code,
        supplier=invoice.supplier.number,
        number=invoice.number,
        invoiced_on=invoice.invoiced_on,
        currency=invoice.currency,
        total=exact(invoice.total),
        lines=lines,
        charges=beside,
        taxes=_taxes_of(invoice),
        kind=invoice.kind,
        due_on=pay_days([invoice])[invoice.pk],
        corrects=invoice.corrects.number if invoice.corrects else invoice.corrects_number,
        note=invoice.note,
        picture=_picture_name(invoice),
        voided=voided,
        cancelled=cancelled_bookings(invoice),
    )


def _taxes_of(invoice: Invoice) -> tuple[InvoiceCommandTax, ...]:
    """The taxes as claimed, each as its company calls it."""
    offered = InvoiceTaxChoice.objects.filter(company=invoice.company_id)
    names = {(one.category, one.rate, one.jurisdiction): one.label for one in offered}
    found = []
    for row in invoice.taxes.order_by("category", "tax_rate", "jurisdiction"):
        name = names.get((row.category, row.tax_rate, row.jurisdiction), "")
        found.append(
            InvoiceCommandTax(row.category, exact(row.tax_rate), exact(row.base), exact(row.amount), name)
        )
    return tuple(found)


def exact(value: Decimal) -> Decimal:
    """Without the zeros that a column fills up with."""
    return Decimal(f"{value.normalize():f}")


def _picture_name(invoice: Invoice) -> str:
    found: str | None = invoice.files.filter(kind=FileKind.PICTURE).values_list("name", flat=True).first()
    return found or ""


def picture_of(write: InvoiceWrite) -> Picture | None:
    """The supplier's own document, where there is one."""
    found = InvoiceFile.objects.filter(invoice=write.invoice_id, kind=FileKind.PICTURE).first()
    return Picture(found.name, found.content_type, bytes(found.content)) if found else None


def command_of(write: InvoiceWrite) -> InvoiceCommand:
    """The invoice as it was told."""
    return invoice_from_json(write.payload, key=str(write.key))


def _ask(connector: ErpConnector, write: InvoiceWrite) -> WriteResult:
    with acting(ERP):
        picture = None if write.voided else picture_of(write)
        if connector.capabilities.read_back is ReadBack.BY_FEED and (entered := _entered_by_hand(write)):
            return entered
    return connector.book_invoice(command_of(write), picture)


def _entered_by_hand(write: InvoiceWrite) -> WriteResult | None:
    """What an ERP that cannot be asked has told of it before it was ever told; see Note [Entered by hand].

    Raises `ValidationRefused` where that says something else.
    """
    if write.voided or InvoiceWrite.objects.filter(document=write.document, id__lt=write.pk).exists():
        return None
    command, invoice = command_of(write), write.invoice
    kind = BillKind.CREDIT_NOTE if command.is_credit else BillKind.INVOICE
    bills = Bill.objects.filter(company=invoice.company_id, supplier=invoice.supplier_id, kind=kind)
    free = bills.exclude(Exists(_of_another(invoice)))
    bill = next(iter(_standing_as(free, command.number, command.invoiced_on)), None)
    if bill is None:
        return None
    if (bill.total, bill.currency) != (command.total, command.currency) or not _bills_the_same(bill, command):
        raise ValidationRefused(OTHERWISE)
    return WriteResult(Outcome.CONFIRMED, reference=bill.key)


def _of_another(invoice: Invoice) -> QuerySet[Invoice]:
    joined: QuerySet[Invoice] = Invoice.objects.filter(bill=OuterRef("pk")).exclude(document=invoice.document)
    return joined


def _bills_the_same(bill: Bill, command: InvoiceCommand) -> bool:
    """Whether both bill as much of the same lines; where only a price is corrected no quantity says so."""
    if any(line.price_only for line in command.lines):
        return True
    claimed: dict[tuple[str, str], Decimal] = {}
    for line in command.lines:
        if line.key:
            key = (line.order, line.key)
            claimed[key] = claimed.get(key, Decimal(0)) + line.quantity
    billed: dict[tuple[str, str], Decimal] = {}
    for number, name, quantity in bill.lines.values_list("order_number", "line_key", "quantity"):
        billed[number, name] = billed.get((number, name), Decimal(0)) + quantity
    return billed == claimed


def _standing_as(bills: QuerySet[Bill], number: str, day: date) -> list[Bill]:
    """Those of these bookings that stand under this number, however it is written, near this day."""
    near = bills.filter(invoiced_on__range=(day - NEAR, day + NEAR)).exclude(reference="")
    standing = near.exclude(state=PaymentState.CANCELLED).order_by("id")
    return [one for one in standing if number_key(one.reference) == number_key(number)]


_INVOICES = Kind(
    take_up=take_up_invoice,
    is_taken=lambda capabilities, write: not capabilities.cannot_book(command_of(write)),
    ask=_ask,
    not_by_machine=lambda write: TAKE_OUT_BY_HAND if write.voided else NOT_BY_MACHINE,
)


# --- told anew ----------------------------------------------------------------------------------------------


def tell_anew(events: Sequence[AuditEvent], at: datetime) -> str:
    """The reaction: have what was booked and is not posted told once more, where one of its orders moved; see Note
    [Told anew]."""
    require_no_transaction()
    with acting(ERP):
        documents = _perhaps_forgotten({event.stream for event in events})
    for document in documents:
        with acting(ERP):
            _tell_anew(document, at=at)
    return f"told anew {len(documents)}" if documents else "nothing booked"


def _perhaps_forgotten(streams: Iterable[str]) -> list[uuid.UUID]:
    if the_connection().found.get("read_back") != ReadBack.IMMEDIATE:
        return []
    keys = {one.removeprefix("order:") for one in streams if one.startswith("order:")}
    approved = Invoice.objects.filter(
        lines__order__key__in=keys, state=InvoiceState.APPROVED, bill__isnull=True
    )
    return sorted(set(approved.values_list("document", flat=True)))


@requires_scope
def _tell_anew(document: uuid.UUID, *, at: datetime) -> None:
    """Promise that the ERP hears of it again, where it stands there as far as we know and nothing is on its way."""
    last = (
        InvoiceWrite.objects.filter(document=document).order_by("-id").select_for_update(of=("self",)).first()
    )
    if last is None or last.state != TellingState.CONFIRMED or last.voided:
        return
    underway = OutboxMessage.objects.filter(topic=TOPIC, stream=last.stream, kind__in=KINDS)
    # The last one itself has been carried, also where its worker has not noted yet that it is delivered, or never will.
    underway = underway.exclude(key=last.key)
    if underway.filter(state__in=UNDONE).exists():
        return
    payload = {"issue": last.invoice.issue}
    enqueue(TOPIC, last.stream, TOLD_ANEW, payload, actor=ERP, at=at, supplier_id=last.supplier_id)


# --- the way back -------------------------------------------------------------------------------------------


@requires_scope
def join_booked(write: InvoiceWrite, *, actor: Actor, at: datetime) -> None:
    """The ERP says that an invoice stands there: where it has told of it already, join the two."""
    invoice = write.invoice
    if write.voided or invoice.bill_id is not None:
        return
    kind = BillKind.CREDIT_NOTE if invoice.is_credit else BillKind.INVOICE
    bills = Bill.objects.filter(company=invoice.company_id, supplier=invoice.supplier_id, kind=kind)
    assert invoice.invoiced_on is not None  # it was sent
    for bill in _standing_as(bills, invoice.number, invoice.invoiced_on)[:1]:
        _follow(bill, actor=actor, at=at)


@requires_scope
def hold_what_is_billed(papers: Iterable[BillPaper]) -> None:
    """Hold the orders of invoices that these papers are about, before anything of the papers is taken in: everybody
    holds orders first."""
    numbers = {number_key(paper.reference) for paper in papers} - {""}
    billed = Invoice.objects.filter(
        supplier__number__in={paper.supplier for paper in papers}, number_key__in=numbers, state__in=LIVE
    )
    lock_orders(set(billed.exclude(lines__order=None).values_list("lines__order", flat=True)))


@requires_scope
def follow_bills(keys: Collection[tuple[str, str]], *, actor: Actor, at: datetime) -> int:
    """What the ERP has told of its invoices, by company and key, decides about ours: booked, scheduled, paid, thrown
    out. Says how many of ours were told of. Two queries where none is."""
    codes, named = {company for company, _key in keys}, {key for _company, key in keys}
    bills = list(Bill.objects.filter(company__code__in=codes, key__in=named).order_by("id"))
    numbers = {(one.supplier_id, number_key(one.reference)) for one in bills if one.reference}
    ours = Invoice.objects.filter(
        Q(bill__in=[one.pk for one in bills])
        | Q(
            supplier__in={supplier for supplier, _number in numbers},
            number_key__in={number for _supplier, number in numbers},
        ),
        state__in=LIVE,
    )
    known = list(ours.values_list("supplier_id", "number_key", "bill_id"))
    wanted = {(supplier, number) for supplier, number, _bill in known}
    joined = {bill for _supplier, _number, bill in known}
    followed = 0
    for bill in bills:
        if bill.pk in joined or (bill.supplier_id, number_key(bill.reference)) in wanted:
            followed += _follow(_standing(bill), actor=actor, at=at)
    return followed


def _follow(bill: Bill, *, actor: Actor, at: datetime) -> bool:
    honour_lapsed(bill, at=at)
    invoice = follow_bill(bill, actor=actor, at=at)
    if invoice is not None and bill.state == PaymentState.CANCELLED and invoice.state not in SETTLED:
        _end_tellings(invoice, at=at)
    return invoice is not None


def _end_tellings(invoice: Invoice, *, at: datetime) -> None:
    """What waits for a person to have a cancelled booking booked waits for nothing: accounts payable decides anew."""
    waiting = InvoiceWrite.objects.filter(document=invoice.document, state__in=TOLD_TO_A_PERSON, voided=False)
    for write in waiting.order_by("id").select_for_update(of=("self",)):
        move(write, "supersede", at=at)


def _standing(bill: Bill) -> Bill:
    """What stands in the place of a booking that was thrown out, where the ERP's people have made another of the same
    number: it is the one that ours is joined to from then on. One that comes to another total is none of ours."""
    if bill.state != PaymentState.CANCELLED:
        return bill
    same = Bill.objects.filter(company=bill.company_id, supplier=bill.supplier_id, kind=bill.kind)
    others = _standing_as(same, bill.reference, bill.invoiced_on) if bill.reference else []
    joined = Invoice.objects.filter(bill=bill).first()
    if joined is not None:
        others = [one for one in others if one.currency == bill.currency and comes_to_as_much(one, joined)]
    if not others:
        return bill
    other = others[-1]
    Invoice.objects.filter(bill=bill).update(bill=other)
    return other
