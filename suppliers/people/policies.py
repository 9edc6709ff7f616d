"""When an address changes hands, who is asleep, and what an administrator may not do. No database here."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

INVITATION, NEW_ADDRESS, OLD_ADDRESS = (
    b"quayside.people.invitation.1",
    b"quayside.people.address.new.1",
    b"quayside.people.address.old.1",
)
CONFIRM_WITHIN = timedelta(days=3)
WAKE_WITHIN = timedelta(minutes=10)  # whoever asks has just typed the password; ASVS 5.0, 6.5.5
WAKE_MAIL_EVERY = timedelta(minutes=2)  # where one was too slow on its way
RESEND_EVERY = timedelta(minutes=2)
MOST_INVITED_A_DAY = 50  # by a supplier's own people: its portal is no machine for letters
MOST_ADDRESSES_A_DAY = 3


def changes_at(
    *, told_at: datetime | None, confirmed_at: datetime | None, agreed_at: datetime | None, wait: timedelta
) -> datetime | None:
    """When an address is changed: never before its new reader has confirmed it, and not before the old one has had
    `wait` to object since its mail left (`told_at`), unless the old one agrees. None where that cannot be said yet.
    """
    if confirmed_at is None:
        return None
    if agreed_at is not None:
        return max(confirmed_at, agreed_at)
    return max(confirmed_at, told_at + wait) if told_at is not None else None


def is_locked(stopped: Sequence[datetime], at: datetime, lock: timedelta) -> bool:
    """Whether somebody said “that was not me” so short a while ago that nothing may be asked again yet."""
    return any(at < one + lock for one in stopped)


def leaves_an_administrator(awake: Collection[int], target: int) -> bool:
    """Whether anybody of these remains who administers, once `target` does not any more."""
    return bool(set(awake) - {target})
