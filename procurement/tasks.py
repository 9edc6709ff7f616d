"""Gatherer: the tasks of every package. Celery looks here and nowhere else."""

from procurement.changes.tasks import close_changes
from procurement.clocks.tasks import advance
from procurement.discounting.tasks import lapse_early_payments
from procurement.docks.tasks import sweep_docks
from procurement.erp.reconciliation.tasks import compare, rehearse_first_sync, repair_drift
from procurement.erp.tasks import read_feeds
from procurement.gateways.tasks import forget_messages, poll_gateways
from procurement.inbox.tasks import sweep_inbox
from procurement.mailroom.tasks import poll
from procurement.notifications.tasks import send_notices, watch_notices
from procurement.orders.tasks import make_document

__all__ = [
    "advance",
    "close_changes",
    "compare",
    "forget_messages",
    "lapse_early_payments",
    "make_document",
    "poll",
    "poll_gateways",
    "read_feeds",
    "rehearse_first_sync",
    "repair_drift",
    "send_notices",
    "sweep_docks",
    "sweep_inbox",
    "watch_notices",
]
