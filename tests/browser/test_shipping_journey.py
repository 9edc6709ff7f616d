"""One order from its shipping to its measures, by three people: two shipments, labels that scan, a late ship, a count
short and damaged, the ERP's booking, a case, an answer, a settlement, and the figures of it.
"""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from portal.kernel.scope import acting
from procurement.inbox.models import ExceptionCase
from procurement.shipments.services import edit_numbering
from suppliers.models import Supplier
from tests.browser.test_shipments import SOON
from tests.builders.changes import an_agreed_order
from tests.builders.facts import a_receipt, arrive
from tests.builders.notices import react
from tests.builders.scanner import scanned
from tests.builders.world import a_line
from tests.people import FEED, Person

pytestmark = pytest.mark.django_db(transaction=True)


def with_prefix(person: Person) -> None:
    """Acme numbers its packages with its own GS1 company prefix (952 is kept for examples)."""
    with acting(person.actor):
        acme = Supplier.objects.get(number="ACME")
        edit_numbering(acme, gs1_prefix="9521234", next_serial=1, actor=person.actor, at=timezone.now())


def ship(page: Any, number: str, quantity: str, count: str, each: str) -> None:
    """Ship so much of the one line in so many cartons, and send it."""
    expect(page.get_by_role("heading", name="New ship notice")).to_be_visible()
    page.get_by_label("Delivery note number").fill(number)
    expect(page.locator("#say-number")).to_be_empty()
    page.locator("#goods-1 input").first.fill(quantity)
    page.locator("#goods-1 input").first.press("Tab")
    page.locator("#count-1").fill(count)
    page.locator("#each-1").fill(each)
    page.get_by_role("button", name="Pack ").first.click()
    expect(page.locator("#left-1")).to_contain_text(f"{quantity} pcs of {quantity} pcs packed")
    page.get_by_role("button", name="Give numbers").click()
    expect(page.locator("#packing")).to_contain_text("0 9521 234")
    page.get_by_label("Carrier", exact=True).fill("Blue Anchor Line")
    expect(page.locator("#say-carrier")).to_be_empty()
    page.get_by_role("button", name="Look over and send").click()
    page.get_by_role("button", name="Send it now").click()
    expect(page.get_by_role("heading", name=f"Ship notice {number}", exact=True)).to_be_visible()


def cases(kind: str) -> list[tuple[str, str]]:
    react()
    with acting(FEED):
        found = ExceptionCase.objects.filter(kind=kind).order_by("id")
        return [(one.state, one.closed_because) for one in found]


def test_from_the_first_carton_to_the_figures(at: Any, people: dict[str, Any]) -> None:
    with_prefix(people["asha"])
    order = an_agreed_order(
        people["asha"],
        lines=[a_line(10, quantity=Decimal(100), delivery_on=SOON)],
        at=timezone.now(),
    )

    # Two shipments of one order, and the labels of the first.
    asha = at("asha")
    for number, quantity, count, each in (("DN-1", "60", "4", "15"), ("DN-2", "40", "2", "20")):
        asha.goto(f"/orders/{order.key}/")
        asha.get_by_role("button", name="Ship all that is open").click()
        ship(asha, number, quantity, count, each)
    asha.goto("/shipments/?view=way")
    asha.get_by_role("link", name="DN-1").click()
    notice = asha.url.rstrip("/").rpartition("/")[2]
    labels = asha.request.get(f"/shipments/{notice}/print/a6/").body()
    codes = [code for page in scanned(labels) for code in page]
    ssccs = [code.removeprefix("]C100") for code in codes if code.startswith("]C100")]
    assert len(set(ssccs)) == 4
    assert all(len(one) == 18 and "9521234" in one for one in ssccs)

    # It is late on its way: planning sees it, and the buyer has a case.
    asha.goto(f"/shipments/{notice}/milestone/")
    asha.locator("#kind").select_option("estimated")
    asha.locator("#estimated_on").fill((SOON + timedelta(days=6)).isoformat())
    asha.get_by_role("button", name="Tell it").click()
    expect(asha.get_by_role("heading", name="Ship notice DN-1", exact=True)).to_be_visible()
    assert cases("likely_late") == [("open", "")]
    bea = at("bea")
    bea.goto(f"/orders/{order.key}/")
    expect(bea.locator("#main")).to_contain_text("DN-1")

    # At the dock three of four cartons are there, and five pieces of them are crushed.
    rex = at("rex", 390)
    rex.goto("/receiving/")
    rex.get_by_role("searchbox").fill(ssccs[0])
    rex.keyboard.press("Enter")
    rex.get_by_role("button", name="Count DN-1").click()
    expect(rex.locator("#scan")).to_be_focused()
    for number in ssccs[:3]:
        rex.keyboard.type(number)
        rex.keyboard.press("Enter")
    expect(rex.locator("#count-parts")).to_contain_text("3 of 4 packages seen")
    rex.get_by_role("link", name="Damage, lot, picture").first.click()
    rex.get_by_label("Good", exact=True).fill("40")
    rex.get_by_label("Damaged").fill("5")
    rex.get_by_label("What is wrong with it").fill("Crushed by the strap.")
    rex.get_by_role("button", name="Keep").click()
    expect(rex.locator("#count-parts")).to_contain_text("5 pcs damaged")
    rex.get_by_role("button", name="Look over and post").click()
    rex.get_by_label("Is missing").check()
    rex.get_by_role("button", name="Post it").click()
    expect(rex.get_by_role("heading", name="Count of DN-1")).to_be_visible()
    expect(rex.locator("#main")).to_contain_text("waits for the ERP")
    sheet = rex.url

    # The ERP books what is good, and says so.
    arrive(a_receipt("GR-1", quantity=Decimal(40), reference="DN-1", received_on=timezone.now().date()))
    assert cases("goods_rejected") == [("open", "")]
    rex.goto(sheet)
    expect(rex.locator("#main")).not_to_contain_text("waits for the ERP")

    # The supplier agrees, the buyer settles each difference, and nothing is left open.
    asha.goto(f"/shipments/{notice}/")
    asha.locator("#counted a").first.click()
    asha.get_by_label("Agreed").first.check()
    asha.get_by_label("In your words").first.fill("The strap was too tight. We send a credit.")
    asha.get_by_role("button", name="Answer ").first.click()
    expect(asha.locator("#main")).to_contain_text("Asha Acme: Agreed")
    bea.goto(sheet)
    bea.get_by_label("Credit expected").first.check()
    bea.get_by_label("Why").first.fill("For the five, and for the carton that did not come.")
    bea.get_by_role("button", name="Settle it ").first.click()
    expect(bea.locator("#main")).to_contain_text("Bea Buyer: Credit expected")
    assert {state for kind in ("goods_rejected", "receipt_differs") for state, _why in cases(kind)} == {
        "resolved"
    }

    # Both sides read the same figures, and the rows behind them.
    asha.goto("/records/?figure=packages")
    bea.goto("/records/")
    bea.get_by_role("link", name="Acme").first.click()
    bea.get_by_role("link", name="Packages as announced").click()
    for page in (asha, bea):
        expect(page.locator("#main")).to_contain_text(re.compile(r"Packages as announced\s*3 of 4"))
        expect(page.locator("#main")).to_contain_text(re.compile(r"Booked as counted\s*1 of 1"))
        expect(page.locator("#main")).to_contain_text("4 packages announced")
        expect(page.locator("#main")).to_contain_text("3 were there")
