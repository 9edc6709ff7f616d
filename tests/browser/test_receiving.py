"""Goods at a dock in a browser: scanned as fast as a hand scanner types, posted, answered by the supplier, settled."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from portal.kernel.scope import acting
from procurement.inbox.models import ExceptionCase
from procurement.receipts.messages import NewPhoto, NewWrongItem
from procurement.receipts.models import ReceivingSheet
from procurement.receipts.services import add_photos, note_wrong_item
from procurement.shipments.models import ShipNotice
from tests.browser.axe import faults_in_every_look
from tests.browser.held import without_htmx_yet
from tests.browser.test_shipments import SOON, TODAY
from tests.builders.changes import an_agreed_order
from tests.builders.counts import a_notice, a_picture, answer, begin, count_row, fresh_sheet, post, sheet_line
from tests.builders.notices import react
from tests.builders.world import a_line
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)

GTIN = "2012345678903"


def on_its_way(people: dict[str, Any], number: str = "DN-1", order: str = "4500000001") -> ShipNotice:
    """60 pieces in four cartons, sent now and expected in a few days."""
    asked = an_agreed_order(
        people["asha"], order, lines=[a_line(10, gtin=GTIN, delivery_on=SOON), a_line(20)]
    )
    more: dict[str, Any] = {"ship_on": TODAY, "delivery_on": SOON, "at": timezone.now()}
    return a_notice(people, number, order=asked, **more)


def cartons(notice: ShipNotice) -> list[str]:
    with acting(FEED):
        return [one.carton_number for one in notice.packages.order_by("position")]


def the_sheet() -> ReceivingSheet:
    with acting(FEED):
        return ReceivingSheet.objects.latest("id")


def test_from_the_dock_to_the_closed_case(at: Any, people: dict[str, Any]) -> None:
    notice = on_its_way(people)
    numbers = cartons(notice)
    dock = at("rex", 390)
    dock.goto("/receiving/")
    dock.get_by_role("searchbox").fill(numbers[0])
    dock.keyboard.press("Enter")
    dock.get_by_role("button", name="Count DN-1").click()
    expect(dock.get_by_role("heading", name="Count DN-1")).to_be_visible()
    expect(dock.locator("#scan")).to_be_focused()

    # A hand scanner types and presses Enter, and does not wait for an answer.
    for number in (numbers[0], numbers[1], numbers[0], numbers[2]):
        dock.keyboard.type(number)
        dock.keyboard.press("Enter")
    expect(dock.locator("#count-parts")).to_contain_text("3 of 4 packages seen", timeout=15_000)
    expect(dock.locator("#last")).to_contain_text("45")
    expect(dock.locator("#scan")).to_be_focused()
    expect(dock.locator("#scan")).to_have_value("")
    dock.keyboard.type("NO-SUCH")
    dock.keyboard.press("Enter")
    expect(dock.locator("#last .q-scanned-word")).to_have_text("No")
    dock.keyboard.type("VALVE-15")
    dock.keyboard.press("Enter")
    expect(dock.locator("#last .q-scanned-word")).to_have_text("Yes")
    expect(dock.locator("#last")).to_contain_text("46")
    dock.get_by_role("button", name="Take it back").click()
    expect(dock.locator("#last .q-scanned-word")).to_have_text("Taken off")

    # Five of them are crushed.
    dock.get_by_role("link", name="Damage, lot, picture").first.click()
    dock.get_by_label("Good", exact=True).fill("40")
    dock.get_by_label("Damaged").fill("5")
    dock.get_by_role("button", name="Keep").click()
    expect(dock.locator(".q-summary-err")).to_contain_text("Say what is wrong")
    dock.get_by_label("What is wrong with it").fill("Crushed by the strap.")
    dock.get_by_label("Pictures").set_input_files(
        [{"name": "crushed.jpg", "mimeType": "image/jpeg", "buffer": a_picture(size=(640, 480))}]
    )
    dock.get_by_role("button", name="Keep").click()
    expect(dock.locator("#count-parts")).to_contain_text("5 pcs damaged")

    # One carton is missing: somebody must say so.
    dock.get_by_role("button", name="Look over and post").click()
    dock.get_by_role("button", name="Post it").click()
    expect(dock.locator(".q-summary-err")).to_contain_text("15 pcs of what was announced are not here")
    dock.get_by_label("Is missing").check()
    dock.get_by_role("button", name="Post it").click()
    expect(dock.get_by_role("heading", name="Count of DN-1")).to_be_visible()
    expect(dock.locator("#main")).to_contain_text("waits for the ERP")
    react()

    # The supplier reads it on the notice, sees the picture, and disputes it.
    supplier = at("asha")
    supplier.goto(f"/shipments/{notice.key}/")
    supplier.locator("#counted a").first.click()
    expect(supplier.locator("#ball")).to_contain_text("Say whether you agree")
    expect(supplier.get_by_role("img", name="Picture 1, by Rex Receiver")).to_be_visible()
    supplier.get_by_label("Disputed").check()
    supplier.get_by_label("In your words").fill("We packed 60 and have a picture.")
    supplier.get_by_role("button", name="Answer ").click()
    expect(supplier.locator("#main")).to_contain_text("Asha Acme: Disputed")
    react()

    # The buyer has two cases, sees both sides, and settles once.
    with acting(FEED):
        case = ExceptionCase.objects.get(kind="goods_rejected", state="open")
        assert ExceptionCase.objects.filter(kind="receipt_differs", state="open").exists()
    buyer = at("bea")
    buyer.goto(f"/inbox/{case.key}/")
    expect(buyer.locator("#main")).to_contain_text("We packed 60 and have a picture.")
    buyer.get_by_role("link", name="Open the count").first.click()
    buyer.get_by_label("Credit expected").check()
    buyer.get_by_label("Why").fill("Half of it, as we agreed by phone.")
    buyer.get_by_role("button", name="Settle it ").click()
    expect(buyer.locator("#main")).to_contain_text("Bea Buyer: Credit expected")
    react()
    with acting(FEED):
        left = ExceptionCase.objects.filter(kind__in=["goods_rejected", "receipt_differs"])
        assert {(one.state, one.closed_because) for one in left} == {("resolved", "difference")}


def test_what_is_scanned_before_the_scripts_have_come_is_counted(at: Any, people: dict[str, Any]) -> None:
    notice = on_its_way(people)
    sheet = begin(notice, people["rex"], at=timezone.now())
    dock = at("rex")
    let_go = without_htmx_yet(dock)
    dock.goto(f"/receiving/{sheet.key}/", wait_until="commit")
    expect(dock.locator("#scan")).to_be_focused()
    for number in cartons(notice)[:3]:
        dock.keyboard.type(number)
        dock.keyboard.press("Enter")
    expect(dock.locator("#scan")).to_have_value("")
    let_go()

    expect(dock.locator("#count-parts")).to_contain_text("3 of 4 packages seen")
    expect(dock.locator("#last")).to_contain_text("is here")


def test_what_is_typed_while_a_scan_is_under_way_stays(at: Any, people: dict[str, Any]) -> None:
    notice = on_its_way(people)
    sheet = begin(notice, people["rex"], at=timezone.now())
    dock = at("rex")
    dock.goto(f"/receiving/{sheet.key}/")
    dock.route("**/count/", lambda route: (dock.wait_for_timeout(400), route.continue_()))
    dock.keyboard.type(cartons(notice)[0])
    dock.keyboard.press("Enter")
    dock.locator("#count-parts input[name^='good.']").first.fill("7")
    expect(dock.locator("#last")).to_contain_text("is here")
    expect(dock.locator("#count-parts input[name^='good.']").first).to_have_value("7")


def test_half_a_number_is_no_scan_though_a_request_goes_meanwhile(at: Any, people: dict[str, Any]) -> None:
    notice = on_its_way(people)
    sheet = begin(notice, people["rex"], at=timezone.now())
    dock = at("rex")
    dock.goto(f"/receiving/{sheet.key}/")
    dock.route("**/count/", lambda route: (dock.wait_for_timeout(300), route.continue_()))
    for code in ("NOPE-1", "NOPE-2"):
        dock.keyboard.type(code)
        dock.keyboard.press("Enter")
    dock.keyboard.type("HALF")
    expect(dock.locator("#last")).to_contain_text("NOPE-2 is not on this sheet")
    expect(dock.locator("#missed")).to_contain_text("NOPE-1")
    expect(dock.locator("#count-parts")).not_to_contain_text("HALF is not")
    dock.get_by_role("button", name="I have seen it").click()
    expect(dock.locator("#missed")).to_have_count(0)


def test_the_pages_are_clean_at_every_width(at: Any, people: dict[str, Any], tmp_path: Any) -> None:
    rex = people["rex"]
    notice = on_its_way(people)
    done = begin(notice, rex, at=timezone.now())
    count_row(done, rex, 40, 5)
    with acting(rex.actor):
        note_wrong_item(done.key, NewWrongItem("A box of gloves"), actor=rex.actor, at=timezone.now())
        photo = NewPhoto(a_picture(size=(320, 240)), line=done.lines.get().pk)
        add_photos(done.key, [photo], actor=rex.actor, at=timezone.now())
    post(done, rex, "short", at=timezone.now())
    done = fresh_sheet(done)
    answer(done, people["asha"], "disputed", "We packed 60.")
    going = begin(on_its_way(people, "DN-2", "4500000002"), rex, at=timezone.now())
    count_row(going, rex, 12, lot="B7")
    on_its_way(people, "DN-3", "4500000003")
    line = sheet_line(going).pk
    pages = {
        "due": ("rex", "/receiving/?q=DN"),
        "counting": ("rex", "/receiving/?view=counting"),
        "posted": ("bea", "/receiving/?view=posted"),
        "theirs": ("asha", "/receiving/"),
        "new": ("rex", "/receiving/new/"),
        "count": ("rex", f"/receiving/{going.key}/"),
        "line": ("rex", f"/receiving/{going.key}/lines/{line}/"),
        "lines": ("rex", f"/receiving/{going.key}/lines/"),
        "wrong": ("rex", f"/receiving/{going.key}/wrong/"),
        "photos": ("rex", f"/receiving/{going.key}/photos/"),
        "post": ("rex", f"/receiving/{going.key}/post/"),
        "discard": ("rex", f"/receiving/{going.key}/discard/"),
        "sheet": ("bea", f"/receiving/{done.key}/"),
        "sheet-supplier": ("asha", f"/receiving/{done.key}/"),
        "reverse": ("rex", f"/receiving/{done.key}/reverse/"),
        "of-notice": ("asha", f"/shipments/{notice.key}/counted/"),
        "notice": ("bea", f"/shipments/{notice.key}/"),
    }
    found = []
    browsers = {name: at(name) for name in ("asha", "bea", "rex")}
    for name, (person, address) in pages.items():
        page = browsers[person]
        page.goto(address)
        found += faults_in_every_look(page, name, tmp_path)
    assert found == []
