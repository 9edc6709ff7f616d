"""What Tryton's purchase says, as a neutral paper.

Note [Dates are on moves]: once an order is processed, what is to come and when stands on the draft stock moves of its
lines (`stock.move.planned_date`); the line's own date is derived from them. An amendment deletes and makes these moves
anew, so a move's id is never an identity: the line's id is the ERP's line key.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from procurement.erp.connectors.tryton.wire import Rpc
from procurement.orders.messages import LinePaper, OrderPaper, SchedulePaper

# An order is told from the moment it is confirmed; before that nobody has ordered anything.
TOLD_STATES = ("confirmed", "processing", "done", "cancelled")
STATUS = {"cancelled": "cancelled", "done": "closed"}
# A quotation that was never confirmed and then cancelled has a number too, but no supplier ever heard of it.
TOLD = [["state", "in", list(TOLD_STATES)], ["number", "!=", None], ["purchase_date", "!=", None]]

ORDER_FIELDS = (
    "number",
    "state",
    "revision",
    "reference",
    "purchase_date",
    "comment",
    "last_modified_at",
    "_timestamp",
    "company.party.code",
    "party.code",
    "currency.code",
    "warehouse.code",
    "payment_term.name",
    "confirmed_by.rec_name",
)
LINE_FIELDS = (
    "purchase",
    "type",
    "sequence",
    "quantity",
    "unit_price",
    "description",
    "note",
    "delivery_date",
    "last_modified_at",
    "_timestamp",
    "product.code",
    "product.template.name",
    "product.template.type",
    "product.identifiers.type",
    "product.identifiers.code",
    "product_supplier.code",
    "unit.symbol",
    "unit.digits",
    "invoice_lines.quantity",
    "invoice_lines.invoice_state",
)
MOVE_FIELDS = (
    "origin",
    "quantity",
    "state",
    "planned_date",
    "origin_planned_date",
    "effective_date",
    "shipment",
    "last_modified_at",
    "_timestamp",
    "unit.category",
)
OPEN_MOVES = frozenset({"draft", "assigned", "staging"})
INVOICED = frozenset({"posted", "paid"})
TRADE_ITEM = frozenset({"ean", "ean13"})
LINE_ORIGIN = "purchase.line,"
DAYS = "days"


@dataclass(frozen=True, slots=True)
class Move:
    """A stock move of a line: so much on that day, come or to come."""

    id: int
    line: int
    quantity: Decimal
    state: str
    planned_on: date | None
    first_planned_on: date | None
    shipment: str  # as Tryton names a record; empty where it is on none
    unit: int
    unit_category: int
    stamp: str

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_MOVES

    @property
    def is_on_shipment(self) -> bool:
        return bool(self.shipment)


@dataclass(frozen=True, slots=True)
class Purchase:
    """A purchase with its lines and moves as they were read together, for papers and for writing."""

    record: Mapping[str, Any]
    lines: Sequence[Mapping[str, Any]]
    moves: Mapping[int, Sequence[Move]]  # by line id

    @property
    def id(self) -> int:
        return int(self.record["id"])

    @property
    def paper(self) -> OrderPaper:
        return as_paper(self)

    @property
    def is_half_made(self) -> bool:
        """Whether Tryton is still at it: confirming and amending each end before the moves are made (anew).

        Until then an order tells days that nobody has planned.
        """
        if self.record["state"] == "confirmed":
            return True
        return self.record["state"] == "processing" and any(
            exact(line["quantity"]) > 0 and _is_goods(line) and not self.moves.get(line["id"])
            for line in self.lines
        )

    @property
    def last_modified_at(self) -> datetime:
        """When it or one of its lines was last touched, by Tryton's clock (UTC)."""
        # The moves' own stamps are left out: a deleted move would turn the clock back.
        stamps = [self.record["last_modified_at"], *(line["last_modified_at"] for line in self.lines)]
        newest: datetime = max(stamps)
        return newest


def _is_goods(line: Mapping[str, Any]) -> bool:
    """Whether anything moves for this line: a service has no moves."""
    return _of(line, "product", "template", "type") in ("goods", "assets")


def read_purchases(rpc: Rpc, ids: Sequence[int]) -> list[Purchase]:
    """These purchases with lines and moves: three calls, however many they are, and
    one more where something of them is on a shipment. Those that are gone are left out."""
    if not ids:
        return []
    records = rpc.read(
        "purchase.purchase.search_read",
        [["id", "in", list(ids)], *TOLD],
        0,
        None,
        [["id", "ASC"]],
        ORDER_FIELDS,
    )
    known = [record["id"] for record in records]
    if not known:
        return []
    order = [["purchase", "ASC"], ["sequence", "ASC NULLS LAST"], ["id", "ASC"]]
    wanted = [["purchase", "in", known], ["type", "=", "line"], ["product", "!=", None]]
    lines = rpc.read("purchase.line.search_read", wanted, 0, None, order, LINE_FIELDS)
    line_ids = [line["id"] for line in lines]
    moves = read_moves(rpc, line_ids)
    shipped = {
        line["purchase"] for line in lines if any(one.is_on_shipment for one in moves.get(line["id"], ()))
    }
    moves = as_agreed(moves, noted_days(rpc, shipped)) if shipped else moves
    lines_of: dict[int, list[Mapping[str, Any]]] = {}
    for line in lines:
        lines_of.setdefault(line["purchase"], []).append(line)
    return [
        Purchase(
            record,
            lines_of.get(record["id"], []),
            {line["id"]: moves.get(line["id"], []) for line in lines_of.get(record["id"], [])},
        )
        for record in records
    ]


def read_moves(rpc: Rpc, line_ids: Sequence[int]) -> dict[int, list[Move]]:
    """The moves of these lines that are not cancelled, by line, soonest first."""
    if not line_ids:
        return {}
    wanted = [["origin", "in", [f"{LINE_ORIGIN}{one}" for one in line_ids]], ["state", "!=", "cancelled"]]
    found = rpc.read(
        "stock.move.search_read", wanted, 0, None, [["planned_date", "ASC"], ["id", "ASC"]], MOVE_FIELDS
    )
    moves: dict[int, list[Move]] = {}
    for record in found:
        line = int(record["origin"].removeprefix(LINE_ORIGIN))
        moves.setdefault(line, []).append(
            Move(
                id=record["id"],
                line=line,
                quantity=exact(record["quantity"]),
                state=record["state"],
                planned_on=record["planned_date"],
                first_planned_on=record["origin_planned_date"],
                shipment=record["shipment"] or "",
                unit=record["unit."]["id"],
                unit_category=record["unit."]["category"],
                stamp=record["_timestamp"],
            )
        )
    return moves


def noted_days(rpc: Rpc, purchases: Iterable[int], consignment: str = "%") -> dict[int, date]:
    """The agreed days of moves that we have put on shipments of these purchases, by move: see Note [Days of moves] in
    `shipping`. Of one consignment, or of all.
    """
    wanted = [
        ["resource", "in", [f"purchase.purchase,{one}" for one in sorted(purchases)]],
        ["message", "like", f"Quayside {consignment} {DAYS} %"],
    ]
    found: dict[int, date] = {}
    for note in rpc.read("ir.note.search_read", wanted, 0, None, [["id", "ASC"]], ["message"]):
        found |= days_in(note)[1]
    return found


def days_in(note: Mapping[str, Any]) -> tuple[str, dict[int, date]]:
    """The consignment that a note on agreed days is of, and the day of each of its moves."""
    consignment, _mark, packed = str(note["message"]).removeprefix("Quayside ").partition(f" {DAYS} ")
    return consignment, {int(move): date.fromisoformat(day) for move, day in json.loads(packed).items()}


def as_agreed(moves: Mapping[int, Sequence[Move]], days: Mapping[int, date]) -> dict[int, list[Move]]:
    """Moves on the days that were agreed, where a shipment has put them on its own."""
    return {
        line: [replace(one, planned_on=days.get(one.id, one.planned_on)) for one in some]
        for line, some in moves.items()
    }


def as_paper(purchase: Purchase) -> OrderPaper:
    """A purchase as the portal reads orders."""
    record = purchase.record
    reference = record["reference"] or ""
    return OrderPaper(
        company=_of(record, "company", "party", "code"),
        number=record["number"],
        supplier=_of(record, "party", "code"),
        currency=_of(record, "currency", "code"),
        ordered_on=record["purchase_date"],
        lines=tuple(_lines(purchase)),
        ship_to=_of(record, "warehouse", "code"),
        revision=str(record["revision"]),
        status=STATUS.get(record["state"], "open"),
        payment_terms=_of(record, "payment_term", "name"),
        buyer_name=_of(record, "confirmed_by", "rec_name"),
        note=record["comment"] or "",
        stamp=purchase.last_modified_at,
        extra={"x_supplier_reference": reference} if reference else {},
    )


def _lines(purchase: Purchase) -> Iterable[LinePaper]:
    for position, line in enumerate(purchase.lines, start=1):
        moves = purchase.moves.get(line["id"], ())
        quantity = exact(line["quantity"])
        deliveries = deliveries_of(quantity, moves)
        yield LinePaper(
            key=str(line["id"]),
            number=position * 10,
            item_number=_of(line, "product", "code") or f"#{line['product.']['id']}",
            description=line["description"] or _of(line, "product", "template", "name"),
            quantity=quantity,
            unit=_of(line, "unit", "symbol"),
            price=line["unit_price"],
            delivery_on=deliveries[0].delivery_on if deliveries else _day_of(line, purchase),
            gtin=_gtin(line),
            supplier_part_number=_of(line, "product_supplier", "code"),
            note=line["note"] or "",
            cancelled=quantity == 0,
            received_quantity=sum((one.quantity for one in moves if one.state == "done"), Decimal(0)),
            invoiced_quantity=sum(
                (
                    exact(one["quantity"])
                    for one in line["invoice_lines."] or ()
                    if one["invoice_state"] in INVOICED
                ),
                Decimal(0),
            ),
            schedules=deliveries if len(deliveries) > 1 else (),
            planned_by_erp=are_planned_by_tryton(moves),
        )


def are_planned_by_tryton(moves: Iterable[Move]) -> bool:
    """Whether what is still to come stands where Tryton itself put it when it made the moves.

    So it is on a new order until somebody sets a day, and again after each amendment, which makes the moves anew; those
    on a shipment excepted, which it leaves alone.
    """
    still_open = [move for move in moves if move.is_open and not move.is_on_shipment]
    return bool(still_open) and all(move.planned_on == move.first_planned_on for move in still_open)


def deliveries_of(quantity: Decimal, moves: Sequence[Move]) -> tuple[SchedulePaper, ...]:
    """The deliveries asked for, soonest first, where the moves tell them whole.

    What has come keeps the day it was planned for. Moves that do not add up to the line (received more than ordered,
    not processed yet) tell only the first day.
    """
    days: dict[date, Decimal] = {}
    for move in moves:
        if move.planned_on is not None:
            days[move.planned_on] = days.get(move.planned_on, Decimal(0)) + move.quantity
    if not days:
        return ()
    if sum(days.values(), Decimal(0)) != quantity:
        still = [move.planned_on for move in moves if move.is_open and move.planned_on]
        return (SchedulePaper(quantity, min(still or days)),)
    return tuple(SchedulePaper(days[day], day) for day in sorted(days))


def _day_of(line: Mapping[str, Any], purchase: Purchase) -> date:
    """A line without moves (confirmed a moment ago, or without goods): its own date, at worst the order's."""
    day: date = line["delivery_date"] or purchase.record["purchase_date"]
    return day


def _gtin(line: Mapping[str, Any]) -> str:
    for one in line["product."]["identifiers."] or ():
        if one["type"] in TRADE_ITEM:
            return str(one["code"])
    return ""


def _of(record: Mapping[str, Any], *path: str) -> str:
    """A text at the end of links, empty where a link is: Tryton hands `a.b` over as {"a.": {"b": …}}."""
    found: Any = record
    for name in path[:-1]:
        found = (found or {}).get(f"{name}.")
    return str((found or {}).get(path[-1]) or "")


def exact(value: float | int | Decimal | None) -> Decimal:
    """A quantity. Tryton keeps them as floats rounded to the unit's digits, so the shortest text is the exact one."""
    if value is None:
        return Decimal(0)
    return Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
