"""The rail, its tabs and the set-up in a browser: by keyboard, on a phone, and clean at every width."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.axe import LOOKS, faults

pytestmark = pytest.mark.django_db(transaction=True)


def test_by_keyboard_and_on_a_phone(at: Any, people: dict[str, Any]) -> None:
    root = at("root", java_script_enabled=False)
    root.goto("/set-up/")
    card = root.get_by_role("link", name="Staff", exact=True)
    card.focus()
    root.keyboard.press("Enter")
    expect(root.get_by_role("heading", level=1)).to_have_text("Staff")
    expect(root.locator("#nav [aria-current=page]")).to_have_text("Set-up")
    root.locator(".q-crumbs").get_by_role("link", name="Set-up").click()
    expect(root.get_by_role("heading", level=1)).to_have_text("Set-up")

    asha = at("asha", 390)
    asha.goto("/company/")
    bar = asha.get_by_role("navigation", name="Main").get_by_role("link")
    assert [one for one in bar.all_inner_texts() if one.strip()] == [
        "Home",
        "Orders",
        "Shipments",
        "Invoices",
        "Company",
    ]
    tabs = asha.get_by_role("navigation", name="Company")
    expect(tabs.locator("[aria-current=page]")).to_have_text("Company data")
    last = tabs.get_by_role("link", name="Access tokens")
    last.focus()  # scrolls there by itself
    expect(last).to_be_in_viewport()
    asha.keyboard.press("Enter")
    expect(asha.get_by_role("heading", level=1)).to_have_text("Access tokens")
    expect(tabs.locator("[aria-current=page]")).to_be_in_viewport()
    # What the bar has no room for is in the menu with the name.
    menu = asha.locator(".q-menu--bar")
    menu.locator("summary").click()
    menu.get_by_role("link", name="Statements").click()
    expect(asha.get_by_role("heading", level=1)).to_have_text("Statements of account")


def test_every_page_at_every_width(at: Any, people: dict[str, Any], tmp_path: Path) -> None:
    pages = {
        "set up": ("root", "/set-up/"),
        "tabs of suppliers": ("root", "/suppliers/"),
        "set up once": ("root", "/staff/"),
        "tabs of a company": ("asha", "/company/"),
    }
    found = []
    for width, scheme in LOOKS:
        browsers = {name: at(name, width, color_scheme=scheme) for name in ("root", "asha")}
        for name, (who, address) in pages.items():
            browsers[who].goto(address)
            found += faults(browsers[who], f"{name} {scheme}", tmp_path)
    assert found == []
