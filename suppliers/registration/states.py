"""The life of a request to become a supplier."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.kernel.lifecycle import Lifecycle, Transition
from suppliers.roles import Permission


class RequestState(models.TextChoices):
    """Where a request stands. Asked: only a mail went; nobody of ours sees it before its address was checked."""

    ASKED = "asked", _("Waits for the mail address")
    RECEIVED = "received", _("To be decided")
    APPROVED = "approved", _("Approved")
    REFUSED = "refused", _("Refused")


_MANAGE = Permission.SUPPLIER_MANAGE

REQUEST_LIFECYCLE = Lifecycle(
    "request to become a supplier",
    # By whoever reads the mailbox, who may do nothing else here.
    Transition(
        "receive",
        frozenset({RequestState.ASKED}),
        RequestState.RECEIVED,
        "registration.received",
        _MANAGE,
        internal=True,
    ),
    Transition(
        "approve",
        frozenset({RequestState.RECEIVED}),
        RequestState.APPROVED,
        "registration.approved",
        _MANAGE,
        internal=True,
    ),
    Transition(
        "refuse",
        frozenset({RequestState.RECEIVED}),
        RequestState.REFUSED,
        "registration.refused",
        _MANAGE,
        internal=True,
    ),
    initial=RequestState.ASKED,
    terminal=(RequestState.APPROVED, RequestState.REFUSED),
)
