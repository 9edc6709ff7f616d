"""The supplier's order page with its grid, drawn, and the way back to it."""

from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.kernel.access import DoorRequest
from portal.kernel.audit.queries import timeline_of
from portal.kernel.errors import Refusal
from portal.kernel.mould import Moulds
from procurement.acknowledgments.forms import typed_header
from procurement.acknowledgments.services import mark_of
from procurement.orders.models import PurchaseOrder
from procurement.threads.queries import thread_of
from procurement.workbench.presenters import Entry, entry_of
from procurement.workbench.queries.answer import AnswerPage, answer_page
from procurement.workbench.queries.changes import changes_on, words_owed
from procurement.workbench.queries.grid import GridLine, kinds, reasons, words_of
from procurement.workbench.queries.happened import happened
from procurement.workbench.queries.mail import drafts_shown
from procurement.workbench.queries.shipments import shipments_on
from suppliers.roles import Permission

TEMPLATE = "procurement/workbench/order_supplier.html"


def show_order(
    request: DoorRequest,
    order: PurchaseOrder,
    *,
    problems: list[dict[str, str]] | None = None,
    refusal: Refusal | None = None,
    pasted: str = "",
    status: int = 200,
) -> HttpResponse:
    """The order page with its answer grid. `problems` and `refusal` say what must be looked at again."""
    more, show = request.GET.get("more", ""), request.GET.get("show", "all")
    page = page_shown(request, order, show=show, in_full=frozenset([more]))
    context = context_of(page)
    context["more"] = more
    context["rows"] = _rows(request, page, context)
    events = timeline_of(order.stream, actor=request.actor, limit=30)
    context |= {
        "problems": problems,
        "refusal": refusal,
        "pasted": pasted,
        "many_on": request.POST.get("many_on", ""),
        "timeline": _timeline(request, page, events),
        "thread": thread_of(order, request.actor),
        "changes": (talked_of := changes_on(order, actor=request.actor)),
        "words_owed": words_owed(talked_of, request.actor),
        "may_negotiate": request.actor.may(Permission.CHANGE_NEGOTIATE),
        "mail_drafts": drafts_shown(order, actor=request.actor),
        "shipped": shipments_on(
            order,
            [row.line for row in page.lines],
            actor=request.actor,
            today=timezone.localdate(request.at),
        ),
        "happened": happened(
            order,
            [row.line for row in page.lines],
            actor=request.actor,
            today=timezone.localdate(request.at),
            show_all=request.GET.get("received") == "all",
        ),
    }
    return render(request, TEMPLATE, context, status=status)


def page_shown(request: DoorRequest, order: PurchaseOrder, **shown: Any) -> AnswerPage:
    """The page with a header typed here just as it came: what is longer than a draft can keep is told, not cut."""
    page = answer_page(order, actor=request.actor, at=request.at, **shown)
    typed = typed_header(request.POST)
    if typed and mark_of([typed]) != request.POST.get("mark"):
        page.header = typed
    return page


def context_of(page: AnswerPage) -> dict[str, Any]:
    labels = {
        "line": _("Line"),
        "select": _("Select line"),
        "more": _("More for line"),
        "quantity": _("quantity you promise"),
        "delivery": _("delivery date you promise"),
        "ship": _("ship date"),
        "price": _("price you promise"),
    }
    return {"page": page, "order": page.order, "reasons": reasons(), "kinds": kinds(), "labels": labels}


def _rows(request: DoorRequest, page: AnswerPage, context: dict[str, Any]) -> list[tuple[GridLine, str]]:
    """The lines of the grid; quiet ones ready printed. See Note [Mould] in portal/kernel/mould.py."""
    moulds: dict[str, Moulds] = {}
    rows: list[tuple[GridLine, str]] = []
    for row in page.shown:
        name = row.mould if row.key != context["more"] else ""
        if not name:
            rows.append((row, ""))
            continue
        if name not in moulds:
            moulds[name] = Moulds(f"{TEMPLATE}#mould-{name}", context, request)
        rows.append((row, moulds[name].row(name, words_of(row, page.order.currency))))
    return rows


def _timeline(request: DoorRequest, page: AnswerPage, events: Any) -> list[Entry]:
    entries = [entry_of(event, reader_id=request.actor.user_id) for event in events]
    if page.may_answer and page.saved_at:
        text = _("You are answering revision %(number)d") % {"number": page.order.revision}
        entries.insert(0, Entry("wait", "wait", text, page.saved_at, _("draft saved"), now=True))
    return entries


def to_page(request: DoorRequest, order: PurchaseOrder, anchor: str = "") -> HttpResponse:
    name = "order" if request.actor.is_supplier else "order-answer"
    query = request.GET.urlencode()
    address = reverse(name, args=[order.key]) + (f"?{query}" if query else "") + anchor
    response = HttpResponseRedirect(address)
    response.status_code = 303
    return response
