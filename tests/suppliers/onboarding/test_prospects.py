"""Prospects: suppliers that are being won are invited by name, beside others, and get the ERP's number later."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.kernel.errors import Invalid, NotAllowed
from portal.kernel.scope import acting
from suppliers.messages import SupplierPaper
from suppliers.models import Invitation, Supplier
from suppliers.onboarding.messages import InviteSuppliers, Step, Target, WriteTemplate
from suppliers.onboarding.models import OnboardingRun
from suppliers.onboarding.services import invite_suppliers, number_prospect, preview, write_template
from suppliers.services import receive_suppliers
from tests.builders.notices import mailed
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)

UMBRA = Target("", "Nia@Umbra.example", "Nia", company="Umbra  Seals", country="at")


def do(actor, verb, *args, **more):
    with acting(actor):
        return verb(*args, actor=actor, at=timezone.now(), **more)


def signed_in(person):
    client = Client()
    client.force_login(person.user)
    return client


def invite(people, *targets):
    return do(people["root"].actor, invite_suppliers, InviteSuppliers(targets))


def a_prospect(people):
    (run,) = invite(people, UMBRA).runs
    return run


def test_a_prospect_is_invited_by_name_in_one_run_with_others(people):
    outcome = invite(people, Target("GLOBEX"), UMBRA)
    assert (len(outcome.runs), outcome.problems) == (2, ())
    with acting(FEED):
        won = Supplier.objects.get(name="Umbra Seals")
        assert (won.country, won.email, won.is_prospect) == ("AT", "nia@umbra.example", True)
        assert (won.number[:2], len(won.number)) == ("P-", 10)
        assert Invitation.objects.get(supplier=won).address == "nia@umbra.example"
        assert not Supplier.objects.get(number="GLOBEX").is_prospect
    assert "Nia <nia@umbra.example>" in [one.to[0] for one in mailed()]


def test_rules_hold_for_a_prospect(people):
    root = people["root"].actor
    do(root, write_template, WriteTemplate("all", "All", (Step("company"),)))
    austria = do(root, write_template, WriteTemplate("austria", "Austria", (Step("tax"),), countries=("AT",)))
    run = a_prospect(people)
    assert (run.template_id, run.why) == (austria.pk, [["country", "AT"]])


@pytest.mark.parametrize(
    ("target", "field", "code"),
    [
        (Target("", "nia@umbra.example", company="Umbra", country=""), "country", "unknown"),
        (Target("", "nia@umbra.example", company="Umbra", country="XX"), "country", "unknown"),
        (Target("", "", company="Umbra", country="AT"), "address", "address"),
        (Target("", "nia", company="Umbra", country="AT"), "address", "address"),
        (Target("", "nia@umbra.example", company="U" * 151, country="AT"), "company", "too_long"),
        (Target("", "", "", company="", country="AT"), "supplier", "unknown"),
    ],
)
def test_one_that_cannot_be_invited_never_sinks_the_others(people, target, field, code):
    outcome = invite(people, target, UMBRA)
    assert [run.supplier.name for run in outcome.runs] == ["Umbra Seals"]
    assert [(one.field, one.code) for one in outcome.problems] == [(field, code)]


def test_one_that_may_be_here_already_is_invited_by_its_number(people):
    first = a_prospect(people)
    with acting(FEED):
        acme = Supplier.objects.get(number="ACME")
    same = (
        UMBRA,
        Target("", "nia@umbra.example", company="Another", country="DE"),
        Target("", "new@acme.example", company=acme.name.upper(), country=acme.country),
    )
    outcome = invite(people, *same)
    assert outcome.runs == ()
    assert [(one.code, one.value) for one in outcome.problems] == [
        ("known", "Umbra Seals"),
        ("known", "Another"),
        ("known", acme.name.upper()),
    ]
    assert first.supplier.number in outcome.problems[0].message
    twice = invite(people, *[Target("", "o@o.example", company="Orb", country="DE")] * 2)
    assert (len(twice.runs), [one.code for one in twice.problems]) == (1, ["twice"])


def test_what_would_come_of_it_is_told_and_nothing_is_written(people):
    outcome = do(people["root"].actor, preview, (UMBRA, Target("NONE")))
    assert [(run.supplier.name, run.address) for run in outcome.runs] == [
        ("Umbra Seals", "nia@umbra.example")
    ]
    assert [one.code for one in outcome.problems] == ["unknown"]
    with acting(FEED):
        assert not Supplier.objects.filter(is_prospect=True).exists()


def test_its_number_comes_from_the_erp(people):
    run = a_prospect(people)
    root = people["root"].actor
    do(root, number_prospect, run.key, " 70123 ")
    with acting(FEED):
        receive_suppliers(
            [SupplierPaper("70123", "Umbra Seals GmbH", "AT", "EUR", email="office@umbra.example")]
        )
        won = Supplier.objects.get(pk=run.supplier_id)
        assert (won.number, won.name, won.is_prospect) == ("70123", "Umbra Seals GmbH", False)
        assert OnboardingRun.objects.get(supplier__number="70123").key == run.key


def test_a_number_that_is_taken_or_none_joins_nothing(people):
    run = a_prospect(people)
    root = people["root"].actor
    for number, code in (("acme", "taken"), (" ", "required"), ("7" * 41, "required")):
        with pytest.raises(Invalid) as refused:
            do(root, number_prospect, run.key, number)
        assert [one.code for one in refused.value.problems] == [code]
    with pytest.raises(NotAllowed):
        do(people["bea"].actor, number_prospect, run.key, "70123")
    do(root, number_prospect, run.key, "70123")
    with pytest.raises(Invalid) as refused:
        do(root, number_prospect, run.key, "70124")
    assert refused.value.problems[0].message == "Umbra Seals has its number already: 70123."


def test_an_administrator_invites_one_and_gives_it_its_number(people):
    page = signed_in(people["root"])
    said = {"company": "Umbra Seals", "country": "AT", "address": "nia@umbra.example", "name": "Nia"}
    bad = page.post("/onboarding/invite/", {**said, "country": ""})
    assert (bad.status_code, list(bad.context["prospect"].errors)) == (422, ["country"])
    answer = page.post("/onboarding/invite/", said, follow=True)
    assert "Umbra Seals is invited." in answer.content.decode()
    where = answer.redirect_chain[-1][0]
    again = page.post("/onboarding/invite/", said)
    assert (again.status_code, list(again.context["prospect"].errors)) == (422, ["company"])
    taken = page.post(f"{where}number/", {"number": "ACME"})
    assert (taken.status_code, list(taken.context["number"].errors)) == (422, ["number"])
    done = page.post(f"{where}number/", {"number": "70123"}, follow=True)
    assert "It is known by its number in the ERP now." in done.content.decode()
    assert done.context["number"] is None


def test_a_sheet_has_prospects_beside_others(people):
    page = signed_in(people["root"])
    sheet = b"Lieferantennummer;E-Mail;Firma;Land\nGLOBEX;;Globex;DE\n;nia@umbra.example;Umbra Seals;at\n;;Orb;DE\n"
    where = page.post("/onboarding/sheets/", {"file": SimpleUploadedFile("s.csv", sheet)})["Location"]
    shown = page.get(where)
    assert [one.supplier.name for one in shown.context["fit"]] == ["Globex", "Umbra Seals"]
    assert [(one.line, one.value, one.code) for one in shown.context["problems"]] == [("4", "Orb", "address")]
    assert "a prospect, not in the ERP yet" in shown.content.decode()
    page.post(where)
    page.post(where)
    with acting(FEED):
        assert OnboardingRun.objects.filter(how="sheet").count() == 2


def test_a_program_invites_prospects_and_gives_numbers(people):
    page = signed_in(people["root"])

    def post(path, body):
        return page.post(f"/api/v1/onboardings{path}", body, content_type="application/json")

    new = {"company": "Umbra Seals", "country": "AT", "address": "nia@umbra.example"}
    told = post("", {"suppliers": [{"supplier": "GLOBEX"}, new, {"company": "Orb", "country": "DE"}]}).json()
    assert told["invited"][0] == "GLOBEX"
    assert told["invited"][1].startswith("P-")
    assert [(one["supplier"], one["code"]) for one in told["not_invited"]] == [("Orb", "address")]
    with acting(FEED):
        key = OnboardingRun.objects.get(supplier__name="Umbra Seals").key
    numbered = post(f"/{key}/number", {"number": "70123"})
    assert (numbered.status_code, numbered.json()["supplier"]) == (200, "70123")
    assert post(f"/{key}/number", {"number": "70124"}).status_code == 422


def test_as_many_queries_for_thirty_prospects_as_for_one(people):
    def many(count, mark):
        return [
            Target("", f"p{n}@{mark}.example", company=f"Prospect {mark} {n}", country="DE")
            for n in range(count)
        ]

    invite(people, *many(1, "first"))
    with CaptureQueriesContext(connection) as one:
        invite(people, *many(1, "one"))
    with CaptureQueriesContext(connection) as thirty:
        assert len(invite(people, *many(30, "thirty")).runs) == 30
    assert len(thirty) == len(one)
