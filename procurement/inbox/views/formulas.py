"""How cases are ranked: the formula that counts, drafts, and what a draft would do."""

import uuid
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from portal.kernel.access import DoorRequest, door
from portal.kernel.errors import Invalid, NotFound, Problem, Refusal
from portal.kernel.web import see_other, whole_number
from procurement.inbox.messages import Part, WriteFormula
from procurement.inbox.models import PriorityFormula
from procurement.inbox.policies.scoring import DEFAULT_PARTS, DEFAULT_URGENCY, INPUTS, MOST_PARTS
from procurement.inbox.presenters.rows import title_of
from procurement.inbox.queries.formulas import all_formulas, as_formula, find_formula
from procurement.inbox.services.formulas import (
    approve_formula,
    ask_for_formula,
    hand_back_formula,
    retire_formula,
    start_formula,
    try_formula,
    write_formula,
)
from procurement.inbox.states import FORMULA_LIFECYCLE, FormulaState
from suppliers.roles import Permission

LIST, ONE = "procurement/inbox/formulas.html", "procurement/inbox/formula.html"
SPARE_ROWS = 2


@door(Permission.CASE_VIEW)
def formula_list(request: DoorRequest) -> HttpResponse:
    """The formula that counts, and all there were."""
    return _list(request)


@door(Permission.CASE_MANAGE, methods=["POST"])
def formula_new(request: DoorRequest) -> HttpResponse:
    """Begin a draft."""
    copy_of = request.POST.get("copy_of", "")
    try:
        made = start_formula(
            request.POST.get("name", ""),
            copy_of=uuid.UUID(copy_of) if copy_of else None,
            actor=request.actor,
            at=request.at,
        )
    except Invalid as refusal:
        return _list(request, problem=refusal.message, status=refusal.status)
    except ValueError:
        return _list(request, problem=_("Choose one of the list to begin from."), status=422)
    return see_other("formula", made.key)


def _list(request: DoorRequest, *, problem: str = "", status: int = 200) -> HttpResponse:
    formulas = all_formulas()
    context = {
        "formulas": formulas,
        "active": next((one for one in formulas if one.state == FormulaState.ACTIVE), None),
        "default_parts": DEFAULT_PARTS,
        "default_urgency": DEFAULT_URGENCY,
        "inputs": INPUTS.items(),
        "may_manage": request.actor.may(Permission.CASE_MANAGE),
        "problem": problem,
        "name": request.POST.get("name", ""),
    }
    return render(request, LIST, context, status=status)


@door(Permission.CASE_VIEW)
def formula(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """One formula, as a draft with the fields to write it."""
    return _show(request, find_formula(key))


@door(Permission.CASE_MANAGE, methods=["POST"])
def formula_write(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Write a draft anew; what cannot be read says so beside its field."""
    found = find_formula(key)
    command = _command(request, found)
    try:
        with transaction.atomic():
            found = write_formula(command, actor=request.actor, at=request.at)
    except Refusal as refusal:
        return _show(request, find_formula(key), command=command, refusal=refusal, status=refusal.status)
    if request.POST.get("then") == "try":
        return see_other("formula-try", key)
    messages.success(request, _("The draft is kept."))
    return see_other("formula", key)


@door(Permission.CASE_VIEW)
def formula_try(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """What a formula would do to the cases that are open now."""
    found = find_formula(key)
    run = try_formula(as_formula(found))

    def rows(moved: Any) -> list[tuple[Any, str]]:
        return [(one, title_of(one.case, request.at)) for one in moved]

    context = {
        "run": run,
        "rises": rows(run.rises),
        "falls": rows(run.falls),
        "first": rows(run.first),
    }
    return _show(request, found, more=context)


@door(Permission.CASE_MANAGE, methods=["POST"])
def formula_move(request: DoorRequest, key: uuid.UUID, verb: str) -> HttpResponse:
    """Ask for approval, hand back, approve, retire."""
    found = find_formula(key)
    version = whole_number(request.POST.get("version")) or 0
    who: dict[str, Any] = {"actor": request.actor, "at": request.at}
    reason = request.POST.get("reason", "")
    said = {
        "ask": _("Somebody else looks at it now."),
        "hand_back": _("It is a draft again."),
        "approve": _("It counts from now on; every open case is ranked by it."),
        "retire": _("It is retired."),
    }
    if verb not in said:
        raise NotFound(_("There is no such page."))
    try:
        with transaction.atomic():
            if verb == "ask":
                ask_for_formula(key, version, **who)
            elif verb == "hand_back":
                hand_back_formula(key, version, reason, **who)
            elif verb == "approve":
                approve_formula(key, version, **who)
            else:
                retire_formula(key, version, reason, **who)
    except Refusal as refusal:
        return _show(request, find_formula(found.key), refusal=refusal, status=refusal.status)
    messages.success(request, said[verb])
    return see_other("formula", key)


def _command(request: DoorRequest, found: PriorityFormula) -> WriteFormula:
    posted = request.POST
    parts = [
        Part(posted.get(f"name.{place}", "").strip(), posted.get(f"part.{place}", "").strip())
        for place in range(MOST_PARTS + SPARE_ROWS)
    ]
    rates = {}
    for word in posted.get("rates", "").replace(",", " ").replace("=", " = ").split("\n"):
        currency, _sign, rate = (piece.strip() for piece in word.partition("="))
        if currency or rate:
            rates[currency.upper()] = rate
    return WriteFormula(
        key=found.key,
        version=whole_number(posted.get("version")) or 0,
        name=posted.get("name", ""),
        parts=tuple(part for part in parts if part.name or part.expression),
        urgency=posted.get("urgency", ""),
        rates=rates,
    )


def _show(
    request: DoorRequest,
    found: PriorityFormula,
    *,
    command: WriteFormula | None = None,
    refusal: Refusal | None = None,
    more: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    problems: tuple[Problem, ...] = getattr(refusal, "problems", ()) if refusal else ()
    by_field = {problem.field: problem.message for problem in problems}
    kept = [(one["name"], one["expression"]) for one in found.parts]
    typed = [(part.name, part.expression) for part in command.parts] if command else kept
    is_draft = found.state == FormulaState.DRAFT
    may_manage = request.actor.may(Permission.CASE_MANAGE)
    spare = [("", "")] * SPARE_ROWS if is_draft and may_manage else []
    rates = command.rates if command else found.rates
    context = {
        "formula": found,
        # A form that is shown again writes over nothing it has not shown.
        "version": command.version if command else found.version,
        "name": command.name if command else found.name,
        "parts": [
            (place, name, text, by_field.get(f"name.{place}", ""), by_field.get(f"part.{place}", ""))
            for place, (name, text) in enumerate([*typed, *spare])
        ],
        "urgency": command.urgency if command else found.urgency,
        "rates": "\n".join(f"{currency} = {rate}" for currency, rate in rates.items()),
        "inputs": INPUTS.items(),
        "refusal": refusal,
        "problems": [
            {"message": problem.message, "id": f"f-{problem.field}".replace(".", "-")} for problem in problems
        ],
        "by_field": by_field,
        "urgency_problem": by_field.get("urgency", ""),
        "is_draft": is_draft,
        "may_write": is_draft and may_manage,
        "verbs": FORMULA_LIFECYCLE.verbs_for(request.actor, found.state),
        "is_author": request.actor.user_id in found.authors,
        "may_manage": may_manage,
        **(more or {}),
    }
    return render(request, ONE, context, status=status)
