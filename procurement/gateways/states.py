"""What a gateway may tell, which way it came in, and what became of it."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class GatewayKind(models.TextChoices):
    """Which system stands at the other end, and so what is heard from it."""

    CARRIER = "carrier", _("Carrier or transport system: milestones")
    WAREHOUSE = "warehouse", _("Warehouse system: counts")


class Way(models.TextChoices):
    """Which way a message came in."""

    WEBHOOK = "webhook", _("Webhook")
    FOLDER = "folder", _("Drop folder")
    UPLOAD = "upload", _("Upload")


class MessageState(models.TextChoices):
    """Whether a message as a whole could be read; each of its events has a fate of its own."""

    RECEIVED = "received", _("Being dealt with")
    DONE = "done", _("Dealt with")
    REFUSED = "refused", _("Refused")


class EventKind(models.TextChoices):
    """What one event is."""

    MILESTONE = "milestone", _("Milestone")
    COUNT = "count", _("Count")


class EventState(models.TextChoices):
    """What became of one event of a message."""

    RECEIVED = "received", _("Being dealt with")
    TAKEN = "taken", _("Taken")
    UNPLACED = "unplaced", _("Not placed")
    SET_ASIDE = "set_aside", _("Set aside")
    REFUSED = "refused", _("Refused")
    DISMISSED = "dismissed", _("Dismissed")


class Why(models.TextChoices):
    """Why an event was not simply taken."""

    UNKNOWN = "unknown", _("No ship notice has one of these numbers.")
    AMBIGUOUS = "ambiguous", _("Several ship notices have these numbers.")
    CONTRADICTS = "contradicts", _("Its numbers belong to different ship notices.")
    OVER = "over", _("Nothing more happens to this consignment on its way.")
    NO_MILESTONE = "no_milestone", _("A standard code that is no milestone here.")
    NOT_READ = "not_read", _("Fields are missing or cannot be read.")
    BREAKS_RULE = "breaks_rule", _("It breaks a rule.")


READS = {GatewayKind.CARRIER: EventKind.MILESTONE, GatewayKind.WAREHOUSE: EventKind.COUNT}

# A person must look at these: nothing was done with them.
WAITS = (EventState.UNPLACED, EventState.REFUSED)
# What is dealt with anew when a message is replayed, or its event is placed.
AGAIN = (EventState.RECEIVED, EventState.UNPLACED, EventState.REFUSED)
