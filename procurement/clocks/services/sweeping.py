"""The sweep: everything that time alone brings, set by set.

Note [Once]: a sweep holds the clocks it looks at and passes over those that another one holds. What it finds is
written, with the facts, in the transaction that holds them; `clock_step_once` is the second witness. A sweep that dies
leaves them as they were, for the next one.
"""

import logging
from datetime import datetime, timedelta
from typing import Any

from portal.kernel.actors import Actor
from portal.kernel.audit.services import Fact, record_all
from portal.kernel.scope import requires_scope
from procurement.calendars.policies import NeverOpens
from procurement.clocks.messages import Rung, Whose, minutes_of
from procurement.clocks.models import Clock, ClockStep
from procurement.clocks.policies import Timer, look, overdue
from procurement.clocks.queries import TO_THE_HOLDER, Offices
from procurement.clocks.services.running import note_next_look
from procurement.clocks.states import ClockState

MOST_AT_ONCE = 500
LOOKED_AT_AGAIN_AFTER = timedelta(hours=1)

logger = logging.getLogger(__name__)


@requires_scope
def advance_clocks(*, actor: Actor, at: datetime, most: int = MOST_AT_ONCE) -> int:
    """Take every step that is due, and say what has become overdue; says how many clocks were looked at.

    See Note [Once]. Call it again while it says `most`.
    """
    due = Clock.objects.filter(state=ClockState.RUNNING, wakes_at__lte=at)
    held = due.select_related("supplier", "company", "site").order_by("wakes_at", "id")
    clocks = list(held.select_for_update(of=("self",), skip_locked=True)[:most])
    offices = Offices()
    steps: list[ClockStep] = []
    facts: list[Fact] = []
    for clock in clocks:
        before = (clock.done, clock.overdue_told_at)
        try:
            taken, told = _advance(clock, offices, at)
        except NeverOpens:
            # An office that is closed for a year holds up its own clocks, not everybody's.
            logger.warning("an office never opens: its clock waits", extra={"clock": str(clock.key)})
            clock.done, clock.overdue_told_at = before
            clock.wakes_at = at + LOOKED_AT_AGAIN_AFTER
            continue
        steps += taken
        facts += told
    ClockStep.objects.bulk_create(steps, batch_size=500)
    Clock.objects.bulk_update(clocks, ["done", "version", "overdue_told_at", "wakes_at"], batch_size=500)
    if facts:
        record_all(facts, actor=actor, at=at)
    return len(clocks)


def _advance(clock: Clock, offices: Offices, at: datetime) -> tuple[list[ClockStep], list[Fact]]:
    """Note (not save) on one clock what is due now; the steps taken and the facts to be told."""
    timer = clock.as_timer(offices.of_clock(clock))
    receivers = offices.receivers_of(clock)
    told = clock.overdue_told_at is not None
    turn = look(timer, clock.ladder(), clock.done, told=told, receivers=receivers, at=at)
    facts: list[Fact] = []
    if turn.is_newly_overdue:
        clock.overdue_told_at = at
        internal = clock.whose == Whose.COMPANY
        facts.append(
            Fact("clock.overdue", clock.stream, clock.supplier_id, _facts(clock, timer, at), internal)
        )
    steps = [
        ClockStep(
            clock=clock,
            number=rung.number,
            action=rung.action,
            taken_at=at,
            was_overdue=timer.due_at <= at,
        )
        for rung in turn.fired
    ]
    facts += [_step_fact(clock, timer, rung, at) for rung in turn.fired]
    clock.done = max([clock.done, *(rung.number for rung in turn.fired)])
    clock.version += 1
    note_next_look(clock, timer, offices, at)
    return steps, facts


def _step_fact(clock: Clock, timer: Timer, rung: Rung, at: datetime) -> Fact:
    facts = {**_facts(clock, timer, at), "step": rung.number, "action": rung.action.value}
    # That our own side was called in is nobody else's business.
    internal = clock.whose == Whose.COMPANY or rung.action not in TO_THE_HOLDER
    return Fact("clock.step_reached", clock.stream, clock.supplier_id, facts, internal)


def _facts(clock: Clock, timer: Timer, at: datetime) -> dict[str, Any]:
    return {
        "clock": str(clock.key),
        "kind": clock.kind,
        "label": clock.label,
        "whose": clock.whose,
        "due_at": timer.due_at.isoformat(),
        "overdue": timer.due_at <= at,
        "overdue_minutes": minutes_of(overdue(timer, at)),
    }
