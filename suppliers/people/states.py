"""The life of an invitation, and of a change of somebody's mail address."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.kernel.lifecycle import Lifecycle, Transition
from suppliers.roles import Permission


class InvitationState(models.TextChoices):
    """Where an invitation stands."""

    SENT = "sent", _("Invited")
    ACCEPTED = "accepted", _("Accepted")
    REVOKED = "revoked", _("Taken back")
    EXPIRED = "expired", _("Run out")


class AddressState(models.TextChoices):
    """Where a change of address stands. Confirmed: whoever reads the new address has said so."""

    ASKED = "asked", _("Waits for the new address")
    CONFIRMED = "confirmed", _("Confirmed, waits")
    CHANGED = "changed", _("Changed")
    STOPPED = "stopped", _("Stopped at the old address")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    LAPSED = "lapsed", _("Run out")


_OPEN = frozenset({AddressState.ASKED, AddressState.CONFIRMED})

INVITATION_LIFECYCLE = Lifecycle(
    "invitation",
    Transition(
        "resend",
        frozenset({InvitationState.SENT, InvitationState.EXPIRED}),
        InvitationState.SENT,
        "invitation.resent",
        Permission.PEOPLE_MANAGE,
    ),
    Transition(
        "revoke",
        frozenset({InvitationState.SENT}),
        InvitationState.REVOKED,
        "invitation.revoked",
        Permission.PEOPLE_MANAGE,
    ),
    # By whom it was sent to, who may do nothing else here yet; and by the clock.
    Transition(
        "accept",
        frozenset({InvitationState.SENT}),
        InvitationState.ACCEPTED,
        "invitation.accepted",
        Permission.PEOPLE_MANAGE,
    ),
    Transition(
        "expire",
        frozenset({InvitationState.SENT}),
        InvitationState.EXPIRED,
        "invitation.expired",
        Permission.PEOPLE_MANAGE,
    ),
    initial=InvitationState.SENT,
    terminal=(InvitationState.ACCEPTED, InvitationState.REVOKED),
)

# The person alone, from the two addresses and a page of one's own: no role is asked for.
ADDRESS_LIFECYCLE = Lifecycle(
    "change of address",
    Transition(
        "confirm",
        frozenset({AddressState.ASKED}),
        AddressState.CONFIRMED,
        "address.confirmed",
        Permission.PEOPLE_MANAGE,
    ),
    Transition(
        "change",
        frozenset({AddressState.CONFIRMED}),
        AddressState.CHANGED,
        "address.changed",
        Permission.PEOPLE_MANAGE,
    ),
    Transition("stop", _OPEN, AddressState.STOPPED, "address.stopped", Permission.PEOPLE_MANAGE),
    Transition("withdraw", _OPEN, AddressState.WITHDRAWN, "address.withdrawn", Permission.PEOPLE_MANAGE),
    Transition(
        "lapse",
        frozenset({AddressState.ASKED}),
        AddressState.LAPSED,
        "address.lapsed",
        Permission.PEOPLE_MANAGE,
    ),
    initial=AddressState.ASKED,
    terminal=(AddressState.CHANGED, AddressState.STOPPED, AddressState.WITHDRAWN, AddressState.LAPSED),
)
