"""The worker's door to docks: what time alone brings."""

from celery import shared_task
from django.utils import timezone

from procurement.docks.services import sweep_missed


@shared_task(name="docks.sweep", ignore_result=True)
def sweep_docks(**_ignored: object) -> int:
    """Say of times that are long over, and to which nothing came, that they were missed."""
    return sweep_missed(timezone.now())
