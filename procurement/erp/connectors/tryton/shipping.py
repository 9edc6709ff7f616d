"""A ship notice, carried into Tryton as a supplier shipment in draft, with the moves of its lines in it.

Note [Looked for first]: nothing marks a shipment as ours but the supplier and the delivery note's number (`reference`),
which the supplier gives once. So the shipment is searched for by them before one is made, and what is found, also one
that somebody at the dock has begun by hand, is brought to hold exactly these moves. Called again after a crash, at any
step, it does what is missing.

Note [Days of moves]: whenever a shipment is written, also when it is received, Tryton puts its planned day on the moves
in it. That is good planning, but the day of a move is also what an order says of its line, and that was agreed and has
not changed. So a note on each order keeps the agreed days of its moves (`Quayside <consignment> days {move: day}`),
left before the shipment is written; whoever reads the order takes them from there. Moves that leave the shipment are
put back on their days.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_noop

from procurement.erp.connectors.tryton.changes import ids_in, orders_of_lines
from procurement.erp.connectors.tryton.records import (
    DAYS,
    LINE_ORIGIN,
    Move,
    Purchase,
    noted_days,
    read_moves,
)
from procurement.erp.connectors.tryton.wire import Rpc
from procurement.erp.connectors.tryton.writing import find_purchase
from procurement.erp.ports import Outcome, ValidationRefused, WriteResult
from procurement.shipments.messages import NoticeCommand

SHIPMENT = "stock.shipment.in"
NOT_THERE = gettext_noop("There is no such order in Tryton.")
NO_LINE = gettext_noop("A line of the ship notice is not in the order in Tryton any more.")
TOO_LITTLE = gettext_noop(
    "Less is open on a line in Tryton than the ship notice says, or it is on another shipment."
)
RECEIVED = gettext_noop("This shipment has been received in Tryton already.")
NO_WAREHOUSE = gettext_noop("Tryton has no warehouse with the code of the receiving site.")
FIELDS = ("state", "reference")


@dataclass(slots=True)
class Shipper:
    """One ship notice on its way into one shipment. `days` are the agreed days of moves, as noted; `pieces` what was
    cut just now, by move, with its line. `no_line` and `too_little` are what it says where that is so.
    """

    rpc: Rpc
    command: NoticeCommand
    no_line: str = NO_LINE
    too_little: str = TOO_LITTLE
    orders: dict[str, Purchase] = field(default_factory=dict)
    days: dict[int, date] = field(default_factory=dict)
    pieces: dict[int, int] = field(default_factory=dict)

    def carry(self) -> WriteResult:
        """Do what is missing, and say how it stands."""
        found = self._find()
        if any(one["state"] in ("received", "done") for one in found):
            raise ValidationRefused(RECEIVED)
        drafts = [int(one["id"]) for one in found if one["state"] == "draft"]
        self.orders = self._orders()
        for number in drafts if self.command.withdrawn else drafts[1:]:
            self._take_away(number)
        if self.command.withdrawn:
            return WriteResult(Outcome.CONFIRMED, reference=f"{SHIPMENT},{drafts[0]}" if drafts else "")
        number = self.hold(drafts[0] if drafts else None)
        return WriteResult(Outcome.CONFIRMED, reference=f"{SHIPMENT},{number}")

    def hold(self, shipment: int | None) -> int:
        """Let a shipment in draft hold exactly what the notice says, one made for it where there is none; its id."""
        self.orders = self.orders or self._orders()
        self.days = self._noted(self._concerned(shipment))
        self._adopt(shipment)
        return self._keep(shipment, self._moves(shipment))

    # --- looking

    def _find(self) -> list[Mapping[str, Any]]:
        numbers = [one for one in (self.command.number, self.command.earlier_number) if one]
        wanted = [
            ["company.party.code", "=", self.command.company],
            ["supplier.code", "=", self.command.supplier],
            ["reference", "in", numbers],
        ]
        found: list[Mapping[str, Any]] = self.rpc.read(
            f"{SHIPMENT}.search_read", wanted, 0, None, [["id", "ASC"]], FIELDS
        )
        return found

    def _inside(self, shipment: int | None) -> list[int]:
        """The moves that are in the shipment now."""
        if shipment is None:
            return []
        (found,) = self.rpc.read(f"{SHIPMENT}.read", [shipment], ["incoming_moves"])
        return list(found["incoming_moves"])

    def _adopt(self, shipment: int | None) -> None:
        """Pieces in the shipment whose day nobody noted, as a crash right after a cut leaves them, and as the dock cuts
        moves: they have the day of the others of their line."""
        inside = self._inside(shipment)
        rows = self.rpc.read("stock.move.read", inside, ["origin"]) if inside else []
        lines = {row["id"]: line for row in rows for line in ids_in(row["origin"], LINE_ORIGIN)}
        for move, line in lines.items():
            known = [self.days[one] for one, other in lines.items() if other == line and one in self.days]
            if move not in self.days and known:
                self.days[move], self.pieces[move] = min(known), line

    def _concerned(self, shipment: int | None) -> set[int]:
        """The purchases of the notice, and those of which something is in the shipment."""
        inside = self._inside(shipment)
        rows = self.rpc.read("stock.move.read", inside, ["origin"]) if inside else []
        lines = [one for row in rows for one in ids_in(row["origin"], LINE_ORIGIN)]
        return {order.id for order in self.orders.values()} | set(orders_of_lines(self.rpc, lines))

    def _noted(self, purchases: Iterable[int]) -> dict[int, date]:
        return noted_days(self.rpc, purchases, self.command.consignment)

    def _moves(self, shipment: int | None) -> list[Move]:
        """The moves that are to be in the shipment, cut to size: the soonest of each line, and those that are in it."""
        chosen: list[Move] = []
        for line in self.command.lines:
            if line.key not in {str(one["id"]) for one in self.orders[line.order].lines}:
                raise ValidationRefused(self.no_line)
            chosen += self._moves_of(int(line.key), line.quantity, shipment)
        return chosen

    def _orders(self) -> dict[str, Purchase]:
        return {line.order: self._purchase(line.order) for line in self.command.lines}

    def _purchase(self, number: str) -> Purchase:
        purchase = find_purchase(self.rpc, self.command.company, number)
        if purchase is None:
            raise ValidationRefused(NOT_THERE)
        return purchase

    def _moves_of(self, line: int, quantity: Decimal, shipment: int | None) -> list[Move]:
        chosen: list[Move] = []
        left = quantity
        for move in self._free(line, shipment):
            if left <= 0:
                break
            piece = move if move.quantity <= left else self._piece(move, left, shipment)
            chosen.append(piece)
            left -= piece.quantity
        if left > 0:
            raise ValidationRefused(self.too_little)
        return chosen

    def _piece(self, move: Move, size: Decimal, shipment: int | None) -> Move:
        """A piece of this size, cut off a move. Both keep the day of the whole, and its shipment."""
        before = {one.id for one in self._free(move.line, shipment)}
        start = {"count": 1, "quantity": float(size), "unit": move.unit, "uom_category": move.unit_category}
        about = {"active_id": move.id, "active_ids": [move.id], "active_model": "stock.move"}
        self.rpc.wizard("stock.move.split", {"start": start}, "split", **about)
        both = [one for one in self._free(move.line, shipment) if one.id == move.id or one.id not in before]
        for one in both:
            self.pieces[one.id] = one.line
            if move.id in self.days:
                self.days[one.id] = self.days[move.id]
        found = next((one for one in both if one.quantity == size), None)
        if found is None:
            raise ValidationRefused(self.too_little)
        return found

    def _free(self, line: int, shipment: int | None) -> list[Move]:
        """The open moves of a line that are on no other shipment: those in ours first, then the soonest."""
        own = set(self._inside(shipment))
        moves = read_moves(self.rpc, [line]).get(line, [])
        free = [one for one in moves if one.is_open and (one.id in own or not one.is_on_shipment)]
        return sorted(free, key=lambda one: (one.id not in own, one.planned_on or date.max, one.id))

    # --- doing

    def _keep(self, shipment: int | None, moves: Sequence[Move]) -> int:
        """Let the shipment hold exactly these moves; made where there is none. See Note [Days of moves]."""
        ids = [move.id for move in moves]
        concerned = self._concerned(shipment)
        self._note(moves)
        head = {"reference": self.command.number, "planned_date": self.command.expected_on}
        if shipment is None:
            values = self._places() | head | {"incoming_moves": [["add", ids]]}
            (shipment,) = self.rpc.write(f"{SHIPMENT}.create", [values])
            return int(shipment)
        inside = self._inside(shipment)  # a cut has left both pieces in it
        (now,) = self.rpc.read(f"{SHIPMENT}.read", [shipment], [*head, "_timestamp"])
        changes: dict[str, Any] = {name: value for name, value in head.items() if now[name] != value}
        gone, new = [one for one in inside if one not in ids], [one for one in ids if one not in inside]
        steps = [[verb, some] for verb, some in (("remove", gone), ("add", new)) if some]
        if steps:
            changes["incoming_moves"] = steps
        if changes:
            stamp = {f"{SHIPMENT},{shipment}": now["_timestamp"]}
            self.rpc.write(f"{SHIPMENT}.write", [shipment], changes, _timestamp=stamp)
        self._put_back(concerned, keep=ids)
        return shipment

    def _note(self, moves: Sequence[Move]) -> None:
        """Leave the agreed days of these moves on their orders, beside what is noted there already."""
        for order in self.orders.values():
            lines = {int(line["id"]) for line in order.lines}
            mine = {
                move.id: day for move in moves if move.line in lines and (day := self._agreed(move, moves))
            }
            for piece, line_id in self.pieces.items():
                if line_id in lines and piece in self.days:
                    mine.setdefault(piece, self.days[piece])
            if not mine.keys() <= self._noted([order.id]).keys():
                packed = json.dumps({move: str(day) for move, day in mine.items()})
                self._leave(order.id, packed)

    def _agreed(self, move: Move, moves: Sequence[Move]) -> date | None:
        """The agreed day of a move: as noted; of one that a crash left half cut, that of another piece of its line."""
        if move.id in self.days:
            return self.days[move.id]
        if move.is_on_shipment:
            others = [self.days[one.id] for one in moves if one.line == move.line and one.id in self.days]
            return min(others, default=move.planned_on)
        return move.planned_on

    def _leave(self, purchase: int, packed: str) -> None:
        message = f"Quayside {self.command.consignment} {DAYS} {packed}"
        self.rpc.write("ir.note.create", [{"resource": f"purchase.purchase,{purchase}", "message": message}])

    def _put_back(self, purchases: Iterable[int], *, keep: Sequence[int] = ()) -> None:
        """Put moves that left the shipment back on their days, and forget those days."""
        for purchase in sorted(purchases):
            noted = self._noted([purchase])
            left = {move: day for move, day in noted.items() if move not in keep}
            wanted = [["id", "in", list(left)], ["shipment", "=", None], ["state", "=", "draft"]]
            free = (
                self.rpc.read("stock.move.search_read", wanted, 0, None, None, ["planned_date"])
                if left
                else []
            )
            changes: list[Any] = []
            for row in free:
                if row["planned_date"] != left[row["id"]]:
                    changes += [[row["id"]], {"planned_date": left[row["id"]]}]
            if changes:
                self.rpc.write("stock.move.write", *changes)
            self._forget(purchase, {move: day for move, day in noted.items() if move in keep}, noted)

    def _forget(self, purchase: int, kept: Mapping[int, date], noted: Mapping[int, date]) -> None:
        """Let the notes on a purchase say what is kept and nothing else: the new one first, then the old ones go."""
        if kept.keys() == noted.keys():
            return
        wanted = [
            ["resource", "=", f"purchase.purchase,{purchase}"],
            ["message", "like", f"Quayside {self.command.consignment} {DAYS} %"],
        ]
        old = self.rpc.read("ir.note.search", wanted, 0, None, None)
        if kept:
            self._leave(purchase, json.dumps({move: str(day) for move, day in kept.items()}))
        if old:
            self.rpc.write("ir.note.delete", old)

    def _places(self) -> dict[str, Any]:
        order = self.orders[self.command.lines[0].order]
        (purchase,) = self.rpc.read("purchase.purchase.read", [order.id], ["party", "company", "warehouse"])
        warehouse = purchase["warehouse"]
        if self.command.ship_to:
            wanted = [["type", "=", "warehouse"], ["code", "=", self.command.ship_to]]
            found = self.rpc.read("stock.location.search", wanted, 0, 1, None)
            if not found:
                raise ValidationRefused(NO_WAREHOUSE)
            warehouse = found[0]
        (places,) = self.rpc.read("stock.location.read", [warehouse], ["input_location", "storage_location"])
        addresses = self.rpc.read("party.address.search", [["party", "=", purchase["party"]]], 0, 1, None)
        return {
            "company": purchase["company"],
            "supplier": purchase["party"],
            "contact_address": addresses[0] if addresses else None,
            "warehouse": warehouse,
            "warehouse_input": places["input_location"],
            "warehouse_storage": places["storage_location"],
        }

    def _take_away(self, shipment: int) -> None:
        """Give the moves back, then cancel the shipment: cancelled with them in it, they would be cancelled too."""
        concerned = self._concerned(shipment)
        if inside := self._inside(shipment):
            self.rpc.write(f"{SHIPMENT}.write", [shipment], {"incoming_moves": [["remove", inside]]})
        self._put_back(concerned)
        self.rpc.write(f"{SHIPMENT}.cancel", [shipment])
