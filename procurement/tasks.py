"""Gatherer: the tasks of every package. Celery looks here and nowhere else."""

from procurement.erp.tasks import read_feeds

__all__ = ["read_feeds"]
