"""Gatherer: the kernel's tasks."""

from portal.kernel.audit.tasks import seal_trail
from portal.kernel.idempotency.tasks import forget
from portal.kernel.outbox.tasks import deliver
from portal.kernel.security.tasks import forget_old_events, verify_trail

__all__ = ["deliver", "forget", "forget_old_events", "seal_trail", "verify_trail"]
