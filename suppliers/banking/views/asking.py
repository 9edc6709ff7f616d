"""A change is asked for, or taken back."""

import uuid

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from portal.kernel.access import DoorRequest, door
from portal.kernel.errors import Invalid
from portal.kernel.web import ask_files_again, see_other
from suppliers.banking.forms import ChangeForm, ConfirmForm
from suppliers.banking.queries import find_change, find_supplier, live_accounts
from suppliers.banking.services import request_change, withdraw_change
from suppliers.banking.states import ChangeKind
from suppliers.banking.views.case import show_case
from suppliers.banking.views.common import device_of, factor_of, no_store
from suppliers.models import Supplier
from suppliers.roles import Permission


@door(Permission.BANK_REQUEST, methods=["GET", "POST"], for_money=True)
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
    return no_store(render(request, "suppliers/banking/new.html", context, status=status))


@door(Permission.BANK_REQUEST, methods=["POST"], for_money=True)
def bank_confirm(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Make a request of what a program, a sheet or the ERP proposed."""
    change = find_change(key, actor=request.actor)
    form = ConfirmForm(request.POST, request.FILES)
    if not form.is_valid():
        return show_case(request, change, confirm=form, status=422)
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
        return show_case(request, change, confirm=form, status=422)
    messages.success(request, _("Requested. Everybody known from before is being told now."))
    return see_other("bank-change", key)


@door(Permission.BANK_REQUEST, methods=["POST"])
def bank_withdraw(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Take a request back."""
    change = find_change(key, actor=request.actor)
    withdraw_change(change, request.POST.get("reason", ""), actor=request.actor, at=request.at)
    return see_other("bank-change", key)
