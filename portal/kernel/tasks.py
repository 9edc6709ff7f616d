"""Gatherer: the kernel's tasks."""

from portal.kernel.idempotency.tasks import forget
from portal.kernel.outbox.tasks import deliver

__all__ = ["deliver", "forget"]
