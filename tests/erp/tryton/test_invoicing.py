"""A worker that dies while it books an invoice in Tryton: another one goes on, and it is there once; and what Tryton
has drafted by itself, on each way of invoicing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from procurement.demo.tryton.founding import make, one
from procurement.erp.connectors.tryton import TrytonConnector
from procurement.erp.messages import (
    InvoiceCommand,
    InvoiceCommandCharge,
    InvoiceCommandLine,
    InvoiceCommandTax,
    Picture,
)
from procurement.erp.ports import Feed, Outcome, ValidationRefused
from procurement.orders.messages import OrderPaper
from tests.erp.papers import an_order
from tests.erp.tryton.harness import TrytonHarness, tryton_harness
from tests.erp.tryton.test_crashes import Killed, Mortal

pytestmark = pytest.mark.slow

CLAIMED_ON = datetime.now(UTC).date() - timedelta(days=1)
PICTURE = Picture("R-2041.pdf", "application/pdf", b"%PDF-1.7 the supplier's own")
FREIGHT = InvoiceCommandCharge(Decimal(25), "Freight", "FC", "O")


@pytest.fixture
def erp(tmp_path: Path) -> Iterator[TrytonHarness]:
    with tryton_harness("8.2", tmp_path) as harness:
        yield harness


def a_claim(order: OrderPaper, *quantities: int, price: str = "18.4", **changed: Any) -> InvoiceCommand:
    """So much of each line."""
    lines = tuple(
        InvoiceCommandLine(
            Decimal(some) * Decimal(price),
            Decimal(some),
            line.unit,
            Decimal(price),
            order.number,
            line.key,
            line.number,
            category="O",
        )
        for line, some in zip(order.lines, quantities, strict=False)
    )
    values: dict[str, Any] = {
        "key": "k-1",
        "invoice": "invoice-1",
        "company": "NM",
        "supplier": "70012",
        "number": "R-2041",
        "invoiced_on": CLAIMED_ON,
        "currency": "EUR",
        "lines": lines,
    } | changed
    taxes = sum((tax.amount for tax in values.get("taxes", ())), Decimal(0))
    rows = (*values["lines"], *values.get("charges", ()))
    values.setdefault("total", sum((row.amount for row in rows), taxes))
    return InvoiceCommand(**values)


def book(erp: TrytonHarness, claim: InvoiceCommand, picture: Picture | None = None) -> str:
    with erp.connector() as connector:
        result = connector.book_invoice(claim, picture)
    assert result.outcome is Outcome.CONFIRMED
    return result.reference


def dies(erp: TrytonHarness, claim: InvoiceCommand, at: int) -> bool:
    """Write with a worker that dies after this call; whether it got so far."""
    Mortal.left, Mortal.after = at, True
    connector = erp.connector()
    assert isinstance(connector, TrytonConnector)
    connector.rpc.__class__ = Mortal
    try:
        connector.book_invoice(claim, PICTURE)
    except Killed:
        return True
    finally:
        connector.close()
    return False


def method(erp: TrytonHarness, how: str) -> None:
    """Let orders that are made from now on be invoiced in this way."""
    quote = erp._quote

    def quoted(order: OrderPaper) -> int:
        purchase = quote(order)
        erp.people.write("purchase.purchase.draft", [purchase])
        erp.people.write("purchase.purchase.write", [purchase], {"invoice_method": how})
        erp.people.write("purchase.purchase.quote", [purchase])
        return purchase

    erp._quote = quoted  # type: ignore[method-assign]  # of this harness alone


def stands(erp: TrytonHarness) -> list[tuple[str, list[tuple[Decimal, Decimal]]]]:
    """Every supplier invoice with its number, and the quantities and prices of its lines."""
    return [
        (
            invoice["reference"] or "",
            sorted((Decimal(str(line["quantity"])), line["unit_price"]) for line in invoice["lines."]),
        )
        for invoice in erp.invoices()
    ]


def pieces(*some: tuple[int, str]) -> list[tuple[Decimal, Decimal]]:
    return sorted((Decimal(quantity), Decimal(price)) for quantity, price in some)


@pytest.mark.parametrize("at", [1, 2, 3, 4])
def test_whatever_step_was_the_last_it_is_booked_once_and_the_rest_is_drafted(
    erp: TrytonHarness, at: int
) -> None:
    (order,) = erp.put_orders(an_order())
    for quantity in (30, 30):
        erp.receive(order, order.lines[0].key, Decimal(quantity), "4711")
    claim = a_claim(order, 58, price="18.35", charges=(FREIGHT,))
    if not dies(erp, claim, at):
        pytest.skip(f"the whole takes fewer than {at} writes")

    first = book(erp, claim, PICTURE)
    assert book(erp, replace(claim, key="k-2"), PICTURE) == first

    assert stands(erp) == [("R-2041", pieces((58, "18.35"), (1, "25"))), ("", pieces((2, "18.4")))]
    names = erp.people.read("ir.attachment.search_read", [], 0, None, None, ["name", "data"])
    assert [(found["name"], found["data"]) for found in names] == [("R-2041.pdf", PICTURE.content)]


def test_on_a_manual_order_nothing_is_drafted_but_what_is_claimed(erp: TrytonHarness) -> None:
    method(erp, "manual")
    first, second = erp.put_orders(an_order(), an_order("4500012346"))
    lines = (*a_claim(first, 60).lines, *a_claim(second, 0, 40).lines[1:])
    claim = a_claim(first, lines=lines, due_on=date(2027, 1, 15), note="Second half of May")
    assert dies(erp, claim, 1)  # the first draft is made, and nobody's yet

    reference = book(erp, claim)

    assert stands(erp) == [("R-2041", pieces((60, "18.4"), (40, "18.4")))]
    (made,) = erp.invoices()
    assert reference == f"account.invoice,{made['id']}"
    assert (made["comment"], made["invoice_date"]) == ("Due 2027-01-15.\nSecond half of May", CLAIMED_ON)
    assert all(line["account"] for line in made["lines."])
    erp.post("R-2041")
    rest = a_claim(first, 180, invoice="invoice-2", number="R-2042")
    book(erp, rest)
    erp.post("R-2042")
    with pytest.raises(ValidationRefused, match="Nothing is left to be invoiced"):
        book(erp, a_claim(first, 1, invoice="invoice-3", number="R-2043"))


def test_on_an_order_that_is_invoiced_at_once_the_rest_stays_drafted(erp: TrytonHarness) -> None:
    method(erp, "order")
    (order,) = erp.put_orders(an_order())
    assert stands(erp) == [("", pieces((240, "18.4"), (240, "18.4")))]

    book(erp, a_claim(order, 100, 240))

    assert stands(erp) == [
        ("R-2041", pieces((100, "18.4"), (240, "18.4"))),
        ("", pieces((140, "18.4"))),
    ]


def test_an_amendment_deletes_drafts_and_told_anew_it_is_there_again(erp: TrytonHarness) -> None:
    (order,) = erp.put_orders(an_order())
    erp.receive(order, order.lines[0].key, Decimal(60), "4711")
    claim = a_claim(order, 60, price="18.3", charges=(FREIGHT,))
    book(erp, claim, PICTURE)
    erp.amend_and_leave(order, order.lines[1].key, quantity=Decimal(200))
    assert stands(erp) != [("R-2041", pieces((60, "18.3"), (1, "25")))]

    book(erp, claim, PICTURE)

    assert stands(erp) == [("R-2041", pieces((60, "18.3"), (1, "25")))]


def test_taxes_are_those_of_the_rate_and_come_to_the_suppliers_figure(erp: TrytonHarness) -> None:
    rpc = erp.people
    account = rpc.read("account.account.search", [["type.statement", "=", "balance"]], 0, 1, None)[0]
    group = make(rpc, "account.tax.group", name="VAT", code="VAT", kind="both")
    for rate in ("0.19", "0.07"):
        make(
            rpc,
            "account.tax",
            name=f"VAT {rate}",
            description=f"VAT {rate}",
            type="percentage",
            rate=Decimal(rate),
            group=group,
            company=rpc.context["company"],
            invoice_account=account,
            credit_note_account=account,
        )
    (order,) = erp.put_orders(an_order())
    erp.receive(order, order.lines[0].key, Decimal(3), "4711")
    (line,) = a_claim(order, 3, price="18.35").lines
    taxes = (
        InvoiceCommandTax(
            "S", Decimal(19), Decimal("55.05"), Decimal("10.45")
        ),  # a cent less than it comes to
        InvoiceCommandTax("S", Decimal(7), Decimal(25), Decimal("1.75")),
    )
    claim = a_claim(
        order,
        lines=(replace(line, category="S", tax_rate=Decimal(19)),),
        charges=(replace(FREIGHT, category="S", tax_rate=Decimal(7)),),
        taxes=taxes,
    )

    book(erp, claim)

    (made,) = erp.invoices()
    assert (made["tax_amount"], made["total_amount"]) == (Decimal("12.20"), Decimal("92.25"))
    erp.receive(order, order.lines[0].key, Decimal(3), "4712")
    odd = replace(line, category="S", tax_rate=Decimal(5))
    other = a_claim(order, lines=(odd,), invoice="invoice-2", number="R-2042")
    with pytest.raises(ValidationRefused, match="exactly one purchase tax"):
        book(erp, other)


def test_a_credit_note_completes_what_tryton_drafts_below_zero(erp: TrytonHarness) -> None:
    (order,) = erp.put_orders(an_order())
    erp.receive(order, order.lines[0].key, Decimal(58), "4711")
    book(erp, a_claim(order, 60))  # accepted above what was received
    erp.post("R-2041")
    assert stands(erp)[1:] == [("", pieces((-2, "18.4")))]

    credit = a_claim(order, 2, invoice="invoice-2", number="C-7", kind="credit_note", corrects="R-2041")
    book(erp, credit)

    assert stands(erp)[1:] == [("C-7", pieces((-2, "18.4")))]
    erp.post("C-7")
    assert len(erp.invoices()) == 2


def test_a_price_that_is_corrected_moves_the_cost_and_no_quantity(erp: TrytonHarness) -> None:
    (order,) = erp.put_orders(an_order())
    erp.receive(order, order.lines[0].key, Decimal(60), "4711")
    book(erp, a_claim(order, 60))
    with pytest.raises(ValidationRefused, match="no posted invoice"):
        book(erp, note_on(order, "credit_note", "1.00"))
    erp.post("R-2041")

    for kind, price in (("credit_note", "1.00"), ("debit_note", "0.50")):
        book(erp, note_on(order, kind, price))
        erp.post(f"{kind}-1")

    assert stands(erp)[1:] == [
        ("credit_note-1", pieces((-60, "1"))),
        ("debit_note-1", pieces((60, "0.5"))),
    ]
    wanted = [["origin", "=", f"purchase.line,{order.lines[0].key}"], ["state", "=", "done"]]
    (move,) = erp.people.read("stock.move.search_read", wanted, 0, None, None, ["unit_price"])
    assert move["unit_price"] == Decimal("17.9")  # 18.40 less 1.00 and 0.50 more


def note_on(order: OrderPaper, kind: str, price: str) -> InvoiceCommand:
    (line,) = a_claim(order, 60, price=price).lines
    lines = (replace(line, price_only=True),)
    return a_claim(
        order, lines=lines, invoice=f"{kind}-key", number=f"{kind}-1", kind=kind, corrects="R-2041"
    )


def test_what_bookkeeping_began_by_hand_is_gone_on_with_or_taken_for_it(erp: TrytonHarness) -> None:
    (order,) = erp.put_orders(an_order())
    erp.receive(order, order.lines[0].key, Decimal(60), "4711")
    (draft,) = erp.invoices()
    erp.people.write("account.invoice.write", [draft["id"]], {"reference": "r 02041"})

    assert book(erp, a_claim(order, 60)) == f"account.invoice,{draft['id']}"
    assert stands(erp) == [("R-2041", pieces((60, "18.4")))]

    erp.post("R-2041")
    erp.receive(order, order.lines[1].key, Decimal(10), "4712")
    erp.bill(order, order.lines[1].key, "R2042")
    by_hand = one(erp.people, "account.invoice", ["reference", "=", "R2042"])
    erp.people.write("account.invoice.draft", [by_hand])
    erp.people.write("account.invoice.write", [by_hand], {"invoice_date": CLAIMED_ON})
    erp.people.write("account.invoice.validate_invoice", [by_hand])
    claim = a_claim(order, 0, 10, invoice="invoice-2", number="R-2042")
    claim = replace(claim, lines=claim.lines[1:])
    assert book(erp, claim) == f"account.invoice,{by_hand}"
    with pytest.raises(ValidationRefused, match="Compare the two"):
        book(erp, replace(claim, total=Decimal(185)))
    with pytest.raises(ValidationRefused, match="Cancel or credit it there"):
        book(erp, replace(claim, voided=True))


def test_the_draft_of_another_invoice_under_its_number_is_left_alone(erp: TrytonHarness) -> None:
    (order,) = erp.put_orders(an_order())
    for quantity in (60, 20):
        erp.receive(order, order.lines[0].key, Decimal(quantity), "4711")
    first = book(erp, a_claim(order, 60))

    second = a_claim(order, 20, invoice="invoice-2", kind="debit_note")

    assert book(erp, second) not in ("", first)
    assert stands(erp) == [("R-2041", pieces((60, "18.4"))), ("R-2041", pieces((20, "18.4")))]
    assert book(erp, replace(second, voided=True)) == ""
    assert stands(erp) == [("R-2041", pieces((60, "18.4"))), ("", pieces((20, "18.4")))]


def test_what_its_people_cancelled_is_for_a_person(erp: TrytonHarness) -> None:
    (order,) = erp.put_orders(an_order())
    erp.receive(order, order.lines[0].key, Decimal(60), "4711")
    claim = a_claim(order, 60)
    book(erp, claim)
    (made,) = erp.invoices()
    erp.people.write("account.invoice.cancel", [made["id"]])

    with pytest.raises(ValidationRefused, match="was cancelled in Tryton"):
        book(erp, claim)
    assert erp.connector().book_invoice(replace(claim, voided=True)).outcome is Outcome.CONFIRMED


@pytest.mark.parametrize("posted", [False, True])
def test_what_was_cancelled_is_told_and_approved_once_more_it_is_booked_once_more(
    erp: TrytonHarness, posted: bool
) -> None:
    (order,) = erp.put_orders(an_order())
    erp.receive(order, order.lines[0].key, Decimal(60), "4711")
    claim = a_claim(order, 60)
    first = book(erp, claim)
    (made,) = erp.invoices()
    if posted:
        erp.post("R-2041")
    erp.people.write("account.invoice.cancel", [made["id"]])

    with erp.connector() as connector:
        told = [one.paper for page in connector.read(Feed.INVOICES, None) for one in page.sightings]
    assert [(one.reference, one.state, one.total, one.open_amount) for one in told] == [  # type: ignore[union-attr]
        ("R-2041", "cancelled", Decimal("1104.00"), Decimal(0))
    ]
    again = replace(claim, cancelled=1)
    second = book(erp, again)
    assert second not in ("", first)
    assert book(erp, again) == second
    assert stands(erp) == [("R-2041", pieces((60, "18.4")))]
    erp.people.write("account.invoice.cancel", [int(second.partition(",")[2])])
    with pytest.raises(ValidationRefused, match="was cancelled in Tryton"):
        book(erp, again)
    assert stands(erp) == []
