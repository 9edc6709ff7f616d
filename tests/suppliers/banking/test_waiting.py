"""What lengthens the wait of a change, who shortens it, and what is asked again when it ends."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction

from portal.kernel.audit.models import AuditEvent
from portal.kernel.errors import Duplicate, IllegalTransition, Invalid
from portal.kernel.scope import acting
from suppliers.banking.models import BankSignal
from suppliers.banking.queries import OFFICE
from suppliers.banking.services import ask_shortening, grant_shortening, take_due_effect
from suppliers.banking.services.guards import NotYou
from suppliers.models import Membership, Supplier
from suppliers.signin.models import SignIn
from tests.builders.bank import (
    HOUR,
    OLD_IBAN,
    THIRD_IBAN,
    WHY,
    again,
    all_said,
    approve,
    ask,
    call,
    factor,
    in_office,
    live,
    typed,
    wanted,
)

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def risks(change):
    return in_office(lambda: set(BankSignal.objects.filter(change=change).values_list("kind", flat=True)))


def test_risks_lengthen_the_wait_and_no_supplier_hears_of_them(people, acme, account, now):
    with acting(OFFICE):
        mine = Membership.objects.filter(user=people["asha"].user)
        mine.update(role_since_at=now - timedelta(days=29))
        Membership.objects.get(user=people["arun"].user).delete()
        seen = {"user": people["asha"].user, "country": "NG", "is_new_country": True}
        SignIn.objects.create(at=now - 13 * DAY, **seen)
    change = ask(
        wanted(acme, THIRD_IBAN, account=account.key, typed=typed(THIRD_IBAN, holder="Mule Trading")),
        people["asha"],
        now + HOUR,
    )

    assert risks(change) == {
        "changed_lately",
        "foreign_account",
        "new_country",
        "new_device",
        "new_person",
        "other_country",
        "other_holder",
        "people_removed",
    }
    assert change.wait_hours == 336  # 72 + 336 would be more than the most
    with acting(people["asha"].actor):
        seen = AuditEvent.objects.visible_to(people["asha"].actor).filter(
            stream=change.stream, internal=False
        )
        assert "risks" not in str(list(seen.values_list("kind", "facts")))
    with pytest.raises(DatabaseError), transaction.atomic(), acting(people["asha"].actor):
        BankSignal.objects.count()


def test_the_same_account_at_another_supplier_is_a_risk_that_only_we_hear_of(people, acme, account, now):
    globex = in_office(lambda: Supplier.objects.get(number="GLOBEX"))
    change = ask(wanted(globex, OLD_IBAN), people["gil"], now)

    assert "shared_account" in risks(change)
    facts = in_office(lambda: BankSignal.objects.get(change=change, kind="shared_account").facts)
    assert facts == {"suppliers": "ACME"}


def test_nobody_shortens_the_wait_alone_and_never_below_a_day(people, acme, now):
    change = all_said(ask(wanted(acme), people["asha"], now), people, now)
    begun = again(change)
    assert begun.wait_hours > 72

    def shorten(name, hours):
        with acting(people[name].actor):
            return ask_shortening(
                change, hours, WHY, actor=people[name].actor, factor=factor(people[name], now), at=now
            )

    def grant(name):
        with acting(people[name].actor):
            return grant_shortening(
                change, actor=people[name].actor, factor=factor(people[name], now), at=now
            )

    for hours in (23, begun.wait_hours):
        with pytest.raises(Invalid, match="Between 24"):
            shorten("otto", hours)
    with pytest.raises(IllegalTransition):
        grant("max")
    shorten("otto", 24)
    with pytest.raises(Duplicate):
        shorten("max", 25)
    with pytest.raises(NotYou):
        grant("otto")
    assert grant("max").granted_at is None
    with pytest.raises(NotYou):
        grant("max")
    assert again(change).waits_until == begun.waits_until
    assert grant("root").granted_at == now
    assert again(change).waits_until == now + timedelta(hours=24)


def test_everything_is_asked_again_at_the_moment_it_comes_into_force(people, acme, account, now):
    waiting = all_said(ask(wanted(acme, account=account.key), people["asha"], now + HOUR), people, now + HOUR)
    people["max"].user.company_role = "buyer"
    with acting(OFFICE):
        people["max"].user.save(update_fields=["company_role"])

    assert take_due_effect(waiting.waits_until) == 0
    reopened = again(waiting)
    assert (reopened.state, reopened.round, reopened.called_at, reopened.approved_at) == (
        "requested",
        2,
        None,
        None,
    )
    people["max"].user.company_role = "manager"
    with acting(OFFICE):
        people["max"].user.save(update_fields=["company_role"])
    later = waiting.waits_until
    with pytest.raises(NotYou, match="for 14 days"):  # a role that was away is new when it comes back
        approve(reopened, people["max"], later)
    call(reopened, people["otto"], later)
    approve(reopened, people["otto"], later)
    once_more = approve(reopened, people["root"], later)
    with acting(OFFICE):
        Membership.objects.filter(user=people["asha"].user).delete()
    assert take_due_effect(once_more.waits_until) == 0
    assert again(waiting).state == "frozen"
    assert live()[0][0] == "3000"
