"""The fields of an answer: what is typed in, and what it means.

Note [Kept text]: a figure or a day that can be read is kept in one plain writing (1200.5, 2026-04-01), so that a
colleague who writes numbers another way finds the same number; what cannot be read, or is a slip of the keys that no
order can hold (31 June, forty digits), is kept exactly as it was typed. So a kept text that looks plain always is, and
showing it to anybody and reading it back loses nothing.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.datastructures import MultiValueDict
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from portal.kernel.errors import Problem
from portal.kernel.templatetags.portal_ui import day_text, figure, plain_figure
from portal.kernel.values import Unreadable, is_plausible, minor_units, read_date, read_decimal
from procurement.acknowledgments.messages import AnswerPiece, TypedHeader, TypedPiece
from procurement.acknowledgments.policies import Delivery, LineRules
from procurement.calendars.policies import delivery_on_from_ship, ship_on_from_delivery
from procurement.orders.policies import ZERO, plain
from procurement.orders.states import PromiseKind

FIGURES = ("quantity", "price")
DAYS = ("delivery_on", "ship_on")
FIELDS = tuple(field.name for field in fields(TypedPiece))
PLAIN_FIGURE = re.compile(r"-?\d{1,12}(\.\d{1,6})?", re.ASCII)
PLAIN_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
LIKE_A_DAY = re.compile(r"\d{4}-\d\d?-\d\d?|\d\d?([./])\s?\d\d?\1\s?\d{4}")
LONGEST = 2000
MOST_PIECES = 100

Pieces = tuple[TypedPiece, ...]


# --- from the page to what is kept --------------------------------------------------------------------------


def kept_text(name: str, text: str, language: str) -> str:
    """One field as it is kept: see Note [Kept text]."""
    text = one_line_end(text).strip()[:LONGEST]
    try:
        if name in FIGURES and text:
            figure_text = plain(read_decimal(text, language))
            return text if plain_amount(figure_text) is None else figure_text
        if name in DAYS and text:
            day = read_date(text)
            return day.isoformat() if is_plausible(day) else text
    except Unreadable:
        return text
    return "" if name == "kind" and text == PromiseKind.ACCEPT else text


def one_line_end(text: str) -> str:
    """Each line ends in one character, as browsers count against a longest length, and not in two as they send it."""
    return text.replace("\r\n", "\n")


def plain_amount(text: str) -> Decimal | None:
    """The figure a kept text holds; None where it holds something else, or more digits than an order has room for."""
    return Decimal(text) if PLAIN_FIGURE.fullmatch(text) else None


def plain_day(text: str) -> date | None:
    """The day a kept text holds; None where it holds something else, or a day that is in no calendar."""
    try:
        day = date.fromisoformat(text) if PLAIN_DAY.fullmatch(text) else None
    except ValueError:
        return None
    return day if day and is_plausible(day) else None


def kept(piece: TypedPiece, language: str) -> TypedPiece:
    """One piece as it is kept."""
    return TypedPiece(**{name: kept_text(name, text, language) for name, text in asdict(piece).items()})


def shown_text(name: str, text: str, currency: str = "") -> str:
    """A kept field as the reader of this page writes it."""
    if name in FIGURES and (amount := plain_amount(text)) is not None:
        if name == "price":
            return figure(amount, minor_units(currency)).replace("−", "-")
        return plain_figure(amount)
    if name in DAYS and (day := plain_day(text)):
        return shown_day(day)
    return text


def shown_day(day: date) -> str:
    """A day in plain words, where the reader's language has words that are read back as the same day."""
    words = day_text(day)
    try:
        return words if read_date(words) == day else day.isoformat()
    except Unreadable:
        return day.isoformat()


def field_name(name: str, line_key: str, piece: int) -> str:
    """What a field of the grid is called; the key may hold any character, dots included."""
    return f"{name}.{line_key}.{piece}"


def typed_lines(data: MultiValueDict[str, str], language: str) -> dict[str, Pieces]:
    """Every line whose fields were sent, with its pieces in their order."""
    found: dict[str, dict[int, dict[str, str]]] = {}
    for full_name in data:
        name, _dot, rest = full_name.partition(".")
        line_key, dot, number = rest.rpartition(".")
        if name in FIELDS and dot and number.isdecimal() and int(number) < MOST_PIECES:
            found.setdefault(line_key, {}).setdefault(int(number), {})[name] = str(data[full_name])
    return {
        line_key: tuple(kept(TypedPiece(**pieces[number]), language) for number in sorted(pieces))
        for line_key, pieces in found.items()
    }


def typed_header(data: MultiValueDict[str, str]) -> TypedHeader | None:
    """What was typed about the answer as a whole; None where the page did not send these fields."""
    names = [field.name for field in fields(TypedHeader)]
    if not any(name in data for name in names):
        return None
    return TypedHeader(**{name: one_line_end(data.get(name, "")).strip() for name in names})


# --- what is asked, as it stands in the fields --------------------------------------------------------------


def asked_pieces(rules: LineRules) -> Pieces:
    """The fields of a line nobody has touched: one piece for each delivery asked for."""
    several = len(rules.deliveries) > 1
    return tuple(
        TypedPiece(
            quantity=plain(delivery.quantity),
            delivery_on=delivery.delivery_on.isoformat(),
            price=plain(rules.price),
            schedule_key=str(delivery.key) if several else "",
        )
        for delivery in rules.deliveries
    )


def asked_then(rules: LineRules, paper_line: Mapping[str, Any]) -> Pieces:
    """The fields of an untouched line as an older revision asked for it."""
    schedules = paper_line["schedules"] or [paper_line]
    if len(schedules) != len(rules.deliveries):
        keys = [delivery.key for delivery in rules.deliveries] + list(range(1000, 1000 + len(schedules)))
    else:
        keys = [delivery.key for delivery in rules.deliveries]
    deliveries = tuple(
        Delivery(key, Decimal(one["quantity"]), date.fromisoformat(one["delivery_on"]))
        for key, one in zip(keys, schedules, strict=False)
    )
    return asked_pieces(replace(rules, price=Decimal(paper_line["price"]), deliveries=deliveries))


def same(pieces: Iterable[TypedPiece], others: Iterable[TypedPiece]) -> bool:
    """Whether two rows of fields say the same, whatever delivery keys they carry."""
    return [replace(piece, schedule_key="") for piece in pieces] == [
        replace(piece, schedule_key="") for piece in others
    ]


def carried(pieces: Pieces, before: Pieces, now: Pieces) -> Pieces:
    """What was typed against an older screen, carried to what is asked now.

    A field left as it was asked then is as asked now; a field that was changed keeps what was typed. Pieces that were
    added or removed stay as typed. The paper lists deliveries by day and the screen by our keys, so each piece is
    compared with the delivery it looks like, and carried to the one that has its key.
    """
    if sorted(map(_said, pieces)) == sorted(map(_said, before)):
        return now
    if not len(pieces) == len(before) == len(now):
        return pieces
    olds = _paired(pieces, before, ("quantity", "delivery_on"), ("delivery_on",), ("quantity",), ())
    news = _paired(pieces, now, ("schedule_key",), ())
    places = sorted(news, key=news.__getitem__)
    return tuple(_carry(pieces[index], before[olds[index]], now[news[index]]) for index in places)


def _carry(piece: TypedPiece, old: TypedPiece, new: TypedPiece) -> TypedPiece:
    if piece.kind:
        return piece
    untouched = [
        name for name in ("quantity", "delivery_on", "price") if getattr(piece, name) == getattr(old, name)
    ]
    return replace(piece, schedule_key=new.schedule_key, **{name: getattr(new, name) for name in untouched})


def _said(piece: TypedPiece) -> tuple[str, ...]:
    """All that a piece says, whatever delivery key it carries."""
    return tuple(value for name, value in asdict(piece).items() if name != "schedule_key")


def _paired(pieces: Pieces, others: Pieces, *alike: tuple[str, ...]) -> dict[int, int]:
    """Which of the others each piece is, by place: who agrees in the first fields first, at last in their order."""
    found: dict[int, int] = {}
    for names in alike:
        for index, piece in enumerate(pieces):
            for place, other in enumerate(others):
                free = index not in found and place not in found.values()
                if free and all(getattr(piece, name) == getattr(other, name) for name in names):
                    found[index] = place
    return found


# --- what it means ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Read:
    """The typed pieces of one line, read; with what could not be."""

    pieces: tuple[AnswerPiece, ...] = ()
    problems: tuple[Problem, ...] = ()


def read_line(rules: LineRules, typed: Sequence[TypedPiece], *, transit_days: int | None = 0) -> Read:
    """Read kept fields. A ship date alone becomes a delivery date by the days of travel, where they are known."""
    problems: list[Problem] = []
    pieces = [_read_piece(rules, piece, index, problems, transit_days) for index, piece in enumerate(typed)]
    return Read(tuple(pieces), tuple(problems))


def _read_piece(
    rules: LineRules, typed: TypedPiece, index: int, problems: list[Problem], transit_days: int | None
) -> AnswerPiece:
    def say(name: str, message: str, code: str = "invalid") -> None:
        problems.append(Problem(f"{name}.{index}", message, getattr(typed, name), code, str(rules.number)))

    kind = typed.kind or PromiseKind.ACCEPT
    quantity = plain_amount(typed.quantity)
    if quantity is None:
        if typed.quantity:
            message = _("“%(text)s” is not a number. Type digits only.")
            say("quantity", _too_long(typed.quantity) or message % {"text": typed.quantity})
        else:
            message = (
                _("Type how many %(unit)s, or remove this piece.") if index else _("Type how many %(unit)s.")
            )
            say("quantity", message % {"unit": rules.unit}, "required")
    price = plain_amount(typed.price)
    if price is None and kind != PromiseKind.REFUSE:
        if typed.price:
            example = figure(Decimal("1234.56"))
            message = _("“%(text)s” is not a price here. Write it as %(example)s.")
            say("price", _too_long(typed.price) or message % {"text": typed.price, "example": example})
        else:
            message = _("Type a price. Asked is %(price)s.")
            say("price", message % {"price": shown_text("price", plain(rules.price))}, "required")
    ship_on, delivery_on = plain_day(typed.ship_on), plain_day(typed.delivery_on)
    if typed.ship_on and ship_on is None:
        say("ship_on", _no_day(typed.ship_on))
    if typed.delivery_on and delivery_on is None:
        say("delivery_on", _no_day(typed.delivery_on))
    if not typed.delivery_on and kind in (PromiseKind.ACCEPT, PromiseKind.SUBSTITUTE):
        if ship_on and transit_days is not None:
            delivery_on = delivery_on_from_ship(ship_on, transit_days)
        elif not typed.ship_on:
            message = _("Give a delivery date. Asked is %(day)s.")
            say("delivery_on", message % {"day": day_text(rules.deliveries[0].delivery_on)}, "required")
    key = typed.schedule_key
    refused = kind == PromiseKind.REFUSE
    return AnswerPiece(
        quantity=ZERO if quantity is None else quantity,
        kind=kind,
        delivery_on=None if refused else delivery_on,
        ship_on=None if refused else ship_on,
        price=None if refused else price,
        schedule_key=int(key) if key.isdecimal() and len(key) < 10 else None,
        item_number=typed.item_number if kind == PromiseKind.SUBSTITUTE else "",
        item_description=typed.item_description if kind == PromiseKind.SUBSTITUTE else "",
        reason=typed.reason,
        note=typed.note,
    )


def _too_long(text: str) -> str:
    """What to say of a number that was kept as typed because no order has room for its digits; else nothing."""
    try:
        read_decimal(text, get_language() or "en")
    except Unreadable:
        return ""
    message = _("“%(text)s” has too many digits: at most 12 before and 6 after the decimal sign.")
    return message % {"text": text[:40]}


def _no_day(text: str) -> str:
    """What to say of a day that cannot be one: it is written clearly and in no calendar, or it is not clear."""
    try:
        date.fromisoformat(text)  # a real day, only of a year in which nobody delivers
    except ValueError:
        looks_clear = re.fullmatch(r"\d{4}-\d\d?-\d\d?|\d\d?\.\s?\d\d?\.\s?(\d{4}|\d\d)", text)
    else:
        looks_clear = None
    if looks_clear:
        return _("There is no day “%(text)s” in the calendar.") % {"text": text}
    return _("“%(text)s” is not a clear day. Write it as 2026-04-09.") % {"text": text}


# --- what the buttons of a line do to its pieces ------------------------------------------------------------


def rest_of(rules: LineRules, pieces: Iterable[TypedPiece]) -> Decimal:
    """How much of the line is in no piece yet; negative when the pieces hold too much."""
    return rules.quantity - sum((plain_amount(piece.quantity) or ZERO for piece in pieces), start=ZERO)


def add_piece(rules: LineRules, pieces: Pieces, kind: str = "") -> Pieces:
    """One more piece, with what is in none yet; the day and the price are those of the last one."""
    rest = rest_of(rules, pieces)
    last = pieces[-1] if pieces else asked_pieces(rules)[0]
    dated = kind != PromiseKind.BACKORDER
    piece = TypedPiece(
        kind=kind,
        quantity=plain(rest) if rest > ZERO else "",
        delivery_on=last.delivery_on if dated else "",
        price=last.price or plain(rules.price),
        schedule_key=last.schedule_key,
    )
    return (*pieces, piece)


def drop_piece(rules: LineRules, pieces: Pieces, number: int) -> Pieces:
    """Without this piece; what is left when only one is left takes the whole quantity."""
    left = tuple(piece for index, piece in enumerate(pieces) if index != number)
    if len(left) == 1 and len(pieces) > 1:
        return (replace(left[0], quantity=plain(rules.quantity)),)
    return left


def refuse_line(rules: LineRules, pieces: Pieces) -> Pieces:
    """Nothing of the line is promised; a reason is still owed."""
    reason = pieces[0].reason if pieces else ""
    return (TypedPiece(kind=PromiseKind.REFUSE, quantity=plain(rules.quantity), reason=reason),)


def substitute_line(rules: LineRules, pieces: Pieces) -> Pieces:
    """Another item instead: of the one piece, or as one more piece of a split line."""
    if len(pieces) == 1:
        asked = asked_pieces(rules)[0]
        day = pieces[0].delivery_on or asked.delivery_on
        price = pieces[0].price or asked.price
        kind = PromiseKind.SUBSTITUTE
        return (replace(pieces[0], kind=kind, reason="", delivery_on=day, price=price),)
    return add_piece(rules, pieces, PromiseKind.SUBSTITUTE)


def with_ship_dates(pieces: Pieces, transit_days: int | None) -> Pieces:
    """Each piece with the last day on which it must leave to arrive as promised, where the way is known."""
    if transit_days is None:
        return pieces
    return tuple(
        replace(piece, ship_on=ship_on_from_delivery(day, transit_days).isoformat())
        if (day := plain_day(piece.delivery_on)) and not piece.ship_on and piece.kind != PromiseKind.REFUSE
        else piece
        for piece in pieces
    )


def fit_pieces(rules: LineRules, pieces: Pieces) -> Pieces:
    """Make the pieces add up by changing the first one that can take it."""
    rest = rest_of(rules, pieces)
    for index, piece in enumerate(pieces):
        quantity = plain_amount(piece.quantity)
        if quantity is not None and quantity + rest > ZERO:
            fitted = replace(piece, quantity=plain(quantity + rest))
            return (*pieces[:index], fitted, *pieces[index + 1 :])
    return pieces


def set_day(pieces: Pieces, day: str) -> Pieces:
    """Every piece that is promised, on this day."""
    return tuple(
        piece if piece.kind == PromiseKind.REFUSE else replace(piece, delivery_on=day, ship_on="")
        for piece in pieces
    )


# --- a column, or a few, pasted from a spreadsheet ----------------------------------------------------------

HEADS = {
    "line": ("line", "no", "nr", "pos", "position", "zeile", "#"),
    "quantity": ("quantity", "qty", "menge", "pcs"),
    "delivery_on": (
        "delivery",
        "date",
        "delivery date",
        "day",
        "termin",
        "lieferung",
        "liefertermin",
        "datum",
    ),
    "price": ("price", "unit price", "preis", "stückpreis"),
}
MOST_ROWS = 5000


@dataclass(frozen=True, slots=True)
class Pasted:
    """What was read from a paste: the pieces by line key, and what could not be used, row by row."""

    lines: dict[str, Pieces]
    problems: tuple[str, ...]


def read_paste(
    text: str, lines: Sequence[tuple[str, int, LineRules]], current: Mapping[str, Pieces], language: str
) -> Pasted:
    """Read rows pasted from a spreadsheet onto lines (key, number, rules) that wait for an answer.

    A single column goes down the lines as they stand; with several, the first holds the line's number. A row of heads
    says what the others are; without one, a day is a delivery and figures are quantity, then price.
    """
    rows = [
        [cell.strip() for cell in row.split("\t")] for row in text.splitlines()[:MOST_ROWS] if row.strip()
    ]
    columns = _heads(rows[0]) if rows else None
    if columns:
        rows = rows[1:]
    by_number = {str(number): (key, rules) for key, number, rules in lines}
    found: dict[str, Pieces] = {}
    problems: list[str] = []
    for place, row in enumerate(rows):
        cells, target = list(row), None
        if columns and "line" in columns:
            index = columns.index("line")
            target = by_number.get(_whole(cells[index]) if index < len(cells) else "")
            named = [
                (name, cell) for name, cell in zip(columns, cells, strict=False) if name not in ("line", "")
            ]
        elif len(cells) == 1:
            target = (lines[place][0], lines[place][2]) if place < len(lines) else None
            named = _guess(cells, columns, language)
        else:
            target = by_number.get(_whole(cells[0]))
            named = _guess(cells[1:], None, language)
        if target is None:
            message = _("Row %(row)d (%(text)s): no line of this number waits for an answer.")
            problems.append(message % {"row": place + 1 + bool(columns), "text": " · ".join(row)[:60]})
            continue
        key, rules = target
        before = found.get(key) or current.get(key) or asked_pieces(rules)
        if len(before) > 1 or any(piece.kind for piece in before):
            before = asked_pieces(rules)[:1]
            before = (replace(before[0], quantity=plain(rules.quantity)),)
        values = {name: kept_text(name, cell, language) for name, cell in named if cell}
        found[key] = (replace(before[0], **values),)
    return Pasted(found, tuple(problems))


def _heads(cells: Sequence[str]) -> list[str] | None:
    names = [
        next((name for name, words in HEADS.items() if cell.lower().strip(" .:") in words), "")
        for cell in cells
    ]
    return names if any(names) else None


def _whole(text: str) -> str:
    return text.removesuffix(".0").lstrip("0") or text


def _guess(cells: Sequence[str], columns: Sequence[str] | None, language: str) -> list[tuple[str, str]]:
    if columns:
        return [(name, cell) for name, cell in zip(columns, cells, strict=False) if name]
    named: list[tuple[str, str]] = []
    free = ["quantity", "price"]
    for cell in cells:
        # A day that does not exist is still meant as one: its field is the place to say so.
        if plain_day(kept_text("delivery_on", cell, language)) or LIKE_A_DAY.fullmatch(cell):
            named.append(("delivery_on", cell))
        elif cell and free:
            named.append((free.pop(0), cell))
    return named
