"""Credit and debit notes: never more is given back than there is."""

from dataclasses import replace
from decimal import Decimal

import pytest

from portal.kernel.errors import Duplicate, IllegalTransition, Invalid
from portal.kernel.scope import acting
from procurement.invoices.messages import Claimed
from procurement.invoices.queries import claimed_before, notes_about
from procurement.invoices.services import start_credit_for_count, start_credit_note, start_debit_note
from tests.builders.counts import a_posted_sheet, order_of
from tests.builders.invoices import (
    LATER,
    a_sent_invoice,
    fresh_invoice,
    lines_of,
    pieces,
    send,
    typed_in,
    write,
)
from tests.builders.world import MONDAY, fresh_line

pytestmark = pytest.mark.django_db

D = Decimal


def test_a_credit_note_gives_back_and_never_more_than_there_is(people, order):
    asha = people["asha"]
    invoice = a_sent_invoice(order, asha, {"L10": 100, "L20": 50})
    with acting(asha.actor):
        note = start_credit_note(invoice.key, actor=asha.actor, at=MONDAY)
    assert (note.kind, note.corrects_id, note.total) == ("credit_note", invoice.pk, invoice.total)
    write(note, asha, "CN-1", lines=typed_in(note)[:1], reason="Ten were damaged.")
    write(note, asha, "CN-1", lines=[replace(typed_in(note)[0], quantity=D(10))])
    send(note, asha, at=LATER)

    assert fresh_line().claimed_quantity == 90
    with acting(asha.actor):
        # What a note about it gives back was never claimed before it.
        assert claimed_before(fresh_invoice(invoice), actor=asha.actor)[fresh_line().pk] == Claimed()
        assert notes_about(invoice, actor=asha.actor) == [note]
        rest = start_credit_note(invoice.key, actor=asha.actor, at=LATER)
    assert [line[:2] for line in lines_of(rest)] == [(10, 90), (20, 50)]
    lines = [replace(typed_in(rest)[0], quantity=D(91))]
    write(rest, asha, "CN-2", lines=lines, reason="All of it.")
    with pytest.raises(Invalid, match="91 pcs is more than the 90 pcs that were claimed"):
        send(rest, asha, at=LATER)
    # The money of a price alone moves no quantity.
    price = pieces(100, "0.10", order, "L10", price_only=True)
    write(rest, asha, "CN-2", lines=[price], reason="The price was too high.")
    send(rest, asha, at=LATER)
    assert fresh_line().claimed_quantity == 90


def test_a_debit_note_claims_money_and_no_goods(people, order):
    asha = people["asha"]
    invoice = a_sent_invoice(order, asha)
    with acting(asha.actor):
        note = start_debit_note(invoice.key, actor=asha.actor, at=MONDAY)
    surcharge = [replace(typed_in(note)[0], unit_price=D("0.15"))]
    write(note, asha, "inv 1", lines=surcharge, reason="Alloy surcharge.")
    with pytest.raises(Duplicate, match="Invoice INV-1"):  # an invoice too, in the ERP's books
        send(note, asha)
    write(note, asha, "DN-9")
    sent = send(note, asha).invoice

    assert (sent.total, fresh_line().claimed_quantity) == (D("17.85"), 100)
    with acting(asha.actor):
        (before,) = claimed_before(sent, actor=asha.actor).values()
    assert before == Claimed(D(100), D("685.00"))


def test_goods_damaged_or_missing_at_a_count_are_credited_from_it(people):
    asha = people["asha"]
    sheet = a_posted_sheet(people, good=40, damaged=5, rest="short")  # 60 were announced
    order = order_of(sheet)
    with acting(asha.actor), pytest.raises(IllegalTransition, match="Nothing is to be given back"):
        start_credit_for_count(sheet.key, actor=asha.actor, at=MONDAY)
    invoice = a_sent_invoice(order, asha, {"L10": 60}, price=D("6.80"))
    with acting(asha.actor):
        note = start_credit_for_count(sheet.key, actor=asha.actor, at=MONDAY)

    assert lines_of(note) == [(10, 20, D("6.80"), 136)]
    assert (note.corrects_id, note.sheet_id, note.tax_total) == (invoice.pk, sheet.pk, D("25.84"))
    assert note.reason == "Damaged or missing on arrival: DN-1."
    write(note, asha, "CN-1")
    send(note, asha)
    assert fresh_line().claimed_quantity == 40
    with acting(asha.actor), pytest.raises(IllegalTransition):
        start_credit_for_count(sheet.key, actor=asha.actor, at=MONDAY)
