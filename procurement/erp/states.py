"""The life of a command to the ERP (domain.md §12), and of one reading of a feed."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.kernel.lifecycle import Lifecycle, Transition
from suppliers.roles import Permission


class CommandState(models.TextChoices):
    """Where a command stands. Only a read-back confirms."""

    QUEUED = "queued", _("Waiting for ERP")
    SENT = "sent", _("Sent to ERP")
    CONFIRMED = "confirmed", _("In ERP")
    CONFLICT = "conflict", _("Conflict")
    NEEDS_PERSON = "person", _("Needs a person")
    UNKNOWN = "unknown", _("Unknown")
    SUPERSEDED = "superseded", _("Superseded")
    GIVEN_UP = "given_up", _("Given up")


# Until one of these ends, the commands after it on the same order wait.
IN_FLIGHT = frozenset({CommandState.QUEUED, CommandState.SENT, CommandState.UNKNOWN})
# What waits for a person to compare and choose.
STUCK = frozenset({CommandState.CONFLICT, CommandState.NEEDS_PERSON})
# What a reading of the order may still confirm: also what a person put right in the ERP by hand.
CONFIRMABLE = IN_FLIGHT | STUCK

COMMAND_LIFECYCLE = Lifecycle(
    "ERP command",
    Transition(
        "send",
        frozenset({CommandState.QUEUED, CommandState.UNKNOWN}),
        CommandState.SENT,
        "erp.command_sent",
        Permission.ERP_MANAGE,
    ),
    Transition(
        "confirm", CONFIRMABLE, CommandState.CONFIRMED, "erp.command_confirmed", Permission.ERP_MANAGE
    ),
    Transition(
        "contradict", IN_FLIGHT, CommandState.CONFLICT, "erp.command_conflicted", Permission.ERP_MANAGE
    ),
    Transition("refuse", IN_FLIGHT, CommandState.NEEDS_PERSON, "erp.command_refused", Permission.ERP_MANAGE),
    Transition(
        "lose_sight",
        frozenset({CommandState.QUEUED, CommandState.UNKNOWN}),
        CommandState.UNKNOWN,
        "erp.command_unknown",
        Permission.ERP_MANAGE,
    ),
    Transition(
        "retry",
        # Also what was sent and never seen: an ERP may lose a file. A promise names what is to stand, so that
        # an ERP which had it all along changes nothing.
        STUCK | {CommandState.SENT},
        CommandState.QUEUED,
        "erp.command_retried",
        Permission.ERP_MANAGE,
    ),
    Transition("supersede", STUCK, CommandState.SUPERSEDED, "erp.command_superseded", Permission.ERP_MANAGE),
    Transition("give_up", CONFIRMABLE, CommandState.GIVEN_UP, "erp.command_given_up", Permission.ERP_MANAGE),
    initial=CommandState.QUEUED,
    terminal=(CommandState.CONFIRMED, CommandState.SUPERSEDED, CommandState.GIVEN_UP),
)


class ConnectionState(models.TextChoices):
    """Whether a person lets a connection run."""

    RUNNING = "running", _("Running")
    PAUSED = "paused", _("Paused")


CONNECTION_LIFECYCLE = Lifecycle(
    "ERP connection",
    Transition(
        "pause",
        frozenset({ConnectionState.RUNNING}),
        ConnectionState.PAUSED,
        "connection.paused",
        Permission.ERP_MANAGE,
    ),
    Transition(
        "resume",
        frozenset({ConnectionState.PAUSED}),
        ConnectionState.RUNNING,
        "connection.resumed",
        Permission.ERP_MANAGE,
    ),
    initial=ConnectionState.RUNNING,
)


class RunState(models.TextChoices):
    """How a reading of a feed went."""

    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
