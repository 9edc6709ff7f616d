"""Files that mean harm, and files that are merely broken: each gets a sentence, and nothing else happens."""

import time
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from procurement.einvoices import parsing
from procurement.einvoices.reading import read
from procurement.einvoices.writing import write_cii, write_ubl
from tests.builders.einvoices import an_einvoice

UBL = write_ubl(an_einvoice())
HEAD, _mark, BODY = UBL.partition(b"?>")
SECRET = "quayside-secret-of-the-server"


def with_doctype(inside: str, body: bytes = BODY) -> bytes:
    """The invoice with a DTD before it."""
    return HEAD + b"?>\n<!DOCTYPE Invoice [" + inside.encode() + b"]>" + body


LAUGHS = "".join(f'<!ENTITY l{one} "{"".join(f"&l{one - 1};" for _ in range(10))}">' for one in range(1, 12))
NUMBER = b"<cbc:ID>INV-0042</cbc:ID>"


@pytest.mark.parametrize(
    "content",
    [
        with_doctype('<!ENTITY l0 "ha">' + LAUGHS, BODY.replace(NUMBER, b"<cbc:ID>&l11;</cbc:ID>")),
        with_doctype(
            '<!ENTITY x SYSTEM "file:///etc/hostname">', BODY.replace(NUMBER, b"<cbc:ID>&x;</cbc:ID>")
        ),
        with_doctype(
            '<!ENTITY x SYSTEM "http://127.0.0.1:9/x">', BODY.replace(NUMBER, b"<cbc:ID>&x;</cbc:ID>")
        ),
        with_doctype('<!ENTITY % p SYSTEM "http://127.0.0.1:9/p.dtd"> %p;'),
        with_doctype('<!ATTLIST Invoice x CDATA "y">'),
        HEAD + b'?>\n<!DOCTYPE Invoice SYSTEM "http://127.0.0.1:9/x.dtd">' + BODY,
    ],
    ids=["billion laughs", "local file", "network", "parameter entity", "default attribute", "external DTD"],
)
def test_a_dtd_is_refused_before_anything_of_it_is_read(content):
    began = time.monotonic()
    reading = read(content)
    assert reading.invoice is None
    assert [one.message for one in reading.problems] == [
        "This XML file has a DTD, which invoices never have, so it is not read."
    ]
    assert time.monotonic() - began < 20


def test_nothing_is_included_and_no_stylesheet_is_run(tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text(SECRET)
    include = (
        f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{secret.as_uri()}" parse="text"/>'
    )
    style = f'<?xml-stylesheet type="text/xsl" href="{secret.as_uri()}"?>'
    content = HEAD + b"?>\n" + style.encode() + BODY.replace(NUMBER, f"<cbc:ID>{include}</cbc:ID>".encode())
    reading = read(content)
    assert reading.invoice is not None
    assert reading.invoice.number is None
    assert SECRET not in repr(reading)
    assert "BR-02" in [one.rule for one in reading.problems]


NEITHER = "This is neither an XML invoice (UBL or CII) nor a PDF that carries one."
BROKEN = "This XML file is broken: %s. Export it again from your accounting program."
TOO_MUCH = "This file holds far more than an invoice does, so it is not read to its end."
TOO_LARGE = "This file is larger than 20 MB, so it is not opened. Send attachments separately."


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"  \n", "This file is empty."),
        (b"Dear all, see attached", NEITHER),
        (b"PK\x03\x04" + bytes(99), NEITHER),
        (b"<a" * 60 + b">", BROKEN % "not well-formed (invalid token)"),
        (UBL[:-40], BROKEN % "unclosed token"),
        (b"<Order/>", "This XML file is a “Order”, not an invoice or credit note in UBL 2.1 or CII."),
        (b"<a>" * 41 + b"</a>" * 41, TOO_MUCH),
        (b"<a>" + b"<b/>" * 600_001 + b"</a>", TOO_MUCH),
        (b"%PDF-1.7\nnothing follows", "This PDF is damaged. Export it again from your accounting program."),
        (b"<a>" + b" " * (20 * 1024 * 1024) + b"</a>", TOO_LARGE),
    ],
    ids=["empty", "words", "zip", "names", "cut off", "an order", "deep", "many", "broken PDF", "large"],
)
def test_what_is_no_invoice_gets_a_sentence(content, expected):
    reading = read(content)
    assert reading.invoice is None
    assert [one.message for one in reading.problems] == [expected]


def a_pdf(*files: tuple[str, bytes]) -> bytes:
    """A PDF of one empty page that carries these files."""
    import io

    from pypdf import PdfWriter

    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    for name, content in files:
        writer.add_attachment(name, content)
    written = io.BytesIO()
    writer.write(written)
    return written.getvalue()


def test_a_pdf_gives_its_invoice_and_no_more():
    reading = read(
        a_pdf(
            ("photo.jpg", b"\xff\xd8"), ("other.xml", b"<Order/>"), ("factur-x.xml", write_cii(an_einvoice()))
        )
    )
    assert (reading.format, reading.invoice) == ("factur-x", an_einvoice())
    assert reading.xml.encode() == write_cii(an_einvoice())


def test_pdfs_without_an_invoice_or_with_too_much_get_a_sentence():
    plain = read(a_pdf(("photo.jpg", b"\xff\xd8")))
    (problem,) = plain.problems
    assert problem.message == (
        "This PDF carries no invoice that a program can read. Export it as Factur-X, UBL or CII; or type it, "
        "and this PDF goes along as its picture."
    )
    many = read(a_pdf(*((f"{number}.txt", b"x") for number in range(51))))
    assert [one.message for one in many.problems] == [
        "This PDF carries more than 50 files, so it is not read."
    ]


def test_an_attachment_that_unfolds_without_end_is_not_unfolded():
    pdf = a_pdf(("factur-x.xml", b"<a>" + b" " * 400 + b"</a>"))
    stream = zlib.compress(b"<a>" + b" " * (300 * 1024 * 1024), 9)
    before, rest = pdf.split(b"stream\n", 1)
    _old, after = rest.split(b"\nendstream", 1)
    head, found, tail = before.rpartition(b"/Length ")
    number = tail.split(b"\n", 1)[0].split(b" ", 1)[0]
    before = head + found + str(len(stream)).encode() + b"\n/Filter /FlateDecode" + tail[len(number) :]
    began = time.monotonic()
    reading = read(before + b"stream\n" + stream + b"\nendstream" + after)
    assert reading.invoice is None
    assert time.monotonic() - began < 30


# --- Fuzzing: a bounded run ----------------------------------------------------------------------------------


def parsed_or_refused(content: bytes) -> str:
    """What the file is, or why it is not read; any other end is a fault of ours."""
    try:
        return str(parsing.parsed(content)["kind"])
    except parsing.NotRead as refused:
        return refused.key


places = st.lists(st.tuples(st.integers(0, len(UBL) - 1), st.binary(max_size=6)), min_size=1, max_size=8)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(places, st.booleans())
def test_no_damage_makes_the_parser_fall_over(damage, is_cii):
    content = bytearray(write_cii(an_einvoice()) if is_cii else UBL)
    for place, bytes_ in damage:
        content[place % len(content) : place % len(content) + len(bytes_)] = bytes_
    assert parsed_or_refused(bytes(content))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=300), st.integers(0, 2000), st.integers(0, 40))
def test_no_damage_to_a_pdf_does_either(noise, place, cut):
    content = bytearray(a_pdf(("factur-x.xml", b"<Order/>")))
    content[place % len(content) : place % len(content) + cut] = noise
    assert parsed_or_refused(bytes(content))
