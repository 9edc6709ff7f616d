"""The worker's door to change requests: time that is up."""

from celery import shared_task
from django.utils import timezone

from portal.kernel.actors import Actor
from portal.kernel.scope import acting
from procurement.changes.services import close_overtaken, expire_changes

CLOCK = Actor.system("Change requests")


@shared_task(name="changes.close", ignore_result=True)
def close_changes(**_ignored: object) -> int:
    """Close what nobody answered in time, and what was overtaken. Called by the clock every minute."""
    at = timezone.now()
    with acting(CLOCK):
        ended = expire_changes(actor=CLOCK, at=at)
    with acting(CLOCK):
        return ended + close_overtaken(actor=CLOCK, at=at)
