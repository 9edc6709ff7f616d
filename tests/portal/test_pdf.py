"""PDFs are made in a child that reads our own static files and nothing else."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from portal.embedded.native import LIBRARIES, loads
from portal.kernel import pdf

pytestmark = pytest.mark.slow

pango = pytest.mark.skipif(not all(map(loads, LIBRARIES)), reason="Pango is not installed on this machine")
DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
PAGE = '<html lang="en"><head><title>Order 4711</title></head><body><h1>Grüße aus Łódź</h1>{}</body></html>'


def unpacked(made: bytes) -> bytes:
    """The file with its compressed parts readable."""
    parts = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", made, re.DOTALL)
    return made + b"".join(zlib.decompress(part) for part in parts if part[:1] == b"x")


@pango
def test_a_page_becomes_a_tagged_pdf_in_our_own_typeface(tmp_path):
    made = pdf.render_pdf(PAGE.format(""))

    assert made.startswith(b"%PDF-")
    assert b"Inter-Variable" in unpacked(made)
    assert b"/MarkInfo" in unpacked(made)
    if shutil.which("pdftotext"):
        (tmp_path / "it.pdf").write_bytes(made)
        text = subprocess.run(
            ["pdftotext", tmp_path / "it.pdf", "-"], capture_output=True, text=True, check=True
        )
        assert text.stdout.split() == ["Grüße", "aus", "Łódź"]


@pango
def test_style_sheets_of_ours_are_read():
    hidden = PAGE.format("").replace("<head>", '<head><link rel="stylesheet" href="/static/css/print.css">')

    assert pdf.render_pdf(hidden).startswith(b"%PDF-")


@pango
def test_a_stranger_file_or_host_in_the_page_is_left_out():
    strangers = '<img src="file:///etc/hostname" alt=""><img src="http://10.255.255.1/x.png" alt="">'

    ours = f'<img src="data:image/png;base64,{DOT}" alt="">'

    def images_in(body: str) -> int:
        return unpacked(pdf.render_pdf(PAGE.format(body))).count(b"/Subtype /Image")

    assert images_in(strangers) == 0
    assert images_in(strangers + ours) == images_in(ours) > 0


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "http://10.0.0.1/static/css/print.css",
        "http://quayside.invalid/etc/passwd",
        "http://quayside.invalid/static/../manage.py",
        "http://quayside.invalid/static/%2e%2e/manage.py",
        "http://quayside.invalid/static//etc/passwd",
    ],
)
def test_only_our_static_files_are_files(settings, url):
    with pytest.raises(ValueError, match="is not one of our static files"):
        pdf.file_of(url, [Path(settings.BASE_DIR) / "static"])


def test_a_static_file_is_found_in_any_of_its_folders(tmp_path, settings):
    (tmp_path / "collected.css").write_text("p {}")
    folders = [Path(settings.BASE_DIR) / "static", tmp_path]

    assert pdf.file_of("http://quayside.invalid/static/collected.css", folders) == tmp_path / "collected.css"


def test_a_machine_without_pango_gets_a_sentence(monkeypatch):
    errors = "OSError: cannot load library 'libgobject-2.0-0': error 0x7e"
    fail = f"import sys; sys.stderr.write({errors!r}); sys.exit(1)"
    run = subprocess.run
    monkeypatch.setattr(
        pdf.subprocess, "run", lambda command, **more: run([sys.executable, "-c", fail], **more)
    )

    with pytest.raises(pdf.PdfUnavailable, match=r"Pango is missing on this machine .*Print the page"):
        pdf.render_pdf(PAGE)


def test_a_child_that_crashes_takes_nobody_with_it(monkeypatch):
    crash = "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"
    run = subprocess.run
    monkeypatch.setattr(
        pdf.subprocess, "run", lambda command, **more: run([sys.executable, "-c", crash], **more)
    )

    with pytest.raises(pdf.PdfUnavailable, match="it ended with -11"):
        pdf.render_pdf(PAGE)


def test_a_child_that_takes_too_long_is_ended():
    with pytest.raises(pdf.PdfUnavailable, match=r"not ready after 0\.01 seconds"):
        pdf.render_pdf(PAGE, seconds=0.01)


def test_the_child_knows_no_secret(monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "hunter2")
    monkeypatch.setenv("DATABASE_URL", "postgresql://x")

    assert set(pdf.child_environment()) & {"SECRET_KEY", "DATABASE_URL"} == set()
