"""The contract of `procurement.erp.ports`, asked of every connector. A connector's capabilities decide what
is asked."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from procurement.bills.messages import BillPaper
from procurement.catalogue.messages import CustomerDemandPaper, StockPaper
from procurement.erp.messages import (
    EarlyPaymentCommand,
    InvoiceCommand,
    InvoiceCommandCharge,
    InvoiceCommandLine,
)
from procurement.erp.ports import (
    CommandResult,
    Conflict,
    Cursor,
    Deletions,
    ErpConnector,
    Feed,
    Outcome,
    Page,
    Paper,
    PermissionRefused,
    ReadBack,
    Sighting,
    Unsupported,
    ValidationRefused,
    WriteField,
    content_hash,
    fields_asked_for,
    key_of,
)
from procurement.orders.messages import OrderPaper, PromiseCommand
from procurement.receipts.messages import ReceiptCommand, ReceiptCommandLine, ReceiptPaper
from procurement.shipments.messages import NoticeCommand, NoticeCommandLine
from suppliers.banking.messages import AccountsPaper
from tests.erp.contract.harness import HARNESSES, ConnectorHarness, Entered
from tests.erp.papers import MASTER_DATA, a_line, a_piece, a_promise, an_order

LIVE = pytest.mark.slow  # a server of its own


@pytest.fixture(
    params=[name if name == "files" else pytest.param(name, marks=LIVE) for name in sorted(HARNESSES)]
)
def erp(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ConnectorHarness]:
    with HARNESSES[request.param](tmp_path) as harness:
        yield harness


class Reader:
    """A caller that behaves: it stores each page with its cursor, then settles it."""

    def __init__(self, erp: ConnectorHarness) -> None:
        self.erp = erp
        self.cursors: dict[Feed, Cursor] = {}
        self.orders: dict[str, OrderPaper] = {}
        self.results: dict[str, CommandResult] = {}
        self.receipts: dict[str, ReceiptPaper] = {}
        self.invoices: dict[str, BillPaper] = {}
        self.whole: dict[Feed, list[Paper]] = {}
        self.being_told: list[Paper] = []

    def read(self, feed: Feed = Feed.ORDERS) -> list[Sighting]:
        """Read a feed to its end, and say what was seen."""
        seen: list[Sighting] = []
        with self.erp.connector() as connector:
            for page in connector.read(feed, self.cursors.get(feed)):
                self.take(page, connector)
                seen += page.sightings
        return seen

    def take(self, page: Page, connector: ErpConnector) -> None:
        # A cursor lives in the database between two readings, so it must survive JSON.
        self.cursors[page.feed] = Cursor(page.feed, json.loads(json.dumps(dict(page.next.position))))
        if page.feed.is_told_whole:
            self.being_told += [sighting.paper for sighting in page.sightings]
            if page.whole_as_of is not None:
                assert {page.whole_as_of} == {paper.as_of for paper in self.being_told}  # type: ignore[union-attr]
                self.whole[page.feed], self.being_told = self.being_told, []
        for sighting in page.sightings:
            if isinstance(sighting.paper, ReceiptPaper):
                self.receipts[sighting.paper.key] = sighting.paper
            if isinstance(sighting.paper, BillPaper):
                self.invoices[sighting.paper.key] = sighting.paper
            if isinstance(sighting.paper, OrderPaper):
                self.orders[sighting.paper.number] = sighting.paper
            if isinstance(sighting.paper, CommandResult):
                self.results[sighting.paper.key] = sighting.paper
        connector.settle(page)


@pytest.fixture
def reader(erp: ConnectorHarness) -> Reader:
    return Reader(erp)


@dataclass(frozen=True)
class Answer:
    """How a command ended, whether the ERP said so at once or by feed."""

    outcome: Outcome
    reason: str
    current: dict[str, tuple[Decimal | None, Decimal | None, date | None]]


@pytest.fixture
def send(erp: ConnectorHarness, reader: Reader) -> Callable[[PromiseCommand], Answer]:
    def to_the_end(command: PromiseCommand) -> Answer:
        with erp.connector() as connector:
            if connector.capabilities.cannot_write(command):
                pytest.skip("this connector leaves it to a person, and says so")
            try:
                result = connector.write_promise(command)
            except Conflict as error:
                current = {line.key: (line.quantity, line.price, line.delivery_on) for line in error.current}
                return Answer(Outcome.CONFLICT, error.reason, current)
            except (ValidationRefused, PermissionRefused) as error:
                return Answer(Outcome.REFUSED, error.reason, {})
            if result.outcome is Outcome.CONFIRMED:
                return Answer(result.outcome, "", {})
            assert connector.capabilities.read_back is ReadBack.BY_FEED
        erp.let_erp_work()
        reader.read()
        reader.read(Feed.COMMAND_RESULTS)
        told = reader.results.get(command.key, CommandResult(command.key, Outcome.SENT))
        current = {line.key: (line.quantity, line.price, line.delivery_on) for line in told.lines}
        return Answer(told.outcome, told.reason, current)

    return to_the_end


# --- who is paid ---------------------------------------------------------------------------------------------


FIRST, SECOND, THIRD = "DE89370400440532013000", "DE12500105170648489890", "GB29NWBK60161331926819"


def paid_to(seen: Sequence[Sighting]) -> dict[str, list[str]]:
    """To which accounts each supplier was said to be paid, by what was said last."""
    papers = [one.paper for one in seen if isinstance(one.paper, AccountsPaper)]
    return {one.supplier: sorted(account.typed.number for account in one.accounts) for one in papers}


@pytest.fixture
def payees(erp: ConnectorHarness, reader: Reader) -> Callable[[], dict[str, list[str]]]:
    """Acme (70012) and Globex (70013) are suppliers; to whom all that was told until now says that they are paid."""
    erp.put_master_data({Feed.SUPPLIERS: MASTER_DATA[Feed.SUPPLIERS]})
    reader.read(Feed.SUPPLIERS)
    told: dict[str, list[str]] = {}

    def look() -> dict[str, list[str]]:
        told.update(paid_to(reader.read(Feed.BANK_ACCOUNTS)))
        return {supplier: told.get(supplier, []) for supplier in ("70012", "70013")}

    return look


Payees = Callable[[], dict[str, list[str]]]


@pytest.mark.usefixtures("payees")
def test_accounts_are_told_supplier_by_supplier_and_never_in_part(
    erp: ConnectorHarness, reader: Reader
) -> None:
    erp.pay_to("70012", FIRST, SECOND)

    with erp.connector() as dies:
        pages = dies.read(Feed.BANK_ACCOUNTS, None)
        lost = paid_to(next(pages).sightings)
        pages.close()  # type: ignore[attr-defined]  # a generator: the process dies here
    seen = reader.read(Feed.BANK_ACCOUNTS)

    told = paid_to(seen)
    assert (told["70012"], lost.items() <= told.items()) == (sorted([FIRST, SECOND]), True)
    (paper,) = (one.paper for one in seen if getattr(one.paper, "supplier", "") == "70012")
    assert isinstance(paper, AccountsPaper)
    assert {(one.typed.currency, one.typed.country) for one in paper.accounts} == {("EUR", "DE")}
    assert {one.typed.holder for one in paper.accounts} == {"Acme"}
    assert FIRST not in repr(seen)
    again = reader.read(Feed.BANK_ACCOUNTS)
    assert {one.content_hash for one in again} <= {one.content_hash for one in seen}


def test_an_account_that_is_changed_or_taken_away_is_told_and_nobody_elses_moves(
    erp: ConnectorHarness, payees: Payees
) -> None:
    erp.pay_to("70012", FIRST)
    erp.pay_to("70013", SECOND)
    assert payees() == {"70012": [FIRST], "70013": [SECOND]}

    erp.pay_to("70012", THIRD)
    assert payees() == {"70012": [THIRD], "70013": [SECOND]}
    erp.pay_to("70012", FIRST, THIRD)
    assert payees() == {"70012": sorted([FIRST, THIRD]), "70013": [SECOND]}
    erp.pay_to("70012")
    assert payees() == {"70012": [], "70013": [SECOND]}


def test_two_suppliers_with_one_account_are_each_told_with_it(erp: ConnectorHarness, payees: Payees) -> None:
    erp.pay_to("70012", FIRST, SECOND)
    assert payees() == {"70012": sorted([FIRST, SECOND]), "70013": []}

    erp.pay_to("70013", FIRST)
    assert payees() == {"70012": sorted([FIRST, SECOND]), "70013": [FIRST]}
    erp.pay_to("70012", SECOND)
    assert payees() == {"70012": [SECOND], "70013": [FIRST]}


def test_an_account_that_changes_while_a_reading_is_broken_off_is_told_by_the_next_looks(
    erp: ConnectorHarness, reader: Reader, payees: Payees
) -> None:
    erp.page_lists(2)
    erp.pay_to("70012", FIRST)
    erp.pay_to("70013", SECOND)
    with erp.connector() as dies:
        pages = dies.read(Feed.BANK_ACCOUNTS, None)
        reader.take(next(pages), dies)
        pages.close()  # type: ignore[attr-defined]  # a generator: the process dies between two pages

    erp.pay_to("70012", THIRD)  # whom the first page has told already

    payees()  # goes on where it broke off
    assert payees()["70012"] == [THIRD]


def test_accounts_are_read_only_and_not_compared(erp: ConnectorHarness) -> None:
    with erp.connector() as connector:
        assert Feed.BANK_ACCOUNTS in connector.capabilities.reads
        with pytest.raises(Unsupported):
            list(connector.sweep(Feed.BANK_ACCOUNTS))
        with pytest.raises(Unsupported):
            list(connector.look_up(Feed.BANK_ACCOUNTS, [("70012",)]))


# --- who is there -------------------------------------------------------------------------------------------


def test_it_says_who_is_there_and_what_it_can_do(erp: ConnectorHarness) -> None:
    with erp.connector() as connector:
        found = connector.discover()

        assert found.identity.kind
        assert found.identity.system
        assert found.capabilities == connector.capabilities


def test_looking_twice_finds_the_same(erp: ConnectorHarness) -> None:
    with erp.connector() as connector:
        first = connector.discover().fingerprint
    erp.put_orders(an_order())

    with erp.connector() as connector:
        assert connector.discover().fingerprint == first


# --- reading ------------------------------------------------------------------------------------------------


def facts(order: OrderPaper) -> tuple[object, ...]:
    """What both sides must agree on. Words and labels that an ERP keeps in its own way are left out."""
    names = ("item_number", "quantity", "unit", "price", "price_per", "delivery_on", "received_quantity")
    lines = [
        (line.key, line.cancelled, line.schedules, *(getattr(line, name) for name in names))
        for line in order.lines
    ]
    return (order.company, order.number, order.supplier, order.currency, order.status, lines)


def test_an_empty_erp_has_nothing_to_say(reader: Reader) -> None:
    assert reader.read() == []


def test_orders_arrive_as_they_stand(erp: ConnectorHarness, reader: Reader) -> None:
    orders = erp.put_orders(*[an_order(f"45-{number}") for number in range(5)])

    reader.read()

    assert sorted(reader.orders) == [order.number for order in orders]
    for order in orders:
        assert facts(reader.orders[order.number]) == facts(erp.held(order)) == facts(order)


@pytest.mark.parametrize("feed", sorted(MASTER_DATA))
def test_master_data_arrives_as_it_stands(erp: ConnectorHarness, reader: Reader, feed: Feed) -> None:
    with erp.connector() as connector:
        if feed not in connector.capabilities.reads:
            pytest.skip(f"this ERP has no {feed}")
    wanted = erp.put_master_data({feed: MASTER_DATA[feed]})[feed]

    seen = [sighting.paper for sighting in reader.read(feed)]

    assert {repr(paper) for paper in wanted} <= {repr(paper) for paper in seen}


def test_an_order_never_arrives_before_its_supplier(erp: ConnectorHarness, reader: Reader) -> None:
    erp.put_master_data({Feed.SUPPLIERS: MASTER_DATA[Feed.SUPPLIERS]})
    erp.put_orders(an_order())

    if reader.read(Feed.ORDERS):
        pytest.skip("this ERP hands the supplier over with the order")
    suppliers = reader.read(Feed.SUPPLIERS)
    orders = reader.read(Feed.ORDERS)

    assert {sighting.paper.number for sighting in suppliers} == {"70012", "70013"}  # type: ignore[union-attr]
    assert len(orders) == 1


def test_what_was_settled_is_not_new_again(erp: ConnectorHarness, reader: Reader) -> None:
    erp.put_orders(an_order())
    first = {sighting.content_hash for sighting in reader.read()}

    again = {sighting.content_hash for sighting in reader.read()}

    assert again <= first


def test_a_page_that_was_never_settled_is_read_again(erp: ConnectorHarness, reader: Reader) -> None:
    erp.put_orders(*[an_order(f"45-{number}") for number in range(5)])
    with erp.connector() as dies:
        pages = dies.read(Feed.ORDERS, None)
        lost = {sighting.content_hash for sighting in next(pages).sightings}
        pages.close()  # type: ignore[attr-defined]  # a generator: the process dies here

    found = {sighting.content_hash for sighting in reader.read()}

    assert lost <= found
    assert len(reader.orders) == 5


def test_a_process_that_dies_between_two_pages_loses_nothing(erp: ConnectorHarness, reader: Reader) -> None:
    erp.put_orders(*[an_order(f"45-{number}") for number in range(7)])
    with erp.connector() as dies:
        pages = dies.read(Feed.ORDERS, None)
        reader.take(next(pages), dies)
        next(pages, None)
        pages.close()  # type: ignore[attr-defined]

    reader.read()

    assert len(reader.orders) == 7


def test_a_feed_that_is_set_back_brings_everything_since_once_more(
    erp: ConnectorHarness, reader: Reader
) -> None:
    before = datetime.now(UTC) - timedelta(minutes=10)
    first, changed = erp.put_orders(an_order("45-1"), an_order("45-2"))
    reader.read()
    erp.change_line(changed, changed.lines[0].key, quantity=Decimal(60))
    reader.read()
    held = dict(reader.orders)
    reader.orders.clear()

    with erp.connector() as connector:
        back = connector.rewind(Feed.ORDERS, reader.cursors.get(Feed.ORDERS), before)
    reader.cursors.pop(Feed.ORDERS, None)
    if back is not None:
        reader.cursors[Feed.ORDERS] = back
    seen = reader.read()

    assert {order.number: facts(order) for order in reader.orders.values()} == {
        number: facts(order) for number, order in held.items()
    }
    assert {sighting.paper.number for sighting in seen} == {first.number, changed.number}  # type: ignore[union-attr]


def test_its_clock_is_compared_with_ours(erp: ConnectorHarness) -> None:
    with erp.connector() as connector:
        assert abs(connector.discover().clock_skew) < timedelta(seconds=5)


def test_a_change_of_one_line_brings_the_whole_order_again(erp: ConnectorHarness, reader: Reader) -> None:
    changed, _untouched = erp.put_orders(an_order("45-1"), an_order("45-2"))
    before = {sighting.paper.number: sighting.content_hash for sighting in reader.read()}  # type: ignore[union-attr]
    erp.change_line(changed, changed.lines[1].key, quantity=Decimal(100))

    seen = {sighting.paper.number: sighting for sighting in reader.read()}  # type: ignore[union-attr]

    assert seen["45-1"].content_hash != before["45-1"]
    assert [line.quantity for line in reader.orders["45-1"].lines] == [Decimal(240), Decimal(100)]
    assert "45-2" not in seen or seen["45-2"].content_hash == before["45-2"]


def test_a_deleted_line_is_gone_from_its_order(erp: ConnectorHarness, reader: Reader) -> None:
    (order,) = erp.put_orders(an_order())
    reader.read()
    erp.delete_line(order, order.lines[0].key)

    reader.read()

    left = [line.key for line in reader.orders[order.number].lines if not line.cancelled]
    assert left == [order.lines[1].key]


def test_received_quantities_arrive(erp: ConnectorHarness, reader: Reader) -> None:
    (order,) = erp.put_orders(an_order())
    erp.change_line(order, order.lines[0].key, received_quantity=Decimal(60))

    reader.read()

    assert reader.orders[order.number].lines[0].received_quantity == Decimal(60)


def everything(reader: Reader) -> Reader:
    """All that happened to orders, in the order in which feeds are read."""
    for feed in (Feed.ORDERS, Feed.RECEIPTS, Feed.INVOICES):
        reader.read(feed)
    return reader


def test_receipts_arrive_one_by_one(erp: ConnectorHarness, reader: Reader) -> None:
    (order,) = erp.put_orders(an_order())
    first, second = (line.key for line in order.lines)
    erp.receive(order, first, Decimal(60), "4711")
    everything(reader)
    erp.receive(order, first, Decimal(30), "4712")
    erp.receive(order, second, Decimal(240), "4712")

    found = sorted(everything(reader).receipts.values(), key=lambda one: (one.line_key, one.reference))

    assert [(one.line_key, one.quantity, one.unit, one.reference, one.reversed) for one in found] == [
        (first, Decimal(60), "EA", "4711", False),
        (first, Decimal(30), "EA", "4712", False),
        (second, Decimal(240), "EA", "4712", False),
    ]
    assert {(one.company, one.order) for one in found} == {(order.company, order.number)}
    # A day is that of the company's calendar: in Hamburg it is tomorrow already for the last hours of ours.
    days = {datetime.now(zone).date() for zone in (UTC, ZoneInfo("Europe/Berlin"))}
    assert {one.received_on for one in found} <= days


def test_a_receipt_that_is_taken_back_arrives_as_reversed(erp: ConnectorHarness, reader: Reader) -> None:
    (order,) = erp.put_orders(an_order())
    key = order.lines[0].key
    erp.receive(order, key, Decimal(60), "4711")
    everything(reader)

    erp.reverse(order, key)

    (found,) = everything(reader).receipts.values()
    assert (found.quantity, found.reversed) == (Decimal(60), True)
    assert reader.orders[order.number].lines[0].received_quantity == 0


def test_what_was_settled_of_receipts_and_invoices_is_not_new_again(
    erp: ConnectorHarness, reader: Reader
) -> None:
    (order,) = erp.put_orders(an_order())
    erp.receive(order, order.lines[0].key, Decimal(60), "4711")
    erp.bill(order, order.lines[0].key, "A-1")
    everything(reader)

    assert [reader.read(feed) for feed in (Feed.RECEIPTS, Feed.INVOICES)] == [[], []]


def test_an_invoice_arrives_with_every_step_on_its_way_to_being_paid(
    erp: ConnectorHarness, reader: Reader
) -> None:
    (order,) = erp.put_orders(an_order())
    key = order.lines[0].key
    erp.receive(order, key, Decimal(60), "4711")
    total = Decimal("1104")  # 60 at 18.40
    story = []

    def look() -> None:
        (found,) = everything(reader).invoices.values()
        story.append((found.state, found.open_amount, found.paid_on))

    invoice = erp.bill(order, key, "A-2041")
    look()
    erp.approve(invoice)
    look()
    erp.pay(invoice, Decimal(500), date(2026, 11, 20))
    look()
    erp.pay(invoice, Decimal(604), date(2026, 11, 25))
    look()

    assert story == [
        ("entered", total, None),
        ("approved", total, None),
        ("partly_paid", Decimal(604), None),
        ("paid", Decimal(0), date(2026, 11, 25)),
    ]
    (paid,) = reader.invoices.values()
    assert (paid.company, paid.supplier, paid.currency, paid.kind) == ("NM", "70012", "EUR", "invoice")
    assert (paid.reference, paid.total) == ("A-2041", total)
    assert (paid.invoiced_on, paid.due_on) == (date(2026, 11, 1), date(2026, 12, 1))
    assert [(line.order, line.line_key, line.quantity, line.amount) for line in paid.lines] == [
        (order.number, key, Decimal(60), total)
    ]


def test_a_credit_note_arrives_as_one_with_what_it_gives_back(erp: ConnectorHarness, reader: Reader) -> None:
    (order,) = erp.put_orders(an_order())
    key = order.lines[0].key
    erp.receive(order, key, Decimal(60), "4711")
    invoice = erp.bill(order, key, "A-2041")
    erp.approve(invoice)

    erp.give_back(invoice, "C-7")

    found = {one.reference: one for one in everything(reader).invoices.values()}
    assert {name: one.kind for name, one in found.items()} == {"A-2041": "invoice", "C-7": "credit_note"}
    given = found["C-7"]
    assert (given.total, given.open_amount) == (Decimal(1104), Decimal(1104))
    assert [(line.order, line.line_key, line.quantity, line.amount) for line in given.lines] == [
        (order.number, key, Decimal(60), Decimal(1104))
    ]


def test_receipts_that_a_dying_process_did_not_store_are_read_again(
    erp: ConnectorHarness, reader: Reader
) -> None:
    (order,) = erp.put_orders(an_order())
    for number in range(4):
        erp.receive(order, order.lines[number % 2].key, Decimal(10), f"47{number}")
    reader.read()
    with erp.connector() as dies:
        pages = dies.read(Feed.RECEIPTS, None)
        reader.take(next(pages), dies)
        next(pages, None)
        pages.close()  # type: ignore[attr-defined]  # a generator: the process dies here

    assert {one.reference for one in everything(reader).receipts.values()} == {"470", "471", "472", "473"}


# --- what is told whole


def stock_of(reader: Reader) -> dict[str, tuple[Decimal, Decimal | None]]:
    """What was told last of each item that the tests stocked: on hand, and what should always be left."""
    told = reader.whole[Feed.STOCK]
    return {
        one.item: (one.on_hand, one.safety_stock)
        for one in told
        if isinstance(one, StockPaper) and one.item in ("V-2040", "V-2050")
    }


def owed(reader: Reader) -> list[tuple[str, str, Decimal, date]]:
    told = [one for one in reader.whole.get(Feed.CUSTOMER_DEMAND, []) if isinstance(one, CustomerDemandPaper)]
    return sorted((one.customer, one.item, one.quantity, one.needed_on) for one in told)


def test_stock_arrives_whole_and_what_nobody_knows_is_not_set(erp: ConnectorHarness, reader: Reader) -> None:
    erp.stock_up("V-2040", Decimal(60), Decimal(20))
    erp.stock_up("V-2050", Decimal(5))

    reader.read(Feed.STOCK)

    assert stock_of(reader) == {"V-2040": (Decimal(60), Decimal(20)), "V-2050": (Decimal(5), None)}
    told = [one for one in reader.whole[Feed.STOCK] if isinstance(one, StockPaper)]
    assert {(one.site, one.unit) for one in told if one.item in ("V-2040", "V-2050")} == {("HAM", "EA")}
    assert {one.daily_demand for one in told} == {Decimal("2.5") if erp.tells_daily_demand else None}


def test_customers_orders_arrive_whole_and_what_is_called_off_is_gone(
    erp: ConnectorHarness, reader: Reader
) -> None:
    erp.owe("Kelso Water", "V-2040", Decimal(40), date(2027, 4, 1))
    erp.owe("Tyne Process", "V-2050", Decimal(3), date(2027, 4, 2))
    erp.owe("Hull site", "V-2040", Decimal(8), date(2027, 4, 3))
    reader.read(Feed.CUSTOMER_DEMAND)
    assert owed(reader) == [
        ("Hull site", "V-2040", Decimal(8), date(2027, 4, 3)),
        ("Kelso Water", "V-2040", Decimal(40), date(2027, 4, 1)),
        ("Tyne Process", "V-2050", Decimal(3), date(2027, 4, 2)),
    ]

    erp.call_off("Tyne Process")
    reader.read(Feed.CUSTOMER_DEMAND)

    assert [one[0] for one in owed(reader)] == ["Hull site", "Kelso Water"]


def test_stock_that_did_not_move_is_not_told_again(erp: ConnectorHarness, reader: Reader) -> None:
    erp.stock_up("V-2040", Decimal(60))
    erp.owe("Kelso Water", "V-2040", Decimal(40), date(2027, 4, 1))
    for feed in (Feed.STOCK, Feed.CUSTOMER_DEMAND):
        reader.read(feed)

    assert [reader.read(feed) for feed in (Feed.STOCK, Feed.CUSTOMER_DEMAND)] == [[], []]


def test_a_telling_that_broke_off_is_told_again_whole(erp: ConnectorHarness, reader: Reader) -> None:
    for number in range(5):
        erp.owe(f"Customer {number}", "V-2040", Decimal(number + 1), date(2027, 4, 1))
    with erp.connector() as dies:
        pages = dies.read(Feed.CUSTOMER_DEMAND, None)
        next(pages)
        pages.close()  # type: ignore[attr-defined]  # a generator: the process dies here

    reader.read(Feed.CUSTOMER_DEMAND)

    assert len(owed(reader)) == 5


def test_what_is_told_whole_is_not_compared(erp: ConnectorHarness) -> None:
    with erp.connector() as connector, pytest.raises(Unsupported):
        list(connector.sweep(Feed.STOCK))


def test_text_arrives_letter_by_letter(erp: ConnectorHarness, reader: Reader) -> None:
    text = 'Ventil ½", "PN 16"; =1+1,\nzweite Zeile — 阀门'
    erp.put_orders(an_order("45-1", lines=(a_line(description=text),), note="=HYPERLINK(1)"))

    reader.read()

    assert reader.orders["45-1"].lines[0].description == text
    assert reader.orders["45-1"].note == "=HYPERLINK(1)"


def test_numbers_arrive_exactly(erp: ConnectorHarness, reader: Reader) -> None:
    line = a_line(
        item_number="CABLE",
        quantity=Decimal("1234.5"),
        unit="M",
        price=Decimal("0.0375"),
        price_per=erp.price_per,
    )
    (order,) = erp.put_orders(an_order(lines=(line,)))

    reader.read()

    (arrived,) = reader.orders[order.number].lines
    assert (arrived.quantity, arrived.price, arrived.price_per) == (line.quantity, line.price, line.price_per)


def test_sweeping_works_exactly_where_it_is_claimed(erp: ConnectorHarness) -> None:
    erp.put_orders(an_order("45-1"), an_order("45-2"))
    with erp.connector() as connector:
        if connector.capabilities.deletions is Deletions.STATED:
            with pytest.raises(Unsupported):
                list(connector.sweep(Feed.ORDERS))
        else:
            assert len(list(connector.sweep(Feed.ORDERS))) == 2


def test_a_sweep_and_a_look_up_tell_of_the_same_records(erp: ConnectorHarness, reader: Reader) -> None:
    _first, second = erp.put_orders(an_order("45-1"), an_order("45-2"))
    reader.read()
    erp.let_compare()

    with erp.connector() as connector:
        marks = {mark.key for mark in connector.sweep(Feed.ORDERS)}
        looked_up = list(connector.look_up(Feed.ORDERS, [("NM", "45-2"), ("NM", "no such order")]))

    assert marks == {("NM", "45-1"), ("NM", "45-2")}
    assert [key_of(paper) for paper in looked_up] == [("NM", "45-2")]
    assert facts(looked_up[0]) == facts(erp.held(second))  # type: ignore[arg-type]


def test_what_is_looked_up_is_what_a_feed_tells(erp: ConnectorHarness, reader: Reader) -> None:
    erp.put_orders(an_order("45-1"))
    reader.read()
    erp.let_compare()

    with erp.connector() as connector:
        (looked_up,) = connector.look_up(Feed.ORDERS, [("NM", "45-1")])

    assert content_hash(looked_up) == content_hash(reader.orders["45-1"])


def test_looking_and_sweeping_take_nothing_from_a_feed(erp: ConnectorHarness, reader: Reader) -> None:
    erp.put_orders(an_order("45-1"))
    with erp.connector() as connector:
        (page,) = list(connector.peek(Feed.ORDERS))
        (again,) = list(connector.peek(Feed.ORDERS))

    assert [key_of(one.paper) for one in page.sightings] == [("NM", "45-1")]
    assert [one.content_hash for one in again.sightings] == [one.content_hash for one in page.sightings]
    assert [one.paper.number for one in reader.read() if isinstance(one.paper, OrderPaper)] == ["45-1"]


def test_master_data_is_swept_whole(erp: ConnectorHarness, reader: Reader) -> None:
    held = erp.put_master_data(MASTER_DATA)
    for feed in held:
        reader.read(feed)
    erp.let_compare(held)

    for feed in (Feed.UNITS, Feed.SUPPLIERS, Feed.ITEMS, Feed.SITES):
        with erp.connector() as connector:
            marks = {mark.key: mark for mark in connector.sweep(feed)}
        for paper in held[feed]:
            mark = marks[key_of(paper)]
            assert mark.paper is not None
            assert key_of(mark.paper) == key_of(paper)


def test_reading_back_works_exactly_where_it_is_claimed(erp: ConnectorHarness) -> None:
    (order,) = erp.put_orders(an_order())
    with erp.connector() as connector:
        if connector.capabilities.read_back is ReadBack.BY_FEED:
            with pytest.raises(Unsupported):
                connector.read_back(order.company, order.number)
        else:
            found = connector.read_back(order.company, order.number)
            assert found is not None
            assert facts(found) == facts(erp.held(order))
            assert connector.read_back(order.company, "no such order") is None


# --- writing ------------------------------------------------------------------------------------------------

Send = Callable[[PromiseCommand], Answer]


def test_a_later_date_stands_in_the_erp_and_comes_back(
    erp: ConnectorHarness, reader: Reader, send: Send
) -> None:
    (order,) = erp.put_orders(an_order())
    reader.read()

    answer = send(a_promise(order))
    reader.read()

    assert answer.outcome in {Outcome.CONFIRMED, Outcome.SENT}
    assert [line.delivery_on for line in erp.held(order).lines] == [date(2026, 5, 18), date(2026, 5, 11)]
    assert reader.orders[order.number].lines[0].delivery_on == date(2026, 5, 18)


def test_quantity_and_price_stand_in_the_erp(erp: ConnectorHarness, reader: Reader, send: Send) -> None:
    (order,) = erp.put_orders(an_order())
    wanted = a_piece(order.lines[0], quantity=Decimal(200), price=Decimal("18.9"))

    answer = send(a_promise(order, {order.lines[0].key: (wanted,)}))

    assert answer.outcome in {Outcome.CONFIRMED, Outcome.SENT}
    held = erp.held(order).lines[0]
    assert (held.quantity, held.price, held.delivery_on) == (Decimal(200), Decimal("18.9"), date(2026, 5, 11))


def test_a_split_becomes_deliveries_that_add_up(erp: ConnectorHarness, reader: Reader, send: Send) -> None:
    (order,) = erp.put_orders(an_order())
    line = order.lines[0]
    pieces = (
        a_piece(line, quantity=Decimal(140)),
        a_piece(line, quantity=Decimal(100), delivery_on=date(2026, 6, 1), kind="backorder"),
    )

    answer = send(a_promise(order, {line.key: pieces}))
    reader.read()

    assert answer.outcome in {Outcome.CONFIRMED, Outcome.SENT}
    arrived = reader.orders[order.number].lines[0]
    assert [(one.quantity, one.delivery_on) for one in arrived.schedules] == [
        (Decimal(140), date(2026, 5, 11)),
        (Decimal(100), date(2026, 6, 1)),
    ]
    assert arrived.quantity == Decimal(240)


def test_a_refused_line_is_no_longer_expected(erp: ConnectorHarness, send: Send) -> None:
    (order,) = erp.put_orders(an_order())
    line = order.lines[1]

    send(a_promise(order, {line.key: (a_piece(line, kind="refuse", delivery_on=None),)}))

    held = erp.held(order).lines
    assert facts(replace(order, lines=held[:1])) == facts(replace(order, lines=order.lines[:1]))
    assert len(held) == 1 or held[1].cancelled or held[1].quantity == 0


def test_the_same_command_twice_is_carried_out_once(
    erp: ConnectorHarness, reader: Reader, send: Send
) -> None:
    (order,) = erp.put_orders(an_order())
    command = a_promise(order)
    send(command)
    once = erp.held(order)

    send(command)

    assert facts(erp.held(order)) == facts(once)
    assert erp.held(order).revision == once.revision


def test_a_command_already_sent_is_found_by_its_key_in_another_process(erp: ConnectorHarness) -> None:
    (order,) = erp.put_orders(an_order())
    with erp.connector() as connector:
        connector.write_promise(a_promise(order, key="the-key"))

    with erp.connector() as connector:
        found = connector.find_command("the-key")
        stranger = connector.find_command("another-key")

    assert found is not None
    assert found.outcome in {Outcome.SENT, Outcome.CONFIRMED}
    assert stranger is None


@pytest.mark.parametrize(
    "moved", [{"quantity": Decimal(200)}, {"price": Decimal(19)}, {"delivery_on": date(2026, 5, 4)}], ids=str
)
def test_a_line_that_moved_meanwhile_is_a_conflict_and_stays_as_it_is(
    erp: ConnectorHarness, reader: Reader, send: Send, moved: dict[str, Decimal | date]
) -> None:
    (order,) = erp.put_orders(an_order())
    reader.read()
    erp.change_line(order, order.lines[0].key, **moved)

    answer = send(a_promise(order))

    now = replace(order.lines[0], **moved)  # type: ignore[arg-type]
    assert answer.outcome is Outcome.CONFLICT
    assert answer.reason
    assert answer.current == {now.key: (now.quantity, now.price, now.delivery_on)}
    assert facts(erp.held(order)) == facts(replace(order, lines=(now, *order.lines[1:])))


def test_a_change_of_another_line_is_no_conflict(erp: ConnectorHarness, send: Send) -> None:
    (order,) = erp.put_orders(an_order())
    erp.change_line(order, order.lines[1].key, quantity=Decimal(1))

    answer = send(a_promise(order))

    assert answer.outcome in {Outcome.CONFIRMED, Outcome.SENT}
    assert erp.held(order).lines[0].delivery_on == date(2026, 5, 18)
    assert erp.held(order).lines[1].quantity == Decimal(1)


def test_a_line_that_was_deleted_meanwhile_is_a_conflict(erp: ConnectorHarness, send: Send) -> None:
    (order,) = erp.put_orders(an_order())
    erp.delete_line(order, order.lines[0].key)

    answer = send(a_promise(order))

    assert answer.outcome is Outcome.CONFLICT
    assert answer.current == {order.lines[0].key: (None, None, None)}


def test_what_the_erp_refuses_comes_with_its_reason(erp: ConnectorHarness, send: Send) -> None:
    (order,) = erp.put_orders(an_order())
    reason = erp.refuse_next(order)

    answer = send(a_promise(order))

    assert answer.outcome is Outcome.REFUSED
    assert reason in answer.reason
    assert facts(erp.held(order)) == facts(order)


def test_one_bad_order_does_not_hold_up_another(erp: ConnectorHarness, send: Send) -> None:
    locked, free = erp.put_orders(an_order("45-1"), an_order("45-2"))
    erp.refuse_next(locked)

    first = send(a_promise(locked, key="c-1"))
    second = send(a_promise(free, key="c-2"))

    assert first.outcome is Outcome.REFUSED
    assert second.outcome in {Outcome.CONFIRMED, Outcome.SENT}
    assert erp.held(free).lines[0].delivery_on == date(2026, 5, 18)


def test_a_command_that_asks_for_nothing_is_refused_before_it_leaves(erp: ConnectorHarness) -> None:
    (order,) = erp.put_orders(an_order())
    with erp.connector() as connector, pytest.raises(ValidationRefused):
        connector.write_promise(a_promise(order, {order.lines[0].key: ()}))


def test_what_a_command_asks_for_is_read_off_its_base() -> None:
    order = an_order()
    line = order.lines[0]

    def asked(*pieces: object, **changes: str) -> set[WriteField]:
        return set(fields_asked_for(a_promise(order, {line.key: pieces}, **changes)))  # type: ignore[dict-item]

    assert asked(a_piece(line)) == set()
    assert asked(a_piece(line, delivery_on=date(2026, 6, 1))) == {WriteField.PROMISE_DATE}
    assert asked(a_piece(line, price=Decimal(19))) == {WriteField.PRICE}
    assert asked(a_piece(line, quantity=Decimal(200))) == {WriteField.QUANTITY}
    assert asked(a_piece(line, kind="refuse")) == {WriteField.REFUSAL, WriteField.QUANTITY}
    assert asked(a_piece(line, kind="substitute", item_number="V-9")) == {WriteField.SUBSTITUTE}
    assert asked(a_piece(line, quantity=Decimal(140)), a_piece(line, quantity=Decimal(100))) == {
        WriteField.SPLIT
    }
    assert asked(a_piece(line), supplier_reference="SO-1") == {WriteField.SUPPLIER_REFERENCE}


# --- goods on their way -------------------------------------------------------------------------------------


@pytest.fixture
def announce(erp: ConnectorHarness, reader: Reader) -> Callable[[NoticeCommand], tuple[Outcome, str]]:
    def to_the_end(command: NoticeCommand) -> tuple[Outcome, str]:
        """What the ERP made of it, whether it said so at once or by feed."""
        with erp.connector() as connector:
            if not connector.capabilities.takes_notices:
                pytest.skip("this connector leaves it to a person, and says so")
            try:
                result = connector.write_notice(command)
            except ValidationRefused as error:
                return Outcome.REFUSED, error.reason
            if connector.capabilities.read_back is ReadBack.IMMEDIATE:
                return result.outcome, result.reason
        erp.let_erp_work()
        everything(reader)
        reader.read(Feed.COMMAND_RESULTS)
        told = reader.results.get(command.key, CommandResult(command.key, Outcome.SENT))
        taken = Outcome.CONFIRMED if told.outcome is Outcome.SENT else told.outcome
        return taken, told.reason

    return to_the_end


Announce = Callable[[NoticeCommand], tuple[Outcome, str]]


def a_notice(
    key: str, *lines: tuple[OrderPaper, int, int], number: str = "DN-1", **changed: Any
) -> NoticeCommand:
    """So much of some lines (order, position of the line, quantity), on the road with a delivery note."""
    values: dict[str, Any] = {
        "key": key,
        "consignment": "c-1",
        "issue": 1,
        "company": "NM",
        "supplier": "70012",
        "number": number,
        "ship_on": date(2026, 5, 4),
        "expected_on": date(2026, 5, 13),
        "ship_to": "HAM",
        "carrier": "Blue Line",
        "lines": tuple(
            NoticeCommandLine(
                order.number,
                order.lines[at].key,
                order.lines[at].number,
                Decimal(quantity),
                order.lines[at].unit,
            )
            for order, at, quantity in lines
        ),
    }
    return NoticeCommand(**{**values, **changed})


def two_orders(erp: ConnectorHarness) -> Sequence[OrderPaper]:
    return erp.put_orders(an_order(), an_order("4500000002", lines=(a_line(10),)))


def test_goods_on_their_way_are_expected_once_and_no_day_of_an_order_moves(
    erp: ConnectorHarness, reader: Reader, announce: Announce
) -> None:
    first, second = two_orders(erp)
    reader.read()
    before = dict(reader.orders)
    command = a_notice("notice-1", (first, 0, 60), (first, 1, 100), (second, 0, 40))

    assert announce(command) == (Outcome.CONFIRMED, "")
    announce(command)

    assert erp.inbound("DN-1") == {
        (first.number, first.lines[0].key): Decimal(60),
        (first.number, first.lines[1].key): Decimal(100),
        (second.number, second.lines[0].key): Decimal(40),
    }
    reader.read()
    assert [
        (line.quantity, line.delivery_on, line.schedules)
        for number in sorted(before)
        for line in reader.orders[number].lines
    ] == [
        (line.quantity, line.delivery_on, line.schedules)
        for number in sorted(before)
        for line in before[number].lines
    ]


def test_a_corrected_notice_takes_the_place_of_the_first(erp: ConnectorHarness, announce: Announce) -> None:
    first, _second = two_orders(erp)
    announce(a_notice("notice-1", (first, 0, 60), (first, 1, 10)))

    better = a_notice(
        "notice-2",
        (first, 0, 40),
        number="DN-2",
        earlier_number="DN-1",
        issue=2,
        expected_on=date(2026, 5, 20),
    )
    assert announce(better) == (Outcome.CONFIRMED, "")

    assert erp.inbound("DN-1") == {}
    assert erp.inbound("DN-2") == {(first.number, first.lines[0].key): Decimal(40)}


def test_a_notice_taken_back_is_expected_no_more_and_its_lines_can_be_announced_anew(
    erp: ConnectorHarness, reader: Reader, announce: Announce
) -> None:
    first, _second = two_orders(erp)
    announce(a_notice("notice-1", (first, 0, 60)))
    assert announce(a_notice("notice-2", (first, 0, 60), withdrawn=True)) == (Outcome.CONFIRMED, "")
    assert erp.inbound("DN-1") == {}
    assert announce(a_notice("notice-3", (first, 0, 60), withdrawn=True))[0] is Outcome.CONFIRMED

    whole = a_notice("notice-4", (first, 0, int(first.lines[0].quantity)), number="DN-9", consignment="c-2")
    assert announce(whole) == (Outcome.CONFIRMED, "")
    assert erp.inbound("DN-9") == {(first.number, first.lines[0].key): first.lines[0].quantity}
    reader.read()
    assert reader.orders[first.number].lines[0].schedules == ()


def test_what_was_received_names_its_delivery_note_and_cannot_be_taken_back(
    erp: ConnectorHarness, reader: Reader, announce: Announce
) -> None:
    first, _second = two_orders(erp)
    announce(a_notice("notice-1", (first, 0, 60)))
    everything(reader)
    erp.receive_inbound("DN-1")

    (booked,) = everything(reader).receipts.values()
    assert (booked.reference, booked.quantity, booked.line_key) == ("DN-1", 60, first.lines[0].key)
    outcome, reason = announce(a_notice("notice-2", (first, 0, 60), withdrawn=True))
    assert outcome is Outcome.REFUSED
    assert "received" in reason


def test_a_later_estimate_moves_the_day_and_nothing_else(
    erp: ConnectorHarness, reader: Reader, announce: Announce
) -> None:
    first, _second = two_orders(erp)
    reader.read()
    before = {line.key: line.delivery_on for line in reader.orders[first.number].lines}
    command = a_notice("notice-1", (first, 0, 60))
    announce(command)
    assert erp.inbound_on("DN-1") == date(2026, 5, 13)

    assert announce(replace(command, key="notice-2", expected_on=date(2026, 5, 29))) == (
        Outcome.CONFIRMED,
        "",
    )

    assert erp.inbound_on("DN-1") == date(2026, 5, 29)
    assert erp.inbound("DN-1") == {(first.number, first.lines[0].key): Decimal(60)}
    reader.read()
    assert {line.key: line.delivery_on for line in reader.orders[first.number].lines} == before


# --- counted at a dock --------------------------------------------------------------------------------------


@pytest.fixture
def book(erp: ConnectorHarness, reader: Reader) -> Callable[[ReceiptCommand], tuple[Outcome, str]]:
    def to_the_end(command: ReceiptCommand) -> tuple[Outcome, str]:
        """What the ERP made of it, whether it said so at once or by feed."""
        with erp.connector() as connector:
            if not connector.capabilities.books_receipts:
                with pytest.raises(Unsupported):
                    connector.write_receipt(command)
                pytest.skip("this connector leaves it to a person, and says so")
            try:
                result = connector.write_receipt(command)
            except ValidationRefused as error:
                return Outcome.REFUSED, error.reason
            if connector.capabilities.read_back is ReadBack.IMMEDIATE:
                return result.outcome, result.reason
        erp.let_erp_work()
        everything(reader)
        reader.read(Feed.COMMAND_RESULTS)
        told = reader.results.get(command.key, CommandResult(command.key, Outcome.SENT))
        taken = Outcome.CONFIRMED if told.outcome is Outcome.SENT else told.outcome
        return taken, told.reason

    return to_the_end


Book = Callable[[ReceiptCommand], tuple[Outcome, str]]


def a_count(key: str, *lines: tuple[OrderPaper, int, int], lot: str = "", **changed: Any) -> ReceiptCommand:
    """So much of some lines (order, position of the line, quantity) was counted, with a delivery note."""
    values: dict[str, Any] = {
        "key": key,
        "count": "count-1",
        "company": "NM",
        "supplier": "70012",
        "reference": "DN-1",
        "received_on": COUNTED_ON,
        "consignment": "c-1",
        "site": "HAM",
        "lines": tuple(
            ReceiptCommandLine(
                order.number,
                order.lines[at].key,
                order.lines[at].number,
                Decimal(quantity),
                order.lines[at].unit,
                lot,
            )
            for order, at, quantity in lines
        ),
    }
    return ReceiptCommand(**{**values, **changed})


COUNTED_ON = datetime.now(UTC).date() - timedelta(days=1)


def received(reader: Reader, order: OrderPaper) -> list[Decimal]:
    everything(reader)
    reader.read()
    return [line.received_quantity for line in reader.orders[order.number].lines]


def bookings(reader: Reader) -> list[tuple[str, str, Decimal, date, str, bool]]:
    everything(reader)
    return sorted(
        (one.order, one.line_key, one.quantity, one.received_on, one.reference, one.reversed)
        for one in reader.receipts.values()
    )


def test_a_count_is_booked_once_with_the_number_of_its_notice(
    erp: ConnectorHarness, reader: Reader, announce: Announce, book: Book
) -> None:
    first, second = two_orders(erp)
    announce(a_notice("notice-1", (first, 0, 60), (first, 1, 100), (second, 0, 40)))
    count = a_count("command-1", (first, 0, 58), (first, 1, 100), (second, 0, 40))

    assert book(count) == (Outcome.CONFIRMED, "")
    assert book(count) == (Outcome.CONFIRMED, "")

    assert bookings(reader) == sorted(
        [
            (first.number, first.lines[0].key, Decimal(58), COUNTED_ON, "DN-1", False),
            (first.number, first.lines[1].key, Decimal(100), COUNTED_ON, "DN-1", False),
            (second.number, second.lines[0].key, Decimal(40), COUNTED_ON, "DN-1", False),
        ]
    )
    assert received(reader, first) == [Decimal(58), Decimal(100)]
    assert received(reader, second) == [Decimal(40)]
    assert erp.inbound("DN-1") == {}


def test_what_of_a_notice_was_not_counted_stays_on_its_agreed_day_and_can_come_later(
    erp: ConnectorHarness, reader: Reader, announce: Announce, book: Book
) -> None:
    first, _second = two_orders(erp)
    reader.read()
    before = [(line.quantity, line.delivery_on, line.schedules) for line in reader.orders[first.number].lines]
    announce(a_notice("notice-1", (first, 0, 60), (first, 1, 100)))

    assert book(a_count("command-1", (first, 0, 50))) == (Outcome.CONFIRMED, "")
    assert received(reader, first) == [Decimal(50), Decimal(0)]
    after = [(line.quantity, line.delivery_on, line.schedules) for line in reader.orders[first.number].lines]
    assert after == before

    rest = a_count("command-2", (first, 0, 10), (first, 1, 100), count="count-2")
    assert book(rest) == (Outcome.CONFIRMED, "")
    assert received(reader, first) == [Decimal(60), Decimal(100)]


def test_goods_that_nobody_announced_are_booked_too_lot_by_lot(
    erp: ConnectorHarness, reader: Reader, book: Book
) -> None:
    first, _second = two_orders(erp)
    count = a_count("command-1", (first, 0, 5), reference="LS-99", consignment="", lot="L-1")
    more = a_count("command-1", (first, 0, 7), lot="L-2")
    count = replace(count, lines=count.lines + more.lines)

    assert book(count) == (Outcome.CONFIRMED, "")
    book(count)

    assert received(reader, first) == [Decimal(12), Decimal(0)]
    assert {one[4] for one in bookings(reader)} == {"LS-99"}


def test_a_count_that_is_taken_back_is_out_of_the_books_or_a_person_is_asked(
    erp: ConnectorHarness, reader: Reader, announce: Announce, book: Book
) -> None:
    first, _second = two_orders(erp)
    announce(a_notice("notice-1", (first, 0, 60)))
    count = a_count("command-1", (first, 0, 58))
    gone = replace(count, key="command-2", reversed=True)
    book(count)

    outcome, reason = book(gone)
    if outcome is Outcome.REFUSED:
        assert "Cancel the shipment" in reason
        assert received(reader, first) == [Decimal(58), Decimal(0)]
        erp.reverse(first, first.lines[0].key)
        assert book(gone) == (Outcome.CONFIRMED, "")
    assert book(gone) == (Outcome.CONFIRMED, "")

    assert received(reader, first) == [Decimal(0), Decimal(0)]
    assert [one[5] for one in bookings(reader)] == [True]


def test_a_count_of_which_nothing_was_booked_is_taken_back_by_doing_nothing(
    erp: ConnectorHarness, reader: Reader, announce: Announce, book: Book
) -> None:
    first, _second = two_orders(erp)
    announce(a_notice("notice-1", (first, 0, 60)))

    assert book(a_count("command-2", (first, 0, 58), reversed=True)) == (Outcome.CONFIRMED, "")

    assert erp.inbound("DN-1") == {(first.number, first.lines[0].key): Decimal(60)}
    assert received(reader, first) == [Decimal(0), Decimal(0)]


def test_a_count_of_a_line_that_is_not_there_is_refused_with_its_reason(
    erp: ConnectorHarness, reader: Reader, book: Book
) -> None:
    first, _second = two_orders(erp)
    (line,) = a_count("command-1", (first, 0, 5)).lines
    wrong = replace(a_count("command-1", (first, 1, 5)), lines=(replace(line, key="99999"),))

    outcome, reason = book(wrong)

    assert outcome is Outcome.REFUSED
    assert "line" in reason
    assert received(reader, first) == [Decimal(0), Decimal(0)]


# --- approved invoices --------------------------------------------------------------------------------------


@pytest.fixture
def enter(erp: ConnectorHarness, reader: Reader) -> Callable[[InvoiceCommand], tuple[Outcome, str]]:
    def to_the_end(command: InvoiceCommand) -> tuple[Outcome, str]:
        """What the ERP made of it, whether it said so at once or by feed."""
        with erp.connector() as connector:
            if connector.capabilities.cannot_book(command):
                with pytest.raises(Unsupported):
                    connector.book_invoice(command)
                pytest.skip("this connector leaves it to a person, and says so")
            try:
                result = connector.book_invoice(command)
            except ValidationRefused as error:
                return Outcome.REFUSED, error.reason
            if connector.capabilities.read_back is ReadBack.IMMEDIATE:
                return result.outcome, result.reason
        erp.let_erp_work()
        everything(reader)
        reader.read(Feed.COMMAND_RESULTS)
        told = reader.results.get(command.key, CommandResult(command.key, Outcome.SENT))
        taken = Outcome.CONFIRMED if told.outcome is Outcome.SENT else told.outcome
        return taken, told.reason

    return to_the_end


Enter = Callable[[InvoiceCommand], tuple[Outcome, str]]
CLAIMED_ON = datetime.now(UTC).date() - timedelta(days=1)


def an_invoice(
    key: str, *lines: tuple[OrderPaper, int, int], price: str = "18.4", **changed: Any
) -> InvoiceCommand:
    """So much of some lines (order, position of the line, quantity) at one price; the total is theirs and the charges'.

    The invoice that it is for is `invoice-1`, its number R-2041, unless said otherwise.
    """
    billed = tuple(
        InvoiceCommandLine(
            amount=Decimal(quantity) * Decimal(price),
            quantity=Decimal(quantity),
            unit=order.lines[at].unit,
            unit_price=Decimal(price),
            order=order.number,
            key=order.lines[at].key,
            number=order.lines[at].number,
            category="O",
        )
        for order, at, quantity in lines
    )
    values: dict[str, Any] = {
        "key": key,
        "invoice": "invoice-1",
        "company": "NM",
        "supplier": "70012",
        "number": "R-2041",
        "invoiced_on": CLAIMED_ON,
        "currency": "EUR",
        "lines": billed,
    }
    values |= changed
    charges = values.get("charges", ())
    values.setdefault("total", sum((one.amount for one in (*values["lines"], *charges)), Decimal(0)))
    return InvoiceCommand(**values)


def booked(reader: Reader) -> dict[str, BillPaper]:
    everything(reader)
    return {one.reference: one for one in reader.invoices.values()}


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


# --- early payments -----------------------------------------------------------------------------------------


@pytest.fixture
def plan(erp: ConnectorHarness, reader: Reader) -> Callable[[EarlyPaymentCommand], tuple[Outcome, str]]:
    with erp.connector() as asked:
        if not asked.capabilities.plans_early_payments:
            pytest.skip("this connector leaves it to a person, and says so")

    def to_the_end(command: EarlyPaymentCommand) -> tuple[Outcome, str]:
        """What the ERP made of it, whether it said so at once or by feed."""
        with erp.connector() as connector:
            try:
                result = connector.plan_early_payment(command)
            except ValidationRefused as error:
                return Outcome.REFUSED, error.reason
            if connector.capabilities.read_back is ReadBack.IMMEDIATE:
                return result.outcome, result.reason
        erp.let_erp_work()
        everything(reader)
        reader.read(Feed.COMMAND_RESULTS)
        told = reader.results.get(command.key, CommandResult(command.key, Outcome.SENT))
        return Outcome.CONFIRMED if told.outcome is Outcome.SENT else told.outcome, told.reason

    return to_the_end


Plan = Callable[[EarlyPaymentCommand], tuple[Outcome, str]]
IN_TEN_DAYS, IN_A_MONTH = (CLAIMED_ON + timedelta(days=days) for days in (10, 30))
EARLY = EarlyPaymentCommand(
    key="early-1",
    invoice="invoice-1",
    company="NM",
    supplier="70012",
    number="R-2041",
    currency="EUR",
    total=Decimal(1104),
    discount=Decimal("7.36"),
    pay_on=IN_TEN_DAYS,
    due_on=IN_A_MONTH,
)


def test_an_early_payment_is_planned_exactly_where_it_is_claimed(
    erp: ConnectorHarness, reader: Reader, enter: Enter
) -> None:
    (order,) = erp.put_orders(an_order())
    erp.receive(order, order.lines[0].key, Decimal(60), "4711")
    enter(an_invoice("command-1", (order, 0, 60), due_on=IN_A_MONTH))
    erp.post("R-2041")
    before = booked(reader)["R-2041"]

    with erp.connector() as connector:
        if connector.capabilities.plans_early_payments:
            is_at_once = connector.capabilities.read_back is ReadBack.IMMEDIATE
            expected = Outcome.CONFIRMED if is_at_once else Outcome.SENT
            assert connector.plan_early_payment(EARLY).outcome is expected
        else:
            for command in (EARLY, replace(EARLY, key="early-2", ended=True)):
                with pytest.raises(Unsupported, match="early payment"):
                    connector.plan_early_payment(command)
    erp.let_erp_work()

    after = booked(reader)["R-2041"]
    moved = IN_TEN_DAYS if connector.capabilities.plans_early_payments else before.due_on
    assert (after.due_on, after.total, after.open_amount) == (moved, Decimal(1104), Decimal(1104))


def test_an_early_payment_stands_as_it_was_told_last_and_leaves_its_discount_open(
    erp: ConnectorHarness, reader: Reader, enter: Enter, plan: Plan
) -> None:
    (order,) = erp.put_orders(an_order())
    erp.receive(order, order.lines[0].key, Decimal(60), "4711")
    enter(an_invoice("command-1", (order, 0, 60), due_on=IN_A_MONTH))
    ended = replace(EARLY, key="early-2", ended=True)
    sooner = replace(EARLY, key="early-3", pay_on=IN_TEN_DAYS - timedelta(days=3), discount=Decimal("9.57"))

    assert plan(EARLY) == (Outcome.CONFIRMED, "")
    assert plan(EARLY) == (Outcome.CONFIRMED, "")
    erp.post("R-2041")
    assert booked(reader)["R-2041"].due_on == IN_TEN_DAYS
    assert plan(ended) == (Outcome.CONFIRMED, "")
    assert booked(reader)["R-2041"].due_on == IN_A_MONTH
    assert plan(sooner) == (Outcome.CONFIRMED, "")
    assert booked(reader)["R-2041"].due_on == sooner.pay_on

    erp.pay("R-2041", sooner.to_pay, sooner.pay_on)
    paid = booked(reader)["R-2041"]
    assert (paid.state, paid.total, paid.open_amount) == ("partly_paid", Decimal(1104), sooner.discount)


def test_an_early_payment_of_what_is_not_there_or_paid_already_is_for_a_person(
    erp: ConnectorHarness, reader: Reader, enter: Enter, plan: Plan
) -> None:
    (order,) = erp.put_orders(an_order())
    erp.receive(order, order.lines[0].key, Decimal(60), "4711")

    outcome, reason = plan(EARLY)
    assert (outcome, "R-2041" in reason) == (Outcome.REFUSED, True)

    enter(an_invoice("command-1", (order, 0, 60), due_on=IN_A_MONTH))
    erp.post("R-2041")
    erp.pay("R-2041", Decimal(1104), IN_TEN_DAYS)
    assert plan(replace(EARLY, key="early-2"))[0] is Outcome.REFUSED
    assert booked(reader)["R-2041"].state == "paid"
