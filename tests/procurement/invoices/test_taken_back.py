"""What was sent is taken back, or corrected under its own number."""

from decimal import Decimal

import pytest

from portal.kernel.errors import IllegalTransition, Invalid
from portal.kernel.scope import acting
from procurement.invoices.messages import Claimed
from procurement.invoices.queries import claimed_before, story_of, versions_of
from procurement.invoices.services import (
    approve_invoice,
    discard_draft,
    dispute_invoice,
    hold_invoice,
    reject_invoice,
    repeat_invoice,
    revise_invoice,
    withdraw_invoice,
)
from tests.builders.invoices import (
    LATER,
    PRICE_HELD,
    a_sent_invoice,
    begin,
    do,
    events,
    fresh_invoice,
    lines_of,
    pieces,
    send,
    settle,
    write,
)
from tests.builders.world import MONDAY, fresh, fresh_line

pytestmark = pytest.mark.django_db

D = Decimal


def test_what_is_taken_back_claims_nothing(people, order):
    asha = people["asha"]
    invoice = a_sent_invoice(order, asha, {"L10": 60})
    with pytest.raises(Invalid, match="Say why"):
        do(withdraw_invoice, invoice, asha, "  ")
    do(withdraw_invoice, invoice, asha, "Wrong order.")

    invoice = fresh_invoice(invoice)
    assert (invoice.state, invoice.end_reason) == ("withdrawn", "Wrong order.")
    assert (fresh_line().claimed_quantity, fresh().finance) == (0, "not_invoiced")
    assert events(invoice) == ["invoice.sent", "invoice.withdrawn"]
    with pytest.raises(IllegalTransition):
        do(withdraw_invoice, invoice, asha, "Again.")
    with acting(asha.actor):
        copy = repeat_invoice(invoice.key, actor=asha.actor, at=MONDAY)
    assert (copy.number, lines_of(copy)[0][1], copy.document != invoice.document) == ("", 60, True)


@pytest.mark.parametrize("state", ["held", "disputed", "rejected"])
def test_a_correction_is_the_next_version_under_its_own_number(people, order, state):
    asha, otto = people["asha"], people["otto"].actor
    first = a_sent_invoice(order, asha, {"L10": 60}, number="INV-7", price=D("7.06"))
    if state == "held":
        settle(hold_invoice, first, PRICE_HELD)
    elif state == "disputed":
        settle(dispute_invoice, first, "3 % over.", actor=otto)
    else:
        settle(reject_invoice, first, "The price is 6.85.", actor=otto)
        assert fresh_line().claimed_quantity == 0
    draft = do(revise_invoice, first, asha)
    assert do(revise_invoice, first, asha) == draft  # begun once
    assert (draft.number, draft.issue, draft.document) == ("INV-7", 2, first.document)
    with pytest.raises(Invalid, match="keeps the number"):
        write(draft, asha, "INV-8")
    write(draft, asha, "INV-7", lines=[pieces(60, "6.85", order, "L10")])
    sent = send(draft, asha, at=LATER).invoice

    assert (fresh_invoice(first).state, sent.state) == ("replaced", "sent")
    assert fresh_line().claimed_quantity == 60
    with acting(asha.actor):
        assert [one.issue for one in versions_of(sent, actor=asha.actor)] == [2, 1]
        assert claimed_before(sent, actor=asha.actor)[fresh_line().pk] == Claimed()
        told = [one.kind for one in story_of(sent, actor=asha.actor)]
    assert told[:2] == ["invoice.sent", "invoice.replaced"]


def test_what_is_settled_is_corrected_by_a_note_only(people, order):
    asha = people["asha"]
    invoice = a_sent_invoice(order, asha)
    draft = do(revise_invoice, invoice, asha)
    settle(approve_invoice, invoice)

    with pytest.raises(IllegalTransition, match="The version before is approved"):
        send(draft, asha)
    with pytest.raises(IllegalTransition):
        do(withdraw_invoice, invoice, asha, "Too late.")


def test_a_correction_goes_with_what_it_would_have_corrected(people, order):
    asha = people["asha"]
    invoice = a_sent_invoice(order, asha)
    draft = do(revise_invoice, invoice, asha)
    do(withdraw_invoice, invoice, asha, "Not ours.")

    assert fresh_invoice(draft).state == "discarded"
    assert do(discard_draft, begin(order, asha), asha).state == "discarded"
