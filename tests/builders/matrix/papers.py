"""Papers of one supplier, and what stands around them: approvals, cases, mails, commands, consignments."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from portal.kernel.outbox.models import MessageState, OutboxMessage
from portal.kernel.scope import acting
from procurement.calendars.policies import default_calendar
from procurement.catalogue.models import Company
from procurement.clocks.models import OfficeCalendar, week_to_json
from procurement.discounting.messages import WriteDiscountPolicy
from procurement.discounting.models import DiscountPolicy
from procurement.discounting.services import write_discount_policy
from procurement.docks.models import Appointment
from procurement.erp.models import ErpCommand, NoticeWrite
from procurement.erp.noticing import take_up_notice
from procurement.erp.states import CommandState, TellingState
from procurement.gateways.models import Gateway, GatewayEvent, GatewayMessage, GatewaySecret
from procurement.invoices.messages import FileEntry
from procurement.invoices.models import Invoice, InvoiceFile
from procurement.invoices.services import add_invoice_file
from procurement.mailroom.models import InboundMail, MailDraft
from procurement.matching.messages import WriteMatchPolicy
from procurement.matching.models import MatchPolicy
from procurement.matching.services import write_match_policy
from procurement.orders.models import PurchaseOrder
from procurement.payables.models import Approval, ApprovalLimit, ApprovalRule, InvoiceQuestion
from procurement.receipts.messages import WholeCount, WholeCountLine
from procurement.receipts.models import ReceivingSheet
from procurement.receipts.services import post_count
from procurement.shipments.models import ShipNotice
from suppliers.models import Supplier
from tests.builders.world import MONDAY
from tests.people import FEED, Person


def on_the_desk(
    invoice: Invoice, wrote: dict[str, Any]
) -> tuple[ApprovalRule, ApprovalLimit, Approval, InvoiceQuestion]:
    """A rule and a limit of who approves, an approval that is asked for, and a question."""
    asked: dict[str, Any] = {"asked_at": MONDAY, "asked_by": "Otto Payer"}
    rule = ApprovalRule.objects.create(
        step=1, role="manager", supplier=invoice.supplier, valid_from=MONDAY.date(), **wrote
    )
    currency = {"ACME": "EUR", "GLOBEX": "USD"}[invoice.supplier.number]
    limit = ApprovalLimit.objects.create(role="manager", currency=currency, amount=Decimal(100), **wrote)
    approval = Approval.objects.create(
        supplier=invoice.supplier, invoice=invoice, step=1, role="manager", reason="Agreed.", **asked
    )
    question = InvoiceQuestion.objects.create(
        supplier=invoice.supplier,
        invoice=invoice,
        asked_of="supplier",
        question="Why?",
        due_at=MONDAY,
        **asked,
    )
    return rule, limit, approval, question


def a_match_policy(number: str, people: dict[str, Person]) -> MatchPolicy:
    bea = people["bea"].actor
    with acting(bea):
        company = Company.objects.get(code="NM").pk
        command = WriteMatchPolicy(company, f"Matching of {number}", "two_way")
        return write_match_policy(command, actor=bea, at=MONDAY)


def a_discount_policy(number: str) -> DiscountPolicy:
    """Written by nobody who is among us, so that everybody who may can let it act."""
    with acting(FEED):
        company = Company.objects.get(code="NM").pk
        command = WriteDiscountPolicy(company, f"Early for {number}", "EUR", Decimal(12), Decimal(2))
        return write_discount_policy(command, actor=FEED, at=MONDAY)


def proof(invoice: Invoice, person: Person) -> InvoiceFile:
    """A file of an invoice that was sent: both sides may see it."""
    with acting(person.actor):
        entry = FileEntry("evidence", "proof.pdf", b"%PDF-1.7")
        return add_invoice_file(invoice.key, entry, actor=person.actor, at=MONDAY)


def through_a_gateway(supplier: Supplier) -> tuple[Gateway, GatewaySecret, GatewayMessage, GatewayEvent]:
    """A supplier's own carrier, with a message whose event found nothing."""
    made: dict[str, Any] = {"made_at": MONDAY, "made_by": "Ines Integrator"}
    gateway = Gateway.objects.create(
        kind="carrier", name=f"Lorries of {supplier.number}", supplier=supplier, **made
    )
    secret = GatewaySecret.objects.create(gateway=gateway, place=1, **made)
    message = GatewayMessage.objects.create(
        gateway=gateway,
        way="webhook",
        message_id="m-1",
        sha256="0" * 64,
        size=2,
        raw=b"{}",
        received_at=MONDAY,
        state="done",
    )
    event = GatewayEvent.objects.create(
        gateway=gateway,
        message=message,
        position=0,
        kind="milestone",
        own_key="e-1",
        said={"kind": "departed", "happened_at": MONDAY.isoformat(), "consignment": {"notice": "DN-9"}},
        names=["notice:dn9"],
        state="unplaced",
        why="unknown",
        received_at=MONDAY,
    )
    return gateway, secret, message, event


def counted(number: str, order_number: str) -> ReceivingSheet:
    """A count that was posted, of goods that nobody announced, some of them damaged."""
    line = WholeCountLine(order_number, "L20", Decimal(4), Decimal(1), note="Crushed.")
    whole = WholeCount(
        "NM", number, f"WMS-{number}", MONDAY.date(), (line,), delivery_note=f"LS-{number}", site="LEEDS"
    )
    return post_count(whole, actor=FEED, at=MONDAY)


def a_time(notice: ShipNotice) -> Appointment:
    """A time at the dock that was asked for."""
    return Appointment.objects.create(
        supplier_id=notice.supplier_id,
        site_id=notice.ship_to_id,
        consignment=notice.consignment,
        starts_at=MONDAY + timedelta(days=29),
        ends_at=MONDAY + timedelta(days=29, minutes=30),
        asked_at=MONDAY,
        updated_at=MONDAY,
        written_by="Asha Acme",
    )


def opening_hours(number: str) -> OfficeCalendar:
    """Opening hours of a country, one for each supplier's."""
    hours = week_to_json(default_calendar("DE", "Europe/Berlin").hours)
    return OfficeCalendar.objects.create(
        country={"ACME": "IN", "GLOBEX": "DE"}[number],
        hours=hours,
        written_at=MONDAY,
        written_by="Root Admin",
    )


def by_mail(order: PurchaseOrder, supplier: Supplier) -> tuple[InboundMail, MailDraft]:
    """A mail about an order, and what was read in it."""
    mail = InboundMail.objects.create(
        door="imap",
        received_at=MONDAY,
        sha256="0" * 64,
        fingerprint=f"{supplier.pk:064}",
        sender="sales@supplier.example",
        size=2,
        raw=b"\n\n",
        state="drafted",
        supplier=supplier,
        order=order,
    )
    line = {
        "key": "L20",
        "number": 20,
        "pieces": [],
        "evidence": {"line": "Fine."},
        "marks": [],
        "cancel": False,
    }
    draft = MailDraft.objects.create(
        supplier=supplier,
        order=order,
        mail=mail,
        kind="answer",
        order_version=order.version,
        revision=order.revision,
        sender="Asha Acme",
        written_at=MONDAY,
        lines=[line],
        made_at=MONDAY,
    )
    return mail, draft


def for_the_erp(order: PurchaseOrder) -> tuple[ErpCommand, OutboxMessage]:
    """A command in conflict, and the parked message that brought it."""
    payload = {"company": "NM", "number": order.number, "supplier": "", "base_revision": "1", "lines": []}
    message = OutboxMessage.objects.create(
        topic="erp",
        stream=order.stream,
        kind="order.promise_agreed",
        payload=payload,
        supplier_id=order.supplier_id,
        state=MessageState.PARKED,
        created_at=MONDAY,
        due_at=MONDAY,
        actor_label="Bea Buyer",
        channel="portal",
    )
    command = ErpCommand.objects.create(
        key=message.key,
        origin=message.key,
        supplier_id=order.supplier_id,
        order=order,
        state=CommandState.CONFLICT,
        payload=payload | {"supplier_reference": ""},
        queued_at=MONDAY,
    )
    return command, message


def told(notice: ShipNotice) -> NoticeWrite:
    """The notice as somebody has to key it into the ERP."""
    message = OutboxMessage.objects.get(topic="erp", kind="shipment.sent", stream=notice.stream)
    write, _orders = take_up_notice(message)
    NoticeWrite.objects.filter(pk=write.pk).update(state=TellingState.TO_KEY)
    return write
