"""One change as everybody sees it."""

import uuid
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render

from portal.kernel.access import DoorRequest, door
from portal.kernel.scope import acting
from portal.kernel.templatetags.portal_ui import day_text
from suppliers.banking.forms import CallForm, ConfirmForm, ReasonForm, ShortenForm
from suppliers.banking.models import BankChange, BankFreeze
from suppliers.banking.policies import why_not_approve
from suppliers.banking.presenters import change_rows, risk_rows, steps_of, what_text
from suppliers.banking.queries import (
    OFFICE,
    callers_of,
    find_change,
    judging_problem,
    open_freeze,
    signals_kept,
    told_of,
    unreached,
    votes_of,
)
from suppliers.banking.services import contacts_to_call, erp_tells
from suppliers.banking.states import OPEN, UNDECIDED, ChangeKind, ChangeState, VotePurpose
from suppliers.banking.views.common import no_store
from suppliers.roles import Permission
from suppliers.screening.queries import what_holds


@door(Permission.BANK_VIEW)
def bank_change(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """One change: old and new side by side, what it waits for; for us the risks, the contacts, who said what."""
    return show_case(request, find_change(key, actor=request.actor))


def show_case(request: DoorRequest, change: BankChange, *, status: int = 200, **forms: Any) -> HttpResponse:
    actor = request.actor
    with acting(OFFICE):
        approvals = votes_of(change)
        freeze = open_freeze(change.supplier_id)
        ours: dict[str, Any] = {}
        if actor.is_company:
            ours = _ours(request, change, [one.user_id for one in approvals], freeze, forms)
    context = {
        "change": change,
        "row": change_rows([change], {change.pk: len(approvals)})[0],
        "what": what_text(change),
        "steps": steps_of(change, [one.user_id for one in approvals], is_ours=actor.is_company),
        "proofs": list(change.proofs.defer("content").order_by("id")),
        "may_open": actor.may(Permission.BANK_UNMASK if actor.is_company else Permission.BANK_REQUEST),
        "freeze": freeze,
        "may_confirm": change.state == ChangeState.PROPOSED
        and actor.may(Permission.BANK_REQUEST)
        and freeze is None,
        "may_withdraw": _may_withdraw(request, change),
        "confirm_form": forms.get("confirm") or ConfirmForm(),
        **ours,
    }
    return no_store(render(request, "suppliers/banking/change.html", context, status=status))


def _may_withdraw(request: DoorRequest, change: BankChange) -> bool:
    actor = request.actor
    is_theirs = actor.is_supplier or change.on_behalf or change.state == ChangeState.PROPOSED
    return actor.may(Permission.BANK_REQUEST) and is_theirs and change.state in (ChangeState.PROPOSED, *OPEN)


def _ours(
    request: DoorRequest,
    change: BankChange,
    approvers: list[int],
    freeze: BankFreeze | None,
    forms: dict[str, Any],
) -> dict[str, Any]:
    actor = request.actor
    contacts = contacts_to_call(change)
    moves = change.state in OPEN and freeze is None
    why_not = (
        why_not_approve(
            actor.user_id or 0,
            requester=change.requested_by_user_id,
            proposer=change.proposed_by_user_id,
            approvers=approvers,
            callers=callers_of(change),
        )
        or judging_problem(actor.user_id or 0, change.requested_at or change.proposed_at, request.at)
        if actor.may(Permission.BANK_APPROVE)
        else ""
    )
    shortening = change.shortenings.filter(round=change.round).first()
    to_enter = change.state == ChangeState.IN_FORCE and change.entered_at is None
    return {
        "screening": what_holds(change.supplier)
        if change.state in (ChangeState.PROPOSED, *UNDECIDED) and change.kind != ChangeKind.END
        else "",
        "may_screen": actor.may(Permission.SUPPLIER_MANAGE),
        "to_enter": to_enter,
        "by_erp": told_of([change.supplier_id]).get(change.supplier_id, []) if to_enter else [],
        "may_enter": to_enter
        and actor.may(Permission.BANK_APPROVE)
        and not erp_tells(change.supplier_id, request.at),
        "risks": risk_rows(signals_kept(change)),
        "contacts": contacts,
        "contact_days": settings.BANK_CONTACT_DAYS,
        "calls": list(change.calls.order_by("-id")),
        "votes": list(change.votes.filter(purpose=VotePurpose.APPROVE).order_by("id")),
        "shortening": shortening,
        "shorteners": votes_of(change, VotePurpose.SHORTEN) if shortening else [],
        "notices": list(change.notices.filter(of_company=False).order_by("id")),
        "may_call": (moves or change.state == ChangeState.FROZEN)
        and actor.may(Permission.BANK_CALL)
        and actor.user_id not in change.askers,
        "may_approve": moves
        and actor.may(Permission.BANK_APPROVE)
        and change.state in (ChangeState.REQUESTED, ChangeState.FIRST_APPROVED)
        and not why_not,
        "why_not": why_not if moves and change.state != ChangeState.WAITING else "",
        "may_refuse": actor.may(Permission.BANK_APPROVE)
        and change.state in (ChangeState.PROPOSED, ChangeState.FROZEN, *OPEN),
        "may_shorten": moves and actor.may(Permission.BANK_APPROVE) and shortening is None,
        "may_grant": moves
        and actor.may(Permission.BANK_APPROVE)
        and shortening is not None
        and shortening.granted_at is None,
        "may_go_on": moves
        and actor.may(Permission.BANK_APPROVE)
        and actor.user_id not in change.askers
        and unreached(change).exists(),
        "may_unmask": actor.may(Permission.BANK_UNMASK) and change.number_id is not None,
        "call_form": forms.get("call") or CallForm(contacts=contacts, since=day_text),
        "refuse_form": forms.get("refuse") or ReasonForm(prefix="refuse"),
        "shorten_form": forms.get("shorten") or ShortenForm(prefix="shorten"),
        "show_form": ReasonForm(prefix="show"),
        "go_on_form": forms.get("go_on") or ReasonForm(prefix="go_on"),
    }
