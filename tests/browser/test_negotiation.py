"""A whole negotiation: asked at a desk, countered on a phone that never signed in, accepted, and in the ERP's books."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import expect

from portal.kernel.scope import acting
from procurement.changes.models import OrderChange
from procurement.erp import delivery
from procurement.orders.models import PurchaseOrder
from tests.builders.notices import links_in, mailed
from tests.erp.contract.harness import HARNESSES
from tests.erp.test_changes import LAST, LATER, SOON, at_the_table, deliveries, held, one_interval
from tests.people import FEED

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def erp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with HARNESSES["files"](tmp_path) as harness:
        monkeypatch.setattr(delivery, "connect", harness.connector)
        yield harness


def test_two_rounds_by_desk_and_signed_link_end_in_the_erp(erp: Any, browser: Any, live_server: Any) -> None:
    paper, mei, omar = at_the_table(erp)
    with acting(FEED):
        order = PurchaseOrder.objects.get()
    desk = browser.new_context(base_url=live_server.url, viewport={"width": 1440, "height": 900})
    client = Client()
    client.force_login(omar.user)
    name = settings.SESSION_COOKIE_NAME
    desk.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
    buyer = desk.new_page()
    on_the_road = browser.new_context(
        base_url=live_server.url, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    phone = on_the_road.new_page()
    mailed()

    # Round one, at the desk: half of line 10 much later.
    buyer.goto(f"/orders/{order.key}/changes/new/?number=10")
    buyer.get_by_label("Day of delivery 1").fill(LAST.isoformat())
    buyer.get_by_label("In your words").fill("Our site is not ready.")
    buyer.get_by_role("button", name="Ask for it").click()
    expect(buyer.locator(".q-ball")).to_contain_text("Other side’s turn")

    # Round two, on the phone, out of the mail: the sooner the better.
    letter = next(one for one in mailed() if mei.user.email in one.to[0])
    phone.goto(links_in(letter)[0])
    expect(phone.locator("main")).to_contain_text("Our site is not ready.")
    phone.get_by_text("Propose something else").click()
    phone.locator("input[name='delivery_on.0']").fill(LATER.isoformat())
    phone.get_by_role("button", name="Send the counter-proposal").click()
    expect(phone.get_by_text("Your counter-proposal is on the table.")).to_be_visible()

    # At the desk: yes.
    buyer.reload()
    expect(buyer.locator(".q-ball")).to_contain_text("Your turn")
    buyer.get_by_role("button", name="Accept").click()
    expect(buyer.locator("main")).to_contain_text("waits for the ERP")

    one_interval(erp)
    one_interval(erp)
    with acting(FEED):
        change = OrderChange.objects.get()
    assert (change.state, change.round) == ("done", 2)
    assert [day for _quantity, day in deliveries(held(erp, paper, 10))] == [LATER]
    assert [day for _quantity, day in deliveries(held(erp, paper, 20))] == [SOON]
    assert not [one for one in on_the_road.cookies() if "session" in one["name"]]
    for context in (desk, on_the_road):
        context.close()
