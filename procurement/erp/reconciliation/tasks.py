"""The worker's doors to comparisons, repairs and dry runs. The clock knocks every minute; a hint saves the wait."""

import logging
from zoneinfo import ZoneInfo

from celery import current_app, shared_task
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from portal.kernel.scope import acting
from procurement.erp.connection import may_go
from procurement.erp.connectors import connect
from procurement.erp.locks import Work, alone_at
from procurement.erp.reconciliation.models import ReconciliationRun
from procurement.erp.reconciliation.policies import is_due
from procurement.erp.reconciliation.queries import (
    asked_or_sent,
    last_began_at,
    running_comparison,
    running_rehearsal,
    zone_of_the_company,
)
from procurement.erp.reconciliation.rehearsing import REHEARSER, rehearse_configured
from procurement.erp.reconciliation.repairing import REPAIRER, carry_out_repairs
from procurement.erp.reconciliation.running import COMPARER, carry_on
from procurement.erp.reconciliation.services import ask_comparison

logger = logging.getLogger(__name__)

NEVER = 24


@shared_task(name="erp.compare", ignore_result=True)
def compare(**_ignored: object) -> bool:
    """Begin tonight's comparison, or go on with one that was asked for or broken off; not while the door is shut."""
    if not may_go(timezone.now()):
        return False
    with alone_at(Work.COMPARE) as is_ours:
        run = _comparison_to_make() if is_ours else None
        if run is None:
            return False
        with connect() as connector:
            carry_on(connector, run, clock=timezone.now)
    return True


def _comparison_to_make() -> ReconciliationRun | None:
    at = timezone.now()
    with acting(COMPARER):
        run = running_comparison()
        if run is not None:
            return None if run.retry_at is not None and run.retry_at > at else run
        hour = settings.ERP_COMPARE_AT
        zone = ZoneInfo(zone_of_the_company())
        if hour >= NEVER or not is_due(at, zone, hour, last_began_at()):
            return None
        return ask_comparison(actor=COMPARER, at=at)


@shared_task(name="erp.repair_drift", ignore_result=True)
def repair_drift(**_ignored: object) -> int:
    """Carry out the repairs that people chose, and see what became of those on their way."""
    with acting(REPAIRER):
        if not asked_or_sent():
            return 0
    if not may_go(timezone.now()):
        return 0
    with alone_at(Work.REPAIR) as is_ours:
        if not is_ours:
            return 0
        with connect() as connector:
            return carry_out_repairs(connector, clock=timezone.now)


@shared_task(name="erp.rehearse", ignore_result=True)
def rehearse_first_sync(**_ignored: object) -> bool:
    """Make the dry run that somebody asked for. One that was broken off begins anew: nothing of it was kept."""
    with acting(REHEARSER):
        if running_rehearsal() is None:
            return False
    with alone_at(Work.REHEARSE) as is_ours:
        if not is_ours:
            return False
        with acting(REHEARSER):
            rehearsal = running_rehearsal()
        if rehearsal is None:
            return False
        rehearse_configured(rehearsal, clock=timezone.now)
    return True


def soon(task: str) -> None:
    """Have a task begin once the door's transaction is through. Without a broker the clock's next knock does it."""
    transaction.on_commit(lambda: _send(task))


def _send(task: str) -> None:
    try:
        current_app.send_task(task, expires=60, retry=False)
    except OperationalError as error:
        logger.warning("no broker for a hint; the clock will knock", extra={"reason": str(error)})
