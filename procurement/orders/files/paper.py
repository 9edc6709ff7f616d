"""An order as paper: one page for the printer and for the PDF, the same for both sides, with nothing left out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse

from portal.kernel.templatetags.portal_ui import day_text, quantity_text
from procurement.catalogue.models import Site
from procurement.orders.models import Promise, PurchaseOrder, PurchaseOrderLine, ScheduleLine
from procurement.orders.queries import live_promises_by_line, schedules_by_line
from procurement.orders.states import PromiseKind


@dataclass(frozen=True, slots=True)
class PaperLine:
    """One line as it stands on paper."""

    line: PurchaseOrderLine
    deliveries: Sequence[ScheduleLine]
    promise: str
    site: str

    @property
    def is_split(self) -> bool:
        return len(self.deliveries) > 1


def paper_html(order: PurchaseOrder, *, session: Mapping[str, Any] | None = None) -> str:
    """The paper of an order as HTML, in the language that is on. Asks four questions however long the order is.

    `session`: whose page it is to be, and when it is put away (static/js/away.js); None for the PDF.
    """
    lines = list(order.lines.order_by("number", "id"))
    schedules = schedules_by_line(line.pk for line in lines)
    promises = live_promises_by_line(line.pk for line in lines)
    sites = Site.objects.in_bulk({line.ship_to_id for line in lines if line.ship_to_id})
    rows = [
        PaperLine(
            line=line,
            deliveries=schedules[line.pk],
            promise=" + ".join(_piece(piece, line.unit) for piece in promises[line.pk]),
            site=_elsewhere(sites.get(line.ship_to_id), order),
        )
        for line in lines
    ]
    context = {
        "order": order,
        "rows": rows,
        "is_pdf": session is None,
        "session": session,
        "pdf_url": reverse("order-pdf", kwargs={"key": order.key}),
        "back_url": reverse("order", kwargs={"key": order.key}),
    }
    return render_to_string("procurement/orders/paper.html", context)


def _elsewhere(site: Site | None, order: PurchaseOrder) -> str:
    return site.name if site and site.pk != order.ship_to_id else ""


def _piece(piece: Promise, unit: str) -> str:
    quantity = quantity_text(piece.quantity, unit)
    if piece.kind == PromiseKind.REFUSE:
        return f"{quantity}: {piece.get_kind_display()}"
    item = f" {piece.item_number}" if piece.item_number else ""
    return f"{quantity}{item} {day_text(piece.delivery_on)}".strip()
