"""A supplier's home and order page through the real doors, without a script."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from portal.kernel.scope import acting
from procurement.acknowledgments.models import DraftAnswer, OrderAcknowledgment
from procurement.orders.messages import SchedulePaper
from procurement.orders.models import Promise
from tests.builders.world import a_line, a_paper, an_order, fresh, fresh_line, receive
from tests.people import FEED

pytestmark = pytest.mark.django_db

# Doors bring their own time, so these orders lie in the real future.
TODAY = datetime.now(UTC).date()
ASKED = TODAY + timedelta(days=40)
LATER = ASKED + timedelta(days=8)


def some_lines(count=2, **changed):
    return [a_line(10 * n, delivery_on=ASKED, **changed) for n in range(1, count + 1)]


def order_of(lines=2, number="4500000001", **changed):
    made = some_lines(lines) if isinstance(lines, int) else lines
    return an_order(number, made, at=datetime.now(UTC), **changed)


def signed_in(person):
    client = Client()
    client.force_login(person.user)
    return client


def fields_of(response):
    """Every field of the answer form as a browser would send it."""
    html = response.content.decode()
    data = {}
    for tag in re.findall(r"<input[^>]*>", html):
        if 'form="answer"' not in tag and 'name="version"' not in tag and 'name="revision"' not in tag:
            continue
        name = re.search(r'name="([^"]*)"', tag)
        if name is None or 'type="checkbox"' in tag:
            continue
        value = re.search(r' value="([^"]*)"', tag)
        data[name[1]] = value[1] if value else ""
    for select in re.findall(r"<select[^>]*form=\"answer\".*?</select>", html, re.S):
        chosen = re.search(r'<option value="([^"]*)" selected', select)
        data[re.search(r'name="([^"]*)"', select)[1]] = chosen[1] if chosen else ""
    for name, text in re.findall(r'<textarea[^>]*form="answer"[^>]*name="([^"]*)"[^>]*>([^<]*)<', html):
        data[name] = text
    return data


def look(client, order, **query):
    return client.get(reverse("order", args=[order.key]), query)


def press(client, order, button, value="1", **typed):
    """Open the page, type, press a button: what a browser without a script does."""
    data = fields_of(look(client, order)) | typed
    return client.post(reverse("order-answer", args=[order.key]), data | {button: value})


def test_page_shows_what_is_asked_and_whose_turn_it_is(people):
    order = order_of(2)

    response = look(signed_in(people["asha"]), order)

    html = response.content.decode()
    assert response.status_code == 200
    assert "Your turn" in html
    assert "Confirm 2 lines as asked" in html
    assert fields_of(response)["quantity.L10.0"] == "100"
    assert fields_of(response)["delivery_on.L10.0"] == ASKED.isoformat()
    assert fields_of(response)["price.L10.0"] == "6.85"
