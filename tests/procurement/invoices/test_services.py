"""Invoices: begun, saved, sent, taken back, corrected, given back, settled."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction

from portal.kernel.audit.models import AuditEvent
from portal.kernel.errors import (
    Duplicate,
    IllegalTransition,
    Invalid,
    NotAllowed,
    NotFound,
    StaleDocument,
)
from portal.kernel.outbox.models import OutboxMessage
from portal.kernel.scope import acting
from procurement.bills.messages import BillLinePaper
from procurement.bills.models import Bill
from procurement.invoices.messages import (
    ChargeEntry,
    Claimed,
    FileEntry,
    Hold,
    SaveDraft,
    TaxWord,
    WholeInvoice,
    WholeLine,
)
from procurement.invoices.models import Invoice, InvoiceLine, InvoiceTax
from procurement.invoices.presenters import open_terms_text, paid_text
from procurement.invoices.queries import (
    booked_elsewhere,
    checked,
    claimed_before,
    find_file,
    find_invoice,
    invoiceable_lines,
    invoices_of_order,
    lock_invoice,
    matching_invoices,
    notes_about,
    profile_of,
    story_of,
    summaries,
    taxes_of,
    versions_of,
    visible_invoices,
    with_lines,
    written,
)
from procurement.invoices.services import (
    add_invoice_file,
    approve_invoice,
    check_draft,
    discard_draft,
    dispute_invoice,
    drop_invoice_file,
    entries_of,
    findings_of,
    follow_bill,
    header_of,
    hold_invoice,
    mark_scheduled,
    pass_on,
    reject_invoice,
    release_invoice,
    reopen_invoice,
    repeat_invoice,
    revise_invoice,
    revise_whole,
    save_draft,
    send_invoice,
    send_whole,
    start_credit_for_count,
    start_credit_note,
    start_debit_note,
    start_from_counts,
    start_from_notices,
    start_from_orders,
    start_from_receipts,
    start_without_order,
    void_invoice,
    withdraw_invoice,
    write_whole,
)
from procurement.orders.models import PurchaseOrderLine
from procurement.receipts.models import Receipt
from tests.builders.changes import an_agreed_order
from tests.builders.counts import a_posted_sheet, order_of
from tests.builders.facts import a_bill, a_receipt, arrive, bill
from tests.builders.invoices import (
    REVERSE,
    TODAY,
    VAT,
    a_draft_invoice,
    a_header,
    a_profile,
    a_sent_invoice,
    begin,
    do,
    fresh_invoice,
    named,
    pieces,
    send,
    settle,
    write,
)
from tests.builders.shipments import a_sent_notice
from tests.builders.world import MONDAY, a_line, a_paper, an_order, fresh, fresh_line, receive
from tests.people import FEED

pytestmark = pytest.mark.django_db

D = Decimal
LATER = MONDAY + timedelta(hours=1)
PRICE_HELD = Hold("price_over", "buyer", (("line", "1"),))


@pytest.fixture
def order(people):
    return an_agreed_order(people["asha"])


def facts(invoice):
    with acting(FEED):
        return list(
            AuditEvent.objects.filter(stream=invoice.stream).order_by("id").values_list("kind", flat=True)
        )


def lines_of(invoice):
    with acting(FEED):
        return [
            (one.line.number if one.line else None, one.quantity, one.unit_price, one.amount)
            for one in invoice.lines.select_related("line").order_by("position")
        ]


# --- begun --------------------------------------------------------------------------------------------------


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

    (line,) = _lines(draft)
    assert (line.unit_price, line.price_quantity, line.amount) == (D("113.37"), 100, D("283.43"))
    assert (line.category, line.tax_rate, line.supplier_item) == ("S", 19, "A-15")
    assert (draft.tax_total, draft.total, draft.company_tax_id) == (D("53.85"), D("337.28"), "GB-1")


def _lines(invoice):
    with acting(FEED):
        return list(invoice.lines.order_by("position"))


def test_a_ship_notice_receipts_and_counts_become_invoices_of_what_is_left(people, order):
    asha = people["asha"]
    notice = a_sent_notice(order, asha, {"L10": 60, "L20": 30})
    with acting(asha.actor):
        (draft,) = start_from_notices([notice.key], actor=asha.actor, at=MONDAY)
    assert [line[:2] for line in lines_of(draft)] == [(10, 60), (20, 30)]
    assert all(one.notice_line_id for one in _lines(draft))

    write(draft, asha, lines=[replace(one, quantity=D(20)) for one in _entries(draft)[:1]])
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


def _entries(invoice):
    with acting(FEED):
        return list(entries_of(invoice))


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


# --- saved --------------------------------------------------------------------------------------------------


def test_a_draft_is_kept_whole_and_its_sums_with_it(people, order):
    asha = people["asha"]
    draft = begin(order, asha)
    lines = [
        pieces(60, "6.85", order, "L10", charges=(ChargeEntry(True, "95", "Discount", percent=D(5)),)),
        pieces(40, "6.85", order, "L10"),
    ]
    freight = ChargeEntry(False, "FC", "Freight", D("25.00"), category="S", tax_rate=D(7))
    saved = write(
        draft, asha, "INV-0042", lines=lines, charges=[freight], note="Thanks.", payment_days=14, due_on=None
    )

    assert lines_of(saved) == [(10, 60, D("6.85"), D("390.45")), (10, 40, D("6.85"), 274)]
    assert (saved.number_key, saved.due_on, saved.note) == ("42", date(2026, 3, 16), "Thanks.")
    assert (saved.line_total, saved.charge_total) == (D("664.45"), D("25.00"))
    with acting(FEED):
        taxes = [
            (one.category, one.tax_rate, one.base, one.amount)
            for one in InvoiceTax.objects.order_by("tax_rate")
        ]
        whole = with_lines(visible_invoices(asha.actor)).get(pk=saved.pk)
    assert taxes == [("S", 7, 25, D("1.75")), ("S", 19, D("664.45"), D("126.25"))]
    assert saved.total == D("817.45")
    assert [(one.code, one.amount) for one in whole.told_lines[0].told_charges] == [("95", D("20.55"))]
    assert [one.code for one in whole.told_charges] == ["FC"]
    # What is not said stays as it is.
    with acting(asha.actor):
        kept = save_draft(
            SaveDraft(saved.key, saved.version, replace(header_of(saved), note="")),
            actor=asha.actor,
            at=LATER,
        )
    assert (kept.total, kept.note, len(lines_of(kept))) == (D("817.45"), "", 2)


def test_what_two_people_typed_is_told_and_nothing_is_lost(people, order):
    asha = people["asha"]
    draft = begin(order, asha)
    seen = draft.version
    write(draft, asha, "INV-1", lines=[pieces(50, "6.85", order, "L10")])

    mine = SaveDraft(draft.key, seen, a_header("INV-2"), (pieces(60, "6.85", order, "L10"),))
    with acting(asha.actor), pytest.raises(StaleDocument) as refused:
        save_draft(mine, actor=asha.actor, at=MONDAY)

    told = {
        (one["field"], one["line"]): (one["here"], one["yours"])
        for one in refused.value.details["differences"]
    }
    assert told["number", ""] == ("INV-1", "INV-2")
    assert told["quantity", "1"] == ("50", "60")
    assert lines_of(draft)[0][1] == 50


@pytest.mark.parametrize(
    ("changed", "field", "code"),
    [
        ({"quantity": D("NaN")}, "quantity", "out_of_range"),
        ({"quantity": D("1e12")}, "quantity", "out_of_range"),
        ({"unit_price": D("-1")}, "unit_price", "out_of_range"),
        ({"price_quantity": D(0)}, "price_quantity", "out_of_range"),
        ({"category": "X"}, "category", "unknown"),
        ({"tax_rate": D("19.12345")}, "tax_rate", "out_of_range"),
        ({"description": "x" * 301}, "description", "too_long"),
        ({"line_key": "L99"}, "order", "unknown"),
        ({"charges": (ChargeEntry(),)}, "charges", "amount_or_percent"),
    ],
)
def test_what_cannot_be_read_is_refused_at_its_field(people, order, changed, field, code):
    asha = people["asha"]
    draft = begin(order, asha)
    line = replace(pieces(1, "6.85", order, "L10"), **changed)

    with acting(asha.actor), pytest.raises(Invalid) as refused:
        save_draft(SaveDraft(draft.key, draft.version, None, (line,)), actor=asha.actor, at=MONDAY)

    assert [(one.field, one.code, one.line) for one in refused.value.problems] == [(field, code, "1")]
    assert lines_of(draft)[0][1] == 100


def test_no_line_of_another_supplier_or_currency_gets_into_an_invoice(people, order):
    asha = people["asha"]
    draft = begin(order, asha)
    theirs = an_order("4500000009", 1, supplier="GLOBEX")
    dollars = an_order("4500000008", 1, currency="USD")

    for other, code in ((theirs, "unknown"), (dollars, "other_currency")):
        command = SaveDraft(draft.key, draft.version, None, (pieces(1, "1", other, "L10"),))
        with acting(asha.actor), pytest.raises(Invalid) as refused:
            save_draft(command, actor=asha.actor, at=MONDAY)
        assert refused.value.problems[0].code == code


def test_the_queries_of_a_save_do_not_grow_with_its_lines(people, order, django_assert_max_num_queries):
    asha = people["asha"]
    draft = begin(order, asha)
    lines = [pieces(1, "6.85", order, "L10", charges=(ChargeEntry(False, "FC", amount=D(1)),))] * 60

    with acting(asha.actor), django_assert_max_num_queries(28):
        save_draft(SaveDraft(draft.key, draft.version, None, tuple(lines)), actor=asha.actor, at=MONDAY)


# --- sent ---------------------------------------------------------------------------------------------------


def test_an_invoice_is_sent_and_counts_against_its_order(people, order):
    asha = people["asha"]
    draft = a_draft_invoice(order, asha, {"L10": 60})
    sent = send(draft, asha)

    invoice = sent.invoice
    assert (invoice.state, invoice.sent_by, invoice.channel) == ("sent", "Asha Acme", "portal")
    assert [one.code for one in sent.findings] == ["to_come"]
    assert facts(invoice) == ["invoice.sent"]
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


# --- taken back and corrected -------------------------------------------------------------------------------


def test_what_is_taken_back_claims_nothing(people, order):
    asha = people["asha"]
    invoice = a_sent_invoice(order, asha, {"L10": 60})
    with pytest.raises(Invalid, match="Say why"):
        do(withdraw_invoice, invoice, asha, "  ")
    do(withdraw_invoice, invoice, asha, "Wrong order.")

    invoice = fresh_invoice(invoice)
    assert (invoice.state, invoice.end_reason) == ("withdrawn", "Wrong order.")
    assert (fresh_line().claimed_quantity, fresh().finance) == (0, "not_invoiced")
    assert facts(invoice) == ["invoice.sent", "invoice.withdrawn"]
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


# --- credit and debit notes ---------------------------------------------------------------------------------


def test_a_credit_note_gives_back_and_never_more_than_there_is(people, order):
    asha = people["asha"]
    invoice = a_sent_invoice(order, asha, {"L10": 100, "L20": 50})
    with acting(asha.actor):
        note = start_credit_note(invoice.key, actor=asha.actor, at=MONDAY)
    assert (note.kind, note.corrects_id, note.total) == ("credit_note", invoice.pk, invoice.total)
    write(note, asha, "CN-1", lines=_entries(note)[:1], reason="Ten were damaged.")
    write(note, asha, "CN-1", lines=[replace(_entries(note)[0], quantity=D(10))])
    send(note, asha, at=LATER)

    assert fresh_line().claimed_quantity == 90
    with acting(asha.actor):
        # What a note about it gives back was never claimed before it.
        assert claimed_before(fresh_invoice(invoice), actor=asha.actor)[fresh_line().pk] == Claimed()
        assert notes_about(invoice, actor=asha.actor) == [note]
        rest = start_credit_note(invoice.key, actor=asha.actor, at=LATER)
    assert [line[:2] for line in lines_of(rest)] == [(10, 90), (20, 50)]
    lines = [replace(_entries(rest)[0], quantity=D(91))]
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
    surcharge = [replace(_entries(note)[0], unit_price=D("0.15"))]
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


# --- what is claimed ----------------------------------------------------------------------------------------


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


# --- settled ------------------------------------------------------------------------------------------------


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
    assert facts(invoice) == ["invoice.sent", "invoice.held", "invoice.held", "invoice.released"]


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


# --- files and profiles -------------------------------------------------------------------------------------


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


def test_a_company_says_how_it_takes_invoices(people):
    with acting(people["asha"].actor):
        from procurement.catalogue.models import Company

        before = profile_of(Company.objects.get(code="NM"))
        assert (before.allow_without_order, before.claims_received, before.name) == (
            False,
            True,
            "Northmoor Supply",
        )
    with pytest.raises(NotAllowed):
        a_profile(people["otto"], VAT)
    saved = a_profile(people["root"], VAT, REVERSE, company_tax_id="GB-1", einvoice_formats=("ubl",))
    assert (saved.version, saved.einvoice_formats) == (1, ["ubl"])
    with acting(people["asha"].actor):
        assert [one.label for one in taxes_of(saved.company)] == ["VAT 19 %", "Reverse charge"]
    with pytest.raises(Invalid) as refused:
        a_profile(
            people["root"], VAT, VAT, replace(REVERSE, rate=D(3)), replace(VAT, category="?", label=" ")
        )
    assert [one.code for one in refused.value.problems] == [
        "twice",
        "tax_rate",
        "unknown",
        "required",
        "many_usual",
    ]


def test_no_tax_is_due_for_a_reason_that_the_company_offers_or_the_supplier_writes(people, order):
    asha = people["asha"]
    a_profile(people["max"], VAT, REVERSE, company_tax_id="GB-1")
    draft = begin(order, asha)
    write(draft, asha, lines=[pieces(100, "6.85", order, "L10", category="AE", tax_rate=D(0))])
    with acting(asha.actor):
        assert [one.exemption_reason for one in InvoiceTax.objects.all()] == ["Reverse charge"]
        assert findings_of(fresh_invoice(draft), at=MONDAY)[0].code == "to_come"
        words = (TaxWord("AE", "Article 196"),)
        command = SaveDraft(draft.key, fresh_invoice(draft).version, tax_words=words)
        save_draft(command, actor=asha.actor, at=MONDAY)
        assert [one.exemption_reason for one in InvoiceTax.objects.all()] == ["Article 196"]
    assert send(draft, asha).invoice.total == D("685.00")

    other = an_agreed_order(asha, "4500000009", 1)
    following = begin(other, asha)
    assert {one.category for one in _lines(following)} == {"AE"}  # as it was taxed last, not as usual there
    write(following, asha, lines=[pieces(1, "6.85", other, "L10", category="S", tax_rate=D(19))])
    with acting(asha.actor):
        codes = [one.code for one in findings_of(fresh_invoice(following), at=MONDAY)]
        assert "other_tax" in codes


# --- whole --------------------------------------------------------------------------------------------------


def a_whole(number="INV-1", *some, **changed):
    lines = some or (WholeLine(D(60), D("6.85"), "4500000001", "L10", category="S", tax_rate=D(19)),)
    return WholeInvoice("NM", a_header(number), tuple(lines), **changed)


def test_a_program_sends_a_whole_invoice_or_nothing_of_it(people, order):
    asha = people["asha"].actor
    with acting(asha):
        sent = send_whole(a_whole(), actor=asha, at=MONDAY)
    assert (sent.invoice.state, sent.invoice.total) == ("sent", D("489.09"))
    assert _lines(sent.invoice)[0].description == "Ball valve DN15"
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
