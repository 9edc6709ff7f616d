"""The trail: narrowed with a keyboard and without a script, and every page of it in every look."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from portal.kernel.audit.services import record
from portal.kernel.scope import acting
from suppliers.models import Supplier
from tests.browser.axe import faults_in_every_look
from tests.builders.world import MONDAY, an_order
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)


def some_events(people: dict[str, Any]) -> None:
    an_order("4500012345")
    root = people["root"].actor
    with acting(FEED):
        acme = Supplier.objects.get(number="ACME")
    with acting(root):
        facts = {"from": "active", "to": "blocked", "reason": "Paid to DE89 3704 0044 0532 0130 00"}
        record("supplier.blocked", acme.stream, actor=root, at=MONDAY, supplier_id=acme.pk, facts=facts)
    asha = people["asha"].actor
    with acting(asha):
        record(
            "token.created", acme.stream, actor=asha, at=MONDAY, supplier_id=acme.pk, facts={"name": "Shop"}
        )


def test_what_happened_is_narrowed_followed_and_looked_at(
    at: Any, people: dict[str, Any], tmp_path: Any
) -> None:
    some_events(people)
    ada = at("ada", java_script_enabled=False)
    ada.set_viewport_size({"width": 390, "height": 844})
    ada.goto("/trail/")
    expect(ada.get_by_text("Paid to DE •••• 3000")).to_be_visible()
    ada.get_by_text("Supplier, person, days").press("Enter")
    ada.get_by_label("Person").fill("root")
    ada.get_by_role("button", name="Show").press("Enter")
    expect(ada.get_by_role("rowheader")).to_have_count(1)
    ada.get_by_role("link", name="Remove filter Person Root Admin").press("Enter")
    ada.get_by_role("searchbox", name="Number of an order").fill("4500012345")
    ada.get_by_role("searchbox", name="Number of an order").press("Enter")
    ada.get_by_role("link", name="Order 4500012345", exact=True).press("Enter")
    expect(ada).to_have_url(re.compile("/orders/"))

    faults = []
    for name in ("ada", "asha"):
        page = at(name)
        for address in ("/trail/", "/trail/?matter=bank&person=nobody&since=moon"):
            page.goto(address)
            faults += faults_in_every_look(page, f"trail of {name}", tmp_path)
    assert faults == []
