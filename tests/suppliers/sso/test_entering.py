"""Coming in through a provider: who does, who never does, and what of an answer is not believed."""

import base64
import json
import re
import time
import zlib
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from allauth.socialaccount.models import SocialAccount
from cryptography.hazmat.primitives import serialization
from django.conf import settings as ours
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.test import Client
from django.utils import timezone

from portal.kernel.audit.models import AuditEvent
from portal.kernel.outbox.models import OutboxMessage
from portal.kernel.scope import acting
from portal.kernel.security.models import SecurityEvent
from portal.kernel.security.services import GUARD
from suppliers.models import FactorRule, Membership, SignIn, User
from suppliers.queries import actor_of
from suppliers.signin.middleware import FACTOR_ELSEWHERE
from suppliers.signin.queries import DOORKEEPER
from suppliers.signin.tasks import sweep_sign_in
from suppliers.sso.delivery import mail_way
from suppliers.sso.messages import Identity, WriteProvider
from suppliers.sso.models import IdentityProvider
from suppliers.sso.policies import identity_of, role_of, shows_factor
from suppliers.sso.sealing import keep_secret
from suppliers.sso.services import NotAdmitted, admit, switch_off
from tests.builders.factors import code_of, give_app, letters, show_factor
from tests.builders.identities import (
    ENTITY,
    SECRET,
    SSO_URL,
    a_key,
    certificate_of,
    come_in,
    in_use,
    led_to,
    oidc_server,
    saml_response,
)
from tests.builders.world import MONDAY, make_world
from tests.database import made_once
from tests.people import FEED, PASSWORD, make_people

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def everything(django_db_setup, django_db_blocker):
    with made_once(django_db_blocker):
        suppliers = make_world()
        with acting(FEED):
            yield make_people(suppliers), suppliers


@pytest.fixture(scope="module")
def running():
    with oidc_server() as server:
        yield server


@pytest.fixture
def people(everything, db):
    return everything[0]


@pytest.fixture(autouse=True)
def nobody_has_tried_yet(settings):
    """What one test has tried in vain counts in no other, and the provider of the tests may be asked."""
    settings.SSO_INSIDE_HOSTS = ["127.0.0.1"]
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def idp(running):
    """The provider, saying of whoever comes that it is Bea."""
    running.claims = {"email": "bea@northmoor.example", "email_verified": True, "name": "Bea Buyer"}
    running.userinfo, running.refuses, running.issuer_says, running.keeps_nonce = {}, "", "", True
    running.token_says, running.authorize = None, "authorize"
    running.key, running.kid, running.algorithm, running.asks = a_key("oidc"), "k1", "RS256", False
    return running


def said(idp, **more):
    told = {"name": "Northmoor ID", "issuer": idp.url, "client_id": "quayside", "secret": SECRET}
    return WriteProvider(**{**told, "domains": ("northmoor.example",), **more})


GROUPS = (("quayside-admins", "administrator"), ("quayside-buyers", "buyer"))


def events(kind):
    with acting(DOORKEEPER):
        return list(AuditEvent.objects.filter(kind=kind).order_by("id"))


def refusals():
    with acting(GUARD):
        return [one.facts["why"] for one in SecurityEvent.objects.filter(kind="sso.refused").order_by("id")]


def is_in(client):
    return client.get("/preferences/").status_code == 200


# --- Our own people -----------------------------------------------------------------------------------------


def test_a_button_leads_there_and_back_and_joins_the_account_of_a_proven_address(people, idp):
    provider = in_use(people["root"], said(idp))
    client = Client()
    page = client.get("/accounts/login/?next=/preferences/").content.decode()
    assert f'action="/sso/{provider.key}/"' in page
    assert "Sign in with Northmoor ID" in page

    answer = come_in(client, provider, next="/preferences/")

    assert (answer.status_code, answer["Location"]) == (302, "/preferences/")
    assert client.get("/preferences/").status_code == 200
    account = SocialAccount.objects.get()
    assert (account.user_id, account.provider, account.uid) == (
        people["bea"].user.pk,
        provider.key.hex,
        "sub-1",
    )
    assert account.extra_data == {}
    asked = idp.asked[-1]
    assert asked["redirect_uri"] == f"{ours.PUBLIC_URL}/sso/oidc/{provider.key.hex}/"
    assert (asked["code_challenge_method"], asked["response_type"]) == ("S256", "code")
    with acting(DOORKEEPER):
        assert SignIn.objects.latest("id").way == "sso"
    (joined,) = events("identity.joined")
    assert joined.facts["user"] == people["bea"].user.pk
    assert "You can sign in through Northmoor ID now" in [one.subject for one in letters()]

    # From now on the identity counts, whatever address it has.
    idp.claims |= {"email": "beatrice@elsewhere.example", "email_verified": False}
    again = Client()
    come_in(again, provider)
    assert is_in(again)
    assert SocialAccount.objects.count() == 1


def test_where_one_is_led_afterwards_is_ours(people, idp):
    provider = in_use(people["root"], said(idp))
    answer = come_in(Client(), provider, next="https://evil.example/")
    assert answer["Location"] == "/"
    client = Client()
    client.force_login(people["bea"].user)
    assert client.get(f"/sso/{provider.key}/?next=//evil.example/")["Location"] == "/"
    assert Client().get(f"/sso/{provider.key}/").status_code == 200  # opening it begins nothing
    assert "sessionid" not in Client().get(f"/sso/{provider.key}/").cookies


def test_groups_give_the_role_at_each_sign_in_in_the_order_written(people, idp):
    provider = in_use(people["root"], said(idp, groups=GROUPS))
    bea = people["bea"].user
    idp.claims["groups"] = ["staff", "quayside-buyers", "quayside-admins"]

    come_in(Client(), provider)

    with acting(DOORKEEPER):
        bea.refresh_from_db()
    assert (bea.company_role, bea.approver_since_at is not None) == ("administrator", True)
    (changed,) = events("staff.role_changed")
    assert changed.facts == {"name": "Bea Buyer", "from": "buyer", "to": "administrator"}
    assert changed.actor_label == "Single sign-on: Northmoor ID"

    idp.claims["groups"] = ["quayside-buyers"]
    come_in(Client(), provider)
    with acting(DOORKEEPER):
        bea.refresh_from_db()
    assert (bea.company_role, bea.approver_since_at) == ("buyer", None)

    idp.claims["groups"] = ["staff"]
    client = Client()
    answer = come_in(client, provider)
    assert answer.status_code == 403
    assert "You are in none of the groups that may come in here." in answer.content.decode()
    assert not is_in(client)
    assert refusals() == ["no_group"]


def test_the_last_administrator_stays_one(people, idp):
    provider = in_use(people["root"], said(idp, groups=GROUPS))
    idp.claims |= {"email": "root@northmoor.example", "groups": ["quayside-buyers"], "sub": "root-1"}
    assert come_in(Client(), provider).status_code == 403
    with acting(DOORKEEPER):
        assert User.objects.get(pk=people["root"].user.pk).company_role == "administrator"
        assert SocialAccount.objects.count() == 0
    assert refusals() == ["last_admin"]


def test_groups_of_the_userinfo_endpoint_count_where_it_speaks_of_the_same_person(people, idp):
    provider = in_use(people["root"], said(idp, groups=GROUPS, scopes="groups"))
    idp.userinfo = {"sub": "sub-1", "groups": ["quayside-buyers"], "email": "root@northmoor.example"}
    client = Client()
    come_in(client, provider)
    assert is_in(client)
    assert "groups" in idp.asked[-1]["scope"].split()
    assert SocialAccount.objects.get().user_id == people["bea"].user.pk  # the signed word is the stronger one

    idp.userinfo["sub"] = "sub-2"
    assert come_in(Client(), provider).status_code == 403
    assert refusals() == ["unreadable"]


def test_the_userinfo_endpoint_verifies_its_own_address_and_brings_no_nonce(people, idp):
    provider = in_use(people["root"], said(idp))
    del idp.claims["email_verified"]
    idp.userinfo = {"email": "bea@elsewhere.example", "email_verified": True, "xms_edov": True}
    assert come_in(Client(), provider).status_code == 403
    assert refusals() == ["no_address"]
    idp.userinfo["email"] = "Bea@northmoor.example"

    idp.keeps_nonce = False
    client = Client()
    there = led_to(client.post(f"/sso/{provider.key}/"))
    idp.userinfo["nonce"] = parse_qs(urlsplit(there).query)["nonce"][0]
    back = urlsplit(requests.get(there, allow_redirects=False, timeout=5).headers["Location"])
    assert client.get(f"{back.path}?{back.query}").status_code == 403
    assert refusals()[1:] == ["replay"]

    idp.keeps_nonce = True
    come_in(client, provider)
    assert is_in(client)


def test_somebody_new_gets_an_account_only_where_that_is_wanted(people, idp):
    new = {"email": "Nia@Northmoor.example", "name": "Nia New", "groups": ["quayside-buyers"], "sub": "n"}
    idp.claims |= new
    provider = in_use(people["root"], said(idp, groups=GROUPS))
    assert come_in(Client(), provider).status_code == 403
    with acting(DOORKEEPER):
        IdentityProvider.objects.update(makes_people=True)

    client = Client()
    come_in(client, provider)

    assert is_in(client)
    with acting(DOORKEEPER):
        nia = User.objects.get(email="nia@northmoor.example")
    assert (nia.name, nia.company_role, nia.has_usable_password()) == ("Nia New", "buyer", False)
    (joined,) = events("staff.joined")
    assert joined.facts == {"name": "Nia New", "role": "buyer"}
    assert refusals() == ["unknown"]


# --- What is never believed ---------------------------------------------------------------------------------

NOW = int(time.time())
BENT = {
    "another audience": ({"aud": "another"}, "audience"),
    "many audiences and no party": ({"aud": ["quayside", "another"]}, "audience"),
    "another party": ({"azp": "another"}, "audience"),
    "another issuer": ({"iss": "https://another.example"}, "issuer"),
    "too old": ({"exp": NOW - 900, "iat": NOW - 1800}, "time"),
    "from the future": ({"iat": NOW + 3600}, "time"),
    "another nonce": ({"nonce": "another"}, "replay"),
    "no nonce": ({"nonce": None}, "replay"),
    "no end": ({"exp": None}, "unreadable"),
    "no subject": ({"sub": None}, "unreadable"),
    "an empty subject": ({"sub": ""}, "unreadable"),
    "a subject that no column holds": ({"sub": "a\0b"}, "unreadable"),
    "not verified": ({"email_verified": False}, "no_address"),
    "nothing said of it": ({"email_verified": None}, "no_address"),
    "no address": ({"email": None}, "no_address"),
    "another domain": ({"email": "asha@supplier.example"}, "domain"),
    "a domain below": ({"email": "bea@evil.northmoor.example"}, "domain"),
    "two signs": ({"email": "bea@northmoor.example@evil.example"}, "domain"),
    "nobody": ({"email": "nobody@northmoor.example"}, "unknown"),
    "a letter that is taken for another": ({"email": "ine\u017f@northmoor.example"}, "unknown"),
}


@pytest.mark.parametrize("bent", BENT, ids=str)
def test_an_id_token_that_says_the_wrong_thing_opens_nothing(people, idp, bent):
    claims, why = BENT[bent]
    provider = in_use(people["root"], said(idp))
    idp.claims |= claims
    client = Client()

    answer = come_in(client, provider)

    assert answer.status_code == 403
    assert "You are not signed in" in answer.content.decode()
    assert not is_in(client)
    assert SocialAccount.objects.count() == 0
    assert refusals() == [why]


def test_clocks_may_differ_by_a_minute(people, idp):
    provider = in_use(people["root"], said(idp))
    now = int(time.time())
    idp.claims |= {"exp": now - 30, "iat": now - 300}
    client = Client()
    come_in(client, provider)
    assert is_in(client)


def test_what_another_signs_or_nobody_opens_nothing(people, idp):
    provider = in_use(people["root"], said(idp))
    public = a_key("oidc").public_key()
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    der = public.public_bytes(serialization.Encoding.DER, spki)
    for key, algorithm, kid in (
        (a_key("other"), "RS256", "k1"),
        (None, "none", "k1"),
        (der, "HS256", "k1"),  # the public key, taken for a secret that both know
        (a_key("oidc"), "RS256", "k2"),
    ):
        idp.key, idp.algorithm, idp.kid = key, algorithm, kid
        assert come_in(Client(), provider).status_code == 403
    assert refusals() == ["signature"] * 4
    assert SocialAccount.objects.count() == 0


def test_what_goes_wrong_on_the_way_is_a_sentence(people, idp):
    provider = in_use(people["root"], said(idp))
    for refuses in ("access_denied", "server_error"):
        idp.refuses = refuses
        assert come_in(Client(), provider).status_code == 403
    idp.refuses = ""
    callback = f"/sso/oidc/{provider.key.hex}/"
    client = Client()
    there = led_to(client.post(f"/sso/{provider.key}/"))
    state = parse_qs(urlsplit(there).query)["state"][0]
    # begun in another browser, made up, and used twice
    assert Client().get(callback, {"code": "x", "state": state}).status_code == 403
    assert client.get(callback, {"code": "x", "state": "made up"}).status_code == 403
    come_in(client, provider)
    assert client.get(callback, {"code": "x", "state": state}).status_code in (302, 403)
    assert refusals()[:4] == ["cancelled", "provider", "state", "state"]
    # a provider that is another by now, or away
    cache.clear()
    idp.issuer_says = "https://another.example"
    assert Client().post(f"/sso/{provider.key}/").status_code == 403
    with acting(DOORKEEPER):
        IdentityProvider.objects.update(issuer="http://127.0.0.1:9")
    assert Client().post(f"/sso/{provider.key}/").status_code == 403
    assert refusals()[-2:] == ["issuer", "unreachable"]
    for address in ("/sso/oidc/nothing/", "/sso/oidc/0123456789abcdef0123456789abcdef/"):
        assert Client().get(address).status_code == 404


def test_a_token_endpoint_that_says_something_odd_is_a_sentence(people, idp):
    provider = in_use(people["root"], said(idp))
    odd = (["access_token"], 7, {"access_token": ["at"]}, {"access_token": "at", "expires_in": "soon"})
    for idp.token_says in odd:
        assert come_in(Client(), provider).status_code == 403
    assert refusals() == ["unreadable"] * 4


def test_an_authorization_endpoint_keeps_the_query_it_has(people, idp):
    """A provider that tells its tenants or policies apart by a query (RFC 6749, 3.1)."""
    provider = in_use(people["root"], said(idp))
    idp.authorize = "authorize?policy=sign_in&tenant=n"

    there = urlsplit(led_to(Client().post(f"/sso/{provider.key}/")))

    asked = parse_qs(there.query)
    assert (there.path, there.query.count("?")) == ("/authorize", 0)
    assert (asked["policy"], asked["tenant"], asked["client_id"]) == (["sign_in"], ["n"], ["quayside"])
    client = Client()
    come_in(client, provider)
    assert is_in(client)


def test_a_secret_that_no_header_can_carry_is_a_sentence_not_a_fault(people, idp):
    """One that was written down before such signs were refused."""
    provider = in_use(people["root"], said(idp))
    with acting(DOORKEEPER):
        keep_secret(provider, "gehei\u2013m")
        provider.save()

    assert come_in(Client(), provider).status_code == 403
    assert refusals() == ["unreadable"]


def test_a_provider_that_is_gone_when_somebody_comes_back_is_a_sentence(people, idp):
    provider = in_use(people["root"], said(idp))
    for issuer_says, issuer, why in (
        ("https://another.example", idp.url, "issuer"),
        ("", "http://127.0.0.1:9", "unreachable"),
    ):
        client = Client()
        there = led_to(client.post(f"/sso/{provider.key}/"))
        back = urlsplit(requests.get(there, allow_redirects=False, timeout=5).headers["Location"])
        cache.clear()
        idp.issuer_says = issuer_says
        with acting(DOORKEEPER):
            IdentityProvider.objects.update(issuer=issuer)
        assert client.get(f"{back.path}?{back.query}").status_code == 403
        idp.issuer_says = ""
        with acting(DOORKEEPER):
            IdentityProvider.objects.update(issuer=idp.url)
        assert refusals()[-1] == why
    assert SocialAccount.objects.count() == 0


def test_each_way_back_is_of_its_own_protocol(people, saml, idp):
    oidc = in_use(people["root"], said(idp))
    client = Client()
    question = asked_by(client, saml)
    assert client.get(f"/sso/oidc/{saml.key.hex}/", {"state": question, "code": "x"}).status_code == 404
    sessions = Session.objects.count()
    for slug in (oidc.key.hex, "0123456789abcdef0123456789abcdef", "nothing"):
        assert Client().post(f"/sso/saml/{slug}/acs/", {"SAMLResponse": "eA=="}).status_code == 404
        assert Client().get(f"/sso/saml/{slug}/finish/").status_code == 404
    assert Session.objects.count() == sessions


def test_a_provider_that_is_off_lets_nobody_in(people, idp):
    provider = in_use(people["root"], said(idp))
    client = Client()
    there = led_to(client.post(f"/sso/{provider.key}/"))
    with acting(people["root"].actor):
        provider.refresh_from_db()
        switch_off(provider, actor=people["root"].actor, at=MONDAY)
    back = urlsplit(requests.get(there, allow_redirects=False, timeout=5).headers["Location"])
    assert client.get(f"{back.path}?{back.query}").status_code == 403
    assert Client().post(f"/sso/{provider.key}/").status_code == 403
    assert "Northmoor ID" not in Client().get("/accounts/login/").content.decode()
    assert refusals() == ["off", "off"]


def test_what_allauth_would_do_by_itself_is_not_done(people, idp):
    """No joining with the account that is signed in, no scopes or parameters of the address, no pages of its own."""
    provider = in_use(people["root"], said(idp))
    client = Client()
    client.force_login(people["asha"].user)
    assert client.post(f"/sso/{provider.key}/?process=connect&scope=all&auth_params=a%3Db")["Location"] == "/"
    led = led_to(Client().post(f"/sso/{provider.key}/?process=connect&scope=all&auth_params=prompt%3Dnone"))
    asked = parse_qs(urlsplit(led).query)
    assert set(asked["scope"][0].split()) == {"openid", "profile", "email"}
    assert "prompt" not in asked
    for address in (
        "/accounts/social/",
        "/accounts/social/signup/",
        "/accounts/oidc/x/login/",
        "/accounts/signup/",
    ):
        assert client.get(address).status_code == 404


# --- Take-over ----------------------------------------------------------------------------------------------


def theirs(idp, **more):
    return said(idp, name="Globex ID", domains=("supplier.example",), **more)


def test_a_suppliers_provider_lets_in_who_acts_for_that_supplier_alone(people, everything, idp):
    globex = everything[1]["GLOBEX"]
    provider = in_use(people["root"], theirs(idp), supplier=globex)
    idp.claims |= {"email": "gil@supplier.example", "sub": "gil-1"}
    client = Client()
    come_in(client, provider)
    assert is_in(client)
    # its button is shown to nobody but in this browser, which came in by it
    assert "Globex ID" not in Client().get("/accounts/login/").content.decode()
    remembered = Client()
    remembered.cookies["sso-provider"] = client.cookies["sso-provider"].value
    assert "Globex ID" in remembered.get("/accounts/login/").content.decode()

    # ours, another supplier's, somebody of both, and nobody: none of them is Globex's to say
    with acting(DOORKEEPER):
        User.objects.filter(pk=people["bea"].user.pk).update(email="bea@supplier.example")
    for name in ("asha", "sam", "bea"):
        idp.claims |= {"email": f"{name}@supplier.example", "sub": f"{name}-1"}
        assert come_in(Client(), provider).status_code == 403
    idp.claims |= {"email": "new@supplier.example", "sub": "new-1"}
    assert come_in(Client(), provider).status_code == 403
    assert refusals() == ["other_side"] * 3 + ["unknown"]
    assert SocialAccount.objects.count() == 1

    # Gil is invited by Acme meanwhile: the open session ends, and the provider opens the account no more.
    with acting(FEED):
        Membership.objects.create(
            user=people["gil"].user, supplier=everything[1]["ACME"], role="administrator"
        )
    assert client.get("/preferences/")["Location"] == "/accounts/login/"
    assert not is_in(client)
    idp.claims |= {"email": "gil@supplier.example", "sub": "gil-1"}
    assert come_in(Client(), provider).status_code == 403


def test_our_own_provider_opens_no_suppliers_account(people, idp):
    provider = in_use(
        people["root"], said(idp, domains=("supplier.example",), groups=GROUPS, makes_people=True)
    )
    idp.claims |= {"email": "asha@supplier.example", "groups": ["quayside-admins"]}
    assert come_in(Client(), provider).status_code == 403
    assert refusals() == ["other_side"]
    assert not User.objects.get(pk=people["asha"].user.pk).company_role


def test_an_address_that_is_given_to_somebody_new_does_not_come_with_the_account(people, idp):
    provider = in_use(people["root"], said(idp))
    come_in(Client(), provider)
    idp.claims["sub"] = "sub-2"
    answer = come_in(Client(), provider)
    assert answer.status_code == 403
    assert refusals() == ["other_identity"]
    # until our administrator parts the two: sessions end, and the next one is joined anew
    root = Client()
    root.force_login(people["root"].user)
    show_factor(root, people["root"].user)
    account = SocialAccount.objects.get()
    assert root.post(f"/signin/providers/{provider.key}/part/{account.pk}/").status_code == 303
    client = Client()
    come_in(client, provider)
    assert is_in(client)
    assert SocialAccount.objects.get().uid == "sub-2"
    assert [one.facts["name"] for one in events("identity.parted")] == ["Bea Buyer"]


def test_a_long_word_for_a_person_is_kept_as_its_digest_and_known_again(people, idp):
    provider = in_use(people["root"], said(idp))
    idp.claims["sub"] = "s" * 250
    for _time in range(2):
        client = Client()
        come_in(client, provider)
        assert is_in(client)
    account = SocialAccount.objects.get()
    assert (account.uid.partition(":")[0], len(account.uid)) == ("sha256", 71)
    idp.claims["sub"] = "s" * 251
    assert come_in(Client(), provider).status_code == 403
    assert refusals() == ["other_identity"]


def test_when_an_identity_came_in_last_says_nothing_of_tries_in_vain(people, idp):
    provider = in_use(people["root"], said(idp))
    come_in(Client(), provider)
    first = SocialAccount.objects.get().last_login
    come_in(Client(), provider)
    second = SocialAccount.objects.get().last_login
    assert second > first
    with acting(DOORKEEPER):
        User.objects.filter(pk=people["bea"].user.pk).update(is_active=False)
    assert come_in(Client(), provider).status_code == 403
    assert SocialAccount.objects.get().last_login == second


def test_closed_accounts_stay_closed(people, idp):
    provider = in_use(people["root"], said(idp))
    with acting(DOORKEEPER):
        User.objects.filter(pk=people["bea"].user.pk).update(is_active=False)
    assert come_in(Client(), provider).status_code == 403
    assert refusals() == ["closed"]
    assert SocialAccount.objects.count() == 0


def test_no_suppliers_scope_reads_providers_or_identities(people, idp):
    in_use(people["root"], said(idp))
    for table in ("suppliers_identityprovider", "suppliers_providerdomain", "socialaccount_socialaccount"):
        with (
            pytest.raises(DatabaseError, match="permission denied"),
            acting(people["asha"].actor),
            connection.cursor() as cursor,
        ):
            cursor.execute(f"SELECT * FROM {table}")


# --- Second factors, and the only way in --------------------------------------------------------------------


def test_the_providers_word_for_a_second_factor_counts_only_where_it_was_agreed(people, idp):
    provider = in_use(people["root"], said(idp))
    bea = people["bea"].user
    give_app(bea)
    idp.claims |= {"amr": ["pwd", "mfa"]}
    assert come_in(Client(), provider)["Location"] == "/accounts/2fa/authenticate/"
    with acting(DOORKEEPER):
        IdentityProvider.objects.update(factor_words="mfa")

    client = Client()
    assert come_in(client, provider)["Location"] == "/"
    # For money, and for whatever asks for a fresh one, it is never the provider's.
    with acting(DOORKEEPER):
        User.objects.filter(pk=bea.pk).update(company_role="administrator")
    assert client.get("/signin/providers/new/oidc/")["Location"].startswith("/step-up/")
    idp.claims |= {"amr": ["pwd"]}
    assert come_in(Client(), provider)["Location"] == "/accounts/2fa/authenticate/"


def test_who_has_a_second_factor_here_shows_it_and_is_in(people, saml, idp):
    provider = in_use(people["root"], said(idp))
    secret = give_app(people["bea"].user)
    client = Client()
    asked = come_in(client, provider, next="/preferences/")
    assert asked["Location"] == "/accounts/2fa/authenticate/"
    assert "token" not in client.session["account_login"]["signal_kwargs"]["sociallogin"]
    assert client.get(asked["Location"]).status_code == 200
    answer = client.post(asked["Location"], {"code": code_of(secret)})
    assert (answer.status_code, answer["Location"]) == (302, "/preferences/")
    assert is_in(client)

    secret = give_app(people["gil"].user)
    other = Client()
    content = saml_response(**places(saml), in_response_to=asked_by(other, saml))
    assert answered(other, saml, content)["Location"] == asked["Location"]
    other.post(asked["Location"], {"code": code_of(secret)})
    assert is_in(other)


def test_who_showed_one_there_owes_none_here_until_coming_in_another_way(people, idp):
    provider = in_use(people["root"], said(idp, factor_words="mfa"))
    with acting(DOORKEEPER):
        FactorRule.objects.create(
            side="company", role="buyer", demanded=True, grace_days=0, since_at=MONDAY, set_by="Root"
        )
        User.objects.filter(pk=people["bea"].user.pk).update(date_joined=MONDAY)
    idp.claims |= {"acr": "mfa"}
    client = Client()
    come_in(client, provider)
    assert client.get("/preferences/data/").status_code == 200
    client.post("/accounts/logout/")
    client.post("/accounts/login/", {"login": "bea@northmoor.example", "password": PASSWORD})
    assert client.session.get(FACTOR_ELSEWHERE) is None
    assert client.get("/preferences/data/")["Location"] == "/accounts/2fa/"


def test_where_the_provider_is_the_only_way_passwords_open_nothing_but_to_named_administrators(
    people, everything, idp
):
    said_so = said(idp, only_way=True, keepers=("root@northmoor.example",))
    provider = in_use(people["root"], said_so)
    typed = {"login": "bea@northmoor.example", "password": PASSWORD}
    client = Client()
    answer = client.post("/accounts/login/", typed)
    assert answer["Location"] == f"/sso/{provider.key}/?only=1"
    assert not is_in(client)
    assert "it opens nothing here any more" in client.get(answer["Location"]).content.decode()
    with acting(GUARD):
        assert SecurityEvent.objects.filter(kind="sso.other_way_refused").count() == 1
    for name in ("root@northmoor.example", "asha@supplier.example"):
        other = Client()
        other.post("/accounts/login/", typed | {"login": name})
        assert is_in(other)
    come_in(client, provider)
    assert is_in(client)

    # another administrator does not, unless nobody is left who could
    with acting(DOORKEEPER):
        User.objects.filter(pk=people["max"].user.pk).update(company_role="administrator")
    second = Client()
    assert second.post("/accounts/login/", typed | {"login": "max@northmoor.example"})["Location"] != "/"
    with acting(DOORKEEPER):
        User.objects.filter(pk=people["root"].user.pk).update(is_active=False)
    assert second.post("/accounts/login/", typed | {"login": "max@northmoor.example"})["Location"] == "/"


def test_a_suppliers_people_too_but_not_who_acts_for_others_as_well(people, everything, idp):
    in_use(people["root"], theirs(idp, only_way=True), supplier=everything[1]["GLOBEX"])
    for name, comes_in in (("gil", False), ("sam", True), ("asha", True)):
        client = Client()
        client.post("/accounts/login/", {"login": f"{name}@supplier.example", "password": PASSWORD})
        assert is_in(client) == comes_in, name


def test_a_whole_office_begins_behind_one_address(people, idp, settings):
    """At eight Northmoor’s people press the button within a minute, and all of them come from one address."""
    provider = in_use(people["root"], said(idp))
    address = f"/sso/{provider.key}/"
    assert (ours.SIGN_INS_A_MINUTE, ours.ACCOUNT_RATE_LIMITS["login"]) == (120, "120/m/ip")

    codes = [Client().post(address).status_code for _each in range(121)]

    assert codes == [200] * 120 + [429]
    assert Client(REMOTE_ADDR="192.0.2.8").post(address).status_code == 200
    settings.SIGN_INS_A_MINUTE = 30
    codes = [Client(REMOTE_ADDR="192.0.2.9").post(address).status_code for _each in range(31)]
    assert codes == [200] * 30 + [429]


# --- Where does my company sign in? -------------------------------------------------------------------------


def test_the_way_is_mailed_and_every_address_gets_the_same_answer(people, everything, idp):
    provider = in_use(people["root"], theirs(idp), supplier=everything[1]["GLOBEX"])
    answers = set()
    for address in ("gil@supplier.example", "asha@supplier.example", "x@nobody.example"):
        client = Client()
        answer = client.post("/sso/", {"email": address})
        page = client.get(answer["Location"]).content.decode()
        answers.add((answer.status_code, answer["Location"], re.sub(r'value="[^"]{20,}"', "", page)))
    assert len(answers) == 1
    with acting(DOORKEEPER):
        waiting = list(OutboxMessage.objects.filter(topic="sso").order_by("id"))
    assert [mail_way(one.payload["email"]) for one in waiting] == [True, False, False]
    (letter,) = mail.outbox
    assert letter.to == ["gil@supplier.example"]
    assert f"{ours.PUBLIC_URL}/sso/{provider.key}/" in letter.body
    assert Client().post("/sso/", {"email": "nothing"}).status_code == 422
    # three letters to one address in ten minutes, known or not, from wherever they are asked for
    for address in ("gil@supplier.example", "x@nobody.example"):
        codes = [
            Client(REMOTE_ADDR=f"203.0.113.{n}").post("/sso/", {"email": address.title()}).status_code
            for n in range(3)
        ]
        assert codes == [303, 303, 429]


# --- SAML ---------------------------------------------------------------------------------------------------


@pytest.fixture
def saml(people, everything):
    told = WriteProvider(
        name="Globex SAML",
        issuer=ENTITY,
        sign_in_url=SSO_URL,
        certificate=certificate_of("saml"),
        domains=("supplier.example",),
        groups_claim="groups",
    )
    return in_use(people["root"], told, kind="saml", supplier=everything[1]["GLOBEX"])


def asked_by(client, provider):
    """The id of the question this browser has asked."""
    there = led_to(client.post(f"/sso/{provider.key}/"))
    assert there.startswith(SSO_URL)
    packed = parse_qs(urlsplit(there).query)["SAMLRequest"][0]
    request = zlib.decompress(base64.b64decode(packed), -15).decode()
    return re.search(r' ID="([^"]+)"', request)[1]


def answered(client, provider, content):
    """The provider's form arrives without our cookies, and its answer leads on with them."""
    first = client.post(f"/sso/saml/{provider.key.hex}/acs/", {"SAMLResponse": content})
    return client.get(first["Location"]) if first.status_code == 302 else first


def places(provider):
    base = f"{ours.PUBLIC_URL}/sso/saml/{provider.key.hex}"
    return {"acs": f"{base}/acs/", "audience": f"{base}/metadata/"}


def test_a_signed_assertion_opens_the_account_once(people, saml):
    client = Client(enforce_csrf_checks=False)
    question = asked_by(client, saml)
    content = saml_response(**places(saml), in_response_to=question)
    answer = answered(client, saml, content)
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert is_in(client)
    account = SocialAccount.objects.get()
    assert (account.uid, account.user_id, account.extra_data) == ("gil-1", people["gil"].user.pk, {})

    # the same again: in this browser, in another, and as the answer to another question
    assert answered(client, saml, content).status_code == 403
    assert answered(Client(), saml, content).status_code == 403
    other = Client()
    asked_by(other, saml)
    assert answered(other, saml, content).status_code == 403
    assert set(refusals()) == {"replay"}
    metadata = Client().get(f"/sso/saml/{saml.key.hex}/metadata/")
    assert places(saml)["acs"] in metadata.content.decode()
    assert "SingleLogout" not in metadata.content.decode()


SAML_BENT = {
    "another key": ({"key": "other"}, "signature"),
    "not signed": ({"sign": False}, "signature"),
    "changed afterwards": ({"spoil": ("gil@supplier.example", "asha@supplier.example")}, "signature"),
    "another audience": ({"audience": "https://another.example/"}, "audience"),
    "no audience": ({"audience": ""}, "audience"),
    "another destination": ({"destination": "https://another.example/acs/"}, "destination"),
    "another recipient": ({"recipient": "https://another.example/acs/"}, "destination"),
    "another issuer": ({"issuer": "https://another.example/"}, "issuer"),
    "too old": ({"until": -600}, "time"),
    "another question": ({"told_in_response_to": "_another"}, "destination"),
    "no question": ({"told_in_response_to": ""}, "state"),
    "somebody of another supplier": ({"address": "asha@supplier.example"}, "other_side"),
}


@pytest.mark.parametrize("bent", SAML_BENT, ids=str)
def test_an_assertion_that_is_not_right_opens_nothing(people, saml, bent):
    more, why = SAML_BENT[bent]
    client = Client()
    question = asked_by(client, saml)
    answer = answered(client, saml, saml_response(**places(saml) | {"in_response_to": question} | more))
    assert answer.status_code == 403
    assert not is_in(client)
    assert refusals() == [why]
    assert SocialAccount.objects.count() == 0


def test_what_nobody_asked_for_or_nobody_can_read_opens_nothing(people, saml):
    for question in ("", "_made-up"):
        content = saml_response(**places(saml), in_response_to=question)
        assert answered(Client(), saml, content).status_code == 403
    entities = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'
    for content in ("", "%%%", base64.b64encode(entities.encode()).decode(), "A" * 300_000):
        answer = answered(Client(), saml, content)
        assert answer.status_code == 403
        assert "root:" not in answer.content.decode()
    assert Client().get(f"/sso/saml/{saml.key.hex}/finish/").status_code == 403
    assert Client().get(f"/sso/saml/{saml.key.hex}/acs/").status_code == 405
    assert Client().get(f"/sso/saml/{saml.key.hex}/sls/").status_code == 404
    assert not set(refusals()) & {"off", "unknown"}


def test_only_what_the_provider_signed_is_put_aside_and_for_five_minutes(people, saml):
    """A stranger's forms of 100 KB each must not fill the table of sessions."""
    acs = f"/sso/saml/{saml.key.hex}/acs/"
    junk = {"SAMLResponse": base64.b64encode(b"<x/>" * 20_000).decode(), "RelayState": "r" * 4_000}
    with acting(DOORKEEPER):
        Session.objects.all().delete()

    assert Client().post(acs, junk).status_code == 403
    unsigned = saml_response(**places(saml), in_response_to="_q", sign=False)
    assert Client().post(acs, {"SAMLResponse": unsigned}).status_code == 403

    with acting(DOORKEEPER):
        assert Session.objects.count() == 0
    signed = saml_response(**places(saml), in_response_to="_q")
    sent = Client(HTTP_X_FILLER="f" * 5_000)
    assert sent.post(acs, {"SAMLResponse": signed, "more": "m" * 20_000}).status_code == 302
    with acting(DOORKEEPER):
        aside = Session.objects.get()
        kept = json.loads(aside.get_decoded()["request"])
        assert 290 < (aside.expire_date - timezone.now()).total_seconds() <= 300
    assert parse_qs(kept["POST"]) == {"SAMLResponse": [signed]}
    assert "HTTP_X_FILLER" not in kept["META"]
    assert refusals() == ["unreadable", "signature"]

    sweep_sign_in()
    with acting(DOORKEEPER):
        assert Session.objects.count() == 1
        Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    sweep_sign_in()
    with acting(DOORKEEPER):
        assert Session.objects.count() == 0


# --- Rules on values, and on the service --------------------------------------------------------------------


def test_rules_on_values():
    pairs = [["a", "manager"], ["b", "buyer"]]
    assert [role_of(groups, pairs) for groups in (("b", "a"), ("b",), ("c",), ())] == [
        "manager",
        "buyer",
        "",
        "",
    ]
    assert shows_factor(("pwd", "mfa"), "mfa otp")
    assert not shows_factor(("mfa",), "")
    assert not shows_factor((), "mfa")
    odd = {"sub": "s", "email": ["x"], "email_verified": "false", "groups": "one", "amr": "mfa", "acr": 1}
    told = identity_of(odd, groups_claim="groups")
    assert told == Identity("s", "", False, "", ("one",), ("1", "mfa"))
    assert identity_of({"sub": "s", "xms_edov": True}, groups_claim="").is_verified


def test_the_service_is_as_strict_without_a_page(people, everything, idp):
    """Whatever door comes next: `admit` looks at all of it by itself."""
    provider = in_use(people["root"], theirs(idp), supplier=everything[1]["GLOBEX"])
    gil = Identity("gil-1", "gil@supplier.example", is_verified=True)
    for bent, why in (
        (replace(gil, is_verified=False), "no_address"),
        (replace(gil, address="gil@globex.example"), "domain"),
    ):
        with pytest.raises(NotAdmitted) as refused, acting(DOORKEEPER):
            admit(provider, bent, at=timezone.now())
        assert refused.value.why == why
    with acting(DOORKEEPER):
        account = admit(provider, replace(gil, address="GIL@supplier.example "), at=timezone.now())
    assert account.user == people["gil"].user
    assert actor_of(people["gil"].user).supplier_ids == (everything[1]["GLOBEX"].pk,)
