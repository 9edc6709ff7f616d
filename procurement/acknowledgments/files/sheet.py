"""The answer sheet: open lines as a workbook in which only the promise can be typed."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import IO, Any

from django.utils.translation import gettext as _

from portal.kernel.errors import Invalid
from portal.kernel.scope import requires_scope
from portal.kernel.templatetags.portal_ui import figure
from procurement.acknowledgments.files.columns import COLUMNS, KINDS, REASONS
from procurement.acknowledgments.policies import price_for, price_text
from procurement.orders.models import Promise, PurchaseOrderLine, ScheduleLine
from procurement.orders.queries import live_promises_by_line, schedules_by_line
from procurement.orders.states import PromiseKind, PromiseState
from procurement.sheets.writing import Sheet, write_workbook

MOST_LINES = 5_000

Row = dict[str, Any]


@requires_scope
def write_sheet(lines: Sequence[PurchaseOrderLine]) -> IO[bytes]:
    """A workbook with a row for each delivery asked for, or for each piece that waits for the buyer.

    The lines come with their order and its company. More lines than one file can hold are refused. In the spare rows
    below one names an order and a line: that is how a line gets another piece.
    """
    if len(lines) > MOST_LINES:
        message = _("One answer sheet holds at most %(most)s lines. Choose fewer.")
        raise Invalid(message % {"most": figure(MOST_LINES)})
    sheet = Sheet(
        title=_("Answer"),
        columns=COLUMNS,
        frozen="item",
        how_to=_how_to(),
        spare_open=frozenset({"order", "line"}),
        words={"kind": KINDS, "reason": REASONS},
    )
    return write_workbook(sheet, rows_of(lines))


def rows_of(lines: Sequence[PurchaseOrderLine]) -> Iterator[Row]:
    """What stands in the rows of a sheet, by the names of its columns."""
    ids = [line.pk for line in lines]
    schedules, promises = schedules_by_line(ids), live_promises_by_line(ids)
    for line in lines:
        waiting = [one for one in promises[line.pk] if one.state != PromiseState.AGREED]
        if waiting and line.revision_status == "current":
            yield from _promised_rows(line, schedules[line.pk], waiting)
        else:
            for schedule in schedules[line.pk]:
                yield _asked(line, schedule.key, schedule.quantity, schedule.delivery_on)


def _asked(line: PurchaseOrderLine, delivery: int, quantity: Decimal, day: date) -> Row:
    order = line.order
    return {
        "order_key": str(order.key),
        "line_key": line.key,
        "delivery": str(delivery),
        "version": order.version,
        "company": order.company.name,
        "order": order.number,
        "line": line.number,
        "item": line.item_number,
        "part": line.supplier_part_number,
        "description": line.description,
        "asked_quantity": quantity,
        "unit": line.unit,
        "asked_delivery_on": day,
        "asked_price": line.price,
        "price_per": line.price_per,
        "currency": order.currency,
        "reference": order.supplier_reference,
    }


def _promised_rows(
    line: PurchaseOrderLine, schedules: Sequence[ScheduleLine], pieces: Iterable[Promise]
) -> Iterator[Row]:
    by_key = {schedule.key: schedule for schedule in schedules}
    for piece in pieces:
        schedule = by_key.get(piece.schedule_key, schedules[0])
        yield _asked(line, schedule.key, schedule.quantity, schedule.delivery_on) | {
            "kind": str(KINDS[PromiseKind(piece.kind)]),
            "quantity": piece.quantity,
            "delivery_on": piece.delivery_on,
            "ship_on": piece.ship_on,
            "price": _price_cell(piece, line),
            "substitute_item": piece.item_number,
            "reason": str(REASONS[piece.reason]) if piece.reason else "",
            "note": piece.note,
        }


def _price_cell(piece: Promise, line: PurchaseOrderLine) -> Decimal | str | None:
    """A promised price in the line's price unit, empty where it is the asked one."""
    price = price_for(piece.price, piece.price_per, line.price_per)
    if price is None:
        return price_text(
            piece.price, piece.price_per
        )  # read back it is refused, not taken for another price
    return price if price != line.price else None


def _how_to() -> tuple[str, ...]:
    return (
        _("How to answer with this sheet"),
        "",
        _("A line you leave empty is not answered: nothing happens to it."),
        _(
            "To promise a line exactly as asked, choose “Confirm” in the column “Answer” and leave the rest "
            "empty."
        ),
        _("Another day, quantity or price: choose “Confirm” and type what differs. It goes to the buyer."),
        _(
            "To split a line, go to the free rows at the end, type its order and line number again, and give "
            "each row its quantity and its day. The quantities of a line must add up to what is asked."
        ),
        _("To refuse, choose “Refuse” and a reason. For another item, choose “Substitute” and name it."),
        _("Prices are for as many units as the column “Price per” says."),
        _("Then upload the file in the portal. You see what will happen before anything is sent."),
        _("If a line changes meanwhile, only that line is not taken, and you are told what changed."),
    )
