"""A case on the screen: three columns with what differs stressed, the ways out, what is to be keyed in."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from portal.kernel.templatetags.portal_ui import day_text, figure, price
from procurement.erp.cases import CaseLine, Choice, Keying, Moved, decided_deliveries
from procurement.erp.content import canonical_decimal
from procurement.erp.policies import standing_pieces
from procurement.erp.ports import WriteField
from procurement.erp.states import CommandState


@dataclass(frozen=True, slots=True)
class Part:
    """One figure in a column; `stressed` where it is not the one beside it."""

    text: str
    stressed: bool = False


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One line of a command in three columns."""

    number: int
    decided: Sequence[Part]
    now: Sequence[Part]
    wanted: Sequence[Part]
    note: str


def case_rows(lines: Iterable[CaseLine], currency: str) -> list[CaseRow]:
    """The lines of a case, each column figure by figure."""
    return [
        CaseRow(
            line.number,
            tuple(_decided(line, currency)),
            tuple(_now(line, currency)),
            tuple(_wanted(line, currency)),
            _note(line),
        )
        for line in lines
    ]


def _decided(line: CaseLine, currency: str) -> Iterator[Part]:
    wish = line.wanted
    yield Part(figure(wish.base_quantity))
    yield from (Part(text) for text in _days(sorted(decided_deliveries(wish).items())))
    yield Part(str(price(wish.base_price, currency, wish.base_price_per)))


def _now(line: CaseLine, currency: str) -> Iterator[Part]:
    wish, held = line.wanted, line.now
    if held is None or held.gone:
        yield Part(_("line is gone"), stressed=True)
        return
    if held.closed:
        yield Part(_("closed: nothing more is expected"), stressed=True)
    yield Part(figure(held.quantity), held.quantity != wish.base_quantity)
    decided = decided_deliveries(wish)
    moved = _days_differ(held.deliveries, decided)
    yield from (Part(text, moved) for text in _days(sorted(held.deliveries.items())))
    dearer = held.price * wish.base_price_per != wish.base_price * held.price_per
    yield Part(str(price(held.price, currency, held.price_per)), dearer)
    if any(piece.item_number for piece in wish.pieces):
        yield Part(held.item_number)
    if any(piece.ship_to for piece in wish.pieces):
        yield Part(held.ship_to)


def _wanted(line: CaseLine, currency: str) -> Iterator[Part]:
    held = line.now if line.now is not None and not line.now.gone else None
    pieces = standing_pieces(line.wanted)
    refused = sum((piece.quantity for piece in line.wanted.pieces if piece not in pieces), Decimal(0))
    if pieces:
        quantity = sum((piece.quantity for piece in pieces), Decimal(0))
        yield Part(figure(quantity), held is None or quantity != held.quantity)
        dated = [(piece.delivery_on, piece.quantity) for piece in pieces]
        moved = held is None or _days_differ(dict(_added(dated)), held.deliveries)
        yield from (Part(text, moved) for text in _days(_added(dated)))
        for amount, per in dict.fromkeys((piece.price, piece.price_per) for piece in pieces):
            dearer = held is None or amount * held.price_per != held.price * per
            yield Part(str(price(amount, currency, per)), dearer)
        for item in dict.fromkeys(piece.item_number for piece in pieces if piece.item_number):
            yield Part(item, held is None or item != held.item_number)
        for place in dict.fromkeys(piece.ship_to for piece in pieces if piece.ship_to):
            yield Part(place, held is None or place != held.ship_to)
    if refused:
        yield Part(_("%(n)s will not come") % {"n": figure(refused)}, stressed=True)


def _days_differ(one: Mapping[Any, Decimal], other: Mapping[Any, Decimal]) -> bool:
    """Whether the days differ; how much comes is compared only where it is spread over several."""
    return set(one) != set(other) if len(one) == len(other) == 1 else dict(one) != dict(other)


Dated = Sequence[tuple[date | None, Decimal]]


def _added(dated: Dated) -> list[tuple[date | None, Decimal]]:
    """Pieces of one day together, those without a day last."""
    found: dict[date | None, Decimal] = {}
    for day, quantity in dated:
        found[day] = found.get(day, Decimal(0)) + quantity
    return sorted(found.items(), key=lambda one: (one[0] is None, one[0]))


def _days(dated: Dated) -> list[str]:
    """A day; or where there are several, how much on each."""
    words = [day_text(day) if day else _("no day yet") for day, _quantity in dated]
    if len(dated) == 1:
        return words
    return [f"{figure(quantity)} · {word}" for word, (_day, quantity) in zip(words, dated, strict=True)]


def _note(line: CaseLine) -> str:
    if line.is_with_buyer:
        return _("answered anew, waits for the buyer")
    if not line.is_agreed:
        return _("no longer agreed like this")
    if not line.takes_promises:
        return _("nothing more is to come")
    return ""


# --- the ways out


@dataclass(frozen=True, slots=True)
class WayOut:
    """One choice: its words, what it does, and why it is not there, if it is not."""

    choice: str
    title: str
    text: str
    verb: str
    why_not: str

    @property
    def is_there(self) -> bool:
        return not self.why_not


def ways_out_words(choices: Mapping[Choice, str], state: str) -> list[WayOut]:
    """The ways out in words, in the order in which one thinks of them."""
    return [
        WayOut(choice, *_words(choice, state), why_not=choices[choice])
        for choice in Choice
        if choice in choices
    ]


def _words(choice: Choice, state: str) -> tuple[str, str, str]:
    if choice is Choice.WRITE and state == CommandState.CONFLICT:
        return (
            _("Write ours over theirs"),
            _(
                "What is still agreed is sent again, on what the ERP holds now. "
                "Whoever changed it there is overwritten."
            ),
            _("Write ours"),
        )
    if choice is Choice.WRITE and state == CommandState.TO_KEY:
        return (
            _("Try by machine again"),
            _("For when the connection has learned to write it meanwhile; otherwise it comes back here."),
            _("Try again"),
        )
    if choice is Choice.WRITE:
        return (
            _("Send it again"),
            _("What is still agreed is sent again, on what the ERP holds now."),
            _("Send again"),
        )
    if choice is Choice.KEEP:
        return (
            _("Keep the ERP’s values"),
            _(
                "What was agreed stands no longer. The supplier is asked whether it can do what the ERP says, where "
                "anything is left to promise."
            ),
            _("Keep theirs"),
        )
    if choice is Choice.ASK:
        return (
            _("Ask the supplier again"),
            _(
                "The line goes back to the supplier with your message. Nothing is written until it is agreed anew."
            ),
            _("Ask again"),
        )
    if state == CommandState.TO_KEY:
        return (
            _("Close it by hand"),
            _(
                "For what was keyed in otherwise, or is not to be keyed in at all. Your reason stays in the story."
            ),
            _("Close by hand"),
        )
    return (
        _("Give up"),
        _(
            "The ERP is left as it is, and the agreement stands here alone. Your reason stays in the order’s story."
        ),
        _("Give up"),
    )


# --- what moved since the page was shown


def moved_sentences(moved: Iterable[Moved]) -> list[str]:
    """What moved meanwhile, as sentences."""
    return [_moved_sentence(one) for one in list(moved)[:12]]


def _moved_sentence(one: Moved) -> str:
    if one.field == "mark":
        return _("The page was older than can be compared.")
    if one.field == "state":
        labels = dict(CommandState.choices)
        values = {"old": labels.get(one.old, one.old), "new": labels.get(one.new, one.new)}
        return _("The command: %(old)s → %(new)s") % values
    words = {
        "quantity": _("quantity in the ERP"),
        "price": _("price in the ERP"),
        "per": _("price unit in the ERP"),
        "item": _("item in the ERP"),
        "days": _("deliveries in the ERP"),
        "gone": _("gone in the ERP"),
        "closed": _("closed in the ERP"),
        "agreed": _("agreed like this"),
        "answered": _("answered anew"),
        "line": _("the line"),
    }
    values = {
        "line": one.line,
        "what": words.get(one.field, one.field),
        "old": _moved_value(one.field, one.old),
        "new": _moved_value(one.field, one.new),
    }
    return _("Line %(line)s, %(what)s: %(old)s → %(new)s") % values


def _moved_value(field: str, value: Any) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    try:
        if field == "days":
            return " + ".join(_days([(date.fromisoformat(day), _number(count)) for day, count in value[:20]]))
        return figure(_number(value)) if field in ("quantity", "price", "per") else str(value)[:80]
    except (ValueError, TypeError, KeyError):
        return str(value)[:80]


def _number(text: Any) -> Decimal:
    """A number as a mark has it. What a page sent back may be anything: a number of a million digits is none."""
    if not re.fullmatch(r"-?\d{1,20}(\.\d{1,12})?", text):
        raise ValueError(text)
    return Decimal(text)


# --- what is to be keyed in


@dataclass(frozen=True, slots=True)
class KeyingRow:
    """One field to be keyed in. `plain` is the value as it is copied: digits with a point, days as YYYY-MM-DD."""

    where: str
    field: str
    old: str
    new: str
    plain: str
    is_done: bool
    is_seen: bool


def keying_rows(rows: Iterable[Keying], currency: str) -> list[KeyingRow]:
    """What is to be keyed in, in the reader's words and as it is copied."""
    words = {
        WriteField.PROMISE_DATE: _("delivery date"),
        WriteField.QUANTITY: _("quantity"),
        WriteField.PRICE: _("price"),
        WriteField.SPLIT: _("deliveries"),
        WriteField.REFUSAL: _("what will not come"),
        WriteField.SUBSTITUTE: _("item"),
        WriteField.SHIP_TO: _("ship-to place"),
        WriteField.SUPPLIER_REFERENCE: _("supplier's order number"),
    }
    return [
        KeyingRow(
            where=_("line %(line)s") % {"line": row.line} if row.line else _("order"),
            field=words[row.field],
            old=_keyed(row.field, row.old, currency) or "–",
            new=_keyed(row.field, row.new, currency),
            plain=_plain(row.field, row.new),
            is_done=row.is_done,
            is_seen=row.is_seen,
        )
        for row in rows
    ]


def _keyed(field: WriteField, value: Any, currency: str) -> str:
    if value is None or value == "":
        return ""
    if field is WriteField.PRICE:
        amount, per = value
        return f"{figure(amount)} {currency}" + ("" if per == 1 else f" / {figure(per)}")
    if field in (WriteField.PROMISE_DATE, WriteField.SPLIT):
        return " + ".join(_days(value))
    return figure(value) if isinstance(value, Decimal) else str(value)


def _plain(field: WriteField, value: Any) -> str:
    if field is WriteField.PRICE:
        amount, per = value
        return canonical_decimal(amount) + ("" if per == 1 else f" / {canonical_decimal(per)}")
    if field in (WriteField.PROMISE_DATE, WriteField.SPLIT):
        days = [(day.isoformat() if day else "", canonical_decimal(count)) for day, count in value]
        return days[0][0] if len(days) == 1 else "; ".join(f"{count} {day}".strip() for day, count in days)
    return canonical_decimal(value) if isinstance(value, Decimal) else str(value)
