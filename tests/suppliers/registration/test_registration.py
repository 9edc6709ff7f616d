"""Who was not invited asks, where that is switched on: the address first, then the request, then our word."""

import re
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from portal.kernel.audit.models import AuditEvent
from portal.kernel.scope import acting
from suppliers.messages import SupplierPaper
from suppliers.models import Invitation, Supplier
from suppliers.onboarding.models import OnboardingRun
from suppliers.registration.models import SupplierRequest
from suppliers.registration.queries import GATE
from suppliers.registration.services import forget_unanswered
from suppliers.screening.messages import Listed
from suppliers.screening.queries import SCREENER
from suppliers.screening.services import load_list
from suppliers.services import receive_suppliers
from tests.builders.factors import give_app, show_factor
from tests.builders.notices import html_of, mailed
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)

SAID = {
    "person": "Nora New",
    "company": "Acme Bolts",
    "country": "DE",
    "tax_id": "DE 123",
    "why": "Bolts of all sizes.",
}


@pytest.fixture(autouse=True)
def switched_on(settings):
    cache.clear()
    settings.SELF_REGISTRATION = True


@pytest.fixture
def root(people):
    client = Client()
    client.force_login(people["root"].user)
    return client


def ask(address="nora@new.example"):
    return Client().post("/register/", {"address": address})


def link_in(letter):
    return re.search(r"/register/[\w-]{46}/", letter.body)[0]


def stored(query):
    with acting(FEED):
        return query()


def received():
    """A request that waits for our word."""
    ask()
    (letter,) = mailed()
    assert Client().post(link_in(letter), SAID).status_code == 200
    return stored(SupplierRequest.objects.get)


def test_switched_off_there_is_nothing(settings, people):
    ask()
    (letter,) = mailed()
    settings.SELF_REGISTRATION = False
    assert [
        Client().get(path).status_code for path in ("/register/", "/register/sent/", link_in(letter))
    ] == [
        404,
        404,
        410,
    ]


def test_everybody_gets_the_same_answer_and_one_mail_in_ten_minutes(people):
    answers = []
    for address in ("nora@new.example", "asha@supplier.example", "NORA@new.example"):
        answer = ask(address)
        answers.append((answer.status_code, answer["Location"]))
    assert set(answers) == {(303, "/register/sent/")}
    assert sorted(one.to[0] for one in mailed()) == ["asha@supplier.example", "nora@new.example"]
    for word in ("", "+1", "+2", "+3"):  # of one mailbox
        last = ask(f"nora{word}@new.example")
    assert last.status_code == 429
    assert ask("no address").status_code == 422


def test_the_link_opens_once_and_makes_no_account(people, root):
    ask()
    (letter,) = mailed()
    link = link_in(letter)
    assert root.get("/registrations/").context["page"].rows == []
    page = Client().get(link)
    assert (page.status_code, page["Cache-Control"]) == (200, "no-store, private")
    bad = Client().post(link, {**SAID, "country": "XX", "why": ""})
    assert (bad.status_code, sorted(bad.context["form"].errors)) == (422, ["country", "why"])
    assert Client().post(link, SAID).status_code == 200
    assert [Client().get(link).status_code, Client().post(link, SAID).status_code] == [410, 410]
    (told,) = mailed()
    assert (told.to, told.subject) == (
        ["Root Admin <root@northmoor.example>"],
        "Acme Bolts asks to become a supplier",
    )
    row = stored(SupplierRequest.objects.get)
    shown = root.get(f"/registrations/{row.key}/")
    assert [one.number for one in shown.context["similar"]] == []
    ask()
    assert mailed() == []


def test_who_is_approved_without_a_number_is_a_prospect_and_invited(people, root):
    row = received()
    mailed()
    done = root.post(f"/registrations/{row.key}/approve/", {"number": " ", "version": row.version})
    assert done.status_code == 303
    run = stored(lambda: OnboardingRun.objects.select_related("supplier").get())
    won = run.supplier
    assert (won.name, won.number[:2], won.is_prospect, won.email) == (
        "Acme Bolts",
        "P-",
        True,
        "nora@new.example",
    )
    assert stored(SupplierRequest.objects.get).became_id == won.pk
    root.post(f"/onboarding/{run.key}/number/", {"number": "900"})
    assert stored(lambda: Supplier.objects.get(pk=won.pk)).number == "900"


def test_who_is_approved_is_a_supplier_and_invited(people, root):
    row = received()
    mailed()
    where = f"/registrations/{row.key}/approve/"
    assert root.post(where, {"number": "9" * 41, "version": row.version}).status_code == 422
    assert root.post(where, {"number": "900", "version": 99}).status_code == 409
    assert root.post(where, {"number": "900", "version": row.version}).status_code == 303
    assert stored(lambda: Supplier.objects.get(number="900")).name == "Acme Bolts"
    assert stored(OnboardingRun.objects.get).address == "nora@new.example"
    assert stored(Invitation.objects.get).name == "Nora New"
    assert stored(SupplierRequest.objects.get).state == "approved"
    (letter,) = mailed()
    assert "/join/" in letter.body


def test_nobody_is_let_into_a_supplier_that_is_there_without_our_having_asked_it(people, root):
    row = received()
    where = f"/registrations/{row.key}/approve/"
    stored(lambda: receive_suppliers([SupplierPaper("700", "Bolts of Old", email="office@bolts.example")]))

    taken = root.post(where, {"number": "GLOBEX", "is_asked": "on", "version": row.version})
    assert (taken.status_code, list(taken.context["approve"].errors)) == (422, ["number"])  # Gil acts for it
    stored(lambda: receive_suppliers([SupplierPaper("A7", "Numbered", email="office@a.example")]))
    assert root.post(where, {"number": "a7", "version": row.version}).status_code == 422
    asked = root.post(where, {"number": "700", "version": row.version})
    assert (asked.status_code, list(asked.context["approve"].errors)) == (422, ["is_asked"])
    assert "Bolts of Old, written to at office@bolts.example" in asked.content.decode()
    assert (stored(OnboardingRun.objects.count), stored(Invitation.objects.count)) == (0, 0)

    assert root.post(where, {"number": "700", "is_asked": "on", "version": row.version}).status_code == 303
    old = stored(lambda: Supplier.objects.get(number="700"))
    assert (old.name, old.email) == ("Bolts of Old", "office@bolts.example")
    assert stored(lambda: OnboardingRun.objects.get().supplier_id) == old.pk


def test_who_is_called_like_a_listed_party_is_approved_only_by_who_has_compared(people, root):
    row = received()
    parties = [Listed("9", ("ACME Bolts Ltd",), "DEMO"), Listed("10", ("Nobody Known",))]
    with acting(SCREENER):
        load_list("own", parties, b"1", actor=SCREENER, at=timezone.now())
    where = f"/registrations/{row.key}/approve/"

    held = root.post(where, {"number": "900", "version": row.version})
    assert (held.status_code, list(held.context["approve"].errors)) == (422, ["is_other"])
    assert "ACME Bolts Ltd (A list of our own, 9, 100 %)" in held.content.decode()
    assert stored(lambda: Supplier.objects.filter(number="900").exists()) is False

    assert root.post(where, {"number": "900", "is_other": "on", "version": row.version}).status_code == 303
    (fact,) = stored(lambda: list(AuditEvent.objects.filter(kind="registration.approved")))
    assert (fact.facts["listed"], fact.internal) == (["own 9"], True)


def test_a_program_of_ours_reads_asks_back_approves_and_refuses(people, root):
    row = received()
    mailed()
    where = f"/api/v1/supplier-requests/{row.key}"

    def say(verb, **sent):
        return root.post(f"{where}/{verb}", sent, content_type="application/json")

    (told,) = root.get("/api/v1/supplier-requests?state=received").json()["results"]
    assert {name: told[name] for name in ("key", "company", "address", "state", "supplier")} == {
        "key": str(row.key),
        "company": "Acme Bolts",
        "address": "nora@new.example",
        "state": "received",
        "supplier": None,
    }
    back = say("ask-back", version=row.version, reason="Which tax number is it?")
    assert (back.status_code, back.json()["state"]) == (200, "asked")
    (letter,) = mailed()
    assert Client().post(link_in(letter), SAID).status_code == 200
    version = root.get(where).json()["version"]
    assert say("approve", version=row.version, number="900").status_code == 409
    assert say("approve", version=version, number="9" * 41).status_code == 400
    stored(lambda: receive_suppliers([SupplierPaper("700", "Bolts of Old", email="office@bolts.example")]))
    assert say("approve", version=version, number="700").status_code == 422
    made = say("approve", version=version, number="900")
    assert (made.status_code, made.json()["state"], made.json()["supplier"]) == (200, "approved", "900")
    assert say("refuse", version=version + 1, reason="Too late.").status_code == 409
    for who in ("asha", "bea"):
        client = Client()
        client.force_login(people[who].user)
        assert client.get(where).status_code == 403


def test_a_program_approves_with_the_second_factor_that_a_person_would_show(people, root):
    row = received()
    give_app(people["root"].user)
    refused = root.post(
        f"/api/v1/supplier-requests/{row.key}/approve",
        {"version": row.version, "number": "900"},
        content_type="application/json",
    )
    assert (refused.status_code, refused.json()["code"]) == (403, "fresh_factor_needed")


def test_who_lets_somebody_in_shows_the_second_factor_that_is_there(people, root):
    row = received()
    give_app(people["root"].user)
    posted = {"number": "900", "version": row.version}
    assert root.post(f"/registrations/{row.key}/approve/", posted).status_code == 409
    show_factor(root, people["root"].user)
    assert root.post(f"/registrations/{row.key}/approve/", posted).status_code == 303


def test_what_is_missing_is_asked_back_and_mended_behind_the_same_link(people, root):
    row = received()
    mailed()
    where = f"/registrations/{row.key}/ask-back/"
    assert root.post(where, {"reason": " ", "version": row.version}).status_code == 422
    assert root.post(where, {"reason": "Which tax number is it?", "version": row.version}).status_code == 303
    assert root.post(where, {"reason": "Again.", "version": row.version}).status_code == 409
    assert root.post(where, {"reason": "Again.", "version": row.version + 1}).status_code == 409
    (waits,) = root.get("/registrations/?state=asked").context["page"].rows
    assert (waits.key, root.get("/registrations/").context["page"].rows) == (row.key, [])
    assert "Which tax number is it?" in root.get(f"/registrations/{row.key}/").content.decode()
    (letter,) = mailed()
    assert (letter.to, letter.subject) == (
        ["Nora New <nora@new.example>"],
        "Your request to become a supplier: something is missing",
    )
    assert "Which tax number is it?" in letter.body

    page = Client().get(link_in(letter))
    assert "Which tax number is it?" in page.content.decode()
    assert page.context["form"].initial == SAID
    assert Client().post(link_in(letter), {**SAID, "tax_id": "DE136695976"}).status_code == 200
    assert Client().get(link_in(letter)).status_code == 410
    again = stored(SupplierRequest.objects.get)
    assert (again.state, again.tax_id, again.reason) == ("received", "DE136695976", "")
    (told,) = mailed()
    assert told.subject == "Acme Bolts asks to become a supplier"
    approved = root.post(f"/registrations/{row.key}/approve/", {"number": "900", "version": again.version})
    assert approved.status_code == 303


def test_an_address_that_was_never_checked_is_none_of_ours_to_see(people, root):
    ask()
    mailed()
    assert root.get("/registrations/?state=asked").context["page"].rows == []


def test_who_is_refused_reads_why_and_may_ask_again(people, root):
    row = received()
    mailed()
    where = f"/registrations/{row.key}/refuse/"
    assert root.post(where, {"reason": "", "version": row.version}).status_code == 422
    assert root.post(where, {"reason": "We have bolts.", "version": row.version}).status_code == 303
    assert root.post(where, {"reason": "Again.", "version": row.version + 1}).status_code == 409
    (letter,) = mailed()
    assert (letter.to, "We have bolts." in letter.body) == (["Nora New <nora@new.example>"], True)
    html = html_of(letter)
    assert ["http" in part for part in (letter.body, html.partition("<body")[2])] == [False, False]
    cache.clear()
    ask()
    assert len(mailed()) == 1
    with acting(GATE):
        at = timezone.now()
        assert [forget_unanswered(at=at + timedelta(days=day)) for day in (20, 31, 364, 366)] == [0, 1, 0, 1]


def test_who_asks_again_under_another_address_is_known_by_the_tax_number(people, root):
    first = received()
    mailed()
    root.post(f"/registrations/{first.key}/refuse/", {"reason": "We have bolts.", "version": first.version})
    mailed()
    for address, company, number in (
        ("otto@elsewhere.example", "Bolts Anew", "de-123"),
        ("mia@third.example", "Third", "DE 1234"),
    ):
        cache.clear()
        ask(address)
        (letter,) = mailed()
        Client().post(link_in(letter), {**SAID, "company": company, "tax_id": number})
        mailed()

    def before(address):
        asked = stored(lambda: SupplierRequest.objects.get(address=address))
        return root.get(f"/registrations/{asked.key}/")

    page = before("otto@elsewhere.example")
    assert [one.address for one in page.context["before"]] == ["nora@new.example"]
    assert "Refused" in page.content.decode()
    assert "We have bolts." in page.content.decode()
    assert before("mia@third.example").context["before"] == []


def test_sign_in_leads_to_it_where_it_is_switched_on(settings, people):
    assert 'href="/register/"' in Client().get("/accounts/login/").content.decode()
    settings.SELF_REGISTRATION = False
    assert 'href="/register/"' not in Client().get("/accounts/login/").content.decode()


def test_an_address_that_nobody_answers_is_forgotten(people):
    ask()
    with acting(GATE):
        at = timezone.now()
        assert [forget_unanswered(at=at + timedelta(days=day)) for day in (29, 31, 32)] == [0, 1, 0]
