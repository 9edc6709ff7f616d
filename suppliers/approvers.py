"""Who of our people has had a role that approves for long enough to judge what somebody asks for.

Whoever makes accounts for our people, or gives them roles, must not make the judges as well: all who see to bank
details are mailed when somebody gets such a role, and have that long to say that they know nothing of it.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext as _

from portal.kernel.errors import NotAllowed
from suppliers.models import User


class TooNew(NotAllowed):
    """Somebody may judge this by role, and has had the role for too short a time."""

    code = "another_person"


def long_approvers(user_ids: Iterable[int], before: datetime) -> set[int]:
    """Those of these who have had, without a break, a role that approves for `BANK_CONTACT_DAYS` before a moment. For
    scopes of the buying side.

    An installation that is itself younger asks only that they had it before.
    """
    least = before - timedelta(days=settings.BANK_CONTACT_DAYS)
    found = User.objects.filter(pk__in=list(user_ids), approver_since_at__lt=before)
    if User.objects.filter(date_joined__lt=least).exists():
        found = found.filter(approver_since_at__lt=least)
    return set(found.values_list("pk", flat=True))


def standing_problem(user_id: int, before: datetime) -> str:
    """Why somebody of ours is too new here to judge what began at a moment; empty for who is not."""
    if long_approvers([user_id], before):
        return ""
    return _(
        "You have not had such a role for %(days)d days before this began: somebody who has had one for longer does it."
    ) % {"days": settings.BANK_CONTACT_DAYS}


def require_long_role(user_id: int, before: datetime) -> None:
    """Raise `TooNew` for whoever got the role too late: an account made for one change judges nothing."""
    if problem := standing_problem(user_id, before):
        raise TooNew(problem)
