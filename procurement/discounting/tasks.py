"""The worker's door to early payment: days that have passed."""

from celery import shared_task
from django.utils import timezone

from procurement.discounting.services import lapse_early


@shared_task(name="discounting.lapse", ignore_result=True)
def lapse_early_payments(**_ignored: object) -> int:
    """End what was agreed and not paid by its day. Called by the clock once an hour."""
    return lapse_early(timezone.now())
