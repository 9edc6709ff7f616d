"""The life of a change request: proposed, perhaps countered, answered; and what the ERP makes of it (domain.md §7)."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.kernel.lifecycle import Lifecycle, Transition
from suppliers.roles import Permission


class ChangeState(models.TextChoices):
    """Where a change request stands."""

    PROPOSED = "proposed", _("Proposed")
    COUNTERED = "countered", _("Countered")
    ACCEPTED = "accepted", _("Agreed, waits for the ERP")
    DONE = "done", _("Done")
    KEPT = "kept", _("Agreed here alone")
    DECLINED = "declined", _("Declined")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    EXPIRED = "expired", _("Expired")
    SUPERSEDED = "superseded", _("Overtaken")


# Waiting for one side's word. A line has at most one such request.
OPEN = (ChangeState.PROPOSED, ChangeState.COUNTERED)


class Side(models.TextChoices):
    """Who speaks, and whose turn it is."""

    SUPPLIER = "supplier", _("Supplier")
    BUYER = "buyer", _("Buyer")


class ChangeKind(models.TextChoices):
    """What a request would alter. One request may alter several of them."""

    DATE = "date", _("Date")
    QUANTITY = "quantity", _("Quantity")
    PRICE = "price", _("Price")
    SPLIT = "split", _("Split")
    MERGE = "merge", _("Merge")
    SUBSTITUTE = "substitute", _("Substitute")
    CANCEL = "cancel", _("Cancel")
    SHIP_TO = "ship_to", _("Ship-to")


_OPEN = frozenset(OPEN)
_NEGOTIATE = Permission.CHANGE_NEGOTIATE

CHANGE_LIFECYCLE = Lifecycle(
    "change request",
    Transition("edit", frozenset({ChangeState.PROPOSED}), ChangeState.PROPOSED, "change.edited", _NEGOTIATE),
    Transition(
        "edit", frozenset({ChangeState.COUNTERED}), ChangeState.COUNTERED, "change.edited", _NEGOTIATE
    ),
    Transition("withdraw", _OPEN, ChangeState.WITHDRAWN, "change.withdrawn", _NEGOTIATE),
    Transition("accept", _OPEN, ChangeState.ACCEPTED, "change.accepted", _NEGOTIATE),
    Transition("counter", _OPEN, ChangeState.COUNTERED, "change.countered", _NEGOTIATE),
    Transition("decline", _OPEN, ChangeState.DECLINED, "change.declined", _NEGOTIATE),
    Transition("expire", _OPEN, ChangeState.EXPIRED, "change.expired", Permission.ERP_MANAGE),
    # A revision, or the order's end, takes away what was to be changed.
    Transition(
        "overtake",
        _OPEN | {ChangeState.ACCEPTED},
        ChangeState.SUPERSEDED,
        "change.superseded",
        Permission.ERP_MANAGE,
    ),
    Transition(
        "confirm",
        frozenset({ChangeState.ACCEPTED}),
        ChangeState.DONE,
        "change.confirmed",
        Permission.ERP_MANAGE,
    ),
    # A person has decided that the ERP is not to be told: the agreement stands here alone.
    Transition(
        "keep", frozenset({ChangeState.ACCEPTED}), ChangeState.KEPT, "change.retained", Permission.ERP_MANAGE
    ),
    initial=ChangeState.PROPOSED,
    terminal=(
        ChangeState.DONE,
        ChangeState.KEPT,
        ChangeState.DECLINED,
        ChangeState.WITHDRAWN,
        ChangeState.EXPIRED,
        ChangeState.SUPERSEDED,
    ),
)

# Which of the verbs belong to whom: the side that spoke last, or the one whose turn it is.
OF_AUTHOR = ("edit", "withdraw")
OF_ANSWERER = ("accept", "counter", "decline")
