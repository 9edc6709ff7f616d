"""A draft is kept whole, with its sums; and what two people typed is told."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from portal.kernel.errors import Invalid, StaleDocument
from portal.kernel.scope import acting
from procurement.invoices.messages import ChargeEntry, SaveDraft
from procurement.invoices.models import InvoiceTax
from procurement.invoices.queries import visible_invoices, with_lines
from procurement.invoices.services import header_of, save_draft
from tests.builders.invoices import LATER, a_header, begin, lines_of, pieces, write
from tests.builders.world import MONDAY, an_order
from tests.people import FEED

pytestmark = pytest.mark.django_db

D = Decimal


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
