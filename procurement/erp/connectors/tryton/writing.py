"""A promise, carried into Tryton in steps that each may be the last one before a crash.

The steps, in this order, because an amendment makes the moves anew and forgets every planned date of the order:

1. *begin*: a note on the purchase names the command, and the deliveries of all other lines, so that another process
   can find it and go on;
2. *amend*: quantities, prices and items by `purchase.amendment` (never by writing to a processing line, which 8.0
   accepts and leaves the moves wrong, and 8.2 refuses);
3. *split*: moves of a line are cut until there is one for each delivery;
4. *date*: planned dates on the moves, also of the lines that the amendment reset though nobody had touched them;
5. *end*: the supplier's own number and words, a note that all is done, and the one that it had begun is taken away (a
   note is not changed: 8.2 refuses).

Note [Coming back]: a command that is found begun is gone through again from the top; each step looks at what stands
and does only what is missing. What stands may then be the base, or the wanted values, or a mixture of our own making;
anything else is somebody else's change, and a conflict.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils import translation
from django.utils.translation import gettext_noop

from procurement.erp.connectors.tryton.plan import (
    Deliveries,
    is_our_own_making,
    kept_deliveries,
    next_cut,
    on_its_way,
    placed,
    still_to_come,
    wanted_deliveries,
)
from procurement.erp.connectors.tryton.records import (
    DAYS,
    Move,
    Purchase,
    are_planned_by_tryton,
    days_in,
    exact,
    read_purchases,
)
from procurement.erp.connectors.tryton.wire import Rpc
from procurement.erp.content import canonical_decimal
from procurement.erp.policies import Standing, compare, differing_lines, held_by_paper, standing_pieces
from procurement.erp.ports import Conflict, Outcome, ValidationRefused, WriteResult
from procurement.orders.messages import CommandLine, PromiseCommand
from procurement.orders.states import Reason

# Reasons are kept in English and translated where they are shown.
MOVED = gettext_noop("The order was changed in Tryton after the promise was agreed.")
NOT_TAKEN = gettext_noop("Tryton took the promise and holds something else. Look at the order there.")
NOT_THERE = gettext_noop("There is no such order in Tryton.")
OVER = gettext_noop("The order is over in Tryton: nothing can be changed there any more.")
ON_SHIPMENT = gettext_noop(
    "A delivery of this line is on a shipment in Tryton already; its date is changed there."
)
ONE_PRICE = gettext_noop("Tryton keeps one price per line; the pieces of this line have several.")
NO_SUCH_ITEM = gettext_noop("Tryton has no product with the number of the substitute.")
NOTHING_ASKED = gettext_noop("The command asks for nothing on one of its lines.")

BEGUN, DONE = "begun", "done"


def note_on(rpc: Rpc, purchase: int, key: str) -> dict[str, Any] | None:
    """The note of a command on its purchase: its trace, and the memory of what it found there."""
    wanted = [["resource", "=", f"purchase.purchase,{purchase}"], ["message", "like", f"Quayside {key} %"]]
    found = rpc.read("ir.note.search_read", wanted, 0, 1, [["id", "DESC"]], ["message"])
    return dict(found[0]) if found else None


def purchases_with_note(rpc: Rpc, *conditions: Any) -> list[int]:
    """Purchases with such a note. From 8.2 on, notes themselves are searched of named records alone."""
    wanted = [["notes", "where", list(conditions)]]
    found: list[int] = rpc.read("purchase.purchase.search", wanted, 0, None, None)
    return found


def take_begun_away(rpc: Rpc, purchase: int, key: str) -> None:
    """Remove the note that a command had begun, once it is done: as long as it is there, its order is not told.

    A worker that died between the last two steps has left it.
    """
    wanted = [
        ["resource", "=", f"purchase.purchase,{purchase}"],
        ["message", "like", f"Quayside {key} {BEGUN} %"],
    ]
    if left := rpc.read("ir.note.search", wanted, 0, None, None):
        rpc.write("ir.note.delete", left)


def is_done(note: Mapping[str, Any] | None) -> bool:
    """Whether the note says that all of its command stands."""
    return note is not None and str(note["message"]).endswith(f" {DONE}")


def find_purchase(rpc: Rpc, company: str, number: str) -> Purchase | None:
    """The purchase of this number in this company, with lines and moves as they stand."""
    wanted = [["number", "=", number], ["company.party.code", "=", company]]
    found = read_purchases(rpc, rpc.read("purchase.purchase.search", wanted, 0, 1, None))
    return found[0] if found else None


@dataclass(slots=True)
class Writer:
    """One command on its way into one purchase."""

    rpc: Rpc
    command: PromiseCommand

    def carry(self) -> WriteResult:
        """Do what is missing, read back, and say how it stands."""
        if not self.command.lines or any(not line.pieces for line in self.command.lines):
            raise ValidationRefused(NOTHING_ASKED)
        purchase = self._purchase()
        note: Mapping[str, Any] | None = note_on(self.rpc, purchase.id, self.command.key)
        if is_done(note):
            take_begun_away(self.rpc, purchase.id, self.command.key)
            return _confirmed(purchase)
        if note is not None or not self._holds(purchase):
            note, kept = self._begin(purchase, note)
            if self._amend(purchase):
                purchase = self._purchase()
            deliveries = self._deliveries(kept)
            for line_id, wanted in deliveries.items():
                self._split(line_id, wanted)
            self._date(self._purchase(), deliveries)
            purchase = self._purchase()
            if not self._holds(purchase):
                raise self._conflict(purchase, NOT_TAKEN)
        self._end(purchase, note)
        return _confirmed(purchase)

    # --- looking

    def _purchase(self) -> Purchase:
        purchase = find_purchase(self.rpc, self.command.company, self.command.number)
        if purchase is None:
            raise ValidationRefused(NOT_THERE)
        if purchase.is_half_made:
            # Confirming or amending, and processing, are two transactions; a crash between them leaves no moves.
            self.rpc.write("purchase.purchase.process", [purchase.id])
            (purchase,) = read_purchases(self.rpc, [purchase.id])
        if purchase.record["state"] != "processing":
            raise ValidationRefused(OVER)
        return purchase

    def _holds(self, purchase: Purchase) -> bool:
        return compare(self.command, held_by_paper(purchase.paper)) is Standing.HOLDS

    def _conflict(self, purchase: Purchase, reason: str) -> Conflict:
        return Conflict(reason, current=differing_lines(self.command, held_by_paper(purchase.paper)))

    # --- the steps

    def _begin(
        self, purchase: Purchase, note: Mapping[str, Any] | None
    ) -> tuple[Mapping[str, Any], dict[int, Deliveries]]:
        """Leave the trace, or take it up; returns it with what the other lines held when it was left."""
        held = held_by_paper(purchase.paper)
        planned = {key for key, moves in purchase.moves.items() if are_planned_by_tryton(moves)}
        spoken_of = {line.key for line in self.command.lines}
        now = {
            key: kept_deliveries(moves) for key, moves in purchase.moves.items() if str(key) not in spoken_of
        }
        if note is None:
            if compare(self.command, held) is Standing.DIFFERS:
                raise self._conflict(purchase, MOVED)
            return self._leave_begun(purchase, now), now
        if not all(
            is_our_own_making(line, held.get(line.key), is_planned_anew=int(line.key) in planned)
            for line in self.command.lines
        ):
            raise self._conflict(purchase, MOVED)
        kept = _kept_in(note)
        # What a person has dated since is that person's: only what Tryton planned anew is put back.
        moved = {key: days for key, days in now.items() if key not in planned and days != kept.get(key)}
        if moved:
            kept |= moved
            note = self._leave_begun(purchase, kept)
        return note, kept

    def _leave_begun(self, purchase: Purchase, kept: Mapping[int, Deliveries]) -> Mapping[str, Any]:
        plain = {line: [[str(day), str(quantity)] for day, quantity in days] for line, days in kept.items()}
        text = f"{self.command.key} {BEGUN} {json.dumps(plain)}"
        return {"id": self._leave_note(purchase, text), "message": f"Quayside {text}"}

    def _amend(self, purchase: Purchase) -> bool:
        """Quantity, price and item; returns whether anything had to be amended."""
        lines = {str(line["id"]): line for line in purchase.lines}
        values = [
            changes
            for wanted in self.command.lines
            if wanted.key in lines and (changes := self._amendment_line(wanted, lines[wanted.key]))
        ]
        mine = [
            ["purchase", "=", purchase.id],
            ["state", "=", "draft"],
            ["description", "=", self.command.key],
        ]
        if left := self.rpc.read("purchase.amendment.search", mine, 0, None, None):
            self.rpc.write("purchase.amendment.delete", left)  # made by us and never validated
        if not values:
            return False
        record = {"purchase": purchase.id, "description": self.command.key, "lines": [["create", values]]}
        guard = {f"purchase.purchase,{purchase.id}": purchase.record["_timestamp"]}
        guard |= {f"purchase.line,{line['id']}": line["_timestamp"] for line in purchase.lines}
        (amendment,) = self.rpc.write("purchase.amendment.create", [record])
        self.rpc.write("purchase.amendment.validate_amendment", [amendment], _timestamp=guard)
        return True

    def _amendment_line(self, wanted: CommandLine, line: Mapping[str, Any]) -> dict[str, Any] | None:
        pieces = standing_pieces(wanted)
        quantity = sum((piece.quantity for piece in pieces), Decimal(0))
        if len({piece.price / piece.price_per for piece in pieces}) > 1:
            raise ValidationRefused(ONE_PRICE)
        price = pieces[0].price / pieces[0].price_per if pieces else line["unit_price"]
        product = self._product_of(wanted, line)
        same_product = product == line["product."]["id"]
        if (exact(line["quantity"]), line["unit_price"]) == (quantity, price) and same_product:
            return None
        supplier_item = (line["product_supplier."] or {}).get("id") if same_product else None
        return {
            "action": "line",
            "line": line["id"],
            "party": self._party,
            "product": product,
            "product_supplier": supplier_item,
            "quantity": float(quantity),
            "unit": line["unit."]["id"],
            "unit_price": price,
        }

    def _product_of(self, wanted: CommandLine, line: Mapping[str, Any]) -> int:
        items = {piece.item_number for piece in standing_pieces(wanted) if piece.kind == "substitute"} - {""}
        if not items:
            return int(line["product."]["id"])
        found = self.rpc.read("product.product.search", [["code", "in", sorted(items)]], 0, 2, None)
        if len(items) > 1 or len(found) != 1:
            raise ValidationRefused(NO_SUCH_ITEM)
        return int(found[0])

    @property
    def _party(self) -> int:
        found = self.rpc.read("party.party.search", [["code", "=", self.command.supplier]], 0, 1, None)
        return int(found[0])

    def _deliveries(self, kept: Mapping[int, Deliveries]) -> dict[int, Deliveries]:
        return dict(kept) | {int(line.key): wanted_deliveries(line) for line in self.command.lines}

    def _split(self, line_id: int, deliveries: Deliveries) -> None:
        """Cut the open moves of a line until each delivery has one of its size, besides what is on its way of it."""
        while (cut := self._next_cut(line_id, deliveries)) is not None:
            move, size = cut
            start = {
                "count": 1,
                "quantity": float(size),
                "unit": move.unit,
                "uom_category": move.unit_category,
            }
            chosen = {"active_id": move.id, "active_ids": [move.id], "active_model": "stock.move"}
            self.rpc.wizard("stock.move.split", {"start": start}, "split", **chosen)

    def _next_cut(self, line_id: int, deliveries: Deliveries) -> tuple[Move, Decimal] | None:
        moves = self._purchase().moves.get(line_id, ())
        shipped = on_its_way(moves, still_to_come(deliveries, moves))
        return shipped.cut or next_cut(_free(moves), shipped.left)

    def _date(self, purchase: Purchase, deliveries: Mapping[int, Deliveries]) -> None:
        """Put every open move on its day, all in one call and only if none of them moved meanwhile. The agreed day of
        what is on its way is noted (Note [Days of moves] in `shipping`)."""
        changes: list[Any] = []
        stamps: dict[str, str] = {}
        noted: dict[int, date] = {}
        for line_id, wanted in deliveries.items():
            moves = purchase.moves.get(line_id, ())
            shipped = on_its_way(moves, still_to_come(wanted, moves))
            noted |= shipped.days
            for move, day in placed(_free(moves), shipped.left):
                if move.planned_on != day:
                    changes += [[move.id], {"planned_date": day}]
                    stamps[f"stock.move,{move.id}"] = move.stamp
        if noted:
            self._note_days(purchase, noted)
        if changes:
            self.rpc.write("stock.move.write", *changes, _timestamp=stamps)

    def _note_days(self, purchase: Purchase, days: Mapping[int, date]) -> None:
        """Note other agreed days of moves on shipments that we made. Raises `ValidationRefused` for one of the dock's
        own: nothing tells its agreed day but the day of the shipment."""
        moves = {move.id: move for some in purchase.moves.values() for move in some}
        wanted = [
            ["resource", "=", f"purchase.purchase,{purchase.id}"],
            ["message", "like", f"Quayside % {DAYS} %"],
        ]
        ours: dict[str, str] = {}
        for note in self.rpc.read("ir.note.search_read", wanted, 0, None, [["id", "ASC"]], ["message"]):
            consignment, named = days_in(note)
            ours |= {moves[one].shipment: consignment for one in named if one in moves}
        anew: dict[str, dict[int, date]] = {}
        for one, day in days.items():
            if (consignment_of := ours.get(moves[one].shipment)) is None:
                raise ValidationRefused(ON_SHIPMENT)
            anew.setdefault(consignment_of, {})[one] = day
        for consignment, told in anew.items():
            packed = json.dumps({one: str(day) for one, day in sorted(told.items())})
            self._leave_note(purchase, f"{consignment} {DAYS} {packed}")

    def _end(self, purchase: Purchase, note: Mapping[str, Any] | None) -> None:
        reference = self.command.supplier_reference
        if reference and purchase.record["reference"] != reference:
            self.rpc.write("purchase.purchase.write", [purchase.id], {"reference": reference})
        self._pass_words_on(purchase)
        self._leave_note(purchase, f"{self.command.key} {DONE}")
        if note is not None:
            take_begun_away(self.rpc, purchase.id, self.command.key)

    def _pass_words_on(self, purchase: Purchase) -> None:
        """Leave what the supplier wrote on its pieces where Tryton's people read it, once."""
        if not (words := words_of(self.command)):
            return
        message = f"{words}\n({self.command.key})"
        resource = f"purchase.purchase,{purchase.id}"
        there = [["resource", "=", resource], ["message", "=", message]]
        if not self.rpc.read("ir.note.search", there, 0, 1, None):
            self.rpc.write("ir.note.create", [{"resource": resource, "message": message}])

    def _leave_note(self, purchase: Purchase, text: str) -> int:
        values = {"resource": f"purchase.purchase,{purchase.id}", "message": f"Quayside {text}"}
        return int(self.rpc.write("ir.note.create", [values])[0])


def _free(moves: Iterable[Move]) -> list[Move]:
    """The open moves that are on no shipment."""
    return [move for move in moves if move.is_open and not move.is_on_shipment]


def words_of(command: PromiseCommand) -> str:
    """What the supplier wrote on its pieces, a row for each; empty where it wrote nothing."""
    with translation.override("en"):  # whatever language the worker speaks
        reasons = {reason.value: str(reason.label) for reason in Reason}
    rows = []
    for line in command.lines:
        for piece in line.pieces:
            said = ". ".join(filter(None, (reasons.get(piece.reason, piece.reason), piece.note)))
            if said:
                day = f" on {piece.delivery_on}" if piece.delivery_on else ""
                rows.append(f"Line {line.number}, {canonical_decimal(piece.quantity)}{day}: {said}")
    return "\n".join(rows)


def _confirmed(purchase: Purchase) -> WriteResult:
    return WriteResult(Outcome.CONFIRMED, reference=f"purchase.purchase,{purchase.id}")


def _kept_in(note: Mapping[str, Any]) -> dict[int, Deliveries]:
    _before, _begun, packed = str(note["message"]).partition(f" {BEGUN} ")
    plain = json.loads(packed or "{}")
    return {
        int(line): [(date.fromisoformat(day), Decimal(quantity)) for day, quantity in days]
        for line, days in plain.items()
    }
