"""What people do during a soak, and what must be true after it."""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any, TypeVar

from django.db import InterfaceError, OperationalError, connections
from django.utils import timezone

from portal.kernel.actors import Actor, Channel
from portal.kernel.errors import StaleDocument
from portal.kernel.outbox.models import DeliveryAttempt, OutboxMessage
from portal.kernel.scope import acting
from procurement.acknowledgments.messages import AcknowledgeOrder, AnswerPiece, DecideAnswer, LineAnswer
from procurement.acknowledgments.services import acknowledge_order, decide_answer
from procurement.demo.tryton.founding import ADMIN
from procurement.demo.tryton.ordering import confirm, quote
from procurement.demo.tryton.serving import DATABASE
from procurement.erp.connectors.tryton.wire import Rpc
from procurement.erp.inbound import read_configured_feeds
from procurement.erp.models import ErpCommand
from procurement.orders.models import Promise, PurchaseOrder, PurchaseOrderLine
from procurement.payables.messages import WriteLimit
from procurement.payables.services.rules import write_limit
from suppliers.models import Membership, Supplier, User
from suppliers.queries import actor_of
from suppliers.roles import CompanyRole, SupplierRole
from tests.erp.papers import a_line, an_order
from tests.soak import invoicing, shipping
from tests.soak.invoicing import Invoicing
from tests.soak.shipping import Shipping

WATCH = Actor.system("Soak", Channel.ERP)
LINES = 4
SHIPPED = 0.5
PATIENCE = 900.0  # seconds, for what waits until Tryton has an invoice
ITEMS = ("V-2040", "V-2050", "V-2041", "V-2040")
# How Tryton comes to drafts of invoices: all that is ordered at once, or when somebody says so.
INVOICED = ("order", "manual")
Found = TypeVar("Found")


def stubborn(do: Callable[[], Found], patience: float = 180.0) -> Found:
    """What a person does whose page did not come: again. The database may have gone in between."""
    deadline = time.monotonic() + patience
    while True:
        try:
            return do()
        except (OperationalError, InterfaceError, StaleDocument):
            connections.close_all()
            if time.monotonic() > deadline:
                raise
            time.sleep(0.3)


@dataclass(slots=True)
class Story:
    """A supplier who promises every line once, each in an answer of its own, and a buyer who agrees to all. Every other
    line is then shipped in part, and of every other line a part is billed.
    """

    address: str
    rng: Random
    promises: int
    shipping: Shipping = field(init=False)
    invoicing: Invoicing = field(init=False)
    made: Counter[str] = field(default_factory=Counter)
    seller: Actor = field(init=False)
    buyer: Actor = field(init=False)
    todo: list[tuple[str, str]] = field(default_factory=list)

    def prepare(self) -> None:
        """Orders in Tryton, read once, and two people."""
        rpc = Rpc(self.address, DATABASE, *ADMIN, patience=120)
        lines = tuple(a_line(10 * n, item_number=item) for n, item in enumerate(ITEMS, start=1))
        for count in range(-(-self.promises // LINES)):
            order = an_order("", lines, ordered_on=datetime.now(UTC).date())
            confirm(rpc, quote(rpc, order, INVOICED[count % len(INVOICED)]))
        rpc.close()
        for run in read_configured_feeds(clock=timezone.now):
            if run.reason:
                raise RuntimeError(f"{run.feed}: {run.reason}")
        with acting(WATCH):
            bea = User.objects.create_user("bea@x.example", None, name="Bea", company_role=CompanyRole.BUYER)
            mei = User.objects.create_user("mei@x.example", None, name="Mei")
            acme = Supplier.objects.get(number="70012")
            Membership.objects.create(user=mei, supplier=acme, role=SupplierRole.ORDERS)
            ivo = User.objects.create_user("ivo@x.example", None, name="Ivo")
            Membership.objects.create(user=ivo, supplier=acme, role=SupplierRole.INVOICING)
            pia = User.objects.create_user(
                "pia@x.example", None, name="Pia", company_role=CompanyRole.ACCOUNTS_PAYABLE
            )
            max_ = User.objects.create_user(
                "max@x.example", None, name="Max", company_role=CompanyRole.MANAGER
            )
            found = PurchaseOrderLine.objects.order_by("order__number", "number")
            self.todo = list(found.values_list("order__number", "key"))[: self.promises]
        self.seller, self.buyer = _acting_as(mei), _acting_as(bea)
        self.shipping = Shipping(self.seller, Random(self.rng.random()))
        manager = _acting_as(max_)
        with acting(manager):
            limit = WriteLimit("EUR", Decimal(100_000), person=pia.pk)
            write_limit(limit, actor=manager, at=timezone.now())
        biller, payer = _acting_as(ivo), _acting_as(pia)
        self.invoicing = Invoicing(biller, payer, WATCH, self.address, Random(self.rng.random()))
        self.rng.shuffle(self.todo)

    def tell(self, *, pause: tuple[float, float], due: Callable[[], float]) -> None:
        """Promise everything, one line after the other, and no more than is due."""
        while self.todo:
            stubborn(self.invoicing.go_on)
            if sum(self.made.values()) >= due():
                time.sleep(0.2)
                continue
            number, key = self.todo[-1]
            how = self.rng.choices(*zip(*SHAPES.items(), strict=True))[0]  # type: ignore[arg-type]
            seed = self.rng.random()
            if stubborn(lambda: self._promise(number, key, how, Random(seed))):  # noqa: B023 -- called at once
                self.made[how] += 1
            stubborn(lambda: self._agree(number))  # noqa: B023 -- called at once
            agreed = stubborn(lambda: _agreed(number, key))  # noqa: B023 -- called at once
            if self.rng.random() < SHIPPED:
                for step in self.shipping.steps(number, key, agreed):
                    stubborn(step)
            self.invoicing.begin(number, key, agreed)
            self.todo.pop()
            time.sleep(self.rng.uniform(*pause))
        deadline = time.monotonic() + PATIENCE
        while self.invoicing.todo and time.monotonic() < deadline:
            stubborn(self.invoicing.go_on)
            time.sleep(0.5)

    def _promise(self, number: str, key: str, how: str, rng: Random) -> bool:
        with acting(WATCH):
            line = PurchaseOrderLine.objects.select_related("order").get(order__number=number, key=key)
        if line.agreement != "awaiting":
            return True  # the last try did get through; only its answer was lost
        said = LineAnswer(key, pieces_of(line, how, rng))
        command = AcknowledgeOrder(line.order.key, line.order.version, (said,))
        with acting(self.seller):
            acknowledge_order(command, actor=self.seller, at=timezone.now())
        return True

    def _agree(self, number: str) -> None:
        with acting(WATCH):
            order = PurchaseOrder.objects.get(number=number)
        if order.lines_for_buyer:
            decision = DecideAnswer(order.key, order.version, "accept")
            with acting(self.buyer):
                decide_answer(decision, actor=self.buyer, at=timezone.now())


def _acting_as(user: User) -> Actor:
    actor = actor_of(user)
    if actor is None:
        raise RuntimeError(f"{user.name} may not act.")
    return actor


def _agreed(number: str, key: str) -> Decimal:
    """How much of a line both sides agreed will come."""
    with acting(WATCH):
        pieces = Promise.objects.filter(line__order__number=number, line__key=key, state="agreed")
        return sum((one.quantity for one in pieces if one.kind != "refuse"), start=Decimal(0))


SHAPES = {"as asked": 20, "later": 30, "split": 25, "fewer": 15, "dearer": 10}


def pieces_of(line: PurchaseOrderLine, how: str, rng: Random) -> tuple[AnswerPiece, ...]:
    """An answer of this shape."""
    later = line.delivery_on + timedelta(days=rng.randrange(3, 60))
    part = Decimal(rng.randrange(10, int(line.quantity) - 10))
    match how:
        case "later":
            return (AnswerPiece(line.quantity, delivery_on=later),)
        case "split":
            return AnswerPiece(part), AnswerPiece(line.quantity - part, delivery_on=later)
        case "fewer":
            refused = AnswerPiece(line.quantity - part, kind="refuse", reason="capacity")
            return AnswerPiece(part, delivery_on=later), refused
        case "dearer":
            return (AnswerPiece(line.quantity, price=line.price + Decimal("0.10")),)
    return ()


# --- afterwards ---------------------------------------------------------------------------------------------


def is_quiet() -> bool:
    """Whether nothing is on its way any more."""
    with acting(WATCH):
        waiting = OutboxMessage.objects.exclude(state__in=["delivered", "parked"]).exists()
        flying = ErpCommand.objects.filter(state__in=["queued", "sent", "unknown"]).exists()
    return not waiting and not flying and shipping.is_carried(WATCH) and invoicing.is_carried(WATCH)


def how_many_through() -> int:
    """How many commands are confirmed."""
    with acting(WATCH):
        return ErpCommand.objects.filter(state="confirmed").count()


def progress() -> str:
    """Commands by state, in one line."""
    with acting(WATCH):
        states = Counter(ErpCommand.objects.values_list("state", flat=True))
        waiting = OutboxMessage.objects.exclude(state="delivered").count()
    return (
        ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
        + f"; {waiting} messages wait"
    )


@dataclass(slots=True)
class Books:
    """Tryton's own books, past everything of ours."""

    file: Path

    def rows(self, question: str) -> list[Any]:
        with sqlite3.connect(self.file) as books:
            found = books.execute(question).fetchall()
        books.close()
        return found

    def lines(self) -> dict[str, tuple[Decimal, Decimal, dict[date, Decimal]]]:
        """Quantity, price and deliveries by line key."""
        days: dict[str, dict[date, Decimal]] = {}
        moves = "SELECT origin, planned_date, quantity FROM stock_move WHERE state <> 'cancelled'"
        for origin, day, quantity in self.rows(moves):
            if day and str(origin).startswith("purchase.line,"):
                of_line = days.setdefault(str(origin).removeprefix("purchase.line,"), {})
                when = date.fromisoformat(str(day)[:10])
                of_line[when] = of_line.get(when, Decimal(0)) + Decimal(str(quantity))
        return {
            str(key): (Decimal(str(quantity)), exact(price), days.get(str(key), {}))
            for key, quantity, price in self.rows("SELECT id, quantity, unit_price FROM purchase_line")
        }


def exact(price: Any) -> Decimal:
    return Decimal(price.decode() if isinstance(price, bytes) else str(price))


def differences(story: Story, file: Path) -> Iterator[str]:
    """Everything that is not as it must be; nothing, if both sides agree and all is there once."""
    books = Books(file)
    held = books.lines()
    with acting(WATCH):
        lines = list(PurchaseOrderLine.objects.select_related("order").order_by("order__number", "number"))
        agreed: dict[int, list[Promise]] = {}
        for promise in Promise.objects.filter(state="agreed"):
            agreed.setdefault(promise.line_id, []).append(promise)
        commands = list(ErpCommand.objects.all())
        parked = OutboxMessage.objects.filter(state="parked").count()
        numbers = dict(PurchaseOrder.objects.values_list("id", "number"))
    promised = [line for line in lines if line.pk in agreed]
    if len(promised) != story.promises or story.made.total() != story.promises:
        yield f"{story.made.total()} of {story.promises} promises were made, {len(promised)} are agreed here"
    on_the_way = shipping.shipped_lines(WATCH)
    for line in promised:
        yield from _of_line(line, agreed[line.pk], held, is_shipped=line.pk in on_the_way)
    yield from shipping.differences(story.shipping, WATCH, books.rows)
    yield from invoicing.differences(story.invoicing, books.rows, exact)
    if parked:
        yield f"{parked} messages are parked"
    for command in commands:
        if command.state != "confirmed":
            yield f"a command of order {numbers[command.order_id]} is {command.state}: {command.reason}"
    traces = "SELECT message FROM ir_note WHERE message LIKE 'Quayside % done'"
    notes = Counter(row[0] for row in books.rows(traces))
    allowed = Counter(f"Quayside {command.key} done" for command in commands)
    # What a feed saw to stand before its worker came back was confirmed without another call, and so without a trace.
    wanted = Counter(f"Quayside {command.key} done" for command in commands if command.reference)
    if notes - allowed or wanted - notes:
        yield f"traces in Tryton: {(notes - allowed).total()} too many, {(wanted - notes).total()} missing"
    if drafts := books.rows("SELECT id FROM purchase_amendment WHERE state = 'draft'"):
        yield f"{len(drafts)} amendments were left undone"
    yield from _amended_once(promised, agreed, books)


def _of_line(
    line: PurchaseOrderLine,
    pieces: list[Promise],
    held: dict[str, tuple[Decimal, Decimal, dict[date, Decimal]]],
    *,
    is_shipped: bool,
) -> Iterator[str]:
    """What of a line is not as agreed. Of one that is shipped in part Tryton plans that part on another day; which days
    were agreed the portal reads all the same, and so compares its own promise with what it has read."""
    quantity, price, days = held[line.key]
    wanted: dict[date, Decimal] = {}
    for piece in pieces:
        if piece.kind != "refuse" and piece.delivery_on:
            wanted[piece.delivery_on] = wanted.get(piece.delivery_on, Decimal(0)) + piece.quantity
    where = f"order {line.order.number} line {line.number}"
    if is_shipped:
        if sum(days.values()) != quantity:
            yield f"{where}: {quantity} in Tryton, of which {sum(days.values())} are planned"
        days = wanted
    if (quantity, days) != (sum(wanted.values()), wanted) or price != pieces[0].price:
        yield f"{where}: agreed {wanted} at {pieces[0].price}, in Tryton {quantity} as {days} at {price}"
    if (line.agreement, line.quantity, line.price) != ("agreed", quantity, price):
        yield f"{where}: {line.agreement} here with {line.quantity} at {line.price}, in Tryton {quantity} at {price}"


def _amended_once(
    promised: list[PurchaseOrderLine], agreed: dict[int, list[Promise]], books: Books
) -> Iterator[str]:
    """Each promise of another quantity or price amended its order once, whatever was killed."""
    wanted: Counter[str] = Counter()
    for line in promised:
        pieces = agreed[line.pk]
        asked = (Decimal(240), Decimal("18.4"))
        if (sum(one.quantity for one in pieces if one.kind != "refuse"), pieces[0].price) != asked:
            wanted[line.order.number] += 1
    for number, revision in books.rows("SELECT number, revision FROM purchase_purchase"):
        if revision != wanted[number]:
            yield f"order {number} was amended {revision} times for {wanted[number]} promises"


def attempts() -> dict[str, int]:
    """How deliveries ended, by outcome."""
    with acting(WATCH):
        return dict(sorted(Counter(DeliveryAttempt.objects.values_list("outcome", flat=True)).items()))
