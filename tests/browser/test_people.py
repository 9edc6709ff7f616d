"""People in a real browser: an administrator invites, the invited joins on a phone, gets another role, and leaves."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from portal.kernel.scope import acting
from suppliers.models import Invitation, User
from suppliers.people.messages import InvitePerson
from suppliers.people.queries import wake_token
from suppliers.people.services import ask_address_change, invite_person
from tests.browser.axe import WIDTHS, faults
from tests.builders.notices import mailed
from tests.people import FEED

GOOD = "quiet harbour at dawn"


def test_somebody_is_invited_joins_on_a_phone_is_given_another_role_and_leaves(
    at: Any, browser: Any, live_server: Any
) -> None:
    admin = at("asha")
    admin.goto("/people/")
    admin.get_by_role("link", name="Invite somebody").click()
    admin.get_by_label("Mail address").fill("kiran@acme.example")
    admin.get_by_label("Shipping", exact=True).check()
    admin.get_by_role("button", name="Send the invitation").click()
    expect(admin.get_by_text("The invitation is on its way to kiran@acme.example.")).to_be_visible()
    (letter,) = mailed()
    link = re.search(r"/join/[\w-]{46}/", letter.body)[0]  # type: ignore[index]

    context = browser.new_context(
        base_url=live_server.url, viewport={"width": 390, "height": 844}, java_script_enabled=False
    )
    phone = context.new_page()
    phone.goto(link)
    expect(phone.get_by_text("Asha Acme invites you.")).to_be_visible()
    phone.get_by_label("Your name").fill("Kiran Rao")
    phone.get_by_label("A password").fill("short")
    phone.get_by_role("button", name="Accept and begin").click()
    expect(phone.locator(".q-summary-err")).to_be_visible()
    phone.get_by_label("A password").fill(GOOD)
    phone.get_by_role("button", name="Accept and begin").click()
    phone.wait_for_url("**/")
    assert phone.goto("/people/").status == 403

    admin.goto("/people/")
    admin.get_by_role("link", name="Change the role of Kiran Rao").click()
    admin.get_by_label("Administrator", exact=True).check()
    admin.get_by_role("button", name="Save").click()
    expect(admin.get_by_text("Kiran Rao: Administrator from now on.")).to_be_visible()
    admin.wait_for_load_state()  # with its scripts a page asks in a dialog
    assert phone.goto("/people/").status == 200
    admin.get_by_role("link", name="Remove Kiran Rao").click()
    admin.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(admin.get_by_text("Kiran Rao does not act here any more.")).to_be_visible()
    phone.goto("/people/")
    assert "/accounts/login/" in phone.url
    context.close()


@pytest.fixture
def ground(people: dict[str, Any]) -> dict[str, str]:
    """Addresses behind links, and lists with something in each part."""
    asha, now = people["asha"], timezone.now()
    with acting(FEED):
        made = [
            invite_person(InvitePerson(address, role, to, name="Kiran Rao"), actor=asha.actor, at=now)
            for address, role, to in (
                ("kiran.with.a.long.name@castings-of-acme.example", "shipping", asha.actor.supplier_ids[0]),
                (people["gil"].email, "orders", asha.actor.supplier_ids[0]),
            )
        ]
        invite_person(InvitePerson("nia@northmoor.example", "planner"), actor=FEED, at=now)
        Invitation.objects.filter(pk=made[1].pk).update(state="expired")
        change = ask_address_change(asha.user, "asha@castings.example", actor=asha.actor, at=now)
        User.objects.filter(pk=people["otto"].user.pk).update(asleep_at=now)
        User.objects.filter(pk=people["rex"].user.pk).update(is_active=False)
        otto = User.objects.get(pk=people["otto"].user.pk)
        return {
            "join": f"/join/{made[0].token}/",
            "new": f"/address/new/{change.token_at_new}/",
            "old": f"/address/old/{change.token_at_old}/",
            "wake": f"/wake/{wake_token(otto)}/",
            "asleep": "/asleep/",
        }


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nobody_stumbles(
    at: Any,
    browser: Any,
    live_server: Any,
    people: dict[str, Any],
    ground: dict[str, str],
    tmp_path: Path,
    theme: str,
) -> None:
    found = []
    for name in ("asha", "root"):
        people[name].user.theme = theme
        people[name].user.save(update_fields=["theme"])
    pages = {
        "asha": ["/people/", "/people/invite/", "/my-address/"],
        "root": [
            "/people/",
            "/people/invite/",
            "/staff/",
            "/staff/invite/",
            f"/staff/{people['otto'].user.pk}/role/",
        ],
    }
    context = browser.new_context(base_url=live_server.url, color_scheme=theme)
    opened = {name: at(name) for name in pages}
    nobody = context.new_page()
    for width in WIDTHS[theme]:
        for name, addresses in pages.items():
            for address in addresses:
                opened[name].set_viewport_size({"width": width, "height": 900})
                assert opened[name].goto(address).status == 200
                found += faults(opened[name], f"{name}{address.replace('/', ' ')}{theme}", tmp_path)
        nobody.set_viewport_size({"width": width, "height": 900})
        for name, address in ground.items():
            assert nobody.goto(address).status == 200
            found += faults(nobody, f"{name} {theme}", tmp_path)
    context.close()
    assert found == []
