"""An answer is sent, or shown again with what must be looked at."""

from collections.abc import Callable

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect
from django.middleware.csrf import get_token
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kernel.access import DoorRequest
from portal.kernel.errors import Invalid, Problem, StaleDocument
from portal.kernel.web import back_or
from procurement.acknowledgments.forms import read_line
from procurement.acknowledgments.messages import AcknowledgeOrder, LineAnswer
from procurement.acknowledgments.services import (
    Acknowledged,
    acknowledge_order,
    require_as_shown,
    require_fresh,
)
from procurement.orders.models import PurchaseOrder
from procurement.orders.queries import find_order
from procurement.workbench.policies import given_name, going_text
from procurement.workbench.queries.answer import AnswerPage
from procurement.workbench.queries.grid import GridLine
from procurement.workbench.views.supplier_page import page_shown, show_order
from procurement.workbench.views.typed import Typing, elsewhere_on


def send(request: DoorRequest, order: PurchaseOrder, typing: Typing) -> HttpResponse:
    return send_answer(request, order, typing, show=show_order, sent=_sent)


def send_answer(
    request: DoorRequest,
    order: PurchaseOrder,
    typing: Typing,
    *,
    show: Callable[..., HttpResponse],
    sent: Callable[[DoorRequest, PurchaseOrder, Acknowledged], HttpResponse],
) -> HttpResponse:
    """Send what is typed, the rest as asked, or both, as the button says.

    `show` draws the page that it came from again, with what must be looked at; `sent` is what follows once it is sent.
    """
    page = page_shown(request, order)
    typed = [row for row in page.lines if row.is_editable and row.is_typed]
    only_rest = "confirm" in request.POST
    answers: list[LineAnswer] = []
    problems: list[tuple[GridLine, Problem]] = []
    if only_rest:
        rest = [row for row in page.lines if row.is_editable and not row.is_typed]
        answers = [LineAnswer(row.key) for row in rest]
    else:
        for row in typed:
            problems += [(row, problem) for problem in row.problems]
            answers.append(_line_answer(row, page))
    elsewhere = elsewhere_on(page, typing)
    waiting = [row.line for row in page.lines if row.is_editable]
    chosen = {answer.line_key for answer in answers}
    command = AcknowledgeOrder(
        order=order.key,
        version=typing.version,
        answers=tuple(answers),
        rest_as_asked="send" in request.POST,
        supplier_reference=page.header.supplier_reference,
        ship_from=page.header.ship_from,
        note=page.header.note,
    )
    try:
        everything = command.rest_as_asked
        require_fresh(order, typing.version, [line for line in waiting if everything or line.key in chosen])
        require_as_shown(bool(elsewhere))
        if problems:
            return show(request, order, problems=_summary(problems), status=422)
        with transaction.atomic():
            done = acknowledge_order(command, actor=request.actor, at=request.at)
    except StaleDocument as refusal:
        fresh = find_order(order.key, actor=request.actor)
        return show(request, fresh, problems=elsewhere, refusal=refusal, status=409)
    except Invalid as refusal:
        told = [_located(page, problem) for problem in refusal.problems]
        return show(request, order, problems=told, refusal=None, status=422)
    return sent(request, order, done)


def _sent(request: DoorRequest, order: PurchaseOrder, done: Acknowledged) -> HttpResponse:
    _say_sent(request, order, done)
    # A buyer who answered for the supplier holds the ball now, and decides on the order's own page.
    response = HttpResponseRedirect(back_or(request, reverse("order", args=[order.key])))
    response.status_code = 303
    return response


def _line_answer(row: GridLine, page: AnswerPage) -> LineAnswer:
    typed = [piece.typed for piece in row.pieces]
    return LineAnswer(row.key, read_line(row.rules, typed, transit_days=page.transit_days).pieces)


def _summary(problems: list[tuple[GridLine, Problem]]) -> list[dict[str, str]]:
    return [_told(row, problem) for row, problem in problems]


def _told(row: GridLine, problem: Problem) -> dict[str, str]:
    name, _dot, number = problem.field.rpartition(".")
    message = _("Line %(number)s: %(message)s") % {"number": row.line.number, "message": problem.message}
    return {"id": f"{name}-{row.pk}-{number}", "message": message}


def _located(page: AnswerPage, problem: Problem) -> dict[str, str]:
    row = next((row for row in page.lines if str(row.line.number) == problem.line), None)
    if row is None:
        return {"id": problem.field, "message": problem.message}
    return _told(row, problem)


def _say_sent(request: DoorRequest, order: PurchaseOrder, done: Acknowledged) -> None:
    """The result, and the way back while the buyer has not acted."""
    settled, buyer = done.settled, given_name(order.buyer_name) or order.company.name
    parts: list[str] = []
    if count := len(settled.as_asked) + len(settled.by_rule):
        parts.append(ngettext("one line agreed", "%(n)d lines agreed", count) % {"n": count})
    if count := len(settled.waiting) + len(settled.refused):
        parts.append(going_text(count, len(settled.refused), buyer))
    text = _("Order %(number)s answered: %(parts)s.") % {"number": order.number, "parts": ", ".join(parts)}
    if not (settled.waiting or settled.refused):
        messages.success(request, text)
        return
    withdraw = reverse("answer-withdraw", args=[order.key, done.paper.key])
    way_back = format_html(
        '{} <form method="post" action="{}"><input type="hidden" name="csrfmiddlewaretoken" value="{}">'
        '<button class="btn-link">{}</button></form>',
        text,
        withdraw,
        get_token(request),
        _("Withdraw"),
    )
    messages.success(request, way_back)
