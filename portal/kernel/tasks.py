"""Gatherer: the kernel's tasks."""

from portal.kernel.outbox.tasks import deliver

__all__ = ["deliver"]
