"""The sheet of invoices: all that is left to claim, as a workbook in which only what is claimed can be typed."""

from collections.abc import Iterator, Sequence
from typing import IO, Any

from django.utils.translation import gettext as _

from portal.kernel.errors import Invalid
from portal.kernel.scope import requires_scope
from portal.kernel.templatetags.portal_ui import figure
from procurement.invoices.files.columns import CHOICES, COLUMNS
from procurement.invoices.queries import agreed_prices
from procurement.orders.models import PurchaseOrderLine
from procurement.sheets.writing import Sheet, write_workbook

MOST_LINES = 5_000


@requires_scope
def write_sheet(lines: Sequence[Any]) -> IO[bytes]:
    """A workbook with a row for each of these order lines (of `invoiceable_lines`), and what is left of it to claim."""
    if len(lines) > MOST_LINES:
        message = _("One sheet holds at most %(most)s lines. Download it for one order.")
        raise Invalid(message % {"most": figure(MOST_LINES)})
    sheet = Sheet(
        title=_("Invoices"),
        columns=COLUMNS,
        frozen="item",
        how_to=_how_to(),
        spare_open=frozenset({"order", "line"}),
        words={name: dict(choices) for name, choices in CHOICES.items()},
        days_from_today=False,
    )
    return write_workbook(sheet, _rows(lines))


def _rows(lines: Sequence[PurchaseOrderLine]) -> Iterator[dict[str, Any]]:
    prices = agreed_prices([line.pk for line in lines])
    for line in lines:
        price, per = prices.get(line.pk, (line.price, line.price_per))
        yield {
            "order_key": str(line.order.key),
            "line_key": line.key,
            "order": line.order.number,
            "line": line.number,
            "item": line.item_number,
            "part": line.supplier_part_number,
            "description": line.description,
            "open": getattr(line, "left", line.quantity),
            "unit": line.unit,
            "agreed": price,
            "agreed_per": per,
            "currency": line.order.currency,
        }


def _how_to() -> tuple[str, ...]:
    return (
        _("How to write invoices with this sheet"),
        "",
        _("A line whose quantity you leave empty is not claimed: nothing happens to it."),
        _("Type how much of a line you claim, and the number of your invoice. One number is one invoice."),
        _("Leave the price empty where you claim the agreed one."),
        _(
            "The days, freight, the total and the note of an invoice need to stand in one of its rows only. "
            "The total is compared with what the rows come to."
        ),
        _("Tax: type the rate; the category only where it is not the standard rate."),
        _("Then upload the file in the portal. You see what becomes of each row before anything is made."),
    )
