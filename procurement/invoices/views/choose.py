"""An invoice is begun: from all of an order, lines of many, what has left or was counted, or what was never ordered."""

import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kernel.access import DoorRequest, door
from portal.kernel.errors import Invalid, Refusal
from portal.kernel.values import read_key
from portal.kernel.web import paginate, see_other
from procurement.invoices.messages import InvoiceNamed, LineChoice
from procurement.invoices.models import Invoice
from procurement.invoices.queries import (
    claimed_by_line,
    find_invoice,
    invoiceable_lines,
    invoiced_companies,
    left_to_claim,
    profile_of,
)
from procurement.invoices.services import (
    add_lines,
    start_credit_for_count,
    start_credit_note,
    start_debit_note,
    start_from_counts,
    start_from_notices,
    start_from_orders,
    start_without_order,
)
from procurement.invoices.states import InvoiceKind
from procurement.orders.filters import picked_lines, picked_orders, read_picks
from procurement.orders.models import PurchaseOrder
from procurement.orders.queries import find_order, visible_lines
from procurement.shipments.queries import matching_lines
from suppliers.roles import Permission

NEW = "procurement/invoices/new.html"
PAGE_SIZE = 100
MOST = 2_000


@door(Permission.INVOICE_WRITE, methods=["GET", "POST"])
def invoice_new(request: DoorRequest) -> HttpResponse:
    """Lines of many orders to tick; posted, they become one draft for each company and currency, or go into a draft.

    The pages of an order, a ship notice and a count post here too, with their key: one press, and the draft is there.
    """
    if request.method == "GET":
        return _show(request)
    picks = request.POST.getlist("pick")
    try:
        draft = _draft(request, request.POST.get("invoice", ""))
        if draft is not None:
            named = InvoiceNamed(draft.key, draft.version)
            add_lines(named, _choices(request, picks), actor=request.actor, at=request.at)
            return see_other("invoice", draft.key)
        invoices = _started(request, picks)
    except Invalid as refusal:
        return _show(request, refusal=refusal, picks=frozenset(picks), status=refusal.status)
    if len(invoices) == 1:
        return see_other("invoice", invoices[0].key)
    text = ngettext(
        "One draft was begun.",
        "%(n)d drafts were begun: one for each customer and currency.",
        len(invoices),
    )
    messages.success(request, text % {"n": len(invoices)})
    return see_other("invoice-list")


def _started(request: DoorRequest, picks: list[str]) -> list[Invoice]:
    who: dict[str, Any] = {"actor": request.actor, "at": request.at}
    for name, start in STARTS.items():
        key = read_key(request.POST.get(name, ""))
        if key is not None:
            return start(key, **who)
    if request.POST.get("company"):
        return [start_without_order(request.POST["company"][:40], **who)]
    return start_from_orders(choices=_choices(request, picks), **who)


STARTS: dict[str, Callable[..., list[Invoice]]] = {
    "order": lambda key, **who: start_from_orders([key], **who),
    "notice": lambda key, **who: start_from_notices([key], **who),
    "count": lambda key, **who: start_from_counts([key], **who),
    "damaged": lambda key, **who: [start_credit_for_count(key, **who)],
}


def _choices(request: DoorRequest, picks: list[str]) -> list[LineChoice]:
    """What is to be claimed: lines that are ticked here, or rows ticked in the lists of orders."""
    what = request.POST.get("what", "")
    if what not in ("lines", "orders"):
        chosen = [choice for pick in picks if (choice := _choice(pick))]
        if not chosen:
            raise Invalid(_("Tick at least one order line."))
        return _with_what_is_left(request, chosen)
    rows = read_picks(picks)
    lines = invoiceable_lines(request.actor)
    if what == "lines":
        lines = lines.filter(pk__in=picked_lines(rows, request.actor).values("pk"))
    else:
        lines = lines.filter(order__in=picked_orders(rows, request.actor).values("pk"))
    found = [
        LineChoice(line.order.key, line.key) for line in lines.order_by("order_id", "number")[: MOST + 1]
    ]
    if not found:
        raise Invalid(_("Nothing of what you ticked is left to invoice."))
    return found


def _choice(text: str) -> LineChoice | None:
    order, _dot, line = text.partition(".")
    key = read_key(order)
    return LineChoice(key, line) if key else None


def _with_what_is_left(request: DoorRequest, chosen: list[LineChoice]) -> list[LineChoice]:
    """Each line with the quantity that stood beside it."""
    lines = visible_lines(request.actor).filter(
        order__key__in={one.order for one in chosen}, key__in={one.line_key for one in chosen}
    )
    found = {(line.order.key, line.key): line for line in lines.select_related("order__company")}
    left = left_to_claim(list(found.values()), alone=True)
    names = [(one.order, one.line_key) for one in chosen]
    return [LineChoice(*name, left[found[name].pk] if name in found else None) for name in names]


def _order(request: DoorRequest, text: str) -> PurchaseOrder | None:
    key = read_key(text)
    return find_order(key, actor=request.actor) if key else None


def _draft(request: DoorRequest, text: str) -> Invoice | None:
    key = read_key(text)
    found = find_invoice(key, actor=request.actor) if key else None
    return found if found and found.is_draft else None


def _show(
    request: DoorRequest,
    *,
    refusal: Refusal | None = None,
    picks: frozenset[str] = frozenset(),
    status: int = 200,
) -> HttpResponse:
    draft = _draft(request, request.POST.get("invoice", request.GET.get("invoice", "")))
    order = _order(request, request.POST.get("order", request.GET.get("order", "")))
    q = request.GET.get("q", "").strip()[:100]
    lines = invoiceable_lines(request.actor)
    if draft is not None:
        lines = lines.filter(
            supplier=draft.supplier_id, order__company=draft.company_id, order__currency=draft.currency
        )
        lines = lines.exclude(pk__in=draft.lines.filter(line__isnull=False).values("line"))
    if order is not None:
        lines = lines.filter(order=order)
    if q:
        found = matching_lines(lines, q)
        if request.actor.is_company:
            found |= lines.filter(
                Q(order__supplier__name__icontains=q) | Q(order__supplier__number__iexact=q)
            )
        lines = found
    page = paginate(
        lines,
        request.GET.get("cursor", ""),
        order=("-received_quantity", "order_id", "number", "id"),
        size=PAGE_SIZE,
    )
    left = left_to_claim(page.rows, alone=True)
    claimed = claimed_by_line(left)
    rows = []
    for line in page.rows:
        pick = f"{line.order.key}.{line.key}"
        before = claimed[line.pk].quantity
        rows.append(
            {"line": line, "before": before, "left": left[line.pk], "pick": pick, "is_picked": pick in picks}
        )
    problems = list(refusal.problems) if isinstance(refusal, Invalid) else []
    context: dict[str, Any] = {
        "page": page,
        "rows": rows,
        "q": q,
        "active": _active(q, draft, order),
        "draft": draft,
        "order": order,
        "companies": [] if draft or request.actor.is_company else _without_order(request),
        "refusal": refusal,
        "problems": [one.message for one in problems[1:]],
    }
    return render(request, NEW, context, status=status)


def _active(q: str, draft: Invoice | None, order: PurchaseOrder | None) -> list[dict[str, Any]]:
    """What the lines are narrowed to, each with the address of the list without it."""
    kept = {"invoice": str(draft.key) if draft else "", "order": str(order.key) if order else "", "q": q}

    def without(name: str) -> str:
        return "?" + urlencode({one: value for one, value in kept.items() if value and one != name})

    found = [
        (order is not None, _("Order"), order.number if order else "", "order"),
        (bool(q), _("Search"), q, "q"),
    ]
    return [
        {"label": label, "text": text, "remove_url": without(name)}
        for is_on, label, text, name in found
        if is_on
    ]


def _without_order(request: DoorRequest) -> list[Any]:
    """The companies that take an invoice for what was not ordered."""
    return [one for one in invoiced_companies(request.actor) if profile_of(one).allow_without_order]


@door(Permission.INVOICE_WRITE, methods=["POST"])
def invoice_note(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Begin a credit or a debit note about an invoice."""
    is_credit = request.POST.get("kind", InvoiceKind.CREDIT_NOTE) != InvoiceKind.DEBIT_NOTE
    start = start_credit_note if is_credit else start_debit_note
    note = start(key, actor=request.actor, at=request.at)
    return see_other("invoice", note.key)
