"""Cases of what is on its way and what came: opened, merged into the graver one, and closed by how things stand."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from portal.kernel.audit.models import AuditEvent
from portal.kernel.scope import acting
from procurement.inbox.models import ExceptionCase
from procurement.inbox.presenters.pages import compared
from procurement.inbox.presenters.rows import title_of
from procurement.inbox.services.review import HEARS, about, react
from procurement.inbox.services.sweeping import sweep
from procurement.inbox.states import CaseKind, CloseReason
from procurement.receipts.services import COUNTER, count_receipts, receive_receipts
from procurement.shipments.messages import TellMilestone
from procurement.shipments.policies import Lateness, latest_on_the_way
from procurement.shipments.services import cancel_notice, tell_milestone
from procurement.tolerances.messages import DocumentKind
from tests.builders.changes import an_agreed_order
from tests.builders.facts import a_receipt, arrive
from tests.builders.inbox import LATER, cases, review, the_case
from tests.builders.shipments import a_sent_notice, do
from tests.builders.tolerances import a_rule, an_active_policy
from tests.builders.world import MONDAY, a_line, a_paper, fresh, receive
from tests.people import FEED

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
APRIL = [date(2026, 4, day) for day in range(1, 31)]


def at(month, day):
    return datetime(2026, month, day, 10, 0, tzinfo=UTC)


def estimate(notice, person, day, told=3, kind="estimated"):
    on = day if kind == "estimated" else None
    command = TellMilestone(notice.key, kind, at(3, told), estimated_on=on)
    with acting(person.actor):
        tell_milestone(command, actor=person.actor, at=at(3, told))


def count():
    with acting(COUNTER):
        return count_receipts([fresh().pk], actor=COUNTER, at=LATER)


def kinds(**wanted):
    return [(one.kind, one.state) for one in cases(**wanted)]


def q(quantity, day):
    return (Decimal(quantity), day)


@pytest.mark.parametrize(
    ("agreed", "received", "way", "expected"),
    [
        ([q(100, APRIL[0])], 0, [q(100, APRIL[0])], None),
        ([q(100, APRIL[0])], 0, [q(100, APRIL[4])], (100, APRIL[0], APRIL[4])),
        ([q(60, APRIL[0]), q(40, APRIL[9])], 60, [q(40, APRIL[9])], None),
        ([q(60, APRIL[0]), q(40, APRIL[9])], 0, [q(60, APRIL[9])], (60, APRIL[0], APRIL[9])),
        ([q(60, APRIL[0]), q(40, APRIL[9])], 50, [q(50, APRIL[5])], (10, APRIL[0], APRIL[5])),
        ([q(60, APRIL[0])], 0, [q(90, APRIL[0])], None),
        ([], 0, [q(90, APRIL[0])], None),
    ],
)
def test_what_on_the_way_is_late(agreed, received, way, expected):
    found = latest_on_the_way(agreed, Decimal(received), way)
    assert found == (Lateness(Decimal(expected[0]), *expected[1:]) if expected else None)


def test_a_later_estimate_is_a_case_until_the_goods_are_expected_in_time_again(people):
    notice = a_sent_notice(an_agreed_order(people["asha"]), people["asha"], {"L10": None})
    review(fresh())
    assert cases() == []
    estimate(notice, people["asha"], APRIL[8])
    review(fresh())

    case = the_case()
    assert (case.kind, case.facts["agreed_on"], case.facts["promised_on"]) == (
        CaseKind.LIKELY_LATE,
        "2026-04-01",
        "2026-04-09",
    )
    assert case.facts["notices"][0]["number"] == "DN-1"
    assert case.inputs["days_late"] == "8"
    assert title_of(case, LATER) == "On the way: Ball valve DN15 comes 8 days late"
    assert compared(case)[1][0].difference == "8 days late"
    review(fresh())
    assert the_case().occurrences == 1

    estimate(notice, people["asha"], APRIL[0], told=4)
    review(fresh())
    assert the_case().closed_because == CloseReason.IN_TIME


def test_likely_late_becomes_overdue_when_its_day_is_past_and_ends_at_the_dock(people):
    notice = a_sent_notice(an_agreed_order(people["asha"]), people["asha"], {"L10": None, "L20": None})
    estimate(notice, people["asha"], APRIL[8])
    review(fresh())
    assert [kind for kind, _state in kinds()] == [CaseKind.LIKELY_LATE] * 2

    sweep(at(4, 9))
    assert {kind for kind, _state in kinds()} == {CaseKind.LIKELY_LATE}
    sweep(at(4, 10))
    assert kinds() == [(CaseKind.SHIPMENT_OVERDUE, "open")] * 2
    assert {one.occurrences for one in cases()} == {2}

    command = TellMilestone(notice.key, "arrived", at(4, 10))
    with acting(people["asha"].actor):
        tell_milestone(command, actor=people["asha"].actor, at=at(4, 10))
    review(fresh(), at=at(4, 10))
    assert {one.closed_because for one in cases()} == {CloseReason.ARRIVED}
    sweep(at(4, 12))  # it only waits to be counted
    assert {one.state for one in cases()} == {"resolved"}


def test_what_was_counted_otherwise_is_a_case_with_both_figures(people):
    an_agreed_order(people["asha"])
    a_sent_notice(fresh(), people["asha"], {"L10": 60, "L20": 60}, number="4711")
    arrive(a_receipt(quantity=Decimal(64)), a_receipt("GR-2", line_key="L20", quantity=Decimal(50)))
    count()
    review(fresh())

    case = the_case()
    assert (case.kind, case.facts["announced"], case.facts["counted"]) == (
        CaseKind.RECEIPT_DIFFERS,
        "60",
        "64",
    )
    assert title_of(case, LATER) == "Received 64 pcs of the 60 pcs in ship notice 4711"
    (columns, (row,)) = compared(case)
    assert (columns, row.asked, row.promised, row.difference) == (
        ("Announced", "Received"),
        "60 pcs",
        "64 pcs",
        "+4 pcs",
    )
    sweep(at(3, 31))
    assert len(cases()) == 1  # the dock may still be counting
    sweep(at(4, 1))
    short = the_case(line__number=20)
    assert (short.kind, short.facts["counted"]) == (CaseKind.RECEIPT_DIFFERS, "50")
    sweep(at(4, 1))
    assert len(cases()) == 2

    arrive(
        a_receipt(quantity=Decimal(60), stamp=LATER),
        a_receipt("GR-3", line_key="L20", quantity=Decimal(10)),
    )
    count()
    review(fresh(), at=at(4, 1))
    assert {one.closed_because for one in cases()} == {CloseReason.COUNTED}


def test_a_line_closed_short_is_told_short_though_its_order_is_over(people):
    an_agreed_order(people["asha"], lines=1)
    a_sent_notice(fresh(), people["asha"], {"L10": 100}, number="4711")
    arrive(a_receipt(quantity=Decimal(97)))
    lines = [a_line(10, received_quantity=Decimal(97), closed=True)]
    receive(a_paper(lines=lines, revision="2", status="closed"), at=LATER)
    count()
    review(fresh())

    case = the_case()
    assert (case.kind, case.facts["differs"]) == (CaseKind.RECEIPT_DIFFERS, "-3")


def test_more_on_the_way_than_ordered_becomes_more_received_than_ordered(people):
    an_active_policy(people, a_rule("quantity", percent=5, kind=DocumentKind.SHIPMENT))
    an_agreed_order(people["asha"], lines=1)
    a_sent_notice(fresh(), people["asha"], {"L10": 104}, number="4711")
    review(fresh())
    case = the_case()
    assert (case.kind, case.facts["surplus"]) == (CaseKind.OVER_SHIPMENT, "4")
    assert title_of(case, LATER) == "Shipped 104 pcs of 100 pcs"
    assert compared(case)[1][0].difference == "+4 pcs"

    receive(a_paper(lines=[a_line(10, received_quantity=Decimal(104))], revision="2"), at=LATER)
    arrive(a_receipt(quantity=Decimal(104)))
    count()
    review(fresh())
    assert (the_case().kind, the_case().occurrences) == (CaseKind.OVER_RECEIPT, 2)


def test_goods_without_a_notice_are_a_case_only_of_who_sends_notices(people):
    an_agreed_order(people["asha"])
    arrive(a_receipt("GR-0", quantity=Decimal(5), reference="0"))
    receive(a_paper(lines=[a_line(10, received_quantity=Decimal(5)), a_line(20)], revision="2"), at=LATER)
    review(fresh())
    assert cases() == []

    a_sent_notice(fresh(), people["asha"], {"L20": 60}, number="4711")
    review(fresh())
    assert cases() == []  # it came before
    with acting(FEED):
        booking = a_receipt("GR-1", quantity=Decimal(40), reference="X")
        receive_receipts([booking], actor=FEED, at=LATER)
    lines = [a_line(10, received_quantity=Decimal(45)), a_line(20)]
    receive(a_paper(lines=lines, revision="3"), at=LATER)
    review(fresh())
    case = the_case()
    assert (case.kind, case.facts["unannounced"]) == (CaseKind.ASN_MISSING, "40")
    assert title_of(case, LATER) == "40 pcs came without a ship notice"

    a_sent_notice(fresh(), people["asha"], {"L10": 40}, number="X")
    count()
    review(fresh())
    assert the_case().closed_because == CloseReason.ANNOUNCED


def test_facts_of_a_notice_are_about_the_orders_in_it(people):
    notice = a_sent_notice(an_agreed_order(people["asha"]), people["asha"])
    with acting(FEED):
        events = list(AuditEvent.objects.filter(stream=notice.stream))
        assert about(events) == ({fresh().pk}, set())
        assert {event.kind for event in events} <= HEARS


@pytest.mark.django_db(transaction=True)
def test_a_notice_taken_back_takes_its_cases_along(people):
    notice = a_sent_notice(an_agreed_order(people["asha"]), people["asha"], {"L10": None})
    estimate(notice, people["asha"], APRIL[8])
    review(fresh())
    do(cancel_notice, notice, people["asha"], "The lorry broke down.")
    with acting(FEED):
        events = list(AuditEvent.objects.filter(kind="shipment.cancelled"))

    assert react(events, MONDAY) == "opened 0, recurred 0, closed 1"
    with acting(FEED):
        assert ExceptionCase.objects.get().closed_because == CloseReason.IN_TIME
