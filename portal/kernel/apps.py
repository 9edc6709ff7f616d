"""The kernel as a Django app."""

from django.apps import AppConfig


class KernelConfig(AppConfig):
    """Actors, scope, access, lifecycles, audit, outbox, idempotency, values."""

    name = "portal.kernel"
    label = "kernel"
    default_auto_field = "django.db.models.BigAutoField"
