"""Bank details as pages: the supplier's own, our queue and case, and the one page behind 'this was not me'.

Note [Money]: whatever moves a change on asks for a second factor that was shown a moment ago (`for_money`); what stops
one asks for none.
"""

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from portal.kernel.access import DoorRequest, door
from portal.kernel.actors import Actor, Channel
from portal.kernel.errors import Invalid
from portal.kernel.files import NOTHING_RUNS
from portal.kernel.link_door import WayIn, sealed_door
from portal.kernel.scope import acting
from portal.kernel.templatetags.portal_ui import day_text
from portal.kernel.web import ask_files_again, paginate, see_other, whole_number
from suppliers.banking.files import COLUMNS, LARGEST_SHEET, read_sheet, report_of
from suppliers.banking.forms import CallForm, ChangeForm, ConfirmForm, ReasonForm, ShortenForm, ThawForm
from suppliers.banking.messages import Device, FreshFactor
from suppliers.banking.models import BankAccount, BankChange, BankFreeze, BankNotice
from suppliers.banking.policies import why_not_approve
from suppliers.banking.presenters import account_rows, change_rows, risk_rows, steps_of, what_text
from suppliers.banking.queries import (
    OFFICE,
    accounts,
    callers_of,
    changes,
    find_account,
    find_change,
    find_proof,
    find_supplier,
    has_objected,
    judging_problem,
    live_accounts,
    notice_of,
    numbers_shown,
    objections,
    open_freeze,
    own_supplier,
    progress_of,
    signals_kept,
    told_of,
    unreached,
    votes_of,
    waiting_changes,
)
from suppliers.banking.services import (
    approve_change,
    ask_shortening,
    ask_thaw,
    confirm_thaw,
    contacts_to_call,
    erp_tells,
    freeze_bank_details,
    freeze_by_link,
    go_on_without,
    grant_shortening,
    hear_of_accounts,
    link_is_good,
    note_entered,
    open_proof,
    record_call,
    refuse_change,
    request_change,
    show_number,
    withdraw_change,
)
from suppliers.banking.states import OPEN, UNDECIDED, ChangeKind, ChangeState, VotePurpose
from suppliers.models import Supplier
from suppliers.roles import Permission
from suppliers.screening.queries import what_holds
from suppliers.signin.devices import digest_of, secret_of
from suppliers.signin.step_up import SETTLED

P = Permission
VIEWS: dict[str, tuple[str, ...] | None] = {
    "": None,
    "under-way": tuple(OPEN),
    "frozen": (ChangeState.FROZEN,),
    "in-force": (ChangeState.IN_FORCE,),
    "ended": (ChangeState.REFUSED, ChangeState.WITHDRAWN),
}


class NoticeRequest(DoorRequest):
    """What comes through the link of a notice."""

    link: BankNotice
    token: str


def factor_of(request: Any) -> FreshFactor | None:
    """The settled second factor that the session remembers; whether it is fresh the door and the service ask."""
    noted = request.session.get(SETTLED)
    if not isinstance(noted, list) or noted[0] != request.user.pk or noted[1] is None:
        return None
    return FreshFactor(request.user.pk, datetime.fromtimestamp(noted[1], UTC))


def device_of(request: Any) -> Device:
    """From where somebody asks."""
    return Device(digest_of(secret_of(request)))


def _no_store(response: HttpResponse) -> HttpResponse:
    response.headers["Cache-Control"] = "no-store, private"
    return response


# --- lists --------------------------------------------------------------------------------------------------


@door(P.BANK_VIEW)
def bank(request: DoorRequest) -> HttpResponse:
    """A supplier's own bank details; on our side the changes that wait for somebody."""
    if request.actor.is_supplier:
        return _show_supplier(request, own_supplier(request.actor))
    view = request.GET.get("view", "")
    view = view if view in VIEWS else ""
    wanted = VIEWS[view]
    found = changes(request.actor).filter(state__in=wanted) if wanted else waiting_changes(request.actor)
    page = paginate(found, request.GET.get("cursor", ""), order=("-id",), size=50)
    words = {
        "": _("Waits for us"),
        "under-way": _("Still open"),
        "frozen": _("Frozen"),
        "in-force": _("In force"),
        "ended": _("Refused, withdrawn"),
    }
    context = {
        "page": page,
        "rows": change_rows(page.rows, progress_of(page.rows)),
        "may_compare": request.actor.may(P.BANK_CALL),
        "views": [
            {"url": f"?view={name}" if name else "?", "label": label, "current": name == view}
            for name, label in words.items()
        ],
    }
    return render(request, "suppliers/banking/queue.html", context)


@door(P.BANK_VIEW)
def bank_supplier(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """The bank details of one supplier: accounts, changes, and whether they are frozen."""
    return _show_supplier(request, find_supplier(key, actor=request.actor))


def _show_supplier(
    request: DoorRequest, supplier: Supplier, *, form: ReasonForm | None = None, status: int = 200
) -> HttpResponse:
    actor = request.actor
    rows = list(changes(actor).filter(supplier=supplier).order_by("-id")[:50])
    with acting(OFFICE):
        approvals = progress_of(rows)
        freeze = open_freeze(supplier.pk)
        said = objections(freeze) if freeze is not None and actor.is_company else []
        by_erp = told_of([supplier.pk]).get(supplier.pk, []) if actor.is_company else []
    found = list(accounts(actor).filter(supplier=supplier).order_by("state", "-id")[:50])
    held = account_rows(found)
    is_mine = actor.is_company and freeze is not None and actor.user_id == freeze.frozen_by_user_id
    is_asked = freeze is not None and freeze.thaw_asked_by_user_id not in (None, actor.user_id)
    context = {
        "supplier": supplier,
        "accounts": [row for row in held if row.account.state != "ended"],
        "ended": [row for row in held if row.account.state == "ended"],
        "changes": change_rows(rows, approvals),
        "freeze": freeze,
        "may_request": actor.may(P.BANK_REQUEST) and freeze is None,
        "may_freeze": actor.may(P.BANK_FREEZE) and freeze is None,
        "may_thaw": actor.is_company and actor.may(P.BANK_APPROVE) and freeze is not None and not is_mine,
        "confirms_thaw": is_asked,
        "objections": said,
        "by_erp": by_erp,
        "may_unmask": actor.may(P.BANK_UNMASK),
        "looked": list(numbers_shown(supplier, actor=actor)) if actor.may(P.BANK_REQUEST) else [],
        "freeze_form": form or ReasonForm(),
        "thaw_form": ThawForm(),
        "reason_form": ReasonForm(),
    }
    return render(request, "suppliers/banking/supplier.html", context, status=status)


# --- asking -------------------------------------------------------------------------------------------------


@door(P.BANK_REQUEST, methods=["GET", "POST"], for_money=True)
def bank_new(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Request a change: the new account beside the old, a paper, and why."""
    supplier = find_supplier(key, actor=request.actor)
    live = live_accounts(supplier, actor=request.actor)
    if request.method != "POST":
        initial = {
            "kind": request.GET.get("kind", ChangeKind.ADD if not live else ChangeKind.REPLACE),
            "account": request.GET.get("account", str(live[0].key) if len(live) == 1 else ""),
            "country": supplier.country,
            "currency": supplier.currency,
        }
        return _show_form(request, ChangeForm(accounts=live, initial=initial), supplier)
    form = ChangeForm(request.POST, request.FILES, accounts=live)
    if not form.is_valid():
        return _show_form(request, form, supplier, status=422)
    try:
        with transaction.atomic():
            change = request_change(
                form.command(supplier.key, device_of(request)),
                actor=request.actor,
                factor=factor_of(request),
                at=request.at,
            )
    except Invalid as refusal:
        form.add_problems(refusal)
        return _show_form(request, form, supplier, status=422)
    messages.success(request, _("Requested. Everybody known from before is being told now."))
    return see_other("bank-change", change.key)


def _show_form(
    request: DoorRequest, form: ChangeForm, supplier: Supplier, *, status: int = 200
) -> HttpResponse:
    ask_files_again(form, request.FILES)
    context = {"form": form, "supplier": supplier}
    return _no_store(render(request, "suppliers/banking/new.html", context, status=status))


@door(P.BANK_REQUEST, methods=["POST"], for_money=True)
def bank_confirm(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Make a request of what a program, a sheet or the ERP proposed."""
    change = find_change(key, actor=request.actor)
    form = ConfirmForm(request.POST, request.FILES)
    if not form.is_valid():
        return _show_case(request, change, confirm=form, status=422)
    try:
        with transaction.atomic():
            request_change(
                form.command(change, device_of(request)),
                actor=request.actor,
                factor=factor_of(request),
                at=request.at,
            )
    except Invalid as refusal:
        form.add_problems(refusal)
        return _show_case(request, change, confirm=form, status=422)
    messages.success(request, _("Requested. Everybody known from before is being told now."))
    return see_other("bank-change", key)


@door(P.BANK_APPROVE, methods=["POST"], for_money=True)
def bank_entered(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Somebody of ours says that the ERP pays by a change now."""
    change = find_change(key, actor=request.actor)
    note_entered(change, actor=request.actor, factor=factor_of(request), at=request.at)
    messages.success(request, _("Noted: the ERP pays by it."))
    return see_other("bank-change", key)


@door(P.BANK_REQUEST, methods=["POST"])
def bank_withdraw(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Take a request back."""
    change = find_change(key, actor=request.actor)
    withdraw_change(change, request.POST.get("reason", ""), actor=request.actor, at=request.at)
    return see_other("bank-change", key)


# --- the case -----------------------------------------------------------------------------------------------


@door(P.BANK_VIEW)
def bank_change(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """One change: old and new side by side, what it waits for; for us the risks, the contacts, who said what."""
    return _show_case(request, find_change(key, actor=request.actor))


def _show_case(request: DoorRequest, change: BankChange, *, status: int = 200, **forms: Any) -> HttpResponse:
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
        "may_open": actor.may(P.BANK_UNMASK if actor.is_company else P.BANK_REQUEST),
        "freeze": freeze,
        "may_confirm": change.state == ChangeState.PROPOSED and actor.may(P.BANK_REQUEST) and freeze is None,
        "may_withdraw": _may_withdraw(request, change),
        "confirm_form": forms.get("confirm") or ConfirmForm(),
        **ours,
    }
    return _no_store(render(request, "suppliers/banking/change.html", context, status=status))


def _may_withdraw(request: DoorRequest, change: BankChange) -> bool:
    actor = request.actor
    is_theirs = actor.is_supplier or change.on_behalf or change.state == ChangeState.PROPOSED
    return actor.may(P.BANK_REQUEST) and is_theirs and change.state in (ChangeState.PROPOSED, *OPEN)


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
        if actor.may(P.BANK_APPROVE)
        else ""
    )
    shortening = change.shortenings.filter(round=change.round).first()
    to_enter = change.state == ChangeState.IN_FORCE and change.entered_at is None
    return {
        "screening": what_holds(change.supplier)
        if change.state in (ChangeState.PROPOSED, *UNDECIDED) and change.kind != ChangeKind.END
        else "",
        "may_screen": actor.may(P.SUPPLIER_MANAGE),
        "to_enter": to_enter,
        "by_erp": told_of([change.supplier_id]).get(change.supplier_id, []) if to_enter else [],
        "may_enter": to_enter and actor.may(P.BANK_APPROVE) and not erp_tells(change.supplier_id, request.at),
        "risks": risk_rows(signals_kept(change)),
        "contacts": contacts,
        "contact_days": settings.BANK_CONTACT_DAYS,
        "calls": list(change.calls.order_by("-id")),
        "votes": list(change.votes.filter(purpose=VotePurpose.APPROVE).order_by("id")),
        "shortening": shortening,
        "shorteners": votes_of(change, VotePurpose.SHORTEN) if shortening else [],
        "notices": list(change.notices.filter(of_company=False).order_by("id")),
        "may_call": (moves or change.state == ChangeState.FROZEN)
        and actor.may(P.BANK_CALL)
        and actor.user_id not in change.askers,
        "may_approve": moves
        and actor.may(P.BANK_APPROVE)
        and change.state in (ChangeState.REQUESTED, ChangeState.FIRST_APPROVED)
        and not why_not,
        "why_not": why_not if moves and change.state != ChangeState.WAITING else "",
        "may_refuse": actor.may(P.BANK_APPROVE)
        and change.state in (ChangeState.PROPOSED, ChangeState.FROZEN, *OPEN),
        "may_shorten": moves and actor.may(P.BANK_APPROVE) and shortening is None,
        "may_grant": moves
        and actor.may(P.BANK_APPROVE)
        and shortening is not None
        and shortening.granted_at is None,
        "may_go_on": moves
        and actor.may(P.BANK_APPROVE)
        and actor.user_id not in change.askers
        and unreached(change).exists(),
        "may_unmask": actor.may(P.BANK_UNMASK) and change.number_id is not None,
        "call_form": forms.get("call") or CallForm(contacts=contacts, since=day_text),
        "refuse_form": forms.get("refuse") or ReasonForm(prefix="refuse"),
        "shorten_form": forms.get("shorten") or ShortenForm(prefix="shorten"),
        "show_form": ReasonForm(prefix="show"),
        "go_on_form": forms.get("go_on") or ReasonForm(prefix="go_on"),
    }


@door(P.BANK_CALL, methods=["POST"], for_money=True)
def bank_call(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Record that a contact was called back."""
    change = find_change(key, actor=request.actor)
    with acting(OFFICE):
        form = CallForm(request.POST, contacts=contacts_to_call(change), since=day_text)
    if not form.is_valid():
        return _show_case(request, change, call=form, status=422)
    return _do(
        request,
        change,
        lambda: record_call(form.command(key), actor=request.actor, factor=factor_of(request), at=request.at),
        call=form,
    )


@door(P.BANK_APPROVE, methods=["POST"], for_money=True)
def bank_approve(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Approve it, as one of two."""
    change = find_change(key, actor=request.actor)
    version = whole_number(request.POST.get("version", "")) or 0
    note = request.POST.get("note", "")
    approve_change(change, version, note, actor=request.actor, factor=factor_of(request), at=request.at)
    return see_other("bank-change", key)


@door(P.BANK_APPROVE, methods=["POST"], for_money=True)
def bank_go_on(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Say that it goes on although some could not be told."""
    change = find_change(key, actor=request.actor)
    form = ReasonForm(request.POST, prefix="go_on")
    if not form.is_valid():
        return _show_case(request, change, go_on=form, status=422)
    reason, factor = form.cleaned_data["reason"], factor_of(request)
    return _do(
        request,
        change,
        lambda: go_on_without(change, reason, actor=request.actor, factor=factor, at=request.at),
        go_on=form,
    )


@door(P.BANK_APPROVE, methods=["POST"])
def bank_refuse(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Refuse it, with a reason its supplier reads."""
    change = find_change(key, actor=request.actor)
    form = ReasonForm(request.POST, prefix="refuse")
    if not form.is_valid():
        return _show_case(request, change, refuse=form, status=422)
    reason = form.cleaned_data["reason"]
    return _do(
        request,
        change,
        lambda: refuse_change(change, reason, actor=request.actor, at=request.at),
        refuse=form,
    )


@door(P.BANK_APPROVE, methods=["POST"], for_money=True)
def bank_shorten(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Ask that it waits less."""
    change = find_change(key, actor=request.actor)
    form = ShortenForm(request.POST, prefix="shorten")
    if not form.is_valid():
        return _show_case(request, change, shorten=form, status=422)
    said = form.cleaned_data
    return _do(
        request,
        change,
        lambda: ask_shortening(
            change,
            said["hours"],
            said["reason"],
            actor=request.actor,
            factor=factor_of(request),
            at=request.at,
        ),
        shorten=form,
    )


@door(P.BANK_APPROVE, methods=["POST"], for_money=True)
def bank_grant(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Let it wait less, as one of two."""
    change = find_change(key, actor=request.actor)
    grant_shortening(change, actor=request.actor, factor=factor_of(request), at=request.at)
    return see_other("bank-change", key)


def _do(request: DoorRequest, change: BankChange, verb: Callable[[], object], **form: Any) -> HttpResponse:
    """Do it, or show the page again with what is wrong beside its field."""
    try:
        with transaction.atomic():
            verb()
    except Invalid as refusal:
        (typed,) = form.values()
        typed.add_problems(refusal)
        return _show_case(request, change, status=422, **form)
    return see_other("bank-change", change.key)


@door(P.BANK_UNMASK, P.BANK_REQUEST, methods=["POST"], for_money=True)
def bank_proof(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """The paper, to be saved and never to be shown inside our pages: it has the whole number on it."""
    found = find_proof(key, actor=request.actor)
    content = open_proof(found, actor=request.actor, factor=factor_of(request), at=request.at)
    response = HttpResponse(content, content_type=found.content_type)
    response["Content-Disposition"] = (
        content_disposition_header(as_attachment=True, filename=found.name) or "attachment"
    )
    response["Content-Security-Policy"] = NOTHING_RUNS
    response["X-Content-Type-Options"] = "nosniff"
    return _no_store(response)


# --- a number is shown --------------------------------------------------------------------------------------


@door(P.BANK_UNMASK, methods=["POST"], for_money=True)
def bank_change_number(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Show the number that a change would bring, once, for a reason."""
    change = find_change(key, actor=request.actor)
    return _show_number(request, change, request.POST.get("show-reason", ""), "bank-change", key)


@door(P.BANK_UNMASK, methods=["POST"], for_money=True)
def bank_account_number(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Show the number of an account, once, for a reason."""
    account = find_account(key, actor=request.actor)
    return _show_number(
        request, account, request.POST.get("reason", ""), "bank-supplier", account.supplier.key
    )


def _show_number(
    request: DoorRequest, row: BankAccount | BankChange, reason: str, back: str, key: uuid.UUID
) -> HttpResponse:
    shown = show_number(row, reason, actor=request.actor, factor=factor_of(request), at=request.at)
    groups = [shown.number[start : start + 4] for start in range(0, len(shown.number), 4)]
    context = {"row": row, "number": " ".join(groups), "routing": shown.routing, "back": back, "key": key}
    return _no_store(render(request, "suppliers/banking/number.html", context))


# --- standing still -----------------------------------------------------------------------------------------


@door(P.BANK_FREEZE, methods=["POST"])
def bank_freeze(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Let everything about a supplier's bank details stand still."""
    supplier = find_supplier(key, actor=request.actor)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _show_supplier(request, supplier, form=form, status=422)
    try:
        with transaction.atomic():
            freeze_bank_details(supplier, form.cleaned_data["reason"], actor=request.actor, at=request.at)
    except Invalid as refusal:
        form.add_problems(refusal)
        return _show_supplier(request, supplier, form=form, status=422)
    return see_other("bank-supplier", key)


@door(P.BANK_APPROVE, methods=["POST"], for_money=True)
def bank_thaw(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Ask that it goes on, as the first of two."""
    return _thaw(request, key, ask_thaw, releases=bool(request.POST.get("releases")))


@door(P.BANK_APPROVE, methods=["POST"], for_money=True)
def bank_thaw_confirm(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Confirm what another one has asked, as the page has shown it."""
    return _thaw(request, key, confirm_thaw, seen=request.POST.get("seen", ""))


def _thaw(request: DoorRequest, key: uuid.UUID, verb: Callable[..., BankFreeze], **more: Any) -> HttpResponse:
    supplier = find_supplier(key, actor=request.actor)
    with acting(OFFICE):
        freeze = open_freeze(supplier.pk)
    if freeze is not None:
        reason = request.POST.get("reason", "")
        verb(freeze, reason, actor=request.actor, factor=factor_of(request), at=request.at, **more)
    return see_other("bank-supplier", key)


def _pressed(token: str, at: datetime) -> WayIn | None:
    with acting(OFFICE):
        notice = notice_of(token)
    if notice is None or not link_is_good(notice, at):
        return None
    who = Actor.system(notice.name or notice.address, Channel.LINK)
    return WayIn(notice, who, notice.language, notice.supplier.time_zone)


def _closed(request: HttpRequest, token: str) -> HttpResponse:
    return render(request, "suppliers/banking/not_me.html", {"notice": None}, status=404)


@sealed_door(_pressed, _closed, methods=["GET", "POST"])
def bank_not_me(request: NoticeRequest) -> HttpResponse:
    """Behind the link of a notice: one button, and everything stands still. Nobody signs in. GET shows alone, since
    scanners of mail open every link."""
    notice = request.link
    if request.method == "POST":
        freeze_by_link(notice, at=request.at)
    freeze = open_freeze(notice.supplier_id)
    # Somebody else may have stopped it: this one says so too, and again where it is to go on.
    stands = freeze is not None and freeze.thaw_asked_at is None and has_objected(freeze, notice.mark)
    context = {"notice": notice, "token": request.token, "is_frozen": stands}
    return render(request, "suppliers/banking/not_me.html", context)


# --- the report ---------------------------------------------------------------------------------------------


@door(P.BANK_VIEW)
def bank_report(request: DoorRequest) -> HttpResponse:
    """Every change of bank details there was, as CSV: for auditors."""
    rows = changes(request.actor).order_by("id").iterator(chunk_size=500)
    response = HttpResponse(
        report_of(rows, is_ours=request.actor.is_company), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = 'attachment; filename="bank-changes.csv"'
    return _no_store(response)


@door(P.BANK_CALL, methods=["GET", "POST"], for_money=True)
def bank_sheet(request: DoorRequest) -> HttpResponse:
    """Hold the accounts of a sheet, such as the ERP's vendor file, against those in force. What differs is proposed."""
    refusal, intake, status = None, None, 200
    if request.method == "POST":
        upload = request.FILES.get("sheet")
        actor = replace(request.actor, channel=Channel.FILE)
        try:
            with transaction.atomic():
                told = read_sheet(upload.read(LARGEST_SHEET + 1) if upload else b"")
                intake = hear_of_accounts(told, actor=actor, at=request.at)
        except Invalid as error:
            refusal, status = error, 422
    context = {"refusal": refusal, "intake": intake, "columns": COLUMNS}
    return _no_store(render(request, "suppliers/banking/sheet.html", context, status=status))
