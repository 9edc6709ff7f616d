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
# What fades from one colour into another has arrived. What turns for ever goes on turning.
ARRIVE = """
() => document.getAnimations().filter(one => one.effect.getComputedTiming().endTime !== Infinity)
  .forEach(one => one.finish())
"""
# Of what is well axe would work out the address of each element too, and nobody reads it.
ASK = """
([part, only]) => axe.run(part, {runOnly: only, resultTypes: ["violations"]}).then(
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
    page.wait_for_load_state()  # a press answers when the next page begins to come
    page.evaluate(ARRIVE)
    if not page.evaluate("'axe' in window"):
        # Through the debugger: our own Content-Security-Policy rightly refuses a script from nowhere.
        # It is not let go of: with the first that goes, Chromium takes a page's virtual authenticators away.
        debugger = page.context.new_cdp_session(page)
        debugger.send("Runtime.evaluate", {"expression": f"{AXE.read_text()};0"})
    with not_the_pages_own():
        return list(page.evaluate(ASK, [part, COLOURS if is_dark(page) else EVERY_RULE]))


def is_dark(page: Any) -> bool:
    """By the person's own setting, or else by what the browser prefers."""
    scheme = page.evaluate("getComputedStyle(document.documentElement).colorScheme")
    return scheme == "dark" or ("dark" in scheme and page.evaluate(f"matchMedia('{DARK}').matches"))


def sideways(page: Any) -> int:
    """By how many pixels the page is wider than the window: nobody should have to scroll sideways."""
    page.wait_for_load_state()
    return int(page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))


# A cell in which a word of a sentence goes on in the next line, and an address in a column of single letters.
BROKEN = """
() => [...document.querySelectorAll(".q-table :is(td, th)")].flatMap(cell => {
  const walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT), found = [];
  for (let text; (text = walker.nextNode());)
    for (const word of text.data.matchAll(/[\\p{L}\\p{N}]+/gu)) {
      const range = document.createRange();
      range.setStart(text, word.index);
      range.setEnd(text, word.index + word[0].length);
      const lines = new Set([...range.getClientRects()].filter(one => one.width).map(one => Math.round(one.top)));
      if (word[0].length <= 14 && lines.size > 1) found.push(word[0]);
    }
  return found;
})
"""


def broken_words(page: Any) -> list[str]:
    """The short words in tables that do not fit on their line."""
    return list(page.evaluate(BROKEN))


def faults_in_every_look(page: Any, name: str, folder: Path) -> list[str]:
    """What is wrong with a page at every width by day and by night, of somebody who leaves the theme to the system.

    The page stays as it was loaded and only its window changes, as when somebody turns a phone or evening comes: how
    a page is laid out is its style sheet's alone, and no script asks how wide the window is while it loads.
    """
    found = []
    for width, scheme in LOOKS:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        assert is_dark(page) == (scheme == "dark")
        found += faults(page, f"{name} {scheme}", folder)
    return found


def faults(page: Any, name: str, folder: Path) -> list[str]:
    """What is wrong with a page as it stands at the width of its window. PICTURES=1 keeps a picture of each in
    `folder`, to be looked at.
    """
    page.wait_for_load_state()
    expect(page.locator(".htmx-request")).to_have_count(0)  # what comes by itself is there
    width = page.viewport_size["width"]
    where = f"{name} at {width}"
    if os.environ.get("PICTURES"):
        with not_the_pages_own():  # what takes the picture puts a style in
            page.screenshot(path=folder / f"{name}-{width}.png".replace(" ", "-"), full_page=True)
    found = [f"{where}: {one}" for one in violations(page)]
    wide = sideways(page)
    return [*found, f"{where}: {wide} px too wide"] if wide > 0 else found
