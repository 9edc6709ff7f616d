"""What the ERP is told of goods, in a browser: clean at every width, by day and by night."""

from __future__ import annotations

from typing import Any

import pytest

from portal.kernel.outbox.models import OutboxMessage
from portal.kernel.scope import acting
from procurement.erp.booking import take_up_booking
from procurement.erp.models import NoticeWrite
from procurement.erp.noticing import take_up_notice
from tests.browser.axe import faults_in_every_look
from tests.builders.changes import an_agreed_order
from tests.builders.shipments import a_sent_notice
from tests.builders.told_counts import a_count, tell
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_pages_are_clean_at_every_width(at: Any, people: dict[str, Any], tmp_path: Any) -> None:
    order = an_agreed_order(people["asha"])
    notice = a_sent_notice(order, people["asha"], {"L10": 60})
    count = tell(a_count(order, {"L10": 58}, notice), order)
    with acting(FEED):
        told, _ = take_up_notice(OutboxMessage.objects.get(topic="erp", kind="shipment.sent"))
        NoticeWrite.objects.filter(pk=told.pk).update(
            state="person", reason="Less is open on a line in Tryton than the ship notice says."
        )
        counted, _ = take_up_booking(count)
    pages = {
        "notices": "/integration/told/",
        "counts": "/integration/told/?what=counts",
        "waiting": "/integration/told/?what=counts&view=waiting",
        "notice": f"/integration/told/{told.key}/",
        "count": f"/integration/told/{counted.key}/",
        "monitor": "/integration/",
    }
    found = []
    page = at("ines")
    for name, address in pages.items():
        page.goto(address)
        found += faults_in_every_look(page, name, tmp_path)
    assert found == []
