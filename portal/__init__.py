"""The roof: settings, addresses, queues and health.

Rules live in `procurement` and `suppliers`, mechanisms in `portal.kernel`.
"""

from portal.celery import app as celery_app

__all__ = ["celery_app"]
