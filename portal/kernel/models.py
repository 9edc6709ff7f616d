"""Gatherer: the kernel's tables."""

from portal.kernel.audit.models import AuditEvent, AuditLink, AuditSeal
from portal.kernel.idempotency.models import SeenRequest
from portal.kernel.outbox.models import DeliveryAttempt, OutboxMessage
from portal.kernel.security.models import SecurityEvent

__all__ = [
    "AuditEvent",
    "AuditLink",
    "AuditSeal",
    "DeliveryAttempt",
    "OutboxMessage",
    "SecurityEvent",
    "SeenRequest",
]
