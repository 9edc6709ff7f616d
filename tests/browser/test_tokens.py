"""The keys of programs, and the page that tells programmers how to use them, in a real browser."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from portal.kernel.scope import acting
from suppliers.services import create_token, revoke_token
from tests.browser.axe import faults_in_every_look, violations
from tests.browser.test_account import sign_in
from tests.builders.world import MONDAY
from tests.people import FEED

SECRET = re.compile(r"qs_[0-9a-f]{8}_[\w-]{43}")


@pytest.fixture
def some_tokens(people: dict[str, Any], world: dict[str, Any]) -> None:
    with acting(FEED):
        for name, supplier, scope in (
            ("Order desk ERP, Pune", world["ACME"], "acknowledge"),
            ("Reports", world["ACME"], "read"),
            ("Warehouse board, Leeds", None, "read"),
        ):
            create_token(name, scope, supplier=supplier, actor=FEED, at=MONDAY)
        old = create_token("Old order desk", "read", supplier=world["ACME"], actor=FEED, at=MONDAY).token
        revoke_token(old, actor=FEED, at=MONDAY)


@pytest.mark.parametrize("name", ["asha", "ines"])
def test_nobody_stumbles(
    page: Any, people: dict[str, Any], some_tokens: None, name: str, tmp_path: Path
) -> None:
    sign_in(page, people[name])

    # The reference of the API is the longest page there is, and the same for everybody.
    addresses = ("/tokens/", "/tokens/new/", *(["/api/v1/docs"] if name == "asha" else []))
    found = []
    for address in addresses:
        assert page.goto(address).status == 200
        found += faults_in_every_look(page, f"{name} {address}".replace("/", "-"), tmp_path)

    assert found == []


def test_a_token_is_made_shown_once_and_revoked_with_the_keyboard(page: Any, people: dict[str, Any]) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    sign_in(page, people["asha"])
    page.goto("/tokens/")
    page.get_by_role("link", name="New token").press("Enter")
    page.get_by_label("Name").fill("Order desk")
    page.get_by_label("Read and acknowledge orders", exact=True).press("Space")
    page.get_by_role("button", name="Make the token").press("Enter")

    page.get_by_role("heading", name="Your new token").wait_for()
    secret = page.input_value("#secret")
    assert SECRET.fullmatch(secret)
    page.wait_for_load_state()  # the script that selects comes after the page
    page.focus("#secret")
    page.wait_for_function("secret => getSelection().toString() === secret", arg=secret)
    page.get_by_role("link", name="I have copied it").press("Enter")

    page.get_by_role("link", name="Revoke Order desk").press("Enter")
    page.get_by_role("button", name="Revoke").press("Enter")
    page.get_by_role("heading", name="Revoked").wait_for()
    assert secret not in page.content()
    expect(page.get_by_role("link", name="Revoke Order desk")).to_have_count(0)
    assert said == []


def test_the_copy_button_copies(page: Any, people: dict[str, Any]) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    sign_in(page, people["asha"])
    page.goto("/tokens/new/")
    page.get_by_label("Name").fill("Order desk")
    page.get_by_role("button", name="Make the token").click()

    page.get_by_role("button", name="Copy").click()

    page.get_by_role("button", name="Copied.").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == page.input_value("#secret")
    assert violations(page) == []


def test_without_script_all_of_it_works(browser: Any, live_server: Any, people: dict[str, Any]) -> None:
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    page = context.new_page()
    sign_in(page, people["asha"])
    page.goto("/tokens/new/")
    page.get_by_label("Name").fill("   ")
    page.get_by_role("button", name="Make the token").click()
    expect(page.get_by_role("link", name="Name: This field is required.")).to_be_visible()
    page.get_by_label("Name").fill("Order desk")
    page.get_by_role("button", name="Make the token").click()

    assert SECRET.fullmatch(page.input_value("#secret"))
    expect(page.get_by_role("button", name="Copy")).to_be_hidden()
    page.get_by_role("link", name="I have copied it").click()
    page.get_by_role("link", name="Revoke Order desk").click()
    expect(page.get_by_role("heading", name="Revoke Order desk?")).to_be_visible()
    page.get_by_role("button", name="Revoke").click()

    expect(page.get_by_text("Order desk is revoked.")).to_be_visible()
    context.close()
