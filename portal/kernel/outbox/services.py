"""Writing, leasing, delivering and replaying messages.

Note [Streams]: one document is one stream. A topic-wide order would let a single refused order hold up every
other supplier's. Within a stream an undone older message, parked ones included, holds back the younger.

Note [Leases]: a worker holds a PostgreSQL advisory lock for as long as its connection lives. A lease counts only
while that lock is held, so that a killed worker's messages are free at once, without a clock to guess by.

Note [Giving up]: another side that says "not now" is asked again for ever, at most an hour apart: an ERP that is down
for a weekend costs nobody a click. What nobody foresaw is tried MAX_FAULTS times in a row and then parked for a person.
A message that met such a fault is leased alone from then on: should it be the one that kills workers, it takes no
other with it.

Note [Gates]: a topic may have a gate (`OUTBOX_GATES`): while the way there is known to be shut, nothing of it is taken,
and what a worker had taken already is put back as if it had not been. A message that waits for a door costs no attempt.

Note [Light commits]: what the outbox notes for itself (leased, delivered, tried in vain) is committed without waiting
for the disk. PostgreSQL writes it within a second, and always in order. Should its machine fail in that second, a
message is delivered once more, which its key makes harmless; no message and no fact is lost, since those are written by
the transactions of others, which do wait.
"""

import logging
import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction
from django.db.models import F
from django.utils.module_loading import import_string

from portal.kernel.actors import Actor
from portal.kernel.audit.services import record
from portal.kernel.correlation import bind
from portal.kernel.correlation import current as current_correlation
from portal.kernel.errors import IllegalTransition
from portal.kernel.outbox.models import MessageState, OutboxMessage
from portal.kernel.scope import acting, require_no_transaction, requires_scope

logger = logging.getLogger(__name__)

LEASE_CLASS = 0x71756179  # "quay": the first half of our advisory lock keys
MAX_FAULTS = 12
LONGEST_WAIT = timedelta(hours=1)

Handler = Callable[[OutboxMessage], str]


class RetryLater(Exception):
    """The other side cannot take it now: try again, after `wait` where it said how long."""

    def __init__(self, reason: str, wait: timedelta | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.wait = wait


class PutBack(Exception):
    """The way there is shut for everything, not for this message: it goes back as if it had not been taken."""


class ParkMessage(Exception):
    """Trying again cannot help: a person must look at it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What is to be told, to whom (`topic`), about which document (`stream`)."""

    topic: str
    stream: str
    kind: str
    payload: Mapping[str, Any]
    supplier_id: int | None


@requires_scope
def enqueue_all(outgoing: Iterable[Outgoing], *, actor: Actor, at: datetime) -> list[OutboxMessage]:
    """Promise, in the transaction of the fact, that each of these will be told."""
    messages = OutboxMessage.objects.bulk_create(
        [
            OutboxMessage(
                topic=one.topic,
                stream=one.stream,
                kind=one.kind,
                payload=dict(one.payload),
                supplier_id=one.supplier_id,
                created_at=at,
                due_at=at,
                actor_label=actor.label,
                actor_user_id=actor.user_id,
                channel=actor.channel,
                correlation_id=current_correlation(),
            )
            for one in outgoing
        ],
        batch_size=1000,
    )
    if messages:
        _hint_after_commit()
    return messages


def enqueue(
    topic: str,
    stream: str,
    kind: str,
    payload: Mapping[str, Any],
    *,
    actor: Actor,
    at: datetime,
    supplier_id: int | None,
) -> OutboxMessage:
    """Promise that one message will be told."""
    (message,) = enqueue_all([Outgoing(topic, stream, kind, payload, supplier_id)], actor=actor, at=at)
    return message


def _hint_after_commit() -> None:
    # Only a hint: the sweep delivers what a lost hint left behind. One per transaction is enough.
    if any(function is _hint for _, function, *_ in connection.run_on_commit):
        return
    transaction.on_commit(_hint)


def _hint() -> None:
    # By name, because services know no queue: the import contract forbids celery here.
    import_string(settings.OUTBOX_WAKE)()


def deliver_due(
    *,
    worker: int,
    clock: Callable[[], datetime],
    topics: Iterable[str] | None = None,
    limit: int = 100,
    time_is_up: Callable[[], bool] = lambda: False,
) -> int:
    """Deliver what is due, in order per document, until nothing is left; returns how many were tried.

    Runs outside any transaction. `worker` is a number no other living worker uses at the same time. Once `time_is_up`,
    what was leased and not begun is given back, so that a worker that is asked to stop can; likewise when the session
    was lost and with it the lock, as when PostgreSQL restarts: whoever takes the messages now must be alone with them.
    """
    require_no_transaction()
    require_lasting_session()
    tried = 0
    wanted = list(topics if topics is not None else settings.OUTBOX_HANDLERS)
    if not _hold_lease_lock(worker):
        return 0
    session = connection.connection
    try:
        while connection.connection is session and (
            messages := (
                *_lease(worker, _passable(wanted, clock()), limit, clock()),
                *_lease_troubled(worker, _passable(wanted, clock()), clock()),
            )
        ):
            for place, message in enumerate(messages):
                if time_is_up() or connection.connection is not session:
                    _give_back(worker, messages[place:])
                    return tried
                _deliver(message, clock)
                tried += 1
    finally:
        if connection.connection is session:
            _drop_lease_lock(worker)
    return tried


def require_lasting_session() -> None:
    """Raise where each transaction may get another connection: our leases are locks of a session. See Note [Pooler]."""
    if settings.DATABASE_POOLER == "transaction":
        raise ImproperlyConfigured(
            "The outbox holds locks of a session, which a pooler in transaction mode gives to somebody else. Give "
            "workers an address of PostgreSQL itself, or a pool in session mode and DATABASE_POOLER=session."
        )


def _passable(topics: list[str], at: datetime) -> list[str]:
    """The topics whose gates are open. See Note [Gates]."""
    gates = {topic: settings.OUTBOX_GATES.get(topic) for topic in topics}
    return [topic for topic, gate in gates.items() if gate is None or import_string(gate)(at)]


def _hold_lease_lock(worker: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [LEASE_CLASS, worker])
        return bool(cursor.fetchone()[0])


def _drop_lease_lock(worker: int) -> None:
    if connection.connection is None or connection.connection.closed:
        return  # the server dropped the lock together with the connection
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [LEASE_CLASS, worker])
        if not cursor.fetchone()[0]:
            logger.error(
                "the lease lock was lost: is there a pooler in transaction mode, or did PostgreSQL restart?"
            )


_SYSTEM = Actor.system("Outbox")

_FREE_THE_DEAD = """
    WITH dead AS (
        SELECT id FROM kernel_outboxmessage WHERE state = 'leased' AND NOT EXISTS (
            SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = %(class)s
            AND objid::bigint = leased_by::bigint
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
        ORDER BY id FOR UPDATE SKIP LOCKED),
    told AS (
        INSERT INTO kernel_deliveryattempt
            (message_id, supplier_id, number, started_at, finished_at, outcome, error)
        SELECT id, supplier_id, attempts, leased_at, %(at)s, 'died', %(reason)s
        FROM kernel_outboxmessage WHERE id IN (SELECT id FROM dead))
    UPDATE kernel_outboxmessage SET leased_by = NULL, leased_at = NULL, last_error = %(reason)s,
        failures = failures + 1, faults = faults + 1,
        state = CASE WHEN faults + 1 >= %(most)s THEN 'parked' ELSE 'waiting' END,
        outcome = CASE WHEN faults + 1 >= %(most)s THEN 'parked' ELSE 'retry' END
    WHERE id IN (SELECT id FROM dead)
"""
DIED = "The worker ended in the middle of this attempt."

# Chosen in a query of their own: a subquery of the update may be run again, and then takes more than the limit.
_TAKE_THE_OLDEST = """
    WITH chosen AS MATERIALIZED (
        SELECT candidate.id FROM kernel_outboxmessage candidate
        WHERE candidate.state = 'waiting' AND candidate.due_at <= %(at)s AND candidate.topic = ANY(%(topics)s)
        AND (candidate.faults > 0) = %(troubled)s
        AND NOT EXISTS (
            SELECT FROM kernel_outboxmessage older
            WHERE older.topic = candidate.topic AND older.stream = candidate.stream
            AND older.id < candidate.id AND older.state IN ('waiting', 'leased', 'parked'))
        ORDER BY candidate.due_at, candidate.id
        LIMIT %(limit)s
        FOR UPDATE SKIP LOCKED)
    UPDATE kernel_outboxmessage message
    SET state = 'leased', leased_by = %(worker)s, leased_at = %(at)s, attempts = attempts + 1
    FROM chosen WHERE message.id = chosen.id AND message.state = 'waiting'
    RETURNING message.id
"""


def _lease(worker: int, topics: list[str], limit: int, at: datetime) -> list[OutboxMessage]:
    with _acting_lightly() as cursor:
        cursor.execute(_FREE_THE_DEAD, {"class": LEASE_CLASS, "at": at, "most": MAX_FAULTS, "reason": DIED})
        return _take(cursor, worker=worker, at=at, topics=topics, limit=limit, troubled=False)


def _lease_troubled(worker: int, topics: list[str], at: datetime) -> list[OutboxMessage]:
    """One message that met a fault before, alone. See Note [Giving up]."""
    with _acting_lightly() as cursor:
        return _take(cursor, worker=worker, at=at, topics=topics, limit=1, troubled=True)


def _take(cursor: Any, **wanted: Any) -> list[OutboxMessage]:
    cursor.execute(_TAKE_THE_OLDEST, wanted)
    taken = [row[0] for row in cursor.fetchall()]
    return list(OutboxMessage.objects.filter(id__in=taken).order_by("id"))


def _give_back(worker: int, messages: Iterable[OutboxMessage]) -> None:
    """Lay down what was taken up and not begun: nobody tried it, so nothing is counted."""
    ours = [message.pk for message in messages]
    with acting(_SYSTEM):
        OutboxMessage.objects.filter(pk__in=ours, state=MessageState.LEASED, leased_by=worker).update(
            state=MessageState.WAITING, leased_by=None, leased_at=None, attempts=F("attempts") - 1
        )


def _deliver(message: OutboxMessage, clock: Callable[[], datetime]) -> None:
    handler: Handler = import_string(settings.OUTBOX_HANDLERS[message.topic])
    started_at = clock()
    with bind(message.correlation_id):
        try:
            outcome = handler(message)
        except ParkMessage as error:
            _finish(message, started_at, clock(), "parked", error.reason, state=MessageState.PARKED)
        except RetryLater as error:
            _try_again(message, started_at, clock(), error.reason, wait=error.wait)
        except PutBack:
            _put_back(message)
        except Exception as error:
            # Nothing is dropped: whatever went wrong is written down and tried again, or parked.
            logger.exception("outbox delivery failed", extra={"message_key": str(message.key)})
            _count_fault(message, started_at, clock(), f"{type(error).__name__}: {error}")
        else:
            _finish(message, started_at, clock(), outcome or "delivered", "", state=MessageState.DELIVERED)


def backoff(failures: int) -> timedelta:
    """How long to wait after so many failures in a row: doubling from two seconds to an hour, with jitter."""
    whole = min(timedelta(seconds=2 ** min(failures, 20)), LONGEST_WAIT)
    return whole * random.uniform(0.5, 1.0)  # noqa: S311 -- spreads retries; no secret


def _try_again(
    message: OutboxMessage,
    started_at: datetime,
    now: datetime,
    reason: str,
    *,
    wait: timedelta | None = None,
    faults: int = 0,
) -> None:
    message.failures, message.faults = message.failures + 1, faults
    due_at = now + (wait or backoff(message.failures))
    _finish(message, started_at, now, "retry", reason, state=MessageState.WAITING, due_at=due_at)


def _count_fault(message: OutboxMessage, started_at: datetime, now: datetime, reason: str) -> None:
    if message.faults + 1 < MAX_FAULTS:
        _try_again(message, started_at, now, reason, faults=message.faults + 1)
        return
    message.failures, message.faults = message.failures + 1, message.faults + 1
    reason = f"Gave up after {message.faults} attempts. {reason}"
    _finish(message, started_at, now, "parked", reason, state=MessageState.PARKED)


def _put_back(message: OutboxMessage) -> None:
    """Undo the lease, its attempt included. It stays due: how long it has waited goes on being counted."""
    with acting(_SYSTEM):
        OutboxMessage.objects.filter(
            pk=message.pk, state=MessageState.LEASED, leased_by=message.leased_by
        ).update(state=MessageState.WAITING, leased_by=None, leased_at=None, attempts=message.attempts - 1)


def _finish(
    message: OutboxMessage,
    started_at: datetime,
    now: datetime,
    outcome: str,
    error: str,
    *,
    state: MessageState,
    due_at: datetime | None = None,
) -> None:
    told = {
        "id": message.pk,
        "leased_by": message.leased_by,
        "state": state,
        "failures": message.failures,
        "faults": message.faults,
        "outcome": outcome,
        "error": error[:4000],
        "delivered_at": now if state == MessageState.DELIVERED else None,
        "due_at": due_at or message.due_at,
        "started_at": started_at,
        "now": now,
    }
    with _acting_lightly() as cursor:
        cursor.execute(_FINISH, told)
        kept = cursor.rowcount
    if not kept:
        logger.warning("outbox lease lost during delivery", extra={"message_key": str(message.key)})


# Compare and swap: if the lease was lost meanwhile, another worker tells the rest of the story. One statement, because
# a message that is delivered to a fast receiver costs hardly anything but this.
_FINISH = """
    WITH kept AS (
        UPDATE kernel_outboxmessage SET state = %(state)s, failures = %(failures)s, faults = %(faults)s,
            leased_by = NULL, leased_at = NULL, outcome = %(outcome)s, last_error = %(error)s,
            delivered_at = %(delivered_at)s, due_at = %(due_at)s
        WHERE id = %(id)s AND state = 'leased' AND leased_by = %(leased_by)s
        RETURNING id, supplier_id, attempts)
    INSERT INTO kernel_deliveryattempt
        (message_id, supplier_id, number, started_at, finished_at, outcome, error)
    SELECT id, supplier_id, attempts, %(started_at)s, %(now)s, %(outcome)s, %(error)s FROM kept
"""


@contextmanager
def _acting_lightly() -> Iterator[Any]:
    """A transaction of the outbox's own whose commit waits for no disk. See Note [Light commits]."""
    with acting(_SYSTEM), connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")
        yield cursor


@requires_scope
def replay_message(message: OutboxMessage, *, actor: Actor, at: datetime) -> None:
    """Try a parked or delivered message again, as patiently as a new one; the key makes a second delivery harmless."""
    changed = OutboxMessage.objects.filter(
        pk=message.pk, state__in=[MessageState.PARKED, MessageState.DELIVERED, MessageState.WAITING]
    ).update(
        state=MessageState.WAITING,
        due_at=at,
        delivered_at=None,
        outcome="",
        last_error="",
        failures=0,
        faults=0,
    )
    if not changed:
        raise IllegalTransition("This message is being delivered at this moment.")
    record(
        "outbox.replayed",
        message.stream,
        actor=actor,
        at=at,
        supplier_id=message.supplier_id,
        facts={"message": str(message.key), "topic": message.topic},
        internal=True,
    )
    _hint_after_commit()


@requires_scope
def skip_message(message: OutboxMessage, reason: str, *, actor: Actor, at: datetime) -> None:
    """Give up on a parked message, with a reason, so that the younger ones of its document may go."""
    changed = OutboxMessage.objects.filter(pk=message.pk, state=MessageState.PARKED).update(
        state=MessageState.SKIPPED, outcome="skipped", last_error=reason
    )
    if not changed:
        raise IllegalTransition("Only a parked message can be skipped.")
    record(
        "outbox.skipped",
        message.stream,
        actor=actor,
        at=at,
        supplier_id=message.supplier_id,
        facts={"message": str(message.key), "topic": message.topic, "reason": reason},
        internal=True,
    )
    _hint_after_commit()
