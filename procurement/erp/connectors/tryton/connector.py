"""Tryton as an `ErpConnector`."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Self

from django.utils.translation import gettext_noop

from procurement.erp.connectors.tryton.accounts import read_accounts
from procurement.erp.connectors.tryton.booking import Booker
from procurement.erp.connectors.tryton.changes import OVERLAP, Position, look_for_changes
from procurement.erp.connectors.tryton.facts import SOURCES, read_facts
from procurement.erp.connectors.tryton.invoicing import Clerk
from procurement.erp.connectors.tryton.master import SIZE, read_master
from procurement.erp.connectors.tryton.records import Purchase, read_purchases
from procurement.erp.connectors.tryton.shipping import Shipper
from procurement.erp.connectors.tryton.supply import read_supply
from procurement.erp.connectors.tryton.sweeping import look_up_orders, marks_of_orders
from procurement.erp.connectors.tryton.wire import Rpc
from procurement.erp.connectors.tryton.writing import (
    BEGUN,
    Writer,
    find_purchase,
    is_done,
    note_on,
    purchases_with_note,
    take_begun_away,
)
from procurement.erp.content import content_hash
from procurement.erp.messages import EarlyPaymentCommand, InvoiceCommand, Picture
from procurement.erp.ports import (
    Capabilities,
    Cursor,
    Deletions,
    Discovery,
    Feed,
    Identity,
    InvoicePart,
    Outcome,
    Page,
    Paper,
    ReadBack,
    RecordMark,
    Sighting,
    Transient,
    Unsupported,
    Window,
    WriteField,
    WriteResult,
    key_of,
)
from procurement.erp.problems import Problem
from procurement.orders.messages import OrderPaper, PromiseCommand
from procurement.receipts.messages import ReceiptCommand
from procurement.shipments.messages import NoticeCommand

PATIENCE = 60.0
# Stock is read whole, and in a busy warehouse it moves all the time.
STOCK_EVERY = timedelta(minutes=10)
# How long an order that we are in the middle of writing is left unread: an amendment resets its dates for a moment.
HELD_BACK = timedelta(minutes=10)
AT_IT = gettext_noop("Tryton has not made the deliveries of this order yet. Look again in a moment.")
NEEDED = ("purchase", "purchase_amendment", "purchase_history", "stock", "stock_split")
FEEDS = tuple(feed for feed in Feed if feed is not Feed.COMMAND_RESULTS)


class TrytonConnector:
    """One Tryton database, as one of its users. `page_size` is for papers that are read one by one as they move,
    `list_size` for lists that are read whole."""

    def __init__(
        self,
        url: str,
        database: str,
        user: str,
        password: str,
        *,
        patience: float = PATIENCE,
        page_size: int = 100,
        list_size: int = SIZE,
        stock_every: timedelta = STOCK_EVERY,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.rpc = Rpc(url, database, user, password, patience=patience)
        self._patience = patience
        self._page_size = page_size
        self._list_size = list_size
        self._stock_every = stock_every
        self._clock = clock

    @property
    def capabilities(self) -> Capabilities:
        """Nearly everything a promise may ask for; Tryton is asked itself what it holds.

        A purchase has one place for all its lines: where only one line is to go elsewhere, a person decides how. An
        invoice of no order has no account to be booked on: that is for a person to say.
        """
        return Capabilities(
            reads=frozenset(FEEDS),
            writes=frozenset(WriteField) - {WriteField.SHIP_TO},
            read_back=ReadBack.IMMEDIATE,
            optimistic_lock=True,
            deletions=Deletions.BY_SWEEP,
            overlap=OVERLAP,
            # The server goes on after we have stopped waiting, for as long as it would have taken.
            slowest_call=timedelta(seconds=self._patience * 2),
            takes_notices=True,
            books_receipts=True,
            invoices_out=frozenset(InvoicePart) - {InvoicePart.WITHOUT_ORDER},
        )

    def discover(self) -> Discovery:
        """The series, the modules, and whether what we stand on is there."""
        installed = self.rpc.read(
            "ir.module.search_read",
            [["state", "=", "activated"]],
            0,
            None,
            [["name", "ASC"]],
            ["name", "version"],
        )
        modules = {module["name"]: module["version"] for module in installed}
        missing = [name for name in NEEDED if name not in modules]
        return Discovery(
            Identity("tryton", self.rpc.database, self.rpc.version(), self.rpc.user),
            self.capabilities,
            facts={f"module {name}": version for name, version in modules.items()},
            warnings=tuple(f"The module {name} is not activated." for name in missing),
            clock_skew=self.rpc.clock_skew,
        )

    # --- reading

    def read(self, feed: Feed, since: Cursor | None) -> Iterator[Page]:
        """Orders, receipts and invoices by feeds of changes; master data and stock whole when anything of it moved."""
        if feed not in FEEDS:
            raise Unsupported(f"Tryton has no feed {feed}.")
        if feed in SOURCES:
            yield from read_facts(self.rpc, feed, since, size=self._page_size)
            return
        if feed.is_told_whole:
            yield from read_supply(self.rpc, feed, since, now=self._clock(), every=self._stock_every)
            return
        if feed is Feed.BANK_ACCOUNTS:
            yield from read_accounts(self.rpc, since, now=self._clock(), size=self._list_size)
            return
        if feed is not Feed.ORDERS:
            yield from read_master(self.rpc, feed, since, size=self._list_size)
            return
        position = look_for_changes(self.rpc, Position.from_json(since.position if since else {}))
        held_back = self._being_written(position.pending)
        reading = [one for one in position.pending if one not in held_back]
        if not reading and since is not None and position.as_json() == dict(since.position):
            return
        for start in range(0, max(len(reading), 1), self._page_size):
            purchases = read_purchases(self.rpc, reading[start : start + self._page_size])
            held_back += [one.id for one in purchases if self._is_at_it(one)]
            told = [one for one in purchases if one.id not in held_back]
            rest = [*reading[start + self._page_size :], *held_back]
            yield self._page(told, replace(position, pending=rest))

    def _is_at_it(self, purchase: Purchase) -> bool:
        """Whether Tryton has only just begun to make the moves: a moment later it will tell their days."""
        return purchase.is_half_made and purchase.last_modified_at > self._clock() - HELD_BACK

    def _page(self, purchases: Sequence[Purchase], after: Position) -> Page:
        papers = [purchase.paper for purchase in purchases]
        sightings = tuple(Sighting(one, content_hash(one), "purchase.purchase") for one in papers)
        newest = max(after.since.values(), default=None)
        return Page(
            Feed.ORDERS,
            sightings,
            Cursor(Feed.ORDERS, after.as_json()),
            window=Window(None, newest),
            source="purchase.purchase",
        )

    def _being_written(self, ids: Sequence[int]) -> list[int]:
        """Orders on which a command of ours has begun and not ended a short while ago."""
        if not ids:
            return []
        since = self._clock() - HELD_BACK
        busy = set(
            purchases_with_note(
                self.rpc, ["message", "like", f"Quayside % {BEGUN} %"], ["last_modified_at", ">", since]
            )
        )
        return [one for one in ids if one in busy]

    def settle(self, page: Page, refused: Sequence[Problem] = ()) -> None:
        """Nothing to put away: what was refused is read again when it changes."""

    def sweep(self, feed: Feed) -> Iterator[RecordMark]:
        """Every record that exists now. Master data comes whole, since listing it costs as much as reading it."""
        if feed not in FEEDS or feed.is_told_whole or feed.is_secret:
            raise Unsupported(f"Tryton has no feed {feed}.")
        if feed is Feed.ORDERS:
            yield from marks_of_orders(self.rpc)
            return
        for page in read_master(self.rpc, feed, None, size=self._list_size):
            for one in page.sightings:
                yield RecordMark(key_of(one.paper), one.content_hash, paper=one.paper)

    def look_up(self, feed: Feed, keys: Collection[tuple[str, ...]]) -> Iterator[Paper]:
        """These records as Tryton holds them this moment."""
        if feed not in FEEDS or feed.is_told_whole or feed.is_secret:
            raise Unsupported(f"Tryton has no feed {feed}.")
        if feed is Feed.ORDERS:
            yield from look_up_orders(self.rpc, keys, self._page_size)
            return
        wanted = set(keys)
        for page in read_master(self.rpc, feed, None, size=self._list_size):
            yield from (one.paper for one in page.sightings if key_of(one.paper) in wanted)

    def seen_as_of(self, feed: Feed) -> datetime | None:
        """Tryton is asked itself: what it says is so now."""
        return None

    def peek(self, feed: Feed) -> Iterator[Page]:
        """A first reading: Tryton does not notice who reads, and nothing is remembered but by the caller."""
        return self.read(feed, None)

    def rewind(self, feed: Feed, cursor: Cursor | None, since: datetime) -> Cursor | None:
        """Orders by the stamps of Tryton from then on; master data, which is read whole, from its beginning."""
        if feed not in FEEDS:
            raise Unsupported(f"Tryton has no feed {feed}.")
        if cursor is None or feed is not Feed.ORDERS:
            return None
        return Cursor(feed, Position.from_json(cursor.position).rewound(since).as_json())

    # --- writing

    def write_promise(self, command: PromiseCommand) -> WriteResult:
        """Carry the promise into the purchase and read it back there."""
        return Writer(self.rpc, command).carry()

    def write_notice(self, command: NoticeCommand) -> WriteResult:
        """Carry the ship notice into a supplier shipment in draft."""
        return Shipper(self.rpc, command).carry()

    def write_receipt(self, command: ReceiptCommand) -> WriteResult:
        """Receive what was counted, in the shipment of its notice or in one made for it."""
        return Booker(self.rpc, command).carry()

    def book_invoice(self, command: InvoiceCommand, picture: Picture | None = None) -> WriteResult:
        """Complete the draft that Tryton has made, with what was approved; its people post it."""
        if self.capabilities.cannot_book(command):
            raise Unsupported("Tryton books no invoice without an order by machine.")
        return Clerk(self.rpc, command, picture).carry()

    def plan_early_payment(self, command: EarlyPaymentCommand) -> WriteResult:
        """Tryton computes a due day from its payment terms and knows no discount for one invoice: a person sets
        both."""
        raise Unsupported("Tryton cannot be told of an early payment by machine.")

    def find_command(self, key: str) -> WriteResult | None:
        """The trace of a command. One that was begun and not ended counts as not seen: going on is safe."""
        for purchase in purchases_with_note(self.rpc, ["message", "like", f"Quayside {key} %"]):
            if is_done(note_on(self.rpc, purchase, key)):
                take_begun_away(self.rpc, purchase, key)
                return WriteResult(Outcome.CONFIRMED, reference=f"purchase.purchase,{purchase}")
        return None

    def read_back(self, company: str, number: str) -> OrderPaper | None:
        """The order as Tryton holds it this moment; `Transient` while Tryton is still making its moves."""
        found = find_purchase(self.rpc, company, number)
        if found and self._is_at_it(found):
            raise Transient(AT_IT)
        return found.paper if found else None

    def close(self) -> None:
        """The session stays in Tryton for the next call; the connection is given back."""
        self.rpc.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
