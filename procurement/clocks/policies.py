"""Pure rules of clocks: how much time is spent and left, when each step of a ladder leaves, which policy counts.

Moments are aware and come back in UTC. All lengths are working time of the clock's own calendar, and only time counts
in which the clock runs: while the other side has the ball it is paused, and what was left then is left when it goes on.

Note [The due moment leads]: what is kept is the due moment, not the time that was given. Somebody was told that moment,
so it moves only by a pause or for a stated reason, never because opening hours were edited or a policy was replaced.
What is left and spent is worked out from it in the calendar as it is now.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from procurement.calendars.policies import (
    NOTHING,
    WorkingCalendar,
    add_working_time,
    is_working,
    length_of_day,
    next_opening,
    subtract_working_time,
    working_time_between,
)
from procurement.clocks.messages import (
    ANY_KIND,
    ORDER_ANSWER,
    Action,
    Anchor,
    Length,
    Rung,
    Scope,
    Service,
    Step,
    Subject,
    Unit,
    Whose,
)

# --- a clock ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Spell:
    """A while during which a clock ran, or was paused; the last one of a clock that was not stopped is open."""

    began_at: datetime
    ended_at: datetime | None = None
    is_pause: bool = False


@dataclass(frozen=True, slots=True)
class Timer:
    """A clock as the rules see it: when it is due, in whose working time, and its spells, which follow each other.

    See Note [The due moment leads]. While it is paused `due_at` is what it was when the pause began.
    """

    calendar: WorkingCalendar
    due_at: datetime
    spells: tuple[Spell, ...]

    @property
    def started_at(self) -> datetime:
        return self.spells[0].began_at

    @property
    def is_running(self) -> bool:
        last = self.spells[-1]
        return last.ended_at is None and not last.is_pause

    @property
    def is_paused(self) -> bool:
        last = self.spells[-1]
        return last.ended_at is None and last.is_pause


def start_timer(at: datetime, allowed: timedelta, calendar: WorkingCalendar) -> Timer:
    """A clock that runs from this moment and gives so much working time."""
    return Timer(calendar, add_working_time(at, allowed, calendar), (Spell(_as_utc(at)),))


def pause_timer(timer: Timer, at: datetime) -> Timer:
    """The other side has the ball: time no longer counts. A clock that does not run stays as it is."""
    return replace(timer, spells=_next_spell(timer, at, is_pause=True)) if timer.is_running else timer


def resume_timer(timer: Timer, at: datetime, *, counted: bool = False) -> Timer:
    """The ball is back: time counts again, and what was left when the pause began is left now.

    What was overdue stays due when it was. With `counted` the pause is taken back as if it had not been: whoever
    takes an answer back gains no time by it.
    """
    if not timer.is_paused:
        return timer
    if counted:
        ran = replace(timer.spells[-2], ended_at=None)
        return replace(timer, spells=(*timer.spells[:-2], ran))
    left = working_time_between(timer.spells[-1].began_at, timer.due_at, timer.calendar)
    due_at = add_working_time(at, left, timer.calendar) if left > NOTHING else timer.due_at
    return replace(timer, due_at=due_at, spells=_next_spell(timer, at, is_pause=False))


def stop_timer(timer: Timer, at: datetime) -> Timer:
    """What was waited for has happened, or nobody waits for it any more."""
    return replace(timer, spells=_ended(timer, at)) if timer.spells[-1].ended_at is None else timer


def move_timer(timer: Timer, due_at: datetime) -> Timer:
    """Another due moment: the working time there is until then. At night it is the closing before."""
    allowed = working_time_between(timer.started_at, due_at, timer.calendar)
    if allowed <= NOTHING:
        raise ValueError("There is no working time between the start and that moment.")
    return replace(timer, due_at=add_working_time(timer.started_at, allowed, timer.calendar))


def spent(timer: Timer, at: datetime) -> timedelta:
    """The working time that has been used up by a moment: that of all its running spells."""
    return sum(
        (working_time_between(began, ended, timer.calendar) for began, ended in _running(timer, at)), NOTHING
    )


def left(timer: Timer, at: datetime) -> timedelta:
    """The working time that is left at a moment; zero where it is overdue."""
    last = timer.spells[-1]
    # Time stands still in a pause, and after the stop.
    now = last.began_at if last.is_pause and at >= last.began_at else min(at, last.ended_at or at)
    return max(NOTHING, working_time_between(now, timer.due_at, timer.calendar))


def overdue(timer: Timer, at: datetime) -> timedelta:
    """The working time that has gone by since it was due, while it ran; zero before that."""
    return sum(
        (
            working_time_between(max(began, timer.due_at), ended, timer.calendar)
            for began, ended in _running(timer, at)
            if ended > timer.due_at
        ),
        NOTHING,
    )


def share_left(timer: Timer, at: datetime) -> float:
    """Which part of its time is left: 1 at the start, 0 from the due moment on."""
    rest = left(timer, at)
    whole = rest + spent(timer, at)
    return rest / whole if whole else 0.0


def _running(timer: Timer, at: datetime) -> Iterator[tuple[datetime, datetime]]:
    for spell in timer.spells:
        ended = min(spell.ended_at or at, at)
        if not spell.is_pause and spell.began_at < ended:
            yield spell.began_at, ended


def _ended(timer: Timer, at: datetime) -> tuple[Spell, ...]:
    last = timer.spells[-1]
    # Two that act within one moment may come in either order: a spell never ends before it began.
    return (*timer.spells[:-1], replace(last, ended_at=max(_as_utc(at), last.began_at)))


def _next_spell(timer: Timer, at: datetime, *, is_pause: bool) -> tuple[Spell, ...]:
    ended = _ended(timer, at)
    now = ended[-1].ended_at
    assert now is not None
    return (*ended, Spell(now, is_pause=is_pause))


def _as_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


# --- the ladder ---------------------------------------------------------------------------------------------

Receivers = Mapping[Action, WorkingCalendar]


@dataclass(frozen=True, slots=True)
class Planned:
    """A step to come: when it is its turn by the clock, and when it leaves, in its receiver's working time."""

    rung: Rung
    turn_at: datetime
    leaves_at: datetime


def rungs_of(steps: Iterable[Step], calendar: WorkingCalendar) -> tuple[Rung, ...]:
    """A ladder as a clock keeps it, its lengths worked out for the office in whose time it counts."""
    day = length_of_day(calendar)
    return tuple(
        Rung(number, step.action, step.anchor, step.offset.as_time(day))
        for number, step in enumerate(steps, start=1)
    )


def plan(timer: Timer, rungs: Iterable[Rung], done: int, receivers: Receivers) -> tuple[Planned, ...]:
    """The steps still to come if nobody does anything, in their order; none while the clock does not run.

    `done` is the number of the last step that was taken. A step never leaves before the one in front of it, nor while
    its receiver's office is closed. One that would have to leave before the clock was started is left out: the time
    given is too short for it.
    """
    return tuple(_planned(timer, rungs, done, receivers)) if timer.is_running else ()


def _planned(timer: Timer, rungs: Iterable[Rung], done: int, receivers: Receivers) -> Iterator[Planned]:
    earliest = timer.spells[-1].began_at
    for rung in sorted(rungs, key=lambda one: one.number):
        turn_at = _turn_of(timer, rung) if rung.number > done else None
        if turn_at is None:
            continue
        earliest = max(earliest, next_opening(max(turn_at, earliest), receivers[rung.action]))
        yield Planned(rung, turn_at, earliest)


def _turn_of(timer: Timer, rung: Rung) -> datetime | None:
    if rung.anchor is Anchor.START:
        return _moment_after(timer, timer.started_at, rung.offset)
    if rung.offset >= NOTHING:
        return _moment_after(timer, timer.due_at, rung.offset)
    turn_at = subtract_working_time(timer.due_at, -rung.offset, timer.calendar)
    return turn_at if turn_at > timer.started_at else None


def _moment_after(timer: Timer, moment: datetime, offset: timedelta) -> datetime:
    """When a running clock has run for so long since a moment: pauses do not count."""
    rest = offset
    for spell in timer.spells:
        if spell.is_pause or (spell.ended_at and spell.ended_at <= moment):
            continue
        begins = max(spell.began_at, moment)
        if spell.ended_at is None:
            return add_working_time(begins, rest, timer.calendar)
        worked = working_time_between(begins, spell.ended_at, timer.calendar)
        if rest <= worked:
            return add_working_time(begins, rest, timer.calendar)
        rest -= worked
    raise AssertionError("unreachable: the last spell of a running clock is open")


@dataclass(frozen=True, slots=True)
class Turn:
    """What a look at a clock brings: the steps that leave now, whether it has just become overdue, when to look again.

    `wakes_at` is None where nothing is to come any more.
    """

    fired: tuple[Rung, ...]
    is_newly_overdue: bool
    wakes_at: datetime | None


def look(
    timer: Timer, rungs: Sequence[Rung], done: int, *, told: bool, receivers: Receivers, at: datetime
) -> Turn:
    """What is to happen with a clock at a moment. `told` is whether it was said already that it is overdue.

    Who looks late (the portal stood still for a night) finds everything that should have left by now; what would
    leave while its receiver's office is closed waits for the next opening, and so does all that comes after it.
    """
    if not timer.is_running:
        return Turn((), False, None)
    is_newly_overdue = not told and timer.due_at <= at
    fired: list[Rung] = []
    wakes_at = None if told or is_newly_overdue else timer.due_at
    for step in _planned(timer, rungs, done, receivers):
        if step.leaves_at <= at and is_working(at, receivers[step.rung.action]):
            fired.append(step.rung)
            continue
        leaves_at = step.leaves_at if step.leaves_at > at else next_opening(at, receivers[step.rung.action])
        wakes_at = min(wakes_at, leaves_at) if wakes_at else leaves_at
        break
    return Turn(tuple(fired), is_newly_overdue, wakes_at)


# --- simulated time -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Event:
    """Something a side does at a moment: `pause`, `resume`, `take_back` (a pause that does not count), `stop`, or
    `move` to another due moment."""

    at: datetime
    verb: str
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened in a simulated run, with the clock as it stood then."""

    at: datetime
    what: str
    timer: Timer
    rung: Rung | None = None


def run_through(
    timer: Timer, rungs: Sequence[Rung], receivers: Receivers, events: Iterable[Event], until: datetime
) -> list[Happening]:
    """Everything that happens to a clock until a moment, in its order, in simulated time: `look` whenever it says.

    This is what the sweep does minute by minute, without the minutes in which nothing happens.
    """
    told, done = False, 0
    found: list[Happening] = []
    coming = sorted(events, key=lambda one: one.at)
    wakes_at = look(timer, rungs, done, told=told, receivers=receivers, at=timer.started_at).wakes_at
    wakes_at = min(timer.started_at, wakes_at) if wakes_at else None
    while True:
        event = coming[0] if coming else None
        if event and (wakes_at is None or event.at < wakes_at):
            coming.pop(0)
            timer = _after(timer, event)
            found.append(Happening(event.at, event.verb, timer))
            wakes_at = event.at if timer.is_running else None
        elif wakes_at is None or wakes_at > until:
            return found
        else:
            turn = look(timer, rungs, done, told=told, receivers=receivers, at=wakes_at)
            if turn.is_newly_overdue:
                told = True
                found.append(Happening(wakes_at, "overdue", timer))
            found += [Happening(wakes_at, rung.action, timer, rung) for rung in turn.fired]
            done = max([done, *(rung.number for rung in turn.fired)])
            wakes_at = turn.wakes_at


def _after(timer: Timer, event: Event) -> Timer:
    if event.verb == "pause":
        return pause_timer(timer, event.at)
    if event.verb in ("resume", "take_back"):
        return resume_timer(timer, event.at, counted=event.verb == "take_back")
    if event.verb == "stop":
        return stop_timer(timer, event.at)
    assert event.due_at is not None, "a move needs the moment to move to"
    return move_timer(timer, event.due_at)


# --- which policy counts ------------------------------------------------------------------------------------


def fits(scope: Scope, subject: Subject) -> bool:
    """Whether a policy is written for this."""
    return (
        scope.kind in (ANY_KIND, subject.kind)
        and scope.supplier in ("", subject.supplier)
        and scope.segment in ("", subject.segment)
        and scope.order_kind in ("", subject.order_kind)
        and (
            scope.lead_days is None
            or (subject.lead_days is not None and subject.lead_days <= scope.lead_days)
        )
        and (scope.value is None or (subject.value is not None and subject.value >= scope.value))
    )


def choose_service(services: Iterable[Service], subject: Subject) -> Service | None:
    """The policy that counts: the narrowest of those that fit; what was written here before what came along."""
    return max(
        (service for service in services if fits(service.scope, subject)),
        key=lambda one: (*_rank(one.scope), bool(one.key)),
        default=None,
    )


def allowed_time(services: Iterable[Service], subject: Subject, calendar: WorkingCalendar) -> timedelta:
    """The working time something may take in this office, by the policy that counts; none where no policy fits."""
    service = choose_service(services, subject)
    return service.target.as_time(length_of_day(calendar)) if service else NOTHING


def _rank(scope: Scope) -> tuple[object, ...]:
    # Of two that name the same, the shorter lead time and the larger value are the narrower ones.
    lead = -(scope.lead_days if scope.lead_days is not None else 0)
    return (*scope.narrowness, lead, scope.value or Decimal(0))


def in_order(services: Iterable[Service]) -> list[Service]:
    """All policies as a page lists them: by kind, the narrowest first."""
    narrowest = sorted(services, key=lambda one: (*_rank(one.scope), bool(one.key)), reverse=True)
    return sorted(narrowest, key=lambda one: (one.scope.kind == ANY_KIND, one.scope.kind))


def overruled(service: Service, services: Iterable[Service]) -> bool:
    """Whether a policy that came along with the product never counts, because one here is written for the same."""
    return not service.key and any(one.key and one.scope == service.scope for one in services)


# --- what the product brings along --------------------------------------------------------------------------


def hours(amount: int) -> Length:
    """So many working hours."""
    return Length(Decimal(amount))


def _ladder(before: int) -> tuple[Step, ...]:
    """The ladder of an answer: a word in time, then the supplier once more, then up on our own side."""
    return (
        Step(Action.REMIND, Anchor.DUE, hours(-before)),
        Step(Action.SECOND_CONTACT, Anchor.DUE, hours(0)),
        Step(Action.BUYER, Anchor.DUE, hours(4)),
        Step(Action.MANAGER, Anchor.DUE, hours(16)),
        Step(Action.STAND_IN, Anchor.DUE, hours(24)),
    )


def _answer(target: int, before: int, name: str, **scope: object) -> Service:
    return Service(
        Scope(kind=ORDER_ANSWER, **scope),  # type: ignore[arg-type]  # named below, one by one
        hours(target),
        Whose.SUPPLIER,
        _ladder(before),
        name=name,
    )


# Without any policy of its own an installation works with these. An order in a hurry comes first, then one that is
# to be read in peace, then one so large that somebody looks at it the same day, then the supplier's segment.
BUILT_IN: tuple[Service, ...] = (
    _answer(4, 1, "hurry", lead_days=3),
    _answer(4, 1, "rush", order_kind="rush"),
    _answer(40, 8, "framework", order_kind="framework"),
    _answer(8, 2, "large", value=Decimal(100_000)),
    _answer(8, 2, "strategic", segment="strategic"),
    _answer(16, 4, "core", segment="core"),
    _answer(24, 8, "any"),
    Service(
        Scope(),
        hours(16),
        Whose.COMPANY,
        (
            Step(Action.REMIND, Anchor.DUE, hours(-4)),
            Step(Action.MANAGER, Anchor.DUE, hours(8)),
            Step(Action.STAND_IN, Anchor.DUE, hours(16)),
        ),
        name="case",
    ),
)

# --- what is wrong with a policy ----------------------------------------------------------------------------

MOST_STEPS = 12
LONGEST = {Unit.HOURS: Decimal(1000), Unit.DAYS: Decimal(120)}
NOMINAL_DAY = timedelta(hours=8)


def faults_of(service: Service) -> list[tuple[str, str]]:
    """Everything wrong with a policy as (field, code); a step's field is `step-3`, counted from 1."""
    found: list[tuple[str, str]] = []
    scope, target = service.scope, service.target
    if target.amount <= 0:
        found.append(("target", "not_positive"))
    elif target.amount > LONGEST[target.unit]:
        found.append(("target", "too_long"))
    if scope.kind != ORDER_ANSWER:
        if service.whose is not Whose.COMPANY:
            found.append(("whose", "our_time"))
        named = ("order_kind", bool(scope.order_kind)), ("lead_days", scope.lead_days is not None)
        found += [
            (name, "orders_only") for name, is_set in (*named, ("value", scope.value is not None)) if is_set
        ]
    elif service.whose is not Whose.SUPPLIER:
        found.append(("whose", "suppliers_time"))
    if scope.supplier and scope.segment:
        found.append(("segment", "with_supplier"))
    if scope.lead_days is not None and not 0 <= scope.lead_days <= 1000:
        found.append(("lead_days", "out_of_range"))
    if scope.value is not None and scope.value <= 0:
        found.append(("value", "not_positive"))
    if len(service.steps) > MOST_STEPS:
        found.append(("steps", "too_many"))
    return found + list(_faults_of_ladder(service))


def _faults_of_ladder(service: Service) -> Iterator[tuple[str, str]]:
    allowed = service.target.as_time(NOMINAL_DAY)
    last: timedelta | None = None
    for number, step in enumerate(service.steps, start=1):
        offset = step.offset.as_time(NOMINAL_DAY)
        place = offset if step.anchor is Anchor.START else allowed + offset
        if step.anchor is Anchor.START and offset < NOTHING:
            yield f"step-{number}", "before_start"
        elif place <= NOTHING and offset < NOTHING:
            yield f"step-{number}", "too_early"
        elif abs(step.offset.amount) > LONGEST[step.offset.unit]:
            yield f"step-{number}", "too_long"
        elif last is not None and place < last:
            yield f"step-{number}", "out_of_order"
        last = place if last is None else max(last, place)


# --- who is away --------------------------------------------------------------------------------------------

MOST_HOPS = 5


@dataclass(frozen=True, slots=True)
class Absence:
    """Somebody is away from the first day to the last, both included, and another takes the cases."""

    person: int
    stand_in: int
    from_on: date
    until_on: date


def holders_on(day: date, absences: Sequence[Absence]) -> Mapping[int, int]:
    """Who has the cases of each person who is away that day. A stand-in who is away too hands on to the next."""
    away = {one.person: one.stand_in for one in absences if one.from_on <= day <= one.until_on}
    found: dict[int, int] = {}
    for person in away:
        holder, hops = person, 0
        while holder in away and hops < MOST_HOPS:
            holder, hops = away[holder], hops + 1
        # Two who stand in for each other while both are away: the case stays where it was.
        found[person] = person if holder in away else holder
    return found
