"""Two merges of the same records at one moment, and one that is undone twice: real threads."""

from collections import Counter

import pytest

from portal.kernel.scope import acting
from suppliers.merging.messages import AskMerge
from suppliers.merging.models import SupplierMerge
from suppliers.merging.services import approve_merge, ask_merge, undo_merge
from suppliers.models import Membership
from tests.concurrency.at_once import at_once, kinds
from tests.concurrency.test_two_manage_people import inside
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)


def test_each_into_the_other_is_one_and_two_who_undo_it_undo_it_once(world, people):
    root, max_ = people["root"].actor, people["max"].actor
    acme, globex = world["ACME"], world["GLOBEX"]
    here, back = (
        AskMerge(kept.key, other.key, "One company.") for kept, other in ((acme, globex), (globex, acme))
    )

    came = at_once(inside(root, ask_merge, here), inside(root, ask_merge, back))

    assert kinds(came) == Counter({"SupplierMerge": 1, "Invalid": 1})
    with acting(FEED):
        row = SupplierMerge.objects.get()
        before = Membership.objects.count()
    came = at_once(*[inside(max_, approve_merge, row.key, row.version)] * 2)
    assert kinds(came) == Counter({"SupplierMerge": 1, "StaleDocument": 1})
    with acting(FEED):
        assert Membership.objects.count() == before + 4
    came = at_once(*[inside(root, undo_merge, row.key, 2, "Two after all.")] * 2)
    assert kinds(came) == Counter({"SupplierMerge": 1, "StaleDocument": 1})
    with acting(FEED):
        assert Membership.objects.count() == before
