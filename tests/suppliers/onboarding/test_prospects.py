"""Prospects: suppliers that are being won are invited by name, beside others, and get the ERP's number later."""

from dataclasses import replace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.kernel.audit.models import AuditEvent
from portal.kernel.audit.services import record as audit
from portal.kernel.errors import Invalid, NotAllowed
from portal.kernel.scope import acting
from suppliers.messages import SupplierPaper, SupplierSitePaper
from suppliers.models import Invitation, Supplier
from suppliers.onboarding.messages import InviteSuppliers, Step, Target, WriteTemplate
from suppliers.onboarding.models import OnboardingRun
from suppliers.onboarding.services import invite_suppliers, number_prospect, preview, write_template
from suppliers.screening.messages import Listed
from suppliers.screening.queries import SCREENER
from suppliers.screening.services import load_list, screen_suppliers
from suppliers.services import receive_supplier_sites, receive_suppliers, set_here
from tests.builders.notices import mailed
from tests.builders.world import a_paper, receive
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


BROUGHT = SupplierPaper(
    "70123", "Umbra Seals GmbH", "AT", "EUR", "de", "Europe/Vienna", "core", "office@umbra.example"
)


def brought(paper=BROUGHT):
    """What the ERP's reading brought before anybody gave the prospect its number."""
    with acting(FEED):
        receive_suppliers([paper])
        receive_supplier_sites([SupplierSitePaper("70123", "01", "Plant", "", "4020", "Linz", "AT", 2)])
        return Supplier.objects.get(number="70123")


def test_a_record_that_the_erp_brought_first_is_taken_over_once_it_is_said_to_be_the_same(people):
    run, record = a_prospect(people), brought(replace(BROUGHT, blocked=True))
    with acting(FEED):
        ours = Supplier.objects.get(pk=run.supplier_id)
        set_here(ours, language="fr")
        ours.save()
        load_list("own", [Listed("9", ("Somebody Else",))], b"1", actor=SCREENER, at=timezone.now())
        screen_suppliers(at=timezone.now())
    root = people["root"].actor
    with pytest.raises(Invalid) as refused:
        do(root, number_prospect, run.key, "70123")
    assert [(one.field, one.code) for one in refused.value.problems] == [("is_same", "unsaid")]
    assert "Umbra Seals GmbH, AT" in refused.value.problems[0].message
    with acting(FEED):
        assert Supplier.objects.filter(pk__in=[run.supplier_id, record.pk]).count() == 2
    do(root, number_prospect, run.key, "70123", is_same=True)
    with acting(FEED):
        aside = Supplier.objects.get(pk=record.pk)
        assert (aside.merged_into_id, aside.number[:2], aside.email) == (run.supplier_id, "P-", "")
        won = Supplier.objects.get(number="70123")
        assert (won.pk, won.key, won.is_prospect) == (run.supplier_id, ours.key, False)
        assert (won.name, won.currency, won.segment, won.state) == (
            "Umbra Seals GmbH",
            "EUR",
            "core",
            "blocked",
        )
        # What was set here stays, and what the ERP says of it stands beside it.
        assert (won.language, won.erp_says, won.email) == ("fr", {"language": "de"}, "office@umbra.example")
        assert list(won.sites.values_list("code", "city")) == [("01", "Linz")]
        (event,) = AuditEvent.objects.filter(kind="onboarding.numbered")
        assert event.facts == {
            "supplier": "Umbra Seals",
            "from": run.supplier.number,
            "to": "70123",
            "taken_over": "Umbra Seals GmbH",
        }


def _invited(record, people):
    invite(people, Target("70123", "other@umbra.example"))


def _set(record, people):
    with acting(FEED):
        set_here(record, language="fr")
        record.save()


def _ordered(record, people):
    receive(a_paper("45-9", supplier="70123"))


def _noted(record, people):
    with acting(FEED):
        audit(
            "supplier.renamed", record.stream, actor=FEED, at=timezone.now(), supplier_id=record.pk, facts={}
        )


@pytest.mark.parametrize("touch", [_invited, _set, _ordered, _noted])
def test_a_record_that_somebody_has_worked_with_is_not_taken_over(people, touch):
    run, record = a_prospect(people), brought()
    touch(record, people)
    with pytest.raises(Invalid) as refused:
        do(people["root"].actor, number_prospect, run.key, "70123", is_same=True)
    assert [one.code for one in refused.value.problems] == ["taken"]
    with acting(FEED):
        assert Supplier.objects.get(pk=record.pk).sites.count() == 1
        assert Supplier.objects.get(pk=run.supplier_id).is_prospect


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
    brought()
    unsaid = page.post(f"{where}number/", {"number": "70123"})
    assert (unsaid.status_code, list(unsaid.context["number"].errors)) == (422, ["is_same"])
    done = page.post(f"{where}number/", {"number": "70123", "is_same": "on"}, follow=True)
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
    brought()
    assert post(f"/{key}/number", {"number": "70123"}).json()["problems"][0]["code"] == "unsaid"
    numbered = post(f"/{key}/number", {"number": "70123", "is_same": True})
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
