"""Threads as programs see them: both sides' words, files as text, and never an internal note to a supplier."""

import base64
import uuid

import pytest

from portal.kernel.scope import acting
from procurement.threads.messages import NewFile, NewMessage
from procurement.threads.services import send_message
from suppliers.roles import TokenScope
from tests.builders.world import MONDAY, an_order

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.7 a drawing"


def say(person, order, body, *, internal=False, files=()):
    with acting(person.actor):
        command = NewMessage(order.key, body, internal, files)
        return send_message(command, actor=person.actor, at=MONDAY)


def thread(order):
    return f"/api/v1/orders/{order.key}/messages"


def test_a_program_reads_what_was_said_and_the_files(people, tokens):
    order = an_order()
    say(people["bea"], order, "Which drawing do you work to?")
    say(people["asha"], order, "This one.", files=(NewFile("drawing.pdf", PDF),))
    acme = tokens("ACME")

    asked, answered = acme.get(thread(order)).json()["results"]

    assert (asked["body"], asked["side"], asked["author"]) == (
        "Which drawing do you work to?",
        "company",
        "Bea Buyer",
    )
    (file,) = answered["files"]
    assert (file["name"], file["size"], file["content_type"]) == ("drawing.pdf", len(PDF), "application/pdf")
    read = acme.get(f"/api/v1/files/{file['key']}").json()
    assert base64.b64decode(read["content"]) == PDF


def test_an_internal_note_and_its_file_reach_no_supplier(people, tokens):
    order = an_order()
    say(people["bea"], order, "They always say that.", internal=True, files=(NewFile("note.pdf", PDF),))

    assert tokens("ACME").get(thread(order)).json()["results"] == []
    (note,) = tokens(None).get(thread(order)).json()["results"]
    assert note["internal"] is True
    assert tokens("ACME").get(f"/api/v1/files/{note['files'][0]['key']}").status_code == 404


def test_a_program_says_something_once_however_often_it_sends_it(people, tokens):
    order = an_order()
    acme = tokens("ACME")
    body = {
        "body": "It leaves today.",
        "files": [{"name": "slip.pdf", "content": base64.b64encode(PDF).decode()}],
    }
    key = str(uuid.uuid4())

    first = acme.post(thread(order), body, Idempotency_Key=key)
    second = acme.post(thread(order), body, Idempotency_Key=key)

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert (first.json()["channel"], first.json()["files"][0]["name"]) == ("api", "slip.pdf")
    assert len(acme.get(thread(order)).json()["results"]) == 1


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        ({"name": "slip.pdf", "content": "not base64!"}, "The content of slip.pdf is no base64."),
        ({"name": "slip.pdf", "content": "ähm"}, "The content of slip.pdf is no base64."),
        (
            {"name": "slip.pdf", "content": base64.b64encode(b"MZ").decode()},
            "slip.pdf is not what its ending",
        ),
        ({"name": "slip.exe", "content": base64.b64encode(b"MZ").decode()}, "slip.exe is not of a kind"),
    ],
)
def test_a_file_that_is_not_taken_is_told_and_nothing_is_said(people, tokens, file, sentence):
    order = an_order()
    acme = tokens("ACME")

    answer = acme.post(thread(order), {"body": "Here.", "files": [file]})

    assert answer.status_code == 422
    assert sentence in answer.json()["detail"]
    assert acme.get(thread(order)).json()["results"] == []


def test_a_supplier_writes_no_internal_note(people, tokens):
    order = an_order()

    assert tokens("ACME").post(thread(order), {"body": "psst", "internal": True}).status_code == 403


def test_who_only_reads_does_not_write(people, tokens):
    order = an_order()

    assert tokens("ACME", TokenScope.READ).post(thread(order), {"body": "Hello."}).status_code == 403


def test_another_suppliers_thread_is_not_there(people, tokens):
    order = an_order()

    assert tokens("GLOBEX").get(thread(order)).status_code == 404
    assert tokens("GLOBEX").post(thread(order), {"body": "Hello."}).status_code == 404
