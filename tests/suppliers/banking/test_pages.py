"""Bank details on pages and behind the link of a mail: what everybody sees, and what nobody does without a factor."""

import re
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail as outbox
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.kernel.audit.models import AuditEvent
from portal.kernel.scope import acting
from suppliers.banking.models import BankAccount, BankChange, BankFreeze
from suppliers.banking.queries import OFFICE
from tests.builders.bank import (
    NEW_IBAN,
    OLD_IBAN,
    PAPER,
    THIRD_IBAN,
    WHY,
    again,
    all_said,
    an_account,
    ask,
    long_known,
    notices_out,
    wanted,
)
from tests.builders.factors import give_app, show_factor
from tests.builders.programs import a_program
from tests.builders.world import make_world
from tests.database import made_once
from tests.people import FEED, make_people

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def once(django_db_setup, django_db_blocker):
    with made_once(django_db_blocker):
        suppliers = make_world()
        with acting(FEED):
            made = make_people(suppliers)
        long_known()
        yield made, suppliers["ACME"], an_account(made, at=timezone.now() - timedelta(days=10))


@pytest.fixture
def acme(once, db):
    return once[1]


@pytest.fixture
def account(once, db):
    return once[2]


@pytest.fixture
def at(people):
    def browser(name, *, fresh=True):
        client = Client()
        client.force_login(people[name].user)
        if fresh:
            show_factor(client, people[name].user, ago=30)
        return client

    return browser


def text_of(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def form(account, **changed):
    values = {
        "kind": "replace",
        "account": str(account.key),
        "country": "DE",
        "number": NEW_IBAN,
        "holder": "Acme Valves",
        "currency": "EUR",
        "reason": WHY,
        "proof": SimpleUploadedFile("bank.pdf", b"%PDF-1.7"),
    }
    return {**values, **changed}


def the_change():
    with acting(OFFICE):
        return BankChange.objects.latest("id")


def test_a_supplier_requests_sees_what_it_waits_for_and_reads_no_risk(at, people, acme, account):
    asha = at("asha")
    page = asha.get("/bank/")
    assert "DE •••• 3000" in text_of(page)
    assert OLD_IBAN not in page.content.decode()
    new = f"/bank/suppliers/{acme.key}/new/"
    bare = at("asha", fresh=False)
    assert "/accounts/" in bare.get(new)["Location"] or bare.get(new).status_code == 302
    assert bare.post(new, form(account)).status_code == 409
    wrong = asha.post(new, form(account, number="DE12500105170648489891"))
    assert (wrong.status_code, "check digits" in text_of(wrong)) == (422, True)

    done = asha.post(new, form(account))
    change = the_change()
    assert (done.status_code, done["Location"]) == (303, f"/bank/changes/{change.key}/")
    told = asha.get(done["Location"])
    words = text_of(told)
    assert "DE •••• 3000 becomes DE •••• 9890" in words
    assert (
        "It waits until a contact from before the request is called back and two people approve it." in words
    )
    assert "Everybody known from before was told" in words
    for hidden in (
        "Risks",
        "browser not seen",
        "Call-back",
        "Approve, as one of two",
        "Who was told",
        NEW_IBAN,
    ):
        assert hidden not in told.content.decode()
    assert told["Cache-Control"] == "no-store, private"
    assert at("gil").get(done["Location"]).status_code == 404
    assert at("arun").get("/bank/").status_code == 403
    assert asha.post(f"{done['Location']}withdraw/").status_code == 303
    assert again(change).state == "withdrawn"


def test_our_case_has_everything_side_by_side_and_each_step_its_button(at, people, acme, account):
    change = ask(wanted(acme, account=account.key), people["asha"])
    page = f"/bank/changes/{change.key}/"
    assert "Acme Valves" in text_of(at("otto").get("/bank/"))
    words = text_of(at("otto").get(page))
    for shown in (
        "Risks",
        "Who asks does so from a browser not seen before",
        "sales@acme.example, known since",
        WHY,
    ):
        assert shown in words
    assert "Approve, as one of two" not in text_of(at("ada").get(page))
    assert at("bea").get(page).status_code == 403

    with acting(OFFICE):
        proof = change.proofs.get()
    paper = f"/bank/proofs/{proof.key}/"
    assert at("otto").get(paper).status_code == 405
    assert at("otto", fresh=False).post(paper).status_code == 409
    assert [at(name).post(paper).status_code for name in ("ada", "sam", "gil")] == [403, 403, 404]
    file = at("otto").post(paper)
    assert file.content == at("asha").post(paper).content == PAPER.content
    assert file["Content-Disposition"].startswith("attachment")
    assert "sandbox" in file["Content-Security-Policy"]

    otto, max_ = at("otto"), at("max")
    refused = otto.post(f"{page}call/", {"contact": "person:0", "outcome": "confirmed"})
    assert refused.status_code == 422
    contact = re.search(r'value="(person:\d+)"', otto.get(page).content.decode())[1]
    said = {
        "contact": contact,
        "outcome": "confirmed",
        "number": "+49 30 1",
        "number_from": "contract of 2019",
    }
    assert at("otto", fresh=False).post(f"{page}call/", said).status_code == 409
    assert otto.post(f"{page}call/", said).status_code == 303
    version = again(change).version
    assert max_.post(f"{page}approve/", {"version": version}).status_code == 303
    twice = max_.post(f"{page}approve/", {"version": again(change).version})
    assert (twice.status_code, "You have approved it" in text_of(twice)) == (409, True)
    assert at("root").post(f"{page}approve/", {"version": again(change).version}).status_code == 303
    assert again(change).state == "waiting"
    assert (
        at("otto").post(f"{page}shorten/", {"shorten-hours": "24", "shorten-reason": WHY}).status_code == 303
    )
    assert at("max").post(f"{page}grant/").status_code == 303
    assert "asks that it waits 24 hours" in text_of(at("root").get(page))
    assert at("root").post(f"{page}refuse/", {"refuse-reason": "It sounded odd."}).status_code == 303
    assert "It sounded odd." in text_of(at("asha").get(page))


def test_a_number_is_shown_once_and_never_kept_by_a_browser(at, account):
    address = f"/bank/accounts/{account.key}/number/"
    assert at("otto", fresh=False).post(address, {"reason": WHY}).status_code == 409
    assert at("otto").post(address, {"reason": "x"}).status_code == 422
    shown = at("otto").post(address, {"reason": WHY})
    assert "DE89 3704 0044 0532 0130 00" in text_of(shown)
    assert shown["Cache-Control"] == "no-store, private"
    assert at("otto").get(address).status_code == 405
    with acting(OFFICE):
        assert AuditEvent.objects.filter(kind="bank.number_shown").count() == 1


def test_one_press_behind_the_link_of_a_mail_stops_everything(at, people, acme, account):
    change = ask(wanted(acme, account=account.key), people["asha"])
    outbox.outbox.clear()
    notices_out()
    letter = next(one for one in outbox.outbox if one.to == ["sales@acme.example"])
    link = re.search(r"/bank/not-me/[^/\s]+/", letter.body)[0]
    stranger = Client()

    shown = stranger.get(link)
    assert (shown.status_code, "This was not me: stop everything" in text_of(shown)) == (200, True)
    assert (shown["Referrer-Policy"], shown["Cache-Control"]) == ("strict-origin", "no-store, private")
    assert again(change).state == "requested"  # a scanner that opens it does nothing
    assert stranger.get(link[:-5] + "xxxx/").status_code == 404
    pressed = stranger.post(link)
    assert "Nothing moves any more" in text_of(pressed)
    assert "Nothing moves any more" in text_of(stranger.get(link))
    other = next(one for one in outbox.outbox if one.to == ["sam@supplier.example"])
    theirs = re.search(r"/bank/not-me/[^/\s]+/", other.body)[0]
    assert "This was not me: stop everything" in text_of(stranger.get(theirs))  # they may say so too
    assert "Nothing moves any more" in text_of(stranger.post(theirs))
    listed = text_of(at("max").get(f"/bank/suppliers/{acme.key}/"))
    assert listed.count("says: this was not me.") == 2
    assert "Sam Both says" in listed
    assert again(change).state == "frozen"
    assert "Everything is frozen" in text_of(at("asha").get("/bank/"))
    assert "Frozen" in text_of(at("max").get("/bank/?view=frozen"))
    with acting(OFFICE):
        assert BankAccount.objects.get(pk=account.pk).state == "held"

    page = f"/bank/suppliers/{acme.key}/"
    refused = at("max").post(f"{page}thaw/", {"reason": WHY, "releases": "on"})
    assert (refused.status_code, "You approved an account" in text_of(refused)) == (409, True)
    assert at("max").post(f"{page}thaw/", {"reason": WHY}).status_code == 303
    blind = at("root").post(f"{page}thaw/confirm/", {"reason": WHY})
    assert (blind.status_code, "Something else is asked" in text_of(blind)) == (409, True)
    again_asked = at("root").post(f"{page}thaw/", {"reason": WHY, "releases": "on"})
    assert again_asked.status_code == 409
    shown = at("root").get(page).content.decode()
    assert f'action="{page}thaw/confirm/"' in shown
    seen = re.search(r'name="seen" value="([^"]+)"', shown)[1]
    assert f'action="{page}thaw/"' in at("max").get(page).content.decode()
    assert at("root").post(f"{page}thaw/confirm/", {"reason": WHY, "seen": seen}).status_code == 303
    assert again(change).state == "requested"
    with acting(OFFICE):
        assert BankFreeze.objects.get().thawed_by == "Root Admin"
    assert at("asha").post(f"{page}freeze/", {"reason": WHY}).status_code == 303
    assert again(change).state == "frozen"


def test_a_sheet_is_held_against_what_is_in_force_and_only_proposes(at, acme, account):
    otto = at("otto")
    sheet = (
        "Supplier;Country;Number;Holder;Currency\n"
        f"ACME;DE;{OLD_IBAN};Acme;EUR\nACME;DE;{NEW_IBAN};Acme;EUR\nACME;DE;DE00;Acme;EUR\nNOBODY;DE;{NEW_IBAN};x;EUR\n"
    )
    stale = at("otto", fresh=False)
    assert (
        stale.post("/bank/sheet/", {"sheet": SimpleUploadedFile("v.csv", sheet.encode())}).status_code == 409
    )
    with acting(OFFICE):
        assert not BankChange.objects.filter(state="proposed").exists()
    sent = otto.post("/bank/sheet/", {"sheet": SimpleUploadedFile("vendors.csv", sheet.encode())})
    words = text_of(sent)
    assert "1 proposed, 1 as on record" in words
    assert "Supplier NOBODY is not known." in words
    assert NEW_IBAN not in sent.content.decode()
    change = the_change()
    assert (change.state, change.origin, change.account_id) == ("proposed", "file", account.pk)
    for content in (b"", b"\xff\xfe\x00", b"a,b\n1,2\n", b"x" * 2**20 + b"xx"):
        bad = SimpleUploadedFile("vendors.csv", content)
        assert otto.post("/bank/sheet/", {"sheet": bad}).status_code == 422
    assert at("asha").get("/bank/sheet/").status_code == 403


def test_the_report_has_every_change_masked_and_no_formula(at, people, acme, account):
    ask(wanted(acme, account=account.key, reason="=1+1 because"), people["asha"])
    with acting(OFFICE):
        BankChange.objects.filter(reason__startswith="=1").update(holder="＝cmd")
    report = at("ada").get("/bank/report.csv").content.decode()
    assert report.count("\n") == 3
    assert "'=1+1 because" in report
    assert "'＝cmd" in report
    assert "DE •••• 9890" in report
    assert NEW_IBAN not in report
    assert at("gil").get("/bank/report.csv").content.decode().count("\n") == 1


def test_the_lists_ask_as_much_for_thirty_as_for_one(at, people, acme, account):
    def asked(name, address):
        client = at(name)
        client.get(address)
        with CaptureQueriesContext(
            connection,
        ) as said:
            assert client.get(address).status_code == 200
        return len(said)

    first = ask(wanted(acme, account=account.key), people["asha"])
    one = asked("otto", "/bank/"), asked("asha", "/bank/"), asked("otto", f"/bank/changes/{first.key}/")
    with acting(OFFICE):
        row = BankChange.objects.get(pk=first.pk)
        for number in range(30):
            row.pk, row.key, row.kind, row.account, row.state = None, None, "add", None, "proposed"
            row.key = f"00000000-0000-0000-0000-{number:012d}"
            row.save(force_insert=True)
    many = asked("otto", "/bank/"), asked("asha", "/bank/"), asked("otto", f"/bank/changes/{first.key}/")
    assert many == one


def test_what_is_under_way_waits_for_the_reader_in_the_navigation(at, people, acme, account):
    change = all_said(
        ask(wanted(acme, THIRD_IBAN, account=account.key), people["asha"]), people, timezone.now()
    )
    page = f"/bank/changes/{change.key}/"
    theirs, ours = text_of(at("asha").get(page)), text_of(at("otto").get(page))
    assert "All is said." in theirs
    # How long says which risks were seen, also what other suppliers have.
    hours, moment = f"{change.wait_hours} hours", "Not before"
    assert (hours in ours, moment in ours, hours in theirs, moment in theirs) == (True, True, False, False)
    assert "at least 3 days" in theirs
    until = again(change).waits_until.isoformat()[:16]
    assert until not in at("asha").get("/bank/report.csv").content.decode()
    assert until in at("otto").get("/bank/report.csv").content.decode()
    api = f"/api/v1/bank-changes/{change.key}"
    assert a_program(acme, "invoice").get(api).json()["waits_until"] is None
    with acting(people["asha"].actor):
        seen = AuditEvent.objects.visible_to(people["asha"].actor).filter(stream=change.stream)
        assert "hours" not in str(list(seen.filter(internal=False).values_list("facts", flat=True)))


def test_what_was_typed_outlives_the_link_that_confirms_a_new_factor(at, people, acme):
    change = ask(wanted(acme), people["asha"])
    otto = at("otto", fresh=False)
    show_factor(otto, people["otto"].user, settled=False)
    typed = {"version": str(again(change).version), "note": "Two\nlines"}

    asked = otto.post(f"/bank/changes/{change.key}/approve/", typed)
    assert (asked.status_code, "Confirm the new factor" in text_of(asked)) == (409, True)
    kept = {"factor-to": asked.context["to"], **dict(asked.context["kept"])}
    Authenticator.objects.filter(user=people["otto"].user).delete()
    give_app(people["otto"].user)
    question = otto.post("/step-up/", kept)
    assert "Mail me the link" in text_of(question)
    mailed = otto.post("/step-up/mail/", kept)

    assert (mailed.status_code, "is on its way" in text_of(mailed)) == (200, True)
    assert dict(mailed.context["kept"]) == typed
    assert (
        mailed.content.decode().count('<textarea name="version" hidden>') == 2
    )  # mail it once more, and go on
    # Without anything typed it is a page like another.
    assert otto.post("/step-up/mail/", {"factor-to": kept["factor-to"]}).status_code == 303


def test_a_file_that_came_with_something_to_mend_is_to_be_chosen_again(at, people, acme, account):
    named = SimpleUploadedFile("<b>bank.pdf", PAPER.content)
    mended = at("asha").post(f"/bank/suppliers/{acme.key}/new/", form(account, number="DE12", proof=named))

    assert mended.status_code == 422
    assert "Choose the file again, a page cannot do it for you: &lt;b&gt;bank.pdf" in mended.content.decode()


def test_whoever_was_slower_reads_no_name_of_ours(at, people, acme):
    change = ask(wanted(acme), people["asha"])
    late = at("otto").post(f"/bank/changes/{change.key}/approve/", {"version": "99"})

    assert late.status_code == 409
    assert f"of {change.supplier_id}" not in text_of(late)
