"""Onboarding on pages and through the API: ours, and the supplier's own; as many queries for thirty as for one."""

import io
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from openpyxl import Workbook

from portal.kernel.audit.models import AuditEvent
from portal.kernel.scope import acting
from suppliers.models import Supplier
from suppliers.onboarding.messages import InviteSuppliers, Target
from suppliers.onboarding.models import (
    FirstOrderRule,
    OnboardingExclusion,
    OnboardingRun,
    OnboardingTemplate,
    Terms,
)
from suppliers.onboarding.services import invite_suppliers
from tests.builders.factors import give_app, show_factor
from tests.builders.world import a_paper, receive
from tests.people import FEED, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(crowd, db):
    return crowd


@pytest.fixture
def root(people):
    return signed_in(people["root"])


@pytest.fixture
def asha(people):
    return signed_in(people["asha"])


def invited(people, *numbers):
    actor = people["root"].actor
    with acting(actor):
        return invite_suppliers(
            InviteSuppliers(tuple(Target(one) for one in numbers)), actor=actor, at=timezone.now()
        ).runs


def stored(query):
    with acting(FEED):
        return query()


def texts(response):
    return [str(one) for one in response.wsgi_request._messages]


def test_many_are_invited_from_a_sheet_after_a_look(root):
    book = Workbook()
    book.active.append(["supplier", "address", "name"])
    for row in (["B01", "kim@bolt.example", "Kim"], ["B02", None, None], ["nobody", None, None]):
        book.active.append(row)
    content = io.BytesIO()
    book.save(content)
    sent = root.post("/onboarding/sheets/", {"file": SimpleUploadedFile("s.xlsx", content.getvalue())})
    assert sent.status_code == 303
    page = root.get(sent["Location"])
    assert (page.context["count"], page.context["refused"]) == (2, 1)
    assert [(one.line, one.value) for one in page.context["problems"]] == [("4", "nobody")]
    assert stored(OnboardingRun.objects.count) == 0
    assert [root.post(sent["Location"]).status_code for _again in range(2)] == [303, 303]
    assert stored(
        lambda: sorted(OnboardingRun.objects.values_list("supplier__number", "address", "how"))
    ) == [
        ("B01", "kim@bolt.example", "sheet"),
        ("B02", "b2@b.example", "sheet"),
    ]
    bad = root.post("/onboarding/sheets/", {"file": SimpleUploadedFile("s.csv", b"who;where\nB03;here\n")})
    assert (bad.status_code, "The row with the names" in bad.content.decode()) == (422, True)


def test_all_from_whom_was_ordered_lately_are_invited_by_one_press(root):
    today = timezone.now().date()
    receive(a_paper("4500001", supplier="B05", ordered_on=today))
    receive(a_paper("4500002", supplier="B06", ordered_on=today.replace(year=today.year - 2)))
    page = root.get("/onboarding/candidates/")
    assert [one.number for one in page.context["page"].rows] == ["B05"]
    assert root.get("/onboarding/candidates/?days=0&segment=core&country=de").context["count"] == 60
    for _press in range(2):
        assert root.post("/onboarding/candidates/", {"days": "1000", "segment": "core"}).status_code == 303
    assert stored(lambda: sorted(OnboardingRun.objects.values_list("supplier__number", flat=True))) == [
        "B05",
        "B06",
    ]


def test_one_is_invited_excluded_and_decided_on_with_what_is_wrong_beside_its_field(root):
    refused = root.post("/onboarding/invite/", {"supplier": "none"})
    assert (refused.status_code, refused.context["form"].errors["supplier"]) == (
        422,
        ["There is no supplier of this number."],
    )
    done = root.post("/onboarding/invite/", {"supplier": "B01"})
    page = root.get(done["Location"])
    assert [one["verb"] for one in page.context["verbs"]] == ["refuse", "withdraw"]
    where = f"{done['Location']}decide/"
    version = stored(lambda: OnboardingRun.objects.get().version)
    empty = root.post(where, {"verb": "withdraw", "version": version})
    assert (empty.status_code, list(empty.context["decide"].errors)) == (422, ["reason"])
    old = root.post(where, {"verb": "withdraw", "version": version + 1, "reason": "Late."})
    assert (old.status_code, stored(lambda: OnboardingRun.objects.get().state)) == (409, "invited")
    assert root.post(where, {"verb": "withdraw", "version": version, "reason": "Late."}).status_code == 303
    assert root.post(f"{done['Location']}reassign/", {"address": "x"}).status_code == 422
    posted = {"suppliers": "B02, B03\nB04", "reason": "ending", "until_on": ""}
    assert root.post("/onboarding/exclusions/", posted).status_code == 303
    listed = root.get("/onboarding/exclusions/")
    assert len(listed.context["page"].rows) == 3
    key = stored(lambda: OnboardingExclusion.objects.order_by("id").first().key)
    assert root.post(f"/onboarding/exclusions/{key}/end/").status_code == 303
    assert stored(lambda: OnboardingExclusion.objects.filter(ended_at=None).count()) == 2


def test_what_is_asked_is_written_and_edited(root):
    form = root.get("/onboarding/templates/new/").context["form"]
    posted = {name: field.value() or "" for name, field in ((one.name, one) for one in form)}
    posted |= {
        "name": "Core",
        "code": "core",
        "segments": ["core"],
        "languages": [],
        "step_questions": "compulsory",
        "place_bank": "1",
        "place_company": "2",
        "questions": "fleet? | How many lorries? | number\niso | Which standard? | choice | 9001, 14001",
    }
    assert root.post("/onboarding/templates/new/", posted).status_code == 303
    made = stored(OnboardingTemplate.objects.get)
    assert [one.kind for one in made.as_steps()][:2] == ["bank", "company"]
    assert [(one.code, one.compulsory, one.choices) for one in made.as_questions()] == [
        ("fleet", False, ()),
        ("iso", True, ("9001", "14001")),
    ]
    again = root.get("/onboarding/templates/core/edit/").context["form"]
    assert again["questions"].value() == posted["questions"]
    bad = root.post("/onboarding/templates/core/edit/", {**posted, "questions": "x | y | z"})
    assert (bad.status_code, bad.context["form"].errors["questions"]) == (
        422,
        ["Question 1: its answer is one of text, yes_no, choice, number, date."],
    )
    unwritten = root.post(
        "/onboarding/templates/core/edit/", {**posted, "step_terms": "compulsory", "terms": "no"}
    )
    assert (unwritten.status_code, unwritten.context["form"].errors["terms"]) == (
        422,
        ["There are no terms no. Write them first."],
    )
    written = {"title": "Conduct", "code": "conduct", "text_en": "Be kind."}
    assert root.post("/onboarding/terms/", written).status_code == 303
    assert root.post("/onboarding/terms/", {**written, "text_en": ""}).status_code == 422
    assert stored(Terms.objects.get).number == 1
    text = {"segment": "", "language": "en", "text": "Dear {nobody}"}
    assert root.post("/onboarding/texts/", text).status_code == 422
    assert root.post("/onboarding/texts/", {**text, "text": "Dear {person}"}).status_code == 303
    assert root.post("/onboarding/first-orders/", {"company": "NM", "on": "yes"}).status_code == 303
    assert stored(FirstOrderRule.objects.get).is_on
    for page in ("", "templates/", "terms/", "texts/?language=en", "first-orders/", "invite/"):
        assert root.get(f"/onboarding/{page}").status_code == 200


def test_a_supplier_reads_what_each_step_is_for_and_goes_its_way(people, root, asha):
    assert "Nothing is asked of you here" in asha.get("/getting-started/").content.decode()
    stored(
        lambda: OnboardingTemplate.objects.create(
            code="all",
            name="All",
            steps=[
                {"kind": kind, "compulsory": True, "paying_waits": kind == "bank", "wants": wants}
                for kind, wants in (("questions", []), ("terms", ["conduct"]), ("bank", []))
            ],
            questions=[
                {
                    "code": "fleet",
                    "text": "How many lorries?",
                    "holds": "number",
                    "compulsory": True,
                    "choices": [],
                }
            ],
            made_at=timezone.now(),
            made_by="Root",
        )
    )
    stored(
        lambda: Terms.objects.create(
            code="conduct", title="C", texts={"en": "Be kind."}, made_at=timezone.now()
        )
    )
    (run,) = invited(people, "ACME")
    page = asha.get("/getting-started/")
    assert [(one.kind, one.word, one.url) for one in page.context["rows"]] == [
        ("questions", "Open", "/getting-started/questions/"),
        ("terms", "Open", "/getting-started/terms/"),
        ("bank", "Open", "/bank/"),
    ]
    assert (page.context["paying"], page.context["may_hand_in"]) == ("Bank details", False)
    assert asha.post("/getting-started/questions/", {"fleet": "many"}).status_code == 422
    assert asha.post("/getting-started/questions/", {"fleet": "3"}).status_code == 303
    assert "Be kind." in asha.get("/getting-started/terms/").content.decode()
    assert asha.post("/getting-started/terms/", {"code": "conduct", "number": "1"}).status_code == 303
    refused = asha.post("/getting-started/hand-in/")
    assert (refused.status_code, [one.field for one in refused.context["problems"]]) == (422, ["bank"])
    assert root.get(f"/onboarding/{run.key}/").context["answers"] == [
        {"question": "How many lorries?", "answer": "3"}
    ]
    assert asha.get(f"/onboarding/{run.key}/").status_code == 403
    assert root.get("/getting-started/").status_code == 303


def test_whoever_is_done_reads_nowhere_that_paying_waits(people, root, asha):
    (run,) = invited(people, "ACME")

    def says():
        pages = [asha.get("/getting-started/"), root.get(f"/onboarding/{run.key}/")]
        rows = [one for page in pages for one in page.context["rows"]]
        listed = root.get(f"/onboarding/?state={stored(lambda: OnboardingRun.objects.get().state)}").context[
            "rows"
        ]
        told = root.get(f"/api/v1/onboardings/{run.key}").json()["steps"]
        return (
            [page.context["paying"] for page in pages],
            [page.content.decode().count("Paying waits") for page in pages],
            {one.kind for one in rows if one.paying_waits},
            [one.paying for one in listed],
            [one["kind"] for one in told if one["paying_waits"]],
        )

    steps = "Tax numbers, Bank details"
    assert says() == ([steps, steps], [3, 3], {"tax", "bank"}, [steps], ["tax", "bank"])
    stored(lambda: OnboardingRun.objects.update(state="active", ended_at=timezone.now()))
    assert says() == (["", ""], [0, 0], set(), [""], [])
    stored(lambda: OnboardingRun.objects.update(state="refused", reason="No."))
    assert says()[2:] == ({"tax", "bank"}, [steps], ["tax", "bank"])


def test_whoever_has_a_second_factor_shows_it_to_invite_by_any_door(people, root):
    (run,) = invited(people, "B01")
    sheet = SimpleUploadedFile("s.csv", b"supplier;address;name\nB02;;\n")
    where = root.post("/onboarding/sheets/", {"file": sheet})["Location"]
    give_app(people["root"].user)
    doors = {
        where: {},
        "/onboarding/candidates/": {"days": "0"},
        "/onboarding/first-orders/": {"company": "NM", "on": "yes"},
        "/onboarding/invite/": {"supplier": "B03"},
        f"/onboarding/{run.key}/resend/": {},
        f"/onboarding/{run.key}/reassign/": {"address": "thief@elsewhere.example"},
        f"/onboarding/{run.key}/decide/": {"verb": "begin_again"},
    }
    assert {door: root.post(door, sent).status_code for door, sent in doors.items()} == dict.fromkeys(
        doors, 409
    )
    sent = json.dumps({"suppliers": [{"supplier": "B04"}]})
    refused = root.post("/api/v1/onboardings", sent, content_type="application/json")
    assert (refused.status_code, refused.json()["code"]) == (403, "fresh_factor_needed")
    assert (stored(OnboardingRun.objects.count), stored(FirstOrderRule.objects.count)) == (1, 0)
    assert stored(lambda: OnboardingRun.objects.get().address) == "b1@b.example"

    show_factor(root, people["root"].user)
    assert root.post(where).status_code == 303
    assert root.post("/api/v1/onboardings", sent, content_type="application/json").status_code == 200
    assert stored(OnboardingRun.objects.count) == 3


def test_as_many_queries_for_thirty_as_for_one(people, root):
    invited(people, "B01")
    root.get("/onboarding/")
    counts = []
    for more in ((), [f"B{n:02}" for n in range(2, 32)]):
        invited(people, *more) if more else None
        with CaptureQueriesContext(connection) as queries:
            page = root.get("/onboarding/")
        counts.append(len(queries))
    assert len(page.context["rows"]) == 31
    assert counts[0] == counts[1]
    assert root.get("/onboarding/?state=invited&q=bolt 0").context["page"].rows[0].supplier.number == "B01"
    assert root.get("/onboarding/?step=bank").context["page"].rows == []


def test_programs_invite_read_and_decide(people, root, asha):
    def ask(client, method, path, **sent):
        return client.generic(
            method, f"/api/v1/onboardings{path}", json.dumps(sent), content_type="application/json"
        )

    came = ask(root, "POST", "", suppliers=[{"supplier": "ACME"}, {"supplier": "none"}])
    assert came.json() == {
        "invited": ["ACME"],
        "not_invited": [
            {"supplier": "none", "code": "unknown", "message": "There is no supplier of this number."}
        ],
    }
    invited(people, "GLOBEX")
    (own,) = asha.get("/api/v1/onboardings").json()["results"]
    assert (own["supplier"], own["state"], own["waits_at"]) == ("ACME", "started", "company")
    assert len(root.get("/api/v1/onboardings").json()["results"]) == 2
    globex = stored(lambda: OnboardingRun.objects.get(supplier=Supplier.objects.get(number="GLOBEX")).key)
    assert asha.get(f"/api/v1/onboardings/{globex}").status_code == 404
    assert ask(asha, "POST", f"/{own['key']}/hand-in").status_code == 422
    assert ask(asha, "POST", f"/{own['key']}/refuse", version=1, reason="x").status_code == 403
    done = ask(root, "POST", f"/{own['key']}/refuse", version=own["version"], reason="No.")
    assert (done.status_code, done.json()["state"], done.json()["reason"]) == (200, "refused", "No.")


def test_a_sheet_is_read_as_an_erp_writes_it_and_a_row_names_what_is_wrong(root):
    head = "Lieferantennr.;E-Mail;Ansprechpartner"
    rows = ("B01;kim@bolt.example;Kim", "B02;no address;", "B01;;", "ACME;a@a.example;")
    file = SimpleUploadedFile("erp.csv", "\n".join([head, *rows]).encode())
    sent = root.post("/onboarding/sheets/", {"file": file})
    page = root.get(sent["Location"])

    assert [(one.line, one.value, one.message) for one in page.context["problems"]] == [
        ("3", "B02", "“no address” is no mail address. Write it like name@company.example."),
        ("4", "B01", "This supplier is in the list twice."),
    ]
    rows = [(one.supplier.number, one.address, one.state) for one in page.context["fit"]]
    assert sorted(rows) == [("ACME", "a@a.example", "started"), ("B01", "kim@bolt.example", "invited")]
    assert page.content.decode().count("Somebody acts for it already: they are told") == 1


def test_where_somebody_acts_already_we_read_so_see_who_and_remind_them(people, root):
    done = root.post("/onboarding/invite/", {"supplier": "ACME", "address": "new@acme.example"})
    told = "Somebody acts for Acme Valves already. They are told what is asked; no invitation was sent."
    assert texts(done) == [told]
    page = root.get(done["Location"]).content.decode()
    assert "asha@" in page
    assert f"/suppliers/{stored(lambda: Supplier.objects.get(number='ACME').key)}/documents/" in page
    assert "Not needed to approve" not in page

    again = root.post(f"{done['Location']}resend/")
    assert texts(again)[-1] == "The people of Acme Valves are reminded."
    with acting(FEED):
        run = OnboardingRun.objects.get()
        fact = AuditEvent.objects.get(kind="onboarding.reminded")
    assert (run.reminders, fact.facts["steps"][:2]) == (1, ["company", "tax"])
    soon = root.post(f"{done['Location']}resend/")
    assert (soon.status_code, "less than a day ago" in soon.content.decode()) == (409, True)


def test_the_first_page_leads_a_newcomer_from_step_to_step(people, asha):
    assert "Getting started" not in asha.get("/").content.decode().partition("<main")[2]
    invited(people, "ACME")
    key = stored(lambda: Supplier.objects.get(number="ACME").key)

    page = asha.get("/")
    waiting = page.context["newcomer"].waiting
    assert f"{waiting} steps of getting started wait." in page.content.decode()
    step = f"/suppliers/{key}/company/part/legal/?then=getting-started"
    assert page.context["newcomer"].next.url == step
    form = asha.get(step).content.decode()
    assert '<input type="hidden" name="then" value="getting-started">' in form
    typed = {
        "legal_name": "Acme Valves Ltd",
        "country": "IN",
        "seen": asha.get(step).context["form"].initial["seen"],
    }
    kept = asha.post(step.partition("?")[0], {**typed, "then": "getting-started"})
    assert (kept.status_code, kept["Location"]) == (303, "/getting-started/")
    # Nowhere else is anybody led by it, and whoever may not give anything is not asked.
    assert asha.get(step.replace("getting-started", "//evil.example")).context["then"] == ""
    assert signed_in(people["arun"]).get("/").context["newcomer"] is None
