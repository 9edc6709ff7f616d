"""A company of any size, made up in seconds: suppliers, orders in every state, promises, answers, commands, events.

What is open does not grow with the years: the newest orders of each supplier are in the states that real ones are in,
all older ones have been agreed, received and paid. Rows come out as the text that `COPY` reads.
"""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

OPEN = 30  # orders of each supplier on which something is still to happen
FULL_PAGE = 80  # orders that the first supplier has at least: its lists are full in the small company too
SEED = 20_261
ITEMS_EACH = 60
WORDS = tuple(
    "valve flange gasket bearing coupling hose clamp seal pump filter spindle bracket".split()  # noqa: SIM905 -- reads better
)
KINDS = tuple(
    "brass steel bronze nylon rubber cast forged angled straight threaded welded flanged".split()  # noqa: SIM905 -- as above
)
PLACE = "Rotterdam"
NULL = r"\N"

ORDER = (
    "id key company_id supplier_id number kind state version revision erp_revision content_hash erp_stamp currency"
    " ordered_on received_at revised_at updated_at answer_asked_at acknowledge_by_at ship_to_id payment_terms incoterm"
    " incoterm_place buyer_code buyer_name buyer_email note supplier_reference agreement revision_status logistics"
    " finance line_count lines_agreed lines_for_supplier lines_for_buyer total_amount next_delivery_on"
)
REVISION = "id supplier_id order_id number erp_revision received_at content_hash paper changes"
LINE = (
    "id supplier_id order_id key number item_number description gtin supplier_part_number search quantity unit"
    " unit_decimals price price_per amount delivery_on last_delivery_on expected_on next_delivery_on note cancelled"
    " closed received_quantity invoiced_quantity asked_revision agreed_revision touched_version last_schedule_key"
    " agreement logistics finance turn"
)
SCHEDULE = "id supplier_id line_id key quantity delivery_on first_promised_on first_agreed_on"
PROMISE = (
    "id supplier_id line_id schedule_key piece origin revision kind state quantity delivery_on price price_per"
    " item_number item_description reason note promised_at decided_at decided_by decision_note"
)
ANSWER = (
    "id key supplier_id order_id revision state version supplier_reference note sent_at sent_by sent_by_user_id"
    " channel on_behalf lines_as_asked lines_changed lines_refused"
)
EVENT = "kind stream at supplier_id actor_label actor_side channel correlation_id internal facts"
MESSAGE = (
    "id key topic stream kind payload supplier_id state created_at due_at attempts delivered_at outcome last_error"
    " actor_label channel correlation_id"
)
COMMAND = (
    "key origin supplier_id order_id kind state version payload attempts queued_at sent_at confirmed_at reason current"
    " missing reference"
)
TABLES = {
    "procurement_purchaseorder": ORDER,
    "procurement_orderrevision": REVISION,
    "procurement_purchaseorderline": LINE,
    "procurement_scheduleline": SCHEDULE,
    "procurement_promise": PROMISE,
    "procurement_orderacknowledgment": ANSWER,
    "kernel_auditevent": EVENT,
    "kernel_outboxmessage": MESSAGE,
    "procurement_erpcommand": COMMAND,
}


@dataclass(frozen=True, slots=True)
class Size:
    """How big the company is, and what is measured in it: the same in a small one and in a big one.

    `stock` orders wait at the second supplier to be acknowledged; `export` lines are the third one's, all of them; the
    first has the order of `long` lines.
    """

    lines: int
    suppliers: int
    stock: int = 600
    export: int = 5_000
    long: int = 500

    @property
    def orders(self) -> int:
        return self.lines // 5


BIG = Size(1_000_000, 300)
LITTLE = Size(10_000, 12)
TINY = (Size(600, 6, 12, 100, 20), Size(300, 4, 12, 100, 20))


@dataclass(frozen=True, slots=True)
class Item:
    """Something one supplier sells."""

    number: str
    part: str
    text: str
    cents: int


@dataclass(slots=True)
class Rows:
    """A handful of orders as text for `COPY`, table by table."""

    of: dict[str, list[str]] = field(default_factory=lambda: {table: [] for table in TABLES})

    def add(self, table: str, *values: object) -> None:
        self.of[table].append("\t".join(map(str, values)))


def supplier_number(position: int) -> str:
    return f"7{position:05d}"


def items_of(position: int) -> list[Item]:
    """What one supplier sells: words and sizes, so that searches find little, some or much."""
    chance = random.Random(f"{SEED} items {position}")
    found = []
    for number in range(ITEMS_EACH):
        word, kind = chance.choice(WORDS), chance.choice(KINDS)
        size = chance.choice((15, 20, 25, 32, 40, 50, 65, 80, 100, 125, 150, 200))
        pressure = chance.choice((10, 16, 25, 40))
        text = f"{word.capitalize()} {kind} DN {size} PN {pressure}"
        found.append(
            Item(
                f"{word[:2].upper()}-{position:03d}{number:02d}",
                f"{position}.{number:03d}-{size}",
                text,
                chance.randrange(90, 90_000),
            )
        )
    return found


def orders_each(size: Size) -> list[int]:
    """How many orders each supplier has: what is measured, and the rest unevenly."""
    fixed = [0, size.stock, max(size.export // 5, 1)]
    left = size.orders - sum(fixed)
    others = size.suppliers - 3
    first = max(left // (others + 1), min(FULL_PAGE, left // 3))
    weights = [0.3 + 1.4 * position / others for position in range(1, others + 1)]
    whole = sum(weights)
    shares = [first, *(max(1, round((left - first) * weight / whole)) for weight in weights)]
    return [shares[0], fixed[1], fixed[2], *shares[1:]]


def make(size: Size, today: date) -> Iterator[Rows]:
    """All orders of a company, oldest first, a few thousand at a time."""
    plan = []
    chance = random.Random(SEED)
    for position, count in enumerate(orders_each(size), start=1):
        for age in range(count):
            days = age * 2 if age < OPEN or position == 2 else 60 + int((age - OPEN) / max(count, 1) * 840)
            plan.append((min(days, 900), chance.random(), position, age))
    plan.sort(reverse=True)
    making = Making(size, today, [items_of(position) for position in range(1, size.suppliers + 1)], chance)
    rows = Rows()
    for number, (days, _chance, position, age) in enumerate(plan, start=1):
        making.order(rows, number, position, age, days)
        if number % 4_000 == 0:
            yield rows
            rows = Rows()
    yield rows


class Making:
    """Writes the rows of one order after the other."""

    def __init__(self, size: Size, today: date, items: list[list[Item]], chance: random.Random) -> None:
        self.size, self.today, self.items, self.chance = size, today, items, chance
        self.line = self.schedule = self.promise = self.revision = self.answer = 0

    def order(self, rows: Rows, number: int, position: int, age: int, days: int) -> None:
        stage = stage_of(position, age)
        long = age == 0 and self.size.long and (position == 1 or position % 15 == 1)
        fixed = 5 if position in (2, 3) or (position, age) == (1, 1) else 0
        count = self.size.long if long else fixed or self.chance.randrange(1, 10)
        ordered = self.today - timedelta(days=days + 1)
        at = datetime.combine(ordered, time(8, self.chance.randrange(60)), UTC)
        due = self.due(stage, ordered)
        order = _Order(number, position, str(uuid.UUID(int=(1 << 96) + number)), ordered, at, due, stage)
        lines = [self.asked(order, place) for place in range(1, count + 1)]
        standing = [self.write_line(rows, order, one) for one in lines]
        self.write_order(rows, order, lines, standing)

    def due(self, stage: str, ordered: date) -> date:
        """The day asked for: what is done was asked for long ago, what is late a few days ago."""
        if stage == "late":
            return self.today - timedelta(days=5)
        if stage in ("done", "closed"):
            return ordered + timedelta(days=30)
        return self.today + timedelta(days=10 + self.chance.randrange(30))

    def asked(self, order: _Order, place: int) -> _Line:
        item = self.chance.choice(self.items[order.position - 1])
        self.line += 1
        return _Line(self.line, place, item, self.chance.randrange(1, 60) * 10)

    def write_line(self, rows: Rows, order: _Order, line: _Line) -> _Standing:
        standing = standing_of(order.stage, line.place)
        item, day, supplier = line.item, order.due, order.position
        promised = day + timedelta(days=7) if standing.turn == "buyer" else day
        expected = promised if standing.answered else day
        price = f"{item.cents // 100}.{item.cents % 100:02d}"
        received = {"received": line.quantity, "partly_received": line.quantity // 2}.get(
            standing.logistics, 0
        )
        days = (
            [promised, promised + timedelta(days=14)]
            if standing.answered and line.number % 10 == 0
            else [promised]
        )
        rows.of["procurement_purchaseorderline"].append(
            f"{line.number}\t{supplier}\t{order.number}\tL{line.place:05d}\t{line.place * 10}\t{item.number}\t"
            f"{item.text}\t\t{item.part}\t{order.code} {item.number.lower()} {item.part} {item.text.lower()}\t"
            f"{line.quantity}\tPCS\t0\t{price}\t1\t{line.amount}\t{day}\t{day}\t"
            f"{days[-1] if standing.answered else expected}\t"
            f"{NULL if standing.logistics == 'received' else expected}\t\tf\t"
            f"{'t' if standing.closed else 'f'}\t{received}\t"
            f"{received if standing.finance == 'fully' else 0}\t{standing.asked}\t{standing.agreed_at}\t1\t1\t"
            f"{standing.agreement}\t{standing.logistics}\t{standing.finance}\t{standing.turn}"
        )
        self.schedule += 1
        first = f"{promised}" if standing.answered else NULL
        agreed = first if standing.agreement == "agreed" else NULL
        rows.of["procurement_scheduleline"].append(
            f"{self.schedule}\t{supplier}\t{line.number}\t1\t{line.quantity}\t{day}\t{first}\t{agreed}"
        )
        if standing.answered:
            state = "agreed" if standing.agreement in ("agreed", "awaiting") else "proposed"
            decided = f"{order.at + timedelta(days=1)}\tAcme" if state == "agreed" else f"{NULL}\t"
            for piece, when in enumerate(days, start=1):
                self.promise += 1
                part = (
                    line.quantity // len(days)
                    if piece > 1
                    else line.quantity - line.quantity // 2 * (len(days) - 1)
                )
                rows.of["procurement_promise"].append(
                    f"{self.promise}\t{supplier}\t{line.number}\t1\t{piece}\t{order.origin}\t1\taccept\t{state}\t{part}\t"
                    f"{when}\t{price}\t1\t\t\t\t\t{order.at + timedelta(days=1)}\t{decided}\t"
                )
        return standing

    def write_order(self, rows: Rows, order: _Order, lines: list[_Line], standing: list[_Standing]) -> None:
        stage, at = order.stage, order.at
        turns = [one.turn for one in standing]
        cents = sum(line.amount_cents for line in lines)
        agreement = "agreed" if not any(turns) else ("answered" if "buyer" in turns else "awaiting")
        is_done = stage in ("done", "closed")
        waits = "supplier" in turns
        revisions = 2 if stage == "revised" else 1
        answer_by = self.today + timedelta(days=-2 if stage == "overdue" else 3) if waits else None
        stale = "stale" if stage == "revised" else "current"
        rows.add(
            "procurement_purchaseorder",
            order.number,
            order.key,
            1,
            order.position,
            order.code,
            "standard",
            "closed" if stage == "closed" else "issued",
            revisions,
            revisions,
            revisions,
            order.hash,
            at,
            "EUR",
            order.ordered,
            at,
            at,
            at,
            at if waits else NULL,
            datetime.combine(answer_by, time(15), UTC) if answer_by else NULL,
            1,
            "30 days net",
            "FCA",
            PLACE,
            "B1",
            "Bea Buyer",
            "bea1@northmoor.example",
            "",
            f"SO-{order.number}" if any(one.answered for one in standing) else "",
            agreement,
            stale,
            standing[0].logistics,
            standing[0].finance,
            len(lines),
            sum(one.agreement == "agreed" for one in standing),
            turns.count("supplier"),
            turns.count("buyer"),
            f"{cents // 100}.{cents % 100:02d}",
            NULL if is_done else order.due,
        )
        papers = ",".join(line.paper(order.due) for line in lines)
        for revision in range(1, revisions + 1):
            self.revision += 1
            moved = [
                {
                    "line": "10",
                    "field": "delivery",
                    "old": str(order.ordered),
                    "new": str(order.due),
                    "did": "reopened",
                }
            ]
            changes = json.dumps(moved) if revision > 1 else "[]"
            rows.add(
                "procurement_orderrevision",
                self.revision,
                order.position,
                order.number,
                revision,
                revision,
                at,
                order.hash,
                order.paper(papers, revision),
                changes,
            )
        facts = f'{{"number":"{order.code}","revision":1,"lines":{len(lines)}}}'
        self.event(rows, order, "order.received", at, "ERP feed", "system", facts)
        if any(one.answered for one in standing):
            self.write_answer(rows, order, lines, standing)
        if standing[0].logistics != "nothing_shipped":
            first = f'{{"line":10,"received":"{lines[0].quantity}","unit":"PCS"}}'
            arrived = f'{{"lines":[{first}],"line_count":{len(lines)}}}'
            self.event(
                rows, order, "order.goods_received", at + timedelta(days=30), "ERP feed", "system", arrived
            )

    def write_answer(self, rows: Rows, order: _Order, lines: list[_Line], standing: list[_Standing]) -> None:
        at, stream = order.at + timedelta(days=1), f"order:{order.key}"
        changed = sum(one.turn == "buyer" for one in standing)
        self.answer += 1
        rows.add(
            "procurement_orderacknowledgment",
            self.answer,
            order.origin,
            order.position,
            order.number,
            1,
            "sent",
            1,
            f"SO-{order.number}",
            "",
            at,
            "Asha",
            NULL,
            "portal",
            "f",
            len(lines) - changed,
            changed,
            0,
        )
        facts = (
            f'{{"acknowledgment":"{order.origin}","revision":1,"on_behalf":false,"as_asked":[10],"waiting":[],'
            '"refused":[]}'
        )
        self.event(rows, order, "order.acknowledged", at, "Asha", "supplier", facts)
        payload = order.command(lines)
        rows.add(
            "kernel_outboxmessage",
            self.answer,
            order.told,
            "erp",
            stream,
            "order.promise_agreed",
            payload,
            order.position,
            "delivered",
            at,
            at,
            1,
            at + timedelta(seconds=2),
            "sent",
            "",
            "Asha",
            "portal",
            "",
        )
        rows.add(
            "procurement_erpcommand",
            order.told,
            order.told,
            order.position,
            order.number,
            "promise",
            "confirmed",
            3,
            payload,
            1,
            at,
            at + timedelta(seconds=2),
            at + timedelta(minutes=1),
            "",
            "[]",
            "[]",
            "",
        )

    def event(
        self, rows: Rows, order: _Order, kind: str, at: datetime, who: str, side: str, facts: str
    ) -> None:
        channel = "portal" if side == "supplier" else "erp"
        stream = f"order:{order.key}"
        rows.add("kernel_auditevent", kind, stream, at, order.position, who, side, channel, "", "f", facts)


def stage_of(position: int, age: int) -> str:
    """Where an order stands, by how many orders its supplier got since."""
    if position == 2:
        return "asked"
    if age >= OPEN:
        return "closed" if age % 3 else "done"
    bounds = (
        (7, "asked"),
        (9, "overdue"),
        (10, "revised"),
        (14, "answered"),
        (22, "agreed"),
        (25, "late"),
        (30, "partly"),
    )
    return next(stage for bound, stage in bounds if age < bound)


@dataclass(frozen=True, slots=True)
class _Standing:
    """Where one line stands."""

    agreement: str
    turn: str
    logistics: str = "nothing_shipped"
    finance: str = "not_invoiced"
    asked: int = 1
    agreed_at: str = NULL
    answered: bool = False
    closed: bool = False


def standing_of(stage: str, place: int) -> _Standing:
    match stage:
        case "asked" | "overdue":
            return _Standing("awaiting", "supplier")
        case "revised" if place == 1:
            return _Standing("awaiting", "supplier", asked=2, agreed_at="1", answered=True)
        case "answered" if place % 2:
            return _Standing("answered", "buyer", answered=True)
        case "partly":
            return _Standing("agreed", "", "partly_received", agreed_at="1", answered=True)
        case "done" | "closed":
            closed = stage == "closed"
            return _Standing("agreed", "", "received", "fully", agreed_at="1", answered=True, closed=closed)
    return _Standing("agreed", "", agreed_at="1", answered=True)


@dataclass(frozen=True, slots=True)
class _Line:
    """What one line asks for."""

    number: int
    place: int
    item: Item
    quantity: int

    @property
    def amount_cents(self) -> int:
        return self.item.cents * self.quantity

    @property
    def amount(self) -> str:
        return f"{self.amount_cents // 100}.{self.amount_cents % 100:02d}"

    @property
    def price(self) -> str:
        return f"{self.item.cents // 100}.{self.item.cents % 100:02d}"

    def paper(self, due: date) -> str:
        """The line as the ERP sent it."""
        return (
            f'{{"key":"L{self.place:05d}","number":{self.place * 10},"item_number":"{self.item.number}",'
            f'"description":"{self.item.text}","quantity":"{self.quantity}","unit":"PCS","price":"{self.price}",'
            f'"delivery_on":"{due}","price_per":"1","gtin":"","supplier_part_number":"{self.item.part}","ship_to":"",'
            '"note":"","cancelled":false,"received_quantity":"0","invoiced_quantity":"0","closed":false,"schedules":[]}'
        )


@dataclass(frozen=True, slots=True)
class _Order:
    """What one order is, before its lines."""

    number: int
    position: int
    key: str
    ordered: date
    at: datetime
    due: date
    stage: str

    @property
    def code(self) -> str:
        return f"45{self.number:08d}"

    @property
    def hash(self) -> str:
        return f"{self.number:064x}"

    @property
    def origin(self) -> str:
        return str(uuid.UUID(int=(2 << 96) + self.number))

    @property
    def told(self) -> str:
        """The key of the command that told the ERP."""
        return str(uuid.UUID(int=(3 << 96) + self.number))

    def paper(self, lines: str, revision: int) -> str:
        """The order as the ERP sent it."""
        return (
            f'{{"company":"NM","number":"{self.code}","supplier":"{supplier_number(self.position)}","currency":"EUR",'
            f'"ordered_on":"{self.ordered}","lines":[{lines}],"ship_to":"HAM","revision":"{revision}",'
            '"kind":"standard","status":"open","payment_terms":"30 days net","incoterm":"FCA",'
            f'"incoterm_place":"{PLACE}",'
            '"buyer_code":"B1","buyer_name":"Bea Buyer","buyer_email":"bea1@northmoor.example","note":"",'
            f'"stamp":"{self.at.isoformat()}","extra":{{}}}}'
        )

    def command(self, lines: list[_Line]) -> str:
        """What the ERP was told."""
        told = ",".join(
            f'{{"key":"L{line.place:05d}","number":{line.place * 10},"base_quantity":"{line.quantity}",'
            f'"base_price":"{line.price}","base_delivery_on":"{self.due}","base_price_per":"1","base_deliveries":'
            f'[{{"quantity":"{line.quantity}","delivery_on":"{self.due}"}}],"pieces":[{{"quantity":"{line.quantity}",'
            f'"delivery_on":"{self.due}","price":"{line.price}","price_per":"1","kind":"accept","item_number":""}}]}}'
            for line in lines
        )
        return (
            f'{{"key":"{self.told}","company":"NM","number":"{self.code}","supplier":"{supplier_number(self.position)}",'
            f'"base_revision":"1","lines":[{told}],"supplier_reference":"SO-{self.number}"}}'
        )
