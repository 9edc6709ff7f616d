"""Who has what, of all suppliers: what is missing, ends, is overdue or counts, on a page and as a file."""

import csv
import io
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.kernel.scope import acting
from suppliers.documents import views
from suppliers.documents.models import DocumentVersion
from suppliers.messages import SupplierPaper
from suppliers.models import Supplier
from suppliers.services import receive_suppliers
from tests.builders.documents import accept, clock, require, supply
from tests.people import FEED, signed_in

pytestmark = pytest.mark.django_db

PAGE = "/documents/holders/"


@pytest.fixture
def now():
    return timezone.now()


def shown(answer):
    return [(one.supplier.number, one.row.kind.code, one.row.held.standing) for one in answer.context["rows"]]


def counts(answer):
    return [one["count"] for one in answer.context["views"]]


@pytest.fixture
def root(people, now):
    """A certificate and an insurance are required; Acme has a certificate for 60 days, and an insurance that ends."""
    require("iso-9001", grace_days=0)
    require("insurance")
    today = now.date()
    for kind, days in (("iso-9001", 60), ("insurance", 10)):
        version = supply(people["asha"], kind, at=now, valid_until=today + timedelta(days=days))
        accept(version, people["root"], at=now)
    clock(now - timedelta(days=2))
    return signed_in(people["root"])


def test_what_each_supplier_lacks_has_or_is_about_to_lose_is_on_one_page(people, root, now):
    lacking = root.get(PAGE)
    assert shown(lacking) == [("GLOBEX", "insurance", "missing"), ("GLOBEX", "iso-9001", "late")]
    assert counts(lacking) == [2, 1, 0, 2]
    assert shown(root.get(PAGE, {"view": "ending"})) == [("ACME", "insurance", "ending")]
    assert shown(root.get(PAGE, {"view": "held", "kind": "iso-9001"})) == [("ACME", "iso-9001", "in_force")]
    for days, found in ((30, ["insurance"]), (90, ["iso-9001", "insurance"])):
        held = root.get(PAGE, {"view": "held", "ends": str(days)})
        assert [kind for _number, kind, _standing in shown(held)] == found
    assert shown(root.get(PAGE, {"q": "acme"})) == []
    supply(people["gil"], "insurance", supplier="GLOBEX", at=now)  # it is ours to look at now
    assert shown(root.get(PAGE)) == [("GLOBEX", "iso-9001", "late")]
    clock(now)  # one of ours is told within the hour
    assert shown(root.get(PAGE, {"view": "late"})) == [("GLOBEX", "iso-9001", "late")]


def test_who_has_left_and_a_record_that_is_another_ones_are_not_there(root, now):
    with acting(FEED):
        Supplier.objects.filter(number="GLOBEX").update(left_at=now, leaving_on=now.date())
    assert counts(root.get(PAGE)) == [0, 1, 0, 2]


def test_the_list_is_saved_as_it_is_shown_and_no_cell_is_a_formula(people, root):
    with acting(FEED):
        Supplier.objects.filter(number="ACME").update(name="=1+1")
    answer = root.get("/documents/holders.csv", {"view": "held", "kind": "iso-9001"})
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    head, row = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
    told = dict(zip(head, row, strict=True))
    assert (told["supplier"], told["name"], told["document"]) == ("ACME", "'=1+1", "ISO 9001")
    with acting(FEED):
        until = DocumentVersion.objects.get(document__kind__code="iso-9001").valid_until
    assert (told["standing"], told["valid until"]) == ("in_force", until.isoformat())


def test_a_list_that_no_sheet_is_to_hold_is_refused(root, monkeypatch):
    monkeypatch.setattr(views, "MOST_ROWS", 1)
    assert root.get("/documents/holders.csv", {"view": "held", "kind": "iso-9001"}).status_code == 200
    answer = root.get("/documents/holders.csv", {"view": "held"})
    assert "more than 1 rows. Narrow the list" in answer.content.decode()


def test_it_is_the_buying_sides(people, root):
    assert signed_in(people["asha"]).get(PAGE)["Location"] == "/documents/"
    assert signed_in(people["asha"]).get("/documents/holders.csv")["Location"] == "/documents/"
    assert signed_in(people["bea"]).get(PAGE).status_code == 403


def test_as_many_queries_for_thirty_as_for_one(root, now):
    def queries(url):
        root.get(url)
        with CaptureQueriesContext(connection) as found:
            assert root.get(url).status_code == 200
        return len(found)

    urls = (PAGE, "/documents/holders.csv")
    few = [queries(url) for url in urls]
    with acting(FEED):
        receive_suppliers(
            [SupplierPaper(f"B{n:02}", f"Bolt {n:02}", "DE", "EUR", "de", "UTC", "core") for n in range(30)]
        )
    clock(now)
    assert len(root.get(PAGE).context["rows"]) == 50
    assert [queries(url) for url in urls] == few


def test_a_program_reads_it_of_all_suppliers_and_a_suppliers_its_own(people, root, now):
    def held(client, **query):
        told = client.get("/api/v1/documents/held", query).json()["results"]
        return [(one["supplier"], one["kind"], one["standing"]) for one in told]

    assert held(root, holding="missing") == [
        ("GLOBEX", "insurance", "missing"),
        ("GLOBEX", "iso-9001", "late"),
    ]
    iso = ("ACME", "iso-9001", "in_force")
    assert sorted(held(root, supplier="ACME")) == [("ACME", "insurance", "ending"), iso]
    assert held(root, kind="iso-9001", holding="held") == [iso]
    within = (now.date() + timedelta(days=30)).isoformat()
    assert held(root, holding="held", ends_by=within) == [("ACME", "insurance", "ending")]
    assert root.get("/api/v1/documents/held", {"holding": "lost"}).status_code == 400
    asha = signed_in(people["asha"])
    assert held(asha, supplier="GLOBEX") == []
    assert {number for number, _kind, _standing in held(asha)} == {"ACME"}
