"""Invoices matched at once: the last pieces are claimed once, and a receipt in the same moment is not missed."""

from datetime import timedelta
from decimal import Decimal

import pytest

from portal.kernel.audit.models import AuditEvent
from portal.kernel.scope import acting
from procurement.matching.models import Match
from procurement.matching.services import match_sent, rematch_orders
from tests.builders.matching import a_match_policy, a_sent_invoice, fresh_invoice, matched_now, order_lines
from tests.builders.world import MONDAY, a_line, a_paper, an_order, receive
from tests.concurrency.at_once import at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def no_hints(settings):
    settings.OUTBOX_WAKE = "tests.kernel.test_reactions.no_hint"


def sent(invoice):
    return [AuditEvent(kind="invoice.sent", stream=invoice.stream, facts={})]


def lines(received):
    an_order(lines=[a_line(10 * n, received_quantity=Decimal(received)) for n in (1, 2)])
    return order_lines()


def test_two_invoices_for_the_last_pieces_are_never_both_approved(people):
    a_match_policy(people)
    line, _other = lines(100)
    earlier = a_sent_invoice((line, 60, "6.85"))
    later = a_sent_invoice((line, 61, "6.85"), number="INV-2", at=MONDAY + timedelta(minutes=1))

    answers = at_once(lambda: match_sent(sent(later), MONDAY), lambda: match_sent(sent(earlier), MONDAY))

    assert sorted(answers) == ["matched 1, approved 0", "matched 1, approved 1"]
    assert (fresh_invoice(earlier).state, fresh_invoice(later).state) == ("approved", "held")
    assert fresh_invoice(later).held_for["key"] == "match.quantity.over_received"


def test_one_invoice_matched_four_times_at_once_is_approved_once(people):
    a_match_policy(people)
    invoice = a_sent_invoice((lines(100)[0], 60, "6.85"))

    at_once(*[lambda: match_sent(sent(invoice), MONDAY)] * 4)

    assert fresh_invoice(invoice).state == "approved"
    with acting(people["bea"].actor):
        assert Match.objects.count() == 1
        assert AuditEvent.objects.filter(kind="invoice.approved").count() == 1


def test_a_receipt_in_the_moment_of_the_match_is_seen_or_looked_at_again(people):
    a_match_policy(people)
    invoice = a_sent_invoice((lines(0)[0], 100, "6.85"))

    def book():
        receive(a_paper(lines=[a_line(10, received_quantity=Decimal(100)), a_line(20)]))
        with acting(people["bea"].actor):
            return list(AuditEvent.objects.filter(kind="order.goods_received"))

    _matched, events = at_once(lambda: match_sent(sent(invoice), MONDAY), book)
    rematch_orders(events, MONDAY)

    assert fresh_invoice(invoice).state == "approved"


def test_batches_over_the_same_orders_crosswise_never_wait_for_each_other_for_ever(people):
    a_match_policy(people)
    first, second = lines(1000)
    one = a_sent_invoice((first, 10, "6.85"), (second, 11, "6.85"))
    two = a_sent_invoice((second, 12, "6.85"), (first, 13, "6.85"), number="INV-2")

    answers = at_once(lambda: matched_now(one, two), lambda: matched_now(two, one))

    assert sorted(answers) == [0, 2]
