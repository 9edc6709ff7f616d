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
    TO_KEY = "to_key", _("To key by hand")
    UNKNOWN = "unknown", _("Unknown")
    SUPERSEDED = "superseded", _("Superseded")
    GIVEN_UP = "given_up", _("Given up")
    YIELDED = "yielded", _("ERP’s values kept")


# Until one of these ends, the commands after it on the same order wait.
IN_FLIGHT = frozenset({CommandState.QUEUED, CommandState.SENT, CommandState.UNKNOWN})
# What waits for a person to compare and choose, or to key in what no machine may.
STUCK = frozenset({CommandState.CONFLICT, CommandState.NEEDS_PERSON, CommandState.TO_KEY})
# Of these, where a person chooses whose values hold.
TO_DECIDE = frozenset({CommandState.CONFLICT, CommandState.NEEDS_PERSON})
# What a reading of the order may still confirm: also what a person put right in the ERP by hand.
CONFIRMABLE = IN_FLIGHT | STUCK


def _row(
    verb: str,
    sources: frozenset[CommandState],
    target: CommandState,
    event: str,
    permission: Permission = Permission.ERP_MANAGE,
) -> Transition:
    # A supplier hears that the ERP holds what was agreed, and nothing of what it took to get there.
    internal = target != CommandState.CONFIRMED
    return Transition(verb, sources, target, event, permission, internal=internal)


COMMAND_LIFECYCLE = Lifecycle(
    "ERP command",
    _row(
        "send", frozenset({CommandState.QUEUED, CommandState.UNKNOWN}), CommandState.SENT, "erp.command_sent"
    ),
    _row("confirm", CONFIRMABLE, CommandState.CONFIRMED, "erp.command_confirmed"),
    _row("contradict", IN_FLIGHT, CommandState.CONFLICT, "erp.command_conflicted"),
    _row("refuse", IN_FLIGHT, CommandState.NEEDS_PERSON, "erp.command_refused"),
    _row("hand_over", IN_FLIGHT, CommandState.TO_KEY, "erp.command_handed_over"),
    _row(
        "lose_sight",
        frozenset({CommandState.QUEUED, CommandState.UNKNOWN}),
        CommandState.UNKNOWN,
        "erp.command_unknown",
    ),
    # Also what was sent and never seen: an ERP may lose a file. A promise names what is to stand, so that an ERP which
    # had it all along changes nothing. Never what is unknown: only a search resolves that.
    _row("retry", STUCK | {CommandState.SENT}, CommandState.QUEUED, "erp.command_retried"),
    _row("supersede", STUCK, CommandState.SUPERSEDED, "erp.command_superseded"),
    _row("ask_again", STUCK, CommandState.SUPERSEDED, "erp.command_asked_again", Permission.ORDER_DECIDE),
    _row("yield", STUCK, CommandState.YIELDED, "erp.command_yielded", Permission.ORDER_DECIDE),
    _row("give_up", CONFIRMABLE, CommandState.GIVEN_UP, "erp.command_given_up"),
    initial=CommandState.QUEUED,
    terminal=(
        CommandState.CONFIRMED,
        CommandState.SUPERSEDED,
        CommandState.GIVEN_UP,
        CommandState.YIELDED,
    ),
)


class NoticeWriteState(models.TextChoices):
    """Where the telling of one ship notice stands. A consignment is told as it stands: the newest telling counts."""

    QUEUED = "queued", _("Waiting for ERP")
    SENT = "sent", _("Sent to ERP")
    CONFIRMED = "confirmed", _("In ERP")
    NEEDS_PERSON = "person", _("Needs a person")
    TO_KEY = "to_key", _("To key by hand")
    UNKNOWN = "unknown", _("Unknown")
    SUPERSEDED = "superseded", _("Superseded")


# A message about these is carried to the ERP; of what waits for a person, when a person has it delivered again.
NOTICE_TO_CARRY = frozenset(
    {
        NoticeWriteState.QUEUED,
        NoticeWriteState.UNKNOWN,
        NoticeWriteState.NEEDS_PERSON,
        NoticeWriteState.TO_KEY,
    }
)


def _notice(
    verb: str, sources: frozenset[NoticeWriteState], target: NoticeWriteState, event: str
) -> Transition:
    return Transition(verb, sources, target, event, Permission.ERP_MANAGE, internal=True)


_ANSWERED = NOTICE_TO_CARRY | {NoticeWriteState.SENT}

NOTICE_WRITE_LIFECYCLE = Lifecycle(
    "ship notice to the ERP",
    _notice("send", NOTICE_TO_CARRY, NoticeWriteState.SENT, "shipment.erp_notified"),
    _notice("confirm", _ANSWERED, NoticeWriteState.CONFIRMED, "shipment.erp_confirmed"),
    _notice("refuse", _ANSWERED, NoticeWriteState.NEEDS_PERSON, "shipment.erp_refused"),
    _notice("hand_over", NOTICE_TO_CARRY, NoticeWriteState.TO_KEY, "shipment.erp_task_opened"),
    _notice("lose_sight", NOTICE_TO_CARRY, NoticeWriteState.UNKNOWN, "shipment.erp_unanswered"),
    # A later version of the notice says how things stand now.
    _notice("supersede", _ANSWERED, NoticeWriteState.SUPERSEDED, "shipment.erp_superseded"),
    initial=NoticeWriteState.QUEUED,
    terminal=(NoticeWriteState.CONFIRMED, NoticeWriteState.SUPERSEDED),
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
        internal=True,
    ),
    Transition(
        "resume",
        frozenset({ConnectionState.PAUSED}),
        ConnectionState.RUNNING,
        "connection.resumed",
        Permission.ERP_MANAGE,
        internal=True,
    ),
    initial=ConnectionState.RUNNING,
)


class RunState(models.TextChoices):
    """How a reading of a feed went."""

    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")


class Fault(models.TextChoices):
    """Of which kind it is that keeps a command from getting through: it says who must act."""

    NONE = "", _("nothing")
    TRANSIENT = "transient", _("a disturbance that passes")
    THROTTLED = "throttled", _("the ERP asks for less at a time")
    CREDENTIALS = "credentials", _("the credentials are no longer taken")
    PERMISSION = "permission", _("a right in the ERP is missing")
    VALIDATION = "validation", _("the ERP refuses the content")
    UNSUPPORTED = "unsupported", _("the connection cannot do it")
    UNKNOWN = "unknown", _("no answer")
    CONFLICT = "conflict", _("the ERP moved meanwhile")
