"""A supplier and a dock agree on a time in a browser; what comes when, on the desk and on a phone."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from procurement.docks.services import confirm_time, refuse_time
from tests.browser.axe import faults_in_every_look
from tests.builders.docks import a_proposed_time, an_asked_time, answer
from tests.procurement.docks.test_pages import DAY, NOW, START, a_shipment, timedelta

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_supplier_and_a_dock_agree_on_a_time_without_a_script(at: Any, people: dict[str, Any]) -> None:
    notice = a_shipment(people, 1, pallets=12)
    supplier, dock = (at(name, java_script_enabled=False) for name in ("asha", "rex"))

    supplier.goto(f"/shipments/{notice.key}/")
    supplier.get_by_role("link", name="Arrange a time").click()
    supplier.get_by_label("Free times").select_option(START.isoformat())
    supplier.get_by_label("In your words").fill("Tail lift needed")
    supplier.get_by_role("button", name="Ask for it").click()
    expect(supplier.get_by_text("The dock is asked for this time")).to_be_visible()

    dock.goto("/times/")
    dock.get_by_role("link", name="DN-1").click()
    expect(dock.get_by_text("Tail lift needed")).to_be_visible()
    dock.get_by_label("Door").first.select_option("2")
    dock.get_by_role("button", name="Confirm this time").click()
    expect(dock.get_by_text("Both sides plan with this time.")).to_be_visible()

    dock.goto(f"/inbound/?site=LEEDS&day={DAY}")
    expect(dock.get_by_role("row", name="DN-1")).to_contain_text("door 2")
    dock.get_by_role("link", name="Load by hour").click()
    expect(dock.get_by_role("link", name="DN-1")).to_be_visible()
    supplier.goto(f"/shipments/{notice.key}/")
    expect(supplier.get_by_text("door 2")).to_be_visible()


def test_the_pages_of_docks_are_clean_at_every_width(at: Any, people: dict[str, Any], tmp_path: Any) -> None:
    bare, asked, proposed, confirmed, refused = (
        a_shipment(people, number, pallets=number * 6) for number in range(1, 6)
    )
    yesterday = NOW.date() - timedelta(days=1)
    a_shipment(people, 6, ship_on=yesterday, delivery_on=yesterday)
    an_asked_time(asked, people["asha"], starts_at=START, at=NOW, note="Tail lift needed")
    a_proposed_time(proposed, people["rex"], starts_at=START, at=NOW)
    one = an_asked_time(confirmed, people["asha"], starts_at=START + timedelta(hours=1), at=NOW)
    answer(confirm_time, one, people["rex"], at=NOW)
    two = an_asked_time(refused, people["asha"], starts_at=START, at=NOW)
    answer(refuse_time, two, people["rex"], "Stock-taking.", at=NOW)
    pages = {
        "day": ("rex", f"/inbound/?site=LEEDS&day={DAY}"),
        "empty": ("rex", f"/inbound/?site=HULL&day={DAY}"),
        "week": ("rex", f"/inbound/?site=LEEDS&day={DAY}&view=week"),
        "hours": ("rex", f"/inbound/?site=LEEDS&day={DAY}&view=hours"),
        "due": ("rex", f"/inbound/due/?site=LEEDS&day={DAY}"),
        "plan": ("rex", "/docks/LEEDS/"),
        "times": ("rex", "/times/"),
        "need": ("asha", "/times/?view=need"),
        "over": ("asha", "/times/?view=past"),
        "bare": ("asha", f"/shipments/{bare.key}/time/"),
        "asked": ("rex", f"/shipments/{asked.key}/time/"),
        "proposed": ("asha", f"/shipments/{proposed.key}/time/"),
        "confirmed": ("max", f"/shipments/{confirmed.key}/time/"),
        "panel": ("asha", f"/shipments/{proposed.key}/"),
    }
    found = []
    browsers = {name: at(name) for name in ("asha", "rex", "max")}
    for name, (person, address) in pages.items():
        page = browsers[person]
        page.goto(address)
        found += faults_in_every_look(page, name, tmp_path)
    assert found == []
