"""What is claimed of an order: by earlier invoices, by what the ERP booked, and when it is to be paid."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from portal.kernel.audit.models import AuditEvent
from portal.kernel.scope import acting
from procurement.bills.messages import BillLinePaper
from procurement.bills.models import Bill
from procurement.invoices.messages import Claimed
from procurement.invoices.queries import booked_elsewhere, claimed_before, story_of
from procurement.invoices.services import (
    approve_invoice,
    follow_bill,
    reject_invoice,
    start_from_orders,
    withdraw_invoice,
)
from tests.builders.facts import a_bill, bill
from tests.builders.invoices import (
    LATER,
    a_draft_invoice,
    a_sent_invoice,
    do,
    fresh_invoice,
    lines_of,
    send,
    settle,
    write,
)
from tests.builders.world import MONDAY, fresh_line
from tests.people import FEED

pytestmark = pytest.mark.django_db

D = Decimal


def test_what_was_claimed_before_is_what_was_sent_earlier(people, order):
    asha = people["asha"]
    first = a_sent_invoice(order, asha, {"L10": 30})
    second = a_sent_invoice(order, asha, {"L10": 30}, number="INV-2", at=LATER)
    draft = a_draft_invoice(order, asha, {"L10": 30}, number="INV-3")
    line = fresh_line().pk
    with acting(asha.actor):
        before = {
            one.number: claimed_before(one, actor=asha.actor)[line].quantity for one in (first, second, draft)
        }
    assert before == {"INV-1": 0, "INV-2": 30, "INV-3": 60}
    settle(reject_invoice, first, "Not ours.", actor=people["otto"].actor)
    with acting(asha.actor):
        assert claimed_before(second, actor=asha.actor)[line].quantity == 0


def test_what_the_erp_booked_without_us_counts_once(people, order):
    asha = people["asha"]
    invoice = a_sent_invoice(order, asha, {"L10": 30}, number="A-7")
    line = fresh_line().pk
    bill(
        a_bill("PAPER", reference="P-1", lines=(BillLinePaper(order.number, "L10", D(20), D(137)),)),
        a_bill("OURS", reference="A 0007", lines=(BillLinePaper(order.number, "L10", D(30), D("205.5")),)),
        a_bill("GONE", reference="P-2", state="cancelled", open_amount=D(0)),
    )
    with acting(asha.actor):
        assert booked_elsewhere([line]) == {line: Claimed(D(20), D(137))}
        assert claimed_before(invoice, actor=asha.actor)[line] == Claimed(D(20), D(137))
        (rest,) = start_from_orders([order.key], actor=asha.actor, at=MONDAY)
    assert [one[:2] for one in lines_of(rest)] == [(10, 50), (20, 100)]


def test_what_the_erp_booked_is_ours_as_far_as_a_live_invoice_claims_it(people, order):
    asha = people["asha"]
    invoice = a_sent_invoice(order, asha, {"L10": 30}, number="A-7")
    line = fresh_line().pk

    def elsewhere():
        with acting(FEED):
            return booked_elsewhere([line])

    def booked(quantity, amount, *, key="B1", **more):
        lines = (BillLinePaper(order.number, "L10", D(quantity), D(amount)),)
        values = {"reference": "A 0007", "total": D("244.55"), "open_amount": D("244.55"), **more}
        bill(a_bill(key, lines=lines, **values))

    booked(50, "342.50")
    assert elsewhere() == {line: Claimed(D(20), D(137))}  # 20 more than it claims
    booked(30, "205.504", stamp=MONDAY + timedelta(minutes=1))
    assert elsewhere() == {}
    booked(30, "205.50", key="B2")  # typed twice: the second is nobody's
    assert elsewhere() == {line: Claimed(D(30), D("205.50"))}
    booked(30, "205.50", key="B2", currency="USD", stamp=MONDAY + timedelta(minutes=2))
    assert elsewhere() == {line: Claimed(D(30), D("205.50"))}
    booked(30, "205.50", key="B2", state="cancelled", open_amount=D(0), stamp=MONDAY + timedelta(minutes=3))

    with acting(FEED):
        follow_bill(Bill.objects.get(key="B1"), actor=FEED, at=MONDAY)
    assert (fresh_invoice(invoice).bill_id is not None, elsewhere()) == (True, {})
    do(withdraw_invoice, invoice, asha, "Wrong order.")  # the ERP still has it booked
    assert elsewhere() == {line: Claimed(D(30), D("205.504"))}


def test_a_booking_of_another_total_is_not_taken_for_the_invoice(people, order):
    invoice = a_sent_invoice(order, people["asha"], number="INV-7")
    settle(approve_invoice, invoice, "Fine.", actor=people["otto"].actor)

    def told(total, stamp):
        paid = {"state": "paid", "open_amount": D(0), "paid_on": date(2026, 4, 6)}
        stamp = MONDAY + timedelta(minutes=stamp)
        bill(a_bill("B1", reference="inv 7", total=D(total), stamp=stamp, **paid))
        with acting(FEED):
            for _once in range(2):
                follow_bill(Bill.objects.get(key="B1"), actor=FEED, at=MONDAY)
        now = fresh_invoice(invoice)
        return now.state, now.bill_id is not None

    assert told("714", 1) == ("approved", False)
    with acting(FEED):
        (event,) = AuditEvent.objects.filter(kind="invoice.booked_otherwise")
    assert (event.internal, event.facts["booked"], event.facts["taken"]) == (True, "714", "815.15")
    assert told("815.16", 2) == ("paid", True)  # 685.00 and 19 %, rounded otherwise there


def test_an_invoice_is_paid_no_sooner_than_its_order_says(people, order):
    asha, otto = people["asha"], people["otto"].actor
    invoice = a_sent_invoice(order, asha, {"L10": 50}, due_on=date(2026, 3, 3), payment_days=None)
    assert settle(approve_invoice, invoice, actor=otto).pay_on == date(2026, 4, 1)  # 30 days
    later = a_sent_invoice(order, asha, {"L10": 50}, number="INV-2", due_on=date(2026, 5, 1))
    assert settle(approve_invoice, later, actor=otto).pay_on == date(2026, 5, 1)


def test_who_wrote_it_and_why_it_was_approved_stays_with_the_buying_side(people, order):
    asha, otto, mia = people["asha"], people["otto"], people["bea"]
    draft = a_draft_invoice(order, otto)
    write(draft, otto)
    with acting(FEED):
        events = AuditEvent.objects.filter(stream=draft.stream, kind="invoice.drafted")
        assert [(one.actor_user_id, one.internal) for one in events] == [(otto.actor.user_id, True)]
    invoice = send(draft, otto).invoice
    settle(approve_invoice, invoice, "He is a friend.", actor=mia.actor)
    with acting(asha.actor):
        told = {one.kind: one.facts for one in story_of(invoice, actor=asha.actor)}
    assert set(told) == {"invoice.sent", "invoice.approved"}
    assert "friend" not in str(told)
    with acting(otto.actor):
        told = {one.kind: one.facts.get("reason") for one in story_of(invoice, actor=otto.actor)}
    assert told["invoice.approval_reasoned"] == "He is a friend."
