"""A shipper at work in a browser: typing is kept, cartons are packed, it is sent; on the desk and on a phone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from portal.kernel.scope import acting
from procurement.shipments.models import ShipNotice
from procurement.shipments.services import number_packages
from tests.browser.axe import sideways, violations
from tests.builders import shipments
from tests.builders.changes import an_agreed_order
from tests.builders.shipments import begin, do, fresh_notice, pack
from tests.builders.world import a_line
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)

TODAY = datetime.now(UTC).date()
SOON = TODAY + timedelta(days=10)


def an_order(people: dict[str, Any]) -> Any:
    asked = [a_line(10 * n, quantity=Decimal(480), delivery_on=SOON) for n in range(1, 4)]
    return an_agreed_order(people["asha"], lines=asked)


def the_notice() -> ShipNotice:
    with acting(FEED):
        return ShipNotice.objects.latest("id")


def test_a_shipper_needs_no_more_than_a_few_fields(at: Any, people: dict[str, Any]) -> None:
    order = an_order(people)
    desk = at("asha")
    desk.goto(f"/orders/{order.key}/")
    desk.get_by_role("button", name="Ship all that is open").click()
    expect(desk.get_by_role("heading", name="New ship notice")).to_be_visible()

    # What is typed is kept while the caret stays where it is.
    desk.get_by_label("Delivery note number").fill("DN-100")
    expect(desk.locator("#say-number")).to_be_empty()
    expect(desk.get_by_label("Delivery note number")).to_be_focused()
    amount = desk.locator("#goods-1 input").first
    amount.fill("500")
    expect(desk.locator("#say-line-1")).to_contain_text("500 pcs is more than the 480 pcs still open")
    amount.fill("480")
    expect(desk.locator("#say-line-1")).to_contain_text("All that is open goes.")
    assert fresh_notice(the_notice()).number == "DN-100"

    # "40 cartons of 12", and the rest of the others by so much.
    desk.locator("#count-1").fill("40")
    desk.locator("#each-1").fill("12")
    desk.get_by_role("button", name="Pack ").first.click()
    expect(desk.locator("#left-1")).to_contain_text("480 pcs of 480 pcs packed")
    expect(desk.locator("#packing")).to_contain_text("40 × Carton, 1–40")
    for line in (2, 3):
        desk.locator(f"#each-{line}").fill("100")
        desk.locator(f"#each-{line}").press("Tab")
        desk.locator(f"button[name=pack][value='{line}']").click()
        expect(desk.locator(f"#left-{line}")).to_contain_text("480 pcs of 480 pcs packed")
    desk.get_by_role("button", name="Give numbers").click()
    expect(desk.locator("#packing")).to_contain_text("ACME-0000001")
    desk.get_by_label("Carrier", exact=True).fill("DHL")
    expect(desk.locator("#say-carrier")).to_be_empty()

    desk.get_by_role("button", name="Look over and send").click()
    expect(desk.get_by_role("heading", name="Send ship notice DN-100?")).to_be_visible()
    desk.get_by_role("button", name="Send it now").click()
    expect(desk.get_by_text("Expected at")).to_be_visible()

    buyer = at("bea")
    buyer.goto("/shipments/")
    buyer.get_by_role("link", name="DN-100").click()
    expect(buyer.get_by_role("heading", name="Ship notice DN-100")).to_be_visible()


def test_two_at_once_keep_each_others_words(at: Any, people: dict[str, Any]) -> None:
    notice = begin(an_order(people), people["asha"])
    asha, olga = at("asha"), at("olga")
    for page in (asha, olga):
        page.goto(f"/shipments/{notice.key}/")
    olga.get_by_label("Service").fill("Express")
    expect(olga.locator("#version")).to_have_value("2")

    asha.get_by_label("Delivery note number").fill("DN-1")

    expect(asha.get_by_text("Olga Acme changed this ship notice")).to_be_visible()
    expect(asha.get_by_label("Delivery note number")).to_have_value("DN-1")
    expect(asha.get_by_label("Service")).to_have_value("Express")
    asha.get_by_label("Carrier", exact=True).fill("DHL")
    expect(asha.locator("#version")).to_have_value("3")
    held = fresh_notice(notice)
    assert (held.number, held.service, held.carrier) == ("DN-1", "Express", "DHL")


def test_what_was_typed_in_the_last_moment_is_kept(at: Any, people: dict[str, Any]) -> None:
    notice = begin(an_order(people), people["asha"])
    page = at("asha")
    page.goto(f"/shipments/{notice.key}/")
    page.get_by_label("Delivery note number").fill("DN-LAST")

    page.goto("/shipments/")

    expect(page.get_by_role("link", name="DN-LAST").or_(page.get_by_text("no number yet"))).to_be_visible()
    page.reload()
    expect(page.get_by_role("link", name="DN-LAST")).to_be_visible()


def test_a_hand_scanner_needs_no_mouse(at: Any, people: dict[str, Any]) -> None:
    notice = begin(an_order(people), people["asha"])
    with acting(FEED):
        item = notice.lines.select_related("line").get().line.item_number
    phone = at("asha", 390, has_touch=True)
    phone.goto(f"/shipments/{notice.key}/")
    phone.locator("#scan").focus()
    for count in (1, 2, 3):
        phone.keyboard.type(item)
        phone.keyboard.press("Enter")
        expect(phone.locator("#packing [role=status]")).to_contain_text(f"{count} of {item}")
        expect(phone.locator("#scan")).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_are_clean_at_every_width(
    at: Any, people: dict[str, Any], scheme: Any, tmp_path: Any
) -> None:
    order = an_order(people)
    draft = begin(order, people["asha"], {"L10": None, "L20": 500}, at=timezone.now())
    do(number_packages, pack(draft, people["asha"], 1, 1, kind="pallet"), people["asha"])
    pack(draft, people["asha"], 20, 12, parent=1)
    sent = shipments.a_sent_notice(
        order,
        people["asha"],
        {"L30": 60},
        cartons=(3, 20),
        at=timezone.now(),
        ship_on=TODAY,
        delivery_on=SOON,
        carrier="DHL",
        tracking_numbers=("JD0146",),
    )
    pages = {
        "list": ("asha", "/shipments/"),
        "inbound": ("bea", "/shipments/"),
        "new": ("asha", f"/shipments/new/?order={order.key}"),
        "editor": ("asha", f"/shipments/{draft.key}/"),
        "package": ("asha", f"/shipments/{draft.key}/packages/1/"),
        "send": ("asha", f"/shipments/{draft.key}/send/"),
        "shipment": ("bea", f"/shipments/{sent.key}/"),
        "milestone": ("asha", f"/shipments/{sent.key}/milestone/"),
        "print": ("asha", f"/shipments/{sent.key}/print/"),
        "cancel": ("asha", f"/shipments/{sent.key}/cancel/"),
        "numbers": ("asha", "/shipments/numbers/"),
        "order": ("asha", f"/orders/{order.key}/"),
    }
    found = []
    for width in (390, 820, 1440):
        browsers = {name: at(name, width, color_scheme=scheme) for name in ("asha", "bea")}
        for name, (person, address) in pages.items():
            page = browsers[person]
            page.goto(address)
            page.screenshot(path=tmp_path / f"{name}-{width}-{scheme}.png", full_page=True)
            found += [f"{name} at {width} in {scheme}: {one}" for one in violations(page)]
            if (wide := sideways(page)) > 0:
                found.append(f"{name} at {width} in {scheme}: {wide} px too wide")
    assert found == []
