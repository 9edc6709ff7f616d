"""Approved, frozen and put in force at one moment, or twice: real threads."""

from collections import Counter
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from portal.kernel.audit.services import record
from portal.kernel.scope import acting
from suppliers.banking.messages import AccountsPaper, PaidTo
from suppliers.banking.models import BankAccount, BankChange, BankContact, BankNotice
from suppliers.banking.queries import OFFICE
from suppliers.banking.services import (
    approve_change,
    freeze_bank_details,
    hear_of_erp,
    request_change,
    take_due_effect,
)
from suppliers.models import Supplier
from tests.builders.bank import (
    THIRD_IBAN,
    again,
    all_said,
    an_account,
    approve,
    ask,
    call,
    factor,
    long_known,
    typed,
    wanted,
)
from tests.concurrency.at_once import at_once, kinds
from tests.database import as_owner
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)
WHY = "A call that sounded odd."


@pytest.fixture
def acme(world, people):
    long_known()
    return world["ACME"]


def approving(change, person, at):
    def work():
        with acting(person.actor):
            return approve_change(
                change, change.version, actor=person.actor, factor=factor(person, at), at=at
            )

    return work


def freezing(acme, person, at):
    def work():
        with acting(person.actor):
            return freeze_bank_details(acme, WHY, actor=person.actor, at=at)

    return work


def accounts():
    with acting(OFFICE):
        return list(BankAccount.objects.order_by("id").values_list("shown", "state"))


def test_the_same_person_in_two_tabs_is_one_and_two_people_of_one_version_are_one(people, acme):
    now = timezone.now()
    change = ask(wanted(acme), people["asha"], now)
    call(change, people["otto"], now)
    seen = again(change)

    twice = at_once(approving(seen, people["max"], now), approving(again(change), people["max"], now))
    assert kinds(twice) == Counter({"BankChange": 1, "NotYou": 1})
    assert again(change).state == "first_approved"

    seen = again(change)
    pair = at_once(approving(seen, people["root"], now), approving(again(change), people["otto"], now))
    outcomes = kinds(pair)
    assert outcomes["BankChange"] == 1
    assert again(change).state == "waiting"


def test_approved_or_frozen_and_whatever_came_first_it_is_frozen(people, acme):
    now = timezone.now()
    change = ask(wanted(acme), people["asha"], now)
    call(change, people["otto"], now)
    approve(change, people["max"], now)

    outcomes = kinds(
        at_once(approving(again(change), people["root"], now), freezing(acme, people["asha"], now))
    )
    assert outcomes["BankFreeze"] == 1
    assert outcomes in (Counter({"BankFreeze": 1, "BankChange": 1}), Counter({"BankFreeze": 1, "Frozen": 1}))
    assert again(change).state == "frozen"


def test_put_in_force_once_by_two_workers_and_never_paid_once_it_is_frozen(people, acme):
    now = timezone.now()
    account = an_account(people, at=now)
    waiting = all_said(ask(wanted(acme, account=account.key), people["asha"], now), people, now)
    due = waiting.waits_until

    outcomes = at_once(lambda: take_due_effect(due), lambda: take_due_effect(due))
    assert sorted(outcomes) == [0, 1]
    assert accounts() == [("3000", "ended"), ("9890", "in_force")]

    with acting(OFFICE):
        made = BankAccount.objects.get(state="in_force")
    again_waiting = all_said(
        ask(wanted(acme, THIRD_IBAN, account=made.key), people["asha"], due), people, due
    )
    due = again_waiting.waits_until
    at_once(lambda: take_due_effect(due), freezing(acme, people["asha"], due))
    found = accounts()[1:]
    # Frozen first: the old one stays, and is held for being young. In force first: the new one is held.
    assert found in ([("9890", "held")], [("9890", "ended"), ("4300", "held")])


def test_in_force_or_told_by_the_erp_whatever_came_first_it_is_known_to_be_entered(people, acme):
    now = timezone.now()
    account = an_account(people, at=now)
    waiting = all_said(ask(wanted(acme, account=account.key), people["asha"], now), people, now)
    due = waiting.waits_until
    paper = AccountsPaper("ACME", (PaidTo(typed()),))

    def telling():
        with acting(FEED):
            return hear_of_erp([paper], actor=FEED, at=due)

    assert at_once(lambda: take_due_effect(due), telling)[0] == 1
    with acting(OFFICE):
        rows = BankChange.objects.order_by("id").values_list("shown", "state", "entered_at")
        assert [(shown, state, entered is not None) for shown, state, entered in rows] == [
            ("3000", "in_force", True),
            ("9890", "in_force", True),
        ]


def test_of_two_requests_about_one_account_one_is_taken(people, acme):
    now = timezone.now()
    account = an_account(people, at=now)

    def asking(number):
        def work():
            command, asha = wanted(acme, number, account=account.key), people["asha"]
            with acting(asha.actor):
                return request_change(command, actor=asha.actor, factor=factor(asha, now), at=now)

        return work

    outcomes = kinds(at_once(asking(THIRD_IBAN), asking("DE12500105170648489890")))
    assert outcomes == Counter({"BankChange": 1, "Duplicate": 1})
    with acting(OFFICE):
        open_ones = BankChange.objects.filter(state="requested")
        assert open_ones.count() == 1
        told = BankNotice.objects.filter(change=open_ones.get(), kind="requested", of_company=False)
        assert told.count() == len(set(told.values_list("address", flat=True))) == 5


def test_an_erased_contact_is_forgotten_once_nobody_need_tell_them():
    old, now = timezone.now() - timedelta(days=91), timezone.now()
    with acting(FEED):
        acme = Supplier.objects.create(number="FORGET", name="Acme")
        told = {"supplier": acme, "name": "Asha"}
        for user_id, until in ((7, old), (8, old), (7, None)):
            address = f"asha{user_id}{'' if until else 'b'}@acme.example"
            BankContact.objects.create(
                **told, user_id=user_id, address=address, since_at=old - timedelta(days=1), until_at=until
            )
        for address, made in (("Asha7@acme.example", old), ("asha7@acme.example", now)):
            BankNotice.objects.create(**told, kind="requested", address=address, made_at=made)
        new = {"supplier": acme, "kind": "new_person", "address": "desk@acme.example", "made_at": old}
        BankNotice.objects.create(**new, about={"name": "Asha", "address": "asha7@acme.example", "by": "Bo"})
        record("person.erased", "person:7", actor=FEED, at=now, supplier_id=None, internal=True)

    with as_owner():
        call_command("forget_bank_contacts", stdout=StringIO())
        call_command("forget_bank_contacts", stdout=StringIO())

    with acting(FEED):
        gone = ("former-7@erased.invalid", "Former user 7")
        kept = BankContact.objects.order_by("id").values_list("address", "name")
        assert list(kept) == [gone, ("asha8@acme.example", "Asha"), ("asha7b@acme.example", "Asha")]
        newcomer = BankNotice.objects.get(kind="new_person")
        assert newcomer.about == {"name": gone[1], "address": gone[0], "by": "Bo"}
        notices = BankNotice.objects.exclude(kind="new_person").order_by("id").values_list("address", "name")
        assert list(notices) == [gone, ("asha7@acme.example", "Asha")]
