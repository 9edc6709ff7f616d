"""The contract between the portal and any ERP.

A connector is judged by one question: after anything that can go wrong, do both sides end up saying the same
thing? So the contract is written for the worst ERP we know, a live one over a network, and the drop folder
is its easy case:

* *Reading* is incremental and repeatable. A feed is read page by page from a cursor; a connector may, and a
  live one must, read an overlapping window again (a transaction that started before the cursor may commit
  after it). Each paper carries a content hash, so that reading it twice changes nothing. The caller stores a
  page and its cursor in one transaction and only then calls `settle`; a crash in between means reading the
  page again, never losing it.
* *A feed is a kind of paper, not a table.* An ERP in which a change of a line does not touch its order
  (Tryton: orders, lines and moves each have their own stamp) polls all of them inside `read(Feed.ORDERS)`
  and hands over whole orders; the cursor is the connector's own small document and may hold one position per
  table it polls.
* *Some things are told whole.* Stock and open customer orders are of one moment each, and what is not told is not
there.
  Each of their papers names the moment; the last page of a telling says in `whole_as_of` that this was all.
* *Accounts are told by supplier*: each paper names all accounts to which the ERP pays one supplier, so that one that is
  gone is seen. Their numbers go to the service that holds them against what is on record, and nowhere else: a finding
  about one never quotes it, and what brought them is not kept. They are read only; what is in force here is entered
  there by its own people.
* *Writing* is asking. A command names the values it was decided on; a connector looks at the ERP first,
  raises `Conflict` where it has moved (using the ERP's own lock where there is one, between looking and
  writing), writes, reads back. A connector that cannot read back at once says so, and the feed will tell.
* *Not knowing is an answer.* A call that may or may not have happened raises `UnknownOutcome`. Nobody
  repeats it: after the slowest call could have ended, `find_command` searches by key, and only its answer
  resolves the command.
* *Goods on their way are told whole*: a ship notice names all lines of its consignment, which may be of many orders,
  and how they are to stand; the same again changes nothing.
* *A count is booked once*, by its own key, however often it is told; what was booked comes back by the feed of
  receipts.
* *An invoice is booked once*, by its own key and the supplier's number: a connector that can ask looks first for what
  the ERP has of it. One that cannot hands over both, and the other side looks; what that has told of its bookings by
  feed the caller has looked at. It is left for the ERP's people to post; how far it is paid comes back by the feed of
  invoices.
* *An early payment is told as it stands*: a day and a discount, or that it ended. A connector whose ERP can hold
  neither claims nothing and writes nothing: a person keys them in.
* *One command per document at a time.* The caller delivers the commands of one order in order and one at a
  time (the outbox's stream); a connector may rely on it and need not lock.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Protocol, Self, runtime_checkable

from procurement.bills.messages import BillPaper
from procurement.catalogue.messages import (
    CompanyPaper,
    CustomerDemandPaper,
    ItemPaper,
    SitePaper,
    StockPaper,
    SupplierItemPaper,
    UnitPaper,
)
from procurement.erp.content import digest_of
from procurement.erp.messages import EarlyPaymentCommand, InvoiceCommand, Picture
from procurement.erp.problems import Problem
from procurement.orders.messages import CommandLine, OrderPaper, PromiseCommand, SchedulePaper
from procurement.receipts.messages import ReceiptCommand, ReceiptPaper
from procurement.shipments.messages import NoticeCommand
from suppliers.banking.messages import AccountsPaper
from suppliers.messages import SupplierPaper, SupplierSitePaper


class Feed(StrEnum):
    """One kind of paper that an ERP hands over. The order of the members is the order in which they are read: a paper
    may refer only to papers of the feeds before it. Stock, demand and bank accounts come last: nothing waits for them.
    """

    COMPANIES = "companies"
    UNITS = "units"
    SITES = "sites"
    SUPPLIERS = "suppliers"
    SUPPLIER_SITES = "supplier_sites"
    ITEMS = "items"
    SUPPLIER_ITEMS = "supplier_items"
    ORDERS = "orders"
    RECEIPTS = "receipts"
    INVOICES = "invoices"
    COMMAND_RESULTS = "command_results"
    STOCK = "stock"
    CUSTOMER_DEMAND = "customer_demand"
    BANK_ACCOUNTS = "bank_accounts"

    @property
    def upstream(self) -> tuple["Feed", ...]:
        """The feeds whose papers must have been taken before this one's: for those that nothing waits for, master data
        alone."""
        members = tuple(Feed)
        is_last = self.is_told_whole or self is Feed.BANK_ACCOUNTS
        return members[: members.index(Feed.ORDERS if is_last else self)]

    @property
    def is_told_whole(self) -> bool:
        """Whether a telling is all there is: what it does not say is gone."""
        return self in (Feed.STOCK, Feed.CUSTOMER_DEMAND)

    @property
    def is_secret(self) -> bool:
        """Whether its papers hold what stands in no log, report or archive: numbers of accounts."""
        return self is Feed.BANK_ACCOUNTS


class WriteField(StrEnum):
    """One thing that a command may ask an ERP to hold."""

    PROMISE_DATE = "promise_date"
    QUANTITY = "quantity"
    PRICE = "price"
    SPLIT = "split"
    REFUSAL = "refusal"
    SUBSTITUTE = "substitute"
    SHIP_TO = "ship_to"
    SUPPLIER_REFERENCE = "supplier_reference"


class InvoicePart(StrEnum):
    """One thing of invoices that an ERP can be asked to book by machine."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    DEBIT_NOTE = "debit_note"
    CHARGES = "charges"
    WITHOUT_ORDER = "without_order"
    ATTACHMENT = "attachment"
    VOID = "void"


class ReadBack(StrEnum):
    """How we learn that the ERP holds what a command asked for."""

    IMMEDIATE = "immediate"
    BY_FEED = "by_feed"


class Deletions(StrEnum):
    """How a record that was deleted in the ERP becomes known here.

    Stated: the ERP says so in the paper (an order's status, a line that is gone from its order). By sweep:
    only comparing all keys finds it. Reported: the ERP keeps tombstones.
    """

    STATED = "stated"
    BY_SWEEP = "by_sweep"
    REPORTED = "reported"


class Outcome(StrEnum):
    """Where a command stands, as far as the ERP has told."""

    SENT = "sent"
    CONFIRMED = "confirmed"
    CONFLICT = "conflict"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Identity:
    """Which ERP is at the other end, as its owner would name it, and as whom we are signed in there."""

    kind: str
    system: str
    version: str = ""
    user: str = ""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What this connection can do. Pages and commands adapt to it; what it cannot write becomes a task for a
    person.

    `overlap` is how far behind its cursor a feed reads again; `slowest_call` is how long a call may still be
    at work in the ERP after we stopped waiting, and so how long an unknown outcome has to rest before it is
    searched for. `takes_notices` says that the ERP can be told of goods on their way, `books_receipts` that it books
    what was counted at a dock, `invoices_out` what of invoices it books; nothing means that it takes none.
    `plans_early_payments` says that it can be told to pay an invoice on another day for less.
    """

    reads: frozenset[Feed]
    writes: frozenset[WriteField]
    read_back: ReadBack
    optimistic_lock: bool
    deletions: Deletions
    overlap: timedelta = timedelta(0)
    slowest_call: timedelta = timedelta(0)
    takes_notices: bool = False
    books_receipts: bool = False
    invoices_out: frozenset[InvoicePart] = frozenset()
    plans_early_payments: bool = False

    def cannot_write(self, command: PromiseCommand) -> frozenset[WriteField]:
        """What the command asks for that a person has to key into the ERP."""
        return fields_asked_for(command) - self.writes

    def cannot_book(self, command: InvoiceCommand) -> frozenset[InvoicePart]:
        """What of an invoice a person has to key into the ERP; a picture is no reason to key it in."""
        return parts_asked_for(command) - self.invoices_out - {InvoicePart.ATTACHMENT}


@dataclass(frozen=True, slots=True)
class Discovery:
    """What a connector found when it looked at the ERP: kept by the caller and compared with the next one,
    so that an upgrade of the ERP is noticed before a write fails on it.

    `clock_skew` is how far the ERP's clock is ahead of ours; `credentials_expire_at` is known only to an ERP that
    says so.
    """

    identity: Identity
    capabilities: Capabilities
    facts: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    clock_skew: timedelta = timedelta(0)
    credentials_expire_at: datetime | None = None

    @property
    def fingerprint(self) -> str:
        """Changes when anything that was found changes, but not with the clock."""
        return digest_of([self.identity, self.capabilities, dict(self.facts)])


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a feed has been read. Only the connector that wrote `position` understands it; it must be
    JSON."""

    feed: Feed
    position: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Window:
    """The stretch of the ERP's time that a page covers, for a person who asks what was read when."""

    since: datetime | None
    until: datetime | None


@dataclass(frozen=True, slots=True)
class CommandResult:
    """What the ERP answered to a command some time after taking it (paper of the feed `command_results`)."""

    key: str
    outcome: Outcome
    reason: str = ""
    lines: tuple["CurrentLine", ...] = ()


@dataclass(frozen=True, slots=True)
class CurrentLine:
    """What the ERP holds for a line now: the middle column of a conflict. `None`, or nothing, means that the ERP
    did not say.

    `price` is for `price_per` units; `deliveries` are all of the line where there are several, and `delivery_on` is
    the first day of them.
    """

    key: str
    quantity: Decimal | None = None
    price: Decimal | None = None
    delivery_on: date | None = None
    gone: bool = False
    price_per: Decimal | None = None
    deliveries: tuple[SchedulePaper, ...] = ()
    item_number: str = ""
    closed: bool = False


Paper = (
    CompanyPaper
    | UnitPaper
    | SitePaper
    | SupplierPaper
    | SupplierSitePaper
    | ItemPaper
    | SupplierItemPaper
    | OrderPaper
    | ReceiptPaper
    | BillPaper
    | CommandResult
    | StockPaper
    | CustomerDemandPaper
    | AccountsPaper
)


KEYS: Mapping[type, tuple[str, ...]] = {
    CompanyPaper: ("code",),
    UnitPaper: ("code",),
    SitePaper: ("code",),
    SupplierPaper: ("number",),
    SupplierSitePaper: ("supplier", "code"),
    ItemPaper: ("number",),
    SupplierItemPaper: ("supplier", "item"),
    OrderPaper: ("company", "number"),
    StockPaper: ("item", "site"),
    CustomerDemandPaper: ("key",),
    AccountsPaper: ("supplier",),
}


def key_of(paper: Paper) -> tuple[str, ...]:
    """What tells a record from all others of its feed, on both sides."""
    return tuple(str(getattr(paper, name)) for name in KEYS[type(paper)])


@dataclass(frozen=True, slots=True)
class Sighting:
    """One paper as it was seen: its content hash, and where it stood, so that a refusal can point at it."""

    paper: Paper
    content_hash: str
    source: str = ""
    row: int | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """A handful of papers that are taken together, with the cursor to store beside them.

    `problems` are the records that could not be read; they never keep the others from being taken. `token`
    means something only to the connector, which gets the page back in `settle`. `source` is what a run
    report names. `whole_as_of` is set on the last page of a telling that was whole: the moment of which it told.
    """

    feed: Feed
    sightings: tuple[Sighting, ...]
    next: Cursor
    problems: tuple[Problem, ...] = ()
    window: Window | None = None
    source: str = ""
    token: object = None
    whole_as_of: datetime | None = None


@dataclass(frozen=True, slots=True)
class RecordMark:
    """One record that exists in the ERP, for the nightly comparison of both sides.

    `key` is what `key_of` says of its paper. `paper` is the record itself, where the connector has it at hand anyway;
    `stamp` is when the ERP last changed it, where telling so costs nothing.
    """

    key: tuple[str, ...]
    content_hash: str = ""
    stamp: datetime | None = None
    paper: Paper | None = None


@dataclass(frozen=True, slots=True)
class WriteResult:
    """What became of a command. `left` is what this connector could not write and a person has to key in."""

    outcome: Outcome
    reference: str = ""
    reason: str = ""
    current: tuple[CurrentLine, ...] = ()
    left: frozenset[WriteField] = frozenset()


class Fate(StrEnum):
    """What the caller does with an error."""

    RETRY = "retry"
    ALERT = "alert"
    PERSON = "person"
    CONFLICT = "conflict"
    SEARCH = "search"


class ErpError(Exception):
    """Something the ERP, or the way to it, did not do. `reason` is a sentence for a person; details go to
    the log.

    `at_the_door` says whose trouble it is: the whole connection's (nobody answers, nobody lets us in), or that of the
    one thing that was asked for.
    """

    fate = Fate.RETRY
    at_the_door = False

    def __init__(self, reason: str, *, retry_after: timedelta | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after = retry_after


class Transient(ErpError):
    """Nothing happened and the same call may work later: a restart, a full disk, a serialisation failure."""

    at_the_door = True


class Busy(Transient):
    """Another process of ours is at this very work: leave it to that one."""

    at_the_door = False


class Locked(Transient):
    """Somebody else holds this one record at the moment; everything else goes on."""

    at_the_door = False


class Throttled(Transient):
    """The ERP asks us to slow down; `retry_after` says for how long, where it told."""


class ExpiredCredentials(ErpError):
    """The key or session no longer opens the door. Every command waits until the owner renews it."""

    fate = Fate.ALERT
    at_the_door = True


class PermissionRefused(ErpError):
    """The door is open but this user may not do this; somebody must change a right in the ERP."""

    fate = Fate.ALERT


class ValidationRefused(ErpError):
    """The ERP says no to the content and will say no again; somebody must decide."""

    fate = Fate.PERSON


class Conflict(ErpError):
    """The ERP no longer holds the values that the command was decided on. Nothing was written."""

    fate = Fate.CONFLICT

    def __init__(self, reason: str, *, current: Sequence[CurrentLine] = ()) -> None:
        super().__init__(reason)
        self.current = tuple(current)


class UnknownOutcome(ErpError):
    """The command may or may not have been carried out. Only `find_command` may resolve it, never a
    repetition."""

    fate = Fate.SEARCH
    at_the_door = True


class Unsupported(ErpError):
    """The connector was asked for something that its capabilities do not claim: a mistake of the caller."""

    fate = Fate.PERSON


@runtime_checkable
class ErpConnector(Protocol):
    """One ERP, whatever it speaks. Safe to build often; `close` gives back what it holds (sessions,
    locks)."""

    @property
    def capabilities(self) -> Capabilities:
        """What this connection can read and write. Cheap: answered without a call where possible."""
        ...

    def discover(self) -> Discovery:
        """Look at the ERP: who is there, which modules and fields, how far its clock is off, what is not as
        we need it."""
        ...

    def read(self, feed: Feed, since: Cursor | None) -> Iterator[Page]:
        """The papers of a feed that changed since the cursor, at least once each, oldest first, whole papers
        only.

        Ends when there is nothing more for now. A record that cannot be read becomes a problem of its page;
        only what stops the whole feed is raised.
        """
        ...

    def settle(self, page: Page, refused: Sequence[Problem] = ()) -> None:
        """Hear that the page is stored, and what the portal refused of it. Called after the commit, so it
        may not be called at all: a page that was never settled is read again. A live ERP has nothing to do
        here."""
        ...

    def sweep(self, feed: Feed) -> Iterator[RecordMark]:
        """Every record that exists now, for finding deletions and drift. Raises `Unsupported`, with a sentence for
        the owner, where nobody can list them all, and for what is told whole anyhow. Changes nothing on either side."""
        ...

    def look_up(self, feed: Feed, keys: Collection[tuple[str, ...]]) -> Iterator[Paper]:
        """Those of these records that exist, whole, as the ERP holds them now; in any order. `Unsupported` where
        `sweep` is."""
        ...

    def seen_as_of(self, feed: Feed) -> datetime | None:
        """The moment of which `sweep` and `look_up` tell, where it is not the moment at which they are asked."""
        ...

    def peek(self, feed: Feed) -> Iterator[Page]:
        """The pages that a first reading would bring, with nothing claimed, moved or remembered on either side."""
        ...

    def rewind(self, feed: Feed, cursor: Cursor | None, since: datetime) -> Cursor | None:
        """Where to read from so that everything of a feed since a moment comes once more (more is harmless).

        Safe to call again. What comes must leave the portal with what the ERP holds now, whatever it held in between.
        Raises `Busy` while another process is reading.
        """
        ...

    def write_promise(self, command: PromiseCommand) -> WriteResult:
        """Ask the ERP to hold the agreed promise. Calling again with the same key never does it twice.

        Returns `confirmed` where the read-back showed it, `sent` where only a feed will. Raises `Conflict`
        where the ERP holds other values than the command was decided on, `UnknownOutcome` where nobody can
        say, and the other errors above where nothing was written. Order of work for an ERP that rebuilds
        schedules when quantities change: first quantities and prices, then pieces and dates.
        """
        ...

    def find_command(self, key: str) -> WriteResult | None:
        """Search for traces of a command: its outcome as far as known, or `None` if the ERP never saw it."""
        ...

    def write_notice(self, command: NoticeCommand) -> WriteResult:
        """Ask the ERP to hold a consignment that is on its way, or none of it where it was withdrawn.

        The command says how things are to stand, so calling again, also after a call of which nobody knows how it
        ended, does it once: what is there already is looked for first. A later issue takes the place of an earlier one.
        Raises `Unsupported` where the capabilities do not claim it, `ValidationRefused` where the ERP has received
        something of it, or knows a line no more.
        """
        ...

    def write_receipt(self, command: ReceiptCommand) -> WriteResult:
        """Ask the ERP to book what was counted at a dock, or, where it is `reversed`, to take that booking back.

        `command.count` names the count: what the ERP has booked of it is looked for first, so that calling again, also
        after a call of which nobody knows how it ended, books nothing twice; a count of which nothing was booked is
        taken back by doing nothing. The feeds then tell the booking with `command.reference`, and the lines' totals.
        Raises `Unsupported` where the capabilities do not claim it, `ValidationRefused` where a person must act:
        more was counted than is open, a line is gone, or the ERP does not take bookings back by machine.
        """
        ...

    def book_invoice(self, command: InvoiceCommand, picture: Picture | None = None) -> WriteResult:
        """Ask the ERP to book an approved invoice, or, where it is `voided`, to take it out again.

        What the ERP has of it already, by `command.invoice` or by the supplier's number as `number_key` compares it, is
        looked for first: by the connector, or, where read-back is by feed, by who takes the command up there. So
        calling again, also after a call of which nobody knows how it ended, books nothing twice; what was never booked
        is taken out by doing nothing. It bills these lines of orders and charges for these amounts and nothing else,
        comes to `command.total`, carries `command.number` as reference, and is left to the ERP's people to post. The
        feed of invoices then tells it with that reference. Raises `Unsupported` where the capabilities do not claim it,
        `ValidationRefused` where a person must act: a line is gone, the ERP holds the number otherwise, it comes to
        another total, or what was posted is to be taken out.
        """
        ...

    def plan_early_payment(self, command: EarlyPaymentCommand) -> WriteResult:
        """Ask the ERP to pay an invoice on `command.pay_on`, short by `command.discount`, or, where it is `ended`, in
        full on the day on which it was due.

        The command says how it is to stand, so telling it again does it once, and a later one takes the place of an
        earlier. Paid short by exactly that, the feed of invoices tells `partly_paid` with the discount left open, or
        `paid` where the ERP has booked the discount. Raises `Unsupported` where the capabilities do not claim it,
        `ValidationRefused` where a person must act: nothing of it stands there, or it is paid already.
        """
        ...

    def read_back(self, company: str, number: str) -> OrderPaper | None:
        """The order as the ERP holds it this moment; `None` if it is gone. `Unsupported` where read-back is
        by feed."""
        ...

    def close(self) -> None:
        """Give back sessions and locks."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc: object) -> None: ...


def parts_asked_for(command: InvoiceCommand) -> frozenset[InvoicePart]:
    """What of invoices a command asks an ERP to book."""
    asked = {InvoicePart(command.kind)}
    if command.voided:
        asked.add(InvoicePart.VOID)
    if command.charges:
        asked.add(InvoicePart.CHARGES)
    if not command.orders:
        asked.add(InvoicePart.WITHOUT_ORDER)
    if command.picture:
        asked.add(InvoicePart.ATTACHMENT)
    return frozenset(asked)


def fields_asked_for(command: PromiseCommand) -> frozenset[WriteField]:
    """What the command wants changed in the ERP, compared with the values it was decided on."""
    asked = {found for line in command.lines for found in _line_fields(line)}
    if command.supplier_reference:
        asked.add(WriteField.SUPPLIER_REFERENCE)
    return frozenset(asked)


def _line_fields(line: CommandLine) -> Iterator[WriteField]:
    standing = [piece for piece in line.pieces if piece.kind != "refuse"]
    if len(standing) > 1:
        yield WriteField.SPLIT
    if len(standing) < len(line.pieces):
        yield WriteField.REFUSAL
    if any(piece.kind == "substitute" for piece in standing):
        yield WriteField.SUBSTITUTE
    if any(piece.ship_to not in ("", line.base_ship_to) for piece in standing):
        yield WriteField.SHIP_TO
    if any(piece.delivery_on != line.base_delivery_on for piece in standing):
        yield WriteField.PROMISE_DATE
    if any(piece.price * line.base_price_per != line.base_price * piece.price_per for piece in standing):
        yield WriteField.PRICE
    if sum((piece.quantity for piece in standing), Decimal(0)) != line.base_quantity:
        yield WriteField.QUANTITY
