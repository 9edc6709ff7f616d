"""Gatherer: the kernel's tables."""

from portal.kernel.audit.models import AuditEvent
from portal.kernel.idempotency.models import SeenRequest
from portal.kernel.outbox.models import DeliveryAttempt, OutboxMessage

__all__ = ["AuditEvent", "DeliveryAttempt", "OutboxMessage", "SeenRequest"]
