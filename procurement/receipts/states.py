"""The life of a receiving sheet, and what both sides say of what came otherwise than announced."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from portal.kernel.lifecycle import Lifecycle, Transition
from suppliers.roles import Permission


class SheetState(models.TextChoices):
    """Where a receiving sheet stands."""

    COUNTING = "counting", _("Counting")
    POSTED = "posted", pgettext_lazy("receiving sheet", "Posted")
    REVERSED = "reversed", pgettext_lazy("receiving sheet", "Reversed")
    DISCARDED = "discarded", _("Discarded")


# What the supplier sees: facts, also those that were taken back. A count in progress is none yet.
TOLD = (SheetState.POSTED, SheetState.REVERSED)


class Rest(models.TextChoices):
    """What becomes of what was announced and is not here. It is said by who counts, never assumed."""

    FOLLOWS = "follows", _("Comes later")
    SHORT = "short", _("Is missing")


class Word(models.TextChoices):
    """What is said of a difference: the first two by the supplier, the others by the buyer, who settles it with one."""

    AGREED = "agreed", pgettext_lazy("difference", "Agreed")
    DISPUTED = "disputed", pgettext_lazy("difference", "Disputed")
    CREDIT = "credit", _("Credit expected")
    REPLACEMENT = "replacement", _("Replacement follows")
    RETURNED = "returned", _("Goes back")
    ACCEPTED = "accepted", _("Accepted as it is")
    CLOSED = "closed", _("Closed: nothing more comes")


ANSWERS = (Word.AGREED, Word.DISPUTED)
SETTLEMENTS = (Word.CREDIT, Word.REPLACEMENT, Word.RETURNED, Word.ACCEPTED, Word.CLOSED)

_RECEIVE = Permission.GOODS_RECEIVE
_COUNTING = frozenset({SheetState.COUNTING})

# The ERP is told by hand (`services.posting`): only where there is something that it is to book.
SHEET_LIFECYCLE = Lifecycle(
    "receiving sheet",
    Transition("post", _COUNTING, SheetState.POSTED, "count.posted", _RECEIVE),
    Transition("discard", _COUNTING, SheetState.DISCARDED, "count.discarded", _RECEIVE, internal=True),
    # A count that was posted is a fact: it is never edited, only taken back.
    Transition("reverse", frozenset({SheetState.POSTED}), SheetState.REVERSED, "count.reversed", _RECEIVE),
    initial=SheetState.COUNTING,
    terminal=(SheetState.REVERSED, SheetState.DISCARDED),
)
