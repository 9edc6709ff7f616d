"""Whom to invite, whom not, and what invitations say."""

import uuid

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from portal.kernel.access import DoorRequest, door
from portal.kernel.errors import Invalid
from portal.kernel.web import paginate, see_other
from suppliers.onboarding.forms import ExclusionForm, InviteProspectForm, InviteSupplierForm, TextForm
from suppliers.onboarding.messages import InviteSuppliers
from suppliers.onboarding.models import OnboardingRun
from suppliers.onboarding.queries import exclusions, texts
from suppliers.onboarding.services import (
    end_exclusion,
    exclude_suppliers,
    invite_suppliers,
    write_invitation_text,
)
from suppliers.onboarding.states import RunState
from suppliers.people.ways import require_own_factor
from suppliers.roles import Permission


@door(Permission.SUPPLIER_MANAGE, methods=["GET", "POST"])
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
    context = {"form": form, "prospect": prospect}
    return render(request, "suppliers/onboarding/invite.html", context, status=status)


def _say_invited(request: DoorRequest, run: OnboardingRun) -> None:
    said = {"name": run.supplier.name}
    if run.state == RunState.INVITED:
        messages.success(request, _("%(name)s is invited.") % said)
    else:
        told = _("Somebody acts for %(name)s already. They are told what is asked; no invitation was sent.")
        messages.warning(request, told % said)


@door(Permission.SUPPLIER_MANAGE, methods=["GET", "POST"])
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
    return render(
        request, "suppliers/onboarding/exclusions.html", {"form": form, "page": page}, status=status
    )


@door(Permission.SUPPLIER_MANAGE, methods=["POST"])
def exclusion_end(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """A supplier may be invited again."""
    ended = end_exclusion(key, actor=request.actor, at=request.at)
    messages.success(request, _("%(name)s may be invited again.") % {"name": ended.supplier.name})
    return see_other("exclusion-list")


@door(Permission.SUPPLIER_MANAGE, methods=["GET", "POST"])
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
    return render(request, "suppliers/onboarding/texts.html", {"rows": every, "form": form}, status=status)
