"""Terms that are written anew, or asked for besides, reach everybody whom they are for, also whoever is long done."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.kernel.errors import Invalid, NotAllowed, NotFound
from portal.kernel.scope import acting
from portal.kernel.templatetags.portal_ui import day_text
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
from suppliers.onboarding.queries import sheet_of
from suppliers.onboarding.services import (
    accept_terms,
    approve_onboarding,
    ask_for_terms,
    begin_again,
    end_onboarded,
    exclude_suppliers,
    hand_in,
    invite_suppliers,
    write_template,
    write_terms,
)
from suppliers.services import receive_suppliers
from tests.builders.documents import require
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


def test_terms_that_are_called_like_a_kind_of_proof_are_not_asked_by_its_step(people, root, done):
    require("insurance")
    do(root, write_terms, WriteTerms("insurance", "Terms of insurance", {"en": "Be insured."}))
    steps = (Step("documents", wants=("insurance",)), Step("terms", wants=("conduct",)))
    do(root, write_template, WriteTemplate("all", "All", steps, asks_done=False))
    with pytest.raises(Invalid):
        do(people["gil"].actor, accept_terms, run_of("GLOBEX").key, "insurance", 1)


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
    assert told["from_on"] is None
    acme, globex = ("ACME", "Asha Acme", 1), ("GLOBEX", None, None)
    assert acceptances() == [acme, globex]
    assert (acceptances("?accepted=yes"), acceptances("?accepted=no")) == ([acme], [globex])
    assert page.get("/api/v1/terms/conduct/acceptances?limit=1").json()["next"] is not None
    write(root, "Be very kind.")
    assert acceptances("?accepted=no") == [("ACME", None, 1), globex]
    assert page.get("/api/v1/terms/none/acceptances").status_code == 404
    assert [signed_in(people[who]).get("/api/v1/terms").status_code for who in ("asha", "bea")] == [403, 403]


# --- terms under a new code ----------------------------------------------------------------------------------

PRIVACY = "Please accept for Acme Valves: Data protection"


def add_privacy(root, from_on=None, *, code="all", **more):
    """Terms that nobody was asked for are written, and named by a template."""
    with acting(root):
        is_there = Terms.objects.filter(code="privacy").exists()
    if not is_there:
        texts = {"en": "Keep it to yourself."}
        do(root, write_terms, WriteTerms("privacy", "Data protection", texts, from_on))
    steps = (Step("terms", wants=("conduct", "privacy")),)
    return do(root, write_template, WriteTemplate(code, code.title(), steps, asks_done=True, **more))


def owed_to(person):
    return [(one.title, one.number) for one in signed_in(person).get("/").context["terms"]]


def test_terms_under_a_new_code_reach_whoever_is_done(people, root, done):
    template = add_privacy(root)
    (letter,) = mailed()  # Globex, under way, has them among its steps
    assert (letter.to, letter.subject) == ([ASHA], PRIVACY)
    assert "older version" not in letter.body
    assert owed_to(people["asha"]) == [("Data protection", 1)]
    page = signed_in(people["asha"])
    assert b'href="/getting-started/terms/"' in page.get("/getting-started/").content
    assert [one.terms.code for one in page.get("/getting-started/terms/").context["rows"]] == [
        "conduct",
        "privacy",
    ]
    ours = signed_in(people["root"])
    (_conduct, row) = ours.get("/onboarding/terms/").context["rows"]
    assert (row.terms.code, row.accepted, row.asked) == ("privacy", 0, 2)
    owing = ours.get("/onboarding/terms/privacy/").context["page"].rows
    assert [one.supplier.number for one in owing] == ["ACME", "GLOBEX"]
    do(done, accept_terms, run_of("ACME").key, "privacy", 1)
    assert owed_to(people["asha"]) == []
    run = run_of("ACME")
    assert (run.state, run.terms_by_id) == ("active", template.pk)
    assert run.template_id != template.pk  # what it was asked stays what it was asked
    (accepted,) = ours.get("/onboarding/terms/privacy/?view=accepted").context["page"].rows
    assert (accepted.supplier.number, accepted.accepted_by) == ("ACME", "Asha Acme")


def test_written_again_a_template_mails_nobody_twice_and_its_terms_are_asked_anew(people, root, done):
    add_privacy(root)
    assert letters() == [(ASHA, PRIVACY)]
    add_privacy(root)
    assert letters() == []
    do(done, accept_terms, run_of("ACME").key, "privacy", 1)
    do(root, write_terms, WriteTerms("privacy", "Data protection", {"en": "Keep it."}))
    assert letters() == [(ASHA, PRIVACY)]
    assert owed_to(people["asha"]) == [("Data protection", 2)]


def test_a_template_asks_whoever_is_done_only_where_its_writer_says_so(people, root, done):
    do(root, write_terms, WriteTerms("privacy", "Data protection", {"en": "Keep it to yourself."}))
    steps = (Step("terms", wants=("privacy",)),)
    do(root, write_template, WriteTemplate("all", "All", steps))
    assert (letters(), owed_to(people["asha"])) == ([], [])


def test_a_template_asks_only_those_whom_it_is_for(people, root, done):
    add_privacy(root, code="austria", countries=("AT",))
    assert (letters(), owed_to(people["asha"])) == ([], [])
    with acting(FEED):
        country = Supplier.objects.get(number="ACME").country
    add_privacy(root, code="theirs", countries=(country,))
    assert letters() == [(ASHA, PRIVACY)]


def test_whoever_was_asked_for_no_terms_at_all_is_asked(people, root, done):
    with acting(FEED):  # as one that was done before the first template was there
        OnboardingRun.objects.filter(supplier__number="ACME").update(template=None)
    add_privacy(root)
    assert letters() == [(ASHA, PRIVACY)]
    assert owed_to(people["asha"]) == [("Data protection", 1)]
    rows = signed_in(people["asha"]).get("/getting-started/").context["rows"]
    assert [(one.kind, one.is_open) for one in rows if one.kind == "terms"] == [("terms", True)]


def test_who_begins_again_goes_by_the_template_of_today_alone(root, done):
    add_privacy(root)
    do(root, end_onboarded, run_of("ACME").key, None, "A pause.")
    do(root, begin_again, run_of("ACME").key)
    assert run_of("ACME").terms_by_id is None


# --- from a day on -------------------------------------------------------------------------------------------


def standing(run, at):
    """How the step “Terms” stands, and whether it holds anything up."""
    with acting(FEED):
        sheet = sheet_of(run, at)
    return sheet.standing["terms"], sheet.waiting, sheet.paying, sheet.terms_from


def test_until_its_day_a_version_is_asked_for_and_holds_up_nothing(people, root):
    now = timezone.now()
    day = (now + timedelta(days=30)).date()
    steps = (Step("terms", paying_waits=True, wants=("conduct",)),)
    do(root, write_template, WriteTemplate("all", "All", steps))
    asha = people["asha"].actor
    do(asha, accept_terms, run_of("ACME").key, "conduct", 1)
    letters()
    do(root, write_terms, WriteTerms("conduct", "Code of conduct", {"en": "Be very kind."}, day))
    first, second = sorted(mailed(), key=lambda one: one.to)
    assert (first.to, first.subject) == ([ASHA], ASKED)
    assert f"It counts from {day_text(day)}; until then nothing waits for it." in first.body
    assert second.subject == "Please accept for Globex: Code of conduct"
    acme, globex = run_of("ACME"), run_of("GLOBEX")
    eve = datetime.combine(day, time(23, 59), UTC) - timedelta(days=1)
    held = ("open", ["terms"], ["terms"], None)
    # Acme's word on the version before counts until then; Globex has given none, and that version counts.
    assert [standing(one, eve) for one in (acme, globex)] == [("open", [], [], day), held]
    assert [standing(one, eve + timedelta(minutes=1)) for one in (acme, globex)] == [held, held]
    page = signed_in(people["asha"])
    assert [(one.number, one.from_on) for one in page.get("/").context["terms"]] == [(2, day)]
    for path in ("/", "/getting-started/", "/getting-started/terms/"):
        assert f'datetime="{day.isoformat()}"' in page.get(path).content.decode()
    do(asha, hand_in, acme.key)
    do(root, approve_onboarding, acme.key, None)
    assert run_of("ACME").state == "active"
    assert owed_to(people["asha"]) == [("Code of conduct", 2)]
    do(asha, accept_terms, acme.key, "conduct", 2)
    assert standing(acme, eve + timedelta(minutes=1)) == ("done", [], [], None)


def test_new_terms_hold_up_nobody_who_is_under_way_before_their_day(people, root):
    now = timezone.now()
    day = (now + timedelta(days=30)).date()
    asha = people["asha"].actor
    do(asha, accept_terms, run_of("ACME").key, "conduct", 1)
    add_privacy(root, day)
    assert owed_to(people["asha"]) == [("Data protection", 1)]
    assert standing(run_of("ACME"), now) == ("open", [], [], day)
    do(asha, hand_in, run_of("ACME").key)
    assert run_of("ACME").state == "in_review"


def test_a_version_that_was_replaced_before_its_day_never_counts(people, root):
    now = timezone.now()
    soon, late = ((now + timedelta(days=days)).date() for days in (10, 40))
    asha = people["asha"].actor
    do(asha, accept_terms, run_of("ACME").key, "conduct", 1)
    for day in (soon, late):
        do(root, write_terms, WriteTerms("conduct", "Code of conduct", {"en": "Be kind, soon."}, day))
    run = run_of("ACME")
    assert standing(run, now + timedelta(days=20))[1:] == ([], [], late)
    assert standing(run, now + timedelta(days=41))[1:] == (["terms"], [], None)


def test_a_day_that_is_over_is_no_first_day(root):
    yesterday = timezone.now().date() - timedelta(days=1)
    with pytest.raises(Invalid) as refused:
        do(root, write_terms, WriteTerms("conduct", "Code of conduct", {"en": "Be kind."}, yesterday))
    assert [(one.field, one.message) for one in refused.value.problems] == [
        ("from_on", "Choose a day that is not over.")
    ]


def test_our_administrator_writes_terms_for_a_day_and_asks_whoever_is_done(people, root, done):
    page = signed_in(people["root"])
    day = (timezone.now() + timedelta(days=30)).date().isoformat()
    said = {"title": "Data protection", "code": "privacy", "from_on": day, "text_en": "Keep it to yourself."}
    answer = page.post("/onboarding/terms/", said, follow=True)
    assert f'counts from <time class="nowrap" datetime="{day}">' in answer.content.decode()
    form = page.get("/onboarding/templates/all/edit/").context["form"]
    assert form["asks_done"].initial is True
    written = {"name": "All", "code": "all", "step_terms": "compulsory", "terms": "conduct, privacy"}
    answer = page.post("/onboarding/templates/all/edit/", {**written, "asks_done": "on"}, follow=True)
    assert "One supplier whose steps are behind it is asked for its terms." in answer.content.decode()
    assert letters() == [(ASHA, PRIVACY)]  # Globex reads it on its first page
    assert f'datetime="{day}"' in page.get("/onboarding/terms/privacy/").content.decode()
    (_conduct, told) = page.get("/api/v1/terms").json()["results"]
    assert (told["code"], told["from_on"], told["asked"]) == ("privacy", day, 2)


def test_as_many_queries_to_ask_thirty_as_to_ask_one(people, root, done):
    do(root, write_terms, WriteTerms("privacy", "Data protection", {"en": "Keep it to yourself."}))
    with CaptureQueriesContext(connection) as one:
        add_privacy(root)
    with acting(FEED):
        receive_suppliers(
            [SupplierPaper(f"B{n:02}", f"Bolt {n:02}", "DE", "EUR", "de", "UTC", "core") for n in range(29)]
        )
        template = OnboardingTemplate.objects.get(number=1)
        OnboardingRun.objects.filter(supplier__number="ACME").update(terms_by=None)
        for supplier in Supplier.objects.filter(number__startswith="B").order_by("id"):
            Membership.objects.create(user=people["asha"].user, supplier=supplier, role="administrator")
            OnboardingRun.objects.create(
                supplier=supplier, template=template, state="active", how="one", invited_at=timezone.now()
            )
    with CaptureQueriesContext(connection) as thirty:
        add_privacy(root)
    with acting(FEED):
        assert OnboardingRun.objects.filter(terms_by__isnull=False).count() == 30
    assert len(thirty) == len(one)
