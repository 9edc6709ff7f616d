"""Hardened by default: Django's deployment check is silent, headers are set, nothing tells a version, keys rotate."""

import inspect
import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import gunicorn
import pytest
from django.conf import settings as django_settings
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.hashers import ScryptPasswordHasher
from django.test import Client
from django.urls import Resolver404, resolve
from django.utils import timezone
from gunicorn.http.wsgi import Response as ServerResponse

from portal.kernel.scope import acting
from procurement.links.messages import Person as LinkPerson
from procurement.links.queries import secrets as link_secrets
from procurement.links.services import issue_link
from procurement.links.states import Purpose
from tests.builders.world import an_order
from tests.people import FEED, PASSWORD
from tests.portal.test_safety import GIVEN, start_with

ANOTHER_KEY = "aN0ther-key_of.more~than-fifty+random*characters!here"


def test_the_deployment_check_of_django_is_silent():
    environment = {"PATH": os.environ["PATH"], "HSTS_PRELOAD": "1", **GIVEN}
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    done = subprocess.run(
        command, cwd=django_settings.BASE_DIR, env=environment, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr.strip()) == (0, "")
    assert "no issues" in done.stdout


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["/health/live", "/accounts/login/", "/nowhere/", "/api/v1/orders", "/metrics"]
)
def test_every_answer_has_the_headers(path):
    answer = Client().get(path)

    told = {name.lower(): value for name, value in answer.headers.items()}
    assert told["cross-origin-opener-policy"] == "same-origin"
    assert told["cross-origin-resource-policy"] == "same-origin"
    assert told["cross-origin-embedder-policy"] == "require-corp"
    assert told["x-frame-options"] == "DENY"
    assert told["x-content-type-options"] == "nosniff"
    assert told["referrer-policy"] == "same-origin"
    assert {"camera=()", "microphone=()", "geolocation=()", "payment=()", "usb=()"} <= set(
        told["permissions-policy"].split(", ")
    )
    assert "frame-ancestors 'none'" in told["content-security-policy"]
    assert not set(told) & {"server", "x-powered-by", "x-aspnet-version", "via"}


def test_the_server_tells_its_name_and_no_version():
    assert not re.search(r"\d", gunicorn.SERVER)
    assert "self.version = SERVER\n" in inspect.getsource(ServerResponse)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["/nowhere/", "/api/v1/nowhere", "/orders/%ff/", "/static/../portal/settings.py"]
)
def test_an_error_tells_neither_versions_nor_insides(path):
    page = Client(raise_request_exception=False).get(path).content.decode(errors="replace")

    for word in ("Traceback", "Django", "django", "Python/", "gunicorn", "psycopg", "portal/", "SECRET_KEY"):
        assert word not in page


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/static/", "/static/js/", "/static/js", "/static/look/"])
def test_no_folder_is_listed(path):
    answer = Client().get(path)

    assert answer.status_code == 404
    assert "portal.js" not in answer.content.decode()


@pytest.mark.django_db
def test_a_program_that_speaks_plain_http_is_refused_and_a_page_is_led_to_https(settings, tokens):
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_REDIRECT_EXEMPT = []

    refused = tokens("ACME").get("/api/v1/orders", secure=False)
    assert (refused.status_code, refused["Content-Type"]) == (403, "application/problem+json")
    assert refused.json()["code"] == "plain_http"
    assert "Location" not in refused.headers
    assert Client().get("/scim/v2/Users").json()["code"] == "plain_http"
    page = Client().get("/orders/")
    assert (page.status_code, page["Location"]) == (301, "https://testserver/orders/")
    assert Client().get("/api/v1/orders", secure=True).status_code == 401


def test_over_https_every_cookie_can_only_be_of_this_host():
    """All that is set anywhere in the code, by its name in a started production."""
    names = "s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.LANGUAGE_COOKIE_NAME, "
    names += "own_name('messages'), own_name(COOKIE), cookie_name()"
    code = (
        "import django; django.setup(); from django.conf import settings as s; from portal.cookies import own_name; "
        "from suppliers.sso.middleware import COOKIE; from suppliers.signin.devices import cookie_name; "
        f"print({names})"
    )
    environment = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "portal.settings", **GIVEN}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=django_settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    words = ("session", "csrf", "language", "messages", "sso-provider", "device")
    assert (done.stdout.split(), done.returncode) == ([f"__Host-{word}" for word in words], 0)
    found = {
        str(path.relative_to(django_settings.BASE_DIR))
        for package in ("portal", "suppliers", "procurement")
        for path in (django_settings.BASE_DIR / package).rglob("*.py")
        if ".set_cookie(" in path.read_text()
    }
    assert found == {"suppliers/signin/devices.py", "suppliers/sso/middleware.py", "suppliers/views.py"}


def test_production_hashes_passwords_with_scrypt():
    """V11.4.2; only tests, which sign in thousands of times, use a cheap hash."""
    done = start_with("s.PASSWORD_HASHERS[0], s.QUAYSIDE_MODE", **GIVEN)
    assert done.stdout.split() == ["django.contrib.auth.hashers.ScryptPasswordHasher", "production"]
    hasher = ScryptPasswordHasher()
    assert (hasher.work_factor, hasher.block_size, hasher.parallelism) == (2**14, 8, 5)


@pytest.mark.parametrize(
    "path", ["/admin/", "/admin/login/", "/__debug__/", "/silk/", "/.git/config", "/.env"]
)
def test_there_is_no_admin_site_and_no_tool_of_developers(path):
    with pytest.raises(Resolver404):
        resolve(path)
    assert not any("admin" in app or "debug" in app for app in django_settings.INSTALLED_APPS)


def test_methods_that_only_debug_are_not_answered(client):
    for method in ("TRACE", "TRACK", "CONNECT"):
        assert client.generic(method, "/health/live").status_code == 405


# --- security.txt -------------------------------------------------------------------------------------------


def test_security_txt_says_whom_to_tell(client, settings):
    assert client.get("/.well-known/security.txt").status_code == 404
    settings.SECURITY_CONTACT = ["security@northmoor.example", "https://northmoor.example/security"]
    settings.SECURITY_POLICY_URL = "https://northmoor.example/disclosure"

    answer = client.get("/.well-known/security.txt")

    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    lines = dict(line.split(": ", 1) for line in answer.content.decode().splitlines()[1:])
    assert answer.content.decode().splitlines()[0] == "Contact: mailto:security@northmoor.example"
    assert lines["Contact"] == "https://northmoor.example/security"
    assert lines["Policy"] == "https://northmoor.example/disclosure"
    assert lines["Canonical"] == "http://127.0.0.1:8000/.well-known/security.txt"
    expires = datetime.strptime(lines["Expires"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert timedelta(days=30) < expires - timezone.now() < timedelta(days=365)
    assert client.post("/.well-known/security.txt").status_code == 405


# --- keys that are changed ----------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_new_key_signs_nobody_out_and_the_old_one_counts_no_longer_once_it_is_dropped(people, settings):
    bea = Client()
    bea.post("/accounts/login/", {"login": "bea@northmoor.example", "password": PASSWORD})
    former = settings.SECRET_KEY

    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = ANOTHER_KEY, [former]
    assert bea.get("/preferences/").status_code == 200
    assert bea.session[SESSION_KEY]  # and its hash is of the new key now
    settings.SECRET_KEY_FALLBACKS = []
    assert bea.get("/preferences/").status_code == 200

    left_behind = Client()
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = former, []
    left_behind.post("/accounts/login/", {"login": "asha@supplier.example", "password": PASSWORD})
    settings.SECRET_KEY = ANOTHER_KEY
    assert left_behind.get("/preferences/").status_code == 302


@pytest.mark.django_db
def test_links_in_mails_of_before_open_while_the_former_key_is_kept(people, settings):
    order, at = an_order(at=timezone.now()), timezone.now()
    with acting(FEED):
        link = issue_link(
            LinkPerson("clerk@supplier.example"),
            supplier_id=order.supplier_id,
            stream=order.stream,
            order_id=order.pk,
            purpose=Purpose.ANSWER,
            actor=FEED,
            at=at,
        )
    address = f"/l/{link.token}/"
    assert Client().get(address).status_code == 200
    former = settings.SECRET_KEY

    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = ANOTHER_KEY, [former]
    assert Client().get(address).status_code == 200
    assert list(link_secrets()) == [ANOTHER_KEY, former]
    settings.SECRET_KEY_FALLBACKS = []
    assert Client().get(address).status_code == 410


@pytest.mark.django_db
def test_tokens_of_programs_do_not_hang_on_the_key(tokens, settings):
    program = tokens("ACME")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = ANOTHER_KEY, []
    assert program.get("/api/v1/orders").status_code == 200
