"""Where documents are: two adapters, one contract; and the way from one to the other, cut short anywhere."""

import secrets
from urllib.parse import urlsplit

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portal.kernel.scope import acting
from suppliers.documents.models import DocumentContent, DocumentVersion
from suppliers.documents.services import carry_to_store, let_go
from suppliers.documents.store import DATABASE, StoreUnavailable, fetch, object_store
from suppliers.documents.store.s3 import S3Store
from suppliers.roles import TokenScope
from tests.builders.documents import (
    PDF,
    a_picture,
    accept,
    an_object_store,
    fresh_version,
    supplier_named,
    supply,
)
from tests.builders.programs import a_program
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def remote(settings):
    with an_object_store() as server:
        settings.DOCUMENT_STORE = urlsplit(server.url)
        yield server


class InDatabase:
    """The database's adapter, each call in a scope of its own."""

    def __getattr__(self, verb):
        def call(*args, **kwargs):
            with acting(FEED):
                return getattr(DATABASE, verb)(*args, **kwargs)

        return call


@pytest.fixture(params=["database", "s3"])
def store(request, world, remote):
    return InDatabase() if request.param == "database" else S3Store(urlsplit(remote.url))


def test_the_contract(store, world):
    name, other = secrets.token_hex(24), secrets.token_hex(24)
    mine = supplier_named("ACME").pk

    assert store.size(name) is None
    with pytest.raises(StoreUnavailable):
        store.get(name)
    store.put(name, b"one\0\xff", supplier_id=mine)
    store.put(name, b"one\0\xff", supplier_id=mine)
    store.put(other, b"", supplier_id=mine)
    assert (store.get(name), store.size(name), store.size(other)) == (b"one\0\xff", 5, 0)
    store.drop(name)
    store.drop(name)
    assert (store.size(name), store.get(other)) == (None, b"")


def content():
    with acting(FEED):
        return DocumentContent.objects.count()


def test_bytes_go_to_the_object_store_under_a_random_name_and_come_back_through_our_door(
    people, remote, world
):
    version = supply(people["asha"], name="../iso 9001.pdf")
    picture = supply(people["asha"], "insurance", name="a.png", content=a_picture())
    assert (content(), remote.objects) == (2, {})

    assert carry_to_store(timezone.now()) == 2
    assert carry_to_store(timezone.now()) == 0

    fresh = fresh_version(version)
    assert (fresh.place, content()) == ("s3", 0)
    assert remote.objects[f"/proofs/quayside/{fresh.stored_as}"] == PDF
    assert "iso" not in "".join(remote.objects)
    client = Client()
    client.force_login(people["asha"].user)
    page = client.get(reverse("document-file", args=[version.key]))
    assert (page.content, page["Content-Disposition"]) == (PDF, 'attachment; filename="iso 9001.pdf"')
    assert page["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'; sandbox"
    shown = client.get(reverse("document-picture", args=[picture.key]))
    assert (shown.content, shown["Content-Type"]) == (a_picture(), "image/png")
    stranger = Client()
    stranger.force_login(people["gil"].user)
    assert stranger.get(reverse("document-file", args=[version.key])).status_code == 404
    program = a_program(world["ACME"], TokenScope.DOCUMENTS)
    assert program.get(f"/api/v1/documents/{version.key}/file").json()["name"] == "iso 9001.pdf"


def test_an_object_store_that_is_down_loses_nothing_and_is_said_to_be_down(people, remote, world):
    version = supply(people["asha"])
    remote.down = True
    assert (carry_to_store(timezone.now()), content()) == (0, 1)
    remote.down = False
    assert carry_to_store(timezone.now()) == 1

    remote.down = True
    client = Client()
    client.force_login(people["asha"].user)
    page = client.get(reverse("document-file", args=[version.key]))
    assert (page.status_code, PDF in page.content) == (503, False)
    answer = a_program(world["ACME"], TokenScope.DOCUMENTS).get(f"/api/v1/documents/{version.key}/file")
    assert (answer.status_code, answer.json()["code"]) == (503, "store_unavailable")

    remote.down = False
    path = f"/proofs/quayside/{version.stored_as}"
    remote.objects[path] += b" "  # somebody was at it
    assert client.get(reverse("document-file", args=[version.key])).status_code == 503


def test_cut_short_after_the_copy_it_is_copied_again_and_let_go_once(people, remote, monkeypatch):
    version = supply(people["asha"])

    def cut(*_args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(DATABASE, "drop", cut)
        with pytest.raises(KeyboardInterrupt):
            carry_to_store(timezone.now())
    assert (fresh_version(version).place, content(), len(remote.objects)) == ("database", 1, 1)
    assert carry_to_store(timezone.now()) == 1
    assert (fresh_version(version).place, content(), len(remote.objects)) == ("s3", 0, 1)


def test_what_was_replaced_before_anybody_decided_is_let_go_of(people, remote):
    carried = supply(people["asha"])
    carry_to_store(timezone.now())
    kept = supply(people["asha"], content=PDF + b"2")
    early = supply(people["asha"], "insurance")
    accept(early, people["root"])
    accept(supply(people["asha"], "insurance", content=PDF + b"3"), people["root"])
    never = supply(people["asha"], "iso-14001")
    supply(people["asha"], "iso-14001", content=PDF + b"4")

    assert (let_go(timezone.now()), let_go(timezone.now())) == (2, 0)
    assert carry_to_store(timezone.now()) == 4
    assert [fresh_version(one).place for one in (carried, never, early, kept)] == ["nowhere"] * 2 + ["s3"] * 2
    assert (content(), len(remote.objects)) == (0, 4)
    client = Client()
    client.force_login(people["asha"].user)
    page = client.get(reverse("document-file", args=[never.key]))
    assert (page.status_code, "is not kept" in page.content.decode()) == (409, True)
    assert client.get(reverse("document-version", args=[never.key])).status_code == 200

    # With the object store down the row lets go of it all the same: it lies there under a name that nobody has.
    supply(people["asha"], content=PDF + b"5")
    remote.down = True
    assert (let_go(timezone.now()), fresh_version(kept).place, len(remote.objects)) == (1, "nowhere", 4)


def test_without_an_object_store_everything_stays(people, settings):
    settings.DOCUMENT_STORE = None
    version = supply(people["asha"])
    assert (object_store(), carry_to_store(timezone.now()), content()) == (None, 0, 1)
    with pytest.raises(StoreUnavailable):
        fetch("s3", version.stored_as, version.sha256)
    with acting(FEED):
        assert DocumentVersion.objects.get().place == "database"


def test_no_call_to_an_object_store_is_made_inside_a_transaction(remote):
    store = S3Store(urlsplit(remote.url))
    with pytest.raises(RuntimeError, match="transaction"), transaction.atomic():
        store.get("x")
    assert remote.calls == []
