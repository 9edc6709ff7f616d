"""Gathers the tasks of all packages, where Celery looks for them."""

from suppliers.documents import tasks as documents

__all__ = ["documents"]
