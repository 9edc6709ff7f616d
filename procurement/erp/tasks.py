"""The worker's doors to the ERP's feeds and to what waits for it."""

import logging

from celery import shared_task
from django.utils import timezone
from kombu.exceptions import OperationalError

from portal.kernel.scope import acting
from procurement.erp.alerts.services import keep_watch
from procurement.erp.alerts.watches import WATCHER
from procurement.erp.connection import ERP, look_at
from procurement.erp.connectors import connect
from procurement.erp.inbound import read_configured_feeds
from procurement.erp.locks import Work, alone_at
from procurement.erp.services import release_left_waiting

logger = logging.getLogger(__name__)


@shared_task(name="erp.read_feeds", ignore_result=True)
def read_feeds(**_ignored: object) -> int:
    """Read what the ERP has written since the last time. Called by the clock every few seconds.

    A reading that takes longer than that is left alone, so that it never keeps more than one process busy.
    """
    with alone_at(Work.READ) as is_ours:
        return len(read_configured_feeds(clock=timezone.now, rested=True)) if is_ours else 0


@shared_task(name="erp.release_left_waiting", ignore_result=True)
def release_left(**_ignored: object) -> int:
    """Look for commands that nobody told to go on. Called by the clock every minute."""
    with acting(ERP):
        return release_left_waiting(actor=ERP, at=timezone.now())


@shared_task(name="erp.look", ignore_result=True)
def look(**_ignored: object) -> bool:
    """Look who is at the other end, where it is time or a person asked. Called by the clock every half minute."""
    with connect() as connector:
        return look_at(connector, clock=timezone.now)


@shared_task(name="erp.keep_watch", ignore_result=True)
def watch(**_ignored: object) -> int:
    """Tell people and programs what passed a limit. Called by the clock every half minute."""
    with acting(WATCHER):
        return keep_watch(at=timezone.now())


def hint_to_look() -> None:
    """Hint to a worker that a person wants the ERP looked at. Without a broker the clock will bring it."""
    try:
        look.apply_async(expires=30, retry=False)
    except OperationalError as error:
        logger.warning("no broker for a hint to look; the clock will bring it", extra={"reason": str(error)})
