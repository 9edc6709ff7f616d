"""The life of a request to take somebody's second factors away, and how acting in somebody's place ends."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.kernel.lifecycle import Lifecycle, Transition
from suppliers.roles import Permission


class ResetState(models.TextChoices):
    """It waits, so that the person can stop it; then it is done."""

    WAITING = "waiting", _("Waiting")
    STOPPED = "stopped", _("Stopped")
    DONE = "done", _("Done")


FACTOR_RESET_LIFECYCLE = Lifecycle(
    "factor reset",
    Transition(
        "stop",
        frozenset({ResetState.WAITING}),
        ResetState.STOPPED,
        "factor.reset_stopped",
        Permission.FACTOR_RESET,
    ),
    Transition(
        "do",
        frozenset({ResetState.WAITING}),
        ResetState.DONE,
        "factor.reset_finished",
        Permission.FACTOR_RESET,
    ),
    initial=ResetState.WAITING,
    terminal=(ResetState.STOPPED, ResetState.DONE),
)


class EndedHow(models.TextChoices):
    """What ended the acting in somebody's place."""

    BUTTON = "button", _("by its button")
    TIME = "time", _("its time was over")
    SIGN_OUT = "sign_out", _("by signing out")
    RIGHTS = "rights", _("the right to it was gone")
