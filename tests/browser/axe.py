"""Ask axe what somebody who cannot see, point or tell colours apart would stumble over."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from playwright.sync_api import expect

from tests.browser.refusals import not_the_pages_own

AXE = Path(__file__).parent / "vendor/axe-core-4.14.1/axe.min.js"
EVERY_RULE = {
    "type": "tag",
    "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}
DARK = "(prefers-color-scheme: dark)"
COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
BETWEEN = 820
# By night nothing but the colours differs, and they are the same at every width.
WIDTHS = {"light": (390, BETWEEN, 1440), "dark": (1440,)}
LOOKS = [(width, scheme) for scheme, widths in WIDTHS.items() for width in widths]
ASK = """
([part, only]) => axe.run(part, {runOnly: only}).then(
  found => found.violations.flatMap(violation => violation.nodes.map(
    node => `${violation.id}: ${node.target.join(" ")}: ${node.failureSummary}`)))
"""


def violations(page: Any, part: str = "html") -> list[str]:
    """Every violation on this page, or in this part of it, as it stands: one line each.

    Between a phone and a desk nothing but the room differs, so there axe is not asked again; by night it is asked of
    colours only.
    """
    if page.viewport_size["width"] == BETWEEN:
        return []
    # Through the debugger: our own Content-Security-Policy rightly refuses a script from nowhere.
    page.context.new_cdp_session(page).send("Runtime.evaluate", {"expression": AXE.read_text() + ";0"})
    with not_the_pages_own():
        return list(page.evaluate(ASK, [part, COLOURS if is_dark(page) else EVERY_RULE]))


def is_dark(page: Any) -> bool:
    """By the person's own setting, or else by what the browser prefers."""
    scheme = page.evaluate("getComputedStyle(document.documentElement).colorScheme")
    return scheme == "dark" or ("dark" in scheme and page.evaluate(f"matchMedia('{DARK}').matches"))


def sideways(page: Any) -> int:
    """By how many pixels the page is wider than the window: nobody should have to scroll sideways."""
    return int(page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))


def faults(page: Any, name: str, folder: Path) -> list[str]:
    """What is wrong with a page as it stands at the width of its window. PICTURES=1 keeps a picture of each in
    `folder`, to be looked at.
    """
    expect(page.locator(".htmx-request")).to_have_count(0)  # what comes by itself is there
    width = page.viewport_size["width"]
    where = f"{name} at {width}"
    if os.environ.get("PICTURES"):
        with not_the_pages_own():  # what takes the picture puts a style in
            page.screenshot(path=folder / f"{name}-{width}.png".replace(" ", "-"), full_page=True)
    found = [f"{where}: {one}" for one in violations(page)]
    wide = sideways(page)
    return [*found, f"{where}: {wide} px too wide"] if wide > 0 else found
