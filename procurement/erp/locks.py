"""Work on the connection that one worker does at a time, among all machines.

Each is a lock of the session: PostgreSQL drops it with the connection, however that ends. So a worker needs a session
of its own, not a pool in transaction mode (docs/scaling.md).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum

from django.db import connection

LOCK_CLASS = 0x71756163  # the first half of our advisory lock keys


class Work(IntEnum):
    """What is done by one at a time: the second half of the key."""

    READ = 0
    COMPARE = 1
    REPAIR = 2
    REHEARSE = 3


@contextmanager
def alone_at(work: Work) -> Iterator[bool]:
    """Whether we are the only one at it; if not, leave it to the other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [LOCK_CLASS, work.value])
        is_ours = bool(cursor.fetchone()[0])
    try:
        yield is_ours
    finally:
        if is_ours and connection.connection is not None and not connection.connection.closed:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [LOCK_CLASS, work.value])
