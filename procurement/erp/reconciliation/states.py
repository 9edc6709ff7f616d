"""Where a comparison, a drift and a dry run stand, and which repairs there are."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from portal.kernel.lifecycle import Lifecycle, Transition
from suppliers.roles import Permission


class Phase(models.TextChoices):
    """How far the comparison of one feed has come; a worker that died is followed by one that goes on from here."""

    LISTING = "listing", _("Listing what exists")
    LOOKING = "looking", _("Looking at each record")
    CHECKING = "checking", _("Looking at the suspects again")


class DriftKind(models.TextChoices):
    """What is not the same on both sides."""

    MISSING_HERE = "missing_here", _("Missing here")
    MISSING_THERE = "missing_there", _("Missing in the ERP")
    FIELDS = "fields", _("Fields differ")
    PROMISE_LOST = "promise_lost", _("A promise no longer stands in the ERP")
    COMMAND_UNTRUE = "command_untrue", _("A confirmed command does not stand in the ERP")


PROMISE_KINDS = frozenset({DriftKind.PROMISE_LOST, DriftKind.COMMAND_UNTRUE})


class DriftState(models.TextChoices):
    """Where a drift stands."""

    OPEN = "open", pgettext_lazy("drift", "Open")
    ASKED = "asked", pgettext_lazy("drift", "Being repaired")
    UNDER_WAY = "under_way", pgettext_lazy("drift", "Sent again, waits for the ERP")
    REPAIRED = "repaired", pgettext_lazy("drift", "Repaired")
    IGNORED = "ignored", pgettext_lazy("drift", "Ignored")
    GONE = "gone", pgettext_lazy("drift", "Gone by itself")


LIVE = frozenset({DriftState.OPEN, DriftState.ASKED, DriftState.UNDER_WAY, DriftState.IGNORED})
UNRESOLVED = frozenset({DriftState.OPEN, DriftState.ASKED, DriftState.UNDER_WAY})


class Repair(models.TextChoices):
    """How a drift can be put right."""

    TAKE_ERP = "take_erp", _("Take the ERP’s values")
    SEND_AGAIN = "send_again", _("Send the promise again")
    CANCEL = "cancel", _("Cancel the order here")
    BLOCK = "block", _("Block the supplier here")


def _row(verb: str, sources: frozenset[DriftState], target: DriftState, event: str) -> Transition:
    # What is not the same on both sides is the buying side's own.
    return Transition(verb, sources, target, event, Permission.ERP_MANAGE, internal=True)


DRIFT_LIFECYCLE = Lifecycle(
    "drift",
    _row("ask", frozenset({DriftState.OPEN}), DriftState.ASKED, "drift.repair_asked"),
    _row("send", frozenset({DriftState.ASKED}), DriftState.UNDER_WAY, "drift.promise_resumed"),
    _row(
        "repair",
        frozenset({DriftState.ASKED, DriftState.UNDER_WAY}),
        DriftState.REPAIRED,
        "drift.repaired",
    ),
    # The repair did not work: a person has to choose again.
    _row(
        "hand_back",
        frozenset({DriftState.ASKED, DriftState.UNDER_WAY}),
        DriftState.OPEN,
        "drift.handed_back_unrepaired",
    ),
    _row("ignore", frozenset({DriftState.OPEN}), DriftState.IGNORED, "drift.ignored"),
    # A person has changed their mind, or what was ignored has become something else.
    _row("reopen", frozenset({DriftState.IGNORED}), DriftState.OPEN, "drift.reopened"),
    _row("fade", LIVE, DriftState.GONE, "drift.closed_unaided"),
    initial=DriftState.OPEN,
    terminal=(DriftState.REPAIRED, DriftState.GONE),
)
