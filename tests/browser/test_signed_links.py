"""A supplier who only has mail: the link of a mail on a phone, from the mail to the answer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import combinations
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import expect

from portal.kernel.audit.models import AuditEvent
from portal.kernel.scope import acting
from portal.mailbox import kept_mails
from procurement.links.models import SignedLink
from procurement.orders.messages import SchedulePaper
from procurement.orders.models import Promise
from tests.browser.axe import broken_words, sideways, violations
from tests.browser.held import without_htmx_yet
from tests.builders.changes import A_WEEK, agree, propose
from tests.builders.notices import html_of, links_in, mailed
from tests.builders.world import a_line, an_order, fresh
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)

SOON = datetime.now(UTC).date() + timedelta(days=30)
LATER = SOON + timedelta(days=3)


@pytest.fixture
def phone(browser: Any, live_server: Any) -> Iterator[Any]:
    """A phone on which nobody ever signed in."""
    context = browser.new_context(
        base_url=live_server.url, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    yield context.new_page()
    context.close()


@pytest.fixture
def order(people: dict[str, Any]) -> Any:
    lines = [a_line(10, delivery_on=SOON), a_line(20, delivery_on=SOON)]
    return an_order(lines=lines, ordered_on=timezone.localdate(), at=timezone.now())


def mail_to(name: str) -> Any:
    return next(one for one in mailed() if name in one.to[0])


def test_a_changed_date_is_sent_from_a_phone(phone: Any, order: Any) -> None:
    path = links_in(mail_to("olga"))[0]
    for _time in range(2):  # the mail scanner was here first, twice
        assert Client().get(path).status_code == 200
    with acting(FEED):
        assert SignedLink.objects.filter(used_at=None, opened_at=None).count() == SignedLink.objects.count()
        assert Promise.objects.count() == 0

    phone.goto(path)
    expect(phone.get_by_role("heading", name="Order 4500000001 from Northmoor Supply")).to_be_visible()
    assert sideways(phone) == 0
    assert violations(phone) == []

    day = phone.get_by_label("Line 10, your delivery date")
    day.fill(LATER.isoformat())
    day.blur()
    expect(phone.locator("#line-" + day.get_attribute("id").split("-")[1])).to_contain_text("Goes to Bea")
    expect(phone.get_by_role("button", name="Send this answer")).to_be_visible()
    phone.get_by_role("button", name="Send this answer").click()

    expect(phone.get_by_text("Your answer is sent.")).to_be_visible()
    assert sideways(phone) == 0
    assert violations(phone) == []
    with acting(FEED):
        promised = {(one.line.number, one.delivery_on) for one in Promise.objects.select_related("line")}
        kinds = set(AuditEvent.objects.filter(stream=order.stream).values_list("kind", flat=True))
    assert promised == {(10, LATER), (20, SOON)}
    assert {"order.acknowledged", "link.opened", "order.seen"} <= kinds
    assert not [one for one in phone.context.cookies() if "session" in one["name"]]

    phone.reload()
    expect(phone.get_by_role("button", name="Send this answer")).to_have_count(0)


def test_a_day_changed_before_the_scripts_have_come_is_judged_too(phone: Any, order: Any) -> None:
    let_go = without_htmx_yet(phone)
    phone.goto(links_in(mail_to("olga"))[0], wait_until="commit")
    day = phone.get_by_label("Line 10, your delivery date")
    day.fill(LATER.isoformat())
    day.blur()
    let_go()

    expect(phone.locator("#line-" + day.get_attribute("id").split("-")[1])).to_contain_text("Goes to Bea")
    expect(phone.get_by_role("button", name="Send this answer")).to_be_visible()


def test_without_a_script_one_press_confirms(browser: Any, live_server: Any, order: Any) -> None:
    context = browser.new_context(
        base_url=live_server.url, viewport={"width": 390, "height": 844}, java_script_enabled=False
    )
    page = context.new_page()
    page.goto(links_in(mail_to("olga"))[0])

    page.get_by_role("button", name="Confirm the order as it is").click()

    expect(page.get_by_text("Your answer is sent.")).to_be_visible()
    assert fresh().agreement == "agreed"
    context.close()


def test_a_change_is_countered_from_a_phone(phone: Any, order: Any, people: dict[str, Any]) -> None:
    agreed = agree(order, people["asha"], at=timezone.now())
    mailed()
    propose(agreed, people["bea"], A_WEEK, at=timezone.now())
    phone.goto(links_in(mail_to("olga"))[0])
    assert violations(phone) == []

    phone.get_by_text("Propose something else").click()
    phone.locator("input[name='delivery_on.0']").fill(LATER.isoformat())
    phone.get_by_role("button", name="Send the counter-proposal").click()

    expect(phone.get_by_text("Your counter-proposal is on the table.")).to_be_visible()
    assert violations(phone) == []


@pytest.mark.parametrize("width", [390, 820, 1440])
def test_fields_of_several_deliveries_stand_apart(
    browser: Any, live_server: Any, people: dict[str, Any], width: int
) -> None:
    parts = (SchedulePaper(Decimal(60), SOON), SchedulePaper(Decimal(40), LATER))
    an_order(
        lines=[a_line(10, delivery_on=SOON, schedules=parts)],
        ordered_on=timezone.localdate(),
        at=timezone.now(),
    )
    context = browser.new_context(base_url=live_server.url, viewport={"width": width, "height": 900})
    page = context.new_page()

    page.goto(links_in(mail_to("olga"))[0])
    places = page.locator(".q-linklines .q-cell").evaluate_all(
        "fields => fields.map(one => one.getBoundingClientRect().toJSON())"
    )

    assert len(places) == 4
    for one, other in combinations(places, 2):
        beside = one["right"] <= other["left"] or other["right"] <= one["left"]
        assert beside or one["bottom"] <= other["top"] or other["bottom"] <= one["top"]
    context.close()


@pytest.mark.parametrize("width", [390, 1440])
def test_the_mailbox_of_a_demo_breaks_no_address(
    browser: Any, live_server: Any, order: Any, settings: Any, tmp_path: Any, width: int
) -> None:
    letter = mail_to("olga")
    settings.EMAIL_BACKEND, settings.MAILBOX_FOLDER = "portal.mailbox.MailboxBackend", str(tmp_path)
    letter.connection, letter.to = None, ["helen@northmoor.example"]
    letter.send()
    context = browser.new_context(base_url=live_server.url, viewport={"width": width, "height": 900})
    page = context.new_page()

    page.goto("/mailbox/")

    assert broken_words(page) == []
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_a_mail_reads_well_by_day_and_night(browser: Any, order: Any, scheme: str, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    page.set_content(html_of(mail_to("olga")))

    assert sideways(page) <= 0
    assert [one for one in violations(page) if not one.startswith(("region", "landmark"))] == []
    context.close()


def test_the_pages_around_read_well_for_everybody(
    browser: Any, live_server: Any, order: Any, people: dict[str, Any], settings: Any, tmp_path: Any
) -> None:
    """Preferences, the story with its links, what ends a kind, a link that has run out, and a demo's mailbox."""
    letter = mail_to("olga")
    settings.EMAIL_BACKEND, settings.MAILBOX_FOLDER = "portal.mailbox.MailboxBackend", str(tmp_path)
    letter.connection = None
    letter.send()
    client = Client()
    client.force_login(people["bea"].user)
    cookie = {
        "name": settings.SESSION_COOKIE_NAME,
        "value": client.cookies[settings.SESSION_COOKIE_NAME].value,
    }
    context = browser.new_context(base_url=live_server.url, viewport={"width": 390, "height": 844})
    context.add_cookies([cookie | {"url": live_server.url}])
    page = context.new_page()
    stop = letter.extra_headers["List-Unsubscribe"].strip("<>").partition("/notices/")[2]

    for path in (
        "/preferences/notices/",
        "/preferences/",
        f"/orders/{order.key}/story/",
        f"/notices/{stop}",
        "/l/" + "A" * 46 + "/",
        "/mailbox/",
        f"/mailbox/{kept_mails()[0].name}/",
    ):
        page.goto(path)
        assert sideways(page) <= 0, path
        assert violations(page) == [], path
    context.close()
