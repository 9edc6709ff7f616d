"""A shipper at work in a browser: typing is kept, cartons are packed, it is sent; on the desk and on a phone."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from portal.kernel.scope import acting
from procurement.shipments.messages import ApplySheet
from procurement.shipments.models import ShipNotice
from procurement.shipments.services import apply_upload, number_packages
from tests.browser.axe import faults_in_every_look, sideways
from tests.browser.conftest import find_chromium
from tests.browser.held import without_htmx_yet
from tests.builders import shipments
from tests.builders.changes import an_agreed_order
from tests.builders.sheets import csv_of, keep
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

    expect_after_reloads(page, "DN-LAST")


def test_what_was_on_its_way_when_the_page_was_left_is_kept(at: Any, people: dict[str, Any]) -> None:
    notice = begin(an_order(people), people["asha"])
    page = at("asha")
    page.goto(f"/shipments/{notice.key}/")
    first: list[Any] = []

    def stall(route: Any) -> None:
        # The page's own request never arrives: it is broken off with the page. What is said at leaving does.
        first.append(route) if not first else route.continue_()

    page.route("**/save/", stall)
    with page.expect_request("**/save/"):
        page.get_by_label("Delivery note number").fill("DN-UNDERWAY")

    page.goto("/shipments/")

    expect_after_reloads(page, "DN-UNDERWAY")
    assert len(first) == 1


def test_what_was_typed_while_an_answer_was_out_is_kept(at: Any, people: dict[str, Any]) -> None:
    notice = begin(an_order(people), people["asha"])
    page = at("asha")
    page.goto(f"/shipments/{notice.key}/")
    arrived: list[Any] = []

    def swallow(route: Any) -> None:
        # The first request arrives and is kept; its answer does not come before the page is left.
        arrived.append(route.fetch()) if not arrived else route.continue_()

    page.route("**/save/", swallow)
    number = page.get_by_label("Delivery note number")
    with page.expect_request("**/save/"):
        number.fill("DN-FIRST")
    while fresh_notice(notice).number != "DN-FIRST":
        page.wait_for_timeout(50)
    number.fill("DN-SECOND")
    page.get_by_label("Service").fill("Express")

    page.goto("/shipments/")

    expect_after_reloads(page, "DN-SECOND")
    assert fresh_notice(notice).service == "Express"


def expect_after_reloads(page: Any, number: str) -> None:
    """What a page says at leaving may arrive after the next page was made: nobody waits for it."""
    for _time in range(20):
        if page.get_by_role("link", name=number).count():
            return
        page.wait_for_timeout(250)
        page.reload()
    expect(page.get_by_role("link", name=number)).to_be_visible()


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


def test_the_pages_are_clean_at_every_width(at: Any, people: dict[str, Any], tmp_path: Any) -> None:
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
    file = csv_of(
        f"{order.number},10,60,DN-9,{TODAY},{SOON},DHL,T1,C1,,P1,,,",
        f"{order.number},20,900,DN-9,,,,,C2,,,,,",
        f"{order.number},99,5,DN-9,,,,,,,,,,",
        f"{order.number},20,5,DN-8,someday,,,,,,,,,",
        ",,,DN-9,,,,,P1,,,,,",
    )
    looked, _is_new = keep(file, people["asha"], at=timezone.now(), look=True)
    taken, _is_new = keep(file + b"\n", people["asha"], at=timezone.now(), look=True)
    with acting(people["asha"].actor):
        apply_upload(ApplySheet(taken.key), actor=people["asha"].actor, at=timezone.now())
    pages = {
        "upload": ("asha", "/shipments/upload/"),
        "upload-preview": ("asha", f"/shipments/upload/{looked.key}/"),
        "upload-columns": ("asha", f"/shipments/upload/{looked.key}/columns/"),
        "upload-result": ("asha", f"/shipments/upload/{taken.key}/"),
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
    browsers = {name: at(name) for name in ("asha", "bea")}
    for name, (person, address) in pages.items():
        page = browsers[person]
        page.goto(address)
        found += faults_in_every_look(page, name, tmp_path)
    assert found == []


# --- from a file --------------------------------------------------------------------------------------------


def test_a_file_is_taken_on_a_phone_and_a_column_is_asked_for(
    at: Any, people: dict[str, Any], tmp_path: Any
) -> None:
    order = an_order(people)
    file = tmp_path / "own.csv"
    file.write_text(f"Bestell-Nr;Pos;Goes\n{order.number};10;60\n{order.number};77;5\n", encoding="utf-8")
    phone = at("asha", 390, has_touch=True)
    phone.goto("/shipments/")
    phone.get_by_role("link", name="From a file").click()
    phone.get_by_label("File with ship notices").set_input_files(file)
    phone.get_by_role("button", name="Read the file").click()

    phone.get_by_label("Quantity shipped").select_option(label="Goes (60, 5)")
    phone.get_by_role("button", name="Read it so").last.click()
    expect(phone.get_by_text("has no such line. Its lines are 10, 20, 30.")).to_be_visible()
    phone.screenshot(path=tmp_path / "preview.png")
    phone.get_by_role("button", name="Make 1 draft").click()

    expect(phone.get_by_role("heading", name="1 ship notice was made")).to_be_visible()
    phone.get_by_role("link", name="no number yet").click()
    expect(phone.locator("#goods-1 input").first).to_have_value("60")


# --- with the mouse -----------------------------------------------------------------------------------------


def test_a_line_is_dragged_into_a_carton_and_the_carton_onto_a_pallet(
    at: Any, people: dict[str, Any]
) -> None:
    notice = begin(an_order(people), people["asha"])
    pack(notice, people["asha"], 1, 100)
    page = at("asha")
    page.goto(f"/shipments/{notice.key}/")
    page.get_by_role("button", name="Add a pallet").click()
    expect(page.locator("#package-2")).to_contain_text("empty")

    page.locator("[data-drag-line='1'] .q-grip").drag_to(page.locator("#package-1"))
    expect(page.locator("#packing [role=status]").first).to_contain_text("Package 1: 480 of VALVE-15.")
    page.locator("#package-1 .q-grip").drag_to(page.locator("#package-2"))
    expect(page.locator("#packing [role=status]").first).to_contain_text("They stand there now.")
    with acting(FEED):
        assert list(notice.packages.order_by("position").values_list("kind", "parent__position")) == [
            ("carton", 2),
            ("pallet", None),
        ]
    page.locator("#package-1 .q-grip").drag_to(page.locator("#packing table thead tr"))
    expect(page.locator("#packing [role=status]").first).to_contain_text("They stand on their own now.")

    assert packed_in(notice) == [("VALVE-15", 480)]
    with acting(FEED):
        assert not notice.packages.exclude(parent=None).exists()


# --- scanning -----------------------------------------------------------------------------------------------


def packed_in(notice: ShipNotice) -> list[tuple[str, int]]:
    """What lies in each package: the item and how many."""
    with acting(FEED):
        return [
            (each.notice_line.line.item_number, int(each.quantity))
            for package in notice.packages.order_by("position")
            for each in package.contents.select_related("notice_line__line").order_by("id")
        ]


def test_ten_scans_at_the_speed_of_a_hand_scanner_all_count(at: Any, people: dict[str, Any]) -> None:
    asked = [
        a_line(10 * n, item_number=f"ITEM-{n}", supplier_part_number="", delivery_on=SOON)
        for n in range(1, 6)
    ]
    order = an_agreed_order(people["asha"], lines=asked)
    notice = begin(order, people["asha"], {f"L{10 * n}": None for n in range(1, 6)}, at=timezone.now())
    page = at("asha")
    page.goto(f"/shipments/{notice.key}/")
    page.locator("#scan").focus()

    for item in (1, 2, 3, 4, 5, 1, 2, 3, 4, 5):
        page.keyboard.type(f"ITEM-{item}", delay=2)
        page.keyboard.press("Enter")

    expect(page.locator("#packing [role=status]").first).to_contain_text("2 of ITEM-5", timeout=20_000)
    expect(page.locator("[data-scan-waits]")).to_be_hidden()
    expect(page.locator("#scan")).to_be_focused()
    expect(page.locator("#scan")).to_have_value("")
    assert packed_in(notice) == [(f"ITEM-{n}", 2) for n in range(1, 6)]


def test_what_is_scanned_before_the_scripts_have_come_counts_too(at: Any, people: dict[str, Any]) -> None:
    notice = begin(an_order(people), people["asha"])
    page = at("asha")
    let_go = without_htmx_yet(page)
    page.goto(f"/shipments/{notice.key}/", wait_until="commit")
    page.locator("#scan").focus()
    for _time in range(3):
        page.keyboard.type("VALVE-15", delay=2)
        page.keyboard.press("Enter")
    expect(page.locator("#scan")).to_have_value("")
    let_go()

    expect(page.locator("#packing [role=status]").first).to_contain_text("3 of VALVE-15", timeout=20_000)
    assert packed_in(notice) == [("VALVE-15", 3)]


def test_a_wrong_scan_is_told_and_the_next_ones_go_on(at: Any, people: dict[str, Any]) -> None:
    notice = begin(an_order(people), people["asha"])
    page = at("asha")
    page.goto(f"/shipments/{notice.key}/")
    page.locator("#scan").focus()

    for text in ("VALVE-15", "NOBODY-KNOWS", "VALVE-15"):
        page.keyboard.type(text, delay=2)
        page.keyboard.press("Enter")

    expect(page.locator("#packing [role=status]").first).to_contain_text("2 of VALVE-15", timeout=20_000)
    assert packed_in(notice) == [("VALVE-15", 2)]


def test_scans_wait_for_the_network_and_a_page_loaded_anew_goes_on(at: Any, people: dict[str, Any]) -> None:
    notice = begin(an_order(people), people["asha"])
    page = at("asha")
    page.goto(f"/shipments/{notice.key}/")
    page.route("**/save/", lambda route: route.abort())
    page.locator("#scan").focus()
    for _time in range(2):
        page.keyboard.type("VALVE-15", delay=2)
        page.keyboard.press("Enter")
    expect(page.locator("[data-scan-waits]")).to_have_text("Scans that wait: 2")
    page.unroute("**/save/")

    page.reload()

    expect(page.locator("#packing [role=status]").first).to_contain_text("2 of VALVE-15")
    assert packed_in(notice) == [("VALVE-15", 2)]


def test_a_scan_whose_answer_got_lost_counts_once(at: Any, people: dict[str, Any]) -> None:
    notice = begin(an_order(people), people["asha"])
    page = at("asha")
    page.goto(f"/shipments/{notice.key}/")

    def lose(route: Any) -> None:
        route.fetch()
        route.abort()

    page.route("**/save/", lose, times=1)
    page.locator("#scan").focus()
    page.keyboard.type("VALVE-15", delay=2)
    page.keyboard.press("Enter")
    expect(page.locator("[data-scan-waits]")).to_have_text("Scans that wait: 1")
    page.keyboard.type("VALVE-15", delay=2)
    page.keyboard.press("Enter")

    expect(page.locator("#packing [role=status]").first).to_contain_text("2 of VALVE-15")
    assert packed_in(notice) == [("VALVE-15", 2)]


FAKE_DETECTOR = """
window.BarcodeDetector = class {
  static async getSupportedFormats() { return ["code_128", "qr_code", "ean_13"]; }
  async detect() { return window.inSight ? [{ rawValue: window.inSight, format: "code_128" }] : []; }
};
const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
window.streams = [];
navigator.mediaDevices.getUserMedia = async (wish) => {
  const stream = await ask(wish);
  window.streams.push(stream);
  return stream;
};
"""


def test_a_phones_camera_scans_and_is_let_go(
    browser: Any, live_server: Any, at: Any, people: dict[str, Any]
) -> None:
    notice = begin(an_order(people), people["asha"])
    # A browser without windows has nowhere to ask whether a page may use the camera.
    camera = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    args = [*camera, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    other = browser.browser_type.launch(executable_path=find_chromium(), args=args)
    try:
        context = other.new_context(
            base_url=live_server.url, viewport={"width": 390, "height": 844}, has_touch=True
        )
        context.add_cookies(at("asha").context.cookies())
        context.grant_permissions(["camera"])
        context.add_init_script(FAKE_DETECTOR)
        page = context.new_page()
        page.goto(f"/shipments/{notice.key}/")
        assert page.evaluate("window.streams.length") == 0  # nothing is asked before the press

        page.get_by_role("button", name="Scan with the camera").click()
        expect(page.get_by_text("Hold a barcode in front of the camera.")).to_be_visible()
        expect(page.locator("#camera video")).to_have_js_property("readyState", 4)
        page.evaluate("window.inSight = 'VALVE-15'")
        expect(page.locator("#camera [data-said=yes]")).to_contain_text("Package 1: 1 of VALVE-15.")
        assert sideways(page) == 0
        page.evaluate("window.inSight = 'WHO-KNOWS'")
        expect(page.locator("#camera [data-said=no]")).to_contain_text("“WHO-KNOWS” is no item")
        page.get_by_role("button", name="Close the camera").click()

        expect(page.locator("#camera")).to_have_count(0)
        assert page.evaluate("window.streams[0].getTracks().map((track) => track.readyState)") == ["ended"]
        assert packed_in(notice) == [("VALVE-15", 1)]
    finally:
        other.close()


def test_where_no_barcode_can_be_read_there_is_no_button(at: Any, people: dict[str, Any]) -> None:
    notice = begin(an_order(people), people["asha"])
    page = at("asha")
    page.add_init_script("delete window.BarcodeDetector;")
    page.goto(f"/shipments/{notice.key}/")

    expect(page.get_by_role("button", name="Pack one")).to_be_visible()
    expect(page.get_by_role("button", name="Scan with the camera")).to_have_count(0)
