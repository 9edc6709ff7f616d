"""Suppliers are screened when a list or a name is new; what was decided is remembered; who is listed is blocked."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, transaction
from django.test import Client
from django.utils import timezone

from portal.kernel.audit.models import AuditEvent
from portal.kernel.errors import Duplicate, IllegalTransition, Invalid, NotAllowed, StaleDocument
from portal.kernel.scope import acting
from suppliers.messages import SupplierPaper
from suppliers.models import Supplier
from suppliers.screening.messages import Listed
from suppliers.screening.models import ListedParty, SanctionsList, ScreeningHit
from suppliers.screening.queries import SCREENER, is_screened
from suppliers.screening.services import confirm_hit, dismiss_hit, load_list, screen_suppliers
from suppliers.services import receive_suppliers
from tests.people import FEED

pytestmark = pytest.mark.django_db

ACME = Listed("9", ("Acme Valves Trading", "A.V.T."), "DEMO")


@pytest.fixture
def now():
    return timezone.now()


def load(*parties, at, content=b"1"):
    with acting(SCREENER):
        return load_list("own", parties, content, actor=SCREENER, at=at)


def screen(at):
    with acting(SCREENER):
        return screen_suppliers(at=at)


def the_hit():
    with acting(FEED):
        return ScreeningHit.objects.get()


def rename(name):
    with acting(FEED):
        receive_suppliers(
            [SupplierPaper("ACME", name, "IN", "EUR", "en", "UTC", "core", "sales@acme.example")]
        )


def decide(person, verb, *, at, reason="Compared the register.", version=None):
    with acting(person.actor):
        return verb(the_hit().key, version, reason, actor=person.actor, at=at)


def test_nobody_is_screened_without_a_list_and_everybody_once_with_one(people, now):
    assert screen(now) == 0
    client = Client()
    client.force_login(people["root"].user)
    assert "No list is loaded" in client.get("/screening/").content.decode()
    load(ACME, at=now)
    assert (screen(now), screen(now)) == (2, 0)
    hit = the_hit()
    assert (hit.state, hit.listed_name, hit.score, hit.about) == ("open", "Acme Valves Trading", 80, "DEMO")
    page = client.get("/screening/")
    assert [one.listed_name for one in page.context["page"].rows] == ["Acme Valves Trading"]
    assert client.get(f"/screening/{hit.key}/").status_code == 200
    empty = client.post(f"/screening/{hit.key}/decide/", {"verb": "dismiss", "version": hit.version})
    assert (empty.status_code, list(empty.context["form"].errors)) == (422, ["reason"])
    with pytest.raises(Duplicate):
        load(ACME, at=now)


def test_a_false_hit_is_remembered_until_a_name_changes(people, now):
    load(ACME, at=now)
    screen(now)
    with pytest.raises(Invalid):
        decide(people["root"], dismiss_hit, at=now, reason=" ")
    with pytest.raises(NotAllowed):
        decide(people["bea"], dismiss_hit, at=now)
    with pytest.raises(StaleDocument):
        decide(people["root"], dismiss_hit, at=now, version=9)
    decide(people["root"], dismiss_hit, at=now, version=1)
    load(ACME, at=now, content=b"2")
    assert (screen(now), the_hit().state) == (2, "dismissed")
    rename("Acme Valves of Pune Trading")
    assert (screen(now), the_hit().state) == (1, "open")
    load(Listed("10", ("Nobody Known",)), at=now, content=b"3")
    assert (screen(now), the_hit().state) == (2, "lapsed")
    load(ACME, at=now, content=b"4")
    assert (screen(now), the_hit().state) == (2, "open")
    with acting(FEED):
        assert SanctionsList.objects.count() == 4
        assert ListedParty.objects.count() == 1
        kinds = AuditEvent.objects.filter(stream=the_hit().stream).order_by("id")
        assert list(kinds.values_list("kind", "internal")) == [
            (f"screening.hit_{word}", True)
            for word in ("found", "dismissed", "reopened", "lapsed", "reopened")
        ]


def test_another_threshold_asks_nobody_again_and_whoever_has_a_new_name_is_not_screened_yet(
    people, now, settings
):
    def screened():
        with acting(FEED):
            return is_screened(Supplier.objects.get(number="ACME"))

    assert screened()  # by no list
    load(ACME, at=now)
    assert not screened()
    screen(now)
    assert screened()
    decide(people["root"], dismiss_hit, at=now, version=1)
    settings.SCREENING_THRESHOLD = 70
    assert not screened()
    assert (screen(now), the_hit().state, screened()) == (2, "dismissed", True)
    rename("Acme Valves Trading")
    assert not screened()


def test_who_is_listed_is_blocked_and_no_feed_unblocks_it(people, now):
    load(ACME, at=now)
    screen(now)
    root = Client()
    root.force_login(people["root"].user)
    with acting(FEED):
        address = f"/suppliers/{Supplier.objects.get(number='ACME').key}/"
    assert "Somebody called like this supplier is on a list" in root.get(address).content.decode()
    decide(people["root"], confirm_hit, at=now)
    said = root.get(address).content.decode()
    assert "Somebody called like this supplier" not in said
    assert "This supplier is on a list of sanctioned parties" in said
    assert 'href="/screening/?state=confirmed"' in said

    def state():
        with acting(FEED):
            return Supplier.objects.get(number="ACME").state

    assert state() == "blocked"
    rename("Acme Valves")
    assert state() == "blocked"
    with pytest.raises(IllegalTransition):
        decide(people["root"], confirm_hit, at=now)
    decide(people["root"], dismiss_hit, at=now + timedelta(hours=1), reason="Another company of that name.")
    assert state() == "active"
    with acting(people["asha"].actor), pytest.raises(DatabaseError), transaction.atomic():
        ScreeningHit.objects.count()


def test_an_operator_loads_a_file(world, tmp_path, capsys):
    file = tmp_path / "own.csv"
    file.write_text("ref;name\n1;Globex\n")
    call_command("load_sanctions_list", "own", str(file))
    assert capsys.readouterr().out == "1 parties loaded.\n"
    whole = tmp_path / "whole.csv"
    whole.write_text("ref;name\n1;Globex\n2;Two\n3;Three\n")
    call_command("load_sanctions_list", "own", str(whole))
    with pytest.raises(CommandError, match="names 1 parties, the one in force 3"):
        call_command("load_sanctions_list", "own", str(file))
    call_command("load_sanctions_list", "own", str(file), "--shorter")
    assert screen(timezone.now()) == 2
    assert the_hit().supplier_id == world["GLOBEX"].pk
