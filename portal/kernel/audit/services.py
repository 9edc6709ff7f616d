"""Writing facts, in the transaction that makes them true."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from portal.kernel.actors import Actor
from portal.kernel.audit.models import AuditEvent
from portal.kernel.bulk import create_rows
from portal.kernel.correlation import current as current_correlation
from portal.kernel.scope import requires_scope


@dataclass(frozen=True, slots=True)
class Fact:
    """What is to be recorded: a dotted event in the past tense about one document."""

    kind: str
    stream: str
    supplier_id: int | None
    facts: Mapping[str, Any] = field(default_factory=dict)
    internal: bool = False


@requires_scope
def record_all(facts: Iterable[Fact], *, actor: Actor, at: datetime) -> list[AuditEvent]:
    """Record many facts in one statement, and promise to tell those who hear of them. What is done in another person's
    place says by whom.
    """
    besides = {"impersonated_by": actor.impersonator_id} if actor.impersonator_id is not None else {}
    events = [
        AuditEvent(
            kind=fact.kind,
            stream=fact.stream,
            supplier_id=fact.supplier_id,
            facts={**fact.facts, **besides},
            internal=fact.internal,
            at=at,
            actor_label=actor.label,
            actor_side=actor.side,
            actor_user_id=actor.user_id,
            channel=actor.channel,
            correlation_id=current_correlation(),
        )
        for fact in facts
    ]
    create_rows(AuditEvent, events)
    # By name, because the log knows no outbox.
    import_string(settings.AUDIT_TOLD)(events, actor=actor, at=at)
    return events


def record(
    kind: str,
    stream: str,
    *,
    actor: Actor,
    at: datetime,
    supplier_id: int | None,
    facts: Mapping[str, Any] | None = None,
    internal: bool = False,
) -> AuditEvent:
    """Record one fact."""
    (event,) = record_all([Fact(kind, stream, supplier_id, facts or {}, internal)], actor=actor, at=at)
    return event
