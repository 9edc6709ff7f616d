"""An invoice is held, disputed, approved, booked, voided: who may, and whose turn it is."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from portal.kernel.audit.models import AuditEvent
from portal.kernel.errors import Invalid, NotAllowed
from portal.kernel.outbox.models import OutboxMessage
from portal.kernel.scope import acting
from procurement.bills.models import Bill
from procurement.invoices.messages import Hold
from procurement.invoices.presenters import open_terms_text, paid_text
from procurement.invoices.services import (
    approve_invoice,
    dispute_invoice,
    follow_bill,
    hold_invoice,
    mark_scheduled,
    pass_on,
    reject_invoice,
    release_invoice,
    reopen_invoice,
    void_invoice,
)
from tests.builders.facts import a_bill, bill
from tests.builders.invoices import LATER, PRICE_HELD, a_sent_invoice, events, fresh_invoice, settle
from tests.builders.world import MONDAY, fresh_line
from tests.people import FEED

pytestmark = pytest.mark.django_db

D = Decimal


def test_an_invoice_is_held_since_it_was_and_says_whose_turn_it_is(people, order):
    invoice = a_sent_invoice(order, people["asha"])
    settle(hold_invoice, invoice, PRICE_HELD)
    settle(hold_invoice, invoice, PRICE_HELD, at=LATER)

    held = fresh_invoice(invoice)
    assert (held.state, held.acts, held.held_at) == ("held", "buyer", MONDAY)
    assert held.held_for == {"key": "price_over", "params": {"line": "1"}}
    settle(hold_invoice, invoice, Hold("to_come", "receiver"), at=LATER)
    assert fresh_invoice(invoice).held_at == LATER
    settle(pass_on, invoice, "supplier", actor=people["otto"].actor)
    assert (fresh_invoice(invoice).acts, fresh_invoice(invoice).held_at) == ("supplier", LATER)
    settle(release_invoice, invoice)
    assert (fresh_invoice(invoice).state, fresh_invoice(invoice).held_for) == ("sent", {})
    assert events(invoice) == ["invoice.sent", "invoice.held", "invoice.held", "invoice.released"]


def test_a_rule_ends_no_dispute_and_a_person_says_why(people, order):
    otto = people["otto"].actor
    invoice = a_sent_invoice(order, people["asha"])
    settle(dispute_invoice, invoice, "The price is 3 % over.", actor=otto)
    assert settle(hold_invoice, invoice, PRICE_HELD).state == "disputed"

    with pytest.raises(Invalid, match="Say why"):
        settle(approve_invoice, invoice, actor=otto)
    approved = settle(approve_invoice, invoice, "Agreed by phone.", actor=otto)

    assert (approved.state, approved.approved_by, approved.pay_on) == (
        "approved",
        "Otto Payer",
        date(2026, 4, 1),
    )
    with acting(FEED):
        message = OutboxMessage.objects.get(topic="erp", kind="invoice.approved")
        (event,) = AuditEvent.objects.filter(kind="invoice.approved")
    assert message.payload["invoice"] == str(invoice.key)
    assert (event.facts["number"], "less" in event.facts) == (invoice.number, False)
    reopened = settle(reopen_invoice, invoice, Hold("reopened", "payables"), actor=otto)
    assert (reopened.state, reopened.approved_at) == ("held", None)


def test_who_may_not_settle_does_not(people, order):
    invoice = a_sent_invoice(order, people["asha"])
    for name, verb, args in (
        ("asha", approve_invoice, ()),
        ("bea", hold_invoice, (PRICE_HELD,)),
        ("rex", approve_invoice, ()),
        ("otto", mark_scheduled, ()),
        ("ada", reject_invoice, ("No.",)),
    ):
        with pytest.raises(NotAllowed):
            settle(verb, invoice, *args, actor=people[name].actor)
    assert settle(approve_invoice, invoice, actor=people["bea"].actor).state == "approved"


def test_an_invoice_follows_its_booking(people, order):
    invoice = a_sent_invoice(order, people["asha"], number="INV-7")
    said = {"reference": "inv 7", "total": D("815.15")}

    def booked(state, stamp, **more):
        bill(a_bill("B1", state=state, stamp=MONDAY + timedelta(minutes=stamp), **{**said, **more}))
        with acting(FEED):
            follow_bill(Bill.objects.get(key="B1"), actor=FEED, at=MONDAY)
            follow_bill(Bill.objects.get(key="B1"), actor=FEED, at=MONDAY)  # told twice
        return fresh_invoice(invoice)

    whole = {"open_amount": D("815.15")}
    assert booked("approved", 1, **whole).state == "sent"  # joined: what is not approved here goes no further
    assert fresh_invoice(invoice).bill_id
    settle(approve_invoice, invoice)
    assert booked("entered", 2, **whole).state == "approved"
    scheduled = booked("approved", 3, due_on=date(2026, 4, 7), **whole)
    assert (scheduled.state, scheduled.pay_on) == ("scheduled", date(2026, 4, 7))
    paid = booked("paid", 4, open_amount=D(0), paid_on=date(2026, 4, 6))
    assert (paid.state, paid.paid_on) == ("paid", date(2026, 4, 6))
    with acting(FEED):
        assert (paid_text(paid), open_terms_text(paid)) == ("815.15 EUR", "")
    assert booked("partly_paid", 5, open_amount=D(100)).state == "scheduled"
    back = booked("cancelled", 6, open_amount=D(0))
    assert (back.state, back.held_for["key"], back.acts) == ("held", "desk.booking_cancelled", "payables")
    assert (back.bill, back.pay_on, back.paid_on) == (None, None, None)
    assert fresh_line().claimed_quantity == 100  # it claims still


def test_a_voided_invoice_frees_what_it_claimed(people, order):
    invoice = a_sent_invoice(order, people["asha"])
    settle(approve_invoice, invoice)
    settle(void_invoice, invoice, "Paid by card.", actor=people["otto"].actor)

    assert (fresh_invoice(invoice).state, fresh_line().claimed_quantity) == ("voided", 0)
