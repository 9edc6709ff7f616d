"""What is watched outside the ERP: what gateways told and nobody took, messages that break the program, and security
events that are too many."""

from collections.abc import Iterator
from datetime import datetime

from django.conf import settings
from django.db.models import Min

from portal.kernel.outbox.models import MessageState, OutboxMessage
from portal.kernel.security.queries import alarms
from procurement.erp.alerts.watches import WATCHER, Finding
from procurement.gateways.queries import events_waiting

TOPIC = "gateways"


def outside_systems(at: datetime) -> Iterator[Finding]:
    """Events that have waited for a person for ALERT_GATEWAY_WAITS_AFTER, and messages that were given up on."""
    late = events_waiting(WATCHER).filter(received_at__lte=at - settings.ALERT_GATEWAY_WAITS_AFTER)
    if count := late.count():
        oldest = late.aggregate(oldest=Min("received_at"))["oldest"]
        yield Finding("gateway_events_wait", facts={"since": oldest.isoformat(), "count": count})
    parked = OutboxMessage.objects.filter(topic=TOPIC, state=MessageState.PARKED)
    if count := parked.count():
        oldest = parked.aggregate(oldest=Min("created_at"))["oldest"]
        yield Finding("gateway_messages_parked", facts={"since": oldest.isoformat(), "count": count})


def security_alarms(at: datetime) -> Iterator[Finding]:
    """Security events that happened more often than their alarm allows (docs/security/events.md)."""
    for one in alarms(at):
        about = f"{one.kind.code} {one.who}".strip()
        facts = {"since": one.last_at.isoformat(), "count": one.count, "kind": one.kind.code, "who": one.who}
        yield Finding("security", about[:80], facts)
