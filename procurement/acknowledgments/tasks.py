"""The worker's door to what suppliers owe an answer to: a safety net under the reactions."""

from celery import shared_task
from django.utils import timezone

from procurement.acknowledgments.services.clocks import review_all_clocks


@shared_task(name="acknowledgments.review_clocks", ignore_result=True)
def review_clocks(**_ignored: object) -> int:
    """Look for orders whose clock does not say what the order says: after an upgrade, all. Every five minutes."""
    return review_all_clocks(at=timezone.now())
