"""Somebody new comes in through a provider in two windows, or two come with one address: real threads."""

from collections import Counter

import pytest
from allauth.socialaccount.models import SocialAccount
from django.utils import timezone

from portal.kernel.scope import acting
from suppliers.models import User
from suppliers.signin.queries import DOORKEEPER
from suppliers.sso.messages import Identity, WriteProvider
from suppliers.sso.queries import provider_at_the_door
from suppliers.sso.services import admit
from tests.builders.identities import in_use
from tests.concurrency.at_once import at_once, kinds

pytestmark = pytest.mark.django_db(transaction=True)


def test_one_person_in_two_windows_is_one_and_two_with_one_address_are_not_both_let_in(people):
    told = WriteProvider(
        name="Northmoor ID",
        issuer="https://id.northmoor.example",
        client_id="quayside",
        secret="a secret",
        domains=("northmoor.example",),
        groups=(("buyers", "buyer"),),
        makes_people=True,
    )
    key = in_use(people["root"], told).key

    def coming(subject, address):
        def work():
            said = Identity(subject, address, is_verified=True, name="Nia New", groups=("buyers",))
            provider = provider_at_the_door(key)
            with acting(DOORKEEPER):
                return admit(provider, said, at=timezone.now())

        return work

    nia = coming("nia", "nia@northmoor.example")
    assert kinds(at_once(nia, nia)) == Counter({"SocialAccount": 2})
    two = at_once(coming("one", "zoe@northmoor.example"), coming("two", "zoe@northmoor.example"))
    assert kinds(two) == Counter({"SocialAccount": 1, "NotAdmitted": 1})
    # an account that is there already: the second waits for the first
    three = at_once(coming("b1", "bea@northmoor.example"), coming("b2", "bea@northmoor.example"))
    assert kinds(three) == Counter({"SocialAccount": 1, "NotAdmitted": 1})
    with acting(DOORKEEPER):
        assert User.objects.filter(name="Nia New").count() == 2
        assert SocialAccount.objects.count() == 3
