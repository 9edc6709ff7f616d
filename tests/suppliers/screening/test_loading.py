"""A list of sanctioned parties is put in force on a page, by whoever may, and never half of one unseen."""

import threading

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.utils import timezone

from portal.kernel.audit.models import AuditEvent
from portal.kernel.errors import Duplicate, NotAllowed
from portal.kernel.scope import acting
from suppliers.screening import forms
from suppliers.screening.messages import Listed
from suppliers.screening.models import ListedParty, SanctionsList
from suppliers.screening.services import load_list
from tests.people import FEED

SDN = b'306,"ACME VALVES TRADING","-0- ","CUBA"\r\n424,"OTHER PEOPLE","-0- ","CUBA"\r\n\x1a'
ALT = b'306,12,"aka","AVT HOLDING","-0- "\r\n'
OWN = b"ref,name,aliases\n1,Acme Valves Trading,A.V.T.|Acme Trading\n2,Nobody Known,\n3,Somebody Else,\n"


@pytest.fixture
def root(people):
    client = Client()
    client.force_login(people["root"].user)
    return client


def send(client, source, content, aliases=None, **more):
    files = {"file": SimpleUploadedFile("list.csv", content)}
    if aliases is not None:
        files["aliases"] = SimpleUploadedFile("alt.csv", aliases)
    return client.post("/screening/load/", {"source": source, **files, **more})


def parties():
    with acting(FEED):
        return {one.ref: one.names for one in ListedParty.objects.order_by("ref")}


def errors(answer):
    assert answer.status_code == 422
    return {name: list(said) for name, said in answer.context["form"].errors.items()}


@pytest.mark.django_db
def test_ofacs_two_files_are_one_list_and_the_trail_knows_who_loaded_it(root):
    page = root.get("/screening/").content.decode()
    assert "No list is loaded: nobody is screened." in page
    assert 'href="/screening/load/"' in page
    answer = send(root, "ofac", SDN, ALT)
    assert (answer.status_code, answer["Location"]) == (303, "/screening/")
    assert parties() == {"306": ["ACME VALVES TRADING", "AVT HOLDING"], "424": ["OTHER PEOPLE"]}
    assert "2 parties are loaded" in root.get("/screening/").content.decode()
    with acting(FEED):
        event = AuditEvent.objects.get(kind="sanctions_list.loaded")
    assert (event.actor_label, event.channel, event.facts["parties"]) == ("Root Admin", "portal", 2)
    assert errors(send(root, "ofac", SDN, ALT)) == {"file": ["This very list is in force already."]}


@pytest.mark.django_db
def test_a_list_that_was_cut_off_is_not_taken_unless_somebody_says_that_it_is_right(root):
    send(root, "own", OWN)
    one = b"ref,name\n1,Acme Valves Trading\n"
    (said,) = errors(send(root, "own", one))["shorter"]
    assert said.startswith("This list names 1 parties, the one in force 3: it may have been cut off.")
    assert set(parties()) == {"1", "2", "3"}
    assert send(root, "own", one, shorter="on").status_code == 303
    assert set(parties()) == {"1"}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("source", "content", "said"),
    [
        ("own", b"name\nAcme\n", "These columns are missing: ref, name."),
        ("own", b"ref,name\n", "This file names nobody."),
        ("own", b"PK\x03\x04\x00\x00ref,name", "This is no CSV file that can be read."),
        ("own", b'ref,name\n1,"' + b"x" * 200_000 + b'"\n', "This is no CSV file that can be read."),
        ("ofac", b"ref,name,aliases,about\n", "In OFAC’s SDN.CSV each row begins with a number."),
        ("eu", OWN, "These columns are missing: Entity_LogicalId, NameAlias_WholeName."),
    ],
)
def test_what_is_no_such_list_is_said_and_nothing_is_loaded(root, source, content, said):
    assert errors(send(root, source, content)) == {"file": [said]}
    assert parties() == {}


@pytest.mark.django_db
def test_files_too_large_or_one_too_many_are_said_beside_their_field(root, monkeypatch):
    monkeypatch.setattr(forms, "LARGEST_LIST", 1024 * 1024)
    large = OWN + b"9," + b"x" * 1024 * 1024
    assert errors(send(root, "own", large)) == {
        "file": ["list.csv is larger than 1 MB. Choose the list itself."]
    }
    assert errors(send(root, "eu", OWN, ALT)) == {
        "aliases": ["Only OFAC has a file of other names. Choose OFAC, or leave it out."]
    }
    assert errors(root.post("/screening/load/", {"source": "un"})) == {
        "source": ["Select a valid choice. un is not one of the available choices."],
        "file": ["This field is required."],
    }


@pytest.mark.django_db
def test_nobody_else_loads_one(people):
    for name in ("bea", "asha"):
        client = Client()
        client.force_login(people[name].user)
        assert client.get("/screening/load/").status_code == 403
        assert send(client, "own", OWN).status_code == 403
    with acting(people["bea"].actor), pytest.raises(NotAllowed):
        load_list("own", [], b"", actor=people["bea"].actor, at=timezone.now())
    assert parties() == {}


@pytest.mark.django_db(transaction=True)
def test_two_who_load_the_first_list_at_once_come_one_after_the_other(people):
    actor, barrier, outcomes = people["root"].actor, threading.Barrier(2), []

    def work():
        try:
            barrier.wait(timeout=30)
            with acting(actor):
                load_list("own", [Listed("1", ("Acme",))], b"1", actor=actor, at=timezone.now())
            outcomes.append("loaded")
        except Duplicate:
            outcomes.append("there already")
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _place in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(timeout=30)
    assert sorted(outcomes) == ["loaded", "there already"]
    with acting(FEED):
        assert SanctionsList.objects.count() == 1
