"""A mail is taken in: kept as it came, once, with the promise that it will be sorted.

Note [At least once, once in effect]: a door may bring a mail twice: after a crash, by two pollers at once, from a
provider that had no answer. It is one mail by its Message-ID and its fingerprint, and one row; only the row is ever
sorted, and only once. A door marks, moves or forgets a mail after this has been committed, never before.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from email.utils import make_msgid

from django.conf import settings
from django.urls import reverse

from portal.kernel.audit.services import record
from portal.kernel.outbox.services import enqueue
from portal.kernel.scope import acting
from procurement.mailroom.models import InboundMail
from procurement.mailroom.policies.opening import fingerprint, read_head
from procurement.mailroom.queries import MAILROOM
from procurement.orders.models import PurchaseOrder

TOPIC = "mailroom"
SORT, ANSWER = "mail.sort", "mail.answer"
KEPT_OF_TOO_LARGE = 64 * 1024


def take_mail(raw: bytes, *, door: str, at: datetime) -> InboundMail:
    """Keep a mail that came in by a door, and promise that it will be sorted. Opens its own transaction, or joins one.

    One that is here already is that one again. Of one that is too large the beginning is kept, and it is refused.
    """
    is_whole = len(raw) <= settings.MAIL_IN_MAX_BYTES
    kept = raw if is_whole else raw[:KEPT_OF_TOO_LARGE]
    head = read_head(kept)
    row = InboundMail(
        door=door,
        received_at=at,
        written_at=head.written_at,
        message_id=head.message_id,
        sha256=hashlib.sha256(raw).hexdigest(),
        fingerprint=fingerprint(raw),
        sender=head.sender,
        sender_name=head.sender_name,
        recipients=list(head.recipients)[:20],
        subject=head.subject,
        size=len(raw),
        is_whole=is_whole,
        raw=kept,
    )
    with acting(MAILROOM):
        # Who comes second waits here for the first, and then finds its row.
        InboundMail.objects.bulk_create([row], ignore_conflicts=True)
        stored: InboundMail = InboundMail.objects.get(fingerprint=row.fingerprint, message_id=row.message_id)
        if stored.key != row.key:
            return stored
        record(
            "mail.received",
            stored.stream,
            actor=MAILROOM,
            at=at,
            supplier_id=None,
            facts={"door": door, "sender": stored.sender, "subject": stored.subject, "size": stored.size},
            internal=True,
        )
        promise_to_sort(stored, at=at)
        return stored


def promise_to_sort(mail: InboundMail, *, at: datetime) -> None:
    """Promise, in this transaction, that a mail will be sorted."""
    payload = {"mail": str(mail.key), "version": mail.version}
    enqueue(TOPIC, mail.stream, SORT, payload, actor=MAILROOM, at=at, supplier_id=None)


def promise_answer(
    mail: InboundMail, order: PurchaseOrder, reasons: Sequence[str], *, language: str, at: datetime
) -> None:
    """Promise, in this transaction, that the sender is told which files were not taken, and why."""
    payload = {
        "to": mail.sender,
        "answers": mail.message_id,
        "message_id": make_msgid(domain=settings.MAIL_REPLY_DOMAIN or None),
        "number": order.number,
        "reasons": list(reasons),
        "language": language,
        "url": f"{settings.PUBLIC_URL}{reverse('order', args=[order.key])}",
    }
    enqueue(TOPIC, mail.stream, ANSWER, payload, actor=MAILROOM, at=at, supplier_id=order.supplier_id)
