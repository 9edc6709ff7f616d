"""The worker's door to change requests: time that is up, and what took away what they speak of."""

from collections.abc import Sequence
from datetime import datetime

from celery import shared_task
from django.utils import timezone

from portal.kernel.actors import Actor
from portal.kernel.audit.models import AuditEvent
from portal.kernel.scope import acting
from procurement.changes.services import close_overtaken, expire_changes, overtake_on

CLOCK = Actor.system("Change requests")


@shared_task(name="changes.close", ignore_result=True)
def close_changes(**_ignored: object) -> int:
    """Close what nobody answered in time, and what was overtaken. Called by the clock every minute."""
    at = timezone.now()
    with acting(CLOCK):
        ended = expire_changes(actor=CLOCK, at=at)
    with acting(CLOCK):
        return ended + close_overtaken(actor=CLOCK, at=at)


def overtake(events: Sequence[AuditEvent], at: datetime) -> str:
    """Somebody was asked anew: what was to be changed of it is agreed no more. A reaction."""
    with acting(CLOCK):
        ended = overtake_on({event.stream for event in events}, actor=CLOCK, at=at)
    return "overtaken" if ended else "nothing open"
