"""What a door hands to the services: a wish, and the other side's word on it; and terms as they are kept."""

import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from procurement.orders.policies import plain

ACCEPT, DECLINE = "accept", "decline"


@dataclass(frozen=True, slots=True)
class TermPiece:
    """One delivery as agreed or wished for. `price` is for `price_per` units.

    With an `item_number` it is a substitute: that item, as the supplier calls it, instead of the one asked for.
    """

    quantity: Decimal
    delivery_on: date | None
    price: Decimal
    price_per: Decimal
    item_number: str = ""
    item_description: str = ""


@dataclass(frozen=True, slots=True)
class Terms:
    """What is agreed on a line, or is to be: its deliveries and where they go ('' where that is as asked).

    `cancel` wishes for no more than has come already; then there may be no piece at all.
    """

    pieces: tuple[TermPiece, ...] = ()
    ship_to: str = ""
    cancel: bool = False

    @property
    def quantity(self) -> Decimal:
        """All of it together."""
        return sum((piece.quantity for piece in self.pieces), start=Decimal(0))


@dataclass(frozen=True, slots=True)
class WantedPiece:
    """One delivery of a wish. What is left out is as agreed; the only piece may leave out its quantity too.

    An `item_number` that is empty, and not left out, is the item that the order asks for.
    """

    quantity: Decimal | None = None
    delivery_on: date | None = None
    price: Decimal | None = None
    price_per: Decimal | None = None
    item_number: str | None = None
    item_description: str | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be altered on a line. Nothing said stays as agreed.

    `pieces` take the place of all that was agreed; `move_days` moves what has not come yet by so many days (negative:
    earlier); `ship_to` is the code of another site; `cancel` wishes for nothing more.
    """

    pieces: tuple[WantedPiece, ...] = ()
    move_days: int = 0
    ship_to: str = ""
    cancel: bool = False


@dataclass(frozen=True, slots=True)
class ProposeChange:
    """A wish on one agreed line. `version` is the order's version that was on the screen.

    `reason` is a code of the company's list; `note` are the author's own words.
    """

    order: uuid.UUID
    version: int
    line_key: str
    wish: Wish
    reason: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class ReviseChange:
    """Another wish in place of the one on the table: the author's own (edit), or the other side's (counter).

    `version` is that of the request that was on the screen.
    """

    change: uuid.UUID
    version: int
    wish: Wish
    reason: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class AnswerChange:
    """A word on the wish on the table. A decline owes a reason: a code, or words in `note`."""

    change: uuid.UUID
    version: int
    reason: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class EditReason:
    """One reason of a company's list as it is to be."""

    company: str
    code: str
    label: str
    active: bool = True


def terms_to_json(terms: Terms) -> dict[str, Any]:
    """Terms as a round keeps them: decimals as text, dates as ISO 8601."""
    pieces = [
        {name: _plain(value) for name, value in asdict(piece).items() if value not in ("", None)}
        for piece in terms.pieces
    ]
    return {"pieces": pieces, "ship_to": terms.ship_to, "cancel": terms.cancel}


def _plain(value: Any) -> str:
    if isinstance(value, Decimal):
        return plain(value)
    return value.isoformat() if isinstance(value, date) else str(value)


def terms_from_json(content: Mapping[str, Any]) -> Terms:
    """Terms as they were kept."""
    return Terms(
        pieces=tuple(
            TermPiece(
                quantity=Decimal(one["quantity"]),
                delivery_on=date.fromisoformat(one["delivery_on"]) if one.get("delivery_on") else None,
                price=Decimal(one["price"]),
                price_per=Decimal(one["price_per"]),
                item_number=one.get("item_number", ""),
                item_description=one.get("item_description", ""),
            )
            for one in content["pieces"]
        ),
        ship_to=content["ship_to"],
        cancel=content["cancel"],
    )
