"""A time at the dock is asked for, proposed, confirmed, moved, given up; and kept or missed.

Note [Notice, time, dock]: every verb holds the ship notice, then the appointment, then the doors of the site, in this
order. So a time is confirmed for what is still announced, and of two who are given one door the second gets another, or
is told that none is free. A constraint of the database stands behind it.
"""

from datetime import datetime, timedelta
from typing import Any

from django.utils.dateformat import format as dateformat
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.services import record
from portal.kernel.errors import IllegalTransition, Invalid, NotAllowed, NotFound, Problem, StaleDocument
from portal.kernel.scope import requires_scope
from procurement.catalogue.models import Site
from procurement.docks.messages import AppointmentNamed, WishTime
from procurement.docks.models import Appointment
from procurement.docks.policies import (
    DAYS_AHEAD,
    Rhythm,
    free_doors,
    is_in_hours,
    is_on_the_raster,
    length_of,
)
from procurement.docks.queries import (
    AWAITED,
    find_appointment,
    find_site,
    lock_dock,
    newest_notice,
    pallets_of,
    rhythm_of,
    taken_at,
    visible_appointments,
)
from procurement.docks.states import APPOINTMENT_LIFECYCLE, OPEN, AppointmentState
from procurement.shipments.models import ShipNotice
from procurement.shipments.queries import hold_notice
from suppliers.roles import Permission

LONGEST = 500


# --- asked for and proposed ---------------------------------------------------------------------------------


@requires_scope
def ask_time(wish: WishTime, *, actor: Actor, at: datetime) -> Appointment:
    """The supplier asks for a time for a consignment, or for another one than it has or was offered.

    A time that was confirmed is given up with that, and the reason is said. Raises `Invalid` for a time that cannot be
    had, `IllegalTransition` for a consignment that is not awaited, `StaleDocument`.
    """
    _require(actor, Permission.SHIPMENT_WRITE)
    return _wish(wish, "ask", actor=actor, at=at)


@requires_scope
def propose_time(wish: WishTime, *, actor: Actor, at: datetime) -> Appointment:
    """The dock proposes a time, the first one or another than was asked for or confirmed. What it offers it keeps: the
    door is held until the supplier has answered. Raises as `ask_time` does.
    """
    _require(actor, Permission.DOCK_PLAN)
    return _wish(wish, "propose", actor=actor, at=at)


def _wish(wish: WishTime, verb: str, *, actor: Actor, at: datetime) -> Appointment:
    notice = hold_notice(wish.notice, actor=actor)
    site = _site_of(notice)
    before: Appointment | None = (
        visible_appointments(actor)
        .filter(consignment=notice.consignment, state__in=OPEN)
        .select_for_update(of=("self",))
        .first()
    )
    if (before.version if before else 0) != wish.version:
        raise _stale(before)
    _require_awaited(notice)
    reason, note = _text("reason", wish.reason), _text("note", wish.note)
    if before is not None and before.state == AppointmentState.CONFIRMED and not reason:
        message = _("This time was confirmed. Say why it is moved: the other side has planned with it.")
        raise Invalid(message, [Problem("reason", message, "", "required")])
    rhythm = rhythm_of(site)
    length = length_of(pallets_of(notice), rhythm)
    is_dock = verb == "propose"
    _require_possible(wish.starts_at, length, rhythm, is_dock=is_dock, at=at)
    lock_dock(site)
    door = _door_for(site, wish.starts_at, length, rhythm, wish.door if is_dock else 0, before)
    fields: dict[str, Any] = {
        "starts_at": wish.starts_at,
        "ends_at": wish.starts_at + length,
        "door": door if is_dock else None,
        "note": note,
        "reason": reason,
        "updated_at": at,
        "confirmed_at": None,
        "written_by": actor.label,
    }
    if before is not None:
        was = {"was_starts_at": before.starts_at.isoformat(), "why": reason}
        facts = _facts(notice, site, fields) | was
        APPOINTMENT_LIFECYCLE.move(before, verb, actor=actor, at=at, facts=facts, fields=fields)
        return before
    state = APPOINTMENT_LIFECYCLE.target(verb, AppointmentState.ASKED)
    made = Appointment(
        supplier_id=notice.supplier_id,
        site=site,
        consignment=notice.consignment,
        state=state,
        asked_at=at,
        **fields,
    )
    made.save(force_insert=True)
    kind = APPOINTMENT_LIFECYCLE.transition(verb, AppointmentState.ASKED).event
    facts = _facts(notice, site, fields) | {"to": state}
    record(kind, made.stream, actor=actor, at=at, supplier_id=made.supplier_id, facts=facts)
    return made


# --- answered -----------------------------------------------------------------------------------------------


@requires_scope
def confirm_time(named: AppointmentNamed, *, door: int = 0, actor: Actor, at: datetime) -> Appointment:
    """The dock says yes to the time that was asked for, at this door or (0) at the first that is free.

    Raises `Invalid` where no door is free any more, `IllegalTransition`, `StaleDocument`.
    """
    _require(actor, Permission.DOCK_PLAN)
    notice, one = _hold(named, "confirm", actor=actor)
    _require_awaited(notice)
    if one.starts_at <= at:
        message = _("This time has begun already. Propose another one.")
        raise Invalid(message, [Problem("starts_at", message, one.starts_at.isoformat(), "over")])
    rhythm = rhythm_of(one.site)
    lock_dock(one.site)
    given = _door_for(one.site, one.starts_at, one.ends_at - one.starts_at, rhythm, door, one)
    return move(one, notice, "confirm", {"door": given, "confirmed_at": at}, actor=actor, at=at)


@requires_scope
def accept_time(named: AppointmentNamed, *, actor: Actor, at: datetime) -> Appointment:
    """The supplier takes the time that the dock proposes; its door was held. Raises as `confirm_time` does."""
    _require(actor, Permission.SHIPMENT_WRITE)
    notice, one = _hold(named, "accept", actor=actor)
    _require_awaited(notice)
    if one.ends_at <= at:
        message = _("This time is over. Ask for another one.")
        raise Invalid(message, [Problem("starts_at", message, one.starts_at.isoformat(), "over")])
    return move(one, notice, "accept", {"confirmed_at": at}, actor=actor, at=at)


@requires_scope
def refuse_time(named: AppointmentNamed, reason: str, *, actor: Actor, at: datetime) -> Appointment:
    """The dock says no to the time that was asked for, and why. Raises `Invalid` without a reason."""
    _require(actor, Permission.DOCK_PLAN)
    return _end(named, "refuse", reason, actor=actor, at=at)


@requires_scope
def cancel_time(named: AppointmentNamed, reason: str, *, actor: Actor, at: datetime) -> Appointment:
    """The supplier gives its time up, and says why. Raises `Invalid` without a reason."""
    _require(actor, Permission.SHIPMENT_WRITE)
    return _end(named, "cancel", reason, actor=actor, at=at)


@requires_scope
def call_off_time(named: AppointmentNamed, reason: str, *, actor: Actor, at: datetime) -> Appointment:
    """The dock takes a time back, and says why. Raises `Invalid` without a reason."""
    _require(actor, Permission.DOCK_PLAN)
    return _end(named, "call_off", reason, actor=actor, at=at)


@requires_scope
def keep_time(named: AppointmentNamed, *, actor: Actor, at: datetime) -> Appointment:
    """The truck is there. Raises `Invalid` on a day before."""
    _require(actor, Permission.DOCK_PLAN)
    notice, one = _hold(named, "keep", actor=actor)
    if at < one.starts_at - timedelta(hours=24):
        message = _("This time is more than a day away. Move it, so that the other side knows.")
        raise Invalid(message, [Problem("starts_at", message, one.starts_at.isoformat(), "too_early")])
    return move(one, notice, "keep", {"ended_at": at}, actor=actor, at=at)


@requires_scope
def miss_time(named: AppointmentNamed, *, actor: Actor, at: datetime) -> Appointment:
    """Nobody came. Raises `Invalid` before the time has begun."""
    _require(actor, Permission.DOCK_PLAN)
    notice, one = _hold(named, "miss", actor=actor)
    if at < one.starts_at:
        message = _("This time has not begun yet: nobody has missed it.")
        raise Invalid(message, [Problem("starts_at", message, one.starts_at.isoformat(), "too_early")])
    return move(one, notice, "miss", {"ended_at": at}, actor=actor, at=at)


# --- what they share ----------------------------------------------------------------------------------------


def _require(actor: Actor, permission: Permission) -> None:
    if actor.may(permission) and not (actor.is_supplier and permission == Permission.DOCK_PLAN):
        return
    if permission == Permission.DOCK_PLAN:
        raise NotAllowed(_("Times at the dock are given by receiving. Ask somebody there."))
    raise NotAllowed(
        _("Your role reads times at the dock. Ask your administrator for the right to write ship notices.")
    )


def _site_of(notice: ShipNotice) -> Site:
    if notice.ship_to is None:
        raise NotFound(_("This ship notice names no place, and so no dock."))
    return find_site(notice.ship_to.code)


def _require_awaited(notice: ShipNotice) -> None:
    if notice.state in AWAITED:
        return
    if notice.is_draft:
        message = _("Send the ship notice first: a time is given for what is announced.")
    else:
        message = _("Ship notice %(number)s is %(state)s: it needs no time at the dock any more.")
        message %= {"number": notice.number, "state": notice.get_state_display().lower()}
    raise IllegalTransition(message, details={"state": notice.state})


def _hold(named: AppointmentNamed, verb: str, *, actor: Actor) -> tuple[ShipNotice, Appointment]:
    """An appointment and the notice that counts for it, both held in this order."""
    seen = find_appointment(named.appointment, actor=actor)
    newest = newest_notice(seen.consignment)
    if newest is None:
        raise NotFound(_("There is no such ship notice."))
    notice = hold_notice(newest.key, actor=actor)
    one: Appointment = visible_appointments(actor).filter(pk=seen.pk).select_for_update(of=("self",)).get()
    if one.version != named.version:
        raise _stale(one)
    if one.state not in APPOINTMENT_LIFECYCLE.sources(verb):
        message = _("This time is %(state)s. Look at it, then go on.")
        values = {"state": one.get_state_display().lower()}
        raise IllegalTransition(message % values, details={"verb": verb, "state": one.state})
    return notice, one


def _stale(one: Appointment | None) -> StaleDocument:
    if one is None:
        return StaleDocument(_("The time was given up or answered meanwhile. Look at what stands now."))
    message = _("%(name)s changed this time since you opened it. Look at it, then go on.")
    return StaleDocument(
        message % {"name": one.written_by}, details={"state": one.state, "version": one.version}
    )


def _text(name: str, text: str) -> str:
    found = text.strip()
    if len(found) > LONGEST:
        message = _("This has %(length)d characters; there is room for %(most)d.")
        message %= {"length": len(found), "most": LONGEST}
        raise Invalid(message, [Problem(name, message, found[:80], "too_long")])
    return found


def _require_possible(
    start: datetime, length: timedelta, rhythm: Rhythm, *, is_dock: bool, at: datetime
) -> None:
    """Raise `Invalid`, with the way out, for a moment at which no time of this length can begin."""
    message = ""
    if start.tzinfo is None:
        message, code = _("A moment needs its time zone."), "no_zone"
    elif start < at:
        message, code = _("%(when)s is over. Choose a time that is still to come."), "over"
    elif not is_dock and start < at + rhythm.ask_before:
        message = _(
            "%(when)s is too soon: this dock is asked at least %(hours)d hours before. Choose a later time."
        )
        code = "too_soon"
    elif start > at + timedelta(days=DAYS_AHEAD):
        message, code = _("%(when)s is too far away. Choose a time within four months."), "far_off"
    elif not is_in_hours(start, length, rhythm):
        message = _(
            "The dock is not open from %(when)s for as long as it takes. Choose one of the free times."
        )
        code = "closed"
    elif not is_on_the_raster(start, rhythm):
        message, code = _("No time begins at %(when)s. Choose one of the free times."), "off_raster"
    if message:
        when = start.isoformat() if start.tzinfo is None else said_at(start, rhythm)
        message %= {"when": when, "hours": int(rhythm.ask_before.total_seconds() // 3600)}
        raise Invalid(message, [Problem("starts_at", message, start.isoformat(), code)])


def said_at(moment: datetime, rhythm: Rhythm) -> str:
    """A moment as the clock at the dock shows it, with the name of its zone."""
    return dateformat(moment.astimezone(rhythm.zone), "D j M Y H:i T")


def _door_for(
    site: Site,
    start: datetime,
    length: timedelta,
    rhythm: Rhythm,
    wanted: int,
    besides: Appointment | None,
) -> int:
    """A door that is free then; the site's doors are held. Raises `Invalid` where there is none, or not that one."""
    taken = taken_at(site, start, start + length, besides=besides.pk if besides else 0)
    free = free_doors(start, length, rhythm, taken)
    if wanted and wanted not in range(1, rhythm.doors + 1):
        message = _("This dock has no door %(door)d: it has %(doors)d.")
        message %= {"door": wanted, "doors": rhythm.doors}
        raise Invalid(message, [Problem("door", message, str(wanted), "unknown")])
    if wanted and wanted not in free:
        message = _("Door %(door)d is taken at %(when)s. Take another door, or another time.")
        message %= {"door": wanted, "when": said_at(start, rhythm)}
        raise Invalid(message, [Problem("door", message, str(wanted), "taken")])
    if not free:
        message = _("No door is free at %(when)s any more. Choose another time.")
        message %= {"when": said_at(start, rhythm)}
        raise Invalid(message, [Problem("starts_at", message, start.isoformat(), "taken")])
    return wanted or free[0]


def _end(named: AppointmentNamed, verb: str, reason: str, *, actor: Actor, at: datetime) -> Appointment:
    why = _text("reason", reason)
    if not why:
        message = _("Say why: the other side has planned with this time.")
        raise Invalid(message, [Problem("reason", message, "", "required")])
    notice, one = _hold(named, verb, actor=actor)
    return move(one, notice, verb, {"reason": why, "ended_at": at}, actor=actor, at=at)


def move(
    one: Appointment, notice: ShipNotice, verb: str, fields: dict[str, Any], *, actor: Actor, at: datetime
) -> Appointment:
    fields = {**fields, "updated_at": at, "written_by": actor.label}
    now = {name: fields.get(name, getattr(one, name)) for name in ("starts_at", "ends_at", "door")}
    facts = _facts(notice, one.site, now) | {"why": fields.get("reason", "")}
    APPOINTMENT_LIFECYCLE.move(one, verb, actor=actor, at=at, facts=facts, fields=fields)
    return one


def _facts(notice: ShipNotice, site: Site, now: dict[str, Any]) -> dict[str, Any]:
    return {
        "notice": str(notice.key),
        "number": notice.number,
        "site": site.name,
        "zone": site.time_zone or site.company.time_zone,
        "starts_at": now["starts_at"].isoformat(),
        "ends_at": now["ends_at"].isoformat(),
        "door": now["door"],
        "note": now.get("note", ""),
    }
