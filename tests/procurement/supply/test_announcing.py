"""How a supplier announces: before the goods are there, soon after they left, and as they then were."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from portal.kernel.scope import acting
from procurement.receipts.services import COUNTER, count_receipts, receive_receipts
from procurement.shipments.messages import TellMilestone
from procurement.shipments.services import correct_notice, tell_milestone
from procurement.supply.presenters.panels import record_panel
from procurement.supply.queries.announcing import announcements_of
from suppliers.models import Supplier
from tests.builders.changes import an_agreed_order
from tests.builders.facts import a_receipt
from tests.builders.shipments import a_sent_notice, do, send
from tests.builders.world import MONDAY, fresh
from tests.people import FEED

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
TODAY = datetime(2026, 4, 20, 9, 0, tzinfo=UTC)


def acme():
    with acting(FEED):
        return Supplier.objects.get(number="ACME")


def announced():
    with acting(FEED):
        return announcements_of(acme().pk, at=TODAY)


def booked(*papers, at):
    with acting(FEED):
        receive_receipts(papers, actor=FEED, at=at)
    with acting(COUNTER):
        count_receipts([fresh().pk], actor=COUNTER, at=at)


def tells(notice, person, kind, happened_at):
    with acting(person.actor):
        tell_milestone(TellMilestone(notice.key, kind, happened_at), actor=person.actor, at=TODAY)


def test_a_notice_before_its_booking_is_in_time_and_one_after_it_is_not(people):
    order = an_agreed_order(people["asha"])
    a_sent_notice(order, people["asha"], {"L10": 60}, number="A-1")
    booked(
        a_receipt(reference="A-1"), a_receipt("GR-2", quantity=Decimal(30), reference="A-2"), at=MONDAY + HOUR
    )
    a_sent_notice(order, people["asha"], {"L10": 40}, number="A-2", at=MONDAY + 2 * HOUR)
    a_sent_notice(order, people["asha"], {"L20": 40}, number="A-3")
    booked(at=MONDAY + 3 * HOUR)

    found = {one.number: one for one in announced()}
    assert {name: (one.is_in_time, one.lines, one.exact) for name, one in found.items()} == {
        "A-1": (True, 1, 1),
        "A-2": (False, None, None),
        "A-3": (False, None, None),
    }
    with acting(FEED):
        figures = {one.label: (one.value, one.rows) for one in record_panel(acme(), at=TODAY).figures}
    assert figures["Announced before arrival"] == ("1 of 2", "")
    assert figures["Lines as announced"] == ("1 of 1", "")


def test_the_first_version_tells_the_time_and_the_last_what_was_in_it(people):
    order = an_agreed_order(people["asha"])
    notice = a_sent_notice(order, people["asha"], {"L10": 60}, number="4711")
    tells(notice, people["asha"], "departed", MONDAY - 5 * HOUR)
    second = do(correct_notice, notice, people["asha"], at=MONDAY + HOUR)
    send(second, people["asha"], at=MONDAY + 9 * HOUR)
    tells(second, people["asha"], "arrived", MONDAY + 8 * HOUR)
    booked(a_receipt(quantity=Decimal(58)), at=MONDAY + 10 * HOUR)

    (one,) = announced()
    assert (one.is_in_time, one.hours_after_departure, one.lines) == (True, 5, None)
    with acting(FEED):
        figures = {one.label: one.value for one in record_panel(acme(), at=TODAY).figures}
    assert figures["Announced after departure, median"] == "5 hours"
    assert "Lines as announced" not in figures


def test_who_announces_nothing_has_no_such_figures(people):
    an_agreed_order(people["asha"])

    assert announced() == []
    with acting(FEED):
        labels = {one.label for one in record_panel(acme(), at=TODAY).figures}
    assert "Announced before arrival" not in labels
