"""A supplier's own PDF as the picture of an invoice: what it says otherwise both sides read, and nothing stops."""

import time
from datetime import date
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from portal.kernel.scope import acting
from procurement.einvoices.pictures import read_picture
from procurement.invoices.files.paper import invoice_paper
from procurement.invoices.policies.picture import Data, Outcome, hold_against, picture_findings
from procurement.invoices.queries import written
from suppliers.roles import TokenScope
from tests.builders import invoices
from tests.builders.changes import an_agreed_order
from tests.builders.invoices import fresh_invoice
from tests.builders.pictures import a_picture
from tests.people import FEED
from tests.procurement.invoices.test_pages import url, words

D = Decimal
FOUND, NOT_FOUND, DIFFERS = Outcome.FOUND, Outcome.NOT_FOUND, Outcome.DIFFERS


def total_of(text, total, currency="EUR"):
    """What a text says of a total."""
    reading = {"state": "read", "text": text}
    (fact,) = [
        one for one in hold_against(reading, Data(total=D(total), currency=currency)) if one.name == "total"
    ]
    return (fact.outcome, fact.said)


@pytest.mark.parametrize(
    ("text", "total", "expected"),
    [
        ("Amount due  1,234.00", "1234", (FOUND, "")),
        ("Gesamtbetrag  1.234,00 €", "1234", (FOUND, "")),
        ("Rechnungsbetrag EUR 1234,00", "1234", (FOUND, "")),
        ("Total  1 234,50", "1234.5", (FOUND, "")),
        ("Total  1'234.50 CHF", "1234.5", (FOUND, "")),
        ("Grand total\n1,234.00", "1234", (FOUND, "")),
        ("Total USD 1.200", "1200", (FOUND, "")),
        ("Gutschriftsbetrag  -815,15", "-815.15", (FOUND, "")),
        # What is to be paid stands beside its word: another amount that happens to be there is none.
        ("Amount due  1,234.00", "1243", (DIFFERS, "1234.00")),
        ("Item A  1,243.00\nNet total  1,036.97\nAmount due  1,234.00", "1243", (DIFFERS, "1234.00")),
        ("Summe netto 1.000,00\n19 % MwSt 190,00\nSumme brutto 1.190,00", "1190", (FOUND, "")),
        ("Summe netto 1.000,00\n19 % MwSt 190,00\nSumme brutto 1.190,00", "1000", (DIFFERS, "1190.00")),
        ("Gesamtbetrag  1.000,00  190,00  1.190,00", "1190", (FOUND, "")),
        ("Subtotal 100.00\nTotal 119.00", "191", (DIFFERS, "119.00")),
        ("Total (5 items)  119.00", "119", (FOUND, "")),
        ("Nothing but words and 12 pieces, 19.5 %", "119", (NOT_FOUND, "")),
        ("somewhere 1.190,00 is written", "1190", (FOUND, "")),
        ("1200 pcs of it", "1200", (NOT_FOUND, "")),
        ("Total due 120,000", "120000", (FOUND, "")),
        ("Summe 1.234.56", "1234.56", (NOT_FOUND, "")),
    ],
)
def test_totals_in_the_figures_of_both_languages(text, total, expected):
    assert total_of(text, total) == expected


def test_a_text_made_to_keep_us_busy_is_read_as_far_as_an_invoice_goes():
    began = time.process_time()
    for words_ in ("summe 1 ", "brutto 1,00\n", "belegdatum 1 ", "total due " * 40 + "7.50\n"):
        text = (words_ * 60_000)[:60_000]
        assert total_of(text, "815.15")[0] in (NOT_FOUND, DIFFERS)
        assert total_of(f"Amount due 815.15\n{text}", "815.15") == (FOUND, "")
        assert total_of(f"{text}\nAmount due 815.15", "815.15") == (FOUND, "")
    assert time.process_time() - began < 6  # it was minutes
    # Beside a word is what is near it, and no figure is cut in two.
    far = "Amount due" + " ." * 142 + "  1234.50"
    assert total_of(f"{far} 815.15", "1234.5") == (FOUND, "")
    assert total_of(f"Amount due {'x ' * 145}123456.50 815.15", "9") == (NOT_FOUND, "")
    assert total_of("Amount due 1.00 2.00 3.00 4.00 5.00 6.00", "9") == (DIFFERS, "5.00")


def test_a_yen_has_no_decimals():
    assert total_of("Total ¥ 120,000", "120000", "JPY") == (FOUND, "")
    assert total_of("Amount due  12,000", "120000", "JPY") == (DIFFERS, "12000")


def facts(text, **data):
    """Everything a text says of the data, but the total."""
    told = hold_against({"state": "read", "text": text}, Data(**data))
    return {f"{one.name} {one.expected}": (one.outcome, one.said) for one in told if one.name != "total"}


DAYS = (
    "2026-03-02|02.03.2026|2.3.26|02/03/2026|3/2/2026|03-02-2026|2 March 2026|2nd March, 2026|March 2, 2026|"
    "Mar 2, 2026|2. März 2026|02. Mrz 2026|2-Mar-2026|2026/03/02|Rechnungsdatum:2.3.2026"
)


@pytest.mark.parametrize("day", DAYS.split("|"))
def test_days_in_their_usual_orders(day):
    assert facts(f"no. 7 {day} x", day=date(2026, 3, 2))["day 2026-03-02"] == (FOUND, "")


def test_numbers_currencies_and_days_that_are_others():
    text = "Invoice LF 26/0188Date\nInvoice date: 20 November 2026\nVAT DE 123 456 789\nyour order 4500012345\n$ 12"
    told = facts(
        text,
        number="LF-26-0188",
        day=date(2026, 11, 26),
        currency="USD",
        tax_id="DE123456789",
        orders=["4500012345", "450001234"],
    )
    assert told == {
        "number LF-26-0188": (FOUND, ""),
        "day 2026-11-26": (DIFFERS, "2026-11-20"),
        "tax_id DE123456789": (FOUND, ""),
        "order 4500012345": (FOUND, ""),
        "order 450001234": (NOT_FOUND, ""),
        "currency USD": (FOUND, ""),
    }
    assert facts("1 €", currency="USD")["currency USD"] == (DIFFERS, "EUR")
    assert facts("1 $", currency="EUR")["currency EUR"] == (NOT_FOUND, "")  # whose dollars nobody knows
    assert facts("please try it", currency="EUR")["currency EUR"] == (NOT_FOUND, "")


def test_what_cannot_be_read_says_why_and_what_it_carries_is_held_against_the_data_too():
    data = Data("INV-2", date(2026, 3, 2), D("815.15"), "EUR", "IN-ACME-1")
    carried = {"number": "inv 0002", "day": "2026-03-01", "total": "815.10", "currency": "EUR", "tax_id": "X"}
    reading = {"state": "no_text", "text": "", "carried": carried}
    told = picture_findings(reading, hold_against(reading, data), "EUR")
    assert [(one.grade.name, one.message) for one in told] == [
        (
            "HINT",
            "The picture cannot be read: it has no text, as a scan has none. Nobody compared it with the data.",
        ),
        ("WARN", "The electronic invoice in the PDF is of 1 Mar 2026, the data of 2 Mar 2026."),
        ("WARN", "The electronic invoice in the PDF says 815.10, the data 815.15 EUR."),
        ("WARN", "The electronic invoice in the PDF has the tax number X, the data IN-ACME-1."),
    ]
    assert picture_findings({}, [], "EUR") == []


@pytest.mark.django_db
def test_both_sides_read_what_a_picture_says_otherwise_and_nothing_stops(people, tokens):
    draft = invoices.a_draft_invoice(
        an_agreed_order(people["asha"]), people["asha"], withholding_note="Tax is withheld at 10 %."
    )
    asha, otto = Client(), Client()
    asha.force_login(people["asha"].user)
    otto.force_login(people["otto"].user)
    ours = a_picture(
        "Invoice INV-1",
        ["Dated", "2 March 2026"],
        ["Our tax number", "IN-ACME-1"],
        ["Your order", "4500000001"],
        ["Amount due", "EUR 851.15"],
    )
    added = asha.post(
        url("invoice-file-add", draft),
        {"kind": "picture", "file": SimpleUploadedFile("ours.pdf", ours, "application/pdf")},
        follow=True,
    )
    otherwise = "The picture says 851.15, the data 815.15 EUR."
    assert "The file is added. Look at what it does not say as the data do." in words(added)
    assert f"Think: {otherwise}" in words(added)
    look = words(asha.get(url("invoice-send", draft)))
    assert f"Think: {otherwise}" in look
    assert "Send it now" in look

    told = (
        tokens("ACME", TokenScope.INVOICE).get(f"/api/v1/invoices/{draft.key}").json()["files"][0]["picture"]
    )
    assert told["state"] == "read"
    assert {one["name"]: (one["outcome"], one["said"]) for one in told["facts"]} == {
        "number": ("found", ""),
        "day": ("found", ""),
        "tax_id": ("found", ""),
        "order": ("found", ""),
        "total": ("differs", "851.15"),
        "currency": ("found", ""),
    }

    (listed,) = tokens("ACME", TokenScope.INVOICE).get("/api/v1/invoices").json()["results"]
    assert [(one["name"], "picture" in one) for one in listed["files"]] == [("ours.pdf", False)]

    asha.post(url("invoice-send", draft), {"version": fresh_invoice(draft).version})
    assert fresh_invoice(draft).state == "sent"
    case = words(otto.get(url("payables-case", draft)))
    assert f"Think: {otherwise}" in case
    assert "Withholding: Tax is withheld at 10 %." in case
    assert otherwise in words(asha.get(url("invoice", draft)))


@pytest.mark.django_db
def test_the_paper_that_we_print_says_what_its_data_say(people):
    sent = invoices.a_sent_invoice(
        an_agreed_order(people["asha"]), people["asha"], withholding_note="10 % off"
    )
    with acting(FEED):
        draft = written(fresh_invoice(sent))
        content = invoice_paper(draft, is_electronic=True)()
    told = read_picture(content)
    assert "Withholding: 10 % off" in told["text"]
    found = hold_against(
        told, Data("INV-1", date(2026, 3, 2), D("815.15"), "EUR", "IN-ACME-1", ["4500000001"])
    )
    assert [one for one in found if one.outcome != Outcome.FOUND] == []
    assert sum(one.carried for one in found) == 5
