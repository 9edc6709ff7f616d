"""A portal that is connected with a live Tryton, and people who sign in to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.utils import timezone

from portal.kernel.outbox.services import deliver_due
from procurement.demo.tryton.founding import PORTAL
from procurement.demo.tryton.serving import DATABASE
from procurement.erp.inbound import read_configured_feeds
from tests.erp.tryton.harness import TrytonHarness, tryton_harness
from tests.people import PASSWORD


@contextmanager
def connected(folder: Path, settings: Any, series: str = "8.0") -> Iterator[TrytonHarness]:
    """Northmoor's Tryton, and a portal that is connected with it."""
    with tryton_harness(series, folder) as harness:
        user, password = PORTAL
        host = harness.server.address.removeprefix("http://")
        settings.ERP_CONNECTOR = "tryton"
        settings.ERP_URL = urlsplit(f"http://{user}:{password}@{host}/{DATABASE}")
        yield harness


def one_interval() -> None:
    """What the workers do within one interval: read what the ERP has, bring it what waits, hear of it."""
    read_configured_feeds(clock=timezone.now)
    deliver_due(worker=1, clock=timezone.now)


def signed_in(browser: Any, live_server: Any, email: str) -> Any:
    """Somebody's own browser, who has typed name and password."""
    context = browser.new_context(base_url=live_server.url, viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto("/accounts/login/")
    page.fill("#id_login", email)
    page.fill("#id_password", PASSWORD)
    page.click("main button.btn-primary")
    page.wait_for_url("**/")
    return page
