"""The bank details of one supplier, and how they are made to stand still."""

import uuid
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import render

from portal.kernel.access import DoorRequest, door
from portal.kernel.errors import Invalid
from portal.kernel.scope import acting
from portal.kernel.web import see_other
from suppliers.banking.forms import ReasonForm, ThawForm
from suppliers.banking.models import BankFreeze
from suppliers.banking.presenters import account_rows, change_rows
from suppliers.banking.queries import (
    OFFICE,
    accounts,
    changes,
    find_supplier,
    numbers_shown,
    objections,
    open_freeze,
    progress_of,
    told_of,
)
from suppliers.banking.services import ask_thaw, confirm_thaw, freeze_bank_details
from suppliers.banking.views.common import factor_of
from suppliers.models import Supplier
from suppliers.roles import Permission


@door(Permission.BANK_VIEW)
def bank_supplier(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """The bank details of one supplier: accounts, changes, and whether they are frozen."""
    return show_supplier(request, find_supplier(key, actor=request.actor))


def show_supplier(
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
        "may_request": actor.may(Permission.BANK_REQUEST) and freeze is None,
        "may_freeze": actor.may(Permission.BANK_FREEZE) and freeze is None,
        "may_thaw": actor.is_company
        and actor.may(Permission.BANK_APPROVE)
        and freeze is not None
        and not is_mine,
        "confirms_thaw": is_asked,
        "objections": said,
        "by_erp": by_erp,
        "may_unmask": actor.may(Permission.BANK_UNMASK),
        "looked": list(numbers_shown(supplier, actor=actor)) if actor.may(Permission.BANK_REQUEST) else [],
        "freeze_form": form or ReasonForm(),
        "thaw_form": ThawForm(),
        "reason_form": ReasonForm(),
    }
    return render(request, "suppliers/banking/supplier.html", context, status=status)


@door(Permission.BANK_FREEZE, methods=["POST"])
def bank_freeze(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Let everything about a supplier's bank details stand still."""
    supplier = find_supplier(key, actor=request.actor)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return show_supplier(request, supplier, form=form, status=422)
    try:
        with transaction.atomic():
            freeze_bank_details(supplier, form.cleaned_data["reason"], actor=request.actor, at=request.at)
    except Invalid as refusal:
        form.add_problems(refusal)
        return show_supplier(request, supplier, form=form, status=422)
    return see_other("bank-supplier", key)


@door(Permission.BANK_APPROVE, methods=["POST"], for_money=True)
def bank_thaw(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Ask that it goes on, as the first of two."""
    return _thaw(request, key, ask_thaw, releases=bool(request.POST.get("releases")))


@door(Permission.BANK_APPROVE, methods=["POST"], for_money=True)
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
