"""Gatherer: the tasks of every package. Celery looks here and nowhere else."""

from procurement.erp.tasks import read_feeds
from procurement.orders.tasks import make_document

__all__ = ["make_document", "read_feeds"]
