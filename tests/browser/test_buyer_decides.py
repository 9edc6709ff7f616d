"""The buyer's day in a real browser: the list and the order page by mouse, keys and phone, and without script."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import expect

from portal.kernel.scope import acting
from procurement.acknowledgments.messages import AcknowledgeOrder, AnswerPiece, DecideAnswer, LineAnswer
from procurement.acknowledgments.services import acknowledge_order, decide_answer
from procurement.orders.models import PurchaseOrder
from tests.browser.axe import broken_words, faults_in_every_look, sideways
from tests.builders.world import MONDAY, a_line, a_paper, an_order, fresh, fresh_line, receive

LATER = MONDAY + timedelta(hours=1)


def late(key: str, days: int) -> LineAnswer:
    return LineAnswer(key, (AnswerPiece(Decimal(100), delivery_on=date(2026, 4, 1) + timedelta(days=days)),))


SPLIT = LineAnswer("L20", (AnswerPiece(Decimal(60)), AnswerPiece(Decimal(40), delivery_on=date(2026, 4, 15))))
REFUSED = LineAnswer(
    "L30", (AnswerPiece(Decimal(100), kind="refuse", reason="obsolete_item", note="Last batch sold."),)
)


def answer(person: Any, order: PurchaseOrder, *answers: LineAnswer) -> PurchaseOrder:
    with acting(person.actor):
        command = AcknowledgeOrder(order.key, order.version, answers, rest_as_asked=True)
        acknowledge_order(command, actor=person.actor, at=LATER)
    return fresh(order.number)


@pytest.fixture
def orders(people: dict[str, Any]) -> dict[str, PurchaseOrder]:
    """Two orders with what waits: A with three lines answered otherwise, B with one."""
    first, second = an_order("4500000001", 4), an_order("4500000002", 1)
    return {
        "A": answer(people["asha"], first, late("L10", 8), SPLIT, REFUSED),
        "B": answer(people["asha"], second, late("L10", 2)),
    }


def signed_in(page: Any, live_server: Any, person: Any) -> Any:
    client = Client()
    client.force_login(person.user)
    name = settings.SESSION_COOKIE_NAME
    page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
    return page


@pytest.fixture
def bea(page: Any, live_server: Any, people: dict[str, Any]) -> Any:
    return signed_in(page, live_server, people["bea"])


def waiting(page: Any) -> list[str]:
    """The lines of the list as they stand there."""
    found = page.locator("#decide > table > tbody > tr:first-child > td:nth-child(2)").all_inner_texts()
    return [re.sub(r"\s+", " ", text).removesuffix(" Acme Valves") for text in found]


def settled(page: Any) -> None:
    page.wait_for_function("!document.querySelector('.htmx-request')")


A10, A20, A30, B10 = "4500000001 · 10", "4500000001 · 20", "4500000001 · 30", "4500000002 · 10"


def test_with_the_keys_alone(bea: Any, orders: Any) -> None:
    bea.goto("/decisions/")
    assert waiting(bea) == [A30, A20, A10, B10]

    bea.keyboard.press("j")
    bea.wait_for_selector(".is-touched")
    expect(bea.locator(":focus").first).to_contain_text("Line 30 of order 4500000001")
    bea.keyboard.press("a")
    bea.wait_for_selector("text=Line 30 of order 4500000001 accepted")

    assert waiting(bea) == [A20, A10, B10]
    expect(bea.locator(":focus").first).to_contain_text("Line 20 of order 4500000001")
    expect(bea.locator("#nav .q-count").first).to_have_text(re.compile(r"^\s*3"))
    bea.keyboard.press("j")
    bea.wait_for_selector("h3:has-text('Line 10 of order 4500000001')")
    bea.keyboard.press("k")
    bea.wait_for_selector("h3:has-text('Line 20 of order 4500000001')")
    bea.keyboard.press("d")
    bea.wait_for_selector(".q-summary-err:has-text('Say why')")
    bea.fill("#decide textarea[name^=reason-]", "All 100 are needed on the 1st.")
    bea.keyboard.press("Tab")
    bea.keyboard.press("d")
    bea.wait_for_selector("text=Line 20 of order 4500000001 declined")

    assert waiting(bea) == [A10, B10]
    assert (fresh_line(30, "4500000001").agreement, fresh_line(20, "4500000001").agreement) == (
        "refused",
        "disputed",
    )


def test_many_at_once_with_one_reason(bea: Any, orders: Any) -> None:
    bea.goto("/decisions/")
    expect(bea.locator(".q-bulk").first).to_be_hidden()
    bea.check("input[aria-label='Tick order 4500000001 line 10']")
    bea.check("input[aria-label='Tick order 4500000002 line 10']")
    expect(bea.locator(".q-bulk [data-pick-count]").first).to_have_text("2", use_inner_text=True)
    expect(bea.locator(".q-bulk [data-pick-sum]").first).to_have_text("1,370.00 EUR", use_inner_text=True)

    bea.fill(".q-bulk textarea", "Too late.")
    bea.click("text=Decline all ticked")
    bea.wait_for_selector("text=2 lines on 2 orders declined")

    assert waiting(bea) == [A30, A20]
    expect(bea.locator(".q-bulk").first).to_be_hidden()
    assert fresh_line(10, "4500000002").agreement == "disputed"


def test_what_is_ticked_and_typed_survives_opening_another_line(bea: Any, orders: Any) -> None:
    bea.goto("/decisions/")
    bea.check("input[aria-label='Tick order 4500000002 line 10']")
    bea.click("[aria-label='Decide on line 30 of order 4500000001']")
    bea.fill("#decide textarea[name^=reason-]", "We need them.")
    bea.click("[aria-label='Decide on line 20 of order 4500000001']")
    bea.wait_for_selector("h3:has-text('Line 20 of order')")

    expect(bea.locator("input[aria-label='Tick order 4500000002 line 10']").first).to_be_checked()
    expect(bea.locator("text=a reason is typed").first).to_be_visible()
    bea.click("[aria-label='Decide on line 30 of order 4500000001']")
    bea.wait_for_selector("h3:has-text('Line 30 of order')")
    expect(bea.locator("#decide textarea[name^=reason-]").first).to_have_value("We need them.")


def test_a_stale_line_is_told_and_the_others_are_done(bea: Any, orders: Any, people: Any) -> None:
    bea.goto("/decisions/")
    with acting(people["max"].actor):
        seen = DecideAnswer(orders["B"].key, orders["B"].version, "accept")
        decide_answer(seen, actor=people["max"].actor, at=LATER)
    bea.check("[data-pick-all]")
    bea.click("text=Accept all ticked")

    bea.wait_for_selector(".q-summary-err:has-text('One order was not decided')")
    expect(bea.locator(".q-summary-err").first).to_contain_text("4500000002", use_inner_text=True)
    expect(bea.locator("#toasts").first).to_contain_text("3 lines on one order accepted", use_inner_text=True)
    assert fresh("4500000001").agreement == "agreed"


def test_on_the_order_page_piece_by_piece(bea: Any, orders: Any) -> None:
    bea.goto(f"/orders/{orders['A'].key}/")
    expect(bea.locator("#ball").first).to_contain_text(
        "Decide on 3 lines: 10 (8 days late), 20 (14 days late), 30 (refused)", use_inner_text=True
    )
    bea.click("[aria-label='Decide on line 20']")
    bea.click("text=Piece by piece")
    bea.click("[aria-label='Accept piece 1']")
    bea.wait_for_selector("text=Piece accepted.")
    bea.click("text=Piece by piece")
    bea.fill("textarea[name^=reason-]", "Not after the 8th.")
    bea.click("[aria-label='Decline piece 2']")
    bea.wait_for_selector("text=Declined: line 20.")

    expect(bea.locator("#ball").first).to_contain_text("Decide on 2 lines", use_inner_text=True)
    expect(bea.locator("#timeline").first).to_contain_text("Not accepted: line 20", use_inner_text=True)
    assert fresh_line(20, "4500000001").agreement == "disputed"


def test_the_whole_answer_with_the_thread_half_written(bea: Any, orders: Any) -> None:
    bea.goto(f"/orders/{orders['A'].key}/")
    bea.fill("#thread-body", "One more thing")
    bea.click("text=Accept all")
    bea.wait_for_selector("text=Accepted: lines 10, 20, 30.")

    expect(bea.locator("#thread-body").first).to_have_value("One more thing")
    expect(bea.locator("#ball").first).to_contain_text("3 of 4 lines are agreed", use_inner_text=True)
    expect(bea.locator("#erp").first).to_contain_text("waiting for ERP", use_inner_text=True)
    bea.click("text=Send to supplier")
    bea.wait_for_selector("#thread article:has-text('One more thing')")
    expect(bea.locator("#thread-body").first).to_have_value("")
    bea.fill("#thread-body", "They are late each time")
    bea.click("text=Internal note")
    bea.wait_for_selector("#thread .q-msg--note:has-text('late each time')")


def test_the_supplier_answers_again_while_the_buyer_types(bea: Any, orders: Any, people: Any) -> None:
    bea.goto(f"/orders/{orders['B'].key}/?open=10")
    bea.fill("textarea[name^=reason-]", "Two days are too many.")
    answer(people["asha"], orders["B"], late("L10", 1))
    bea.click("text=Decline line")

    bea.wait_for_selector(".q-summary-err:has-text('changed, or was decided')")
    expect(bea.locator("textarea[name^=reason-]").first).to_have_value("Two days are too many.")
    expect(bea.locator("#lines").first).to_contain_text("2 Apr 2026", use_inner_text=True)
    bea.click("text=Decline line")
    bea.wait_for_selector("text=Declined: line 10.")


def test_without_script_everything_is_done_too(
    browser: Any, live_server: Any, people: Any, orders: Any
) -> None:
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    page = signed_in(context.new_page(), live_server, people["bea"])
    page.goto("/decisions/")
    page.click("[aria-label='Decide on line 30 of order 4500000001']")
    page.click("text=Decline D")
    expect(page.locator(".q-summary-err").first).to_contain_text("Say why", use_inner_text=True)
    page.fill("#decide textarea[name^=reason-]", "There is a newer one.")
    page.click("text=Decline D")
    expect(page.locator("#toasts").first).to_contain_text(
        "Line 30 of order 4500000001 declined", use_inner_text=True
    )
    assert waiting(page) == [A20, A10, B10]
    page.click("[aria-label='Accept line 10 of order 4500000002']")
    assert waiting(page) == [A20, A10]

    page.goto(f"/orders/{orders['A'].key}/")
    page.click("text=Accept all")
    expect(page.locator("#toasts").first).to_contain_text("Accepted: lines 10, 20.", use_inner_text=True)
    page.fill("#thread-body", "Thank you.")
    page.click("text=Send to supplier")
    expect(page.locator("#thread").first).to_contain_text("Thank you.", use_inner_text=True)
    context.close()


def test_the_pages_are_readable_for_everybody(bea: Any, orders: Any, tmp_path: Path) -> None:
    receive(a_paper("4500000003", 2))
    receive(a_paper("4500000003", [a_line(10), a_line(20, delivery_on=date(2026, 4, 8))], revision="2"))
    line = fresh_line(20, "4500000001")
    pages = {
        "list": f"/decisions/?open={line.pk}",
        "nothing": "/decisions/?kind=backorder",
        "order": f"/orders/{orders['A'].key}/?open=20",
        "revised": f"/orders/{fresh('4500000003').key}/",
        "revisions": f"/orders/{fresh('4500000003').key}/revisions/",
        "thread": f"/orders/{orders['A'].key}/thread/",
    }

    found = []
    for name, address in pages.items():
        assert bea.goto(address).status == 200
        found += faults_in_every_look(bea, f"decisions {name}", tmp_path)

    assert found == []


@pytest.mark.parametrize("width", [390, 820])
def test_what_is_compared_keeps_its_words_whole_where_there_is_little_room(
    bea: Any, orders: Any, width: int
) -> None:
    bea.set_viewport_size({"width": width, "height": 900})
    for address in (
        f"/orders/{orders['A'].key}/?open=20",
        f"/decisions/?open={fresh_line(20, '4500000001').pk}",
    ):
        bea.goto(address)

        assert bea.locator(".q-compare").is_visible()
        assert broken_words(bea) == []
        assert sideways(bea) <= 0


def test_on_a_phone(bea: Any, orders: Any) -> None:
    bea.set_viewport_size({"width": 390, "height": 844})
    bea.goto("/decisions/")
    bea.click("[aria-label='Accept line 10 of order 4500000002']")
    bea.wait_for_selector("text=Line 10 of order 4500000002 accepted")
    bea.click("[aria-label='Decide on line 10 of order 4500000001']")
    bea.fill("#decide textarea[name^=reason-]", "Too late.")
    bea.click("text=Decline D")
    bea.wait_for_selector("text=Line 10 of order 4500000001 declined")

    assert waiting(bea) == [A30, A20]
    assert sideways(bea) <= 0
