"""A supplier opens an order: what is asked, whose turn it is, and who finds nothing."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.builders.answer_page import ASKED, answers, day, fields_of, look, order_of
from tests.builders.world import a_line
from tests.people import signed_in

pytestmark = pytest.mark.django_db


def test_page_shows_what_is_asked_and_whose_turn_it_is(people):
    order = order_of(2)

    response = look(signed_in(people["asha"]), order)

    html = response.content.decode()
    assert response.status_code == 200
    assert "Your turn" in html
    assert "Confirm 2 lines as asked" in html
    fields = fields_of(response)
    assert (fields["quantity.L10.0"], fields["delivery_on.L10.0"], fields["price.L10.0"]) == (
        "100",
        day(ASKED),
        "6.85",
    )


def test_a_long_order_takes_as_many_queries_as_a_short_one(people):
    short, long = order_of(1), order_of(30, number="4500000002")
    client = signed_in(people["asha"])
    for order in (short, long):
        look(client, order)  # that it is seen for the first time is written down

    counts = []
    for order in (short, long):
        with CaptureQueriesContext(connection) as queries:
            look(client, order)
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_words_of_a_line_are_escaped(people):
    nasty = "<script>alert(1)</script>"
    order = order_of(
        [a_line(10, delivery_on=ASKED, description=nasty), a_line(20, delivery_on=ASKED, note=nasty)]
    )

    html = look(signed_in(people["asha"]), order).content.decode()

    assert nasty not in html
    assert html.count("&lt;script&gt;") == 2


def test_clerk_reads_without_fields_and_may_not_send(people):
    order = order_of()
    client = signed_in(people["arun"])

    response = look(client, order)

    assert fields_of(response) == {}
    assert "Waits for an answer" in response.content.decode()
    assert client.post(reverse("order-answer", args=[order.key]), {"send": "1"}).status_code == 403
    assert answers() == []


def test_stranger_finds_nothing(people):
    order = order_of()
    client = signed_in(people["gil"])

    assert look(client, order).status_code == 404
    for name in ("order-answer", "answer-line", "answer-discard"):
        assert client.post(reverse(name, args=[order.key]), {"send": "1"}).status_code == 404


def test_nobody_is_asked_to_sign_in_and_comes_back_to_the_order(people):
    order = order_of()
    address = reverse("order", args=[order.key])

    headers = {"referer": f"http://testserver{address}"}
    response = Client().post(reverse("order-answer", args=[order.key]), {"send": "1"}, headers=headers)

    assert response.status_code == 302
    assert response["Location"].endswith(f"next={address}")
