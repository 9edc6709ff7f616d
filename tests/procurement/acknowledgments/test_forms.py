"""The fields of an answer: what is typed is read as it was meant, kept, and shown again without loss."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from django.utils import translation
from django.utils.datastructures import MultiValueDict
from hypothesis import given
from hypothesis import strategies as st

from portal.kernel.values import Unreadable, read_date, read_decimal
from procurement.acknowledgments.forms import (
    add_piece,
    asked_pieces,
    carried,
    drop_piece,
    fit_pieces,
    kept_text,
    read_line,
    read_paste,
    refuse_line,
    rest_of,
    same,
    shown_text,
    substitute_line,
    typed_header,
    typed_lines,
    with_ship_dates,
)
from procurement.acknowledgments.messages import TypedPiece
from procurement.acknowledgments.policies import Delivery, LineRules, as_asked, read_answer

ASKED_ON = date(2027, 4, 1)
TODAY = date(2027, 3, 1)
RULES = LineRules(
    number=10,
    quantity=Decimal(1200),
    unit="pcs",
    unit_decimals=0,
    price=Decimal("6.85"),
    price_per=Decimal(1),
    deliveries=(Delivery(1, Decimal(1200), ASKED_ON),),
)
TWICE = replace(
    RULES, deliveries=(Delivery(1, Decimal(700), ASKED_ON), Delivery(4, Decimal(500), date(2027, 5, 1)))
)
LANGUAGES = st.sampled_from(["en", "de"])
AMOUNTS = st.decimals(min_value=Decimal("0.000001"), max_value=Decimal("99999999"), places=6)
DAYS = st.dates(min_value=date(2000, 1, 1), max_value=date(2099, 12, 31))


# --- nothing typed is lost ----------------------------------------------------------------------------------


@given(amount=AMOUNTS, written=LANGUAGES, read=LANGUAGES, name=st.sampled_from(["quantity", "price"]))
def test_a_figure_shown_to_anybody_is_read_back_as_the_same_figure(amount, written, read, name):
    with translation.override(written):
        typed = shown_text(name, kept_text(name, f"{amount:f}", "en"), "EUR")
    kept = kept_text(name, typed, written)

    with translation.override(read):
        again = shown_text(name, kept, "EUR")

    assert read_decimal(again, read) == amount
    assert kept_text(name, again, read) == kept


@given(day=DAYS, written=LANGUAGES, read=LANGUAGES)
def test_a_day_shown_to_anybody_is_read_back_as_the_same_day(day, written, read):
    with translation.override(written):
        typed = shown_text("delivery_on", day.isoformat())
    kept = kept_text("delivery_on", typed, written)

    with translation.override(read):
        again = shown_text("delivery_on", kept)

    assert kept == day.isoformat()
    assert read_date(again) == day


@given(
    text=st.text(max_size=40),
    language=LANGUAGES,
    name=st.sampled_from(["quantity", "price", "delivery_on", "note"]),
)
def test_whatever_is_typed_is_kept_as_a_number_or_a_day_or_exactly_so(text, language, name):
    kept = kept_text(name, text, language)

    if kept != text.strip():
        reader = {"delivery_on": read_date}.get(name, lambda typed: read_decimal(typed, language))
        reader(text.strip())  # only what can be read is written otherwise
    assert kept_text(name, kept, "en") == kept


def test_the_same_keys_mean_what_their_writer_means():
    assert kept_text("quantity", "1.200", "de") == "1200"
    assert kept_text("quantity", "1,200", "en") == "1200"
    assert kept_text("price", "6,85", "en") == "6.85"
    assert kept_text("delivery_on", "9. Apr 2027", "de") == "2027-04-09"
    assert kept_text("delivery_on", "03/04/2027", "en") == "03/04/2027"


SLIPS = [
    ("delivery_on", "2026-06-31"),
    ("delivery_on", "2026-13-45"),
    ("delivery_on", "31.06.2026"),
    ("delivery_on", "0001-01-01"),
    ("ship_on", "9999-12-31"),
    ("delivery_on", "٢٠٢٦-٠٦-٣١"),
    ("quantity", "1" * 40),
    ("quantity", "1234567890123"),
    ("price", "0.1234567"),
    ("price", "9" * 1500),
]


@pytest.mark.parametrize(("name", "slip"), SLIPS)
def test_a_slip_of_the_keys_is_kept_and_shown_as_typed_and_told_at_its_field(name, slip):
    kept = kept_text(name, slip, "en")
    piece = replace(asked_pieces(RULES)[0], **{name: kept})

    read = read_line(RULES, [piece], transit_days=21)

    assert kept == slip
    assert shown_text(name, kept, "EUR") == slip
    assert [(problem.field, problem.code) for problem in read.problems] == [(f"{name}.0", "invalid")]
    assert rest_of(RULES, [piece]) == (1200 if name == "quantity" else 0)
    assert with_ship_dates((piece,), 21)[0].delivery_on == piece.delivery_on


def test_digits_no_order_has_room_for_are_counted_not_called_letters():
    (problem,) = read_line(RULES, [replace(asked_pieces(RULES)[0], quantity="1234567890123")]).problems

    assert problem.message == (
        "“1234567890123” has too many digits: at most 12 before and 6 after the decimal sign."
    )


def test_a_language_without_month_words_of_ours_shows_the_plain_day():
    with translation.override("fr"):
        shown = shown_text("delivery_on", "2027-08-01")

    assert read_date(shown) == date(2027, 8, 1)


# --- fields -------------------------------------------------------------------------------------------------


@given(key=st.text(min_size=1, max_size=20).filter(lambda text: text.strip() == text))
def test_the_key_of_a_line_may_hold_anything(key):
    data = MultiValueDict({f"quantity.{key}.1": ["5"], f"quantity.{key}.0": ["7"], f"price.{key}.0": ["1"]})

    assert typed_lines(data, "en") == {key: (TypedPiece(quantity="7", price="1"), TypedPiece(quantity="5"))}


def test_foreign_fields_are_no_pieces():
    data = MultiValueDict(
        {"csrfmiddlewaretoken": ["x"], "version": ["1"], "quantity.L10.100": ["5"], "color.L10.0": ["5"]}
    )

    assert typed_lines(data, "en") == {}
    assert typed_header(data) is None


@pytest.mark.parametrize("rules", [RULES, TWICE])
def test_untouched_fields_are_read_as_what_is_asked(rules):
    read = read_line(rules, asked_pieces(rules))

    pieces, problems = read_answer(rules, read.pieces, today=TODAY)
    assert (read.problems, problems) == ((), [])
    assert pieces == as_asked(rules)


def test_what_is_missing_or_unclear_is_told_field_by_field():
    read = read_line(RULES, [TypedPiece(quantity="many", delivery_on="soon", price="")])

    assert [(problem.field, problem.code) for problem in read.problems] == [
        ("quantity.0", "invalid"),
        ("price.0", "required"),
        ("delivery_on.0", "invalid"),
    ]
    assert "Asked is 6.85" in read.problems[1].message


def test_a_ship_date_alone_becomes_a_delivery_date():
    typed = TypedPiece(quantity="1200", ship_on="2027-03-10", price="6.85")

    (piece,) = read_line(RULES, [typed], transit_days=21).pieces

    assert (piece.ship_on, piece.delivery_on) == (date(2027, 3, 10), date(2027, 3, 31))


def test_a_ship_date_is_offered_so_that_the_goods_arrive_as_promised():
    (piece,) = with_ship_dates(asked_pieces(RULES), 21)

    assert piece.ship_on == "2027-03-11"


# --- pieces -------------------------------------------------------------------------------------------------


@given(first=st.integers(min_value=1, max_value=1199))
def test_a_new_piece_takes_what_is_left(first):
    pieces = add_piece(RULES, (replace(asked_pieces(RULES)[0], quantity=str(first)),))

    assert rest_of(RULES, pieces) == 0
    assert pieces[1].quantity == str(1200 - first)


@given(quantities=st.lists(st.integers(min_value=1, max_value=3000), min_size=1, max_size=6))
def test_fitting_makes_pieces_add_up_whenever_one_of_them_can_take_it(quantities):
    pieces = tuple(TypedPiece(quantity=str(quantity)) for quantity in quantities)

    fitted = fit_pieces(RULES, pieces)

    rest = 1200 - sum(quantities)
    assert (rest_of(RULES, fitted) == 0) == any(quantity + rest > 0 for quantity in quantities)


def test_the_last_piece_left_takes_the_whole_line_again():
    pieces = add_piece(RULES, (replace(asked_pieces(RULES)[0], quantity="700"),))

    assert drop_piece(RULES, pieces, 1) == asked_pieces(RULES)


def test_a_refused_line_keeps_its_reason_and_can_become_a_substitute():
    refused = refuse_line(RULES, (TypedPiece(reason="capacity"),))
    (other,) = substitute_line(RULES, refused)

    assert refused == (TypedPiece(kind="refuse", quantity="1200", reason="capacity"),)
    assert (other.kind, other.delivery_on, other.price) == ("substitute", "2027-04-01", "6.85")


def test_what_was_typed_on_an_older_screen_is_carried_field_by_field():
    before = asked_pieces(RULES)
    now = asked_pieces(
        replace(RULES, quantity=Decimal(800), deliveries=(Delivery(1, Decimal(800), ASKED_ON),))
    )
    typed = (replace(before[0], price="7.1"),)

    assert carried(typed, before, now) == (replace(now[0], price="7.1"),)
    assert carried(before, before, now) == now
    assert same(carried(before, before, now), now)


def twice(first, second, *days, keys=(1, 2)):
    """The fields of two deliveries, as the screen lists them: by key."""
    deliveries = [
        Delivery(key, Decimal(quantity), date(2027, 4, day))
        for key, quantity, day in zip(keys, (first, second), days, strict=True)
    ]
    return asked_pieces(replace(TWICE, deliveries=tuple(sorted(deliveries, key=lambda one: one.key))))


def test_untouched_deliveries_are_as_asked_now_however_the_paper_lists_them():
    screen = twice(500, 500, 1, 15, keys=(2, 1))
    paper = twice(500, 500, 1, 15)
    now = twice(600, 600, 1, 15, keys=(2, 1))
    assert [piece.delivery_on for piece in screen] == ["2027-04-15", "2027-04-01"]

    assert carried(screen, paper, now) == now


def test_one_typed_delivery_is_carried_and_the_other_is_as_asked_now():
    screen = twice(500, 500, 1, 15, keys=(2, 1))
    paper = twice(500, 500, 1, 15)
    now = twice(600, 600, 1, 15, keys=(2, 1))

    later = carried((screen[0], replace(screen[1], delivery_on="2027-04-09")), paper, now)
    fewer = carried((replace(screen[0], quantity="450"), screen[1]), paper, now)

    assert later == (now[0], replace(now[1], delivery_on="2027-04-09"))
    assert fewer == (replace(now[0], quantity="450"), now[1])


def test_an_untouched_line_is_as_asked_now_where_a_delivery_was_added():
    assert carried(asked_pieces(RULES), asked_pieces(RULES), asked_pieces(TWICE)) == asked_pieces(TWICE)


# --- pasted -------------------------------------------------------------------------------------------------


def pasted(text, language="en", current=None):
    lines = [("A", 10, RULES), ("B", 20, replace(RULES, number=20))]
    return read_paste(text, lines, current or {}, language)


def test_columns_are_told_apart_by_what_they_hold():
    found = pasted("20\t800\t9.4.2027\t7,10\n")

    assert found.problems == ()
    assert found.lines == {"B": (TypedPiece(quantity="800", delivery_on="2027-04-09", price="7.1"),)}


def test_heads_say_what_the_columns_are_whatever_their_order():
    found = pasted("Preis\tZeile\tLiefertermin\n7,10\t10\t09.04.2027\n", "de")

    assert found.lines == {"A": (TypedPiece(quantity="1200", delivery_on="2027-04-09", price="7.1"),)}


def test_one_column_goes_down_the_lines_and_says_where_it_ends():
    found = pasted("9 Apr 2027\n10 Apr 2027\n11 Apr 2027\n")

    assert [pieces[0].delivery_on for pieces in found.lines.values()] == ["2027-04-09", "2027-04-10"]
    assert found.problems == ("Row 3 (11 Apr 2027): no line of this number waits for an answer.",)


def test_what_cannot_be_read_is_kept_for_the_eye():
    assert pasted("10\tca. 500\n").lines["A"][0].quantity == "ca. 500"
    with pytest.raises(Unreadable):
        read_decimal("ca. 500")


@pytest.mark.parametrize("day", ["2026-06-31", "31.06.2026", "03/04/2026"])
def test_a_pasted_day_that_does_not_exist_or_is_unclear_stands_in_the_field_of_the_day(day):
    assert pasted(f"10\t{day}\n").lines["A"] == (replace(asked_pieces(RULES)[0], delivery_on=day),)


def test_excels_own_writing_of_a_line_number_is_understood():
    assert set(pasted("10.0\t5\n0020\t5\n").lines) == {"A", "B"}
