"""The lists in a real browser: what stands over them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.test_supplier_answers import order_of, sign_in


@pytest.mark.parametrize("address", ["/orders/", "/orders/lines/"])
def test_a_view_is_saved_from_the_dialog(page: Any, people: dict[str, Any], address: str) -> None:
    order_of(1)
    sign_in(page, people["asha"])
    page.goto(f"{address}?show=open")

    page.get_by_role("link", name="Save this view").click()
    page.get_by_label("Name of the view").fill("Mine")
    page.locator("#dialog button.btn-primary").click()

    page.locator(".q-views").get_by_role("link", name="Mine").wait_for()
