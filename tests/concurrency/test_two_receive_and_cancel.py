"""The dock counts while the supplier takes the notice back: real threads on real connections, one of them is first."""

from decimal import Decimal

import pytest

from portal.kernel.audit.models import AuditEvent
from portal.kernel.errors import IllegalTransition
from portal.kernel.scope import acting
from procurement.receipts.services import HEARS, count_receipts_of
from procurement.shipments.services import cancel_notice
from tests.builders.changes import an_agreed_order
from tests.builders.counts import a_notice, begin, count_row, fresh_sheet, post
from tests.builders.facts import a_receipt, arrive
from tests.builders.shipments import a_sent_notice, do, fresh_notice
from tests.builders.world import MONDAY, fresh_line
from tests.concurrency.at_once import at_once
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("turn", range(5))
def test_counted_or_taken_back_and_never_both(people, turn):
    notice = a_sent_notice(an_agreed_order(people["asha"]), people["asha"], {"L10": 60}, number="4711")
    arrive(a_receipt())
    with acting(FEED):
        events = list(AuditEvent.objects.filter(kind__in=HEARS))

    def count():
        return count_receipts_of(events, MONDAY)

    def take_back():
        return do(cancel_notice, notice, people["asha"], "The lorry broke down.")

    told, taken = at_once(*((count, take_back) if turn % 2 else (take_back, count)))[:: 1 if turn % 2 else -1]

    assert isinstance(told, str)
    state = fresh_notice(notice).state
    if isinstance(taken, Exception):
        assert isinstance(taken, IllegalTransition)
        assert (state, fresh_line().shipped_quantity) == ("received", 60)
    else:
        assert state == "cancelled"
        assert fresh_line().way == []


def test_many_bookings_counted_by_many_workers_are_each_counted_once(people):
    first = an_agreed_order(people["asha"])
    second = an_agreed_order(people["asha"], "4500000002")
    notices = [
        a_sent_notice(first, people["asha"], {"L10": 60}, number="4711"),
        a_sent_notice(second, people["asha"], {"L10": 60}, number="4712"),
    ]
    arrive(a_receipt(), a_receipt("GR-2", order="4500000002", reference="4712"))
    with acting(FEED):
        events = list(AuditEvent.objects.filter(kind__in=HEARS).order_by("id"))

    said = at_once(
        *(lambda part=part: count_receipts_of(part, MONDAY) for part in (events, events[::-1], events))
    )

    assert sorted(said) == ["moved 2", "unchanged", "unchanged"]
    assert [fresh_notice(one).state for one in notices] == ["received", "received"]
    assert fresh_line().way == fresh_line(10, "4500000002").way == []
    assert fresh_line().shipped_quantity == Decimal(60)


@pytest.mark.parametrize("turn", range(4))
def test_a_count_is_posted_or_its_notice_taken_back_and_never_both(people, turn):
    notice = a_notice(people)
    sheet = begin(notice, people["rex"])
    count_row(sheet, people["rex"], 60)

    def take_back():
        return do(cancel_notice, fresh_notice(notice), people["asha"], "The lorry broke down.")

    def book():
        return post(sheet, people["rex"])

    at_once(*((book, take_back) if turn % 2 else (take_back, book)))

    # A count of what was taken back a moment before is one of goods that nobody announced any more.
    if fresh_notice(notice).state == "cancelled":
        assert fresh_notice(notice).counted_at is None
    else:
        assert (fresh_notice(notice).state, fresh_sheet(sheet).state) == ("arrived", "posted")
        assert fresh_notice(notice).counted_at is not None
