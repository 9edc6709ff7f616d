"""Terms that are written anew reach everybody who goes by them, also whoever is long done with its onboarding."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.kernel.errors import NotAllowed, NotFound
from portal.kernel.scope import acting
from suppliers.messages import SupplierPaper
from suppliers.models import Membership, Supplier
from suppliers.onboarding.messages import (
    ExcludeSuppliers,
    InviteSuppliers,
    Step,
    Target,
    WriteTemplate,
    WriteTerms,
)
from suppliers.onboarding.models import OnboardingRun, OnboardingTemplate, Terms, TermsAccepted
from suppliers.onboarding.services import (
    accept_terms,
    approve_onboarding,
    ask_for_terms,
    exclude_suppliers,
    hand_in,
    invite_suppliers,
    write_template,
    write_terms,
)
from suppliers.services import receive_suppliers
from tests.builders.notices import mailed
from tests.people import FEED, signed_in

pytestmark = pytest.mark.django_db(transaction=True)

ASHA = "Asha Acme <asha@supplier.example>"
ASKED = "Please accept for Acme Valves: Code of conduct"


def do(actor, verb, *args, at=None, **more):
    with acting(actor):
        return verb(*args, actor=actor, at=at or timezone.now(), **more)


def letters():
    """Who got which mail, by subject."""
    return sorted((one.to[0], one.subject) for one in mailed())


def write(root, text="Be kind.", **more):
    return do(root, write_terms, WriteTerms("conduct", "Code of conduct", {"en": text}), **more)


def run_of(number):
    with acting(FEED):
        return OnboardingRun.objects.get(supplier__number=number)


@pytest.fixture
def root(people):
    """Suppliers are asked for the code of conduct, and Acme and Globex are invited."""
    actor = people["root"].actor
    write(actor)
    steps = (Step("terms", wants=("conduct",)),)
    do(actor, write_template, WriteTemplate("all", "All", steps))
    do(actor, invite_suppliers, InviteSuppliers((Target("ACME"), Target("GLOBEX"))))
    return actor


@pytest.fixture
def done(people, root):
    """Acme has accepted them and is done; Globex has looked at nothing yet."""
    asha = people["asha"].actor
    key = run_of("ACME").key
    do(asha, accept_terms, key, "conduct", 1)
    do(asha, hand_in, key)
    do(root, approve_onboarding, key, None)
    mailed()
    return asha


def test_whoever_is_done_is_mailed_and_reminded_by_its_first_page_until_it_has_accepted(people, root, done):
    page = signed_in(people["asha"])
    assert page.get("/").context["terms"] == []
    write(root, "Be very kind.")
    (letter,) = mailed()  # Globex, which never accepted any, is reminded of its steps as ever
    assert (letter.to, letter.subject) == ([ASHA], ASKED)
    assert "/getting-started/terms/" in letter.body
    assert "What you accepted before was an older version." in letter.body
    first = page.get("/")
    assert [(one.title, one.number) for one in first.context["terms"]] == [("Code of conduct", 2)]
    assert "New terms wait for your word." in first.context["title"]
    assert b'href="/getting-started/terms/"' in page.get("/getting-started/").content
    do(done, accept_terms, run_of("ACME").key, "conduct", 2)
    assert page.get("/").context["terms"] == []
    assert run_of("ACME").state == "active"


def test_what_is_accepted_before_its_mail_leaves_is_not_mailed(root, done):
    write(root, "Be very kind.")
    do(done, accept_terms, run_of("ACME").key, "conduct", 2)
    assert letters() == []
    write(root, "Be the kindest.")
    assert letters() == [(ASHA, ASKED)]


def test_whoever_cannot_accept_is_not_asked(root, done):
    with acting(FEED):
        Supplier.objects.filter(number="ACME").update(state="blocked")
    write(root, "Be very kind.")
    assert letters() == []
    with acting(FEED):
        Supplier.objects.filter(number="ACME").update(state="active")
        OnboardingRun.objects.filter(supplier__number="ACME").update(state="left")
    write(root, "Be the kindest.")
    assert letters() == []


def test_who_is_excluded_is_not_asked(root, done):
    do(root, exclude_suppliers, ExcludeSuppliers(("ACME",), "ending"))
    write(root, "Be very kind.")
    assert letters() == []


def test_a_slip_that_is_mended_before_the_mails_leave_is_one_mail(root, done):
    write(root, "Be vary kind.")
    write(root, "Be very kind.")
    assert letters() == [(ASHA, ASKED)]


def test_our_administrator_sees_who_has_not_accepted_and_asks_them_once_a_day(people, root, done):
    page = signed_in(people["root"])
    assert [
        (one.terms.code, one.accepted, one.asked) for one in page.get("/onboarding/terms/").context["rows"]
    ] == [("conduct", 1, 2)]
    write(root, "Be very kind.", at=timezone.now() - timedelta(hours=25))
    letters()
    (row,) = page.get("/onboarding/terms/").context["rows"]
    assert (row.accepted, row.asked) == (0, 2)
    where = "/onboarding/terms/conduct/"
    owing = page.get(where)
    assert [(one.supplier.number, one.state, one.accepted_number) for one in owing.context["page"].rows] == [
        ("ACME", "active", 1),
        ("GLOBEX", "started", None),
    ]
    assert [one["count"] for one in owing.context["views"]] == [2, 0]
    for told in ("One supplier is asked once more.", "Nobody is mailed"):
        asked = page.post(f"{where}ask/", follow=True)
        assert told in asked.content.decode()
    assert letters() == [(ASHA, ASKED)]
    do(done, accept_terms, run_of("ACME").key, "conduct", 2)
    (accepted,) = page.get(f"{where}?view=accepted").context["page"].rows
    assert (accepted.supplier.number, accepted.accepted_by) == ("ACME", "Asha Acme")
    assert page.get("/onboarding/terms/nothing/").status_code == 404
    with pytest.raises(NotAllowed):
        do(done, ask_for_terms, "conduct")
    with pytest.raises(NotFound):
        do(root, ask_for_terms, "nothing")


def test_as_many_queries_for_thirty_as_for_one(people, root, done):
    page = signed_in(people["root"])
    page.get("/onboarding/terms/conduct/")

    def asked():
        return CaptureQueriesContext(connection)

    with asked() as one:
        write(root, "Be very kind.")
        page.get("/onboarding/terms/")
        page.get("/onboarding/terms/conduct/")
    with acting(FEED):
        receive_suppliers(
            [SupplierPaper(f"B{n:02}", f"Bolt {n:02}", "DE", "EUR", "de", "UTC", "core") for n in range(29)]
        )
        template, first = OnboardingTemplate.objects.get(), Terms.objects.get(number=1)
        for supplier in Supplier.objects.filter(number__startswith="B").order_by("id"):
            Membership.objects.create(user=people["asha"].user, supplier=supplier, role="administrator")
            OnboardingRun.objects.create(
                supplier=supplier, template=template, state="active", how="one", invited_at=timezone.now()
            )
            TermsAccepted.objects.create(
                supplier=supplier,
                terms=first,
                language="en",
                accepted_at=timezone.now(),
                accepted_by="Asha Acme",
            )
    with asked() as thirty:
        write(root, "Be the kindest.")
        page.get("/onboarding/terms/")
        assert len(page.get("/onboarding/terms/conduct/").context["page"].rows) == 31
    assert len(thirty) == len(one)


def test_a_program_of_ours_reads_who_has_accepted_which_version(people, root, done):
    page = signed_in(people["root"])

    def read(path):
        return page.get(f"/api/v1/terms{path}").json()["results"]

    def acceptances(query=""):
        rows = read(f"/conduct/acceptances{query}")
        return [(one["supplier"], one["accepted_by"], one["accepted_number"]) for one in rows]

    (told,) = read("")
    assert {name: told[name] for name in ("code", "title", "number", "asked", "accepted")} == {
        "code": "conduct",
        "title": "Code of conduct",
        "number": 1,
        "asked": 2,
        "accepted": 1,
    }
    acme, globex = ("ACME", "Asha Acme", 1), ("GLOBEX", None, None)
    assert acceptances() == [acme, globex]
    assert (acceptances("?accepted=yes"), acceptances("?accepted=no")) == ([acme], [globex])
    assert page.get("/api/v1/terms/conduct/acceptances?limit=1").json()["next"] is not None
    write(root, "Be very kind.")
    assert acceptances("?accepted=no") == [("ACME", None, 1), globex]
    assert page.get("/api/v1/terms/none/acceptances").status_code == 404
    assert [signed_in(people[who]).get("/api/v1/terms").status_code for who in ("asha", "bea")] == [403, 403]
