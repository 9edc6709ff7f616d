"""What arrived and what was billed, on both sides' order page and for programs: each sees what is theirs."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal.kernel.scope import acting
from procurement.bills.messages import BillLinePaper
from procurement.bills.models import Bill, BillLine
from procurement.receipts.models import Receipt
from tests.builders.facts import ORDER, a_bill, a_receipt, arrive, bill
from tests.builders.world import MONDAY, a_line, an_order

pytestmark = pytest.mark.django_db

TODAY = datetime.now(UTC).date()


def page(person, order, **query):
    client = Client()
    client.force_login(person.user)
    response = client.get(reverse("order", args=[order.key]), query)
    assert response.status_code == 200
    return response.content.decode()


def part(html, name):
    """The words of one panel of a page; none where it is not there."""
    found = re.search(rf'<section[^>]* id="{name}".*?</section>', html, re.S)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", found[0]))).strip() if found else ""


def half_received():
    """120 of 240 pieces of line 10 have arrived in two receipts, and one more was taken back."""
    order = an_order(lines=[a_line(10, quantity=Decimal(240), received_quantity=Decimal(120)), a_line(20)])
    arrive(
        a_receipt("GR-1", reference="4700"),
        a_receipt("GR-2", received_on=date(2026, 5, 12), reference="4711"),
        a_receipt("GR-3", received_on=date(2026, 5, 13), reference="4712", reversed=True),
    )
    return order


@pytest.mark.parametrize("who", ["asha", "arun", "bea", "rex", "otto"])
def test_both_sides_read_what_arrived_line_by_line(people, who):
    order = half_received()

    told = part(page(people[who], order), "received")

    assert "Line 10 VALVE-15 Received 120 of 240 pcs, last on 12 May 2026, delivery note 4711" in told
    assert "3 receipts 60 pcs · 13 May 2026 · delivery note 4712 taken back" in told
    assert "Line 20" not in told


def test_what_the_order_says_was_received_stands_without_a_single_receipt(people):
    order = an_order(lines=[a_line(10, received_quantity=Decimal(100))])

    assert part(page(people["asha"], order), "received") == (
        "Goods received Line 10 VALVE-15 Received 100 of 100 pcs"
    )


def test_an_order_to_which_nothing_happened_says_nothing_of_it(people):
    order = an_order()

    html = page(people["bea"], order)
    assert (part(html, "received"), part(html, "invoices")) == ("", "")
    html = page(people["asha"], order)  # who may claim it
    assert part(html, "received") == ""
    assert part(html, "invoices") == (
        "Invoices Invoice this order Choose lines to invoice Nothing was invoiced yet."
    )


@pytest.mark.parametrize("who", ["asha", "bea"])
def test_both_sides_read_how_far_invoices_are_paid(people, who):
    order = an_order()
    soon, past = TODAY + timedelta(days=9), TODAY - timedelta(days=3)
    bill(
        a_bill("I-1", reference="A-1", state="paid", open_amount=Decimal(0), paid_on=date(2026, 4, 30)),
        a_bill("I-2", reference="A-2", state="partly_paid", open_amount=Decimal("522.5"), due_on=soon),
        a_bill("I-3", reference="A-3", state="approved", due_on=past),
        a_bill("I-4", reference="C-4", kind="credit_note", state="approved", due_on=past),
        a_bill("I-5", reference="A-5", state="cancelled", open_amount=Decimal(0)),
    )

    told = part(page(people[who], order), "invoices")

    head = "2 Apr 2026 · 822.00 EUR Line 10: 685.00 EUR without taxes"

    def shown(day):
        return f"{day.day} {day:%b %Y}"

    assert told == (
        ("Invoices Invoice this order Choose lines to invoice " if who == "asha" else "Invoices ")
        + f"Invoice A-5 , {head} Cancelled "
        f"Credit note C-4 , {head} Due {shown(past)}, open 822.00 EUR Approved "
        f"Invoice A-3 , {head} Was due {shown(past)}, open 822.00 EUR Approved "
        f"Invoice A-2 , {head} Due {shown(soon)}, open 522.50 EUR Partly paid "
        f"Invoice A-1 , {head} Paid on 30 Apr 2026 Paid"
    )


def test_an_invoice_over_two_orders_says_on_each_what_it_bills_there(people):
    first, second = an_order(), an_order("4500000002")
    lines = (
        BillLinePaper(ORDER, "L10", Decimal(100), Decimal(685)),
        BillLinePaper(ORDER, "L20", Decimal(50), Decimal("342.50")),
        BillLinePaper("4500000002", "L20", Decimal(10), Decimal("68.50")),
    )
    bill(a_bill(lines=lines, total=Decimal(1300), open_amount=Decimal(1300)))

    assert "Lines 10, 20: 1,027.50 EUR without taxes" in part(page(people["asha"], first), "invoices")
    assert "Line 20: 68.50 EUR without taxes" in part(page(people["asha"], second), "invoices")


def test_a_supplier_sees_receipts_and_invoices_of_its_own_alone(people):
    half_received()
    bill(a_bill())
    theirs = an_order("4500000009", supplier="GLOBEX")
    arrive(a_receipt("GR-9", order="4500000009", reference="9999"))
    bill(a_bill("INV-9", order="4500000009", supplier="GLOBEX", reference="G-9"))

    with acting(people["gil"].actor):
        # No visible_to: wall two alone.
        assert list(Receipt.objects.values_list("key", flat=True)) == ["GR-9"]
        assert list(Bill.objects.values_list("key", flat=True)) == ["INV-9"]
        assert set(BillLine.objects.values_list("order_number", flat=True)) == {"4500000009"}
    with acting(people["bea"].actor):
        gil = people["gil"].actor
        # Under the company's scope: wall one alone.
        assert list(Receipt.objects.visible_to(gil).values_list("key", flat=True)) == ["GR-9"]
        assert list(Bill.objects.visible_to(gil).values_list("key", flat=True)) == ["INV-9"]
    html = page(people["gil"], theirs)
    assert "9999" in part(html, "received")
    assert "G-9" in part(html, "invoices")
    assert "A-2041" not in html


@pytest.mark.parametrize("who", ["asha", "bea"])
def test_the_page_takes_the_same_queries_with_one_and_with_many(people, who):
    few, many = an_order("few", lines=1), an_order("many", lines=1)
    counts = []
    for order, count in ((few, 1), (many, 12)):
        arrive(*[a_receipt(f"{order.number}-{n}", order=order.number) for n in range(count)])
        bill(*[a_bill(f"{order.number}-{n}", order=order.number) for n in range(count)])
    for order in (few, many):
        page(people[who], order)  # that it is seen for the first time is written down
    for order in (few, many):
        with CaptureQueriesContext(connection) as queries:
            page(people[who], order)
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_a_long_order_shows_the_first_lines_and_all_on_demand(people):
    lines = [a_line(10 * n, received_quantity=Decimal(50)) for n in range(1, 26)]
    order = an_order(lines=lines)

    some, whole = page(people["asha"], order), page(people["asha"], order, received="all")

    assert (part(some, "received").count("Received 50"), part(whole, "received").count("Received 50")) == (
        20,
        25,
    )
    assert "5 more lines" in part(some, "received")
    assert "more lines" not in part(whole, "received")


def test_the_timeline_tells_of_bookings_and_invoices(people):
    order = half_received()
    bill(a_bill())

    html = page(people["asha"], order)

    words = re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))
    assert "Delivery notes 4700, 4711, 4712 booked: line 10" in words
    assert "Invoice A-2041: entered" in words


def test_a_receipt_taken_back_is_told_as_such(people):
    order = half_received()
    arrive(a_receipt("GR-2", reversed=True, stamp=MONDAY + timedelta(hours=1)))

    assert "Receipt taken back: line 10" in page(people["asha"], order)


# --- programs -----------------------------------------------------------------------------------------------


def test_a_program_reads_receipts(tokens):
    order = an_order()
    arrive(a_receipt())
    an_order("4500000009", supplier="GLOBEX")
    arrive(a_receipt("GR-9", order="4500000009"))

    answer = tokens("ACME").get("/api/v1/receipts")

    assert answer.json() == {
        "results": [
            {
                "key": "GR-1",
                "company": "NM",
                "line": {
                    "order": str(order.key),
                    "order_number": ORDER,
                    "key": "L10",
                    "number": 10,
                    "item_number": "VALVE-15",
                },
                "quantity": "60",
                "unit": "pcs",
                "received_on": "2026-03-30",
                "reference": "4711",
                "reversed": False,
                "updated_at": "2026-03-02T10:00:00Z",
            }
        ],
        "next": None,
        "previous": None,
    }
    keys = [one["key"] for one in tokens().get("/api/v1/receipts", {"order": "4500000009"}).json()["results"]]
    assert keys == ["GR-9"]


def test_a_receipt_that_waits_for_its_order_is_not_told(tokens):
    arrive(a_receipt())

    assert tokens().get("/api/v1/receipts").json()["results"] == []


def test_a_program_reads_invoices(tokens):
    an_order()
    bill(a_bill(state="partly_paid", open_amount=Decimal("22.5")))
    bill(a_bill("INV-9", supplier="GLOBEX", reference="G-9"))

    answer = tokens("ACME").get("/api/v1/bills", {"order": ORDER})

    assert answer.json()["results"] == [
        {
            "key": "INV-1",
            "company": "NM",
            "supplier": "ACME",
            "kind": "invoice",
            "number": "",
            "reference": "A-2041",
            "state": "partly_paid",
            "invoiced_on": "2026-04-02",
            "due_on": "2026-05-02",
            "paid_on": None,
            "currency": "EUR",
            "total": "822",
            "open_amount": "22.5",
            "lines": [{"order_number": ORDER, "line": "L10", "quantity": "100", "amount": "685"}],
            "updated_at": "2026-03-02T10:00:00Z",
        }
    ]
    paid = tokens().get("/api/v1/bills", {"state": "paid"}).json()["results"]
    everybody = tokens().get("/api/v1/bills", {"updated_since": "2026-03-02T10:00:00Z"}).json()["results"]
    assert (paid, [one["key"] for one in everybody]) == ([], ["INV-1", "INV-9"])


@pytest.mark.parametrize("address", ["/api/v1/receipts", "/api/v1/bills"])
def test_lists_take_the_same_queries_with_one_and_with_many(tokens, django_assert_num_queries, address):
    program = tokens("ACME")
    an_order()
    arrive(a_receipt())
    bill(a_bill())
    program.get(address)
    with CaptureQueriesContext(connection) as one:
        program.get(address)
    arrive(*[a_receipt(f"GR-{n}") for n in range(2, 20)])
    bill(*[a_bill(f"INV-{n}") for n in range(2, 20)])

    with django_assert_num_queries(len(one)):
        assert len(program.get(address).json()["results"]) == 19
