"""The clocks of cases: how long a person has for one, in the working time of our own office, and whom the ladder calls.

A case has the time that the service policy of its kind gives it (docs/clocks.md). What is snoozed waits, and so does
its clock. An answer that is overdue has the ladder of the answer itself, and no second one.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from portal.kernel.actors import Actor
from portal.kernel.audit.models import AuditEvent
from portal.kernel.audit.services import Fact, record_all
from portal.kernel.scope import acting, requires_scope
from procurement.clocks.messages import Action, StartClock
from procurement.clocks.models import Clock
from procurement.clocks.services import pause_clocks, resume_clocks, start_clocks, stop_clocks
from procurement.clocks.states import LIVE_CLOCKS, ClockState
from procurement.inbox.models import CaseTask, ExceptionCase
from procurement.inbox.queries.people import holders_today
from procurement.inbox.services.owning import today_of_group
from procurement.inbox.services.tasking import question_facts
from procurement.inbox.states import CaseKind, CaseState, TaskState
from suppliers.models import User
from suppliers.roles import CompanyRole

KEEPER = Actor.system("Case clocks")
HEARS = frozenset(
    {
        "case.opened",
        "case.recurred",
        "case.closed",
        "case.settled",
        "case.snoozed",
        "case.awakened",
        "case.reopened",
    }
)
HEARS_STEPS = frozenset({"clock.step_reached"})
# The answer's own clock runs and calls already.
WITHOUT = frozenset({CaseKind.ACKNOWLEDGMENT_OVERDUE})
WAITED_FOR = timedelta(hours=4)  # what was asked a moment ago is no matter for a reminder
MOST_AT_ONCE = 500
MOST_ROUNDS = 20


def clock_kind(kind: str) -> str:
    """The kind of clock that a kind of case has."""
    return f"case.{kind}"


def keep_clocks(events: Sequence[AuditEvent], at: datetime) -> str:
    """The reaction to what happened to cases: their clocks say what the cases say."""
    with acting(KEEPER):
        moved = review_case_clocks(_keys(event.stream for event in events), actor=KEEPER, at=at)
    return "moved" if moved else "unchanged"


def _keys(streams: Iterable[str]) -> set[UUID]:
    return {UUID(stream.removeprefix("case:")) for stream in streams if stream.startswith("case:")}


@requires_scope
def review_case_clocks(keys: Iterable[UUID], *, actor: Actor, at: datetime) -> int:
    """Make the clocks of these cases agree with how they stand; says how many were started, moved or stopped.

    The cases are held, so that two reviews never cross. A fixed number of queries however many cases.
    """
    found = ExceptionCase.objects.filter(key__in=list(keys)).order_by("id")
    cases = list(found.select_for_update(of=("self",), no_key=True))
    clocks = _live(cases)
    stop: list[UUID] = []
    pause: list[UUID] = []
    resume: list[UUID] = []
    start: list[ExceptionCase] = []
    for case in cases:
        clock = clocks.get(case.stream)
        if clock and (case.state == CaseState.RESOLVED or clock.kind != clock_kind(case.kind)):
            stop.append(clock.key)
            clock = None
        if case.state == CaseState.OPEN and clock is None and case.kind not in WITHOUT:
            start.append(case)
        elif case.state == CaseState.OPEN and clock and clock.state == ClockState.PAUSED:
            resume.append(clock.key)
        elif case.state == CaseState.SNOOZED and clock and clock.state == ClockState.RUNNING:
            pause.append(clock.key)
    done = stop_clocks(stop, "case moved on", actor=actor, at=at) if stop else 0
    done += pause_clocks(pause, actor=actor, at=at) if pause else 0
    done += resume_clocks(resume, actor=actor, at=at) if resume else 0
    done += start_clocks([_command(case, at) for case in start], actor=actor, at=at)
    _note_due(cases, clocks)
    return done


def _live(cases: Sequence[ExceptionCase]) -> dict[str, Clock]:
    live = Clock.objects.filter(stream__in=[case.stream for case in cases], state__in=LIVE_CLOCKS)
    return {clock.stream: clock for clock in live}


def _command(case: ExceptionCase, at: datetime) -> StartClock:
    return StartClock(
        kind=clock_kind(case.kind),
        stream=case.stream,
        label=f"{case.get_kind_display()} · {case.facts.get('order', '')}".strip(" ·"),
        supplier_id=case.supplier_id,
        company_id=case.company_id,
        site_id=case.site_id,
        started_at=max(case.opened_at, case.last_recurred_at or case.opened_at),
    )


def _note_due(cases: Sequence[ExceptionCase], before: Mapping[str, Clock]) -> None:
    """Let the cases say by when they are due: what their own paper says, else what their clock says.

    `before` are the clocks as they stood: a day that none of them said is the paper's own.
    """
    clocks = _live(cases)
    moved: list[ExceptionCase] = []
    for case in cases:
        clock, was = clocks.get(case.stream), before.get(case.stream)
        said = (case.clock, case.due_at)
        case.clock = clock.key if clock else None
        if clock and (case.due_at is None or (was is not None and case.due_at == was.due_at)):
            case.due_at = clock.due_at
        if (case.clock, case.due_at) != said:
            moved.append(case)
    ExceptionCase.objects.bulk_update(moved, ["clock", "due_at"])


# --- the safety net -----------------------------------------------------------------------------------------


def review_all_case_clocks(*, at: datetime) -> int:
    """Bring every case and its clock together, a transaction for each batch; says how many clocks were moved."""
    moved = 0
    for _round in range(MOST_ROUNDS):
        with acting(KEEPER):
            found = _out_of_step()
            done = review_case_clocks(found, actor=KEEPER, at=at) if found else 0
        moved += done
        if not done or len(found) < MOST_AT_ONCE:
            break
    return moved


def _out_of_step() -> list[UUID]:
    """Cases that are open without a clock or with one that is paused, asleep with one that runs, or over with one.

    At most one batch of them.
    """
    without = Q(state=CaseState.OPEN, clock__isnull=True) & ~Q(kind__in=WITHOUT)
    over = Q(state=CaseState.RESOLVED, clock__isnull=False)
    found = list(_keys_of(without | over, MOST_AT_ONCE))
    paused = Clock.objects.filter(state=ClockState.PAUSED, kind__startswith="case.").values("key")
    asleep = Clock.objects.filter(state=ClockState.RUNNING, key=OuterRef("clock"))
    for wrong in (Q(state=CaseState.OPEN, clock__in=paused), Q(Exists(asleep), state=CaseState.SNOOZED)):
        if len(found) < MOST_AT_ONCE:
            found += _keys_of(wrong, MOST_AT_ONCE - len(found))
    return found


def _keys_of(which: Q, most: int) -> Iterable[UUID]:
    found = ExceptionCase.objects.filter(which).order_by("id")
    return found.values_list("key", flat=True)[:most]


# --- the ladder ---------------------------------------------------------------------------------------------


def call_people(events: Sequence[AuditEvent], at: datetime) -> str:
    """The reaction to a step of a ladder: who is called on a case is a fact on it, and whoever mails hears of that."""
    mine = [event for event in events if event.stream.startswith("case:")]
    if not mine:
        return "no case"
    with acting(KEEPER):
        called = _call(mine, at)
    return "called" if called else "nobody"


def _call(events: Sequence[AuditEvent], at: datetime) -> int:
    keys = _keys(event.stream for event in events)
    cases = {case.stream: case for case in ExceptionCase.objects.filter(key__in=keys, state=CaseState.OPEN)}
    told = _told_before(events)
    away = holders_today(today_of_group(at))
    managers = User.objects.filter(is_active=True, company_role=CompanyRole.MANAGER).order_by("id")
    bosses = list(managers.values_list("pk", flat=True))
    facts: list[Fact] = []
    for event in events:
        case = cases.get(event.stream)
        if case is None or event.pk in told:
            continue
        people = _people(str(event.facts.get("action", "")), case, away, bosses)
        said = {**event.facts, "number": case.number, "people": people, "fact": event.pk}
        facts.append(Fact("case.reminded", case.stream, case.supplier_id, said, internal=True))
        if event.facts.get("action") == Action.REMIND:
            facts += [
                Fact("case.task_reminded", case.stream, case.supplier_id, question_facts(task), internal=True)
                for task in _unanswered(case, event.at)
            ]
    if facts:
        record_all(facts, actor=KEEPER, at=at)
    return len(facts)


def _unanswered(case: ExceptionCase, at: datetime) -> list[CaseTask]:
    """The questions of a case that have waited for a while when its ladder reminds: who was asked is reminded too."""
    asked = CaseTask.objects.filter(case=case, state=TaskState.ASKED, asked_at__lte=at - WAITED_FOR)
    return list(asked.select_related("case").order_by("id"))


def _told_before(events: Sequence[AuditEvent]) -> set[Any]:
    streams = [event.stream for event in events]
    told = AuditEvent.objects.filter(kind="case.reminded", stream__in=streams)
    return {facts.get("fact") for facts in told.values_list("facts", flat=True)}


def _people(action: str, case: ExceptionCase, away: Mapping[int, int], bosses: Sequence[int]) -> list[int]:
    """Who is called: whoever has the case; its manager; who stands in for its owner, and the manager besides. A case of
    several, of which nobody has it yet, calls all of them before their managers.
    """
    several = case.facts.get("people", ())
    if case.holder_id is None and several and action in (Action.REMIND, Action.SECOND_CONTACT):
        return list(several)
    if action == Action.MANAGER or case.holder_id is None:
        return list(bosses)
    if action == Action.STAND_IN:
        deputy = away.get(case.owner_id or 0)
        return list(dict.fromkeys([*([deputy] if deputy else []), *bosses]))
    return [case.holder_id]
