"""Pure rules between a command and what the ERP holds: does it stand, has nothing happened yet, or something
else?"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum

from procurement.erp.ports import CurrentLine
from procurement.orders.messages import (
    CommandLine,
    CommandPiece,
    LinePaper,
    OrderPaper,
    PromiseCommand,
    SchedulePaper,
)

REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class HeldLine:
    """What the ERP holds for a line, as far as a promise can change it. `deliveries` are quantities by
    day."""

    key: str
    item_number: str
    quantity: Decimal
    price: Decimal
    price_per: Decimal
    deliveries: Mapping[date, Decimal]
    gone: bool = False
    closed: bool = False
    ship_to: str = ""

    @property
    def delivery_on(self) -> date:
        """The first day on which something is to arrive."""
        return min(self.deliveries)

    def as_current(self) -> CurrentLine:
        """The middle column of a conflict."""
        if self.gone:
            return CurrentLine(self.key, gone=True)
        days = sorted(self.deliveries.items())
        return CurrentLine(
            self.key,
            self.quantity,
            self.price,
            self.delivery_on,
            price_per=self.price_per,
            deliveries=tuple(SchedulePaper(quantity, day) for day, quantity in days) if len(days) > 1 else (),
            item_number=self.item_number,
            closed=self.closed,
        )


def held_by_answer(now: CurrentLine, read: HeldLine | None) -> HeldLine:
    """What the ERP said of a line, and what was read of it before where it did not say."""
    if now.gone or (read is None and (now.quantity is None or now.delivery_on is None)):
        return _gone(now.key, read)
    quantity = now.quantity if now.quantity is not None else read.quantity if read else Decimal(0)
    return HeldLine(
        key=now.key,
        item_number=now.item_number or (read.item_number if read else ""),
        quantity=quantity,
        price=now.price if now.price is not None else read.price if read else Decimal(0),
        price_per=now.price_per or (read.price_per if read else Decimal(1)),
        deliveries=_deliveries_said(now, quantity, read),
        closed=now.closed or (read.closed if read else False),
        ship_to=read.ship_to if read else "",
    )


def _gone(key: str, read: HeldLine | None) -> HeldLine:
    return (
        replace(read, gone=True) if read else HeldLine(key, "", Decimal(0), Decimal(0), Decimal(1), {}, True)
    )


def _deliveries_said(now: CurrentLine, quantity: Decimal, read: HeldLine | None) -> Mapping[date, Decimal]:
    if now.deliveries:
        return by_day((one.delivery_on, one.quantity) for one in now.deliveries)
    first = now.delivery_on
    if read and (first is None or first == read.delivery_on) and sum(read.deliveries.values()) == quantity:
        return read.deliveries
    return {first or (read.delivery_on if read else date.max): quantity}


class Standing(StrEnum):
    """How a command and the ERP compare: wanted values stand; nothing has happened yet; something else is
    there."""

    HOLDS = "holds"
    UNTOUCHED = "untouched"
    DIFFERS = "differs"


def held_by_paper(order: OrderPaper) -> dict[str, HeldLine]:
    """The lines of an order as the ERP just told."""
    gone, closed = order.status == "cancelled", order.status == "closed"
    place = order.ship_to
    return {line.key: _held(line, place, gone=gone, closed=closed) for line in order.lines}


def _held(line: LinePaper, place: str, *, gone: bool, closed: bool) -> HeldLine:
    deliveries: Iterable[tuple[date, Decimal]] = [(one.delivery_on, one.quantity) for one in line.schedules]
    return HeldLine(
        key=line.key,
        item_number=line.item_number,
        quantity=line.quantity,
        price=line.price,
        price_per=line.price_per,
        deliveries=by_day(deliveries or [(line.delivery_on, line.quantity)]),
        gone=gone or line.cancelled,
        closed=closed or line.closed,
        ship_to=line.ship_to or place,
    )


def by_day(deliveries: Iterable[tuple[date, Decimal]]) -> dict[date, Decimal]:
    """Deliveries added up by day: two of one day are one for this comparison."""
    days: dict[date, Decimal] = {}
    for day, quantity in deliveries:
        days[day] = days.get(day, Decimal(0)) + quantity
    return days


def standing_pieces(line: CommandLine) -> tuple[CommandPiece, ...]:
    """The pieces of a line that will come; what the supplier refused will not."""
    return tuple(piece for piece in line.pieces if piece.kind != REFUSE)


def compare(command: PromiseCommand, held: Mapping[str, HeldLine]) -> Standing:
    """How all lines of a command stand. One that differs makes the command differ; one untouched leaves it
    waiting."""
    found = {compare_line(line, held.get(line.key)) for line in command.lines}
    for standing in (Standing.DIFFERS, Standing.UNTOUCHED):
        if standing in found:
            return standing
    return Standing.HOLDS


def differing_lines(command: PromiseCommand, held: Mapping[str, HeldLine]) -> tuple[CurrentLine, ...]:
    """What the ERP holds for the lines that are neither as decided on nor as wanted."""
    differing = [line for line in command.lines if compare_line(line, held.get(line.key)) is Standing.DIFFERS]
    return tuple(
        held[line.key].as_current() if line.key in held else CurrentLine(line.key, gone=True)
        for line in differing
    )


def compare_line(line: CommandLine, held: HeldLine | None) -> Standing:
    """How one line of a command stands."""
    pieces = standing_pieces(line)
    if held is None or held.gone:
        return Standing.DIFFERS if pieces else Standing.HOLDS
    if not pieces:
        if held.quantity == 0 or held.closed:
            return Standing.HOLDS
    elif _is_as_wanted(line, pieces, held):
        return Standing.HOLDS
    # What is closed in the ERP will not move any more: whoever agreed meanwhile has to hear of it.
    return Standing.UNTOUCHED if _is_as_decided_on(line, held) and not held.closed else Standing.DIFFERS


def _is_as_decided_on(line: CommandLine, held: HeldLine) -> bool:
    base = by_day((one.delivery_on, one.quantity) for one in line.base_deliveries)
    return (
        held.quantity == line.base_quantity
        and held.price * line.base_price_per == line.base_price * held.price_per
        and held.delivery_on == line.base_delivery_on
        and (not base or base == held.deliveries)
    )


def _is_as_wanted(line: CommandLine, pieces: tuple[CommandPiece, ...], held: HeldLine) -> bool:
    items = {piece.item_number for piece in pieces if piece.kind == "substitute" and piece.item_number}
    return (
        _comes_as_wanted(line, pieces, held.deliveries)
        and all(piece.price * held.price_per == held.price * piece.price_per for piece in pieces)
        and items <= {held.item_number}
        and {piece.ship_to for piece in pieces} - {""} <= {held.ship_to}
    )


def _comes_as_wanted(
    line: CommandLine, pieces: tuple[CommandPiece, ...], deliveries: Mapping[date, Decimal]
) -> bool:
    """Whether what has a day stands on its day, and the rest on some day after the one that was asked.

    A piece without a day (a backorder) has no place of its own in an ERP; as long as it stands on the day asked,
    planning goes on counting on it.
    """
    dated = by_day((piece.delivery_on, piece.quantity) for piece in pieces if piece.delivery_on)
    rest = dict(deliveries)
    for day, quantity in dated.items():
        rest[day] = rest.get(day, Decimal(0)) - quantity
    rest = {day: quantity for day, quantity in rest.items() if quantity}
    undated = sum((piece.quantity for piece in pieces if not piece.delivery_on), Decimal(0))
    return (
        sum(rest.values(), Decimal(0)) == undated
        and all(quantity > 0 for quantity in rest.values())
        and all(day > line.base_delivery_on for day in rest)
    )


def on_what_is_held(command: PromiseCommand, held: Mapping[str, HeldLine]) -> PromiseCommand:
    """The same wish on the values that the ERP holds today, for the lines of which that is known."""
    return replace(command, lines=tuple(_on_held(line, held.get(line.key)) for line in command.lines))


def _on_held(line: CommandLine, held: HeldLine | None) -> CommandLine:
    if held is None or held.gone or not held.deliveries:
        return line
    days = sorted(held.deliveries.items())
    return replace(
        line,
        base_quantity=held.quantity,
        base_price=held.price,
        base_price_per=held.price_per,
        base_delivery_on=held.delivery_on,
        base_deliveries=tuple(SchedulePaper(quantity, day) for day, quantity in days),
    )


def rebased(command: PromiseCommand, earlier: PromiseCommand) -> PromiseCommand:
    """A command that was decided while an earlier one was under way: who decided knew what had been agreed,
    so its base is what the earlier one put into the ERP."""
    before = {line.key: line for line in earlier.lines}
    return replace(command, lines=tuple(_rebased_line(line, before.get(line.key)) for line in command.lines))


def _rebased_line(line: CommandLine, before: CommandLine | None) -> CommandLine:
    pieces = standing_pieces(before) if before else ()
    if before is None or not pieces:
        return line
    dated = [(piece.delivery_on or before.base_delivery_on, piece.quantity) for piece in pieces]
    days = by_day(dated) if all(piece.delivery_on for piece in pieces) else {}
    return replace(
        line,
        base_quantity=sum((piece.quantity for piece in pieces), Decimal(0)),
        base_price=pieces[0].price,
        base_price_per=pieces[0].price_per,
        base_delivery_on=min(day for day, _quantity in dated),
        base_deliveries=tuple(SchedulePaper(quantity, day) for day, quantity in sorted(days.items())),
        base_ship_to=pieces[0].ship_to or line.base_ship_to,
    )
