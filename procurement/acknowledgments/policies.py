"""When an answer to a line can stand: the rules at the field (domain.md §5.8, §5.9), without a database.

Every broken rule is told at once, each with its field, its value and the way out.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Protocol

from django.utils.translation import gettext as _

from portal.kernel.errors import Problem
from portal.kernel.values import decimals_of
from procurement.acknowledgments.messages import AnswerPiece
from procurement.orders.policies import ZERO, NewPiece, merged, plain
from procurement.orders.states import PromiseKind, Reason
from procurement.tolerances.messages import Check, Measure, Measured, Outcome, Verdict
from procurement.tolerances.presenters.sentences import figure_text, refusal_text

LONGEST = {"item_number": 60, "item_description": 300, "note": 2000, "supplier_reference": 60}
FARTHEST = timedelta(days=5 * 366)
HIGHEST_PRICE = Decimal(10) ** 9
PRICE_DECIMALS = 6


class Say(Protocol):
    """Notes one problem of a piece."""

    def __call__(self, name: str, value: object, message: str, code: str = "invalid") -> None: ...


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery asked for, with our key."""

    key: int
    quantity: Decimal
    delivery_on: date


@dataclass(frozen=True, slots=True)
class LineRules:
    """What the rules must know of a line and its item."""

    number: int
    quantity: Decimal
    unit: str
    unit_decimals: int
    price: Decimal
    price_per: Decimal
    deliveries: tuple[Delivery, ...]
    minimum_quantity: Decimal | None = None
    pack_quantity: Decimal | None = None


def as_asked(rules: LineRules) -> tuple[NewPiece, ...]:
    """The line exactly as it is asked: one piece for each delivery."""
    return tuple(
        NewPiece(
            schedule_key=delivery.key,
            kind=PromiseKind.ACCEPT,
            quantity=delivery.quantity,
            price=rules.price,
            price_per=rules.price_per,
            delivery_on=delivery.delivery_on,
        )
        for delivery in rules.deliveries
    )


def price_for(price: Decimal, price_per: Decimal, wanted_per: Decimal) -> Decimal | None:
    """The same price for another number of units: 70 per 10 is 7 per 1. None where no price says it exactly."""
    steps = Fraction(price) / Fraction(price_per) * Fraction(wanted_per) * 10**PRICE_DECIMALS
    return Decimal(steps.numerator).scaleb(-PRICE_DECIMALS) if steps.denominator == 1 else None


def price_text(price: Decimal, price_per: Decimal) -> str:
    """A price that no field of the line can hold, in words: what a person reads and types anew."""
    return _("%(price)s per %(count)s") % {"price": plain(price), "count": plain(price_per)}


def read_answer(
    rules: LineRules, pieces: Sequence[AnswerPiece], *, today: date, transit_days: int | None = 0
) -> tuple[tuple[NewPiece, ...], list[Problem]]:
    """Check the pieces of one line and fill in what was left out; returns them with every problem found.

    `today` is the date where the supplier is. `transit_days` turn a ship date into a delivery date and back; None
    means that they depend on a place that nobody named.
    """
    problems: list[Problem] = []
    if not pieces:
        return as_asked(rules), problems
    if len(pieces) == 1 and pieces[0].quantity is None:
        pieces = [replace(pieces[0], quantity=_whole(rules, pieces[0].schedule_key))]
    made = [
        _read_piece(rules, piece, index, problems, today, transit_days) for index, piece in enumerate(pieces)
    ]
    if not problems:
        made = _place(rules, made)
        problems += _adds_up(rules, made)
    return tuple(made), problems


def _whole(rules: LineRules, schedule_key: int | None) -> Decimal:
    """All of the delivery that a piece names, or of the line."""
    named = (one.quantity for one in rules.deliveries if one.key == schedule_key)
    return next(named, rules.quantity)


def _read_piece(
    rules: LineRules,
    piece: AnswerPiece,
    index: int,
    problems: list[Problem],
    today: date,
    transit_days: int | None,
) -> NewPiece:
    def say(name: str, value: object, message: str, code: str = "invalid") -> None:
        problems.append(Problem(f"{name}.{index}", message, str(value), code, str(rules.number)))

    quantity = ZERO if piece.quantity is None else piece.quantity
    _check_quantity(rules, piece.quantity, say)
    _check_texts(piece, say)
    if piece.kind not in PromiseKind.values:
        say("kind", piece.kind, _("Choose promise, backorder, substitute or refuse."))
    if piece.kind == PromiseKind.REFUSE:
        if piece.reason not in Reason.values:
            say("reason", piece.reason, _("Say why the line is refused: choose a reason."), "required")
        return NewPiece(
            schedule_key=piece.schedule_key or 0,
            kind=piece.kind,
            quantity=quantity,
            price=rules.price,
            price_per=rules.price_per,
            reason=piece.reason,
            note=piece.note,
            row=index,
        )
    if piece.reason and piece.reason not in Reason.values:
        say("reason", piece.reason, _("This reason is not on the list."))
    if piece.kind == PromiseKind.SUBSTITUTE and not piece.item_number.strip():
        say("item_number", "", _("Name the item you offer instead, as you call it."), "required")
    if transit_days is None and piece.ship_on and not piece.delivery_on:
        message = _(
            "When it arrives depends on the place it leaves, and you ship from several: name the place, or give the "
            "delivery date too."
        )
        say("ship_on", piece.ship_on, message, "place_required")
    ship_on, delivery_on = _days(rules, piece, transit_days or 0)
    _check_days(piece, ship_on, delivery_on, today, say)
    price = rules.price if piece.price is None else piece.price
    price_per = rules.price_per if piece.price_per is None else piece.price_per
    _check_price(rules, price, price_per, say)
    return NewPiece(
        schedule_key=piece.schedule_key or 0,
        kind=piece.kind,
        quantity=quantity,
        price=price,
        price_per=price_per,
        delivery_on=delivery_on,
        ship_on=ship_on,
        item_number=piece.item_number.strip(),
        item_description=piece.item_description.strip(),
        reason=piece.reason,
        note=piece.note,
        row=index,
    )


def check_header(supplier_reference: str, note: str) -> list[Problem]:
    """What is wrong with what is said about an answer as a whole."""
    texts = {"supplier_reference": supplier_reference.strip(), "note": note.strip()}
    said = ((name, text, too_long(name, text)) for name, text in texts.items())
    return [Problem(name, message, text[:100], "too_long") for name, text, message in said if message]


def too_long(name: str, text: str) -> str:
    """The sentence for a text that is longer than can be kept; empty where it fits. Nothing is ever cut in silence."""
    if len(text) <= LONGEST[name]:
        return ""
    message = _("At most %(most)d characters fit here, and this has %(count)d. Shorten it.")
    return message % {"most": LONGEST[name], "count": len(text)}


def _check_texts(piece: AnswerPiece, say: Say) -> None:
    for name in ("item_number", "item_description", "note"):
        text = getattr(piece, name).strip()
        if message := too_long(name, text):
            say(name, text[:100], message, "too_long")


def _check_quantity(rules: LineRules, quantity: Decimal | None, say: Say) -> None:
    if quantity is None:
        message = _("Say how many %(unit)s: only a line answered in one piece may leave it out.")
        say("quantity", "", message % {"unit": rules.unit}, "required")
    elif quantity <= ZERO:
        say("quantity", quantity, _("A quantity must be more than zero. To promise nothing, refuse."))
    elif decimals_of(quantity) > rules.unit_decimals:
        message = _("A quantity in %(unit)s has at most %(count)d decimals.")
        say("quantity", quantity, message % {"unit": rules.unit, "count": rules.unit_decimals})


def _days(rules: LineRules, piece: AnswerPiece, transit_days: int) -> tuple[date | None, date | None]:
    travel = timedelta(days=transit_days)
    ship_on, delivery_on = piece.ship_on, piece.delivery_on
    if delivery_on is None and ship_on is not None:
        return ship_on, ship_on + travel
    if delivery_on is None and piece.kind != PromiseKind.BACKORDER:
        asked = next((one for one in rules.deliveries if one.key == piece.schedule_key), rules.deliveries[0])
        return ship_on, asked.delivery_on
    return ship_on, delivery_on


def _check_days(
    piece: AnswerPiece, ship_on: date | None, delivery_on: date | None, today: date, say: Say
) -> None:
    # The asked day may lie in the past already; what the supplier typed itself may not.
    if piece.delivery_on and piece.delivery_on < today:
        say("delivery_on", piece.delivery_on, _("This day has passed. Promise today or a later day."))
    if piece.delivery_on and piece.delivery_on > today + FARTHEST:
        say("delivery_on", piece.delivery_on, _("This day is more than five years away. Check the year."))
    if piece.ship_on and piece.ship_on < today:
        say("ship_on", piece.ship_on, _("This day has passed. Ship today or on a later day."))
    if ship_on and delivery_on and ship_on > delivery_on:
        say("ship_on", ship_on, _("Goods cannot leave after they arrive. Check both dates."))


def _check_price(rules: LineRules, price: Decimal, price_per: Decimal, say: Say) -> None:
    # What is asked for free of charge is promised so; nothing else is given away by a slip of the hand.
    is_free = price == rules.price == ZERO
    if (price <= ZERO and not is_free) or price_per <= ZERO:
        say("price", price, _("A price must be more than zero."))
    elif price > HIGHEST_PRICE:
        say("price", price, _("This price is too high to be meant. Check the decimal sign."))
    elif decimals_of(price) > PRICE_DECIMALS:
        message = _("A price has at most %(count)d decimals.") % {"count": PRICE_DECIMALS}
        say("price", price, message)


def _place(rules: LineRules, pieces: Sequence[NewPiece]) -> list[NewPiece]:
    """Let each piece answer one delivery: the one it names, else the one on its day, else the earliest not yet filled.

    Who types rarely thinks in deliveries: what is more than its delivery takes fills the others by the same rule, as a
    piece of its own that says the same.
    """
    room = {delivery.key: delivery.quantity for delivery in rules.deliveries}
    placed: list[NewPiece] = []
    left: list[NewPiece] = []
    for piece in pieces:
        left += _fill(piece, [piece.schedule_key] if piece.schedule_key in room else [], room, placed)
    for piece in left:
        same_day = [one.key for one in rules.deliveries if one.delivery_on == piece.delivery_on]
        # What fits nowhere is too much for the line, and told so.
        placed += _fill(piece, [*same_day, *room], room, placed)
    return sorted(placed, key=lambda piece: piece.schedule_key)


def _fill(
    piece: NewPiece, keys: Sequence[int], room: dict[int, Decimal], placed: list[NewPiece]
) -> list[NewPiece]:
    """Put a piece into these deliveries as far as they have room; returns what is left of it."""
    left = piece.quantity
    for key in keys:
        if part := min(left, room[key]):
            placed.append(replace(piece, schedule_key=key, quantity=part))
            room[key] -= part
            left -= part
    return [replace(piece, quantity=left)] if left else []


def _adds_up(rules: LineRules, pieces: Sequence[NewPiece]) -> list[Problem]:
    total = sum((piece.quantity for piece in pieces), start=ZERO)
    if total == rules.quantity:
        return []
    values = {
        "sum": plain(total),
        "asked": plain(rules.quantity),
        "unit": rules.unit,
        "rest": plain(abs(rules.quantity - total)),
    }
    if total < rules.quantity:
        message = _(
            "The pieces add up to %(sum)s of %(asked)s %(unit)s. Promise the other %(rest)s %(unit)s, put them on "
            "backorder, or refuse them."
        )
    else:
        message = _(
            "The pieces add up to %(sum)s, that is %(rest)s %(unit)s more than the %(asked)s asked for. Lower a "
            "piece."
        )
    return [Problem("quantity.0", message % values, plain(total), "does_not_add_up", str(rules.number))]


@dataclass(frozen=True, slots=True)
class Difference:
    """How a promise differs from what is asked, in figures a person compares."""

    days_late: int = 0
    short: Decimal = ZERO
    price_change: Decimal = ZERO
    split: bool = False
    substitute: bool = False
    backorder: bool = False
    refused: Decimal = ZERO

    @property
    def is_none(self) -> bool:
        return self == Difference()


def difference(rules: LineRules, pieces: Sequence[NewPiece]) -> Difference:
    """Compare an answer with what is asked. `days_late` is of the last piece, negative when all come early;
    `price_change` is per one unit, against the asked price."""
    standing = [piece for piece in pieces if piece.kind != PromiseKind.REFUSE]
    refused = sum((piece.quantity for piece in pieces if piece.kind == PromiseKind.REFUSE), start=ZERO)
    if not standing:
        return Difference(refused=refused)
    asked_last = max(delivery.delivery_on for delivery in rules.deliveries)
    days = [piece.delivery_on for piece in standing if piece.delivery_on]
    asked_days = merged((one.quantity, one.delivery_on) for one in rules.deliveries)
    promised_days = merged((piece.quantity, piece.delivery_on) for piece in standing)
    return Difference(
        days_late=(max(days) - asked_last).days if days else 0,
        short=rules.quantity - sum((piece.quantity for piece in standing), start=ZERO) - refused,
        price_change=max(
            (piece.price / piece.price_per - rules.price / rules.price_per for piece in standing), key=abs
        ),
        split=len(promised_days) > len(asked_days),
        substitute=any(piece.kind == PromiseKind.SUBSTITUTE for piece in standing),
        backorder=any(piece.kind == PromiseKind.BACKORDER for piece in standing),
        refused=refused,
    )


def hints(rules: LineRules, pieces: Sequence[NewPiece]) -> list[str]:
    """What a supplier may want to know before sending: below its own minimum, not a whole number of packs."""
    found: list[str] = []
    for piece in pieces:
        if piece.kind == PromiseKind.REFUSE:
            continue
        if rules.minimum_quantity and piece.quantity < rules.minimum_quantity:
            message = _("%(quantity)s %(unit)s is below the minimum of %(minimum)s.")
            values = {"minimum": plain(rules.minimum_quantity)}
            found.append(message % {"quantity": plain(piece.quantity), "unit": rules.unit, **values})
        pack = rules.pack_quantity
        if pack and piece.quantity % pack:
            low = piece.quantity // pack * pack
            message = _("Not a whole number of packs of %(pack)s: %(low)s or %(high)s would be.")
            values = {"pack": plain(pack), "low": plain(low), "high": plain(low + pack)}
            found.append(message % values)
    return found


# --- held against tolerances --------------------------------------------------------------------------------


def exact_amount(quantity: Decimal, price: Decimal, price_per: Decimal) -> Fraction:
    """What so many units cost, unrounded: a line in three pieces costs what it costs in one."""
    return Fraction(quantity) * Fraction(price) / Fraction(price_per)


def asked_amount(rules: LineRules) -> Fraction:
    """What the line costs as it is asked."""
    return exact_amount(rules.quantity, rules.price, rules.price_per)


def promised_amount(pieces: Sequence[NewPiece]) -> Fraction:
    """What the line would cost as it is promised; what is refused costs nothing."""
    amounts = (
        exact_amount(piece.quantity, piece.price, piece.price_per)
        for piece in pieces
        if piece.kind != PromiseKind.REFUSE
    )
    return sum(amounts, start=Fraction(0))


def figures_of(
    rules: LineRules, pieces: Sequence[NewPiece], paper: tuple[Fraction, Fraction] | None = None
) -> list[Measured]:
    """An answer to a line beside what is asked, figure by figure, as tolerances compare it.

    Each piece is held against the delivery it answers, the line against what it asks in all. `paper` are the asked and
    the promised amount of the whole order, where a rule wants to know them.
    """
    asked = {delivery.key: delivery.delivery_on for delivery in rules.deliveries}
    standing = [piece for piece in pieces if piece.kind != PromiseKind.REFUSE]
    promised = sum((piece.quantity for piece in standing), start=ZERO)
    figures = [Measured(Measure.QUANTITY, Fraction(rules.quantity), Fraction(promised))]
    if standing:
        days = merged((one.quantity, one.delivery_on) for one in rules.deliveries)
        kept = merged((piece.quantity, piece.delivery_on) for piece in standing)
        figures.append(Measured(Measure.DELIVERIES, Fraction(len(days)), Fraction(max(len(days), len(kept)))))
    before, after = asked_amount(rules), promised_amount(pieces)
    figures.append(Measured(Measure.LINE_AMOUNT, before, after))
    if paper and before != after:
        figures.append(Measured(Measure.DOCUMENT_AMOUNT, *paper))
    price = Fraction(rules.price) / Fraction(rules.price_per)
    for number, piece in enumerate(pieces, start=1):
        if piece.kind == PromiseKind.REFUSE:
            continue
        if piece.kind != PromiseKind.ACCEPT:
            code = piece.kind if piece.delivery_on else "undated"
            figures.append(Measured(Measure.OTHER, Fraction(0), Fraction(1), number, code))
        promise = Fraction(piece.price) / Fraction(piece.price_per)
        figures.append(Measured(Measure.UNIT_PRICE, price, promise, number))
        if piece.delivery_on:
            on = asked.get(piece.schedule_key, rules.deliveries[0].delivery_on)
            figures.append(Measured(Measure.DATE, on, piece.delivery_on, number))
    return figures


def is_apart(rules: LineRules, pieces: Sequence[NewPiece]) -> bool:
    """Whether any figure of an answer differs from what is asked."""
    return any(figure.deviation for figure in figures_of(rules, pieces))


# The field a person changes where a rule refuses a figure.
FIELD_OF = {
    Measure.DATE: "delivery_on",
    Measure.UNIT_PRICE: "price",
    Measure.LINE_AMOUNT: "price",
    Measure.DOCUMENT_AMOUNT: "price",
    Measure.QUANTITY: "quantity",
    Measure.DELIVERIES: "quantity",
}


def refused_at_entry(
    rules: LineRules, pieces: Sequence[NewPiece], verdict: Verdict, currency: str
) -> list[Problem]:
    """What the company's rules do not even let a buyer see, each at the field it was typed in, with the way out."""
    problems = [
        Problem(
            f"{FIELD_OF[check.measured.measure]}.{_row_of(check, pieces)}",
            refusal_text(check, currency=currency, unit=rules.unit),
            figure_text(check),
            "outside_tolerance",
            str(rules.number),
        )
        for check in verdict.checks
        if check.outcome is Outcome.REFUSE
    ]
    # What was typed once and fills two deliveries is refused once.
    return list(dict.fromkeys(problems))


def _row_of(check: Check, pieces: Sequence[NewPiece]) -> int:
    piece = check.measured.piece
    return pieces[piece - 1].row if piece else 0


def agreed_pieces(verdict: Verdict, count: int) -> frozenset[int]:
    """The pieces, counted from 1, that rules agree to at once."""
    return frozenset(piece for piece in range(1, count + 1) if verdict.outcome_of(piece) < Outcome.ASK)
