"""The lists in a real browser: what stands over them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from portal.kernel.scope import acting
from procurement.orders.models import PurchaseOrder
from tests.browser.test_supplier_answers import order_of, sign_in
from tests.people import FEED

# Pairs of cells of one card whose words lie over each other: a word that runs out of its own third.
OVER = """
() => [...document.querySelectorAll(".q-cards > tbody > tr")].flatMap((row) => {
  const words = [...row.children].filter((cell) => cell.offsetParent).map((cell) => {
    const range = document.createRange();
    range.selectNodeContents(cell);
    return [cell.dataset.l ?? "", [...range.getClientRects()]];
  });
  const over = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1;
  return words.flatMap(([one, mine], n) => words.slice(n + 1)
    .filter(([, theirs]) => mine.some((a) => theirs.some((b) => over(a, b))))
    .map(([other]) => `${one}: ${other}`));
})
"""


@pytest.mark.parametrize("address", ["/orders/", "/orders/lines/"])
def test_on_a_phone_no_word_lies_over_another(page: Any, people: dict[str, Any], address: str) -> None:
    order_of(1)
    with acting(FEED):
        PurchaseOrder.objects.update(acknowledge_by_at=datetime(2026, 11, 23, 16, tzinfo=UTC))
    sign_in(page, people["asha"])
    page.set_viewport_size({"width": 390, "height": 844})

    page.goto(f"{address}?show=open")

    page.locator(".q-cards > tbody > tr").first.wait_for()
    assert page.evaluate(OVER) == []


@pytest.mark.parametrize("address", ["/orders/", "/orders/lines/"])
def test_a_view_is_saved_from_the_dialog(page: Any, people: dict[str, Any], address: str) -> None:
    order_of(1)
    sign_in(page, people["asha"])
    page.goto(f"{address}?show=open")

    page.get_by_role("link", name="Save this view").click()
    page.get_by_label("Name of the view").fill("Mine")
    page.locator("#dialog button.btn-primary").click()

    page.locator(".q-views").get_by_role("link", name="Mine").wait_for()


@pytest.mark.parametrize("address", ["/orders/", "/suppliers/", "/onboarding/"])
def test_what_a_menu_of_the_head_holds_can_be_pressed_on_a_phone(
    page: Any, people: dict[str, Any], address: str
) -> None:
    sign_in(page, people["root"])
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(address)

    page.locator(".q-head .q-menu > summary", has_text="Export").click()

    # Not by a click of the test's own, which would scroll what is cut off into sight.
    hit = "link => { const at = link.getBoundingClientRect(); return link.contains("
    hit += "document.elementFromPoint(at.x + at.width / 2, at.y + at.height / 2)); }"
    links = page.locator(".q-head .q-menu[open] a")
    assert [(one.inner_text(), one.evaluate(hit)) for one in links.all()] == [
        ("Excel (.xlsx)", True),
        ("CSV", True),
    ]
