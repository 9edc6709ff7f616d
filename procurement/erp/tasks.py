"""The worker's doors to the ERP's feeds and to what waits for it."""

from celery import shared_task
from django.utils import timezone

from portal.kernel.scope import acting
from procurement.erp.delivery import ERP
from procurement.erp.inbound import read_configured_feeds
from procurement.erp.services import release_left_waiting


@shared_task(name="erp.read_feeds", ignore_result=True)
def read_feeds(**_ignored: object) -> int:
    """Read what the ERP has written since the last time. Called by the clock every few seconds."""
    return len(read_configured_feeds(clock=timezone.now, rested=True))


@shared_task(name="erp.release_left_waiting", ignore_result=True)
def release_left(**_ignored: object) -> int:
    """Look for commands that nobody told to go on. Called by the clock every minute."""
    with acting(ERP):
        return release_left_waiting(actor=ERP, at=timezone.now())
