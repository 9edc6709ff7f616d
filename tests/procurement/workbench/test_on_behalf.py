"""A buyer answers for a supplier, and it stays marked."""

import pytest
from django.urls import reverse

from tests.builders.answer_page import answers, fields_of, look, order_of
from tests.people import signed_in

pytestmark = pytest.mark.django_db


def test_buyer_answers_for_the_supplier_and_it_stays_marked(people):
    order = order_of(1)
    client = signed_in(people["bea"])
    page = client.get(reverse("order-answer", args=[order.key]))
    assert "You answer for Acme Valves." in page.content.decode()

    assert "Order 4500000001 to Acme Valves" in page.content.decode()

    sent = client.post(reverse("order-answer", args=[order.key]), fields_of(page) | {"send": "1"})

    (paper,) = answers()
    assert (sent.status_code, sent["Location"]) == (303, reverse("order", args=[order.key]))
    assert (paper.on_behalf, paper.sent_by) == (True, "Bea Buyer")
    assert "answered by the buyer for the supplier" in look(signed_in(people["asha"]), order).content.decode()


def test_buyer_who_answered_otherwise_for_the_supplier_decides_next(people):
    order = order_of(1)
    client, address = signed_in(people["bea"]), reverse("order-answer", args=[order.key])
    typed = fields_of(client.get(address)) | {"price.L10.0": "9", "send": "1"}

    page = client.post(address, typed, follow=True).content.decode()
    again = client.get(address).content.decode()

    assert "Your turn" in page
    assert "There is nothing to do until then." not in page + again
    assert "One line answered otherwise than asked waits for a decision." in again


def test_others_of_the_buying_side_do_not(people):
    order = order_of(1)

    for name in ("otto", "ada", "root"):
        assert signed_in(people[name]).get(reverse("order-answer", args=[order.key])).status_code == 403


def test_what_a_buyer_types_is_not_the_suppliers_draft(people):
    order = order_of(1)
    buyer = signed_in(people["bea"])
    typed = fields_of(buyer.get(reverse("order-answer", args=[order.key]))) | {"price.L10.0": "9"}
    buyer.post(reverse("order-answer", args=[order.key]), typed | {"save": "1"})

    assert fields_of(look(signed_in(people["asha"]), order))["price.L10.0"] == "6.85"
