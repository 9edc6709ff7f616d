"""Change requests as one list across orders: look, accept, decline, one by one or many at once."""

import uuid
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kernel.access import DoorRequest, door
from portal.kernel.errors import Invalid
from portal.kernel.web import paginate, whole_number
from procurement.changes.messages import ACCEPT, terms_from_json
from procurement.changes.models import OrderChange
from procurement.changes.presenters import differences
from procurement.changes.queries import (
    allowed_verbs,
    current_round,
    other_side,
    reason_words,
    reasons_to_give,
    side_of,
    visible_changes,
    waiting_for,
    with_rounds,
)
from procurement.changes.services import Choice, Outcome, decide_changes
from procurement.changes.states import OPEN, ChangeState
from suppliers.models import Supplier
from suppliers.roles import CompanyRole, Permission

TEMPLATE = "procurement/changes/list.html"
PAGE_SIZE = 50


@door(Permission.ORDER_VIEW)
def change_list(request: DoorRequest) -> HttpResponse:
    """What waits for the reader's side, most pressing first; what waits for the other, for the ERP; and all."""
    return _show(request)


@door(Permission.CHANGE_NEGOTIATE, methods=["POST"])
def changes_decide(request: DoorRequest) -> HttpResponse:
    """One word and one reason on all that are ticked."""
    picks = request.POST.getlist("pick")
    choices = [choice for pick in picks if (choice := _choice(pick))]
    verdict = request.POST.get("verdict", "")
    try:
        outcomes = decide_changes(
            choices,
            verdict,
            reason=request.POST.get("reason", ""),
            note=request.POST.get("note", "").replace("\r\n", "\n"),
            actor=request.actor,
            at=request.at,
        )
    except Invalid as refusal:
        return _show(request, problem=refusal.message, picks=frozenset(picks), status=refusal.status)
    failed = [outcome for outcome in outcomes if outcome.refusal]
    done = len(outcomes) - len(failed)
    if done:
        texts = (
            ngettext(
                "One request accepted; the ERP is told.", "%(n)d requests accepted; the ERP is told.", done
            )
            if verdict == ACCEPT
            else ngettext("One request declined.", "%(n)d requests declined.", done)
        )
        messages.success(request, texts % {"n": done})
    if failed:
        return _show(request, failed=failed, status=200 if done else 409)
    response = HttpResponseRedirect(_address(request))
    response.status_code = 303
    return response


def _choice(text: str) -> Choice | None:
    key, _dot, version = text.partition(".")
    seen = whole_number(version)
    try:
        return Choice(uuid.UUID(key), seen) if seen is not None else None
    except ValueError:
        return None


def _show(
    request: DoorRequest,
    *,
    problem: str = "",
    failed: list[Outcome] | None = None,
    picks: frozenset[str] = frozenset(),
    status: int = 200,
) -> HttpResponse:
    views = _views(request)
    usual = "mine" if request.actor.is_supplier or request.actor.role == CompanyRole.BUYER else "waiting"
    view = request.GET.get("view", usual)
    view = view if view in views else usual
    is_open = view in ("mine", "waiting", "theirs")
    order = ("expires_at", "id") if is_open else ("-updated_at", "-id")
    of = _supplier_asked(request)
    found = views[view][1].filter(supplier=of) if of else views[view][1]
    page = paginate(with_rounds(found), request.GET.get("cursor", ""), order=order, size=PAGE_SIZE)
    rows = _rows(request, list(page.rows), picks)
    counted = ("mine", "waiting") if not request.actor.is_supplier else ("mine",)
    context: dict[str, Any] = {
        "page": page,
        "rows": rows,
        "view": view,
        "active": [{"label": _("Supplier"), "text": of.name, "remove_url": f"?view={view}"}] if of else [],
        "views": [
            {
                "url": "?" + urlencode({"view": name, **({"supplier": of.number} if of else {})}),
                "label": label,
                "count": changes.count() if name in counted and not of else "",
                "hot": name == "mine",
                "current": name == view,
            }
            for name, (label, changes) in views.items()
        ],
        "may_decide": any(row["may_decide"] for row in rows),
        "may_negotiate": request.actor.may(Permission.CHANGE_NEGOTIATE),
        "may_edit_reasons": request.actor.may(Permission.REASON_MANAGE),
        "reasons": reasons_to_give(request.actor),
        "problem": problem,
        "failed": failed or [],
        "typed": request.POST,
        "decide_url": _address(request, "changes-decide"),
    }
    return render(request, TEMPLATE, context, status=status)


def _supplier_asked(request: DoorRequest) -> Supplier | None:
    """The supplier to which the address narrows the list, for the buying side."""
    number = "" if request.actor.is_supplier else request.GET.get("supplier", "")[:40]
    return Supplier.objects.visible_to(request.actor).filter(number=number).first() if number else None


def _views(request: DoorRequest) -> dict[str, tuple[str, QuerySet[OrderChange]]]:
    """The list in its parts: what each is called, and which requests are in it."""
    actor = request.actor
    seen = visible_changes(actor)
    mine = waiting_for(actor, "" if actor.is_supplier else request.user.email)
    theirs = seen.filter(state__in=OPEN, turn=other_side(side_of(actor)))
    found = {
        "mine": (_("Needs you"), seen.filter(pk__in=mine.values("pk"))),
        "waiting": (_("All buyers"), seen.filter(state__in=OPEN, turn=side_of(actor))),
        "theirs": (_("Waits for the other side"), theirs),
        "erp": (_("Waits for the ERP"), seen.filter(state=ChangeState.ACCEPTED)),
        "all": (_("All"), seen),
    }
    if actor.is_supplier:
        del found["waiting"]
    return found


def _rows(request: DoorRequest, changes: list[OrderChange], picks: frozenset[str]) -> list[dict[str, Any]]:
    words = reason_words({change.order.company_id for change in changes})
    rows = []
    for change in changes:
        spoken, line = current_round(change), change.line
        was, wish = terms_from_json(change.was), terms_from_json(spoken.terms)
        pick = f"{change.key}.{change.version}"
        rows.append(
            {
                "change": change,
                "moved": differences(was, wish, unit=line.unit, currency=change.order.currency),
                "spoken": spoken,
                "reason": words.get((change.order.company_id, spoken.reason), spoken.reason),
                "may_decide": "accept" in allowed_verbs(change, request.actor),
                "pick": pick,
                "is_picked": pick in picks,
            }
        )
    return rows


def _address(request: DoorRequest, page: str = "change-list") -> str:
    view = request.GET.get("view", "")
    return reverse(page) + (f"?view={view}" if view in ("mine", "waiting", "theirs", "erp", "all") else "")
