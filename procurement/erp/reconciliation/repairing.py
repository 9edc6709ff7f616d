"""Carrying out the repairs that people chose: the ERP is asked once more, outside any transaction, and then each drift
is put right in one of its own."""

import logging
from collections.abc import Callable
from datetime import datetime

from portal.kernel.actors import Actor, Channel
from portal.kernel.scope import acting, require_no_transaction
from procurement.erp.ports import ErpConnector, ErpError, Feed, Unsupported, key_of
from procurement.erp.reconciliation.mirror import BOOKS
from procurement.erp.reconciliation.queries import asked_repairs, sent_again
from procurement.erp.reconciliation.services import Now, carry_out_repair, hand_back_all, settle_sent_again

logger = logging.getLogger(__name__)

REPAIRER = Actor.system("Repair after comparing with the ERP", Channel.ERP)
AT_ONCE = 200


def carry_out_repairs(connector: ErpConnector, *, clock: Callable[[], datetime]) -> int:
    """Do what was chosen, a handful of each feed; returns how many were looked at. An ERP that is away is asked again
    at the next call."""
    require_no_transaction()
    with acting(REPAIRER):
        for drift in sent_again():
            settle_sent_again(drift, actor=REPAIRER, at=clock())
    try:
        return sum(_repair(connector, feed, clock) for feed in BOOKS)
    except ErpError as error:
        logger.warning("repairs wait", extra={"kind": type(error).__name__, "reason": error.reason})
        return 0


def _repair(connector: ErpConnector, feed: Feed, clock: Callable[[], datetime]) -> int:
    with acting(REPAIRER):
        asked = asked_repairs(feed, AT_ONCE)
    if not asked:
        return 0
    try:
        as_of = connector.seen_as_of(feed)
        papers = {key_of(paper): paper for paper in connector.look_up(feed, [one.record for one in asked])}
    except Unsupported as error:
        with acting(REPAIRER):
            hand_back_all(asked, error.reason, actor=REPAIRER, at=clock())
        return len(asked)
    for drift in asked:
        with acting(REPAIRER):
            carry_out_repair(drift, Now(papers.get(drift.record), as_of), actor=REPAIRER, at=clock())
    return len(asked)
