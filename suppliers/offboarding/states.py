"""The life of an offboarding."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.kernel.lifecycle import Lifecycle, Transition
from suppliers.roles import Permission


class OffboardingState(models.TextChoices):
    """Where the end of the business with a supplier stands."""

    BEGUN = "begun", _("Is ending")
    ENDED = "ended", _("Ended")
    CALLED_OFF = "called_off", _("Called off")
    REOPENED = "reopened", _("Taken up again")


# A supplier has at most one of these; what is over is history, and the next one is a row of its own.
STANDING = (OffboardingState.BEGUN, OffboardingState.ENDED)

_MANAGE = Permission.SUPPLIER_MANAGE
_BEGUN = frozenset({OffboardingState.BEGUN})

OFFBOARDING_LIFECYCLE = Lifecycle(
    "offboarding",
    Transition("move", _BEGUN, OffboardingState.BEGUN, "offboarding.day_moved", _MANAGE),
    Transition("call_off", _BEGUN, OffboardingState.CALLED_OFF, "offboarding.cancelled", _MANAGE),
    Transition("end", _BEGUN, OffboardingState.ENDED, "offboarding.ended", _MANAGE),
    Transition(
        "reopen",
        frozenset({OffboardingState.ENDED}),
        OffboardingState.REOPENED,
        "offboarding.reopened",
        _MANAGE,
    ),
    initial=OffboardingState.BEGUN,
    terminal=(OffboardingState.CALLED_OFF, OffboardingState.REOPENED),
)
