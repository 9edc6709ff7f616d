"""When an address changes hands, who is asleep, and what an administrator may not do. No database here."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

INVITATION, NEW_ADDRESS, OLD_ADDRESS = (
    b"quayside.people.invitation.1",
    b"quayside.people.address.new.1",
    b"quayside.people.address.old.1",
)
CONFIRM_WITHIN = timedelta(days=3)
WAKE_WITHIN = timedelta(days=3)
WAKE_MAIL_EVERY = timedelta(minutes=10)
RESEND_EVERY = timedelta(minutes=2)
MOST_INVITED_A_DAY = 50  # by a supplier's own people: its portal is no machine for letters
MOST_ADDRESSES_A_DAY = 3


def changes_at(
    *, asked_at: datetime, confirmed_at: datetime | None, agreed_at: datetime | None, wait: timedelta
) -> datetime | None:
    """When an address is changed: never before its new reader has confirmed it, and not before the old one has had
    `wait` to object, unless the old one agrees.
    """
    if confirmed_at is None:
        return None
    return max(confirmed_at, agreed_at) if agreed_at is not None else max(confirmed_at, asked_at + wait)


def is_locked(stopped: Sequence[datetime], at: datetime, lock: timedelta) -> bool:
    """Whether somebody said “that was not me” so short a while ago that nothing may be asked again yet."""
    return any(at < one + lock for one in stopped)


def leaves_an_administrator(awake: Collection[int], target: int) -> bool:
    """Whether anybody of these remains who administers, once `target` does not any more."""
    return bool(set(awake) - {target})
