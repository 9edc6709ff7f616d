"""What waits for the buyer, as one list across orders: look, accept, decline, one by one or many at once."""

import json
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kernel.access import DoorRequest, door
from portal.kernel.errors import Invalid
from portal.kernel.web import whole_number
from procurement.acknowledgments.messages import ACCEPT, DECLINE
from procurement.erp.queries import tasks_to_key
from procurement.workbench.queries.compare import Compared
from procurement.workbench.queries.waiting import (
    KINDS,
    WITHOUT_A_DAY,
    Wanted,
    counts,
    find_supplier_name,
    page_of_decisions,
    suppliers_waiting,
)
from procurement.workbench.services import Choice, Outcome, decide_lines
from procurement.workbench.views.kept import Typed, key_hints, read_typed
from suppliers.roles import CompanyRole, Permission

TEMPLATE = "procurement/workbench/decisions.html"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list, and what the reader has open, ticked or typed on it."""

    compared: Compared
    is_open: bool
    is_picked: bool
    reason: str
    key: str
    url: str
    has_focus: bool = False

    @property
    def choice(self) -> str:
        return f"{self.compared.line.pk}.{self.compared.order.version}"


@door(Permission.SUPPLIER_VIEW)
def decision_list(request: DoorRequest) -> HttpResponse:
    """What waits for the buyers, most pressing first. Who does not decide reads."""
    return _show(request, read_typed(request.GET), open_line=whole_number(request.GET.get("open")))


@door(Permission.ORDER_DECIDE, methods=["POST"])
def decisions_decide(request: DoorRequest) -> HttpResponse:
    """The verdict on one line, or on those that are ticked."""
    return _decide(request)


# --- showing ------------------------------------------------------------------------------------------------


def _show(
    request: DoorRequest,
    typed: Typed,
    *,
    open_line: int | None = None,
    focus_line: int | None = None,
    problem: str = "",
    failed: list[Outcome] | None = None,
    say: str = "",
    status: int = 200,
) -> HttpResponse:
    whose, wanted = _wanted(request)
    page, lines = page_of_decisions(request.actor, wanted, request.GET.get("cursor", ""))
    rows = _rows(request, lines, typed, open_line, focus_line)
    waiting = counts(request.actor, request.user.email)
    narrow = getattr(request, "htmx", False)
    context = {
        "page": page,
        "rows": rows,
        "typed": typed,
        "problem": problem,
        "failed": failed or [],
        "open_row": next((row for row in rows if row.is_open), None),
        "whose": whose,
        "waiting": waiting,
        "views": _views(request, whose, waiting),
        "filters": _filters(request, wanted),
        "active": _active(request, wanted),
        "is_filtered": bool(wanted.supplier or wanted.kind),
        "days": WITHOUT_A_DAY,
        "may_decide": request.actor.may(Permission.ORDER_DECIDE),
        "to_key": tasks_to_key(request.actor).count() if request.actor.may(Permission.ORDER_DECIDE) else 0,
        "decide_url": _address(request, "decisions-decide", open=None),
        "clear_url": _address(request, supplier=None, kind=None, cursor=None),
        "here": _address(request, open=None),
        "oob": narrow,
        "has_focus": narrow and not any(row.is_open or row.has_focus for row in rows),
    }
    response = render(request, f"{TEMPLATE}#decisions" if narrow else TEMPLATE, context, status=status)
    if narrow and not request.htmx.boosted:
        response["HX-Replace-Url"] = _address(request, open=open_line)
    if narrow and say:
        response["HX-Trigger"] = json.dumps({"toast": say})
    return response


def _wanted(request: DoorRequest) -> tuple[str, Wanted]:
    """Mine or everybody's: a buyer begins with its own, who manages with all."""
    usual = "mine" if request.actor.role == CompanyRole.BUYER else "all"
    whose = request.GET.get("view", usual)
    whose = whose if whose in ("mine", "all") else usual
    kind = request.GET.get("kind", "")
    return whose, Wanted(
        email=request.user.email if whose == "mine" else "",
        supplier=request.GET.get("supplier", ""),
        kind=kind if kind in KINDS else "",
    )


def _rows(
    request: DoorRequest, lines: list[Compared], typed: Typed, open_line: int | None, focus_line: int | None
) -> list[Row]:
    ids = [one.line.pk for one in lines]
    opened = ids.index(open_line) if open_line in ids else None
    return [
        Row(
            compared=one,
            is_open=place == opened,
            is_picked=one.line.pk in typed.picks,
            reason=typed.reasons.get(one.line.pk, ""),
            key=key,
            url=_address(request, open=one.line.pk),
            has_focus=one.line.pk == focus_line and opened is None,
        )
        for place, (one, key) in enumerate(zip(lines, key_hints(len(ids), opened), strict=True))
    ]


def _address(request: DoorRequest, page: str = "decision-list", **changed: Any) -> str:
    """The address of this list as it is filtered; what was typed is not part of it."""
    query = QueryDict(mutable=True)
    for name in ("view", "supplier", "kind", "cursor"):
        if value := request.GET.get(name):
            query[name] = value
    for name, wanted in changed.items():
        query.pop(name, None)
        if wanted:
            query[name] = str(wanted)
    text = query.urlencode()
    return reverse(page) + (f"?{text}" if text else "")


def _views(request: DoorRequest, whose: str, waiting: dict[str, int]) -> list[dict[str, Any]]:
    labels = {"mine": _("Mine"), "all": _("All buyers")}
    return [
        {
            "url": _address(request, view=name, cursor=None),
            "label": label,
            "count": waiting[name],
            "hot": name == "mine",
            "current": whose == name,
        }
        for name, label in labels.items()
    ]


def _filters(request: DoorRequest, wanted: Wanted) -> list[dict[str, Any]]:
    suppliers = suppliers_waiting(request.actor, wanted.email)
    return [
        {
            "label": _("Difference"),
            "options": [
                {
                    "label": label,
                    "url": _address(request, kind=kind, cursor=None),
                    "current": wanted.kind == kind,
                }
                for kind, label in KINDS.items()
            ],
        },
        {
            "label": _("Supplier"),
            "options": [
                {
                    "label": name,
                    "url": _address(request, supplier=number, cursor=None),
                    "current": wanted.supplier == number,
                    "count": count,
                }
                for number, name, count in suppliers
            ],
        },
    ]


def _active(request: DoorRequest, wanted: Wanted) -> list[dict[str, Any]]:
    found = []
    if wanted.kind:
        remove = _address(request, kind=None, cursor=None)
        found.append({"label": _("Difference"), "text": KINDS[wanted.kind], "remove_url": remove})
    if wanted.supplier:
        remove = _address(request, supplier=None, cursor=None)
        name = find_supplier_name(wanted.supplier, request.actor) or wanted.supplier
        found.append({"label": _("Supplier"), "text": name, "remove_url": remove})
    return found


# --- reading ------------------------------------------------------------------------------------------------


def _choice(text: str) -> Choice | None:
    line, _dot, version = text.partition(".")
    if (pk := whole_number(line)) is None or (seen := whole_number(version)) is None:
        return None
    return Choice(pk, seen)


# --- deciding -----------------------------------------------------------------------------------------------


def _decide(request: DoorRequest) -> HttpResponse:
    typed = read_typed(request.POST)
    verdict, chosen, reason = _pressed(request.POST, typed)
    open_line = whole_number(request.POST.get("open"))
    one = chosen[0].line if len(chosen) == 1 and "bulk" not in request.POST else None
    following = _following(request, one) if one is not None else None
    try:
        outcomes = decide_lines(chosen, verdict, reason, actor=request.actor, at=request.at)
    except Invalid as refusal:
        return _show(
            request, typed, open_line=one or open_line, problem=refusal.message, status=refusal.status
        )
    done = [outcome for outcome in outcomes if not outcome.refusal]
    failed = [outcome for outcome in outcomes if outcome.refusal]
    say = _said(verdict, done)
    decided = frozenset(line for outcome in done for line in outcome.chosen)
    kept = typed.without(decided, keep_reason=bool(failed or typed.picks - decided))
    if one is not None and not failed:
        open_line = following if open_line == one else open_line
    if failed or getattr(request, "htmx", False):
        status = 409 if failed and not done else 200
        return _show(
            request, kept, open_line=open_line, focus_line=following, failed=failed, say=say, status=status
        )
    messages.success(request, say)
    response = HttpResponseRedirect(_address(request, open=open_line))
    response.status_code = 303
    return response


def _pressed(posted: QueryDict, typed: Typed) -> tuple[str, list[Choice], str]:
    """Which button was pressed: that of one line, or that of all that are ticked."""
    for verdict in (ACCEPT, DECLINE):
        if (choice := _choice(posted.get(verdict, ""))) is not None:
            return verdict, [choice], typed.reasons.get(choice.line, "")
    picked = [choice for value in posted.getlist("pick") if (choice := _choice(value))]
    bulk = posted.get("bulk", "")
    return (bulk if bulk in (ACCEPT, DECLINE) else ACCEPT), (picked if bulk else []), typed.reason


def _following(request: DoorRequest, line: int) -> int | None:
    """The line after this one in the list as it stands before the verdict, else the one before it."""
    _whose, wanted = _wanted(request)
    _page, lines = page_of_decisions(request.actor, wanted, request.GET.get("cursor", ""))
    ids = [one.line.pk for one in lines]
    if line not in ids:
        return None
    place = ids.index(line)
    return next(iter([*ids[place + 1 : place + 2], *ids[max(0, place - 1) : place]]), None)


def _said(verdict: str, done: list[Outcome]) -> str:
    lines = sum(len(outcome.lines) for outcome in done)
    if not lines:
        return ""
    if lines == 1:
        values = {"line": done[0].lines[0], "number": done[0].number}
        if verdict == ACCEPT:
            return _("Line %(line)s of order %(number)s accepted; the ERP is told.") % values
        return _("Line %(line)s of order %(number)s declined; the supplier answers again.") % values
    orders = ngettext("one order", "%(n)d orders", len(done)) % {"n": len(done)}
    values = {"lines": lines, "orders": orders}
    if verdict == ACCEPT:
        return _("%(lines)d lines on %(orders)s accepted; the ERP is told.") % values
    return _("%(lines)d lines on %(orders)s declined; the suppliers answer again.") % values
