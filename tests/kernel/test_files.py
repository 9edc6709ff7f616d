"""Which files are taken: a name is a claim, the bytes decide, and one file is one thing."""

import io
import zipfile

import pytest

from portal.kernel.files import (
    LARGEST_UNPACKED,
    PAGES,
    as_download,
    as_picture,
    content_type_of,
    is_two_things,
    problem_with,
    safe_name,
)
from tests.builders.documents import PDF, a_picture


def zipped(*names: str, content: bytes = b"x") -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, content)
    return made.getvalue()


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!DOCTYPE html><html><script>alert(1)</script></html>"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.pdf", b"MZ\x90\x00" + PDF),  # a program in front
        ("a.pdf", HTML + PDF),  # a page in front: a reader of PDF would still find one
        ("a.pdf", PDF[:9] + HTML + PDF[9:]),  # a page in its first bytes
        ("a.pdf", PDF + zipped("evil.js")),  # an archive behind, which Java and unzip read
        ("a.pdf", zipped("a.txt") + PDF),
        ("a.png", a_picture("PNG") + zipped("META-INF/MANIFEST.MF")),
        ("a.png", SVG),
        ("a.jpg", b"\xff\xd8\xff\xe0<?php system('id') ?>"),
        ("a.jpg", a_picture("JPEG") + zipped("a.class")),
        ("a.svg", SVG),
        ("a.html", HTML),
        ("a.pdf.exe", b"MZ\x90\x00"),
        ("a.pdf", zipped("[Content_Types].xml", "word/document.xml")),
        ("a.pdf", b""),
        ("pdf", PDF),
        ("a.docx", zipped("[Content_Types].xml", "word/document.xml")),  # fine elsewhere; no proof
    ],
)
def test_what_is_two_things_or_another_thing_is_no_paper(name, content):
    assert problem_with(name, content, kinds=PAGES)


def test_papers_and_pictures_are_taken():
    jpeg = a_picture("JPEG")
    found = [problem_with(name, content, kinds=PAGES) for name, content in (("a.pdf", PDF), ("b.JPG", jpeg))]

    assert found == ["", ""]
    assert (content_type_of("c.png", a_picture()), is_two_things(PDF)) == ("image/png", False)


def test_an_office_file_that_unpacks_to_more_than_anybody_writes_is_refused():
    bomb = zipped("[Content_Types].xml", "xl/workbook.xml", content=b"\0" * 1_000_000)
    small = bytearray(bomb)
    # Its own directory says how much it unpacks to: the second entry claims more than is allowed.
    entry = small.rindex(b"PK\x01\x02")
    small[entry + 24 : entry + 28] = (LARGEST_UNPACKED + 1).to_bytes(4, "little")

    assert content_type_of("a.xlsx", bomb) is not None
    assert content_type_of("a.xlsx", bytes(small)) is None


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("C:\\Users\\me\\iso.pdf", "iso.pdf"),
        ("iso\u202efdp.exe", "isofdp.exe"),  # would show as isoexe.pdf
        ("\u2066iso\u2069.pdf\r\nSet-Cookie: x", "iso.pdfSet-Cookie_ x"),
        ("invoice.pdf .exe", "invoice.pdf.exe"),
        ("a\0b.pdf", "ab.pdf"),
        ("x" * 300 + ".pdf", "x" * 116 + ".pdf"),
        ("....pdf", "pdf"),  # no name and no ending: refused
    ],
)
def test_names_lose_their_folders_and_their_tricks(typed, kept):
    assert safe_name(typed) == kept


def test_what_is_served_is_saved_not_guessed_at_and_runs_nothing():
    saved, shown = as_download(b"x", 'ü"\r\n.pdf', "application/pdf"), as_picture(b"x", "image/png")

    for response in (saved, shown):
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'; sandbox"
    assert saved["Content-Disposition"] == "attachment; filename*=utf-8''%C3%BC%22%0D%0A.pdf"
    assert shown["Content-Disposition"] == "inline"
