"""The pages of service policies and of opening hours: read, write, approve, retire. All without a script."""

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from portal.kernel.access import DoorRequest, door
from portal.kernel.audit.queries import timeline_of
from portal.kernel.errors import IllegalTransition, Invalid, NotFound, StaleDocument
from portal.kernel.web import paginate, panel_or_page, see_other, whole_number
from procurement.clocks.forms import NEW_SERVICE, OfficeForm, ServiceForm
from procurement.clocks.messages import Service, WriteService
from procurement.clocks.models import OfficeCalendar, ServicePolicy
from procurement.clocks.policies import in_order, overruled
from procurement.clocks.presenters import name_of, place_row, service_row, story_of
from procurement.clocks.queries import (
    built_in,
    find_office,
    find_policy,
    known_kinds,
    place_named,
    places,
    policies,
    services_in_force,
    supplier_names,
)
from procurement.clocks.services import (
    approve_service,
    forget_office,
    retire_service,
    write_office,
    write_service,
)
from procurement.clocks.services.offices import WriteOffice
from procurement.clocks.states import SERVICE_LIFECYCLE, ServiceState
from suppliers.roles import Permission

EDITS, APPROVES = Permission.POLICY_EDIT, Permission.POLICY_APPROVE


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(
        label=lazy("Reason"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3}), strip=True
    )


# --- service policies ---------------------------------------------------------------------------------------


@door(Permission.POLICY_VIEW)
def service_list(request: DoorRequest) -> HttpResponse:
    """What gives clocks their time now, the narrowest first, and below it the drafts and what is retired."""
    state = request.GET.get("state", "")
    state = state if state in (ServiceState.DRAFT, ServiceState.RETIRED) else ServiceState.DRAFT
    found = in_order(services_in_force())
    suppliers = supplier_names(one.scope.supplier for one in found)
    kinds = known_kinds()
    page = paginate(
        policies().filter(state=state), request.GET.get("cursor", ""), order=["-written_at", "-id"]
    )
    context = {
        "rows": [service_row(one, kinds, suppliers, is_overruled=overruled(one, found)) for one in found],
        "page": page,
        "views": [
            {"url": f"?state={one.value}#papers", "label": label, "current": one == state}
            for one, label in ((ServiceState.DRAFT, _("Drafts")), (ServiceState.RETIRED, _("Retired")))
        ],
        "state": state,
        "may_edit": request.actor.may(EDITS),
    }
    return render(request, "procurement/clocks/list.html", context)


@door(Permission.POLICY_VIEW)
def service(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """One policy: for whom, how much time, its ladder, and what was done to it."""
    found = find_policy(key)
    told = found.as_service()
    is_author = request.actor.user_id in found.authors
    may = SERVICE_LIFECYCLE.verbs_for(request.actor, found.state)
    context = {
        "policy": found,
        "row": service_row(told, known_kinds(), supplier_names([told.scope.supplier])),
        "may": may,
        "may_edit": request.actor.may(EDITS),
        "is_draft": found.state == ServiceState.DRAFT,
        "is_author": is_author,
        "story": story_of(timeline_of(found.stream, actor=request.actor)),
    }
    return render(request, "procurement/clocks/service.html", context)


@door(EDITS, methods=["GET", "POST"])
def service_new(request: DoorRequest) -> HttpResponse:
    """Begin a draft: from nothing, from another policy (`from`), or from one that the product brings along."""
    before, start, name = _begun_from(request.GET.get("from", ""))
    if request.method != "POST":
        return _show_form(request, ServiceForm.of(start, name), None)
    return _write(request, None, replaces=before.key if before else None)


@door(EDITS, methods=["GET", "POST"])
def service_change(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Change a draft."""
    found = find_policy(key)
    if request.method != "POST":
        return _show_form(request, ServiceForm.of(found.as_service(), found.name, found.note), found)
    return _write(request, found, key=key, version=_seen(request))


def _begun_from(word: str) -> tuple[ServicePolicy | None, Service, str]:
    """The policy a draft is begun from, what stands in the form, and its name."""
    if not word:
        return None, NEW_SERVICE, ""
    if (found := built_in(word)) is not None:
        return None, found, name_of(found)
    try:
        before = find_policy(uuid.UUID(word))
    except ValueError as error:
        raise NotFound(_("There is no such policy.")) from error
    return before, before.as_service(), before.name


def _write(request: DoorRequest, policy: ServicePolicy | None, **said: Any) -> HttpResponse:
    """Write what was filled in; where that cannot be, it is shown again as it was typed, with what is wrong."""
    form = ServiceForm(request.POST)
    if not form.is_valid():
        return _show_form(request, form, policy, status=422)
    command = WriteService(form.service(), form.cleaned_data["name"], form.cleaned_data["note"], **said)
    try:
        made = write_service(command, actor=request.actor, at=request.at)
    except Invalid as refusal:
        form.add_problems(refusal)
        return _show_form(request, form, policy, status=refusal.status)
    except (StaleDocument, IllegalTransition) as refusal:
        form.add_error(None, refusal.message)
        return _show_form(request, form, policy, status=refusal.status)
    return see_other("service", made.key)


def _seen(request: DoorRequest) -> int:
    return whole_number(request.POST.get("version")) or 0


def _looked_at(request: DoorRequest, now: int) -> int:
    """The version that was on the screen first: a form that is shown again writes over nothing it has not shown."""
    return _seen(request) if request.method == "POST" else now


def _show_form(
    request: DoorRequest, form: ServiceForm, policy: ServicePolicy | None, status: int = 200
) -> HttpResponse:
    context = {
        "form": form,
        "groups": form.groups(),
        "ladder": form.ladder(),
        "policy": policy,
        "version": _looked_at(request, policy.version if policy else 0),
    }
    return render(request, "procurement/clocks/write.html", context, status=status)


@door(APPROVES, methods=["GET", "POST"])
def service_approve(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Let a draft give time: one last look."""
    found = find_policy(key)
    if request.method == "POST":
        approve_service(key, _seen(request), actor=request.actor, at=request.at)
        messages.success(request, _("“%(name)s” counts from now on.") % {"name": found.name})
        return see_other("service", key)
    context = {
        "title": _("Let “%(name)s” count?") % {"name": found.name},
        "text": _(
            "Clocks that start from now on get their time and their steps from it. Those that run stay as they are."
        ),
        "action": reverse("service-approve", args=[key]),
        "verb": _("Approve"),
        "back": reverse("service", args=[key]),
        "hidden": {"version": found.version},
    }
    return panel_or_page(request, "layouts/confirm.html", "confirm", context)


@door(EDITS, methods=["GET", "POST"])
def service_retire(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """End a policy for good."""
    found = find_policy(key)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        retire_service(key, _seen(request), reason, actor=request.actor, at=request.at)
        messages.success(request, _("It is retired."))
        return see_other("service", key)
    context = {
        "title": _("Retire it for good?"),
        "text": _("What is wider counts in its place. Clocks that run stay as they are."),
        "action": reverse("service-retire", args=[key]),
        "verb": _("Retire"),
        "danger": True,
        "back": reverse("service", args=[key]),
        "hidden": {"version": found.version},
        "form": form,
    }
    status = 422 if request.method == "POST" else 200
    return panel_or_page(request, "layouts/confirm.html", "confirm", context, status)


# --- opening hours ------------------------------------------------------------------------------------------


@door(Permission.POLICY_VIEW)
def office_list(request: DoorRequest) -> HttpResponse:
    """Every company, site and country, with the hours that count there."""
    context = {"places": [place_row(one) for one in places()], "may_edit": request.actor.may(EDITS)}
    return render(request, "procurement/clocks/offices.html", context)


@door(EDITS, methods=["GET", "POST"])
def office(request: DoorRequest, level: str, code: str) -> HttpResponse:
    """Write down the opening hours of one place."""
    place = place_named(level, code)
    is_country = level == "country"
    if request.method != "POST":
        form = OfficeForm.of(place.calendar, place.office, is_country=is_country)
        return _show_office(request, form, place.name, place.office)
    form = OfficeForm(request.POST, is_country=is_country)
    if not form.is_valid():
        return _show_office(request, form, place.name, place.office, status=422)
    said = form.cleaned_data
    command = WriteOffice(
        week=form.week(),
        site=code if level == "site" else "",
        company=code if level == "company" else "",
        country=code if is_country else "",
        time_zone=said.get("time_zone", ""),
        holidays_of=said["holidays_of"],
        subdivision=said["subdivision"].strip().upper(),
        closed_on=said["closed_on"],
        version=_seen(request),
    )
    try:
        write_office(command, actor=request.actor, at=request.at)
    except Invalid as refusal:
        form.add_problems(refusal)
        return _show_office(request, form, place.name, place.office, status=refusal.status)
    except StaleDocument as refusal:
        form.add_error(None, refusal.message)
        return _show_office(request, form, place.name, place.office, status=refusal.status)
    messages.success(request, _("The opening hours of %(place)s are written down.") % {"place": place.name})
    return see_other("office-list")


def _show_office(
    request: DoorRequest, form: OfficeForm, name: str, found: OfficeCalendar | None, status: int = 200
) -> HttpResponse:
    version = _looked_at(request, found.version if found else 0)
    context = {"form": form, "groups": form.groups(), "name": name, "version": version}
    return render(request, "procurement/clocks/office.html", context, status=status)


@door(EDITS, methods=["GET", "POST"])
def office_forget(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Go back to the hours that hold without any of one's own."""
    found = find_office(key)
    if request.method == "POST":
        forget_office(key, _seen(request), actor=request.actor, at=request.at)
        messages.success(request, _("The hours that hold without any are back."))
        return see_other("office-list")
    context = {
        "title": _("Forget these opening hours?"),
        "text": _(
            "The country’s weekdays from 8 to 17, less its public holidays, count in their place. What is due stays "
            "due when it is."
        ),
        "action": reverse("office-forget", args=[key]),
        "verb": _("Forget them"),
        "danger": True,
        "back": reverse("office-list"),
        "hidden": {"version": found.version},
    }
    return panel_or_page(request, "layouts/confirm.html", "confirm", context)
