"""Pure arithmetic of moves: which to cut into which pieces, and which day each one gets.

Note [On its way]: a move that is on a shipment is planned for the day on which that arrives, and stays so. What is put
on a day here is what was agreed for it: it keeps its own agreed day as long as the deliveries have room on that, else
it fills the soonest. Only what is left of the deliveries is for the other moves.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from procurement.erp.connectors.tryton.records import Move
from procurement.erp.policies import HeldLine, by_day, standing_pieces
from procurement.orders.messages import CommandLine

# A piece without a day has no place in Tryton, where every move is planned: it stands well behind the day asked.
PLANNED_LATER = timedelta(weeks=4)

Deliveries = list[tuple[date, Decimal]]


def wanted_deliveries(line: CommandLine) -> Deliveries:
    """How much of a line is to come on which day, soonest first; several pieces of one day are one delivery."""
    some_day = line.base_delivery_on + PLANNED_LATER
    return sorted(
        by_day((one.delivery_on or some_day, one.quantity) for one in standing_pieces(line)).items()
    )


def kept_deliveries(moves: Iterable[Move]) -> Deliveries:
    """How much of a line stands on which day, as it is to be put back: what has come included, as in every promise.

    What came without ever having been planned goes before all days, so that it is taken off nothing that is to come.
    """
    planned = [move for move in moves if move.planned_on or not move.is_open]
    return sorted(by_day((move.planned_on or date.min, move.quantity) for move in planned).items())


def still_to_come(deliveries: Deliveries, moves: Iterable[Move]) -> Deliveries:
    """The deliveries less what has come: taken from its own day first, then from the soonest."""
    left = dict(deliveries)
    came = [move for move in moves if not move.is_open]
    for move in came:
        rest = move.quantity
        for day in [move.planned_on, *sorted(left)]:
            if day in left:
                taken = min(left[day], rest)
                left[day] -= taken
                rest -= taken
    return _sorted(left)


@dataclass(frozen=True, slots=True)
class OnItsWay:
    """What the moves on shipments leave of the deliveries. `days` are the agreed days of those that get another one, by
    move; `cut` is a move that fills more than one delivery, and how much of it goes to the first of them.
    """

    left: Deliveries
    days: dict[int, date]
    cut: tuple[Move, Decimal] | None = None


def on_its_way(moves: Iterable[Move], deliveries: Deliveries) -> OnItsWay:
    """Put the open moves that are on shipments on agreed days: see Note [On its way]. More than is asked for in all
    keeps the days it has."""
    left = dict(deliveries)
    homeless: list[Move] = []
    shipped = [move for move in moves if move.is_open and move.is_on_shipment]
    for move in sorted(shipped, key=lambda one: (one.planned_on or date.max, one.id)):
        if move.planned_on is not None and left.get(move.planned_on, 0) >= move.quantity:
            left[move.planned_on] -= move.quantity
        else:
            homeless.append(move)
    days: dict[int, date] = {}
    for move in homeless:
        open_days = sorted(day for day, quantity in left.items() if quantity > 0)
        if not open_days:
            continue
        day = next((one for one in open_days if left[one] >= move.quantity), None)
        if day is None:
            return OnItsWay(_sorted(left), days, (move, left[open_days[0]]))
        left[day] -= move.quantity
        days[move.id] = day
    return OnItsWay(_sorted(left), days)


def _sorted(left: dict[date, Decimal]) -> Deliveries:
    return sorted((day, quantity) for day, quantity in left.items() if quantity > 0)


def next_cut(moves: Sequence[Move], deliveries: Deliveries) -> tuple[Move, Decimal] | None:
    """One open move that holds more than one delivery, and how large the first piece of it is to be."""
    sizes = sorted((quantity for _day, quantity in deliveries), reverse=True)
    free: list[Move] = []
    for move in moves:
        if move.quantity in sizes:
            sizes.remove(move.quantity)
        else:
            free.append(move)
    for move in sorted(free, key=lambda one: one.quantity, reverse=True):
        fitting = next((size for size in sizes if size < move.quantity), None)
        if fitting is not None:
            return move, fitting
    return None


def placed(moves: Sequence[Move], deliveries: Deliveries) -> Iterator[tuple[Move, date]]:
    """A day for every open move: what stands right stays, then by size, and what is left over on the last day."""
    left = list(deliveries)
    rest: list[Move] = []
    for move in moves:
        if move.planned_on is not None and (move.planned_on, move.quantity) in left:
            left.remove((move.planned_on, move.quantity))
        else:
            rest.append(move)
    for move in sorted(rest, key=lambda one: one.quantity, reverse=True):
        same = next((one for one in left if one[1] == move.quantity), None)
        chosen = same or (left[-1] if left else None)
        if chosen is not None:
            left.remove(chosen)
            day, quantity = chosen
            if quantity > move.quantity:
                left.append((day, quantity - move.quantity))
            yield move, day


def is_our_own_making(line: CommandLine, held: HeldLine | None, *, is_planned_anew: bool) -> bool:
    """Whether a line that is found half-way holds nothing but values of its base and of what is wanted.

    An amendment puts the whole line on Tryton's own plan (`is_planned_anew`), which is in neither of the two.
    """
    pieces = standing_pieces(line)
    if held is None or held.gone:
        return not pieces
    wanted = {day for day, _quantity in wanted_deliveries(line)}
    base = {one.delivery_on for one in line.base_deliveries} | {line.base_delivery_on}
    quantities = {line.base_quantity, sum((piece.quantity for piece in pieces), Decimal(0))}
    prices = {(line.base_price, line.base_price_per)} | {(piece.price, piece.price_per) for piece in pieces}
    return (
        held.quantity in quantities
        and any(held.price * per == price * held.price_per for price, per in prices)
        and (is_planned_anew or set(held.deliveries) <= wanted | base)
    )
