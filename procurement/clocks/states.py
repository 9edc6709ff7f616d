"""The lives of a clock and of a service policy."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.kernel.lifecycle import Lifecycle, Transition
from suppliers.roles import Permission


class ClockState(models.TextChoices):
    """Whether time counts. A clock that was stopped is never started again: the next question gets one of its own."""

    RUNNING = "running", _("Running")
    PAUSED = "paused", _("Paused")
    STOPPED = "stopped", _("Stopped")


LIVE_CLOCKS = (ClockState.RUNNING, ClockState.PAUSED)


# Moved by the hundred: the new state is read off the table, and only steps and moves of what is due are facts.
CLOCK_LIFECYCLE = Lifecycle(
    "clock",
    Transition(
        "pause",
        frozenset({ClockState.RUNNING}),
        ClockState.PAUSED,
        "clock.paused",
        Permission.ORDER_DECIDE,
        internal=True,
    ),
    Transition(
        "resume",
        frozenset({ClockState.PAUSED}),
        ClockState.RUNNING,
        "clock.resumed",
        Permission.ORDER_DECIDE,
        internal=True,
    ),
    Transition(
        "stop",
        frozenset(LIVE_CLOCKS),
        ClockState.STOPPED,
        "clock.stopped",
        Permission.ORDER_DECIDE,
        internal=True,
    ),
    initial=ClockState.RUNNING,
    terminal=(ClockState.STOPPED,),
)


class ServiceState(models.TextChoices):
    """Where a service policy stands. Only an active one gives clocks their time."""

    DRAFT = "draft", _("Draft")
    ACTIVE = "active", _("Active")
    RETIRED = "retired", _("Retired")


SERVICE_LIFECYCLE = Lifecycle(
    "service policy",
    Transition(
        "approve",
        frozenset({ServiceState.DRAFT}),
        ServiceState.ACTIVE,
        "service.approved",
        Permission.POLICY_APPROVE,
        internal=True,
    ),
    Transition(
        "retire",
        frozenset({ServiceState.DRAFT, ServiceState.ACTIVE}),
        ServiceState.RETIRED,
        "service.retired",
        Permission.POLICY_EDIT,
        internal=True,
    ),
    initial=ServiceState.DRAFT,
    terminal=(ServiceState.RETIRED,),
)
