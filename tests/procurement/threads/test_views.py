"""The doors of a thread: who may say what where, and how a file leaves the house."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from portal.kernel.scope import acting
from procurement.threads.messages import NewFile, NewMessage
from procurement.threads.models import Attachment, Message
from procurement.threads.services import send_message
from suppliers.roles import COMPANY_ROLES, CompanyRole, Permission
from tests.builders.world import MONDAY, an_order
from tests.people import FEED, signed_in

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.7 a valve"


def post(client, order, *, files=(), **data):
    uploads = [SimpleUploadedFile(name, content) for name, content in files]
    return client.post(f"/orders/{order.key}/messages/", {**data, "files": uploads})


def stored():
    with acting(FEED):
        return list(Message.objects.order_by("id").values_list("body", "internal", "author_side"))


def a_file(order, person, *, internal=False, name="drawing.pdf", content=PDF):
    with acting(person.actor):
        command = NewMessage(order.key, "", internal, (NewFile(name, content),))
        send_message(command, actor=person.actor, at=MONDAY + timedelta(hours=1))
    with acting(FEED):
        return Attachment.objects.latest("id")


def test_a_message_with_a_file_is_said_and_leads_back_to_the_order(people):
    order = an_order()

    response = post(signed_in(people["asha"]), order, body="See drawing.", files=[("drawing.pdf", PDF)])

    assert (response.status_code, response["Location"]) == (303, f"/orders/{order.key}/#thread")
    assert stored() == [("See drawing.", False, "supplier")]


def test_htmx_gets_the_panel_with_the_message(people):
    order = an_order()

    response = signed_in(people["asha"]).post(
        f"/orders/{order.key}/messages/", {"body": "Yes."}, headers={"HX-Request": "true"}
    )

    text = response.content.decode()
    assert (response.status_code, 'id="thread"' in text, "Yes." in text, "<html" in text) == (
        200,
        True,
        True,
        False,
    )
    assert "Added to the thread." in response["HX-Trigger"]


def test_what_was_typed_comes_back_when_a_file_is_refused(people):
    order = an_order()

    response = post(signed_in(people["asha"]), order, body="See archive.", files=[("a.zip", b"PK\x03\x04")])

    text = response.content.decode()
    assert response.status_code == 422
    assert "See archive." in text
    assert "a.zip is not of a kind that is taken here" in text
    assert stored() == []


def test_the_internal_button_writes_a_note(people):
    order = an_order()

    post(signed_in(people["bea"]), order, body="Late again.", internal="1")

    assert stored() == [("Late again.", True, "company")]
    assert "Late again." not in signed_in(people["asha"]).get(f"/orders/{order.key}/thread/").content.decode()
    assert "Late again." in signed_in(people["otto"]).get(f"/orders/{order.key}/thread/").content.decode()


def test_a_supplier_who_forges_the_internal_button_is_refused(people):
    order = an_order()

    assert post(signed_in(people["asha"]), order, body="Hidden.", internal="1").status_code == 403
    assert stored() == []


def test_who_may_only_note_never_writes_to_the_supplier_by_mistake(people, monkeypatch):
    order = an_order()
    notes = COMPANY_ROLES[CompanyRole.ACCOUNTS_PAYABLE] - {Permission.THREAD_WRITE}
    monkeypatch.setitem(COMPANY_ROLES, CompanyRole.ACCOUNTS_PAYABLE, notes)

    post(signed_in(people["otto"]), order, body="Paid twice last year.")

    assert stored() == [("Paid twice last year.", True, "company")]


def test_a_clerk_reads_the_thread_and_has_no_place_to_write(people):
    order = an_order()
    clerk = signed_in(people["arun"])

    assert "textarea" not in clerk.get(f"/orders/{order.key}/thread/").content.decode()
    assert post(clerk, order, body="Hello?").status_code == 403


def test_strangers_find_neither_thread_nor_file(people):
    order = an_order()
    file = a_file(order, people["asha"])
    stranger = signed_in(people["gil"])

    assert stranger.get(f"/orders/{order.key}/thread/").status_code == 404
    assert post(stranger, order, body="Hello?").status_code == 404
    assert stranger.get(f"/files/{file.key}/").status_code == 404


def test_a_file_leaves_as_a_download_that_can_run_nothing(people):
    order = an_order()
    file = a_file(order, people["asha"], name="Zeichnung Größe 3.pdf")

    response = signed_in(people["bea"]).get(f"/files/{file.key}/")

    assert (response.status_code, response.content) == (200, PDF)
    assert response["Content-Type"] == "application/pdf"
    disposition = "attachment; filename*=utf-8''Zeichnung%20Gr%C3%B6%C3%9Fe%203.pdf"
    assert response["Content-Disposition"] == disposition
    assert response["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'; sandbox"
    assert response["X-Content-Type-Options"] == "nosniff"


def test_the_file_of_a_note_is_not_there_for_the_supplier(people):
    order = an_order()
    file = a_file(order, people["bea"], internal=True)

    assert signed_in(people["asha"]).get(f"/files/{file.key}/").status_code == 404
    assert signed_in(people["otto"]).get(f"/files/{file.key}/").status_code == 200


def test_files_are_added_without_a_word(people):
    order = an_order()
    upload = SimpleUploadedFile("drawing.pdf", PDF)

    response = signed_in(people["asha"]).post(f"/orders/{order.key}/files/", {"files": [upload]})

    assert response.status_code == 303
    with acting(FEED):
        assert Attachment.objects.get().message is None


def test_no_file_chosen_is_told(people):
    order = an_order()

    response = signed_in(people["asha"]).post(f"/orders/{order.key}/files/")

    assert response.status_code == 422
    assert "Choose a file first." in response.content.decode()
