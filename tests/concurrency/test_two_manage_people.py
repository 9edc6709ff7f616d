"""Two accept one invitation, two invite one person, and two administrators remove each other: real threads."""

from collections import Counter

import pytest
from django.utils import timezone

from portal.kernel.scope import acting
from suppliers.models import Invitation, Membership, User
from suppliers.people.messages import InvitePerson, NewPerson
from suppliers.people.services import (
    accept_as_new,
    change_staff_role,
    deactivate_staff,
    invite_people,
    invite_person,
    remove_member,
)
from tests.concurrency.at_once import at_once, kinds
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)


def inside(actor, verb, *args):
    def work():
        with acting(actor):
            return verb(*args, actor=actor, at=timezone.now())

    return work


def test_one_invitation_makes_one_account_and_of_two_for_one_address_one_is_first(people):
    acme, globex = (people[name].actor.supplier_ids[0] for name in ("asha", "gil"))
    with acting(FEED):
        one, other = (
            invite_person(InvitePerson("k@acme.example", "orders", to), actor=FEED, at=timezone.now())
            for to in (acme, globex)
        )
    new = NewPerson("Kiran", "quiet harbour at dawn", "en", "UTC")

    twice = kinds(at_once(*[inside(FEED, accept_as_new, one, new)] * 2))
    assert twice == Counter({"User": 1, "InvitationOver": 1})
    with acting(FEED):
        Membership.objects.filter(user__email="k@acme.example").delete()
        Invitation.objects.filter(pk=one.pk).delete()
        User.objects.filter(email="k@acme.example").update(email="moved@acme.example")
        one = invite_person(InvitePerson("k@acme.example", "orders", acme), actor=FEED, at=timezone.now())
    both = kinds(at_once(*(inside(FEED, accept_as_new, each, new) for each in (one, other))))
    assert both == Counter({"User": 1, "NotAllowed": 1})


def test_two_invite_the_same_person_and_one_mail_goes(people):
    papers = [
        InvitePerson(f"p{n}@acme.example", "orders", people["asha"].actor.supplier_ids[0]) for n in range(5)
    ]
    root = people["root"].actor

    came = at_once(*[inside(root, invite_people, papers)] * 2)

    assert sum(len(one.made) for one in came) == 5
    assert sum(len(one.problems) for one in came) == 5
    with acting(FEED):
        assert Invitation.objects.count() == 5


def test_two_administrators_remove_each_other_and_one_remains(people):
    asha, olga = people["asha"].actor, people["olga"].actor
    with acting(FEED):
        Membership.objects.filter(user=olga.user_id).update(role="administrator")
        User.objects.filter(pk=people["max"].user.pk).update(company_role="administrator")
        pks = dict(Membership.objects.filter(supplier=asha.supplier_ids[0]).values_list("user_id", "pk"))
    admin = people["asha"].actor
    olga = type(olga)(
        **{**{name: getattr(olga, name) for name in olga.__slots__}, "permissions": admin.permissions}
    )

    outcomes = kinds(
        at_once(
            inside(asha, remove_member, pks[olga.user_id]), inside(olga, remove_member, pks[asha.user_id])
        )
    )
    assert outcomes["Membership"] == 1
    with acting(FEED):
        left = Membership.objects.filter(supplier=asha.supplier_ids[0], role="administrator")
        assert left.count() == 1

    root, other = people["root"].actor, people["max"].actor
    may = {**{name: getattr(other, name) for name in other.__slots__}, "permissions": root.permissions}
    ours = kinds(
        at_once(
            inside(root, change_staff_role, other.user_id, "manager"),
            inside(type(other)(**may), deactivate_staff, root.user_id),
        )
    )
    assert ours["User"] == 1
    with acting(FEED):
        assert User.objects.filter(company_role="administrator", is_active=True).count() == 1
