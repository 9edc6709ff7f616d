"""A supplier's page of an order without a script: opened, typed in, pressed; and what came of it."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.test import Client
from django.urls import reverse

from portal.kernel.scope import acting
from procurement.acknowledgments.models import DraftAnswer, OrderAcknowledgment
from procurement.orders.messages import LinePaper
from procurement.orders.models import Promise, PurchaseOrder
from tests.builders.world import a_line, a_paper, an_order, receive
from tests.people import FEED

# Doors bring their own time, so these orders lie in the real future.
TODAY = datetime.now(UTC).date()
ASKED = TODAY + timedelta(days=40)
LATER = ASKED + timedelta(days=8)


def some_lines(count: int = 2, **changed: Any) -> list[LinePaper]:
    """Lines 10, 20 … asked for in forty days."""
    return [a_line(10 * n, delivery_on=ASKED, **changed) for n in range(1, count + 1)]


def order_of(lines: Any = 2, number: str = "4500000001", **changed: Any) -> PurchaseOrder:
    """An order of so many lines, or of these."""
    made = some_lines(lines) if isinstance(lines, int) else lines
    return an_order(number, made, at=datetime.now(UTC), **changed)


def fields_of(response: Any) -> dict[str, str]:
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


def look(client: Client, order: PurchaseOrder, **query: str) -> Any:
    """Open the page of an order."""
    return client.get(reverse("order", args=[order.key]), query)


def press(client: Client, order: PurchaseOrder, button: str, value: str = "1", **typed: str) -> Any:
    """Open the page, type, press a button: what a browser without a script does."""
    data = fields_of(look(client, order)) | typed
    return client.post(reverse("order-answer", args=[order.key]), data | {button: value})


def drafts() -> dict[str, Any]:
    """What is typed and not sent, by line."""
    with acting(FEED):
        return {draft.line_key: draft.pieces for draft in DraftAnswer.objects.order_by("line_key")}


def answers() -> list[OrderAcknowledgment]:
    """What was sent, in order."""
    with acting(FEED):
        return list(OrderAcknowledgment.objects.order_by("id"))


def promises(line: int = 10, *states: str) -> list[tuple[Any, ...]]:
    """The pieces of a line that are promised, and how."""
    with acting(FEED):
        found = Promise.objects.filter(line__number=line, state__in=states or ("proposed", "agreed"))
        return [
            (one.kind, int(one.quantity), one.delivery_on, one.price.normalize())
            for one in found.order_by("piece")
        ]


def day(value: date) -> str:
    """As a page says it."""
    return f"{value.day} {value:%b %Y}"


def revised(**changed: Any) -> None:
    """The second revision of an order of two lines, of which the second is changed."""
    lines = [a_line(10, delivery_on=ASKED), a_line(20, delivery_on=ASKED, **changed)]
    receive(a_paper(lines=lines, revision="2"), at=datetime.now(UTC))
