"""A maildir that a mail server delivers into: what is in `new` is kept, then moved to `cur`, both in one step each.

A crash in between brings the mail once more, and it is recognised; what is being written stands in `tmp` and is never
looked at.
"""

import os
import stat
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from portal.kernel.scope import acting, require_no_transaction
from procurement.mailroom.queries import MAILROOM
from procurement.mailroom.services import mailbox_of, note_failure, note_progress
from procurement.mailroom.states import Door
from procurement.mailroom.ways.keeping import MailboxUnreadable, why_not_kept

MOST_AT_ONCE = 500


def poll_maildir(folder: Path, *, largest: int, clock: Callable[[], datetime]) -> int:
    """Keep what lies in `new`, oldest first; returns how many mails were looked at. Raises `MailboxUnreadable`.

    What cannot be read or kept stays in `new`, and those behind it have their turn.
    """
    require_no_transaction()
    name = f"maildir:{folder}"
    with acting(MAILROOM):
        mailbox_of(name)
    try:
        count, broken = _look(folder, largest, clock)
    except OSError as error:
        count, broken = 0, [f"{type(error).__name__}: {error.strerror or error}"]
    with acting(MAILROOM):
        if not broken:
            note_progress(name, at=clock())
            return count
        note_failure(name, "; ".join(broken[:5]), at=clock())
    raise MailboxUnreadable("; ".join(broken[:5]))


def _look(folder: Path, largest: int, clock: Callable[[], datetime]) -> tuple[int, list[str]]:
    new, done = folder / "new", folder / "cur"
    count = 0
    broken: list[str] = []
    for name in sorted(os.listdir(new)):
        if name.startswith("."):
            continue
        try:
            raw = _read(new / name, largest)
        except PermissionError:
            broken.append(f"{name} may not be read")
            continue
        if raw is None:
            continue
        count += 1
        if why := why_not_kept(raw, door=Door.MAILDIR, at=clock()):
            broken.append(f"{name} could not be kept: {why}")
        else:
            # The flags of the format stand behind the colon: S is "seen".
            os.replace(new / name, done / f"{name.partition(':')[0]}:2,S")
        if count >= MOST_AT_ONCE:
            break
    return count, broken


def _read(path: Path, largest: int) -> bytes | None:
    """The bytes of a plain file, at most one more than is taken; None for anything else, such as a link elsewhere."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except PermissionError:
        raise
    except OSError:
        return None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(largest + 1)
    finally:
        os.close(descriptor)
