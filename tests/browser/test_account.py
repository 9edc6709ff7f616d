"""A person's own pages in a real browser: in, around, and out again."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.backends.db import SessionStore
from playwright.sync_api import expect

from suppliers.signin.middleware import USED
from tests.browser.axe import sideways, violations
from tests.builders.factors import code_of
from tests.people import PASSWORD

OWN_PAGES = [
    "preferences/",
    "accounts/password/change/",
    "accounts/sessions/",
    "accounts/2fa/",
    "accounts/logout/",
]


def sign_in(page: Any, person: Any) -> None:
    page.goto("/accounts/login/")
    page.fill("#id_login", person.email)
    page.fill("#id_password", PASSWORD)
    page.click("main button.btn-primary")
    page.wait_for_url("**/")


def test_a_wrong_password_says_so_and_keeps_the_address(page: Any, people: dict[str, Any]) -> None:
    page.goto("/accounts/login/")
    page.fill("#id_login", people["asha"].email)
    page.fill("#id_password", "not this one")
    page.click("main button.btn-primary")

    expect(page.locator(".q-summary-err").first).to_be_visible()
    expect(page.locator("#id_login").first).to_have_value(people["asha"].email)
    assert violations(page) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_ones_own_pages_are_readable_for_everybody(page: Any, people: dict[str, Any], theme: str) -> None:
    people["asha"].user.theme = theme
    people["asha"].user.save()
    sign_in(page, people["asha"])

    found = {}
    for address in OWN_PAGES:
        answer = page.goto(f"/{address}")
        for width in (390, 1440):
            page.set_viewport_size({"width": width, "height": 900})
            found[width, address] = (answer.status, violations(page), max(0, sideways(page)))

    assert found == {(width, address): (200, [], 0) for width in (390, 1440) for address in OWN_PAGES}


def test_a_second_step_is_set_up_and_asked_for_at_the_next_sign_in(page: Any, people: dict[str, Any]) -> None:
    sign_in(page, people["asha"])
    page.goto("/accounts/2fa/totp/activate/")
    assert violations(page) == []
    page.fill("#id_password", PASSWORD)
    page.click("main button.btn-primary")

    secret = page.input_value("#secret")
    expect(page.locator(".q-qr").first).to_be_visible()
    assert violations(page) == []
    page.fill("#id_code", code_of(secret))
    page.click("main button.btn-primary")
    page.wait_for_url("**/recovery-codes/")  # they are shown this once
    recovery = page.inner_text(".q-codes li >> nth=0")
    assert violations(page) == []

    page.goto("/accounts/logout/")
    page.click("main button.btn-primary")
    page.wait_for_url("**/accounts/login/")
    page.fill("#id_login", people["asha"].email)
    page.fill("#id_password", PASSWORD)
    page.click("main button.btn-primary")
    page.wait_for_url("**/accounts/2fa/authenticate/")
    assert violations(page) == []
    page.fill("#id_code", recovery)
    page.click("main button.btn-primary")
    page.wait_for_url("**/")
    assert page.goto("/preferences/").status == 200


def leave_alone(person: Any, minutes: int) -> None:
    """As if nobody had done anything in this person's session for so long."""
    store = SessionStore(UserSession.objects.get(user=person.user).session_key)
    store[USED] = int(time.time()) - minutes * 60
    store.save()


def test_a_session_left_alone_asks_who_is_there_and_sends_what_was_typed(
    page: Any, people: dict[str, Any], tmp_path: Path
) -> None:
    sign_in(page, people["arun"])
    page.goto("/preferences/")
    page.select_option("#id_time_zone", "Asia/Kolkata")
    leave_alone(people["arun"], 61)
    page.click("main form button.btn-primary")

    def looked_at(name: str) -> tuple[str, list[Any], list[int]]:
        seen, wide = [], []
        for width in (390, 1440):
            page.set_viewport_size({"width": width, "height": 900})
            seen += violations(page)
            wide.append(max(0, sideways(page)))
            page.screenshot(path=tmp_path / f"{name}-{width}.png")
        return page.inner_text("h1"), seen, wide

    assert looked_at("asked") == ("Is it still you?", [], [0, 0])
    page.get_by_role("button", name="Go on").click()
    assert looked_at("locked") == ("Is it still you?", [], [0, 0])
    page.fill("#id_factor-password", "not this one")
    page.get_by_role("button", name="Go on").click()
    expect(page.locator(".q-summary-err").first).to_be_visible()
    assert violations(page) == []
    page.fill("#id_factor-password", PASSWORD)
    page.get_by_role("button", name="Go on").click()

    page.wait_for_url("**/preferences/")
    expect(page.locator("#id_time_zone")).to_have_value("Asia/Kolkata")
    people["arun"].user.refresh_from_db()
    assert people["arun"].user.time_zone == "Asia/Kolkata"


def test_an_administrator_sees_where_all_sessions_of_somebody_are_ended(
    page: Any, people: dict[str, Any], tmp_path: Path
) -> None:
    sign_in(page, people["asha"])
    page.goto(f"/signin/people/{people['arun'].user.pk}/")
    expect(page.get_by_role("button", name="End all sessions")).to_be_visible()
    found = []
    for width in (390, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        found.append((violations(page), max(0, sideways(page))))
        page.screenshot(path=tmp_path / f"person-{width}.png", full_page=True)
    assert found == [([], 0), ([], 0)]
    page.get_by_role("button", name="End all sessions").click()
    page.get_by_role("button", name="Show the second factor").click()
    page.wait_for_selector("h1:has-text('A second factor first')")


def test_the_menu_changes_the_language_and_signs_out(page: Any, people: dict[str, Any]) -> None:
    sign_in(page, people["asha"])
    page.goto("/preferences/")

    page.click(".q-menu--rail summary")
    page.click(".q-menu--rail button[lang=de]")
    page.wait_for_function("document.documentElement.lang === 'de'")

    page.click(".q-menu--rail summary")
    page.click(".q-menu--rail form[action='/accounts/logout/'] button")
    page.wait_for_url("**/accounts/login/")


def test_keys_stay_switched_off_once_switched_off(page: Any, people: dict[str, Any]) -> None:
    sign_in(page, people["asha"])
    page.goto("/preferences/")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")
    with page.expect_response("**/preferences/"):
        page.uncheck("#keys-on")

    page.goto("/preferences/")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")

    assert page.evaluate("document.body.dataset.keys") == "off"
    assert not page.evaluate("document.querySelector('#keys').open")
