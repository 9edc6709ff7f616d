"""The life of a request to become a supplier."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.kernel.lifecycle import Lifecycle, Transition
from suppliers.roles import Permission


class RequestState(models.TextChoices):
    """Where a request stands. Asked: a mail went, and its reader has a word to say: which company it is, or, where that
    was said already, what we asked back. Nobody of ours sees one whose address was never checked."""

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
    # Something is missing or odd: the same link opens once more, with what was said.
    Transition(
        "ask_back",
        frozenset({RequestState.RECEIVED}),
        RequestState.ASKED,
        "registration.returned",
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
