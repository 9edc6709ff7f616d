"""The worker's door to bank details: what has waited long enough."""

from celery import shared_task
from django.utils import timezone

from suppliers.banking.services import take_due_effect


@shared_task(name="banking.take_effect", ignore_result=True)
def take_effect(**_ignored: object) -> int:
    """Let changes come into force. Called by the clock every minute."""
    return take_due_effect(timezone.now())
