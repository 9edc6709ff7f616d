"""A supplier's own way in: what is asked of it, the terms, the questions, and handing in."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from portal.kernel.access import DoorRequest, door
from portal.kernel.errors import Invalid, NotFound, Refusal
from portal.kernel.web import see_other, whole_number
from suppliers.onboarding.forms import QuestionsForm
from suppliers.onboarding.models import OnboardingRun
from suppliers.onboarding.presenters import names_of, step_rows
from suppliers.onboarding.queries import answers_of, own_run, sheet_of, terms_for
from suppliers.onboarding.services import accept_terms, answer_questions, hand_in
from suppliers.onboarding.states import TO_ACT, RunState, StepKind
from suppliers.roles import Permission


def _own(request: DoorRequest) -> OnboardingRun:
    run = own_run(request.actor)
    if run is None:
        raise NotFound(_("Nothing is asked of you here."))
    return run


@door(Permission.DETAIL_VIEW)
def getting_started(request: DoorRequest) -> HttpResponse:
    """What is asked of a supplier, what each step is for, and how far it is."""
    if not request.actor.is_supplier:
        return see_other("onboarding-list")
    return _show_own(request, own_run(request.actor))


def _show_own(
    request: DoorRequest, run: OnboardingRun | None, *, refusal: Refusal | None = None, status: int = 200
) -> HttpResponse:
    context: dict[str, Any] = {"run": run, "refusal": refusal}
    if run is not None:
        sheet = sheet_of(run, request.at)
        is_going = run.state in TO_ACT
        context |= {
            "rows": step_rows(sheet, actor=request.actor),
            "first": names_of(sheet.waiting[:1]),
            "done": sheet.done,
            "of": len(sheet.steps),
            "paying": names_of(sheet.paying),
            "is_going": is_going,
            "is_over": run.state in (RunState.REFUSED, RunState.WITHDRAWN, RunState.LEFT),
            "may_hand_in": is_going and not sheet.waiting and request.actor.may(Permission.DETAIL_EDIT),
            "waiting": names_of(sheet.waiting),
            "problems": refusal.problems if isinstance(refusal, Invalid) else (),
        }
    return render(request, "suppliers/onboarding/getting_started.html", context, status=status)


@door(Permission.DETAIL_EDIT, methods=["POST"])
def own_hand_in(request: DoorRequest) -> HttpResponse:
    """Everything that is compulsory is given: somebody of ours looks at it."""
    if not request.actor.is_supplier:
        return see_other("onboarding-list")
    run = _own(request)
    try:
        with transaction.atomic():
            hand_in(run.key, actor=request.actor, at=request.at)
    except Refusal as refusal:
        if refusal.status in (403, 404):
            raise
        return _show_own(request, _own(request), refusal=refusal, status=refusal.status)
    messages.success(request, _("Thank you. Somebody looks at it now; you are told what becomes of it."))
    return see_other("getting-started")


@door(Permission.DETAIL_EDIT, methods=["GET", "POST"], personal=True)
def own_terms(request: DoorRequest) -> HttpResponse:
    """Read the terms and accept them: which version, is kept with who did."""
    if not request.actor.is_supplier:
        return see_other("onboarding-list")
    run = _own(request)
    refusal: Refusal | None = None
    if request.method == "POST":
        number = whole_number(request.POST.get("number")) or 0
        try:
            with transaction.atomic():
                accept_terms(
                    run.key, request.POST.get("code", ""), number, actor=request.actor, at=request.at
                )
        except Refusal as error:
            if error.status in (403, 404):
                raise
            refusal = error
        else:
            messages.success(request, _("Accepted. Thank you."))
            return see_other("onboarding-terms-own")
    sheet = sheet_of(run, request.at)
    codes = [code for one in sheet.steps if one.kind == StepKind.TERMS for code in one.wants]
    context = {"rows": terms_for(run.supplier, codes), "refusal": refusal}
    return render(
        request, "suppliers/onboarding/own_terms.html", context, status=refusal.status if refusal else 200
    )


@door(Permission.DETAIL_EDIT, methods=["GET", "POST"])
def own_questions(request: DoorRequest) -> HttpResponse:
    """Answer what one knows, and go on later."""
    if not request.actor.is_supplier:
        return see_other("onboarding-list")
    run = _own(request)
    questions, answers = sheet_of(run, request.at).questions, answers_of(run.supplier, actor=request.actor)
    form = QuestionsForm(questions=questions, answers=answers)
    if request.method == "POST":
        form = QuestionsForm(request.POST, questions=questions, answers=answers)
        if form.is_valid():
            try:
                with transaction.atomic():
                    answer_questions(run.key, form.typed(), actor=request.actor, at=request.at)
            except Invalid as refusal:
                form.add_problems(refusal)
            else:
                messages.success(request, _("Your answers are kept."))
                return see_other("getting-started")
    status = 422 if request.method == "POST" else 200
    context = {"form": form, "is_empty": not questions}
    return render(request, "suppliers/onboarding/questions.html", context, status=status)
