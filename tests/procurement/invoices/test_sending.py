"""An invoice is sent, once under its number, with what goes with it; and then it stays."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction

from portal.kernel.audit.models import AuditEvent
from portal.kernel.errors import Duplicate, IllegalTransition, Invalid, NotFound
from portal.kernel.scope import acting
from procurement.invoices.messages import FileEntry, SaveDraft
from procurement.invoices.models import Invoice, InvoiceLine, InvoiceTax
from procurement.invoices.queries import find_file, invoices_of_order, lock_invoice, summaries
from procurement.invoices.services import (
    add_invoice_file,
    check_draft,
    drop_invoice_file,
    hold_invoice,
    revise_invoice,
    save_draft,
    withdraw_invoice,
)
from tests.builders.invoices import (
    LATER,
    PRICE_HELD,
    TODAY,
    a_draft_invoice,
    a_header,
    a_sent_invoice,
    begin,
    do,
    events,
    fresh_invoice,
    named,
    send,
    settle,
    write,
)
from tests.builders.world import MONDAY, a_line, a_paper, fresh, fresh_line, receive
from tests.people import FEED

pytestmark = pytest.mark.django_db

D = Decimal


def test_an_invoice_is_sent_and_counts_against_its_order(people, order):
    asha = people["asha"]
    draft = a_draft_invoice(order, asha, {"L10": 60})
    sent = send(draft, asha)

    invoice = sent.invoice
    assert (invoice.state, invoice.sent_by, invoice.channel) == ("sent", "Asha Acme", "portal")
    assert [one.code for one in sent.findings] == ["to_come"]
    assert events(invoice) == ["invoice.sent"]
    line = fresh_line()
    assert (line.claimed_quantity, line.finance, fresh().finance) == (60, "partly", "partly")
    with acting(asha.actor):
        (told,) = AuditEvent.objects.filter(kind="order.invoice_sent")
        assert invoices_of_order(order, actor=asha.actor) == [invoice]
        assert summaries([invoice])[invoice.pk].orders == {"4500000001": order.key}
    assert (told.stream, told.facts["number"], told.facts["lines"]) == (
        order.stream,
        "INV-1",
        [{"line": 10, "quantity": "60", "unit": "pcs"}],
    )
    a_sent_invoice(order, asha, {"L10": 40, "L20": 120}, number="INV-2")
    assert [fresh_line(number).finance for number in (10, 20)] == ["fully", "over"]
    # A feed of the ERP that has not booked it yet does not make it undone.
    receive(a_paper(lines=[a_line(10, description="Valve"), a_line(20)], revision="2"), at=LATER)
    assert fresh_line().finance == "fully"


def test_everything_that_must_be_mended_is_said_at_once(people, order):
    asha = people["asha"]
    draft = begin(order, asha)
    write(draft, asha, "", invoiced_on=date(2026, 3, 9), typed_total=D("1.00"))

    with pytest.raises(Invalid) as refused:
        send(draft, asha)

    assert {one.code for one in refused.value.problems} == {"number", "future", "typed_total"}
    assert fresh_invoice(draft).state == "draft"
    assert fresh_line().claimed_quantity == 0
    with acting(asha.actor):
        assert {one.code for one in check_draft(named(draft), actor=asha.actor, at=MONDAY)} > {"number"}


def test_a_number_is_there_once_however_it_is_written(people, order):
    asha = people["asha"]
    first = a_sent_invoice(order, asha, {"L10": 60}, number="INV-0042")
    again = a_draft_invoice(order, asha, {"L20": 10}, number="inv 42")

    with pytest.raises(Duplicate, match="Invoice INV-0042 of 2026-03-02 has the number inv 42") as refused:
        send(again, asha)

    assert refused.value.details["invoice"] == str(first.key)
    # A credit note counts its own numbers, and what was taken back frees its one.
    do(withdraw_invoice, first, asha, "A mistake.")
    assert send(again, asha).invoice.state == "sent"


def test_what_was_sent_stays(people, order):
    asha = people["asha"]
    invoice = a_sent_invoice(order, asha)

    with acting(asha.actor), pytest.raises(IllegalTransition, match="What was sent stays as it is"):
        save_draft(SaveDraft(invoice.key, invoice.version, a_header()), actor=asha.actor, at=MONDAY)
    tries = (
        lambda: Invoice.objects.filter(pk=invoice.pk).update(number="MINE"),
        lambda: Invoice.objects.filter(pk=invoice.pk).update(state="approved"),
        lambda: InvoiceLine.objects.filter(invoice=invoice).update(quantity=1),
        lambda: InvoiceTax.objects.create(
            supplier_id=invoice.supplier_id, invoice=invoice, category="S", base=1, amount=1
        ),
    )
    for attempt in tries:
        with pytest.raises(DatabaseError), acting(asha.actor):
            attempt()
    with acting(asha.actor):
        assert InvoiceLine.objects.filter(invoice=invoice).delete()[0] == 0
    # Nobody of the company rewrites it either.
    with pytest.raises(DatabaseError, match="what was sent is never edited"), acting(people["otto"].actor):
        Invoice.objects.filter(pk=invoice.pk).update(total=1, line_total=1, tax_total=0)


def test_a_supplier_writes_no_invoice_of_another_and_none_in_the_companys_name(people, order):
    draft = a_draft_invoice(order, people["asha"])
    theirs = begin(order, people["otto"])
    gil = people["gil"].actor

    with acting(gil):
        assert Invoice.objects.count() == 0
        with pytest.raises(NotFound):
            lock_invoice(draft.key, actor=gil)
    copy = fresh_invoice(draft)
    values = {name: getattr(copy, name) for name in ("supplier", "company", "currency")}
    values |= dict.fromkeys(("drafted_at", "updated_at", "state_at", "sent_at"), MONDAY)
    values |= {"invoiced_on": TODAY, "number_key": "9", "written_by": "Asha"}
    for changed in ({"state": "sent"}, {"on_behalf": True}, {"acts": "buyer"}):
        with pytest.raises(DatabaseError, match="row-level security"), acting(people["asha"].actor):
            Invoice.objects.create(**values | {"sent_at": None} | changed)

    def drift():
        InvoiceLine.objects.filter(invoice=draft).update(supplier_id=gil.supplier_ids[0])
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

    with pytest.raises(DatabaseError, match="same_supplier"), transaction.atomic(), acting(FEED):
        drift()
    assert theirs.on_behalf
    with acting(people["asha"].actor):
        assert list(Invoice.objects.values_list("key", flat=True)) == [draft.key]  # theirs is not for Acme


def test_how_a_sent_invoice_stands_is_not_for_its_supplier_to_say(people, order):
    asha, otto = people["asha"], people["otto"]
    invoice = a_sent_invoice(order, asha)
    settle(hold_invoice, invoice, PRICE_HELD)
    for changed in (
        {"held_for": {"key": "other"}},
        {"acts": "nobody"},
        {"held_at": LATER},
        {"sent_by_user_id": 1},
        {"channel": "api"},
        {"end_reason": "Gone."},
        {"state_at": LATER},
    ):
        with pytest.raises(DatabaseError, match="invoice_stays"), acting(asha.actor):
            Invoice.objects.filter(pk=invoice.pk).update(**changed)

    correction = do(revise_invoice, invoice, otto)  # theirs, which Acme does not see
    with pytest.raises(IllegalTransition, match="The other side is correcting this invoice"):
        do(revise_invoice, invoice, asha)
    do(withdraw_invoice, invoice, asha, "A mistake.")
    assert (fresh_invoice(invoice).acts, fresh_invoice(correction).state) == ("", "draft")


PDF = b"%PDF-1.7 picture"


def test_files_are_what_they_say_and_stay_once_sent(people, order, monkeypatch):
    asha, otto = people["asha"].actor, people["otto"].actor
    draft = a_draft_invoice(order, people["asha"])

    def add(kind, name, content, actor=asha):
        with acting(actor):
            return add_invoice_file(draft.key, FileEntry(kind, name, content), actor=actor, at=MONDAY)

    for kind, name, content in (
        ("picture", "a.pdf", b"MZ program"),
        ("picture", "a.csv", b"a;b"),
        ("einvoice", "a.xml", b"MZ"),
        ("einvoice", "a.txt", b"text"),
        ("other", "a.pdf", PDF),
        ("evidence", "a.pdf", b""),
    ):
        with pytest.raises(Invalid):
            add(kind, name, content)
    first, second = add("picture", "../a.pdf", PDF), add("picture", "b.pdf", PDF + b"2")
    proof = add("evidence", "proof.txt", b"Signed.")
    add("einvoice", "x.xml", b"<?xml version='1.0'?><Invoice/>")
    with acting(asha):
        assert sorted(draft.files.values_list("name", flat=True)) == ["b.pdf", "proof.txt", "x.xml"]
        assert bytes(find_file(second.key, actor=asha).content) == PDF + b"2"
        drop_invoice_file(proof.key, actor=asha, at=MONDAY)
        with pytest.raises(NotFound):
            find_file(first.key, actor=asha)
    send(draft, people["asha"])
    with pytest.raises(IllegalTransition):
        add("picture", "c.pdf", PDF)
    add("evidence", "c.pdf", PDF)
    monkeypatch.setattr("procurement.invoices.services.files.MOST_BYTES_OF_DAY", 60)
    with pytest.raises(Invalid, match="within 24 hours"):
        add("evidence", "e.pdf", PDF)
    add("evidence", "d.pdf", PDF, otto)
    with acting(asha), pytest.raises(IllegalTransition, match="What was sent stays"):
        drop_invoice_file(second.key, actor=asha, at=MONDAY)
    with acting(people["gil"].actor), pytest.raises(NotFound):
        find_file(second.key, actor=people["gil"].actor)
