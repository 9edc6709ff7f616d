"""The worker's door to the ERP's feeds."""

from celery import shared_task
from django.utils import timezone

from procurement.erp.inbound import read_configured_feeds


@shared_task(name="erp.read_feeds", ignore_result=True)
def read_feeds(**_ignored: object) -> int:
    """Read what the ERP has written since the last time. Called by the clock every few seconds."""
    return len(read_configured_feeds(clock=timezone.now, rested=True))
