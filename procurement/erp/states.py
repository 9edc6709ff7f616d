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


class TellingState(models.TextChoices):
    """Where the telling of something stands that the ERP is told whole: a ship notice, a count at the dock.

    It is told as it stands: of one consignment, or of one count, the newest telling is what holds.
    """

    QUEUED = "queued", _("Waiting for ERP")
    SENT = "sent", _("Sent to ERP")
    CONFIRMED = "confirmed", _("In ERP")
    NEEDS_PERSON = "person", _("Needs a person")
    TO_KEY = "to_key", _("To key by hand")
    UNKNOWN = "unknown", _("Unknown")
    SUPERSEDED = "superseded", _("Superseded")


# What waits for a person to look, or to key it in.
TOLD_TO_A_PERSON = frozenset({TellingState.NEEDS_PERSON, TellingState.TO_KEY})
# A message about these is carried to the ERP; of what waits for a person, when a person has it delivered again.
TO_CARRY = frozenset({TellingState.QUEUED, TellingState.UNKNOWN}) | TOLD_TO_A_PERSON


def _telling(verb: str, sources: frozenset[TellingState], target: TellingState, event: str) -> Transition:
    return Transition(verb, sources, target, event, Permission.ERP_MANAGE, internal=True)


_ANSWERED = TO_CARRY | {TellingState.SENT}


def _life_of_a_telling(name: str, paper: str) -> Lifecycle:
    return Lifecycle(
        name,
        _telling("send", TO_CARRY, TellingState.SENT, f"{paper}.erp_notified"),
        _telling("confirm", _ANSWERED, TellingState.CONFIRMED, f"{paper}.erp_confirmed"),
        _telling("refuse", _ANSWERED, TellingState.NEEDS_PERSON, f"{paper}.erp_refused"),
        _telling("hand_over", TO_CARRY, TellingState.TO_KEY, f"{paper}.erp_task_opened"),
        _telling("lose_sight", TO_CARRY, TellingState.UNKNOWN, f"{paper}.erp_unanswered"),
        # A person says that it stands in the ERP: keyed in there, or put right by hand.
        _telling("key_in", TOLD_TO_A_PERSON, TellingState.CONFIRMED, f"{paper}.erp_keyed"),
        # A later telling says how things stand now.
        _telling("supersede", _ANSWERED, TellingState.SUPERSEDED, f"{paper}.erp_superseded"),
        initial=TellingState.QUEUED,
        terminal=(TellingState.CONFIRMED, TellingState.SUPERSEDED),
    )


NOTICE_WRITE_LIFECYCLE = _life_of_a_telling("ship notice to the ERP", "shipment")
RECEIPT_WRITE_LIFECYCLE = _life_of_a_telling("count to the ERP", "receipt")
INVOICE_WRITE_LIFECYCLE = _life_of_a_telling("invoice to the ERP", "invoice")
EARLY_PAYMENT_WRITE_LIFECYCLE = _life_of_a_telling("early payment to the ERP", "early_payment")


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
