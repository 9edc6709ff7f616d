"""An answer by mail from both sides of the quay: read, shown, pressed; and the pages as they look."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests.browser.axe import broken_words, faults_in_every_look
from tests.builders.mails import a_mail, reply_to
from tests.builders.mails import arrive as arrive_at
from tests.builders.world import a_line, an_order, fresh_line

pytestmark = pytest.mark.django_db(transaction=True)

SOON = datetime.now(UTC).date() + timedelta(days=30)
LATER = SOON + timedelta(days=14)


def arrive(*args: Any, **words: Any) -> Any:
    return arrive_at(a_mail(*args, at=timezone.now(), **words), at=timezone.now())


def told(day: Any) -> str:
    return f"{day.day} {day:%B %Y}"


@pytest.fixture
def order(people: dict[str, Any]) -> Any:
    """An order, and a mail that promises something otherwise on two lines and hopes on a third."""
    made = an_order(
        lines=[a_line(10 * n, delivery_on=SOON) for n in range(1, 4)], at=timezone.now() - timedelta(hours=2)
    )
    text = (
        f"Dear Bea,\n\nline 10 will ship on {told(LATER)}.\nLine 20: 40 pcs on {told(SOON)}, the rest on {told(LATER)}."
        f"\nLine 30 hopefully on {told(SOON)}.\n\nBest regards\nAsha"
    )
    arrive(text, to=reply_to(made, people["asha"]))
    return made


def test_a_mail_is_confirmed_on_a_phone_with_one_press(at: Any, order: Any) -> None:
    mei = at("asha", 390)

    mei.goto(f"/orders/{order.key}/")
    expect(mei.locator("#mail-drafts")).to_contain_text("is this your answer?")
    mei.get_by_role("button", name="Yes, send it").click()

    expect(mei.get_by_text("Taken as the answer")).to_be_visible()
    expect(mei.locator("#mail-drafts")).to_have_count(0)
    assert fresh_line(10).turn == "buyer"
    assert fresh_line(30).turn == "supplier"


def test_an_unknown_senders_mail_is_put_where_it_belongs(at: Any, people: dict[str, Any], order: Any) -> None:
    arrive("We ship all in time.", sender="Li <li@private.example>", subject="Your order")
    bea = at("bea")

    bea.goto("/mails/")
    bea.get_by_role("link", name="Your order").click()
    bea.get_by_label("It belongs to order").fill(order.number)
    bea.get_by_role("button", name="Put it there").click()

    expect(bea.locator("main")).to_contain_text("Being read")


def test_the_pages_are_for_everybody(at: Any, order: Any, tmp_path: Any) -> None:
    mail = arrive("Who are you?", sender="Li <li@private.example>", subject="Your order")
    for name, address in (
        ("asha", f"/orders/{order.key}/"),
        ("bea", f"/orders/{order.key}/"),
        ("bea", "/mails/?view=all"),
        ("bea", f"/mails/{mail.key}/"),
    ):
        page = at(name)
        page.goto(address)
        place = address.strip("/").split("/")[0]
        assert faults_in_every_look(page, f"{name}-{place}-{len(address)}", tmp_path) == []


@pytest.mark.parametrize("width", [390, 820, 1440])
def test_the_list_has_room_for_who_wrote_and_what(at: Any, order: Any, width: int) -> None:
    """An address is read whole, and so is what was written: nothing else tells mails apart."""
    arrive(
        "Hi, the second pallet leaves on Thursday.",
        sender="Kavitha Iyer <kavitha.iyer@kavericastings.example>",
        subject="Delivery",
    )
    bea = at("bea")
    bea.set_viewport_size({"width": width, "height": 900})

    bea.goto("/mails/")

    clipped = "all => all.filter(one => one.scrollWidth > one.clientWidth).map(one => one.innerText)"
    assert broken_words(bea) == []
    assert bea.locator(".q-table .q-desc").evaluate_all(clipped) == []
