"""Onboarding as pages: the funnel, one supplier, whom to invite, what is asked; and a supplier's own way in."""

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from portal.kernel.access import DoorRequest, door
from portal.kernel.errors import Invalid, NotFound, Problem, Refusal
from portal.kernel.web import paginate, see_other, whole_number
from suppliers.onboarding.filters import list_figures, list_filters, list_search, search_of
from suppliers.onboarding.forms import (
    ChaseForm,
    DecideForm,
    ExclusionForm,
    InviteProspectForm,
    InviteSupplierForm,
    NumberForm,
    QuestionsForm,
    ReassignForm,
    TemplateForm,
    TermsForm,
    TextForm,
)
from suppliers.onboarding.messages import InviteSuppliers, MarkSuppliers
from suppliers.onboarding.models import OnboardingChase, OnboardingRun, OnboardingTemplate
from suppliers.onboarding.policies import MOST_TARGETS
from suppliers.onboarding.presenters import (
    ChaseRow,
    TermsRow,
    chase_row,
    names_of,
    not_written,
    run_rows,
    step_rows,
    why_text,
)
from suppliers.onboarding.queries import (
    answers_of,
    asked_beside,
    asked_for_terms,
    exclusions,
    find_chase,
    find_run,
    find_template,
    find_terms,
    funnel,
    own_run,
    quiet_since,
    runs,
    sheet_of,
    sheets_of,
    template_of,
    templates_in_force,
    terms_for,
    terms_in_force,
    terms_standing,
    texts,
)
from suppliers.onboarding.services import (
    accept_terms,
    answer_questions,
    approve_onboarding,
    ask_for_terms,
    begin_again,
    end_exclusion,
    end_onboarded,
    exclude_suppliers,
    hand_back,
    hand_in,
    invite_suppliers,
    look_at_chase,
    mark_suppliers,
    number_prospect,
    reassign_onboarding,
    refuse_onboarding,
    resend_onboarding,
    retire_template,
    send_chase,
    withdraw_onboarding,
    write_invitation_text,
    write_template,
    write_terms,
)
from suppliers.onboarding.states import RUN_LIFECYCLE, ChaseKind, RunState, StepKind
from suppliers.people.queries import members
from suppliers.people.ways import require_own_factor
from suppliers.roles import Permission

P = Permission
PAGE = "suppliers/onboarding/"
# Who may have something to do still; of the others nobody is marked unseen.
TO_ACT = (RunState.INVITED, RunState.STARTED)
MOST_SHOWN = 200


# --- ours: who stands where ----------------------------------------------------------------------------------


@door(P.SUPPLIER_VIEW)
def onboarding_list(request: DoorRequest) -> HttpResponse:
    """The funnel, and who is stuck at which step."""
    asked = search_of(request.GET)
    how_far = funnel(request.actor, request.at)
    found = list_search(runs(request.actor), asked, how_far, request.at)
    page = paginate(found, request.GET.get("cursor", ""), order=("invited_at", "id"), size=50)
    may = request.actor.may(P.SUPPLIER_MANAGE)
    context = {
        "page": page,
        "rows": run_rows(
            list(page.rows), sheets_of(page.rows, request.at), quiet_since(page.rows), request.at
        ),
        "figures": list_figures(how_far, asked),
        "steps": list_figures(how_far, asked, of_steps=True),
        **list_filters(request.GET, asked),
        "is_all": asked.is_all,
        "may": may,
        "every": found.filter(state__in=TO_ACT).count() if may else 0,
        "most": MOST_TARGETS,
    }
    return render(request, PAGE + "list.html", context)


@door(P.SUPPLIER_MANAGE, methods=["POST"])
def onboarding_mark(request: DoorRequest) -> HttpResponse:
    """Keep whom one has ticked, or all that match and have something to do; nobody is mailed yet."""
    what = request.POST.get("what", "")
    if what not in ChaseKind.values:
        message = _("Choose what is to be done.")
        raise Invalid(message, [Problem("what", message, what[:20], "unknown")])
    if request.POST.get("every"):
        how_far = funnel(request.actor, request.at)
        rows = runs(request.actor).filter(state__in=TO_ACT)
        found = list_search(rows, search_of(request.POST), how_far, request.at)
        keys = tuple(found.order_by("invited_at", "id").values_list("key", flat=True)[:MOST_TARGETS])
    else:
        keys = tuple(_key(one) for one in request.POST.getlist("pick"))
    chase = mark_suppliers(MarkSuppliers(keys, what), actor=request.actor, at=request.at)
    return see_other("onboarding-chase", chase.key)


def _key(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise NotFound(_("There is no such onboarding.")) from error


@door(P.SUPPLIER_MANAGE, methods=["GET", "POST"])
def onboarding_chase(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Who of those marked would be written to, and why each other not; posted, they are, once; then what came of it."""
    chase = find_chase(key)
    if chase.sent_at is None:
        require_own_factor(request)
    if request.method != "POST":
        return _show_chase(request, chase, ChaseForm())
    form = ChaseForm(request.POST)
    if chase.sent_at is None and not form.is_valid():
        return _show_chase(request, chase, form, status=422)
    said = form.cleaned_data["words"] if form.is_valid() else ""
    send_chase(key, said, actor=request.actor, at=request.at)
    return see_other("onboarding-chase", key)


def _show_chase(
    request: DoorRequest, chase: OnboardingChase, form: ChaseForm, status: int = 200
) -> HttpResponse:
    context: dict[str, Any] = {"chase": chase, "form": form}
    if chase.sent_at is None:
        found = look_at_chase(chase, actor=request.actor, at=request.at)
        going = [chase_row(one.run, one.to, one.steps) for one in found if not one.why]
        left = [(ChaseRow(one.run), one.why) for one in found if one.why]
    else:
        rows = runs(request.actor).filter(pk__in=chase.told).order_by("supplier__name", "id")
        told = [(ChaseRow(row), chase.told[str(row.pk)]) for row in rows]
        going = [row for row, why in told if not why]
        left = [one for one in told if one[1]]
    context |= {
        "going": going[:MOST_SHOWN],
        "more": max(len(going) - MOST_SHOWN, 0),
        "count": len(going),
        "left": not_written(left, MOST_SHOWN),
        "left_count": len(left),
    }
    template = "chase.html#told" if request.htmx else "chase.html"
    return render(request, PAGE + template, context, status=status)


@door(P.SUPPLIER_VIEW)
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
    may = request.actor.may(P.SUPPLIER_MANAGE)
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
    return render(request, PAGE + "run.html", context, status=status)


@door(P.SUPPLIER_MANAGE, methods=["POST"])
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


@door(P.SUPPLIER_MANAGE, methods=["POST"])
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


@door(P.SUPPLIER_MANAGE, methods=["POST"])
def onboarding_number(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """The ERP has a number for a prospect."""
    run = find_run(key, actor=request.actor)
    form = NumberForm(request.POST)
    if not form.is_valid():
        return _show_run(request, run, number=form, status=422)
    try:
        with transaction.atomic():
            number_prospect(key, form.cleaned_data["number"], actor=request.actor, at=request.at)
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


@door(P.SUPPLIER_MANAGE, methods=["POST"])
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


# --- ours: whom to invite, and whom not ----------------------------------------------------------------------


@door(P.SUPPLIER_MANAGE, methods=["GET", "POST"])
def onboarding_invite(request: DoorRequest) -> HttpResponse:
    """Invite one supplier; from here also many."""
    require_own_factor(request)
    form = InviteSupplierForm(initial={"supplier": request.GET.get("supplier", "")[:40]})
    prospect = InviteProspectForm(auto_id="new_%s")
    if request.method == "POST":
        sent: InviteSupplierForm | InviteProspectForm
        if "company" in request.POST:
            sent = prospect = InviteProspectForm(request.POST, auto_id="new_%s")
        else:
            sent = form = InviteSupplierForm(request.POST)
        if sent.is_valid():
            command = InviteSuppliers((sent.target(),))
            outcome = invite_suppliers(command, actor=request.actor, at=request.at)
            if outcome.runs:
                _say_invited(request, outcome.runs[0])
                return see_other("onboarding-run", outcome.runs[0].key)
            sent.add_problems(Invalid(outcome.problems[0].message, outcome.problems))
    status = 422 if request.method == "POST" else 200
    return render(request, PAGE + "invite.html", {"form": form, "prospect": prospect}, status=status)


def _say_invited(request: DoorRequest, run: OnboardingRun) -> None:
    said = {"name": run.supplier.name}
    if run.state == RunState.INVITED:
        messages.success(request, _("%(name)s is invited.") % said)
    else:
        told = _("Somebody acts for %(name)s already. They are told what is asked; no invitation was sent.")
        messages.warning(request, told % said)


@door(P.SUPPLIER_MANAGE, methods=["GET", "POST"])
def exclusion_list(request: DoorRequest) -> HttpResponse:
    """Whom not to invite, why, and until when."""
    form = ExclusionForm()
    if request.method == "POST":
        form = ExclusionForm(request.POST)
        if form.is_valid():
            try:
                with transaction.atomic():
                    exclude_suppliers(form.command(), actor=request.actor, at=request.at)
            except Invalid as refusal:
                form.add_problems(refusal)
            else:
                messages.success(request, _("Excluded: they are not invited, and nobody is reminded."))
                return see_other("exclusion-list")
    page = paginate(exclusions(request.actor), request.GET.get("cursor", ""), order=("-id",), size=50)
    status = 422 if request.method == "POST" else 200
    return render(request, PAGE + "exclusions.html", {"form": form, "page": page}, status=status)


@door(P.SUPPLIER_MANAGE, methods=["POST"])
def exclusion_end(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """A supplier may be invited again."""
    ended = end_exclusion(key, actor=request.actor, at=request.at)
    messages.success(request, _("%(name)s may be invited again.") % {"name": ended.supplier.name})
    return see_other("exclusion-list")


# --- ours: what is asked -------------------------------------------------------------------------------------


@door(P.SUPPLIER_MANAGE)
def template_list(request: DoorRequest) -> HttpResponse:
    """What is asked of whom."""
    rows = [
        {"template": one, "whom": _whom(one), "steps": names_of([step.kind for step in one.as_steps()])}
        for one in templates_in_force()
    ]
    return render(request, PAGE + "templates.html", {"rows": rows})


def _whom(template: OnboardingTemplate) -> str:
    every = [*template.categories, *template.countries, *template.segments, *template.languages]
    return ", ".join(every) if every else _("Every supplier")


@door(P.SUPPLIER_MANAGE, methods=["GET", "POST"])
def template_new(request: DoorRequest) -> HttpResponse:
    """Write a template."""
    return _write(request, None)


@door(P.SUPPLIER_MANAGE, methods=["GET", "POST"])
def template_edit(request: DoorRequest, code: str) -> HttpResponse:
    """Write the next version of a template."""
    return _write(request, find_template(code))


def _write(request: DoorRequest, template: OnboardingTemplate | None) -> HttpResponse:
    form = TemplateForm(initial=TemplateForm.initial_of(template))
    if request.method == "POST":
        form = TemplateForm(request.POST)
        if form.is_valid():
            try:
                with transaction.atomic():
                    made = write_template(form.command(), actor=request.actor, at=request.at)
            except Invalid as refusal:
                form.add_problems(refusal)
            else:
                said = {"name": made.name, "n": made.number}
                messages.success(request, _("“%(name)s” is in force, in version %(n)d.") % said)
                if n := asked_beside(made, actor=request.actor):
                    words = ngettext(
                        "One supplier whose steps are behind it is asked for its terms.",
                        "%(n)d suppliers whose steps are behind them are asked for its terms.",
                        n,
                    )
                    messages.success(request, words % {"n": n})
                return see_other("onboarding-templates")
    codes = ", ".join(one.code for one in terms_in_force())
    form["terms"].help_text = (
        _("Separated by commas. In force: %(codes)s.") % {"codes": codes}
        if codes
        else _("No terms are in force yet: write them first.")
    )
    status = 422 if request.method == "POST" else 200
    context = {"form": form, "template": template}
    return render(request, PAGE + "template.html", context, status=status)


@door(P.SUPPLIER_MANAGE, methods=["POST"])
def template_retire(request: DoorRequest, code: str) -> HttpResponse:
    """Ask nobody by a template any more."""
    retire_template(code, actor=request.actor, at=request.at)
    messages.success(request, _("Nobody is asked by it any more. What was given stays."))
    return see_other("onboarding-templates")


@door(P.SUPPLIER_MANAGE, methods=["GET", "POST"])
def terms_list(request: DoorRequest) -> HttpResponse:
    """The terms that suppliers accept; written anew they are accepted anew."""
    every = terms_in_force()
    wanted = next((one for one in every if one.code == request.GET.get("code")), None)
    form = TermsForm(initial=TermsForm.initial_of(wanted))
    if request.method == "POST":
        form = TermsForm(request.POST)
        if form.is_valid():
            try:
                with transaction.atomic():
                    made = write_terms(form.command(), actor=request.actor, at=request.at)
            except Invalid as refusal:
                form.add_problems(refusal)
            else:
                said = {"name": made.title, "n": made.number}
                messages.success(request, _("“%(name)s” is in force, in version %(n)d.") % said)
                return see_other("onboarding-terms")
    status = 422 if request.method == "POST" else 200
    standing = terms_standing(request.actor)
    rows = [TermsRow(one, *standing.get(one.code, (0, 0))) for one in every]
    return render(request, PAGE + "terms.html", {"rows": rows, "form": form}, status=status)


@door(P.SUPPLIER_MANAGE)
def terms_accepted(request: DoorRequest, code: str) -> HttpResponse:
    """Who has accepted terms in the version in force, and who has not."""
    terms = find_terms(code)
    is_done = request.GET.get("view") == "accepted"
    every = asked_for_terms(terms, actor=request.actor)
    found = every.filter(accepted_at__isnull=not is_done)
    order = ("supplier__name", "id")
    page = paginate(found, request.GET.get("cursor", ""), order=order, size=50)
    accepted, asked = terms_standing(request.actor).get(terms.code, (0, 0))
    views = (
        (_("Not yet"), asked - accepted, "", not is_done),
        (_("Accepted"), accepted, "accepted", is_done),
    )
    context = {
        "terms": terms,
        "page": page,
        "is_done": is_done,
        "owing": asked - accepted,
        "views": [
            {"label": label, "count": count, "url": f"?view={view}" if view else "?", "current": current}
            for label, count, view, current in views
        ],
    }
    return render(request, PAGE + "terms_accepted.html", context)


@door(P.SUPPLIER_MANAGE, methods=["POST"])
def terms_ask(request: DoorRequest, code: str) -> HttpResponse:
    """Mail once more whoever has not accepted terms yet."""
    asked = ask_for_terms(code, actor=request.actor, at=request.at)
    if asked:
        words = ngettext("One supplier is asked once more.", "%(n)d suppliers are asked once more.", asked)
        messages.success(request, words % {"n": asked})
    else:
        messages.info(
            request,
            _(
                "Nobody is mailed: whoever has not accepted yet was within a day, is reminded of its steps anyway, or "
                "has nobody here."
            ),
        )
    return see_other("onboarding-terms-accepted", code)


@door(P.SUPPLIER_MANAGE, methods=["GET", "POST"])
def text_list(request: DoorRequest) -> HttpResponse:
    """What invitations say, by segment and language."""
    every = texts()
    first = {"segment": request.GET.get("segment", ""), "language": request.GET.get("language", "en")}
    stands = [one for one in every if {"segment": one.segment, "language": one.language} == first]
    form = TextForm(initial={**first, "text": stands[0].text if stands else ""})
    if request.method == "POST":
        form = TextForm(request.POST)
        if form.is_valid():
            try:
                with transaction.atomic():
                    write_invitation_text(form.command(), actor=request.actor, at=request.at)
            except Invalid as refusal:
                form.add_problems(refusal)
            else:
                messages.success(request, _("The next invitations say it."))
                return see_other("onboarding-texts")
    status = 422 if request.method == "POST" else 200
    return render(request, PAGE + "texts.html", {"rows": every, "form": form}, status=status)


# --- the supplier's own --------------------------------------------------------------------------------------


def _own(request: DoorRequest) -> OnboardingRun:
    run = own_run(request.actor)
    if run is None:
        raise NotFound(_("Nothing is asked of you here."))
    return run


@door(P.DETAIL_VIEW)
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
        is_going = run.state in (RunState.INVITED, RunState.STARTED)
        context |= {
            "rows": step_rows(sheet, actor=request.actor),
            "first": names_of(sheet.waiting[:1]),
            "done": sheet.done,
            "of": len(sheet.steps),
            "paying": names_of(sheet.paying),
            "is_going": is_going,
            "is_over": run.state in (RunState.REFUSED, RunState.WITHDRAWN, RunState.LEFT),
            "may_hand_in": is_going and not sheet.waiting and request.actor.may(P.DETAIL_EDIT),
            "waiting": names_of(sheet.waiting),
            "problems": refusal.problems if isinstance(refusal, Invalid) else (),
        }
    return render(request, PAGE + "getting_started.html", context, status=status)


@door(P.DETAIL_EDIT, methods=["POST"])
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


@door(P.DETAIL_EDIT, methods=["GET", "POST"], personal=True)
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
    return render(request, PAGE + "own_terms.html", context, status=refusal.status if refusal else 200)


@door(P.DETAIL_EDIT, methods=["GET", "POST"])
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
    return render(request, PAGE + "questions.html", context, status=status)
