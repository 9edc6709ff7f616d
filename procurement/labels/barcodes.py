"""Barcodes as SVG: bars of exact width, for PDF and for pages."""

from collections.abc import Sequence
from functools import lru_cache

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from procurement.labels.code128 import QUIET_MODULES, bars, module_count


@lru_cache(maxsize=4096)
def bars_svg(values: tuple[int, ...], css_class: str = "") -> SafeString:
    """The bars alone, one module to a unit and as high as the box they are put in. Quiet zones are the caller's."""
    points = " ".join(f"{at},0 {at},1 {at + width},1 {at + width},0" for at, width in bars(values))
    return format_html(
        '<svg xmlns="http://www.w3.org/2000/svg" class="{}" viewBox="0 0 {} 1" preserveAspectRatio="none">'
        '<polygon points="{}"/></svg>',
        css_class,
        module_count(values),
        mark_safe(points),  # noqa: S308 -- numbers of ours
    )


def barcode_svg(values: Sequence[int], *, module: float, height: float, title: str) -> SafeString:
    """A barcode that stands alone, its quiet zones of ten modules included; sizes in millimetres."""
    width = module_count(values) + 2 * QUIET_MODULES
    points = " ".join(
        f"{at + QUIET_MODULES},0 {at + QUIET_MODULES},1 {at + QUIET_MODULES + wide},1 {at + QUIET_MODULES + wide},0"
        for at, wide in bars(values)
    )
    return format_html(
        '<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{}mm" height="{}mm" viewBox="0 0 {} 1" '
        'preserveAspectRatio="none"><title>{}</title><path fill="#fff" d="M0 0h{}v1H0z"/><polygon points="{}"/></svg>',
        f"{width * module:.3f}",
        f"{height:.3f}",
        width,
        title,
        width,
        mark_safe(points),  # noqa: S308 -- numbers of ours
    )
