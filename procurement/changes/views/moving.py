"""One wish on many lines: what has not come yet, so many days later or earlier."""

import re
from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from portal.kernel.access import DoorRequest, door
from portal.kernel.errors import Invalid, Problem
from portal.kernel.web import see_other, whole_number
from procurement.acknowledgments.forms import kept_text, plain_day
from procurement.changes.models import OrderChange
from procurement.changes.queries import reasons_to_give
from procurement.changes.services import MOST, Proposed, move_lines
from procurement.changes.states import OPEN
from procurement.orders.models import PurchaseOrderLine
from procurement.orders.queries import visible_lines
from procurement.orders.states import Agreement, OrderState
from suppliers.roles import Permission

TEMPLATE = "procurement/changes/move.html"
FILTERS = ("order", "supplier", "item", "from", "until")


@door(Permission.CHANGE_NEGOTIATE, methods=["GET", "POST"])
def changes_move(request: DoorRequest) -> HttpResponse:
    """Find agreed lines, tick them, and ask for all of them to come later or earlier."""
    if request.method == "GET":
        return _show(request)
    lines = dict(pair for text in request.POST.getlist("pick") if (pair := _pick(text)))
    try:
        proposed = move_lines(
            lines,
            _days(request.POST.get("days", "")),
            reason=request.POST.get("reason", ""),
            note=request.POST.get("note", "").replace("\r\n", "\n"),
            actor=request.actor,
            at=request.at,
        )
    except Invalid as refusal:
        return _show(request, problem=refusal.message, picks=frozenset(lines), status=refusal.status)
    failed = [one for one in proposed if one.refusal]
    done = len(proposed) - len(failed)
    if done:
        text = ngettext("One wish is on the table.", "%(n)d wishes are on the table.", done)
        messages.success(request, text % {"n": done})
    if failed:
        return _show(request, failed=failed, picks=frozenset(lines), status=200 if done else 409)
    return see_other("change-list")


def _days(text: str) -> int:
    """So many days: 7, -7, or with the minus of typographers."""
    text = text.strip().replace("\u2212", "-").removeprefix("+")
    if not re.fullmatch(r"-?[0-9]{1,4}", text, re.ASCII):
        message = _("Say by how many days: 7 is a week later, -7 a week earlier.")
        raise Invalid(message, [Problem("days", message, text[:40])])
    return int(text)


def _pick(text: str) -> tuple[int, int] | None:
    line, _dot, version = text.partition(".")
    pk, seen = whole_number(line), whole_number(version)
    return None if pk is None or seen is None else (pk, seen)


def _show(
    request: DoorRequest,
    *,
    problem: str = "",
    failed: list[Proposed] | None = None,
    picks: frozenset[int] = frozenset(),
    status: int = 200,
) -> HttpResponse:
    asked = {name: request.GET.get(name, "").strip()[:100] for name in FILTERS}
    is_asked = any(asked.values())
    lines = list(_found(request, asked)[: MOST + 1]) if is_asked else []
    context: dict[str, Any] = {
        "asked": asked,
        "is_asked": is_asked,
        "rows": [{"line": line, "is_picked": line.pk in picks} for line in lines[:MOST]],
        "is_cut": len(lines) > MOST,
        "most": MOST,
        "reasons": reasons_to_give(request.actor),
        "problem": problem,
        "failed": _told(request, failed or ()),
        "typed": request.POST,
        "query": request.GET.urlencode(),
    }
    return render(request, TEMPLATE, context, status=status)


def _told(request: DoorRequest, failed: Sequence[Proposed]) -> list[dict[str, Any]]:
    """Which lines were not asked for, each with why not: one query."""
    keys = {(one.command.order, one.command.line_key): one.refusal for one in failed}
    lines = visible_lines(request.actor).filter(
        order__key__in={order for order, _line in keys}, key__in={line for _order, line in keys}
    )
    found = {(line.order.key, line.key): line for line in lines.select_related("order")}
    return [{"line": found[key], "why": why} for key, why in keys.items() if key in found]


def _found(request: DoorRequest, asked: dict[str, str]) -> QuerySet[PurchaseOrderLine]:
    """The agreed lines that are asked for, on which nothing is talked about yet, by day."""
    lines = visible_lines(request.actor).filter(
        order__state=OrderState.ISSUED, agreement=Agreement.AGREED, cancelled=False, closed=False
    )
    lines = lines.exclude(logistics="received")
    busy = OrderChange.objects.visible_to(request.actor).filter(state__in=OPEN).values("line")
    lines = lines.exclude(pk__in=busy)
    language = get_language() or "en"
    days = {name: plain_day(kept_text("delivery_on", asked[name], language)) for name in ("from", "until")}
    same = {"order": "order__number", "supplier": "supplier__number", "item": "item_number"}
    lines = lines.filter(**{same[name]: asked[name] for name in same if asked[name]})
    if days["from"]:
        lines = lines.filter(expected_on__gte=days["from"])
    if days["until"]:
        lines = lines.filter(expected_on__lte=days["until"])
    return lines.select_related("order", "supplier").order_by("expected_on", "id")
