"""The worker's door to the outbox."""

import logging
import secrets

from celery import shared_task
from django.utils import timezone
from kombu.exceptions import OperationalError

from portal.kernel.outbox.services import deliver_due

logger = logging.getLogger(__name__)


@shared_task(name="outbox.deliver", ignore_result=True)
def deliver() -> int:
    """Deliver what is due. Called by a hint after a commit and by the sweep every few seconds."""
    # Drawn anew each time: process numbers repeat from one machine to the next.
    return deliver_due(worker=secrets.randbelow(2**31 - 1) + 1, clock=timezone.now)


def wake() -> None:
    """Hint to a worker that something is due. Without a broker the sweep will find it."""
    try:
        deliver.apply_async(expires=30, retry=False)
    except OperationalError as error:
        logger.warning("no broker for an outbox hint; the sweep will deliver", extra={"reason": str(error)})
