"""Whose cases are whose, and who stands in."""

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from portal.kernel.access import DoorRequest, door
from portal.kernel.errors import Refusal
from portal.kernel.web import see_other
from procurement.inbox.forms import AbsenceForm, AssignmentForm
from procurement.inbox.queries.people import absences_from, rules_written
from procurement.inbox.services.ruling import (
    WriteAbsence,
    WriteAssignment,
    drop_absence,
    drop_assignment,
    write_absence,
    write_assignment,
)
from procurement.inbox.services.working import this_day
from suppliers.roles import Permission

TEMPLATE = "procurement/inbox/rules.html"


@door(Permission.CASE_VIEW)
def inbox_rules(request: DoorRequest) -> HttpResponse:
    """Which cases are whose by rule, and who stands in for whom."""
    return _show(request, AssignmentForm(), AbsenceForm())


def _show(request: DoorRequest, rule: AssignmentForm, away: AbsenceForm, status: int = 200) -> HttpResponse:
    if not request.actor.may(Permission.CASE_MANAGE):
        away.fields["person"].initial = request.actor.user_id
    context = {
        "rules": rules_written(),
        "absences": absences_from(this_day(request.at)),
        "form": rule,
        "away": away,
        "may_manage": request.actor.may(Permission.CASE_MANAGE),
        "may_work": request.actor.may(Permission.CASE_WORK),
        "me": request.actor.user_id,
    }
    return render(request, TEMPLATE, context, status=status)


@door(Permission.CASE_MANAGE, methods=["POST"])
def assignment_write(request: DoorRequest) -> HttpResponse:
    """Write a rule; open cases follow at once."""
    form = AssignmentForm(request.POST)
    if form.is_valid():
        data = form.cleaned_data
        command = WriteAssignment(data["owner"].pk, data["supplier"], data["item_group"], data["site"])
        try:
            write_assignment(command, actor=request.actor, at=request.at)
        except Refusal as refusal:
            form.add_refusal(refusal)
        else:
            messages.success(request, _("The rule holds; open cases follow it."))
            return see_other("inbox-rules")
    return _show(request, form, AbsenceForm(), status=422)


@door(Permission.CASE_MANAGE, methods=["POST"])
def assignment_drop(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Take a rule away."""
    drop_assignment(key, actor=request.actor, at=request.at)
    messages.success(request, _("The rule is gone; open cases follow."))
    return see_other("inbox-rules")


@door(Permission.CASE_WORK, methods=["POST"])
def absence_write(request: DoorRequest) -> HttpResponse:
    """Say who is away, and who takes the cases."""
    form = AbsenceForm(request.POST)
    if form.is_valid():
        data = form.cleaned_data
        command = WriteAbsence(data["person"].pk, data["stand_in"].pk, data["from_on"], data["until_on"])
        try:
            write_absence(command, actor=request.actor, at=request.at)
        except Refusal as refusal:
            form.add_refusal(refusal)
        else:
            messages.success(
                request, _("Noted. The cases go over on the first day, and come back after the last.")
            )
            return see_other("inbox-rules")
    return _show(request, AssignmentForm(), form, status=422)


@door(Permission.CASE_WORK, methods=["POST"])
def absence_drop(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Somebody is here after all."""
    drop_absence(key, actor=request.actor, at=request.at)
    messages.success(request, _("The cases are back."))
    return see_other("inbox-rules")
