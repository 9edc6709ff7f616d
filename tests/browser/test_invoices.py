"""A supplier invoices in a browser: one press, a price put right while the sums follow, sent, corrected; every page."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from portal.kernel.scope import acting
from procurement.invoices.messages import FileEntry, Hold
from procurement.invoices.models import Invoice
from procurement.invoices.services import add_invoice_file, hold_invoice, reject_invoice
from tests.browser.axe import faults_in_every_look
from tests.browser.held import without_htmx_yet
from tests.builders import invoices
from tests.builders.changes import an_agreed_order
from tests.builders.counts import a_notice, a_posted_sheet
from tests.builders.facts import a_receipt, arrive
from tests.builders.invoices import REVERSE, VAT, a_profile, fresh_invoice, settle
from tests.builders.matching import a_match_policy
from tests.builders.notices import react
from tests.builders.payables import matched
from tests.builders.world import a_line, a_paper, receive
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)


def the_invoice() -> Invoice:
    with acting(FEED):
        return Invoice.objects.select_related("supplier", "company").latest("id")


def test_an_order_becomes_an_invoice_is_put_right_and_sent(at: Any, people: dict[str, Any]) -> None:
    a_profile(people["max"], VAT, REVERSE)
    order = an_agreed_order(people["asha"])
    desk = at("asha")
    desk.goto(f"/orders/{order.key}/")
    desk.get_by_role("button", name="Invoice this order").click()
    expect(desk.get_by_role("heading", name="New invoice")).to_be_visible()

    # What is typed is kept while the caret stays where it is, and the sums follow.
    desk.get_by_label("Number", exact=True).fill("LF-1")
    expect(desk.locator("#say-number")).to_be_empty()
    expect(desk.get_by_label("Number", exact=True)).to_be_focused()
    desk.locator("#unit_price-1").fill("7.00")
    expect(desk.locator("#amount-1")).to_have_text("700.00 EUR")
    expect(desk.locator("#say-line-1")).to_contain_text("less than this one")
    expect(desk.locator("#total-bar")).to_contain_text("1,648.15 EUR")
    desk.locator("#say-line-1").get_by_role("button", name="Use 6.85 EUR").click()
    expect(desk.locator("#unit_price-1")).to_have_value("6.85")
    expect(desk.locator("#match-said")).to_contain_text("If you send it now, it waits for goods")
    # A browser writes into the page how large somebody drags a field: nothing of that is to be copied as a style.
    desk.locator("#note").evaluate("field => { field.style.height = '9rem'; }")
    desk.get_by_role("button", name="Charge").click()
    desk.locator("#code-1").select_option("FC")
    desk.locator("#charge-1").fill("20")
    expect(desk.locator("#sums")).to_contain_text("VAT 19 % on 1,390.00 EUR")
    expect(desk.locator("#total-bar")).to_contain_text("1,654.10 EUR")

    desk.get_by_role("button", name="Look over and send").click()
    expect(desk.get_by_role("heading", name="Send Invoice LF-1?")).to_be_visible()
    desk.get_by_role("button", name="Send it now").click()
    expect(desk.locator("#ball")).to_contain_text("Being matched")

    # It comes back while the page still stands there, which looks again by itself; and goes again under its number.
    settle(
        reject_invoice, the_invoice(), "No freight was agreed", actor=people["otto"].actor, at=timezone.now()
    )
    expect(desk.locator("#ball")).to_contain_text("No freight was agreed", timeout=20_000)
    desk.get_by_role("button", name="Correct and send again").click()
    desk.get_by_role("button", name="Take this charge out").click()
    expect(desk.locator("#total-bar")).to_contain_text("1,630.30 EUR")
    desk.get_by_role("button", name="Look over and send").click()
    desk.get_by_role("button", name="Send it now").click()
    expect(desk.get_by_role("heading", name="Invoice LF-1, version 2")).to_be_visible()
    sent = the_invoice()
    assert (sent.state, sent.issue, str(sent.total)) == ("sent", 2, "1630.3000")

    # Whoever is on the way to another page is not called back when it moves once more.
    on_the_way: list[Any] = []

    def hold(route: Any) -> None:
        on_the_way.append(route)

    desk.wait_for_load_state()  # by then it looks again and again
    desk.route("**/invoices/", hold)
    desk.evaluate("setTimeout(() => { location.href = '/invoices/'; })")
    # It may look a last time while the invoice is on its way back, and see nothing new.
    with desk.expect_response(lambda answer: answer.headers.get("hx-refresh") == "true", timeout=20_000):
        settle(reject_invoice, sent, "Still no freight", actor=people["otto"].actor, at=timezone.now())
        while not on_the_way:
            desk.wait_for_timeout(50)
    desk.wait_for_timeout(200)
    on_the_way[0].continue_()
    expect(desk.get_by_role("heading", name="Invoices", level=1, exact=True)).to_be_visible()


def test_what_is_typed_before_the_scripts_have_come_is_kept_and_told_too(
    at: Any, people: dict[str, Any]
) -> None:
    a_profile(people["max"], VAT, REVERSE)
    order = an_agreed_order(people["asha"])
    desk = at("asha")
    desk.goto(f"/orders/{order.key}/")
    let_go = without_htmx_yet(desk)
    desk.get_by_role("button", name="Invoice this order").click(no_wait_after=True)
    desk.get_by_label("Number", exact=True).fill("LF-1")
    desk.locator("#unit_price-1").fill("7.00")
    assert "the number" in desk.locator("#say-number").inner_text()
    let_go()
    expect(desk.locator("#say-number")).to_be_empty()
    expect(desk.locator("#amount-1")).to_have_text("700.00 EUR")
    assert the_invoice().number == "LF-1"


def test_what_is_typed_while_too_much_is_sent_is_kept_a_little_later(
    at: Any, people: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    a_profile(people["max"], VAT, REVERSE)
    cache.clear()  # the minute that another test of this process began lasts longer
    monkeypatch.setattr("portal.rates.WINDOW", 2)
    desk = at("asha")
    desk.goto(f"/orders/{an_agreed_order(people['asha']).key}/")
    desk.get_by_role("button", name="Invoice this order").click()
    expect(desk.locator("#unit_price-1")).to_be_visible()
    enough = settings.WRITES_A_MINUTE
    monkeypatch.setattr(settings, "WRITES_A_MINUTE", 0)

    with desk.expect_response(lambda one: one.status == 429):
        desk.get_by_label("Number", exact=True).fill("LF-1")
    expect(desk.locator(".q-toast.is-bad")).to_contain_text("That was too much at once")
    expect(desk.get_by_label("Number", exact=True)).to_have_value("LF-1")
    with desk.expect_response(lambda one: one.request.method == "POST" and one.status == 200):
        monkeypatch.setattr(settings, "WRITES_A_MINUTE", enough)  # the minute is over, and nobody touches it

    assert the_invoice().number == "LF-1"


def test_a_page_that_looks_again_by_itself_waits_while_somebody_writes(
    at: Any, people: dict[str, Any]
) -> None:
    order = an_agreed_order(people["asha"])
    sent = invoices.a_sent_invoice(order, people["asha"], {"L10": 60}, number="LF-1", at=timezone.now())
    desk = at("asha")
    desk.goto(f"/invoices/{sent.key}/")
    desk.get_by_role("link", name="Withdraw it").click()
    reason = desk.get_by_role("dialog").get_by_role("textbox")
    reason.fill("We wrote the old price.")

    settle(reject_invoice, sent, "No freight was agreed", actor=people["otto"].actor, at=timezone.now())
    for _time in range(2):
        with desk.expect_response(lambda answer: answer.headers.get("hx-refresh") == "true"):
            pass
    expect(reason).to_have_value("We wrote the old price.")

    desk.keyboard.press("Escape")
    expect(desk.locator("#ball")).to_contain_text("No freight was agreed", timeout=20_000)


AT_ONCE = """
() => document.addEventListener("htmx:afterSwap", () => setTimeout(() => {
  const [code, amount] = document.querySelectorAll("#code-1, #charge-1");
  if (!amount || amount.value) return;
  code.value = "FC";
  amount.value = "20";
  amount.dispatchEvent(new Event("input", { bubbles: true }));
}))
"""


def test_what_is_typed_the_moment_its_row_has_come_is_kept(at: Any, people: dict[str, Any]) -> None:
    a_profile(people["max"], VAT, REVERSE)
    draft = invoices.a_draft_invoice(an_agreed_order(people["asha"]), people["asha"], number="LF-1")
    desk = at("asha")
    desk.goto(f"/invoices/{draft.key}/")
    desk.evaluate(AT_ONCE)

    desk.get_by_role("button", name="Charge").click()

    expect(desk.locator("#charge-1")).to_have_value("20")
    expect(desk.locator("#saved")).to_contain_text("Saved")
    expect(desk.locator("#sums")).to_contain_text("20.00 EUR")


def test_what_came_damaged_is_given_back_from_the_count_and_the_rest_is_paid(
    at: Any, people: dict[str, Any]
) -> None:
    a_match_policy(people)
    order = an_agreed_order(people["asha"])
    notice = a_notice(people, order=order)
    claimed = invoices.a_sent_invoice(order, people["asha"], {"L10": 60}, number="LF-1")
    sheet = a_posted_sheet(people, 40, 5, "short", notice=notice)
    arrive(a_receipt("GR-1", quantity=Decimal(40), reference="DN-1", received_on=timezone.now().date()))
    receive(a_paper(lines=[a_line(10, received_quantity=Decimal(40)), a_line(20)]))
    assert matched(claimed).state == "held"

    supplier = at("asha")
    supplier.goto(f"/receiving/{sheet.key}/")
    supplier.get_by_role("button", name="Credit what is wrong").click()
    expect(supplier.get_by_role("heading", name="New credit note")).to_be_visible()
    expect(supplier.locator("#amount-1")).to_have_text("137.00 EUR")
    supplier.get_by_label("Number", exact=True).fill("CN-1")
    expect(supplier.locator("#say-number")).to_be_empty()
    supplier.get_by_role("button", name="Look over and send").click()
    supplier.get_by_role("button", name="Send it now").click()
    expect(supplier.get_by_role("heading", name="Credit note CN-1", exact=True)).to_be_visible()
    react()

    with acting(FEED):
        assert sorted(Invoice.objects.values_list("number", "state", "total")) == [
            ("CN-1", "approved", Decimal("163.03")),
            ("LF-1", "approved", Decimal("489.09")),
        ]
    payer = at("otto")
    payer.goto("/payables/due/")
    for amount in ("489.09 EUR", "−163.03 EUR"):
        expect(payer.get_by_role("main")).to_contain_text(amount)


def test_every_page_by_day_and_night_on_phone_and_desk(
    at: Any, people: dict[str, Any], tmp_path_factory: Any
) -> None:
    folder = tmp_path_factory.mktemp("invoices")
    a_profile(people["max"], VAT, REVERSE, allow_without_order=True)
    order = an_agreed_order(people["asha"], lines=4)
    held = invoices.a_sent_invoice(order, people["asha"], {"L10": 60}, number="LF-1")
    settle(hold_invoice, held, Hold("price.over", "supplier", (("line", "10"),)), at=timezone.now())
    with acting(people["asha"].actor):
        entry = FileEntry("evidence", "proof.pdf", b"%PDF-1.7")
        add_invoice_file(held.key, entry, actor=people["asha"].actor, at=timezone.now())
    back = invoices.a_sent_invoice(order, people["asha"], {"L20": 30}, number="LF-2")
    settle(reject_invoice, back, "Wrong price", actor=people["otto"].actor)
    draft = invoices.a_draft_invoice(order, people["asha"], {"L30": None, "L40": 3}, number="LF-3")
    pages = {
        "list": ("asha", reverse("invoice-list")),
        "company list": ("otto", reverse("invoice-list")),
        "choose": ("asha", reverse("invoice-new")),
        "editor": ("asha", reverse("invoice", args=[draft.key]) + "?add=allowance"),
        "send": ("asha", reverse("invoice-send", args=[draft.key])),
        "held": ("otto", reverse("invoice", args=[held.key])),
        "sent back": ("asha", reverse("invoice", args=[back.key])),
        "withdraw": ("asha", reverse("invoice-withdraw", args=[held.key])),
        "order": ("asha", reverse("order", args=[order.key])),
    }
    found = []
    seen = {name: at(name) for name in ("asha", "otto")}
    for name, (who, address) in pages.items():
        seen[who].goto(address)
        found += faults_in_every_look(seen[who], name, folder)
    assert fresh_invoice(draft).state == "draft"
    assert found == []
