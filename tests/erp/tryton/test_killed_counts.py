"""A worker is killed (SIGKILL) while Tryton books a count: afterwards it is booked once, and the portal has read it."""

from __future__ import annotations

import signal
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from portal.kernel.scope import acting
from procurement.erp.inbound import read_configured_feeds
from procurement.erp.models import ReceiptWrite
from procurement.receipts.models import Receipt
from tests.builders.told_counts import a_count, tell
from tests.builders.world import fresh
from tests.erp.papers import an_order
from tests.erp.tryton import mortal
from tests.erp.tryton.harness import TrytonHarness
from tests.erp.tryton.test_killed import NUMBER, TODAY, erp, killed_at, the_others_go_on
from tests.people import FEED

__all__ = ["erp"]  # the fixture

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

MOMENTS = [(mortal.AFTER_CALL, 5), (mortal.AFTER_CALL, 7), (mortal.TOLD, 0)]


@pytest.mark.parametrize(("moment", "nth"), MOMENTS, ids=[f"{when}-{nth}" for when, nth in MOMENTS])
def test_it_is_booked_once_whenever_the_worker_was_killed(
    erp: TrytonHarness, settings: Any, moment: str, nth: int
) -> None:
    erp.order_as_planned(an_order(NUMBER, ordered_on=TODAY))
    read_configured_feeds(clock=timezone.now)
    order = fresh(NUMBER)
    with acting(FEED):
        keys = list(order.lines.order_by("number").values_list("key", flat=True))
    day = datetime.now(UTC).date() - timedelta(days=1)
    count = a_count(order, dict.fromkeys(keys, 5), supplier="70012", site="HAM", received_on=day)
    tell(count, order)

    assert killed_at(erp, moment, nth) == -signal.SIGKILL
    the_others_go_on(settings)
    read_configured_feeds(clock=timezone.now)

    with acting(FEED):
        (write,) = ReceiptWrite.objects.all()
        booked = list(Receipt.objects.values_list("quantity", "received_on", "reference", "reversed"))
        received = list(order.lines.values_list("received_quantity", flat=True))
    assert write.state == "confirmed"
    assert booked == [(Decimal(5), day, "LS-99", False)] * 2
    assert received == [Decimal(5)] * 2
