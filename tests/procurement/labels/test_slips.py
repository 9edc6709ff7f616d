"""Delivery note and packing slip: everything on them, in both sizes and languages, however long they are."""

from decimal import Decimal

import pytest

from portal.embedded.native import LIBRARIES, loads
from procurement.labels.papers import PaperPackage
from procurement.labels.slips import (
    Kind,
    PaperSize,
    delivery_note_pdf,
    delivery_paper_html,
    package_rows,
    packing_slip_pdf,
)
from tests.builders.labels import a_carton, a_delivery, a_line, sscc
from tests.builders.scanner import sizes_of, texts_of

pango = pytest.mark.skipif(not all(map(loads, LIBRARIES)), reason="Pango is not installed on this machine")


def test_cartons_alike_are_one_row_and_others_their_own():
    cartons = (a_carton(1), a_carton(2), a_carton(3, pieces=5), a_carton(4))

    rows = package_rows(cartons)

    assert [(row.count, row.numbers) for row in rows] == [
        (2, (sscc(1), sscc(2))),
        (1, (sscc(3),)),
        (1, (sscc(4),)),
    ]


def test_pallets_stay_apart_with_what_is_on_them():
    pallets = tuple(
        PaperPackage("Pallet", sscc(9000 + n), inner=(a_carton(n), a_carton(n + 10))) for n in (1, 2)
    )

    rows = package_rows(pallets)

    assert [(row.depth, row.kind, row.count) for row in rows] == [
        (0, "Pallet", 1),
        (1, "Carton", 2),
        (0, "Pallet", 1),
        (1, "Carton", 2),
    ]


def test_the_note_has_lines_first_and_the_slip_packages():
    note = delivery_paper_html(a_delivery(), Kind.DELIVERY_NOTE, PaperSize.A4)
    slip = delivery_paper_html(a_delivery(), Kind.PACKING_SLIP, PaperSize.A4)

    assert note.index("Order lines") < note.index(">Packages<")
    assert slip.index(">Packages<") < slip.index("Order lines")
    assert "Signature" in note
    assert "Signature" not in slip


def test_totals_never_add_one_unit_to_another():
    lines = (a_line(1), a_line(2), a_line(3, unit="m", quantity=Decimal("2.5")))

    html = delivery_paper_html(a_delivery(lines=lines), Kind.DELIVERY_NOTE, PaperSize.A4)

    assert "192 pcs + 2.5 m" in html
    assert "1 × Pallet, 8 × Carton" in html


def test_words_are_words_and_never_markup():
    html = delivery_paper_html(a_delivery(note="<script>x</script>"), Kind.PACKING_SLIP, PaperSize.A4)

    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_headings_are_in_the_papers_language():
    html = delivery_paper_html(a_delivery(language="de"), Kind.DELIVERY_NOTE, PaperSize.A4)

    assert 'lang="de"' in html
    assert ">Bestellung<" in html
    assert "28. Nov 2026" in html


@pango
@pytest.mark.slow
@pytest.mark.parametrize(
    ("make", "size", "measured"),
    [
        (delivery_note_pdf, PaperSize.A4, (210, 297)),
        (packing_slip_pdf, PaperSize.LETTER, (216, 279)),
    ],
)
def test_papers_have_all_that_was_sent(make, size, measured):
    pdf = make(a_delivery(), size)

    text = " ".join(texts_of(pdf))
    assert set(sizes_of(pdf)) == {measured}
    for said in (
        "LS-2026-0815",
        "ASN-2026-00117",
        "100-4711",
        "LOT-7A",
        "96 pcs",
        "24 pcs",
        sscc(8),
        sscc(9000),
    ):
        assert said in text


@pango
@pytest.mark.slow
def test_a_long_paper_repeats_its_heads_counts_its_pages_and_wraps_long_words():
    lines = tuple(a_line(number, description="W" * 200) for number in range(1, 61))

    pages = texts_of(delivery_note_pdf(a_delivery(lines=lines)))

    assert len(pages) > 3
    assert all(f"{number} / {len(pages)}" in page for number, page in enumerate(pages, start=1))
    assert all("Delivery note LS-2026-0815" in page for page in pages)
    assert all("Will follow" in page for page in pages[:3])
