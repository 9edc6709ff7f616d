"""What the match says of an invoice; and the policies by which it goes: read, write a draft, let it act, retire it."""

import uuid

from django.http import HttpResponse
from django.shortcuts import render

from portal.kernel.access import DoorRequest, door
from portal.kernel.errors import Invalid
from portal.kernel.web import paginate, panel_or_page, see_other, whole_number
from procurement.invoices.queries import find_invoice
from procurement.matching.forms import MatchPolicyForm
from procurement.matching.models import MatchPolicy
from procurement.matching.presenters import check_rows, match_rows, policy_row
from procurement.matching.presenters.saying import apart, foretold, goes_by_match, passed, told
from procurement.matching.queries import current_match, find_match_policy, match_policies
from procurement.matching.services import (
    approve_match_policy,
    dry_match,
    retire_match_policy,
    write_match_policy,
)
from procurement.matching.states import MATCH_POLICY_LIFECYCLE, MatchPolicyState
from suppliers.roles import Permission

MOST_SHOWN = 100
EDITS, APPROVES = Permission.POLICY_EDIT, Permission.POLICY_APPROVE


@door(Permission.POLICY_VIEW)
def match_policy_list(request: DoorRequest) -> HttpResponse:
    """The policies that act, then the drafts, then what is retired."""
    page = paginate(
        match_policies(request.actor).order_by(),
        request.GET.get("cursor", ""),
        order=["state", "-written_at", "-id"],
    )
    context = {
        "page": page,
        "rows": [policy_row(one) for one in page.rows],
        "may_edit": request.actor.may(EDITS),
    }
    return render(request, "procurement/matching/list.html", context)


@door(EDITS, methods=["GET", "POST"])
def match_policy_new(request: DoorRequest) -> HttpResponse:
    """Write a policy as a draft."""
    form = MatchPolicyForm(request.POST or None)
    if request.method != "POST":
        return _show(request, MatchPolicyForm(), None)
    return _write(request, form, None)


@door(Permission.POLICY_VIEW)
def match_policy(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """One policy, with the form of a draft for who may write it over."""
    found = find_match_policy(key, actor=request.actor)
    return _show(request, MatchPolicyForm.of(found), found)


@door(EDITS, methods=["POST"])
def match_policy_edit(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Write a draft over."""
    return _write(request, MatchPolicyForm(request.POST), find_match_policy(key, actor=request.actor))


def _write(request: DoorRequest, form: MatchPolicyForm, draft: MatchPolicy | None) -> HttpResponse:
    if not form.is_valid():
        return _show(request, form, draft, status=422)
    command = form.command(draft, whole_number(request.POST.get("version", "")) or 0)
    try:
        made = write_match_policy(command, actor=request.actor, at=request.at)
    except Invalid as refusal:
        form.add_problems(refusal)
        return _show(request, form, draft, status=422)
    return see_other("match-policy", made.key)


def _show(
    request: DoorRequest, form: MatchPolicyForm, policy: MatchPolicy | None, *, status: int = 200
) -> HttpResponse:
    is_draft = policy is None or policy.state == MatchPolicyState.DRAFT
    context = {
        "form": form,
        "policy": policy,
        "row": policy_row(policy) if policy else None,
        "is_written": is_draft and request.actor.may(EDITS),
        "is_author": policy is not None and policy.author_id == request.actor.user_id,
        "may": MATCH_POLICY_LIFECYCLE.verbs_for(request.actor, policy.state) if policy else [],
    }
    return render(request, "procurement/matching/policy.html", context, status=status)


@door(APPROVES, methods=["POST"])
def match_policy_approve(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Let a policy act."""
    version = whole_number(request.POST.get("version", "")) or 0
    approve_match_policy(key, version, actor=request.actor, at=request.at)
    return see_other("match-policy", key)


@door(EDITS, methods=["POST"])
def match_policy_retire(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Let a policy act no more."""
    version = whole_number(request.POST.get("version", "")) or 0
    retire_match_policy(key, version, actor=request.actor, at=request.at)
    return see_other("match-policy", key)


@door(Permission.INVOICE_VIEW)
def invoice_match(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """What the match says of an invoice, check by check, the same for both sides: the match that counts; of a draft,
    and of one that was not matched yet, what it would say as things stand now, with nothing kept.
    """
    invoice = find_invoice(key, actor=request.actor)
    by_match = goes_by_match(invoice)
    match = None if invoice.is_draft else current_match(invoice, actor=request.actor)
    if match is not None:
        rows = match_rows(match, actor=request.actor)
        verdict = told(match.outcome, rows, alone=match.approves_alone, goes_on=by_match)
    else:
        dry = dry_match(invoice, at=request.at)
        rows = check_rows(dry.checks, actor=request.actor)
        say = foretold if invoice.is_draft else told
        verdict = say(dry.outcome, rows, alone=dry.approves_alone)
    context = {
        "invoice": invoice,
        "match": match,
        "verdict": verdict,
        "by_match": by_match,
        "apart": apart(rows)[:MOST_SHOWN],
        "passed": passed(rows)[:MOST_SHOWN],
        "count": sum(row.result == "passed" for row in rows),
    }
    return panel_or_page(request, "procurement/matching/invoice.html", "said", context)
