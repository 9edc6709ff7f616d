"""Labels as PDF: one to a page of its own size, or several on a sheet.

Note [Batches]: the typesetter takes some 30 ms and 0.8 MB for each label. So labels are set in batches, as many at a time
as there are processors, each in a child of its own that ends and gives its memory back, and the pieces are joined.
Everything stands where the layout put it: nothing is left to a flow that would have to be worked out for each label.
"""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

from portal.kernel.pdf import join_pdfs, render_pdf
from procurement.labels.barcodes import bars_svg
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


def labels_html(labels: Sequence[Label], sheet: Sheet, *, skip: int = 0) -> SafeString:
    """The pages that the PDF is made of."""
    styles = _Styles()
    pages: list[list[str]] = []
    for number, label in enumerate(labels, start=skip):
        place = number % sheet.places
        if place == 0 or not pages:
            pages.append([])
        left, top = sheet.place(place)
        box = styles.name(f"left:{left:.2f}mm;top:{top:.2f}mm")
        parts = "".join(_part(part, styles) for part in arrange(label, sheet.stock))
        pages[-1].append(f'<div class="l {box}">{parts}</div>')
    body = "".join(f'<div class="page">{"".join(page)}</div>' for page in pages)
    size = f"width:{sheet.width:.2f}mm;height:{sheet.height:.2f}mm"
    label_size = f"width:{sheet.stock.width:.2f}mm;height:{sheet.stock.height:.2f}mm"
    head = (
        f"@page{{size:{sheet.width:.2f}mm {sheet.height:.2f}mm;margin:0}}"
        f"{STYLE}.page{{{size}}}.l{{{label_size}}}{styles.sheet()}"
    )
    language = labels[0].language if labels else "en"
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
    step = BATCH // sheet.places * sheet.places
    first = step - skip
    starts = [0, *range(first, len(labels), step)] if first < len(labels) else [0]
    batches = [
        labels_html(labels[start:end], sheet, skip=skip if start == 0 else 0)
        for start, end in zip(starts, [*starts[1:], len(labels)], strict=True)
    ]
    with ThreadPoolExecutor(max_workers=max(1, min(len(batches), os.cpu_count() or 1))) as pool:
        made = list(pool.map(_render, batches))
    return join_pdfs(made)


def _render(html: SafeString) -> bytes:
    return render_pdf(html, seconds=SECONDS_A_BATCH, is_tagged=False)
