"""Carrying out the repairs that people chose: the ERP is asked once more, outside any transaction, and then each drift
is put right in one of its own."""

import logging
from collections.abc import Callable
from datetime import datetime

from portal.kernel.actors import Actor, Channel
from portal.kernel.scope import acting, require_no_transaction
from procurement.erp.connection import may_go
from procurement.erp.ports import ErpConnector, ErpError, Feed, Unsupported, key_of
from procurement.erp.reconciliation.mirror import BOOKS
from procurement.erp.reconciliation.queries import asked_count, asked_repairs, sent_again
from procurement.erp.reconciliation.services import Now, carry_out_repair, hand_back_all, settle_sent_again

logger = logging.getLogger(__name__)

REPAIRER = Actor.system("Repair after comparing with the ERP", Channel.ERP)
AT_ONCE = 200


def carry_out_repairs(connector: ErpConnector, *, clock: Callable[[], datetime]) -> int:
    """Do what was chosen, also meanwhile; returns how many repairs were tried. An ERP that is away is asked again at
    the next call, and so is what waits for a command on its order, or has moved here since the ERP was asked."""
    require_no_transaction()
    with acting(REPAIRER):
        sent = sent_again()
    for drift in sent:
        with acting(REPAIRER):
            settle_sent_again(drift, actor=REPAIRER, at=clock())
    tried, left = 0, -1
    try:
        while left:
            tried += sum(_repair(connector, feed, clock) for feed in BOOKS)
            before = left
            with acting(REPAIRER):
                left = asked_count()
            if left == before:
                break
    except ErpError as error:
        logger.warning("repairs wait", extra={"kind": type(error).__name__, "reason": error.reason})
    return tried


def _repair(connector: ErpConnector, feed: Feed, clock: Callable[[], datetime]) -> int:
    with acting(REPAIRER):
        asked = asked_repairs(feed, AT_ONCE)
    if not asked or not may_go(clock()):
        return 0
    asked_at = clock()
    try:
        as_of = connector.seen_as_of(feed)
        papers = {key_of(paper): paper for paper in connector.look_up(feed, [one.record for one in asked])}
    except Unsupported as error:
        with acting(REPAIRER):
            hand_back_all(asked, error.reason, actor=REPAIRER, at=clock())
        return len(asked)
    for drift in asked:
        with acting(REPAIRER):
            now = Now(papers.get(drift.record), as_of, asked_at)
            carry_out_repair(drift, now, actor=REPAIRER, at=clock())
    return len(asked)
