"""PDFs as suppliers make them, and as nobody should: written by hand, object by object."""

import zlib
from collections.abc import Sequence


def a_pdf(*objects: bytes) -> bytes:
    """A PDF of these objects, numbered from 1; the first is its catalogue."""
    out = b"%PDF-1.7\n"
    places = []
    for number, one in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n" % number + one + b"\nendobj\n"
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, start)


def a_stream(content: bytes, more: bytes = b"") -> bytes:
    """A stream, packed."""
    packed = zlib.compress(content, 9)
    return (
        b"<< /Length %d /Filter /FlateDecode %s >>\nstream\n" % (len(packed), more) + packed + b"\nendstream"
    )


FONT = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
CATALOG = b"<< /Type /Catalog /Pages 2 0 R >>"


def a_page(content: int, more: bytes = b"") -> bytes:
    """A page whose content is the object of this number; its font is object 3."""
    return (
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R "
        b"/Resources << /Font << /F1 3 0 R >> %s >> >>" % (content, more)
    )


def a_picture(*rows: str | Sequence[str], pages: int = 1) -> bytes:
    """A PDF with these rows, each a text or several that stand in columns; the same on each of its pages."""
    written = b"BT /F1 10 Tf\n"
    for number, row in enumerate(rows):
        for place, text in enumerate([row] if isinstance(row, str) else row):
            said = text.encode("cp1252").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
            written += b"1 0 0 1 %d %d Tm (%s) Tj\n" % (40 + 180 * place, 800 - 16 * number, said)
    written += b"ET"
    kids = b" ".join(b"%d 0 R" % (5 + number) for number in range(pages))
    tree = b"<< /Type /Pages /Count %d /Kids [%s] >>" % (pages, kids)
    return a_pdf(CATALOG, tree, FONT, a_stream(written), *[a_page(4)] * pages)
