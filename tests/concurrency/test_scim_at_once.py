"""A provider's server tells of one person twice at one moment, or closes two at once: real threads."""

from collections import Counter

import pytest
from django.core.cache import cache
from django.utils import timezone

from portal.kernel.scope import acting
from suppliers.models import User
from suppliers.people.services import change_staff_role, deactivate_staff
from suppliers.scim.models import ScimPerson
from suppliers.signin.queries import DOORKEEPER
from suppliers.sso.messages import WriteProvider
from tests.builders.identities import in_use
from tests.builders.scim import ScimClient, a_server
from tests.concurrency.at_once import at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def server(people):
    cache.clear()
    told = WriteProvider(
        name="Northmoor ID",
        issuer="https://id.northmoor.example",
        client_id="quayside",
        secret="a secret",
        domains=("northmoor.example",),
        groups=(("buyers", "buyer"),),
    )
    return a_server(in_use(people["root"], told), people["root"])


def calling(server, work):
    """A call on a connection and a client of its own; its status."""

    def call():
        return work(ScimClient(server.secret)).status_code

    return call


def test_two_posts_with_one_user_name_make_one_person(server):
    post = calling(server, lambda one: one.tell("nia@northmoor.example"))
    shouted = calling(server, lambda one: one.tell("NIA@northmoor.example", externalId="2"))
    assert Counter(at_once(post, shouted, post)) == Counter({409: 2, 201: 1})
    group = calling(server, lambda one: one.group("buyers"))
    assert Counter(at_once(group, group)) == Counter({201: 1, 409: 1})
    with acting(DOORKEEPER):
        assert ScimPerson.objects.count() == 1


def test_of_two_administrators_one_stays_whoever_closes_them(server, people):
    root, bea = people["root"], people["bea"]
    with acting(root.actor):
        change_staff_role(bea.user.pk, "administrator", actor=root.actor, at=timezone.now())
    told = server.tell("root@northmoor.example").json()
    off = {"op": "replace", "value": {"active": False}}

    def by_hand():
        with acting(root.actor):
            return deactivate_staff(bea.user.pk, actor=root.actor, at=timezone.now())

    scim, page = at_once(calling(server, lambda one: one.patch(told["id"], off)), by_hand)

    # Whoever comes second is refused: the last one stays, or is not there any more to close anybody.
    assert (scim, type(page).__name__) in [(409, "User"), (200, "LastAdministrator"), (200, "NotAllowed")]
    with acting(DOORKEEPER):
        assert User.objects.filter(company_role="administrator", is_active=True).count() == 1
