"""The look in a real browser: readable for everybody, quiet about nothing, and usable without script."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.test import override_settings
from playwright.sync_api import expect

from tests.browser.axe import faults_in_every_look, violations

PAGES = [
    "",
    "confirm",
    "answer/409",
    "answer/422",
    *(f"error/{name}" for name in ("400", "403", "403_csrf", "404", "429", "429_sent", "500", "offline")),
    "accounts/login/",
    "accounts/password/reset/",
    "accounts/password/reset/done/",
]


class Quiet(WSGIRequestHandler):
    """Says nothing about each request."""

    def log_message(self, *args: Any) -> None:
        pass


class SeveralAtOnce(ThreadingMixIn, WSGIServer):
    """A browser opens connections before it has something to ask: nobody waits behind one that says nothing."""

    daemon_threads = True


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """The component sheet, served with the settings and headers of the portal, without a database."""
    here = Path(__file__).parent / "look/templates"
    templates = [settings.TEMPLATES[0] | {"DIRS": [here, *settings.TEMPLATES[0]["DIRS"]]}]
    # What a refusal shows of attacks is written down, and there is nowhere to write.
    middleware = [one for one in settings.MIDDLEWARE if one != "portal.middleware.SecurityEventsMiddleware"]
    sheet = {"ROOT_URLCONF": "tests.browser.look.urls", "TEMPLATES": templates, "MIDDLEWARE": middleware}
    with override_settings(**sheet):
        server = make_server("127.0.0.1", 0, get_wsgi_application(), SeveralAtOnce, Quiet)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def page(browser: Any, site: str) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=site)
    yield context.new_page()
    context.close()


def test_nobody_stumbles_and_nobody_scrolls_sideways(browser: Any, site: str, tmp_path: Path) -> None:
    context = browser.new_context(base_url=site, reduced_motion="reduce")
    page = context.new_page()

    found = []
    for address in PAGES:
        page.goto(address)
        found += faults_in_every_look(page, f"look {address}".replace("/", "-"), tmp_path)

    context.close()
    assert found == []


def test_nothing_is_refused_by_the_content_security_policy(page: Any) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))

    page.goto("")
    page.click("text=Refuse")
    page.wait_for_selector("#dialog[open]")

    assert said == []


def test_a_pinned_theme_wins_over_the_system(browser: Any, site: str) -> None:
    context = browser.new_context(color_scheme="dark", base_url=site)
    page = context.new_page()
    page.goto("")
    ground = "getComputedStyle(document.body).backgroundColor"

    dark = page.evaluate(ground)
    page.evaluate("document.documentElement.dataset.bsTheme = 'light'")
    light = page.evaluate(ground)

    context.close()
    assert (dark, light) == ("rgb(11, 17, 18)", "rgb(242, 244, 241)")


def test_a_form_with_errors_takes_the_focus_to_what_must_be_mended(page: Any) -> None:
    page.goto("")

    expect(page.locator(".q-summary-err")).to_be_focused()


def test_a_question_opens_beside_the_page_and_closes_without_a_trace(page: Any) -> None:
    page.goto("")
    page.click("text=Refuse")
    page.wait_for_selector("#dialog[open]")

    assert violations(page, "#dialog") == []
    page.click("#dialog [data-close]")
    expect(page.locator("#dialog[open]")).to_have_count(0)


def test_the_same_question_is_a_page_without_script(browser: Any, site: str) -> None:
    context = browser.new_context(java_script_enabled=False, base_url=site)
    page = context.new_page()
    page.goto("")

    page.click("text=Refuse")

    assert page.url.endswith("/confirm")
    expect(page.locator("h1").first).to_have_text("Refuse line 60?", use_inner_text=True)
    context.close()


def test_escape_closes_a_menu_and_gives_the_focus_back(page: Any) -> None:
    page.goto("")
    page.click(".q-menu--rail summary")
    assert violations(page, ".q-menu--rail") == []

    page.keyboard.press("Escape")

    assert not page.evaluate("document.querySelector('.q-menu--rail').open")
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"


def test_a_selection_says_how_many_and_how_much(page: Any) -> None:
    page.goto("")
    expect(page.locator("[data-pick-bar]").first).to_be_hidden()

    page.check("[data-pick] >> nth=0")
    page.check("[data-pick] >> nth=1")

    expect(page.locator("[data-pick-bar] b").first).to_have_text("2 lines selected", use_inner_text=True)
    expect(page.locator("[data-pick-sum]").first).to_have_text("123,300.00 EUR", use_inner_text=True)


def test_keys_press_only_buttons_that_say_so_and_never_while_typing(page: Any) -> None:
    page.goto("")
    page.evaluate(
        "document.querySelector('.btn-danger').addEventListener('click', event => {"
        " event.preventDefault(); document.title = 'pressed'; })"
    )

    page.focus("#id_note")
    page.keyboard.press("d")
    assert page.title() != "pressed"
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("d")

    assert page.title() == "pressed"


def test_keys_can_be_listed_and_switched_off(page: Any) -> None:
    page.goto("")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")
    page.wait_for_selector("#keys[open]")
    expect(page.locator("#keys-list").first).to_contain_text("Decline", use_inner_text=True)

    page.uncheck("#keys-on")
    page.click("#keys [data-close]")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")

    assert not page.evaluate("document.querySelector('#keys').open")


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (401, "Your session ended."),
        (403, "You may not do that."),
        (429, "That was too much at once, and nothing was changed. What you typed is still here"),
        (500, "That did not work"),
    ],
)
def test_what_typing_met_is_said_and_the_typing_stays(page: Any, status: int, sentence: str) -> None:
    page.goto("")
    page.fill("#id_note", "300 on time, the rest a week later")

    page.evaluate(f"htmx.ajax('GET', '/answer/{status}', {{target: 'main'}})")

    page.wait_for_selector(f".q-toast.is-bad:has-text('{sentence}')")
    expect(page.locator("#id_note").first).to_have_value("300 on time, the rest a week later")


def test_what_was_said_of_the_session_goes_when_the_portal_answers_again(page: Any) -> None:
    page.goto("")
    page.evaluate("htmx.ajax('GET', '/answer/401', {target: 'main'})")
    page.wait_for_selector(".q-toast[data-text^='Your session ended.']")

    page.evaluate("htmx.ajax('GET', '/answer/422', {target: '.q-head', swap: 'outerHTML'})")

    page.wait_for_selector("main .q-page > .q-summary-err")
    expect(page.locator(".q-toast[data-text^='Your session ended.']")).to_have_count(0)


@pytest.mark.parametrize("status", [409, 422])
def test_a_refusal_takes_its_place_and_the_focus(page: Any, status: int) -> None:
    page.goto("")

    page.evaluate(f"htmx.ajax('GET', '/answer/{status}', {{target: '.q-head', swap: 'outerHTML'}})")
    page.wait_for_selector("main .q-page > .q-summary-err")

    expect(page.locator(".q-page > .q-summary-err")).to_be_focused()
