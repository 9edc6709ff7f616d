"""When a wish to alter what was agreed can stand, and what it would alter: pure rules (domain.md §7).

Every broken rule is told at once, each with its field, its value and the way out.

Note [Unit for unit]: which delivery of a wish takes the place of which agreed one? Units that were to come first come
first. So half a delivery that is put off by a week is a week late, wherever it stands in the list, and what was agreed
for two days and is to come on the second is late as far as it was agreed for the first.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from django.utils.translation import gettext as _

from portal.kernel.errors import Problem
from portal.kernel.values import decimals_of
from procurement.acknowledgments.policies import (
    FARTHEST,
    FIELD_OF,
    HIGHEST_PRICE,
    LONGEST,
    PRICE_DECIMALS,
    exact_amount,
    too_long,
)
from procurement.calendars.policies import WorkingCalendar, add_working_time
from procurement.changes.messages import TermPiece, Terms, WantedPiece, Wish
from procurement.changes.states import ChangeKind
from procurement.orders.policies import ZERO, NewPiece, merged, plain
from procurement.orders.states import PromiseKind, Reason
from procurement.tolerances.messages import Measure, Measured, Outcome, Verdict
from procurement.tolerances.presenters.sentences import figure_text, refusal_text

MOST_PIECES = 100
MOST_DAYS = 5 * 366
# Ten working days of nine hours: two weeks.
ANSWER_WITHIN = timedelta(hours=90)


@dataclass(frozen=True, slots=True)
class Agreed:
    """What the rules must know of an agreed line. `done` is what cannot be undone: shipped, received or invoiced."""

    number: int
    unit: str
    unit_decimals: int
    terms: Terms
    done: Decimal
    places: frozenset[str]
    place: str = ""


def answer_by(at: datetime, calendar: WorkingCalendar) -> datetime:
    """Until when a wish waits for the other side's word, in the supplier's working time."""
    return add_working_time(at, ANSWER_WITHIN, calendar)


def done_of(shipped: Decimal, received: Decimal, invoiced: Decimal) -> Decimal:
    """How much of a line cannot be undone."""
    return max(shipped, received, invoiced)


def is_agreed_still(was: Terms, now: Terms, place: str) -> bool:
    """Whether what was agreed then is agreed now. A `place` that the ERP has taken over meanwhile is just as asked."""
    return replace(was, ship_to="" if was.ship_to == place else was.ship_to) == now


# --- reading a wish -----------------------------------------------------------------------------------------


def read_wish(agreed: Agreed, wish: Wish, *, today: date) -> tuple[Terms, list[Problem]]:
    """The terms that a wish comes to, with every problem found. `today` is the date where the supplier is."""
    problems: list[Problem] = []

    def say(name: str, value: object, message: str, code: str = "invalid") -> None:
        problems.append(Problem(name, message, str(value), code, str(agreed.number)))

    if wish.cancel:
        if wish.pieces or wish.move_days or wish.ship_to:
            say("cancel", "true", _("What is cancelled cannot be altered too: ask for one or the other."))
        return cancelled(agreed), problems
    pieces = agreed.terms.pieces
    if wish.pieces:
        pieces = _read_pieces(agreed, wish.pieces, today, problems)
    if wish.move_days:
        if abs(wish.move_days) > MOST_DAYS:
            say("move_days", wish.move_days, _("This is more than five years. Check the number of days."))
        else:
            pieces = moved(pieces, wish.move_days, agreed.done)
            if passed_days(agreed, pieces, today=today):
                say("move_days", wish.move_days, _("Some deliveries would fall on days that have passed."))
    place = wish.ship_to or agreed.terms.ship_to
    if wish.ship_to and wish.ship_to not in agreed.places:
        message = _("There is no place %(code)s in this company. Choose one from the list.")
        say("ship_to", wish.ship_to, message % {"code": wish.ship_to}, "unknown")
    # Back to the place asked for, before the ERP has taken over the other one: it is to be told this one by name.
    is_as_asked = place == agreed.place and not agreed.terms.ship_to
    terms = Terms(pieces, "" if is_as_asked else place)
    if not problems and is_same(agreed.terms, terms):
        say("wish", "", _("This is what is agreed already. Say what is to be different."), "nothing_changes")
    return terms, problems


def _read_pieces(
    agreed: Agreed, wanted: Sequence[WantedPiece], today: date, problems: list[Problem]
) -> tuple[TermPiece, ...]:
    before = agreed.terms.pieces
    if len(wanted) == 1 and wanted[0].quantity is None:
        wanted = [replace(wanted[0], quantity=agreed.terms.quantity)]
    pieces = tuple(
        _read_piece(agreed, piece, before[min(index, len(before) - 1)], index, today, problems)
        for index, piece in enumerate(wanted)
    )
    total = sum((piece.quantity for piece in pieces), start=ZERO)
    if not problems and total < agreed.done:
        message = _(
            "%(done)s %(unit)s have been shipped, received or invoiced already. Ask for at least so many."
        )
        values = {"done": plain(agreed.done), "unit": agreed.unit}
        problem = Problem("quantity.0", message % values, plain(total), "below_done", str(agreed.number))
        problems.append(problem)
    return pieces


def _read_piece(
    agreed: Agreed, piece: WantedPiece, before: TermPiece, index: int, today: date, problems: list[Problem]
) -> TermPiece:
    def say(name: str, value: object, message: str, code: str = "invalid") -> None:
        problems.append(Problem(f"{name}.{index}", message, str(value), code, str(agreed.number)))

    quantity = ZERO if piece.quantity is None else piece.quantity
    if piece.quantity is None:
        say("quantity", "", _("Say how many %(unit)s.") % {"unit": agreed.unit}, "required")
    elif quantity <= ZERO:
        say("quantity", quantity, _("A quantity must be more than zero. To want nothing more, cancel."))
    elif decimals_of(quantity) > agreed.unit_decimals:
        message = _("A quantity in %(unit)s has at most %(count)d decimals.")
        say("quantity", quantity, message % {"unit": agreed.unit, "count": agreed.unit_decimals})
    day = piece.delivery_on or before.delivery_on
    # What was agreed for a day that has passed may stay so; nothing new may be set on one.
    if day and day < today and day not in {one.delivery_on for one in agreed.terms.pieces}:
        say("delivery_on", day, _("This day has passed. Choose today or a later day."))
    elif day and day > today + FARTHEST:
        say("delivery_on", day, _("This day is more than five years away. Check the year."))
    elif day is None:
        say("delivery_on", "", _("Say on which day."), "required")
    price = before.price if piece.price is None else piece.price
    price_per = before.price_per if piece.price_per is None else piece.price_per
    if piece.price is None and price_per != before.price_per:
        message = _("Say the price too: it is agreed for %(count)s units, not for %(wanted)s.")
        values = {"count": plain(before.price_per), "wanted": plain(price_per)}
        say("price", "", message % values, "required")
    is_free = price == before.price == ZERO
    if (price <= ZERO and not is_free) or price_per <= ZERO:
        say("price", price, _("A price must be more than zero."))
    elif price > HIGHEST_PRICE:
        say("price", price, _("This price is too high to be meant. Check the decimal sign."))
    elif decimals_of(price) > PRICE_DECIMALS:
        message = _("A price has at most %(count)d decimals.") % {"count": PRICE_DECIMALS}
        say("price", price, message)
    item, description = _item(piece, before)
    for name, text in (("item_number", item), ("item_description", description)):
        if message := too_long(name, text):
            say(name, text[:100], message, "too_long")
    return TermPiece(quantity, day, price, price_per, item, description)


def _item(piece: WantedPiece, before: TermPiece) -> tuple[str, str]:
    """Which substitute, and what it is called; another one than agreed is not called as that one was."""
    item = before.item_number if piece.item_number is None else piece.item_number.strip()
    if piece.item_description is not None:
        return item, piece.item_description.strip()
    return item, before.item_description if item == before.item_number else ""


def words_problems(reason: str, reasons: Iterable[str], note: str, *, owed: bool = False) -> list[Problem]:
    """What is wrong with why something is wished for or declined; `owed` where a reason or words are."""
    problems: list[Problem] = []
    if reason and reason not in set(reasons):
        problems.append(
            Problem("reason", _("This reason is not on the list. Choose one that is."), reason, "unknown")
        )
    if message := too_long("note", note.strip()):
        problems.append(Problem("note", message, note[:100], "too_long"))
    if owed and not reason and not note.strip():
        message = _("Say why: choose a reason, or write a word. The other side reads it.")
        problems.append(Problem("reason", message, "", "required"))
    return problems


# --- terms --------------------------------------------------------------------------------------------------


def _by_day(pieces: Iterable[TermPiece]) -> list[TermPiece]:
    return sorted(pieces, key=lambda piece: piece.delivery_on or date.max)


def cancelled(agreed: Agreed) -> Terms:
    """What is left of an agreement when nothing more is to come: what is done, on the earliest days agreed."""
    left, kept = agreed.done, []
    for piece in _by_day(agreed.terms.pieces):
        if part := min(left, piece.quantity):
            kept.append(replace(piece, quantity=part))
            left -= part
    if left and kept:
        kept[-1] = replace(kept[-1], quantity=kept[-1].quantity + left)
    return Terms(tuple(kept), agreed.terms.ship_to, cancel=True)


def moved(pieces: Sequence[TermPiece], days: int, done: Decimal) -> tuple[TermPiece, ...]:
    """The deliveries so many days later (earlier: negative); those that are done already, filled by date, stay."""
    left, found = done, []
    for piece in _by_day(pieces):
        left -= piece.quantity
        if left >= ZERO or piece.delivery_on is None:
            found.append(piece)
        else:
            found.append(replace(piece, delivery_on=piece.delivery_on + timedelta(days=days)))
    return tuple(found)


def passed_days(agreed: Agreed, pieces: Iterable[TermPiece], *, today: date) -> list[date]:
    """The days wished for that lie in the past. What was agreed for such a day may stay; nothing new is set on one."""
    stay = {piece.delivery_on for piece in agreed.terms.pieces}
    days = (piece.delivery_on for piece in pieces if piece.delivery_on not in stay)
    return sorted(day for day in days if day and day < today)


def is_same(one: Terms, other: Terms) -> bool:
    """Whether two terms come to the same: as much of each item on each day, for the same prices, to the same place."""

    def plainly(terms: Terms) -> object:
        parts: dict[tuple[object, ...], Decimal] = {}
        for piece in terms.pieces:
            what = (piece.delivery_on, piece.price / piece.price_per, piece.item_number)
            parts[what] = parts.get(what, ZERO) + piece.quantity
        return parts

    return (plainly(one), one.ship_to, one.cancel) == (plainly(other), other.ship_to, other.cancel)


def kinds_of(old: Terms, new: Terms) -> tuple[str, ...]:
    """What a wish would alter, in the order in which people say it."""
    if new.cancel:
        return (ChangeKind.CANCEL,)
    before = merged((piece.quantity, piece.delivery_on) for piece in old.pieces)
    after = merged((piece.quantity, piece.delivery_on) for piece in new.pieces)
    prices = [{piece.price / piece.price_per for piece in terms.pieces} for terms in (old, new)]
    items = [{piece.item_number for piece in terms.pieces} for terms in (old, new)]
    splits, merges = len(after) > len(before), len(after) < len(before)
    found = (
        (ChangeKind.DATE, not (set(before) <= set(after) or set(after) <= set(before))),
        (ChangeKind.QUANTITY, old.quantity != new.quantity),
        (ChangeKind.PRICE, prices[0] != prices[1]),
        (ChangeKind.SPLIT, splits),
        (ChangeKind.MERGE, merges),
        (ChangeKind.SUBSTITUTE, items[0] != items[1]),
        (ChangeKind.SHIP_TO, old.ship_to != new.ship_to),
        # So much on one day, and the rest on the other: the days stay, their quantities do not.
        (ChangeKind.DATE, old.quantity == new.quantity and set(before) == set(after) and before != after),
    )
    kinds = tuple(dict.fromkeys(kind for kind, is_so in found if is_so))
    # The same days, quantities and prices otherwise paired: what is left to differ is what each costs.
    return kinds if kinds or is_same(old, new) else (ChangeKind.PRICE,)


# --- held against tolerances --------------------------------------------------------------------------------


def amount_of(terms: Terms) -> Fraction:
    """What a line costs under these terms, unrounded."""
    amounts = (exact_amount(piece.quantity, piece.price, piece.price_per) for piece in terms.pieces)
    return sum(amounts, start=Fraction(0))


def figures_of(before: Terms, after: Terms, paper: tuple[Fraction, Fraction] | None = None) -> list[Measured]:
    """A wish beside what was agreed, figure by figure, as tolerances compare it (domain.md §6).

    `paper` is what the whole order costs as agreed and as wished for, where a rule wants to know it. A cancellation,
    another place and another item are measured by no figure: they are `Measure.OTHER`, so a person decides.
    """
    figures = [Measured(Measure.QUANTITY, Fraction(before.quantity), Fraction(after.quantity))]
    days = merged((piece.quantity, piece.delivery_on) for piece in before.pieces)
    kept = merged((piece.quantity, piece.delivery_on) for piece in after.pieces)
    figures.append(Measured(Measure.DELIVERIES, Fraction(len(days)), Fraction(max(len(days), len(kept)))))
    amounts = amount_of(before), amount_of(after)
    figures.append(Measured(Measure.LINE_AMOUNT, *amounts))
    if paper and amounts[0] != amounts[1]:
        figures.append(Measured(Measure.DOCUMENT_AMOUNT, *paper))
    nothing, something = Fraction(0), Fraction(1)
    if after.cancel:
        figures.append(Measured(Measure.OTHER, nothing, something, code=ChangeKind.CANCEL.value))
    if before.ship_to != after.ship_to:
        figures.append(Measured(Measure.OTHER, nothing, something, code=ChangeKind.SHIP_TO.value))
    for number, piece, old in _unit_for_unit(before.pieces, after.pieces):
        if piece.item_number != old.item_number:
            figures.append(Measured(Measure.OTHER, nothing, something, number, ChangeKind.SUBSTITUTE.value))
        prices = [Fraction(one.price) / Fraction(one.price_per) for one in (old, piece)]
        figures.append(Measured(Measure.UNIT_PRICE, prices[0], prices[1], number))
        if piece.delivery_on and old.delivery_on:
            figures.append(Measured(Measure.DATE, old.delivery_on, piece.delivery_on, number))
        elif piece.delivery_on != old.delivery_on:
            figures.append(Measured(Measure.OTHER, nothing, something, number, "undated"))
    return list(dict.fromkeys(figures))


def _unit_for_unit(
    before: Sequence[TermPiece], after: Sequence[TermPiece]
) -> list[tuple[int, TermPiece, TermPiece]]:
    """Each delivery wished for (counted from 1) with each agreed one it takes units of. See Note [Unit for unit].

    What goes beyond all that was agreed is held against the last of it.
    """
    agreed = _by_day(before)
    numbered = sorted(enumerate(after, start=1), key=lambda one: one[1].delivery_on or date.max)
    found: list[tuple[int, TermPiece, TermPiece]] = []
    place, left = 0, agreed[0].quantity if agreed else ZERO
    for number, piece in numbered if agreed else ():
        wanted = piece.quantity
        while True:
            found.append((number, piece, agreed[place]))
            taken = min(wanted, left)
            wanted, left = wanted - taken, left - taken
            if left == ZERO and place + 1 < len(agreed):
                place, left = place + 1, agreed[place + 1].quantity
                if wanted > ZERO:
                    continue
            break
    return sorted(found, key=lambda one: one[0])


def refused_at_entry(verdict: Verdict, number: int, *, currency: str, unit: str) -> list[Problem]:
    """What the company's rules do not even let the other side see, each at its field with the way out."""
    return [
        Problem(
            f"{FIELD_OF[check.measured.measure]}.{max(0, check.measured.piece - 1)}",
            refusal_text(check, currency=currency, unit=unit),
            figure_text(check),
            "outside_tolerance",
            str(number),
        )
        for check in verdict.checks
        if check.outcome is Outcome.REFUSE
    ]


# --- what is agreed then ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Asked:
    """What the ERP asks for on a line: how much in all, for which price, and its deliveries (our key, their day)."""

    quantity: Decimal
    price: Decimal
    price_per: Decimal
    deliveries: tuple[tuple[int, date], ...]


def pieces_of(
    terms: Terms, asked: Asked, *, ship_to: int | None = None, reason: str = "", note: str = ""
) -> tuple[NewPiece, ...]:
    """The promises that terms come to. A line of which nothing is to come is refused as a whole, with the reason."""
    note = note[: LONGEST["note"]]
    standard = reason if reason in Reason.values else ""
    if not terms.pieces:
        return (
            NewPiece(
                schedule_key=asked.deliveries[0][0],
                kind=PromiseKind.REFUSE,
                quantity=asked.quantity,
                price=asked.price,
                price_per=asked.price_per,
                reason=standard or Reason.OTHER,
                note=note,
            ),
        )
    found: list[NewPiece] = []
    for piece, key in zip(terms.pieces, _delivery_keys(terms.pieces, asked), strict=True):
        found.append(
            NewPiece(
                schedule_key=key,
                kind=PromiseKind.SUBSTITUTE if piece.item_number else PromiseKind.ACCEPT,
                quantity=piece.quantity,
                price=piece.price,
                price_per=piece.price_per,
                delivery_on=piece.delivery_on,
                item_number=piece.item_number,
                item_description=piece.item_description,
                reason=standard,
                note=note,
                ship_to=ship_to,
            )
        )
    return tuple(found)


def _delivery_keys(pieces: Sequence[TermPiece], asked: Asked) -> list[int]:
    """Which delivery each piece answers: the one of its day, else the next that none answers yet, else the last."""
    free = list(asked.deliveries)
    keys: dict[int, int] = {}
    for index, piece in enumerate(pieces):
        if delivery := next((one for one in free if one[1] == piece.delivery_on), None):
            free.remove(delivery)
            keys[index] = delivery[0]
    rest = (index for index in range(len(pieces)) if index not in keys)
    last = asked.deliveries[-1][0]
    keys |= {index: free.pop(0)[0] if free else last for index in rest}
    return [keys[index] for index in range(len(pieces))]
