"""Long readings, such as exports, on a replica of the database: behind the same wall, and never behind the times.

A replica repeats what the database did, some milliseconds or some hours later. Before anything is read there, the
database says how far it has written, and the replica has to have come so far: whoever reads a list just after changing
it reads the change. A replica that does not get there in a second, or is away, costs nobody the list: it is then read
where everything else is.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db import OperationalError, connection, connections, transaction

from portal.kernel.actors import Actor
from portal.kernel.scope import require_scope, take_scope

REPLICA = "replica"
PATIENCE_SECONDS = 1.0

logger = logging.getLogger(__name__)
_reading: ContextVar[bool] = ContextVar("reading from the replica", default=False)


class ReplicaRouter:
    """Where Django reads and writes: on the replica only inside `reading_apart`, and there it only reads."""

    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        return REPLICA if _reading.get() else None

    def db_for_write(self, model: Any, **hints: Any) -> str | None:
        if _reading.get():
            raise RuntimeError("Nothing is written while a replica is being read.")
        return None

    def allow_relation(self, one: Any, other: Any, **hints: Any) -> bool:
        return True

    def allow_migrate(self, database: str, app_label: str, **hints: Any) -> bool | None:
        return False if database == REPLICA else None


@contextmanager
def reading_apart(actor: Actor) -> Iterator[bool]:
    """Inside a door: read what follows from the replica, under this actor's scope there; tells whether that is so."""
    require_scope()
    if REPLICA not in connections.databases or not _has_caught_up():
        yield False
        return
    with transaction.atomic(using=REPLICA):
        take_scope(actor, using=REPLICA)
        token = _reading.set(True)
        try:
            yield True
        finally:
            _reading.reset(token)


def _has_caught_up() -> bool:
    """Whether the replica holds everything that was there when we were asked, within a moment."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_wal_flush_lsn()::text")
        written = cursor.fetchone()[0]
    deadline = time.monotonic() + PATIENCE_SECONDS
    try:
        while True:
            with connections[REPLICA].cursor() as cursor:
                cursor.execute(
                    "SELECT pg_is_in_recovery(), coalesce(pg_last_wal_replay_lsn() >= %s::pg_lsn, false)",
                    [written],
                )
                repeats, has_it = cursor.fetchone()
            if not repeats:
                logger.error("DATABASE_REPLICA_URL is not a replica; it is not read")
                return False
            if has_it:
                return True
            if time.monotonic() > deadline:
                logger.warning("the replica is late; reading where everything else is")
                return False
            time.sleep(0.02)
    except OperationalError as problem:
        connections[REPLICA].close()
        logger.warning(
            "the replica is away; reading where everything else is", extra={"problem": str(problem)}
        )
        return False
