"""A program sends a whole invoice or nothing of it; and what lists find of all there are."""

from dataclasses import replace
from decimal import Decimal

import pytest

from portal.kernel.errors import Duplicate, Invalid, StaleDocument
from portal.kernel.scope import acting
from procurement.invoices.messages import WholeLine
from procurement.invoices.models import Invoice
from procurement.invoices.queries import (
    checked,
    invoiceable_lines,
    matching_invoices,
    visible_invoices,
    written,
)
from procurement.invoices.services import reject_invoice, revise_whole, send_invoice, send_whole, write_whole
from procurement.orders.models import PurchaseOrderLine
from tests.builders.invoices import (
    LATER,
    a_draft_invoice,
    a_sent_invoice,
    a_whole,
    begin,
    fresh_invoice,
    named,
    rows_of,
    settle,
    write,
)
from tests.builders.world import MONDAY
from tests.people import FEED

pytestmark = pytest.mark.django_db

D = Decimal


def test_a_program_sends_a_whole_invoice_or_nothing_of_it(people, order):
    asha = people["asha"].actor
    with acting(asha):
        sent = send_whole(a_whole(), actor=asha, at=MONDAY)
    assert (sent.invoice.state, sent.invoice.total) == ("sent", D("489.09"))
    assert rows_of(sent.invoice)[0].description == "Ball valve DN15"
    for whole, field in (
        (a_whole("I2", WholeLine(D(1), D(1), "4500000001", "L77")), "lines"),
        (replace(a_whole("I2"), company="XX"), "company"),
        (replace(a_whole("I2"), kind="bill"), "kind"),
        (replace(a_whole("I2"), currency="USD"), "currency"),
    ):
        with pytest.raises(Invalid) as refused, acting(asha):
            send_whole(whole, actor=asha, at=MONDAY)
        assert refused.value.problems[0].field == field
    with acting(FEED):
        assert Invoice.objects.count() == 1


def test_a_program_that_sends_a_rejected_number_again_corrects_it(people, order):
    asha = people["asha"].actor
    with acting(asha):
        first = send_whole(a_whole("INV-5"), actor=asha, at=MONDAY).invoice
        with pytest.raises(Duplicate):
            send_whole(a_whole("INV 05"), actor=asha, at=MONDAY)
    settle(reject_invoice, first, "Wrong price.", actor=people["otto"].actor)
    with acting(asha):
        second = send_whole(a_whole("INV-5"), actor=asha, at=LATER).invoice
    assert (second.document, second.issue, fresh_invoice(first).state) == (first.document, 2, "replaced")
    with acting(asha):
        third = revise_whole(named(second), a_whole(""), actor=asha, at=LATER).invoice
        note = write_whole(
            replace(a_whole("CN-5"), kind="credit_note", corrects=third.key), actor=asha, at=LATER
        )
    assert (third.issue, third.number, note.corrects_id) == (3, "INV-5", third.pk)


def test_lists_find_invoices_by_what_people_remember(people, order):
    asha = people["asha"]
    invoice = a_sent_invoice(order, asha, number="INV-0042")
    with acting(asha.actor):
        seen = visible_invoices(asha.actor)
        for text in ("INV-0042", "42", "45000000", "acme"):
            assert list(matching_invoices(seen, text)) == [invoice]
        assert list(matching_invoices(seen, "43")) == []
    for name, count in (("gil", 0), ("bea", 1), ("arun", 1)):
        with acting(people[name].actor):
            assert visible_invoices(people[name].actor).count() == count


def test_a_line_of_which_all_is_claimed_is_not_offered(people, order):
    asha = people["asha"]
    a_sent_invoice(order, asha)
    with acting(asha.actor):
        assert [(one.number, one.left) for one in invoiceable_lines(asha.actor)] == [(20, 100)]
        assert PurchaseOrderLine.objects.get(number=10).claimed_quantity == 100
        assert checked(written(fresh_invoice(begin(order, asha, {"L20": 1}))), at=MONDAY).order_days == 30


def test_a_sent_invoice_is_stale_for_who_saw_another(people, order):
    asha = people["asha"]
    draft = a_draft_invoice(order, asha)
    seen = named(draft)
    write(draft, asha)
    with acting(asha.actor), pytest.raises(StaleDocument):
        send_invoice(seen, actor=asha.actor, at=MONDAY)
