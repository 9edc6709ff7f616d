"""Starting, pausing, resuming and stopping clocks, and moving what is due.

All of them look at how the clock stands, held, and do nothing where it stands so already: who reconciles may call
them twice. A `version` is what somebody saw on a screen; without one whatever stands now is meant.
"""

import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.services import record
from portal.kernel.errors import IllegalTransition, Invalid, NotAllowed, Problem, StaleDocument
from portal.kernel.scope import requires_scope
from procurement.calendars.policies import NeverOpens, length_of_day
from procurement.catalogue.models import Company, Site
from procurement.clocks.messages import ORDER_ANSWER, StartClock, Subject, Whose, rung_to_json
from procurement.clocks.models import Clock, DueMove, ServicePolicy
from procurement.clocks.policies import (
    Timer,
    look,
    move_timer,
    pause_timer,
    plan,
    resume_timer,
    rungs_of,
    start_timer,
    stop_timer,
)
from procurement.clocks.queries import Offices, ServiceBook, live_clock, lock_clock, lock_clocks
from procurement.clocks.states import CLOCK_LIFECYCLE, ClockState
from suppliers.models import Supplier
from suppliers.roles import Permission

# A clock that is made later than its time began (an upgrade, a past that was loaded) does not catch up with steps
# that should have left before anybody kept it.
PASSED_OVER_AFTER = timedelta(hours=1)
LONGEST_REASON = 2000
CLOCK_FIELDS = (
    "state",
    "version",
    "due_at",
    "spells",
    "wakes_at",
    "overdue_told_at",
    "stopped_at",
    "stopped_because",
)


# --- starting -----------------------------------------------------------------------------------------------


@requires_scope
def start_clock(command: StartClock, *, actor: Actor, at: datetime) -> Clock:
    """Start the clock of one paper; the one that runs already (or is paused) where there is one."""
    start_clocks([command], actor=actor, at=at)
    clock = live_clock(command.kind, command.stream)
    assert clock is not None
    return clock


@requires_scope
def start_clocks(commands: Iterable[StartClock], *, actor: Actor, at: datetime) -> int:
    """Start many clocks, each by the policy that counts for it; says how many were new.

    What has a live clock of that kind keeps it: there is never a second one.
    """
    wanted = list(commands)
    if not wanted:
        return 0
    book = ServiceBook()
    suppliers = Supplier.objects.in_bulk({one.supplier_id for one in wanted if one.supplier_id})
    companies = Company.objects.in_bulk({one.company_id for one in wanted if one.company_id})
    sites = Site.objects.in_bulk({one.site_id for one in wanted if one.site_id})
    clocks = [
        _new_clock(
            one,
            suppliers.get(one.supplier_id or 0),
            companies.get(one.company_id or 0),
            sites.get(one.site_id or 0),
            book,
            at,
        )
        for one in wanted
    ]
    named = {clock.policy_name for clock in clocks if _is_key(clock.policy_name)}
    written = {str(one.key): one for one in ServicePolicy.objects.filter(key__in=named)} if named else {}
    for clock in clocks:
        clock.policy = written.get(clock.policy_name)
        clock.policy_name = clock.policy.name if clock.policy else clock.policy_name
    before = Clock.objects.filter(key__in=[clock.key for clock in clocks])
    Clock.objects.bulk_create(clocks, batch_size=500, ignore_conflicts=True)
    return before.count()


def _is_key(name: str) -> bool:
    return len(name) == 36  # built-in policies are named by a word


def _new_clock(
    command: StartClock,
    supplier: Supplier | None,
    company: Company | None,
    site: Site | None,
    book: ServiceBook,
    at: datetime,
) -> Clock:
    service = book.service_for(
        Subject(
            kind=command.kind,
            supplier=supplier.number if supplier else "",
            segment=supplier.segment if supplier else "",
            order_kind=command.order_kind,
            lead_days=command.lead_days,
            value=command.value,
        )
    )
    clock = Clock(
        kind=command.kind,
        stream=command.stream,
        label=command.label[:200],
        supplier=supplier,
        company=company,
        site=site,
        # Whatever a policy says: a supplier owes answers to orders, and hears of no other clock.
        whose=service.whose if supplier and command.kind == ORDER_ANSWER else Whose.COMPANY,
        policy_name=service.key or service.name,
        started_at=command.started_at or at,
    )
    calendar = book.offices.of_clock(clock)
    timer = start_timer(clock.started_at, service.target.as_time(length_of_day(calendar)), calendar)
    if command.due_at:
        timer = Timer(calendar, command.due_at, timer.spells)
    rungs = rungs_of(service.steps, calendar)
    receivers = book.offices.receivers_of(clock)
    clock.rungs = [rung_to_json(rung) for rung in rungs]
    clock.first_due_at = timer.due_at
    clock.note_timer(timer)
    for step in plan(timer, rungs, 0, receivers):
        if step.leaves_at < at - PASSED_OVER_AFTER:
            clock.done = step.rung.number
    note_next_look(clock, timer, book.offices, at)
    return clock


# --- pausing, resuming, stopping ----------------------------------------------------------------------------


@requires_scope
def pause_clock(key: uuid.UUID, version: int | None = None, *, actor: Actor, at: datetime) -> Clock:
    """The other side has the ball: time no longer counts for whose clock it is."""
    clock = _held(key, version)
    _pause([clock], at)
    return clock


@requires_scope
def pause_clocks(keys: Iterable[uuid.UUID], *, actor: Actor, at: datetime) -> int:
    """The same for many; says how many ran."""
    return _pause(lock_clocks(keys), at)


@requires_scope
def resume_clock(
    key: uuid.UUID, version: int | None = None, *, counted: bool = False, actor: Actor, at: datetime
) -> Clock:
    """The ball is back: what was left is left. With `counted` the pause is taken back as if it had not been."""
    clock = _held(key, version)
    _resume([clock], at, counted=counted)
    return clock


@requires_scope
def resume_clocks(keys: Iterable[uuid.UUID], *, counted: bool = False, actor: Actor, at: datetime) -> int:
    """The same for many; says how many were paused."""
    return _resume(lock_clocks(keys), at, counted=counted)


@requires_scope
def stop_clock(
    key: uuid.UUID, because: str, version: int | None = None, *, actor: Actor, at: datetime
) -> Clock:
    """What was waited for has happened, or nobody waits for it any more: `because` is a word such as "answered"."""
    clock = _held(key, version)
    _stop([clock], because, at)
    return clock


@requires_scope
def stop_clocks(keys: Iterable[uuid.UUID], because: str, *, actor: Actor, at: datetime) -> int:
    """The same for many; says how many were live."""
    return _stop(lock_clocks(keys), because, at)


def _held(key: uuid.UUID, version: int | None) -> Clock:
    clock = lock_clock(key)
    if version is not None and clock.version != version:
        message = _("This clock was moved meanwhile. Look at how it stands now.")
        raise StaleDocument(message, details={"version": clock.version})
    return clock


def _pause(clocks: Iterable[Clock], at: datetime) -> int:
    def pause(clock: Clock, timer: Timer) -> Timer:
        clock.state = CLOCK_LIFECYCLE.target("pause", clock.state)
        return pause_timer(timer, at)

    return _apply([one for one in clocks if one.state == ClockState.RUNNING], pause, at)


def _resume(clocks: Iterable[Clock], at: datetime, *, counted: bool) -> int:
    def resume(clock: Clock, timer: Timer) -> Timer:
        clock.state = CLOCK_LIFECYCLE.target("resume", clock.state)
        return resume_timer(timer, at, counted=counted)

    return _apply([one for one in clocks if one.state == ClockState.PAUSED], resume, at)


def _stop(clocks: Iterable[Clock], because: str, at: datetime) -> int:
    def stop(clock: Clock, timer: Timer) -> Timer:
        clock.state = CLOCK_LIFECYCLE.target("stop", clock.state)
        clock.stopped_at, clock.stopped_because = at, because[:200]
        return stop_timer(timer, at)

    return _apply([one for one in clocks if one.is_live], stop, at)


def _apply(clocks: Sequence[Clock], act: Callable[[Clock, Timer], Timer], at: datetime) -> int:
    """Let a rule act on clocks that are held, work out when each is to be looked at next, and save them."""
    offices = Offices()
    for clock in clocks:
        timer = act(clock, clock.as_timer(offices.of_clock(clock)))
        clock.note_timer(timer)
        clock.version += 1
        note_next_look(clock, timer, offices, at)
    Clock.objects.bulk_update(clocks, CLOCK_FIELDS, batch_size=500)
    return len(clocks)


def note_next_look(clock: Clock, timer: Timer, offices: Offices, at: datetime) -> None:
    """Note (not save) when the sweep has to look at a clock next: at once where something is due already."""
    told = clock.overdue_told_at is not None
    receivers = offices.receivers_of(clock)
    turn = look(timer, clock.ladder(), clock.done, told=told, receivers=receivers, at=at)
    clock.wakes_at = at if turn.fired or turn.is_newly_overdue else turn.wakes_at


# --- moving what is due -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DueMoveAsked:
    """Another due moment for a clock as it was on the screen, and why."""

    key: uuid.UUID
    version: int
    due_at: datetime
    reason: str


@requires_scope
def move_due(command: DueMoveAsked, *, actor: Actor, at: datetime) -> Clock:
    """Move what is due, for a reason that is kept with who, when, from and to. At night it is the closing before.

    Raises `Invalid` without a reason, or for a moment before which no working time lies.
    """
    if actor.is_supplier or not actor.may(Permission.ORDER_DECIDE):
        raise NotAllowed(_("Your role does not move what is due. A buyer does."))
    reason = command.reason.strip()
    if not reason:
        message = _("Say why: both sides rely on what is due.")
        raise Invalid(message, [Problem("reason", message, "", "required")])
    clock = _held(command.key, command.version)
    if not clock.is_live:
        raise IllegalTransition(_("Nothing is waited for any more: this clock has stopped."))
    offices = Offices()
    old, timer = clock.due_at, clock.as_timer(offices.of_clock(clock))
    timer = _moved(timer, command.due_at, at)
    if timer.due_at == old:
        return clock
    clock.note_timer(timer)
    clock.version += 1
    if timer.due_at > at:
        clock.overdue_told_at = None
    note_next_look(clock, timer, offices, at)
    Clock.objects.bulk_update([clock], CLOCK_FIELDS)
    DueMove.objects.create(
        clock=clock,
        moved_at=at,
        moved_by=actor.label,
        reason=reason[:LONGEST_REASON],
        old_due_at=old,
        new_due_at=timer.due_at,
    )
    facts = {
        "clock": str(clock.key),
        "kind": clock.kind,
        "label": clock.label,
        "old": old.isoformat(),
        "new": timer.due_at.isoformat(),
        "reason": reason[:500],
    }
    internal = clock.whose == Whose.COMPANY
    supplier = clock.supplier_id
    record(
        "clock.due_moved",
        clock.stream,
        actor=actor,
        at=at,
        supplier_id=supplier,
        facts=facts,
        internal=internal,
    )
    return clock


def _moved(timer: Timer, due_at: datetime, at: datetime) -> Timer:
    try:
        moved = move_timer(timer, due_at)
    except (ValueError, OverflowError, NeverOpens) as error:
        raise _too_early(due_at) from error
    if moved.due_at <= at:
        raise _too_early(due_at)
    return moved


def _too_early(due_at: datetime) -> Invalid:
    message = _("There is no working time left until then. Choose a later day.")
    return Invalid(message, [Problem("due", message, due_at.isoformat(), "too_early")])
