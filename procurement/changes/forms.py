"""The fields of a wish: what is typed in, and what it means. Figures and days are read as the writer writes them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _

from portal.kernel.errors import Problem
from procurement.acknowledgments.forms import kept_text, one_line_end, plain_amount, plain_day, shown_text
from procurement.changes.messages import Terms, WantedPiece, Wish
from procurement.changes.policies import MOST_PIECES
from procurement.orders.policies import plain

NAMES = ("quantity", "delivery_on", "price", "price_per", "item_number", "item_description")
SPARE_ROWS = 2


@dataclass(frozen=True, slots=True)
class TypedWish:
    """A wish as typed: text of one field each."""

    pieces: tuple[Mapping[str, str], ...] = ()
    ship_to: str = ""
    reason: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class ReadWish:
    """What a form says, what was typed, and what of it cannot be read."""

    wish: Wish
    typed: TypedWish
    problems: tuple[Problem, ...] = field(default_factory=tuple)


def read_wish_form(data: MultiValueDict[str, str], language: str) -> ReadWish:
    """A wish out of its form. A row in which nothing stands is none."""
    rows: list[dict[str, str]] = []
    for number in range(MOST_PIECES):
        if f"quantity.{number}" not in data and f"delivery_on.{number}" not in data:
            break
        row = {name: kept_text(name, data.get(f"{name}.{number}", ""), language) for name in NAMES}
        # A price alone is what stood in an untouched spare row.
        if any(row[name] for name in ("quantity", "delivery_on", "item_number")):
            rows.append(row)
    words = {name: one_line_end(data.get(name, "")).strip() for name in ("ship_to", "reason", "note")}
    typed = TypedWish(pieces=tuple(rows), **words)
    if data.get("cancel"):
        return ReadWish(Wish(cancel=True), typed)
    problems: list[Problem] = []
    pieces = tuple(_piece(row, number, problems) for number, row in enumerate(rows))
    return ReadWish(Wish(pieces=pieces, ship_to=words["ship_to"]), typed, tuple(problems))


def _piece(row: Mapping[str, str], number: int, problems: list[Problem]) -> WantedPiece:
    values: dict[str, Any] = {name: row[name] for name in ("item_number", "item_description")}
    for name in ("quantity", "price"):
        values[name] = plain_amount(row[name]) if row[name] else None
        if row[name] and values[name] is None:
            message = _("“%(text)s” is no number. Write it like 1,200 or 12.50.")
            problems.append(Problem(f"{name}.{number}", message % {"text": row[name][:40]}, row[name]))
    # Typed against what stood beside it: 690 per 100 must not come back as 690 each.
    values["price_per"] = plain_amount(row["price_per"]) if row["price"] else None
    values["delivery_on"] = plain_day(row["delivery_on"]) if row["delivery_on"] else None
    if row["delivery_on"] and values["delivery_on"] is None:
        message = _("“%(text)s” is no day. Write it like 2026-04-01.")
        problems.append(Problem(f"delivery_on.{number}", message % {"text": row["delivery_on"][:40]}))
    return WantedPiece(**values)


def typed_terms(terms: Terms) -> TypedWish:
    """Terms as they stand in the fields before anybody types."""
    return TypedWish(
        pieces=tuple(
            {
                "quantity": plain(piece.quantity),
                "delivery_on": piece.delivery_on.isoformat() if piece.delivery_on else "",
                "price": plain(piece.price),
                "price_per": plain(piece.price_per),
                "item_number": piece.item_number,
                "item_description": piece.item_description,
            }
            for piece in terms.pieces
        ),
        ship_to=terms.ship_to,
    )


@dataclass(frozen=True, slots=True)
class Box:
    """One field of a row as the page shows it."""

    id: str
    name: str
    text: str
    is_bad: bool = False


def boxes(
    typed: TypedWish, currency: str, price_per: str, problems: Mapping[str, Problem]
) -> list[dict[str, Box]]:
    """The rows of fields: those that are typed, and some to spare for a split, their prices for `price_per` units."""
    spare = min(SPARE_ROWS, MOST_PIECES - len(typed.pieces))
    rows = [*typed.pieces, *({"price_per": price_per} for _row in range(spare))]
    return [
        {
            name: Box(
                f"{name}-{number}",
                f"{name}.{number}",
                shown_text(name, row.get(name, ""), currency),
                f"{name}.{number}" in problems,
            )
            for name in NAMES
        }
        for number, row in enumerate(rows)
    ]
