"""Two claim, number or take back at one moment: real threads on real connections."""

from collections import Counter
from datetime import timedelta
from decimal import Decimal

import pytest

from portal.kernel.scope import acting
from procurement.invoices.messages import SaveDraft
from procurement.invoices.models import Invoice
from procurement.invoices.queries import claimed_before
from procurement.invoices.services import (
    approve_invoice,
    reject_invoice,
    revise_invoice,
    save_draft,
    send_invoice,
    withdraw_invoice,
)
from tests.builders.changes import an_agreed_order
from tests.builders.invoices import (
    a_draft_invoice,
    a_header,
    a_sent_invoice,
    do,
    fresh_invoice,
    named,
    pieces,
)
from tests.builders.world import MONDAY, a_line, fresh_line
from tests.concurrency.at_once import at_once, kinds
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)

LATER = MONDAY + timedelta(hours=1)


def doing(verb, invoice, person, *args):
    seen = named(invoice)

    def work():
        with acting(person.actor):
            return verb(seen, *args, actor=person.actor, at=LATER)

    return work


def settling(verb, invoice, *args):
    def work():
        with acting(FEED):
            return verb(invoice.key, *args, actor=FEED, at=LATER)

    return work


def test_two_claim_the_last_ten_and_the_second_finds_them_claimed(people):
    asha = people["asha"]
    order = an_agreed_order(asha, lines=[a_line(10, quantity=Decimal(10))])
    drafts = [a_draft_invoice(order, asha, {"L10": 10}, number=number) for number in ("A-1", "A-2")]

    outcomes = at_once(*(doing(send_invoice, draft, asha) for draft in drafts))

    assert kinds(outcomes) == Counter({"Sent": 2})  # whether both are paid is for the match to say
    assert sorted(tuple(one.code for one in sent.findings) for sent in outcomes) == [
        ("over_claim",),
        ("to_come",),
    ]
    line = fresh_line()
    assert (line.claimed_quantity, line.finance) == (20, "over")
    with acting(FEED):
        before = [
            claimed_before(one, actor=FEED)[line.pk].quantity
            for one in Invoice.objects.order_by("sent_at", "id")
        ]
    assert before == [0, 10]


def test_one_number_sent_twice_at_once_is_sent_once(people):
    asha, otto = people["asha"], people["otto"]
    order = an_agreed_order(asha)
    other = an_agreed_order(asha, "4500000002")
    drafts = [
        (a_draft_invoice(order, asha, number="INV-0042"), asha),
        (a_draft_invoice(other, otto, number="inv 42"), otto),
    ]

    outcomes = at_once(*(doing(send_invoice, draft, person) for draft, person in drafts))

    assert kinds(outcomes) == Counter({"Sent": 1, "Duplicate": 1})
    refused = next(one for one in outcomes if not hasattr(one, "invoice"))
    sent = next(one.invoice for one in outcomes if hasattr(one, "invoice"))
    assert refused.details["invoice"] == str(sent.key)
    assert fresh_line().claimed_quantity + fresh_line(order="4500000002").claimed_quantity == 100


@pytest.mark.parametrize("settle", ["approve", "reject", "correct"])
def test_taken_back_and_settled_at_once_is_one_of_them(people, settle):
    asha = people["asha"]
    invoice = a_sent_invoice(an_agreed_order(asha), asha, {"L10": 60})
    draft = do(revise_invoice, invoice, asha)
    other = {
        "approve": lambda: settling(approve_invoice, invoice),
        "reject": lambda: settling(reject_invoice, invoice, "Not ours."),
        "correct": lambda: doing(send_invoice, draft, asha),
    }[settle]()

    outcomes = at_once(other, doing(withdraw_invoice, invoice, people["otto"], "Not wanted."))

    assert sum(kinds(outcomes)[name] for name in ("Invoice", "Sent")) == 1
    states = (fresh_invoice(invoice).state, fresh_invoice(draft).state)
    ends = {
        "approve": ("approved", "draft"),
        "reject": ("rejected", "draft"),
        "correct": ("replaced", "sent"),
    }
    assert states in (ends[settle], ("withdrawn", "discarded"))
    claims = states in (("approved", "draft"), ("replaced", "sent"))
    assert fresh_line().claimed_quantity == (60 if claims else 0)


def test_invoices_over_the_same_orders_never_wait_for_each_other_for_ever(people):
    asha = people["asha"]
    first, second = an_agreed_order(asha), an_agreed_order(asha, "4500000002")
    drafts = [a_draft_invoice(first, asha, number=number) for number in ("A-1", "A-2", "A-3")]
    ways = ((first, second), (second, first), (first, second))
    saves = [
        SaveDraft(
            draft.key,
            draft.version,
            a_header(number),
            tuple(pieces(5, "6.85", order, "L10") for order in way),
        )
        for draft, number, way in zip(drafts, ("A-1", "A-2", "A-3"), ways, strict=True)
    ]

    def saving(command):
        def work():
            with acting(asha.actor):
                return save_draft(command, actor=asha.actor, at=LATER)

        return work

    assert kinds(at_once(*(saving(command) for command in saves))) == Counter({"Invoice": 3})
    assert kinds(at_once(*(doing(send_invoice, draft, asha) for draft in drafts))) == Counter({"Sent": 3})
    assert [fresh_line(order=number).claimed_quantity for number in ("4500000001", "4500000002")] == [15, 15]
