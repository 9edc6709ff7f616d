"""A document in a browser, without a script: asked for, supplied from a phone, refused, supplied again, accepted."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests.browser.axe import faults
from tests.builders.documents import PDF, a_picture, clock, require, supplier_named, supply

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_certificate_from_the_first_page_to_accepted_and_every_page_at_two_widths(
    at: Any, people: dict[str, Any], tmp_path: Any
) -> None:
    require()
    require("insurance", countries=("IN",))
    require("code-of-conduct", compulsory=False, expires=False)
    clock(timezone.now())
    paper, picture = tmp_path / "iso.pdf", tmp_path / "iso.jpg"
    paper.write_bytes(PDF)
    picture.write_bytes(a_picture("JPEG", (600, 800)))
    asha, root = (at(name, java_script_enabled=False) for name in ("asha", "root"))
    asha.set_viewport_size({"width": 390, "height": 844})

    asha.goto("/")
    asha.get_by_role("link", name="Supply: ISO 9001").click()
    asha.get_by_role("link", name="Supply: ISO 9001").click()
    asha.get_by_role("button", name="Supply it").click()
    expect(asha.get_by_role("heading", name="ISO 9001")).to_be_visible()
    asha.get_by_label("File or picture").set_input_files(paper)
    asha.get_by_label("Valid until").fill("2099-12-31")
    asha.get_by_role("button", name="Supply it").click()
    expect(asha.get_by_text("In review").first).to_be_visible()

    root.goto("/documents/")
    root.get_by_role("link", name="ISO 9001").click()
    root.get_by_label("What is wrong with it").fill("The second page is missing.")
    root.get_by_role("button", name="Refuse").click()
    asha.goto("/documents/")
    expect(asha.get_by_text("The second page is missing.")).to_be_visible()
    asha.get_by_role("link", name="Supply a new one: ISO 9001").click()
    asha.get_by_label("File or picture").set_input_files(picture)
    asha.get_by_label("Valid until").fill("2099-12-31")
    asha.get_by_role("button", name="Supply it").click()
    root.goto("/documents/")
    root.get_by_role("link", name="ISO 9001").click()
    expect(root.get_by_role("img", name="Picture iso.jpg")).to_be_visible()
    assert root.get_by_role("img", name="Picture iso.jpg").evaluate("one => one.naturalWidth") == 600
    root.get_by_role("button", name="Accept").click()
    asha.goto("/documents/")
    expect(asha.get_by_text("Valid until 31 Dec 2099.")).to_be_visible()

    waiting = supply(
        people["asha"],
        "insurance",
        at=timezone.now(),
        name="insurance.png",
        content=a_picture("PNG", (600, 800)),
        reference="DE-12345",
    )
    acme = supplier_named("ACME").key
    pages = {
        "queue": ("root", "/documents/"),
        "holders": ("root", "/documents/holders/?view=held"),
        "review": ("root", f"/documents/{waiting.key}/"),
        "supplier": ("root", f"/suppliers/{acme}/documents/"),
        "setup": ("root", "/documents/setup/"),
        "own": ("asha", "/documents/"),
        "supply": ("asha", f"/suppliers/{acme}/documents/insurance/"),
    }
    browsers = {name: at(name) for name in ("root", "asha")}  # axe is a script
    found = []
    for width in (390, 1440):
        for name, (who, address) in pages.items():
            browsers[who].set_viewport_size({"width": width, "height": 900})
            browsers[who].goto(address)
            found += faults(browsers[who], f"documents {name}", tmp_path)
    assert found == []


def test_the_countries_of_a_requirement_stand_side_by_side(at: Any, people: dict[str, Any]) -> None:
    require(
        "insurance",
        countries=("AT", "BR", "CN", "CZ", "DE", "ES", "FR", "GB", "IN", "IT", "NL", "PL", "SE", "US"),
    )
    root = at("root")
    root.set_viewport_size({"width": 1440, "height": 900})

    root.goto("/documents/setup/")

    lines = "one => { const all = document.createRange(); all.selectNodeContents(one);"
    lines += " return new Set([...all.getClientRects()].map(rect => Math.round(rect.top))).size }"
    assert root.locator("td", has_text=re.compile("^AT, BR, CN")).evaluate(lines) <= 2


def test_a_day_in_the_queue_is_one_line_at_any_width(at: Any, people: dict[str, Any]) -> None:
    require("insurance", countries=("IN",))
    clock(timezone.now())
    supply(people["asha"], "insurance", at=timezone.now(), name="insurance.pdf")
    root = at("root")
    for width in (390, 820, 1440):
        root.set_viewport_size({"width": width, "height": 900})
        root.goto("/documents/")
        day = root.locator("td", has_text="until ").first
        lines = day.evaluate(
            "cell => { const all = document.createRange(); all.selectNodeContents(cell); "
            "return new Set([...all.getClientRects()].map(one => Math.round(one.top))).size; }"
        )
        assert (width, day.inner_text().split()[0], lines) == (width, "until", 1)
