"""A real browser for the tests that need eyes. Where there is none they are skipped, and say so."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from tests.browser.refusals import REFUSED, hear_refusals, none_refused

# The shell comes first: the same engine without the windows, menus and extensions that nobody sees here, for less than
# half the work.
NAMES = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "microsoft-edge",
)
HERE = Path(__file__).parent

# Playwright's own loop runs in the thread of the tests; Django would take it for asynchronous code of ours.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test in this folder needs a browser."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)


def find_chromium() -> str | None:
    """The Chromium of this machine: named by QUAYSIDE_CHROMIUM, found on the path, or playwright's own."""
    named = shutil.which(os.environ.get("QUAYSIDE_CHROMIUM", ""))
    found = named or next(filter(None, map(shutil.which, NAMES)), None)
    if found:
        return found
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        kept = playwright.chromium.executable_path
    return kept if Path(kept).exists() else None


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """One browser for all tests; each test opens its own context. CI (E2E_REQUIRED=1) insists on it."""
    path = find_chromium()
    if not path:
        say = pytest.fail if os.environ.get("E2E_REQUIRED") else pytest.skip
        say("no Chromium on this machine: install one, or name it in QUAYSIDE_CHROMIUM")
    from playwright.sync_api import expect, sync_playwright

    # A machine that two runs share may stand still for longer than playwright's five seconds.
    expect.set_options(timeout=15_000)
    with sync_playwright() as playwright:
        # As root Chromium has no sandbox; it sees nothing but pages of this machine.
        args = ["--no-sandbox"] if os.geteuid() == 0 else []
        launched = playwright.chromium.launch(executable_path=path, args=args)
        bare = launched.new_context

        def heard(**options: Any) -> Any:
            context = bare(**options)
            hear_refusals(context)
            return context

        launched.new_context = heard
        yield launched
        launched.close()


@pytest.fixture(autouse=True)
def nothing_is_refused() -> Iterator[None]:
    """There is nothing to refuse, in whatever context a test opened."""
    REFUSED.clear()
    yield
    none_refused()


@pytest.fixture(autouse=True)
def codes_do_not_end(settings: Any) -> None:
    """A code of an app lives half a minute, and a busy machine may need longer to type it. What is too old:
    tests/suppliers/signin/test_second_step.py.
    """
    settings.MFA_TOTP_PERIOD = 10**10


@pytest.fixture
def page(browser: Any, live_server: Any) -> Iterator[Any]:
    """An empty page of the portal as it runs, on the test's own database."""
    context = browser.new_context(base_url=live_server.url, viewport={"width": 1440, "height": 900})
    yield context.new_page()
    context.close()


@pytest.fixture
def at(browser: Any, live_server: Any, people: dict[str, Any]) -> Iterator[Any]:
    """Somebody's own browser, signed in, of this width."""
    contexts = []

    def opened(name: str, width: int = 1440, **more: Any) -> Any:
        context = browser.new_context(
            base_url=live_server.url, viewport={"width": width, "height": 900}, **more
        )
        contexts.append(context)
        client = Client()
        client.force_login(people[name].user)
        cookie = settings.SESSION_COOKIE_NAME
        value = client.cookies[cookie].value
        context.add_cookies([{"name": cookie, "value": value, "url": live_server.url}])
        return context.new_page()

    yield opened
    for context in contexts:
        context.close()
