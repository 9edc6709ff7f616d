"""The worker's doors to the gateways: what was kept is dealt with, folders are looked into, old bytes are forgotten."""

import uuid

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from portal.kernel.outbox.models import OutboxMessage
from portal.kernel.scope import acting, require_no_transaction
from procurement.gateways.queries import GATEKEEPER
from procurement.gateways.services import deal_with_message, forget_raw
from procurement.gateways.ways.folder import poll_folder

MOST_ROUNDS = 200


@shared_task(name="gateways.poll", ignore_result=True)
def poll_gateways(**_ignored: object) -> int:
    """Take what carriers have put into their folders. Called by the clock."""
    if settings.GATEWAY_FILES_ROOT is None:
        return 0
    return poll_folder(settings.GATEWAY_FILES_ROOT, clock=timezone.now)


@shared_task(name="gateways.forget", ignore_result=True)
def forget_messages(**_ignored: object) -> int:
    """Forget the bytes of old messages, batch by batch, each in a transaction of its own. Called by the clock."""
    count = 0
    for _round in range(MOST_ROUNDS):
        with acting(GATEKEEPER):
            done = forget_raw(at=timezone.now())
        count += done
        if not done:
            break
    return count


def deliver(message: OutboxMessage) -> str:
    """The outbox's topic "gateways": deal with one message that was kept, where nobody has done it yet."""
    require_no_transaction()
    return deal_with_message(uuid.UUID(message.payload["message"]), at=timezone.now())
