"""What follows from a fact, on a floor above the one where it happened.

A lower floor cannot call a higher one, and must not wait for it. It records its fact, as it does anyhow; whoever hears
of facts of that kind (`settings.REACTIONS`) is promised, in the same transaction, to be told. The promise is an outbox
message of the topic "reactions", one for each reaction, so that one that fails holds back no other.

Note [Any order]: reactions to two facts may come in any order, twice, and at once. A reaction therefore looks at how
things stand and makes its own records agree with that; it never adds up what it is told.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string

from portal.kernel.actors import Actor
from portal.kernel.audit.models import AuditEvent
from portal.kernel.outbox.models import OutboxMessage
from portal.kernel.outbox.services import Outgoing, enqueue_all
from portal.kernel.scope import acting, require_no_transaction

TOPIC = "reactions"
MOST_AT_ONCE = 500

READER = Actor.system("Reactions")


@dataclass(frozen=True, slots=True)
class Reaction:
    """Who hears of which facts. `react` is called with no transaction open, and returns an outcome word."""

    hears: frozenset[str]
    react: Callable[[Sequence[AuditEvent], datetime], str]


def reactions() -> Mapping[str, Reaction]:
    """All reactions by name."""
    found: Mapping[str, Reaction] = import_string(settings.REACTIONS)
    return found


def promise_to_tell(events: Sequence[AuditEvent], *, actor: Actor, at: datetime) -> None:
    """Promise, in the transaction of these facts, that whoever hears of them will be told."""
    outgoing = [
        message
        for name, reaction in reactions().items()
        for message in _messages(name, [event for event in events if event.kind in reaction.hears])
    ]
    if outgoing:
        enqueue_all(outgoing, actor=actor, at=at)


def _messages(name: str, events: Sequence[AuditEvent]) -> Iterable[Outgoing]:
    for start in range(0, len(events), MOST_AT_ONCE):
        part = events[start : start + MOST_AT_ONCE]
        suppliers = {event.supplier_id for event in part}
        yield Outgoing(
            TOPIC,
            f"{name}:{uuid4()}",  # see Note [Any order]: nothing waits for anything
            name,
            {"events": [event.pk for event in part]},
            suppliers.pop() if len(suppliers) == 1 else None,
        )


def deliver(message: OutboxMessage) -> str:
    """The outbox's topic "reactions": tell one that listens of the facts it was promised."""
    require_no_transaction()
    reaction = reactions().get(message.kind)
    if reaction is None:
        return "nobody listens"  # it was there in an older version
    with acting(READER):
        events = list(AuditEvent.objects.filter(pk__in=message.payload["events"]).order_by("id"))
    return reaction.react(events, timezone.now())
