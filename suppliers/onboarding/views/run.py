"""The onboarding of one supplier, and what our administrator does with it."""

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from portal.kernel.access import DoorRequest, door
from portal.kernel.errors import Invalid, Problem, Refusal
from portal.kernel.web import see_other, whole_number
from suppliers.onboarding.forms import DecideForm, NumberForm, ReassignForm
from suppliers.onboarding.models import OnboardingRun
from suppliers.onboarding.presenters import names_of, step_rows, why_text
from suppliers.onboarding.queries import answers_of, find_run, sheet_of, template_of
from suppliers.onboarding.services import (
    approve_onboarding,
    begin_again,
    end_onboarded,
    hand_back,
    number_prospect,
    reassign_onboarding,
    refuse_onboarding,
    resend_onboarding,
    withdraw_onboarding,
)
from suppliers.onboarding.states import RUN_LIFECYCLE, RunState
from suppliers.people.queries import members
from suppliers.people.ways import require_own_factor
from suppliers.roles import Permission


@door(Permission.SUPPLIER_VIEW)
def onboarding_run(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """The onboarding of one supplier: its steps, why it is asked these, and what can be done."""
    return _show_run(request, find_run(key, actor=request.actor))


def _show_run(
    request: DoorRequest,
    run: OnboardingRun,
    *,
    decide: DecideForm | None = None,
    reassign: ReassignForm | None = None,
    number: NumberForm | None = None,
    refusal: Refusal | None = None,
    status: int = 200,
) -> HttpResponse:
    if not request.actor.is_company:
        return see_other("getting-started")
    sheet, template = sheet_of(run, request.at), template_of(run)
    answers = answers_of(run.supplier, actor=request.actor)
    may = request.actor.may(Permission.SUPPLIER_MANAGE)
    words = {
        "approve": pgettext("onboarding", "Approve"),
        "hand_back": _("Hand back"),
        "refuse": pgettext("onboarding", "Refuse"),
        "withdraw": _("Take back"),
        "leave": _("It has left"),
        "begin_again": _("Begin again"),
    }
    verbs = RUN_LIFECYCLE.verbs_for(request.actor, run.state) if may else []
    decide = decide or DecideForm()
    if "approve" not in verbs:
        decide["reason"].help_text = _("The supplier reads it.")
    comes_of_it = {
        "hand_back": _("The supplier goes on with it."),
        "refuse": _("We do no business with it."),
        "withdraw": _("It is asked nothing more and nobody is reminded. An open invitation opens nothing."),
    }
    started = run.state == RunState.STARTED
    awaits_number = run.supplier.is_prospect and run.supplier.merged_into_id is None
    context = {
        "run": run,
        "rows": step_rows(sheet, actor=request.actor),
        "people": list(
            members(request.actor, supplier=run.supplier.number).order_by("user__name", "id")[:20]
        ),
        "may_remind": may and started and bool(sheet.waiting),
        "says": [{"word": words[one], "says": comes_of_it[one]} for one in verbs if one in comes_of_it],
        "why": why_text(run, template.name if template else ""),
        "paying": names_of(sheet.paying),
        "answers": [
            {"question": one.text, "answer": answers[one.code]}
            for one in sheet.questions
            if answers.get(one.code)
        ],
        "verbs": [{"verb": verb, "word": words[verb]} for verb in verbs if verb in words],
        "is_invited": run.state == RunState.INVITED,
        "may": may,
        "decide": decide,
        "reassign": reassign or ReassignForm(auto_id="to_%s"),
        "number": (number or NumberForm()) if may and awaits_number else None,
        "refusal": refusal,
        "problems": refusal.problems if isinstance(refusal, Invalid) else (),
    }
    return render(request, "suppliers/onboarding/run.html", context, status=status)


@door(Permission.SUPPLIER_MANAGE, methods=["POST"])
def onboarding_resend(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Mail an invitation once more."""
    require_own_factor(request)
    run = resend_onboarding(key, actor=request.actor, at=request.at)
    if run.state == RunState.STARTED:
        messages.success(request, _("The people of %(name)s are reminded.") % {"name": run.supplier.name})
    else:
        messages.success(
            request, _("The invitation is on its way to %(address)s.") % {"address": run.address}
        )
    return see_other("onboarding-run", key)


@door(Permission.SUPPLIER_MANAGE, methods=["POST"])
def onboarding_reassign(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Invite somebody else of the supplier."""
    require_own_factor(request)
    run = find_run(key, actor=request.actor)
    form = ReassignForm(request.POST, auto_id="to_%s")
    if not form.is_valid():
        return _show_run(request, run, reassign=form, status=422)
    said = form.cleaned_data
    try:
        with transaction.atomic():
            reassign_onboarding(key, said["address"], said["name"], actor=request.actor, at=request.at)
    except Invalid as refusal:
        form.add_problems(refusal)
        return _show_run(request, run, reassign=form, status=422)
    messages.success(
        request, _("The invitation is on its way to %(address)s.") % {"address": said["address"]}
    )
    return see_other("onboarding-run", key)


@door(Permission.SUPPLIER_MANAGE, methods=["POST"])
def onboarding_number(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """The ERP has a number for a prospect."""
    run = find_run(key, actor=request.actor)
    form = NumberForm(request.POST)
    if not form.is_valid():
        return _show_run(request, run, number=form, status=422)
    try:
        with transaction.atomic():
            number_prospect(key, **form.cleaned_data, actor=request.actor, at=request.at)
    except Invalid as refusal:
        form.add_problems(refusal)
        return _show_run(request, find_run(key, actor=request.actor), number=form, status=422)
    messages.success(request, _("It is known by its number in the ERP now."))
    return see_other("onboarding-run", key)


Decision = Callable[..., OnboardingRun]
WITH_REASON: dict[str, Decision] = {
    "hand_back": hand_back,
    "refuse": refuse_onboarding,
    "withdraw": withdraw_onboarding,
    "leave": end_onboarded,
}


@door(Permission.SUPPLIER_MANAGE, methods=["POST"])
def onboarding_decide(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Approve, hand back, refuse, take back, end, or begin again: as the button says."""
    run = find_run(key, actor=request.actor)
    form = DecideForm(request.POST)
    verb, seen = request.POST.get("verb", ""), whole_number(request.POST.get("version"))
    if verb == "begin_again":  # it invites
        require_own_factor(request)
    if not form.is_valid():
        return _show_run(request, run, decide=form, status=422)
    try:
        with transaction.atomic():
            _decide(request, key, verb, seen, form.cleaned_data["reason"].replace("\r\n", "\n"))
    except Refusal as refusal:
        if refusal.status in (403, 404):
            raise
        if isinstance(refusal, Invalid) and any(one.field == "reason" for one in refusal.problems):
            form.add_problems(refusal)
            return _show_run(request, run, decide=form, status=422)
        fresh = find_run(key, actor=request.actor)
        return _show_run(request, fresh, decide=form, refusal=refusal, status=refusal.status)
    messages.success(request, _("Done."))
    return see_other("onboarding-run", key)


def _decide(request: DoorRequest, key: uuid.UUID, verb: str, seen: int | None, reason: str) -> None:
    who: dict[str, Any] = {"actor": request.actor, "at": request.at}
    if verb == "approve":
        approve_onboarding(key, seen, **who)
    elif verb == "begin_again":
        begin_again(key, **who)
    elif verb in WITH_REASON:
        WITH_REASON[verb](key, seen, reason, **who)
    else:
        message = _("Choose what is to be done.")
        raise Invalid(message, [Problem("verb", message, verb[:20], "unknown")])
