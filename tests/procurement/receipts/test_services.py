"""Receipts out of the ERP: booked, told again, corrected, taken back, before their order, and wrong."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from portal.kernel.audit.models import AuditEvent
from portal.kernel.scope import acting
from procurement.receipts.models import Receipt
from procurement.receipts.queries import receipts_by_line
from procurement.receipts.services import attach_receipts, receive_receipts
from tests.builders.facts import ORDER, a_receipt, arrive
from tests.builders.world import MONDAY, a_line, an_order, fresh, fresh_line, receive
from tests.builders.world import a_paper as an_order_paper
from tests.people import FEED

pytestmark = pytest.mark.django_db


def outcomes(*papers):
    return [result.outcome for result in arrive(*papers)]


def kept():
    with acting(FEED):
        rows = Receipt.objects.order_by("key")
        return list(rows.values_list("key", "quantity", "received_on", "reference", "reversed"))


def told():
    with acting(FEED):
        return [
            event.facts for event in AuditEvent.objects.filter(kind="order.receipts_booked").order_by("id")
        ]


def test_goods_that_arrived_in_two_bookings_are_told_by_line(world):
    order = an_order()

    assert (
        outcomes(a_receipt("GR-1"), a_receipt("GR-2", quantity=Decimal(40), reference="4712"))
        == ["stored"] * 2
    )

    with acting(FEED):
        found = receipts_by_line(order, actor=FEED)
    assert {line: [(one.quantity, one.reference) for one in rows] for line, rows in found.items()} == {
        fresh_line(10).pk: [(Decimal(40), "4712"), (Decimal(60), "4711")]
    }


def test_a_receipt_leaves_the_received_quantity_to_the_order(world):
    an_order()

    arrive(a_receipt())

    assert fresh_line(10).received_quantity == 0
    assert fresh().version == 1


def test_the_same_receipt_told_again_changes_nothing(world):
    an_order()
    arrive(a_receipt())

    assert outcomes(a_receipt(quantity=Decimal("60.000"), stamp=MONDAY + timedelta(days=1))) == ["unchanged"]
    assert len(told()) == 1


def test_an_older_paper_never_overwrites_a_newer_one(world):
    an_order()
    arrive(a_receipt(quantity=Decimal(50), stamp=MONDAY + timedelta(hours=2)))

    assert outcomes(a_receipt(quantity=Decimal(60), stamp=MONDAY + timedelta(hours=1))) == ["older"]
    assert kept() == [("GR-1", Decimal(50), date(2026, 3, 30), "4711", False)]


def test_what_was_unchanged_a_while_ago_is_older_than_what_is_known_since(world):
    an_order()
    arrive(a_receipt(stamp=MONDAY))
    arrive(a_receipt(stamp=MONDAY + timedelta(hours=2)))

    assert outcomes(a_receipt(quantity=Decimal(1), stamp=MONDAY + timedelta(hours=1))) == ["older"]


def test_of_two_papers_in_one_batch_the_newer_counts_in_whatever_order(world):
    an_order()
    newer = a_receipt(quantity=Decimal(50), stamp=MONDAY + timedelta(hours=1))

    assert outcomes(newer, a_receipt()) == ["stored"]
    assert kept()[0][1] == Decimal(50)


def test_a_booking_that_the_erp_took_back_stays_as_reversed(world):
    an_order()
    arrive(a_receipt())

    assert outcomes(a_receipt(reversed=True, stamp=MONDAY + timedelta(hours=1))) == ["stored"]
    assert kept() == [("GR-1", Decimal(60), date(2026, 3, 30), "4711", True)]
    assert [one["receipts"][0]["reversed"] for one in told()] == [False, True]


def test_a_receipt_before_its_order_waits_and_joins_it_when_it_comes(people):
    assert outcomes(a_receipt()) == ["waits"]
    with acting(people["asha"].actor):
        assert Receipt.objects.count() == 0
    order = an_order()

    with acting(FEED):
        assert attach_receipts([ORDER], actor=FEED, at=MONDAY) == 1
        assert attach_receipts([ORDER], actor=FEED, at=MONDAY) == 0

    with acting(people["asha"].actor):
        assert list(Receipt.objects.values_list("line__order__number", "supplier_id")) == [
            (ORDER, order.supplier_id)
        ]
    assert [one["count"] for one in told()] == [1]


def test_a_receipt_that_waits_and_is_told_again_joins_its_order_too(world):
    arrive(a_receipt())
    an_order()

    assert outcomes(a_receipt()) == ["stored"]
    assert len(told()) == 1


def test_a_receipt_of_a_line_that_is_not_there_waits_for_the_line(world):
    an_order(lines=1)
    assert outcomes(a_receipt(line_key="L20")) == ["waits"]
    receive(an_order_paper(ORDER, [a_line(10), a_line(20)], revision="2"), at=MONDAY + timedelta(hours=1))

    with acting(FEED):
        assert attach_receipts([ORDER], actor=FEED, at=MONDAY) == 1


def test_bad_receipts_are_refused_with_a_sentence_and_good_ones_taken(world):
    an_order()
    results = arrive(
        a_receipt("GR-1", company="XX"),
        a_receipt("GR-2", unit="dozen"),
        a_receipt("GR-3", quantity=Decimal("1.5")),
        a_receipt("GR-4", quantity=Decimal(0)),
        a_receipt("GR-5", received_on=date(206, 3, 30)),
        a_receipt("GR-6", line_key=""),
        a_receipt("GR-7"),
    )

    assert [(one.outcome, [problem.message for problem in one.problems]) for one in results] == [
        ("refused", ["XX is not known here. Send its master data first, or correct the code."]),
        ("refused", ["dozen is not known here. Send its master data first, or correct the code."]),
        ("refused", ["A quantity in pcs has at most 0 decimals."]),
        ("refused", ["A quantity must be more than zero."]),
        ("refused", ["This day cannot be meant."]),
        ("refused", ["A receipt names its own key, its order and the line of the order."]),
        ("stored", []),
    ]
    assert [row[0] for row in kept()] == ["GR-7"]


def test_a_batch_leaves_one_fact_on_each_order(world):
    an_order("4500000001")
    an_order("4500000002")

    arrive(*[a_receipt(f"GR-{n}", order=f"450000000{1 + n % 2}") for n in range(6)])

    assert sorted(one["count"] for one in told()) == [3, 3]


def test_a_batch_takes_the_same_few_statements_however_large(world, django_assert_num_queries):
    for size in (1, 3):
        numbers = [f"46{size}{n}" for n in range(size)]
        for number in numbers:
            an_order(number)
        with acting(FEED), django_assert_num_queries(7):
            receive_receipts(
                [a_receipt(f"GR-{number}", order=number) for number in numbers], actor=FEED, at=MONDAY
            )
