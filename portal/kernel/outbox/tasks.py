"""The worker's door to the outbox."""

import logging
import secrets
import time

from celery import shared_task
from django.utils import timezone
from kombu.exceptions import OperationalError

from portal.kernel.outbox.services import deliver_due

logger = logging.getLogger(__name__)

# A worker that is asked to stop finishes the round it is in: this, and the one call that is under way.
ROUND_SECONDS = 20.0
# A broker that does not answer may cost a click three seconds, but not each click.
REST_SECONDS = 10.0


@shared_task(name="outbox.deliver", ignore_result=True)
def deliver() -> int:
    """Deliver what is due. Called by a hint after a commit and by the sweep every few seconds."""
    ends = time.monotonic() + ROUND_SECONDS

    def time_is_up() -> bool:
        return time.monotonic() > ends

    # Drawn anew each time: process numbers repeat from one machine to the next.
    worker = secrets.randbelow(2**31 - 1) + 1
    tried = deliver_due(worker=worker, clock=timezone.now, time_is_up=time_is_up)
    if time_is_up():
        wake()
    return tried


class Rest:
    """Until when no hint is sent, after one could not be."""

    until = 0.0


def wake() -> None:
    """Hint to a worker that something is due. Without a broker the sweep will find it."""
    if time.monotonic() < Rest.until:
        return
    try:
        deliver.apply_async(expires=30, retry=False)
    except OperationalError as error:
        Rest.until = time.monotonic() + REST_SECONDS
        logger.warning("no broker for an outbox hint; the sweep will deliver", extra={"reason": str(error)})
