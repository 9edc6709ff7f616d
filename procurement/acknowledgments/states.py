"""The life of an acknowledgment: sent, and withdrawn while nobody has acted on it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.kernel.lifecycle import Lifecycle, Transition
from suppliers.roles import Permission


class AcknowledgmentState(models.TextChoices):
    """An acknowledgment is a fact once sent; withdrawing is another fact about it."""

    SENT = "sent", _("Sent")
    WITHDRAWN = "withdrawn", _("Withdrawn")


ACKNOWLEDGMENT_LIFECYCLE = Lifecycle(
    "acknowledgment",
    Transition(
        "withdraw",
        frozenset({AcknowledgmentState.SENT}),
        AcknowledgmentState.WITHDRAWN,
        "acknowledgment.withdrawn",
        Permission.ORDER_ACKNOWLEDGE,
    ),
    initial=AcknowledgmentState.SENT,
    terminal=(AcknowledgmentState.WITHDRAWN,),
)
