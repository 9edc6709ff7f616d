"""The pages of tolerance policies: read, write, ask for approval, approve, stop.

What rules did and what a draft would have done is shown by the workbench, which may look at orders and receipts.
"""

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.kernel.access import DoorRequest, door
from portal.kernel.audit.queries import timeline_of
from portal.kernel.errors import IllegalTransition, Invalid, NotFound, StaleDocument
from portal.kernel.web import paginate, panel_or_page, see_other, whole_number
from procurement.tolerances.forms import PolicyForm, ReasonForm, RuleForm
from procurement.tolerances.messages import WriteRule
from procurement.tolerances.models import TolerancePolicy, ToleranceRule
from procurement.tolerances.presenters.pages import policy_ball, policy_story, rule_row, with_neighbours
from procurement.tolerances.queries import (
    CompanyRules,
    companies_and_rules,
    find_policy,
    find_rule,
    policies,
    rules_of_policy,
    stopped_of,
    supplier_names,
)
from procurement.tolerances.services import (
    approve_policy,
    ask_approval,
    drop_rule,
    hand_back_policy,
    resume_rules,
    retire_policy,
    start_policy,
    stop_rules,
    write_rule,
)
from procurement.tolerances.states import POLICY_LIFECYCLE, PolicyState, SwitchState
from suppliers.roles import Permission

EDITS, APPROVES = Permission.POLICY_EDIT, Permission.POLICY_APPROVE


# --- reading ------------------------------------------------------------------------------------------------


@door(Permission.POLICY_VIEW)
def policy_list(request: DoorRequest) -> HttpResponse:
    """Each company with what acts for it now, then the policies: what acts, what waits for somebody, the drafts."""
    state = request.GET.get("state", "")
    state = state if state in PolicyState.values else ""
    found = policies().filter(state=state) if state else policies().exclude(state=PolicyState.RETIRED)
    page = paginate(found, request.GET.get("cursor", ""), order=["state", "-created_at", "-id"])
    labels = {"": _("In use and drafts"), **{one.value: one.label for one in PolicyState}}
    context = {
        "companies": companies_and_rules(),
        "page": page,
        "views": [
            {"url": f"?state={value}", "label": label, "current": value == state}
            for value, label in labels.items()
        ],
        "may_edit": request.actor.may(EDITS),
        "may_approve": request.actor.may(APPROVES),
    }
    return render(request, "procurement/tolerances/list.html", context)


@door(Permission.POLICY_VIEW)
def policy(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """One policy: where it stands, its rules, and what was done to it."""
    found = find_policy(key)
    rules = rules_of_policy(found)
    names = supplier_names(rule.supplier_number for rule in rules)
    may = POLICY_LIFECYCLE.verbs_for(request.actor, found.state)
    is_author = request.actor.user_id in found.authors
    stopped = stopped_of(found.company_id)
    context = {
        "policy": found,
        "rules": with_neighbours([rule_row(rule, names) for rule in rules]),
        "ball": policy_ball(found, may=may, is_author=is_author, stopped=stopped),
        "may": may,
        "may_edit": request.actor.may(EDITS),
        "is_draft": found.state == PolicyState.DRAFT,
        "is_author": is_author,
        "story": policy_story(timeline_of(found.stream, actor=request.actor)),
    }
    return render(request, "procurement/tolerances/policy.html", context)


# --- writing a draft ----------------------------------------------------------------------------------------


@door(EDITS, methods=["GET", "POST"])
def policy_new(request: DoorRequest) -> HttpResponse:
    """Begin an empty policy."""
    form = PolicyForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return _show_start(request, form, None)
    said = form.cleaned_data
    made = start_policy(said["company"].pk, said["name"], actor=request.actor, at=request.at)
    return see_other("policy", made.key)


@door(EDITS, methods=["GET", "POST"])
def policy_copy(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Begin a draft from the rules of another policy."""
    before = find_policy(key)
    if request.method != "POST":
        start = {"name": before.name, "company": before.company.code}
        return _show_start(request, PolicyForm(initial=start), before)
    form = PolicyForm({**request.POST.dict(), "company": before.company.code})
    if not form.is_valid():
        return _show_start(request, form, before)
    name = form.cleaned_data["name"]
    made = start_policy(before.company_id, name, copy_of=key, actor=request.actor, at=request.at)
    return see_other("policy", made.key)


def _show_start(request: DoorRequest, form: PolicyForm, before: TolerancePolicy | None) -> HttpResponse:
    status = 422 if request.method == "POST" else 200
    context = {"form": form, "before": before}
    return render(request, "procurement/tolerances/new.html", context, status=status)


@door(EDITS, methods=["GET", "POST"])
def rule_new(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Write a rule into a draft."""
    found = find_policy(key)
    if request.method != "POST":
        return _show_rule(request, found, RuleForm())
    return _write(request, found, None)


@door(EDITS, methods=["GET", "POST"])
def rule_edit(request: DoorRequest, key: uuid.UUID, rule: uuid.UUID) -> HttpResponse:
    """Write a rule of a draft anew."""
    found = find_policy(key)
    old = find_rule(found, rule)
    if request.method != "POST":
        return _show_rule(request, found, RuleForm.of(old), old)
    return _write(request, found, old)


def _write(request: DoorRequest, found: TolerancePolicy, old: ToleranceRule | None) -> HttpResponse:
    form = RuleForm(request.POST)
    if not form.is_valid():
        return _show_rule(request, found, form, old, status=422)
    command = WriteRule(
        policy=found.key,
        version=_seen(request),
        rule=form.rule(),
        note=form.cleaned_data["note"],
        key=old.key if old else None,
    )
    try:
        written = write_rule(command, actor=request.actor, at=request.at)
    except Invalid as refusal:
        form.add_problems(refusal)
        return _show_rule(request, found, form, old, status=422)
    except (StaleDocument, IllegalTransition) as refusal:
        # Nothing typed is lost: the form stands as it was filled in. What a colleague did to other rules is no matter:
        # then it stands on the policy as it is now, and a second press writes.
        form.add_error(None, refusal.message)
        is_ours = old is None or _stood(old) == request.POST.get("stood")
        now = find_policy(found.key).version if is_ours else None
        return _show_rule(request, found, form, old, version=now, status=refusal.status)
    messages.success(request, _("Rule %(number)d is written.") % {"number": written.number})
    return see_other("policy", found.key)


def _stood(rule: ToleranceRule) -> str:
    """As which writing a rule was on the screen: another one tells that somebody has written it anew."""
    return rule.written_at.isoformat()


def _show_rule(
    request: DoorRequest,
    found: TolerancePolicy,
    form: RuleForm,
    old: ToleranceRule | None = None,
    *,
    version: int | None = None,
    status: int = 200,
) -> HttpResponse:
    """The form of a rule. `version` is the policy's that a press means; without one that which was on the screen first.

    So a form that is shown again never writes over what a colleague has written meanwhile and it has not shown.
    """
    posted = request.method == "POST"
    context = {
        "policy": found,
        "form": form,
        "groups": form.groups(),
        "old": old,
        "version": version if version is not None else _seen(request) if posted else found.version,
        "stood": request.POST.get("stood", "") if posted else _stood(old) if old else "",
    }
    return render(request, "procurement/tolerances/rule.html", context, status=status)


def _seen(request: DoorRequest) -> int:
    """The version of the policy that was on the screen; none there was is none there is."""
    return whole_number(request.POST.get("version")) or 0


def _looked_at(request: DoorRequest, found: TolerancePolicy) -> int:
    """The version whose rules the reader has seen: that of the page it comes from, not of the question it is asked."""
    return whole_number(request.POST.get("version", request.GET.get("version"))) or found.version


@door(EDITS, methods=["POST"])
def rule_drop(request: DoorRequest, key: uuid.UUID, rule: uuid.UUID) -> HttpResponse:
    """Take a rule out of a draft."""
    drop_rule(key, _seen(request), rule, actor=request.actor, at=request.at)
    messages.success(request, _("The rule is taken out."))
    return see_other("policy", key)


# --- its life -----------------------------------------------------------------------------------------------


@door(EDITS, methods=["POST"])
def policy_ask(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Ask somebody else to approve a draft."""
    ask_approval(key, _seen(request), actor=request.actor, at=request.at)
    messages.success(request, _("It waits for somebody who wrote nothing of it. Until then nothing acts."))
    return see_other("policy", key)


@door(APPROVES, methods=["GET", "POST"])
def policy_approve(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Let a policy act: one last look."""
    found = find_policy(key)
    if request.method == "POST":
        approve_policy(key, _seen(request), actor=request.actor, at=request.at)
        messages.success(request, _("“%(name)s” acts from now on.") % {"name": found.name})
        return see_other("policy", key)
    acting_now = policies().filter(company=found.company_id, state=PolicyState.ACTIVE).first()
    text = _("From now on these rules agree to promises of %(company)s without anybody looking.")
    told = text % {"company": found.company.name}
    if acting_now:
        told += " " + _("“%(name)s” is retired.") % {"name": acting_now.name}
    context = {
        "title": _("Let “%(name)s” act?") % {"name": found.name},
        "text": told,
        "action": reverse("policy-approve", args=[key]),
        "verb": _("Approve"),
        "back": reverse("policy", args=[key]),
        "hidden": {"version": _looked_at(request, found)},
    }
    return panel_or_page(request, "layouts/confirm.html", "confirm", context)


@door(EDITS, methods=["GET", "POST"])
def policy_hand_back(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Make it a draft again."""
    words = {
        "title": _("Make it a draft again?"),
        "text": _("Its authors read the reason, change what is to be changed, and ask again."),
        "verb": _("Hand back"),
        "said": _("It is a draft again."),
    }
    return _with_reason(request, key, "policy-hand-back", hand_back_policy, words)


@door(EDITS, methods=["GET", "POST"])
def policy_retire(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """End a policy for good."""
    words = {
        "title": _("Retire it for good?"),
        "text": _("Its rules act no longer. What they agreed to stays agreed, and can be opened again."),
        "verb": _("Retire"),
        "said": _("It is retired."),
        "danger": "yes",
    }
    return _with_reason(request, key, "policy-retire", retire_policy, words)


def _with_reason(
    request: DoorRequest, key: uuid.UUID, name: str, act: Callable[..., Any], words: dict[str, str]
) -> HttpResponse:
    found = find_policy(key)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        act(key, _seen(request), form.cleaned_data["reason"], actor=request.actor, at=request.at)
        messages.success(request, words["said"])
        return see_other("policy", key)
    context = {
        "title": words["title"],
        "text": words["text"],
        "action": reverse(name, args=[key]),
        "verb": words["verb"],
        "danger": bool(words.get("danger")),
        "back": reverse("policy", args=[key]),
        "hidden": {"version": _looked_at(request, found)},
        "form": form,
    }
    status = 422 if request.method == "POST" else 200
    return panel_or_page(request, "layouts/confirm.html", "confirm", context, status)


# --- the switch ---------------------------------------------------------------------------------------------


@door(EDITS, APPROVES, methods=["GET", "POST"])
def rules_switch(request: DoorRequest, company: str) -> HttpResponse:
    """Stop everything that rules do by themselves for a company, or let them act again."""
    one = _rules_of(company)
    stopped = one.switch.state == SwitchState.OFF
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        # What the button said is done, or refused: it never turns the other way because somebody was quicker.
        turn = resume_rules if request.POST.get("do") == "resume" else stop_rules
        turn(one.company.pk, form.cleaned_data["reason"], actor=request.actor, at=request.at)
        stops = turn is stop_rules
        messages.success(
            request,
            _("Stopped. Every answer that differs goes to a buyer.") if stops else _("The rules act again."),
        )
        return see_other("policy-list")
    names = {"company": one.company.name}
    context = {
        "title": _("Let the rules of %(company)s act again?") % names
        if stopped
        else _("Stop the rules of %(company)s?") % names,
        "text": _("Answers within tolerance are agreed at once again.")
        if stopped
        else _(
            "From now on every answer that differs goes to a buyer. What was agreed stays agreed. Only who may approve "
            "policies lets the rules act again."
        ),
        "action": reverse("rules-switch", args=[one.company.code]),
        "verb": _("Let them act") if stopped else _("Stop them"),
        "danger": not stopped,
        "back": reverse("policy-list"),
        "hidden": {"do": "resume" if stopped else "stop"},
        "form": form,
    }
    status = 422 if request.method == "POST" else 200
    return panel_or_page(request, "layouts/confirm.html", "confirm", context, status)


def _rules_of(code: str) -> CompanyRules:
    found = next((one for one in companies_and_rules() if one.company.code == code), None)
    if found is None:
        raise NotFound(_("There is no such company."))
    return found
