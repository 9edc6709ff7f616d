"""The worker's door to registration."""

from celery import shared_task
from django.utils import timezone

from portal.kernel.scope import acting
from suppliers.registration.queries import GATE
from suppliers.registration.services import forget_unanswered


@shared_task(name="registration.forget", ignore_result=True)
def forget_requests(**_ignored: object) -> int:
    """Forget addresses whose reader never answered, and who was refused long ago. Called by the clock once a day."""
    with acting(GATE):
        return forget_unanswered(at=timezone.now())
