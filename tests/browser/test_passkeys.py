"""A passkey in a real browser, on a virtual authenticator: set up, signed in with, shown once more. And the pages."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import expect

from portal.kernel.scope import acting
from suppliers.models import FactorRule
from suppliers.signin.queries import DOORKEEPER
from tests.browser.axe import LOOKS, faults, violations
from tests.builders.factors import code_of, give_app
from tests.people import PASSWORD

PAGES = {
    "second step": "accounts/2fa/",
    "add passkey": "accounts/2fa/webauthn/add/",
    "passkeys": "accounts/2fa/webauthn/",
    "sessions": "accounts/sessions/",
    "people": "signin/people/",
    "rules": "signin/rules/",
    "question": "step-up/",
}


def with_authenticator(page: Any) -> None:
    """A device that keeps passkeys and whose owner always says yes."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def sign_in(page: Any, person: Any) -> None:
    page.goto("/accounts/login/")
    page.fill("#id_login", person.email)
    page.fill("#id_password", PASSWORD)
    page.click("main form:has(#id_login) button.btn-primary")
    page.wait_for_url(lambda address: "/accounts/" not in address)


def test_a_passkey_is_set_up_opens_the_portal_and_answers_the_question(
    page: Any, people: dict[str, Any]
) -> None:
    root = people["root"]
    with_authenticator(page)
    sign_in(page, root)
    page.goto("/accounts/2fa/webauthn/add/")
    page.fill("#id_password", PASSWORD)
    page.click("main button.btn-primary")
    page.fill("input[name=name]", "Root’s laptop")
    page.click("#mfa_webauthn_add")
    page.wait_for_url("**/accounts/2fa/recovery-codes/")
    expect(page.locator(".q-codes li")).to_have_count(10)
    page.goto("/accounts/2fa/webauthn/")
    expect(page.get_by_role("rowheader", name="Root’s laptop")).to_be_visible()

    page.goto("/accounts/logout/")
    page.click("main button.btn-primary")
    page.wait_for_url("**/accounts/login/")
    assert violations(page) == []
    page.click("#passkey_login")
    page.wait_for_url(lambda address: "/accounts/" not in address)
    expect(page.get_by_text("Root Admin").first).to_be_attached()

    # A factor was shown at sign-in; later it is asked for again, and what was typed is sent on.
    page.goto("/signin/rules/")
    page.check("input[name=company-buyer]")
    page.fill("input[name=company-buyer-days]", "21")
    an_hour_later()
    page.click("main button.btn-primary")
    expect(page.get_by_text("Nothing was changed yet")).to_be_visible()
    assert violations(page) == []
    page.click("main .q-panel-f .btn-primary")
    page.click("#step_up_passkey")
    page.wait_for_url("**/signin/rules/")
    with acting(DOORKEEPER):
        rules = list(FactorRule.objects.values_list("side", "role", "demanded", "grace_days"))
    assert rules == [("company", "buyer", True, 21)]


def an_hour_later() -> None:
    """What was shown as a factor is an hour old."""
    for row in Session.objects.all():
        data = row.get_decoded()
        for record in data.get("account_authentication_methods", []):
            record["at"] -= 3600
        Session.objects.filter(pk=row.pk).update(session_data=Session.objects.encode(data))


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_pages_of_signing_in_are_clean_at_every_width(
    browser: Any, live_server: Any, people: dict[str, Any], width: int, scheme: str, tmp_path: Any
) -> None:
    root = people["root"]
    secret = give_app(root.user)
    context = browser.new_context(
        base_url=live_server.url, viewport={"width": width, "height": 900}, color_scheme=scheme
    )
    page = context.new_page()
    page.goto("/accounts/login/")
    found = faults(page, f"sign in {scheme}", tmp_path)
    page.fill("#id_login", root.email)
    page.fill("#id_password", PASSWORD)
    page.click("main form:has(#id_login) button.btn-primary")
    page.wait_for_url("**/accounts/2fa/authenticate/")
    found += faults(page, f"second step now {scheme}", tmp_path)
    page.fill("#id_code", code_of(secret))
    page.check("#id_trust")
    page.click("main form:has(#id_code) button.btn-primary")
    page.wait_for_url(lambda address: "/accounts/" not in address)
    page.goto("/accounts/2fa/webauthn/add/")
    page.fill("#id_code", code_of(secret))
    page.click("main button.btn-primary")
    page.wait_for_url("**/webauthn/add/")
    person = people["asha"].user.pk
    for name, address in {**PAGES, "person": f"signin/people/{person}/"}.items():
        page.goto(f"/{address}")
        found += faults(page, f"{name} {scheme}", tmp_path)
    page.fill("main form[action$='/act/'] textarea", "She cannot find her order.")
    page.click("main form[action$='/act/'] button")
    page.wait_for_url(lambda address: "/accounts/" not in address)
    expect(page.get_by_text("You act in the place of Asha Acme.")).to_be_visible()
    found += faults(page, f"in her place {scheme}", tmp_path)
    context.close()
    assert found == []
