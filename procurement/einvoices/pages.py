"""The words on the pages of a PDF that nobody vouches for. Runs in a child: see Note [Confined].

Note [Pages]: a PDF can be made to unfold without end, to name itself, or to hide what it shows. Only so many of its
pages are looked at, and of each only so much is unfolded and worked through. Nothing but text is taken: no image is
decoded, no script is run, no program called.
"""

from __future__ import annotations

import io
import json
import re
import sys
from typing import Any

MOST_PAGES = 20
MOST_TEXT = 60_000
MOST_UNFOLDED = 20 * 1024 * 1024
MOST_WORK = 300_000  # operators and operands of a page; one full of figures has 20,000
FEWEST_LETTERS = 20  # what a scanner writes on a page without knowing what is on it
PACKED = ("zlib", "lzw", "run_length", "brotli", "array_based_stream")
GAP = re.compile(r"[^\S\n]{2,}")  # between columns; a single blank may stand within a figure

READ, NO_TEXT, ENCRYPTED, BROKEN, TOO_MUCH = "read", "no_text", "encrypted", "broken", "too_much"


def main() -> None:
    """Reads the PDF from standard input and writes what it shows, or why nothing, to standard output."""
    try:
        told = shown(sys.stdin.buffer.read())
    except (MemoryError, RecursionError):
        told = _untold(TOO_MUCH)
    except Exception:
        told = _untold(BROKEN)
    sys.stdout.write(json.dumps(told))


def _untold(state: str) -> dict[str, Any]:
    return {"state": state, "text": "", "pages": 0, "carries": False}


def shown(content: bytes) -> dict[str, Any]:
    """The text of the first pages of a PDF, and whether it carries an XML file."""
    import pypdf  # noqa: PLC0415 -- only the child needs it, and it is slow to load

    limits: dict[str, Any] = {f"{name}_maximum_output_length": MOST_UNFOLDED for name in PACKED}
    limits |= {"stream_parsing_work_maximum_count": MOST_WORK, "jbig2dec_binary": None}
    with pypdf.apply_configuration(**limits):
        reader = pypdf.PdfReader(io.BytesIO(content), strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            return _untold(ENCRYPTED)
        pages = len(reader.pages)
        texts: list[str] = []
        left = MOST_TEXT
        for number in range(min(pages, MOST_PAGES)):
            text = _text_of(reader.pages[number])[:left]
            texts.append(text)
            left -= len(text)
            if left <= 0:
                break
        text = "\n".join(texts)
        has_text = sum(map(str.isalnum, text)) >= FEWEST_LETTERS
        return {
            "state": READ if has_text else NO_TEXT,
            "text": text if has_text else "",
            "pages": pages,
            "carries": _carries(reader),
        }


def _text_of(page: Any) -> str:
    """The words of a page, as they stand beside each other where that can be told, else as they were written."""
    try:
        laid_out = page.extract_text(extraction_mode="layout", layout_mode_strip_rotated=False)
    except (MemoryError, RecursionError):
        raise
    except Exception:
        laid_out = ""
    text = str(laid_out if laid_out.strip() else page.extract_text())
    # What PostgreSQL keeps in no text: NUL, and halves of characters.
    text = text.replace("\0", "").encode("utf-8", "ignore").decode("utf-8")
    lines = (GAP.sub("  ", line).strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line)


def _carries(reader: Any) -> bool:
    for number, one in enumerate(reader.attachment_list):
        if str(one.name or "").lower().endswith(".xml"):
            return True
        if number == MOST_PAGES:
            break
    return False


if __name__ == "__main__":
    main()
