"""Code 128: the right symbol, the shortest there is, read by a reader that is not ours."""

import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from procurement.labels.code128 import (
    FNC1,
    QUIET_MODULES,
    WIDTHS,
    NotEncodable,
    bars,
    check_value,
    module_count,
    symbol_values,
)

ascii_texts = st.text(st.characters(max_codepoint=126), min_size=1, max_size=40)


def picture(values: tuple[int, ...], scale: int = 3) -> Image.Image:
    """The symbol as a printer would put it on white paper."""
    width = module_count(values) + 2 * QUIET_MODULES
    image = Image.new("L", (width * scale, 120), 255)
    for at, wide in bars(values):
        image.paste(0, ((at + QUIET_MODULES) * scale, 10, (at + QUIET_MODULES + wide) * scale, 110))
    return image


def read(values: tuple[int, ...]) -> zxingcpp.Barcode:
    (found,) = zxingcpp.read_barcodes(picture(values), formats=zxingcpp.BarcodeFormat.Code128)
    return found


def test_the_pattern_of_each_value_is_its_own_and_of_the_right_width():
    assert len(WIDTHS) == len(set(WIDTHS)) == 107
    assert {sum(map(int, widths)) for widths in WIDTHS[:-1]} == {11}
    assert {sum(map(int, widths[::2])) % 2 for widths in WIDTHS[:-1]} == {0}
    assert sum(map(int, WIDTHS[-1])) == 13


def test_an_sscc_is_digits_in_pairs_from_the_first():
    values = symbol_values("00340123450000000079", is_gs1=True)

    assert values == (105, 102, 0, 34, 1, 23, 45, 0, 0, 0, 0, 79, check_value(values[:-2]), 106)
    assert module_count(values) == 156


@given(ascii_texts)
@settings(max_examples=150)
def test_any_text_is_read_back_by_an_independent_reader(text):
    assert read(symbol_values(text)).bytes == text.encode()


@given(st.lists(st.text("0123456789ABCxyz-/>", min_size=1, max_size=12), min_size=1, max_size=3))
def test_any_gs1_text_is_read_back_with_its_separators(pieces):
    text = "10" + (FNC1 + "21").join(pieces)

    found = read(symbol_values(text, is_gs1=True))

    assert found.symbology_identifier == "]C1"
    assert found.bytes == text.encode()


@given(ascii_texts)
def test_no_symbol_is_longer_than_in_one_set_alone(text):
    values = symbol_values(text)

    if all(" " <= sign <= "~" for sign in text):
        assert len(values) <= len(text) + 3
    if text.isdigit() and len(text) % 2 == 0:
        assert len(values) == len(text) // 2 + 3


@pytest.mark.parametrize("text", ["", "Grüße", "日本"])
def test_what_is_not_ascii_is_refused(text):
    with pytest.raises(NotEncodable):
        symbol_values(text)
