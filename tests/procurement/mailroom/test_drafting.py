"""From what a mail says of a line to what could be sent: see Note [Filled or listed]."""

from datetime import date
from decimal import Decimal

import pytest

from procurement.acknowledgments.messages import TypedPiece
from procurement.mailroom.policies.drafting import ANSWER, CHANGE, REPLY, Known, Standing, draft_lines
from procurement.reading.answer import Certainty, Commitment, Kind, Piece, Precision

ASKED = date(2026, 4, 1)  # a Wednesday
LATER = date(2026, 4, 20)
DAY, WEEK, MONTH, UNKNOWN = Precision.DAY, Precision.WEEK, Precision.MONTH, Precision.UNKNOWN


def a_line(becomes=ANSWER, number=10, deliveries=((100, ASKED),), shut="", waits=True):
    several = len(deliveries) > 1
    return Known(
        key=f"L{number}",
        number=number,
        deliveries=tuple(
            Standing(Decimal(quantity), day, str(place) if several and becomes == ANSWER else "")
            for place, (quantity, day) in enumerate(deliveries, 1)
        ),
        price=Decimal("6.85"),
        price_per=Decimal(1),
        becomes=becomes,
        shut=shut,
        waits=waits,
    )


def said(kind, *pieces, line=10, certainty=Certainty.FIRM, words="so it is written", **more):
    return Commitment("PO-1", line, kind, certainty, words, tuple(pieces), **more)


def on(day, quantity=None, precision=DAY):
    return Piece(quantity=None if quantity is None else Decimal(quantity), day=day, precision=precision)


def drafted(*commitments, line=None, lines=None, **more):
    return draft_lines(commitments, lines or [line or a_line()], **more)


def piece(quantity, day=ASKED, price="6.85", **more):
    return TypedPiece(quantity=quantity, delivery_on=day.isoformat() if day else "", price=price, **more)


def refused(quantity):
    return TypedPiece(kind="refuse", quantity=quantity, reason="other", note="so it is written")


@pytest.mark.parametrize(
    ("commitments", "pieces", "marks"),
    [
        ([said(Kind.ACCEPT)], (), ()),
        ([said(Kind.ACCEPT, on(ASKED, 100))], (), ()),
        ([said(Kind.DATE, on(ASKED))], (), ()),
        ([said(Kind.DATE, on(LATER))], (piece("100", LATER),), ()),
        ([said(Kind.DATE, on(LATER, 100))], (piece("100", LATER),), ()),
        # The week that holds the day asked for is as asked; another one is its Friday.
        ([said(Kind.DATE, on(date(2026, 3, 30), precision=WEEK))], (), ()),
        (
            [said(Kind.DATE, on(date(2026, 4, 13), precision=WEEK))],
            (piece("100", date(2026, 4, 17)),),
            ("week",),
        ),
        ([said(Kind.QUANTITY, on(None, 80))], (piece("80"), refused("20")), ("rest_refused",)),
        ([said(Kind.QUANTITY, on(None, 100))], (), ()),
        (
            [said(Kind.QUANTITY, on(None, 80)), said(Kind.DATE, on(LATER))],
            (piece("80", LATER), refused("20")),
            ("rest_refused",),
        ),
        (
            [said(Kind.SPLIT, on(ASKED, 40), on(LATER, 60))],
            (piece("40", ASKED), piece("60", LATER)),
            (),
        ),
        ([said(Kind.SPLIT, on(ASKED, 40), on(LATER))], (piece("40", ASKED), piece("60", LATER)), ()),
        (
            [said(Kind.SPLIT, on(None, 40, UNKNOWN), on(LATER, 60))],
            (piece("40", ASKED), piece("60", LATER)),
            ("day_as_asked",),
        ),
        (
            [said(Kind.BACKORDER, on(ASKED, 40), on(None, 60, UNKNOWN))],
            (piece("40"), piece("60", None, kind="backorder")),
            (),
        ),
        ([said(Kind.BACKORDER, on(None, None, UNKNOWN))], (piece("100", None, kind="backorder"),), ()),
        ([said(Kind.PRICE, Piece(price=Decimal(7)))], (piece("100", price="7"),), ()),
        ([said(Kind.PRICE, Piece(price=Decimal(690), per=Decimal(100)))], (piece("100", price="6.9"),), ()),
        (
            [said(Kind.PRICE, Piece(price=Decimal(7))), said(Kind.DATE, on(LATER))],
            (piece("100", LATER, price="7"),),
            (),
        ),
        (
            [said(Kind.SUBSTITUTE, Piece(substitute_part="A-16", day=LATER, precision=DAY))],
            (piece("100", LATER, kind="substitute", item_number="A-16"),),
            (),
        ),
        ([said(Kind.REFUSE)], (refused("100"),), ()),
        ([said(Kind.CANCEL, on(None, 30))], (piece("70"), refused("30")), ()),
    ],
)
def test_what_is_firm_and_adds_up_is_filled_in(commitments, pieces, marks):
    found = drafted(*commitments)

    (line,) = found.lines[ANSWER]
    assert (line.pieces, line.marks, line.cancel) == (pieces, marks, False)
    assert set(line.evidence.values()) == {"so it is written"}
    assert (found.unsure, found.lines[CHANGE]) == ([], [])


@pytest.mark.parametrize(
    ("commitments", "why"),
    [
        ([said(Kind.DATE, on(LATER), certainty=Certainty.TENTATIVE)], "tentative"),
        ([said(Kind.QUESTION, on(LATER))], "asked"),
        ([said(Kind.SHIPPED, on(ASKED))], "shipped"),
        ([said(Kind.DATE, on(date(2026, 4, 30), precision=MONTH))], "month"),
        ([said(Kind.DATE, on(None, None, UNKNOWN))], "no_day"),
        ([said(Kind.DATE, on(LATER, 60))], "part"),
        ([said(Kind.QUANTITY, on(None, 120))], "more"),
        ([said(Kind.SPLIT, on(ASKED, 40), on(LATER, 50))], "sum"),
        ([said(Kind.SPLIT, on(ASKED), on(LATER))], "no_quantity"),
        ([said(Kind.SPLIT, on(ASKED, 40), on(None, 60))], "no_day"),
        ([said(Kind.PRICE, price_percent=Decimal(4))], "percent"),
        ([said(Kind.PRICE, Piece(price=Decimal(1), per=Decimal(3)))], "price"),
        ([said(Kind.SUBSTITUTE)], "substitute"),
        ([said(Kind.ACCEPT, on(LATER))], "differs"),
        ([said(Kind.ACCEPT, on(ASKED, 90))], "differs"),
        ([said(Kind.DATE, on(LATER)), said(Kind.DATE, on(ASKED))], "several"),
        ([said(Kind.REFUSE), said(Kind.DATE, on(LATER))], "several"),
    ],
)
def test_what_is_unsure_is_listed_and_not_filled_in(commitments, why):
    found = drafted(*commitments)

    assert found.lines == {ANSWER: [], CHANGE: [], REPLY: []}
    assert {(one.number, one.words, one.why) for one in found.unsure} == {(10, "so it is written", why)}


def test_a_mail_that_contradicts_itself_fills_in_nothing():
    found = drafted(said(Kind.DATE, on(LATER)), contradicts_itself=True)

    assert found.lines[ANSWER] == []
    assert [one.why for one in found.unsure] == ["contradicts"]


def test_a_word_on_the_whole_order_is_one_on_each_line_that_has_none_of_its_own():
    lines = [a_line(), a_line(number=20), a_line(number=30, waits=False), a_line(CHANGE, number=40)]

    found = drafted(said(Kind.ACCEPT, line=None), said(Kind.DATE, on(LATER), line="20"), lines=lines)

    assert [(one.number, one.pieces) for one in found.lines[ANSWER]] == [
        (10, ()),
        (20, (piece("100", LATER),)),
    ]
    assert found.lines[CHANGE] == []


def test_a_day_for_the_whole_order_moves_what_is_agreed_too():
    found = drafted(said(Kind.DATE, on(LATER), line=None), lines=[a_line(), a_line(CHANGE, number=20)])

    assert [one.number for one in found.lines[ANSWER]] == [10]
    assert [(one.number, one.pieces) for one in found.lines[CHANGE]] == [(20, (piece("100", LATER),))]


@pytest.mark.parametrize("shut", ["revised", "talked_of", "closed"])
def test_a_line_that_takes_no_word_says_why(shut):
    found = drafted(said(Kind.DATE, on(LATER)), line=a_line("", shut=shut))

    assert [one.why for one in found.unsure] == [shut]


def test_a_line_the_order_does_not_have_is_listed():
    found = drafted(said(Kind.DATE, on(LATER), line=70))

    assert [(one.number, one.why) for one in found.unsure] == [(0, "closed")]


class TestAgreedLine:
    """What is agreed is altered by a change request."""

    def one(self, *commitments, **words):
        return drafted(*commitments, line=a_line(CHANGE, **words))

    def test_what_is_agreed_already_is_no_news(self):
        found = self.one(said(Kind.DATE, on(ASKED)))

        assert (found.lines[CHANGE], found.unsure) == ([], [])

    def test_less_is_wished_for_without_what_falls_away(self):
        (line,) = self.one(said(Kind.QUANTITY, on(None, 80))).lines[CHANGE]

        assert (line.pieces, line.cancel) == ((piece("80"),), False)

    def test_more_may_be_wished_for(self):
        (line,) = self.one(said(Kind.QUANTITY, on(None, 120))).lines[CHANGE]

        assert line.pieces == (piece("120"),)

    def test_nothing_more_is_a_cancellation(self):
        (line,) = self.one(said(Kind.CANCEL)).lines[CHANGE]

        assert (line.pieces, line.cancel) == ((), True)

    def test_what_is_agreed_is_never_left_without_a_day(self):
        found = self.one(said(Kind.BACKORDER, on(ASKED, 40), on(None, 60, UNKNOWN)))

        assert [one.why for one in found.unsure] == ["no_day"]


def test_a_line_in_several_deliveries_moves_as_one():
    line = a_line(deliveries=((60, ASKED), (40, date(2026, 4, 8))))

    (found,) = drafted(said(Kind.DATE, on(LATER)), line=line).lines[ANSWER]

    assert found.pieces == (piece("60", LATER, schedule_key="1"), piece("40", LATER, schedule_key="2"))
