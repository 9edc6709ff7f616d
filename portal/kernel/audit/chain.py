"""Sealing the audit trail, and finding out whether anybody has rewritten it.

Note [Chain]: writers only add their events, as fast as ever. A moment later `seal` gives every committed event a place
in one chain: its hash is SHA-256 over the hash before it and over the event's own content (`CONTENT`, a JSON array as
PostgreSQL writes it, which the export repeats word for word). The last hash of each batch is signed with a key that
the database does not hold, kept in a row and said in a log line. Who changes, deletes, adds or reorders what is sealed
breaks a hash; who works out all hashes anew has no signature for them, nor the log's lines.

Note [Labels]: a name can be erased (docs/security/personal-data.md) and the chain must hold. So the content has the
number of the person, and of the name only a hash with a nonce of its own beside it. Erasing takes the nonce away: then
the name must be the pseudonym of that person, whose erasure is itself an event of the chain.

Note [Late]: event numbers are given before transactions commit, so a lower number may come after a higher one. Such an
event is taken into the next batch. Each batch notes the highest number seen and the transaction number up to which
others were still at work. Once the oldest transaction at work is younger than that, nothing below can come any more,
and the search that finds this out still looks there once: what came in between is found. The next ones need not.
"""

import hashlib
import hmac
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Max

from portal.kernel.audit.models import AuditSeal
from portal.kernel.scope import require_scope

LOCK = 0x7365616C  # "seal": one sealer at a time, writers are not kept waiting
BATCH = 20_000
START = hashlib.sha256(b"Quayside audit trail").digest()
SEALED_WITHIN = timedelta(minutes=10)
PSEUDONYM = "Former user {}"
ERASED = "person.erased"

# The content of an event, as it is hashed and exported. Changing it needs a new chain: see Note [Chain].
CONTENT = """jsonb_build_array(
    event.id, event.kind, event.stream,
    to_char(event.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    event.supplier_id, event.actor_side, event.actor_user_id, event.channel, event.correlation_id,
    event.internal, event.facts, encode({label}, 'hex'))::text"""
CONTENT_FIELDS = (
    "id",
    "kind",
    "stream",
    "at",
    "supplier_id",
    "actor_side",
    "actor_user_id",
    "channel",
    "correlation_id",
    "internal",
    "facts",
    "label_hash",
)
LINK_CONTENT = CONTENT.format(label="link.label_hash")

SEAL = f"""
WITH unsealed AS MATERIALIZED (
    SELECT event.*, uuid_send(gen_random_uuid()) AS nonce FROM kernel_auditevent event
    WHERE event.id > %(below)s
    AND NOT EXISTS (SELECT FROM kernel_auditlink known WHERE known.event_id = event.id)
    ORDER BY event.id LIMIT %(batch)s
), labelled AS (
    SELECT *, sha256(nonce || convert_to(actor_label, 'UTF8')) AS label_hash FROM unsealed
), chained AS (
    SELECT %(last)s + row_number() OVER in_order AS position, event.id AS event_id, nonce, label_hash,
        quayside_chain(sha256(convert_to({CONTENT.format(label="label_hash")}, 'UTF8')), %(head)s)
            OVER in_order AS hash
    FROM labelled event WINDOW in_order AS (ORDER BY event.id ROWS UNBOUNDED PRECEDING)
)
INSERT INTO kernel_auditlink (position, event_id, label_nonce, label_hash, hash)
SELECT position, event_id, nonce, label_hash, hash FROM chained
RETURNING position, event_id, hash
"""  # noqa: S608 -- all parts are ours

# What is wrong with one link: the words are those of `Fault`.
LOOK = f"""
WITH linked AS (
    SELECT link.*, lag(link.hash) OVER (ORDER BY link.position) AS former,
        lag(link.position) OVER (ORDER BY link.position) AS former_position
    FROM kernel_auditlink link WHERE link.position BETWEEN %(first)s - 1 AND %(last)s
)
SELECT link.position, link.event_id, CASE
    WHEN event.id IS NULL THEN 'deleted'
    WHEN link.position > 1 AND link.former_position IS DISTINCT FROM link.position - 1 THEN 'link_missing'
    WHEN link.hash <> sha256(coalesce(link.former, %(start)s)
        || sha256(convert_to({LINK_CONTENT}, 'UTF8'))) THEN 'changed'
    WHEN link.label_nonce IS NOT NULL
        AND link.label_hash <> sha256(link.label_nonce || convert_to(event.actor_label, 'UTF8'))
        THEN 'label_changed'
    WHEN link.label_nonce IS NULL AND NOT (
        event.actor_label = 'Former user ' || event.actor_user_id
        AND EXISTS (SELECT FROM kernel_auditevent told
            WHERE told.stream = 'person:' || event.actor_user_id AND told.kind = '{ERASED}'))
        THEN 'label_changed'
    END AS fault
FROM linked link LEFT JOIN kernel_auditevent event ON event.id = link.event_id
WHERE link.position >= %(first)s
"""  # noqa: S608 -- all parts are ours


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is not as it was sealed: what, at which place of the chain, and which event."""

    what: str
    position: int | None = None
    event_id: int | None = None

    def __str__(self) -> str:
        """A sentence for whoever looks into it."""
        return SENTENCES[self.what].format(position=self.position, event=self.event_id)


SENTENCES = {
    "deleted": "Event {event} was sealed at position {position} and is gone.",
    "link_missing": "The link before position {position} (event {event}) is gone.",
    "changed": "Event {event} at position {position} was changed or moved after it was sealed.",
    "label_changed": "The name on event {event} at position {position} was changed without an erasure of that person.",
    "links_gone": "Positions up to {position} were sealed and their links are gone.",
    "seal_missing": "Position {position} (event {event}) belongs to no seal, or its seal is gone.",
    "head": "The seal that ends at position {position} does not have the hash of its last link.",
    "signature": "The seal that ends at position {position} is not signed with a key of ours.",
    "unsealed": "Event {event} is older than ten minutes and was never sealed.",
    "head_unknown": "No seal has the head that was noted outside. The chain is another one, or was cut short.",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was looked at and what was found. `head` is what to note outside the database."""

    links: int
    head: str
    faults: tuple[Fault, ...]


def seal(*, at: datetime, batch: int = BATCH, everything: bool = False) -> int:
    """Give the next committed events their places in the chain; answers how many. A second sealer does nothing.

    With `everything` the whole trail is searched for events without a place (after a restore, see Note [Late]).
    Source: ASVS 5.0 V16.4. Set-based: one statement for a whole batch, and no writer waits for it.
    """
    require_scope()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute(
            "SELECT pg_snapshot_xmin(now.it)::text::numeric, pg_snapshot_xmax(now.it)::text::numeric,"
            " (SELECT coalesce(max(id), 0) FROM kernel_auditevent)"
            " FROM (SELECT pg_current_snapshot() AS it) AS now"
        )
        oldest, newest, top = cursor.fetchone()
        last = AuditSeal.objects.order_by("-last_position").first()
        settled = AuditSeal.objects.filter(settled_after__lte=oldest).aggregate(top=Max("top_event_id"))[
            "top"
        ]
        below = last.settled_below if last and not everything else 0
        place: dict[str, Any] = {
            "below": below,
            "batch": batch,
            "last": last.last_position if last else 0,
            "head": bytes(last.head) if last else START,
        }
        cursor.execute(SEAL, place)
        links = cursor.fetchall()
    if not links:
        return 0
    links.sort()
    (first, *_), (end, highest, head) = links[0], links[-1]
    # A full batch has not looked beyond its last event.
    seen = top if len(links) < batch else min(top, highest)
    made = AuditSeal(
        first_position=first,
        last_position=end,
        head=bytes(head),
        sealed_at=at,
        top_event_id=seen,
        settled_after=newest,
        settled_below=max(below, min(settled or 0, seen)),
    )
    made.signature = signature_of(made, keys()[0])
    made.save(force_insert=True)
    return len(links)


def keys() -> Sequence[str]:
    """The keys that sign heads: the first signs, all are believed. AUDIT_SEAL_KEY, or else SECRET_KEY."""
    own = [settings.AUDIT_SEAL_KEY] if settings.AUDIT_SEAL_KEY else []
    return [*own, *settings.AUDIT_SEAL_KEY_FALLBACKS, settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]


def signature_of(made: AuditSeal, key: str) -> str:
    """HMAC-SHA256 over where a batch begins and ends, its last hash and its time."""
    told = f"quayside audit seal 1|{made.first_position}|{made.last_position}|{bytes(made.head).hex()}"
    # The database answers in UTC, and a file says so: one and the same moment is written in one way.
    told += f"|{made.sealed_at.astimezone(UTC).isoformat()}"
    return hmac.new(key.encode(), told.encode(), hashlib.sha256).hexdigest()


def verify(*, at: datetime, noted_head: str = "", most: int = 100) -> Verdict:
    """Look at the whole chain and name everything that is not as it was sealed, at most `most` of it.

    `noted_head` is a head that was kept elsewhere (a log line, a printout): it must still be in the chain.
    """
    require_scope()
    faults: list[Fault] = []
    links, head, position = 0, START, 0
    for made in AuditSeal.objects.order_by("last_position").iterator(chunk_size=500):
        found, of_batch, last_hash = _look_at(made, position)
        faults += found
        links += of_batch
        if last_hash != bytes(made.head):
            faults.append(Fault("head", made.last_position))
        if not any(hmac.compare_digest(signature_of(made, key), made.signature) for key in keys()):
            faults.append(Fault("signature", made.last_position))
        head, position = bytes(made.head), made.last_position
        if len(faults) >= most:
            break
    else:
        faults += _loose_ends(position, at=at, most=most)
        if noted_head and not AuditSeal.objects.filter(head=bytes.fromhex(noted_head)).exists():
            faults.append(Fault("head_unknown"))
    return Verdict(links, head.hex(), tuple(faults[:most]))


def _look_at(made: AuditSeal, before: int) -> tuple[list[Fault], int, bytes]:
    """What is wrong within one batch, how many links it has, and its last hash."""
    faults = []
    if made.first_position != before + 1:
        faults.append(Fault("link_missing", made.first_position))
    place: dict[str, Any] = {"first": made.first_position, "last": made.last_position, "start": START}
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT * FROM ({LOOK}) looked WHERE fault IS NOT NULL ORDER BY position LIMIT 100",  # noqa: S608 -- ours
            place,
        )
        faults += [Fault(what, position, event) for position, event, what in cursor.fetchall()]
        cursor.execute(
            "SELECT count(*), (SELECT hash FROM kernel_auditlink WHERE position = %(last)s)"
            " FROM kernel_auditlink WHERE position BETWEEN %(first)s AND %(last)s",
            place,
        )
        count, last_hash = cursor.fetchone()
    if count == 0:
        faults.append(Fault("links_gone", made.last_position))
    return faults, count, bytes(last_hash or b"")


def _loose_ends(position: int, *, at: datetime, most: int) -> list[Fault]:
    """Links that no seal covers, and events that should have been sealed long ago.

    Sealing goes on meanwhile: whether a link above `position` has a seal is asked in the statement that finds the link.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT link.position, link.event_id FROM kernel_auditlink link WHERE link.position > %s"
            " AND NOT EXISTS (SELECT FROM kernel_auditseal made"
            " WHERE link.position BETWEEN made.first_position AND made.last_position)"
            " ORDER BY link.position LIMIT %s",
            [position, most],
        )
        faults = [Fault("seal_missing", *row) for row in cursor.fetchall()]
        cursor.execute(
            "SELECT event.id FROM kernel_auditevent event WHERE event.at < %s AND NOT EXISTS"
            " (SELECT FROM kernel_auditlink link WHERE link.event_id = event.id) ORDER BY event.id LIMIT %s",
            [at - SEALED_WITHIN, most],
        )
        return faults + [Fault("unsealed", None, event) for (event,) in cursor.fetchall()]


# The events of a span, and all others of the batches that they were sealed in: so no place is empty between the first
# and the last, and each batch ends with its seal. What is not sealed yet comes last. One statement: sealing goes on.
EXPORT = f"""
WITH span AS (
    SELECT min(link.position) AS first, max(link.position) AS last
    FROM kernel_auditevent event JOIN kernel_auditlink link ON link.event_id = event.id
    WHERE event.at >= %(since)s AND event.at < %(until)s
), batches AS (
    SELECT least(span.first, min(made.first_position)) AS first, greatest(span.last, max(made.last_position)) AS last
    FROM span LEFT JOIN kernel_auditseal made
        ON made.last_position >= span.first AND made.first_position <= span.last
    GROUP BY span.first, span.last
)
SELECT link.position, {LINK_CONTENT} AS content, event.actor_label, encode(link.label_nonce, 'hex') AS label_nonce,
    encode(coalesce(former.hash, CASE link.position WHEN 1 THEN %(start)s END), 'hex') AS former,
    encode(link.hash, 'hex') AS hash, made.first_position, encode(made.head, 'hex') AS head, made.signature,
    made.sealed_at, event.id AS event
FROM batches JOIN kernel_auditlink link ON link.position BETWEEN batches.first AND batches.last
JOIN kernel_auditevent event ON event.id = link.event_id
LEFT JOIN kernel_auditlink former ON former.position = link.position - 1
LEFT JOIN kernel_auditseal made ON made.last_position = link.position
UNION ALL
SELECT NULL, {CONTENT.format(label="NULL::bytea")}, event.actor_label, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
    event.id
FROM kernel_auditevent event
WHERE event.at >= %(since)s AND event.at < %(until)s
AND NOT EXISTS (SELECT FROM kernel_auditlink link WHERE link.event_id = event.id)
ORDER BY position NULLS LAST, event
"""  # noqa: S608 -- all parts are ours


def exported(since: datetime, until: datetime, *, chunk: int = 2_000) -> Iterator[dict[str, Any]]:
    """The events of a span of time as lines of an export: content, name, place in the chain, the hash before and its
    own, and with the last of a batch its seal. `EXPORT` tells which events.

    Read in chunks with a cursor of the server, inside the caller's transaction and scope.
    """
    require_scope()
    with connection.chunked_cursor() as cursor:
        cursor.execute(EXPORT, {"since": since, "until": until, "start": START})
        while rows := cursor.fetchmany(chunk):
            for (
                position,
                content,
                label,
                nonce,
                former,
                hashed,
                first,
                head,
                signature,
                sealed_at,
                _event,
            ) in rows:
                told = {
                    "position": position,
                    "content": content,
                    "actor_label": label,
                    "label_nonce": nonce,
                    "former": former,
                    "hash": hashed,
                }
                if signature is not None:
                    told["seal"] = {
                        "first": first,
                        "last": position,
                        "head": head,
                        "sealed_at": sealed_at.isoformat(),
                        "signature": signature,
                    }
                yield told
