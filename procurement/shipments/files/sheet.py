"""The sheet of ship notices: all that is open, as a workbook in which only what goes, and how, can be typed."""

from collections.abc import Iterator, Sequence
from typing import IO, Any

from django.utils.translation import gettext as _

from portal.kernel.errors import Invalid
from portal.kernel.scope import requires_scope
from portal.kernel.templatetags.portal_ui import figure
from procurement.orders.models import PurchaseOrderLine
from procurement.sheets.writing import Sheet, write_workbook
from procurement.shipments.files.columns import COLUMNS, KINDS
from procurement.shipments.policies import ZERO
from procurement.shipments.queries import places_of, shipped_by_line

MOST_LINES = 5_000


@requires_scope
def write_sheet(lines: Sequence[PurchaseOrderLine]) -> IO[bytes]:
    """A workbook with a row for each of these order lines, and what is open of it.

    In the spare rows one names an order and a line again: that is how a line goes into several packages.
    """
    if len(lines) > MOST_LINES:
        message = _("One sheet holds at most %(most)s lines. Download it for one order.")
        raise Invalid(message % {"most": figure(MOST_LINES)})
    sheet = Sheet(
        title=_("Ship notices"),
        columns=COLUMNS,
        frozen="item",
        how_to=_how_to(),
        spare_open=frozenset({"order", "line"}),
        words={"package_kind": KINDS},
        days_from_today=False,
    )
    return write_workbook(sheet, _rows(lines))


def _rows(lines: Sequence[PurchaseOrderLine]) -> Iterator[dict[str, Any]]:
    gone, places = shipped_by_line(lines), places_of(lines)
    for line in lines:
        place = places[line.pk]
        yield {
            "order_key": str(line.order.key),
            "line_key": line.key,
            "order": line.order.number,
            "line": line.number,
            "item": line.item_number,
            "part": line.supplier_part_number,
            "description": line.description,
            "place": place.name if place else line.order.company.name,
            "open": max(ZERO, line.quantity - gone[line.pk]),
            "unit": line.unit,
        }


def _how_to() -> tuple[str, ...]:
    return (
        _("How to write ship notices with this sheet"),
        "",
        _("A line whose quantity you leave empty does not go: nothing happens to it."),
        _(
            "Type how much of a line goes, and the number of your delivery note. One number is one ship notice."
        ),
        _(
            "The days, the carrier and the tracking numbers of a ship notice need to stand in one of its rows only."
        ),
        _(
            "Packed? Give each package a number of your own, such as 1, 2, 3. Rows with the same number lie in the "
            "same package."
        ),
        _(
            "To put a line into several packages, go to the free rows at the end, type its order and line again, "
            "and give each row its package and its quantity."
        ),
        _(
            "Packages on a pallet: type the pallet’s number in “Stands on package”. The pallet may have a row of its "
            "own, with its kind and weight and no line."
        ),
        _("An SSCC of your own goes into its column; packages without one get a number from the portal."),
        _("Then upload the file in the portal. You see what becomes of each row before anything is made."),
    )
