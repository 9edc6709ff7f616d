"""Labels drawn straight into a PDF: a thousand a second, where the typesetter makes thirty.

Note [Drawing]: the layout says where each line of type and each bar lies, so nothing is left for a typesetter but
letters, and letters of our own typeface are its glyphs one after the other. Where a text has others (Chinese, Greek,
Arabic), they must be found and shaped: then the typesetter does it, in `printing`.
"""

import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO

from django.conf import settings
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

from portal.kernel.pdf import pdf_file
from procurement.labels.code128 import bars
from procurement.labels.layout import LEADING, Bars, Part, Rule, Text
from procurement.labels.stock import INCH

POINT = 72 / INCH  # points to the millimetre
FOLDER = "static/vendor/inter-5.3.0/files"
FILES = ("inter-latin-wght-normal.woff2", "inter-latin-ext-wght-normal.woff2")
REGULAR, BOLD = 400, 700
NOT_DRAWN = (
    "GSUB",
    "GPOS",
    "GDEF",
    "STAT",
    "MVAR",
    "HVAR",
)  # shaping and names of weights: nothing a glyph needs
EM = 1000
QUIET_GREY = "0.2 g"
BLACK = "0 g"


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """One file of our typeface at one weight: its glyphs by letter, their widths, and the font as PDF embeds it."""

    name: str
    weight: int
    glyphs: dict[int, int]
    widths: tuple[int, ...]
    ascent: float
    descent: float
    box: tuple[int, ...]
    program: bytes


@dataclass(frozen=True, slots=True)
class Placed:
    """A label's parts, and where on its page the label lies (millimetres from the upper left)."""

    left: float
    top: float
    parts: tuple[Part, ...]


@lru_cache(maxsize=8)
def face(file: str, weight: int) -> Face:
    """A face, read and set to its weight once in the life of the process."""
    with TTFont(settings.BASE_DIR / FOLDER / file) as font:
        for table in NOT_DRAWN:
            if table in font:
                del font[table]
        instantiateVariableFont(font, {"wght": weight}, inplace=True)
        font.flavor = None
        written = BytesIO()
        font.save(written)
        scale = EM / font["head"].unitsPerEm
        head, lines, advances = font["head"], font["hhea"], font["hmtx"]
        return Face(
            name=f"Inter{weight}{'' if file == FILES[0] else 'Ext'}",
            weight=weight,
            glyphs={code: font.getGlyphID(name) for code, name in font.getBestCmap().items()},
            widths=tuple(round(advances[name][0] * scale) for name in font.getGlyphOrder()),
            ascent=lines.ascent * scale / EM,
            descent=-lines.descent * scale / EM,
            box=tuple(round(edge * scale) for edge in (head.xMin, head.yMin, head.xMax, head.yMax)),
            program=written.getvalue(),
        )


@lru_cache(maxsize=8)
def letters(file: str) -> frozenset[int]:
    """The letters of one file of the typeface."""
    with TTFont(settings.BASE_DIR / FOLDER / file, lazy=True) as font:
        return frozenset(font.getBestCmap())


def can_draw(parts: Iterable[Part]) -> bool:
    """Whether our typeface has every letter of a label."""
    return all(_known(line) for part in parts if isinstance(part, Text) for line in part.lines)


@lru_cache(maxsize=16384)
def _known(line: str) -> bool:
    return all(any(ord(sign) in letters(file) for file in FILES) for sign in line)


def _face_of(sign: str, weight: int) -> Face:
    return face(next(file for file in FILES if ord(sign) in letters(file)), weight)


def draw_pages(pages: Sequence[Sequence[Placed]], width: float, height: float) -> bytes:
    """The pages as a PDF; all of one size, in millimetres. The faces that they use are embedded."""
    used: dict[str, Face] = {}
    contents = [
        zlib.compress("\n".join(_page(page, height, used)).encode("ascii"), level=6) for page in pages
    ]
    first_page = 4 + len(used) * FONT_OBJECTS
    resources = " ".join(f"/{name} {4 + place * FONT_OBJECTS} 0 R" for place, name in enumerate(used))
    kids = " ".join(f"{first_page + 2 * place} 0 R" for place in range(len(pages)))
    objects = [
        b"<</Type /Catalog /Pages 2 0 R>>",
        f"<</Type /Pages /Kids [{kids}] /Count {len(pages)}>>".encode(),
        f"<</Font <<{resources}>>>>".encode(),
    ]
    for one in used.values():
        objects.extend(_font_objects(one, first=len(objects) + 1))
    for content in contents:
        objects.append(
            f"<</Type /Page /Parent 2 0 R /MediaBox [0 0 {width * POINT:.3f} {height * POINT:.3f}] "
            f"/Resources 3 0 R /Contents {len(objects) + 2} 0 R>>".encode()
        )
        objects.append(_stream(content, "/Filter /FlateDecode"))
    return pdf_file(objects)


# --- Marks on a page ----------------------------------------------------------------------------------------


def _page(page: Sequence[Placed], height: float, used: dict[str, Face]) -> Iterator[str]:
    for placed in page:
        for part in placed.parts:
            x, y = placed.left + part.x, height - placed.top - part.y
            if isinstance(part, Text):
                yield from _text(part, x, y, used)
            elif isinstance(part, Rule):
                yield f"{BLACK} {_box(x, y - part.height, part.width, part.height)} f"
            else:
                yield from _bars(part, x, y)


def _bars(part: Bars, x: float, y: float) -> Iterator[str]:
    yield BLACK
    for at, wide in bars(part.values):
        yield _box(x + at * part.module, y - part.height, wide * part.module, part.height)
    yield "f"


def _box(x: float, y: float, width: float, height: float) -> str:
    return f"{x * POINT:.3f} {y * POINT:.3f} {width * POINT:.3f} {height * POINT:.3f} re"


def _text(part: Text, x: float, y: float, used: dict[str, Face]) -> Iterator[str]:
    weight = BOLD if part.is_bold else REGULAR
    first = face(FILES[0], weight)
    baseline = part.size * ((LEADING - first.ascent - first.descent) / 2 + first.ascent)
    yield QUIET_GREY if part.is_quiet else BLACK
    for number, line in enumerate(part.lines):
        below = y - baseline - number * part.size * LEADING
        runs = _runs(line, weight)
        used.update((one.name, one) for one, _glyphs in runs)
        shown = " ".join(f"/{one.name} {part.size * POINT:.3f} Tf <{glyphs}> Tj" for one, glyphs in runs)
        yield f"BT {x * POINT:.3f} {below * POINT:.3f} Td {shown} ET"


@lru_cache(maxsize=16384)
def _runs(line: str, weight: int) -> tuple[tuple[Face, str], ...]:
    """The line as runs of glyphs of one face each, in hexadecimal."""
    runs: list[tuple[Face, str]] = []
    for sign in line:
        one = _face_of(sign, weight)
        glyph = f"{one.glyphs[ord(sign)]:04X}"
        if runs and runs[-1][0] is one:
            runs[-1] = (one, runs[-1][1] + glyph)
        else:
            runs.append((one, glyph))
    return tuple(runs)


# --- The typeface in the file -------------------------------------------------------------------------------

FONT_OBJECTS = 5


@lru_cache(maxsize=16)
def _compressed(program: bytes) -> bytes:
    return zlib.compress(program, level=9)


def _font_objects(one: Face, *, first: int) -> list[bytes]:
    """The five objects of a face: font, glyphs, their description, the program, and what to copy as text."""
    box = " ".join(map(str, one.box))
    ascent, descent = round(one.ascent * EM), round(one.descent * EM)
    return [
        f"<</Type /Font /Subtype /Type0 /BaseFont /{one.name} /Encoding /Identity-H "
        f"/DescendantFonts [{first + 1} 0 R] /ToUnicode {first + 4} 0 R>>".encode(),
        f"<</Type /Font /Subtype /CIDFontType2 /BaseFont /{one.name} /CIDToGIDMap /Identity "
        f"/CIDSystemInfo <</Registry (Adobe) /Ordering (Identity) /Supplement 0>> "
        f"/FontDescriptor {first + 2} 0 R /W [0 [{' '.join(map(str, one.widths))}]]>>".encode(),
        f"<</Type /FontDescriptor /FontName /{one.name} /Flags 4 /FontBBox [{box}] /ItalicAngle 0 "
        f"/Ascent {ascent} /Descent -{descent} /CapHeight {ascent} /StemV {one.weight // 5} "
        f"/FontFile2 {first + 3} 0 R>>".encode(),
        _stream(_compressed(one.program), f"/Filter /FlateDecode /Length1 {len(one.program)}"),
        _stream(_to_unicode(one).encode("ascii"), ""),
    ]


def _to_unicode(one: Face) -> str:
    """Which letter each glyph is, so that what is printed can be searched and copied."""
    pairs = sorted({glyph: code for code, glyph in sorted(one.glyphs.items(), reverse=True)}.items())
    blocks = [pairs[start : start + 100] for start in range(0, len(pairs), 100)]
    mapped = "\n".join(
        f"{len(block)} beginbfchar\n"
        + "\n".join(f"<{glyph:04X}> <{chr(code).encode('utf-16-be').hex().upper()}>" for glyph, code in block)
        + "\nendbfchar"
        for block in blocks
    )
    return (
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CMapName /Ours def\n/CMapType 2 def\n"
        "1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n"
        f"{mapped}\nendcmap\nCMapName currentdict /CMap defineresource pop\nend\nend"
    )


def _stream(content: bytes, more: str) -> bytes:
    return f"<</Length {len(content)} {more}>>\nstream\n".encode() + content + b"\nendstream"
