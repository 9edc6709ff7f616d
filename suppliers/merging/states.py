"""The life of a merge, and why two records are taken for one company."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from portal.kernel.lifecycle import Lifecycle, Transition
from suppliers.roles import Permission


class MergeState(models.TextChoices):
    """Where a merge stands. Refused also means: looked at, and they are two companies."""

    ASKED = "asked", _("Waits for a second person")
    MERGED = "merged", _("Merged")
    REFUSED = "refused", _("Two companies")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    UNDONE = "undone", _("Taken apart again")


# A record has at most one of these as the duplicate.
STANDING = (MergeState.ASKED, MergeState.MERGED)


class Alike(models.TextChoices):
    """What two records have in common, what tells most first."""

    VAT = "vat", _("the same VAT number")
    TAX = "tax", _("the same tax number")
    DUNS = "duns", _("the same D-U-N-S number")
    LEI = "lei", _("the same LEI")
    GLN = "gln", _("the same GLN")
    REGISTER = "register", _("the same register number")
    ACCOUNT = "account", _("the same bank account")
    MAIL = "mail", _("the same mail address")
    NAME = "name", _("the same name in the same country")
    ADDRESS = "address", pgettext_lazy("of two suppliers", "the same registered address")


_MANAGE, _APPROVE = Permission.SUPPLIER_MANAGE, Permission.DETAIL_APPROVE
_ASKED = frozenset({MergeState.ASKED})

MERGE_LIFECYCLE = Lifecycle(
    "merge of suppliers",
    Transition("approve", _ASKED, MergeState.MERGED, "merge.approved", _APPROVE, internal=True),
    Transition("refuse", _ASKED, MergeState.REFUSED, "merge.refused", _APPROVE, internal=True),
    Transition("withdraw", _ASKED, MergeState.WITHDRAWN, "merge.withdrawn", _MANAGE, internal=True),
    Transition(
        "undo", frozenset({MergeState.MERGED}), MergeState.UNDONE, "merge.reversed", _MANAGE, internal=True
    ),
    initial=MergeState.ASKED,
    terminal=(MergeState.REFUSED, MergeState.WITHDRAWN, MergeState.UNDONE),
)
