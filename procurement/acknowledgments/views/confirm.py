"""Confirming as asked across many orders: one press, and a word on each that could not be."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kernel.access import door
from portal.kernel.web import back_or
from procurement.acknowledgments.messages import AcknowledgeOrder, LineAnswer
from procurement.acknowledgments.queries import typed_keys
from procurement.acknowledgments.services import Answered, acknowledge_orders
from procurement.orders.filters import picked_lines, picked_orders, read_picks
from procurement.orders.models import PurchaseOrder, PurchaseOrderLine
from procurement.orders.states import Turn
from suppliers.roles import Permission


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one order: how many lines were confirmed, and what was not, and why."""

    order: PurchaseOrder
    confirmed: int = 0
    why_not: tuple[str, ...] = ()


@door(Permission.ORDER_ACKNOWLEDGE, methods=["POST"])
def confirm_many(request: HttpRequest) -> HttpResponse:
    """Promise the ticked orders, or the ticked lines of them, exactly as they are asked."""
    actor, at = request.actor, request.at  # type: ignore[attr-defined]  # set by the door
    picks = read_picks(request.POST.getlist("pick"))
    back = back_or(request, reverse("order-list"))
    if request.POST.get("what") == "lines":
        lines = list(picked_lines(picks, actor).select_related("order").order_by("order_id", "number"))
        orders = {line.order_id: line.order for line in lines}
        typed = typed_keys(orders.values(), actor=actor)
        typed_lines = [line for line in lines if line.key in typed.get(line.order_id, ())]
        commands = _line_commands([line for line in lines if line not in typed_lines], picks)
        passed_over = _not_waiting(lines)
        unsent = {line.order.key for line in typed_lines}
    else:
        orders = {order.pk: order for order in picked_orders(picks, actor).order_by("number")}
        unsent = {orders[pk].key for pk in typed_keys(orders.values(), actor=actor)}
        free = [order for order in orders.values() if order.key not in unsent]
        commands = [_whole_order(order, picks[str(order.key)]) for order in free]
        passed_over = {}
    answered = acknowledge_orders(commands, actor=actor, at=at)
    outcomes = list(_outcomes(orders.values(), answered, passed_over, unsent))
    return _tell(request, outcomes, back)


def _whole_order(order: PurchaseOrder, version: int) -> AcknowledgeOrder:
    return AcknowledgeOrder(order=order.key, version=version, rest_as_asked=True)


def _line_commands(lines: Sequence[PurchaseOrderLine], picks: dict[str, int]) -> list[AcknowledgeOrder]:
    by_order: dict[UUID, list[PurchaseOrderLine]] = defaultdict(list)
    for line in lines:
        if line.turn == Turn.SUPPLIER:
            by_order[line.order.key].append(line)
    return [
        AcknowledgeOrder(
            order=key,
            version=min(picks[str(line.pk)] for line in waiting),
            answers=tuple(LineAnswer(line.key) for line in waiting),
        )
        for key, waiting in by_order.items()
    ]


def _not_waiting(lines: Iterable[PurchaseOrderLine]) -> dict[UUID, list[int]]:
    found: dict[UUID, list[int]] = defaultdict(list)
    for line in lines:
        if line.turn != Turn.SUPPLIER:
            found[line.order.key].append(line.number)
    return found


def _outcomes(
    orders: Iterable[PurchaseOrder],
    answered: Sequence[Answered],
    passed_over: dict[UUID, list[int]],
    unsent: set[UUID],
) -> Iterable[Outcome]:
    by_key = {one.command.order: one for one in answered}
    for order in orders:
        one = by_key.get(order.key)
        why_not = [one.refusal.message] if one and one.refusal else []
        if order.key in unsent:
            why_not.append(_("Something is typed here and not sent yet. Look at it, then send it."))
        if numbers := passed_over.get(order.key):
            text = ngettext(
                "Line %(lines)s does not wait for an answer.",
                "Lines %(lines)s do not wait for an answer.",
                len(numbers),
            )
            why_not.append(text % {"lines": ", ".join(map(str, numbers))})
        confirmed = len(one.done.settled.as_asked) if one and one.done else 0
        yield Outcome(order, confirmed, tuple(why_not))


def _tell(request: HttpRequest, outcomes: list[Outcome], back: str) -> HttpResponse:
    lines = sum(outcome.confirmed for outcome in outcomes)
    orders = sum(outcome.confirmed > 0 for outcome in outcomes)
    said = {
        "lines": ngettext("%(n)d line", "%(n)d lines", lines) % {"n": lines},
        "orders": ngettext("%(n)d order", "%(n)d orders", orders) % {"n": orders},
    }
    summary = (
        _("%(lines)s of %(orders)s confirmed as asked.") % said if lines else _("Nothing was confirmed.")
    )
    if outcomes and not any(outcome.why_not for outcome in outcomes):
        messages.success(request, summary)
        response = HttpResponseRedirect(back)
        response.status_code = 303
        return response
    context = {"outcomes": outcomes, "summary": summary, "back": back}
    return render(request, "procurement/acknowledgments/confirmed.html", context)
