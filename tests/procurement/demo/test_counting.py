"""What Tom counts on the demo's morning, with the people of the tests in his place."""

from datetime import timedelta

import pytest
from django.utils import timezone

from portal.kernel.scope import acting
from procurement.demo.counting import _answered, _in_progress, _posted
from procurement.receipts.models import ReceivingSheet
from tests.builders.changes import an_agreed_order
from tests.builders.counts import a_notice, fresh_sheet, whole_sheet
from tests.builders.shipments import a_sent_notice
from tests.builders.world import a_line
from tests.people import FEED

pytestmark = pytest.mark.django_db


def test_a_damaged_carton_and_a_short_line_are_answered_by_the_supplier(people):
    at = timezone.now()
    order = an_agreed_order(people["asha"], lines=[a_line(10), a_line(20)])
    notice = a_sent_notice(order, people["asha"], {"L10": 60, "L20": 40})

    sheet = _posted(notice, people["rex"].actor, at - timedelta(days=1))
    _answered(fresh_sheet(sheet), people["asha"].actor, at)

    differences = whole_sheet(sheet).differences
    assert [one.tally.damaged for one in differences] == [1, 0]
    assert [one.tally.missing for one in differences] == [0, 1]
    assert [one.answer.word for one in differences] == ["agreed", "disputed"]


def test_one_is_in_progress(people):
    notice = a_notice(people)

    _in_progress(notice, people["rex"].actor, timezone.now())

    with acting(FEED):
        sheet = ReceivingSheet.objects.get()
    assert (sheet.state, sheet.begun_by) == ("counting", "Rex Receiver")
