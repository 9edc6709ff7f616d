"""What was counted at a dock, booked in Tryton: the shipment of the ship notice, or one made for it, received and done.

Note [One booking]: a note on the shipment names the count (`Quayside <count> counted`), left before anything is
received. Called again after a crash, at any step, the shipment is found by it and gone on with. What somebody booked by
hand with the same delivery note, and exactly as it was counted, is taken for it; booked otherwise, a person looks.

Note [Counted less]: moves are cut to what was counted and the rest leaves the shipment, free and on its agreed day (see
`shipping`), so Tryton plans nothing anew. More than is open on a line is not booked: raising an order is a buyer's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_noop

from procurement.erp.connectors.tryton.changes import ids_in
from procurement.erp.connectors.tryton.records import LINE_ORIGIN, exact
from procurement.erp.connectors.tryton.shipping import SHIPMENT, Shipper
from procurement.erp.connectors.tryton.wire import Rpc
from procurement.erp.ports import Outcome, ValidationRefused, WriteResult
from procurement.receipts.messages import ReceiptCommand
from procurement.shipments.messages import NoticeCommand, NoticeCommandLine

COUNTED = "counted"
NO_LINE = gettext_noop("A line that was counted is not in the order in Tryton any more.")
MORE = gettext_noop(
    "More was counted on a line than is open on it in Tryton. Raise the quantity there, or book the rest by hand."
)
OTHERWISE = gettext_noop(
    "Something was received with this delivery note in Tryton already, and not what was counted here. Compare the two."
)
TAKEN_BACK = gettext_noop("The shipment of this count was cancelled in Tryton. Look there why.")
STAYS = gettext_noop(
    "Tryton does not let the portal take back what was received. Cancel the shipment there, then have this told again."
)
BOOKED = ("received", "done")


@dataclass(slots=True)
class Booker:
    """One count on its way into one shipment."""

    rpc: Rpc
    command: ReceiptCommand

    def carry(self) -> WriteResult:
        """Do what is missing, and say how it stands."""
        if self.command.reversed:
            return self._take_back()
        found = self._find()
        noted = self._noted([one["id"] for one in found])
        ours = [one for one in found if self.command.count in noted.get(one["id"], ())]
        if ours:
            return self._go_on(ours)
        unnoted = self._unnoted(found, noted)
        for one in unnoted:
            if one["state"] in BOOKED:
                return self._by_hand(one)
        drafts = [int(one["id"]) for one in unnoted if one["state"] == "draft"]
        return self._book(drafts[0] if drafts else None)

    # --- looking

    @property
    def _reference(self) -> str:
        return self.command.reference or f"Quayside {self.command.count}"

    def _find(self) -> list[Mapping[str, Any]]:
        """The shipments of this supplier that carry the delivery note's number, and those with moves of its lines:
        somebody may have put another number on ours."""
        lines = sorted({f"{LINE_ORIGIN}{line.key}" for line in self.command.lines})
        wanted = [
            ["company.party.code", "=", self.command.company],
            ["supplier.code", "=", self.command.supplier],
            ["OR", ["reference", "=", self._reference], ["moves.origin", "in", lines]],
        ]
        found: list[Mapping[str, Any]] = self.rpc.read(
            f"{SHIPMENT}.search_read", wanted, 0, None, [["id", "ASC"]], ["state", "reference"]
        )
        return found

    def _unnoted(
        self, found: Sequence[Mapping[str, Any]], noted: Mapping[int, set[str]]
    ) -> list[Mapping[str, Any]]:
        """Those with the delivery note's number that no count was booked in."""
        return [one for one in found if one["reference"] == self._reference and one["id"] not in noted]

    @property
    def _note(self) -> str:
        return f"Quayside {self.command.count} {COUNTED}"

    def _noted(self, shipments: Sequence[int]) -> dict[int, set[str]]:
        """The counts that these shipments were booked for, by shipment."""
        if not shipments:
            return {}
        wanted = [
            ["resource", "in", [f"{SHIPMENT},{one}" for one in shipments]],
            ["message", "like", f"Quayside % {COUNTED}"],
        ]
        found: dict[int, set[str]] = {}
        for note in self.rpc.read("ir.note.search_read", wanted, 0, None, None, ["resource", "message"]):
            (shipment,) = ids_in(note["resource"], f"{SHIPMENT},")
            found.setdefault(shipment, set()).add(str(note["message"]).split()[1])
        return found

    def _wanted(self) -> dict[tuple[str, str], Decimal]:
        """How much of each line was counted, lots together, by order and the line's key."""
        wanted: dict[tuple[str, str], Decimal] = {}
        for line in self.command.lines:
            name = (line.order, line.key)
            wanted[name] = wanted.get(name, Decimal(0)) + line.quantity
        return wanted

    def _by_hand(self, shipment: Mapping[str, Any]) -> WriteResult:
        """See Note [One booking]."""
        number = int(shipment["id"])
        (record,) = self.rpc.read(f"{SHIPMENT}.read", [number], ["incoming_moves"])
        fields = ["origin", "quantity", "state"]
        held: dict[str, Decimal] = {}
        for move in self.rpc.read("stock.move.read", record["incoming_moves"], fields):
            for line in ids_in(move["origin"], LINE_ORIGIN):
                if move["state"] == "done":
                    held[str(line)] = held.get(str(line), Decimal(0)) + exact(move["quantity"])
        if held != {key: quantity for (_order, key), quantity in self._wanted().items()}:
            raise ValidationRefused(OTHERWISE)
        self._leave_note(number)
        return self._finish(number, shipment["state"])

    # --- doing

    def _book(self, shipment: int | None) -> WriteResult:
        """Let a shipment hold exactly what was counted, then receive it."""
        shipper = self._shipper()
        number = shipper.hold(shipment)
        self._leave_note(number)
        return self._receive(number)

    def _go_on(self, ours: Sequence[Mapping[str, Any]]) -> WriteResult:
        """A call that was made before left this shipment. In draft, somebody may have changed it since."""
        for one in ours:
            if one["state"] == "draft":
                return self._receive(self._shipper().hold(int(one["id"])))
            if one["state"] in BOOKED:
                return self._finish(int(one["id"]), one["state"])
        raise ValidationRefused(TAKEN_BACK)

    def _shipper(self) -> Shipper:
        """What was counted, as a shipment that holds it and nothing else."""
        numbers = {(line.order, line.key): line for line in self.command.lines}
        lines = tuple(
            NoticeCommandLine(order, key, numbers[order, key].number, quantity, numbers[order, key].unit)
            for (order, key), quantity in self._wanted().items()
        )
        command = NoticeCommand(
            key=self.command.key,
            consignment=self.command.consignment or self.command.count,
            issue=0,
            company=self.command.company,
            supplier=self.command.supplier,
            number=self._reference,
            ship_on=self.command.received_on,
            expected_on=self.command.received_on,
            lines=lines,
            ship_to=self.command.site,
        )
        return Shipper(self.rpc, command, no_line=NO_LINE, too_little=MORE)

    def _receive(self, number: int) -> WriteResult:
        day = {"effective_date": self.command.received_on}
        self.rpc.write(f"{SHIPMENT}.write", [number], day)
        self.rpc.write(f"{SHIPMENT}.receive", [number])
        return self._finish(number, "received")

    def _finish(self, number: int, state: str) -> WriteResult:
        if state == "received":
            self.rpc.write(f"{SHIPMENT}.do", [number])
        return WriteResult(Outcome.CONFIRMED, reference=f"{SHIPMENT},{number}")

    def _leave_note(self, number: int) -> None:
        self.rpc.write("ir.note.create", [{"resource": f"{SHIPMENT},{number}", "message": self._note}])

    # --- taken back

    def _take_back(self) -> WriteResult:
        """Nothing of a count that was never booked; a booking that stands is for a person."""
        found = self._find()
        noted = self._noted([one["id"] for one in found])
        ours = [one for one in found if self.command.count in noted.get(one["id"], ())]
        if any(one["state"] in BOOKED for one in (*ours, *self._unnoted(found, noted))):
            raise ValidationRefused(STAYS)
        if begun := [int(one["id"]) for one in ours if one["state"] == "draft"]:
            self._forget(begun)
        return WriteResult(Outcome.CONFIRMED)

    def _forget(self, shipments: Sequence[int]) -> None:
        """A shipment that was never received is one that is on its way again."""
        wanted = [
            ["resource", "in", [f"{SHIPMENT},{one}" for one in shipments]],
            ["message", "=", self._note],
        ]
        if notes := self.rpc.read("ir.note.search", wanted, 0, None, None):
            self.rpc.write("ir.note.delete", notes)
