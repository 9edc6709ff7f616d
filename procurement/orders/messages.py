"""Neutral papers of the order: what any ERP connector hands us, whatever its wire format.

Quantities and prices are exact decimals in the ERP's own unit and currency; dates are dates in the buyer
company's calendar, never moments. A connector fills these; `services.receive_orders` reads them.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import date, datetime
from decimal import Decimal
from operator import attrgetter
from typing import Any


@dataclass(frozen=True, slots=True)
class SchedulePaper:
    """One delivery asked for on a line: so much, on that day."""

    quantity: Decimal
    delivery_on: date


@dataclass(frozen=True, slots=True)
class LinePaper:
    """One line of an order as the ERP holds it now.

    `key` is the ERP's own line key and must stay the same for the life of the line; `price` is for
    `price_per` units (SAP NetPriceQuantity, X12 PO1 with a CTP price basis). `schedules` may be empty: then the
    line has one delivery, `quantity` on `delivery_on`. `planned_by_erp` says that nobody set these days: they are the
    ERP's own plan, which some ERPs put over agreed days when the order is amended or a part of the line received.
    """

    key: str
    number: int
    item_number: str
    description: str
    quantity: Decimal
    unit: str
    price: Decimal
    delivery_on: date
    price_per: Decimal = Decimal(1)
    gtin: str = ""
    supplier_part_number: str = ""
    ship_to: str = ""
    note: str = ""
    cancelled: bool = False
    received_quantity: Decimal = Decimal(0)
    invoiced_quantity: Decimal = Decimal(0)
    closed: bool = False
    schedules: tuple[SchedulePaper, ...] = ()
    planned_by_erp: bool = False


@dataclass(frozen=True, slots=True)
class OrderPaper:
    """A whole order as the ERP holds it now: header and every line. A line that is missing is a line that was deleted.

    `company`, `supplier`, `ship_to` and `unit` are codes; `number` is unique within the company. `revision` is the
    ERP's own revision label where it has one. `stamp` is the ERP's time of last change (UTC), used only to order two
    papers of one order; `status` is one of open, cancelled, closed.
    """

    company: str
    number: str
    supplier: str
    currency: str
    ordered_on: date
    lines: tuple[LinePaper, ...]
    ship_to: str = ""
    revision: str = ""
    kind: str = "standard"
    status: str = "open"
    payment_terms: str = ""
    incoterm: str = ""
    incoterm_place: str = ""
    buyer_code: str = ""
    buyer_name: str = ""
    buyer_email: str = ""
    note: str = ""
    stamp: datetime | None = None
    extra: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CommandPiece:
    """One agreed piece of a line, as the ERP is to hold it.

    `ship_to` is the code of the place, where another than the one asked for was agreed. `reason` (a code of
    `orders.states.Reason`, or the company's own) and `note` are words on it: told along, never compared.
    """

    quantity: Decimal
    delivery_on: date | None
    price: Decimal
    price_per: Decimal
    kind: str = "accept"
    item_number: str = ""
    ship_to: str = ""
    reason: str = field(default="", compare=False)
    note: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class CommandLine:
    """What the ERP is to hold for one line, and the values the decision was taken on (its base).

    `base_price` is for `base_price_per` units; `base_delivery_on` is the first day of `base_deliveries`.
    """

    key: str
    number: int
    base_quantity: Decimal
    base_price: Decimal
    base_delivery_on: date
    pieces: tuple[CommandPiece, ...]
    base_price_per: Decimal = Decimal(1)
    base_deliveries: tuple[SchedulePaper, ...] = ()
    base_ship_to: str = ""


@dataclass(frozen=True, slots=True)
class PromiseCommand:
    """The agreed promise on its way to the ERP. `key` makes it exactly-once in effect: sent twice, it acts once."""

    key: str
    company: str
    number: str
    supplier: str
    base_revision: str
    lines: tuple[CommandLine, ...]
    supplier_reference: str = ""


def content_hash(paper: OrderPaper) -> str:
    """A fingerprint of everything the ERP says about an order, but for its stamp: equal content, equal hash."""
    content = _record(paper)
    content.pop("stamp")
    packed = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(packed.encode()).hexdigest()


def _record(paper: OrderPaper | LinePaper | SchedulePaper) -> dict[str, Any]:
    """A paper as plain values. By hand: `asdict` copies deeply, which is most of the time that a big import takes."""
    names, read = _READERS[type(paper)]
    return {name: _value(value) for name, value in zip(names, read(paper), strict=True)}


def _value(value: Any) -> Any:
    # By exact type first: a batch has millions of values, nearly all of these.
    kind = type(value)
    if kind is str or kind is int or kind is bool or value is None:
        return value
    if kind is tuple:
        return [_record(one) for one in value]
    return dict(value) if kind is dict else _plain(value)


def _reader_of(kind: Any) -> tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]:
    names = tuple(one.name for one in fields(kind))
    return names, attrgetter(*names)


_READERS = {kind: _reader_of(kind) for kind in (OrderPaper, LinePaper, SchedulePaper)}


def _plain(value: object) -> str:
    if isinstance(value, Decimal):
        # 10, 10.0 and 1E+1 are one number.
        return f"{value.normalize():f}"
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in a neutral paper")


def paper_to_json(paper: OrderPaper) -> dict[str, Any]:
    """The paper as stored with its revision: decimals as text, dates as ISO 8601."""
    return _record(paper)


def command_to_json(command: PromiseCommand) -> dict[str, Any]:
    """The command as it waits in the outbox."""
    plain: dict[str, Any] = json.loads(json.dumps(asdict(command), default=_plain))
    return plain


def command_from_json(content: Mapping[str, Any], *, key: str) -> PromiseCommand:
    """The command as it was put into the outbox; `key` is the message's own."""
    lines = tuple(
        CommandLine(
            key=line["key"],
            number=line["number"],
            base_quantity=Decimal(line["base_quantity"]),
            base_price=Decimal(line["base_price"]),
            base_delivery_on=date.fromisoformat(line["base_delivery_on"]),
            base_price_per=Decimal(line["base_price_per"]),
            base_deliveries=tuple(
                SchedulePaper(Decimal(one["quantity"]), date.fromisoformat(one["delivery_on"]))
                for one in line["base_deliveries"]
            ),
            base_ship_to=line.get("base_ship_to", ""),
            pieces=tuple(
                CommandPiece(
                    quantity=Decimal(piece["quantity"]),
                    delivery_on=date.fromisoformat(piece["delivery_on"]) if piece["delivery_on"] else None,
                    price=Decimal(piece["price"]),
                    price_per=Decimal(piece["price_per"]),
                    kind=piece["kind"],
                    item_number=piece["item_number"],
                    ship_to=piece.get("ship_to", ""),
                    reason=piece.get("reason", ""),  # older commands were written without the words
                    note=piece.get("note", ""),
                )
                for piece in line["pieces"]
            ),
        )
        for line in content["lines"]
    )
    header = ("company", "number", "supplier", "base_revision", "supplier_reference")
    return PromiseCommand(key=key, lines=lines, **{name: content[name] for name in header})
