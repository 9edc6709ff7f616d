"""What is watched of gateways: what outside systems told and nobody took, and messages that break the program."""

from collections.abc import Iterator
from datetime import datetime

from django.conf import settings
from django.db.models import Min

from portal.kernel.outbox.models import MessageState, OutboxMessage
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
