"""What came is counted for the ship notice it came with, in whatever order the ERP and the supplier tell."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from portal.kernel.audit.models import AuditEvent
from portal.kernel.errors import IllegalTransition, Invalid, NotAllowed
from portal.kernel.scope import acting
from procurement.receipts.policies import Awaited, Booking, counted
from procurement.receipts.services import HEARS, count_receipts_of
from procurement.shipments.messages import LineChoice
from procurement.shipments.models import ShipNoticeLine
from procurement.shipments.services import add_lines, cancel_notice, close_notice, correct_notice
from tests.builders.changes import an_agreed_order
from tests.builders.facts import a_receipt, arrive
from tests.builders.shipments import a_sent_notice, begin, do, fresh_notice, send, write
from tests.builders.world import MONDAY, a_line, a_paper, fresh, fresh_line, receive
from tests.people import FEED

LATER = MONDAY + timedelta(hours=1)


# --- the rule


def awaits(id_, quantity, reference="", hours=0, before=0):
    return Awaited(
        id_, reference or f"dn{id_}", Decimal(quantity), MONDAY + timedelta(hours=hours), Decimal(before)
    )


def booked(quantity, reference="", hours=0):
    return Booking(Decimal(quantity), reference, MONDAY + timedelta(hours=hours))


@pytest.mark.parametrize(
    ("awaited", "bookings", "received", "whole", "telling", "expected"),
    [
        pytest.param(
            [awaits(1, 60)], [booked(60, "dn1")], 0, False, True, {1: 60}, id="before the order says so"
        ),
        pytest.param(
            [awaits(1, 60)], [booked(70, "dn1")], 70, False, True, {1: 70}, id="more than announced"
        ),
        pytest.param(
            [awaits(1, 60)], [booked(20, "dn1"), booked(40, "dn1")], 60, False, True, {1: 60}, id="in two"
        ),
        pytest.param([awaits(1, 60)], [booked(60, "x")], 60, False, True, {1: 0}, id="names something else"),
        pytest.param(
            [awaits(1, 60)], [booked(60)], 0, False, True, {1: 0}, id="the order does not say so yet"
        ),
        pytest.param([awaits(1, 60)], [booked(60)], 60, False, True, {1: 60}, id="names nothing"),
        pytest.param(
            [awaits(1, 60), awaits(2, 40)], [booked(70)], 70, False, True, {1: 60, 2: 10}, id="oldest first"
        ),
        pytest.param(
            [awaits(1, 60), awaits(2, 40)],
            [booked(40, "dn2"), booked(30)],
            70,
            False,
            True,
            {1: 30, 2: 40},
            id="one named, one not",
        ),
        pytest.param(
            [awaits(1, 60), awaits(2, 40)], [], 60, False, False, {1: 60, 2: 0}, id="no bookings, ever"
        ),
        pytest.param(
            [awaits(1, 60), awaits(2, 40)], [], 60, False, True, {1: 0, 2: 0}, id="the booking is to come"
        ),
        pytest.param(
            [awaits(1, 60), awaits(2, 40)], [], 100, True, True, {1: 60, 2: 40}, id="all of it is here"
        ),
        pytest.param(
            [awaits(1, 60), awaits(2, 40)],
            [booked(60, "dn1"), booked(40, "dn-two")],
            100,
            True,
            True,
            {1: 60, 2: 40},
            id="a slip of the pen does not matter in the end",
        ),
        pytest.param([awaits(1, 60, before=40)], [], 40, False, False, {1: 0}, id="what was here before"),
        pytest.param([awaits(1, 60, before=40)], [], 70, False, False, {1: 30}, id="what came since"),
        pytest.param(
            [awaits(1, 60, before=40)], [booked(60)], 100, False, True, {1: 60}, id="history untold"
        ),
        pytest.param(
            [awaits(2, 60, hours=2, before=40)],
            [booked(40, "x", hours=1), booked(60, hours=3)],
            100,
            False,
            True,
            {2: 60},
            id="what something else brought before is not taken off twice",
        ),
        pytest.param(
            [awaits(1, 60), awaits(2, 40, before=0)],
            [booked(60), booked(40)],
            100,
            False,
            False,
            {1: 60, 2: 40},
        ),
        pytest.param([awaits(1, 60)], [], 0, False, True, {1: 0}, id="nothing"),
    ],
)
def test_what_came_with_which_notice(awaited, bookings, received, whole, telling, expected):
    found = counted(awaited, bookings, received=Decimal(received), is_whole=whole, tells_bookings=telling)
    assert found == expected


# --- on the database


def count():
    """As the outbox does after any of the facts told so far, all at once: it looks at how things stand."""
    with acting(FEED):
        events = list(AuditEvent.objects.filter(kind__in=HEARS).order_by("id"))
    return count_receipts_of(events, LATER)


def received(notice):
    with acting(FEED):
        rows = ShipNoticeLine.objects.filter(notice=notice).order_by("position")
        return [int(one.received_quantity) for one in rows]


def stands(notice):
    return (fresh_notice(notice).state, received(notice))


def erp_says(l10=0, l20=0, revision="1", **changed):
    lines = [
        a_line(10, received_quantity=Decimal(l10), **changed),
        a_line(20, received_quantity=Decimal(l20)),
    ]
    receive(a_paper(lines=lines, revision=revision, stamp=None), at=LATER)


def facts(prefix="shipment."):
    with acting(FEED):
        return list(
            AuditEvent.objects.filter(kind__startswith=prefix).order_by("id").values_list("kind", flat=True)
        )


pytestmark = pytest.mark.django_db(transaction=True)


def test_a_booking_that_names_the_notice_counts_for_it_however_the_number_is_written(people):
    notice = a_sent_notice(an_agreed_order(people["asha"]), people["asha"], {"L10": 60}, number="DN 47/11")
    arrive(a_receipt(quantity=Decimal(40), reference="dn-4711"))
    count()
    assert stands(notice) == ("partly_received", [40])
    line = fresh_line()
    assert (line.shipped_quantity, line.way) == (60, [(Decimal(20), date(2026, 3, 31))])

    arrive(a_receipt("GR-2", quantity=Decimal(20), reference="DN 4711"))
    erp_says(60)
    count()
    assert stands(notice) == ("received", [60])
    line = fresh_line()
    assert (line.shipped_quantity, line.way, line.logistics) == (60, [], "partly_received")
    assert facts() == ["shipment.sent", "shipment.partly_received", "shipment.received"]


def test_told_again_nothing_moves_and_the_order_keeps_its_version(people):
    a_sent_notice(an_agreed_order(people["asha"]), people["asha"], {"L10": 60}, number="4711")
    arrive(a_receipt())
    count()
    before = fresh().version

    assert count() == "unchanged"
    assert fresh().version == before


def test_a_booking_before_its_notice_waits_for_it(people):
    order = an_agreed_order(people["asha"])
    arrive(a_receipt(quantity=Decimal(60)))
    count()
    notice = a_sent_notice(order, people["asha"], {"L10": 60}, number="4711")
    assert stands(notice) == ("sent", [0])

    count()
    assert stands(notice) == ("received", [60])


def test_what_the_erp_takes_back_opens_the_notice_again(people):
    notice = a_sent_notice(an_agreed_order(people["asha"]), people["asha"], {"L10": 60}, number="4711")
    arrive(a_receipt(quantity=Decimal(20)), a_receipt("GR-2", quantity=Decimal(40)))
    count()
    assert stands(notice) == ("received", [60])

    arrive(a_receipt("GR-2", quantity=Decimal(40), reversed=True, stamp=LATER))
    count()
    assert stands(notice) == ("partly_received", [20])
    arrive(a_receipt(quantity=Decimal(20), reversed=True, stamp=LATER))
    count()
    assert stands(notice) == ("arrived", [0])
    assert fresh_line().way == [(Decimal(60), date(2026, 3, 31))]
    do(cancel_notice, notice, people["asha"], "It was another delivery.")


def test_an_erp_without_bookings_is_taken_at_the_orders_word(people):
    order = an_agreed_order(people["asha"])
    erp_says(30)
    notice = a_sent_notice(order, people["asha"], {"L10": 50, "L20": 100}, number="4711")
    count()
    assert stands(notice) == ("sent", [0, 0])  # the thirty were here before

    erp_says(80, 100)
    count()
    assert stands(notice) == ("received", [50, 100])


def test_a_correction_keeps_what_had_come_before_the_first_version(people):
    order = an_agreed_order(people["asha"])
    first = a_sent_notice(order, people["asha"], {"L10": 50}, number="4711")
    second = do(correct_notice, first, people["asha"])
    erp_says(50)  # the lorry is quicker than the correction
    send(second, people["asha"])
    count()

    assert stands(second) == ("received", [50])


def test_a_line_that_came_whole_or_short_keeps_no_notice_open(people):
    order = an_agreed_order(people["asha"])
    whole = a_sent_notice(order, people["asha"], {"L10": 60}, number="A-1")
    rest = a_sent_notice(order, people["asha"], {"L10": 40}, number="A-2")
    short = a_sent_notice(order, people["asha"], {"L20": 100}, number="A-3")
    arrive(
        a_receipt(reference="A-1"),
        a_receipt("GR-2", quantity=Decimal(40), reference="A-9"),
        a_receipt("GR-3", line_key="L20", quantity=Decimal(97), reference="A-3"),
    )
    count()
    assert [fresh_notice(one).state for one in (whole, rest, short)] == [
        "received",
        "sent",
        "partly_received",
    ]

    lines = [
        a_line(10, received_quantity=Decimal(100)),
        a_line(20, received_quantity=Decimal(97), closed=True),
    ]
    receive(a_paper(lines=lines, revision="2"), at=LATER)
    count()
    assert stands(rest) == ("received", [40])
    assert stands(short) == ("received", [97])


def test_one_notice_of_two_orders_follows_both(people):
    first = an_agreed_order(people["asha"])
    second = an_agreed_order(people["asha"], "4500000002")
    notice = begin(first, people["asha"], {"L10": 60})
    do(add_lines, notice, people["asha"], [LineChoice(second.key, "L10", Decimal(5))])
    write(notice, people["asha"], "4711")
    send(notice, people["asha"])
    arrive(a_receipt())
    count()
    assert stands(notice) == ("partly_received", [60, 0])

    arrive(a_receipt("GR-2", order="4500000002", quantity=Decimal(5)))
    count()
    assert stands(notice) == ("received", [60, 5])
    assert fresh_line(10, "4500000002").way == []


def test_more_than_was_announced_is_counted_and_said_anew(people):
    notice = a_sent_notice(an_agreed_order(people["asha"]), people["asha"], {"L10": 60}, number="4711")
    arrive(a_receipt())
    count()
    arrive(a_receipt(quantity=Decimal(64), stamp=LATER))
    count()

    assert stands(notice) == ("received", [64])
    assert facts()[-1] == "shipment.counted_anew"
    assert fresh_line().shipped_quantity == 64
    with pytest.raises(IllegalTransition, match="has been received"):
        do(cancel_notice, notice, people["asha"], "Never mind.")


def test_a_booking_in_another_unit_says_nothing_of_the_pieces(people):
    notice = a_sent_notice(an_agreed_order(people["asha"]), people["asha"], {"L10": 60}, number="4711")
    arrive(a_receipt(unit="m", quantity=Decimal(3)))
    count()
    assert stands(notice) == ("sent", [0])


def test_a_notice_counted_short_is_closed_by_the_buyer_and_the_rest_can_be_shipped_anew(people):
    notice = a_sent_notice(an_agreed_order(people["asha"]), people["asha"], {"L10": 100}, number="4711")
    with pytest.raises(IllegalTransition, match="once it has arrived"):
        do(close_notice, notice, people["bea"], "")
    arrive(a_receipt(quantity=Decimal(97)))
    count()
    with pytest.raises(NotAllowed):
        do(close_notice, notice, people["asha"], "Enough.")
    with pytest.raises(Invalid, match="Say why"):
        do(close_notice, notice, people["bea"], " ")
    assert fresh_line().shipped_quantity == 100

    do(close_notice, notice, people["bea"], "Three were broken.")
    line = fresh_line()
    assert (fresh_notice(notice).state, line.shipped_quantity, line.way) == ("closed", 97, [])
    arrive(a_receipt("GR-2", quantity=Decimal(3)))  # found behind the shelf
    count()
    assert stands(notice) == ("closed", [100])


def test_what_came_of_a_notice_taken_back_and_was_reversed_can_be_shipped_again(people):
    order = an_agreed_order(people["asha"])
    notice = a_sent_notice(order, people["asha"], {"L10": 60})
    erp_says(100)
    do(cancel_notice, notice, people["asha"], "Another lorry.")
    assert fresh_line().shipped_quantity == 100

    erp_says(0, revision="2")
    count()

    assert fresh_line().shipped_quantity == 0
    a_sent_notice(order, people["asha"], {"L10": 100}, number="DN-2")
