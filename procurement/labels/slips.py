"""Delivery note and packing slip as PDF: the same shipment, once by its order lines and once by its packages.

The note lists lines first and goes to whoever receives; the slip lists packages first and goes to whoever unpacks.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from itertools import groupby

from django.template.loader import render_to_string
from django.utils.translation import override

from portal.kernel.pdf import render_pdf
from portal.kernel.templatetags.portal_ui import quantity_text
from procurement.labels.papers import DeliveryPaper, PackedItem, PaperPackage

TEMPLATE = "procurement/labels/delivery_paper.html"
# What a line, or a row of packages, takes to set at most, with a wide margin.
SECONDS, SECONDS_A_ROW = 60.0, 0.1
MOST_IN_A_CELL = 3


class PaperSize(StrEnum):
    """What the office printer is loaded with."""

    A4 = "A4"
    LETTER = "Letter"


class Kind(StrEnum):
    """Which of the two papers it is."""

    DELIVERY_NOTE = "delivery_note"
    PACKING_SLIP = "packing_slip"


@dataclass(frozen=True, slots=True)
class PackageRow:
    """Packages side by side that hold the same and differ in their number alone: one carton, or forty of them."""

    depth: int
    kind: str
    numbers: tuple[str, ...]
    contents: tuple[PackedItem, ...]
    gross_kg: Decimal | None
    size: str

    @property
    def count(self) -> int:
        return len(self.numbers)

    @property
    def is_many(self) -> bool:
        """Whether its numbers need a row of their own."""
        return self.count > MOST_IN_A_CELL


def delivery_note_pdf(paper: DeliveryPaper, size: PaperSize = PaperSize.A4) -> bytes:
    """The delivery note. Raises `PdfUnavailable`."""
    return _pdf(paper, Kind.DELIVERY_NOTE, size)


def packing_slip_pdf(paper: DeliveryPaper, size: PaperSize = PaperSize.A4) -> bytes:
    """The packing slip. Raises `PdfUnavailable`."""
    return _pdf(paper, Kind.PACKING_SLIP, size)


def delivery_paper_html(paper: DeliveryPaper, kind: Kind, size: PaperSize) -> str:
    """The page that the PDF is made of, in the language of the paper."""
    rows = package_rows(paper.packages)
    context = {
        "paper": paper,
        "kind": kind,
        "size": size,
        "rows": rows,
        "lines_total": _totals((line.quantity, line.unit) for line in paper.lines),
        "packages_total": _packages_total(rows),
    }
    with override(paper.language):
        return render_to_string(TEMPLATE, context)


def package_rows(packages: Sequence[PaperPackage]) -> list[PackageRow]:
    """The tree of packages as rows, outer before inner; packages alike that follow one another are one row."""
    return [row for same in _alike(packages) for row in _rows_of(same, depth=0)]


def _alike(packages: Iterable[PaperPackage]) -> Iterator[list[PaperPackage]]:
    for _same, found in groupby(packages, key=lambda package: replace(package, number="")):
        yield list(found)


def _rows_of(same: list[PaperPackage], depth: int) -> Iterator[PackageRow]:
    first = same[0]
    if first.inner and len(same) > 1:  # what is inside has numbers of its own
        for package in same:
            yield from _rows_of([package], depth)
        return
    numbers = tuple(package.number for package in same)
    yield PackageRow(depth, first.kind, numbers, first.contents, first.gross_kg, first.size)
    for inner in _alike(first.inner):
        yield from _rows_of(inner, depth + 1)


def _totals(quantities: Iterable[tuple[Decimal, str]]) -> str:
    """The sum for each unit: units are never added to one another."""
    sums: dict[str, Decimal] = {}
    for amount, unit in quantities:
        sums[unit] = sums.get(unit, Decimal(0)) + amount
    return " + ".join(quantity_text(amount, unit) for unit, amount in sums.items())


def _packages_total(rows: Sequence[PackageRow]) -> str:
    """How many of each kind there are: 2 pallets and 80 cartons, the cartons on the pallets counted."""
    counts: dict[str, int] = {}
    for row in rows:
        counts[row.kind] = counts.get(row.kind, 0) + row.count
    return ", ".join(f"{count} × {kind}" for kind, count in counts.items())


def _pdf(paper: DeliveryPaper, kind: Kind, size: PaperSize) -> bytes:
    html = delivery_paper_html(paper, kind, size)
    rows = len(paper.lines) + sum(1 for package in paper.packages for _each in package.walk())
    return render_pdf(html, seconds=SECONDS + SECONDS_A_ROW * rows)
