"""What Tryton alone does with receipts and invoices: drafts of its own, late delivery notes, instalments, payments."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from procurement.bills.messages import BillPaper
from procurement.demo.tryton.founding import make, one
from procurement.erp.ports import Cursor, Feed
from procurement.orders.messages import OrderPaper
from procurement.receipts.messages import ReceiptPaper
from tests.erp.papers import an_order
from tests.erp.tryton.harness import TrytonHarness, tryton_harness
from tests.thoroughly import EVERYTHING

pytestmark = pytest.mark.slow  # a server of its own


@pytest.fixture(params=["8.0", "8.2"] if EVERYTHING else ["8.2"])
def erp(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TrytonHarness]:
    with tryton_harness(request.param, tmp_path) as harness:
        yield harness


class Mirror:
    """What a caller holds after each look."""

    def __init__(self, erp: TrytonHarness) -> None:
        self.erp = erp
        self.cursors: dict[Feed, Cursor] = {}

    def look(self, feed: Feed) -> list[ReceiptPaper | BillPaper]:
        """What a look finds that the look before did not."""
        found: list[ReceiptPaper | BillPaper] = []
        with self.erp.connector() as connector:
            for page in connector.read(feed, self.cursors.get(feed)):
                self.cursors[feed] = page.next
                found += [one.paper for one in page.sightings]  # type: ignore[misc]  # of these two feeds
        return found


@pytest.fixture
def mirror(erp: TrytonHarness) -> Mirror:
    return Mirror(erp)


def received(erp: TrytonHarness) -> OrderPaper:
    """An order of which 60 pieces, at 18.40, have come."""
    (order,) = erp.put_orders(an_order())
    erp.receive(order, order.lines[0].key, Decimal(60), "")
    return order


def test_a_delivery_note_that_is_written_later_comes_with_its_receipt(
    erp: TrytonHarness, mirror: Mirror
) -> None:
    received(erp)
    (first,) = mirror.look(Feed.RECEIPTS)
    (shipment,) = erp.people.read("stock.shipment.in.search", [], 0, None, None)
    erp.people.write("stock.shipment.in.write", [shipment], {"reference": "4711"})

    (second,) = mirror.look(Feed.RECEIPTS)

    assert [(one.key, one.reference) for one in (first, second)] == [(first.key, ""), (first.key, "4711")]  # type: ignore[union-attr]
    assert second.stamp > first.stamp  # type: ignore[operator]


def test_what_is_still_to_come_and_what_never_came_is_no_receipt(erp: TrytonHarness, mirror: Mirror) -> None:
    (order,) = erp.put_orders(an_order())
    erp.delete_line(order, order.lines[0].key)

    assert mirror.look(Feed.RECEIPTS) == []


def test_a_draft_that_tryton_made_by_itself_is_nobodys_invoice(erp: TrytonHarness, mirror: Mirror) -> None:
    order = received(erp)
    assert erp.people.read("account.invoice.search_count", [["state", "=", "draft"]]) == 1

    assert mirror.look(Feed.INVOICES) == []

    erp.bill(order, order.lines[0].key, "A-1")
    (found,) = mirror.look(Feed.INVOICES)
    assert (found.state, found.reference) == ("entered", "A-1")  # type: ignore[union-attr]


def test_an_invoice_that_bills_no_order_is_not_told(erp: TrytonHarness, mirror: Mirror) -> None:
    order = received(erp)
    invoice = erp.bill(order, order.lines[0].key, "A-1")
    lines = erp.people.read("account.invoice.line.search", [["invoice", "=", invoice]], 0, None, None)
    erp.people.write("account.invoice.draft", [invoice])
    erp.people.write("account.invoice.line.write", lines, {"origin": None})
    erp.people.write("account.invoice.validate_invoice", [invoice])

    assert mirror.look(Feed.INVOICES) == []


def test_a_payment_order_pays_nothing_until_it_is_booked(erp: TrytonHarness, mirror: Mirror) -> None:
    rpc, order = erp.people, received(erp)
    invoice = erp.bill(order, order.lines[0].key, "A-1")
    erp.approve(invoice)
    mirror.look(Feed.INVOICES)
    journal = make(
        rpc,
        "account.payment.journal",
        name="Transfer",
        company=rpc.context["company"],
        currency=one(rpc, "currency.currency", ["code", "=", "EUR"]),
        process_method="manual",
    )
    (record,) = rpc.read("account.invoice.read", [invoice], ["lines_to_pay"])
    payment = make(
        rpc,
        "account.payment",
        company=rpc.context["company"],
        journal=journal,
        kind="payable",
        party=one(rpc, "party.party", ["code", "=", "70012"]),
        amount=Decimal(300),
        line=record["lines_to_pay"][0],
        date=date(2026, 11, 25),
    )
    for button in ("submit", "approve"):
        rpc.write(f"account.payment.{button}", [payment])
    # Tryton itself counts it already, and moves no stamp of the invoice.
    assert rpc.read("account.invoice.read", [invoice], ["amount_to_pay"])[0]["amount_to_pay"] == Decimal(804)

    found = mirror.look(Feed.INVOICES)

    assert {(one.state, one.open_amount) for one in found} <= {("approved", Decimal(1104))}  # type: ignore[union-attr]


def test_an_instalment_that_is_reconciled_is_told(erp: TrytonHarness, mirror: Mirror) -> None:
    rpc, order = erp.people, received(erp)
    purchase = one(rpc, "purchase.purchase", ["number", "=", order.number])
    invoice = one(rpc, "account.invoice", ["purchases", "=", purchase])
    rpc.write("account.invoice.write", [invoice], {"payment_term": in_two(erp)})
    erp.bill(order, order.lines[0].key, "A-1")
    erp.approve(invoice)
    (before,) = mirror.look(Feed.INVOICES)

    pay_first_instalment(erp, invoice)

    (after,) = mirror.look(Feed.INVOICES)
    assert [(one.state, one.open_amount, one.due_on) for one in (before, after)] == [  # type: ignore[union-attr]
        ("approved", Decimal(1104), date(2026, 12, 1)),
        ("partly_paid", Decimal(552), date(2026, 12, 31)),
    ]


def test_a_due_day_that_is_moved_moves_no_stamp_of_the_invoice_and_is_told(
    erp: TrytonHarness, mirror: Mirror
) -> None:
    rpc, order = erp.people, received(erp)
    invoice = erp.bill(order, order.lines[0].key, "A-1")
    erp.approve(invoice)
    mirror.look(Feed.INVOICES)
    stamp = stamp_of(erp, invoice)
    (record,) = rpc.read("account.invoice.read", [invoice], ["lines_to_pay"])

    rpc.write("account.move.line.write", record["lines_to_pay"], {"maturity_date": date(2027, 1, 15)})

    (after,) = mirror.look(Feed.INVOICES)
    assert stamp_of(erp, invoice) == stamp
    assert after.due_on == date(2027, 1, 15)  # type: ignore[union-attr]


def stamp_of(erp: TrytonHarness, invoice: int) -> object:
    return erp.people.read("account.invoice.read", [invoice], ["last_modified_at"])[0]["last_modified_at"]


def in_two(erp: TrytonHarness) -> int:
    """Half in 30 days, the rest in 60."""
    half = {
        "type": "percent",
        "ratio": Decimal("0.5"),
        "divisor": Decimal(2),
        "relativedeltas": [["create", [{"days": 30}]]],
    }
    rest = {"type": "remainder", "relativedeltas": [["create", [{"days": 60}]]]}
    return make(erp.people, "account.invoice.payment_term", name="In two", lines=[["create", [half, rest]]])


def pay_first_instalment(erp: TrytonHarness, invoice: int) -> None:
    """The bank statement shows one instalment: a journal entry of its own, reconciled with the line that was due."""
    rpc = erp.people
    fields = ["lines_to_pay.maturity_date", "lines_to_pay.account", "lines_to_pay.credit", "party"]
    (record,) = rpc.read("account.invoice.read", [invoice], fields)
    due = min(record["lines_to_pay."], key=lambda line: line["maturity_date"])
    bank = [["type.payable", "=", False], ["type.receivable", "=", False], ["closed", "!=", True]]
    account = rpc.read("account.account.search", [["type", "!=", None], *bank], 0, 1, None)[0]
    day = date(2026, 11, 25)
    period = one(rpc, "account.period", ["start_date", "<=", day], ["end_date", ">=", day])
    move = make(
        rpc,
        "account.move",
        company=rpc.context["company"],
        period=period,
        journal=rpc.read("account.journal.search", [["type", "=", "cash"]], 0, 1, None)[0],
        date=day,
        lines=[
            [
                "create",
                [
                    {
                        "account": due["account"],
                        "party": record["party"],
                        "debit": due["credit"],
                        "credit": Decimal(0),
                    },
                    {"account": account, "debit": Decimal(0), "credit": due["credit"]},
                ],
            ]
        ],
    )
    rpc.write("account.move.post", [move])
    paid = one(rpc, "account.move.line", ["move", "=", move], ["account", "=", due["account"]])
    both = [due["id"], paid]
    about = {"active_model": "account.move.line", "active_id": both[0], "active_ids": both}
    rpc.wizard("account.move.reconcile_lines", {}, "start", **about)
