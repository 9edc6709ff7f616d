"""docs/file-formats.md says what the code does: its column tables are written from the formats themselves.

After changing a format, write the page anew with `WRITE_DOCS=1 pytest tests/erp/test_file_formats_page.py`.
"""

import os
import re
from pathlib import Path

from procurement.erp.connectors.files.formats import INBOUND, OUTBOUND, Format, columns_table
from procurement.erp.ports import Feed

PAGE = Path(__file__).resolve().parents[2] / "docs" / "file-formats.md"
FORMATS: dict[str, Format] = {form.name: form for form in [*INBOUND.values(), *OUTBOUND]}
BLOCK = re.compile(r"<!-- columns: (?P<name>\w+) -->\n(?:.*?<!-- end -->\n)?", re.DOTALL)


def written(match: re.Match[str]) -> str:
    form = FORMATS[match["name"]]
    return f"<!-- columns: {form.name} -->\n{columns_table(form)}<!-- end -->\n"


def test_the_page_shows_the_columns_of_the_code() -> None:
    text = PAGE.read_text()
    wanted = BLOCK.sub(written, text)
    if os.environ.get("WRITE_DOCS"):
        PAGE.write_text(wanted)

    assert PAGE.read_text() == wanted


def test_the_page_shows_every_format_in_the_order_of_reading() -> None:
    shown = [match["name"] for match in BLOCK.finditer(PAGE.read_text())]

    assert shown == [*(feed.value for feed in Feed), *(form.name for form in OUTBOUND)]
