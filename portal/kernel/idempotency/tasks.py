"""The worker's door to the answers that were kept."""

from celery import shared_task
from django.utils import timezone

from portal.kernel.actors import Actor
from portal.kernel.idempotency.services import forget_old
from portal.kernel.scope import acting


@shared_task(name="idempotency.forget", ignore_result=True)
def forget() -> int:
    """Forget what was answered too long ago to be asked for again. Daily."""
    with acting(Actor.system("Housekeeping")):
        return forget_old(at=timezone.now())
