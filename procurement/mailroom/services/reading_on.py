"""How far a mailbox was read, noted after what was read has been kept."""

from datetime import datetime

from portal.kernel.scope import requires_scope
from procurement.mailroom.models import Mailbox


@requires_scope
def mailbox_of(name: str) -> Mailbox:
    """The mailbox of that name, as far as it was read; a new one from its beginning."""
    mailbox: Mailbox = Mailbox.objects.get_or_create(name=name[:300])[0]
    return mailbox


@requires_scope
def note_progress(name: str, *, uid_validity: int = 0, last_uid: int = 0, at: datetime) -> None:
    """Note that everything up to here has been kept; never backwards while the mailbox is the same one."""
    mailbox: Mailbox = Mailbox.objects.select_for_update().get(name=name[:300])
    if mailbox.uid_validity == uid_validity:
        last_uid = max(last_uid, mailbox.last_uid)
    Mailbox.objects.filter(pk=mailbox.pk).update(
        uid_validity=uid_validity, last_uid=last_uid, looked_at=at, failing_since=None, error=""
    )


@requires_scope
def note_failure(name: str, error: str, *, at: datetime) -> None:
    """Note that a mailbox cannot be read, and since when."""
    mailbox = mailbox_of(name)
    since = mailbox.failing_since or at
    Mailbox.objects.filter(pk=mailbox.pk).update(failing_since=since, error=error[:500])
