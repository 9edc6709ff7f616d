"""Sentences the reader has no rule for: it must notice that it does not understand them, and still read the plain ones."""

import pytest

from procurement.reading.answer import Certainty, Kind
from procurement.reading.context import context_from_json
from procurement.reading.reader import read_mail
from procurement.reading.understanding import names_of, strangers
from tests.reading.labels import load_mails

ANOTHER_DEED = {
    "en": [
        "Line 10 was cast on 12 March.",
        "We start production of line 10 on 12 March.",
        "Line 10 goes on the machine on 12 March.",
        "Line 10 finishes heat treatment on 12 March.",
        "Line 10 comes back from the galvaniser on 12 March.",
        "Line 10 leaves the paint shop on 12 March.",
        "Line 10 is being tested on 12 March.",
        "We are loading the furnace with line 10 on 12 March.",
        "Line 10 has been held by customs until 12 March.",
        "Line 10 is blocked until your drawing arrives on 12 March.",
        "Line 10 will be discussed on 12 March.",
        "The quote for line 10 expires 12 March.",
        "The price for line 10 is valid until 12 March.",
        "The system shows 12 March for line 10 but ignore that.",
        "My colleague says line 10 was promised for 12 March by mistake.",
        "Our driver is off until 12 March, that's line 10.",
        "The price of line 20 has gone up a lot.",
        "The dozen you got on Monday finishes it.",
        "Validity: 30 April 2026",
        "We're on stand C14 from the 12th to the 14th.",
    ],
    "de": [
        "Pos. 10 wird am 12.03. gegossen.",
        "Wir starten die Fertigung von Pos. 10 am 12.03.",
        "Pos. 10 geht am 12.03. in die Härterei.",
        "Pos. 10 kommt am 12.03. vom Verzinker zurück.",
        "Pos. 10 verlässt am 12.03. die Lackiererei.",
        "Pos. 10 wird am 12.03. verpackt.",
        "Pos. 10 liegt bis 12.03. beim Zoll.",
        "Der Preis für Pos. 10 gilt bis 12.03.",
        "Im System steht für Pos. 10 der 12.03., das stimmt aber nicht.",
        "Pos. 10 wird am 12.03. besprochen.",
        "Ihre Bestellung 4500031500, die wir heute erhalten haben, ist in Arbeit.",
        "Ihre Bestellung liegt in der Planung. Termine erhalten Sie am 05.03.",
        "Wir gießen am Montag neu.",
    ],
}
NOT_AS_ORDERED = [
    ("en", "Line 10 is fine apart from the price."),
    ("en", "We confirm the order but not the dates."),
    ("en", "Line 10 as ordered is impossible."),
    ("en", "Good evening Bea"),
    ("de", "Pos. 10 passt, bis auf den Preis."),
    ("de", "Die Bestellung passt, die Termine nicht."),
]
PLAIN = [
    (
        "en",
        "We've had to put the flange gaskets back to 10 April as the cutter has packed in.",
        20,
        Kind.DATE,
    ),
    ("en", "Due to missing blanks from our sub-supplier line 10 will ship only on 10 April.", 10, Kind.DATE),
    ("en", "Shaft seals slipping to 17 April I'm afraid.", 30, Kind.DATE),
    ("en", "I'm sorry but we've stopped making the shaft seal.", 30, Kind.REFUSE),
    ("en", "I've struck the shaft seals off the order like you said.", 30, Kind.CANCEL),
    ("en", "We only have 400 of the o-rings left and we'll close the line at that.", 10, Kind.QUANTITY),
    ("en", "Line 20 can go already on 20 March, one week earlier.", 20, Kind.DATE),
    ("de", "Die Wellendichtringe (Pos. 30) verschieben sich leider auf KW 17.", 30, Kind.DATE),
    ("de", "Pos. 30 müssen wir leider auf den 15. April legen.", 30, Kind.DATE),
    ("de", "Vor dem 20.04. brauchen Sie mit Pos. 30 nicht zu rechnen.", 30, Kind.DATE),
    (
        "de",
        "Wegen eines Maschinenschadens bei unserem Vorlieferanten kommt Pos. 20 erst am 10.04.",
        20,
        Kind.DATE,
    ),
]


def _context(language):
    mail = next(one for one in load_mails() if one.name == "opened_review/review-001")
    told = dict(mail.context)
    told["sender_locale"] = {"en": "en-GB", "de": "de-DE"}[language]
    return context_from_json(told)


def _read(language, text):
    raw = f"Subject: Order 4500031500\nContent-Type: text/plain; charset=utf-8\n\n{text}\n".encode()
    return read_mail(raw, _context(language)).commitments


@pytest.mark.parametrize(
    ("language", "text"), [(language, text) for language, texts in ANOTHER_DEED.items() for text in texts]
)
def test_a_day_of_another_deed_is_no_delivery(language, text):
    assert not _read(language, text)


@pytest.mark.parametrize(("language", "text"), NOT_AS_ORDERED)
def test_what_is_taken_only_in_part_is_not_taken_as_ordered(language, text):
    assert not [one for one in _read(language, text) if one.kind is Kind.ACCEPT]


@pytest.mark.parametrize(("language", "text", "line", "kind"), PLAIN)
def test_plain_sentences_are_read_though_no_rule_was_made_for_them(language, text, line, kind):
    (found,) = _read(language, text)

    assert (found.line, found.kind) == (line, kind)


def test_an_unknown_verb_beside_a_day_is_a_stranger():
    assert strangers("we will frobnicate the goods", "en") == ["frobnicate"]
    assert strangers("die ware wird gequirlt und kommt", "de") == ["gequirlt"]


def test_everyday_words_and_reasons_are_no_strangers():
    assert not strangers("unfortunately the lorry broke down, so it ships later", "en")
    assert not strangers("due to a zyzzyva at our plater we ship later", "en")
    assert not strangers("leider ist uns der lieferant ausgefallen, das liefern wir später", "de")


def test_the_words_of_goods_and_people_are_no_strangers():
    context = _context("en")
    names = names_of(context, "We ship with Kuehne, part PTFE")

    assert not strangers("the gaskets ship with kuehne in ptfe", "en", names)
    assert strangers("the gizmos ship", "en", names) == ["gizmos"]


def test_what_stands_beside_values_that_make_no_sense_is_withheld():
    assert not _read(
        "en", "Only 400 of the o-rings on the shelf. The rest we frobnicate on 20 April, 70 of line 10."
    )


def test_a_day_said_of_what_was_counted_just_before_goes_with_it():
    text = "Only 400 of the o-rings are on the shelf. You'll have those on the 20th, the other 100 will be 10 April."
    (found,) = _read("en", text)

    assert found.kind is Kind.SPLIT
    assert [piece.quantity for piece in found.pieces] == [400, 100]


def test_lines_that_are_fine_too_are_taken():
    found = _read("de", "Pos. 10 ist in Ordnung. Pos. 20 auch.")

    assert [(one.line, one.kind) for one in found] == [(10, Kind.ACCEPT), (20, Kind.ACCEPT)]


def test_an_earlier_day_offered_with_a_question_is_tentative():
    (found,) = _read("en", "We can ship line 20 on 20 March. Is that ok for you or is your warehouse full?")

    assert found.certainty is Certainty.TENTATIVE


def test_about_an_order_is_not_about_a_day():
    (found,) = _read("en", "About 4500031500: shaft seals will ship on 17 April.")

    assert found.certainty is Certainty.FIRM
