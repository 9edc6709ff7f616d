"""A maildir that a mail server delivers into: what is in `new` is kept, then moved to `cur`, both in one step each.

A crash in between brings the mail once more, and it is recognised; what is being written stands in `tmp` and is never
looked at.
"""

import os
import stat
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from portal.kernel.scope import require_no_transaction
from procurement.mailroom.services import take_mail
from procurement.mailroom.states import Door

MOST_AT_ONCE = 500


def poll_maildir(folder: Path, *, largest: int, clock: Callable[[], datetime]) -> int:
    """Keep what lies in `new`, oldest first; returns how many mails were looked at. Raises `OSError`."""
    require_no_transaction()
    new, done = folder / "new", folder / "cur"
    count = 0
    for name in sorted(os.listdir(new))[:MOST_AT_ONCE]:
        if name.startswith("."):
            continue
        raw = _read(new / name, largest)
        if raw is None:
            continue
        take_mail(raw, door=Door.MAILDIR, at=clock())
        # The flags of the format stand behind the colon: S is "seen".
        os.replace(new / name, done / f"{name.partition(':')[0]}:2,S")
        count += 1
    return count


def _read(path: Path, largest: int) -> bytes | None:
    """The bytes of a plain file, at most one more than is taken; None for anything else, such as a link elsewhere."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(largest + 1)
    finally:
        os.close(descriptor)
