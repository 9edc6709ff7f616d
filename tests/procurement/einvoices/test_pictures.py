"""The text of a PDF, read in a child: whatever the file is, a word comes of it and nothing else happens."""

import io
import time

import pytest
from pypdf import PdfWriter

from procurement.einvoices.pages import MOST_PAGES, MOST_TEXT
from procurement.einvoices.pictures import read_picture
from procurement.einvoices.writing import write_cii
from tests.builders.einvoices import an_einvoice
from tests.builders.pictures import CATALOG, FONT, a_page, a_pdf, a_picture, a_stream


def protected(password):
    """A PDF that opens with this password."""
    writer = PdfWriter(clone_from=io.BytesIO(a_picture("Invoice INV-1 of 2 March 2026")))
    writer.encrypt(password, "owner", algorithm="AES-128")
    written = io.BytesIO()
    writer.write(written)
    return written.getvalue()


def test_what_stands_on_the_pages_side_by_side():
    told = read_picture(
        a_picture("Rechnung Nr. 0042", ["Gesamtbetrag", "1.234,56 €"], ["Datum", "02.03.2026"], pages=2)
    )
    page = "Rechnung Nr. 0042\nGesamtbetrag  1.234,56 €\nDatum  02.03.2026"
    assert told == {"state": "read", "text": f"{page}\n{page}", "pages": 2, "carried": {}}


def test_the_electronic_invoice_inside_is_read_by_its_own_reader():
    writer = PdfWriter(clone_from=io.BytesIO(a_picture("Invoice INV-0042, 2 March 2026")))
    writer.add_attachment("factur-x.xml", write_cii(an_einvoice()))
    written = io.BytesIO()
    writer.write(written)
    invoice = an_einvoice()
    assert read_picture(written.getvalue())["carried"] == {
        "number": invoice.number,
        "day": invoice.issued_on.isoformat(),
        "total": f"{invoice.totals.gross:f}",
        "currency": invoice.currency,
        "tax_id": invoice.seller.vat_id,
    }


BOMB = a_pdf(
    CATALOG, b"<< /Type /Pages /Count 1 /Kids [5 0 R] >>", FONT, a_stream(bytes(80_000_000)), a_page(4)
)
OWN_CHILD = a_pdf(CATALOG, b"<< /Type /Pages /Count 1 /Kids [2 0 R] >>")
DRAWS_ITSELF = a_pdf(
    CATALOG,
    b"<< /Type /Pages /Count 1 /Kids [5 0 R] >>",
    FONT,
    a_stream(b"/X Do"),
    a_page(4, b"/XObject << /X 6 0 R >>"),
    a_stream(b"/X Do", b"/Type /XObject /Subtype /Form /Resources << /XObject << /X 6 0 R >> >>"),
)
MANY_WORDS = a_pdf(
    CATALOG,
    b"<< /Type /Pages /Count 1 /Kids [5 0 R] >>",
    FONT,
    a_stream(b"BT /F1 10 Tf " + b"(nothing but words) Tj 0 -1 Td " * 300_000 + b"ET"),
    a_page(4),
)


@pytest.mark.parametrize(
    ("content", "states"),
    [
        (a_picture(), {"no_text"}),
        (protected("secret"), {"encrypted"}),
        (protected(""), {"read"}),  # protected against changes alone
        (b"%PDF-1.7\nnothing follows", {"broken"}),
        (a_picture("Invoice INV-1 of 2 March 2026")[:300], {"broken", "no_text"}),
        (b"%PDF-1.7" + bytes(21 * 1024 * 1024), {"too_much"}),
        (BOMB, {"broken", "too_much", "no_text"}),
        (OWN_CHILD, {"broken", "no_text"}),
        (DRAWS_ITSELF, {"broken", "too_much", "no_text"}),
        (MANY_WORDS, {"broken", "too_much", "read"}),
    ],
    ids=[
        "scan",
        "password",
        "no-password",
        "cut",
        "broken",
        "large",
        "bomb",
        "own-child",
        "draws-itself",
        "many-words",
    ],
)
def test_what_means_harm_is_only_a_word(content, states):
    began = time.monotonic()
    told = read_picture(content)
    assert told["state"] in states
    assert len(told["text"]) <= MOST_TEXT + MOST_PAGES
    assert time.monotonic() - began < 40


def test_only_the_first_pages_are_read():
    told = read_picture(a_picture("Invoice INV-1 of 2 March 2026", pages=MOST_PAGES + 5))
    assert (told["pages"], told["text"].count("INV-1")) == (25, 20)
