"""Whoever is too new to it judges no change, and all who see to bank details hear of somebody new among them."""

from dataclasses import replace
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail as outbox
from django.db import connection
from django.test import Client

from portal.kernel.audit.models import AuditEvent
from portal.kernel.scope import acting
from procurement.notifications.approvers import tell_watchers
from suppliers.banking.models import BankContact, BankFreeze
from suppliers.banking.queries import OFFICE
from suppliers.banking.services import (
    ask_shortening,
    ask_thaw,
    freeze_bank_details,
    grant_shortening,
    take_due_effect,
)
from suppliers.banking.services.guards import NotYou
from suppliers.models import Supplier, User
from suppliers.people.services import change_staff_role
from suppliers.queries import actor_of
from suppliers.roles import COMPANY_ROLES, Permission
from suppliers.signin.models import FactorConfirmation
from suppliers.signin.services import ask_factor_reset
from suppliers.sso.messages import WriteProvider
from suppliers.sso.models import IdentityProvider, ProviderDomain
from suppliers.sso.services import change_provider, switch_on
from tests.builders.bank import (
    HOUR,
    WHY,
    a_colleague,
    again,
    approve,
    ask,
    call,
    factor,
    in_office,
    wanted,
)
from tests.people import Person

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def test_accounts_and_roles_made_for_one_change_judge_nothing(people, acme, now):
    change = ask(wanted(acme), people["asha"], now)
    puppet, thirteen = a_colleague(days=0), a_colleague("Tina Thirteen", days=13)
    with acting(OFFICE):
        User.objects.filter(pk=people["bea"].user.pk).update(company_role="manager")
        people["bea"].user.refresh_from_db()
        bea = Person(people["bea"].user, actor_of(people["bea"].user))
        freeze = BankFreeze(supplier=acme, frozen_at=now, frozen_by="x", reason=WHY)
    for person in (puppet, thirteen, bea):
        for verb in (approve, call):
            with pytest.raises(NotYou, match="for 14 days"):
                verb(change, person, now)
    fifteen = a_colleague("Finn Fifteen", days=15)
    assert approve(change, fifteen, now).state == "first_approved"
    call(change, people["otto"], now)
    approve(change, people["root"], now)
    waiting = again(change)
    with acting(people["otto"].actor):
        said = {"actor": people["otto"].actor, "factor": factor(people["otto"], now), "at": now}
        ask_shortening(change, 24, WHY, **said)
    with pytest.raises(NotYou, match="for 14 days"), acting(puppet.actor):
        grant_shortening(change, actor=puppet.actor, factor=factor(puppet, now), at=now)

    # Away for a moment, and back: what was said with it counts no more.
    with acting(OFFICE):
        User.objects.filter(pk=fifteen.user.pk).update(is_active=False)
        User.objects.filter(pk=fifteen.user.pk).update(is_active=True)
    assert take_due_effect(waiting.waits_until) == 0
    assert (again(change).state, again(change).round) == ("requested", 2)

    with acting(OFFICE):
        freeze.save()
    for person in (puppet, thirteen, bea):
        with pytest.raises(NotYou, match="for 14 days"), acting(person.actor):
            ask_thaw(freeze, WHY, actor=person.actor, factor=factor(person, now), at=now)
    with pytest.raises(NotYou, match="for 14 days"), acting(fifteen.actor):
        ask_thaw(freeze, WHY, actor=fifteen.actor, factor=factor(fifteen, now), at=now)


def test_since_when_somebody_approves_is_kept_by_the_database_for_exactly_the_roles_that_do(people):
    with acting(OFFICE), connection.cursor() as cursor:
        for role, may in COMPANY_ROLES.items():
            cursor.execute("SELECT suppliers_approves(true, %s)", [role])
            assert (
                cursor.fetchone()[0] == (Permission.BANK_APPROVE in may) == (Permission.BANK_CALL in may)
            ), role
        user = people["otto"].user
        kept = User.objects.get(pk=user.pk).approver_since_at
        user.company_role, user.approver_since_at = "manager", None
        user.save()  # from one such role to another, whatever else is written
        assert User.objects.get(pk=user.pk).approver_since_at == kept
        user.company_role = "buyer"
        user.save()
        assert User.objects.get(pk=user.pk).approver_since_at is None


def test_an_installation_younger_than_that_asks_only_that_they_were_there_before(people, acme, now):
    with acting(OFFICE):
        User.objects.update(date_joined=now - timedelta(days=1))
    change = ask(wanted(acme), people["asha"], now)
    with acting(OFFICE):
        User.objects.exclude(approver_since_at=None).update(approver_since_at=now - HOUR)
        User.objects.filter(pk=people["max"].user.pk).update(approver_since_at=now + HOUR)
    assert approve(change, people["otto"], now).state == "first_approved"
    with pytest.raises(NotYou):
        approve(change, people["max"], now)


def test_nobody_makes_a_contact_older_once_bank_details_were_asked_for(people, acme, now):
    def aged():
        with acting(OFFICE):
            return BankContact.objects.filter(supplier=acme).update(since_at=now - 500 * DAY)

    assert aged() == 5
    ask(wanted(acme), people["asha"], now)
    assert aged() == 0


def test_whose_factor_is_new_judges_nothing_though_its_address_has_confirmed_it(people, acme, now):
    change = ask(wanted(acme), people["asha"], now)
    max_ = people["max"]
    with acting(OFFICE):
        Authenticator.objects.filter(user=max_.user).update(created_at=now - 23 * HOUR)
        FactorConfirmation.objects.create(user=max_.user, confirmed_at=now - HOUR)
    client = Client()
    client.force_login(max_.user)
    page = client.get(f"/bank/changes/{change.key}/").content.decode()
    for verb in (approve, call):
        with pytest.raises(NotYou, match="second factor is new"):
            verb(change, max_, now)
    globex = in_office(lambda: Supplier.objects.get(number="GLOBEX"))
    with acting(people["gil"].actor):
        frozen = freeze_bank_details(globex, WHY, actor=people["gil"].actor, at=now)
    with pytest.raises(NotYou, match="second factor is new"), acting(max_.actor):
        ask_thaw(frozen, WHY, actor=max_.actor, factor=factor(max_, now), at=now)
    assert "Your second factor is new" in page
    assert f"/bank/changes/{change.key}/approve/" not in page
    assert approve(change, max_, now + HOUR).state == "first_approved"


def test_all_who_see_to_bank_details_hear_of_somebody_new_among_them(people, now):
    def told(*events):
        outbox.outbox.clear()
        tell_watchers(events, now)
        return {letter.to[0] for letter in outbox.outbox}

    root, bea = people["root"].actor, people["bea"].user
    with acting(root):
        change_staff_role(bea.pk, "manager", actor=root, at=now)
        up = AuditEvent.objects.get(kind="staff.role_changed")
        change_staff_role(bea.pk, "accounts_payable", actor=root, at=now)
        across = AuditEvent.objects.filter(kind="staff.role_changed").latest("id")
    assert told(up) == {f"{name}@northmoor.example" for name in ("otto", "root", "max")}
    assert "Bea Buyer (bea@northmoor.example)" in outbox.outbox[0].body
    assert told(across) == set()
    with acting(root):
        change_staff_role(people["pia"].user.pk, "buyer", actor=root, at=now)
        aside = AuditEvent.objects.filter(kind="staff.role_changed").latest("id")
    assert told(aside) == set()


def test_all_who_see_to_bank_details_hear_that_somebody_could_come_in_as_one_of_them(people, acme, now):
    # Whoever runs the portal needs no new judges where the old ones can be had: by a sign-in of their own that says who
    # is who, or by taking a factor away.
    root = people["root"].actor
    said = {"kind": "oidc", "issuer": "https://id.example", "client_id": "q", "written_at": now}
    said |= {"written_by": "Root Admin", "tried_at": now}

    def switched_on(name, supplier=None):
        with acting(root):
            made = IdentityProvider.objects.create(name=name, supplier=supplier, **said)
            ProviderDomain.objects.create(provider=made, domain=f"{name.lower()}.example")
            switch_on(made, actor=root, at=now)
        return made

    def told(kind):
        outbox.outbox.clear()
        tell_watchers([in_office(lambda: AuditEvent.objects.filter(kind=kind).latest("id"))], now)
        return {letter.to[0] for letter in outbox.outbox}

    everybody = {f"{name}@northmoor.example" for name in ("otto", "root", "max")}
    switched_on("Theirs", acme)
    assert told("identity_provider.enabled") == set()
    ours = switched_on("Ours")
    assert told("identity_provider.enabled") == everybody
    assert "Root Admin switched on the sign-in “Ours”" in outbox.outbox[0].body
    written = WriteProvider(
        "Ours", "https://id.example", client_id="q", secret="s", domains=("ours.example",)
    )
    for domains, readers in ((written.domains, everybody), (("ours.example", "more.example"), everybody)):
        with acting(root):
            change_provider(ours, replace(written, domains=domains), actor=root, at=now)
        assert told("identity_provider.changed") == readers
    with acting(root):
        change_provider(
            ours, replace(written, secret="", domains=("ours.example", "more.example")), actor=root, at=now
        )
    assert told("identity_provider.changed") == set()  # nothing is another

    for name, readers in (("otto", everybody - {"otto@northmoor.example"}), ("bea", set())):
        with acting(root):
            ask_factor_reset(people[name].user, WHY, actor=root, at=now)
        assert told("factor.reset_asked") == readers
