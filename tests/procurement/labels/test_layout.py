"""Where things lie on a label: within its edges, apart from one another, bars as wide and high as GS1 asks."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from procurement.labels.elements import Element, count_element, key_element
from procurement.labels.fitting import fitted, width_of
from procurement.labels.layout import Bars, DoesNotFit, Rule, Text, arrange, elements_in_bars, module_of
from procurement.labels.numbers import BadNumber
from procurement.labels.papers import Party
from procurement.labels.stock import A4_OF_FOUR, A6, FOUR_BY_SIX, INCH, LETTER_OF_FOUR, QUARTER_LETTER, Stock
from tests.builders.labels import HENGDA, NORDKAI, a_label

STOCKS = (A6, FOUR_BY_SIX, QUARTER_LETTER)
DOTS = (INCH / 203, INCH / 300, INCH / 600)
ELEMENTS = (key_element("02", "4012345678901"), count_element("37", 24), Element("10", "LOT-7A"))
words = st.text(st.characters(blacklist_categories=["Cs"]), max_size=60)


def texts(parts):
    return [line for part in parts if isinstance(part, Text) for line in part.lines]


@pytest.mark.parametrize("stock", STOCKS, ids=lambda stock: stock.name)
@pytest.mark.parametrize("dot", DOTS, ids=["203", "300", "600"])
def test_bars_are_as_wide_and_high_as_gs1_asks_with_quiet_zones_on_the_label(stock, dot):
    bars = [part for part in arrange(a_label(elements=ELEMENTS), stock, dot=dot) if isinstance(part, Bars)]

    assert len(bars) == 2
    for one in bars:
        assert 0.495 <= one.module <= 1.016
        assert one.module / dot == pytest.approx(round(one.module / dot))
        assert one.height >= 31.75
        assert one.x >= 10 * one.module
        assert one.x + one.width + 10 * one.module <= stock.width
    assert bars[1].y > bars[0].y + bars[0].height + 3


def test_modules_are_whole_dots():
    assert [round(module_of(dot) / dot) for dot in DOTS] == [4, 6, 12]


@given(
    name=words,
    street=words,
    item=words,
    description=words,
    lot=words,
    note=words,
    orders=st.lists(words, max_size=4).map(tuple),
    stock=st.sampled_from(STOCKS),
)
def test_nothing_leaves_the_label_and_no_type_overlaps(
    name, street, item, description, lot, note, orders, stock
):
    party = Party(name, street, "20457", "Hamburg", country="DE")
    said = {"item": item, "description": description, "lot": lot, "note": note, "orders": orders}
    label = replace(a_label(**said, elements=ELEMENTS), ship_to=party)
    boxes = []

    for part in arrange(label, stock):
        height = part.size * 1.18 * len(part.lines) if isinstance(part, Text) else part.height
        assert part.x >= stock.margin - 1e-6
        assert part.y >= stock.margin - 1e-6
        assert part.x + part.width <= stock.width - stock.margin + 1e-6
        assert part.y + height <= stock.height - stock.margin + 1
        if isinstance(part, Text):
            assert all(width_of(line, part.size) <= part.width + 0.01 for line in part.lines)
        if not isinstance(part, Rule):
            boxes.append((part.x, part.y, part.x + part.width, part.y + height))
    for place, one in enumerate(boxes):
        for other in boxes[place + 1 :]:
            assert not overlap(one, other)


def overlap(one, other):
    slack = 0.15
    return (
        one[0] < other[2] - slack
        and other[0] < one[2] - slack
        and one[1] < other[3] - slack
        and other[1] < one[3] - slack
    )


def test_headings_are_in_the_labels_language():
    assert {"Order", "Quantity"} <= set(texts(arrange(a_label(), A6)))
    assert {"Bestellung", "Menge"} <= set(texts(arrange(a_label(language="de"), A6)))


def test_what_is_not_said_has_no_heading():
    bare = a_label(
        orders=(), notice="", carrier="", tracking="", buyer_item="", lot="", expires_on=None, gross_kg=None
    )

    assert not {"Order", "Ship notice", "Carrier", "Lot", "Use by", "Gross weight"} & set(
        texts(arrange(bare, A6))
    )


def test_quantities_and_days_are_written_for_people():
    said = texts(arrange(a_label(quantity=Decimal(1200), expires_on=date(2031, 3, 31)), A6))

    assert {"1,200 pcs", "31 Mar 2031", "7 of 40", "18.4 kg"} <= set(said)


def test_many_orders_are_counted():
    said = texts(arrange(a_label(orders=("4711", "4712", "4713", "4714")), A6))

    assert "4711, 4712 +2" in said


def test_a_mixed_carton_refers_to_the_packing_slip():
    assert "Mixed, see packing slip" in texts(arrange(a_label(item="", is_mixed=True), A6))


def test_elements_that_do_not_fit_stay_words():
    label = a_label(elements=ELEMENTS)

    assert elements_in_bars(label, A6) == ELEMENTS[:2]
    assert "(02)04012345678901(37)24" in texts(arrange(label, A6))
    assert "LOT-7A" in texts(arrange(label, A6))


def test_a_label_has_one_number_and_a_right_one():
    with pytest.raises(ValueError, match="either"):
        a_label(carton_number="C-1")
    with pytest.raises(ValueError, match="either"):
        a_label(sscc="")
    with pytest.raises(BadNumber):
        a_label(sscc="340123450000000078")
    with pytest.raises(ValueError, match="18 digits alone"):
        a_label(sscc="(00)340123450000000079")


def test_a_label_that_is_too_small_is_refused_with_the_way_out():
    with pytest.raises(DoesNotFit, match="Choose a larger one"):
        arrange(a_label(), Stock("tiny", 100, 75))


def test_a_street_of_many_lines_stays_an_address():
    party = Party("A", "Gate 4\nHall 2\nRamp C\nDock 7", "20457", "Hamburg", country="DE")

    assert party.address == ("Gate 4", "Hall 2", "Ramp C, Dock 7", "20457 Hamburg", "DE")


def test_a_long_carton_number_has_narrower_bars_and_the_longest_are_refused():
    def module(number):
        (bars,) = (p for p in arrange(a_label(sscc="", carton_number=number), A6) if isinstance(p, Bars))
        return bars.module

    assert module("C-0815") == pytest.approx(12 * INCH / 600)
    assert 0.25 <= module("NORDKAI-2026-C-000815") < 0.495
    with pytest.raises(DoesNotFit, match="too long"):
        module("N" * 40)
    with pytest.raises(DoesNotFit, match="cannot be a barcode"):
        module("Kärton")


@given(words, st.floats(5, 100), st.floats(2, 5), st.integers(1, 3))
@example("W", 5.0, 5.0, 1)
def test_text_is_fitted_into_its_box(text, width, size, lines):
    found = fitted(text, width, size, lines)

    assert 1 <= len(found.lines) <= lines
    assert found.size <= size + 0.01
    assert all(width_of(line, found.size) <= width + 0.06 for line in found.lines)


def test_text_that_cannot_fit_ends_in_an_ellipsis():
    found = fitted("Ball valve " * 20, 40.0, 3.0, 2)

    assert found.lines[-1].endswith("…")


def test_addresses_are_written_as_in_their_country():
    assert NORDKAI.address == ("Am Sandtorkai 77", "20457 Hamburg", "DE")
    assert HENGDA.address == ("88 Binhai 5th Road", "Economic Development Zone", "325025 Wenzhou", "CN")
    assert Party("A", "1 Main St", "60601", "Chicago", "IL", "US").address == (
        "1 Main St",
        "Chicago IL 60601",
        "US",
    )
    assert Party("A", "1 High St", "N1 9GU", "London", "", "GB").address == (
        "1 High St",
        "London",
        "N1 9GU",
        "GB",
    )


@pytest.mark.parametrize("sheet", [A4_OF_FOUR, LETTER_OF_FOUR], ids=lambda sheet: sheet.name)
def test_labels_of_a_sheet_lie_side_by_side_on_it(sheet):
    places = [sheet.place(number) for number in range(sheet.places)]

    assert len(set(places)) == 4
    assert all(left + sheet.stock.width <= sheet.width + 0.01 for left, _top in places)
    assert all(top + sheet.stock.height <= sheet.height + 0.01 for _left, top in places)
