"""From a page to a PDF, by WeasyPrint in a process of its own.

Note [Child]: WeasyPrint loads Pango at import and can take the whole process down with it (no font on the
machine is a segmentation fault), and a long order takes seconds and 150 MB. So neither the web process nor a
worker ever imports it: they ask a child, which is given a time and reads nothing but our own static files.
"""

from __future__ import annotations

import mimetypes
import os
import re
import subprocess
import sys
import zlib
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.conf import settings

SECONDS = 60
# Our own typeface first and everywhere: a machine without any font renders all the same.
TYPEFACE = "static/vendor/inter-5.3.0/index.css"
BODY = 'html { font-family: "Inter Variable", "Inter", sans-serif; }'
OURS = "quayside.invalid"  # a name nobody has: addresses in the page are resolved against it
BASE = f"http://{OURS}/"
FOLDERS = "PDF_STATIC_FOLDERS"
TAGS = "PDF_TAGS"
ACCESSIBLE = "pdf/ua-1"
ARCHIVED = "pdf/a-3a"  # fonts and colours inside, and room for files: what Factur-X is made of


class PdfUnavailable(Exception):
    """This machine cannot make the PDF now; the sentence says why and what is left to do."""


def render_pdf(
    html: str, *, seconds: float = SECONDS, is_tagged: bool = True, variant: str = ACCESSIBLE
) -> bytes:
    """The page as a PDF. Its links to `/static/…` are read from our own folder; any other is refused.

    Tagged, a screen reader can read it out (PDF/UA, or `variant`); what is only stuck on cartons need not be.
    """
    if find_spec("weasyprint") is None:
        raise PdfUnavailable(
            "The package weasyprint is not installed. Print the page from the browser instead."
        )
    # -P: this folder's own modules must not stand in the way of the library's imports.
    command = [sys.executable, "-P", str(Path(__file__).resolve())]
    try:
        done = subprocess.run(
            command,
            input=html.encode(),
            capture_output=True,
            timeout=seconds,
            check=False,
            env=child_environment() | ({TAGS: variant} if is_tagged else {}),
        )
    except subprocess.TimeoutExpired as problem:
        raise PdfUnavailable(
            f"The PDF was not ready after {seconds} seconds. Try again, or print the page."
        ) from problem
    if done.returncode != 0 or not done.stdout.startswith(b"%PDF-"):
        raise PdfUnavailable(reason(done.returncode, done.stderr.decode(errors="replace")))
    return done.stdout


def child_environment() -> dict[str, str]:
    """What the child needs and no more: no database, no secret."""
    wanted = (
        "PATH",
        "HOME",
        "LANG",
        "TMPDIR",
        "LD_LIBRARY_PATH",
        "DYLD_FALLBACK_LIBRARY_PATH",
        "FONTCONFIG_FILE",
    )
    folders = [folder for folder in (*settings.STATICFILES_DIRS, settings.STATIC_ROOT) if folder]
    given = {name: os.environ[name] for name in wanted if name in os.environ}
    return given | {FOLDERS: os.pathsep.join(str(folder) for folder in folders)}


def reason(exit_code: int, errors: str) -> str:
    if "cannot load library" in errors or "cannot open shared object" in errors:
        return (
            "Pango is missing on this machine (Debian: apt-get install libpango-1.0-0 libpangoft2-1.0-0 "
            "libharfbuzz-subset0). Print the page from the browser instead."
        )
    last = errors.strip().splitlines()[-1] if errors.strip() else f"it ended with {exit_code}"
    return f"The PDF could not be made: {last}. Print the page from the browser instead."


# --- Several into one ---------------------------------------------------------------------------------------

HEADER = b"%PDF-1.7\n%\xf0\x9f\x96\xa4\n"
OBJECT = re.compile(rb"\n(\d+) 0 obj\n(.*?)(\nstream\n.*?\nendstream)?(?=\nendobj\n)", re.DOTALL)
REFERENCE = re.compile(rb"(?<![\w.])(\d+) 0 R\b")
TREE, CATALOG = re.compile(rb"/Type ?/Pages\b"), re.compile(rb"/Type ?/Catalog\b")
COUNT, LENGTH = re.compile(rb"/Count (\d+)"), re.compile(rb"/Length \d+")


def join_pdfs(parts: Sequence[bytes]) -> bytes:
    """The pages of PDFs that `render_pdf` made without tags, one after the other, compressed.

    The tree of pages of each hangs below a new root. Other writers' files need not be ready for that.
    """
    objects: list[bytes] = [b"", b""]  # the catalogue and the root, known last
    trees, pages = [], 0
    for part in parts:
        shift = len(objects)
        found = {int(number): (head, stream) for number, head, stream in OBJECT.findall(part)}
        for number in range(1, max(found) + 1):
            head, stream = found.get(number, (b"null", b""))
            head = _shifted(head, shift)
            if TREE.search(head) and (count := COUNT.search(head)):
                trees.append(shift + number)
                pages += int(count[1])
                head = head.rstrip().removesuffix(b">>") + b" /Parent 2 0 R>>"
            objects.append(b"null" if CATALOG.search(head) else _compressed(head, stream))
    objects[0] = b"<</Type /Catalog /Pages 2 0 R>>"
    kids = b" ".join(b"%d 0 R" % tree for tree in trees)
    objects[1] = b"<</Type /Pages /Kids [%s] /Count %d>>" % (kids, pages)
    return pdf_file(objects)


def _shifted(head: bytes, shift: int) -> bytes:
    return REFERENCE.sub(lambda match: b"%d 0 R" % (int(match[1]) + shift), head)


def _compressed(head: bytes, stream: bytes) -> bytes:
    if not stream or b"/Filter" in head:
        return head + stream
    content = zlib.compress(stream.removeprefix(b"\nstream\n").removesuffix(b"\nendstream"), level=6)
    head = LENGTH.sub(b"/Length %d /Filter /FlateDecode" % len(content), head, count=1)
    return head + b"\nstream\n" + content + b"\nendstream"


def pdf_file(objects: Sequence[bytes]) -> bytes:
    """A PDF of these objects, numbered from 1; the first is the catalogue."""
    written, offsets = bytearray(HEADER), []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(written))
        written += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start = len(written)
    written += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    written += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    written += b"trailer\n<</Size %d /Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(written)


# --- In the child -------------------------------------------------------------------------------------------


def file_of(url: str, folders: list[Path]) -> Path:
    """The file of ours that an address in the page means; raises for anything else."""
    parts = urlsplit(url)
    if parts.netloc == OURS and parts.path.startswith("/static/"):
        inside = unquote(parts.path).removeprefix("/static/")
        for folder in folders:
            path = (folder / inside).resolve()
            if path.is_relative_to(folder) and path.is_file():
                return path
    raise ValueError(f"{url} is not one of our static files")


def main() -> None:
    """Reads the page from standard input and writes the PDF to standard output."""
    from weasyprint import CSS, HTML  # noqa: PLC0415 -- see Note [Child]
    from weasyprint.text.fonts import FontConfiguration  # noqa: PLC0415 -- see Note [Child]
    from weasyprint.urls import URLFetcher, URLFetcherResponse  # noqa: PLC0415 -- see Note [Child]

    folders = [Path(folder).resolve() for folder in os.environ[FOLDERS].split(os.pathsep)]

    class OurFiles(URLFetcher):
        """Reads data: addresses and our static files; asks no network and no other folder."""

        def fetch(self, url: str, headers: dict[str, str] | None = None) -> URLFetcherResponse:
            if url.startswith("data:"):
                return super().fetch(url, headers)
            file = file_of(url, folders)
            kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
            return URLFetcherResponse(url, file.read_bytes(), {"Content-Type": kind})

    ours = OurFiles()
    page = HTML(string=sys.stdin.buffer.read().decode(), base_url=BASE, url_fetcher=ours)
    fonts = FontConfiguration()
    styles = [
        CSS(url=BASE + TYPEFACE, url_fetcher=ours, font_config=fonts),
        CSS(string=BODY, base_url=BASE, url_fetcher=ours, font_config=fonts),
    ]
    variant = os.environ.get(TAGS) or None  # without tags it is a piece to be joined: all objects in the open
    options = {"pdf_variant": variant, "uncompressed_pdf": variant is None}
    sys.stdout.buffer.write(page.write_pdf(stylesheets=styles, font_config=fonts, **options))


if __name__ == "__main__":
    main()
