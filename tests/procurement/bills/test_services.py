"""Invoices out of the ERP: entered, approved, partly paid, paid, cancelled, given back, before their order, wrong."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from portal.kernel.audit.models import AuditEvent
from portal.kernel.scope import acting
from procurement.bills.messages import BillLinePaper
from procurement.bills.models import Bill, BillLine
from procurement.bills.queries import bills_of
from procurement.bills.services import attach_bills, receive_bills
from tests.builders.facts import ORDER, a_bill, bill
from tests.builders.world import MONDAY, an_order, fresh_line
from tests.people import FEED

pytestmark = pytest.mark.django_db


def outcomes(*papers):
    return [result.outcome for result in bill(*papers)]


def later(paper, hours=1, **changed):
    return replace(paper, stamp=MONDAY + timedelta(hours=hours), **changed)


def standing():
    with acting(FEED):
        return list(Bill.objects.order_by("key").values_list("key", "state", "open_amount", "paid_on"))


def told():
    with acting(FEED):
        events = AuditEvent.objects.filter(kind="order.invoices_told").order_by("id")
        return [[(one["invoice"], one["state"]) for one in event.facts["invoices"]] for event in events]


def test_an_invoice_on_its_way_to_being_paid(world):
    order = an_order()
    paper = a_bill()
    approved = later(paper, 1, state="approved", number="RE-77")
    partly = later(approved, 2, state="partly_paid", open_amount=Decimal(200))
    paid = later(partly, 3, state="paid", open_amount=Decimal(0), paid_on=date(2026, 4, 30))

    for one in (paper, approved, partly, paid):
        assert outcomes(one) == ["stored"]

    assert standing() == [("INV-1", "paid", Decimal(0), date(2026, 4, 30))]
    assert told() == [[("A-2041", state)] for state in ("entered", "approved", "partly_paid", "paid")]
    with acting(FEED):
        (bill_,) = bills_of(order, actor=FEED)
        assert [(line.line.number, line.quantity, line.amount) for line in bill_.billed] == [
            (10, Decimal(100), Decimal(685))
        ]


def test_an_invoice_leaves_the_invoiced_quantity_to_the_order(world):
    an_order()

    bill(a_bill())

    assert fresh_line(10).invoiced_quantity == 0


def test_told_again_or_older_it_changes_nothing(world):
    an_order()
    bill(later(a_bill(), 2, state="approved"))

    assert outcomes(later(a_bill(), 3, state="approved")) == ["unchanged"]
    assert outcomes(later(a_bill(), 1)) == ["older"]
    assert standing() == [("INV-1", "approved", Decimal(822), None)]
    assert len(told()) == 1


def test_lines_are_those_of_the_newest_paper(world):
    an_order()
    bill(a_bill())

    bill(later(a_bill(), lines=(BillLinePaper(ORDER, "L20", Decimal(5), Decimal(30)),)))

    with acting(FEED):
        assert list(BillLine.objects.values_list("line__number", "quantity")) == [(20, Decimal(5))]


def test_a_credit_note_is_one_and_a_cancelled_invoice_stays(world):
    an_order()
    given_back = a_bill("CN-1", kind="credit_note", total=Decimal(50), open_amount=Decimal(50))
    bill(a_bill(), given_back)

    bill(later(a_bill(), state="cancelled", open_amount=Decimal(0)))

    with acting(FEED):
        assert set(Bill.objects.values_list("key", "kind", "state", "total")) == {
            ("CN-1", "credit_note", "entered", Decimal(50)),
            ("INV-1", "invoice", "cancelled", Decimal(822)),
        }


def test_an_invoice_before_its_order_waits_and_joins_it_when_it_comes(people):
    assert outcomes(a_bill()) == ["waits"]
    assert told() == []
    order = an_order()

    with acting(FEED):
        assert attach_bills([ORDER], actor=FEED, at=MONDAY) == 1
        assert attach_bills([ORDER], actor=FEED, at=MONDAY) == 0

    assert told() == [[("A-2041", "entered")]]
    with acting(people["asha"].actor):
        assert [one.key for one in bills_of(order, actor=people["asha"].actor)] == ["INV-1"]


def test_who_bills_the_order_of_another_does_not_come_to_see_it(people):
    order = an_order()

    assert outcomes(a_bill(supplier="GLOBEX")) == ["stored"]

    with acting(FEED):
        assert bills_of(order, actor=FEED) == []
        assert attach_bills([ORDER], actor=FEED, at=MONDAY) == 0
    with acting(people["gil"].actor):
        assert list(BillLine.objects.values_list("line_id", flat=True)) == [None]


def test_an_invoice_that_moves_to_another_supplier_takes_its_lines_along(people):
    order = an_order()
    bill(a_bill())

    assert outcomes(later(a_bill(), supplier="GLOBEX")) == ["stored"]

    with acting(people["asha"].actor):
        assert bills_of(order, actor=people["asha"].actor) == []
    with acting(people["gil"].actor):
        assert Bill.objects.count() == 1


def test_bad_invoices_are_refused_with_a_sentence_and_good_ones_taken(world):
    an_order()
    results = bill(
        a_bill("I-1", supplier="NOBODY"),
        a_bill("I-2", state="on_hold"),
        a_bill("I-3", total=Decimal(-5), open_amount=Decimal(0)),
        a_bill("I-4", open_amount=Decimal("822.01")),
        a_bill("I-5", state="paid"),
        a_bill("I-6", currency="EURO"),
        a_bill("I-7", lines=(BillLinePaper("", "L10", Decimal(1), Decimal(1)),)),
        a_bill("I-8"),
    )

    assert [(one.outcome, [problem.message for problem in one.problems]) for one in results] == [
        ("refused", ["NOBODY is not known here. Send its master data first, or correct the code."]),
        ("refused", ["The state is entered, approved, partly_paid, paid or cancelled."]),
        ("refused", ["A total cannot be negative. A credit note says so by its kind."]),
        ("refused", ["What is open lies between nothing and the total."]),
        ("refused", ["Nothing is open on an invoice that is paid or cancelled."]),
        ("refused", ["A currency has three letters (ISO 4217), such as EUR."]),
        ("refused", ["A line of an invoice names the order and the line that it bills."]),
        ("stored", []),
    ]
    assert [row[0] for row in standing()] == ["I-8"]


def test_a_batch_takes_the_same_few_statements_however_large(world, django_assert_num_queries):
    for size in (1, 3):
        numbers = [f"46{size}{n}" for n in range(size)]
        for number in numbers:
            an_order(number)
        papers = [
            a_bill(f"I-{number}", lines=(BillLinePaper(number, "L10", Decimal(1), Decimal(7)),))
            for number in numbers
        ]
        with acting(FEED), django_assert_num_queries(7):
            receive_bills(papers, actor=FEED, at=MONDAY)
