"""Service levels, opening hours and deadlines in a real browser: nobody stumbles, at any width, in light and dark."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from portal.kernel.scope import acting
from procurement.acknowledgments.services.clocks import KEEPER, review_acknowledgment_clocks
from tests.browser.axe import faults_in_every_look
from tests.browser.test_account import sign_in
from tests.builders.clocks import a_draft_service, a_service, an_active_service
from tests.builders.world import a_line, an_order


@pytest.fixture
def addresses(people: dict[str, Any]) -> list[str]:
    """A policy that counts, a draft, and an order whose clock runs."""
    now = datetime.now(UTC)
    active = an_active_service(people, a_service(segment="core"))
    draft = a_draft_service(people["bea"], name="Answers 2027, with a name that is rather long")
    order = an_order(lines=[a_line(10, delivery_on=now.date() + timedelta(days=20))], at=now)
    with acting(KEEPER):
        review_acknowledgment_clocks([order.stream], actor=KEEPER, at=now)
    return [
        "/service-levels/",
        f"/service-levels/{active.key}/",
        f"/service-levels/{draft.key}/",
        f"/service-levels/{draft.key}/change/",
        "/service-levels/new/?from=core",
        "/opening-hours/",
        "/opening-hours/country/DE/",
        "/opening-hours/site/LEEDS/",
        f"/orders/{order.key}/",
        f"/orders/{order.key}/deadline/",
    ]


def test_nobody_stumbles(page: Any, people: dict[str, Any], addresses: list[str], tmp_path: Path) -> None:
    sign_in(page, people["bea"])

    found = []
    for address in addresses:
        assert page.goto(address).status == 200
        found += faults_in_every_look(page, address.strip("/").replace("/", "-"), tmp_path)

    assert found == []
