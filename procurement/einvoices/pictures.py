"""What stands on the pages of an invoice's PDF, so that it can be held against the data."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from portal.kernel.confined import Overrun, run_confined
from procurement.einvoices.pages import NO_TEXT, TOO_MUCH
from procurement.einvoices.reading import read

LARGEST_FILE = 20 * 1024 * 1024
SECONDS = 8
MEMORY = 768 * 1024 * 1024
CHILD = "procurement.einvoices.pages"

HEAD = 1024


@dataclass(frozen=True, slots=True)
class Picture:
    """What a PDF shows: its text, page after page and as far as it was read, of how many `pages` in all.

    `state` is `read`, or why not: `no_text` (a scan), `encrypted`, `broken`, `too_much`. `carried` is what the
    electronic invoice in it says, where there is one: number, day (ISO 8601), total, currency and the seller's tax
    number, each as text, empty where it says none.
    """

    state: str
    text: str = ""
    pages: int = 0
    carried: dict[str, str] = field(default_factory=dict)


def is_pdf(content: bytes) -> bool:
    """Whether a file begins as a PDF does."""
    return b"%PDF-" in content[:HEAD]


def read_picture(content: bytes) -> dict[str, Any]:
    """What a PDF shows, in values that JSON knows (see `Picture`); a photo shows no text. Never raises for what is in
    the file.
    """
    if not is_pdf(content):
        return asdict(Picture(NO_TEXT))
    if len(content) > LARGEST_FILE:
        return asdict(Picture(TOO_MUCH))
    try:
        told = json.loads(run_confined(CHILD, content, seconds=SECONDS, memory=MEMORY))
    except Overrun:
        return asdict(Picture(TOO_MUCH))
    carried = _carried(content) if told.pop("carries") else {}
    return asdict(Picture(**told, carried=carried))


def _carried(content: bytes) -> dict[str, str]:
    invoice = read(content).invoice
    if invoice is None:
        return {}
    totals, seller = invoice.totals, invoice.seller
    gross = totals.gross if totals else None
    return {
        "number": invoice.number or "",
        "day": invoice.issued_on.isoformat() if invoice.issued_on else "",
        "total": f"{gross:f}" if gross is not None else "",
        "currency": invoice.currency or "",
        "tax_id": (seller.vat_id if seller else "") or "",
    }
