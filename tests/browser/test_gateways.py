"""A carrier's gateway from its making to an event placed by hand; and its pages as they look."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from procurement.gateways.models import Gateway
from tests.browser.axe import faults_in_every_look
from tests.builders.changes import an_agreed_order
from tests.builders.gateways import Carrier, a_carrier, an_event, events, messages
from tests.builders.shipments import a_sent_notice, fresh_notice
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def no_hints(settings: Any) -> None:
    settings.OUTBOX_WAKE = "tests.kernel.test_reactions.no_hint"


def now() -> str:
    return timezone.now().replace(microsecond=0).isoformat()


@pytest.fixture
def notice(people: dict[str, Any]) -> Any:
    return a_sent_notice(an_agreed_order(people["asha"]), people["asha"], bill_of_lading="BOL-77")


def the_gateway() -> Gateway:
    from portal.kernel.scope import acting

    with acting(FEED):
        return Gateway.objects.get()


def test_a_gateway_is_made_speaks_and_what_it_says_is_placed_by_hand(at: Any, notice: Any) -> None:
    ines = at("ines")
    ines.goto("/integration/gateways/")
    ines.get_by_role("link", name="Make the first gateway").click()
    ines.get_by_label("Name").fill("Blue Line")
    ines.get_by_role("button", name="Make the gateway").click()
    expect(ines.locator("h1").first).to_contain_text("The new secret")
    secret = ines.get_by_label("Secret", exact=True).input_value()
    ines.get_by_role("link", name="I have copied it").click()
    expect(ines.get_by_text("Nothing has come yet")).to_be_visible()

    Carrier(the_gateway(), secret).tell(an_event(happened_at=now(), tracking_number="NOBODYS"))
    ines.goto("/integration/gateways/")
    ines.get_by_role("link", name="Look at them").click()
    ines.get_by_role("link", name="Departed").click()
    ines.get_by_label("It is about ship notice").fill("dn 1")
    ines.get_by_role("button", name="Put it there").click()

    expect(ines.get_by_text("Ship notice DN-1 was told of it.")).to_be_visible()
    expect(ines.get_by_text("No event waits for you")).to_be_visible()
    assert fresh_notice(notice).state == "in_transit"
    ines.goto(f"/shipments/{notice.key}/")
    expect(ines.locator("main")).to_contain_text("told by Blue Line")


def test_without_a_script_a_file_is_taken_in(
    browser: Any, at: Any, people: dict[str, Any], notice: Any, tmp_path: Path
) -> None:
    carrier = a_carrier(people["ines"])
    file = tmp_path / "status.csv"
    file.write_text(f"kind,happened_at,bill_of_lading\ndeparted,{now()},BOL-77\n")
    ines = at("ines", 390, java_script_enabled=False)

    ines.goto(f"/integration/gateways/{carrier.gateway.key}/upload/")
    ines.set_input_files("input[type=file]", file)
    ines.get_by_role("button", name="Take it in").click()

    expect(ines.get_by_text("The file is kept.")).to_be_visible()
    expect(ines.locator("table")).to_contain_text("BOL-77")


def test_the_pages_are_for_everybody(at: Any, people: dict[str, Any], notice: Any, tmp_path: Any) -> None:
    a_sent_notice(
        an_agreed_order(people["asha"], "4500000002"), people["asha"], number="DN-2", bill_of_lading="BOL-77"
    )
    carrier = a_carrier(people["ines"], supplier="ACME", company="NM")
    carrier.tell(
        an_event(happened_at=now(), bill_of_lading="BOL-77") | {"place": "Rotterdam", "note": "Gate 4"},
        an_event("arrived", happened_at=now(), notice="DN-1"),
        an_event(happened_at=now(), tracking_number="1Z" + "9" * 40),
        {"kind": "vanished", "happened_at": "yesterday"},
    )
    carrier.post(b'{"id": "a message that is not", "evnts": []}')
    whole, refused = messages()
    several = events()[0]
    pages = {
        "list": "/integration/gateways/",
        "new": "/integration/gateways/new/",
        "gateway": f"/integration/gateways/{carrier.gateway.key}/",
        "upload": f"/integration/gateways/{carrier.gateway.key}/upload/",
        "message": f"/integration/gateways/messages/{whole.key}/",
        "refused": f"/integration/gateways/messages/{refused.key}/",
        "events": "/integration/gateways/events/",
        "several": f"/integration/gateways/events/{several.key}/",
        "unread": f"/integration/gateways/events/{events()[3].key}/",
    }
    page = at("ines")
    found = []
    for name, address in pages.items():
        page.goto(address)
        found += faults_in_every_look(page, f"gateways-{name}", tmp_path)

    page.goto(pages["gateway"])
    page.get_by_role("button", name="Make another secret").click()
    expect(page.locator("h1").first).to_contain_text("The new secret")
    found += faults_in_every_look(page, "gateways-made", tmp_path)
    assert found == []
