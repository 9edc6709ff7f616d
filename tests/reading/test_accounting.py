"""Values beside a draft: taken, explained, or the draft is held back."""

import pytest

from procurement.reading.answer import Certainty, Kind
from procurement.reading.context import context_from_json
from procurement.reading.reader import read_mail
from tests.reading.labels import load_mails

HELD_BACK = [
    ("P66102", "The bushings came up short. Counted 438 good ones."),
    ("NS-4471", "25 mm webbing left on Monday. The buckles are in stock and can go with that."),
    ("C-90331", "The tube in 6 m comes on 20 April. Others are confirmed."),
    ("450-2218", "We ship everything on 19 March except the lubricant, that comes later."),
    ("4711-26", "Leider Verzug beim Hahn. Neu 1. April."),
    ("4711-26", "Vom Kugelhahn haben wir 40 Stk. an Lager. Alle anderen Artikel wie bestellt."),
]
TAKEN = [
    (
        "SA-70418",
        "Handwheels: new date is 20 April. 120 pcs only. 80 pcs remain for 4 May.",
        Kind.SPLIT,
        ["120 2026-04-20", "80 2026-05-04"],
    ),
    (
        "450-2218",
        "For the drills we only have 60 pcs. They leave on 19 March. The last 40 come on 9 April.",
        Kind.SPLIT,
        ["60 2026-03-19", "40 2026-04-09"],
    ),
    (
        "8801457",
        "Vom Kettenrad Z20 sind nur 20 Stück da, wann die übrigen 10 kommen, weiß ich noch nicht. Die 20 gehen am 7.4. mit.",
        Kind.BACKORDER,
        ["20 2026-04-07", "10 None"],
    ),
    (
        "CF-60288",
        "The 2.0 mm wire will be 620 kg. Delivery of the 2.0 mm on 30 March.",
        Kind.QUANTITY,
        ["620 2026-03-30"],
    ),
]


@pytest.fixture(scope="module")
def contexts():
    return {order["number"]: mail.context for mail in load_mails() for order in mail.context["open_orders"]}


def read(contexts, order, text, subject=""):
    raw = f"Subject: {subject}\nContent-Type: text/plain; charset=utf-8\n\n{text}\n".encode()
    return read_mail(raw, context_from_json({**contexts[order], "mail_date": "2026-03-10T09:00:00+01:00"}))


@pytest.mark.parametrize(("order", "text"), HELD_BACK)
def test_a_value_nobody_can_place_holds_the_draft_back(contexts, order, text):
    drafted = [one for one in read(contexts, order, text, order).commitments if one.kind is not Kind.SHIPPED]

    assert drafted == []


@pytest.mark.parametrize(("order", "text", "kind", "pieces"), TAKEN)
def test_a_value_of_the_next_sentence_belongs_to_what_it_goes_on_with(contexts, order, text, kind, pieces):
    [draft] = read(contexts, order, text, order).commitments

    assert draft.kind is kind
    assert [f"{piece.quantity} {piece.day}" for piece in draft.pieces] == pieces


def test_the_price_in_the_next_sentence_is_of_the_part_offered(contexts):
    text = "The Kettenrad Z20 is discontinued. Would you take the KD-KR20N? Price would be 21.40 per piece."
    [draft] = read(contexts, "8801457", text, "8801457").commitments

    assert (draft.kind, draft.certainty) == (Kind.SUBSTITUTE, Certainty.TENTATIVE)
    assert str(draft.pieces[0].price) == "21.40"


def test_what_left_is_no_less_sure_for_the_hope_that_it_arrives(contexts):
    text = "100 of the drills left yesterday, you should have them tomorrow."
    [draft] = read(contexts, "450-2218", text, "450-2218").commitments

    assert (draft.kind, draft.certainty) == (Kind.SHIPPED, Certainty.FIRM)
