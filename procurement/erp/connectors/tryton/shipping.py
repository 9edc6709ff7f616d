"""A ship notice, carried into Tryton as a supplier shipment in draft, with the moves of its lines in it.

Note [Looked for first]: nothing marks a shipment as ours but the supplier and the delivery note's number (`reference`),
which the supplier gives once. So the shipment is searched for by them before one is made, and what is found, also one
that somebody at the dock has begun by hand, is brought to hold exactly these moves. Called again after a crash, at any
step, it does what is missing.

Note [Days of moves]: whenever a shipment is written, Tryton puts its planned day on the moves in it. The day of a move
is what the order says of its line, and was agreed: it is put back. So that a crash in between loses none, the days
stand meanwhile in a note on each order, as for a promise that has begun; as long as it is there, the order is not told.
When the goods are expected stands on the shipment.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_noop

from procurement.erp.connectors.tryton.records import Move, Purchase, read_moves
from procurement.erp.connectors.tryton.wire import Rpc
from procurement.erp.connectors.tryton.writing import BEGUN, find_purchase, note_on, take_begun_away
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
    """One ship notice on its way into one shipment."""

    rpc: Rpc
    command: NoticeCommand

    def carry(self) -> WriteResult:
        """Do what is missing, and say how it stands."""
        found = self._find()
        if any(one["state"] in ("received", "done") for one in found):
            raise ValidationRefused(RECEIVED)
        drafts = [int(one["id"]) for one in found if one["state"] == "draft"]
        if self.command.withdrawn:
            for number in drafts:
                self._take_away(number)
            return WriteResult(Outcome.CONFIRMED, reference=f"{SHIPMENT},{drafts[0]}" if drafts else "")
        for number in drafts[1:]:
            self._take_away(number)
        first = drafts[0] if drafts else None
        orders = {line.order: self._purchase(line.order) for line in self.command.lines}
        moves = self._moves(orders, self._inside(first))
        number = self._keep(first, orders, moves)
        return WriteResult(Outcome.CONFIRMED, reference=f"{SHIPMENT},{number}")

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

    def _moves(self, orders: Mapping[str, Purchase], own: Sequence[int]) -> list[Move]:
        """The moves that are to be in the shipment, cut to size: the soonest of each line, and those that are in it."""
        chosen: list[Move] = []
        for line in self.command.lines:
            if line.key not in {str(one["id"]) for one in orders[line.order].lines}:
                raise ValidationRefused(NO_LINE)
            chosen += self._moves_of(int(line.key), line.quantity, set(own))
        return chosen

    def _purchase(self, number: str) -> Purchase:
        purchase = find_purchase(self.rpc, self.command.company, number)
        if purchase is None:
            raise ValidationRefused(NOT_THERE)
        return purchase

    def _moves_of(self, line: int, quantity: Decimal, own: set[int]) -> list[Move]:
        chosen: list[Move] = []
        left = quantity
        for move in self._free(line, own):
            if left <= 0:
                break
            piece = move
            if move.quantity > left:
                self._cut(move, left)
                # Which of the two is the piece, Tryton does not say: look again for one of this size.
                taken = {one.id for one in chosen}
                rest = [one for one in self._free(line, own) if one.id not in taken and one.quantity == left]
                if not rest:
                    raise ValidationRefused(TOO_LITTLE)
                piece = rest[0]
            chosen.append(piece)
            left -= piece.quantity
        if left > 0:
            raise ValidationRefused(TOO_LITTLE)
        return chosen

    def _free(self, line: int, own: set[int]) -> list[Move]:
        """The open moves of a line that are on no other shipment: those in ours first, then the soonest."""
        moves = read_moves(self.rpc, [line]).get(line, [])
        free = [one for one in moves if one.is_open and (one.id in own or not one.is_on_shipment)]
        return sorted(free, key=lambda one: (one.id not in own, one.planned_on or date.max, one.id))

    # --- doing

    def _cut(self, move: Move, size: Decimal) -> None:
        start = {"count": 1, "quantity": float(size), "unit": move.unit, "uom_category": move.unit_category}
        about = {"active_id": move.id, "active_ids": [move.id], "active_model": "stock.move"}
        self.rpc.wizard("stock.move.split", {"start": start}, "split", **about)

    def _keep(self, shipment: int | None, orders: Mapping[str, Purchase], moves: Sequence[Move]) -> int:
        """Let the shipment hold exactly these moves; made where there is none. See Note [Days of moves]."""
        inside, ids = self._inside(shipment), [move.id for move in moves]  # a cut has left both pieces in it
        head = {"reference": self.command.number, "planned_date": self.command.expected_on}
        notes, days = self._begun(orders, moves)
        if shipment is None:
            values = self._places() | head | {"incoming_moves": [["add", ids]]}
            self._remember(notes, orders, moves, days)
            (shipment,) = self.rpc.write(f"{SHIPMENT}.create", [values])
        else:
            (now,) = self.rpc.read(f"{SHIPMENT}.read", [shipment], [*head, "_timestamp"])
            changes: dict[str, Any] = {name: value for name, value in head.items() if now[name] != value}
            gone, new = [one for one in inside if one not in ids], [one for one in ids if one not in inside]
            steps = [[verb, some] for verb, some in (("remove", gone), ("add", new)) if some]
            if steps:
                changes["incoming_moves"] = steps
            if changes:
                self._remember(notes, orders, moves, days)
                stamp = {f"{SHIPMENT},{shipment}": now["_timestamp"]}
                self.rpc.write(f"{SHIPMENT}.write", [shipment], changes, _timestamp=stamp)
        self._put_days_back(moves, days)
        for order in orders.values():
            take_begun_away(self.rpc, order.id, self.command.key)
        return int(shipment)

    def _begun(
        self, orders: Mapping[str, Purchase], moves: Sequence[Move]
    ) -> tuple[set[int], dict[int, date]]:
        """On which orders an earlier call has left its note, and the agreed day of each move: as noted, where it is."""
        days = {move.id: move.planned_on for move in moves if move.planned_on is not None}
        notes: set[int] = set()
        for order in orders.values():
            if note := note_on(self.rpc, order.id, self.command.key):
                notes.add(order.id)
                _before, _begun, packed = str(note["message"]).partition(f" {BEGUN} ")
                days |= {
                    int(move): date.fromisoformat(day) for move, day in json.loads(packed or "{}").items()
                }
        return notes, days

    def _remember(
        self, notes: set[int], orders: Mapping[str, Purchase], moves: Sequence[Move], days: Mapping[int, date]
    ) -> None:
        for order in orders.values():
            if order.id in notes:
                continue
            lines = {int(line["id"]) for line in order.lines}
            mine = {move.id: str(days[move.id]) for move in moves if move.line in lines and move.id in days}
            message = f"Quayside {self.command.key} {BEGUN} {json.dumps(mine)}"
            self.rpc.write(
                "ir.note.create", [{"resource": f"purchase.purchase,{order.id}", "message": message}]
            )

    def _put_days_back(self, moves: Sequence[Move], days: Mapping[int, date]) -> None:
        now = {one.id: one.planned_on for some in self._read(moves) for one in some}
        changes: list[Any] = []
        for move, day in days.items():
            if move in now and now[move] != day:
                changes += [[move], {"planned_date": day}]
        if changes:
            self.rpc.write("stock.move.write", *changes)

    def _read(self, moves: Sequence[Move]) -> Iterable[Sequence[Move]]:
        return read_moves(self.rpc, sorted({move.line for move in moves})).values()

    def _places(self) -> dict[str, Any]:
        order = find_purchase(self.rpc, self.command.company, self.command.lines[0].order)
        if order is None:
            raise ValidationRefused(NOT_THERE)
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
        if inside := self._inside(shipment):
            self.rpc.write(f"{SHIPMENT}.write", [shipment], {"incoming_moves": [["remove", inside]]})
        self.rpc.write(f"{SHIPMENT}.cancel", [shipment])
