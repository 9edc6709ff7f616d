"""Production starts safely or not at all."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from portal.kernel import sealing
from portal.safety import Start, problems, refuse_unsafe_start

STRONG = "kR7vQ2-xW9mZ4_tB6nJ1sD8fG3hL5pC0yA-eU7iO2wE9rT4qV6b"
BANK_KEY = "Zm9yIHRlc3RzIGFsb25lOiAwMTIzNDU2Nzg5YWJjZGU="
SAFE = Start(
    secret_key=STRONG,
    debug=False,
    allowed_hosts=["portal.example.com"],
    public_url=urlsplit("https://portal.example.com"),
    database=urlsplit("postgresql://quayside_app:x@db.internal/quayside"),
    broker=urlsplit("redis://broker.internal/0"),
    cache=urlsplit("redis://broker.internal/1"),
    mail=urlsplit("smtp://mail.internal"),
    erp=urlsplit("https://quayside:x@erp.internal/company"),
    erp_in_the_clear=False,
    embedded=False,
    bank_keys=[BANK_KEY],
)
UNSAFE = [
    (replace(SAFE, secret_key=""), "SECRET_KEY is not set"),
    (replace(SAFE, secret_key=STRONG[:40]), "SECRET_KEY is too weak"),
    (replace(SAFE, secret_key="ab" * 40), "SECRET_KEY is too weak"),
    (replace(SAFE, bank_keys=[]), "BANK_KEYS is not set"),
    (replace(SAFE, bank_keys=[BANK_KEY, "c2hvcnQ="]), "BANK_KEYS: key 2 is not 32 random bytes"),
    (replace(SAFE, opens_numbers=False), "OPENS_NUMBERS is 0, and yet BANK_KEYS is set"),
    (replace(SAFE, debug=True), "DEBUG is on"),
    (replace(SAFE, allowed_hosts=[]), "ALLOWED_HOSTS is empty"),
    (replace(SAFE, allowed_hosts=["portal.example.com", "*"]), "ALLOWED_HOSTS allows every host"),
    (replace(SAFE, public_url=urlsplit("http://portal.example.com")), "PUBLIC_URL must start with https://"),
    (replace(SAFE, database=None), "DATABASE_URL is not set"),
    (
        replace(SAFE, database=urlsplit("postgresql://postgres@db/quayside")),
        "DATABASE_URL signs in as an owner",
    ),
    (replace(SAFE, database=urlsplit("postgresql://quayside_owner@db/quayside")), "DATABASE_URL signs in as"),
    (replace(SAFE, broker=None), "BROKER_URL is not set"),
    (replace(SAFE, broker=urlsplit("memory://")), "BROKER_URL is memory://"),
    (replace(SAFE, cache=None), "CACHE_URL is not set"),
    (replace(SAFE, mail=None), "EMAIL_URL is not set"),
    (replace(SAFE, mail=urlsplit("mailbox:/var/mailbox")), "EMAIL_URL is mailbox:"),
    (replace(SAFE, erp=urlsplit("http://quayside:x@erp.internal/company")), "ERP_URL starts with http://"),
    (replace(SAFE, embedded=True), "The embedded servers are for demos"),
    (replace(SAFE, secret_key="django-insecure-" + STRONG), "SECRET_KEY is not random"),
    (replace(SAFE, secret_key=STRONG[:30] * 2), "SECRET_KEY is not random"),
    (replace(SAFE, former_keys=["short"]), "SECRET_KEY_FALLBACKS has a key that is too weak"),
    (replace(SAFE, former_keys=[STRONG]), "SECRET_KEY_FALLBACKS has the SECRET_KEY itself"),
    (replace(SAFE, secrets={"METRICS_TOKEN": "let-me-in"}), "METRICS_TOKEN is too weak"),
    (replace(SAFE, secrets={"METRICS_TOKEN": STRONG}), "METRICS_TOKEN is the same as SECRET_KEY"),
    (
        replace(SAFE, secrets={"AUDIT_SEAL_KEY": STRONG[9:], "METRICS_TOKEN": STRONG[9:]}),
        "METRICS_TOKEN is the same as AUDIT_SEAL_KEY",
    ),
]


def test_a_safe_start_is_not_held_up():
    assert list(problems(SAFE)) == []


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "[::1]:8000", "localhost"])
def test_an_erp_on_this_machine_may_be_asked_in_the_clear(host):
    assert list(problems(replace(SAFE, erp=urlsplit(f"http://quayside:x@{host}/company")))) == []


def test_an_erp_on_a_private_way_may_be_asked_in_the_clear_where_somebody_says_so():
    plain = urlsplit("http://quayside:x@erp.internal/company")

    assert list(problems(replace(SAFE, erp=plain, erp_in_the_clear=True))) == []


@pytest.mark.parametrize(("start", "sentence"), UNSAFE, ids=[sentence for _, sentence in UNSAFE])
def test_each_danger_is_refused_with_its_own_sentence(start, sentence):
    (found,) = problems(start)

    assert found.startswith(sentence)


def test_all_dangers_are_named_at_once_and_no_secret_is():
    start = replace(SAFE, secret_key="hunter2hunter2", debug=True, cache=None)

    with pytest.raises(ImproperlyConfigured) as refusal:
        refuse_unsafe_start(start)

    text = str(refusal.value)
    assert [word in text for word in ("SECRET_KEY", "DEBUG", "CACHE_URL")] == [True, True, True]
    assert "hunter2" not in text


HEADERS = "s.SESSION_COOKIE_NAME, s.SECURE_HSTS_SECONDS, s.SECURE_HSTS_INCLUDE_SUBDOMAINS"


def start_with(told: str = HEADERS, **environment: str) -> subprocess.CompletedProcess[str]:
    """A process of its own with these variables and no other, which prints some of its settings."""
    code = f"from django.conf import settings as s; print({told})"
    env = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "portal.settings", **environment}
    return subprocess.run(
        [sys.executable, "-c", code],
        env=env,
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )


def test_production_is_what_runs_when_nothing_is_said():
    started = start_with()

    assert started.returncode == 1
    assert "Quayside does not start in production like this" in started.stderr
    assert "SECRET_KEY is not set" in started.stderr


def test_production_starts_when_everything_is_given():
    started = start_with(**GIVEN)

    assert (started.returncode, started.stderr) == (0, "")
    assert started.stdout.split() == ["__Host-session", "31536000", "True"]


def test_browsers_insist_on_https_for_all_below_the_host_unless_told_otherwise():
    assert start_with(**GIVEN).stdout.split()[1:] == ["31536000", "True"]
    assert start_with(**GIVEN, HSTS_INCLUDE_SUBDOMAINS="0").stdout.split()[1:] == ["31536000", "False"]


def test_a_process_that_opens_no_number_starts_without_keys_and_opens_none():
    given = {name: value for name, value in GIVEN.items() if name != "BANK_KEYS"}
    assert "BANK_KEYS is not set" in start_with(**given).stderr
    started = start_with(**given, OPENS_NUMBERS="0")
    assert (started.returncode, started.stderr) == (0, "")
    for opening in (
        lambda: sealing.seal("DE1", "row 1", ()),
        lambda: sealing.unseal("mark.text", "row 1", ()),
        lambda: sealing.trace("DE1", ()),
        lambda: sealing.traces("DE1", ()),
    ):
        with pytest.raises(sealing.NoKeyHere):
            opening()


GIVEN = {
    "SECRET_KEY": STRONG,
    "BANK_KEYS": BANK_KEY,
    "ALLOWED_HOSTS": "portal.example.com",
    "PUBLIC_URL": "https://portal.example.com",
    "DATABASE_URL": "postgresql://quayside_app:x@db.internal/quayside",
    "BROKER_URL": "amqp://broker.internal",
    "CACHE_URL": "rediss://cache.internal/1",
    "EMAIL_URL": "smtp+tls://mail.internal",
}


@pytest.mark.parametrize(
    ("webhook", "complaint"),
    [
        (
            {"ALERT_WEBHOOK_URL": "http://hooks.internal/", "ALERT_WEBHOOK_SECRET": STRONG[8:]},
            "ALERT_WEBHOOK_URL starts with http; it must be one of https",
        ),
        ({"ALERT_WEBHOOK_URL": "https://hooks.internal/"}, "ALERT_WEBHOOK_SECRET must have 32 characters"),
    ],
)
def test_alerts_go_out_encrypted_and_signed_or_production_does_not_start(webhook, complaint):
    started = start_with(**GIVEN, **webhook)

    assert started.returncode != 0
    assert complaint in started.stderr


@pytest.mark.parametrize("policy", ["script-src", "style-src", "default-src"])
def test_the_content_policy_allows_nothing_inline(policy):
    sources = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"][policy]

    assert not [source for source in sources if "unsafe" in source or source in ("*", "data:", "https:")]
