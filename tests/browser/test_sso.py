"""Single sign-on in a real browser, against a provider that runs: written down, tried, switched on, come in by."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as ours
from django.core.cache import cache
from django.test import Client
from playwright.sync_api import expect

from portal.kernel.scope import acting
from suppliers.models import User
from suppliers.signin.queries import DOORKEEPER
from suppliers.sso.messages import WriteProvider
from tests.browser.axe import faults_in_every_look, violations
from tests.builders.factors import show_factor
from tests.builders.identities import SECRET, OidcServer, in_use, oidc_server
from tests.builders.scim import ScimClient


@pytest.fixture
def idp(settings: Any, live_server: Any) -> Iterator[OidcServer]:
    settings.PUBLIC_URL, settings.SSO_INSIDE_HOSTS = live_server.url, ["127.0.0.1"]
    cache.clear()
    with oidc_server() as server:
        server.asks = True
        server.claims = {"email": "root@northmoor.example", "email_verified": True, "name": "Root Admin"}
        server.claims |= {"groups": ["quayside-admins"], "sub": "root-1"}
        yield server
    cache.clear()


def with_factor(page: Any, person: Any, url: str) -> None:
    """Signed in, with a factor shown a moment ago."""
    client = Client()
    client.force_login(person.user)
    show_factor(client, person.user)
    name = ours.SESSION_COOKIE_NAME
    page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": url}])


def test_a_provider_is_written_down_tried_switched_on_and_come_in_by(
    page: Any, browser: Any, live_server: Any, people: dict[str, Any], idp: OidcServer
) -> None:
    with_factor(page, people["root"], live_server.url)
    page.goto("/signin/providers/")
    page.get_by_role("link", name="OpenID Connect").click()
    page.get_by_label("Name", exact=True).fill("Northmoor ID")
    page.get_by_label("Issuer").fill(idp.url)
    page.get_by_label("Client id").fill("quayside")
    page.get_by_label("Client secret").fill(SECRET)
    page.get_by_label("Mail domains").fill("northmoor.example")
    page.get_by_label("Group 1", exact=True).fill("quayside-admins")
    page.get_by_label("Role of group 1", exact=True).select_option("administrator")
    page.get_by_label("Group 2", exact=True).fill("quayside-buyers")
    page.get_by_label("Role of group 2", exact=True).select_option("planner")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Nobody has tried it yet")).to_be_visible()
    page.get_by_role("link", name="Try it").click()
    page.wait_for_url(f"{idp.url}/**")
    page.get_by_role("link", name="Go on").click()
    expect(page.get_by_role("heading", name="What it said of you")).to_be_visible()
    assert violations(page) == []
    page.get_by_role("button", name="Switch it on").click()
    expect(page.get_by_text("People come in through Northmoor ID from now on.")).to_be_visible()

    idp.claims |= {"email": "bea@northmoor.example", "groups": ["quayside-buyers"], "sub": "bea-1"}
    context = browser.new_context(base_url=live_server.url)
    other = context.new_page()
    other.goto("/accounts/login/?next=/preferences/")
    other.get_by_role("button", name="Sign in with Northmoor ID").click()
    other.wait_for_url(f"{idp.url}/**")
    other.get_by_role("link", name="Go on").click()
    other.wait_for_url("**/preferences/")
    expect(other.get_by_text("Bea Buyer").first).to_be_attached()
    context.close()
    with acting(DOORKEEPER):
        assert User.objects.get(pk=people["bea"].user.pk).company_role == "planner"


def test_pages_of_single_sign_on_are_clean_in_every_look(
    page: Any, browser: Any, live_server: Any, people: dict[str, Any], idp: OidcServer, tmp_path: Any
) -> None:
    told = WriteProvider(
        name="Northmoor ID",
        issuer=idp.url,
        client_id="quayside",
        secret=SECRET,
        domains=("northmoor.example",),
        groups=(("quayside-admins", "administrator"), ("quayside-buyers", "buyer")),
        factor_words="mfa",
        only_way=True,
        keepers=("root@northmoor.example",),
    )
    provider = in_use(people["root"], told)
    found = []
    page.route("**/authorize*", lambda route: route.fulfill(status=204))  # the page that leads on stays
    for name, address in (
        ("door", "/accounts/login/"),
        ("start", f"/sso/{provider.key}/?only=1"),
        ("way", "/sso/"),
        ("refused", f"/sso/oidc/{provider.key.hex}/?state=x&code=y"),
    ):
        page.goto(address)
        found += faults_in_every_look(page, name, tmp_path)
    page.goto(f"/sso/{provider.key}/")
    page.get_by_role("button", name="Sign in with Northmoor ID").click()
    expect(page.get_by_role("link", name="Go on")).to_be_visible()
    found += faults_in_every_look(page, "leave", tmp_path)

    with_factor(page, people["root"], live_server.url)
    for name, address in (
        ("list", "/signin/providers/"),
        ("provider", f"/signin/providers/{provider.key}/"),
        ("change", f"/signin/providers/{provider.key}/change/"),
        ("new SAML", "/signin/providers/new/saml/"),
    ):
        page.goto(address)
        found += faults_in_every_look(page, name, tmp_path)
    assert found == []


def test_a_providers_server_gets_a_secret_and_loses_it(
    page: Any, live_server: Any, people: dict[str, Any], idp: OidcServer, tmp_path: Any
) -> None:
    told = WriteProvider(
        name="Northmoor ID",
        issuer=idp.url,
        client_id="quayside",
        secret=SECRET,
        domains=("northmoor.example",),
        groups=(("quayside-buyers", "buyer"),),
    )
    provider = in_use(people["root"], told)
    with_factor(page, people["root"], live_server.url)
    page.goto(f"/signin/providers/{provider.key}/")
    page.get_by_role("link", name="Make a secret").click()
    expect(page.get_by_role("heading", name="Let Northmoor ID tell of its people?")).to_be_visible()
    found = faults_in_every_look(page, "SCIM new", tmp_path)
    page.get_by_role("button", name="Make a secret").click()
    expect(page.get_by_text("Copy it now")).to_be_visible()
    assert page.get_by_label("Address").input_value() == f"{live_server.url}/scim/v2"
    secret = page.get_by_label("Secret").input_value()
    found += faults_in_every_look(page, "SCIM made", tmp_path)

    entra = ScimClient(secret)
    bea = entra.tell("bea@northmoor.example").json()
    entra.tell("nia@northmoor.example")
    entra.group("quayside-buyers", bea["id"])
    page.get_by_role("link", name="I have copied it").click()
    expect(page.get_by_text("1 with an account, 1 without one yet, 0 closed")).to_be_visible()
    found += faults_in_every_look(page, "SCIM provider", tmp_path)
    page.get_by_role("link", name=f"Revoke {secret[:14]}").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("The secret is revoked.")).to_be_visible()
    assert entra.ask("GET", "Users").status_code == 401
    assert found == []
