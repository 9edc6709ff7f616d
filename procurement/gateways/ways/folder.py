"""The drop folder of carriers: `GATEWAY_FILES_ROOT/<key of the gateway>/in/*.csv`.

A file is kept, then moved to `done/`, or to `rejected/` where nothing of it can be read. A crash in between brings it
once more, and it is recognised. What is still being written is left alone: names that end otherwise, and files that
were touched a moment ago.
"""

import contextlib
import logging
import os
import stat
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings

from portal.kernel.scope import require_no_transaction
from procurement.gateways.messages import Arrived
from procurement.gateways.states import MessageState, Way
from procurement.gateways.ways.arriving import known_gateway, take_in, takes_files

logger = logging.getLogger(__name__)

MOST_AT_ONCE = 200
QUIET = timedelta(seconds=5)


def poll_folder(root: Path, *, clock: Callable[[], datetime]) -> int:
    """Take what lies in the folders of all gateways, oldest first; returns how many files were looked at.

    A folder that cannot be read, or a file on which the program breaks, holds up no other and stays where it lies.
    """
    require_no_transaction()
    count = 0
    for home in sorted(root.iterdir()) if root.is_dir() else ():
        try:
            count += _poll_home(home, clock, MOST_AT_ONCE - count)
        except OSError as error:
            logger.warning(
                "a gateway's folder cannot be read", extra={"folder": home.name, "reason": str(error)}
            )
        if count >= MOST_AT_ONCE:
            break
    return count


def _poll_home(home: Path, clock: Callable[[], datetime], most: int) -> int:
    try:
        key = uuid.UUID(home.name)
    except ValueError:
        return 0
    known = known_gateway(key)
    inbox = home / "in"
    if known is None or not inbox.is_dir():
        return 0
    gateway, _secrets = known
    if not gateway.active or not takes_files(gateway):
        return 0
    for folder in ("done", "rejected"):
        (home / folder).mkdir(exist_ok=True)
    count = 0
    ours = [path for path in inbox.iterdir() if path.suffix.lower() == ".csv"]
    for path in sorted(ours, key=_when_written):
        if count >= most:
            break
        raw = _read(path, clock())
        if raw is None:
            continue
        count += 1
        if len(raw) > settings.GATEWAY_MAX_BYTES:
            logger.warning(
                "a gateway's file is too large", extra={"gateway": gateway.name, "file": path.name}
            )
            _put_away(path, home / "rejected", clock())
            continue
        try:
            kept = take_in(gateway, Arrived(Way.FOLDER, raw, file_name=path.name), at=clock())
        except Exception:
            logger.exception("a gateway's file could not be kept", extra={"gateway": gateway.name})
            continue
        is_refused = kept.message.state == MessageState.REFUSED
        _put_away(path, home / ("rejected" if is_refused else "done"), clock())
    return count


def _when_written(path: Path) -> tuple[float, str]:
    try:
        return path.stat(follow_symlinks=False).st_mtime, path.name
    except OSError:
        return 0.0, path.name


def _put_away(path: Path, folder: Path, at: datetime) -> None:
    with contextlib.suppress(FileNotFoundError):  # another worker took it; what is in it counted once
        os.replace(path, folder / f"{at:%Y%m%dT%H%M%S%f}-{path.name}")


def _read(path: Path, at: datetime) -> bytes | None:
    """The bytes of a plain file that nobody is writing, at most one more than is taken; None for anything else."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or at.timestamp() - found.st_mtime < QUIET.total_seconds():
            return None
        return file.read(settings.GATEWAY_MAX_BYTES + 1)
