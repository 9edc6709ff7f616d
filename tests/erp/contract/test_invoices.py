"""The contract of `procurement.erp.ports`: approved invoices."""

from dataclasses import replace
from decimal import Decimal

from procurement.erp.messages import (
    InvoiceCommandCharge,
)
from procurement.erp.ports import (
    Outcome,
)
from procurement.orders.messages import OrderPaper
from tests.erp.contract.caller import Enter, Reader, booked, everything
from tests.erp.contract.commands import CLAIMED_ON, an_invoice, two_orders
from tests.erp.contract.harness import ConnectorHarness, Entered
from tests.erp.papers import an_order


def invoiced(reader: Reader, order: OrderPaper) -> list[Decimal]:
    everything(reader)
    return [line.invoiced_quantity for line in reader.orders[order.number].lines]


def test_an_invoice_is_booked_once_with_its_number_and_comes_back_when_it_is_posted(
    erp: ConnectorHarness, reader: Reader, enter: Enter
) -> None:
    first, second = two_orders(erp)
    key = first.lines[0].key
    for order, quantity in ((first, 60), (second, 40)):
        erp.receive(order, order.lines[0].key, Decimal(quantity), "4711")
    freight = InvoiceCommandCharge(Decimal(25), "Freight", "FC", "O")
    claim = an_invoice("command-1", (first, 0, 60), (second, 0, 40), charges=(freight,))

    assert enter(claim) == (Outcome.CONFIRMED, "")
    assert enter(claim) == (Outcome.CONFIRMED, "")
    assert enter(replace(claim, key="command-2")) == (Outcome.CONFIRMED, "")

    billed = {(first.number, key): Decimal(60), (second.number, second.lines[0].key): Decimal(40)}
    assert list(erp.entered("R-2041")) == [Entered("invoice", CLAIMED_ON, Decimal(1865), billed)]
    erp.post("R-2041")
    (told,) = booked(reader).values()
    assert (told.reference, told.state, told.kind, told.total) == (
        "R-2041",
        "approved",
        "invoice",
        Decimal(1865),
    )
    assert {(one.order, one.line_key): (one.quantity, one.amount) for one in told.lines} == {
        (first.number, key): (Decimal(60), Decimal(1104)),
        (second.number, second.lines[0].key): (Decimal(40), Decimal(736)),
    }
    assert invoiced(reader, first) == [Decimal(60), Decimal(0)]
    assert enter(claim) == (Outcome.CONFIRMED, "")  # also once it is posted


def test_what_an_invoice_leaves_can_be_billed_by_the_next_and_prices_are_the_approved_ones(
    erp: ConnectorHarness, reader: Reader, enter: Enter
) -> None:
    (order,) = erp.put_orders(an_order())
    for some in (30, 30):
        erp.receive(order, order.lines[0].key, Decimal(some), "4711")
    erp.receive(order, order.lines[1].key, Decimal(10), "4712")

    assert enter(an_invoice("command-1", (order, 0, 58), price="18.35")) == (Outcome.CONFIRMED, "")
    rest = an_invoice("command-2", (order, 0, 2), (order, 1, 10), invoice="invoice-2", number="R-2042")
    assert enter(rest) == (Outcome.CONFIRMED, "")
    for number in ("R-2041", "R-2042"):
        assert len(erp.entered(number)) == 1
        erp.post(number)

    told = booked(reader)
    assert {number: one.total for number, one in told.items()} == {
        "R-2041": Decimal("1064.3"),
        "R-2042": Decimal("220.8"),
    }
    assert invoiced(reader, order) == [Decimal(60), Decimal(10)]


def test_a_price_for_many_and_an_allowance_come_to_the_cent(
    erp: ConnectorHarness, reader: Reader, enter: Enter
) -> None:
    (order,) = erp.put_orders(an_order())
    erp.receive(order, order.lines[0].key, Decimal(231), "4711")
    (line,) = an_invoice("", (order, 0, 231)).lines
    line = replace(line, unit_price=Decimal("1234.567"), price_per=Decimal(100), amount=Decimal("2851.85"))
    less = InvoiceCommandCharge(Decimal("-20.01"), "Rebate", "95", "O")

    assert enter(an_invoice("command-1", lines=(line,), charges=(less,))) == (Outcome.CONFIRMED, "")
    erp.post("R-2041")

    (told,) = booked(reader).values()
    assert (told.total, [one.quantity for one in told.lines]) == (Decimal("2831.84"), [Decimal(231)])


def test_a_credit_note_gives_back_what_its_invoice_billed(
    erp: ConnectorHarness, reader: Reader, enter: Enter
) -> None:
    (order,) = erp.put_orders(an_order())
    erp.receive(order, order.lines[0].key, Decimal(60), "4711")
    enter(an_invoice("command-1", (order, 0, 60)))
    erp.post("R-2041")
    credit = an_invoice(
        "command-2", (order, 0, 5), invoice="invoice-2", number="C-7", kind="credit_note", corrects="R-2041"
    )

    assert enter(credit) == (Outcome.CONFIRMED, "")
    assert enter(credit) == (Outcome.CONFIRMED, "")

    billed = {(order.number, order.lines[0].key): Decimal(5)}
    assert list(erp.entered("C-7")) == [Entered("credit_note", CLAIMED_ON, Decimal(92), billed)]
    erp.post("C-7")
    given = booked(reader)["C-7"]
    assert (given.kind, given.total, given.open_amount) == ("credit_note", Decimal(92), Decimal(92))
    assert [(one.line_key, one.quantity) for one in given.lines] == [(order.lines[0].key, Decimal(5))]


def test_an_invoice_that_is_voided_is_out_of_the_books_as_long_as_nobody_has_posted_it(
    erp: ConnectorHarness, reader: Reader, enter: Enter
) -> None:
    (order,) = erp.put_orders(an_order())
    erp.receive(order, order.lines[0].key, Decimal(60), "4711")
    claim = an_invoice("command-1", (order, 0, 60))
    gone = replace(claim, key="command-2", voided=True)
    enter(claim)

    assert enter(gone) == (Outcome.CONFIRMED, "")
    assert enter(gone) == (Outcome.CONFIRMED, "")
    assert list(erp.entered("R-2041")) == []
    assert enter(replace(claim, key="command-3", invoice="invoice-3")) == (Outcome.CONFIRMED, "")
    assert [one.total for one in erp.entered("R-2041")] == [Decimal(1104)]

    erp.post("R-2041")
    outcome, reason = enter(replace(claim, key="command-4", invoice="invoice-3", voided=True))
    assert outcome is Outcome.REFUSED
    assert "posted" in reason
    assert len(erp.entered("R-2041")) == 1


def test_what_was_never_booked_is_taken_out_by_doing_nothing(
    erp: ConnectorHarness, reader: Reader, enter: Enter
) -> None:
    (order,) = erp.put_orders(an_order())
    erp.receive(order, order.lines[0].key, Decimal(60), "4711")

    assert enter(an_invoice("command-1", (order, 0, 60), voided=True)) == (Outcome.CONFIRMED, "")
    assert list(erp.entered("R-2041")) == []


def test_an_invoice_for_a_line_that_is_not_there_is_refused_with_its_reason(
    erp: ConnectorHarness, reader: Reader, enter: Enter
) -> None:
    (order,) = erp.put_orders(an_order())
    erp.receive(order, order.lines[0].key, Decimal(60), "4711")
    (line,) = an_invoice("", (order, 0, 60)).lines

    outcome, reason = enter(an_invoice("command-1", lines=(replace(line, key="99999"),)))

    assert outcome is Outcome.REFUSED
    assert "line" in reason
    assert list(erp.entered("R-2041")) == []


def test_a_number_that_was_entered_over_another_amount_is_for_a_person(
    erp: ConnectorHarness, reader: Reader, enter: Enter
) -> None:
    (order,) = erp.put_orders(an_order())
    erp.receive(order, order.lines[0].key, Decimal(60), "4711")
    enter(an_invoice("command-1", (order, 0, 60)))
    erp.post("R-2041")

    other = an_invoice("command-2", (order, 0, 60), price="18.5", invoice="invoice-2")
    outcome, reason = enter(other)

    assert outcome is Outcome.REFUSED
    assert "Compare the two" in reason
    assert [one.total for one in erp.entered("R-2041")] == [Decimal(1104)]
