"""Reading the trail."""

from django.db.models import QuerySet

from portal.kernel.actors import Actor
from portal.kernel.audit.models import AuditEvent


def timeline_of(stream: str, *, actor: Actor, limit: int = 100) -> QuerySet[AuditEvent]:
    """What happened to one document, newest first, as far as this actor may know."""
    events = AuditEvent.objects.visible_to(actor).filter(stream=stream)
    if actor.is_supplier:
        events = events.filter(internal=False)
    return events.order_by("-at", "-id")[:limit]
