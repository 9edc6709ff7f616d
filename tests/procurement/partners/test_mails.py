"""What a supplier's people are mailed when the business is to end: in time, otherwise, after all, and at the end."""

import pytest
from django.utils import timezone

from portal.kernel.audit.models import AuditEvent
from portal.kernel.scope import acting
from procurement.partners.messages import EndBusiness
from procurement.partners.services import end_business
from suppliers.models import Supplier
from suppliers.offboarding.messages import BeginOffboarding
from suppliers.offboarding.queries import today_at
from suppliers.offboarding.services import begin_offboarding, call_off_offboarding, move_last_day
from tests.builders.notices import mailed
from tests.builders.world import an_order
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)


def do(actor, verb, *args):
    with acting(actor):
        return verb(*args, actor=actor, at=timezone.now())


def test_its_people_hear_of_it_in_time_and_at_the_end(people):
    root = people["root"].actor
    with acting(FEED):
        globex = Supplier.objects.get(number="GLOBEX")
    today = today_at(globex, timezone.now())
    begin = BeginOffboarding(globex.key, today, "Too dear.", "Thank you for all.")

    row = do(root, begin_offboarding, begin)
    to_gil, to_sam = sorted(mailed(), key=lambda one: one.to)
    assert to_gil.to == ["Gil Globex <gil@supplier.example>"]
    assert to_sam.to == ["Sam Both <sam@supplier.example>"]
    assert to_gil.subject.startswith("The business of Globex with Northmoor Supply ends on ")
    assert "Thank you for all." in to_gil.body
    assert "Too dear." not in to_gil.body

    do(root, move_last_day, row.key, None, today)
    assert {one.subject[:26] for one in mailed()} == {"The last day of Globex wit"}
    do(root, call_off_offboarding, row.key, None, "They stay.")
    assert {one.subject for one in mailed()} == {"The business of Globex with Northmoor Supply goes on"}

    row = do(root, begin_offboarding, begin)
    mailed()
    do(root, end_business, EndBusiness(row.key, row.version, {}))
    letters = mailed()
    assert {one.subject for one in letters} == {"The business of Globex with Northmoor Supply has ended"}
    assert len(letters) == 2

    # An order that still comes reaches nobody there: it is not mailed.
    an_order("4500000009", supplier="GLOBEX", at=timezone.now(), ordered_on=today)
    assert [one.to for one in mailed() if "globex" in str(one.to).lower()] == []
    with acting(FEED):
        assert AuditEvent.objects.filter(kind="notice.failed", supplier_id=globex.pk).count() == 1
