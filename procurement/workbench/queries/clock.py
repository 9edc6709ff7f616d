"""The clock of an order's answer as its buyer reads it: where it stands, what comes next, what has left already."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.templatetags.portal_ui import moment_text
from procurement.clocks.messages import ORDER_ANSWER, Action
from procurement.clocks.models import Clock, DueMove
from procurement.clocks.policies import left, overdue
from procurement.clocks.presenters import ACTION_WORDS, COMING_WORDS
from procurement.clocks.queries import Offices, steps_taken, steps_to_come, visible_clocks
from procurement.clocks.states import LIVE_CLOCKS, ClockState
from procurement.orders.models import PurchaseOrder
from procurement.workbench.policies import working_text
from suppliers.roles import Permission


@dataclass(frozen=True, slots=True)
class ShownStep:
    """A step that has left, or is to come if nobody does anything."""

    word: str
    at: datetime
    is_taken: bool


@dataclass(frozen=True, slots=True)
class AnswerClock:
    """The panel: a sentence, the next step as one, all steps, and who moved the deadline and why."""

    key: str
    sentence: str
    coming: str
    steps: tuple[ShownStep, ...]
    moves: tuple[DueMove, ...]
    may_move: bool


def answer_clock(order: PurchaseOrder, *, actor: Actor, at: datetime) -> AnswerClock | None:
    """The clock that runs or is paused for this order's answer; None where none is. Four queries."""
    clocks = visible_clocks(actor).filter(kind=ORDER_ANSWER, stream=order.stream, state__in=LIVE_CLOCKS)
    clock: Clock | None = clocks.first()
    if clock is None:
        return None
    offices = Offices()
    to_come = steps_to_come(clock, offices)
    taken = [
        ShownStep(str(ACTION_WORDS[Action(one.action)]), one.taken_at, True) for one in steps_taken(clock)
    ]
    coming = [ShownStep(str(ACTION_WORDS[one.rung.action]), one.leaves_at, False) for one in to_come]
    next_step = ""
    if to_come:
        values = {"what": COMING_WORDS[to_come[0].rung.action], "when": moment_text(to_come[0].leaves_at)}
        next_step = _("If nobody does anything, %(what)s on %(when)s.") % values
    return AnswerClock(
        key=str(clock.key),
        sentence=_sentence(clock, offices, at),
        coming=next_step,
        steps=tuple(taken + coming),
        moves=tuple(clock.moves.order_by("id")),
        may_move=clock.state == ClockState.RUNNING and actor.may(Permission.ORDER_DECIDE),
    )


def _sentence(clock: Clock, offices: Offices, at: datetime) -> str:
    timer = clock.as_timer(offices.of_clock(clock))
    due = moment_text(clock.due_at)
    if clock.state == ClockState.PAUSED:
        text = _("Paused: the ball is with us. %(time)s were left when the answer came.")
        rest = left(timer, at)
        if rest > timedelta(0):
            return text % {"time": working_text(rest)}
        return _("Paused: the ball is with us. The answer came after it was due.")
    late = overdue(timer, at)
    if clock.due_at < at:
        return _("Due since %(due)s, overdue by %(time)s.") % {"due": due, "time": working_text(late)}
    return _("Due %(due)s, %(time)s left.") % {"due": due, "time": working_text(left(timer, at))}
