"""Invoices as programs send and read them, by the same rules as on the page."""

from datetime import UTC, datetime

import pytest

from portal.kernel.scope import acting
from procurement.invoices.models import Invoice
from procurement.invoices.services import approve_invoice, hold_invoice
from suppliers.roles import TokenScope
from tests.builders.invoices import PRICE_HELD, VAT, a_profile, fresh_invoice, settle
from tests.builders.world import an_order, fresh_line
from tests.people import FEED

pytestmark = pytest.mark.django_db

INVOICES = "/api/v1/invoices"
TODAY = datetime.now(UTC).date()  # doors bring their own time


@pytest.fixture
def acme(people, tokens):
    an_order()
    a_profile(people["max"], VAT)
    return tokens("ACME", TokenScope.INVOICE)


def a_body(number="INV-1", *, line="L10", quantity="60", price="6.85", **more):
    return {
        "company": "NM",
        "number": number,
        "invoiced_on": TODAY.isoformat(),
        "supplier_tax_id": "IN-1",
        "lines": [{"order": "4500000001", "line": line, "quantity": quantity, "unit_price": price}],
        **more,
    }


def without(body, *names):
    return {name: value for name, value in body.items() if name not in names}


def test_a_whole_invoice_in_one_call(acme):
    freight = {"code": "FC", "reason": "Freight", "amount": "25.00", "category": "S", "tax_rate": "19"}
    answer = acme.post(INVOICES, a_body(charges=[freight], payment_days=30, typed_total="518.84"))

    assert answer.status_code == 201, answer.json()
    told = answer.json()
    assert (told["state"], told["issue"], told["total"], told["tax_total"]) == ("sent", 1, "518.84", "82.84")
    assert told["taxes"] == [
        {
            "category": "S",
            "tax_rate": "19",
            "jurisdiction": "",
            "base": "436",
            "amount": "82.84",
            "exemption_reason": "",
        }
    ]
    assert [one["code"] for one in told["findings"]] == ["to_come"]
    (line,) = told["lines"]
    assert (line["line"], line["order"]["number"], line["category"]) == ("L10", "4500000001", "S")
    assert fresh_line().claimed_quantity == 60
    page = acme.get(INVOICES, {"order": "4500000001", "state": "sent", "number": "INV-1"}).json()
    assert [one["key"] for one in page["results"]] == [told["key"]]
    assert acme.get(INVOICES, {"kind": "credit_note"}).json()["results"] == []


def test_what_is_wrong_is_refused_with_every_reason(acme):
    answer = acme.post(INVOICES, a_body(typed_total="1", lines=[{**a_body()["lines"][0], "quantity": "1.5"}]))

    assert answer.status_code == 422
    assert {(one["code"], one["field"]) for one in answer.json()["problems"]} == {
        ("decimals", "quantity"),
        ("typed_total", "typed_total"),
    }
    huge = a_body(quantity="99999999999", price="99999999999")
    assert acme.post(INVOICES, huge).json()["problems"][0]["code"] == "out_of_range"
    assert acme.post(INVOICES, a_body() | {"lines": []}).status_code == 400
    assert acme.post(INVOICES, a_body(supplier="GLOBEX")).status_code == 422
    with acting(FEED):
        assert Invoice.objects.count() == 0


def test_a_number_and_a_key_count_once(acme):
    first = acme.post(INVOICES, a_body(), Idempotency_Key="k-1")
    again = acme.post(INVOICES, a_body(), Idempotency_Key="k-1")
    other = acme.post(INVOICES, a_body("inv 01"))

    assert (first.status_code, again.json(), again["Idempotent-Replayed"]) == (201, first.json(), "true")
    assert other.status_code == 409
    assert (other.json()["code"], other.json()["details"]["invoice"]) == ("duplicate", first.json()["key"])


def test_from_draft_to_credit_note(acme, people):
    draft = acme.post(INVOICES, a_body(send=False, invoiced_on="2026-01-01")).json()
    assert (draft["state"], [one["code"] for one in draft["findings"]]) == ("draft", ["to_come"])
    address = f"{INVOICES}/{draft['key']}"
    stale = acme.post(f"{address}/send", {"version": draft["version"] + 1})
    assert (stale.status_code, stale.json()["code"]) == (409, "stale")
    sent = acme.post(f"{address}/send", {"version": draft["version"]}).json()
    assert sent["state"] == "sent"

    with acting(FEED):
        invoice = Invoice.objects.get(key=draft["key"])
    settle(hold_invoice, invoice, PRICE_HELD)
    held = acme.get(address).json()
    assert (held["held"]["key"], held["held"]["acts"]) == ("price_over", "buyer")
    body = without(a_body(quantity="50"), "company", "number")
    assert acme.post(f"{address}/revise", body).status_code == 428
    revised = acme.post(f"{address}/revise", {**body, "version": held["version"]})
    assert revised.status_code == 201, revised.json()
    told = revised.json()
    assert (told["number"], told["issue"], told["document"]) == ("INV-1", 2, draft["document"])
    assert acme.get(address).json()["state"] == "replaced"

    with acting(FEED):
        second = Invoice.objects.get(key=told["key"])
    settle(approve_invoice, second)
    address = f"{INVOICES}/{told['key']}"
    end = {"version": fresh_invoice(second).version, "reason": "Too late."}
    assert acme.post(f"{address}/withdraw", end).json()["code"] == "illegal_transition"
    note = acme.post(f"{address}/credit", {"number": "CN-1", "reason": "Goods came back."})
    assert note.status_code == 201, note.json()
    assert (note.json()["kind"], note.json()["corrects"], note.json()["total"]) == (
        "credit_note",
        told["key"],
        told["total"],
    )
    assert fresh_line().claimed_quantity == 0


def test_what_is_taken_back_or_sent_back(acme, people, client):
    first, second = (acme.post(INVOICES, a_body(number)).json() for number in ("A-1", "A-2"))
    end = {"version": first["version"], "reason": "A mistake."}
    gone = acme.post(f"{INVOICES}/{first['key']}/withdraw", end).json()
    assert (gone["state"], gone["end_reason"]) == ("withdrawn", "A mistake.")
    draft = acme.post(INVOICES, a_body("A-3", send=False)).json()
    away = acme.post(f"{INVOICES}/{draft['key']}/discard", {"version": draft["version"]})
    assert away.json()["state"] == "discarded"

    address = f"{INVOICES}/{second['key']}/reject"
    body = {"version": second["version"], "reason": "The price is 6.85."}
    assert acme.post(address, body).status_code == 403
    client.force_login(people["otto"].user)
    rejected = client.post(address, body, content_type="application/json")
    assert (rejected.status_code, rejected.json()["state"]) == (200, "rejected")
    assert rejected.json()["rejected_reason"] == "The price is 6.85."
    again = acme.post(INVOICES, a_body("A-2")).json()
    assert (again["document"], again["issue"]) == (second["document"], 2)


def test_who_may_what(acme, tokens):
    made = acme.post(INVOICES, a_body()).json()
    assert tokens("ACME", TokenScope.READ).get(f"{INVOICES}/{made['key']}").status_code == 200
    assert tokens("ACME", TokenScope.SHIP).post(INVOICES, a_body("X")).status_code == 403
    globex = tokens("GLOBEX", TokenScope.INVOICE)
    assert globex.get(f"{INVOICES}/{made['key']}").status_code == 404
    assert globex.get(INVOICES).json()["results"] == []
    assert globex.post(INVOICES, a_body()).status_code == 422
    assert tokens().get(INVOICES).json()["results"][0]["key"] == made["key"]


def test_a_page_costs_the_same_with_one_invoice_and_with_many(acme, django_assert_max_num_queries):
    for number in range(1, 9):
        assert acme.post(INVOICES, a_body(f"N-{number}", quantity="1")).status_code == 201
    with django_assert_max_num_queries(24):
        assert len(acme.get(INVOICES).json()["results"]) == 8
