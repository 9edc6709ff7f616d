"""Programs, the ERP and papers go the same way as people."""

from datetime import timedelta

import pytest
from django.test import Client

from portal.kernel.scope import acting
from suppliers.banking.messages import AskForChange
from suppliers.banking.models import BankChange, BankContact, BankNotice, BankNumber, BankSignal
from suppliers.banking.queries import OFFICE, told_of_request
from suppliers.banking.services import (
    AccountTold,
    account_on_paper,
    contacts_to_call,
    hear_of_accounts,
    refuse_change,
)
from tests.builders.bank import (
    HOUR,
    NEW_IBAN,
    OLD_IBAN,
    PAPER,
    WHY,
    all_said,
    ask,
    in_office,
    live,
    typed,
)
from tests.builders.programs import a_program
from tests.people import FEED

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def test_a_program_proposes_and_a_person_requests(people, acme, now):
    program = a_program(acme, "invoice")
    body = {"kind": "add", "country": "DE", "number": NEW_IBAN, "holder": "Acme", "currency": "EUR"}

    refused = program.post("/api/v1/bank-changes", {**body, "number": "DE12500105170648489891"})
    assert refused.status_code == 422
    assert "9891" not in refused.content.decode()
    made = program.post("/api/v1/bank-changes", body)
    assert (made.status_code, made.json()["state"], made.json()["account"]) == (
        201,
        "proposed",
        "DE •••• 9890",
    )
    assert program.post("/api/v1/bank-changes", body).status_code == 409
    assert NEW_IBAN not in program.get("/api/v1/bank-changes").content.decode()
    assert a_program(acme, "ship").post("/api/v1/bank-changes", body).status_code == 403
    assert in_office(BankNotice.objects.count) == 0

    command = AskForChange(acme.key, "add", WHY, proof=PAPER, proposal=made.json()["key"])
    change = ask(command, people["asha"], now)
    assert (change.state, change.origin) == ("requested", "api")
    assert all_said(change, people, now).state == "waiting"


def test_whoever_proposed_an_account_is_not_asked_back_whether_it_is_right(people, acme, now):
    # Asha's open session is enough to propose by the API; the fraudster then rings our administrator up, who requests
    # it in the supplier's name. Asha's own word, or nobody's but hers, must not carry it.
    with acting(OFFICE):
        others = BankContact.objects.filter(supplier=acme).exclude(user_id=people["asha"].user.pk)
        others.update(since_at=now - 20 * DAY)
    client = Client()
    client.force_login(people["asha"].user)
    body = {"kind": "add", "country": "DE", "number": NEW_IBAN, "holder": "Acme Valves", "currency": "EUR"}
    made = client.post("/api/v1/bank-changes", body, content_type="application/json")
    assert (made.status_code, made.json()["state"]) == (201, "proposed")
    command = AskForChange(acme.key, "add", WHY, proof=PAPER, proposal=made.json()["key"])
    now += HOUR
    change = ask(command, people["root"], now)

    assert change.askers == {people["asha"].user.pk, people["root"].user.pk}
    own = in_office(lambda: BankContact.objects.get(user_id=people["asha"].user.pk, supplier=acme))
    refs = in_office(lambda: [one.ref for one in contacts_to_call(change)])
    assert refs
    assert f"person:{own.pk}" not in refs
    # All others are younger than a month: that nobody but who proposed it is older is the risk it always was.
    assert in_office(BankSignal.objects.filter(change=change, kind="no_old_contact").exists)
    # Nor is it enough that she alone was told.
    with acting(OFFICE):
        mails = BankNotice.objects.filter(change=change, kind="requested", of_company=False)
        mails.update(state="failed", waived_at=now)
        mails.filter(address=own.address).update(state="sent", sent_at=now)
        assert told_of_request(change) is None


def test_the_erp_opens_a_proposal_and_overwrites_nothing(people, acme, account, now):
    told = [
        AccountTold("ACME", typed(OLD_IBAN)),
        AccountTold("ACME", typed(NEW_IBAN)),
        AccountTold("GLOBEX", typed("DE00")),
    ]
    with acting(FEED):
        intake = hear_of_accounts(told, actor=FEED, at=now)
        assert (intake.stored, intake.unchanged, len(intake.problems)) == (1, 1, 1)
        assert hear_of_accounts(told[:2], actor=FEED, at=now).stored == 0

    found = in_office(lambda: BankChange.objects.get(state="proposed"))
    assert (found.origin, found.kind, found.account_id) == ("erp", "replace", account.pk)
    assert live() == [("3000", "in_force")]

    with acting(people["otto"].actor):
        refuse_change(found, "The ERP is wrong.", actor=people["otto"].actor, at=now)
    with acting(FEED):
        assert hear_of_accounts(told[:2], actor=FEED, at=now + 13 * DAY).stored == 0
        assert hear_of_accounts(told[:2], actor=FEED, at=now + 15 * DAY).stored == 1  # it still pays there


def test_what_a_program_proposes_too_often_keeps_nobody_from_hearing_the_vendor_file(people, acme, now):
    with acting(OFFICE):
        for _ in range(20):
            BankChange.objects.create(
                supplier=acme,
                kind="add",
                origin="api",
                number=BankNumber.objects.create(supplier=acme, sealed="x.y", trace="z"),
                proposed_at=now,
                proposed_by="A program",
            )
    with acting(FEED):
        assert hear_of_accounts([AccountTold("ACME", typed())], actor=FEED, at=now).stored == 1
    body = {"kind": "add", "country": "DE", "number": OLD_IBAN, "holder": "Acme", "currency": "EUR"}
    assert a_program(acme, "invoice").post("/api/v1/bank-changes", body).status_code == 409


def test_an_account_on_a_paper_is_one_of_theirs_or_nobodys(people, acme, account):
    with acting(OFFICE):
        assert account_on_paper(acme.pk, "de89 3704 0044 0532 0130 00") == account
        assert account_on_paper(acme.pk, NEW_IBAN) is None
        assert account_on_paper(acme.pk, "what?") is None
