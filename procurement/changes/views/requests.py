"""One change request: asked for, looked at, answered, put anew."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from portal.kernel.access import DoorRequest, door
from portal.kernel.errors import Invalid, Problem, Refusal
from portal.kernel.templatetags.portal_ui import moment_text
from portal.kernel.web import see_other, whole_number
from procurement.changes.forms import TypedWish, boxes, read_wish_form, typed_terms
from procurement.changes.messages import AnswerChange, ProposeChange, ReviseChange, terms_from_json
from procurement.changes.models import ChangeRound, OrderChange
from procurement.changes.presenters import Moved, differences, foretold, headline, kinds_text
from procurement.changes.queries import (
    LineNow,
    allowed_verbs,
    changeable_lines,
    current_round,
    find_change,
    lines_now,
    place_asked,
    reason_words,
    reasons_of,
    side_of,
    sites_of,
)
from procurement.changes.services import (
    accept_change,
    counter_change,
    decline_change,
    edit_change,
    foretell_wish,
    propose_change,
    withdraw_change,
)
from procurement.changes.states import ChangeState
from procurement.orders.models import PurchaseOrder, PurchaseOrderLine
from procurement.orders.policies import plain
from procurement.orders.queries import find_order, schedules_by_line
from procurement.tolerances.presenters.sentences import said_by
from suppliers.roles import Permission

CHANGE, NEW = "procurement/changes/change.html", "procurement/changes/new.html"
ANSWERS = {"accept": accept_change, "decline": decline_change, "withdraw": withdraw_change}
MOST_LINES = 200


@dataclass(frozen=True, slots=True)
class Told:
    """One round as the page tells it: against what was agreed."""

    spoken: ChangeRound
    moved: list[Moved]
    is_mine: bool
    reason: str


# --- one request --------------------------------------------------------------------------------------------


@door(Permission.ORDER_VIEW)
def change(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """A request with every wish that was on the table, and what the reader may say to it."""
    return _show(request, find_change(key, actor=request.actor))


@door(Permission.CHANGE_NEGOTIATE, methods=["POST"])
def change_answer(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Yes, no, or never mind."""
    found = find_change(key, actor=request.actor)
    verb = request.POST.get("verb", "")
    command = AnswerChange(
        key,
        whole_number(request.POST.get("version")) or 0,
        request.POST.get("reason", ""),
        request.POST.get("note", "").replace("\r\n", "\n"),
    )
    if verb not in ANSWERS:
        refusal = Invalid(_("Press one of the buttons: accept, decline or take back."))
        return _show(request, found, refusal=refusal, status=422)
    try:
        with transaction.atomic():
            ANSWERS[verb](command, actor=request.actor, at=request.at)
    except Refusal as refusal:
        found = find_change(key, actor=request.actor)
        return _show(request, found, refusal=refusal, answer=command, status=refusal.status)
    said = {
        "accept": _("Agreed; the ERP is told."),
        "decline": _("Declined; the other side reads why."),
        "withdraw": _("Taken back; what was agreed stands."),
    }
    messages.success(request, said[verb])
    return see_other("change", key)


@door(Permission.CHANGE_NEGOTIATE, methods=["POST"])
def change_revise(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Another wish: one's own put better, or a counter-proposal to the other side's."""
    found = find_change(key, actor=request.actor)
    sent = read_wish_form(request.POST, get_language() or "en")
    verb = edit_change if request.POST.get("verb") == "edit" else counter_change
    version = whole_number(request.POST.get("version")) or 0
    command = ReviseChange(key, version, sent.wish, sent.typed.reason, sent.typed.note)
    try:
        if sent.problems:
            raise Invalid(sent.problems[0].message, sent.problems)
        with transaction.atomic():
            done = verb(command, actor=request.actor, at=request.at)
    except Refusal as refusal:
        found = find_change(key, actor=request.actor)
        return _show(request, found, refusal=refusal, typed=sent.typed, status=refusal.status)
    said = _("Your counter-proposal is on the table.")
    if verb is edit_change:
        said = _("Your wish is put anew.")
    messages.success(request, _agreed_at_once(done) or said)
    return see_other("change", key)


def _agreed_at_once(change: OrderChange) -> str:
    """What is said where a rule has agreed already; nothing where the wish waits."""
    if change.state != ChangeState.ACCEPTED:
        return ""
    return _("Agreed at once, %(who)s; the ERP is told.") % {"who": said_by(change.answered_by)}


def _show(
    request: DoorRequest,
    found: OrderChange,
    *,
    refusal: Refusal | None = None,
    typed: TypedWish | None = None,
    answer: AnswerChange | None = None,
    status: int = 200,
) -> HttpResponse:
    order, line, side = found.order, found.line, side_of(request.actor)
    was, spoken = terms_from_json(found.was), current_round(found)
    words = reason_words([order.company_id])
    verbs = allowed_verbs(found, request.actor)
    may_revise = "counter" in verbs or "edit" in verbs
    context = {
        "change": found,
        "order": order,
        "line": line,
        "headline": headline(found, side=side, by=moment_text(found.expires_at) if found.expires_at else ""),
        "what": kinds_text(found.kinds),
        "moved": differences(was, terms_from_json(spoken.terms), unit=line.unit, currency=order.currency),
        "rounds": [
            Told(
                one,
                differences(was, terms_from_json(one.terms), unit=line.unit, currency=order.currency),
                one.side == side,
                words.get((order.company_id, one.reason), one.reason),
            )
            for one in found.told  # type: ignore[attr-defined]  # read with it
        ],
        "answered_by": said_by(found.answered_by),
        "answer_reason": words.get((order.company_id, found.answer_reason), found.answer_reason),
        "verbs": verbs,
        "may_revise": may_revise,
        "is_revising": typed is not None,
        "answer": answer,
        "reasons": list(reasons_of(order.company_id).items()) if verbs else [],
        **_refused(refusal),
    }
    if may_revise:
        typed = typed or typed_terms(terms_from_json(spoken.terms))
        context |= _fields(order, line, typed, context["bad"])
    elif typed is not None:
        context |= _kept(order, line, typed)
        context["ask_anew"] = changeable_lines(order).filter(pk=line.pk).exists()
    return render(request, CHANGE, context, status=status)


# --- a new one ----------------------------------------------------------------------------------------------


@door(Permission.CHANGE_NEGOTIATE, methods=["GET", "POST"])
def change_new(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Ask for a change on one agreed line; first choose which, where the address names none."""
    order = find_order(key, actor=request.actor)
    named = request.POST.get("line", request.GET.get("line", ""))
    number = whole_number(request.GET.get("number"))
    wanted = {"key": named} if named else {"number": number} if number is not None else None
    lines = changeable_lines(order).select_related("ship_to")
    line = lines.filter(**wanted).first() if wanted else None
    if line is None:
        return _choose(request, order, missed=bool(wanted))
    if request.method == "POST":
        return _propose(request, order, line)
    return _ask(request, order, line)


def _choose(request: DoorRequest, order: PurchaseOrder, *, missed: bool) -> HttpResponse:
    lines = list(changeable_lines(order)[: MOST_LINES + 1])
    context = {
        "order": order,
        "lines": lines[:MOST_LINES],
        "is_cut": len(lines) > MOST_LINES,
        "missed": missed,
    }
    line = order.lines.select_related("ship_to").filter(key=request.POST.get("line", "")).first()
    if line is not None:
        context |= _kept(order, line, read_wish_form(request.POST, get_language() or "en").typed)
    return render(request, NEW, context, status=409 if missed and request.method == "POST" else 200)


def _propose(request: DoorRequest, order: PurchaseOrder, line: PurchaseOrderLine) -> HttpResponse:
    sent = read_wish_form(request.POST, get_language() or "en")
    version = whole_number(request.POST.get("version")) or 0
    command = ProposeChange(order.key, version, line.key, sent.wish, sent.typed.reason, sent.typed.note)
    try:
        if sent.problems:
            raise Invalid(sent.problems[0].message, sent.problems)
        with transaction.atomic():
            made = propose_change(command, actor=request.actor, at=request.at)
    except Refusal as refusal:
        return _ask(request, order, line, typed=sent.typed, refusal=refusal, status=refusal.status)
    waits = _("Your wish is on the table; what was agreed stands until the other side says yes.")
    messages.success(request, _agreed_at_once(made) or waits)
    return see_other("change", made.key)


def _ask(
    request: DoorRequest,
    order: PurchaseOrder,
    line: PurchaseOrderLine,
    *,
    typed: TypedWish | None = None,
    refusal: Refusal | None = None,
    status: int = 200,
) -> HttpResponse:
    now = _now(order, line)
    told = _refused(refusal)
    context = {
        "order": order,
        "line": line,
        "done": now.agreed.done,
        "reasons": list(reasons_of(order.company_id).items()),
        **told,
        **_fields(order, line, typed or typed_terms(now.agreed.terms), told["bad"]),
    }
    return render(request, NEW, context, status=status)


@door(Permission.CHANGE_NEGOTIATE, methods=["POST"])
def change_check(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """What would come of a wish as it is typed; nothing is kept."""
    order = find_order(key, actor=request.actor)
    line = order.lines.select_related("ship_to").filter(key=request.POST.get("line", "")).first()
    if line is None:
        message = _("This order has no such line. Load the page again.")
        raise Invalid(message, [Problem("line", message, request.POST.get("line", "")[:40], "unknown")])
    sent = read_wish_form(request.POST, get_language() or "en")
    problems, verdict = list(sent.problems), None
    if not problems:
        try:
            verdict = foretell_wish(order, line, sent.wish, actor=request.actor, at=request.at)
        except Invalid as refusal:
            problems = list(refusal.problems) or [Problem("wish", refusal.message)]
        except Refusal as refusal:
            problems = [Problem("wish", refusal.message)]
    told = foretold(
        problems,
        verdict,
        side=side_of(request.actor),
        buyer=order.buyer_name,
        currency=order.currency,
        unit=line.unit,
    )
    return render(request, "procurement/changes/foretold.html", {"foretold": told})


# --- what they share


def _now(order: PurchaseOrder, line: PurchaseOrderLine) -> LineNow:
    return lines_now(order, [line], schedules_by_line([line.pk]), ())[line.pk]


def _refused(refusal: Refusal | None) -> dict[str, Any]:
    """Why something was not done: the sentence, what is to be mended with the field it is in, and which fields."""
    problems = refusal.problems if isinstance(refusal, Invalid) else ()
    told = [{"id": one.field.replace(".", "-"), "message": one.message} for one in problems]
    bad: Mapping[str, Problem] = {one.field: one for one in problems}
    return {"refusal": None if told else refusal, "problems": told, "bad": bad}


def _kept(order: PurchaseOrder, line: PurchaseOrderLine, typed: TypedWish) -> dict[str, Any]:
    """A wish that was typed while it stopped being possible: it is shown, so that nothing of it is lost."""
    reasons = list(reasons_of(order.company_id).items())
    return {"kept_line": line, "reasons": reasons, **_fields(order, line, typed, {})}


def _fields(
    order: PurchaseOrder, line: PurchaseOrderLine, typed: TypedWish, bad: Mapping[str, Problem]
) -> dict[str, Any]:
    return {
        "typed": typed,
        "boxes": boxes(typed, order.currency, plain(line.price_per), bad),
        "price_per": plain(line.price_per),
        "sites": list(sites_of(order).values()),
        "place": typed.ship_to or place_asked(line, order),
    }
