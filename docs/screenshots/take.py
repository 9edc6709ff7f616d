"""Take the pictures of the documentation from a running demo: `.venv/bin/python docs/screenshots/take.py`.

Reads var/demo.json for the address and the sign-ins. Needs a Chromium and the test environment (`make install`).
"""

import json
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

HERE = Path(__file__).resolve().parent
DEMO = json.loads((HERE.parents[1] / "var" / "demo.json").read_text())
PEOPLE = {person["role"]: person for person in DEMO["people"]}
WIDTHS = {1440: 900, 390: 844}
ORDER = re.compile(r"^/orders/[0-9a-f-]{36}/$")

# Name of the picture: who looks, at which address. "order" is the first order that the address before lists.
PICTURES = {
    "sign-in": ("", "/accounts/login/"),
    "supplier-home": ("supplier", "/"),
    "supplier-orders": ("supplier", "/orders/"),
    "supplier-order": ("supplier", "/orders/?agreement=awaiting -> order"),
    "buyer-decisions": ("buyer", "/decisions/"),
    "buyer-orders": ("buyer", "/orders/"),
    "buyer-order": ("buyer", "/decisions/ -> order"),
    "integration": ("integration_owner", "/integration/"),
    "connection": ("integration_owner", "/integration/connection/"),
}


@contextmanager
def signed_in(browser: Browser, role: str, width: int, theme: str) -> Iterator[Page]:
    """A page of somebody's own, in one size and theme."""
    viewport = {"width": width, "height": WIDTHS[width]}
    context = browser.new_context(viewport=viewport, color_scheme=theme)
    page = context.new_page()
    if role:
        page.goto(f"{DEMO['address']}/accounts/login/")
        page.fill("input[name=login]", PEOPLE[role]["email"])
        page.fill("input[name=password]", PEOPLE[role]["password"])
        page.press("input[name=password]", "Enter")
        page.wait_for_url(lambda address: "/accounts/" not in address)
    yield page
    context.close()


def go(page: Page, way: str) -> None:
    """Open an address, or the first order that it lists."""
    address, _arrow, then = way.partition(" -> ")
    page.goto(DEMO["address"] + address)
    if then:
        links = (link.get_attribute("href") or "" for link in page.query_selector_all("main a[href]"))
        order = next(link for link in (one.split("?")[0].split("#")[0] for one in links) if ORDER.match(link))
        page.goto(DEMO["address"] + order)
    page.wait_for_load_state("networkidle")


def main() -> None:
    """All pictures, in both sizes; light on the desk, dark on the phone as well."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("No Chromium found. Install one first.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for width in WIDTHS:
            for theme in ("light", "dark"):
                for name, (role, way) in PICTURES.items():
                    with signed_in(browser, role, width, theme) as page:
                        go(page, way)
                        page.screenshot(path=HERE / f"{name}-{theme}-{width}.png")
        browser.close()


if __name__ == "__main__":
    main()
