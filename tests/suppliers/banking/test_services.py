"""Bank details as people live them: nobody rushes a change, and whoever knows nothing of it stops it."""

import uuid
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from types import SimpleNamespace

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail as outbox
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone

from portal.kernel.actors import Channel
from portal.kernel.audit.models import AuditEvent
from portal.kernel.audit.services import record
from portal.kernel.errors import Duplicate, IllegalTransition, Invalid, NotAllowed, NotFound, StaleDocument
from portal.kernel.outbox.models import OutboxMessage
from portal.kernel.scope import acting
from portal.kernel.sealing import SealingKey, Unreadable, unseal_bytes
from procurement.notifications.approvers import tell_watchers
from procurement.notifications.bank import mail_of
from procurement.notifications.bounces import provider_says
from procurement.notifications.services import hear_of_bounces
from procurement.notifications.services.gathering import POSTMAN
from suppliers.authentication import actor_of_token
from suppliers.banking.messages import AskForChange, FreshFactor, RecordCall
from suppliers.banking.models import (
    BankAccount,
    BankCall,
    BankChange,
    BankContact,
    BankFreeze,
    BankNotice,
    BankNumber,
    BankProof,
    BankSignal,
    BankVote,
)
from suppliers.banking.queries import OFFICE, objections, open_number, payable_accounts, told_of_request
from suppliers.banking.services import (
    AccountTold,
    Frozen,
    NeedsFactor,
    account_on_paper,
    approve_change,
    ask_shortening,
    ask_thaw,
    confirm_thaw,
    contacts_to_call,
    freeze_bank_details,
    freeze_by_link,
    go_on_without,
    grant_shortening,
    hear_of_accounts,
    open_proof,
    papers_of_old_keys,
    propose_change,
    record_call,
    refuse_change,
    request_change,
    seal_anew,
    seal_paper_anew,
    show_number,
    take_due_effect,
    withdraw_change,
)
from suppliers.banking.services.guards import NotYou
from suppliers.details.models import Contact
from suppliers.messages import SupplierPaper
from suppliers.models import Membership, Supplier, User
from suppliers.people.services import change_staff_role, remove_member
from suppliers.queries import actor_of
from suppliers.roles import COMPANY_ROLES, Permission
from suppliers.services import create_token, receive_suppliers
from suppliers.signin.models import FactorConfirmation, SignIn
from suppliers.signin.services import ask_factor_reset
from suppliers.sso.messages import WriteProvider
from suppliers.sso.models import IdentityProvider, ProviderDomain
from suppliers.sso.services import change_provider, switch_on
from tests.builders.bank import (
    HOUR,
    NEW_IBAN,
    OLD_IBAN,
    PAPER,
    THIRD_IBAN,
    WHY,
    a_colleague,
    again,
    all_said,
    an_account,
    approve,
    ask,
    call,
    factor,
    long_known,
    notices_out,
    told,
    typed,
    wanted,
)
from tests.builders.programs import a_program
from tests.database import made_once
from tests.people import FEED, Person, make_people

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def once(django_db_setup, django_db_blocker):
    from tests.builders.world import make_world

    with made_once(django_db_blocker):
        suppliers = make_world()
        with acting(FEED):
            made = make_people(suppliers)
        long_known()
        yield made, suppliers, timezone.now()


@pytest.fixture
def people(once, db):
    return once[0]


@pytest.fixture
def acme(once, db):
    return once[1]["ACME"]


@pytest.fixture
def now(once):
    return once[2] + timedelta(minutes=1)


@pytest.fixture
def account(people, now):
    return an_account(people, at=now)


def in_office(query):
    with acting(OFFICE):
        return query()


def live():
    return in_office(
        lambda: list(BankAccount.objects.exclude(state="ended").values_list("shown", "state").order_by("id"))
    )


def events(change):
    found = AuditEvent.objects.filter(stream=change.stream, kind__startswith="bank.change_")
    return in_office(lambda: [one.kind.removeprefix("bank.change_") for one in found.order_by("id")])


# --- the whole way ------------------------------------------------------------------------------------------


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


# --- four people --------------------------------------------------------------------------------------------


def test_neither_the_requester_nor_one_person_twice_nor_the_callers_both(people, acme, now):
    change = ask(wanted(acme), people["root"], now)  # in the supplier's name
    assert change.on_behalf

    with pytest.raises(NotYou, match="You requested"):
        approve(change, people["root"], now)
    with pytest.raises(NotYou, match="You requested"):
        call(change, people["root"], now)
    call(change, people["otto"], now)
    call(change, people["max"], now)
    approve(change, people["otto"], now)
    with pytest.raises(NotYou, match="You have approved"):
        approve(change, people["otto"], now)
    with pytest.raises(NotYou, match="called the contact back"):
        approve(change, people["max"], now)
    assert again(change).state == "first_approved"
    for name in ("asha", "bea", "ada", "ines", "pia", "rex"):
        with pytest.raises(NotAllowed):
            approve(change, people[name], now)
    with pytest.raises(NeedsFactor), acting(people["max"].actor):
        approve_change(again(change), 1, actor=people["max"].actor, factor=None, at=now)


def test_whoever_wrote_the_number_down_neither_calls_nor_approves_nor_lets_it_go_on(
    people, acme, account, now
):
    by_sheet = replace(people["otto"].actor, channel=Channel.FILE)
    with acting(by_sheet):
        assert hear_of_accounts([AccountTold("ACME", typed(NEW_IBAN))], actor=by_sheet, at=now).stored == 1
    proposal = in_office(lambda: BankChange.objects.get(state="proposed"))
    change = ask(
        AskForChange(acme.key, "replace", WHY, proof=PAPER, proposal=proposal.key), people["asha"], now
    )

    assert (change.origin, change.askers) == ("file", {people["otto"].user.pk, people["asha"].user.pk})
    for verb in (approve, call):
        with pytest.raises(NotYou, match="wrote"):
            verb(change, people["otto"], now)
    # Whatever stands in the rows: it is asked once more before it comes into force.
    call(change, people["max"], now)
    approve(change, people["max"], now)
    waiting = approve(change, people["root"], now)
    with acting(OFFICE):
        BankChange.objects.filter(pk=change.pk).update(proposed_by_user_id=people["root"].user.pk)
    assert take_due_effect(waiting.waits_until) == 0
    assert again(change).state == "requested"


def test_what_moved_since_it_was_looked_at_is_not_approved(people, acme, now):
    change = ask(wanted(acme), people["asha"], now)
    approve(change, people["max"], now)

    with pytest.raises(StaleDocument), acting(people["root"].actor):
        approve_change(
            change, change.version, actor=people["root"].actor, factor=factor(people["root"], now), at=now
        )
    assert in_office(BankVote.objects.filter(change=change).count) == 1


def test_without_a_call_back_nothing_waits_and_the_contact_is_older_than_the_request(
    people, acme, account, now
):
    change = ask(wanted(acme, account=account.key), people["asha"], now + HOUR)
    approve(change, people["max"], now + HOUR)
    assert approve(change, people["root"], now + HOUR).state == "approved"
    call(change, people["otto"], now + HOUR, "not_reached")
    assert again(change).state == "approved"
    with acting(OFFICE):
        mule = Membership.objects.create(user=people["gil"].user, supplier=acme, role="administrator")
        fresh = BankContact.objects.get(user_id=mule.user_id, supplier=acme)

    def attempt(contact, **said):
        command = RecordCall(change.key, contact, "confirmed", **said)
        with acting(people["otto"].actor):
            return record_call(
                command, actor=people["otto"].actor, factor=factor(people["otto"], now), at=now
            )

    with pytest.raises(Invalid, match="before the request"):
        attempt(f"person:{fresh.pk}", number="+44 20 5550100", number_from="their mail of today")
    with acting(OFFICE):
        old = BankContact.objects.get(address="sales@acme.example")
        own = BankContact.objects.get(user_id=people["asha"].user.pk)
    with pytest.raises(Invalid, match="before the request"):
        attempt(f"person:{own.pk}", number="+1", number_from="contract")  # who asked confirms nothing
    with pytest.raises(Invalid, match="Say where the number is from"):
        attempt(f"person:{old.pk}", number="+49 30 5550100")
    assert call(change, people["otto"], now + 2 * HOUR).outcome == "confirmed"
    assert again(change).state == "waiting"


def test_a_contact_of_the_company_data_is_told_and_called_under_the_number_on_record(people, acme, now):
    with acting(OFFICE):
        said = {"supplier": acme, "name": "Ida Till", "roles": ["invoices"], "begun_by": "Asha Acme"}
        old = Contact.objects.create(
            **said, email="ida@acme.example", telephone="+49 30 555 0142", since_at=now - 40 * DAY
        )
        Contact.objects.create(**said, email="mule@acme.example", telephone="+44 20 1", since_at=now - DAY)
    change = ask(wanted(acme), people["asha"], now)
    told_by_mail = in_office(
        lambda: set(BankNotice.objects.filter(change=change).values_list("address", flat=True))
    )
    assert {"ida@acme.example", "mule@acme.example"} <= told_by_mail

    def attempt(ref):
        command = RecordCall(change.key, ref, "confirmed", "+1 900 555", "their mail of today")
        with acting(people["otto"].actor):
            return record_call(
                command, actor=people["otto"].actor, factor=factor(people["otto"], now), at=now
            )

    with pytest.raises(Invalid, match="before the request"):
        attempt(f"contact:{old.pk + 1}")
    assert (attempt(f"contact:{old.pk}").telephone, again(change).called_at) == ("+49 30 555 0142", now)


def test_a_contact_added_for_it_speaks_for_nobody_where_only_who_asks_has_been_there_for_long(people, now):
    # A small supplier: one person, whose address is the company's. Whoever has that session adds a contact, with a
    # telephone number of their own, and asks a minute later.
    with acting(OFFICE):
        solo = Supplier.objects.create(
            number="SOLO", name="Solo Parts", country="DE", email="ida@solo.example"
        )
        user = User.objects.create_user("ida@solo.example", name="Ida Solo")
        Membership.objects.create(user=user, supplier=solo, role="administrator")
        actor = actor_of(user)
        assert actor is not None
        ida = Person(user, actor)
        BankContact.objects.filter(supplier=solo).update(since_at=now - 400 * DAY)
        said = {"supplier": solo, "roles": ["invoices"], "begun_by": "Ida Solo", "since_at": now - HOUR / 60}
        mule = Contact.objects.create(**said, name="Accounts", email="mule@far.example", telephone="+44 20 1")
    change = ask(wanted(solo, typed=typed(holder="Solo Parts")), ida, now)

    assert in_office(lambda: contacts_to_call(change)) == []
    otto = people["otto"]
    command = RecordCall(change.key, f"contact:{mule.pk}", "confirmed", note="They say that it is right.")
    with pytest.raises(Invalid, match="before the request"), acting(otto.actor):
        record_call(command, actor=otto.actor, factor=factor(otto, now), at=now)
    # Known for long enough, that contact is one like any other.
    refuse = again(change)
    with acting(otto.actor):
        refuse_change(refuse, WHY, actor=otto.actor, at=now)
    later = ask(wanted(solo, typed=typed(holder="Solo Parts")), ida, now + 15 * DAY)
    assert in_office(lambda: [one.ref for one in contacts_to_call(later)]) == [f"contact:{mule.pk}"]


def test_who_approved_does_not_call_after_the_other_who_approved_has(people, acme, now):
    change = ask(wanted(acme), people["asha"], now)
    approve(change, people["otto"], now)
    call(change, people["max"], now, "not_reached")
    approve(change, people["max"], now)
    with pytest.raises(NotYou, match="somebody else calls"):
        call(change, people["otto"], now)
    assert call(change, people["root"], now).outcome == "confirmed"


def test_who_was_called_and_knows_nothing_of_it_freezes_everything(people, acme, now):
    change = ask(wanted(acme), people["asha"], now)
    call(change, people["otto"], now, "denied")

    assert again(change).state == "frozen"
    with pytest.raises(Frozen):
        approve(change, people["max"], now)


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


def test_what_a_token_proposes_its_maker_has_asked_for(people, acme, now):
    asha, root = people["asha"], people["root"]

    def proposed(secret, number):
        actor = actor_of_token(secret, at=now)
        with acting(actor):
            return propose_change(wanted(acme, number), actor=actor, at=now)

    with acting(asha.actor):
        theirs = create_token("Billing", "invoice", supplier=acme, actor=asha.actor, at=now).secret
    change = proposed(theirs, NEW_IBAN)
    assert change.askers == {asha.user.pk}
    with acting(OFFICE):
        assert "asha@supplier.example" not in {one.address for one in contacts_to_call(change)}
    with acting(root.actor):
        ours = create_token("Billing too", "invoice", supplier=acme, actor=root.actor, at=now).secret
    change = proposed(ours, THIRD_IBAN)
    told_by = ask(replace(wanted(acme), proposal=change.key, typed=None), asha, now)
    told(told_by)
    with pytest.raises(NotYou, match="wrote this account down"):
        approve(told_by, root, now)

    # What Asha made goes on without her, but says no more to which account is paid.
    with acting(root.actor):
        mine = Membership.objects.get(user=asha.user, supplier=acme)
        remove_member(mine.pk, actor=root.actor, at=now)
    with pytest.raises(NotAllowed, match="who made this token"):
        proposed(theirs, OLD_IBAN)
    assert actor_of_token(theirs, at=now) is not None
    assert proposed(ours, OLD_IBAN).state == "proposed"


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


# --- risks and waiting --------------------------------------------------------------------------------------


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


# --- who is told, and 'this was not me' ---------------------------------------------------------------------


def test_everybody_earlier_is_told_at_once_removed_people_too_and_one_press_stops_it(
    people, acme, account, now
):
    notices_out()
    outbox.outbox.clear()
    with acting(OFFICE):
        Membership.objects.filter(user=people["olga"].user).delete()
        receive_suppliers(
            [SupplierPaper("ACME", "Acme Valves", "IN", "EUR", email="fraud@mule.example", segment="core")]
        )
    change = ask(wanted(acme, account=account.key), people["asha"], now + HOUR)
    notices_out()

    theirs = {letter.to[0] for letter in outbox.outbox if "not-me" in letter.body}
    assert theirs == {
        "arun@supplier.example",
        "asha@supplier.example",
        "fraud@mule.example",
        "olga@supplier.example",
        "sales@acme.example",
        "sam@supplier.example",
    }
    ours = {letter.to[0] for letter in outbox.outbox} - theirs
    assert ours == {f"{name}@northmoor.example" for name in ("otto", "root", "max")}
    letters = {letter.to[0]: letter for letter in outbox.outbox}
    text = letters["olga@supplier.example"].body
    assert "DE •••• 3000 → DE •••• 9890" in text
    assert OLD_IBAN not in text
    assert NEW_IBAN not in text
    assert notices_out() == 0

    with acting(OFFICE):
        notice = BankNotice.objects.get(change=change, address="olga@supplier.example", kind="requested")
        freeze_by_link(notice, at=now + 2 * HOUR)
        freeze_by_link(notice, at=now + 2 * HOUR)
    assert again(change).state == "frozen"
    outbox.outbox.clear()
    notices_out()
    ours = next(one.body for one in outbox.outbox if one.to == ["otto@northmoor.example"])
    assert "Held: DE •••• 3000. Block payments to it in the ERP now" in ours
    assert "Olga Acme says: this was not me." in ours
    theirs = next(one.body for one in outbox.outbox if one.to == ["sales@acme.example"])
    assert "Block payments" not in theirs
    assert "Olga" not in theirs
    assert live() == [("3000", "held")]  # it is young itself: nothing is paid until somebody has looked
    assert in_office(BankFreeze.objects.count) == 1
    with pytest.raises(Frozen):
        ask(wanted(acme, THIRD_IBAN), people["asha"], now + 3 * HOUR)
    with pytest.raises(Frozen):
        approve(change, people["max"], now + 3 * HOUR)
    assert in_office(AuditEvent.objects.filter(kind="bank.frozen").count) == 1


def test_nothing_comes_into_force_of_which_nobody_could_be_told(people, acme, account, now):
    change = all_said(ask(wanted(acme, account=account.key), people["asha"], now + HOUR), people, now + HOUR)
    due, notices = change.waits_until, BankNotice.objects.filter(change=change, of_company=False)

    def mails(**found):
        with acting(OFFICE):
            notices.filter(kind="requested").update(**found)

    def goes_on(name, why=WHY):
        with acting(people[name].actor):
            return go_on_without(
                change, why, actor=people[name].actor, factor=factor(people[name], due), at=due
            )

    mails(state="queued", sent_at=None)
    assert take_due_effect(due) == 0
    with pytest.raises(IllegalTransition):
        goes_on("max")
    mails(state="failed")
    assert take_due_effect(due) == 0
    with pytest.raises(NotAllowed):
        goes_on("ada")
    with pytest.raises(Invalid):
        goes_on("max", "so")
    goes_on("max")
    assert take_due_effect(due) == 0  # not one was told
    with acting(OFFICE):
        notices.filter(address="asha@supplier.example").update(state="sent", sent_at=now + HOUR)
    with acting(OFFICE):
        User.objects.filter(pk=people["asha"].user.pk).update(email="asha@elsewhere.example")
    assert take_due_effect(due) == 0  # nor anybody but who asked, under whatever address
    late = due - HOUR
    with acting(OFFICE):
        notices.filter(address="olga@supplier.example").update(state="sent", sent_at=late)
    assert take_due_effect(due) == 0
    lengthened = again(change)
    assert (lengthened.state, lengthened.waits_until) == (
        "waiting",
        late + timedelta(hours=change.wait_hours),
    )
    assert in_office(AuditEvent.objects.filter(kind="bank.wait_lengthened").count) == 1
    assert take_due_effect(lengthened.waits_until) == 1
    told_why = in_office(lambda: AuditEvent.objects.get(kind="bank.unreached_waived"))
    assert (told_why.internal, len(told_why.facts["to"])) == (True, 5)


def test_a_notice_that_comes_back_after_it_was_taken_was_told_to_nobody(people, acme, account, now):
    change = all_said(ask(wanted(acme, account=account.key), people["asha"], now + HOUR), people, now + HOUR)
    due = change.waits_until
    with acting(OFFICE):
        notices = BankNotice.objects.filter(change=change, kind="requested", of_company=False)
        olga = notices.get(address="olga@supplier.example")
        arun = notices.get(address="arun@supplier.example")
        letter, other = mail_of(olga), mail_of(arun)
    named = letter.extra_headers["Message-ID"].strip("<>")
    spam = SimpleNamespace(
        event_type="complained",
        reject_reason="",
        description="",
        metadata=other.metadata,
        recipient=arun.address,
    )
    provider_says(None, spam, "Postmark")  # who calls it spam has got it

    failure = {"message_id": named, "address": "", "status": "5.1.1", "diagnosis": "no such mailbox"}
    with acting(POSTMAN):
        record(
            "mail.bounced", "mail:1", actor=POSTMAN, at=now, supplier_id=None, facts={"failures": [failure]}
        )
    event = in_office(lambda: AuditEvent.objects.get(kind="mail.bounced"))
    for _time in range(2):
        hear_of_bounces([event], now)

    assert in_office(lambda: list(notices.filter(state="failed").values_list("address", "fault"))) == [
        ("olga@supplier.example", "5.1.1 no such mailbox")
    ]
    assert in_office(AuditEvent.objects.filter(kind="bank.notice_failed").count) == 1
    assert take_due_effect(due) == 0
    assert again(change).state == "waiting"
    max_ = people["max"]
    with acting(max_.actor):
        go_on_without(change, WHY, actor=max_.actor, factor=factor(max_, due), at=due)
    assert take_due_effect(due) == 1
    back = SimpleNamespace(**{**vars(spam), "event_type": "bounced"})
    provider_says(None, back, "Postmark")
    assert in_office(lambda: notices.get(pk=arun.pk).state) == "failed"


def test_two_others_thaw_it_each_with_a_reason_and_all_begins_anew(people, acme, account, now):
    waiting = all_said(ask(wanted(acme, account=account.key), people["asha"], now + HOUR), people, now + HOUR)
    with acting(people["max"].actor):
        freeze = freeze_bank_details(
            acme, "A call that sounded odd.", actor=people["max"].actor, at=now + HOUR
        )

    def thaw(verb, name, reason=WHY, **more):
        said = {"actor": people[name].actor, "factor": factor(people[name], now), "at": now, **more}
        current = in_office(lambda: BankFreeze.objects.get(pk=freeze.pk))
        if verb is confirm_thaw:
            said.setdefault("seen", current.thaw_mark)
        with acting(people[name].actor):
            return verb(current, reason, **said)

    with pytest.raises(NotYou):
        thaw(ask_thaw, "max")
    with pytest.raises(Invalid, match="Say why"):
        thaw(ask_thaw, "otto", "ok")
    with pytest.raises(IllegalTransition):
        thaw(confirm_thaw, "root")
    for name in ("root", "max"):  # one has approved the account that is held, the other froze it
        with pytest.raises(NotYou):
            thaw(ask_thaw, name, releases=True)
    thaw(ask_thaw, "otto", releases=True)
    for name in ("otto", "root"):
        with pytest.raises(NotYou):
            thaw(confirm_thaw, name)
    petra = a_colleague()
    people = {**people, "petra": petra}
    read = in_office(lambda: BankFreeze.objects.get(pk=freeze.pk).thaw_mark)
    with pytest.raises(IllegalTransition, match="Otto Payer has asked"):  # both stood on the form to ask
        thaw(ask_thaw, "petra", releases=False)
    thaw(ask_thaw, "otto", releases=False, at=now + timedelta(seconds=1))  # anew, and something else
    for seen in (read, ""):
        with pytest.raises(StaleDocument):
            thaw(confirm_thaw, "petra", seen=seen)
    thaw(ask_thaw, "otto", releases=True, at=now + timedelta(seconds=2))
    with acting(OFFICE):  # what somebody said who has left is confirmed by nobody
        User.objects.filter(pk=people["otto"].user.pk).update(is_active=False)
    with pytest.raises(IllegalTransition, match="Somebody asks for it first"):
        thaw(confirm_thaw, "petra")
    with acting(OFFICE):
        User.objects.filter(pk=people["otto"].user.pk).update(is_active=True)
        User.objects.filter(pk=people["otto"].user.pk).update(
            approver_since_at=petra.user.date_joined - HOUR * 9999
        )
    thaw(confirm_thaw, "petra")

    thawed = again(waiting)
    with acting(people["asha"].actor):  # why it goes on is between our people
        seen = AuditEvent.objects.visible_to(people["asha"].actor).filter(stream=thawed.stream)
        assert seen.get(kind="bank.change_thawed").facts == {"from": "frozen", "to": "requested"}
    assert (thawed.state, thawed.round, thawed.approved_at, thawed.waits_until) == (
        "requested",
        2,
        None,
        None,
    )
    assert thawed.wait_hours == min(336, waiting.wait_hours + 72)
    assert live() == [("3000", "in_force")]
    assert take_due_effect(now + timedelta(days=60)) == 0
    with acting(people["otto"].actor):
        refuse_change(thawed, "We could not reach anybody.", actor=people["otto"].actor, at=now)
    assert again(waiting).state == "refused"


def test_who_requested_the_account_that_is_held_does_not_let_it_go(people, acme, now):
    change = ask(wanted(acme), people["root"], now)  # in the supplier's name: it is in force by now
    told(change)
    call(change, people["otto"], now)
    approve(change, people["otto"], now)
    waiting = approve(change, people["max"], now)
    assert take_due_effect(waiting.waits_until) == 1
    later = waiting.waits_until + HOUR
    with acting(people["asha"].actor):
        freeze = freeze_bank_details(acme, WHY, actor=people["asha"].actor, at=later)
    assert live() == [("9890", "held")]

    def attempt(name, *, releases):
        person = people[name]
        with acting(person.actor):
            return ask_thaw(
                freeze, WHY, releases=releases, actor=person.actor, factor=factor(person, later), at=later
            )

    for releases in (True, False):
        with pytest.raises(NotYou, match="who requested a change"):
            attempt("root", releases=releases)
    with pytest.raises(NotYou, match="You approved an account"):
        attempt("max", releases=True)
    assert attempt("max", releases=False).thaw_asked_by == "Max Manager"


def test_each_more_who_objects_is_heard_and_what_was_asked_before_is_asked_anew(people, acme, now):
    change = ask(wanted(acme), people["asha"], now)
    notices = {one.address.split("@")[0]: one for one in in_office(lambda: list(BankNotice.objects.all()))}
    owner = BankNotice.objects.filter(kind="frozen")
    otto, max_ = people["otto"], people["max"]

    def press(name, at):
        with acting(OFFICE):
            return freeze_by_link(notices[name], at=at)

    freeze = press("sales", now)
    first = in_office(owner.count)
    press("sales", now)
    assert in_office(owner.count) == first
    with acting(otto.actor):
        ask_thaw(freeze, WHY, releases=True, actor=otto.actor, factor=factor(otto, now), at=now)
    read = in_office(lambda: BankFreeze.objects.get().thaw_mark)
    press("olga", now + HOUR)
    with pytest.raises(IllegalTransition, match="Somebody asks for it first"), acting(max_.actor):
        confirm_thaw(freeze, WHY, seen=read, actor=max_.actor, factor=factor(max_, now), at=now)
    more = in_office(lambda: list(owner.order_by("id")[first:]))
    assert {one.of_company for one in more} == {True}
    assert len(more) == 3

    # Called while it is frozen: a no is one more objection, a yes confirms nothing.
    assert call(change, max_, now + HOUR).outcome == "confirmed"
    assert again(change).called_at is None
    call(change, otto, now + 2 * HOUR, "denied")
    found = in_office(lambda: [one.facts["reason"] for one in objections(BankFreeze.objects.get())])
    assert [one.split(" ", 1)[1] for one in found[:2]] == [
        "Valves says: this was not me.",
        "Acme says: this was not me.",
    ]
    assert found[2].endswith("was called back and knows nothing of it.")
    with acting(OFFICE):
        kinds = AuditEvent.objects.filter(stream=freeze.stream).order_by("id").values_list("kind", flat=True)
        assert list(kinds) == [
            "bank.frozen",
            "bank.thaw_asked",
            "bank.objection_raised",
            "bank.objection_raised",
        ]


# --- every door ---------------------------------------------------------------------------------------------


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


# --- numbers ------------------------------------------------------------------------------------------------


def test_a_number_is_shown_to_one_person_for_a_reason_that_the_supplier_reads(people, acme, account, now):

    def show(reason=WHY, given=True, name="otto"):
        actor = people[name].actor
        with acting(actor):
            return show_number(
                account, reason, actor=actor, factor=factor(people[name], now) if given else None, at=now
            )

    with pytest.raises(NeedsFactor):
        show(given=False)
    with pytest.raises(Invalid):
        show("x")
    for name in ("asha", "bea", "ada"):
        with pytest.raises(NotAllowed):
            show(name=name)
    shown = show()
    assert shown.number == OLD_IBAN
    assert OLD_IBAN not in repr(shown)
    with acting(people["asha"].actor):
        seen = AuditEvent.objects.visible_to(people["asha"].actor).get(kind="bank.number_shown")
    assert (seen.actor_label, seen.internal) == ("Otto Payer", False)
    for _ in range(29):
        show()
    with pytest.raises(NotYou, match="as many numbers"):
        show()


def test_the_paper_of_a_bank_is_sealed_counted_and_turned_with_the_keys(people, acme, now, settings):
    change = ask(wanted(acme), people["asha"], now)
    proof = in_office(lambda: BankProof.objects.get(change=change))
    assert PAPER.content not in bytes(proof.content)
    otto = people["otto"]

    def opened(shown=True):
        with acting(otto.actor):
            given = factor(otto, now) if shown else None
            return open_proof(proof, actor=otto.actor, factor=given, at=now)

    with pytest.raises(NeedsFactor):
        opened(shown=False)
    assert opened() == PAPER.content
    with acting(people["asha"].actor):
        seen = AuditEvent.objects.visible_to(people["asha"].actor).get(kind="bank.proof_shown")
    assert (seen.actor_label, seen.facts) == (
        "Otto Payer",
        {"account": "DE •••• 9890", "file": "confirmation.pdf"},
    )
    for _ in range(29):
        opened()
    with pytest.raises(NotYou, match="as many numbers"):
        opened()

    old = settings.BANK_KEYS
    settings.BANK_KEYS = (SealingKey.of("TmV3IGtleSBvZiAyMDI3OiBhYmNkZWZnaGlqa2xtbm8="), *old)
    assert in_office(papers_of_old_keys) == [proof.pk]
    in_office(lambda: seal_paper_anew(proof.pk))
    assert in_office(papers_of_old_keys) == []
    settings.BANK_KEYS = settings.BANK_KEYS[:1]
    with acting(people["asha"].actor):
        actor = people["asha"].actor
        assert open_proof(proof, actor=actor, factor=factor(people["asha"], now), at=now) == PAPER.content
    with acting(OFFICE):
        other = BankProof.objects.exclude(pk=proof.pk).first() or proof
        other.key = uuid.uuid4()  # moved to another row it opens nowhere
        with pytest.raises(Unreadable):
            unseal_bytes(bytes(other.content), other.place, settings.BANK_KEYS)


def test_a_number_stands_in_the_clear_nowhere(people, acme, account, now):
    ask(wanted(acme, account=account.key), people["asha"], now)

    with acting(OFFICE), connection.cursor() as cursor:
        tables = ["kernel_auditevent", "kernel_outboxmessage", "kernel_seenrequest"]
        cursor.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND relname LIKE 'suppliers_bank%'")
        for table in [*tables, *(row[0] for row in cursor.fetchall())]:
            cursor.execute(f"SELECT count(*) FROM {table} t WHERE t::text LIKE '%%0532013000%%'")
            assert cursor.fetchone()[0] == 0, table


def test_keys_are_turned_and_what_was_sealed_is_found_and_opened_all_the_same(
    people, acme, account, now, settings
):
    old = settings.BANK_KEYS
    settings.BANK_KEYS = (SealingKey.of("TmV3IGtleSBvZiAyMDI3OiBhYmNkZWZnaGlqa2xtbm8="), *old)
    with pytest.raises(Invalid, match="on record"):
        ask(wanted(acme, OLD_IBAN), people["asha"], now)
    with acting(OFFICE):
        assert seal_anew() == (1, [])
        assert seal_anew() == (0, [])
        settings.BANK_KEYS = settings.BANK_KEYS[:1]
        assert open_number(BankNumber.objects.get(pk=account.number_id)) == (OLD_IBAN, "")
    with pytest.raises(Invalid, match="on record"):
        ask(wanted(acme, OLD_IBAN), people["asha"], now)


def test_a_number_that_no_key_opens_holds_up_no_other_and_is_named(people, acme, account, now, settings):
    with acting(OFFICE):
        lost = BankNumber.objects.create(supplier=acme, sealed="gone.xxxx", trace="t")
        BankNumber.objects.filter(pk=lost.pk).update(id=0)  # the first one it comes to
    settings.BANK_KEYS = (SealingKey.of("TmV3IGtleSBvZiAyMDI3OiBhYmNkZWZnaGlqa2xtbm8="), *settings.BANK_KEYS)
    said = StringIO()
    with pytest.raises(CommandError, match=r"1 account numbers cannot be read .*id 0\)"):
        call_command("seal_bank_numbers", stdout=said)
    assert said.getvalue() == "2 sealed anew.\n"  # a number, and the paper of its change
    assert in_office(lambda: BankNumber.objects.get(pk=account.number_id).sealed).startswith(
        settings.BANK_KEYS[0].mark
    )


def test_a_worker_with_other_keys_ends_no_change_it_stays_until_the_keys_are_right(
    people, acme, now, settings
):
    waiting = all_said(ask(wanted(acme), people["asha"], now), people, now)
    right = settings.BANK_KEYS
    settings.BANK_KEYS = (SealingKey.of("TmV3IGtleSBvZiAyMDI3OiBhYmNkZWZnaGlqa2xtbm8="),)
    assert take_due_effect(waiting.waits_until) == 0
    assert (again(waiting).state, again(waiting).round) == ("waiting", 1)
    settings.BANK_KEYS = right
    assert take_due_effect(waiting.waits_until) == 1


# --- the walls ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE suppliers_bankchange SET state = 'in_force'",
        "UPDATE suppliers_bankchange SET waits_until = now()",
        "INSERT INTO suppliers_bankaccount (supplier_id) VALUES (1)",
        "UPDATE suppliers_bankaccount SET number_id = 1",
        "DELETE FROM suppliers_bankchange",
        "SELECT sealed FROM suppliers_banknumber",
        "SELECT content FROM suppliers_bankproof",
        "SELECT * FROM suppliers_bankcall",
        "SELECT * FROM suppliers_bankvote",
        "SELECT * FROM suppliers_bankcontact",
        "UPDATE suppliers_bankfreeze SET thawed_at = now()",
        "DELETE FROM suppliers_banknotice",
    ],
)
def test_a_suppliers_scope_can_do_none_of_this_whatever_the_code_does(people, account, statement):
    with (
        pytest.raises(DatabaseError, match="permission denied"),
        acting(people["asha"].actor),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


@pytest.mark.parametrize(
    "change",
    [
        {"state": "in_force", "closed_at": timezone.now()},
        {"state": "waiting", "approved_at": timezone.now()},
    ],
)
def test_the_database_lets_nothing_come_into_force_without_all_that_is_owed(people, acme, now, change):
    made = ask(wanted(acme), people["asha"], now)

    with pytest.raises(DatabaseError, match="bank_change_"), transaction.atomic(), acting(OFFICE):
        BankChange.objects.filter(pk=made.pk).update(**change)


def test_whoever_removes_somebody_leaves_them_in_the_record_of_contacts(people, acme):
    def known():
        rows = BankContact.objects.filter(supplier=acme).order_by("id")
        return in_office(lambda: [(one.address, one.until_at is None) for one in rows])

    before = known()
    with acting(OFFICE):
        people["olga"].user.email = "olga@new.example"
        people["olga"].user.save(update_fields=["email"])
        Membership.objects.filter(user=people["arun"].user, supplier=acme).delete()
    after = known()
    assert set(after) - set(before) == {
        ("olga@supplier.example", False),
        ("olga@new.example", True),
        ("arun@supplier.example", False),
    }


def test_what_is_told_of_an_account_is_masked(people, acme, account):
    facts = in_office(lambda: list(OutboxMessage.objects.values_list("payload", flat=True)))
    assert OLD_IBAN not in str(facts)
    assert in_office(lambda: BankCall.objects.get().telephone) == "+49 30 5550100"
