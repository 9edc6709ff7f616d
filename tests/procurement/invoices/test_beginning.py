"""An invoice is begun: with what was ordered, what left, what came, what was counted; or without an order."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from portal.kernel.errors import Invalid, NotAllowed, NotFound
from portal.kernel.scope import acting
from procurement.invoices.messages import WholeLine
from procurement.invoices.queries import find_invoice, invoiceable_lines
from procurement.invoices.services import (
    start_from_counts,
    start_from_notices,
    start_from_orders,
    start_from_receipts,
    start_without_order,
    write_whole,
)
from procurement.receipts.models import Receipt
from tests.builders.changes import an_agreed_order
from tests.builders.counts import a_posted_sheet
from tests.builders.facts import a_receipt, arrive
from tests.builders.invoices import (
    REVERSE,
    TODAY,
    VAT,
    a_profile,
    a_sent_invoice,
    a_whole,
    begin,
    lines_of,
    pieces,
    rows_of,
    send,
    typed_in,
    write,
)
from tests.builders.shipments import a_sent_notice
from tests.builders.world import MONDAY, a_line, a_paper, receive

pytestmark = pytest.mark.django_db

D = Decimal


def test_a_draft_begins_with_what_was_ordered_then_with_what_left_then_with_what_came(people, order):
    asha = people["asha"]
    with acting(asha.actor):
        (draft,) = start_from_orders([order.key], actor=asha.actor, at=MONDAY)
    assert lines_of(draft) == [(10, 100, D("6.85"), 685), (20, 100, D("6.85"), 685)]
    assert (draft.currency, draft.payment_days, draft.due_on) == ("EUR", 30, date(2026, 4, 1))
    assert (draft.invoiced_on, draft.total, draft.on_behalf) == (TODAY, D("1370.00"), False)

    a_sent_notice(order, asha, {"L10": 60})
    with acting(asha.actor):
        (draft,) = start_from_orders([order.key], actor=asha.actor, at=MONDAY)
    assert lines_of(draft) == [(10, 60, D("6.85"), 411)]

    receive(a_paper(lines=[a_line(10, received_quantity=D(40)), a_line(20)]))
    with acting(asha.actor):
        (draft,) = start_from_orders([order.key], actor=asha.actor, at=MONDAY)
    assert lines_of(draft) == [(10, 40, D("6.85"), 274)]

    a_profile(people["max"], VAT, claims_received=False)
    with acting(asha.actor):
        (draft,) = start_from_orders([order.key], actor=asha.actor, at=MONDAY)
    assert lines_of(draft) == [(10, 60, D("6.85"), 411)]  # what has left, where it is not paid as received


def test_several_orders_go_into_one_draft_for_each_currency(people, order):
    asha = people["asha"]
    other = an_agreed_order(asha, "4500000002", 1, payment_terms="2/10 net 30")
    dollars = an_agreed_order(asha, "4500000003", 1, currency="USD")
    with acting(asha.actor):
        drafts = start_from_orders([order.key, other.key, dollars.key], actor=asha.actor, at=MONDAY)

    assert [(one.currency, len(lines_of(one)), one.payment_days) for one in drafts] == [
        ("EUR", 3, None),  # their terms differ: nobody guesses
        ("USD", 1, 30),
    ]


def test_a_draft_takes_the_price_and_the_tax_that_were_agreed(people):
    asha = people["asha"]
    a_profile(people["max"], VAT, REVERSE, company_tax_id="GB-1")
    order = an_agreed_order(asha, lines=[a_line(10, price=D("113.37"), price_per=D(100), quantity=D(250))])
    draft = begin(order, asha)

    (line,) = rows_of(draft)
    assert (line.unit_price, line.price_quantity, line.amount) == (D("113.37"), 100, D("283.43"))
    assert (line.category, line.tax_rate, line.supplier_item) == ("S", 19, "A-15")
    assert (draft.tax_total, draft.total, draft.company_tax_id) == (D("53.85"), D("337.28"), "GB-1")


def test_a_ship_notice_receipts_and_counts_become_invoices_of_what_is_left(people, order):
    asha = people["asha"]
    notice = a_sent_notice(order, asha, {"L10": 60, "L20": 30})
    with acting(asha.actor):
        (draft,) = start_from_notices([notice.key], actor=asha.actor, at=MONDAY)
    assert [line[:2] for line in lines_of(draft)] == [(10, 60), (20, 30)]
    assert all(one.notice_line_id for one in rows_of(draft))

    write(draft, asha, lines=[replace(one, quantity=D(20)) for one in typed_in(draft)[:1]])
    send(draft, asha)
    with acting(asha.actor):
        (rest,) = start_from_notices([notice.key], actor=asha.actor, at=MONDAY)
    assert [line[:2] for line in lines_of(rest)] == [(10, 40), (20, 30)]

    receive(a_paper(lines=[a_line(10, received_quantity=D(60)), a_line(20)]))
    arrive(a_receipt(quantity=D(60)))
    with acting(asha.actor):
        ids = list(Receipt.objects.values_list("pk", flat=True))
        (came,) = start_from_receipts(ids, actor=asha.actor, at=MONDAY)
    assert [line[:2] for line in lines_of(came)] == [(10, 40)]

    sheet = a_posted_sheet(people, good=30, damaged=5, rest="short", notice=notice)
    with acting(asha.actor):
        (counted,) = start_from_counts([sheet.key], actor=asha.actor, at=MONDAY)
    assert [line[:2] for line in lines_of(counted)] == [(10, 30)]


def test_where_nothing_is_left_nothing_is_begun(people, order):
    asha = people["asha"]
    a_sent_invoice(order, asha, {"L10": None, "L20": None})

    with acting(asha.actor):
        assert list(invoiceable_lines(asha.actor)) == []
        with pytest.raises(Invalid, match="all of it was claimed already"):
            start_from_orders([order.key], actor=asha.actor, at=MONDAY)


def test_who_may_not_write_or_does_not_own_begins_nothing(people, order):
    for name in ("arun", "olga", "bea"):
        with acting(people[name].actor), pytest.raises(NotAllowed):
            start_from_orders([order.key], actor=people[name].actor, at=MONDAY)
    with acting(people["gil"].actor), pytest.raises(Invalid):
        start_from_orders([order.key], actor=people["gil"].actor, at=MONDAY)
    otto = begin(order, people["otto"])
    assert otto.on_behalf
    with acting(people["asha"].actor), pytest.raises(NotFound):
        find_invoice(otto.key, actor=people["asha"].actor)


def test_without_an_order_only_where_the_company_takes_it(people, order):
    asha = people["asha"]
    with acting(asha.actor), pytest.raises(Invalid, match="takes no invoice without an order"):
        start_without_order("NM", actor=asha.actor, at=MONDAY)

    a_profile(people["max"], VAT, allow_without_order=True)
    with acting(asha.actor):
        draft = start_without_order("NM", actor=asha.actor, at=MONDAY)
    write(draft, asha, lines=[pieces(1, "250.00", description="Rent of a crane")])
    sent = send(draft, asha)

    assert (sent.invoice.state, sent.invoice.total, list(sent.findings)) == ("sent", D("297.50"), [])

    whole = a_whole("INV-2", WholeLine(D(1), D(250), description="Rent"), currency="JPY")
    with acting(asha.actor):
        for attempt in (
            lambda: start_without_order("NM", "jpy", actor=asha.actor, at=MONDAY),
            lambda: write_whole(whole, actor=asha.actor, at=MONDAY),
        ):
            with pytest.raises(Invalid, match=r"Choose one of: .*EUR"):
                attempt()
