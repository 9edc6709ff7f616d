"""The supplier's answer grid: type, keep, send, take back.

Each button posts the whole form (or, with a script, the line it stands in). What was typed is kept first and acted on
second, in one transaction whose refusals undo only the act: so nothing that was typed is ever lost.
"""

import uuid

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kernel.access import DoorRequest, door
from portal.kernel.errors import NotFound
from procurement.acknowledgments.queries import find_answer
from procurement.acknowledgments.services import (
    TypedElsewhere,
    discard_draft,
    require_as_shown,
    save_draft_lines,
    withdraw_acknowledgment,
)
from procurement.orders.models import PurchaseOrder
from procurement.orders.queries import find_order, lock_order
from procurement.workbench.queries.answer import answer_page, typed_again
from procurement.workbench.views.many_lines import fill_from_paste, set_one_day
from procurement.workbench.views.sending import send
from procurement.workbench.views.supplier_page import TEMPLATE, context_of, page_shown, show_order, to_page
from procurement.workbench.views.typed import (
    LINE_ACTS,
    Typing,
    act_on_line,
    elsewhere_on,
    focus_after,
    keep_typing,
    say_elsewhere,
    seen_on_screen,
)
from suppliers.roles import Permission

ANSWERERS = (Permission.ORDER_ACKNOWLEDGE, Permission.ORDER_ANSWER_FOR)


@door(*ANSWERERS, methods=["GET", "POST"])
def order_answer(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """GET: the grid for a buyer who answers in the supplier's place. POST: whichever button of the form was pressed."""
    if request.method != "POST":
        order = find_order(key, actor=request.actor)
        if request.actor.is_supplier:
            return HttpResponseRedirect(reverse("order", args=[order.key]))
        return show_order(request, order)
    # Held before anything is read of it: what is kept and what is sent then speak of one and the same order.
    order = lock_order(key, actor=request.actor)
    typing = keep_typing(request, order)
    if "send" in request.POST or "changed" in request.POST or "confirm" in request.POST:
        return send(request, order, typing)
    say_elsewhere(request, order, typing)
    if key_of_line := request.POST.get("more"):
        return _to_menu(request, order, key_of_line)
    for act in LINE_ACTS:
        if act in request.POST:
            line_id = act_on_line(request, order, typing, act, request.POST[act])
            return to_page(request, order, f"#line-{line_id}" if line_id else "")
    if "many" in request.POST:
        return set_one_day(request, order, typing)
    if "fill" in request.POST:
        return fill_from_paste(request, order, typing)
    messages.success(request, _("Draft saved."))
    return to_page(request, order)


@door(*ANSWERERS, methods=["POST"])
def answer_line(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Keep what is typed in one line, and say what would come of it; or do what a button of the line says."""
    order = lock_order(key, actor=request.actor)
    typing = keep_typing(request, order)
    act = next((name for name in LINE_ACTS if name in request.POST), "")
    line_id = act_on_line(request, order, typing, act, request.POST[act]) if act else 0
    in_full = typing.keys | {
        request.POST.get(act, "").rpartition(".")[0] if act == "drop" else request.POST.get(act, "")
    }
    if not getattr(request, "htmx", False):
        say_elsewhere(request, order, typing)
        return to_page(request, order, f"#line-{line_id}" if line_id else "")
    page = page_shown(request, order, in_full=in_full)
    context = context_of(page) | {"oob": True, "moved_meanwhile": typing.version < order.version}
    context["header_kept"] = typing.has_header
    for line in page.lines:
        line.hints += [typing.elsewhere[line.key]] if line.key in typing.elsewhere else []
    if act:
        row = next((row for row in page.lines if row.pk == line_id), None)
        if row is None:
            raise NotFound(_("This order has no such line."))
        return render(request, f"{TEMPLATE}#acted", context | {"row": row, "focus": focus_after(row, act)})
    row = next((row for row in page.lines if row.key in typing.keys and row.is_editable), None)
    return render(request, f"{TEMPLATE}#kept", context | {"row": row})


@door(*ANSWERERS, methods=["POST"])
def answer_discard(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Throw away what was typed and not sent."""
    order = find_order(key, actor=request.actor)
    page = answer_page(order, actor=request.actor, at=request.at)
    elsewhere = elsewhere_on(page, Typing(order.version, frozenset(), {}, seen_on_screen(request)))
    try:
        require_as_shown(bool(elsewhere))
    except TypedElsewhere as refusal:
        return show_order(request, order, problems=elsewhere, refusal=refusal, status=refusal.status)
    discard_draft(order, actor=request.actor)
    messages.success(request, _("What you typed is thrown away. Every line is as asked again."))
    return to_page(request, order)


@door(*ANSWERERS, methods=["POST"])
def answer_withdraw(request: DoorRequest, key: uuid.UUID, answer: uuid.UUID) -> HttpResponse:
    """Take an answer back while the buyer has not acted; it stands in the fields again, to be changed and sent."""
    order = lock_order(key, actor=request.actor)
    paper = find_answer(answer, actor=request.actor)
    if paper.order_id != order.pk:
        raise NotFound(_("There is no such answer."))
    typed = typed_again(paper.key, order, request.actor)
    lines = withdraw_acknowledgment(paper.key, actor=request.actor, at=request.at)
    order = find_order(key, actor=request.actor)
    save_draft_lines(order, typed, version=order.version, actor=request.actor, at=request.at)
    text = ngettext(
        "Taken back: line %(lines)s waits for you again, with what you had typed.",
        "Taken back: lines %(lines)s wait for you again, with what you had typed.",
        len(lines),
    )
    messages.success(request, text % {"lines": ", ".join(str(number) for number in lines)})
    return to_page(request, order)


def _to_menu(request: DoorRequest, order: PurchaseOrder, key: str) -> HttpResponse:
    """Where there is no script, the menu of a line opens with the page."""
    line = order.lines.filter(key=key).first()
    query = QueryDict(mutable=True)
    query.update({name: str(value) for name, value in request.GET.items() if name != "more"})
    if line is None:
        return to_page(request, order)
    query["more"] = key
    name = "order" if request.actor.is_supplier else "order-answer"
    response = HttpResponseRedirect(f"{reverse(name, args=[order.key])}?{query.urlencode()}#line-{line.pk}")
    response.status_code = 303
    return response
