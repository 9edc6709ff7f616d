"""Ask axe what somebody who cannot see, point or tell colours apart would stumble over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

AXE = Path(__file__).parent / "vendor/axe-core-4.14.1/axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
ASK = """
([part, rules]) => axe.run(part, {runOnly: {type: "tag", values: rules}}).then(
  found => found.violations.flatMap(violation => violation.nodes.map(
    node => `${violation.id}: ${node.target.join(" ")}: ${node.failureSummary}`)))
"""


def violations(page: Any, part: str = "html") -> list[str]:
    """Every violation on this page, or in this part of it, as it stands: one line each."""
    # Through the debugger: our own Content-Security-Policy rightly refuses a script from nowhere.
    page.context.new_cdp_session(page).send("Runtime.evaluate", {"expression": AXE.read_text() + ";0"})
    return list(page.evaluate(ASK, [part, RULES]))


def sideways(page: Any) -> int:
    """By how many pixels the page is wider than the window: nobody should have to scroll sideways."""
    return int(page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))
