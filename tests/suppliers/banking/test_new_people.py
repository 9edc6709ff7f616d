"""Somebody new at a supplier: whoever was there before hears of it, and can say that they do not know them."""

from datetime import timedelta

import pytest
from django.core import mail as outbox
from django.db.models import F
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portal.kernel.audit.models import AuditEvent
from portal.kernel.scope import acting
from procurement.notifications.newcomers import tell_earlier
from suppliers.banking.models import BankContact, BankFreeze, BankNotice
from suppliers.banking.queries import OFFICE, notice_token, objections
from suppliers.messages import SupplierPaper
from suppliers.models import Supplier, User
from suppliers.people.messages import InvitePerson, NewPerson
from suppliers.people.services import accept_as_new, invite_people
from suppliers.roles import SupplierRole
from suppliers.services import add_member, receive_suppliers
from tests.builders.bank import notices_out
from tests.people import FEED

pytestmark = pytest.mark.django_db
GOOD = "a fairly long sentence 7"
DAY = timedelta(days=1)


@pytest.fixture
def acme(acme):
    with acting(FEED):
        Supplier.objects.filter(pk=acme.pk).update(email="desk@acme.example")
    with acting(OFFICE):
        BankContact.objects.filter(user_id=None).update(since_at=timezone.now() - 400 * DAY)
    return acme


def invited(supplier, person, *addresses, at=None):
    at = at or timezone.now()
    with acting(person.actor):
        papers = [InvitePerson(one, SupplierRole.READ_ONLY, supplier.pk) for one in addresses]
        return invite_people(papers, actor=person.actor, at=at).made


def accepted(invitation, name, at=None):
    with acting(FEED):
        new = NewPerson(name, GOOD, "en", "UTC")
        return accept_as_new(invitation, new, actor=FEED, at=at or timezone.now())


def hear():
    """Whoever hears of it hears of it: twice, as after a crash."""
    for _time in range(2):
        with acting(OFFICE):
            events = list(AuditEvent.objects.filter(kind="supplier.member_added").order_by("id"))
        tell_earlier(events, timezone.now())
    outbox.outbox.clear()
    notices_out()
    return sorted(letter.to[0] for letter in outbox.outbox)


def a_minute_passes():
    with acting(OFFICE):
        BankContact.objects.update(since_at=F("since_at") - timedelta(minutes=1))


def earlier(supplier, *, but=()):
    with acting(OFFICE):
        found = BankContact.objects.filter(supplier=supplier).exclude(address__in=but)
        return sorted(set(found.values_list("address", flat=True)))


def test_whoever_was_there_before_hears_who_was_let_in_and_freezes_by_the_link(people, acme):
    # Somebody sits at Asha's session: she herself hears of it, and so do all the others.
    (invitation,) = invited(acme, people["asha"], "mule@evil.example")
    accepted(invitation, "Mallory Mule")

    assert hear() == earlier(acme, but=["mule@evil.example"])
    assert {"asha@supplier.example", "desk@acme.example"} <= {one.to[0] for one in outbox.outbox}
    letter = next(one for one in outbox.outbox if one.to == ["desk@acme.example"])
    assert letter.subject == "Somebody new acts for Acme Valves"
    assert "Mallory Mule (mule@evil.example)" in letter.body
    assert "Read only. Let in by: Asha Acme." in letter.body
    assert "In 14 days" in letter.body
    assert "We do not know this person: stop it: http" in letter.body

    with acting(OFFICE):
        notice = BankNotice.objects.get(address="desk@acme.example")
    path = reverse("bank-not-me", args=[notice_token(notice)])
    assert path in letter.body
    page = Client().get(path).content.decode()
    assert "Do you not know Mallory Mule?" in page
    assert "Stopped" in Client().post(path).content.decode()
    with acting(OFFICE):
        freeze = BankFreeze.objects.get(supplier=acme, thawed_at=None)
        (said,) = objections(freeze)
    assert "we do not know Mallory Mule" in said.facts["reason"]


def test_a_suppliers_first_people_and_those_invited_at_once_hear_nothing_of_one_another(people, acme):
    with acting(FEED):
        paper = SupplierPaper("SOLO", "Solo", "DE", "EUR", "de", "Europe/Berlin", "core", "desk@solo.example")
        receive_suppliers([paper])
        solo = Supplier.objects.get(number="SOLO")
    with acting(OFFICE):
        BankContact.objects.filter(supplier=solo).update(since_at=timezone.now() - 400 * DAY)
    for n, one in enumerate(
        invited(solo, people["root"], *[f"p{n}@solo.example" for n in range(3)], at=timezone.now() - DAY)
    ):
        accepted(one, f"Person {n}")
    assert hear() == []
    # Nor do two whom Asha invites in one go: each is told to those who were there, once.
    for n, one in enumerate(invited(acme, people["asha"], "a@acme.example", "b@acme.example")):
        accepted(one, f"Person {n}")
    assert hear() == sorted(2 * earlier(acme, but=["a@acme.example", "b@acme.example"]))


def test_what_our_people_invite_is_told_to_those_who_are_known_for_long(people, acme):
    (invitation,) = invited(acme, people["root"], "new@acme.example", at=timezone.now() - DAY)
    accepted(invitation, "Nora New")
    assert hear() == earlier(acme, but=["new@acme.example"])
    a_minute_passes()
    # Nora is of the day: who is invited by ours after her is no news to her, and by Asha is.
    (invitation,) = invited(acme, people["root"], "next@acme.example")
    accepted(invitation, "Ned Next")
    assert hear() == earlier(acme, but=["new@acme.example", "next@acme.example"])
    a_minute_passes()
    (invitation,) = invited(acme, people["asha"], "last@acme.example")
    accepted(invitation, "Lea Last")
    assert hear() == earlier(acme, but=["last@acme.example"])


def test_who_comes_with_a_merge_is_told_by_that(people, acme):
    with acting(OFFICE):
        cara = User.objects.create_user("cara@globex.example", GOOD, name="Cara Carried")
        add_member(cara, acme, "orders", actor=FEED, at=timezone.now(), tell=False)
    assert hear() == []
