"""ZPL: the very text that goes to a label printer, and that nothing typed can command it."""

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procurement.labels.code128 import FNC1, symbol_values
from procurement.labels.elements import Element, count_element, key_element
from procurement.labels.papers import Label, Party
from procurement.labels.stock import A6, FOUR_BY_SIX
from procurement.labels.zpl import LabelPrinter, bar_data, field_data, label_zpl, labels_zpl
from tests.builders.labels import a_label, sscc

ZEBRA_203, ZEBRA_300 = LabelPrinter(203), LabelPrinter(300)
PLAIN = Label(
    Party("Acme", "1 Mill Lane", "LS1 4AP", "Leeds", country="GB"),
    Party("Nordkai Größe 5", "Am Sandtorkai 77", "20457", "Hamburg", country="DE"),
    sscc="340123450000000079",
    item="A_1",
    quantity=Decimal(12),
    unit="pcs",
)

WANTED = """\
^XA^CI28
^PW812^LL1218^LH0,0
^FO316,32^GB2,266,2^FS
^FO32,32^A0N,18,18^FH^FDFrom^FS
^FO32,53^A0N,28,28^FH^FDAcme^FS
^FO32,86^A0N,26,26^FH^FD1 Mill Lane^FS
^FO32,116^A0N,26,26^FH^FDLeeds^FS
^FO32,147^A0N,26,26^FH^FDLS1 4AP^FS
^FO32,178^A0N,26,26^FH^FDGB^FS
^FO324,32^A0N,18,18^FH^FDTo^FS
^FO324,53^A0N,44,44^FH^FDNordkai Gr_C3_B6_C3_9Fe 5^FS
^FO324,104^A0N,38,38^FH^FDAm Sandtorkai 77^FS
^FO324,150^A0N,38,38^FH^FD20457 Hamburg^FS
^FO324,195^A0N,38,38^FH^FDDE^FS
^FO32,307^GB748,2,2^FS
^FO32,318^A0N,18,18^FH^FDItem^FS
^FO32,339^A0N,48,48^FH^FDA_5F1^FS
^FO32,411^GB748,2,2^FS
^FO32,422^A0N,18,18^FH^FDQuantity^FS
^FO32,443^A0N,48,48^FH^FD12 pcs^FS
^FO32,515^GB748,2,2^FS
^FO94,892^BY4^BCN,256,N,N,N,N^FD>;>800340123450000000079^FS
^FO218,1154^A0N,27,27^FH^FD(00)340123450000000079^FS
^PQ2
^XZ
"""


def test_the_whole_label_of_a_203_dpi_printer():
    assert label_zpl(PLAIN, FOUR_BY_SIX, ZEBRA_203, copies=2) == WANTED


def test_at_300_dpi_bars_are_six_dots_wide_and_as_high():
    written = label_zpl(PLAIN, FOUR_BY_SIX, ZEBRA_300)

    assert "^PW1200^LL1800^LH0,0" in written
    assert "^BY6^BCN,378,N,N,N,N^FD>;>800340123450000000079^FS" in written


def test_both_barcodes_are_there_with_their_separator():
    elements = (Element("10", "A7"), Element("21", "S-1"))

    written = label_zpl(a_label(elements=elements), A6, ZEBRA_203)

    assert "^FD>:>810A7>821S-1^FS" in written
    assert "(10)A7(21)S-1" in written
    assert f">;>800{sscc()}" in written


def test_content_in_digits_stays_in_pairs():
    elements = (key_element("02", "4012345678901"), count_element("37", 24))

    assert ">;>802040123456789013724" in label_zpl(a_label(elements=elements), A6, ZEBRA_203)


def test_a_carton_number_has_no_fnc1():
    written = label_zpl(a_label(sscc="", carton_number="NK>8^XA~"), A6, ZEBRA_203)

    assert "^FD>:NK>08><XA>=^FS" in written


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("^XZ~JR", "_5EXZ_7EJR"),
        ("a_5E\\&", "a_5F5E_5C&"),
        ("Grüße", "Gr_C3_BC_C3_9Fe"),
        ("阀", "_E9_98_80"),
        ("3 × 4, 5 %", "3 _C3_97 4, 5 %"),
    ],
)
def test_what_could_be_a_command_is_written_in_hexadecimal(text, written):
    assert field_data(text) == written


anything = st.text(st.characters(blacklist_categories=["Cs"]), max_size=40)


@given(anything, anything, anything)
def test_nothing_typed_becomes_a_command(item, description, note):
    calm = label_zpl(a_label(item="x", description="x", note="x"), A6, ZEBRA_203)
    wild = label_zpl(a_label(item=item, description=description, note=note), A6, ZEBRA_203)

    commands = set(re.findall(r"[\^~][A-Z@][A-Z0-9]", wild))
    assert commands <= set(re.findall(r"[\^~][A-Z@][A-Z0-9]", calm))
    assert wild.isascii()
    assert "~" not in wild
    assert wild.count("^XA") == wild.count("^XZ") == 1


@given(anything)
def test_a_field_means_what_was_typed(text):
    data = re.sub(
        r"(?:_[0-9A-F]{2})+",
        lambda match: bytes.fromhex(match[0].replace("_", "")).decode(),
        field_data(text),
    )

    assert data == text


def printers_reading(data: str) -> str:
    """What a printer makes of the data of ^BC, by its programming guide: in B letter by letter, in C pair by pair."""
    said, name = "", ""
    signs = {">0": ">", "><": "^", ">=": "~", ">8": FNC1}
    sets = {">:": "B", ">;": "C", ">5": "C", ">6": "B"}
    while data:
        two = data[:2]
        if two in sets:
            name, data = sets[two], data[2:]
        elif two in signs:
            said, data = said + signs[two], data[2:]
        elif name == "C":
            assert two.isdigit()
            said, data = said + two, data[2:]
        else:
            said, data = said + data[0], data[1:]
    return said


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=48))
def test_a_printer_builds_the_symbol_that_the_paper_has(text):
    assert printers_reading(bar_data(symbol_values(text))) == text


@given(st.lists(st.text("0123456789AZaz->", min_size=1, max_size=10), min_size=1, max_size=4))
def test_a_printer_builds_the_gs1_symbol_too(pieces):
    text = FNC1.join(pieces)

    assert printers_reading(bar_data(symbol_values(text, is_gs1=True))) == FNC1 + text


def test_symbols_of_control_characters_are_refused():
    with pytest.raises(ValueError, match="printable"):
        bar_data(symbol_values("a\tb"))


def test_many_labels_are_formats_one_after_the_other():
    written = labels_zpl([a_label(1), a_label(2)], A6, ZEBRA_203)

    assert written.count("^XA") == written.count("^XZ") == 2
    assert written.index(sscc(1)) < written.index(sscc(2))


def test_a_font_of_the_printer_can_be_named():
    written = label_zpl(PLAIN, A6, LabelPrinter(203, font="E:TT0003M_.TTF"))

    assert re.search(r"\^A@N,\d+,\d+,E:TT0003M_\.TTF\^FH\^FDFrom\^FS", written)


@pytest.mark.parametrize("font", ["", "0^FS", "e:x", "E:A~JR"])
def test_a_font_name_is_no_command(font):
    with pytest.raises(ValueError, match="font"):
        LabelPrinter(203, font=font)


def test_a_printer_has_one_of_two_resolutions_and_prints_at_least_one():
    with pytest.raises(ValueError, match="203 or 300"):
        LabelPrinter(600)
    with pytest.raises(ValueError, match="copies"):
        label_zpl(PLAIN, A6, ZEBRA_203, copies=0)
