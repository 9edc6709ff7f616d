"""An order moves on while its supplier types: what was typed stays, and what differs is shown."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from procurement.orders.messages import SchedulePaper
from tests.builders.answer_page import ASKED, answers, drafts, fields_of, look, order_of, promises, revised
from tests.builders.world import a_line, a_paper, fresh_line, receive
from tests.people import signed_in

pytestmark = pytest.mark.django_db


def test_a_newer_revision_keeps_what_was_typed_and_shows_the_difference(people):
    order = order_of(2)
    client = signed_in(people["asha"])
    typed = fields_of(look(client, order)) | {"price.L10.0": "7.10", "price.L20.0": "7.20"}
    revised(quantity=Decimal(80))

    response = client.post(reverse("order-answer", args=[order.key]), typed | {"send": "1"})

    html = response.content.decode()
    fields = fields_of(response)
    assert response.status_code == 409
    assert "Line 20 changed since you opened this order. Nothing you typed is lost" in html
    assert (fields["price.L10.0"], fields["price.L20.0"]) == ("7.10", "7.20")
    assert '<del class="q-old">100</del>' in html
    assert '<ins class="q-new">80</ins>' in html
    assert answers() == []


def test_untouched_fields_of_an_older_screen_are_not_taken_for_typing(people):
    order = order_of(2)
    client = signed_in(people["asha"])
    typed = fields_of(look(client, order)) | {"price.L10.0": "7.10"}
    revised(quantity=Decimal(80))

    response = client.post(reverse("order-answer", args=[order.key]), typed | {"send": "1"})

    assert set(drafts()) == {"L10"}
    assert fields_of(response)["quantity.L20.0"] == "80"
    again = client.post(reverse("order-answer", args=[order.key]), fields_of(response) | {"send": "1"})
    assert again.status_code == 303
    assert promises(20) == [("accept", 80, ASKED, Decimal("6.85"))]


def test_untouched_deliveries_of_an_older_screen_are_not_taken_for_a_split(people):
    def deliveries(each, first, second):
        days = [ASKED + timedelta(days=first), ASKED + timedelta(days=second)]
        asked = tuple(SchedulePaper(Decimal(each), on) for on in days)
        return [a_line(10, quantity=Decimal(2 * each), delivery_on=days[0], schedules=asked)]

    order = order_of(deliveries(50, 15, 45))
    receive(a_paper(lines=deliveries(50, 0, 15), revision="2"), at=datetime.now(UTC))
    client = signed_in(people["asha"])
    untouched = fields_of(look(client, order))
    receive(a_paper(lines=deliveries(60, 0, 15), revision="3"), at=datetime.now(UTC))

    response = client.post(reverse("order-answer", args=[order.key]), untouched | {"send": "1"})

    assert response.status_code == 409
    assert drafts() == {}
    again = client.post(reverse("order-answer", args=[order.key]), fields_of(response) | {"send": "1"})
    assert again.status_code == 303
    assert fresh_line(10).agreement == "agreed"


def test_typing_on_an_order_that_moved_is_told_at_once(people):
    order = order_of(2)
    client = signed_in(people["asha"])
    fields = {"quantity.L20.0": "50", "delivery_on.L20.0": ASKED.isoformat(), "price.L20.0": "6.85"}
    fields |= {"version": "1", "revision": "1"}
    revised(quantity=Decimal(80))

    response = client.post(reverse("answer-line", args=[order.key]), fields, headers={"hx-request": "true"})

    assert "This order changed while you were typing." in response.content.decode()
    assert drafts()["L20"][0]["quantity"] == "50"
