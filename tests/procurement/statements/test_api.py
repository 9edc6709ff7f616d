"""Statements for programs: sent and compared in one call, read, compared again; each sees its own."""

from decimal import Decimal

import pytest

from suppliers.roles import TokenScope
from tests.builders.changes import an_agreed_order
from tests.builders.invoices import a_draft_invoice, a_sent_invoice
from tests.builders.statements import a_statement, an_item

pytestmark = pytest.mark.django_db

STATEMENTS = "/api/v1/statements"


def test_a_statement_is_sent_compared_read_and_compared_again(people, tokens):
    order = an_agreed_order(people["asha"])
    sent = a_sent_invoice(order, people["asha"], {"L10": 10}, number="R-1")
    theirs = a_draft_invoice(order, people["otto"], {"L10": 10}, number="R-2")
    acme, globex = tokens("ACME", TokenScope.INVOICE), tokens("GLOBEX", TokenScope.INVOICE)
    body = {
        "stated_on": "2026-03-02",
        "rows": [
            {"number": "r 1", "amount": "81.52"},
            {"number": "R-2", "open": "20.00", "amount": "81.52"},
            {"kind": "payment", "number": "B-7", "amount": "40.00", "reference": "RUN-12"},
            {"kind": "credit_note", "number": "G-1", "open": "1.50", "currency": "usd"},
        ],
    }
    answer = acme.post(STATEMENTS, body, Idempotency_Key="k-1")
    assert answer.status_code == 201, answer.json()
    told = answer.json()
    assert (told["state"], told["revision"], told["differing"], told["company"]["code"]) == (
        "compared",
        1,
        3,
        "NM",
    )
    assert [(row["row"], row["verdict"], row["open"], row["difference"]) for row in told["rows"]] == [
        (1, "agrees", "81.52", "0"),
        (2, "missing", "20", "-20"),
        (3, "payment_unknown", "-40", "40"),
        (4, "missing", "-1.5", "1.5"),
    ]
    assert [row["invoice"] for row in told["rows"]] == [str(sent.key), None, None, None]
    assert str(theirs.key) not in answer.content.decode()
    assert told["rows"][0]["sentence"] == "With the customer, being matched."
    for one in told["balances"]:
        assert Decimal(one["theirs"]) + sum(map(Decimal, one["bridge"].values())) == Decimal(one["ours"])
    assert [(one["currency"], one["theirs"], one["ours"]) for one in told["balances"]] == [
        ("EUR", "61.52", "81.52"),
        ("USD", "-1.5", "0"),
    ]
    assert acme.post(STATEMENTS, body, Idempotency_Key="k-1").json()["key"] == told["key"]
    here = f"{STATEMENTS}/{told['key']}"
    assert acme.get(here).json() == told
    again = acme.post(f"{here}/compare").json()
    assert (again["revision"], again["rows"]) == (2, told["rows"])
    (listed,) = acme.get(STATEMENTS, {"state": "compared", "supplier": "ACME", "company": "NM"}).json()[
        "results"
    ]
    assert listed["key"] == told["key"]
    assert globex.get(STATEMENTS).json()["results"] == []
    assert globex.get(here).status_code == globex.post(f"{here}/compare").status_code == 404
    reads = tokens("ACME", TokenScope.READ)
    assert reads.get(here).status_code == 200
    assert reads.post(STATEMENTS, body).status_code == 403


def test_what_cannot_be_compared_is_refused_with_its_row(people, tokens):
    an_agreed_order(people["asha"])
    a_statement(people["otto"], [an_item(2, "R-1", 5)])
    acme = tokens("ACME", TokenScope.INVOICE)
    assert acme.get(STATEMENTS).json()["results"] == []  # accounts payable has only read its own so far
    for rows, status, says in (
        ([{"number": "R-1"}], 422, "no amount"),
        ([{"open": "5"}], 422, "without a number"),
        ([{"number": "R-1", "open": "5.001"}], 422, "fewer decimals"),
        ([{"number": "R-1", "open": "-5"}], None, "rows"),
        ([{"number": "R-1", "opne": "5"}], None, "no field of this name"),
    ):
        answer = acme.post(STATEMENTS, {"stated_on": "2026-03-02", "rows": rows})
        assert answer.status_code == status or (status is None and answer.status_code in (400, 422))
        assert says in answer.content.decode()
    assert acme.post(STATEMENTS, {"stated_on": "2026-03-02", "rows": []}).json()["differing"] == 0
