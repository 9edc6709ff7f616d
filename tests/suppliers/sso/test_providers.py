"""Providers as our administrator writes them down: what is refused, tried, switched on, and never shown again."""

import socket
import threading
import time
from contextlib import suppress

import pytest
import requests
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal.kernel import outside as asking
from portal.kernel.audit.models import AuditEvent
from portal.kernel.errors import Invalid, NotAllowed, StaleDocument
from portal.kernel.outside import NotOutside, Outside, fault_in, is_outside
from portal.kernel.scope import acting
from suppliers.signin.queries import DOORKEEPER
from suppliers.sso.messages import WriteProvider
from suppliers.sso.models import IdentityProvider
from suppliers.sso.oidc import fault_of_endpoint
from suppliers.sso.sealing import secret_of
from suppliers.sso.services import add_provider, as_pem, change_provider, switch_on
from tests.builders.factors import show_factor
from tests.builders.identities import (
    ENTITY,
    SECRET,
    SSO_URL,
    certificate_of,
    in_use,
    led_to,
    oidc_server,
)
from tests.builders.world import MONDAY, make_world
from tests.database import made_once
from tests.people import FEED, make_people

pytestmark = pytest.mark.django_db
LIST = "/signin/providers/"


@pytest.fixture(scope="module")
def everything(django_db_setup, django_db_blocker):
    with made_once(django_db_blocker):
        suppliers = make_world()
        with acting(FEED):
            yield make_people(suppliers), suppliers


@pytest.fixture
def people(everything, db):
    return everything[0]


@pytest.fixture(autouse=True)
def nothing_is_remembered(settings):
    settings.SSO_INSIDE_HOSTS = ["127.0.0.1"]
    cache.clear()
    yield
    cache.clear()


OIDC = {
    "name": "Northmoor ID",
    "issuer": "https://login.northmoor.example/tenant",
    "client_id": "quayside",
    "secret": SECRET,
    "domains": ("northmoor.example",),
}


def said(**more):
    return WriteProvider(**{**OIDC, **more})


def signed_in(person):
    client = Client()
    client.force_login(person.user)
    show_factor(client, person.user)
    return client


def add(people, said, kind="oidc", supplier=None, by="root"):
    with acting(people[by].actor):
        return add_provider(kind, supplier, said, actor=people[by].actor, at=MONDAY)


def problems_of(people, said, **more):
    with pytest.raises(Invalid) as refused:
        add(people, said, **more)
    return [problem.field for problem in refused.value.problems]


def test_what_is_wrong_is_said_all_at_once(people, everything):
    acme = everything[1]["ACME"]
    for typed, fields in (
        ({"issuer": "http://login.northmoor.example"}, ["issuer"]),
        ({"issuer": "https://169.254.169.254/latest"}, ["issuer"]),
        ({"issuer": "https://localhost/"}, ["issuer"]),
        ({"issuer": "https://user:secret@login.example"}, ["issuer"]),
        ({"issuer": "https://login.example/?x=1"}, ["issuer"]),
        (
            {"issuer": "login", "client_id": "", "secret": "", "name": " "},
            ["issuer", "client_id", "secret", "name"],
        ),
        ({"secret": "gehei\u2013m", "client_id": "qu\u00e4side"}, ["client_id", "secret"]),
        ({"domains": ("gmail.com", "northmoor", "*.example.com")}, ["domains"] * 3),
        ({"groups": (("g", "king"), ("", "buyer"))}, ["groups", "groups"]),
        ({"makes_people": True}, ["makes_people"]),
        ({"only_way": True}, ["keepers"]),
        ({"only_way": True, "keepers": ("bea@northmoor.example",)}, ["keepers"]),
    ):
        assert problems_of(people, said(**typed)) == fields, typed
    assert problems_of(people, said(groups=(("g", "buyer"),)), supplier=acme) == ["groups"]
    saml = WriteProvider(name="S", issuer="", sign_in_url="javascript:alert(1)", certificate="MIIB")
    assert problems_of(people, saml, kind="saml") == ["issuer", "sign_in_url", "certificate"]
    add(people, said())
    assert problems_of(people, said(name="Another")) == ["domains"]
    for name in ("bea", "asha", "max", "ines"):
        with pytest.raises(NotAllowed):
            add(people, said(domains=("else.example",)), by=name)


def test_the_secret_is_sealed_for_its_row_and_never_shown(people, settings):
    made = add(people, said())
    with acting(DOORKEEPER):
        kept = IdentityProvider.objects.get(pk=made.pk)
    assert SECRET not in kept.secret
    assert secret_of(kept) == SECRET
    root = signed_in(people["root"])
    for address in (LIST, f"{LIST}{made.key}/", f"{LIST}{made.key}/change/"):
        page = root.get(address)
        assert page.status_code == 200
        assert SECRET not in page.content.decode()
        assert kept.secret not in page.content.decode()
    for event in AuditEvent.objects.all():
        assert SECRET not in str(event.facts)
    # left empty, it stays; and a new SECRET_KEY takes it along
    with acting(people["root"].actor):
        change_provider(kept, said(secret="", name="Anew"), actor=people["root"].actor, at=MONDAY)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another-key-" * 6
    call_command("seal_factors")
    settings.SECRET_KEY_FALLBACKS = []
    with acting(DOORKEEPER):
        kept.refresh_from_db()
    assert (kept.name, secret_of(kept)) == ("Anew", SECRET)


def test_it_is_tried_before_it_is_switched_on_and_anew_after_what_decides_was_changed(people):
    root = people["root"]
    with oidc_server() as idp:
        idp.claims = {
            "email": "root@northmoor.example",
            "email_verified": True,
            "groups": ["a"],
            "amr": ["mfa"],
        }
        made = add(people, said(issuer=idp.url, groups=(("a", "administrator"),)))
        with pytest.raises(Invalid, match="Try it first"), acting(root.actor):
            switch_on(made, actor=root.actor, at=MONDAY)
        client = signed_in(root)
        there = led_to(client.get(f"{LIST}{made.key}/try/"))
        back = requests.get(there, allow_redirects=False, timeout=5).headers["Location"]
        answer = client.get(back.removeprefix(back.partition("/sso/")[0]))
        assert answer["Location"] == f"{LIST}{made.key}/"
        page = client.get(answer["Location"]).content.decode()
        for text in ("What it said of you", "root@northmoor.example", "sub-1", "Root Admin tried it on"):
            assert text in page
        # what was tried signs nobody in, and nobody else's way back counts
        stranger = Client()
        assert stranger.get(back.removeprefix(back.partition("/sso/")[0])).status_code == 403
        assert client.post(f"{LIST}{made.key}/on/").status_code == 303
    with acting(DOORKEEPER):
        made.refresh_from_db()
    assert made.state == "on"
    with acting(root.actor):
        with pytest.raises(Invalid, match="Switch it off first"):
            change_provider(made, said(client_id="another"), actor=root.actor, at=MONDAY)
        change_provider(
            made, said(issuer=made.issuer, secret="a new one", name="N2"), actor=root.actor, at=MONDAY
        )
    with acting(DOORKEEPER):
        made.refresh_from_db()
        told = AuditEvent.objects.filter(stream=made.stream).order_by("id")
        kinds = [one.kind.partition(".")[2] for one in told]
    assert (made.state, made.name, secret_of(made)) == ("on", "N2", "a new one")
    assert kinds == ["added", "tried", "enabled", "changed"]
    assert set(told.last().facts["changed"]) == {"name", "groups", "secret"}
    assert client.post(f"{LIST}{made.key}/off/").status_code == 303
    with acting(root.actor):
        made.refresh_from_db()
        changed = change_provider(made, said(client_id="another"), actor=root.actor, at=MONDAY)
    assert changed.tried_at is None


def test_the_form_takes_metadata_and_groups_and_says_what_is_wrong(people, everything):
    root = signed_in(people["root"])
    metadata = f"""<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{ENTITY}">
    <IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><KeyDescriptor use="signing">
    <KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>
    {certificate_of("saml").replace("-----BEGIN CERTIFICATE-----", "").replace("-----END CERTIFICATE-----", "")}
    </X509Certificate></X509Data></KeyInfo></KeyDescriptor><SingleSignOnService Location="{SSO_URL}"
    Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"/></IDPSSODescriptor></EntityDescriptor>"""
    typed = {
        "supplier": "GLOBEX",
        "name": "Globex",
        "metadata": metadata,
        "domains": "@Globex.example, g.example",
    }
    answer = root.post(f"{LIST}new/saml/", typed)
    assert answer.status_code == 303
    with acting(DOORKEEPER):
        made = IdentityProvider.objects.get()
        domains = set(made.domains.values_list("domain", flat=True))
    assert (made.issuer, made.sign_in_url, made.supplier.number) == (ENTITY, SSO_URL, "GLOBEX")
    assert as_pem(made.certificate) == certificate_of("saml")
    assert domains == {"globex.example", "g.example"}
    # What the form shows is sent along: new metadata counts all the same, and what is the same is no change.
    shown = {"issuer": ENTITY, "sign_in_url": SSO_URL, "certificate": made.certificate.replace("\n", "\r\n")}
    shown |= {"name": "Globex", "domains": "globex.example g.example"}
    address = f"{LIST}{made.key}/change/"
    assert root.post(address, shown).status_code == 303
    pem = certificate_of("another").splitlines()
    older = certificate_of("saml").splitlines()
    renewed = metadata.replace("\n".join(older[1:-1]), "\n".join(pem[1:-1]))
    assert renewed != metadata
    assert root.post(address, shown | {"metadata": renewed}).status_code == 303
    with acting(DOORKEEPER):
        made.refresh_from_db()
        told = AuditEvent.objects.filter(kind="identity_provider.changed").order_by("id")
        assert [one.facts["changed"] for one in told] == [[], ["certificate"]]
    assert as_pem(made.certificate) == certificate_of("another")
    for bad in ("<x/>", '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>', "no xml"):
        answer = root.post(f"{LIST}new/saml/", typed | {"metadata": bad, "domains": "h.example"})
        assert answer.status_code == 422
        assert "This is no metadata" in answer.content.decode()
    ours = {
        "name": "N",
        "issuer": "https://id.example",
        "client_id": "q",
        "secret": "s",
        "domains": "n.example",
    }
    ours |= {"group-1": "buyers", "role-1": "buyer", "group-2": "", "role-2": "", "groups_claim": "groups"}
    assert root.post(f"{LIST}new/oidc/", ours).status_code == 303
    with acting(DOORKEEPER):
        assert IdentityProvider.objects.get(name="N").groups == [["buyers", "buyer"]]
    assert root.post(f"{LIST}new/oidc/", ours | {"issuer": "https://10.0.0.1"}).status_code == 422
    assert root.get(f"{LIST}new/kerberos/").status_code == 404
    for name in ("bea", "asha", "max"):
        assert signed_in(people[name]).get(LIST).status_code == 403


def test_of_two_who_write_at_once_the_second_is_told_and_loses_nothing(people):
    """Root and a colleague have the form open: the second does not write over the first unseen."""
    made, root = add(people, said()), signed_in(people["root"])
    address = f"{LIST}{made.key}/change/"
    shown = {name: OIDC[name] for name in ("name", "issuer", "client_id")} | {"domains": "northmoor.example"}
    assert '<input type="hidden" name="version" value="1"' in root.get(address).content.decode()
    assert root.post(address, shown | {"name": "First", "version": "1"}).status_code == 303

    second = root.post(address, shown | {"name": "Second", "version": "1"})

    page = second.content.decode()
    assert second.status_code == 409
    assert "Somebody else has changed or switched this provider since you opened it." in page
    assert 'value="Second"' in page
    assert '<input type="hidden" name="version" value="2"' in page
    with acting(DOORKEEPER):
        made.refresh_from_db()
    assert (made.name, made.version) == ("First", 2)
    assert root.post(address, shown | {"name": "Second", "version": "2"}).status_code == 303
    with acting(DOORKEEPER):
        made.refresh_from_db()
    assert (made.name, made.version) == ("Second", 3)
    # The service holds to it whatever page asks.
    with pytest.raises(StaleDocument), acting(people["root"].actor):
        change_provider(made, said(name="Third"), 2, actor=people["root"].actor, at=MONDAY)


def test_as_many_queries_for_thirty_as_for_one(people):
    root = signed_in(people["root"])

    def counted():
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert root.get(LIST).status_code == 200
        return len(queries)

    in_use(people["root"], said(issuer="https://id.example"))
    root.get(LIST)
    one = counted()
    for number in range(30):
        add(people, said(name=f"N{number}", domains=(f"n{number}.example",)))
    assert counted() == one


def test_a_provider_outside_leads_nobody_to_hosts_that_were_named_for_one_inside(settings):
    settings.SSO_INSIDE_HOSTS = ["id.internal", "127.0.0.1"]
    for url, from_outside, from_inside in (
        ("https://id.internal/token", "inside", ""),
        ("https://127.0.0.1:5432/", "inside", ""),
        ("http://127.0.0.1/", "scheme", ""),
        ("https://id.example/token", "", ""),
    ):
        assert fault_of_endpoint(url, issuer="https://id.example") == from_outside
        assert fault_of_endpoint(url, issuer="https://id.internal/realms/x") == from_inside


def test_only_the_open_internet_is_asked(settings):
    for address in (
        "127.0.0.1",
        "10.1.2.3",
        "169.254.169.254",
        "::1",
        "fe80::1",
        "fd00::1",
        "0.0.0.0",
        "100.64.0.1",
    ):
        assert not is_outside(address), address
    for address in ("::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "224.0.0.1", "no address"):
        assert not is_outside(address), address
    assert is_outside("93.184.215.14")
    assert is_outside("2606:2800:21f:cb07:6820:80da:af6b:8b2c")
    assert [
        fault_in(one)
        for one in ("https://id.example/x", "http://id.example", "https://intranet", "ftp://x.y")
    ] == [
        "",
        "scheme",
        "inside",
        "scheme",
    ]
    with oidc_server() as idp:
        inside = Outside(inside=("127.0.0.1",), plain=True)
        assert inside.get(f"{idp.url}/keys").json()["keys"][0]["kid"] == "k1"
        for session in (Outside(), Outside(inside=("localhost",), plain=True)):
            with pytest.raises(NotOutside):
                session.get(f"{idp.url}/keys")
        # A name that leads inside is found out when it is looked up, whatever it is called.
        careful = Outside(plain=True)
        url = f"https://localhost:{idp.http.server_port}/"
        with pytest.raises(requests.RequestException, match="This host is inside"):
            careful.get_adapter(url).send(careful.prepare_request(requests.Request("GET", url)))


def test_whoever_answers_by_the_letter_is_cut_off(monkeypatch):
    monkeypatch.setattr(asking, "IN_ALL", 0.4)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}/"

        def drip(head):
            there, _from = listening.accept()
            with there, suppress(OSError):
                there.sendall(head)
                for _time in range(200):
                    there.sendall(b"x")
                    time.sleep(0.05)

        # of a length, without one (whose end is the connection's), and before the answer has begun
        for head in (
            b"HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n",
            b"HTTP/1.1 200 OK\r\n\r\n",
            b"HTTP/1.1 2",
        ):
            thread = threading.Thread(target=drip, args=[head], daemon=True)
            thread.start()
            begun = time.monotonic()
            with (
                Outside(inside=("127.0.0.1",), plain=True) as session,
                pytest.raises(requests.RequestException),
            ):
                session.get(address)
            assert time.monotonic() - begun < 3
            thread.join(5)
    with pytest.raises(requests.RequestException, match="no such host"):
        Outside().get(f"https://{'a' * 64}.example/")


def test_nobody_waits_for_a_provider_that_did_not_answer_somebody_else(people):
    asked = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def hang_up():
            with suppress(OSError):
                while True:
                    there, whence = listening.accept()
                    asked.append(whence)
                    there.close()

        thread = threading.Thread(target=hang_up, daemon=True)
        thread.start()
        provider = in_use(people["root"], said(issuer=f"http://127.0.0.1:{listening.getsockname()[1]}"))
        for _time in range(3):
            answer = Client().post(f"/sso/{provider.key}/")
            assert answer.status_code == 403
            assert "cannot be reached at present" in answer.content.decode()
        listening.shutdown(socket.SHUT_RDWR)
        thread.join(5)
    assert len(asked) == 1
