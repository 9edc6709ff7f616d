"""Service levels, opening hours and deadlines in a real browser: nobody stumbles, at any width, in light and dark."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from portal.kernel.scope import acting
from procurement.acknowledgments.services.clocks import KEEPER, review_acknowledgment_clocks
from tests.browser.axe import WIDTHS, sideways, violations
from tests.browser.test_account import sign_in
from tests.builders.clocks import a_draft_service, a_service, an_active_service
from tests.builders.world import a_line, an_order
from tests.people import FEED

# A folder: what is looked at is kept there, for people to look at.
PICTURES = os.environ.get("QUAYSIDE_PICTURES", "")


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


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nobody_stumbles(page: Any, people: dict[str, Any], addresses: list[str], theme: str) -> None:
    with acting(FEED):
        people["bea"].user.theme = theme
        people["bea"].user.save()
    sign_in(page, people["bea"])

    found = {}
    for width in WIDTHS[theme]:
        page.set_viewport_size({"width": width, "height": 900})
        for address in addresses:
            answer = page.goto(address)
            found[width, address] = (answer.status, violations(page), max(0, sideways(page)))
            if PICTURES:
                name = address.strip("/").split("/")
                page.screenshot(
                    path=Path(PICTURES) / f"{name[0]}-{name[-1]}-{theme}-{width}.png", full_page=True
                )

    assert found == {one: (200, [], 0) for one in found}
