"""Statements as people use them without a script: upload, columns, a look, compare, ask, answer, agree, take along."""

import csv
import io
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from portal.kernel.scope import acting
from procurement.statements.models import StatementRow, SupplierStatement
from tests.builders.changes import an_agreed_order
from tests.builders.invoices import a_sent_invoice
from tests.builders.statements import a_statement, an_item, compared
from tests.people import FEED

pytestmark = pytest.mark.django_db

GERMAN = """Kontoauszug Kunde Northmoor;;;;;
;;;;;
Belegnummer;Belegart;Belegdatum;Fällig am;Offener Betrag;Whg
R-1;Rechnung;02.03.2026;01.04.2026;81,52;EUR
R-2;RE;02.03.2026;;1.200,00;EUR
G 3;Gutschrift;01.03.2026;;50,00-;EUR
ZE-4;Zahlung;01.03.2026;;(10,00);EUR
R-5;Rechnung;03.04.26x;;5,00;EUR
R-6;Quittung;02.03.2026;;5,00;EUR
R-7;Rechnung;02.03.2026;;viel;EUR
;;;;1.231,52;
"""


@pytest.fixture
def at(people):
    def browser(name):
        client = Client()
        client.force_login(people[name].user)
        return client

    return browser


def post(client, content, name="open.csv", **more):
    data = {"file": SimpleUploadedFile(name, content), "stated_on": "2026-03-02", **more}
    return client.post(reverse("statement-upload"), data)


def newest():
    with acting(FEED):
        return SupplierStatement.objects.latest("id")


def page(client, url, status=200):
    answer = client.get(url)
    assert answer.status_code == status, answer.content[:500]
    return " ".join(answer.content.decode().split())


def test_a_supplier_uploads_what_its_accounting_wrote_and_reads_how_each_row_stands(people, at):
    asha = at("asha")
    order = an_agreed_order(people["asha"])
    a_sent_invoice(order, people["asha"], {"L10": 10}, number="R-1")
    a_sent_invoice(order, people["asha"], {"L10": 10}, number="R-7")
    assert "Upload a statement" in page(asha, reverse("statement-list"))
    assert 'name="supplier"' not in page(asha, reverse("statement-upload"))
    answer = post(asha, GERMAN.encode())  # her accounting writes German, she reads English
    statement = newest()
    here = reverse("statement", args=[statement.key])
    assert (answer.status_code, answer["Location"]) == (303, here)
    with acting(FEED):
        rows = StatementRow.objects.filter(statement=statement).order_by("place")
        told = [(row.place, row.kind, row.number, str(row.open_amount)) for row in rows]
    assert told == [
        (4, "invoice", "R-1", "81.5200"),
        (5, "invoice", "R-2", "1200.0000"),
        (6, "credit_note", "G 3", "-50.0000"),
        (7, "payment", "ZE-4", "-10.0000"),
        (8, "invoice", "R-5", "5.0000"),
    ]
    assert [(one["row"], one["column"], one["is_left"]) for one in statement.bad] == [
        (8, "dated_on", False),
        (9, "kind", True),
        (10, "open", True),
        (11, "number", True),
    ]
    shown = page(asha, here)
    for text in (
        "3 rows are left out<",
        "without 3 rows that could not be read",
        "Quittung",
        "1,226.52 EUR",
        "Compare",
    ):
        assert text in shown, text
    assert at("otto").get(here).status_code == 404  # only read so far
    assert asha.post(reverse("statement-compare", args=[statement.key])).status_code == 303
    shown = page(asha, here)
    for text in (
        "From your balance to the customer's, EUR",
        "5 rows do not agree. The customer owes 1,063.48 EUR less than your list says.",
        "It never came to the customer, neither here nor in the books of the ERP.",
        "Write this invoice",
        "s, in rows that were not read",
        "It stands in row 10, which could not be read. With the customer, being matched.",
        "The customer knows no payment of this reference",
        "1,226.52 EUR",
        "3 rows are left out<",
        "<b>Row 9, <bdi>R-6</bdi></b><br>Kind “<bdi>Quittung</bdi>”",
    ):
        assert text in shown, text
    assert "5 rows differ of those that were read" in page(asha, reverse("statement-list"))
    with acting(FEED):
        SupplierStatement.objects.filter(pk=statement.pk).update(differing=0)
    agreeing = page(asha, f"{reverse('statement-list')}?view=agree")
    assert "what was read agrees; some rows were not read" in agreeing
    assert "everything agrees" not in agreeing
    with acting(FEED):
        SupplierStatement.objects.filter(pk=statement.pk).update(differing=5)
    file = asha.get(reverse("statement-result", args=[statement.key, "csv"]))
    told = list(csv.DictReader(io.StringIO(b"".join(file.streaming_content).decode("utf-8-sig"))))
    left = [(one["Row"], one["Number"], one["Why"]) for one in told if one["Result"] == "Left out"]
    assert [one[:2] for one in left] == [("9", "R-6"), ("10", "R-7"), ("11", "")]
    assert left[0][2].startswith("Kind “Quittung”: ")
    assert "<span>With the customer, being matched." not in shown
    assert "<span>With the customer, being matched." in page(asha, f"{here}?only=all")
    theirs = page(at("otto"), f"{here}?only=all")
    for text in ("From their balance to ours, EUR", "With us, being matched.", "3 rows are left out<"):
        assert text in theirs, text
    assert 'name="note"' not in shown
    assert post(asha, GERMAN.encode())["Location"] == here
    for name, status in (("gil", 404), ("sam", 200), ("arun", 200), ("otto", 200), ("ada", 200)):
        assert at(name).get(here).status_code == status, name


def test_columns_that_nobody_knows_are_asked_for(people, at):
    an_agreed_order(people["asha"])
    asha = at("asha")
    answer = post(asha, b"a,b,c\nR-1,2026-03-01,5\nR-2,2026-03-01,7")
    statement = newest()
    columns = reverse("statement-columns", args=[statement.key])
    assert answer["Location"] == columns
    assert "R-1, R-2" in page(asha, columns)
    assert asha.post(columns, {"head": "1", "column.number": "1"}).status_code == 422
    twice = asha.post(columns, {"head": "1", "column.number": "1", "column.open": "1"})
    assert "chosen twice" in twice.content.decode()
    said = {"head": "1", "column.number": "1", "column.dated_on": "2", "column.open": "3"}
    assert asha.post(columns, said)["Location"] == reverse("statement", args=[statement.key])
    assert "12.00 EUR" in page(asha, reverse("statement", args=[statement.key]))
    assert asha.post(reverse("statement-discard", args=[statement.key])).status_code == 303
    page(asha, reverse("statement", args=[statement.key]), 404)


@pytest.mark.parametrize(
    ("word", "is_asked"), [("Saldo", True), ("Balance", True), ("Balance due", False), ("Restbetrag", False)]
)
def test_a_balance_is_asked_for_and_what_is_left_of_a_row_is_taken(people, at, word, is_asked):
    an_agreed_order(people["asha"])
    answer = post(at("asha"), f"Beleg,{word}\nR-1,5.00\nR-2,12.00".encode())
    assert answer["Location"] == reverse(
        "statement-columns" if is_asked else "statement", args=[newest().key]
    )


def test_debit_and_credit_sides_and_a_workbook_of_ours_are_read(people, at):
    an_agreed_order(people["asha"])
    otto = at("otto")
    sides = (
        b"Date,Invoice no,Debit,Credit,Balance\n2026-03-01,R-1,100.00,,100.00\n2026-03-02,C-1,,30.00,70.00"
    )
    assert post(otto, sides, supplier="nobody").status_code == 422
    assert post(otto, sides, supplier="ACME").status_code == 303
    with acting(FEED):
        rows = list(newest().rows.order_by("place").values_list("kind", "number", "open_amount"))
    assert rows == [("invoice", "R-1", 100), ("credit_note", "C-1", -30)]
    blank = b"".join(otto.get(reverse("statement-sheet")).streaming_content)
    book = load_workbook(io.BytesIO(blank))
    sheet = book.worksheets[0]
    assert [cell.value for cell in sheet[1]][:2] == ["kind", "number"]
    for place, value in ((1, "Credit note"), (2, "C-9"), (6, 12.5)):
        sheet.cell(3, place).value = value
    filled = io.BytesIO()
    book.save(filled)
    assert post(otto, filled.getvalue(), "own.xlsx", supplier="Acme Valves").status_code == 303
    with acting(FEED):
        (row,) = newest().rows.all()
    assert (row.kind, row.number, str(row.open_amount)) == ("credit_note", "C-9", "-12.5000")


@pytest.mark.parametrize(
    ("content", "name", "says"),
    [
        (b"\0\1", "x.csv", "file"),
        (b"PK\x03\x04nothing", "x.xlsx", "workbook"),
        (b"number,open", "x.csv", "holds no rows"),
        (b"number,open\n" + b"R,1\n" * 10_001, "x.csv", "more than 10000 rows"),
    ],
)
def test_what_is_no_list_is_refused_with_a_sentence(people, at, content, name, says):
    an_agreed_order(people["asha"])
    answer = post(at("asha"), content, name)
    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert "q-err" in answer.content.decode()


def test_accounts_payable_asks_the_supplier_answers_and_the_balance_is_agreed(people, at):
    an_agreed_order(people["asha"])
    statement = compared(
        a_statement(people["asha"], [an_item(2, "R-1", 5), an_item(3, "R-2", 6)]), people["asha"]
    )
    here, say = reverse("statement", args=[statement.key]), reverse("statement-say", args=[statement.key, 2])
    otto, asha = at("otto"), at("asha")
    listed = page(otto, reverse("statement-list"))
    assert "2 rows differ" in listed
    assert "−11.00" in listed or "-11.00" in listed
    assert "Ask the supplier" in page(otto, here)
    assert "Your answer" not in page(asha, here)
    assert otto.post(say, {"text": "  "}).status_code == 422
    assert otto.post(say, {"text": "Which order?"})["Location"] == f"{here}?only=all#row-2"
    shown = page(asha, here)
    assert "Which order?" in shown
    assert "Your answer" in shown
    assert asha.post(say, {"text": "4500000001"}).status_code == 303
    assert "4500000001" in page(otto, here)
    settle = reverse("statement-settle", args=[statement.key])
    version = newest().version
    refused = otto.post(settle, {"version": version})
    assert refused.status_code == 422
    assert "It differs still" in refused.content.decode()
    assert otto.post(settle, {"version": version - 1, "note": "x"}).status_code == 409
    assert otto.post(settle, {"version": version, "note": "Never delivered."}).status_code == 303
    assert "The balance is agreed, by Otto Payer" in page(asha, here)
    assert "Never delivered." in page(asha, here)
    assert asha.post(settle, {"version": version}).status_code == 403


def test_what_was_said_meanwhile_refuses_a_word_and_loses_none(people, at):
    an_agreed_order(people["asha"])
    items = [an_item(2, "R-1", 5), an_item(3, "R-2", 6)]
    statement = compared(a_statement(people["asha"], items), people["asha"])
    here, say = reverse("statement", args=[statement.key]), reverse("statement-say", args=[statement.key, 2])
    otto, asha = at("otto"), at("asha")

    def seen(client):
        return re.search(r'name="seen" value="([^"]*)"', page(client, here))[1]

    assert seen(otto) == ""
    assert otto.post(say, {"text": "Which order?", "seen": ""}).status_code == 303
    asked = seen(asha)
    # A colleague of Otto's has not seen the question: it does not take its place unseen.
    twice = otto.post(say, {"text": "Which year?", "seen": ""})
    assert twice.status_code == 409
    told = twice.content.decode()
    assert "Otto Payer wrote about this row since you opened it. Look at it, then go on." in told
    assert ">Which year?</textarea>" in told
    assert "R-2" not in told
    assert otto.post(say, {"text": "Which year?", "seen": asked}).status_code == 303
    # So the answer to the first question is none to the second.
    answer = asha.post(say, {"text": "4500000001", "seen": asked})
    assert answer.status_code == 409
    assert ">4500000001</textarea>" in answer.content.decode()
    long = asha.post(say, {"text": "x" * 1001, "seen": seen(asha)})
    assert long.status_code == 422
    assert "x" * 1001 in long.content.decode()
    now = seen(asha)
    assert asha.post(say, {"text": "This one", "seen": now}).status_code == 303
    late = asha.post(say, {"text": "No, last one", "seen": now})
    assert late.status_code == 409
    assert "What you wrote, and is not kept</b><p>No, last one" in late.content.decode()
    settled = {"version": newest().version, "note": "Fine."}
    assert otto.post(reverse("statement-settle", args=[statement.key]), settled).status_code == 303
    after = otto.post(say, {"text": "And now?", "seen": ""})
    assert after.status_code == 409
    assert "<p>And now?</p>" in after.content.decode()
    with acting(FEED):
        row = StatementRow.objects.get(statement=statement, place=2)
    assert (row.question, row.answer) == ("Which year?", "This one")


def test_the_result_goes_along_as_a_file_that_runs_nothing(people, at):
    an_agreed_order(people["asha"])
    items = [an_item(2, "=1+1", 5), an_item(3, "R-2", 6, reference="@SUM(A1)")]
    statement = compared(a_statement(people["asha"], items), people["asha"])
    asha = at("asha")
    answer = asha.get(reverse("statement-result", args=[statement.key, "csv"]))
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert [(row["Number"], row["Difference"], row["Result"]) for row in rows] == [
        ("'=1+1", "-5", "Not with the customer"),
        ("R-2", "-6", "Not with the customer"),
    ]
    assert rows[1]["Reference of a payment"] == "'@SUM(A1)"
    answer = asha.get(reverse("statement-result", args=[statement.key, "xlsx"]))
    sheet = load_workbook(io.BytesIO(b"".join(answer.streaming_content))).worksheets[0]
    assert (sheet["C2"].value, sheet["C2"].data_type, sheet["I3"].value) == ("=1+1", "s", 6)
    assert asha.get(reverse("statement-result", args=[statement.key, "pdf"])).status_code == 404


def test_a_page_asks_as_often_for_many_rows_as_for_one(people, at):
    an_agreed_order(people["asha"])
    counts = {}
    for size in (1, 30):
        items = [an_item(n, f"R-{n}", n) for n in range(1, size + 1)]
        statement = compared(a_statement(people["otto"], items), people["otto"])
        for name in ("asha", "otto"):
            for url in (reverse("statement", args=[statement.key]), f"{reverse('statement-list')}?view=all"):
                client = at(name)
                client.get(url)
                with CaptureQueriesContext(connection) as captured:
                    assert client.get(url).status_code == 200
                counts.setdefault((name, "list" in url or "view=all" in url), []).append(len(captured))
    assert all(one == many for one, many in counts.values()), counts
