"""Home: what waits for a supplier, the most pressing first, and where everybody else begins."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal.kernel.scope import acting
from procurement.acknowledgments.messages import DecideAnswer
from procurement.acknowledgments.services import decide_answer
from tests.builders.answer_page import TODAY, day, look, order_of, press, revised, some_lines
from tests.builders.world import a_line, an_order, fresh
from tests.people import signed_in

pytestmark = pytest.mark.django_db


def test_home_shows_what_waits_and_confirms_in_one_press(people):
    order = order_of(12)
    client = signed_in(people["asha"])
    page = client.get("/").content.decode()
    assert "Confirm 12 lines as asked" in page

    fields = {"confirm": "1", "version": str(order.version), "next": "/"}
    response = client.post(reverse("order-answer", args=[order.key]), fields)

    assert (response.status_code, response["Location"]) == (303, "/")
    assert fresh().agreement == "agreed"
    assert "Nothing waits for you, Asha." in client.get("/").content.decode()


def test_home_puts_what_is_overdue_first(people):
    an_order("4500000001", some_lines(1), at=datetime.now(UTC))
    an_order("4500000002", some_lines(1), at=datetime.now(UTC) - timedelta(days=20))

    page = signed_in(people["asha"]).get("/").content.decode()

    titles = re.findall(r"Answer order (\d+)</a>", page)
    assert titles == ["4500000002", "4500000001"]
    assert "One answer is late." in page


def test_home_quotes_the_buyers_reason(people):
    order = order_of(1)
    client = signed_in(people["asha"])
    press(client, order, "send", **{"price.L10.0": "7.10"})
    decision = DecideAnswer(order.key, fresh().version, "decline", reason="Contract price is 6.85.")
    with acting(people["bea"].actor):
        decide_answer(decision, actor=people["bea"].actor, at=datetime.now(UTC))

    home = client.get("/").content.decode()
    page = look(client, order).content.decode()

    assert "Bea did not accept line 10 of order 4500000001" in home
    assert "“Contract price is 6.85.”" in home
    assert "<q>Contract price is 6.85.</q>" in page


def test_home_shows_what_a_revision_changed(people):
    order_of(2)
    revised(quantity=Decimal(80))

    page = signed_in(people["asha"]).get("/").content.decode()

    assert "Revision 2 of order 4500000001 changes line 20" in page
    assert '<del class="q-old">100</del>' in page


def test_home_tells_of_late_deliveries_and_of_those_due_soon(people):
    late = [
        a_line(10, delivery_on=TODAY - timedelta(days=3)),
        a_line(20, delivery_on=TODAY + timedelta(days=5)),
    ]
    order = order_of(late)
    client = signed_in(people["asha"])
    press(client, order, "send")

    page = client.get("/").content.decode()

    assert f"Delivery of order 4500000001 was due on {day(TODAY - timedelta(days=3))}" in page
    assert "Deliver by" in page


def test_home_counts_apart_what_waits_for_an_answer_and_what_is_late(people):
    client = signed_in(people["asha"])
    late = order_of([a_line(10, delivery_on=TODAY - timedelta(days=3))], number="4500000001")
    press(client, late, "send")
    assert "Asha. One order is late in delivery.</h1>" in client.get("/").content.decode()
    order_of(1, number="4500000002")
    order_of(1, number="4500000003")

    page = client.get("/").content.decode()

    assert "Asha. 2 orders wait for your answer. One order is late in delivery.</h1>" in page
    assert re.search(r'title="Home".*?<span class="q-count[^>]*>2<', page, re.S)  # the rail counts answers


def test_empty_home_teaches(people):
    page = signed_in(people["asha"]).get("/").content.decode()

    assert "All quiet on the quay" in page
    assert "confirm it with one press" in page


def test_home_takes_as_many_queries_for_many_orders_as_for_one(people):
    client = signed_in(people["asha"])
    counts = []
    for number in range(1, 4):
        order_of(2, number=f"450000000{number}")
        client.get("/")
        with CaptureQueriesContext(connection) as queries:
            client.get("/")
        counts.append(len(queries))

    assert counts[0] == counts[1] == counts[2]


def test_a_supplier_sees_only_its_own_home(people):
    order_of(2)

    assert "4500000001" not in signed_in(people["gil"]).get("/").content.decode()


@pytest.mark.parametrize(
    ("name", "page"),
    [
        ("bea", "inbox"),
        ("max", "inbox"),
        ("ines", "integration"),
        ("otto", "payables"),
        ("root", "order-list"),
        ("ada", "order-list"),
        ("rex", "receiving-list"),
    ],
)
def test_the_buying_side_starts_with_what_each_can_do(people, name, page):
    response = signed_in(people[name]).get("/")

    assert (response.status_code, response["Location"]) == (302, reverse(page))
