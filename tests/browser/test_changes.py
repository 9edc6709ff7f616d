"""A negotiation of two rounds between two people, one of them on a phone; and the pages as they look."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from portal.kernel.scope import acting
from procurement.changes.models import OrderChange
from tests.browser.axe import faults_in_every_look
from tests.builders import changes
from tests.builders.changes import A_WEEK, piece, to
from tests.builders.world import a_line, fresh_line
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)

SOON = datetime.now(UTC).date() + timedelta(days=30)
LATER, LAST = SOON + timedelta(days=14), SOON + timedelta(days=28)


def an_agreed_order(people: dict[str, Any], lines: int = 3) -> Any:
    asked = [a_line(10 * n, delivery_on=SOON) for n in range(1, lines + 1)]
    return changes.an_agreed_order(people["asha"], lines=asked)


def propose(*args: Any, **words: Any) -> OrderChange:
    return changes.propose(*args, at=timezone.now(), **words)


def the_change() -> OrderChange:
    with acting(FEED):
        return OrderChange.objects.latest("id")


def test_two_rounds_between_a_phone_and_a_desk(at: Any, people: dict[str, Any]) -> None:
    order = an_agreed_order(people)
    mei, bea = at("asha", 390), at("bea")

    # On the phone: half of it two weeks later.
    mei.goto(f"/orders/{order.key}/")
    mei.get_by_role("link", name="Ask for a change").click()
    mei.get_by_role("link", name="10", exact=True).click()
    mei.get_by_label("Quantity of delivery 1").fill("50")
    mei.get_by_label("Quantity of delivery 2").fill("50")
    mei.get_by_label("Day of delivery 2").fill(LAST.isoformat())
    mei.get_by_label("Reason").select_option("capacity")
    mei.get_by_role("button", name="Ask for it").click()
    expect(mei.locator(".q-ball")).to_contain_text("Other side’s turn")

    # At the desk: sooner, please.
    bea.goto("/changes/")
    expect(bea.locator("tbody")).to_contain_text("Capacity")
    bea.get_by_role("link", name=f"{order.number} · 10").click()
    expect(bea.locator(".q-ball")).to_contain_text("Your turn")
    bea.get_by_text("Counter with another wish").click()
    bea.get_by_label("Day of delivery 2").fill(LATER.isoformat())
    bea.get_by_label("In your words").last.fill("The crane is booked.")
    bea.get_by_role("button", name="Counter", exact=True).click()
    expect(bea.locator(".q-ball")).to_contain_text("Other side’s turn")

    # On the phone: from Home, yes.
    mei.goto("/")
    mei.get_by_role("link", name=f"Answer: order {order.number}, line 10").click()
    expect(mei.locator("main")).to_contain_text("The crane is booked.")
    mei.get_by_role("button", name="Accept").click()
    expect(mei.locator("main")).to_contain_text("waits for the ERP")

    assert the_change().state == "accepted"
    assert fresh_line().expected_on == LATER


def test_without_a_script_it_works_as_well(at: Any, people: dict[str, Any]) -> None:
    order = an_agreed_order(people)
    asked = propose(order, people["bea"], A_WEEK)
    mei = at("asha", 390, java_script_enabled=False)

    mei.goto(f"/changes/{asked.key}/")
    mei.get_by_label("In your words").first.fill("We cannot.")
    mei.get_by_role("button", name="Decline").click()

    assert the_change().state == "declined"


def test_nobody_stumbles_and_nothing_runs_over(at: Any, people: dict[str, Any], tmp_path: Any) -> None:
    order = an_agreed_order(people, 4)
    asked = propose(
        order, people["asha"], to(piece(60), piece(40, LATER)), reason="capacity", note="The saw is broken."
    )
    propose(order, people["asha"], A_WEEK, line="L20")
    bea, root, mei = (at(name) for name in ("bea", "root", "asha"))
    propose(order, people["bea"], A_WEEK, line="L30")

    for page, address in (
        (bea, "/changes/"),
        (bea, f"/changes/{asked.key}/"),
        (bea, f"/orders/{order.key}/changes/new/?number=40"),
        (bea, f"/orders/{order.key}/changes/new/"),
        (bea, f"/changes/move/?order={order.number}"),
        (bea, f"/orders/{order.key}/"),
        (root, "/changes/reasons/"),
        (mei, "/"),
        (mei, f"/orders/{order.key}/"),
    ):
        page.goto(address)
        if details := page.locator("details.q-panel").all():
            details[0].evaluate("one => one.open = true")
        assert faults_in_every_look(page, address.strip("/").replace("/", "-"), tmp_path) == []
