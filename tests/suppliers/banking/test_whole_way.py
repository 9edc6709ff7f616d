"""A change of bank details from request to force: who may ask, and until when the old account is paid to."""

from dataclasses import replace
from datetime import timedelta

import pytest

from portal.kernel.errors import Duplicate, Invalid, NotAllowed, NotFound
from portal.kernel.scope import acting
from suppliers.banking.messages import AskForChange, FreshFactor
from suppliers.banking.models import BankChange, BankNumber
from suppliers.banking.queries import payable_accounts
from suppliers.banking.services import NeedsFactor, request_change, take_due_effect, withdraw_change
from tests.builders.bank import (
    HOUR,
    NEW_IBAN,
    OLD_IBAN,
    THIRD_IBAN,
    again,
    all_said,
    approve,
    ask,
    call,
    events,
    factor,
    in_office,
    live,
    told,
    typed,
    wanted,
)

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def test_the_old_account_is_paid_to_until_the_very_moment(people, acme, account, now):
    change = ask(wanted(acme, account=account.key), people["asha"], now + HOUR)
    assert (change.state, change.masked, change.bank_name) == ("requested", "DE •••• 9890", "ING-DiBa")
    assert live() == [("3000", "in_force")]

    later = now + 2 * HOUR
    approve(change, people["max"], later)
    call(change, people["otto"], later + HOUR)
    approve(change, people["root"], later + 2 * HOUR)
    waiting = again(change)
    assert (waiting.state, waiting.called_at) == ("waiting", later + HOUR)
    told(change)
    assert waiting.waits_until == later + 2 * HOUR + timedelta(hours=waiting.wait_hours)
    assert take_due_effect(waiting.waits_until - timedelta(seconds=1)) == 0
    assert live() == [("3000", "in_force")]

    assert take_due_effect(waiting.waits_until) == 1
    assert take_due_effect(waiting.waits_until) == 0
    assert live() == [("9890", "in_force")]
    assert again(change).state == "in_force"
    assert events(change) == ["requested", "once_approved", "twice_approved", "wait_started", "applied"]
    with acting(people["asha"].actor):
        assert [one.shown for one in payable_accounts(acme.pk, "EUR", actor=people["asha"].actor)] == ["9890"]


def test_an_account_ends_by_the_same_way_and_needs_no_number(people, acme, account, now):
    change = ask(
        AskForChange(acme.key, "end", "The bank has closed it.", account.key), people["asha"], now + HOUR
    )
    waiting = all_said(change, people, now + 2 * HOUR)

    assert take_due_effect(waiting.waits_until) == 1
    assert live() == []


def test_requesting_needs_the_right_a_person_a_fresh_factor_a_paper_and_a_reason(people, acme, now):
    command = wanted(acme)

    def attempt(name, given, what=command, actor=None):
        actor = actor or people[name].actor
        with acting(actor):
            return request_change(what, actor=actor, factor=given, at=now)

    for name in ("arun", "olga", "bea", "otto", "max", "ada", "ines"):
        with pytest.raises(NotAllowed):
            attempt(name, factor(people[name], now))
    asha = people["asha"]
    for stale in (
        None,
        FreshFactor(asha.user.pk, now - timedelta(minutes=16)),
        FreshFactor(asha.user.pk, now + timedelta(minutes=1)),
        factor(people["gil"], now),
    ):
        with pytest.raises(NeedsFactor):
            attempt("asha", stale)
    with pytest.raises(NotAllowed):
        attempt("asha", factor(asha, now), actor=replace(asha.actor, token_id=1))
    with pytest.raises(NotFound):
        attempt("gil", factor(people["gil"], now))
    with pytest.raises(Invalid) as refusal:
        attempt("asha", factor(asha, now), replace(command, proof=None, reason="so", typed=typed("DE00")))
    assert {one.field for one in refusal.value.problems} == {"number", "proof", "reason"}
    assert in_office(BankChange.objects.count) == in_office(BankNumber.objects.count) == 0


def test_one_change_of_an_account_at_a_time_and_no_account_twice(people, acme, account, now):
    change = ask(wanted(acme, account=account.key), people["asha"], now)

    with pytest.raises(Duplicate, match="under way"):
        ask(wanted(acme, THIRD_IBAN, account=account.key), people["asha"], now)
    for number, words in ((NEW_IBAN, "under way"), (OLD_IBAN, "on record")):
        with pytest.raises(Invalid, match=words):
            ask(wanted(acme, number), people["asha"], now)
    with acting(people["asha"].actor):
        withdraw_change(change, "", actor=people["asha"].actor, at=now)
    assert ask(wanted(acme, THIRD_IBAN, account=account.key), people["asha"], now).state == "requested"
