"""Promises as the pretend ERP reads them, and what it makes of them on its lines."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from procurement.erp.ports import CurrentLine
from procurement.orders.messages import CommandLine, CommandPiece, LinePaper, PromiseCommand, SchedulePaper

PLANNED_LATER = timedelta(weeks=4)


class Refused(Exception):
    """The pretend ERP will not do it, and says why."""


def carried_out(wanted: CommandLine, line: LinePaper) -> LinePaper:
    """The line as it stands once the promise is in the books: one price, one item, a schedule per piece. What has no
    day is planned four weeks after the day that was asked."""
    standing = [piece for piece in wanted.pieces if piece.kind != "refuse"]
    if not standing:
        return replace(line, cancelled=True)
    if len({(piece.price, piece.price_per) for piece in standing}) > 1:
        raise Refused(f"Line {wanted.number}: this ERP keeps one price per line.")
    items = {piece.item_number or line.item_number for piece in standing}
    if len(items) > 1:
        raise Refused(f"Line {wanted.number}: this ERP keeps one item per line.")
    some_day = first_day(line) + PLANNED_LATER
    dated = sorted((piece.delivery_on or some_day, piece.quantity) for piece in standing)
    schedules = tuple(SchedulePaper(quantity, day) for day, quantity in dated) if len(dated) > 1 else ()
    return replace(
        line,
        item_number=items.pop(),
        ship_to=standing[0].ship_to or line.ship_to,
        quantity=sum((piece.quantity for piece in standing), Decimal(0)),
        price=standing[0].price,
        price_per=standing[0].price_per,
        delivery_on=dated[0][0],
        schedules=schedules,
    )


def moved_lines(command: PromiseCommand, lines: dict[str, LinePaper]) -> Iterator[CurrentLine]:
    for wanted in command.lines:
        line = lines.get(wanted.key)
        if line is None or line.cancelled:
            yield CurrentLine(wanted.key, gone=True)
        elif line.closed or (line.quantity, line.price * wanted.base_price_per, first_day(line)) != (
            wanted.base_quantity,
            wanted.base_price * line.price_per,
            wanted.base_delivery_on,
        ):
            yield CurrentLine(
                line.key,
                line.quantity,
                line.price,
                first_day(line),
                price_per=line.price_per,
                deliveries=line.schedules,
                item_number=line.item_number,
                closed=line.closed,
            )


def first_day(line: LinePaper) -> date:
    """The first day on which something of the line is to arrive."""
    return min((one.delivery_on for one in line.schedules), default=line.delivery_on)


def commands_from_rows(rows: Iterable[dict[str, str]]) -> Iterator[PromiseCommand]:
    """The commands of a promises file, as an ERP reads them."""
    heads: dict[str, dict[str, str]] = {}
    pieces: dict[str, dict[str, list[dict[str, str]]]] = {}
    for row in rows:
        heads.setdefault(row["command_key"], row)
        pieces.setdefault(row["command_key"], {}).setdefault(row["line_key"], []).append(row)
    for key, head in heads.items():
        yield PromiseCommand(
            key=key,
            company=head["company"],
            number=head["order_number"],
            supplier=head["supplier"],
            base_revision=head["base_revision"],
            supplier_reference=head["supplier_reference"],
            lines=tuple(_command_line(together) for together in pieces[key].values()),
        )


def _command_line(rows: list[dict[str, str]]) -> CommandLine:
    first = rows[0]
    return CommandLine(
        key=first["line_key"],
        number=int(first["line_number"]),
        base_quantity=Decimal(first["base_quantity"]),
        base_price=Decimal(first["base_price"]),
        base_price_per=Decimal(first["base_price_per"]),
        base_delivery_on=date.fromisoformat(first["base_delivery_on"]),
        pieces=tuple(
            CommandPiece(
                quantity=Decimal(row["piece_quantity"]),
                delivery_on=date.fromisoformat(row["piece_delivery_on"])
                if row["piece_delivery_on"]
                else None,
                price=Decimal(row["piece_price"]),
                price_per=Decimal(row["piece_price_per"]),
                kind=row["piece_kind"],
                item_number=row["piece_item_number"],
                reason=row["piece_reason"],
                note=row["piece_note"],
                ship_to=row["piece_ship_to"],
            )
            for row in rows
        ),
    )
