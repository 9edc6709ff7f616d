"""The kernel as a Django app."""

from django.apps import AppConfig

from portal.kernel.lookups import register_lookups


class KernelConfig(AppConfig):
    """Actors, scope, access, lifecycles, audit, outbox, idempotency, values."""

    name = "portal.kernel"
    label = "kernel"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Long lists of ids go to the database as one value."""
        register_lookups()
