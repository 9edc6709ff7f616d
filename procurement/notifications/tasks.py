"""The worker's doors to notices: mail what was gathered, and watch whether anybody sees it."""

from celery import shared_task
from django.utils import timezone

from portal.kernel.scope import acting
from procurement.notifications.services import send_due, watch_delivery
from procurement.notifications.services.gathering import POSTMAN


@shared_task(name="notices.send", ignore_result=True)
def send_notices(**_ignored: object) -> int:
    """Make the mails that are due; the outbox sends them. Called by the clock every few seconds."""
    with acting(POSTMAN):
        return send_due(at=timezone.now())


@shared_task(name="notices.watch", ignore_result=True)
def watch_notices(**_ignored: object) -> int:
    """Look for orders that nobody at their supplier has seen, or can be told of. Called by the clock."""
    with acting(POSTMAN):
        return watch_delivery(at=timezone.now())
