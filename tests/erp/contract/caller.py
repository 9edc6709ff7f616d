"""Who asks the connectors: it reads, stores and settles as a caller must, and knows what was told."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from procurement.bills.messages import BillPaper
from procurement.erp.messages import InvoiceCommand
from procurement.erp.ports import (
    CommandResult,
    Cursor,
    ErpConnector,
    Feed,
    Outcome,
    Page,
    Paper,
    ReadBack,
    Sighting,
    ValidationRefused,
)
from procurement.orders.messages import OrderPaper, PromiseCommand
from procurement.receipts.messages import ReceiptPaper
from procurement.shipments.messages import NoticeCommand
from tests.erp.contract.harness import ConnectorHarness


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


@dataclass(frozen=True)
class Answer:
    """How a command ended, whether the ERP said so at once or by feed."""

    outcome: Outcome
    reason: str
    current: dict[str, tuple[Decimal | None, Decimal | None, date | None]]


Send = Callable[[PromiseCommand], Answer]
Announce = Callable[[NoticeCommand], tuple[Outcome, str]]
Enter = Callable[[InvoiceCommand], tuple[Outcome, str]]
LEFT_TO_A_PERSON = "this connector leaves it to a person, and says so"


def facts(order: OrderPaper) -> tuple[object, ...]:
    """What both sides must agree on. Words and labels that an ERP keeps in its own way are left out."""
    names = ("item_number", "quantity", "unit", "price", "price_per", "delivery_on", "received_quantity")
    lines = [
        (line.key, line.cancelled, line.schedules, *(getattr(line, name) for name in names))
        for line in order.lines
    ]
    return (order.company, order.number, order.supplier, order.currency, order.status, lines)


def everything(reader: Reader) -> Reader:
    """All that happened to orders, in the order in which feeds are read."""
    for feed in (Feed.ORDERS, Feed.RECEIPTS, Feed.INVOICES):
        reader.read(feed)
    return reader


def booked(reader: Reader) -> dict[str, BillPaper]:
    everything(reader)
    return {one.reference: one for one in reader.invoices.values()}


def to_the_end(
    reader: Reader, key: str, write: Callable[[ErpConnector], CommandResult]
) -> tuple[Outcome, str]:
    """What the ERP made of what is written to it, whether it said so at once or by feed."""
    with reader.erp.connector() as connector:
        try:
            result = write(connector)
        except ValidationRefused as error:
            return Outcome.REFUSED, error.reason
        if connector.capabilities.read_back is ReadBack.IMMEDIATE:
            return result.outcome, result.reason
    reader.erp.let_erp_work()
    everything(reader)
    reader.read(Feed.COMMAND_RESULTS)
    told = reader.results.get(key, CommandResult(key, Outcome.SENT))
    return Outcome.CONFIRMED if told.outcome is Outcome.SENT else told.outcome, told.reason
