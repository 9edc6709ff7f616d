"""Drafts as programs see them: read, and confirmed by people alone."""

import pytest

from tests.builders.mails import a_mail, arrive, drafts_on, reply_to
from tests.builders.world import an_order

pytestmark = pytest.mark.django_db

DRAFTS = "/api/v1/mail-drafts"


def test_a_program_reads_what_a_mail_promises(people, tokens):
    order = an_order()
    arrive(a_mail("Line 10 will ship on 20 April 2026.", to=reply_to(order, people["asha"])))
    (draft,) = drafts_on(order)

    (found,) = tokens("ACME").get(DRAFTS, {"state": "open"}).json()["results"]

    assert (found["key"], found["kind"], found["order"]["number"]) == (str(draft.key), "answer", order.number)
    assert found["lines"] == [
        {
            "key": "L10",
            "number": 10,
            "pieces": [
                {
                    "kind": "accept",
                    "quantity": "100",
                    "delivery_on": "2026-04-20",
                    "price": "6.85",
                    "item_number": "",
                }
            ],
            "cancel": False,
            "evidence": ["Line 10 will ship on 20 April 2026."],
            "marks": [],
        }
    ]
    assert tokens().get(f"{DRAFTS}/{draft.key}").json()["sender"] == "Asha Acme"
    assert tokens("GLOBEX").get(f"{DRAFTS}/{draft.key}").status_code == 404
    assert tokens("GLOBEX").get(DRAFTS).json()["results"] == []


def test_many_cost_the_same_queries(people, tokens, django_assert_num_queries, django_assert_max_num_queries):
    order = an_order(lines=12)
    address = reply_to(order, people["asha"])
    arrive(a_mail("Line 10 confirmed.", to=address))
    acme = tokens("ACME")
    acme.get(DRAFTS)
    with django_assert_max_num_queries(12) as one:
        acme.get(DRAFTS)
    for number in range(2, 12):
        arrive(a_mail(f"Line {10 * number} confirmed.", to=address))

    with django_assert_num_queries(len(one)):
        assert len(acme.get(DRAFTS).json()["results"]) == 11
