"""The worker's door to the inbox: what comes by time alone."""

from celery import shared_task
from django.utils import timezone

from procurement.inbox.services.sweeping import sweep


@shared_task(name="inbox.sweep", ignore_result=True)
def sweep_inbox(**_ignored: object) -> int:
    """Open what time has brought, wake, rank anew. Called by the clock every minute."""
    return sum(sweep(timezone.now()).values())
