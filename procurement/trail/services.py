"""Who took the trail along is on the trail."""

from datetime import datetime

from portal.kernel.actors import Actor
from portal.kernel.audit.models import AuditEvent
from portal.kernel.audit.services import record
from portal.kernel.scope import requires_scope

LONGEST_FILTERS = 500


@requires_scope
def record_export(narrowed_by: str, count: int, *, actor: Actor, at: datetime) -> AuditEvent:
    """Somebody took the events that are shown along as a file: by what they were narrowed, and how many they were.

    Of the buying side it is internal, as every export of the trail; of a supplier it is among its own people's events.
    """
    facts = {"format": "csv", "filters": narrowed_by[:LONGEST_FILTERS], "events": count}
    return record(
        "audit.exported",
        "audit",
        actor=actor,
        at=at,
        supplier_id=actor.supplier_ids[0] if actor.is_supplier else None,
        internal=not actor.is_supplier,
        facts=facts,
    )
