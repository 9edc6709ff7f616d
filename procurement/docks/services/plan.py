"""Writing down how a dock works."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kernel.actors import Actor
from portal.kernel.audit.services import record
from portal.kernel.errors import Invalid, NotAllowed, Problem, StaleDocument
from portal.kernel.scope import requires_scope
from procurement.calendars.policies import WorkingCalendar
from procurement.catalogue.models import Site
from procurement.clocks.models import week_to_json
from procurement.docks.messages import WritePlan
from procurement.docks.models import Appointment, DockPlan
from procurement.docks.policies import DOORS, MOST_ASK_HOURS, MOST_DOORS, MOST_PALLETS_AN_HOUR, SLOTS
from procurement.docks.queries import find_site, lock_dock
from procurement.docks.states import HOLDING
from suppliers.roles import Permission


@requires_scope
def write_plan(command: WritePlan, *, actor: Actor, at: datetime) -> DockPlan:
    """Write down how the dock of a site works. Times that were confirmed already stay what they are.

    Raises `Invalid`, also where a door is to go at which somebody has a time, and `StaleDocument` where somebody else
    was quicker.
    """
    _require_planner(actor)
    site = find_site(command.site)
    lock_dock(site)
    problems = [*_problems_of(command), *_doors_in_use(site, command.doors, at)]
    if problems:
        raise Invalid(problems[0].message, problems)
    plan = DockPlan.objects.select_for_update().filter(site=site).first()
    if (plan.version if plan else 0) != command.version:
        raise _stale()
    before = _facts(plan) if plan else None
    plan = plan or DockPlan(site=site, version=0)
    plan.doors, plan.slot_minutes = command.doors, command.slot_minutes
    plan.pallets_per_hour, plan.ask_hours = command.pallets_per_hour, command.ask_hours
    plan.hours = week_to_json(command.hours) if command.hours is not None else None
    plan.written_at, plan.written_by = at, actor.label
    plan.version += 1
    try:
        with transaction.atomic():
            plan.save()
    except IntegrityError as error:
        raise _stale() from error
    facts = {"site": site.code, "now": _facts(plan), "before": before}
    record("dock.written", plan.stream, actor=actor, at=at, supplier_id=None, facts=facts, internal=True)
    return plan


@requires_scope
def forget_plan(site_code: str, version: int, *, actor: Actor, at: datetime) -> None:
    """Go back to what holds where nothing is written down. Raises `Invalid` where a door is to go at which somebody has
    a time, and `StaleDocument`.
    """
    _require_planner(actor)
    site = find_site(site_code)
    lock_dock(site)
    plan = DockPlan.objects.select_for_update().filter(site=site).first()
    if plan is None:
        raise _stale()  # somebody else has taken it back
    if plan.version != version:
        raise _stale()
    if problems := list(_doors_in_use(site, DOORS, at)):
        raise Invalid(problems[0].message, problems)
    facts = {"site": site.code, "before": _facts(plan)}
    record("dock.forgotten", plan.stream, actor=actor, at=at, supplier_id=None, facts=facts, internal=True)
    DockPlan.objects.filter(pk=plan.pk).delete()


def _require_planner(actor: Actor) -> None:
    if actor.is_supplier or not actor.may(Permission.DOCK_PLAN):
        raise NotAllowed(_("The plan of a dock is written by receiving. Ask somebody there."))


def _stale() -> StaleDocument:
    return StaleDocument(_("Somebody changed this dock plan since you opened it. Look at what stands now."))


def _problems_of(command: WritePlan) -> Iterator[Problem]:
    most = {
        "doors": (1, MOST_DOORS),
        "pallets_per_hour": (1, MOST_PALLETS_AN_HOUR),
        "ask_hours": (0, MOST_ASK_HOURS),
    }
    for name, (low, high) in most.items():
        value = getattr(command, name)
        if not low <= value <= high:
            message = _("%(value)d does not fit here: write a whole number from %(low)d to %(high)d.")
            yield Problem(
                name, message % {"value": value, "low": low, "high": high}, str(value), "out_of_range"
            )
    if command.slot_minutes not in SLOTS:
        message = _("A time of %(value)d minutes is not offered. Choose one of these: %(known)s.")
        values = {"value": command.slot_minutes, "known": ", ".join(map(str, SLOTS))}
        yield Problem("slot_minutes", message % values, str(command.slot_minutes), "unknown")
    if command.hours is None:
        return
    if not any(command.hours):
        yield Problem("hours", _("Give opening hours for at least one day of the week."), "", "required")
        return
    try:
        WorkingCalendar("UTC", command.hours)
    except ValueError:
        message = _("The opening hours of a day must follow each other: 08:00-12:00, 13:00-17:00.")
        yield Problem("hours", message, "", "out_of_order")


def _doors_in_use(site: Site, doors: int, at: datetime) -> Iterator[Problem]:
    """The times still to come at doors that are to go."""
    held = Appointment.objects.filter(site=site, state__in=HOLDING, door__gt=doors, ends_at__gt=at)
    count = held.count()
    if count:
        message = ngettext(
            "One time is confirmed or offered at a door above %(doors)d. Move it first.",
            "%(n)d times are confirmed or offered at doors above %(doors)d. Move them first.",
            count,
        )
        yield Problem("doors", message % {"n": count, "doors": doors}, str(doors), "in_use")


def _facts(plan: DockPlan) -> dict[str, Any]:
    names = ("doors", "hours", "slot_minutes", "pallets_per_hour", "ask_hours")
    return {name: getattr(plan, name) for name in names}
