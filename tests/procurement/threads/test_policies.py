"""Which files may hang on an order."""

import io
import zipfile

import pytest

from procurement.threads.policies import (
    LARGEST_FILE,
    Stored,
    content_type_of,
    problem_with,
    problem_with_room,
    safe_name,
)

PDF = b"%PDF-1.7\n..."
PNG = b"\x89PNG\r\n\x1a\n...."


def office(*names: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in ("[Content_Types].xml", *names):
            archive.writestr(name, "<xml/>")
    return made.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("drawing.pdf", PDF, "application/pdf"),
        ("photo.PNG", PNG, "image/png"),
        ("photo.jpg", b"\xff\xd8\xff\xe0..", "image/jpeg"),
        ("photo.jpeg", b"\xff\xd8\xff\xe0..", "image/jpeg"),
        (
            "prices.xlsx",
            office("xl/workbook.xml"),
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ),
        (
            "letter.docx",
            office("word/document.xml"),
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
        ("lines.csv", b"line;quantity\n10;300\n", "text/csv"),
        ("umlaut.csv", "Stück\n".encode("cp1252"), "text/csv"),
        ("excel.txt", "Stück\n".encode("utf-16"), "text/plain"),
    ],
)
def test_a_file_that_is_what_its_name_says_is_taken(name, content, expected):
    assert content_type_of(name, content) == expected
    assert problem_with(name, content) == ""


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("drawing.pdf", b"MZ\x90\x00"),
        ("drawing.pdf", b"<html><script>"),
        ("photo.png", PDF),
        ("photo.jpg", PNG),
        ("archive.zip", office("xl/workbook.xml")),
        ("prices.xlsx", office("word/document.xml")),
        ("prices.xlsx", office("xl/workbook.xml", "xl/vbaProject.bin")),
        ("prices.xlsx", b"PK\x03\x04 not an archive"),
        ("prices.xlsx", b"a;b\n"),
        ("lines.csv", b"\x7fELF\x02\x01"),
        ("lines.txt", PDF),
        ("lines.txt", b"text\x00with zero"),
        ("page.html", b"<html></html>"),
        ("picture.svg", b"<svg onload='x'/>"),
        ("no ending", b"text"),
        ("invoice.pdf.exe", PDF),
        ("prices.xlsm", office("xl/workbook.xml")),
    ],
)
def test_a_file_of_another_kind_is_refused_with_a_way_out(name, content):
    problem = problem_with(name, content)

    assert name in problem
    assert "PDF, PNG, JPG, XLSX, DOCX, CSV, TXT" in problem


def test_an_empty_and_a_too_large_file_are_refused():
    assert "is empty" in problem_with("drawing.pdf", b"")
    assert "10 MB" in problem_with("drawing.pdf", b"%PDF-" + b"x" * LARGEST_FILE)
    assert problem_with("drawing.pdf", b"%PDF-" + b"x" * (LARGEST_FILE - 5)) == ""


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("drawing.pdf", "drawing.pdf"),
        ("..\\..\\windows\\evil.pdf", "evil.pdf"),
        ("/etc/passwd.txt", "passwd.txt"),
        ('a"b<c>:d.pdf', "a_b_c__d.pdf"),
        ("two\nlines\r.pdf", "twolines.pdf"),
        ("photo\u202egpj.pdf", "photogpj.pdf"),
        ("Zeichnung Ventil Größe 3.pdf", "Zeichnung Ventil Größe 3.pdf"),
        ("阀门.pdf", "阀门.pdf"),
        ("..pdf", "pdf"),
        ("", "file"),
        ("x" * 300 + ".pdf", "x" * 116 + ".pdf"),
    ],
)
def test_a_name_keeps_its_words_and_loses_what_is_dangerous(name, expected):
    assert safe_name(name) == expected


MB = 1024 * 1024


@pytest.mark.parametrize(
    ("is_supplier", "on_order", "of_day", "said"),
    [
        (True, 198, Stored(298, 490 * MB), ""),
        (True, 199, Stored(), "room for 200 files"),
        (True, 0, Stored(299, 0), "At most 300 files"),
        (True, 0, Stored(0, 491 * MB), "At most 500 MB"),
        (False, 200, Stored(5000, 5000 * MB), ""),
        (False, 249, Stored(), "room for 250 files"),
    ],
)
def test_an_order_and_a_suppliers_day_have_room_for_so_much(is_supplier, on_order, of_day, said):
    problem = problem_with_room([5 * MB, 5 * MB], on_order=on_order, of_day=of_day, is_supplier=is_supplier)

    assert (said in problem, bool(problem)) == (True, bool(said))
