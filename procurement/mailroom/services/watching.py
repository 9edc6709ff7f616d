"""What the monitor watches of incoming mail: a mailbox that cannot be read, mails that could not be sorted.

The watches of the ERP are on a lower floor: `ALERT_WATCHES` in the settings names this one to them.
"""

from collections.abc import Iterator
from datetime import datetime

from django.conf import settings
from django.db.models import Min

from portal.kernel.outbox.models import MessageState, OutboxMessage
from procurement.erp.alerts.watches import Finding
from procurement.mailroom.queries import failing_mailboxes
from procurement.mailroom.services.taking import TOPIC


def incoming_mail(at: datetime) -> Iterator[Finding]:
    """Mailboxes and folders that could not be read for ALERT_READS_LATE_AFTER, and mails that break the program."""
    for mailbox in failing_mailboxes():
        since = mailbox.failing_since
        if since is not None and since <= at - settings.ALERT_READS_LATE_AFTER:
            facts = {"since": since.isoformat(), "reason": mailbox.error[:300]}
            yield Finding("mailbox_unreadable", mailbox.name[:80], facts)
    parked = OutboxMessage.objects.filter(topic=TOPIC, state=MessageState.PARKED)
    if count := parked.count():
        oldest = parked.aggregate(oldest=Min("created_at"))["oldest"]
        yield Finding("mails_parked", facts={"since": oldest.isoformat(), "count": count})
