"""Labels as PDF: one to a page of its own size, or several on a sheet.

Note [Batches]: what our typeface cannot write is set by the typesetter, which takes some 40 ms and 0.8 MB for each
label. So it is given batches, as many at a time as there are processors, each in a child of its own that ends and gives
its memory back, and the pieces are joined. Everything stands where the layout put it: no flow is worked out.
"""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

from portal.kernel.pdf import join_pdfs, render_pdf
from procurement.labels.barcodes import bars_svg
from procurement.labels.drawing import Placed, can_draw, draw_pages
from procurement.labels.layout import LEADING, Bars, Part, Rule, arrange
from procurement.labels.papers import Label
from procurement.labels.stock import Sheet, Stock

BATCH = 120
SECONDS_A_BATCH = 120
STYLE = (
    "body,p{margin:0}"
    f"body{{color:#000;line-height:{LEADING}}}"
    ".page{position:relative;break-after:page}"
    ".page:last-child{break-after:auto}"
    "p,svg,hr,.l{position:absolute;white-space:nowrap;overflow:hidden}"
    "hr{margin:0;border:0;background:#000}"
    ".b{font-weight:700}"
    ".q{color:#333}"
)


def labels_pdf(labels: Sequence[Label], stock: Stock) -> bytes:
    """Each label on a page of its own. Raises `DoesNotFit` and `PdfUnavailable`."""
    return _print(labels, Sheet(stock.name, stock.width, stock.height, stock, columns=1, rows=1), skip=0)


def label_sheets_pdf(labels: Sequence[Label], sheet: Sheet, *, skip: int = 0) -> bytes:
    """The labels on sheets. So many places of the first are left empty, where it was begun already.

    Raises `DoesNotFit` and `PdfUnavailable`.
    """
    return _print(labels, sheet, skip=skip % sheet.places)


def takes_long(labels: Sequence[Label], stock: Stock) -> bool:
    """Whether the typesetter must set one of these labels: see Note [Batches]. Raises `DoesNotFit`."""
    return not all(can_draw(arrange(label, stock)) for label in labels)


def labels_html(pages: Sequence[Sequence[Placed]], sheet: Sheet, language: str = "en") -> SafeString:
    """The pages for the typesetter: see Note [Batches]."""
    styles = _Styles()
    body = "".join(
        f'<div class="page">{"".join(_label(placed, styles) for placed in page)}</div>' for page in pages
    )
    size = f"width:{sheet.width:.2f}mm;height:{sheet.height:.2f}mm"
    label_size = f"width:{sheet.stock.width:.2f}mm;height:{sheet.stock.height:.2f}mm"
    head = (
        f"@page{{size:{sheet.width:.2f}mm {sheet.height:.2f}mm;margin:0}}"
        f"{STYLE}.page{{{size}}}.l{{{label_size}}}{styles.sheet()}"
    )
    return mark_safe(  # noqa: S308 -- every word is escaped in _part
        f'<!doctype html><html lang="{conditional_escape(language)}"><head><meta charset="utf-8"><title>GS1</title>'
        f"<style>{head}</style></head><body>{body}</body></html>"
    )


# --- Pieces -------------------------------------------------------------------------------------------------


class _Styles:
    """One class for each place and size of type: labels of one shape share all of theirs."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def name(self, declarations: str) -> str:
        return self._names.setdefault(declarations, f"c{len(self._names)}")

    def sheet(self) -> str:
        return "".join(f".{name}{{{declarations}}}" for declarations, name in self._names.items())


def _label(placed: Placed, styles: _Styles) -> str:
    box = styles.name(f"left:{placed.left:.2f}mm;top:{placed.top:.2f}mm")
    return f'<div class="l {box}">{"".join(_part(part, styles) for part in placed.parts)}</div>'


def _part(part: Part, styles: _Styles) -> str:
    where = f"left:{part.x:.2f}mm;top:{part.y:.2f}mm"
    if isinstance(part, Bars):
        # Three decimals: a bar may not be rounded.
        size = f"left:{part.x:.3f}mm;top:{part.y:.3f}mm;width:{part.width:.3f}mm;height:{part.height:.3f}mm"
        return bars_svg(part.values, styles.name(size))
    if isinstance(part, Rule):
        return f'<hr class="{styles.name(f"{where};width:{part.width:.2f}mm;height:{part.height:.2f}mm")}">'
    looks = styles.name(f"{where};width:{part.width:.2f}mm;font-size:{part.size:.2f}mm")
    looks += (" b" if part.is_bold else "") + (" q" if part.is_quiet else "")
    return f'<p class="{looks}">{"<br>".join(map(conditional_escape, part.lines))}</p>'


def _print(labels: Sequence[Label], sheet: Sheet, *, skip: int) -> bytes:
    if not labels:
        raise ValueError("There is no label to print.")
    pages: list[list[Placed]] = []
    for number, label in enumerate(labels, start=skip):
        place = number % sheet.places
        if place == 0 or not pages:
            pages.append([])
        pages[-1].append(Placed(*sheet.place(place), arrange(label, sheet.stock)))
    if all(can_draw(placed.parts) for page in pages for placed in page):
        return draw_pages(pages, sheet.width, sheet.height)
    return _typeset(pages, sheet, labels[0].language)


def _typeset(pages: Sequence[Sequence[Placed]], sheet: Sheet, language: str) -> bytes:
    step = max(1, BATCH // sheet.places)
    batches = [
        labels_html(pages[start : start + step], sheet, language) for start in range(0, len(pages), step)
    ]
    with ThreadPoolExecutor(max_workers=min(len(batches), os.cpu_count() or 1)) as pool:
        return join_pdfs(list(pool.map(_render, batches)))


def _render(html: SafeString) -> bytes:
    return render_pdf(html, seconds=SECONDS_A_BATCH, is_tagged=False)
