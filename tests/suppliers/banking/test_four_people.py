"""Who asks, who calls back and who approves are four people, and whoever is called is no one new."""

from dataclasses import replace
from datetime import timedelta

import pytest

from portal.kernel.actors import Channel
from portal.kernel.errors import Invalid, NotAllowed, StaleDocument
from portal.kernel.scope import acting
from suppliers.authentication import actor_of_token
from suppliers.banking.messages import AskForChange, RecordCall
from suppliers.banking.models import BankChange, BankContact, BankNotice, BankVote
from suppliers.banking.queries import OFFICE
from suppliers.banking.services import (
    AccountTold,
    Frozen,
    NeedsFactor,
    approve_change,
    contacts_to_call,
    hear_of_accounts,
    propose_change,
    record_call,
    refuse_change,
    take_due_effect,
)
from suppliers.banking.services.guards import NotYou
from suppliers.details.models import Contact
from suppliers.models import Membership, Supplier, User
from suppliers.people.services import remove_member
from suppliers.queries import actor_of
from suppliers.services import create_token
from tests.builders.bank import (
    HOUR,
    NEW_IBAN,
    OLD_IBAN,
    PAPER,
    THIRD_IBAN,
    WHY,
    again,
    approve,
    ask,
    call,
    factor,
    in_office,
    told,
    typed,
    wanted,
)
from tests.people import Person

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


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
