"""Company data in a browser, without a script: filled in on a phone, looked at, approved; every page at two widths."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from portal.kernel.scope import acting
from suppliers.details.messages import ChangeDetail
from suppliers.details.models import ChangeRequest
from suppliers.details.services import change_detail
from suppliers.models import Supplier
from tests.browser.axe import faults
from tests.builders.world import MONDAY
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)


def test_from_the_first_contact_to_an_approved_number_and_every_page_at_two_widths(
    at: Any, people: dict[str, Any], tmp_path: Any
) -> None:
    asha, max_ = (at(name, java_script_enabled=False) for name in ("asha", "max"))
    asha.set_viewport_size({"width": 390, "height": 844})
    asha.goto("/company/")
    asha.get_by_role("link", name="Add a contact").click()
    asha.get_by_label("Name").fill("Rita Rao")
    asha.get_by_label("Emergencies").check()
    asha.get_by_label("Telephone").fill("020 2612 3456")
    asha.get_by_role("button", name="Save").click()
    expect(asha.get_by_role("link", name="020 2612 3456")).to_be_visible()

    asha.get_by_role("link", name="Add a number").click()
    asha.get_by_label("Which number").select_option("vat")
    asha.get_by_label("Country").select_option("DE")
    asha.get_by_label("Number", exact=True).fill("DE136695978")
    asha.get_by_role("button", name="Save").click()
    expect(asha.get_by_text("The check digit of “DE136695978” is wrong").first).to_be_visible()
    asha.get_by_label("Number", exact=True).fill("DE136695976")
    asha.get_by_role("button", name="Save").click()
    expect(asha.get_by_text("1 change waits for approval")).to_be_visible()

    asha.get_by_role("link", name="Change: Registered address").click()
    asha.get_by_label("Country", exact=True).select_option("US")
    asha.get_by_role("button", name="Show its form").click()
    asha.get_by_label("Street and number").fill("1 Dock")
    asha.get_by_label("City").fill("Toledo")
    asha.get_by_label("State").fill("OH")
    asha.get_by_label("ZIP code").fill("43604")
    asha.get_by_role("button", name="Save").click()
    expect(asha.get_by_text("Toledo, OH 43604")).to_be_visible()

    max_.goto("/suppliers/changes/")
    max_.get_by_role("link", name="VAT number, Germany").click()
    expect(max_.get_by_role("table", name="Old and new")).to_contain_text("DE136695976")
    max_.get_by_role("button", name="Approve").click()
    expect(max_.get_by_text("Nothing waits")).to_be_visible()
    asha.reload()
    expect(asha.get_by_text("DE136695976")).to_be_visible()

    key = waiting_things(people)
    pages = {
        "asha": (
            "/company/",
            f"/suppliers/{key}/company/part/remit_to/",
            f"/suppliers/{key}/company/part/contact/",
        ),
        "max": (
            "/suppliers/changes/",
            f"/suppliers/changes/{the_waiting()}/",
            f"/suppliers/{key}/company/history/",
        ),
        "root": (
            "/suppliers/",
            f"/suppliers/{key}/company/",
            f"/suppliers/{key}/company/categories/",
            "/suppliers/rules/",
            "/suppliers/categories/",
        ),
    }
    found: list[str] = []
    for name, addresses in pages.items():
        for scheme, widths in (("light", (390, 1440)), ("dark", (1440,))):
            page = at(name, color_scheme=scheme)
            for width in widths:
                page.set_viewport_size({"width": width, "height": 900})
                for address in addresses:
                    page.goto(address)
                    found += faults(
                        page, f"company-{address.strip('/').replace('/', '-')[-40:]}-{scheme}", tmp_path
                    )
    assert found == []


def waiting_things(people: dict[str, Any]) -> Any:
    asha, gil = people["asha"].actor, people["gil"].actor
    gln = {"kind": "gln", "value": "4006381333931"}
    with acting(FEED):
        suppliers = {one.number: one.key for one in Supplier.objects.all()}
    for actor, number in ((gil, "GLOBEX"), (asha, "ACME")):
        with acting(actor):
            change_detail(ChangeDetail(suppliers[number], "number", gln), actor=actor, at=MONDAY)
    with acting(asha):
        legal = {"legal_name": "Acme Valves Private Limited", "country": "IN"}
        change_detail(ChangeDetail(suppliers["ACME"], "legal", legal), actor=asha, at=MONDAY)
    return suppliers["ACME"]


def the_waiting() -> Any:
    with acting(FEED):
        return ChangeRequest.objects.get(state="waiting").key
