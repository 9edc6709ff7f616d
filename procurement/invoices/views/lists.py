"""Invoices as a list: what a supplier has in hand and when it is paid, and what the buying side has to settle."""

import uuid
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.kernel.access import DoorRequest, door
from portal.kernel.web import paginate
from procurement.invoices.models import Invoice
from procurement.invoices.presenters import days_over
from procurement.invoices.queries import (
    for_supplier,
    matching_invoices,
    summaries,
    visible_invoices,
    with_order_numbered,
)
from procurement.invoices.states import Acts, InvoiceKind, InvoiceState
from procurement.orders.queries import visible_orders
from suppliers.models import Supplier
from suppliers.queries import suppliers_of
from suppliers.roles import Permission

LIST = "procurement/invoices/list.html"
PAGE_SIZE = 50
# What waits stands first where something has happened to it last; all of them as they came, whatever happened since.
MOVED, NEWEST = ("-updated_at", "-id"), ("-id",)
S = InvoiceState
STOPPED = (S.HELD, S.DISPUTED)
ENDED = (S.WITHDRAWN, S.VOIDED)
Part = tuple[str, QuerySet[Invoice]]


@door(Permission.INVOICE_VIEW)
def invoice_list(request: DoorRequest) -> HttpResponse:
    """Invoices by what is to be done with them; found by number, order and supplier, filtered by kind and turn."""
    parts = _parts(request)
    usual = _usual(request, parts)
    view = request.GET.get("view", usual)
    view = view if view in parts else usual
    filters = _Filters(request, view)
    q = request.GET.get("q", "").strip()[:100]
    found = filters.narrow(parts[view][1])
    if q:
        found = matching_invoices(found, q)
    page = paginate(
        found, request.GET.get("cursor", ""), order=NEWEST if view == "all" else MOVED, size=PAGE_SIZE
    )
    context = {
        "page": page,
        "rows": _rows(request, list(page.rows)),
        "view": view,
        "views": [
            {
                "url": f"?view={name}",
                "label": label,
                "count": invoices.count() if name in ("yours", "held") else "",
                "hot": True,
                "current": name == view,
            }
            for name, (label, invoices) in parts.items()
        ],
        "q": q,
        "filters": filters.choices(),
        "active": filters.active(),
        "may_write": request.actor.may(Permission.INVOICE_WRITE),
    }
    return render(request, LIST, context)


def _parts(request: DoorRequest) -> dict[str, Part]:
    actor = request.actor
    seen = visible_invoices(actor)
    going: Part = (_("Approved"), seen.filter(state__in=[S.APPROVED, S.SCHEDULED]))
    paid: Part = (_("Paid"), seen.filter(state=S.PAID))
    ended: Part = (_("Ended"), seen.filter(state__in=ENDED))
    everything: Part = (_("All"), seen.exclude(state__in=[S.DISCARDED, S.REPLACED]))
    back: Part = (_("Sent back"), seen.filter(state=S.REJECTED))
    if actor.is_supplier:
        theirs = Q(state=S.SENT) | Q(state__in=STOPPED) & ~Q(acts=Acts.SUPPLIER)
        return {
            "yours": (_("Your turn"), seen.filter(for_supplier())),
            "open": (_("With the customer"), seen.filter(theirs)),
            "going": going,
            "paid": paid,
            "ended": ended,
            "all": everything,
        }
    found: dict[str, Part] = {
        "held": (_("Held"), seen.filter(state__in=STOPPED)),
        "matching": (_("Being matched"), seen.filter(state=S.SENT)),
        "going": going,
        "paid": paid,
        "back": back,
        "ended": ended,
    }
    if actor.may(Permission.INVOICE_WRITE):
        found["drafts"] = (_("Written for suppliers"), seen.filter(state=S.DRAFT))
    return {**found, "all": everything}


def _usual(request: DoorRequest, parts: dict[str, Part]) -> str:
    """Where one begins: with what waits, else with all. Who comes from an order sees all of it."""
    if request.GET.get("order") or request.GET.get("supplier") or request.GET.get("q"):
        return "all"
    first = "yours" if request.actor.is_supplier else "held"
    return first if parts[first][1].exists() else "all"


class _Filters:
    """What the list is narrowed to besides its view: one order, one supplier, one kind, whose turn it is."""

    def __init__(self, request: DoorRequest, view: str) -> None:
        self.view = view
        self.is_supplier = request.actor.is_supplier
        self.order = _one(visible_orders(request.actor), request.GET.get("order", ""))
        wanted = "" if self.is_supplier else request.GET.get("supplier", "")
        self.supplier: Supplier | None = _one(suppliers_of(request.actor), wanted)
        self.kind = _among(request.GET.get("kind", ""), InvoiceKind.values)
        self.acts = "" if self.is_supplier else _among(request.GET.get("acts", ""), Acts.values)

    def narrow(self, invoices: QuerySet[Invoice]) -> QuerySet[Invoice]:
        if self.order is not None:
            invoices = with_order_numbered(invoices, self.order.number).filter(company=self.order.company_id)
        if self.supplier is not None:
            invoices = invoices.filter(supplier=self.supplier)
        if self.kind:
            invoices = invoices.filter(kind=self.kind)
        if self.acts:
            invoices = invoices.filter(acts=self.acts)
        return invoices

    def _address(self, **changed: str) -> str:
        now = {
            "view": self.view,
            "order": str(self.order.key) if self.order else "",
            "supplier": str(self.supplier.key) if self.supplier else "",
            "kind": self.kind,
            "acts": self.acts,
        }
        return "?" + urlencode({name: value for name, value in (now | changed).items() if value})

    def choices(self) -> list[dict[str, Any]]:
        """The chips that add a filter."""
        found = [
            {
                "label": _("Kind"),
                "options": [
                    {"label": label, "url": self._address(kind=value), "current": value == self.kind}
                    for value, label in InvoiceKind.choices
                ],
            }
        ]
        if not self.is_supplier and self.view in ("held", "all"):
            found.append(
                {
                    "label": _("Whose turn"),
                    "options": [
                        {"label": label, "url": self._address(acts=value), "current": value == self.acts}
                        for value, label in Acts.choices
                    ],
                }
            )
        return found

    def active(self) -> list[dict[str, str]]:
        """The filters that are on, each with the way to take it off."""
        found = []
        if self.order is not None:
            found.append((_("Order"), self.order.number, "order"))
        if self.supplier is not None:
            found.append((_("Supplier"), self.supplier.name, "supplier"))
        if self.kind:
            found.append((_("Kind"), str(InvoiceKind(self.kind).label), "kind"))
        if self.acts:
            found.append((_("Whose turn"), str(Acts(self.acts).label), "acts"))
        return [
            {"label": label, "text": text, "remove_url": self._address(**{name: ""})}
            for label, text, name in found
        ]


def _among(text: str, values: list[str]) -> str:
    return text if text in values else ""


def _one(rows: QuerySet[Any], key: str) -> Any:
    try:
        return rows.filter(key=uuid.UUID(key)).first() if key else None
    except ValueError:
        return None


def _rows(request: DoorRequest, invoices: list[Invoice]) -> list[dict[str, Any]]:
    said = summaries(invoices)
    today = timezone.localdate(request.at)
    return [
        {
            "invoice": invoice,
            "orders": list(said[invoice.pk].orders.items())[:3],
            "more_orders": max(0, len(said[invoice.pk].orders) - 3),
            "lines": said[invoice.pk].lines,
            "over": days_over(invoice, today),
        }
        for invoice in invoices
    ]
