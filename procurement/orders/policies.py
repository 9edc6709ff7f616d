"""The rules of an order as pure functions on values: no database, no framework, no clock.

Sources: domain.md §3 (layers of truth), §4 (statuses), §5 (acknowledging).
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TypeVar

from procurement.orders.states import (
    Agreement,
    Finance,
    Logistics,
    OrderState,
    PromiseKind,
    PromiseState,
    RevisionStatus,
    Turn,
)

ZERO = Decimal(0)

# A day, or perhaps none yet: what deliveries are added up by.
Day = TypeVar("Day", date, date | None)


@dataclass(frozen=True, slots=True)
class Asked:
    """What matters for the promise on one line (the fields of domain.md §5.4)."""

    item_number: str
    quantity: Decimal
    unit: str
    price: Decimal
    price_per: Decimal
    ship_to: str
    deliveries: tuple[tuple[Decimal, date], ...]
    incoterm: str = ""
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """One field that moved from one revision to the next; `reopens` when the promise depends on it."""

    field: str
    old: str
    new: str
    reopens: bool = True


def _deliveries_text(deliveries: Iterable[tuple[Decimal, date]]) -> str:
    return " + ".join(f"{plain(quantity)} on {day.isoformat()}" for quantity, day in deliveries)


def plain(amount: Decimal) -> str:
    """The number without trailing zeros and without an exponent: 300, 2.5."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def unit_price(price: Decimal, price_per: Decimal) -> Decimal:
    """The price of one unit, unrounded; 250 per 100 equals 2.50 per 1."""
    return price / price_per


def changes_between(old: Asked, new: Asked) -> list[Change]:
    """What moved on a line and matters for the promise, field by field."""
    found: list[Change] = []
    for name in ("item_number", "unit", "ship_to", "incoterm", "currency"):
        if getattr(old, name) != getattr(new, name):
            found.append(Change(name, getattr(old, name), getattr(new, name)))
    if old.quantity != new.quantity:
        found.append(Change("quantity", plain(old.quantity), plain(new.quantity)))
    # 2.50 per 1 and 250 per 100 are the same price.
    if old.price * new.price_per != new.price * old.price_per:
        found.append(Change("price", _price_text(old), _price_text(new)))
    before, after = merged(old.deliveries), merged(new.deliveries)
    if len(before) == len(after) == 1:
        # One delivery on the same day is at most a change of quantity, which is told already.
        (day,), (new_day,) = before, after
        if day != new_day:
            found.append(Change("delivery_on", day.isoformat(), new_day.isoformat()))
    elif before != after:
        found.append(Change("deliveries", _deliveries_text(old.deliveries), _deliveries_text(new.deliveries)))
    return found


def _price_text(asked: Asked) -> str:
    per = "" if asked.price_per == 1 else f" per {plain(asked.price_per)}"
    return f"{plain(asked.price)}{per}"


@dataclass(frozen=True, slots=True)
class Piece:
    """A promise as the rules see it."""

    kind: str
    quantity: Decimal
    delivery_on: date | None
    price: Decimal
    price_per: Decimal
    item_number: str = ""
    state: str = PromiseState.PROPOSED
    ship_to: str = ""


@dataclass(frozen=True, slots=True)
class NewPiece:
    """One piece of an answer, checked already. `row` is the place, from 0, of what was typed for it."""

    schedule_key: int
    kind: str
    quantity: Decimal
    price: Decimal
    price_per: Decimal
    delivery_on: date | None = None
    ship_on: date | None = None
    item_number: str = ""
    item_description: str = ""
    reason: str = ""
    note: str = ""
    ship_to: int | None = None
    row: int = field(default=0, compare=False)


def is_as_asked(asked: Asked, pieces: Sequence[Piece]) -> bool:
    """Whether the pieces say no more and no less than what is asked: same item, quantities, days and price."""
    if any(piece.kind != PromiseKind.ACCEPT for piece in pieces):
        return False
    if any(piece.price * asked.price_per != asked.price * piece.price_per for piece in pieces):
        return False
    return merged((piece.quantity, piece.delivery_on) for piece in pieces) == merged(asked.deliveries)


def merged(deliveries: Iterable[tuple[Decimal, Day]]) -> dict[Day, Decimal]:
    """Deliveries by day: two pieces on one day are one delivery."""
    by_day: dict[Day, Decimal] = {}
    for quantity, day in deliveries:
        by_day[day] = by_day.get(day, ZERO) + quantity
    return by_day


# What a promise speaks of: only a change of these can be the ERP taking the promise over.
PROMISED_FIELDS = frozenset({"item_number", "quantity", "delivery_on", "deliveries", "price", "ship_to"})


def echoes(asked: Asked, agreed: Sequence[Piece], changes: Sequence[Change] = ()) -> bool:
    """Whether a new revision says what was agreed: then it closes silently, nobody is asked again (domain.md §5.5).

    A change of anything a promise does not speak of (Incoterm, unit) is no echo; another place is one where just that
    place was agreed. A substitute is echoed by its
    own item and by no other; whatever else was promised was promised of the item asked for then. Refused pieces are
    echoed by their absence.
    """
    moved = {change.field for change in changes}
    if moved - PROMISED_FIELDS:
        return False
    standing = [piece for piece in agreed if piece.kind != PromiseKind.REFUSE]
    if not standing:
        return False
    substitutes = [piece for piece in standing if piece.kind == PromiseKind.SUBSTITUTE]
    if any(piece.item_number != asked.item_number for piece in substitutes):
        return False
    if "item_number" in moved and len(substitutes) < len(standing):
        return False
    places = {piece.ship_to for piece in standing} if "ship_to" in moved else set()
    if places - {asked.ship_to} or any(piece.ship_to not in ("", asked.ship_to) for piece in standing):
        return False
    if any(piece.price * asked.price_per != asked.price * piece.price_per for piece in standing):
        return False
    if any(piece.delivery_on is None for piece in standing):
        return False
    return merged((piece.quantity, piece.delivery_on) for piece in standing) == merged(asked.deliveries)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a line stands after its pieces were answered or decided."""

    agreement: str
    turn: str


def standing_of(pieces: Sequence[Piece]) -> Standing:
    """Read a line's agreement and whose turn it is off its live pieces.

    Any declined piece disputes the line; any undecided one waits for the buyer; otherwise all are agreed. A line all
    of whose pieces are refusals is refused, undecided or taken.
    """
    if not pieces:
        return Standing(Agreement.AWAITING, Turn.SUPPLIER)
    states = {piece.state for piece in pieces}
    refused = all(piece.kind == PromiseKind.REFUSE for piece in pieces)
    if PromiseState.PROPOSED in states:
        return Standing(Agreement.REFUSED if refused else Agreement.ANSWERED, Turn.BUYER)
    if PromiseState.DECLINED in states:
        return Standing(Agreement.DISPUTED, Turn.SUPPLIER)
    return Standing(Agreement.REFUSED if refused else Agreement.AGREED, Turn.NOBODY)


# So much on that day.
Delivery = tuple[Decimal, date]


def expected_on(
    asked: Asked, pieces: Sequence[Piece], gone: Decimal = ZERO, way: Sequence[Delivery] = ()
) -> date:
    """The day planning should use for the last of a line: on its way, else agreed, else promised under review, else
    asked.

    `gone` is all that was shipped or received; it fills the deliveries by date. `way` is what of it is not here yet.
    """
    planned = _expected(asked, pieces)
    coming = [*_still_to_go(planned, gone), *way] if way else planned
    return max(day for _, day in coming)


def next_delivery_on(
    asked: Asked, pieces: Sequence[Piece], gone: Decimal, way: Sequence[Delivery] = ()
) -> date:
    """The day of the earliest delivery of a line that is not here yet; `gone` and `way` as in `expected_on`."""
    coming = [*_still_to_go(_expected(asked, pieces), gone), *way]
    return min((day for _, day in coming), default=expected_on(asked, pieces))


def _still_to_go(planned: Iterable[Delivery], gone: Decimal) -> list[Delivery]:
    """The deliveries of which something has not left yet."""
    left, found = gone, []
    for quantity, day in sorted(planned, key=lambda delivery: delivery[1]):
        left -= quantity
        if left < ZERO:
            found.append((min(quantity, -left), day))
    return found


def _expected(asked: Asked, pieces: Sequence[Piece]) -> Sequence[Delivery]:
    for state in (PromiseState.AGREED, PromiseState.PROPOSED):
        standing = [piece for piece in pieces if piece.state == state and piece.kind != PromiseKind.REFUSE]
        if dated := [(piece.quantity, piece.delivery_on) for piece in standing if piece.delivery_on]:
            return dated
    return asked.deliveries


def logistics_of(*, ordered: Decimal, shipped: Decimal, received: Decimal, closed: bool) -> str:
    """What has physically happened on a line."""
    if received >= ordered:
        return Logistics.RECEIVED
    if closed:
        return Logistics.CLOSED_SHORT
    if received > ZERO:
        return Logistics.PARTLY_RECEIVED
    if shipped >= ordered:
        return Logistics.SHIPPED
    return Logistics.PARTLY_SHIPPED if shipped > ZERO else Logistics.NOTHING_SHIPPED


def finance_of(*, ordered: Decimal, invoiced: Decimal) -> str:
    """What has been invoiced of a line."""
    if invoiced > ordered:
        return Finance.OVER
    if invoiced == ordered:
        return Finance.FULLY
    return Finance.PARTLY if invoiced > ZERO else Finance.NOT_INVOICED


@dataclass(frozen=True, slots=True)
class LineStatus:
    """One line's four statuses, for the roll-up."""

    agreement: str
    revision_status: str
    logistics: str
    finance: str
    turn: str
    cancelled: bool


@dataclass(frozen=True, slots=True)
class OrderStatus:
    """An order's computed statuses and counts."""

    agreement: str
    revision_status: str
    logistics: str
    finance: str
    line_count: int
    lines_agreed: int
    lines_for_supplier: int
    lines_for_buyer: int


# What a person must hear first stands first.
_AGREEMENT_ORDER = (Agreement.DISPUTED, Agreement.ANSWERED, Agreement.AWAITING)


def roll_up(lines: Sequence[LineStatus], *, state: str = OrderState.ISSUED) -> OrderStatus:
    """Compute an order's statuses from its lines; cancelled lines do not count."""
    live = [line for line in lines if not line.cancelled]
    waiting = Counter(line.turn for line in live) if state == OrderState.ISSUED else Counter()
    agreements = {line.agreement for line in live}
    if agreements == {Agreement.REFUSED}:
        agreement = Agreement.REFUSED
    else:
        # A refusal that the buyer has not decided on is an answer that waits; decided on, it says nothing of the rest.
        if any(line.agreement == Agreement.REFUSED and line.turn == Turn.BUYER for line in live):
            agreements.add(Agreement.ANSWERED)
        agreement = next((status for status in _AGREEMENT_ORDER if status in agreements), Agreement.AGREED)
    stale = state == OrderState.ISSUED and any(line.revision_status == RevisionStatus.STALE for line in live)
    return OrderStatus(
        agreement=agreement,
        revision_status=RevisionStatus.STALE if stale else RevisionStatus.CURRENT,
        logistics=_roll_up_logistics([line.logistics for line in live]),
        finance=_roll_up_finance([line.finance for line in live]),
        line_count=len(live),
        lines_agreed=sum(line.agreement == Agreement.AGREED for line in live),
        lines_for_supplier=waiting[Turn.SUPPLIER],
        lines_for_buyer=waiting[Turn.BUYER],
    )


def _roll_up_logistics(statuses: Sequence[str]) -> str:
    found = set(statuses)
    if not found:
        return Logistics.NOTHING_SHIPPED
    if len(found) == 1:
        return statuses[0]
    if found <= {Logistics.RECEIVED, Logistics.CLOSED_SHORT}:
        return Logistics.CLOSED_SHORT
    if found & {Logistics.RECEIVED, Logistics.PARTLY_RECEIVED, Logistics.CLOSED_SHORT}:
        return Logistics.PARTLY_RECEIVED
    return Logistics.PARTLY_SHIPPED


def _roll_up_finance(statuses: Sequence[str]) -> str:
    found = set(statuses)
    if not found or found == {Finance.NOT_INVOICED}:
        return Finance.NOT_INVOICED
    if Finance.OVER in found:
        return Finance.OVER
    return Finance.FULLY if found == {Finance.FULLY} else Finance.PARTLY
