"""How the dock of a site works: read it, write it down, go back to what holds without."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from portal.kernel.access import DoorRequest, door
from portal.kernel.errors import Invalid
from portal.kernel.web import see_other, whole_number
from procurement.clocks.presenters import week_text
from procurement.docks.forms import PlanForm
from procurement.docks.messages import WritePlan
from procurement.docks.queries import find_site, plan_of, rhythm_from
from procurement.docks.services import forget_plan, write_plan
from suppliers.roles import Permission

PLAN = "procurement/docks/plan.html"


@door(Permission.DOCK_PLAN, methods=["GET", "POST"])
def dock_plan(request: DoorRequest, code: str) -> HttpResponse:
    """Look at the plan of a dock and change it."""
    site = find_site(code)
    plan = plan_of(site)
    rhythm = rhythm_from(site, plan)
    form = PlanForm(request.POST) if request.method == "POST" else PlanForm.of(plan, rhythm)
    version = plan.version if plan else 0
    if request.method == "POST":
        version = whole_number(request.POST.get("version")) or 0
        if form.is_valid():
            data = form.cleaned_data
            names = ("doors", "slot_minutes", "pallets_per_hour", "ask_hours")
            command = WritePlan(
                site.code, **{name: data[name] for name in names}, hours=form.week(), version=version
            )
            try:
                with transaction.atomic():
                    write_plan(command, actor=request.actor, at=request.at)
            except Invalid as refusal:
                form.add_problems(refusal)
            else:
                messages.success(request, _("Written down. Times that are confirmed stay as they are."))
                return see_other("dock-plan", site.code)
    context = {
        "site": site,
        "plan": plan,
        "form": form,
        "groups": form.groups(),
        "version": version,
        "zone": rhythm.calendar.time_zone,
        "hours": week_text(rhythm.calendar.hours),
    }
    return render(request, PLAN, context, status=422 if form.errors else 200)


@door(Permission.DOCK_PLAN, methods=["POST"])
def dock_plan_forget(request: DoorRequest, code: str) -> HttpResponse:
    """Go back to what holds where nothing is written down."""
    version = whole_number(request.POST.get("version")) or 0
    try:
        with transaction.atomic():
            forget_plan(code, version, actor=request.actor, at=request.at)
    except Invalid as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, _("The dock works again as its site does."))
    return see_other("dock-plan", code)
