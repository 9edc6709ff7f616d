"""Text that no spreadsheet takes for a formula: one rule for every file that leaves as CSV.

Note [Formulas]: a description such as `=HYPERLINK(...)` comes from the other side of the quay. In CSV, which knows no
types, an apostrophe goes before it, as OWASP advises. Also before what looks like a formula in East Asian width:
spreadsheets read it the same. How XLSX keeps such text, and that figures are figures: procurement/sheets/cells.py.
"""

import re

STARTS_FORMULA = re.compile(r"^\s*[=+\-@|%\t\r\n＝＋－＠]")


def is_dangerous(text: str) -> bool:
    """Whether a spreadsheet might take this text for a formula."""
    return bool(STARTS_FORMULA.match(text)) or text[:1] in ("\t", "\r", "\n")


def guarded(text: str) -> str:
    """Text as CSV may hold it: an apostrophe before what a spreadsheet would run."""
    return f"'{text}" if is_dangerous(text) else text
