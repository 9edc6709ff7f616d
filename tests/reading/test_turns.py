"""Turns of phrase that sound like a promise and are none, or are no firm one: whole classes of them."""

import pytest

from procurement.reading.answer import Certainty, Kind
from procurement.reading.context import context_from_json
from procurement.reading.reader import read_mail
from tests.reading.labels import load_mails

RECEIPT = {
    "en": [
        "We confirm receipt of your order and will come back with dates by Thursday.",
        "Your PO 4500031500 has been received and is being processed.",
        "Your purchase order is acknowledged as received; our formal confirmation will follow.",
        "Got your PO, all good, I'll come back to you with dates tomorrow.",
        "Just to confirm that we've received the order. Ship dates to follow.",
        "Confirming safe receipt of PO 4500031500. Dates by end of week.",
        "Your order has been accepted into our system and is waiting for scheduling.",
        "Your PO is well received, thanks. OC will be sent tomorrow.",
        "Ok, I have your order. Let me check and come back.",
        "Acknowledged, will get back to you.",
    ],
    "de": [
        "Wir bestätigen den Eingang Ihrer Bestellung und melden uns bis Donnerstag mit Terminen.",
        "Hiermit bestätigen wir den Erhalt Ihrer Bestellung 4500031500.",
        "Bestellung ist in Bearbeitung, Auftragsbestätigung folgt in den nächsten Tagen.",
        "Eingang bestätigt, Termine folgen.",
        "Bestellung liegt vor, wir bestätigen zeitnah.",
        "Ok, Bestellung ist angekommen. Rückmeldung zu den Terminen gebe ich morgen.",
        "Wir bestätigen Ihnen die Termine bis Mittwoch.",
        "Termine werden bis morgen bestätigt.",
        "Besten Dank für die Bestellung! Läuft, Bestätigung folgt.",
        "Gerne bestätigen wir Ihnen den Bestelleingang.",
    ],
}
DECLINED = {
    "en": [
        "No, we can't make it before the 20th, as you asked for the 13th. Original date stands.",
        "Sorry, no way to pull this in to 13 March. We stay with the confirmed date.",
        "We've looked at it but can't bring line 10 forward. Date stays as is.",
        "Pulling line 10 in to 13 March won't work. Delivery remains on the 20th as ordered.",
        "We tried but production cannot go faster. The dates remain unchanged.",
        "Sorry, we can't lower the price on line 20. Price stands.",
    ],
    "de": [
        "13.03. schaffen wir nicht, es bleibt beim 20.03.",
        "Pos. 10 können wir nicht vorziehen. Termin bleibt wie bestätigt.",
        "Leider können wir den Termin nicht vorverlegen. Es bleibt alles wie gehabt.",
        "Schneller geht's leider nicht. Der Termin bleibt unverändert.",
        "Beim Preis können wir leider nicht nachgeben. Preis bleibt wie bestellt.",
    ],
}
HEDGED = {
    "en": [
        "Line 10 is delayed by approx. two weeks. Expected delivery date is 3 April.",
        "As things stand, line 10 will be ready on 3 April.",
        "I reckon line 10 will be 3 April.",
        "Line 10, if all goes to plan, ships 3 April.",
        "Line 10 ships 3 April, all being well.",
        "Line 10: 3 April, not confirmed yet.",
        "Line 10 delivery 3 April +/- 2 days.",
        "Line 10 ships 3 April, can't promise though.",
        "According to current planning line 10 is ready on 3 April.",
    ],
    "de": [
        "Leider verzögert sich die Lieferung der Position 10 um ca. zwei Wochen. Voraussichtlicher Liefertermin ist der 03.04.2026.",
        "Stand heute liefern wir Pos. 10 am 03.04.",
        "Pos. 10 dürfte am 03.04. rausgehen.",
        "Pos. 10 kommt, wenn alles klappt, am 03.04.",
        "Pos. 10 am 03.04., ohne Gewähr.",
        "Erwarteter Liefertermin für Pos. 10 ist der 03.04.",
        "Pos. 10: 03.04. (noch nicht bestätigt)",
        "Pos. 10 am 03.04., versprechen kann ich aber nichts.",
        "Die Pos. 10 wird so wie es aussieht am 03.04. geliefert.",
    ],
}
AWAITING = {
    "en": [
        "We no longer make BD-79. Alternative is BD-79V (FKM), same price, ex stock. OK for you?",
        "BD-79 is obsolete, replacement is BD-79V. Please confirm if acceptable.",
        "Line 30: BD-79 is out, we have BD-79V on the shelf. Shall I swap it?",
        "Line 10: 300 on 20 March, 200 on 3 April. Is that ok with you?",
        "Line 10 on 3 April. Can you live with that?",
        "Line 10 MOQ is 1,000 now, shall we round up?",
    ],
    "de": [
        "BD-79 führen wir nicht mehr. Alternative wäre BD-79V (FKM), gleicher Preis, ab Lager. OK für Sie?",
        "BD-79 ist abgekündigt, Ersatz ist BD-79V. Bitte um Ihr Einverständnis.",
        "Pos. 10: 300 am 20.03., 200 am 03.04. Wäre das in Ordnung?",
        "Pos. 10: nur 480 Stück. Reicht Ihnen das?",
        "Den O-Ring bieten wir künftig nur noch mit Mindestmenge 1.000 an, sollen wir auf 1.000 aufrunden?",
    ],
}
ELSEWHERE = {
    "en": [
        "The tool for the flange gaskets will be repaired on 12 March, then we'll know more.",
        "Material for line 10 arrives 9 March.",
        "The price on your PO for line 20 is correct, thank you.",
        "I hope to be able to tell you more about line 10 on 9 March.",
        "Line 10 ships 3 April. Please ignore this mail, it was not meant for you.",
    ],
    "de": [
        "Das Material für Pos. 10 kommt am 09.03.",
        "Prüfbericht BD-78 kommt am 09.03.",
        "Für Pos. 30 läuft noch die Klärung mit der Technik.",
        "Ab 01.04. gibt es für BD-78 einen neuen Zeichnungsstand.",
    ],
}


def cases(table):
    return [(language, text) for language, texts in table.items() for text in texts]


@pytest.fixture(scope="module")
def gaskets():
    return next(mail.context for mail in load_mails() if mail.name == "opened_review/review-001")


def commitments(context, language, text):
    locale = {"en": "en-GB", "de": "de-DE"}[language]
    raw = f"Subject: Re: 4500031500\nContent-Type: text/plain; charset=utf-8\n\n{text}\n".encode()
    return read_mail(raw, context_from_json({**context, "sender_locale": locale})).commitments


@pytest.mark.parametrize(("language", "text"), cases(RECEIPT) + cases(DECLINED) + cases(ELSEWHERE))
def test_nothing_is_taken_from(gaskets, language, text):
    assert commitments(gaskets, language, text) == ()


@pytest.mark.parametrize(("language", "text"), cases(HEDGED))
def test_a_hedge_anywhere_makes_a_day_tentative(gaskets, language, text):
    (found,) = commitments(gaskets, language, text)

    assert (found.line, found.kind, found.certainty) == (10, Kind.DATE, Certainty.TENTATIVE)


@pytest.mark.parametrize(("language", "text"), cases(AWAITING))
def test_an_offer_that_awaits_a_yes_is_tentative(gaskets, language, text):
    found = commitments(gaskets, language, text)

    assert {one.certainty for one in found} == {Certainty.TENTATIVE}


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "We hereby confirm your order, delivery as requested."),
        ("en", "Order received and confirmed. Delivery as requested."),
        ("de", "Bestellung erhalten und bestätigt, Liefertermin wie gewünscht."),
        ("de", "Wir bestätigen Ihre Bestellung 4500031500 wie bestellt."),
    ],
)
def test_a_plain_confirmation_still_takes_the_order(gaskets, language, text):
    (found,) = commitments(gaskets, language, text)

    assert (found.line, found.kind, found.certainty) == (None, Kind.ACCEPT, Certainty.FIRM)
