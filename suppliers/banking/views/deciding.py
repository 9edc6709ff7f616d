"""What our people do with a change: call back, approve, let it go on, refuse, shorten its wait, enter it."""

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.utils.translation import gettext as _

from portal.kernel.access import DoorRequest, door
from portal.kernel.errors import Invalid
from portal.kernel.scope import acting
from portal.kernel.templatetags.portal_ui import day_text
from portal.kernel.web import see_other, whole_number
from suppliers.banking.forms import CallForm, ReasonForm, ShortenForm
from suppliers.banking.models import BankChange
from suppliers.banking.queries import OFFICE, find_change
from suppliers.banking.services import (
    approve_change,
    ask_shortening,
    contacts_to_call,
    go_on_without,
    grant_shortening,
    note_entered,
    record_call,
    refuse_change,
)
from suppliers.banking.views.case import show_case
from suppliers.banking.views.common import factor_of
from suppliers.roles import Permission


@door(Permission.BANK_APPROVE, methods=["POST"], for_money=True)
def bank_entered(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Somebody of ours says that the ERP pays by a change now."""
    change = find_change(key, actor=request.actor)
    note_entered(change, actor=request.actor, factor=factor_of(request), at=request.at)
    messages.success(request, _("Noted: the ERP pays by it."))
    return see_other("bank-change", key)


@door(Permission.BANK_CALL, methods=["POST"], for_money=True)
def bank_call(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Record that a contact was called back."""
    change = find_change(key, actor=request.actor)
    with acting(OFFICE):
        form = CallForm(request.POST, contacts=contacts_to_call(change), since=day_text)
    if not form.is_valid():
        return show_case(request, change, call=form, status=422)
    return _do(
        request,
        change,
        lambda: record_call(form.command(key), actor=request.actor, factor=factor_of(request), at=request.at),
        call=form,
    )


@door(Permission.BANK_APPROVE, methods=["POST"], for_money=True)
def bank_approve(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Approve it, as one of two."""
    change = find_change(key, actor=request.actor)
    version = whole_number(request.POST.get("version", "")) or 0
    note = request.POST.get("note", "")
    approve_change(change, version, note, actor=request.actor, factor=factor_of(request), at=request.at)
    return see_other("bank-change", key)


@door(Permission.BANK_APPROVE, methods=["POST"], for_money=True)
def bank_go_on(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Say that it goes on although some could not be told."""
    change = find_change(key, actor=request.actor)
    form = ReasonForm(request.POST, prefix="go_on")
    if not form.is_valid():
        return show_case(request, change, go_on=form, status=422)
    reason, factor = form.cleaned_data["reason"], factor_of(request)
    return _do(
        request,
        change,
        lambda: go_on_without(change, reason, actor=request.actor, factor=factor, at=request.at),
        go_on=form,
    )


@door(Permission.BANK_APPROVE, methods=["POST"])
def bank_refuse(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Refuse it, with a reason its supplier reads."""
    change = find_change(key, actor=request.actor)
    form = ReasonForm(request.POST, prefix="refuse")
    if not form.is_valid():
        return show_case(request, change, refuse=form, status=422)
    reason = form.cleaned_data["reason"]
    return _do(
        request,
        change,
        lambda: refuse_change(change, reason, actor=request.actor, at=request.at),
        refuse=form,
    )


@door(Permission.BANK_APPROVE, methods=["POST"], for_money=True)
def bank_shorten(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Ask that it waits less."""
    change = find_change(key, actor=request.actor)
    form = ShortenForm(request.POST, prefix="shorten")
    if not form.is_valid():
        return show_case(request, change, shorten=form, status=422)
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


@door(Permission.BANK_APPROVE, methods=["POST"], for_money=True)
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
        return show_case(request, change, status=422, **form)
    return see_other("bank-change", change.key)
