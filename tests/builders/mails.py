"""Mails as suppliers write them, and what the mailroom makes of them."""

from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

from portal.kernel.scope import acting
from procurement.links.messages import Person as Addressee
from procurement.links.services import reply_address_of
from procurement.mailroom.models import InboundMail, MailDraft
from procurement.mailroom.queries import MAILROOM
from procurement.mailroom.services import sort_mail, take_mail
from procurement.orders.models import PurchaseOrder
from procurement.threads.models import Message
from tests.builders.world import MONDAY
from tests.people import FEED

AN_HOUR_LATER = MONDAY + timedelta(hours=1)
_count = iter(range(1, 1_000_000))


def a_mail(
    text: str = "We look into it.",
    *,
    sender: str = "Asha Acme <asha@supplier.example>",
    to: str = "orders@northmoor.example",
    subject: str = "Re: your order",
    at: datetime = AN_HOUR_LATER,
    files: tuple[tuple[str, bytes], ...] = (),
    **headers: str,
) -> bytes:
    """A mail in bytes; `headers` have underscores for hyphens."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, to, subject
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = f"<{next(_count)}@supplier.example>"
    for name, value in headers.items():
        header = name.replace("_", "-")
        del mail[header]
        mail[header] = value
    mail.set_content(text)
    for name, content in files:
        mail.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return mail.as_bytes()


def reply_to(order: PurchaseOrder, person: Any = None, address: str = "sales@acme.example") -> str:
    """The address that one of our mails about this order has in Reply-To, for a user or for a mere address."""
    who = Addressee(person.email, person.user.name, person.user.pk) if person else Addressee(address)
    with acting(FEED):
        return reply_address_of(
            order.stream, supplier_id=order.supplier_id, person=who, order_id=order.pk, at=MONDAY
        )


def arrive(raw: bytes, *, at: datetime = AN_HOUR_LATER, door: str = "command") -> InboundMail:
    """A mail comes in and is sorted."""
    mail = take_mail(raw, door=door, at=at)
    with acting(MAILROOM):
        return sort_mail(mail.key, at=at)


def said_on(order: PurchaseOrder) -> list[Message]:
    """What stands in the thread of an order."""
    with acting(FEED):
        return list(Message.objects.filter(order=order).order_by("id"))


def drafts_on(order: PurchaseOrder) -> list[MailDraft]:
    """Every draft on an order, oldest first."""
    with acting(FEED):
        return list(MailDraft.objects.select_related("order").filter(order=order).order_by("id"))
