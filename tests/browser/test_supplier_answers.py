"""An answer in a real browser: typed, split, refused, kept, merged and sent; with a mouse, with keys, on a phone."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.utils.dateformat import format as dateformat
from playwright.sync_api import expect

from portal.kernel.scope import acting
from procurement.acknowledgments.models import DraftAnswer, OrderAcknowledgment
from procurement.orders.models import Promise, PurchaseOrder
from tests.browser.axe import faults_in_every_look, sideways
from tests.builders.world import a_line, a_paper, an_order, fresh, fresh_line, receive
from tests.people import FEED, PASSWORD

TODAY = datetime.now(UTC).date()
ASKED = TODAY + timedelta(days=40)
LATER = ASKED + timedelta(days=8)


def day(value: date) -> str:
    return dateformat(value, "j M Y")


def order_of(lines: int = 4) -> PurchaseOrder:
    made = [a_line(10 * n, delivery_on=ASKED) for n in range(1, lines + 1)]
    return an_order(lines=made, at=datetime.now(UTC))


def sign_in(page: Any, person: Any) -> None:
    page.goto("/accounts/login/")
    page.fill("#id_login", person.email)
    page.fill("#id_password", PASSWORD)
    page.click("main button.btn-primary")
    page.wait_for_url("**/")


def at_order(page: Any, person: Any, order: PurchaseOrder) -> None:
    sign_in(page, person)
    page.goto(f"/orders/{order.key}/")


def line(page: Any, number: int) -> Any:
    return page.locator(f"tbody[data-line=L{number}]")


def field(page: Any, number: int, what: str, piece: int = 0) -> Any:
    return page.locator(f"[name='{what}.L{number}.{piece}']")


def menu(page: Any, number: int, act: str) -> None:
    """Open the menu of a line and press one of its buttons, as a hand does."""
    line(page, number).locator("[id^=menu-]").click()
    with page.expect_response("**/answer/line/"):
        line(page, number).locator(f".q-menu button[name={act}]").click()


def typed(page: Any, number: int, what: str, text: str, piece: int = 0) -> None:
    """Type into a field and wait until it is kept."""
    with page.expect_response("**/answer/line/"):
        field(page, number, what, piece).fill(text)
    line(page, number).locator(".q-verdict b").first.wait_for()


def focused(page: Any) -> str:
    return str(page.evaluate("document.activeElement.name || document.activeElement.id"))


def promised(number: int) -> list[tuple[str, int, date | None]]:
    with acting(FEED):
        found = Promise.objects.filter(line__number=number, state__in=["agreed", "proposed"]).order_by(
            "piece"
        )
        return [(one.kind, int(one.quantity), one.delivery_on) for one in found]


def test_a_later_date_a_split_and_a_refusal_are_said_beforehand_and_sent_together(
    page: Any, people: dict[str, Any]
) -> None:
    order = order_of(4)
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    at_order(page, people["asha"], order)

    typed(page, 10, "delivery_on", day(LATER))
    expect(line(page, 10)).to_contain_text("Goes to Bea", use_inner_text=True)
    expect(line(page, 10)).to_contain_text("8 days late", use_inner_text=True)
    assert focused(page) == "delivery_on.L10.0"  # the row that holds the caret is never swapped

    typed(page, 20, "quantity", "60")
    expect(line(page, 20)).to_contain_text("The pieces add up to 60 of 100 pcs", use_inner_text=True)
    with page.expect_response("**/answer/line/"):
        page.get_by_role("button", name="Promise the other 40 pcs on another day").click()
    expect(field(page, 20, "quantity", 1)).to_be_focused()
    typed(page, 20, "delivery_on", day(LATER), piece=1)
    expect(line(page, 20)).to_contain_text("60 + 40 = 100", use_inner_text=True)

    menu(page, 30, "refuse")
    expect(field(page, 30, "reason")).to_be_focused()
    with page.expect_response("**/answer/line/"):
        field(page, 30, "reason").select_option("obsolete_item")
    expect(page.locator("#ball").first).to_contain_text("3 lines differ: 3 go to Bea (one of them refused).")

    page.get_by_role("button", name="Send answer: 3 changed, 1 as asked").click()
    page.wait_for_selector(".q-toast")

    assert promised(10) == [("accept", 100, LATER)]
    assert promised(20) == [("accept", 60, ASKED), ("accept", 40, LATER)]
    assert promised(30) == [("refuse", 100, None)]
    assert promised(40) == [("accept", 100, ASKED)]
    expect(page.locator("#ball").first).to_contain_text("Bea’s turn", use_inner_text=True)
    assert problems == []

    page.get_by_role("button", name="Withdraw").click()
    page.wait_for_selector("text=Taken back")
    expect(field(page, 10, "delivery_on")).to_have_value(day(LATER))
    assert fresh_line(40).agreement == "agreed"


def test_what_is_typed_is_there_after_a_reload_and_on_another_machine(
    page: Any, browser: Any, people: dict[str, Any]
) -> None:
    order = order_of(2)
    at_order(page, people["asha"], order)
    typed(page, 10, "price", "7.10")
    with page.expect_response("**/answer/line/"):
        page.fill("#note", "Castings come late")

    page.reload()
    elsewhere = browser.new_context(base_url=page.url.split("/orders/")[0]).new_page()
    at_order(elsewhere, people["olga"], order)

    for screen in (page, elsewhere):
        expect(field(screen, 10, "price")).to_have_value("7.10")
        expect(screen.locator("#note").first).to_have_value("Castings come late")
    elsewhere.context.close()


def test_an_older_tab_sends_nothing_that_it_does_not_show(page: Any, people: dict[str, Any]) -> None:
    order = order_of(1)
    at_order(page, people["asha"], order)
    newer = page.context.new_page()
    newer.goto(f"/orders/{order.key}/")
    typed(newer, 10, "delivery_on", day(LATER))

    page.get_by_role("button", name="Confirm one line as asked").click()
    page.wait_for_selector(".q-summary-err")

    expect(page.locator(".q-summary-err").first).to_contain_text("Nothing was sent", use_inner_text=True)
    expect(field(page, 10, "delivery_on")).to_have_value(day(LATER))
    with acting(FEED):
        assert not OrderAcknowledgment.objects.exists()
    page.get_by_role("button", name="Send answer").click()
    page.wait_for_selector(".q-toast")
    assert promised(10) == [("accept", 100, LATER)]


def test_what_is_typed_in_the_last_moment_is_there_after_a_reload(page: Any, people: dict[str, Any]) -> None:
    order = order_of(2)
    at_order(page, people["asha"], order)
    typed(page, 10, "price", "9.99")

    page.route("**/answer/line/", lambda route: route.abort())  # not even the last word at leaving arrives
    field(page, 10, "price").fill("5.55")
    field(page, 20, "quantity").fill("80")
    page.fill("#note", "Castings come late")
    page.unroute("**/answer/line/")
    page.reload()

    expect(field(page, 10, "price")).to_have_value("5.55")
    expect(field(page, 20, "quantity")).to_have_value("80")
    expect(page.locator("#note").first).to_have_value("Castings come late")
    expect(line(page, 20)).to_contain_text("The pieces add up to 80 of 100 pcs")
    expect(page.locator("#label-send").first).to_have_text("Send answer")
    page.wait_for_function(
        """() => Object.entries(sessionStorage).filter(([key]) => key.startsWith('answer:'))
          .every(([_key, text]) => Object.values(JSON.parse(text)).every((entry) => entry.arrived))"""
    )
    with acting(FEED):
        kept = {draft.line_key: draft.pieces[0] for draft in DraftAnswer.objects.all()}
    assert (kept["L10"]["price"], kept["L20"]["quantity"]) == ("5.55", "80")


def test_a_delivery_day_beside_a_ship_day_is_there_after_a_reload_as_it_was_typed(
    page: Any, people: dict[str, Any]
) -> None:
    order = order_of(1)
    at_order(page, people["asha"], order)
    menu(page, 10, "ship")
    page.route("**/answer/line/", lambda route: route.abort())
    field(page, 10, "ship_on").fill(day(ASKED - timedelta(days=9)))
    field(page, 10, "ship_on").press("Tab")  # which moves the other
    field(page, 10, "delivery_on").fill(day(LATER))
    page.unroute("**/answer/line/")

    with page.expect_response("**/answer/line/"):
        page.reload()

    expect(field(page, 10, "ship_on")).to_have_value(day(ASKED - timedelta(days=9)))
    expect(field(page, 10, "delivery_on")).to_have_value(day(LATER))


def test_a_page_made_before_the_last_word_was_kept_has_it_too(page: Any, people: dict[str, Any]) -> None:
    order = order_of(1)
    at_order(page, people["asha"], order)
    on_the_way: list[Any] = []
    page.route("**/answer/line/", lambda route: on_the_way.insert(0, route))
    with page.expect_request("**/answer/line/"):
        field(page, 10, "delivery_on").fill(day(LATER))

    def overtaken(route: Any) -> None:
        made_before = route.fetch()
        keeping = on_the_way[0]
        keeping.fulfill(response=keeping.fetch())
        page.wait_for_timeout(300)  # the page that is left hears that it is kept
        page.unroute("**/answer/line/")
        route.fulfill(response=made_before)

    page.route(f"**/orders/{order.key}/", overtaken)
    page.reload()

    expect(field(page, 10, "delivery_on")).to_have_value(day(LATER))
    page.locator("button[name=send]").click()  # and what the page shows is what it is taken to show
    page.wait_for_selector(".q-toast")
    assert promised(10) == [("accept", 100, LATER)]


def test_sending_while_a_word_is_still_being_kept_sends_the_word(page: Any, people: dict[str, Any]) -> None:
    order = order_of(1)
    at_order(page, people["asha"], order)
    on_the_way: list[Any] = []
    page.route("**/answer/line/", lambda route: on_the_way.insert(0, route))

    with page.expect_request("**/answer/line/"):
        field(page, 10, "price").fill("7.1")
    field(page, 10, "price").fill("7.15")
    page.locator("button[name=send]").click()
    expect(page.locator(".q-toast")).to_have_count(0)
    on_the_way[-1].continue_()
    page.locator("text=Order 4500000001 answered").wait_for()

    with acting(FEED):
        assert [str(one.price.normalize()) for one in Promise.objects.filter(line__number=10)] == ["7.15"]


def test_undo_and_typing_back_leave_no_trace(page: Any, people: dict[str, Any]) -> None:
    order = order_of(2)
    at_order(page, people["asha"], order)
    typed(page, 10, "price", "7.10")
    menu(page, 20, "refuse")

    with page.expect_response("**/answer/line/"):
        line(page, 20).get_by_role("button", name="Undo line 20").click()
    with page.expect_response("**/answer/line/"):
        field(page, 10, "price").fill("6.85")

    expect(line(page, 10)).to_have_class("")
    expect(page.locator("#label-send").first).to_have_text("Confirm 2 lines as asked")
    with acting(FEED):
        assert not DraftAnswer.objects.exists()


def test_a_session_that_ends_takes_nothing_along(page: Any, people: dict[str, Any]) -> None:
    order = order_of(2)
    at_order(page, people["asha"], order)
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)

    with page.expect_response("**/answer/line/") as kept:
        field(page, 10, "price").fill("7.10")
    page.locator("text=Your session ended. What you typed is still here.").wait_for()
    page.get_by_role("button", name=re.compile("lines as asked$")).click()

    assert kept.value.status == 401
    expect(field(page, 10, "price")).to_have_value("7.10")  # the page stayed
    beside = page.context.new_page()
    sign_in(beside, people["asha"])
    page.get_by_role("button", name=re.compile("lines as asked$")).click()
    page.locator("text=Order 4500000001 answered").wait_for()
    with acting(FEED):
        assert [str(one.price.normalize()) for one in Promise.objects.filter(line__number=10)] == ["7.1"]


def test_too_much_at_once_is_said_and_what_was_typed_is_kept_a_little_later(
    page: Any, people: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.clear()  # the minute that another test of this process began lasts longer
    monkeypatch.setattr("portal.rates.WINDOW", 2)
    order = order_of(2)
    at_order(page, people["asha"], order)
    enough = settings.WRITES_A_MINUTE
    monkeypatch.setattr(settings, "WRITES_A_MINUTE", 0)

    with page.expect_response("**/answer/line/") as refused:
        field(page, 20, "price").fill("0.09")
    page.locator("text=That was too much at once, and nothing was changed.").wait_for()

    assert refused.value.status == 429
    expect(field(page, 20, "price")).to_have_value("0.09")
    with page.expect_response(lambda one: "/answer/line/" in one.url and one.status == 200):
        monkeypatch.setattr(settings, "WRITES_A_MINUTE", enough)  # the minute is over, and nobody touches it
    page.reload()
    expect(field(page, 20, "price")).to_have_value("0.09")


def test_a_newer_revision_is_told_while_typing_and_merged(page: Any, people: dict[str, Any]) -> None:
    order = order_of(2)
    at_order(page, people["asha"], order)
    revised = [a_line(10, delivery_on=ASKED), a_line(20, delivery_on=ASKED, quantity=Decimal(80))]
    receive(a_paper(lines=revised, revision="2"), at=datetime.now(UTC))

    typed(page, 20, "price", "7.20")
    page.wait_for_selector("text=This order changed while you were typing.")
    page.get_by_role("link", name="Show the difference").click()
    page.wait_for_selector("del.q-old")

    assert (
        re.sub(r"\s+", " ", line(page, 20).locator(".q-moved").first.inner_text()) == "quantity: 100 → now 80"
    )
    expect(field(page, 20, "price")).to_have_value("7.20")
    expect(field(page, 20, "quantity")).to_have_value("80")
    page.get_by_role("button", name="Send answer: 1 changed, 1 as asked").click()
    page.wait_for_selector(".q-toast")
    assert promised(20) == [("accept", 80, ASKED)]


def test_a_stale_screen_is_sent_back_with_everything_on_it(page: Any, people: dict[str, Any]) -> None:
    order = order_of(2)
    at_order(page, people["asha"], order)
    typed(page, 10, "price", "7.10")
    revised = [a_line(10, delivery_on=ASKED), a_line(20, delivery_on=LATER)]
    receive(a_paper(lines=revised, revision="2"), at=datetime.now(UTC))

    page.get_by_role("button", name="Send answer: 1 changed, 1 as asked").click()
    page.wait_for_selector(".q-summary-err")

    expect(page.locator(".q-summary-err").first).to_contain_text(
        "Line 20 changed since you opened this order.", use_inner_text=True
    )
    expect(page.locator(".q-summary-err")).to_be_focused()
    expect(field(page, 10, "price")).to_have_value("7.10")
    with acting(FEED):
        assert not OrderAcknowledgment.objects.exists()


def test_everything_goes_with_the_keyboard_alone(page: Any, people: dict[str, Any]) -> None:
    order = order_of(2)
    at_order(page, people["asha"], order)

    field(page, 10, "quantity").focus()
    with page.expect_response("**/answer/line/"):
        page.keyboard.press("Tab")
        page.keyboard.press("Control+A")
        page.keyboard.type(LATER.isoformat())
        page.keyboard.press("Tab")
    assert focused(page) == "price.L10.0"
    page.keyboard.press("Tab")  # Undo may have come meanwhile: either way the menu is near
    while focused(page) != "more":
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert focused(page) == "split"
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    for _step in range(60):
        if focused(page) == "send":
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector(".q-toast")

    assert promised(10) == [("accept", 100, LATER)]
    assert fresh().lines_for_supplier == 0


def test_enter_in_a_field_keeps_the_draft_and_sends_nothing(page: Any, people: dict[str, Any]) -> None:
    order = order_of(1)
    at_order(page, people["asha"], order)

    field(page, 10, "price").fill("7.10")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Draft saved.")

    expect(field(page, 10, "price")).to_have_value("7.10")
    with acting(FEED):
        assert not OrderAcknowledgment.objects.exists()


def test_on_a_phone_a_day_is_picked_from_its_calendar(
    browser: Any, live_server: Any, people: dict[str, Any]
) -> None:
    order = order_of(2)
    context = browser.new_context(
        base_url=live_server.url, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    at_order(page, people["asha"], order)
    assert sideways(page) <= 0

    days = field(page, 10, "delivery_on")
    days.tap()
    assert days.get_attribute("type") == "date"
    with page.expect_response("**/answer/line/"):
        days.fill(LATER.isoformat())
        page.locator("#lines").tap()

    expect(days).to_have_value(day(LATER))
    page.get_by_role("button", name="Send answer: 1 changed, 1 as asked").tap()
    page.wait_for_selector(".q-toast")
    assert promised(10) == [("accept", 100, LATER)]
    context.close()


def test_on_a_phone_no_button_of_a_split_line_is_cut(page: Any, people: dict[str, Any]) -> None:
    order = order_of(1)
    page.set_viewport_size({"width": 390, "height": 844})
    at_order(page, people["asha"], order)
    menu(page, 10, "split")

    cells = "[...document.querySelectorAll('.q-piece-is')].filter((cell) => cell.scrollWidth > cell.clientWidth).length"
    assert page.evaluate(cells) == 0
    assert sideways(page) <= 0


def test_without_a_script_the_same_answer_is_given(
    browser: Any, live_server: Any, people: dict[str, Any]
) -> None:
    order = order_of(2)
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    page = context.new_page()
    at_order(page, people["asha"], order)

    field(page, 10, "delivery_on").fill(day(LATER))
    line(page, 20).locator("button[name=more]").click()
    line(page, 20).locator("button[name=split]").click()
    field(page, 20, "quantity", 0).fill("70")
    field(page, 20, "quantity", 1).fill("30")
    field(page, 20, "delivery_on", 1).fill(LATER.isoformat())
    page.get_by_role("button", name=re.compile("^Send answer")).click()

    assert promised(10) == [("accept", 100, LATER)]
    assert promised(20) == [("accept", 70, ASKED), ("accept", 30, LATER)]
    context.close()


def test_home_and_order_are_readable_for_everybody(page: Any, people: dict[str, Any], tmp_path: Path) -> None:
    order = order_of(4)
    at_order(page, people["asha"], order)
    typed(page, 10, "delivery_on", day(LATER))
    menu(page, 20, "split")
    menu(page, 30, "refuse")
    menu(page, 40, "sub")
    page.wait_for_timeout(300)

    found = []
    for name, address in (("home", "/"), ("order", f"/orders/{order.key}/")):
        page.goto(address)
        found += faults_in_every_look(page, f"supplier {name}", tmp_path)

    assert found == []
