"""Labels on paper: every barcode is read back from the picture of the page, by a reader that is not ours."""

import pytest

from portal.embedded.native import LIBRARIES, loads
from portal.kernel.pdf import join_pdfs, render_pdf
from procurement.labels.barcodes import barcode_svg
from procurement.labels.code128 import FNC1, symbol_values
from procurement.labels.elements import Element, count_element, key_element, read_elements
from procurement.labels.papers import Label, Party
from procurement.labels.printing import label_sheets_pdf, labels_pdf
from procurement.labels.stock import A4_OF_FOUR, A6, FOUR_BY_SIX, LETTER_OF_FOUR, QUARTER_LETTER
from tests.builders.labels import NORDKAI, a_label, sscc
from tests.builders.scanner import pages_of, scan, scanned, sizes_of, texts_of

pango = pytest.mark.skipif(not all(map(loads, LIBRARIES)), reason="Pango is not installed on this machine")
ELEMENTS = (key_element("02", "4012345678901"), count_element("37", 24))
CHINESE = Party("温州恒达阀门制造有限公司", "滨海五路88号", "325025", "温州", country="CN")


@pytest.mark.parametrize(
    ("stock", "size"), [(A6, (105, 148)), (FOUR_BY_SIX, (102, 152)), (QUARTER_LETTER, (108, 140))]
)
def test_each_label_has_its_own_page_and_its_sscc_scans(stock, size):
    pdf = labels_pdf([a_label(1), a_label(2), a_label(3)], stock)

    assert sizes_of(pdf) == [size] * 3
    assert scanned(pdf) == [[f"]C100{sscc(serial)}"] for serial in (1, 2, 3)]


def test_bars_on_paper_are_as_wide_as_the_layout_says():
    (page,) = pages_of(labels_pdf([a_label()], A6), dpi=600)

    (found,) = scan(page)

    across = found.position.top_right.x - found.position.top_left.x
    assert across / 600 * 25.4 == pytest.approx(156 * 0.508, abs=0.6)


def test_a_second_barcode_says_what_is_inside():
    (codes,) = scanned(labels_pdf([a_label(elements=ELEMENTS)], FOUR_BY_SIX))

    assert codes == ["]C102040123456789013724", f"]C100{sscc()}"]
    assert read_elements(codes[0]) == ELEMENTS


def test_a_separator_survives_paper():
    elements = (Element("10", "A7"), Element("21", "S-1"))

    (codes,) = scanned(labels_pdf([a_label(elements=elements)], A6))

    assert codes[0] == f"]C110A7{FNC1}21S-1"


def test_a_buyers_carton_number_scans_without_pretending_to_be_gs1():
    (codes,) = scanned(labels_pdf([a_label(sscc="", carton_number="NK-000815")], A6))

    assert codes == ["]C0NK-000815"]


@pytest.mark.parametrize(("sheet", "size"), [(A4_OF_FOUR, (210, 297)), (LETTER_OF_FOUR, (216, 279))])
def test_sheets_hold_four_and_begin_where_the_last_ended(sheet, size):
    pdf = label_sheets_pdf([a_label(serial) for serial in range(1, 7)], sheet, skip=1)

    assert sizes_of(pdf) == [size] * 2
    assert [len(codes) for codes in scanned(pdf)] == [3, 3]
    assert {code for codes in scanned(pdf) for code in codes} == {
        f"]C100{sscc(serial)}" for serial in range(1, 7)
    }


def test_words_can_be_searched_and_copied():
    (text,) = texts_of(labels_pdf([a_label(description="Kugelhahn für Öl, Łódź, 3½″")], A6))

    assert "Nordkai Industriebedarf GmbH" in text
    assert "Kugelhahn für Öl, Łódź" in text
    assert f"(00){sscc()}" in text


@pango
@pytest.mark.slow
def test_letters_that_our_typeface_lacks_are_set_by_the_typesetter():
    labels = [
        Label(CHINESE, NORDKAI, sscc=sscc(serial), description="<b>球阀</b> & 手柄") for serial in (1, 2)
    ]

    pdf = labels_pdf(labels, A6)

    assert scanned(pdf) == [[f"]C100{sscc(1)}"], [f"]C100{sscc(2)}"]]
    assert "Nordkai" in texts_of(pdf)[0]
    assert "<b>" in texts_of(pdf)[0]


@pango
@pytest.mark.slow
def test_pieces_set_apart_are_joined_in_order(monkeypatch):
    monkeypatch.setattr("procurement.labels.printing.BATCH", 2)
    labels = [Label(CHINESE, NORDKAI, sscc=sscc(serial)) for serial in range(1, 6)]

    pdf = labels_pdf(labels, A6)

    assert scanned(pdf) == [[f"]C100{sscc(serial)}"] for serial in range(1, 6)]


@pango
@pytest.mark.slow
def test_joining_keeps_every_page_and_its_words():
    def piece(word):
        page = f'<html lang="en"><head><title>x</title></head><body><p>{word}</p></body></html>'
        return render_pdf(page, is_tagged=False)

    joined = join_pdfs([piece("endstream one"), piece("1 0 R two"), piece("endobj three")])

    assert texts_of(joined) == ["endstream one", "1 0 R two", "endobj three"]


def test_a_mark_in_a_text_is_no_command_in_the_file():
    (text,) = texts_of(labels_pdf([a_label(note=") Tj ET (\\ <script>")], A6))

    assert ") Tj ET (\\ <script>" in text


def test_a_barcode_that_stands_alone_has_its_quiet_zones():
    svg = barcode_svg(symbol_values("NK-000815"), module=0.5, height=20, title='A "number"')

    assert 'width="66.000mm"' in svg
    assert "<title>A &quot;number&quot;</title>" in svg


def test_nothing_to_print_is_a_mistake():
    with pytest.raises(ValueError, match="no label"):
        labels_pdf([], A6)
