"""Documents in a browser's eyes and a program's: asked, supplied, reviewed, set up."""

import base64
import re
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from portal.kernel.scope import acting
from suppliers.documents.models import DocumentKind, DocumentVersion, Requirement
from suppliers.models import Membership
from suppliers.roles import TokenScope
from tests.builders.documents import (
    PDF,
    a_picture,
    accept,
    clock,
    fresh_version,
    refuse,
    require,
    states,
    supplier_named,
    supply,
)
from tests.builders.programs import a_program
from tests.people import FEED

pytestmark = pytest.mark.django_db

LONG = date(2099, 12, 31)


@pytest.fixture
def at(people):
    def browser(name):
        client = Client()
        client.force_login(people[name].user)
        return client

    return browser


def text_of(page):
    return " ".join(re.sub(r"<[^>]+>", " ", page.content.decode()).split())


def test_from_the_first_page_to_an_accepted_document(people, at):
    require()
    clock(timezone.now())
    asha, root = at("asha"), at("root")
    home = text_of(asha.get("/"))
    assert "Documents orders go on meanwhile" in home
    assert "ISO 9001 Due by" in home
    page = text_of(asha.get("/documents/"))
    assert "One document is asked of you. Orders go on meanwhile." in page
    assert "The certificate of your quality management." in page
    url = reverse("document-supply", args=[supplier_named("ACME").key, "iso-9001"])
    assert "Valid until" in text_of(asha.get(url))

    bad = asha.post(url, {"file": SimpleUploadedFile("a.exe", b"MZ")})
    assert (bad.status_code, states()) == (422, [])
    assert "PDF, PNG, JPG" in text_of(bad)
    assert asha.post(url, {}).status_code == 422
    sent = asha.post(url, {"file": SimpleUploadedFile("iso.png", a_picture()), "valid_until": "2099-12-31"})
    assert sent.status_code == 303
    shown = asha.get(sent["Location"])
    assert "In review" in text_of(shown)
    assert "Virus scan" not in text_of(shown)
    assert "Documents orders go on" not in text_of(asha.get("/"))

    queue = text_of(root.get("/documents/"))
    assert "ISO 9001 iso.png Acme Valves" in queue
    review = root.get(sent["Location"])
    assert "Not scanned: no virus scanner is set up" in text_of(review)
    with acting(FEED):
        version = DocumentVersion.objects.get()
    picture = root.get(reverse("document-picture", args=[version.key]))
    assert (picture["Content-Type"], picture["Content-Disposition"]) == ("image/png", "inline")
    assert root.post(reverse("document-refuse", args=[version.key]), {"version": 2}).status_code == 422
    stale = root.post(
        reverse("document-accept", args=[version.key]), {"version": 1, "valid_until": "2099-12-31"}
    )
    assert stale.status_code == 409
    wrong = root.post(
        reverse("document-accept", args=[version.key]), {"version": 2, "valid_until": "2001-01-01"}
    )
    assert "ended already" in text_of(wrong)
    done = root.post(
        reverse("document-accept", args=[version.key]), {"version": 2, "valid_until": "2099-12-31"}
    )
    assert (done.status_code, states()) == (303, [(1, "accepted")])
    assert "Valid until 31 Dec 2099." in text_of(asha.get("/documents/"))


def test_who_supplied_it_reads_that_somebody_else_reviews(people, at):
    version = supply(people["root"])
    page = text_of(at("root").get(reverse("document-version", args=[version.key])))
    assert "You supplied it: somebody else reviews it." in page
    assert "It is right" not in page
    assert (
        at("root")
        .post(reverse("document-refuse", args=[version.key]), {"version": 2, "reason": "No."})
        .status_code
        == 403
    )
    assert "It is right" in text_of(at("max").get(reverse("document-version", args=[version.key])))


def test_a_refused_one_says_why_and_what_was_accepted_stays(people, at):
    accept(supply(people["asha"], valid_until=LONG, at=timezone.now()), people["root"], at=timezone.now())
    refuse(supply(people["asha"], content=PDF + b"2", valid_until=LONG, at=timezone.now()), people["root"])
    page = text_of(at("asha").get("/documents/"))
    assert "Valid until 31 Dec 2099. The last one was not accepted: It is not signed." in page
    assert "Refused" in text_of(at("root").get("/documents/?view=refused"))
    assert "Acme Valves" in text_of(at("root").get("/documents/?view=accepted"))


def test_a_pdf_is_saved_and_never_shown(people, at):
    version = supply(people["asha"])
    for page in ("document-file", "document-picture"):
        response = at("root").get(reverse(page, args=[version.key]))
        assert response["Content-Disposition"] == 'attachment; filename="iso-9001.pdf"'
        assert (response["X-Content-Type-Options"], response["Content-Type"]) == (
            "nosniff",
            "application/pdf",
        )
    assert "<img" not in at("root").get(reverse("document-version", args=[version.key])).content.decode()


def test_the_address_of_a_file_opens_only_for_who_is_there_and_may_at_that_moment(people, at):
    file = reverse("document-file", args=[supply(people["asha"]).key])
    asha, gil = at("asha"), at("gil")
    assert asha.get(file).status_code == 200
    assert gil.get(file).status_code == 404  # who was sent the address, at another supplier
    assert Client().get(file)["Location"].startswith("/accounts/login/")

    with acting(FEED):
        Membership.objects.get(user=people["asha"].user).delete()
    assert asha.get(file).status_code in (403, 404)  # the very next time, in the session that stands
    signs_out = at("root")
    assert signs_out.get(file).status_code == 200
    signs_out.logout()
    assert signs_out.get(file)["Location"].startswith("/accounts/login/")


def test_set_up(people, at):
    root = at("root")
    assert "Nothing is required yet" in text_of(root.get("/documents/setup/"))
    said = {
        "kind": "insurance",
        "countries": "in, de",
        "segments": ["core"],
        "compulsory": "on",
        "expires": "on",
    }
    said |= {"grace_days": "14", "from_on": "2026-01-01"}
    assert root.post("/documents/setup/requirements/", said).status_code == 303
    assert "Liability insurance IN, DE · Core Compulsory, with an end, 14 days of grace" in text_of(
        root.get("/documents/setup/")
    )
    assert "required already" in text_of(root.post("/documents/setup/requirements/", said))
    bad = root.post("/documents/setup/requirements/", {**said, "countries": "INDIA"})
    assert "INDIA is no country code" in text_of(bad)
    assert root.post("/documents/setup/kinds/", {"name": "ISO 45001", "code": "iso-45001"}).status_code == 303
    assert root.post("/documents/setup/kinds/", {"name": "ISO 45001", "code": "other-x"}).status_code == 422
    assert root.post("/documents/setup/kinds/", {"name": "", "code": "A B"}).status_code == 422
    assert root.post("/documents/setup/kinds/iso-45001/retire/").status_code == 303
    with acting(FEED):
        key = Requirement.objects.get().key
        assert DocumentKind.objects.exclude(retired_at=None).count() == 1
    assert root.post(f"/documents/setup/requirements/{key}/retire/").status_code == 303
    assert "Nothing is required yet" in text_of(root.get("/documents/setup/"))


def test_as_many_queries_for_thirty_rows_as_for_one(people, at):
    require()
    now = timezone.now()
    root, asha = at("root"), at("asha")
    with acting(FEED):
        kinds = [DocumentKind(code=f"k-{n}", name=f"Kind {n}") for n in range(29)]
        DocumentKind.objects.bulk_create(kinds)

    def queries(client, url):
        client.get(url)
        with CaptureQueriesContext(connection) as found:
            assert client.get(url).status_code == 200
        return len(found)

    supply(people["asha"], valid_until=LONG, at=now)
    pages = [(root, "/documents/"), (asha, "/documents/"), (asha, "/")]
    few = [queries(*one) for one in pages]
    for kind in kinds:
        supply(people["asha"], kind.code, valid_until=LONG, at=now)
    assert [queries(*one) for one in pages] == few


def test_programs_supply_and_read_and_reviewers_decide(people, world):
    require()
    clock(timezone.now())
    program = a_program(world["ACME"], TokenScope.DOCUMENTS)
    asked = program.get("/api/v1/documents/asked").json()
    assert (asked["supplier"], asked["documents"][0]["standing"]) == ("ACME", "missing")
    sent = {"kind": "iso-9001", "name": "a.pdf", "content": base64.b64encode(PDF).decode()}
    short = program.post("/api/v1/documents", sent)
    assert (short.status_code, short.json()["problems"][0]["field"]) == (422, "valid_until")
    assert program.post("/api/v1/documents", {**sent, "state": "accepted"}).status_code == 400
    assert program.post("/api/v1/documents", {**sent, "content": "%"}).status_code == 422
    made = program.post("/api/v1/documents", {**sent, "valid_until": "2099-12-31"}).json()
    assert (made["state"], made["scan"], made["supplier"], made["on_behalf"]) == (
        "in_review",
        "off",
        "ACME",
        False,
    )
    file = program.get(f"/api/v1/documents/{made['key']}/file").json()
    assert base64.b64decode(file["content"]) == PDF
    assert [one["key"] for one in program.get("/api/v1/documents").json()["results"]] == [made["key"]]
    stranger = a_program(world["GLOBEX"], TokenScope.DOCUMENTS)
    assert stranger.get(f"/api/v1/documents/{made['key']}").status_code == 404
    assert stranger.get("/api/v1/documents").json()["results"] == []
    assert program.post(f"/api/v1/documents/{made['key']}/accept", {"version": 2}).status_code == 403
    assert a_program(world["ACME"]).get("/api/v1/documents").status_code == 403

    max_ = Client()
    max_.force_login(people["max"].user)
    url = f"/api/v1/documents/{made['key']}"
    late = max_.post(f"{url}/refuse", {"version": 1, "reason": "No."}, content_type="application/json")
    assert late.status_code == 409
    done = max_.post(
        f"{url}/accept", {"version": 2, "valid_until": "2099-12-31"}, content_type="application/json"
    )
    assert (done.status_code, done.json()["state"]) == (200, "accepted")
    of_one = max_.get("/api/v1/documents/asked", {"supplier": "ACME"}).json()
    assert of_one["documents"][0]["standing"] == "in_force"
    assert max_.get("/api/v1/documents/asked").status_code == 422
    with acting(FEED):
        assert fresh_version(DocumentVersion.objects.get()).channel == "api"
