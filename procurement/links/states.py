"""What a signed link may be used for, and where it stands."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from suppliers.roles import Permission


class Purpose(models.TextChoices):
    """What its holder may do with it, beside reading the document."""

    ANSWER = "answer", _("Answer an order")
    CHANGE = "change", _("Answer a change request")
    READ = "read", _("Read and write to the buyer")
    TASK = "task", _("Do a delegated task")


class LinkStanding(models.TextChoices):
    """Where a link stands now. A used one still shows; a dead one shows nothing."""

    OPEN = "open", _("Open")
    USED = "used", _("Used")
    EXPIRED = "expired", _("Expired")
    REVOKED = "revoked", _("Revoked")


# No more than the purpose needs: none gives rights over people, tokens, or what the company decides. What waits on an
# order is its lines and the changes asked for, so a link to an answer answers both.
PERMISSIONS: dict[str, frozenset[Permission]] = {
    Purpose.ANSWER: frozenset(
        {
            Permission.ORDER_VIEW,
            Permission.ORDER_ACKNOWLEDGE,
            Permission.CHANGE_NEGOTIATE,
            Permission.THREAD_WRITE,
        }
    ),
    Purpose.CHANGE: frozenset({Permission.ORDER_VIEW, Permission.CHANGE_NEGOTIATE, Permission.THREAD_WRITE}),
    Purpose.READ: frozenset({Permission.ORDER_VIEW, Permission.THREAD_WRITE}),
    Purpose.TASK: frozenset(),
}
