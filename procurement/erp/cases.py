"""A command that waits for a person, as a case: three columns, and the choices that make sense. Pure rules.

Decided on, in the ERP now, wanted; and for each way out either that it is there, or the sentence why it is not.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _

from procurement.erp.content import canonical_decimal
from procurement.erp.policies import HeldLine, Standing, by_day, compare_line, standing_pieces
from procurement.erp.ports import CurrentLine, WriteField
from procurement.erp.states import STUCK, CommandState
from procurement.orders.messages import CommandLine, SchedulePaper


class Choice(StrEnum):
    """One way out of a case."""

    WRITE = "write"
    KEEP = "keep"
    ASK = "ask"
    GIVE_UP = "give_up"


@dataclass(frozen=True, slots=True)
class CaseLine:
    """One line of a command beside what the ERP holds for it, and where it stands here.

    `now` is the newest that is known of the ERP, `read` what the order says here; where they differ, the ERP has
    answered with values that no reading has brought yet.
    """

    wanted: CommandLine
    now: HeldLine | None
    read: HeldLine | None
    is_agreed: bool = True
    is_with_buyer: bool = False
    takes_promises: bool = True

    @property
    def key(self) -> str:
        return self.wanted.key

    @property
    def number(self) -> int:
        return self.wanted.number

    @property
    def standing(self) -> Standing:
        return compare_line(self.wanted, self.now)

    @property
    def is_gone(self) -> bool:
        return self.now is None or self.now.gone

    @property
    def is_over(self) -> bool:
        """Whether nothing can be changed on it in the ERP any more."""
        return self.is_gone or (self.now is not None and self.now.closed) or not self.takes_promises

    @property
    def is_writable(self) -> bool:
        return self.is_agreed and not self.is_over

    @property
    def is_read(self) -> bool:
        """Whether the order says here what the ERP holds."""
        if self.is_gone:
            return self.read is None or self.read.gone
        return self.read is not None and _plain(self.now) == _plain(self.read)


def _plain(held: HeldLine | None) -> object:
    if held is None or held.gone:
        return None
    return (held.quantity, held.price / held.price_per, dict(held.deliveries), held.item_number, held.closed)


@dataclass(frozen=True, slots=True)
class Case:
    """A command as a person decides on it."""

    state: str
    lines: Sequence[CaseLine]
    busy: bool = False

    @property
    def affected(self) -> list[CaseLine]:
        """The lines that the decision is about: those that moved, or all that are not in the ERP as wanted."""
        moved = [line for line in self.lines if line.standing is Standing.DIFFERS]
        if self.state == CommandState.CONFLICT and moved:
            return moved
        return [line for line in self.lines if line.standing is not Standing.HOLDS]

    @property
    def rest(self) -> list[CaseLine]:
        """Lines of the same command that nobody has anything against: they are written whatever is decided."""
        affected = {line.key for line in self.affected}
        return [
            line
            for line in self.lines
            if line.key not in affected and line.is_writable and line.standing is Standing.UNTOUCHED
        ]

    @property
    def asked(self) -> list[CaseLine]:
        """The lines about which the supplier is asked, where the ERP's values are kept or it is to answer again."""
        return [line for line in self.affected if line.takes_promises and not line.is_gone]


def choices_of(case: Case) -> dict[Choice, str]:
    """Each way out that this state knows, with the sentence why it is not there, or nothing where it is."""
    if case.state == CommandState.SENT:
        return {Choice.WRITE: _why_not_write(case), Choice.GIVE_UP: ""}
    if case.state in STUCK:
        return {
            Choice.WRITE: _why_not_write(case),
            Choice.KEEP: _why_not_keep(case),
            Choice.ASK: _why_not_ask(case),
            Choice.GIVE_UP: "",
        }
    return {Choice.GIVE_UP: ""} if case.state in (CommandState.QUEUED, CommandState.UNKNOWN) else {}


def _why_not_write(case: Case) -> str:
    if case.busy:
        return _("Another write to this order is not through yet. Wait for its read-back, then look again.")
    wanted = [line for line in case.lines if line.standing is not Standing.HOLDS] or list(case.lines)
    if any(line.is_writable for line in wanted):
        return ""
    agreed = [line for line in wanted if line.is_agreed]
    if not agreed:
        return _("Nothing of it is agreed any more, so there is nothing to write.")
    if all(line.is_gone for line in agreed):
        return _("The line is gone in the ERP: there is nothing left to write to.")
    if all(line.is_gone or (line.now is not None and line.now.closed) for line in agreed):
        return _("The line is closed in the ERP: nothing can be changed on it any more.")
    return _("Nothing more is to come on it: it has arrived, or the order is over.")


def _why_not_keep(case: Case) -> str:
    if case.busy:
        return _("Another write to this order is not through yet. Wait for its read-back, then look again.")
    if any(line.is_with_buyer for line in case.affected):
        return _("The supplier has answered anew meanwhile: decide on that answer, on the order.")
    if not all(line.is_read for line in case.affected):
        return _(
            "The ERP has named these values in its answer only; the order has not been read with them yet. "
            "It will be with the next reading."
        )
    return ""


def _why_not_ask(case: Case) -> str:
    if case.busy:
        return _("Another write to this order is not through yet. Wait for its read-back, then look again.")
    if any(line.is_with_buyer for line in case.affected):
        return _("The supplier has answered anew meanwhile: decide on that answer, on the order.")
    if not case.asked:
        return _("Nothing is left to promise on it: the line is gone, closed or has arrived.")
    return ""


# --- what the page showed, and what is so now


def mark_of(case: Case) -> str:
    """What a decision is taken on, to be sent back with it: where the command stands, and the columns that can move."""
    lines = {line.key: {"number": line.number, **_seen(line)} for line in case.lines}
    return json.dumps({"state": case.state, "lines": lines}, sort_keys=True, separators=(",", ":"))


def _seen(line: CaseLine) -> dict[str, Any]:
    held = line.now
    seen: dict[str, Any] = {"agreed": line.is_agreed, "answered": line.is_with_buyer, "gone": line.is_gone}
    if held is not None and not held.gone:
        seen |= {
            "quantity": canonical_decimal(held.quantity),
            "price": canonical_decimal(held.price),
            "per": canonical_decimal(held.price_per),
            "item": held.item_number,
            "closed": held.closed,
            "days": [
                [day.isoformat(), canonical_decimal(quantity)]
                for day, quantity in sorted(held.deliveries.items())
            ],
        }
    return seen


@dataclass(frozen=True, slots=True)
class Moved:
    """One thing that moved between what the page showed and now; `line` is 0 for the command itself."""

    line: int
    field: str
    old: Any
    new: Any


def moved_since(mark: str, case: Case) -> list[Moved]:
    """What moved since the page that this mark stood on was shown. A mark that is none of ours has seen nothing."""
    now = json.loads(mark_of(case))
    try:
        seen = json.loads(mark)
        before, state = dict(seen["lines"]), str(seen["state"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return [Moved(0, "mark", "", "")]
    found = [Moved(0, "state", state, now["state"])] if state != now["state"] else []
    for key, line in now["lines"].items():
        old = before.get(key)
        if not isinstance(old, dict):
            found.append(Moved(line["number"], "line", "", ""))
            continue
        names = sorted({*old, *line} - {"number"})
        found += [
            Moved(line["number"], name, old.get(name), line.get(name))
            for name in names
            if old.get(name) != line.get(name)
        ]
    return found


# --- what is to be keyed in by hand


@dataclass(frozen=True, slots=True)
class Keying:
    """One field of one line to be keyed into the ERP: what stands there, what is to stand there.

    `is_done` is what a reading has shown to stand; nobody can see that of the supplier's own number, which no reading
    brings back. `line` is 0 for the order itself.
    """

    line: int
    field: WriteField
    old: Any
    new: Any
    is_done: bool = False
    is_seen: bool = True


Deliveries = Sequence[tuple[date | None, Decimal]]


def keying_of(lines: Iterable[CaseLine], *, reference: str = "") -> list[Keying]:
    """Everything that has to stand in the ERP and was not so when it was agreed, line by line, done or not."""
    rows = [row for line in lines if line.is_agreed for row in _keying_of_line(line)]
    if reference:
        rows.append(Keying(0, WriteField.SUPPLIER_REFERENCE, "", reference, is_seen=False))
    return rows


def _keying_of_line(line: CaseLine) -> Iterator[Keying]:
    wanted, held = line.wanted, line.now
    pieces = standing_pieces(wanted)
    is_done = line.standing is Standing.HOLDS
    if not pieces:
        yield Keying(line.number, WriteField.REFUSAL, wanted.base_quantity, Decimal(0), is_done)
        return
    quantity = sum((piece.quantity for piece in pieces), Decimal(0))
    if quantity != wanted.base_quantity or (held and quantity != held.quantity):
        old = held.quantity if held else None
        yield Keying(line.number, WriteField.QUANTITY, old, quantity, old == quantity)
    price, per = pieces[0].price, pieces[0].price_per
    old_price = (held.price, held.price_per) if held and not held.gone else None
    if any(piece.price * wanted.base_price_per != wanted.base_price * piece.price_per for piece in pieces):
        same = old_price is not None and old_price[0] * per == price * old_price[1]
        yield Keying(line.number, WriteField.PRICE, old_price, (price, per), same)
    items = [piece.item_number for piece in pieces if piece.kind == "substitute" and piece.item_number]
    if items:
        old_item = held.item_number if held else ""
        yield Keying(line.number, WriteField.SUBSTITUTE, old_item, items[0], items == [old_item])
    places = [piece.ship_to for piece in pieces if piece.ship_to]
    if places and places[0] != wanted.base_ship_to:
        old_place = held.ship_to if held else ""
        yield Keying(line.number, WriteField.SHIP_TO, old_place, places[0], places[0] == old_place)
    days = sorted(
        ((piece.delivery_on, piece.quantity) for piece in pieces), key=lambda one: (one[0] is None, one[0])
    )
    old_days = sorted(held.deliveries.items()) if held else []
    base = [(one.delivery_on, one.quantity) for one in wanted.base_deliveries]
    if days != (base or [(wanted.base_delivery_on, wanted.base_quantity)]) or days != old_days:
        field = WriteField.SPLIT if len(days) > 1 else WriteField.PROMISE_DATE
        yield Keying(line.number, field, old_days, days, is_done or days == old_days)


# --- as it is stored


def current_from_json(content: Mapping[str, Any]) -> CurrentLine:
    """What the ERP said of a line, as a command keeps it; older versions kept less."""

    def number(name: str) -> Decimal | None:
        return Decimal(content[name]) if content.get(name) else None

    return CurrentLine(
        content["key"],
        number("quantity"),
        number("price"),
        date.fromisoformat(content["delivery_on"]) if content.get("delivery_on") else None,
        bool(content.get("gone")),
        number("price_per"),
        tuple(
            SchedulePaper(Decimal(one["quantity"]), date.fromisoformat(one["delivery_on"]))
            for one in content.get("deliveries") or ()
        ),
        content.get("item_number") or "",
        bool(content.get("closed")),
    )


def decided_deliveries(line: CommandLine) -> Mapping[date, Decimal]:
    """The deliveries that the decision was taken on."""
    if line.base_deliveries:
        return by_day((one.delivery_on, one.quantity) for one in line.base_deliveries)
    return {line.base_delivery_on: line.base_quantity}
