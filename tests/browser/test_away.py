"""A page left alone is put away, and so is one whose session ended in another tab: a passer-by reads nothing."""

from __future__ import annotations

import time
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import expect

from suppliers.signin.middleware import USED
from tests.browser.axe import faults_in_every_look
from tests.browser.test_account import sign_in
from tests.browser.test_supplier_answers import order_of
from tests.people import PASSWORD

pytestmark = pytest.mark.django_db(transaction=True)

HALF_AN_HOUR = 31 * 60
REASON = "Goods came damaged, and the carrier was told."


def leave_alone(page: Any, seconds: int = HALF_AN_HOUR) -> None:
    """Nobody does anything for so long: the browser's clock goes on, and the session's last use is that much older."""
    (cookie,) = [one for one in page.context.cookies() if one["name"] == settings.SESSION_COOKIE_NAME]
    session = import_module(settings.SESSION_ENGINE).SessionStore(cookie["value"])
    session[USED] = int(time.time()) - seconds
    session.save()
    page.clock.fast_forward(seconds * 1000)


def opened(page: Any, address: str) -> None:
    """A page whose clock can be put forward."""
    page.clock.install()
    page.goto(address)


def test_whoever_left_the_desk_finds_the_page_put_away_and_goes_on_after_the_password(
    at: Any, people: dict[str, Any], tmp_path: Path
) -> None:
    order = order_of(1)
    page = at("otto")
    opened(page, f"/orders/{order.key}/")
    expect(page.get_by_role("heading", level=1)).to_contain_text(order.number)

    page.clock.fast_forward(29 * 60 * 1000)
    expect(page.get_by_role("heading", level=1)).to_contain_text(order.number)
    leave_alone(page)

    put_away = page.get_by_role("heading", name="This page is put away")
    expect(put_away).to_be_focused()
    assert order.number not in page.content() + page.title()
    assert "What you typed" not in page.locator("main").inner_text()
    assert faults_in_every_look(page, "away", tmp_path) == []
    page.get_by_role("link", name="Go on").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(order.number)
    assert page.url.endswith(f"/orders/{order.key}/")


def test_what_was_typed_is_there_again_once_its_person_is(at: Any, people: dict[str, Any]) -> None:
    order = order_of(1)
    page = at("otto")
    opened(page, f"/orders/{order.key}/")
    field = page.locator("#thread-body")
    field.fill(REASON)
    leave_alone(page)

    expect(page.get_by_text("What you typed is kept.")).to_be_visible()
    assert order.number not in page.content()
    with page.context.expect_page() as beside:
        page.get_by_role("link", name="Go on").click()
    beside.value.get_by_label("Password").fill(PASSWORD)
    beside.value.get_by_role("button", name="Go on").click()
    expect(beside.value.get_by_role("heading", level=1)).to_contain_text(order.number)
    beside.value.close()
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # one comes back to the tab

    expect(field).to_have_value(REASON)
    assert order.number in page.title()
    page.locator("form", has=field).get_by_role("button", name="Send").first.click()
    expect(page.get_by_text(REASON).first).to_be_visible()


def test_a_form_that_came_back_with_a_mistake_counts_as_typed(at: Any, people: dict[str, Any]) -> None:
    page = at("root")
    opened(page, "/onboarding/exclusions/")
    page.locator("main form:has(textarea, input:not([type=hidden])) button.btn-primary").first.click()
    expect(page.locator(".q-summary-err")).to_be_visible()

    leave_alone(page)

    expect(page.get_by_text("What you typed is kept.")).to_be_visible()


def test_who_works_in_another_tab_or_only_reads_is_not_away(at: Any, people: dict[str, Any]) -> None:
    order = order_of(1)
    page = at("otto")
    opened(page, f"/orders/{order.key}/")
    other = page.context.new_page()
    other.goto("/orders/")
    for _each in range(2):
        page.clock.fast_forward(20 * 60 * 1000)  # of the whole browser
        other.keyboard.press("ArrowDown")
        assert other.evaluate("Date.now() - localStorage.getItem('used')") < 60_000

    page.clock.fast_forward(20 * 60 * 1000)
    expect(page.get_by_role("heading", level=1)).to_contain_text(order.number)


def test_what_was_typed_does_not_come_back_to_an_empty_chair(at: Any, people: dict[str, Any]) -> None:
    """The server may lock a moment later than the page: whoever presses is there, and nobody else."""
    page = at("otto")
    opened(page, f"/orders/{order_of(1).key}/")
    page.locator("#thread-body").fill(REASON)

    with page.expect_response("**/signin/here/") as looked:
        page.clock.fast_forward(HALF_AN_HOUR * 1000)
    assert looked.value.status == 200
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_timeout(300)

    put_away = page.get_by_role("heading", name="This page is put away")
    expect(put_away).to_be_visible()
    page.route("**/signin/here/", lambda route: route.abort())
    page.get_by_role("link", name="Go on").click()
    expect(page.get_by_role("alert")).to_contain_text("cannot be reached just now")
    page.unroute("**/signin/here/")
    page.get_by_role("link", name="Go on").click()
    expect(page.locator("#thread-body")).to_have_value(REASON)


def test_a_page_that_came_back_looks_for_news_again(at: Any, people: dict[str, Any]) -> None:
    page = at("bea")
    opened(page, "/inbox/")
    page.evaluate("document.querySelector('main').dispatchEvent(new Event('input', {bubbles: true}))")
    page.clock.fast_forward(HALF_AN_HOUR * 1000)
    page.get_by_role("link", name="Go on").click()
    expect(page.get_by_role("heading", name="This page is put away")).to_have_count(0)

    with page.expect_response("**/inbox/poll/*"):
        page.clock.fast_forward(60_000)


def test_a_machine_that_slept_does_not_take_its_waking_for_use(at: Any, people: dict[str, Any]) -> None:
    order = order_of(1)
    page = at("otto")
    opened(page, f"/orders/{order.key}/")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()

    page.clock.set_system_time(timezone.now() + timedelta(hours=8))  # no timer has run
    page.keyboard.press("ArrowDown")

    expect(page.get_by_role("heading", name="This page is put away")).to_be_visible()
    assert order.number not in page.content()


@pytest.mark.parametrize("answered", ["no network", "502", "by a hotel"])
def test_sign_out_in_one_tab_puts_all_others_away_whoever_answers(
    at: Any, people: dict[str, Any], answered: str
) -> None:
    order = order_of(1)
    page = at("otto")
    page.goto(f"/orders/{order.key}/")
    paper = page.context.new_page()
    paper.goto(f"/orders/{order.key}/print/")
    page.locator("#thread-body").fill(REASON)
    other = page.context.new_page()
    other.goto("/accounts/logout/")
    answers: dict[str, Any] = {
        "no network": lambda route: route.abort(),
        "502": lambda route: route.fulfill(status=502, body="Bad gateway"),
        "by a hotel": lambda route: route.fulfill(status=200, body="<h1>Welcome</h1>"),
    }
    page.context.route("**/signin/here/", answers[answered])

    other.get_by_role("button", name="Sign out").click()

    expect(page.get_by_role("heading", name="This page is put away")).to_be_visible()
    assert order.number not in page.content()
    expect(paper.get_by_role("heading", name="This page is put away")).to_be_visible()
    assert order.number not in paper.content()
    # And whoever signs in there next does not find what was typed.
    page.context.unroute("**/signin/here/")
    sign_in(other, people["bea"])
    expect(page.get_by_role("heading", name="This page is put away")).to_have_count(0)
    page.wait_for_url("**/")
    assert REASON not in page.content()
