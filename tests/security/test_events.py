"""Security events: each is noted once, says no secret, breaks no line, and too many are an alarm."""

import json
import logging
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core import mail
from django.core.cache import cache
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portal.kernel.outbox.models import OutboxMessage
from portal.kernel.scope import acting
from portal.kernel.security.catalogue import CATALOGUE
from portal.kernel.security.models import SecurityEvent
from portal.kernel.security.queries import alarms
from portal.kernel.security.requests import address_of
from portal.kernel.security.services import GUARD, account_of, collecting, forget_events, note
from portal.logging import JsonFormatter
from procurement.erp.alerts.delivery import _mail_contact
from procurement.erp.alerts.services import keep_watch
from suppliers.models import User
from suppliers.services import create_token
from tests.builders.documents import refuse, supply
from tests.builders.factors import give_app, letters
from tests.builders.programs import a_program
from tests.builders.world import an_order
from tests.people import FEED, PASSWORD

pytestmark = pytest.mark.django_db

ROOT = Path(django_settings.BASE_DIR)


@pytest.fixture(autouse=True)
def nothing_counted():
    cache.clear()
    yield
    cache.clear()


def noted(*kinds):
    with acting(GUARD):
        found = SecurityEvent.objects.order_by("id")
        return list(found.filter(kind__in=kinds) if kinds else found)


def kinds_noted():
    return [event.kind for event in noted()]


def test_the_page_of_events_is_the_catalogue():
    rows = re.findall(
        r"^\| `([a-z_.]+)` \| ([^|]+?) \| ([^|]+?) \| ([^|]*?) \|$",
        (ROOT / "docs" / "security" / "events.md").read_text(),
        re.MULTILINE,
    )

    def words(kind):
        alarm = kind.alarm
        return f"{alarm.count} in {alarm.minutes} min, {alarm.per.label}" if alarm else ""

    told = [(one.code, str(one.meaning), str(one.severity), words(one)) for one in CATALOGUE.values()]
    assert rows == told


def test_every_kind_that_code_notes_is_in_the_catalogue_and_every_kind_is_noted_somewhere():
    code = "".join(
        path.read_text()
        for folder in ("portal", "suppliers", "procurement")
        for path in (ROOT / folder).rglob("*.py")
        if path.name != "catalogue.py"
    )
    # Tokens are noted by the name of the fact that is recorded with it.
    assert [kind for kind in CATALOGUE if f'"{kind}"' not in code] == []


def test_signing_in_is_noted_whether_or_not_it_works(people):
    client = Client(headers={"User-Agent": "Firefox\r\nX-Forged: 1"})
    wrong = {"login": "bea@northmoor.example", "password": "wrong-secret-word"}
    client.post("/accounts/login/", wrong)
    client.post("/accounts/login/", wrong | {"login": "my-password-by-mistake@northmoor.example"})
    client.post("/accounts/login/", wrong | {"password": PASSWORD})
    client.post("/accounts/logout/")

    failed, strange, succeeded, ended = noted()
    assert [one.kind for one in (failed, strange)] == ["signin.failed"] * 2
    assert (failed.user_id, failed.account) == (None, account_of("BEA@northmoor.example "))
    assert (failed.address, failed.browser) == (
        "127.0.0.1",
        "Firefox\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}X-Forged: 1",
    )
    bea = people["bea"].user.pk
    assert [(one.kind, one.user_id) for one in (succeeded, ended)] == [
        ("signin.succeeded", bea),
        ("signin.ended", bea),
    ]
    kept = json.dumps([vars(event) for event in noted()], default=str)
    for secret in ("wrong-secret-word", "my-password-by-mistake", PASSWORD, "bea@northmoor"):
        assert secret not in kept


def test_passwords_factors_and_resets_are_noted(people):
    client = Client()
    client.post("/accounts/password/reset/", {"email": "bea@northmoor.example"})
    client.post("/accounts/password/reset/", {"email": "nobody@elsewhere.example"})
    known, unknown = noted("password.reset_asked")
    assert known.account == account_of("bea@northmoor.example") != unknown.account

    (letter,) = letters()
    (link,) = re.findall(r"https?://\S+/accounts/\S+", letter.body)
    page = client.get(link.removeprefix("http://127.0.0.1:8000"), follow=True)
    words = {"password1": "a brand new pass phrase", "password2": "a brand new pass phrase"}
    client.post(page.redirect_chain[-1][0], words)
    (reset,) = noted("password.reset")
    assert reset.user_id == people["bea"].user.pk


def test_tokens_are_noted_from_the_cradle_to_the_grave(people, tokens, client):
    program = tokens("ACME")
    program.get("/api/v1/orders")
    program.get("/api/v1/orders")
    client.get("/api/v1/orders", headers={"Authorization": "Bearer qs_00000000_" + "x" * 43})

    assert [kind for kind in kinds_noted() if kind.startswith("token.")] == [
        "token.created",
        "token.first_used",
        "token.refused",
    ]
    kept = json.dumps([vars(event) for event in noted()], default=str)
    assert program.secret not in kept
    assert program.secret[12:] not in kept


def test_refusals_downloads_and_forgeries_are_noted(people):
    client = Client(enforce_csrf_checks=True)
    client.force_login(people["arun"].user)
    cache.clear()
    assert client.get("/tokens/").status_code == 403
    assert client.get("/orders/00000000-0000-0000-0000-000000000000/").status_code == 404
    assert client.post("/preferences/", {"theme": "dark"}).status_code == 403
    kinds = [event.kind for event in noted() if event.kind.startswith(("access.", "request."))]
    assert kinds[:3] == ["access.denied", "access.probed", "request.forged"]
    denied = noted("access.denied")[0]
    assert (denied.route, denied.user_id) == ("token-list", people["arun"].user.pk)
    assert denied.facts == {"method": "GET", "status": 403}


def test_what_is_not_valid_and_what_a_rule_refuses_is_noted_whoever_sends_it(people, world):
    """ASVS 5.0, 16.3.3: by a page or by a program; never what was sent."""
    order = an_order()
    browser = Client()
    browser.force_login(people["asha"].user)
    cache.clear()
    assert browser.post(reverse("message-send", args=[order.key]), {"body": ""}).status_code == 422
    assert browser.get(reverse("message-send", args=[order.key])).status_code == 405
    document = supply(people["asha"])
    refuse(document, people["root"])
    browser.force_login(people["root"].user)
    late = browser.post(
        reverse("document-accept", args=[document.key]), {"version": 1, "valid_until": "2099-12-31"}
    )
    assert late.status_code == 409
    program = a_program(world["ACME"])
    assert program.post(f"/api/v1/orders/{order.key}/messages", {"body": 7}).status_code == 400

    seen = [
        (one.kind, one.route, one.user_id, one.token_id, one.facts)
        for one in noted("input.refused", "rule.refused")
    ]
    asha, root, token = people["asha"].user.pk, people["root"].user.pk, program.token.pk
    assert seen == [
        ("input.refused", "message-send", asha, None, {"method": "POST", "status": 422}),
        ("input.refused", "message-send", asha, None, {"method": "GET", "status": 405}),
        ("rule.refused", "document-accept", root, None, {"method": "POST", "status": 409}),
        ("input.refused", "api-thread", None, token, {"method": "POST", "status": 400}),
    ]


def test_being_asked_for_a_factor_is_no_refusal(people):
    client = Client()
    client.force_login(people["root"].user)
    give_app(people["root"].user)
    cache.clear()
    assert client.post("/signin/rules/", {}).status_code == 409
    assert noted("rule.refused") == []


def test_what_was_noted_stays_when_the_request_is_rolled_back(people):
    with collecting(), pytest.raises(RuntimeError), transaction.atomic():  # noqa: PT012 -- the whole is the point
        note("access.denied", user_id=1)
        raise RuntimeError
    assert kinds_noted() == ["access.denied"]


def test_a_flood_fills_the_log_and_not_the_table(settings, caplog):
    settings.SECURITY_EVENTS_A_MINUTE = 3
    with caplog.at_level(logging.INFO, logger="portal.security"):
        for _ in range(10):
            note("token.refused", address="192.0.2.7")
        note("token.refused", address="192.0.2.8")

    assert [event.address for event in noted()] == ["192.0.2.7"] * 3 + ["192.0.2.8"]
    said = [record.getMessage() for record in caplog.records]
    assert said.count("security event") == 11
    assert said.count("security events left out of the table") == 1


@pytest.mark.parametrize(
    "evil",
    ["a\r\nSet-Cookie: x=1", 'a\n{"event": "forged"}', "a\x00b", "a\x1b[31mred", "a\u2028b", "a\u202eb"],
)
def test_nothing_that_somebody_sends_begins_a_line_of_its_own(evil, caplog):
    with caplog.at_level(logging.INFO, logger="portal.security"):
        note("signin.failed", browser=evil, route=evil, reason=evil)

    (record,) = caplog.records
    line = JsonFormatter().format(record)
    assert len(line.splitlines()) == 1
    assert json.loads(line)["event"] == "signin.failed"
    (event,) = noted()
    for text in (event.browser, event.route, event.facts["reason"]):
        assert not re.search(r"[\x00-\x1f\u2028\u202e]", text)


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "198.51.100.9", "127.0.0.1"),
        (1, "6.6.6.6, 198.51.100.9", "198.51.100.9"),
        (2, "6.6.6.6, 198.51.100.9, 10.0.0.1", "198.51.100.9"),
        (1, "", "127.0.0.1"),
        (1, "not an address\r\n", ""),
    ],
)
def test_an_address_is_what_our_own_proxy_saw(rf, settings, proxies, forwarded, address):
    settings.TRUSTED_PROXIES = proxies
    request = rf.get("/", headers={"X-Forwarded-For": forwarded} if forwarded else {})
    assert address_of(request) == address


def test_too_many_are_an_alarm_for_the_monitor_and_by_mail(people, settings):
    settings.SECURITY_CONTACT = ["security@northmoor.example", "https://northmoor.example/security"]
    settings.SECURITY_EVENTS_A_MINUTE = 1000
    for _ in range(19):
        note("signin.failed", address="192.0.2.7")
    note("signin.failed", address="192.0.2.8")
    with acting(GUARD):
        assert list(alarms(timezone.now())) == []
        note("signin.failed", address="192.0.2.7")
        (one,) = alarms(timezone.now())
        assert (one.kind.code, one.who, one.count) == ("signin.failed", "192.0.2.7", 20)
        assert list(alarms(timezone.now() + timedelta(minutes=11))) == []
        keep_watch(at=timezone.now())
        promised = list(OutboxMessage.objects.filter(topic="alerts"))
    assert [one.payload["to"] for one in promised] == [
        {"mail": people["ines"].user.pk},
        {"contact": "security@northmoor.example"},
    ]
    mail.outbox.clear()
    assert _mail_contact(promised[1], "security@northmoor.example") == "mailed"
    (told,) = mail.outbox
    assert told.to == ["security@northmoor.example"]
    assert "192.0.2.7" in told.body
    assert _mail_contact(promised[1], "former@northmoor.example") == "gone"


@pytest.mark.parametrize(
    ("kind", "count"),
    [
        ("malware.refused", 1),
        ("bank.told_otherwise", 1),
        ("person.impersonated", 3),
        ("factor.removal_asked", 3),
        ("factor.all_removed", 3),
        ("factor.removed", 5),
        ("factor.reset", 5),
    ],
)
def test_what_takes_factors_away_acts_for_others_or_carries_malware_is_an_alarm(kind, count):
    for _ in range(count - 1):
        note(kind, user_id=7)
    note("signin.succeeded", user_id=7)
    with acting(GUARD):
        assert list(alarms(timezone.now())) == []
        note(kind, user_id=7)
        assert [(one.kind.code, one.count) for one in alarms(timezone.now())] == [(kind, count)]


def test_young_events_cannot_be_deleted_and_none_can_be_rewritten():
    note("signin.succeeded", user_id=1)
    with acting(GUARD):
        assert SecurityEvent.objects.all().delete()[0] == 0
        assert forget_events(at=timezone.now() + timedelta(days=1000)) == 0
        old = SecurityEvent.objects.create(
            kind="signin.ended", severity="info", at=timezone.now() - timedelta(days=401)
        )
        assert forget_events(at=timezone.now()) == 1
        assert not SecurityEvent.objects.filter(pk=old.pk).exists()
    with pytest.raises(DatabaseError, match="permission denied"), acting(GUARD):
        SecurityEvent.objects.update(user_id=2)


def test_the_page_shows_them_to_those_who_guard(people, django_assert_num_queries):
    note("signin.failed", address="192.0.2.7", account="abc")
    note("token.created", user_id=people["bea"].user.pk, browser="<script>alert(1)</script>")
    for name, status in (
        ("ada", 200),
        ("ines", 200),
        ("max", 200),
        ("bea", 403),
        ("asha", 403),
        ("root", 403),
    ):
        client = Client()
        client.force_login(people[name].user)
        assert client.get("/security/").status_code == status, name
    client.force_login(people["ada"].user)
    page = client.get("/security/?kind=token.created").content.decode()
    assert "Bea Buyer" in page
    assert "<script>alert" not in page
    assert "192.0.2.7" not in page
    assert client.get("/security/?kind=nonsense&person=x&cursor=%00").status_code == 200

    with django_assert_num_queries(count := queries_of(client)):
        client.get("/security/")
    for number in range(30):
        note("factor.used", user_id=people["asha"].user.pk, address=f"192.0.2.{number}")
    assert queries_of(client) == count


def queries_of(client):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as asked:
        client.get("/security/")
    return len(asked)


def test_a_supplier_sees_none_of_it(people):
    note("signin.failed", address="192.0.2.7")
    with pytest.raises(DatabaseError, match="permission denied"), acting(people["asha"].actor):
        SecurityEvent.objects.count()


def test_services_note_what_they_record(world, people):
    with acting(FEED):
        create_token("ship", "read", supplier=world["ACME"], actor=people["ines"].actor, at=timezone.now())
    (event,) = noted("token.created")
    assert (event.user_id, set(event.facts)) == (people["ines"].user.pk, {"prefix", "scope"})
    assert User.objects.filter(pk=event.user_id).exists()


def test_events_of_a_person_are_found_by_the_address(people):
    for name in ("asha", "bea"):
        note("factor.used", user_id=people[name].user.pk)
    reader = Client()
    reader.force_login(people["ada"].user)

    def of(email):
        rows = reader.get("/security/", {"email": email}).context["rows"]
        return {event.user_id for event, _name in rows}

    assert of(people["asha"].email.upper()) == {people["asha"].user.pk}
    assert of("nobody@northmoor.example") == set()
